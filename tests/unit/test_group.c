/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a member of a sync group by itself makes of what it is told: see core/group.h. */
#include "unit/machine.h"

#define DOWN_100_NS 3609375000
#define SKEW_100_NS 609375000

static struct vr_params member_params(uint8_t own)
{
	struct vr_params p = params(3, own);

	p.sync_group = true;
	return p;
}

static struct machine member(uint8_t own)
{
	struct vr_params p = member_params(own);

	return machine_started(&p);
}

/* ---- one member ---- */

static struct machine ready_member(void)
{
	struct machine m = member(100);

	to_deadline(&m);
	assert_true(m.vr.ready);
	return m;
}

static void a_member_whose_time_has_come_waits(void **state)
{
	struct machine m = member(100);

	(void)state;
	hear(&m, 150);
	to_deadline(&m);
	expect(&m, STEADY_OFF); /* all is reported */
	assert_true(m.vr.ready);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS); /* no busy loop */
	pass(&m, 100 * NS_PER_S);
	deadline(&m);
	expect_nothing(&m);
	group_go(&m);
	expect(&m, LEASE(m.now_ns + NS_PER_S / 8), RECHECK);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	assert_non_null(said(&m, ACT_ANNOUNCE)); /* every entry to Active */
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_NO_RESPONSE);
	assert_false(m.vr.ready);
}

static void go_is_for_those_who_are_ready(void **state)
{
	struct machine m = member(100);

	(void)state;
	group_go(&m);
	expect_nothing(&m);
	m = machine_active(3, 100);
	group_go(&m);
	expect_nothing(&m);
	fault(&m, FAULT_INTERFACE_DOWN);
	group_go(&m);
	expect_nothing(&m);
}

static void whom_it_obeys_ends_ready(void **state)
{
	struct machine m = ready_member();

	(void)state;
	hear(&m, 50); /* D-14 does not */
	assert_true(m.vr.ready);
	hear(&m, 150);
	assert_false(m.vr.ready);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
}

/* D-12: it has waited for longer than a goodbye asks for. */
static void a_goodbye_does_not_end_ready(void **state)
{
	struct machine m = ready_member();

	(void)state;
	hear(&m, 0);
	assert_true(m.vr.ready);
	assert_int_equal(m.vr.goodbye_ns, m.now_ns);
}

/* I9: stamped, and its report still on its way. */
static void i_9_go_looks_at_the_evidence(void **state)
{
	struct machine m = ready_member();

	(void)state;
	pass(&m, NS_PER_S);
	stamp(&m, 150, m.now_ns - NS_PER_MS);
	group_go(&m);
	recheck(&m);
	expect(&m, LEASE(0));
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_false(m.vr.ready);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns - NS_PER_MS + DOWN_100_NS);
}

static void a_second_look_that_comes_too_late_is_tried_again(void **state)
{
	struct machine m = ready_member();

	(void)state;
	group_go(&m);
	pass(&m, NS_PER_S);
	recheck(&m);
	expect(&m, LEASE(0));
	assert_false(m.vr.ready);
	assert_true(vr_deadline(&m.vr) <= m.now_ns);
}

/* Nothing was stamped while the machine stood still: one interval more. */
static void i_9_one_that_woke_late_listens_before_it_goes(void **state)
{
	struct machine m = ready_member();

	(void)state;
	pass(&m, 60 * NS_PER_S);
	stood_still(&m, 60 * NS_PER_S);
	group_go(&m);
	expect_nothing(&m);
	assert_false(m.vr.ready);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	to_deadline(&m);
	assert_true(m.vr.ready);
	group_go(&m);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
}

