/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes and rules of the configuration, as `ip` sees them; what is not ours stays. */
#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/support.h"
#include "sys/takeover.h"

#include <cmocka.h> /* last: it defines a macro fail() */

static int setup(void **state)
{
	enter_namespace();
	ip("link add va type veth peer name vb");
	ip("link set va up");
	ip("link set vb up");
	ip("address add 192.0.2.11/24 dev va");
	ip("address add 2001:db8::11/64 dev va nodad");
	*state = takeover_open(NULL);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	takeover_close(*state);
	return 0;
}

static struct vrrp_addr addr(const char *text)
{
	struct vrrp_addr address;
	struct in_addr ipv4;

	if (inet_pton(AF_INET, text, &ipv4) == 1)
		return addr_from_ipv4(ntohl(ipv4.s_addr));
	assert_int_equal(inet_pton(AF_INET6, text, address.b), 1);
	return address;
}

/* By way of a gateway; NULL = none. */
static struct route route(const char *to, uint8_t length, const char *gateway)
{
	struct route made;

	memset(&made, 0, sizeof(made));
	made.type = RTN_UNICAST;
	made.to = addr(to);
	made.to_len = length;
	made.family = addr_is_ipv4(&made.to) ? VRRP_IPV4 : VRRP_IPV6;
	made.hop_count = 1;
	snprintf(made.hops[0].dev, sizeof(made.hops[0].dev), "va");
	if (gateway)
		made.hops[0].gateway = addr(gateway);
	return made;
}

static struct rule rule(const char *from, uint8_t length, uint32_t priority, uint32_t table)
{
	struct rule made;

	memset(&made, 0, sizeof(made));
	made.from = addr(from);
	made.from_len = length;
	made.family = addr_is_ipv4(&made.from) ? VRRP_IPV4 : VRRP_IPV6;
	made.has_priority = true;
	made.priority = priority;
	made.action = FR_ACT_TO_TBL;
	made.table = table;
	return made;
}

static struct takeover_item of_route(const struct route *route)
{
	return (struct takeover_item){.kind = TAKEOVER_ROUTE, .route = route};
}

static struct takeover_item of_rule(const struct rule *rule)
{
	return (struct takeover_item){.kind = TAKEOVER_RULE, .rule = rule};
}

static void add(struct takeover *takeover, struct takeover_item one)
{
	struct failure failure = {{0}};

	if (takeover_add(takeover, &one, 1, &failure))
		fail_msg("%s", failure.text);
}

static void let_go(struct takeover *takeover, struct takeover_item one)
{
	struct failure failure = {{0}};

	if (takeover_remove(takeover, &one, 1, &failure))
		fail_msg("%s", failure.text);
}

/* Added, and once more, it is as `ip` says, and is found by a dump; removed, it is gone. */
static void check_route(struct takeover *takeover, const struct route *made, const char *shown)
{
	const char *list = made->family == VRRP_IPV4 ? "ip route show table all"
						     : "ip -6 route show table all";

	assert_false(prints(list, shown));
	add(takeover, of_route(made));
	add(takeover, of_route(made));
	if (!prints(list, shown))
		fail_msg("no %s", shown);
	let_go(takeover, of_route(made));
	assert_false(prints(list, shown));
	let_go(takeover, of_route(made));
}

static void routes_of_each_kind(void **state)
{
	struct route simple = route("198.51.100.0", 24, "192.0.2.1");
	struct route everywhere = route("0.0.0.0", 0, "192.0.2.1");
	struct route link = route("198.51.100.0", 24, NULL);
	struct route sourced = route("198.51.100.0", 24, "192.0.2.1");
	struct route hole = route("198.51.100.7", 32, NULL),
		     hole6 = route("2001:db8:7::", 48, NULL);
	struct route six = route("2001:db8:1::", 48, "fe80::1");

	check_route(*state, &simple, "198.51.100.0/24 via 192.0.2.1 dev va proto 112");
	check_route(*state, &everywhere, "default via 192.0.2.1 dev va proto 112");
	link.scope = RT_SCOPE_LINK;
	link.table = 1000;
	check_route(*state, &link, "198.51.100.0/24 dev va table 1000 proto 112 scope link");
	sourced.source = addr("192.0.2.11");
	sourced.has_metric = true;
	sourced.metric = 50;
	sourced.protocol = RTPROT_STATIC;
	check_route(*state, &sourced, "via 192.0.2.1 dev va proto static src 192.0.2.11 metric 50");
	hole.type = hole6.type = RTN_BLACKHOLE;
	hole.hop_count = hole6.hop_count = 0;
	check_route(*state, &hole, "blackhole 198.51.100.7 proto 112");
	check_route(*state, &hole6, "blackhole 2001:db8:7::/48 dev lo proto 112 metric 1024");
	check_route(*state, &six, "2001:db8:1::/48 via fe80::1 dev va proto 112 metric 1024");
}

