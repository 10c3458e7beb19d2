/* SPDX-License-Identifier: GPL-2.0-or-later */
/* D-50: what stops a virtual router, and what lets it start again. */
#include "unit/machine.h"

#define LEASE_NS       (3 * NS_PER_S)
#define FIRST_LEASE_NS (NS_PER_S / 8) /* until the first advertisement */

static const struct {
	unsigned fault;
	enum vr_last_event appears, is_over;
} rows[] = {
	{FAULT_NO_INTERFACE, LAST_EVENT_INTERFACE_DOWN, LAST_EVENT_INTERFACE_UP},
	{FAULT_INTERFACE_DOWN, LAST_EVENT_INTERFACE_DOWN, LAST_EVENT_INTERFACE_UP},
	{FAULT_DATA_PLANE, LAST_EVENT_INTERFACE_DOWN, LAST_EVENT_INTERFACE_UP},
	{FAULT_SYNC_GROUP, LAST_EVENT_SYNC_GROUP, LAST_EVENT_SYNC_GROUP},
	{FAULT_TRACKED, LAST_EVENT_TRACKED_OBJECT, LAST_EVENT_TRACKED_OBJECT},
	{FAULT_TRACK_PENDING, LAST_EVENT_TRACKED_OBJECT, LAST_EVENT_TRACKED_OBJECT},
	{FAULT_NO_ADDRESS, LAST_EVENT_NO_PRIMARY_IP_ADDRESS, LAST_EVENT_PRIMARY_IP_ADDRESS},
	{FAULT_NO_VIRTUAL_ADDRESS, LAST_EVENT_NO_VIRTUAL_IP_ADDRESSES,
	 LAST_EVENT_VIRTUAL_IP_ADDRESSES},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void d_50_a_fault_of_an_active_and_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROWS; i++) {
		struct machine m = machine_active(3, 100);

		pass(&m, NS_PER_MS);
		fault(&m, rows[i].fault);
		expect(&m, LEASE(0), ADVERT(0, 0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
		assert_int_equal(m.vr.state, VR_INITIALIZE);
		assert_int_equal(m.vr.faults, rows[i].fault);
		assert_int_equal(m.vr.last_event, rows[i].appears);
		assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
		pass(&m, NS_PER_S);
		fault_over(&m, rows[i].fault);
		expect(&m, PUBLISH, NOTIFY(VR_INITIALIZE));
		assert_int_equal(m.vr.state, VR_BACKUP);
		assert_int_equal(m.vr.faults, 0);
		assert_int_equal(m.vr.last_event, rows[i].is_over);
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + 3609375000);
	}
}

static void d_50_a_fault_of_a_backup(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 150);
	fault(&m, FAULT_INTERFACE_DOWN);
	expect(&m, PUBLISH, STEADY_OFF, NOTIFY(VR_BACKUP));
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	hear(&m, 150);
	expect_nothing(&m);
}

static void d_50_an_owner_comes_back_as_active(void **state)
{
	struct machine m = machine_active(3, 255);

	(void)state;
	fault(&m, FAULT_NO_ADDRESS);
	pass(&m, NS_PER_S);
	fault_over(&m, FAULT_NO_ADDRESS);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	assert_int_equal(m.vr.last_event, LAST_EVENT_PRIMARY_IP_ADDRESS);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PRIORITY);
}

static void d_50_waits_for_the_last_fault_to_end(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	fault(&m, FAULT_INTERFACE_DOWN);
	fault(&m, FAULT_NO_ADDRESS);
	expect_nothing(&m);
	fault(&m, FAULT_NO_ADDRESS);
	assert_int_equal(m.vr.last_event, LAST_EVENT_INTERFACE_DOWN);
	fault_over(&m, FAULT_INTERFACE_DOWN);
	expect_nothing(&m);
	fault_over(&m, FAULT_INTERFACE_DOWN);
	expect_nothing(&m);
	assert_int_equal(m.vr.faults, FAULT_NO_ADDRESS);
	fault_over(&m, FAULT_NO_ADDRESS);
	expect(&m, PUBLISH, NOTIFY(VR_INITIALIZE));
	fault_over(&m, FAULT_NO_ADDRESS);
	expect_nothing(&m);
	assert_int_equal(m.vr.state, VR_BACKUP);
}

