/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adoption (I8): what a new agent makes of the slot that an earlier one left. What it goes on with
 * is no event on the wire; everything that is not certain is an ordinary Startup, and no role.
 */
#include "unit/machine.h"

#define DOWN_100_NS    3609375000 /* priority 100 at 1 s */
#define SKEW_100_NS    609375000
#define DOWN_1_NS      3996093750
#define LEASE_NS       (3 * NS_PER_S)
#define FIRST_LEASE_NS (NS_PER_S / 8) /* until the first advertisement */
#define DEAD_NS	       (300 * NS_PER_MS)

#define EACH_VERSION(version) for (uint8_t version = 2; version <= 3; version++)

/* ---- Active ---- */

static void i_8_an_active_goes_on(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine old = machine_active(version, 100);
		struct machine m = adopted_after(&old, DEAD_NS);

		expect(&m, PUBLISH, ADVERT(100, m.now_ns + LEASE_NS), ACQUIRE);
		assert_int_equal(m.vr.state, VR_ACTIVE);
		assert_true(m.vr.started);
		assert_int_equal(m.vr.last_event, LAST_EVENT_ACTIVE_TIMEOUT);
		assert_int_equal(m.vr.active_reason, ACTIVE_REASON_NO_RESPONSE);
		assert_int_equal(m.vr.transition_ns, START_NS + DOWN_100_NS);
		assert_true(addr_equal(&m.vr.active_address, &m.vr.primary));
		startup(&m);
		expect_nothing(&m);
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
		to_deadline(&m);
		expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
		shut_down(&m);
		expect(&m, LEASE(0), ADVERT(0, 0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	}
}

static void i_1_only_under_a_valid_lease(void **state)
{
	struct machine old = machine_active(3, 100);
	struct machine m = adopted_after(&old, LEASE_NS - 1);

	(void)state;
	assert_int_equal(m.vr.state, VR_ACTIVE);
	m = adopted_after(&old, LEASE_NS);
	expect_nothing(&m);
	assert_not_adopted(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
}

/* One whose lease was lost is no Active, whatever it was called. */
static void i_1_not_while_it_listens(void **state)
{
	struct machine old = machine_active(3, 100);
	struct machine m;

	(void)state;
	pass(&old, 10 * NS_PER_S);
	deadline(&old);
	m = adopted_after(&old, DEAD_NS);
	expect_nothing(&m);
	assert_not_adopted(&m);

	/* the lease of a resumption is nobody's before the second look */
	to_deadline(&old);
	assert_non_null(said(&old, ACT_RECHECK));
	m = adopted_after(&old, 1);
	expect(&m, LEASE(0));
	assert_not_adopted(&m);
}

/* The lease was extended before; that this advertisement does not leave ends nothing. */
static void the_advert_is_not_the_first_of_a_role(void **state)
{
	struct machine old = machine_active(3, 100);
	struct vr_adoption left = left_by(&old);
	struct machine m = successor(&old, &old.vr.params);

	(void)state;
	m.deaf_kernel = true;
	adopt(&m, &left);
	assert_int_equal(m.slot.lease_until_ns, old.slot.lease_until_ns);
	to_deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
}

static void e_26_the_second_burst_is_still_sent(void **state)
{
	struct vr_params p = params(3, 100);
	int64_t since_ns = START_NS + DOWN_100_NS;

	(void)state;
	p.announce = (struct announce_params){
		.repeat = 5,
		.delay_ns = 2500 * NS_PER_MS,
		.refresh_ns = 10 * NS_PER_S,
		.refresh_repeat = 2,
	};
	struct machine old = machine_active_of(&p);
	struct machine m = adopted_after(&old, DEAD_NS);

	assert_int_equal(m.vr.announce_timer_ns, since_ns + 2500 * NS_PER_MS);
	while (!said(&m, ACT_ANNOUNCE))
		to_deadline(&m);
	assert_int_equal(m.now_ns, since_ns + 2500 * NS_PER_MS);
	assert_int_equal(said(&m, ACT_ANNOUNCE)->rounds, 5);
	/* it is behind, and the refreshes go on */
	old = m;
	m = adopted_after(&old, DEAD_NS);
	assert_null(said(&m, ACT_ANNOUNCE));
	while (!said(&m, ACT_ANNOUNCE))
		to_deadline(&m);
	assert_int_equal(m.now_ns, old.now_ns + DEAD_NS + 10 * NS_PER_S);
	assert_int_equal(said(&m, ACT_ANNOUNCE)->rounds, 2);
	/* none are configured */
	old = machine_active(3, 100);
	old.vr.params.announce.delay_ns = 0;
	m = adopted_after(&old, DEAD_NS);
	assert_int_equal(m.vr.announce_timer_ns, NEVER_NS);
}

static void a_67_the_form_of_the_peer_is_remembered(void **state)
{
	struct machine old = machine_backup(3, 100);
	struct machine m;

	(void)state;
	m = adopted_after(&old, 0);
	assert_false(m.vr.peer_heard);
	old.peer_sum = CHECKSUM_PSEUDO;
	hear(&old, 150);
	take_over(&old);
	m = adopted_after(&old, DEAD_NS);
	assert_true(m.vr.peer_heard);
	assert_int_equal(said(&m, ACT_ADVERT)->advert.checksum, CHECKSUM_PSEUDO);

	old = machine_active(3, 100);
	hear(&old, 50);
	m = adopted_after(&old, DEAD_NS);
	assert_true(m.vr.peer_heard);
	assert_false(m.vr.peers_differ);
	assert_int_equal(said(&m, ACT_ADVERT)->advert.checksum, CHECKSUM_RFC9568);
	old.peer_sum = CHECKSUM_PSEUDO;
	hear(&old, 50);
	m = adopted_after(&old, DEAD_NS);
	assert_true(m.vr.peers_differ);
}

static void a_drained_active_goes_on_giving_the_role_away(void **state)
{
	struct machine old = machine_active(3, 100);
	struct machine m;

	(void)state;
	drain(&old);
	m = adopted_after(&old, DEAD_NS);
	expect(&m, PUBLISH, ADVERT(1, m.now_ns + LEASE_NS), ACQUIRE);
	assert_true(m.vr.drained);
	int64_t until_ns = m.now_ns + DOWN_1_NS + NS_PER_S;

	while (m.vr.state == VR_ACTIVE)
		to_deadline(&m);
	assert_int_equal(m.now_ns, until_ns);
	assert_int_equal(m.vr.last_event, LAST_EVENT_DRAINED);
}

static void c_31_a_new_configuration_of_an_active(void **state)
{
	struct machine old = machine_active(3, 100);
	struct vr_adoption left = left_by(&old);
	struct vr_params p = params(3, 200);

	(void)state;
	p.interval_cs = 10;
	struct machine m = successor(&old, &p);

	adopt(&m, &left);
	expect(&m, PUBLISH, LEASE(m.now_ns + 300 * NS_PER_MS),
	       ADVERT(200, m.now_ns + 300 * NS_PER_MS), ACQUIRE);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 100 * NS_PER_MS);
	/* D-23 by the new priority */
	hear(&m, 150);
	assert_int_equal(m.vr.state, VR_ACTIVE);
}

static void an_active_reports_whatever_was_steady(void **state)
{
	struct machine old = machine_active(3, 100);
	struct vr_adoption left = left_by(&old);
	struct machine m = successor(&old, &old.vr.params);

	(void)state;
	left.steady_header = 1;
	adopt(&m, &left);
	expect(&m, STEADY_OFF, PUBLISH, ADVERT(100, m.now_ns + LEASE_NS), ACQUIRE);
}

/* What is wrong with the world is found out later. */
static void d_50_a_fault_after_the_adoption(void **state)
{
	struct machine old = machine_active(3, 100);
	struct machine m = adopted_after(&old, DEAD_NS);

	(void)state;
	fault(&m, FAULT_NO_ADDRESS);
	expect(&m, LEASE(0), ADVERT(0, 0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	fault_over(&m, FAULT_NO_ADDRESS);
	assert_int_equal(m.vr.state, VR_BACKUP);
}

/* ---- Backup ---- */

static void i_8_the_timer_of_a_backup_goes_on(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine old = machine_backup(version, 100);
		struct machine m;

		hear(&old, 150);
		m = adopted_after(&old, DEAD_NS);
		expect(&m, PUBLISH, RELEASE);
		assert_int_equal(m.vr.state, VR_BACKUP);
		assert_int_equal(m.vr.last_event, LAST_EVENT_STARTUP);
		assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_100_NS);
		startup(&m);
		expect_nothing(&m);
		/* the Active is as steady as it was */
		assert_true(addr_equal(&m.vr.active_address, &m.peer));
		hear(&m, 150);
		expect_nothing(&m);
		take_over(&m);
	}
}

static void i_9_the_timer_goes_on_from_the_last_stamp(void **state)
{
	struct machine old = machine_backup(3, 100);
	struct machine m;

	(void)state;
	old.peer_interval_cs = 200;
	hear(&old, 150);
	stamp(&old, 150, START_NS + 5 * NS_PER_S);
	m = adopted_after(&old, 10 * NS_PER_S);
	assert_int_equal(vr_deadline(&m.vr), START_NS + 5 * NS_PER_S + 2 * DOWN_100_NS);
	assert_int_equal(m.vr.active_interval_cs, 200);
	/* and only what is newer counts at its end */
	take_over(&m);

	/* D-12: the stamp of before the goodbye is no answer to it */
	old = machine_backup(3, 100);
	hear(&old, 150);
	pass(&old, NS_PER_S);
	hear(&old, 0);
	m = adopted_after(&old, 1);
	assert_int_equal(role_due(&m), old.now_ns + 1 + NS_PER_S);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PRIORITY);
}

