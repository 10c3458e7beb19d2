/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Part C: parameters, formulas and what is learned, with exact times. */
#include "unit/machine.h"

static void c_20_skew_of_version_3_scales_with_the_interval(void **state)
{
	(void)state;
	assert_int_equal(vr_skew_ns(3, 100, 100), 609375000);
	assert_int_equal(vr_skew_ns(3, 1, 100), 996093750);
	assert_int_equal(vr_skew_ns(3, 254, 100), 7812500);
	assert_int_equal(vr_skew_ns(3, 255, 100), 3906250);
	/* all different at 1 cs, where whole centiseconds would all be 0 (C-22) */
	assert_int_equal(vr_skew_ns(3, 1, 1), 9960937);
	assert_int_equal(vr_skew_ns(3, 100, 1), 6093750);
	assert_int_equal(vr_skew_ns(3, 253, 1), 117187);
	assert_int_equal(vr_skew_ns(3, 254, 1), 78125);
	assert_int_equal(vr_skew_ns(3, 255, 1), 39062);
	/* 40790.0390625 ms */
	assert_int_equal(vr_skew_ns(3, 1, 4095), 40790039062);
}

static void c_20_c_25_skew_of_version_2_is_a_part_of_a_second(void **state)
{
	(void)state;
	for (uint32_t cs = 100; cs <= 25500; cs += 25400) {
		assert_int_equal(vr_skew_ns(2, 1, cs), 996093750);
		assert_int_equal(vr_skew_ns(2, 100, cs), 609375000);
		assert_int_equal(vr_skew_ns(2, 254, cs), 7812500);
		assert_int_equal(vr_skew_ns(2, 255, cs), 3906250);
	}
}

static void c_21_c_25_down_interval(void **state)
{
	(void)state;
	assert_int_equal(vr_down_interval_ns(3, 100, 100, 3), 3609375000);
	assert_int_equal(vr_down_interval_ns(3, 100, 300, 3), 10828125000);
	assert_int_equal(vr_down_interval_ns(3, 1, 4095, 3), 163640039062);
	assert_int_equal(vr_down_interval_ns(3, 100, 1, 3), 36093750);
	assert_int_equal(vr_down_interval_ns(3, 100, 100, 5), 5609375000);
	assert_int_equal(vr_down_interval_ns(2, 100, 100, 3), 3609375000);
	assert_int_equal(vr_down_interval_ns(2, 254, 25500, 3), 765007812500);
}

static void i_1_a_lease_lasts_without_the_skew(void **state)
{
	struct vr_params p = params(3, 100);
	struct vr vr;

	(void)state;
	vr_init(&vr, &p);
	assert_int_equal(vr_lease_ns(&vr), 3 * NS_PER_S);
	p.interval_cs = 4095;
	p.down_adverts = 4;
	vr_init(&vr, &p);
	assert_int_equal(vr_lease_ns(&vr), 163800 * NS_PER_MS);
}

static void c_5_c_23_initial_values(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m = machine_of(&p);

	(void)state;
	assert_int_equal(m.vr.state, VR_INITIALIZE);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_NOT_ACTIVE);
	assert_int_equal(m.vr.last_event, LAST_EVENT_NONE);
	assert_int_equal(m.vr.effective_priority, 100);
	startup(&m);
	assert_int_equal(m.vr.active_interval_cs, 100);
	assert_int_equal(m.vr.skew_time_ns, 609375000);
	assert_int_equal(m.vr.active_down_interval_ns, 3609375000);
	assert_true(addr_is_zero(&m.vr.active_address));
}

/* Priorities 1, 100, 254 at 10 ms: who waits how long for a silent Active. */
static void c_22_priorities_at_one_centisecond(void **state)
{
	static const struct {
		uint8_t priority;
		int64_t down_ns;
	} rows[] = {{1, 39960937}, {100, 36093750}, {254, 30078125}};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct vr_params p = params(3, rows[i].priority);

		p.interval_cs = 1;
		p.preempt = false;
		struct machine m = machine_started(&p);

		m.peer_interval_cs = 1;
		assert_int_equal(vr_deadline(&m.vr), START_NS + rows[i].down_ns);
		pass(&m, 5 * NS_PER_MS);
		hear(&m, 200);
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + rows[i].down_ns);
	}
}

static void c_30_c_33_a_backup_learns_from_whom_it_obeys(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	m.peer_interval_cs = 300;
	pass(&m, NS_PER_S);
	hear(&m, 150);
	assert_int_equal(m.vr.active_interval_cs, 300);
	assert_int_equal(m.vr.skew_time_ns, 1828125000);
	assert_int_equal(m.vr.active_down_interval_ns, 10828125000);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 10828125000);
}

static void c_30_learns_the_limits_of_the_interval(void **state)
{
	struct machine m = machine_backup(3, 1);

	(void)state;
	m.peer_interval_cs = 4095;
	hear(&m, 150);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 163640039062);
	m.peer_interval_cs = 1;
	hear(&m, 150);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 39960937);
}

