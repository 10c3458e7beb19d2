/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking over and letting go, as `ip` and `bridge` see it; what is not ours stays. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/support.h"
#include "sys/takeover.h"

#include <cmocka.h> /* last: it defines a macro fail() */

static int setup(void **state)
{
	enter_namespace();
	ip("link add va type veth peer name vb");
	ip("link set va up");
	ip("link set vb up");
	*state = takeover_open(NULL);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	takeover_close(*state);
	takeover_close(NULL);
	return 0;
}

static struct takeover_item item(enum takeover_kind kind, const char *text, uint8_t prefix_len)
{
	struct takeover_item made = {
		.kind = kind, .ifindex = index_of("va"), .prefix_len = prefix_len};
	struct in_addr ipv4;

	if (inet_pton(AF_INET, text, &ipv4) == 1)
		made.address = addr_from_ipv4(ntohl(ipv4.s_addr));
	else
		assert_int_equal(inet_pton(AF_INET6, text, made.address.b), 1);
	return made;
}

static struct takeover_item mac_item(uint8_t group, uint8_t vrid)
{
	struct takeover_item made = {
		.kind = TAKEOVER_MAC,
		.ifindex = index_of("va"),
		.mac = {0x00, 0x00, 0x5e, 0x00, group, vrid},
	};

	return made;
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

static bool shows(const char *text)
{
	return prints("ip -d address show dev va", text);
}

static bool filters(const char *mac)
{
	return prints("bridge fdb show dev va", mac);
}

#ifndef IFA_PROTO
#define IFA_PROTO 11
#endif

struct marked {
	const struct vrrp_addr *address;
	bool found;
};

static int note_marked(const struct nlmsghdr *message, void *data)
{
	struct marked *marked = data;
	bool same = false, ours = false;
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, message, sizeof(struct ifaddrmsg)) {
		size_t length = mnl_attr_get_payload_len(attribute);

		if (mnl_attr_get_type(attribute) == IFA_ADDRESS && length <= 16)
			same = !memcmp(mnl_attr_get_payload(attribute),
				       marked->address->b + 16 - length, length);
		if (mnl_attr_get_type(attribute) == IFA_PROTO)
			ours = mnl_attr_get_u8(attribute) == 112;
	}
	marked->found = marked->found || (same && ours);
	return MNL_CB_OK;
}

/* Does it carry IFA_PROTO 112? The `ip` of many distributions does not show that. */
static bool is_marked(struct takeover_item vip)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
	struct marked marked = {.address = &vip.address};
	char buffer[32768];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	int more = 1;

	request->nlmsg_type = RTM_GETADDR;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifaddrmsg));
	assert_non_null(socket);
	assert_true(mnl_socket_sendto(socket, request, request->nlmsg_len) > 0);
	while (more > 0) {
		ssize_t n = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		assert_true(n > 0);
		more = mnl_cb_run(buffer, (size_t)n, 0, 0, note_marked, &marked);
		assert_int_not_equal(more, -1);
	}
	mnl_socket_close(socket);
	return marked.found;
}

static void an_address_comes_with_all_it_was_given(void **state)
{
	struct takeover_item vip = item(TAKEOVER_ADDRESS, "192.0.2.1", 24);

	vip.scope = RT_SCOPE_LINK;
	vip.has_broadcast = true;
	vip.broadcast = addr_from_ipv4(0xc00002ff);
	vip.label = "va:vip";
	add(*state, vip);
	assert_true(shows("inet 192.0.2.1/24 brd 192.0.2.255 scope link va:vip"));
	assert_true(is_marked(vip));
	add(*state, vip); /* already so */
	let_go(*state, vip);
	assert_false(shows("192.0.2.1"));
	let_go(*state, vip); /* already so */
}

static void an_ipv6_address_skips_detection(void **state)
{
	struct takeover_item vip = item(TAKEOVER_ADDRESS, "2001:db8::1", 64);

	add(*state, vip);
	assert_true(shows("inet6 2001:db8::1/64 scope global nodad"));
	assert_true(is_marked(vip));
	let_go(*state, vip);
	assert_false(shows("2001:db8::1"));
}

