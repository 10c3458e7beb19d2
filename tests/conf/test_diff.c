/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between two configurations, and what has to be done about it (I10). */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/diff.h"

#define ADDRESSES " virtual_ipaddress {\n  192.0.2.1/24\n  192.0.2.2/24\n }\n"
#define MULTICAST "virtual_router_id 51\n" ADDRESSES
#define UNICAST	  MULTICAST " unicast_peer {\n  192.0.2.12\n }\n"

/* One instance, whose name is `name`, with these lines. */
static struct parsed one(const char *name, const char *interface, const char *lines)
{
	char *text;
	struct parsed parsed;

	assert_true(asprintf(&text, "vrrp_instance %s {\n interface %s\n %s\n}\n", name, interface,
			     lines) > 0);
	parsed = parse_text(text);
	assert_int_equal(parsed.diags.errors, 0);
	free(text);
	return parsed;
}

struct example {
	const char *before, *after; /* lines of the instance */
	unsigned changes;
	const char *members;
};

static void check_match(const struct conf_match *match, const struct example *example)
{
	char text[200];

	conf_diff_members(match->members, text, sizeof(text));
	if (!match->is_known || match->changes != example->changes ||
	    strcmp(text, example->members) != 0)
		fail_msg("%s\n->\n%s\nknown %d, changes %#x, members \"%s\"", example->before,
			 example->after, match->is_known, match->changes, text);
}

static void check(const struct example *example)
{
	struct parsed before = one("VI_1", "eth0", example->before);
	struct parsed after = one("VI_1", "eth0", example->after);
	struct conf_match *there = conf_compare(before.conf, after.conf);
	struct conf_match *back = conf_compare(after.conf, before.conf);
	struct conf_match *none = conf_compare(before.conf, before.conf);

	check_match(&there[0], example);
	check_match(&back[0], example);
	assert_int_equal(none[0].changes | none[0].members, 0);
	free(there);
	free(back);
	free(none);
	parsed_free(&before);
	parsed_free(&after);
}

#define NAME	 CONF_CHANGE_NAME
#define FOLLOWED CONF_CHANGE_FOLLOWED
#define PARAMS	 CONF_CHANGE_PARAMS
#define BINDING	 CONF_CHANGE_BINDING
#define RESTART	 CONF_CHANGE_RESTART
#define PROGRAMS CONF_CHANGE_PROGRAMS

