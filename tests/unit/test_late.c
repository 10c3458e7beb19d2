/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lease, and an Active that wakes after it (I1): it says nothing before it knows. Design,
 * "Waking late": whoever wakes an interval late says how late and what it decided, and takes
 * nobody's silence for an answer that it was not awake to hear.
 */
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
	expect(&m, LATE(12 * NS_PER_S, LISTENS));
	return m;
}

static void i_1_a_lease_is_valid_until_its_last_nanosecond(void **state)
{
	struct machine m = asleep(3, -1);

	(void)state;
	deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS), LATE(2 * NS_PER_S - 1, WENT_ON));

	m = asleep(3, 0);
	deadline(&m);
	expect(&m, LATE(2 * NS_PER_S, LISTENS));
}

static void i_1_woken_late_listens_for_one_interval(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = asleep(version, 60 * NS_PER_S);

		deadline(&m);
		expect(&m, LATE(62 * NS_PER_S, LISTENS));
		assert_int_equal(m.vr.state, VR_ACTIVE);
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
		to_deadline(&m);
		expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
		pass(&m, 1000);
		recheck(&m);
		expect(&m, FIRST_ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5), LATE(0, RESUMED));
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
		expect(&m, LEASE(0), LATE(4 * NS_PER_S, YIELDED), PUBLISH, RELEASE,
		       NOTIFY(VR_ACTIVE));
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
	assert_int_equal(role_due(&m), heard_ns + DOWN_100_NS);
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
	expect(&m, LATE(4 * NS_PER_S, LISTENS));
	assert_int_equal(m.vr.state, VR_ACTIVE);

	/* one whom we obey before it, one whom we do not after it */
	m = asleep(3, 2 * NS_PER_S);
	stamp(&m, 150, m.slot.lease_until_ns);
	stamp(&m, 50, m.slot.lease_until_ns + NS_PER_S);
	deadline(&m);
	assert_int_equal(role_due(&m), m.slot.last_advert_ns + DOWN_100_NS);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
}

static void i_1_an_advert_ends_the_listening(void **state)
{
	struct machine m = listening();

	(void)state;
	pass(&m, 300 * NS_PER_MS);
	hear(&m, 150);
	expect(&m, LEASE(0), LATE(0, YIELDED), STEADY(&m, 150), PUBLISH, RELEASE,
	       NOTIFY(VR_ACTIVE));
	assert_int_equal(m.vr.last_event, LAST_EVENT_LEASE_EXPIRED);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
}

static void i_1_a_losing_advert_ends_the_listening_too(void **state)
{
	struct machine m = listening();

	(void)state;
	pass(&m, 300 * NS_PER_MS);
	hear(&m, 50); /* D-14 */
	expect(&m, LEASE(0), LATE(0, YIELDED), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(role_due(&m), m.now_ns + DOWN_100_NS);
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
	expect(&m, LEASE(0), LATE(0, YIELDED), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
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
		expect(&m, LEASE(0), LEASE(0), LATE(0, YIELDED), PUBLISH, RELEASE,
		       NOTIFY(VR_ACTIVE));
		assert_int_equal(m.vr.state, VR_BACKUP);
		assert_int_equal(role_due(&m), m.now_ns + DOWN_100_NS);
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
		expect(&m, LEASE(0), LATE(4 * NS_PER_S, YIELDED), STEADY(&m, 150), PUBLISH, RELEASE,
		       NOTIFY(VR_ACTIVE));
		assert_int_equal(m.vr.last_event, LAST_EVENT_LEASE_EXPIRED);
		assert_int_equal(vr_deadline(&m.vr), heard_ns + DOWN_100_NS);

		m = asleep(version, 2 * NS_PER_S);
		hear(&m, 0); /* D-12 */
		expect(&m, LEASE(0), LATE(4 * NS_PER_S, YIELDED), PUBLISH, RELEASE,
		       NOTIFY(VR_ACTIVE));
		assert_int_equal(role_due(&m), m.now_ns + 609375000);
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
	assert_int_equal(role_due(&m), m.now_ns + DOWN_100_NS);
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
	expect(&m, LEASE(0), LEASE(0), LATE(0, YIELDED), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));

	m = listening();
	to_deadline(&m);
	stamp(&m, 50, m.now_ns + 1);
	deadline(&m);
	expect(&m, LEASE(0), LEASE(0), LATE(0, YIELDED), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));

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
	pass(&m, FIRST_LEASE_NS);
	recheck(&m);
	expect(&m, LEASE(0));
	deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	recheck(&m);
	expect(&m, FIRST_ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5), LATE(0, RESUMED));
}

/* It stood still while it listened, once more and for longer than it listens. */
static void i_1_listening_that_ends_late_begins_anew(void **state)
{
	struct machine m = listening();
	int64_t lost_ns = START_NS + DOWN_100_NS + LEASE_NS;

	(void)state;
	assert_int_equal(m.vr.down_armed_ns, lost_ns);
	pass(&m, 2 * NS_PER_S);
	deadline(&m);
	expect(&m, LATE(NS_PER_S, LISTENS));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	/* who spoke since the lease ended has the role, whenever it is noticed */
	assert_int_equal(m.vr.down_armed_ns, lost_ns);
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S - 1;
	deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);

	m = listening();
	pass(&m, 5 * NS_PER_S);
	stamp(&m, 50, m.now_ns - NS_PER_MS);
	deadline(&m);
	expect(&m, LEASE(0), LATE(4 * NS_PER_S, YIELDED), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
}

/* ---- advertisements that do not leave ---- */