static void an_operators_address_is_not_ours_to_remove(void **state)
{
	struct takeover_item vip = item(TAKEOVER_ADDRESS, "192.0.2.1", 24);
	struct takeover_item vip6 = item(TAKEOVER_ADDRESS, "2001:db8::1", 64);

	ip("addr add 192.0.2.1/24 dev va");
	ip("addr add 2001:db8::1/64 dev va nodad");
	add(*state, vip); /* it is there: no failure */
	add(*state, vip6);
	assert_false(is_marked(vip));
	assert_false(is_marked(vip6));
	let_go(*state, vip);
	let_go(*state, vip6);
	assert_true(shows("192.0.2.1/24"));
	assert_true(shows("2001:db8::1/64"));

	/* Added by us, removed by somebody, configured by an operator meanwhile. */
	ip("addr del 192.0.2.1/24 dev va");
	add(*state, vip);
	ip("addr del 192.0.2.1/24 dev va");
	ip("addr add 192.0.2.1/24 dev va");
	let_go(*state, vip);
	assert_true(shows("192.0.2.1/24"));

	/* The same address with two masks: only ours goes. */
	vip.prefix_len = 32;
	add(*state, vip);
	assert_true(shows("192.0.2.1/32"));
	let_go(*state, vip);
	assert_false(shows("192.0.2.1/32"));
	assert_true(shows("192.0.2.1/24"));
}

/* Without promote_secondaries the kernel would take the operator's address away with ours. */
static void secondary_addresses_of_others_survive(void **state)
{
	struct takeover_item vip = item(TAKEOVER_ADDRESS, "192.0.2.1", 24);

	assert_true(prints("sysctl -w net.ipv4.conf.all.promote_secondaries=0", "0"));
	assert_true(prints("sysctl -w net.ipv4.conf.va.promote_secondaries=0", "0"));
	add(*state, vip);
	ip("addr add 192.0.2.11/24 dev va");
	assert_true(shows("192.0.2.11/24 scope global secondary"));
	let_go(*state, vip);
	assert_false(shows("192.0.2.1/24"));
	assert_true(shows("192.0.2.11/24"));
}

static void nothing_is_promoted_without_need(void **state)
{
	struct takeover_item vip = item(TAKEOVER_ADDRESS, "192.0.2.1", 24);

	assert_true(prints("sysctl -w net.ipv4.conf.va.promote_secondaries=0", "0"));
	ip("addr add 192.0.2.11/24 dev va");
	add(*state, vip);
	let_go(*state, vip);
	assert_true(prints("sysctl net.ipv4.conf.va.promote_secondaries", "= 0"));
}

static void a_blackhole_drops_and_goes(void **state)
{
	struct takeover_item hole = item(TAKEOVER_BLACKHOLE, "192.0.2.1", 32);
	struct takeover_item hole6 = item(TAKEOVER_BLACKHOLE, "2001:db8::1", 128);

	add(*state, hole);
	add(*state, hole);
	add(*state, hole6);
	assert_true(prints("ip route show", "blackhole 192.0.2.1 proto 112"));
	assert_true(prints("ip -6 route show", "blackhole 2001:db8::1 dev lo proto 112"));
	let_go(*state, hole);
	let_go(*state, hole);
	let_go(*state, hole6);
	assert_false(prints("ip route show table all", "blackhole"));
	assert_false(prints("ip -6 route show table all", "blackhole"));
	/* An operator's own stays. */
	ip("route add blackhole 192.0.2.1/32");
	add(*state, hole);
	let_go(*state, hole);
	assert_true(prints("ip route show", "blackhole 192.0.2.1"));
	ip("route del blackhole 192.0.2.1/32");
}

