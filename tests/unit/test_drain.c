/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Draining: an Active says priority 1, and keeps the role until somebody takes it (D-23) or had the
 * time to; one who is drained never takes over. Our priority is then 1 for every purpose, also an
 * owner's.
 */
#include "unit/machine.h"

#define DOWN_100_NS    3609375000 /* priority 100 at 1 s */
#define DOWN_1_NS      3996093750
#define LEASE_NS       (3 * NS_PER_S)
#define FIRST_LEASE_NS (NS_PER_S / 8) /* until the first advertisement */

#define EACH_VERSION(version) for (uint8_t version = 2; version <= 3; version++)

/* Active, half an interval before its next advertisement, and without further announcements. */
static struct machine active(uint8_t version, uint8_t priority)
{
	struct vr_params p = params(version, priority);

	p.announce.delay_ns = 0;
	p.checksum_policy = CHECKSUM_POLICY_RFC9568;
	struct machine m = machine_active_of(&p);

	pass(&m, NS_PER_S / 2);
	return m;
}

static struct machine draining(uint8_t version)
{
	struct machine m = active(version, 100);

	drain(&m);
	return m;
}

/* Backup of an Active that is not heard any more. */
static struct machine resting(uint8_t priority)
{
	struct vr_params p = params(3, priority);
	struct machine m = machine_of(&p);

	drain(&m);
	startup(&m);
	hear(&m, 150);
	to_deadline(&m);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	return m;
}

/* ---- Active ---- */

static void an_active_says_priority_1_at_once(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = active(version, 100);
		int64_t tick_ns = vr_deadline(&m.vr);

		drain(&m);
		expect(&m, PUBLISH, ADVERT(1, m.now_ns + LEASE_NS));
		assert_int_equal(m.vr.state, VR_ACTIVE);
		assert_int_equal(m.vr.effective_priority, 1);
		assert_int_equal(m.vr.tracked_priority, 100);
		/* the cadence is kept, as in D-36 */
		assert_int_equal(vr_deadline(&m.vr), tick_ns);
		to_deadline(&m);
		expect(&m, ADVERT(1, m.now_ns + LEASE_NS));
		drain(&m);
		expect_nothing(&m);
	}
}