static void gateways_and_metrics(void **state)
{
	struct route many = route("198.51.100.0", 24, "192.0.2.1");
	struct route many6 = route("2001:db8:1::", 48, "2001:db8::1");
	struct route far = route("198.51.100.0", 24, "203.0.113.9");
	struct route mixed = route("198.51.100.0", 24, "fe80::1");
	struct route tuned = route("198.51.100.0", 24, "192.0.2.1");

	many.hop_count = many6.hop_count = 2;
	many.hops[0].weight = 5;
	many.hops[1] = many.hops[0];
	many.hops[1].gateway = addr("192.0.2.2");
	many6.hops[1] = many6.hops[0];
	many6.hops[1].gateway = addr("2001:db8::2");
	check_route(*state, &many, "nexthop via 192.0.2.1 dev va weight 5");
	check_route(*state, &many, "nexthop via 192.0.2.2 dev va weight 5");
	check_route(*state, &many6, "nexthop via 2001:db8::2 dev va weight 1");
	far.hops[0].onlink = true;
	check_route(*state, &far, "via 203.0.113.9 dev va proto 112 onlink");
	check_route(*state, &mixed, "198.51.100.0/24 via inet6 fe80::1 dev va proto 112");
	tuned.metrics_set = 1u << RTAX_MTU | 1u << RTAX_INITCWND;
	tuned.metrics_locked = 1u << RTAX_MTU;
	tuned.metrics[RTAX_MTU] = 1400;
	tuned.metrics[RTAX_INITCWND] = 20;
	snprintf(tuned.congestion_control, sizeof(tuned.congestion_control), "cubic");
	check_route(*state, &tuned, "mtu lock 1400 initcwnd 20 congctl cubic");
}

static void routes_of_others_stay(void **state)
{
	struct route ours = route("198.51.100.0", 24, "192.0.2.1");
	struct route ours6 = route("2001:db8:1::", 48, "2001:db8::1");
	struct rule rule_of_ours = rule("192.0.2.0", 24, 77, 100);

	ip("route add 198.51.100.0/24 via 192.0.2.1 dev va proto static");
	ip("-6 route add 2001:db8:1::/48 via 2001:db8::1 dev va proto static");
	ip("rule add from 192.0.2.0/24 priority 77 table 100");
	add(*state, of_route(&ours));
	add(*state, of_route(&ours6));
	add(*state, of_rule(&rule_of_ours));
	let_go(*state, of_route(&ours));
	let_go(*state, of_route(&ours6));
	let_go(*state, of_rule(&rule_of_ours));
	assert_false(prints("ip route show", "proto 112"));
	assert_true(prints("ip route show", "198.51.100.0/24 via 192.0.2.1 dev va proto static"));
	assert_true(prints("ip -6 route show", "2001:db8:1::/48 via 2001:db8::1 dev va proto st"));
	assert_true(prints("ip rule show", "77:"));
	ip("route del 198.51.100.0/24");
	ip("-6 route del 2001:db8:1::/48");
	ip("rule del priority 77");
}

static void an_interface_that_comes_later(void **state)
{
	struct route later = route("198.51.100.0", 24, NULL);
	struct takeover_item item = of_route(&later);
	struct failure failure = {{0}};

	snprintf(later.hops[0].dev, sizeof(later.hops[0].dev), "vlater");
	assert_int_equal(takeover_add(*state, &item, 1, &failure), 1);
	assert_non_null(strstr(failure.text, "route to 198.51.100.0/24 on vlater"));
	assert_non_null(strstr(failure.text, "No such device"));
	let_go(*state, item);
	/* Not by way of another interface, either. */
	later.hops[0].gateway = addr("192.0.2.1");
	assert_int_equal(takeover_add(*state, &item, 1, &failure), 1);
	later.hops[0].gateway = (struct vrrp_addr){{0}};
	ip("link add vlater type veth peer name vother");
	ip("link set vlater up");
	add(*state, item);
	assert_true(prints("ip route show", "198.51.100.0/24 dev vlater proto 112"));
	let_go(*state, item);
	ip("link del vlater");
}

static void check_rule(struct takeover *takeover, const struct rule *made, const char *shown)
{
	const char *list = made->family == VRRP_IPV4 ? "ip rule show" : "ip -6 rule show";

	assert_false(prints(list, shown));
	add(takeover, of_rule(made));
	add(takeover, of_rule(made));
	if (!prints(list, shown))
		fail_msg("no %s", shown);
	let_go(takeover, of_rule(made));
	assert_false(prints(list, shown));
	let_go(takeover, of_rule(made));
}