/* The dead agent heard nothing, so an interval is needed in which this one does. */
static void the_timer_does_not_end_before_an_interval(void **state)
{
	struct machine old = machine_backup(3, 100);
	struct machine m;

	(void)state;
	old.peer_interval_cs = 50;
	hear(&old, 150);
	m = adopted_after(&old, DOWN_100_NS / 2 - 1);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S / 2);
	take_over(&m);
	m = adopted_after(&old, DOWN_100_NS / 2);
	expect(&m, STEADY_OFF);
	assert_not_adopted(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
	/* what it heard before is no news */
	hear(&m, 150);
	expect(&m, STEADY(&m, 150));
}

static void d_54_the_reason_of_a_takeover_is_remembered(void **state)
{
	struct machine old = machine_backup(3, 100);
	struct machine m;

	(void)state;
	hear(&old, 50);
	m = adopted_after(&old, DEAD_NS);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
	/* and that of the last one, when it is over */
	hear(&m, 150);
	old = m;
	m = adopted_after(&old, DEAD_NS);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
	assert_int_equal(m.vr.last_event, LAST_EVENT_HIGHER_PRIORITY_BACKUP);
	/* heard since, though we do not know by what words */
	old = machine_backup(3, 100);
	hear(&old, 50);
	stamp(&old, 150, old.now_ns + 1);
	m = adopted_after(&old, DEAD_NS);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_NO_RESPONSE);
}