/* D-23: that is how the role goes without a gap. */
static void d_23_it_yields_to_whoever_takes_over(void **state)
{
	struct machine m = draining(3);

	(void)state;
	pass(&m, NS_PER_MS);
	hear(&m, 50);
	expect(&m, LEASE(0), STEADY(&m, 50), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	assert_int_equal(m.vr.last_event, LAST_EVENT_HIGHER_PRIORITY_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_1_NS);
	assert_true(m.vr.drained);
}

/* Whoever preempts has done so by then, even of priority 1: C-21, and an interval for the way. */
static void d_20_it_says_goodbye_if_nobody_does(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = draining(version);
		int64_t until_ns = m.now_ns + DOWN_1_NS + NS_PER_S;

		for (int i = 0; i < 5; i++) {
			to_deadline(&m);
			expect(&m, ADVERT(1, m.now_ns + LEASE_NS));
		}
		to_deadline(&m);
		assert_int_equal(m.now_ns, until_ns);
		expect(&m, LEASE(0), ADVERT(0, 0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
		assert_int_equal(m.vr.state, VR_BACKUP);
		assert_int_equal(m.vr.last_event, LAST_EVENT_DRAINED);
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_1_NS);
		/* and nobody is there then either */
		to_deadline(&m);
		expect_nothing(&m);
		assert_int_equal(m.vr.state, VR_BACKUP);
		assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	}
}

/* A Backup that does not preempt hears the goodbye: D-12. */
static void d_12_a_backup_without_preempt_gets_the_role(void **state)
{
	struct machine m = draining(3);
	struct vr_params p = params(3, 50);

	(void)state;
	p.preempt = false;
	struct machine peer = machine_started(&p);

	peer.now_ns = m.now_ns;
	while (m.vr.state == VR_ACTIVE) {
		to_deadline(&m);
		peer.now_ns = m.now_ns;
		hear(&peer, said(&m, ACT_ADVERT)->advert.priority);
	}
	take_over(&peer);
	assert_int_equal(peer.now_ns, m.now_ns + vr_skew_ns(3, 50, 100));
}

static void a_shutdown_is_no_other_than_without_drain(void **state)
{
	struct machine m = draining(3);

	(void)state;
	shut_down(&m);
	expect(&m, LEASE(0), ADVERT(0, 0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	/* "stays away until undrain" */
	startup(&m);
	assert_int_equal(m.vr.effective_priority, 1);
	to_deadline(&m);
	expect_nothing(&m);
}

static void an_active_that_is_undrained_says_so_at_once(void **state)
{
	struct machine m = draining(3);

	(void)state;
	pass(&m, NS_PER_MS);
	undrain(&m);
	expect(&m, PUBLISH, ADVERT(100, m.now_ns + LEASE_NS));
	for (int i = 0; i < 10; i++) {
		to_deadline(&m);
		expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
	}
	undrain(&m);
	expect_nothing(&m);
}

/* I1: nothing is said without a lease, nor is there anything to give away. */
static void i_1_a_drain_without_a_lease(void **state)
{
	struct machine m = active(3, 100);

	(void)state;
	m.now_ns = m.slot.lease_until_ns;
	drain(&m);
	expect(&m, PUBLISH);
	undrain(&m);
	expect(&m, PUBLISH);
	drain(&m);
	deadline(&m);
	expect(&m, LATE(2 * NS_PER_S, LISTENS));
	undrain(&m);
	expect(&m, PUBLISH);
	drain(&m);
	/* nobody took it: given away from now on */
	to_deadline(&m);
	recheck(&m);
	expect(&m, FIRST_ADVERT(1, m.now_ns + LEASE_NS), ANNOUNCE(5), LATE(0, RESUMED));
	int64_t until_ns = m.now_ns + DOWN_1_NS + NS_PER_S;

	while (m.vr.state == VR_ACTIVE)
		to_deadline(&m);
	assert_int_equal(m.now_ns, until_ns);
}

/* The goodbye belongs to the lease: who has lost it has nothing to give up. */
static void i_1_the_time_is_over_and_so_is_the_lease(void **state)
{
	struct machine m = draining(3);

	(void)state;
	pass(&m, 10 * NS_PER_S);
	deadline(&m);
	expect(&m, LATE(19 * NS_PER_S / 2, LISTENS));
	assert_int_equal(m.vr.state, VR_ACTIVE);
}

/* ---- Backup ---- */

static void a_drained_backup_never_takes_over(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	drain(&m);
	expect(&m, PUBLISH);
	/* C-24 */
	assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_1_NS);
	/* I9 */
	stamp(&m, 150, START_NS + NS_PER_S);
	to_deadline(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), START_NS + NS_PER_S + DOWN_1_NS);
	to_deadline(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	/* D-12, D-13 go on */
	pass(&m, NS_PER_S);
	hear(&m, 2);
	expect(&m, STEADY(&m, 2));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_1_NS);
	hear(&m, 0);
	to_deadline(&m);
	expect(&m, STEADY_OFF);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	assert_true(addr_is_zero(&m.vr.active_address));
}

static void a_drain_between_the_looks(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	to_deadline(&m);
	drain(&m);
	expect(&m, LEASE(0), PUBLISH);
	recheck(&m);
	expect_nothing(&m);
	to_deadline(&m);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
}

/* Nobody's silence is of interest to it. */
static void a_late_drained_backup_does_not_listen(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	drain(&m);
	pass(&m, 60 * NS_PER_S);
	deadline(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
}

static void a_drain_while_a_backup_listens(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	pass(&m, 60 * NS_PER_S);
	deadline(&m);
	assert_non_null(said(&m, ACT_LATE));
	drain(&m);
	deadline(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
}

static void an_undrained_backup_waits_as_any_other(void **state)
{
	struct machine m = resting(100);

	(void)state;
	pass(&m, 60 * NS_PER_S);
	undrain(&m);
	expect(&m, PUBLISH);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
	undrain(&m);
	expect_nothing(&m);
	take_over(&m);
	assert_int_equal(said(&m, ACT_ADVERT)->advert.priority, 100);

	/* one whose timer runs: C-24; whom it obeyed it may have to preempt: D-14 */
	m = machine_backup(3, 100);
	drain(&m);
	hear(&m, 50);
	int64_t heard_ns = m.now_ns;

	pass(&m, NS_PER_S);
	undrain(&m);
	expect(&m, PUBLISH, STEADY_OFF);
	assert_int_equal(vr_deadline(&m.vr), heard_ns + DOWN_100_NS);
	pass(&m, NS_PER_S);
	hear(&m, 50);
	expect_nothing(&m);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
}

/* ---- Initialize ---- */

static void a_drain_is_remembered_in_initialize(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m = machine_of(&p);

	(void)state;
	drain(&m);
	expect(&m, PUBLISH);
	startup(&m);
	expect(&m, PUBLISH, NOTIFY(VR_INITIALIZE));
	assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_1_NS);
	to_deadline(&m);
	expect_nothing(&m);

	m = machine_of(&p);
	drain(&m);
	undrain(&m);
	expect(&m, PUBLISH);
	startup(&m);
	assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_100_NS);
}

static void d_50_a_drain_outlives_a_fault(void **state)
{
	struct machine m = draining(3);

	(void)state;
	fault(&m, FAULT_INTERFACE_DOWN);
	expect(&m, LEASE(0), ADVERT(0, 0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	fault_over(&m, FAULT_INTERFACE_DOWN);
	assert_int_equal(m.vr.state, VR_BACKUP);
	to_deadline(&m);
	expect_nothing(&m);
}

/* ---- the owner ---- */

static void an_owner_is_drained_as_any_other(void **state)
{
	struct machine m = active(3, 255);

	(void)state;
	drain(&m);
	expect(&m, PUBLISH, ADVERT(1, m.now_ns + LEASE_NS));
	hear(&m, 100);
	assert_int_equal(m.vr.state, VR_BACKUP);
	/* D-33 is for those who want the role */
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_1_NS);

	struct vr_params p = params(3, 255);

	m = machine_of(&p);
	drain(&m);
	startup(&m);
	expect(&m, PUBLISH, NOTIFY(VR_INITIALIZE));
	assert_int_equal(m.vr.state, VR_BACKUP);
}

/* It was about to take over. */
static void an_owner_that_starts_is_drained(void **state)
{
	struct vr_params p = params(3, 255);
	struct machine m = machine_started(&p);

	(void)state;
	assert_int_equal(m.vr.state, VR_INITIALIZE);
	drain(&m);
	expect(&m, LEASE(0), PUBLISH, PUBLISH, NOTIFY(VR_INITIALIZE));
	assert_int_equal(m.vr.state, VR_BACKUP);
	to_deadline(&m);
	expect_nothing(&m);
}

/* As at Startup: D-1. */
static void d_1_an_undrained_owner_takes_its_role_back(void **state)
{
	struct machine m = resting(255);

	(void)state;
	pass(&m, NS_PER_S);
	undrain(&m);
	expect(&m, PUBLISH, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	assert_int_equal(m.vr.last_event, LAST_EVENT_OWNER_PREEMPT);
	assert_int_equal(said(&m, ACT_ADVERT)->advert.priority, 255);

	/* from the one who has it meanwhile */
	m = machine_active(3, 255);
	drain(&m);
	hear(&m, 100);
	pass(&m, NS_PER_S);
	undrain(&m);
	expect(&m, PUBLISH, STEADY_OFF, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
}

/* ---- tracking ---- */

static void d_52_tracking_goes_on_while_drained(void **state)
{
	struct machine m = draining(3);

	(void)state;
	priority(&m, 80);
	expect_nothing(&m);
	assert_int_equal(m.vr.effective_priority, 1);
	undrain(&m);
	expect(&m, PUBLISH, ADVERT(80, m.now_ns + LEASE_NS));

	/* nothing changes for one whose priority is 1 anyway but that it gives the role away */
	priority(&m, 1);
	pass(&m, NS_PER_MS);
	drain(&m);
	expect(&m, ADVERT(1, m.now_ns + LEASE_NS));
	while (m.vr.state == VR_ACTIVE)
		to_deadline(&m);
	assert_int_equal(m.vr.last_event, LAST_EVENT_DRAINED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_active_says_priority_1_at_once),
		cmocka_unit_test(d_23_it_yields_to_whoever_takes_over),
		cmocka_unit_test(d_20_it_says_goodbye_if_nobody_does),
		cmocka_unit_test(d_12_a_backup_without_preempt_gets_the_role),
		cmocka_unit_test(a_shutdown_is_no_other_than_without_drain),
		cmocka_unit_test(an_active_that_is_undrained_says_so_at_once),
		cmocka_unit_test(i_1_a_drain_without_a_lease),
		cmocka_unit_test(i_1_the_time_is_over_and_so_is_the_lease),
		cmocka_unit_test(a_drained_backup_never_takes_over),
		cmocka_unit_test(a_drain_between_the_looks),
		cmocka_unit_test(a_late_drained_backup_does_not_listen),
		cmocka_unit_test(a_drain_while_a_backup_listens),
		cmocka_unit_test(an_undrained_backup_waits_as_any_other),
		cmocka_unit_test(a_drain_is_remembered_in_initialize),
		cmocka_unit_test(d_50_a_drain_outlives_a_fault),
		cmocka_unit_test(an_owner_is_drained_as_any_other),
		cmocka_unit_test(an_owner_that_starts_is_drained),
		cmocka_unit_test(d_1_an_undrained_owner_takes_its_role_back),
		cmocka_unit_test(d_52_tracking_goes_on_while_drained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