static void a_blackhole_goes_into_the_table_of_a_vrf(void **state)
{
	struct takeover_item hole = item(TAKEOVER_BLACKHOLE, "192.0.2.1", 32);
	struct takeover_item hole6 = item(TAKEOVER_BLACKHOLE, "2001:db8::1", 128);

	hole.table = hole6.table = 70000;
	add(*state, hole);
	add(*state, hole6);
	assert_true(prints("ip route show table 70000", "blackhole 192.0.2.1 proto 112"));
	assert_true(prints("ip -6 route show table 70000", "blackhole 2001:db8::1 dev lo"));
	assert_false(prints("ip route show table main", "blackhole"));
	let_go(*state, hole);
	let_go(*state, hole6);
	assert_false(prints("ip route show table all", "blackhole"));
	assert_false(prints("ip -6 route show table all", "blackhole"));
	/* What a dead agent left is found there, too. */
	add(*state, hole);
	add(*state, hole6);
	add(*state, item(TAKEOVER_BLACKHOLE, "192.0.2.2", 32));
	ip("route add blackhole 192.0.2.3/32 table 70000 proto static");
	takeover_clean_stale(*state, 0, NULL, NULL, NULL, NULL);
	assert_false(prints("ip route show table all", "proto 112"));
	assert_false(prints("ip -6 route show table all", "proto 112"));
	assert_true(prints("ip route show table 70000", "blackhole 192.0.2.3"));
}

/* ---- solicited-node groups (E-6) ---- */

static bool listens(const char *group)
{
	return prints("ip -6 maddress show dev va", group);
}

static bool listens_now(void *group)
{
	return listens(group);
}

static void the_last_address_of_a_group_leaves_it(void **state)
{
	struct takeover_item one = item(TAKEOVER_GROUP, "2001:db8::1:2345", 128);
	struct takeover_item two = item(TAKEOVER_GROUP, "fe80::99:1:2345", 128);
	struct takeover_item other = item(TAKEOVER_GROUP, "2001:db8::2:2345", 128);

	add(*state, one);
	add(*state, one); /* counts once: it is verified now and then */
	add(*state, two);
	add(*state, other);
	assert_true(listens("ff02::1:ff01:2345") && listens("ff02::1:ff02:2345"));
	let_go(*state, one);
	let_go(*state, one);
	let_go(*state, other);
	assert_true(listens("ff02::1:ff01:2345"));
	assert_false(listens("ff02::1:ff02:2345"));
	let_go(*state, two);
	assert_false(listens("ff02::1:ff01:2345"));
	/* The kernel's own membership, for an address that it has, is another; it comes by a
	 * worker. */
	ip("addr add 2001:db8::1:2345/64 dev va nodad");
	assert_true(wait_for(listens_now, "ff02::1:ff01:2345"));
	add(*state, one);
	let_go(*state, one);
	assert_true(listens("ff02::1:ff01:2345"));
	add(*state, one);
	ip("addr del 2001:db8::1:2345/64 dev va");
	assert_true(listens("ff02::1:ff01:2345"));
}

static void groups_need_an_interface_with_ipv6(void **state)
{
	struct takeover_item nowhere = item(TAKEOVER_GROUP, "2001:db8::1", 128);
	struct failure failure = {{0}};

	nowhere.ifindex = 9999;
	assert_int_equal(takeover_add(*state, &nowhere, 1, &failure), 1);
	assert_non_null(strstr(failure.text, "solicited-node group of 2001:db8::1 on"));
	add(*state, item(TAKEOVER_GROUP, "2001:db8::1", 128));
	nowhere = item(TAKEOVER_GROUP, "2001:db8::1", 128);
	ip("link del va");
	let_go(*state, nowhere);
}

#define GROUPS 4096

/* A socket takes no more than net.core.optmem_max allows: some hundreds to thousands. */
static void there_is_no_limit_of_groups(void **state)
{
	static struct takeover_item items[GROUPS];
	struct failure failure = {{0}};

	for (unsigned i = 0; i < GROUPS; i++) {
		items[i] = item(TAKEOVER_GROUP, "2001:db8::", 128);
		items[i].address.b[14] = (uint8_t)(i >> 8);
		items[i].address.b[15] = (uint8_t)i;
	}
	if (takeover_add(*state, items, GROUPS, &failure))
		fail_msg("%s", failure.text);
	assert_true(prints("ip -6 maddress show dev va | grep -c ff02::1:ff00:", "4096"));
	assert_int_equal(takeover_remove(*state, items, GROUPS, &failure), 0);
	assert_false(listens("ff02::1:ff00:7"));
	assert_int_equal(takeover_add(*state, items, GROUPS, &failure),
			 0); /* sockets are used again */
	takeover_close(*state);
	assert_false(listens("ff02::1:ff00:7"));
	*state = NULL;
}