static void rules_of_each_kind(void **state)
{
	struct rule simple = rule("192.0.2.0", 24, 50, 100), six = rule("2001:db8::", 32, 51, 1000);
	struct rule marked = rule("0.0.0.0", 0, 60, 100), ports = rule("0.0.0.0", 0, 61, 100);
	struct rule drop = rule("192.0.2.9", 32, 62, 0), on = rule("0.0.0.0", 0, 63, 0);

	check_rule(*state, &simple, "50:\tfrom 192.0.2.0/24 lookup 100 proto 112");
	check_rule(*state, &six, "51:\tfrom 2001:db8::/32 lookup 1000 proto 112");
	marked.has_mark = marked.has_mark_mask = marked.invert = true;
	marked.mark = 0x10;
	marked.mark_mask = 0xff;
	snprintf(marked.in, sizeof(marked.in), "va");
	marked.has_suppress_length = true;
	check_rule(*state, &marked,
		   "60:\tnot from all fwmark 0x10/0xff iif va lookup 100 "
		   "suppress_prefixlength 0 proto 112");
	ports.ip_protocol = 6;
	ports.to_ports = (struct rule_ports){80, 90};
	check_rule(*state, &ports, "61:\tfrom all ipproto tcp dport 80-90 lookup 100 proto 112");
	drop.action = FR_ACT_PROHIBIT;
	check_rule(*state, &drop, "62:\tfrom 192.0.2.9 prohibit proto 112");
	on.action = FR_ACT_GOTO;
	on.target = 32766;
	check_rule(*state, &on, "63:\tfrom all goto 32766 proto 112");
}

/* ---- what an agent that died has left ---- */

struct wanted {
	const struct route *route;
	const struct rule *rule;
};

static bool is_wanted(const struct takeover_item *item, void *data)
{
	const struct wanted *wanted = data;

	if (item->kind == TAKEOVER_ROUTE)
		return takeover_is_route(wanted->route, item->route);
	return item->kind == TAKEOVER_RULE && takeover_is_rule(wanted->rule, item->rule);
}

static void add_left(struct takeover *takeover, const struct route *kept,
		     const struct rule *rule_kept)
{
	struct route via = route("198.51.100.0", 24, "192.0.2.2"), hole = *kept;
	struct route six = route("2001:db8:1::", 48, "fe80::1");
	struct rule other = *rule_kept;

	hole.type = RTN_BLACKHOLE;
	hole.hop_count = 0;
	hole.has_metric = true;
	hole.metric = 9;
	other.priority++;
	add(takeover, of_route(kept));
	add(takeover, of_route(&via));
	add(takeover, of_route(&hole));
	add(takeover, of_route(&six));
	add(takeover, of_rule(rule_kept));
	add(takeover, of_rule(&other));
}

static void what_nobody_wants_is_removed(void **state)
{
	struct route kept = route("198.51.100.0", 24, "192.0.2.1");
	struct rule rule_kept = rule("192.0.2.0", 24, 50, 100);
	struct wanted wanted = {&kept, &rule_kept};

	rule_kept.has_mark = true;
	rule_kept.mark = 7;
	kept.hop_count = 2;
	kept.hops[1] = kept.hops[0];
	kept.hops[1].gateway = addr("192.0.2.3");
	add_left(*state, &kept, &rule_kept);
	takeover_clean_stale(*state, 0, NULL, NULL, is_wanted, &wanted);
	assert_true(prints("ip route show", "nexthop via 192.0.2.3 dev va weight 1"));
	assert_true(prints("ip rule show", "50:\tfrom 192.0.2.0/24 fwmark 0x7 lookup 100"));
	assert_false(prints("ip route show", "192.0.2.2"));
	assert_false(prints("ip route show", "blackhole"));
	assert_false(prints("ip -6 route show", "proto 112"));
	assert_false(prints("ip rule show", "51:"));
	takeover_clean_stale(*state, 0, NULL, NULL, NULL, NULL);
	assert_false(prints("ip route show", "proto 112"));
	assert_false(prints("ip rule show", "proto 112"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_of_each_kind),
		cmocka_unit_test(gateways_and_metrics),
		cmocka_unit_test(routes_of_others_stay),
		cmocka_unit_test(an_interface_that_comes_later),
		cmocka_unit_test(rules_of_each_kind),
		cmocka_unit_test(what_nobody_wants_is_removed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