/* What is written in another way, or in another order where that is none, is the same. */
static void test_nothing_differs(void **state)
{
	static const struct example examples[] = {
		{MULTICAST, "\n\n" MULTICAST, 0, ""},
		{MULTICAST, ADDRESSES "advert_int 1\n priority 100\n virtual_router_id 51", 0, ""},
		{MULTICAST, MULTICAST " state MASTER\n priority 100", 0, ""},
		{MULTICAST, MULTICAST " garp_master_delay 5\n garp_master_repeat 5", 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		check(&examples[i]);
}

static void test_in_place(void **state)
{
	static const struct example examples[] = {
		{MULTICAST, MULTICAST "priority 101", PARAMS, "priority"},
		{MULTICAST, MULTICAST "priority 255", PARAMS | BINDING, "priority"},
		{MULTICAST, MULTICAST "advert_int 2", PARAMS | BINDING, "interval_cs"},
		{MULTICAST, MULTICAST "nopreempt", PARAMS, "preempt"},
		{MULTICAST, MULTICAST "preempt_delay 3", PARAMS, "preempt_delay_us"},
		{MULTICAST, MULTICAST "down_timer_adverts 4", PARAMS, "down_adverts"},
		{MULTICAST, MULTICAST "lower_prio_no_advert", PARAMS, "lower_prio_no_advert"},
		{MULTICAST, MULTICAST "higher_prio_send_advert", PARAMS, "higher_prio_send_advert"},
		{MULTICAST, MULTICAST "garp_master_delay 6", PARAMS, "garp"},
		{MULTICAST, MULTICAST "garp_master_repeat 6", PARAMS, "garp"},
		{MULTICAST, MULTICAST "garp_master_refresh 6", PARAMS, "garp"},
		{MULTICAST "garp_master_refresh 6",
		 MULTICAST "garp_master_refresh 6\n garp_master_refresh_repeat 2", PARAMS, "garp"},
		{MULTICAST, MULTICAST "xdp_checksum pseudo", PARAMS, "checksum"},
		{MULTICAST, MULTICAST "no_accept", BINDING, "accept"},
		{MULTICAST, MULTICAST "xdp_virtual_mac off", BINDING, "virtual_mac"},
		{MULTICAST, MULTICAST "xdp_consume_adverts on", BINDING, "consume_adverts"},
		{MULTICAST, MULTICAST "authentication {\n auth_type PASS\n auth_pass a\n }",
		 BINDING, "auth_type, auth_data"},
		{MULTICAST "authentication {\n auth_type PASS\n auth_pass b\n }",
		 MULTICAST "authentication {\n auth_type PASS\n auth_pass a\n }", BINDING,
		 "auth_data"},
		{MULTICAST, MULTICAST "mcast_src_ip 192.0.2.11", FOLLOWED, "source"},
		{MULTICAST, MULTICAST "dont_track_primary", FOLLOWED, "track_own_interface"},
		{MULTICAST, MULTICAST "track_interface {\n eth1 weight 5\n }", FOLLOWED, "tracks"},
		{MULTICAST "track_interface {\n eth1 weight 5\n }",
		 MULTICAST "track_interface {\n eth1 weight 6\n }", FOLLOWED, "tracks"},
		{MULTICAST "track_interface {\n eth1 weight 5\n }",
		 MULTICAST "track_interface {\n eth2 weight 5\n }", FOLLOWED, "tracks"},
		{MULTICAST, MULTICAST "virtual_routes {\n 10.0.0.0/8 via 192.0.2.9\n }", BINDING,
		 "routes"},
		{MULTICAST "virtual_routes {\n 10.0.0.0/8 via 192.0.2.9\n }",
		 MULTICAST "virtual_routes {\n 10.0.0.0/8 via 192.0.2.8\n }", BINDING, "routes"},
		{MULTICAST, MULTICAST "virtual_ipaddress_excluded {\n 192.0.2.9\n }", BINDING,
		 "excluded"},
		{MULTICAST, MULTICAST "garp_lower_prio_repeat 3", PARAMS, "garp"},
		{MULTICAST, MULTICAST "notify_master /a", FOLLOWED, "notify"},
		{MULTICAST "notify_master /a", MULTICAST "notify_master \"/a b\"", FOLLOWED,
		 "notify"},
		{MULTICAST "notify_master /a", MULTICAST "notify_master /a nobody", FOLLOWED,
		 "notify"},
		{MULTICAST, MULTICAST "priority 101\n nopreempt\n notify /a", PARAMS | FOLLOWED,
		 "priority, preempt, notify"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		check(&examples[i]);
}

static void test_addresses(void **state)
{
	static const char *const others[] = {
		"192.0.2.1/24\n192.0.2.2/24\n192.0.2.3/24",
		"192.0.2.1/24",
		"192.0.2.2/24\n192.0.2.1/24", /* the first one is the primary one of a subnet */
		"192.0.2.1/24\n192.0.2.3/24",
		"192.0.2.1/24\n192.0.2.2/25",
		"192.0.2.1/24\n192.0.2.2/24 dev eth1",
		"192.0.2.1/24\n192.0.2.2/24 label eth0:1",
		"192.0.2.1/24\n192.0.2.2/24 scope link",
		"192.0.2.1/24\n192.0.2.2/24 brd 192.0.2.255",
	};
	char lines[200];

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(lines, sizeof(lines),
			 "virtual_router_id 51\n virtual_ipaddress {\n%s\n}\n", others[i]);
		check(&(struct example){MULTICAST, lines, BINDING, "addresses"});
	}
	check(&(struct example){MULTICAST, "virtual_router_id 51", BINDING | RESTART, "addresses"});
}

static void test_peers(void **state)
{
	static const struct example examples[] = {
		{UNICAST, MULTICAST "unicast_peer {\n  192.0.2.12\n  192.0.2.13\n }\n", BINDING,
		 "peers"},
		{UNICAST, MULTICAST "unicast_peer {\n  192.0.2.13\n }\n", BINDING, "peers"},
		{UNICAST, MULTICAST "unicast_peer {\n  192.0.2.12 min_ttl 3\n }\n", BINDING,
		 "peers"},
		{UNICAST, MULTICAST "unicast_peer {\n  192.0.2.12 max_ttl 3\n }\n", BINDING,
		 "peers"},
		{UNICAST, UNICAST "unicast_ttl 64", FOLLOWED, "unicast_ttl"},
		{UNICAST, UNICAST "version 3\n old_unicast_checksum", FOLLOWED | RESTART,
		 "version, old_unicast_checksum"},
		{UNICAST, MULTICAST, BINDING | RESTART, "peers"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		check(&examples[i]);
}

static void test_restart(void **state)
{
	static const struct example examples[] = {
		{MULTICAST, MULTICAST "version 3", RESTART, "version"},
		{MULTICAST, MULTICAST "xdp_mode generic", RESTART | PROGRAMS, "xdp_mode"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		check(&examples[i]);
}

/* Whatever it is called. */
static void test_renamed(void **state)
{
	struct parsed before = one("VI_1", "eth0", MULTICAST),
		      after = one("VI_2", "eth0", MULTICAST);
	struct conf_match *matches = conf_compare(before.conf, after.conf);

	(void)state;
	check_match(&matches[0], &(struct example){"VI_1", "VI_2", NAME, "name"});
	free(matches);
	parsed_free(&before);
	parsed_free(&after);
}

static void test_another_one(void **state)
{
	static const char *const others[][2] = {
		{"eth0", "virtual_router_id 52\n" ADDRESSES},
		{"eth1", MULTICAST},
		{"eth0", "version 3\n virtual_router_id 51\n virtual_ipaddress {\n fe80::1\n }"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct parsed before = one("VI_1", "eth0", MULTICAST);
		struct parsed after = one("VI_1", others[i][0], others[i][1]);
		struct conf_match *matches = conf_compare(before.conf, after.conf);

		assert_false(matches[0].is_known);
		free(matches);
		parsed_free(&before);
		parsed_free(&after);
	}
}

#define GROUPED(group, a, b)                                             \
	"vrrp_sync_group " group " {\n group {\n " a "\n " b "\n }\n}\n" \
	"vrrp_instance " a " {\n interface eth0\n virtual_router_id 1\n" \
	" virtual_ipaddress { 192.0.2.1 }\n}\n"                          \
	"vrrp_instance " b " {\n interface eth0\n virtual_router_id 2\n" \
	" virtual_ipaddress { 192.0.2.2 }\n}\n"

static void test_group(void **state)
{
	struct parsed before = parse_text(GROUPED("G", "A", "B"));
	struct parsed renamed = parse_text(GROUPED("H", "A", "B"));
	struct conf_match *same = conf_compare(before.conf, before.conf);
	struct conf_match *matches = conf_compare(before.conf, renamed.conf);

	(void)state;
	assert_int_equal(same[0].changes | same[1].changes, 0);
	for (size_t i = 0; i < 2; i++)
		check_match(&matches[i], &(struct example){"G", "H", FOLLOWED, "group"});
	free(same);
	free(matches);
	parsed_free(&before);
	parsed_free(&renamed);
}

/* In another order, with some gone and some new: each is found, and no other. */
static void test_many(void **state)
{
	enum { COUNT = 500 };
	char *texts[2] = {NULL, NULL};
	struct parsed parsed[2];

	(void)state;
	for (unsigned side = 0; side < 2; side++) {
		size_t length;
		FILE *out = open_memstream(&texts[side], &length);
		for (unsigned i = 0; i < COUNT; i++) {
			unsigned n = side ? COUNT - 1 - i : i;
			unsigned interface = n / 250 + 3 * (side && n % 10 == 0);
			fprintf(out,
				"vrrp_instance V%u {\n interface eth%u\n virtual_router_id %u\n"
				" priority %u\n virtual_ipaddress { 10.0.%u.%u }\n}\n",
				n, interface, n % 250 + 1, side && n % 10 == 1 ? 50 : 100, n / 250,
				n % 250 + 1);
		}
		fclose(out);
		parsed[side] = parse("t", texts[side], length);
	}
	struct conf_match *matches = conf_compare(parsed[0].conf, parsed[1].conf);
	for (unsigned i = 0; i < COUNT; i++) {
		unsigned n = COUNT - 1 - i;
		assert_int_equal(matches[i].is_known, n % 10 != 0);
		assert_int_equal(matches[i].changes, n % 10 == 1 ? PARAMS : 0);
		if (matches[i].is_known)
			assert_int_equal(matches[i].old, n);
	}
	free(matches);
	for (unsigned side = 0; side < 2; side++) {
		parsed_free(&parsed[side]);
		free(texts[side]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_differs),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_renamed),
		cmocka_unit_test(test_another_one),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
