/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Part D: Startup, Backup, and the way from Backup to Active; evidence before timers (I9). */
#include "unit/machine.h"

#define DOWN_100_NS    3609375000 /* priority 100 at 1 s */
#define SKEW_100_NS    609375000
#define LEASE_NS       (3 * NS_PER_S)
#define FIRST_LEASE_NS (NS_PER_S / 8) /* until the first advertisement */

#define EACH_VERSION(version) for (uint8_t version = 2; version <= 3; version++)

/* ---- Startup ---- */

static void d_2_startup_leads_to_backup(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct vr_params p = params(version, 100);
		struct machine m = machine_started(&p);

		expect(&m, PUBLISH, NOTIFY(VR_INITIALIZE));
		assert_int_equal(m.vr.state, VR_BACKUP);
		assert_int_equal(m.vr.last_event, LAST_EVENT_STARTUP);
		assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_100_NS);
		startup(&m);
		expect_nothing(&m);
	}
}

static void d_1_startup_of_an_owner_leads_to_active(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct vr_params p = params(version, 255);
		struct machine m = machine_started(&p);

		expect(&m, LEASE(START_NS + FIRST_LEASE_NS), RECHECK);
		recheck(&m);
		expect(&m, STEADY_OFF, PUBLISH, FIRST_ADVERT(255, START_NS + LEASE_NS), ANNOUNCE(5),
		       ACQUIRE, COUNT(ACTIVE_TRANSITIONS), NOTIFY(VR_INITIALIZE));
		assert_int_equal(m.vr.state, VR_ACTIVE);
		assert_int_equal(m.vr.last_event, LAST_EVENT_STARTUP);
		assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PRIORITY);
		assert_int_equal(vr_deadline(&m.vr), START_NS + NS_PER_S);
	}
}

/* The second look of an owner that starts shows another owner. */
static void d_1_d_34_startup_of_a_second_owner(void **state)
{
	struct vr_params p = params(3, 255);
	struct machine m = machine_started(&p);

	(void)state;
	pass(&m, 1000);
	stamp(&m, 255, m.now_ns);
	recheck(&m);
	expect(&m, LEASE(0), PUBLISH, NOTIFY(VR_INITIALIZE));
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 3003906250);
}

/* What the second look is for is not there yet when something else comes first. */
static void d_1_startup_of_an_owner_interrupted(void **state)
{
	struct vr_params p = params(3, 255);
	struct machine m = machine_started(&p);

	(void)state;
	claim(&m);
	expect(&m, LEASE(0));
	assert_int_equal(vr_deadline(&m.vr), START_NS);
	recheck(&m);
	expect_nothing(&m);
	take_over(&m);
	assert_non_null(said(&m, ACT_ADVERT));

	m = machine_started(&p);
	shut_down(&m);
	expect(&m, LEASE(0));
	assert_int_equal(m.vr.state, VR_INITIALIZE);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
}

static void d_3_nothing_happens_in_initialize(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m = machine_of(&p);

	(void)state;
	hear(&m, 150);
	expect_nothing(&m);
	hear(&m, 0);
	expect_nothing(&m);
	deadline(&m);
	expect_nothing(&m);
	recheck(&m);
	expect_nothing(&m);
	claim(&m);
	expect_nothing(&m);
	shut_down(&m);
	expect_nothing(&m);
	assert_int_equal(m.vr.state, VR_INITIALIZE);
	assert_int_equal(m.vr.active_interval_cs, 100);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
}

/* ---- Backup ---- */

static void d_10_shutdown_in_backup(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = machine_backup(version, 100);

		shut_down(&m);
		expect(&m, PUBLISH, NOTIFY(VR_BACKUP));
		assert_int_equal(m.vr.state, VR_INITIALIZE);
		assert_int_equal(m.vr.last_event, LAST_EVENT_SHUTDOWN);
		assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	}
}

static void d_10_shutdown_forgets_whom_it_obeyed(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	m.peer_interval_cs = 300;
	hear(&m, 150);
	shut_down(&m);
	expect(&m, PUBLISH, STEADY_OFF, NOTIFY(VR_BACKUP));
	assert_true(addr_is_zero(&m.vr.active_address));
	startup(&m);
	expect(&m, PUBLISH, NOTIFY(VR_INITIALIZE));
	assert_int_equal(m.vr.active_interval_cs, 100);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
}