/* A kernel that takes no advertisement lets the lease run out; that is not waking late. */
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
	expect_nothing(&m);
	assert_int_equal(m.now_ns, until_ns);
	/* tries as long as it hears nobody, and no role begins before an advertisement has left */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
		to_deadline(&m);
		expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
		recheck(&m);
		expect(&m, FIRST_ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5));
		assert_int_equal(m.slot.lease_until_ns, 0);
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
		to_deadline(&m);
		expect_nothing(&m);
	}
	m.deaf_kernel = false;
	to_deadline(&m);
	recheck(&m);
	assert_int_equal(m.slot.lease_until_ns, m.now_ns + LEASE_NS);
	to_deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
}

/* What was told of is over: the next listening is for another reason. */
static void a_late_wake_up_is_told_once(void **state)
{
	struct machine m = listening();

	(void)state;
	to_deadline(&m);
	recheck(&m);
	assert_non_null(said(&m, ACT_LATE));
	m.deaf_kernel = true;
	for (int i = 0; i < 4; i++)
		to_deadline(&m);
	assert_non_null(said(&m, ACT_RECHECK));
	recheck(&m);
	expect(&m, FIRST_ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5));
}

/* The takeover's own: the one who was Active before us spoke before it, and is no news. */
static void i_1_a_takeover_whose_advert_does_not_leave(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 150);
	pass(&m, NS_PER_S);
	hear(&m, 50);
	m.deaf_kernel = true;
	take_over(&m);
	assert_true(said(&m, ACT_ADVERT)->advert.first);
	assert_int_equal(m.slot.lease_until_ns, 0);
	to_deadline(&m);
	expect_nothing(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	to_deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	recheck(&m);
	to_deadline(&m);
	expect_nothing(&m);
	pass(&m, NS_PER_MS);
	hear(&m, 50);
	expect(&m, LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));

	/* only stamped */
	m = machine_backup(3, 100);
	m.deaf_kernel = true;
	take_over(&m);
	stamp(&m, 50, m.now_ns + 1);
	to_deadline(&m);
	expect(&m, LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
}

/* ---- late, and the lease is valid ---- */

static void late_by_less_than_an_interval_is_not_told(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S - 1;
	deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S;
	deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS), LATE(NS_PER_S, WENT_ON));

	/* C-31: its own interval, not the one that it learned as Backup */
	m = machine_backup(3, 100);
	m.peer_interval_cs = 300;
	hear(&m, 150);
	take_over(&m);
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S;
	deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS), LATE(NS_PER_S, WENT_ON));
}

/* Reports come first, and the whole lateness is told once, with what follows from them. */
static void late_and_a_report_comes_first(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	/* D-24 leaves the timer alone, which tells it */
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S;
	hear(&m, 50);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5));
	deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS), LATE(NS_PER_S, WENT_ON));

	m = machine_active(3, 100);
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S;
	hear(&m, 0); /* D-22 */
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5), LATE(NS_PER_S, WENT_ON));
	deadline(&m);
	expect_nothing(&m);

	m = machine_active(3, 100);
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S;
	hear(&m, 150); /* D-23: the lease was not over */
	expect(&m, LEASE(0), STEADY(&m, 150), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE),
	       LATE(NS_PER_S, HEARD));
	deadline(&m);
	expect_nothing(&m);
}

static void late_and_the_time_to_be_drained_is_over(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	drain(&m);
	while (m.vr.drain_until_ns >= m.vr.adver_timer_ns + NS_PER_S)
		to_deadline(&m);
	m.now_ns = m.vr.adver_timer_ns + NS_PER_S;
	deadline(&m);
	expect(&m, LEASE(0), ADVERT(0, 0), LATE(NS_PER_S, WENT_ON), PUBLISH, RELEASE,
	       NOTIFY(VR_ACTIVE));
}

/* Somebody took over and is gone, or the machine stood still and he is not: an interval tells. */
static void i_9_yielded_to_somebody_long_gone(void **state)
{
	static const uint8_t heard[] = {150, 50};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct machine m = asleep(3, 60 * NS_PER_S);
		int64_t heard_ns = m.slot.lease_until_ns + NS_PER_S;

		stamp(&m, heard[i], heard_ns + NS_PER_S);
		hear_late(&m, heard[i], heard_ns);
		assert_int_equal(said(&m, ACT_LATE)->late.late_ns, 62 * NS_PER_S);
		assert_int_equal(said(&m, ACT_LATE)->late.decision, LATE_YIELDED);
		assert_int_equal(role_due(&m), m.now_ns + NS_PER_S);
		hear_late(&m, heard[i], heard_ns + NS_PER_S);
		expect_nothing(&m);
		deadline(&m);
		expect_nothing(&m);
		assert_int_equal(role_due(&m), m.now_ns + NS_PER_S);
		take_over(&m);
	}

	/* the same without a report */
	struct machine m = asleep(3, 60 * NS_PER_S);

	stamp(&m, 150, m.slot.lease_until_ns + NS_PER_S);
	deadline(&m);
	expect(&m, LEASE(0), LATE(62 * NS_PER_S, YIELDED), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	deadline(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	/* and who is late again tells that */
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S;
	deadline(&m);
	expect(&m, LATE(NS_PER_S, LISTENS));
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
		cmocka_unit_test(i_1_listening_that_ends_late_begins_anew),
		cmocka_unit_test(i_1_adverts_that_do_not_leave_do_not_extend_the_lease),
		cmocka_unit_test(a_late_wake_up_is_told_once),
		cmocka_unit_test(i_1_a_takeover_whose_advert_does_not_leave),
		cmocka_unit_test(late_by_less_than_an_interval_is_not_told),
		cmocka_unit_test(late_and_a_report_comes_first),
		cmocka_unit_test(late_and_the_time_to_be_drained_is_over),
		cmocka_unit_test(i_9_yielded_to_somebody_long_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
