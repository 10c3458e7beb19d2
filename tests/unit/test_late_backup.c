/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Design, "Waking late", of a Backup: what was stamped or reported counts (I9); nobody's silence
 * does, because the machine may have stood still, before it has lasted an interval more.
 */
#include "unit/machine.h"

#define DOWN_100_NS    3609375000 /* priority 100 at 1 s */
#define SKEW_100_NS    609375000
#define FIRST_LEASE_NS (NS_PER_S / 8) /* until the first advertisement */

#define EACH_VERSION(version) for (uint8_t version = 2; version <= 3; version++)

static void i_9_a_late_backup_believes_the_stamp(void **state)
{
	struct machine m = machine_backup(3, 100);
	int64_t due_ns = vr_deadline(&m.vr);

	(void)state;
	hear(&m, 150);
	m.now_ns = due_ns + NS_PER_S;
	stamp(&m, 150, m.now_ns - 10);
	deadline(&m);
	expect(&m, LATE(NS_PER_S, HEARD));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns - 10 + DOWN_100_NS);
}

/* The machine may have stood still since the stamp, and that is not the Active's silence. */
static void a_late_backup_gives_an_old_stamp_one_interval(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 150);
	pass(&m, 60 * NS_PER_S);
	stamp(&m, 150, m.now_ns - DOWN_100_NS + 1);
	deadline(&m);
	expect(&m, LATE(60 * NS_PER_S - DOWN_100_NS, HEARD));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	take_over(&m);

	/* older still */
	m = machine_backup(3, 100);
	pass(&m, 60 * NS_PER_S);
	stamp(&m, 150, m.now_ns - DOWN_100_NS);
	deadline(&m);
	expect(&m, LATE(60 * NS_PER_S - DOWN_100_NS, LISTENS));
	take_over(&m);
}

static void i_9_a_late_backup_believes_the_report(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S;
	hear(&m, 150);
	expect(&m, STEADY(&m, 150), LATE(NS_PER_S, HEARD));
	/* D-12 */
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S;
	hear(&m, 0);
	expect(&m, LATE(NS_PER_S, HEARD));
	assert_int_equal(role_due(&m), m.now_ns + SKEW_100_NS);
	/* in time, there is nothing to tell */
	m.now_ns = vr_deadline(&m.vr) - 1;
	hear(&m, 150);
	expect_nothing(&m);
}

/* A report of long ago is no proof that anybody is there, nor that nobody is. */
static void a_late_backup_with_an_old_report_listens(void **state)
{
	struct machine m = machine_backup(3, 100);
	int64_t heard_ns = m.now_ns + NS_PER_S;

	(void)state;
	pass(&m, 60 * NS_PER_S);
	stamp(&m, 150, heard_ns);
	hear_late(&m, 150, heard_ns);
	expect(&m, STEADY(&m, 150), LATE(60 * NS_PER_S - DOWN_100_NS, LISTENS));
	deadline(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	take_over(&m);
}

/* 10 ms, frozen for 5 s, and a report a second: the Active asks for the other checksum form. */
static void one_standstill_is_told_once_and_whole(void **state)
{
	struct vr_params p = params(3, 100);
	int64_t down_ns = vr_down_interval_ns(3, 100, 1, 3);

	(void)state;
	p.interval_cs = 1;
	struct machine m = machine_started(&p);

	m.peer_interval_cs = 1;
	hear(&m, 150);
	pass(&m, 5 * NS_PER_S);
	stamp(&m, 150, m.now_ns - 4 * NS_PER_MS);
	for (int i = 1; i <= 5; i++) {
		hear_late(&m, 150, START_NS + i * NS_PER_S - 10 * NS_PER_MS);
		if (i == 1)
			expect(&m, LATE(5 * NS_PER_S - down_ns, HEARD));
		else
			expect_nothing(&m);
		pass(&m, 20 * NS_PER_US);
	}
	deadline(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), m.slot.authority_ns + down_ns);
}

/* The same of a whole machine: nothing was stamped since the last of the reports. Each moves the
 * timer to what it would be without the standstill. */
static void i_9_reports_of_before_a_standstill_prove_nothing(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	pass(&m, 10 * NS_PER_S);
	stamp(&m, 150, m.now_ns - DOWN_100_NS + 10);
	hear_late(&m, 150, START_NS + NS_PER_S);
	expect(&m, STEADY(&m, 150), LATE(10 * NS_PER_S - DOWN_100_NS, HEARD));
	hear_late(&m, 150, m.now_ns - DOWN_100_NS + 10);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	/* a lower one: the role is no less silent */
	hear_late(&m, 50, m.now_ns - 2 * NS_PER_S);
	expect_nothing(&m);
	assert_int_equal(role_due(&m), m.now_ns + NS_PER_S);
	take_over(&m);

	/* younger than the standstill */
	m = machine_backup(3, 100);
	pass(&m, 10 * NS_PER_S);
	hear(&m, 150);
	pass(&m, NS_PER_MS);
	hear(&m, 150);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
}