static void d_50_startup_waits_for_faults(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m = machine_of(&p);

	(void)state;
	fault(&m, FAULT_NO_INTERFACE);
	expect_nothing(&m);
	startup(&m);
	expect_nothing(&m);
	assert_int_equal(m.vr.state, VR_INITIALIZE);
	fault_over(&m, FAULT_NO_INTERFACE);
	expect(&m, PUBLISH, NOTIFY(VR_INITIALIZE));
}

static void d_50_the_end_of_a_fault_does_not_start_what_is_stopped(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m = machine_of(&p);

	(void)state;
	fault(&m, FAULT_NO_INTERFACE);
	fault_over(&m, FAULT_NO_INTERFACE);
	expect_nothing(&m);

	m = machine_backup(3, 100);
	fault(&m, FAULT_NO_INTERFACE);
	shut_down(&m);
	expect_nothing(&m);
	fault_over(&m, FAULT_NO_INTERFACE);
	expect_nothing(&m);
	assert_int_equal(m.vr.state, VR_INITIALIZE);
}

static void d_50_a_fault_while_the_second_look_is_awaited(void **state)
{
	struct machine m = machine_backup(3, 100);
	struct vr_params owner = params(3, 255);

	(void)state;
	to_deadline(&m);
	fault(&m, FAULT_INTERFACE_DOWN);
	expect(&m, LEASE(0), PUBLISH, NOTIFY(VR_BACKUP));
	recheck(&m);
	expect_nothing(&m);

	m = machine_started(&owner);
	fault(&m, FAULT_INTERFACE_DOWN);
	expect(&m, LEASE(0));
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	recheck(&m);
	expect_nothing(&m);
	assert_int_equal(m.vr.state, VR_INITIALIZE);
}

/* keepalived's FAULT, for scripts: who waits for a first result is not in it. */
static void d_50_what_is_waited_for_is_no_fault_to_tell(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m = machine_of(&p);

	(void)state;
	fault(&m, FAULT_TRACK_PENDING);
	fault(&m, FAULT_TRACKED);
	assert_false(vr_in_fault(&m.vr)); /* not started */
	startup(&m);
	expect_nothing(&m);
	assert_true(vr_in_fault(&m.vr));
	fault_over(&m, FAULT_TRACKED);
	assert_int_equal(m.vr.state, VR_INITIALIZE);
	assert_false(vr_in_fault(&m.vr));
	fault(&m, FAULT_SYNC_GROUP);
	assert_true(vr_in_fault(&m.vr));
	fault_over(&m, FAULT_SYNC_GROUP);
	fault_over(&m, FAULT_TRACK_PENDING);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_false(vr_in_fault(&m.vr));
}

static void the_primary_address_changes_at_once(void **state)
{
	struct machine m = machine_backup(3, 100);
	struct vrrp_addr other = addr_from_ipv4(0xc00002fe);

	(void)state;
	hear(&m, 150);
	vr_set_primary(&m.vr, &other);
	assert_true(addr_equal(&m.vr.primary, &other));
	assert_true(addr_equal(&m.vr.active_address, &m.peer));

	m = machine_active(3, 100);
	vr_set_primary(&m.vr, &other);
	hear(&m, 100);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	assert_true(addr_equal(&m.vr.active_address, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d_50_a_fault_of_an_active_and_back),
		cmocka_unit_test(d_50_a_fault_of_a_backup),
		cmocka_unit_test(d_50_an_owner_comes_back_as_active),
		cmocka_unit_test(d_50_waits_for_the_last_fault_to_end),
		cmocka_unit_test(d_50_startup_waits_for_faults),
		cmocka_unit_test(d_50_the_end_of_a_fault_does_not_start_what_is_stopped),
		cmocka_unit_test(d_50_a_fault_while_the_second_look_is_awaited),
		cmocka_unit_test(d_50_what_is_waited_for_is_no_fault_to_tell),
		cmocka_unit_test(the_primary_address_changes_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
