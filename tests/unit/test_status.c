/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON of the status: names, order, nulls, and every counter under its own name. Programs that
 * are not in this repository read it, so these tests compare whole texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/status.h"

static const struct status_address one_address[1] = {
	{.address.b = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}, .prefix_len = 24},
};

/* Backup, nothing has happened yet. */
static struct status_vr example(void)
{
	struct status_vr vr = {
		.name = "VI_1",
		.interface = "eth0",
		.vrid = 51,
		.version = 3,
		.priority = 100,
		.effective_priority = 100,
		.family = VRRP_IPV4,
		.state = VR_BACKUP,
		.preempt = true,
		.accept_mode = true,
		.advertise_interval_us = 1000000,
		.active_adver_interval_us = 1000000,
		.skew_time_us = 609375,
		.active_down_interval_us = 3609375,
		.virtual_mac = {0x00, 0x00, 0x5e, 0x00, 0x01, 0x33},
		.addresses = one_address,
		.address_count = 1,
		.primary_address = addr_from_ipv4(0xc000020b),
		.active_address = addr_from_ipv4(0xc000020c),
		.last_event = LAST_EVENT_ACTIVE_TIMEOUT,
		.active_reason = ACTIVE_REASON_NO_RESPONSE,
		.last_transition_s = 1767225600,
	};
	return vr;
}

/* The compact text of `json`, which is freed; the caller frees the text. */
static char *text_of(json_t *json)
{
	assert_non_null(json);
	char *text = json_dumps(json, JSON_COMPACT);
	assert_non_null(text);
	json_decref(json);
	return text;
}

static void assert_json(json_t *json, const char *expected)
{
	char *text = text_of(json);
	assert_string_equal(text, expected);
	free(text);
}

/* The part of a status object outside of "statistics", as text. */
static void assert_vr(const struct status_vr *vr, const char *expected)
{
	json_t *json = status_vr_json(vr);
	assert_int_equal(json_object_del(json, "statistics"), 0);
	assert_json(json, expected);
}

static void test_example(void **state)
{
	(void)state;
	struct status_vr vr = example();
	assert_vr(&vr,
		  "{\"name\":\"VI_1\",\"interface\":\"eth0\",\"vlan\":0,\"vrid\":51,"
		  "\"family\":\"ipv4\",\"version\":3,\"state\":\"backup\",\"fault_reasons\":[],"
		  "\"priority\":100,\"effective_priority\":100,\"is_owner\":false,"
		  "\"preempt\":true,\"preempt_delay_us\":0,\"accept_mode\":true,\"drained\":false,"
		  "\"advertise_interval_us\":1000000,\"active_adver_interval_us\":1000000,"
		  "\"skew_time_us\":609375,\"active_down_interval_us\":3609375,"
		  "\"virtual_mac\":\"00:00:5e:00:01:33\","
		  "\"virtual_addresses\":[\"192.0.2.1/"
		  "24\"],\"excluded_addresses\":[],\"unicast_peers\":[],"
		  "\"primary_address\":\"192.0.2.11\",\"active_address\":\"192.0.2.12\","
		  "\"lease_remaining_us\":0,\"last_event\":\"active-timeout\","
		  "\"new_active_reason\":\"no-response\","
		  "\"last_transition\":\"2026-01-01T00:00:00Z\",\"up_since\":null,"
		  "\"discontinuity_time\":null,"
		  "\"sync_group\":null,"
		  "\"tracking\":[]}");
}

