/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a configuration delays or leaves out: preempt_delay (C-12), the delay of the first Startup,
 * the answer of D-24, and the last word of D-23 (H-15).
 */
#include "unit/machine.h"

#define DOWN_100_NS 3609375000
#define DELAY_NS    (30 * NS_PER_S)
#define LEASE_NS    (3 * NS_PER_S)

/* ---- preempt_delay ---- */

static struct machine delayed(uint8_t version, uint8_t own)
{
	struct vr_params p = params(version, own);

	p.preempt_delay_ns = DELAY_NS;
	return machine_started(&p);
}

/* Each second one advertisement, as a living Active has it. */
static void hear_for(struct machine *m, uint8_t other, int64_t span_ns)
{
	for (int64_t end_ns = m->now_ns + span_ns; m->now_ns < end_ns; pass(m, NS_PER_S)) {
		while (vr_deadline(&m->vr) <= m->now_ns)
			deadline(m);
		hear(m, other);
	}
}

static void c_12_a_lower_priority_is_obeyed_until_the_delay_is_over(void **state)
{
	(void)state;
	for (uint8_t version = 2; version <= 3; version++) {
		struct machine m = delayed(version, 100);

		pass(&m, 3 * NS_PER_S);
		assert_false(vr_preempts(&m.vr));
		hear(&m, 50);
		expect(&m, STEADY(&m, 50));
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
		hear_for(&m, 50, DELAY_NS);
		assert_int_equal(m.vr.state, VR_BACKUP);
		assert_false(m.preempts);
		deadline(&m); /* 30 s after the first one */
		expect(&m, PUBLISH, STEADY_OFF);
		assert_true(m.preempts);
		hear(&m, 50); /* D-14 from now on */
		expect_nothing(&m);
		assert_int_equal(role_due(&m), m.now_ns - NS_PER_S + DOWN_100_NS);
		take_over(&m);
		assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
		assert_int_equal(m.vr.last_event, LAST_EVENT_PREEMPT_HOLD_TIMEOUT);
	}
}

/* The delay is for living ones. */
static void c_12_a_silent_active_is_succeeded_at_once(void **state)
{
	struct machine m = delayed(3, 100);

	(void)state;
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
	hear(&m, 50);
	assert_int_equal(role_due(&m), m.now_ns + DOWN_100_NS);
	take_over(&m);
	assert_int_equal(m.vr.last_event, LAST_EVENT_ACTIVE_TIMEOUT);

	m = delayed(3, 100);
	hear(&m, 50);
	hear(&m, 0);
	assert_int_equal(role_due(&m), m.now_ns + 609375000);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PRIORITY);
}

static void c_12_a_higher_priority_starts_the_delay_anew(void **state)
{
	struct machine m = delayed(3, 100);
	int64_t first_ns;

	(void)state;
	hear_for(&m, 50, 20 * NS_PER_S);
	hear(&m, 100); /* no lower one */
	assert_int_equal(m.vr.hold_until_ns, NEVER_NS);
	pass(&m, NS_PER_S);
	first_ns = m.now_ns;
	hear_for(&m, 50, 20 * NS_PER_S);
	assert_int_equal(m.vr.hold_until_ns, first_ns + DELAY_NS);
	hear_for(&m, 50, 11 * NS_PER_S);
	assert_true(m.preempts);
	hear(&m, 150); /* also when it was over */
	expect(&m, PUBLISH, STEADY(&m, 150));
	assert_false(m.preempts);
}

static void c_12_each_time_as_backup_has_its_own_delay(void **state)
{
	struct machine m = delayed(3, 100);

	(void)state;
	hear_for(&m, 50, DELAY_NS + NS_PER_S);
	assert_true(m.preempts);
	fault(&m, FAULT_INTERFACE_DOWN);
	fault_over(&m, FAULT_INTERFACE_DOWN);
	assert_false(m.preempts);
	hear_for(&m, 50, DELAY_NS + NS_PER_S);
	assert_true(m.preempts);
	take_over(&m);
	assert_false(m.preempts); /* who speaks after our lease has the role by right */
	hear(&m, 150);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_false(m.preempts);
	assert_int_equal(m.vr.hold_until_ns, NEVER_NS);
	shut_down(&m);
	startup(&m);
	assert_false(m.preempts);
}