static void a_backup_that_listened(void **state)
{
	struct machine old = machine_backup(3, 100);
	struct machine m;

	(void)state;
	pass(&old, 60 * NS_PER_S);
	deadline(&old);
	assert_non_null(said(&old, ACT_LATE));
	m = adopted_after(&old, DEAD_NS);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	take_over(&m);
}

/* It died between the lease and the second look, or as it gave the role up. */
static void i_1_the_lease_of_a_backup_ends(void **state)
{
	struct machine old = machine_backup(3, 100);
	struct machine m;

	(void)state;
	hear(&old, 150);
	old.slot.lease_until_ns = old.now_ns + LEASE_NS;
	m = adopted_after(&old, DEAD_NS);
	expect(&m, LEASE(0), PUBLISH, RELEASE);
	assert_int_equal(m.vr.state, VR_BACKUP);

	to_deadline(&old);
	assert_non_null(said(&old, ACT_RECHECK));
	m = adopted_after(&old, 1);
	expect(&m, LEASE(0), STEADY_OFF);
	assert_not_adopted(&m);
}

/* C-24, D-52 */
static void c_24_another_priority_moves_the_timer(void **state)
{
	struct machine old = machine_backup(3, 100);
	struct vr_params p = params(3, 200);

	(void)state;
	hear(&old, 150);
	struct vr_adoption left = left_by(&old);
	struct machine m = successor(&old, &p);

	adopt(&m, &left);
	/* whom we obeyed we have to preempt now, so it must be reported */
	expect(&m, STEADY_OFF, PUBLISH, RELEASE);
	assert_int_equal(vr_deadline(&m.vr), START_NS + vr_down_interval_ns(3, 200, 100, 3));
	assert_true(addr_equal(&m.vr.active_address, &m.peer));
	hear(&m, 150);
	expect_nothing(&m);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
}