static void d_11_i_5_timeout_leads_to_active(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = machine_backup(version, 100);
		int64_t until_ns = START_NS + DOWN_100_NS + 1000 + LEASE_NS;

		to_deadline(&m);
		assert_int_equal(m.now_ns, START_NS + DOWN_100_NS);
		expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
		pass(&m, 1000);
		recheck(&m);
		expect(&m, STEADY_OFF, PUBLISH, FIRST_ADVERT(100, until_ns), ANNOUNCE(5), ACQUIRE,
		       COUNT(ACTIVE_TRANSITIONS), NOTIFY(VR_BACKUP));
		assert_int_equal(m.vr.state, VR_ACTIVE);
		assert_int_equal(m.vr.last_event, LAST_EVENT_ACTIVE_TIMEOUT);
		assert_true(addr_equal(&m.vr.active_address, &m.vr.primary));
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	}
}

static void d_12_priority_zero_arms_the_skew(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = machine_backup(version, 100);

		hear(&m, 150);
		pass(&m, NS_PER_S);
		hear(&m, 0);
		expect_nothing(&m);
		assert_int_equal(role_due(&m), m.now_ns + SKEW_100_NS);
		take_over(&m);
	}
}

static void d_13_d_31_obeys_higher_and_equal_priority(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = machine_backup(version, 100);

		pass(&m, NS_PER_S);
		hear(&m, 101);
		expect(&m, STEADY(&m, 101));
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
		assert_true(addr_equal(&m.vr.active_address, &m.peer));
		/* equal, from a lower address than ours */
		m.peer = addr_from_ipv4(1);
		pass(&m, NS_PER_S);
		hear(&m, 100);
		expect(&m, STEADY(&m, 100));
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
		assert_true(addr_equal(&m.vr.active_address, &m.peer));
		assert_int_equal(m.vr.state, VR_BACKUP);
	}
}

static void d_13_without_preempt_obeys_anybody(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct vr_params p = params(version, 100);

		p.preempt = false;
		struct machine m = machine_started(&p);

		pass(&m, NS_PER_S);
		hear(&m, 1);
		expect(&m, STEADY(&m, 1));
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
	}
}

static void d_13_says_steady_only_when_it_changed(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 150);
	expect(&m, STEADY(&m, 150));
	hear(&m, 150);
	expect_nothing(&m);
	m.peer_interval_cs = 50;
	hear(&m, 150);
	expect(&m, STEADY(&m, 150));
	m.peer = addr_from_ipv4(1);
	hear(&m, 150);
	expect(&m, STEADY(&m, 150));
}

static void d_14_preempts_a_lower_priority(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = machine_backup(version, 100);

		m.peer_interval_cs = 300;
		for (int i = 0; i < 3; i++) {
			pass(&m, NS_PER_S);
			hear(&m, 99);
			expect_nothing(&m);
			assert_int_equal(role_due(&m), START_NS + DOWN_100_NS);
		}
		take_over(&m);
		assert_int_equal(m.vr.last_event, LAST_EVENT_LOWER_PRIORITY_ACTIVE);
	}
}

static void d_33_an_owner_preempts_always(void **state)
{
	struct vr_params p = params(3, 255);

	(void)state;
	p.preempt = false;
	struct machine m = machine_started(&p);

	/* into Backup, as D-34 says */
	stamp(&m, 255, START_NS + 1);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_BACKUP);
	pass(&m, NS_PER_S);
	hear(&m, 254);
	assert_int_equal(role_due(&m), START_NS + 1 + 3003906250);
	take_over(&m);
	assert_int_equal(m.vr.last_event, LAST_EVENT_OWNER_PREEMPT);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
}

static void b_24_owners_count_each_other(void **state)
{
	struct vr_params p = params(3, 255);
	struct machine m = machine_started(&p);

	(void)state;
	stamp(&m, 255, START_NS + 1);
	recheck(&m);
	hear(&m, 255);
	expect(&m, COUNT(OWNER_CONFLICT), STEADY(&m, 255));
	hear(&m, 254);
	expect_nothing(&m);

	m = machine_backup(3, 254);
	hear(&m, 255);
	expect(&m, STEADY(&m, 255));
}