/* Its priority may fall below the one that is heard, and rise again. */
static void c_12_c_24_the_delay_follows_the_priority(void **state)
{
	struct machine m = delayed(3, 100);

	(void)state;
	hear_for(&m, 50, 20 * NS_PER_S);
	priority(&m, 40);
	hear(&m, 50);
	assert_int_equal(m.vr.hold_until_ns, NEVER_NS);
	priority(&m, 100);
	hear(&m, 50);
	assert_int_equal(m.vr.hold_until_ns, m.now_ns + DELAY_NS);
}

static void c_12_without_effect(void **state)
{
	struct vr_params p = params(3, 255);
	struct machine m;

	(void)state;
	p.preempt_delay_ns = DELAY_NS; /* D-33: an owner is not delayed */
	m = machine_active_of(&p);
	assert_true(m.preempts);
	p.priority = 100;
	p.preempt = false; /* nothing to delay */
	m = machine_started(&p);
	hear_for(&m, 50, DELAY_NS + NS_PER_S);
	assert_int_equal(m.vr.hold_until_ns, 0);
	assert_false(m.preempts);
	assert_int_equal(m.vr.state, VR_BACKUP);
}

/* I8: what an heir knows of it; one with a shorter delay does not wait for longer than that. */
static void i_8_c_12_an_heir_goes_on_with_the_delay(void **state)
{
	struct machine old = delayed(3, 100), m;
	struct vr_adoption left;
	struct vr_params p;

	(void)state;
	m = adopted_after(&old, NS_PER_MS);
	assert_int_equal(m.vr.hold_until_ns, NEVER_NS);
	hear_for(&old, 50, 10 * NS_PER_S);
	m = adopted_after(&old, NS_PER_MS);
	assert_int_equal(m.vr.hold_until_ns, old.now_ns + 20 * NS_PER_S);
	assert_false(m.preempts);

	left = left_by(&old);
	p = old.vr.params;
	p.preempt_delay_ns = 5 * NS_PER_S;
	m = successor(&old, &p);
	adopt(&m, &left);
	assert_int_equal(m.vr.hold_until_ns, m.now_ns + 5 * NS_PER_S);
	p.preempt_delay_ns = 0;
	m = successor(&old, &p);
	adopt(&m, &left);
	assert_int_equal(m.vr.hold_until_ns, 0);
	assert_true(m.preempts);

	hear_for(&old, 50, 21 * NS_PER_S);
	m = adopted_after(&old, NS_PER_MS);
	assert_int_equal(m.vr.hold_until_ns, 0);
	assert_true(m.preempts);
}

/* ---- the first Startup ---- */

static struct machine late_start(uint8_t own)
{
	struct vr_params p = params(3, own);

	p.startup_delay_ns = DELAY_NS;
	return machine_started(&p);
}

static void d_1_d_2_startup_is_delayed(void **state)
{
	static const uint8_t priorities[] = {100, 255};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct machine m = late_start(priorities[i]);

		expect_nothing(&m);
		assert_int_equal(m.vr.state, VR_INITIALIZE);
		assert_int_equal(vr_deadline(&m.vr), START_NS + DELAY_NS);
		pass(&m, NS_PER_S);
		hear(&m, 150); /* D-3 */
		expect_nothing(&m);
		deadline(&m);
		expect_nothing(&m);
		assert_int_equal(vr_deadline(&m.vr), START_NS + DELAY_NS);
		to_deadline(&m);
		if (priorities[i] == 255)
			recheck(&m);
		assert_int_equal(m.vr.state, i ? VR_ACTIVE : VR_BACKUP);
		assert_int_equal(m.vr.last_event, LAST_EVENT_STARTUP);
		if (priorities[i] != 255)
			assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
	}
}

static void d_50_a_fault_neither_ends_nor_begins_the_delay(void **state)
{
	struct machine m = late_start(100);

	(void)state;
	pass(&m, NS_PER_S);
	fault(&m, FAULT_INTERFACE_DOWN);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	pass(&m, NS_PER_S);
	fault_over(&m, FAULT_INTERFACE_DOWN);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), START_NS + DELAY_NS);
	to_deadline(&m);
	assert_int_equal(m.vr.state, VR_BACKUP);
	fault(&m, FAULT_INTERFACE_DOWN);
	fault_over(&m, FAULT_INTERFACE_DOWN);
	expect(&m, PUBLISH, NOTIFY(VR_INITIALIZE));
	assert_int_equal(m.vr.last_event, LAST_EVENT_INTERFACE_UP);
}

