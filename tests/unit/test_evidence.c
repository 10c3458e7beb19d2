/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stamps and reports that do not come in the order of what they tell (I9): a report that is older
 * than what is known, and a stamp whose report is late, or lost.
 */
#include "unit/machine.h"

#define DOWN_100_NS (3 * NS_PER_S + 609375000) /* 1 s, priority 100 */

/* The ring still has what was heard before the agent was bound to the slot. */
static void d_3_reports_of_before_the_startup_tell_nothing(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	m.peer_interval_cs = 10;
	for (int priority = 0; priority <= 200; priority += 100) {
		hear_late(&m, (uint8_t)priority, START_NS - 1);
		expect_nothing(&m);
		assert_int_equal(m.vr.down_timer_ns, START_NS + DOWN_100_NS);
		assert_int_equal(m.vr.active_interval_cs, 100);
	}
	hear_late(&m, 200, START_NS);
	assert_int_equal(m.vr.active_interval_cs, 10);
}

/* Who said goodbye has been heard again, or another one has. */
static void d_12_a_goodbye_is_overtaken_by_a_later_stamp(void **state)
{
	struct machine m = machine_backup(3, 100);
	int64_t goodbye_ns = m.now_ns + NS_PER_S;

	(void)state;
	pass(&m, 4 * NS_PER_S);
	stamp(&m, 150, m.now_ns - NS_PER_S);
	deadline(&m);
	hear_late(&m, 0, goodbye_ns);
	expect_nothing(&m);
	assert_int_equal(m.vr.down_timer_ns, START_NS + 3 * NS_PER_S + DOWN_100_NS);
}

/* The interval is that of the report, the moment that of the stamp. */
static void d_13_an_older_report_is_learned_from(void **state)
{
	struct machine m = machine_backup(3, 100);
	int64_t stamp_ns = START_NS + 3 * NS_PER_S;

	(void)state;
	pass(&m, 4 * NS_PER_S);
	stamp(&m, 150, stamp_ns);
	deadline(&m);
	m.peer_interval_cs = 200;
	hear_late(&m, 150, stamp_ns - NS_PER_S);
	assert_int_equal(m.vr.active_interval_cs, 200);
	assert_int_equal(m.vr.down_timer_ns, stamp_ns + vr_down_interval_ns(3, 100, 200, 3));
}

/*
 * Two Actives after a partition, of 1 s and of 10 ms: the fast one is reported, the slow one was
 * steady and only stamped, a moment later. Its interval must not be forgotten.
 */
static void d_13_the_longer_interval_of_two_counts(void **state)
{
	struct machine m = machine_backup(3, 100);
	int64_t fast_ns;

	(void)state;
	hear(&m, 150);
	pass(&m, NS_PER_S);
	fast_ns = m.now_ns;
	stamp(&m, 150, fast_ns + NS_PER_MS);
	pass(&m, 2 * NS_PER_MS);
	m.peer = addr_from_ipv4(0xc0000263);
	m.peer_interval_cs = 1;
	hear_late(&m, 150, fast_ns);
	assert_int_equal(m.vr.active_interval_cs, 100);
	assert_null(said(&m, ACT_STEADY)); /* it is reported again, and learned if it is alone */
	hear(&m, 150);
	assert_int_equal(m.vr.active_interval_cs, 1);
}

/* The stamp is its own next one. */
static void d_13_a_faster_active_is_learned_from_an_older_report(void **state)
{
	struct machine m = machine_backup(3, 100);
	int64_t fast_ns;

	(void)state;
	hear(&m, 150);
	pass(&m, NS_PER_S);
	fast_ns = m.now_ns;
	stamp(&m, 150, fast_ns + NS_PER_MS);
	pass(&m, 2 * NS_PER_MS);
	m.peer_interval_cs = 1;
	hear_late(&m, 150, fast_ns);
	assert_int_equal(m.vr.active_interval_cs, 1);
}