static void a_mac_enters_the_filter(void **state)
{
	struct takeover_item mac = mac_item(1, 51);

	add(*state, mac);
	add(*state, mac);
	assert_true(filters("00:00:5e:00:01:33"));
	let_go(*state, mac);
	let_go(*state, mac);
	assert_false(filters("00:00:5e:00:01:33"));
}

#define MANY 3000 /* several batches */

static void many_go_in_batches(void **state)
{
	static struct takeover_item items[MANY];
	struct failure failure = {{0}};

	/* The longer messages first, so that either limit of a batch is met. */
	for (unsigned i = 0; i < MANY; i++) {
		bool ipv4 = i >= MANY / 2;

		items[i] =
			item(TAKEOVER_ADDRESS, ipv4 ? "10.0.0.0" : "2001:db8::", ipv4 ? 32 : 128);
		items[i].address.b[14] = (uint8_t)(i >> 8);
		items[i].address.b[15] = (uint8_t)i;
	}
	assert_int_equal(takeover_add(*state, items, MANY, &failure), 0);
	assert_true(shows("10.0.11.183/32"));
	assert_true(prints("ip address show dev va | grep -c 'inet 10'", "1500"));
	assert_true(prints("ip address show dev va | grep -c 'inet6 2001'", "1500"));
	assert_int_equal(takeover_add(*state, items, MANY, &failure), 0);
	assert_int_equal(takeover_remove(*state, items, MANY, &failure), 0);
	assert_false(shows("inet 10"));
	assert_false(shows("inet6 2001"));
}

static void a_failure_does_not_stop_the_rest(void **state)
{
	struct takeover_item items[] = {
		item(TAKEOVER_ADDRESS, "192.0.2.1", 24),
		item(TAKEOVER_ADDRESS, "192.0.2.2", 24),
		item(TAKEOVER_ADDRESS, "192.0.2.3", 24),
		mac_item(1, 51),
	};
	struct failure failure = {{0}};

	items[0].prefix_len = 33;
	items[1].ifindex = 9999;
	assert_int_equal(takeover_add(*state, items, 4, &failure), 2);
	assert_non_null(strstr(failure.text, "address 192.0.2.1/33 on va: cannot be added"));
	assert_true(shows("192.0.2.3/24"));
	assert_true(filters("00:00:5e:00:01:33"));
	/* What is gone with its interface needs no removal. */
	assert_int_equal(takeover_remove(*state, items + 1, 3, &failure), 0);
	assert_false(shows("192.0.2.3/24"));
	ip("link del va");
	assert_int_equal(takeover_remove(*state, items + 1, 3, &failure), 0);
}