/* D-12: its Skew_Time is over before we wake, and with it somebody else's. */
static void a_goodbye_of_long_ago(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	pass(&m, 10 * NS_PER_S);
	stamp(&m, 150, START_NS + NS_PER_S);
	hear_late(&m, 150, START_NS + NS_PER_S);
	expect(&m, STEADY(&m, 150), LATE(10 * NS_PER_S - DOWN_100_NS, LISTENS));
	hear_late(&m, 0, START_NS + 2 * NS_PER_S);
	expect_nothing(&m);
	assert_int_equal(role_due(&m), m.now_ns + NS_PER_S);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PRIORITY);

	/* or not */
	m = machine_backup(3, 100);
	pass(&m, 10 * NS_PER_S);
	stamp(&m, 0, m.now_ns - SKEW_100_NS + 1);
	hear_late(&m, 0, m.now_ns - SKEW_100_NS + 1);
	expect(&m, LATE(10 * NS_PER_S - DOWN_100_NS, HEARD), ACQUIRE);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 1);
	m = machine_backup(3, 100);
	pass(&m, 10 * NS_PER_S);
	hear_late(&m, 0, m.now_ns - SKEW_100_NS);
	expect(&m, LATE(10 * NS_PER_S - DOWN_100_NS, LISTENS));
	assert_int_equal(role_due(&m), m.now_ns + NS_PER_S);
}

/* What another event finds first is told by it. */
static void whatever_comes_first_tells_it(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	pass(&m, 60 * NS_PER_S);
	claim(&m);
	expect(&m, LATE(60 * NS_PER_S - DOWN_100_NS, LISTENS));
	deadline(&m);
	expect_nothing(&m);

	m = machine_backup(3, 100);
	pass(&m, 60 * NS_PER_S);
	priority(&m, 101);
	expect(&m, PUBLISH, LATE(60 * NS_PER_S - DOWN_100_NS, LISTENS));

	/* between the looks */
	m = machine_backup(3, 100);
	to_deadline(&m);
	pass(&m, NS_PER_S);
	recheck(&m);
	expect(&m, LEASE(0));
	deadline(&m);
	expect(&m, LATE(NS_PER_S, LISTENS));

	/* nothing that is decided upon */
	m = machine_backup(3, 100);
	pass(&m, 60 * NS_PER_S);
	shut_down(&m);
	expect(&m, PUBLISH, NOTIFY(VR_BACKUP));
}

static void a_late_drained_backup_tells_whom_it_heard(void **state)
{
	struct machine m = machine_backup(3, 100);
	int64_t down_ns = vr_down_interval_ns(3, 1, 100, 3);

	(void)state;
	drain(&m);
	pass(&m, 10 * NS_PER_S);
	stamp(&m, 150, m.now_ns - NS_PER_S);
	hear_late(&m, 150, START_NS + NS_PER_S);
	expect(&m, STEADY(&m, 150), LATE(10 * NS_PER_S - down_ns, HEARD));
	/* and waits for nobody */
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S;
	hear_late(&m, 150, m.now_ns - 10 * NS_PER_S);
	expect_nothing(&m);
	deadline(&m);
	expect(&m, STEADY_OFF);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
}

static void a_late_backup_listens_for_one_interval(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = machine_backup(version, 100);

		m.now_ns = vr_deadline(&m.vr) + NS_PER_S;
		deadline(&m);
		expect(&m, LATE(NS_PER_S, LISTENS));
		assert_int_equal(m.vr.state, VR_BACKUP);
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
		take_over(&m);
		assert_null(said(&m, ACT_LATE));
	}
}

/* The interval of the Active that it would be taken from, not ours (C-5). */
static void a_late_backup_listens_for_the_learned_interval(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	m.peer_interval_cs = 300;
	hear(&m, 150);
	m.now_ns = vr_deadline(&m.vr) + 3 * NS_PER_S;
	deadline(&m);
	expect(&m, LATE(3 * NS_PER_S, LISTENS));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 3 * NS_PER_S);

	m = machine_backup(3, 100);
	m.peer_interval_cs = 300;
	hear(&m, 150);
	m.now_ns = vr_deadline(&m.vr) + 3 * NS_PER_S - 1;
	deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
}