static void d_54_reasons(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_NO_RESPONSE);

	m = machine_backup(3, 100);
	hear(&m, 0);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PRIORITY);
	assert_int_equal(m.vr.last_event, LAST_EVENT_ACTIVE_TIMEOUT);

	m = machine_backup(3, 100);
	hear(&m, 99);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
}

/* Who is obeyed after all makes the reason void. */
static void d_54_reasons_of_what_came_last(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 0);
	hear(&m, 150);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_NO_RESPONSE);

	m = machine_backup(3, 100);
	hear(&m, 0);
	stamp(&m, 150, m.now_ns + 1);
	to_deadline(&m);
	expect_nothing(&m);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_NO_RESPONSE);

	/* it stays when the role is lost, and the next takeover has its own */
	hear(&m, 150);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_NO_RESPONSE);
	hear(&m, 0);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PRIORITY);
}

/* ---- evidence before timers ---- */

static void i_9_a_steady_active_needs_no_events(void **state)
{
	struct machine m = machine_backup(3, 100);
	int64_t last_ns = 0;

	(void)state;
	hear(&m, 150);
	for (int i = 0; i < 100; i++) {
		last_ns = vr_deadline(&m.vr) - 300 * NS_PER_MS;
		stamp(&m, 150, last_ns);
		to_deadline(&m);
		expect_nothing(&m);
		assert_int_equal(vr_deadline(&m.vr), last_ns + DOWN_100_NS);
	}
	take_over(&m);
	assert_int_equal(m.now_ns, last_ns + DOWN_100_NS);
}

static void i_9_a_starved_backup_does_not_take_over(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 150);
	pass(&m, 60 * NS_PER_S);
	stamp(&m, 150, m.now_ns - NS_PER_S);
	deadline(&m);
	expect(&m, LATE(60 * NS_PER_S - DOWN_100_NS, HEARD));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns - NS_PER_S + DOWN_100_NS);
	to_deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
}

static void i_9_only_younger_evidence_counts(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	/* the stamp of the Active that says goodbye is older than its goodbye */
	hear(&m, 150);
	pass(&m, NS_PER_S);
	hear(&m, 0);
	take_over(&m);

	/* and a Startup does not count what was heard before it */
	struct vr_params p = params(3, 100);

	m = machine_of(&p);
	stamp(&m, 150, START_NS - NS_PER_S);
	startup(&m);
	assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_100_NS);
	take_over(&m);
}

static void i_9_evidence_of_others_does_not_count(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	stamp(&m, 99, START_NS + NS_PER_S);
	take_over(&m);
}

static void i_9_an_early_deadline_changes_nothing(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	stamp(&m, 150, START_NS + NS_PER_S);
	m.now_ns = vr_deadline(&m.vr) - 1;
	deadline(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_100_NS);
}

static void timers_run_from_the_stamp(void **state)
{
	struct machine m = machine_backup(3, 100);
	int64_t received_ns = START_NS + NS_PER_S;

	(void)state;
	pass(&m, 3 * NS_PER_S);
	hear_late(&m, 150, received_ns);
	assert_int_equal(vr_deadline(&m.vr), received_ns + DOWN_100_NS);
	hear_late(&m, 0, received_ns + 1);
	assert_int_equal(vr_deadline(&m.vr), received_ns + 1 + SKEW_100_NS);
}

/* One wake-up hands over several reports, and the clock was read before the last of them. */
static void a_stamp_after_now_does_not_stretch_a_timer(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	stamp(&m, 150, m.now_ns + 1000);
	hear_late(&m, 150, m.now_ns + 1000);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
	hear_late(&m, 0, m.now_ns + 2000);
	assert_int_equal(role_due(&m), m.now_ns + SKEW_100_NS);
	/* and the evidence of before the goodbye does not hide it */
	take_over(&m);
	assert_int_equal(m.now_ns, START_NS + SKEW_100_NS);
}

/* ---- the promotion race ---- */