/* A value only of what has one; a name may hold anything. */
static void test_tracking(void **state)
{
	static const struct status_track tracks[] = {
		{.kind = "script",
		 .name = "c\"hk\xff",
		 .state = "down",
		 .weight = -20,
		 .reverse = true,
		 .value = 3,
		 .result = "exit status 1",
		 .since_s = 1767225600},
		{.kind = "file", .name = "f", .state = "up", .has_value = true, .value = -7},
	};
	struct status_vr vr = example();
	(void)state;
	vr.tracks = tracks;
	vr.track_count = 2;
	json_t *json = status_vr_json(&vr);
	json_t *list = json_incref(json_object_get(json, "tracking"));
	json_decref(json);
	assert_json(list,
		    "[{\"kind\":\"script\",\"name\":\"c\\\"hk\xef\xbf\xbd\",\"state\":\"down\","
		    "\"weight\":-20,\"reverse\":true,\"value\":null,"
		    "\"last_result\":\"exit status 1\",\"since\":\"2026-01-01T00:00:00Z\"},"
		    "{\"kind\":\"file\",\"name\":\"f\",\"state\":\"up\",\"weight\":0,"
		    "\"reverse\":false,\"value\":-7,\"last_result\":null,\"since\":null}]");
}

static void test_priority_event(void **state)
{
	struct status_vr vr = example();
	(void)state;
	vr.effective_priority = 80;
	assert_json(event_priority_json(&vr, 100, 1767225600000001),
		    "{\"time\":\"2026-01-01T00:00:00.000001Z\",\"event\":\"priority\","
		    "\"name\":\"VI_1\",\"interface\":\"eth0\",\"vrid\":51,\"family\":\"ipv4\","
		    "\"from\":100,\"priority\":80}");
}

/* What is not known is null, what is absent is empty, and both families have their forms. */
static void test_unknowns_and_ipv6(void **state)
{
	(void)state;
	const struct status_address both[2] = {
		{.address.b = {0xfe, 0x80, [15] = 1}, .prefix_len = 64},
		{.address.b = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .prefix_len = 128},
	};
	struct status_vr vr = {
		.name = "V6",
		.interface = "eth0",
		.vlan = 100,
		.vrid = 255,
		.version = 3,
		.priority = 255,
		.effective_priority = 255,
		.family = VRRP_IPV6,
		.state = VR_INITIALIZE,
		.faults = FAULT_INTERFACE_DOWN | FAULT_NO_ADDRESS,
		.is_owner = true,
		.drained = true,
		.virtual_mac = {0x00, 0x00, 0x5e, 0x00, 0x02, 0xff},
		.addresses = both,
		.address_count = 2,
		.lease_remaining_us = 2999999,
		.last_event = LAST_EVENT_INTERFACE_DOWN,
		.active_reason = ACTIVE_REASON_NOT_ACTIVE,
	};
	assert_vr(&vr,
		  "{\"name\":\"V6\",\"interface\":\"eth0\",\"vlan\":100,\"vrid\":255,"
		  "\"family\":\"ipv6\",\"version\":3,\"state\":\"initialize\","
		  "\"fault_reasons\":[\"interface-down\",\"no-primary-ip-address\"],"
		  "\"priority\":255,\"effective_priority\":255,\"is_owner\":true,"
		  "\"preempt\":false,\"preempt_delay_us\":0,\"accept_mode\":false,"
		  "\"drained\":true,"
		  "\"advertise_interval_us\":0,\"active_adver_interval_us\":0,"
		  "\"skew_time_us\":0,\"active_down_interval_us\":0,"
		  "\"virtual_mac\":\"00:00:5e:00:02:ff\","
		  "\"virtual_addresses\":[\"fe80::1/64\",\"2001:db8::1/"
		  "128\"],\"excluded_addresses\":[],"
		  "\"unicast_peers\":[],"
		  "\"primary_address\":null,\"active_address\":null,"
		  "\"lease_remaining_us\":2999999,\"last_event\":\"interface-down\","
		  "\"new_active_reason\":\"not-active\",\"last_transition\":null,\"up_since\":null,"
		  "\"discontinuity_time\":null,"
		  "\"sync_group\":null,\"tracking\":[]}");
}