/* RFC 3768 learns no interval, so the configuration's is all there is. */
static void c_5_another_interval_of_version_2(void **state)
{
	struct machine old = machine_backup(2, 100);
	struct vr_params p = params(2, 100);

	(void)state;
	p.interval_cs = 500;
	struct vr_adoption left = left_by(&old);
	struct machine m = successor(&old, &p);

	adopt(&m, &left);
	assert_int_equal(m.vr.active_interval_cs, 500);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 5 * NS_PER_S);
	hear(&m, 150);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 15 * NS_PER_S + SKEW_100_NS);
}

static void a_drained_backup_that_waits_for_nothing(void **state)
{
	struct machine old = machine_backup(3, 100);
	struct machine m;

	(void)state;
	drain(&old);
	m = adopted_after(&old, DEAD_NS);
	assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_1_NS);
	to_deadline(&old);
	assert_int_equal(vr_deadline(&old.vr), NEVER_NS);
	m = adopted_after(&old, 60 * NS_PER_S);
	expect(&m, PUBLISH, RELEASE);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	undrain(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
}

/* ---- neither ---- */

static void a_drain_outlives_everything_else(void **state)
{
	struct vr_params p = params(3, 255);
	struct machine old = machine_active(3, 255);
	struct machine m;

	(void)state;
	/* the lease is over, the timer is, or there was neither */
	drain(&old);
	m = adopted_after(&old, 60 * NS_PER_S);
	expect_nothing(&m);
	assert_int_equal(m.vr.active_down_interval_ns, DOWN_1_NS);
	assert_not_adopted(&m);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_true(m.vr.drained);

	old = machine_backup(3, 100);
	drain(&old);
	m = adopted_after(&old, 60 * NS_PER_S);
	assert_not_adopted(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_1_NS);

	old = machine_of(&p);
	drain(&old);
	m = adopted_after(&old, 0);
	expect_nothing(&m);
	assert_not_adopted(&m);
	assert_int_equal(m.vr.state, VR_BACKUP);
}

static void a_slot_that_was_never_used(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m = machine_of(&p);
	struct vr_adoption nothing = {.priority = 100};

	(void)state;
	adopt(&m, &nothing);
	expect_nothing(&m);
	assert_not_adopted(&m);
	assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_100_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(i_8_an_active_goes_on),
		cmocka_unit_test(i_1_only_under_a_valid_lease),
		cmocka_unit_test(i_1_not_while_it_listens),
		cmocka_unit_test(the_advert_is_not_the_first_of_a_role),
		cmocka_unit_test(e_26_the_second_burst_is_still_sent),
		cmocka_unit_test(a_67_the_form_of_the_peer_is_remembered),
		cmocka_unit_test(a_drained_active_goes_on_giving_the_role_away),
		cmocka_unit_test(c_31_a_new_configuration_of_an_active),
		cmocka_unit_test(an_active_reports_whatever_was_steady),
		cmocka_unit_test(d_50_a_fault_after_the_adoption),
		cmocka_unit_test(i_8_the_timer_of_a_backup_goes_on),
		cmocka_unit_test(i_9_the_timer_goes_on_from_the_last_stamp),
		cmocka_unit_test(the_timer_does_not_end_before_an_interval),
		cmocka_unit_test(d_54_the_reason_of_a_takeover_is_remembered),
		cmocka_unit_test(a_backup_that_listened),
		cmocka_unit_test(i_1_the_lease_of_a_backup_ends),
		cmocka_unit_test(c_24_another_priority_moves_the_timer),
		cmocka_unit_test(c_5_another_interval_of_version_2),
		cmocka_unit_test(a_drained_backup_that_waits_for_nothing),
		cmocka_unit_test(a_drain_outlives_everything_else),
		cmocka_unit_test(a_slot_that_was_never_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