static void drained_is_not_ready(void **state)
{
	struct machine m = ready_member();

	(void)state;
	drain(&m);
	assert_false(m.vr.ready);
	group_go(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	undrain(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
}

/* The one that it was to preempt may have the higher priority now. */
static void c_24_a_lower_priority_waits_again(void **state)
{
	struct machine m = member(100);

	(void)state;
	hear(&m, 50);
	to_deadline(&m);
	assert_true(m.vr.ready);
	priority(&m, 120);
	assert_true(m.vr.ready);
	priority(&m, 40);
	assert_false(m.vr.ready);
	assert_true(vr_deadline(&m.vr) >= m.now_ns + 3 * NS_PER_S);

	m = ready_member(); /* there was nobody */
	priority(&m, 40);
	assert_true(m.vr.ready);
}

static void d_1_an_owner_waits_too(void **state)
{
	struct machine m = member(255);

	(void)state;
	expect(&m, PUBLISH, NOTIFY(VR_INITIALIZE));
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_true(m.vr.ready);
	group_go(&m);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PRIORITY);
	drain(&m);
	group_yield(&m);
	undrain(&m);
	assert_true(m.vr.ready);
	group_go(&m);
	recheck(&m);
	assert_int_equal(m.vr.last_event, LAST_EVENT_OWNER_PREEMPT);
}

static struct machine active_member(void)
{
	struct machine m = ready_member();

	group_go(&m);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	return m;
}

static void d_20_a_member_yields_with_a_goodbye(void **state)
{
	struct machine m = active_member();

	(void)state;
	group_yield(&m);
	expect(&m, LEASE(0), ADVERT(0, 0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	assert_int_equal(m.vr.last_event, LAST_EVENT_SYNC_GROUP);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
	group_yield(&m);
	expect_nothing(&m);

	m = active_member(); /* I1: whose lease is over has nothing to give away */
	m.now_ns = m.slot.lease_until_ns;
	group_yield(&m);
	assert_null(said(&m, ACT_ADVERT));
	assert_int_equal(m.vr.state, VR_BACKUP);
}

static void a_goodbye_to_another_member_shortens_the_wait(void **state)
{
	struct machine m = member(100);
	int64_t told_ns;

	(void)state;
	hear(&m, 150);
	pass(&m, NS_PER_S);
	told_ns = m.now_ns;
	group_leaving(&m);
	assert_int_equal(vr_deadline(&m.vr), told_ns + NS_PER_S + SKEW_100_NS);
	stamp(&m, 150, told_ns + NS_PER_S); /* it did not leave */
	to_deadline(&m);
	assert_false(m.vr.ready);
	assert_int_equal(vr_deadline(&m.vr), told_ns + NS_PER_S + DOWN_100_NS);
	pass(&m, DOWN_100_NS - SKEW_100_NS - NS_PER_MS); /* never later than it was */
	told_ns = vr_deadline(&m.vr);
	group_leaving(&m);
	assert_int_equal(vr_deadline(&m.vr), told_ns);

	m = active_member();
	group_leaving(&m);
	expect_nothing(&m);
	m = ready_member();
	group_leaving(&m);
	assert_true(m.vr.ready);
}

/* With the agent dead the memberships were gone, and silence proves nothing (I8). */
static void i_8_nobody_inherits_ready(void **state)
{
	struct machine old = ready_member();
	struct machine m = adopted_after(&old, NS_PER_MS);

	(void)state;
	assert_not_adopted(&m);
	assert_false(m.vr.ready);
}

static void out_of_the_group_it_goes_by_itself(void **state)
{
	struct machine m = ready_member();

	(void)state;
	pass(&m, 10 * NS_PER_S);
	vr_set_group(&m.vr, false);
	assert_true(vr_deadline(&m.vr) <= m.now_ns);
	deadline(&m);
	to_deadline(&m); /* a timer that is as late as this proves nothing */
	expect(&m, LEASE(m.now_ns + NS_PER_S / 8), RECHECK);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	vr_set_group(&m.vr, true);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	m = member(100);
	vr_set_group(&m.vr, false);
	assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_100_NS);
}

static void d_51_who_leaves_alone_says_no_goodbye(void **state)
{
	struct machine m = active_member();

	(void)state;
	shut_down_alone(&m);
	expect(&m, LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	m = active_member();
	shut_down(&m);
	assert_non_null(said(&m, ACT_ADVERT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_whose_time_has_come_waits),
		cmocka_unit_test(go_is_for_those_who_are_ready),
		cmocka_unit_test(whom_it_obeys_ends_ready),
		cmocka_unit_test(a_goodbye_does_not_end_ready),
		cmocka_unit_test(i_9_go_looks_at_the_evidence),
		cmocka_unit_test(a_second_look_that_comes_too_late_is_tried_again),
		cmocka_unit_test(i_9_one_that_woke_late_listens_before_it_goes),
		cmocka_unit_test(drained_is_not_ready),
		cmocka_unit_test(c_24_a_lower_priority_waits_again),
		cmocka_unit_test(d_1_an_owner_waits_too),
		cmocka_unit_test(d_20_a_member_yields_with_a_goodbye),
		cmocka_unit_test(a_goodbye_to_another_member_shortens_the_wait),
		cmocka_unit_test(i_8_nobody_inherits_ready),
		cmocka_unit_test(out_of_the_group_it_goes_by_itself),
		cmocka_unit_test(d_51_who_leaves_alone_says_no_goodbye),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