/* Unicast peers, a group, a delay, a tagged place; a group's name may hold any bytes. */
static void test_peers_and_group(void **state)
{
	(void)state;
	const struct vrrp_addr peers[2] = {addr_from_ipv4(0xc000020c), addr_from_ipv4(0xc000020d)};
	struct status_vr vr = example();
	vr.peers = peers;
	vr.peer_count = 2;
	vr.sync_group = "VG\xe9";
	vr.preempt_delay_us = 60000000;
	vr.up_since_s = 1767225600;
	vr.discontinuity_s = 1767225601;
	vr.vlan = 100u << 16 | 7;
	json_t *json = status_vr_json(&vr);
	char *names = json_dumps(json_object_get(json, "unicast_peers"), JSON_COMPACT);
	assert_string_equal(names, "[\"192.0.2.12\",\"192.0.2.13\"]");
	assert_string_equal(json_string_value(json_object_get(json, "sync_group")),
			    "VG\xef\xbf\xbd");
	assert_string_equal(json_string_value(json_object_get(json, "up_since")),
			    "2026-01-01T00:00:00Z");
	assert_string_equal(json_string_value(json_object_get(json, "discontinuity_time")),
			    "2026-01-01T00:00:01Z");
	assert_int_equal(json_integer_value(json_object_get(json, "preempt_delay_us")), 60000000);
	assert_int_equal(json_integer_value(json_object_get(json, "vlan")), 6553607);
	free(names);
	json_decref(json);
}

/* Every counter gets a value of its own, so that one under another's name shows. */
static void number_counters(struct status_vr *vr, struct if_stats *interface)
{
	__u64 next = 1000;
#define VR_COUNTER(kind, name, text)	vr->stats.name = next++;
#define AGENT_COUNTER(kind, name, text) vr->agent_stats.name = next++;
#define IF_COUNTER(kind, name, text)	interface->name = next++;
#include "counters.def"
}

/* Remove the member and return its value: what is left at the end was not asked for. */
static json_int_t take(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);
	if (!json_is_integer(value))
		fail_msg("no counter \"%s\" where it belongs", key);
	json_int_t count = json_integer_value(value);
	json_object_del(object, key);
	return count;
}