static void c_30_nothing_is_learned_from_others(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	m.peer_interval_cs = 300;
	hear(&m, 0);
	assert_int_equal(m.vr.active_interval_cs, 100);
	hear(&m, 99);
	assert_int_equal(m.vr.active_interval_cs, 100);

	m = machine_active(3, 100);
	m.peer_interval_cs = 300;
	hear(&m, 0);
	hear(&m, 99);
	assert_int_equal(m.vr.active_interval_cs, 100);
}

static void c_30_version_2_learns_nothing(void **state)
{
	struct machine m = machine_backup(2, 100);

	(void)state;
	m.peer_interval_cs = 300;
	hear(&m, 150);
	assert_int_equal(m.vr.active_interval_cs, 100);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 3609375000);
}

static void c_30_an_active_learns_when_it_yields(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	m.peer_interval_cs = 300;
	pass(&m, 100 * NS_PER_MS);
	hear(&m, 150);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 10828125000);
}

static void c_31_an_active_uses_its_own_interval(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	m.peer_interval_cs = 300;
	hear(&m, 150);
	to_deadline(&m);
	expect(&m, LEASE(m.now_ns + NS_PER_S / 8), RECHECK);
	recheck(&m);
	assert_int_equal(m.slot.lease_until_ns, m.now_ns + 3 * NS_PER_S);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
}

static void c_32_priority_zero_uses_the_skew_of_the_learned_interval(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	m.peer_interval_cs = 300;
	hear(&m, 150);
	m.peer_interval_cs = 50;
	pass(&m, NS_PER_S);
	hear(&m, 0);
	assert_int_equal(role_due(&m), m.now_ns + 1828125000);
}

static void c_24_priority_moves_the_running_timer(void **state)
{
	(void)state;
	for (uint8_t version = 2; version <= 3; version++) {
		struct machine m = machine_backup(version, 100);

		pass(&m, NS_PER_S);
		priority(&m, 254);
		expect(&m, PUBLISH);
		assert_int_equal(m.vr.effective_priority, 254);
		assert_int_equal(m.vr.skew_time_ns, 7812500);
		assert_int_equal(m.vr.active_down_interval_ns, 3007812500);
		assert_int_equal(vr_deadline(&m.vr), START_NS + 3007812500);
		priority(&m, 1);
		assert_int_equal(vr_deadline(&m.vr), START_NS + 3996093750);
	}
}

static void c_24_priority_moves_a_skew_timer_too(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	pass(&m, NS_PER_S);
	hear(&m, 0);
	priority(&m, 254);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 7812500);
}

/* The signature was set for whom the old priority obeys. */
static void c_24_priority_lets_everything_be_reported(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 150);
	expect(&m, STEADY(&m, 150));
	priority(&m, 200);
	expect(&m, PUBLISH, STEADY_OFF);
	priority(&m, 200);
	expect_nothing(&m);
	priority(&m, 120);
	expect(&m, PUBLISH);
	hear(&m, 150);
	expect(&m, STEADY(&m, 150));
}

static void d_52_an_active_advertises_its_new_priority(void **state)
{
	(void)state;
	for (uint8_t version = 2; version <= 3; version++) {
		struct machine m = machine_active(version, 100);
		int64_t due_ns = vr_deadline(&m.vr);

		pass(&m, NS_PER_MS);
		priority(&m, 50);
		expect(&m, PUBLISH);
		assert_int_equal(vr_deadline(&m.vr), due_ns);
		to_deadline(&m);
		expect(&m, ADVERT(50, m.now_ns + 3 * NS_PER_S));
	}
}

static void d_3_c_24_priority_in_initialize(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m = machine_of(&p);

	(void)state;
	priority(&m, 254);
	expect(&m, PUBLISH);
	startup(&m);
	assert_int_equal(vr_deadline(&m.vr), START_NS + 3007812500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c_20_skew_of_version_3_scales_with_the_interval),
		cmocka_unit_test(c_20_c_25_skew_of_version_2_is_a_part_of_a_second),
		cmocka_unit_test(c_21_c_25_down_interval),
		cmocka_unit_test(i_1_a_lease_lasts_without_the_skew),
		cmocka_unit_test(c_5_c_23_initial_values),
		cmocka_unit_test(c_22_priorities_at_one_centisecond),
		cmocka_unit_test(c_30_c_33_a_backup_learns_from_whom_it_obeys),
		cmocka_unit_test(c_30_learns_the_limits_of_the_interval),
		cmocka_unit_test(c_30_nothing_is_learned_from_others),
		cmocka_unit_test(c_30_version_2_learns_nothing),
		cmocka_unit_test(c_30_an_active_learns_when_it_yields),
		cmocka_unit_test(c_31_an_active_uses_its_own_interval),
		cmocka_unit_test(c_32_priority_zero_uses_the_skew_of_the_learned_interval),
		cmocka_unit_test(c_24_priority_moves_the_running_timer),
		cmocka_unit_test(c_24_priority_moves_a_skew_timer_too),
		cmocka_unit_test(c_24_priority_lets_everything_be_reported),
		cmocka_unit_test(d_52_an_active_advertises_its_new_priority),
		cmocka_unit_test(d_3_c_24_priority_in_initialize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
