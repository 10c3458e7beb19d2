/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two routes or rules are the same when every member is. A reload that overlooks one would leave
 * the old route in the kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/route.h"

struct member {
	const char *name;
	size_t offset;
};

#define OF_ROUTE(member)                                \
	{                                               \
#member, offsetof(struct route, member) \
	}
#define OF_RULE(member)                                \
	{                                              \
#member, offsetof(struct rule, member) \
	}

static const struct member route_members[] = {
	OF_ROUTE(family),
	OF_ROUTE(type),
	OF_ROUTE(scope),
	OF_ROUTE(tos),
	OF_ROUTE(protocol),
	OF_ROUTE(placing),
	OF_ROUTE(to_len),
	OF_ROUTE(from_len),
	OF_ROUTE(to),
	OF_ROUTE(from),
	OF_ROUTE(source),
	OF_ROUTE(table),
	OF_ROUTE(vrf),
	OF_ROUTE(has_metric),
	OF_ROUTE(has_preference),
	OF_ROUTE(has_propagate),
	OF_ROUTE(preference),
	OF_ROUTE(propagate),
	OF_ROUTE(metric),
	OF_ROUTE(expires_s),
	OF_ROUTE(metrics_set),
	OF_ROUTE(metrics_locked),
	OF_ROUTE(metrics[17]),
	OF_ROUTE(congestion_control),
	OF_ROUTE(hop_count),
	OF_ROUTE(hops[1].gateway),
	OF_ROUTE(hops[1].dev),
	OF_ROUTE(hops[1].realms),
	OF_ROUTE(hops[1].weight),
	OF_ROUTE(hops[1].onlink),
};

static const struct member rule_members[] = {
	OF_RULE(family),
	OF_RULE(action),
	OF_RULE(from_len),
	OF_RULE(to_len),
	OF_RULE(from),
	OF_RULE(to),
	OF_RULE(tos),
	OF_RULE(protocol),
	OF_RULE(ip_protocol),
	OF_RULE(invert),
	OF_RULE(l3mdev),
	OF_RULE(has_priority),
	OF_RULE(has_mark),
	OF_RULE(has_mark_mask),
	OF_RULE(has_uids),
	OF_RULE(has_suppress_length),
	OF_RULE(has_suppress_group),
	OF_RULE(in),
	OF_RULE(out),
	OF_RULE(priority),
	OF_RULE(table),
	OF_RULE(target),
	OF_RULE(mark),
	OF_RULE(mark_mask),
	OF_RULE(first_uid),
	OF_RULE(last_uid),
	OF_RULE(suppress_length),
	OF_RULE(suppress_group),
	OF_RULE(realms),
	OF_RULE(tunnel_id),
	OF_RULE(from_ports.first),
	OF_RULE(from_ports.last),
	OF_RULE(to_ports.first),
	OF_RULE(to_ports.last),
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void test_every_member_of_a_route(void **state)
{
	struct route a = {.hop_count = 2, .has_metric = true, .vrf = "red"};

	(void)state;
	snprintf(a.hops[1].dev, sizeof(a.hops[1].dev), "a-name-of-15-by");
	for (size_t i = 0; i < COUNT(route_members); i++) {
		struct route b = a;

		assert_true(route_same(&a, &b));
		((unsigned char *)&b)[route_members[i].offset] ^= 1;
		if (route_same(&a, &b) || route_same(&b, &a))
			fail_msg("%s does not count", route_members[i].name);
	}
}

/* What is behind the end of a name, or of the next hops, is nothing. */
static void test_what_is_no_part_of_a_route(void **state)
{
	struct route a = {.hop_count = 1, .vrf = "red"}, b = a;

	(void)state;
	b.hops[1].weight = 7;
	b.vrf[5] = 'x';
	assert_true(route_same(&a, &b));
	b.hops[0].weight = 7;
	assert_false(route_same(&a, &b));
}

static void test_every_member_of_a_rule(void **state)
{
	struct rule a = {.has_mark = true, .in = "eth0"};

	(void)state;
	for (size_t i = 0; i < COUNT(rule_members); i++) {
		struct rule b = a;

		assert_true(rule_same(&a, &b));
		((unsigned char *)&b)[rule_members[i].offset] ^= 1;
		if (rule_same(&a, &b) || rule_same(&b, &a))
			fail_msg("%s does not count", rule_members[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_member_of_a_route),
		cmocka_unit_test(test_what_is_no_part_of_a_route),
		cmocka_unit_test(test_every_member_of_a_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
