/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A standstill that spans no deadline, so that no timer of this router is late: the silence of it
 * was no Active's, and nobody takes over by it (I9).
 */
#include "unit/machine.h"

#define DOWN_100_NS    3609375000 /* priority 100 at 1 s */
#define SKEW_100_NS    609375000
#define LEASE_NS       (3 * NS_PER_S)
#define FIRST_LEASE_NS (NS_PER_S / 8) /* until the first advertisement */

#define EACH_VERSION(version) for (uint8_t version = 2; version <= 3; version++)

/* A Backup whose machine stood still until `left_ns` before it is to take over. */
static struct machine woken(uint8_t version, int64_t left_ns)
{
	struct machine m = machine_backup(version, 100);

	hear(&m, 150);
	m.now_ns = START_NS + DOWN_100_NS - left_ns;
	stood_still(&m, 3 * NS_PER_S);
	return m;
}

static void i_9_a_backup_waits_for_an_interval(void **state)
{
	static const int64_t left_ns[] = {NS_PER_S - 1, NS_PER_MS, 0, -NS_PER_MS, 1 - NS_PER_S};

	(void)state;
	EACH_VERSION(version)
	{
		for (size_t i = 0; i < sizeof(left_ns) / sizeof(left_ns[0]); i++) {
			struct machine m = woken(version, left_ns[i]);

			expect_nothing(&m);
			assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
			deadline(&m);
			expect_nothing(&m);
			take_over(&m);
			assert_int_equal(m.vr.active_reason, ACTIVE_REASON_NO_RESPONSE);
		}
	}
}

static void a_backup_with_time_waits_no_longer(void **state)
{
	struct machine m = woken(3, NS_PER_S);

	(void)state;
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_100_NS);
	m = woken(3, 2 * NS_PER_S);
	assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_100_NS);
}

/* The learned one (C-5): less is what anybody's timer allows for. */
static void a_shorter_standstill_is_none(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	m.peer_interval_cs = 200;
	hear(&m, 150);
	m.now_ns = vr_deadline(&m.vr) - NS_PER_MS;
	stood_still(&m, 2 * NS_PER_S - 1);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_MS);
	stood_still(&m, 2 * NS_PER_S);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 2 * NS_PER_S);
}

/* What was heard before it is no sign of what is to come, and does not bring the time nearer. */
static void i_9_reports_and_stamps_of_before_it(void **state)
{
	struct machine m = woken(3, NS_PER_MS);

	(void)state;
	hear_late(&m, 150, START_NS + NS_PER_MS);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	stamp(&m, 150, START_NS + 2 * NS_PER_MS);
	deadline(&m);
	expect_nothing(&m);
	to_deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);

	/* and of after it */
	m = woken(3, NS_PER_MS);
	pass(&m, 300 * NS_PER_MS);
	hear(&m, 150);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
}

/* D-14: that of whom it obeys may have been there before it. */
static void a_preemption_waits_too(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 50);
	to_deadline(&m);
	expect(&m, ACQUIRE);
	stood_still(&m, NS_PER_S);
	expect(&m, RELEASE);
	assert_int_equal(role_due(&m), m.now_ns + NS_PER_S);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
}

/* D-12: that is no silence, unless another had the time to take over. */
static void a_goodbye_is_not_waited_upon(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 150);
	hear(&m, 0);
	pass(&m, NS_PER_MS);
	stood_still(&m, NS_PER_S);
	expect_nothing(&m);
	assert_int_equal(role_due(&m), START_NS + SKEW_100_NS);
	m.now_ns = START_NS + SKEW_100_NS - 1;
	stood_still(&m, NS_PER_S);
	assert_int_equal(role_due(&m), START_NS + SKEW_100_NS);
	m.now_ns = START_NS + SKEW_100_NS;
	stood_still(&m, NS_PER_S);
	assert_int_equal(role_due(&m), START_NS + SKEW_100_NS + NS_PER_S);
	/* and one that is heard after it */
	hear(&m, 0);
	assert_int_equal(role_due(&m), m.now_ns + SKEW_100_NS);
}

/* Its timer is late as well: that is told as ever, and once. */
static void a_late_timer_tells_it(void **state)
{
	struct machine m = woken(3, -NS_PER_S);

	(void)state;
	expect(&m, LATE(NS_PER_S, LISTENS));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	deadline(&m);
	expect_nothing(&m);

	m = machine_backup(3, 100);
	hear(&m, 150);
	pass(&m, 10 * NS_PER_S);
	stamp(&m, 150, m.now_ns - NS_PER_MS);
	stood_still(&m, 9 * NS_PER_S);
	expect(&m, LATE(10 * NS_PER_S - DOWN_100_NS, HEARD));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns - NS_PER_MS + DOWN_100_NS);
}