static void a_backup_in_time_does_not_listen(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S - 1;
	deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
}

static struct machine listening_backup(void)
{
	struct machine m = machine_backup(3, 100);

	hear(&m, 150);
	m.now_ns = vr_deadline(&m.vr) + 10 * NS_PER_S;
	deadline(&m);
	expect(&m, LATE(10 * NS_PER_S, LISTENS));
	return m;
}

static void a_backup_late_again_listens_again(void **state)
{
	struct machine m = listening_backup();

	(void)state;
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S;
	deadline(&m);
	expect(&m, LATE(NS_PER_S, LISTENS));
	take_over(&m);
}

static void what_a_listening_backup_hears(void **state)
{
	struct machine m = listening_backup();

	(void)state;
	pass(&m, 300 * NS_PER_MS);
	hear(&m, 150);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);

	/* stamped only: it is the steady one */
	m = listening_backup();
	stamp(&m, 150, m.now_ns + 300 * NS_PER_MS);
	to_deadline(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), m.slot.authority_ns + DOWN_100_NS);

	/* D-12: it is there no more */
	m = listening_backup();
	hear(&m, 0);
	assert_int_equal(role_due(&m), m.now_ns + SKEW_100_NS);
	take_over(&m);

	/* D-14: listening is no reason to wait for longer */
	m = listening_backup();
	int64_t until_ns = vr_deadline(&m.vr);

	hear(&m, 50);
	assert_int_equal(role_due(&m), until_ns);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
}

static void what_else_happens_to_a_listening_backup(void **state)
{
	struct machine m = listening_backup();
	int64_t until_ns = vr_deadline(&m.vr);

	(void)state;
	/* C-24 is about the skew, of which there is none in this timer */
	priority(&m, 254);
	expect(&m, PUBLISH, STEADY_OFF);
	assert_int_equal(vr_deadline(&m.vr), until_ns);
	shut_down(&m);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	startup(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 3007812500);

	/* heard between the looks */
	m = listening_backup();
	to_deadline(&m);
	stamp(&m, 150, m.now_ns + 1);
	pass(&m, 2);
	recheck(&m);
	expect(&m, LEASE(0));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns - 1 + DOWN_100_NS);
}

/* It is not late for anything: nobody's silence is what it waits for. */
static void an_owner_that_starts_late_does_not_listen(void **state)
{
	struct vr_params p = params(3, 255);
	struct machine m = machine_started(&p);

	(void)state;
	claim(&m); /* undoes the takeover, which stays due */
	pass(&m, 10 * NS_PER_S);
	deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);

	m = machine_started(&p);
	claim(&m);
	pass(&m, 10 * NS_PER_S);
	drain(&m);
	expect(&m, PUBLISH, PUBLISH, NOTIFY(VR_INITIALIZE));
}

/* D-1: nor when it takes its role back. */
static void an_owner_that_is_undrained_late_does_not_listen(void **state)
{
	struct vr_params p = params(3, 255);
	struct machine m = machine_of(&p);

	(void)state;
	drain(&m);
	startup(&m);
	pass(&m, 60 * NS_PER_S);
	undrain(&m);
	expect(&m, PUBLISH, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(i_9_a_late_backup_believes_the_stamp),
		cmocka_unit_test(a_late_backup_gives_an_old_stamp_one_interval),
		cmocka_unit_test(i_9_a_late_backup_believes_the_report),
		cmocka_unit_test(a_late_backup_with_an_old_report_listens),
		cmocka_unit_test(one_standstill_is_told_once_and_whole),
		cmocka_unit_test(i_9_reports_of_before_a_standstill_prove_nothing),
		cmocka_unit_test(a_goodbye_of_long_ago),
		cmocka_unit_test(whatever_comes_first_tells_it),
		cmocka_unit_test(a_late_drained_backup_tells_whom_it_heard),
		cmocka_unit_test(a_late_backup_listens_for_one_interval),
		cmocka_unit_test(a_late_backup_listens_for_the_learned_interval),
		cmocka_unit_test(a_backup_in_time_does_not_listen),
		cmocka_unit_test(a_backup_late_again_listens_again),
		cmocka_unit_test(what_a_listening_backup_hears),
		cmocka_unit_test(what_else_happens_to_a_listening_backup),
		cmocka_unit_test(an_owner_that_starts_late_does_not_listen),
		cmocka_unit_test(an_owner_that_is_undrained_late_does_not_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
