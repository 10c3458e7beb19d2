/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lease, and an Active that wakes after it (I1): it says nothing before it knows. */
#include "unit/machine.h"

#define DOWN_100_NS    3609375000 /* priority 100 at 1 s */
#define LEASE_NS       (3 * NS_PER_S)
#define FIRST_LEASE_NS (NS_PER_S / 8) /* until the first advertisement */

#define EACH_VERSION(version) for (uint8_t version = 2; version <= 3; version++)

/* An Active that does not run again before `late_ns` after the end of its lease. */
static struct machine asleep(uint8_t version, int64_t late_ns)
{
	struct machine m = machine_active(version, 100);

	m.now_ns = m.slot.lease_until_ns + late_ns;
	return m;
}

static struct machine listening(void)
{
	struct machine m = asleep(3, 10 * NS_PER_S);

	deadline(&m);
	expect(&m, COUNT(LATE_WAKEUPS));
	return m;
}

static void i_1_a_lease_is_valid_until_its_last_nanosecond(void **state)
{
	struct machine m = asleep(3, -1);

	(void)state;
	deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS));

	m = asleep(3, 0);
	deadline(&m);
	expect(&m, COUNT(LATE_WAKEUPS));
}

static void i_1_woken_late_listens_for_one_interval(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = asleep(version, 60 * NS_PER_S);

		deadline(&m);
		expect(&m, COUNT(LATE_WAKEUPS));
		assert_int_equal(m.vr.state, VR_ACTIVE);
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
		to_deadline(&m);
		expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
		pass(&m, 1000);
		recheck(&m);
		expect(&m, ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5));
		assert_int_equal(m.vr.state, VR_ACTIVE);
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
		to_deadline(&m);
		expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
	}
}

static void i_1_woken_late_after_somebody_took_over(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = asleep(version, 2 * NS_PER_S);
		int64_t heard_ns = m.now_ns - NS_PER_S;

		stamp(&m, 150, heard_ns);
		deadline(&m);
		expect(&m, COUNT(LATE_WAKEUPS), LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
		assert_int_equal(m.vr.state, VR_BACKUP);
		assert_int_equal(m.vr.last_event, LAST_EVENT_LEASE_EXPIRED);
		assert_int_equal(vr_deadline(&m.vr), heard_ns + DOWN_100_NS);
		assert_true(addr_is_zero(&m.vr.active_address));
		take_over(&m);
		assert_int_equal(m.vr.active_reason, ACTIVE_REASON_NO_RESPONSE);
	}
}

/* A router of lower priority took over: it has the role until we preempt it by the rules. */
static void i_1_woken_late_after_a_lower_priority_took_over(void **state)
{
	struct machine m = asleep(3, 2 * NS_PER_S);
	int64_t heard_ns = m.now_ns - NS_PER_S;

	(void)state;
	stamp(&m, 50, heard_ns);
	deadline(&m);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), heard_ns + DOWN_100_NS);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
}

/* The lower one spoke last, but we obey the other. */
static void i_1_woken_late_counts_from_whom_we_obey(void **state)
{
	struct machine m = asleep(3, 2 * NS_PER_S);
	int64_t heard_ns = m.now_ns - NS_PER_S;

	(void)state;
	stamp(&m, 150, heard_ns);
	stamp(&m, 50, heard_ns + NS_PER_MS);
	deadline(&m);
	assert_int_equal(vr_deadline(&m.vr), heard_ns + DOWN_100_NS);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_NO_RESPONSE);
}

/* Heard while the lease was valid: that was no takeover. */
static void i_1_an_advert_before_the_end_of_the_lease_proves_nothing(void **state)
{
	struct machine m = asleep(3, 2 * NS_PER_S);

	(void)state;
	stamp(&m, 150, m.slot.lease_until_ns);
	deadline(&m);
	expect(&m, COUNT(LATE_WAKEUPS));
	assert_int_equal(m.vr.state, VR_ACTIVE);

	/* one whom we obey before it, one whom we do not after it */
	m = asleep(3, 2 * NS_PER_S);
	stamp(&m, 150, m.slot.lease_until_ns);
	stamp(&m, 50, m.slot.lease_until_ns + NS_PER_S);
	deadline(&m);
	assert_int_equal(vr_deadline(&m.vr), m.slot.last_advert_ns + DOWN_100_NS);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
}