/* I1: the lease decides. */
static void i_1_nothing_happens_to_an_active_with_its_lease(void **state)
{
	struct machine m = machine_active(3, 100);
	int64_t tick_ns = vr_deadline(&m.vr);

	(void)state;
	pass(&m, NS_PER_S / 2);
	stood_still(&m, 2 * NS_PER_S);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), tick_ns);
	m.now_ns = tick_ns + NS_PER_S;
	stood_still(&m, 2 * NS_PER_S);
	expect_nothing(&m);
	deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS), LATE(NS_PER_S, WENT_ON));
}

/* The clocks stood still as well, and the lease was shortened: no timer is late. */
static void i_1_an_active_without_it_waits_for_no_timer(void **state)
{
	struct machine m = machine_active(3, 100);
	int64_t since_ns = m.now_ns;

	(void)state;
	pass(&m, NS_PER_S / 2);
	m.slot.lease_until_ns = since_ns + 1;
	stood_still(&m, 10 * NS_PER_S);
	expect(&m, LATE(10 * NS_PER_S, LISTENS));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	pass(&m, NS_PER_MS);
	hear(&m, 50);
	expect(&m, LEASE(0), LATE(0, YIELDED), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	deadline(&m);
	expect_nothing(&m);

	/* somebody has spoken since */
	m = machine_active(3, 100);
	pass(&m, NS_PER_S / 2);
	m.slot.lease_until_ns = since_ns + 1;
	stamp(&m, 150, since_ns + 2);
	stood_still(&m, 10 * NS_PER_S);
	expect(&m, LEASE(0), LATE(10 * NS_PER_S, YIELDED), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	assert_int_equal(vr_deadline(&m.vr), since_ns + 2 + DOWN_100_NS);

	/* the clocks went on: the timer knows better how long it was */
	m = machine_active(3, 100);
	m.now_ns = m.slot.lease_until_ns + 7 * NS_PER_S;
	stood_still(&m, 8 * NS_PER_S);
	expect(&m, LATE(9 * NS_PER_S, LISTENS));
	deadline(&m);
	expect_nothing(&m);
}

/* Nor does anybody's silence count while it listens. */
static void an_active_that_listens_begins_anew(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	m.now_ns = m.slot.lease_until_ns;
	deadline(&m);
	expect(&m, LATE(2 * NS_PER_S, LISTENS));
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S / 2;
	stood_still(&m, NS_PER_S);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	to_deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	recheck(&m);
	expect(&m, FIRST_ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5), LATE(0, RESUMED));
}

/* It was no deadline of the lease either: then the role is lost, and the silence nobody's. */
static void i_9_a_role_lost_after_it(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S - 1;
	stood_still(&m, NS_PER_S);
	hear_late(&m, 150, m.now_ns - DOWN_100_NS + 1);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
}

static void nothing_happens_in_initialize(void **state)
{
	struct vr_params p = params(3, 255);
	struct machine m = machine_of(&p);

	(void)state;
	stood_still(&m, 10 * NS_PER_S);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	/* an owner that starts: it undoes the takeover as any event, and that stays due */
	startup(&m);
	stood_still(&m, 10 * NS_PER_S);
	expect(&m, LEASE(0));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns);
	take_over(&m);

	/* configured anew at the moment of waking */
	m = machine_started(&p);
	stamp(&m, 255, m.now_ns + 1);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_BACKUP);
	pass(&m, NS_PER_S);
	stood_still(&m, NS_PER_S);
	shut_down(&m);
	startup(&m);
	claim(&m);
	expect(&m, LEASE(0));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(i_9_a_backup_waits_for_an_interval),
		cmocka_unit_test(a_backup_with_time_waits_no_longer),
		cmocka_unit_test(a_shorter_standstill_is_none),
		cmocka_unit_test(i_9_reports_and_stamps_of_before_it),
		cmocka_unit_test(a_preemption_waits_too),
		cmocka_unit_test(a_goodbye_is_not_waited_upon),
		cmocka_unit_test(a_late_timer_tells_it),
		cmocka_unit_test(i_1_nothing_happens_to_an_active_with_its_lease),
		cmocka_unit_test(i_1_an_active_without_it_waits_for_no_timer),
		cmocka_unit_test(an_active_that_listens_begins_anew),
		cmocka_unit_test(i_9_a_role_lost_after_it),
		cmocka_unit_test(nothing_happens_in_initialize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