static void promotion_gives_way_to_an_advert_between_the_looks(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = machine_backup(version, 100);
		int64_t heard_ns;

		to_deadline(&m);
		heard_ns = m.now_ns + 500;
		stamp(&m, 150, heard_ns);
		pass(&m, 1000);
		recheck(&m);
		expect(&m, LEASE(0));
		assert_int_equal(m.vr.state, VR_BACKUP);
		assert_int_equal(vr_deadline(&m.vr), heard_ns + DOWN_100_NS);
		/* the report that the valid lease caused changes nothing more */
		hear_late(&m, 150, heard_ns);
		assert_int_equal(vr_deadline(&m.vr), heard_ns + DOWN_100_NS);
		take_over(&m);
	}
}

/* A timer that was re-armed by evidence, and was late again. */
static void promotion_after_evidence_sees_only_what_is_new(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	stamp(&m, 150, START_NS + NS_PER_S);
	m.now_ns = START_NS + NS_PER_S + DOWN_100_NS - 1;
	deadline(&m);
	expect_nothing(&m);
	pass(&m, NS_PER_MS);
	deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
}

static void promotion_ignores_whom_it_preempts(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	to_deadline(&m);
	stamp(&m, 99, m.now_ns + 500);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
}

static void promotion_interrupted_is_undone(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	to_deadline(&m);
	hear(&m, 150);
	expect(&m, LEASE(0), STEADY(&m, 150));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
	recheck(&m);
	expect_nothing(&m);
	assert_int_equal(m.vr.state, VR_BACKUP);

	m = machine_backup(3, 100);
	to_deadline(&m);
	deadline(&m);
	expect(&m, LEASE(0), LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	shut_down(&m);
	expect(&m, LEASE(0), PUBLISH, NOTIFY(VR_BACKUP));
	assert_int_equal(m.slot.lease_until_ns, 0);
}

static void promotion_whose_second_look_comes_after_the_lease(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	to_deadline(&m);
	pass(&m, FIRST_LEASE_NS);
	recheck(&m);
	expect(&m, LEASE(0));
	assert_int_equal(m.vr.state, VR_BACKUP);
	deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	pass(&m, FIRST_LEASE_NS - 1);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d_2_startup_leads_to_backup),
		cmocka_unit_test(d_1_startup_of_an_owner_leads_to_active),
		cmocka_unit_test(d_1_d_34_startup_of_a_second_owner),
		cmocka_unit_test(d_1_startup_of_an_owner_interrupted),
		cmocka_unit_test(d_3_nothing_happens_in_initialize),
		cmocka_unit_test(d_10_shutdown_in_backup),
		cmocka_unit_test(d_10_shutdown_forgets_whom_it_obeyed),
		cmocka_unit_test(d_11_i_5_timeout_leads_to_active),
		cmocka_unit_test(d_12_priority_zero_arms_the_skew),
		cmocka_unit_test(d_13_d_31_obeys_higher_and_equal_priority),
		cmocka_unit_test(d_13_without_preempt_obeys_anybody),
		cmocka_unit_test(d_13_says_steady_only_when_it_changed),
		cmocka_unit_test(d_14_preempts_a_lower_priority),
		cmocka_unit_test(d_33_an_owner_preempts_always),
		cmocka_unit_test(b_24_owners_count_each_other),
		cmocka_unit_test(d_54_reasons),
		cmocka_unit_test(d_54_reasons_of_what_came_last),
		cmocka_unit_test(i_9_a_steady_active_needs_no_events),
		cmocka_unit_test(i_9_a_starved_backup_does_not_take_over),
		cmocka_unit_test(i_9_only_younger_evidence_counts),
		cmocka_unit_test(i_9_evidence_of_others_does_not_count),
		cmocka_unit_test(i_9_an_early_deadline_changes_nothing),
		cmocka_unit_test(timers_run_from_the_stamp),
		cmocka_unit_test(a_stamp_after_now_does_not_stretch_a_timer),
		cmocka_unit_test(promotion_gives_way_to_an_advert_between_the_looks),
		cmocka_unit_test(promotion_after_evidence_sees_only_what_is_new),
		cmocka_unit_test(promotion_ignores_whom_it_preempts),
		cmocka_unit_test(promotion_interrupted_is_undone),
		cmocka_unit_test(promotion_whose_second_look_comes_after_the_lease),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