static void i_1_an_advert_ends_the_listening(void **state)
{
	struct machine m = listening();

	(void)state;
	pass(&m, 300 * NS_PER_MS);
	hear(&m, 150);
	expect(&m, LEASE(0), STEADY(&m, 150), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	assert_int_equal(m.vr.last_event, LAST_EVENT_LEASE_EXPIRED);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
}

static void i_1_a_losing_advert_ends_the_listening_too(void **state)
{
	struct machine m = listening();

	(void)state;
	pass(&m, 300 * NS_PER_MS);
	hear(&m, 50); /* D-14 */
	expect(&m, LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
}

static void i_1_a_stamp_ends_the_listening(void **state)
{
	struct machine m = listening();
	int64_t heard_ns = m.now_ns + 300 * NS_PER_MS;

	(void)state;
	stamp(&m, 150, heard_ns);
	to_deadline(&m);
	expect(&m, LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	assert_int_equal(vr_deadline(&m.vr), heard_ns + DOWN_100_NS);
}

static void i_1_an_advert_between_the_looks_ends_it(void **state)
{
	static const uint8_t heard[] = {150, 50};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct machine m = listening();

		to_deadline(&m);
		pass(&m, 1000);
		stamp(&m, heard[i], m.now_ns);
		recheck(&m);
		expect(&m, LEASE(0), LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
		assert_int_equal(m.vr.state, VR_BACKUP);
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
	}
}

/* Reports come before the timer: the wake-up is late all the same. */
static void i_1_a_report_after_the_lease_leads_to_backup(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = asleep(version, 2 * NS_PER_S);
		int64_t heard_ns = m.now_ns - NS_PER_S;

		stamp(&m, 150, heard_ns);
		hear_late(&m, 150, heard_ns); /* D-13 */
		expect(&m, COUNT(LATE_WAKEUPS), LEASE(0), STEADY(&m, 150), PUBLISH, RELEASE,
		       NOTIFY(VR_ACTIVE));
		assert_int_equal(m.vr.last_event, LAST_EVENT_LEASE_EXPIRED);
		assert_int_equal(vr_deadline(&m.vr), heard_ns + DOWN_100_NS);

		m = asleep(version, 2 * NS_PER_S);
		hear(&m, 0); /* D-12 */
		expect(&m, COUNT(LATE_WAKEUPS), LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + 609375000);
	}
}

/* A report that waited while the machine stood still: its sender may be there or not. */
static void i_1_a_report_from_before_the_end_of_the_lease(void **state)
{
	struct machine m = asleep(3, 60 * NS_PER_S);
	int64_t heard_ns = m.slot.lease_until_ns;

	(void)state;
	stamp(&m, 50, heard_ns);
	hear_late(&m, 50, heard_ns);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
}

static void i_1_nothing_is_sent_without_a_lease(void **state)
{
	struct machine m = asleep(3, NS_PER_S);

	(void)state;
	claim(&m);
	expect_nothing(&m);
	priority(&m, 50);
	expect(&m, PUBLISH);
	shut_down(&m);
	expect(&m, LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));

	m = asleep(3, NS_PER_S);
	fault(&m, FAULT_INTERFACE_DOWN);
	expect(&m, LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));

	m = listening();
	claim(&m);
	expect_nothing(&m);
	shut_down(&m);
	expect(&m, LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
}

/* A second look that never comes: the lease that was taken for it must not stay. */
static void i_1_resuming_interrupted_is_undone(void **state)
{
	struct machine m = listening();

	(void)state;
	to_deadline(&m);
	claim(&m);
	expect(&m, LEASE(0));
	deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	hear(&m, 50);
	expect(&m, LEASE(0), LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));

	m = listening();
	to_deadline(&m);
	stamp(&m, 50, m.now_ns + 1);
	deadline(&m);
	expect(&m, LEASE(0), LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));

	m = listening();
	to_deadline(&m);
	shut_down(&m);
	expect(&m, LEASE(0), LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
}

static void i_1_resuming_whose_second_look_comes_after_the_lease(void **state)
{
	struct machine m = listening();

	(void)state;
	to_deadline(&m);
	pass(&m, LEASE_NS);
	recheck(&m);
	expect(&m, LEASE(0));
	deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	recheck(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5));
}

/* A kernel that takes no advertisement lets the lease run out. */
static void i_1_adverts_that_do_not_leave_do_not_extend_the_lease(void **state)
{
	struct machine m = machine_active(3, 100);
	int64_t until_ns = m.slot.lease_until_ns;

	(void)state;
	m.deaf_kernel = true;
	for (int i = 0; i < 2; i++) {
		to_deadline(&m);
		expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
	}
	assert_int_equal(m.slot.lease_until_ns, until_ns);
	to_deadline(&m);
	expect(&m, COUNT(LATE_WAKEUPS));
	assert_int_equal(m.now_ns, until_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(i_1_a_lease_is_valid_until_its_last_nanosecond),
		cmocka_unit_test(i_1_woken_late_listens_for_one_interval),
		cmocka_unit_test(i_1_woken_late_after_somebody_took_over),
		cmocka_unit_test(i_1_woken_late_after_a_lower_priority_took_over),
		cmocka_unit_test(i_1_woken_late_counts_from_whom_we_obey),
		cmocka_unit_test(i_1_an_advert_before_the_end_of_the_lease_proves_nothing),
		cmocka_unit_test(i_1_an_advert_ends_the_listening),
		cmocka_unit_test(i_1_a_losing_advert_ends_the_listening_too),
		cmocka_unit_test(i_1_a_stamp_ends_the_listening),
		cmocka_unit_test(i_1_an_advert_between_the_looks_ends_it),
		cmocka_unit_test(i_1_a_report_after_the_lease_leads_to_backup),
		cmocka_unit_test(i_1_a_report_from_before_the_end_of_the_lease),
		cmocka_unit_test(i_1_nothing_is_sent_without_a_lease),
		cmocka_unit_test(i_1_resuming_interrupted_is_undone),
		cmocka_unit_test(i_1_resuming_whose_second_look_comes_after_the_lease),
		cmocka_unit_test(i_1_adverts_that_do_not_leave_do_not_extend_the_lease),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
