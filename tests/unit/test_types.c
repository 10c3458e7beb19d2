/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, their text, virtual MAC addresses, and the names that the status prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/types.h"

static const struct {
	struct vrrp_addr address;
	const char *text;
} formats[] = {
	{{{[10] = 0xff, 0xff, 192, 0, 2, 1}}, "192.0.2.1"},
	{{{[10] = 0xff, 0xff, 0, 9, 10, 99}}, "0.9.10.99"},
	{{{[10] = 0xff, 0xff, 100, 101, 200, 255}}, "100.101.200.255"},
	{{{0}}, "::"},
	{{{[15] = 1}}, "::1"},
	{{{[1] = 1}}, "1::"},
	{{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}, "2001:db8::1"},
	{{{0xfe, 0x80, [8] = 0x02, 0x00, 0x5e, 0xff, 0xfe, 0, 0x53, 0x01}},
	 "fe80::200:5eff:fe00:5301"},
	/* 4.2.1, 4.3: no leading zeros, lower case, all that can be shortened is */
	{{{0x20, 0x01, 0x0d, 0xb8, 0, 0x0a, 0, 0xbc, 0xde, 0xf0, 0x01, 0x00, 0x10, 0, 0xff, 0xff}},
	 "2001:db8:a:bc:def0:100:1000:ffff"},
	/* 4.2.2: a single group of zeros stays */
	{{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}}, "2001:db8:0:1:1:1:1:1"},
	/* 4.2.3: the longest run, */
	{{{0x20, 0x01, [7] = 1, [15] = 1}}, "2001:0:0:1::1"},
	{{{0x20, 0x01, [9] = 1, [15] = 1}}, "2001::1:0:0:1"},
	/* the first of two equal ones, */
	{{{0x20, 0x01, 0x0d, 0xb8, [9] = 1, [15] = 1}}, "2001:db8::1:0:0:1"},
	/* at the end */
	{{{0, 1, [5] = 1, [7] = 1}}, "1:0:1:1::"},
	/* neither mapped nor compatible */
	{{{[9] = 0xff, 0xff, 0xff, 192, 0, 2, 1}}, "::ff:ffff:c000:201"},
	{{{[12] = 192, 0, 2, 1}}, "::c000:201"},
	{{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	   0xff}},
	 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
};

static void rfc_5952_addr_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		char text[ADDR_TEXT_LEN + 1];

		memset(text, '#', sizeof(text));
		assert_ptr_equal(addr_format(&formats[i].address, text), text);
		assert_string_equal(text, formats[i].text);
		assert_int_equal(text[ADDR_TEXT_LEN], '#');
	}
}

static void ipv4_addresses_are_mapped(void **state)
{
	struct vrrp_addr address = addr_from_ipv4(0xc0000201);
	struct vrrp_addr six = {{0x20, 0x01, [15] = 1}};

	(void)state;
	assert_memory_equal(address.b, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01", 16);
	assert_int_equal(addr_to_ipv4(&address), 0xc0000201);
	assert_true(addr_is_ipv4(&address));
	assert_false(addr_is_ipv4(&six));
}

static void zero_and_equal_addresses(void **state)
{
	struct vrrp_addr unset = {{0}};
	struct vrrp_addr any = addr_from_ipv4(0);
	struct vrrp_addr one = addr_from_ipv4(1);
	struct vrrp_addr first = {{1}};

	(void)state;
	assert_true(addr_is_zero(&unset));
	assert_true(addr_is_zero(&any));
	assert_false(addr_is_zero(&one));
	assert_false(addr_is_zero(&first));
	assert_true(addr_equal(&one, &one));
	assert_false(addr_equal(&one, &any));
	assert_false(addr_equal(&any, &unset));
	assert_false(addr_equal(&first, &unset));
}

static void e_50_virtual_mac(void **state)
{
	uint8_t mac[6];

	(void)state;
	vrrp_virtual_mac(VRRP_IPV4, 51, mac);
	assert_memory_equal(mac, "\x00\x00\x5e\x00\x01\x33", 6);
	vrrp_virtual_mac(VRRP_IPV6, 255, mac);
	assert_memory_equal(mac, "\x00\x00\x5e\x00\x02\xff", 6);
}

static void g_11_names_of_states_and_reasons(void **state)
{
	(void)state;
	assert_string_equal(vr_state_name(VR_INITIALIZE), "initialize");
	assert_string_equal(vr_state_name(VR_BACKUP), "backup");
	assert_string_equal(vr_state_name(VR_ACTIVE), "active");
	assert_string_equal(vr_active_reason_name(ACTIVE_REASON_NOT_ACTIVE), "not-active");
	assert_string_equal(vr_active_reason_name(ACTIVE_REASON_PRIORITY), "priority");
	assert_string_equal(vr_active_reason_name(ACTIVE_REASON_PREEMPTED), "preempted");
	assert_string_equal(vr_active_reason_name(ACTIVE_REASON_NO_RESPONSE), "no-response");
}

static void g_14_names_of_last_events(void **state)
{
	static const char *const names[] = {
		"none",
		"startup",
		"shutdown",
		"higher-priority-backup",
		"active-timeout",
		"interface-up",
		"interface-down",
		"no-primary-ip-address",
		"primary-ip-address",
		"no-virtual-ip-addresses",
		"virtual-ip-addresses",
		"preempt-hold-timeout",
		"lower-priority-active",
		"owner-preempt",
		"drained",
		"lease-expired",
		"sync-group",
		"tracked-object",
	};

	(void)state;
	for (unsigned i = 0; i <= LAST_EVENT_TRACKED_OBJECT; i++)
		assert_string_equal(vr_last_event_name((enum vr_last_event)i), names[i]);
}

static void d_50_names_of_faults(void **state)
{
	(void)state;
	assert_string_equal(vr_fault_name(FAULT_NO_INTERFACE), "no-interface");
	assert_string_equal(vr_fault_name(FAULT_INTERFACE_DOWN), "interface-down");
	assert_string_equal(vr_fault_name(FAULT_NO_ADDRESS), "no-primary-ip-address");
	assert_string_equal(vr_fault_name(FAULT_NO_VIRTUAL_ADDRESS), "no-virtual-ip-addresses");
	assert_string_equal(vr_fault_name(FAULT_DATA_PLANE), "data-plane");
	assert_string_equal(vr_fault_name(FAULT_SYNC_GROUP), "sync-group");
	assert_string_equal(vr_fault_name(FAULT_CONFIGURATION), "configuration");
	assert_null(vr_fault_name(0));
	assert_null(vr_fault_name(1u << 31));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_5952_addr_format),
		cmocka_unit_test(ipv4_addresses_are_mapped),
		cmocka_unit_test(zero_and_equal_addresses),
		cmocka_unit_test(e_50_virtual_mac),
		cmocka_unit_test(g_11_names_of_states_and_reasons),
		cmocka_unit_test(g_14_names_of_last_events),
		cmocka_unit_test(d_50_names_of_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