static void lack_of_privilege_is_named(void **state)
{
	struct takeover_item vip = item(TAKEOVER_ADDRESS, "192.0.2.1", 24);
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		struct failure failure = {{0}};

		if (setuid(65534))
			_exit(1);
		struct takeover *takeover = takeover_open(&failure);

		if (!takeover || takeover_add(takeover, &vip, 1, &failure) != 1)
			_exit(2);
		takeover_close(takeover);
		_exit(strstr(failure.text, "CAP_NET_ADMIN") ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void what_a_dead_agent_left_is_removed(void **state)
{
	uint8_t ipv4[32] = {[51 / 8] = 1 << (51 % 8)}, ipv6[32] = {[52 / 8] = 1 << (52 % 8)};
	struct takeover_item kept = item(TAKEOVER_ADDRESS, "192.0.2.9", 24);

	add(*state, item(TAKEOVER_ADDRESS, "192.0.2.1", 24));
	add(*state, item(TAKEOVER_ADDRESS, "2001:db8::1", 64));
	assert_true(shows("192.0.2.1/24") && shows("2001:db8::1"));
	add(*state, item(TAKEOVER_BLACKHOLE, "192.0.2.5", 32));
	add(*state, mac_item(1, 51));
	add(*state, mac_item(2, 52));
	/* Not ours: an operator's address and route, other VRIDs, another interface. */
	ip("addr add 192.0.2.11/24 dev va");
	ip("route add blackhole 192.0.2.6/32 proto static");
	add(*state, mac_item(1, 52));
	add(*state, mac_item(2, 51));
	bridge("fdb add 02:00:5e:00:01:33 dev va self");
	kept.ifindex = index_of("vb");
	add(*state, kept);

	takeover_clean_stale(*state, index_of("va"), ipv4, ipv6, NULL, NULL);
	assert_false(shows("192.0.2.1/24"));
	assert_false(shows("2001:db8::1"));
	assert_false(filters("00:00:5e:00:01:33"));
	assert_false(filters("00:00:5e:00:02:34"));
	assert_true(shows("192.0.2.11/24"));
	assert_true(filters("00:00:5e:00:01:34"));
	assert_true(filters("00:00:5e:00:02:33"));
	assert_true(filters("02:00:5e:00:01:33"));
	assert_true(prints("ip address show dev vb", "192.0.2.9/24"));
	assert_true(prints("ip route show", "blackhole 192.0.2.5"));

	takeover_clean_stale(*state, 0, NULL, NULL, NULL, NULL);
	assert_false(prints("ip route show", "blackhole 192.0.2.5"));
	assert_true(prints("ip route show", "blackhole 192.0.2.6"));
}

/* What an adopted virtual router still uses. */
static bool is_adopted(const struct takeover_item *found, void *data)
{
	const struct takeover_item *adopted = data;

	for (int i = 0; i < 4; i++) {
		if (found->kind != adopted[i].kind)
			continue;
		if (found->kind == TAKEOVER_MAC && !memcmp(found->mac, adopted[i].mac, 6))
			return true;
		if (found->kind != TAKEOVER_MAC &&
		    addr_equal(&found->address, &adopted[i].address) &&
		    found->prefix_len == adopted[i].prefix_len)
			return true;
	}
	return false;
}

static void what_is_adopted_stays(void **state)
{
	uint8_t ipv4[32] = {[51 / 8] = 1 << (51 % 8)}, ipv6[32] = {[52 / 8] = 1 << (52 % 8)};
	struct takeover_item adopted[4] = {
		item(TAKEOVER_ADDRESS, "192.0.2.1", 24),
		item(TAKEOVER_ADDRESS, "2001:db8::1", 64),
		mac_item(1, 51),
		item(TAKEOVER_BLACKHOLE, "192.0.2.5", 32),
	};

	for (int i = 0; i < 4; i++)
		add(*state, adopted[i]);
	add(*state, item(TAKEOVER_ADDRESS, "192.0.2.2", 24));
	add(*state, item(TAKEOVER_ADDRESS, "192.0.2.1", 32)); /* another prefix length */
	add(*state, item(TAKEOVER_ADDRESS, "2001:db8::2", 64));
	add(*state, item(TAKEOVER_BLACKHOLE, "192.0.2.6", 32));
	add(*state, mac_item(2, 52));

	takeover_clean_stale(*state, index_of("va"), ipv4, ipv6, is_adopted, adopted);
	takeover_clean_stale(*state, 0, NULL, NULL, is_adopted, adopted);
	assert_true(shows("192.0.2.1/24"));
	assert_true(shows("2001:db8::1/64"));
	assert_true(filters("00:00:5e:00:01:33"));
	assert_true(prints("ip route show", "blackhole 192.0.2.5"));
	assert_false(shows("192.0.2.2/24"));
	assert_false(shows("192.0.2.1/32"));
	assert_false(shows("2001:db8::2/64"));
	assert_false(filters("00:00:5e:00:02:34"));
	assert_false(prints("ip route show", "blackhole 192.0.2.6"));
	let_go(*state, adopted[3]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_address_comes_with_all_it_was_given),
		TEST(an_ipv6_address_skips_detection),
		TEST(an_operators_address_is_not_ours_to_remove),
		TEST(secondary_addresses_of_others_survive),
		TEST(nothing_is_promoted_without_need),
		TEST(a_blackhole_drops_and_goes),
		TEST(a_blackhole_goes_into_the_table_of_a_vrf),
		TEST(the_last_address_of_a_group_leaves_it),
		TEST(groups_need_an_interface_with_ipv6),
		TEST(there_is_no_limit_of_groups),
		TEST(a_mac_enters_the_filter),
		TEST(many_go_in_batches),
		TEST(a_failure_does_not_stop_the_rest),
		TEST(lack_of_privilege_is_named),
		TEST(what_a_dead_agent_left_is_removed),
		TEST(what_is_adopted_stays),
	};

	return cmocka_run_group_tests_name("takeover", tests, NULL, NULL);
}