static struct machine superseded(void)
{
	struct machine m = machine_active(3, 100);

	pass(&m, NS_PER_MS);
	m.slot.superior_ns = m.slot.authority_ns = m.slot.last_advert_ns = m.now_ns;
	pass(&m, NS_PER_MS);
	return m;
}

#define YIELDS LEASE(0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE)

static void assert_yielded(const struct machine *m)
{
	assert_int_equal(m->vr.state, VR_BACKUP);
	assert_int_equal(m->vr.last_event, LAST_EVENT_HIGHER_PRIORITY_BACKUP);
	assert_int_equal(m->vr.down_timer_ns, m->slot.superior_ns + DOWN_100_NS);
}

/* Whatever the agent does next must not extend the lease against what is on record. */
static void i_9_d_23_an_active_yields_to_a_stamp(void **state)
{
	struct machine m = superseded();

	(void)state;
	deadline(&m);
	expect(&m, YIELDS);
	assert_yielded(&m);

	m = superseded();
	hear_late(&m, 90, m.now_ns - 1500 * NS_PER_US);
	expect(&m, YIELDS);
	assert_yielded(&m);

	m = superseded();
	claim(&m);
	expect(&m, YIELDS);
	assert_yielded(&m);
}

static void i_9_the_report_of_the_stamp_is_taken_as_ever(void **state)
{
	struct machine m = superseded();

	(void)state;
	hear_late(&m, 150, m.slot.superior_ns);
	expect(&m, LEASE(0), STEADY(&m, 150), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	assert_yielded(&m);
}

static void i_9_a_shutdown_after_a_stamp_says_no_goodbye(void **state)
{
	struct machine m = superseded();

	(void)state;
	shut_down(&m);
	assert_null(said(&m, ACT_ADVERT));
	assert_int_equal(m.vr.state, VR_INITIALIZE);
}

/* Its agent died before it could yield, and nobody answers since. */
static void i_8_one_that_would_have_yielded_is_not_adopted(void **state)
{
	struct machine old = superseded();
	struct machine m = adopted_after(&old, NS_PER_MS);

	(void)state;
	expect(&m, LEASE(0));
	assert_not_adopted(&m);
}

/* It came while nobody looked, and whoever took the role since was not heard. */
static void i_8_a_goodbye_that_has_waited_is_no_silence(void **state)
{
	struct machine old = machine_backup(3, 100), m;

	(void)state;
	hear(&old, 150);
	m = adopted_after(&old, NS_PER_S);
	assert_int_equal(m.vr.state, VR_BACKUP);
	hear_late(&m, 0, START_NS + 1);
	assert_int_equal(role_due(&m), m.now_ns + NS_PER_S);
}

/* Of before the role, as a Backup obeyed it. */
static void i_9_an_old_stamp_is_no_news(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 150);
	m.slot.superior_ns = m.now_ns;
	take_over(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	to_deadline(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	assert_non_null(said(&m, ACT_ADVERT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d_3_reports_of_before_the_startup_tell_nothing),
		cmocka_unit_test(d_12_a_goodbye_is_overtaken_by_a_later_stamp),
		cmocka_unit_test(d_13_an_older_report_is_learned_from),
		cmocka_unit_test(d_13_the_longer_interval_of_two_counts),
		cmocka_unit_test(d_13_a_faster_active_is_learned_from_an_older_report),
		cmocka_unit_test(i_9_d_23_an_active_yields_to_a_stamp),
		cmocka_unit_test(i_9_the_report_of_the_stamp_is_taken_as_ever),
		cmocka_unit_test(i_9_a_shutdown_after_a_stamp_says_no_goodbye),
		cmocka_unit_test(i_8_one_that_would_have_yielded_is_not_adopted),
		cmocka_unit_test(i_8_a_goodbye_that_has_waited_is_no_silence),
		cmocka_unit_test(i_9_an_old_stamp_is_no_news),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