static void test_every_counter_once(void **state)
{
	(void)state;
	struct status_vr vr = example();
	struct status_interface interface = {
		.name = "eth0", .ifindex = 2, .xdp_mode = "native", .xdp_mode_reason = ""};
	number_counters(&vr, &interface.stats);

	json_t *router = status_vr_json(&vr), *port = status_interface_json(&interface);
	json_t *of_router = json_object_get(router, "statistics");
	json_t *of_port = json_object_get(port, "statistics");
	json_t *errors = json_object_get(of_router, "errors");
	const struct {
		json_t *ERROR, *STAT;
	} in_router = {errors, of_router}, in_port = {NULL, of_port};
#define VR_COUNTER(kind, name, text) \
	assert_int_equal(take(in_router.kind, #name), (json_int_t)vr.stats.name);
#define AGENT_COUNTER(kind, name, text) \
	assert_int_equal(take(in_router.kind, #name), (json_int_t)vr.agent_stats.name);
#define IF_COUNTER(kind, name, text) \
	assert_int_equal(take(in_port.kind, #name), (json_int_t)interface.stats.name);
#include "counters.def"
	assert_int_equal(json_object_size(errors), 0);
	assert_int_equal(json_object_size(of_router), 1); /* "errors" */
	assert_int_equal(json_object_size(of_port), 0);
	json_decref(router);
	json_decref(port);
}

/* What the RFCs name comes first, in this order. */
static void test_order_of_statistics(void **state)
{
	(void)state;
	static const char *const first[] = {"active_transitions",  "advertisements_received",
					    "advertisements_sent", "priority_zero_received",
					    "priority_zero_sent",  "errors"};
	static const char *const errors[] = {"ttl",	     "version",	 "type",
					     "length",	     "checksum", "interval",
					     "address_list", "auth",	 "own_packet"};
	struct status_vr vr = example();
	json_t *json = status_vr_json(&vr);
	json_t *statistics = json_object_get(json, "statistics");
	void *member = json_object_iter(statistics);
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		assert_string_equal(json_object_iter_key(member), first[i]);
		member = json_object_iter_next(statistics, member);
	}
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		assert_true(json_is_integer(
			json_object_get(json_object_get(statistics, "errors"), errors[i])));
	json_decref(json);
}

static void test_interface(void **state)
{
	(void)state;
	struct status_interface interface = {.name = "eth0",
					     .ifindex = 2,
					     .xdp_mode = "generic",
					     .xdp_mode_reason = "veth: the peer has no program",
					     .restored = 3};
	json_t *json = status_interface_json(&interface);
	json_object_del(json, "statistics");
	assert_json(json, "{\"name\":\"eth0\",\"ifindex\":2,\"xdp_mode\":\"generic\","
			  "\"xdp_mode_reason\":\"veth: the peer has no program\","
			  "\"programs_restored\":3}");
}

static void test_transition_event(void **state)
{
	(void)state;
	struct status_vr vr = example();
	vr.state = VR_ACTIVE;
	assert_json(event_transition_json(&vr, VR_BACKUP, 1767225600000042),
		    "{\"time\":\"2026-01-01T00:00:00.000042Z\",\"event\":\"transition\","
		    "\"name\":\"VI_1\",\"interface\":\"eth0\",\"vrid\":51,\"family\":\"ipv4\","
		    "\"from\":\"backup\",\"state\":\"active\",\"last_event\":\"active-timeout\","
		    "\"new_active_reason\":\"no-response\",\"priority\":100}");
}

static void test_claim_event(void **state)
{
	(void)state;
	const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x0a};
	struct status_vr vr = example();
	assert_json(event_claim_json(&vr, &one_address[0].address, mac, 1767225600999999),
		    "{\"time\":\"2026-01-01T00:00:00.999999Z\",\"event\":\"foreign-claim\","
		    "\"name\":\"VI_1\",\"interface\":\"eth0\",\"vrid\":51,\"family\":\"ipv4\","
		    "\"address\":\"192.0.2.1\",\"claimant_mac\":\"02:00:00:00:00:0a\"}");
}

static void test_drained_event(void **state)
{
	(void)state;
	struct status_vr vr = example();
	vr.last_event = LAST_EVENT_DRAINED;
	vr.effective_priority = 1;
	assert_json(event_transition_json(&vr, VR_ACTIVE, 1767225600000042),
		    "{\"time\":\"2026-01-01T00:00:00.000042Z\",\"event\":\"transition\","
		    "\"name\":\"VI_1\",\"interface\":\"eth0\",\"vrid\":51,\"family\":\"ipv4\","
		    "\"from\":\"active\",\"state\":\"backup\",\"last_event\":\"drained\","
		    "\"new_active_reason\":\"no-response\",\"priority\":1}");
}

/* Names are bytes. Valid UTF-8 stays; of the rest each byte is replaced. */
static void test_name_that_is_not_utf8(void **state)
{
	(void)state;
	struct status_vr vr = example();
	vr.name = "caf\xe9 \xc3\xa9\xff";
	json_t *json = status_vr_json(&vr);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "name")),
			    "caf\xef\xbf\xbd \xc3\xa9\xef\xbf\xbd");
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_unknowns_and_ipv6),
		cmocka_unit_test(test_tracking),
		cmocka_unit_test(test_priority_event),
		cmocka_unit_test(test_peers_and_group),
		cmocka_unit_test(test_every_counter_once),
		cmocka_unit_test(test_order_of_statistics),
		cmocka_unit_test(test_interface),
		cmocka_unit_test(test_transition_event),
		cmocka_unit_test(test_drained_event),
		cmocka_unit_test(test_claim_event),
		cmocka_unit_test(test_name_that_is_not_utf8),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