static void d_51_shutdown_ends_the_delay(void **state)
{
	struct machine m = late_start(100);

	(void)state;
	pass(&m, NS_PER_S);
	drain(&m);
	assert_int_equal(m.vr.state, VR_INITIALIZE);
	undrain(&m);
	shut_down(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
}

static void i_8_an_heir_does_not_start(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine old = machine_active_of(&p), m;
	struct vr_adoption left = left_by(&old);

	(void)state;
	p.startup_delay_ns = DELAY_NS;
	m = successor(&old, &p);
	adopt(&m, &left);
	startup(&m);
	expect_nothing(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	shut_down(&m);
	startup(&m);
	assert_int_equal(m.vr.state, VR_INITIALIZE);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DELAY_NS);
}

/* ---- D-24 and D-23 ---- */

static void d_24_the_answer_can_be_left_out(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m;

	(void)state;
	p.lower_prio_no_advert = true;
	m = machine_active_of(&p);
	pass(&m, NS_PER_MS);
	hear(&m, 50);
	expect(&m, ANNOUNCE(5)); /* the survivor tells where the addresses are */
	assert_int_equal(m.vr.state, VR_ACTIVE);
	hear(&m, 0); /* D-22 stays */
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
}

static struct machine talkative(uint8_t version)
{
	struct vr_params p = params(version, 100);

	p.higher_prio_send_advert = true;
	return machine_active_of(&p);
}

static void h_15_d_23_one_advertisement_more(void **state)
{
	(void)state;
	for (uint8_t version = 2; version <= 3; version++) {
		struct machine m = talkative(version);

		pass(&m, NS_PER_MS);
		hear(&m, 150);
		expect(&m, ADVERT(100, 0), LEASE(0), STEADY(&m, 150), PUBLISH, RELEASE,
		       NOTIFY(VR_ACTIVE));
		assert_int_equal(m.slot.lease_until_ns, 0);
		assert_int_equal(m.vr.state, VR_BACKUP);
	}
}

/* By the stamp alone; when the report comes, all is said. */
static void h_15_once_only(void **state)
{
	struct machine m = talkative(3);

	(void)state;
	pass(&m, NS_PER_MS);
	stamp(&m, 150, m.now_ns);
	m.slot.superior_ns = m.now_ns;
	claim(&m);
	expect(&m, ADVERT(100, 0), LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	hear_late(&m, 150, m.now_ns);
	expect(&m, STEADY(&m, 150));
}

/* I1 */
static void h_15_not_without_a_lease(void **state)
{
	struct machine m = talkative(3);

	(void)state;
	m.now_ns = m.slot.lease_until_ns;
	hear(&m, 150);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_null(said(&m, ACT_ADVERT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c_12_a_lower_priority_is_obeyed_until_the_delay_is_over),
		cmocka_unit_test(c_12_a_silent_active_is_succeeded_at_once),
		cmocka_unit_test(c_12_a_higher_priority_starts_the_delay_anew),
		cmocka_unit_test(c_12_each_time_as_backup_has_its_own_delay),
		cmocka_unit_test(c_12_c_24_the_delay_follows_the_priority),
		cmocka_unit_test(c_12_without_effect),
		cmocka_unit_test(i_8_c_12_an_heir_goes_on_with_the_delay),
		cmocka_unit_test(d_1_d_2_startup_is_delayed),
		cmocka_unit_test(d_50_a_fault_neither_ends_nor_begins_the_delay),
		cmocka_unit_test(d_51_shutdown_ends_the_delay),
		cmocka_unit_test(i_8_an_heir_does_not_start),
		cmocka_unit_test(d_24_the_answer_can_be_left_out),
		cmocka_unit_test(h_15_d_23_one_advertisement_more),
		cmocka_unit_test(h_15_once_only),
		cmocka_unit_test(h_15_not_without_a_lease),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
