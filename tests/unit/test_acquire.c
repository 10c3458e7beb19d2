/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses ahead of a takeover that is planned (D-12, D-14), and given back when there is none;
 * but never ahead of a takeover from a silent Active (I5).
 */
#include "unit/machine.h"

#define DOWN_100_NS    3609375000 /* priority 100 at 1 s */
#define SKEW_100_NS    609375000
#define HEAD_NS	       (50 * NS_PER_MS)
#define LEASE_NS       (3 * NS_PER_S)
#define FIRST_LEASE_NS (NS_PER_S / 8) /* until the first advertisement */

#define EACH_VERSION(version) for (uint8_t version = 2; version <= 3; version++)

/* A Backup that is to preempt at START_NS + DOWN_100_NS, and has the addresses. */
static struct machine preempting(void)
{
	struct machine m = machine_backup(3, 100);

	hear(&m, 50);
	to_deadline(&m);
	expect(&m, ACQUIRE);
	assert_int_equal(m.now_ns, START_NS + DOWN_100_NS - HEAD_NS);
	return m;
}

/* ---- when ---- */

static void d_14_before_a_preemption(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = machine_backup(version, 100);

		pass(&m, NS_PER_S);
		hear(&m, 50);
		expect_nothing(&m);
		assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_100_NS - HEAD_NS);
		m.now_ns = vr_deadline(&m.vr) - 1;
		hear(&m, 50);
		expect_nothing(&m);
		to_deadline(&m);
		expect(&m, ACQUIRE);
		assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_100_NS);
		/* once */
		hear(&m, 50);
		expect_nothing(&m);
		deadline(&m);
		expect_nothing(&m);
		/* and then nothing is different */
		to_deadline(&m);
		expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
		recheck(&m);
		expect(&m, STEADY_OFF, PUBLISH, FIRST_ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5),
		       ACQUIRE, COUNT(ACTIVE_TRANSITIONS), NOTIFY(VR_BACKUP));
		hear(&m, 150);
		expect(&m, LEASE(0), STEADY(&m, 150), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
		deadline(&m);
		expect_nothing(&m);
	}
}

static void d_12_after_a_goodbye(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = machine_backup(version, 100);

		hear(&m, 150);
		hear(&m, 0);
		expect_nothing(&m);
		assert_int_equal(vr_deadline(&m.vr), START_NS + SKEW_100_NS - HEAD_NS);
		to_deadline(&m);
		expect(&m, ACQUIRE);
		to_deadline(&m);
		assert_int_equal(m.now_ns, START_NS + SKEW_100_NS);
		expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	}
}

/* Of the Active's interval, which is learned (C-5). */
static void no_more_than_half_an_interval(void **state)
{
	static const struct {
		uint32_t interval_cs;
		int64_t head_ns;
	} rows[] = {{1, 5 * NS_PER_MS},	  {2, 10 * NS_PER_MS},	{9, 45 * NS_PER_MS},
		    {10, 50 * NS_PER_MS}, {11, 50 * NS_PER_MS}, {4095, 50 * NS_PER_MS}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct machine m = machine_backup(3, 100);

		m.peer_interval_cs = rows[i].interval_cs;
		hear(&m, 150);
		hear(&m, 0);
		assert_int_equal(vr_deadline(&m.vr),
				 m.now_ns + vr_skew_ns(3, 100, rows[i].interval_cs) -
					 rows[i].head_ns);
	}
}

/* Less than the head start is left: the Skew_Time of priority 254 is 7.8 ms. */
static void at_once_if_there_is_no_more_time(void **state)
{
	struct machine m = machine_backup(3, 254);

	(void)state;
	hear(&m, 0);
	expect(&m, ACQUIRE);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 7812500);
	to_deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);

	m = machine_backup(3, 100);
	pass(&m, DOWN_100_NS - HEAD_NS);
	hear(&m, 50);
	expect(&m, ACQUIRE);
}

static void i_5_not_before_a_takeover_from_a_silent_active(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_100_NS);
	hear(&m, 150);
	assert_int_equal(vr_deadline(&m.vr), START_NS + DOWN_100_NS);
	m.now_ns = vr_deadline(&m.vr) - 1;
	claim(&m);
	expect_nothing(&m);
	to_deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
}

/* I5: who is at the deadline already takes over first. */
static void i_5_not_between_lease_and_advert(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 50);
	m.now_ns = START_NS + DOWN_100_NS;
	deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
	recheck(&m);
	expect(&m, STEADY_OFF, PUBLISH, FIRST_ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5),
	       ACQUIRE, COUNT(ACTIVE_TRANSITIONS), NOTIFY(VR_BACKUP));
}

static void a_drained_backup_needs_none(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	drain(&m);
	hear(&m, 0);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + vr_skew_ns(3, 1, 100));
	to_deadline(&m);
	expect_nothing(&m);
	/* nobody said goodbye since */
	pass(&m, NS_PER_S);
	undrain(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_NO_RESPONSE);
}

/* ---- given back ---- */

static void somebody_is_obeyed_again(void **state)
{
	struct machine m = preempting();

	(void)state;
	hear(&m, 150);
	expect(&m, STEADY(&m, 150), RELEASE);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);

	/* I9: only stamped, and noticed by the timer */
	m = preempting();
	stamp(&m, 150, m.now_ns + NS_PER_MS);
	to_deadline(&m);
	expect(&m, RELEASE);
	assert_int_equal(vr_deadline(&m.vr), m.slot.authority_ns + DOWN_100_NS);

	/* ... or between the looks */
	m = preempting();
	to_deadline(&m);
	stamp(&m, 150, m.now_ns);
	recheck(&m);
	expect(&m, LEASE(0), RELEASE);

	/* ... or before there was anything to give back */
	m = machine_backup(3, 100);
	hear(&m, 50);
	stamp(&m, 150, m.now_ns + NS_PER_MS);
	to_deadline(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), m.slot.authority_ns + DOWN_100_NS);
}

/* I9: the report of a lower one comes late, and a better one has been stamped. */
static void i_9_the_stamp_is_looked_at_first(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	pass(&m, DOWN_100_NS - HEAD_NS);
	stamp(&m, 150, m.now_ns - 1);
	hear(&m, 50);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns);
	deadline(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns - 1 + DOWN_100_NS);
}

static void there_is_no_role_to_come(void **state)
{
	struct machine m = preempting();

	(void)state;
	shut_down(&m);
	expect(&m, PUBLISH, NOTIFY(VR_BACKUP), RELEASE);
	startup(&m);
	expect(&m, PUBLISH, NOTIFY(VR_INITIALIZE));

	m = preempting();
	fault(&m, FAULT_INTERFACE_DOWN);
	expect(&m, PUBLISH, NOTIFY(VR_BACKUP), RELEASE);

	m = preempting();
	drain(&m);
	expect(&m, PUBLISH, RELEASE);
	/* and back: it is due in the same time as before */
	undrain(&m);
	expect(&m, PUBLISH, ACQUIRE);
	to_deadline(&m);
	assert_int_equal(m.now_ns, START_NS + DOWN_100_NS);
	/* between the looks, too */
	drain(&m);
	expect(&m, LEASE(0), PUBLISH, RELEASE);
}

/* The preempted one says goodbye: Skew_Time begins, and with it the waiting (D-12). */
static void the_role_comes_later(void **state)
{
	struct machine m = preempting();

	(void)state;
	hear(&m, 0);
	expect(&m, RELEASE);
	to_deadline(&m);
	expect(&m, ACQUIRE);
	to_deadline(&m);
	assert_int_equal(m.now_ns, START_NS + DOWN_100_NS - HEAD_NS + SKEW_100_NS);
	/* an event that undoes the second look does not put it off */
	claim(&m);
	expect(&m, LEASE(0));
	deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);
}

/* Its own timers say how late it is; this one may be missed. */
static void woken_late(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 50);
	m.now_ns = START_NS + DOWN_100_NS - HEAD_NS + NS_PER_S;
	deadline(&m);
	expect(&m, LEASE(m.now_ns + FIRST_LEASE_NS), RECHECK);

	m = preempting();
	m.now_ns = START_NS + DOWN_100_NS + NS_PER_S;
	deadline(&m);
	expect(&m, LATE(NS_PER_S, LISTENS), RELEASE);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S - HEAD_NS);
	to_deadline(&m);
	expect(&m, ACQUIRE);
	take_over(&m);
}

/* ---- from and to other agents and roles ---- */

static void i_8_a_successor_begins_without(void **state)
{
	struct machine old = preempting();
	struct machine m = adopted_after(&old, NS_PER_MS);

	(void)state;
	expect(&m, PUBLISH, RELEASE);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S - HEAD_NS);
	to_deadline(&m);
	expect(&m, ACQUIRE);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
}

/* The timer in the slot is that of the role, whatever comes before it. */
static void i_8_what_the_slot_remembers(void **state)
{
	struct machine m = machine_backup(3, 100);
	struct vr_memory memory = {0};

	(void)state;
	hear(&m, 50);
	vr_remember(&m.vr, &memory);
	assert_int_equal(memory.down_timer_ns, START_NS + DOWN_100_NS);
}

/* It had lost the lease, hears one that it will preempt, and has the addresses no more. */
static void from_active_to_preempting(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	m.now_ns = m.slot.lease_until_ns + 10 * NS_PER_S;
	hear(&m, 50);
	expect(&m, LEASE(0), LATE(12 * NS_PER_S, YIELDED), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS - HEAD_NS);
	to_deadline(&m);
	expect(&m, ACQUIRE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d_14_before_a_preemption),
		cmocka_unit_test(d_12_after_a_goodbye),
		cmocka_unit_test(no_more_than_half_an_interval),
		cmocka_unit_test(at_once_if_there_is_no_more_time),
		cmocka_unit_test(i_5_not_before_a_takeover_from_a_silent_active),
		cmocka_unit_test(i_5_not_between_lease_and_advert),
		cmocka_unit_test(a_drained_backup_needs_none),
		cmocka_unit_test(somebody_is_obeyed_again),
		cmocka_unit_test(i_9_the_stamp_is_looked_at_first),
		cmocka_unit_test(there_is_no_role_to_come),
		cmocka_unit_test(the_role_comes_later),
		cmocka_unit_test(woken_late),
		cmocka_unit_test(i_8_a_successor_begins_without),
		cmocka_unit_test(i_8_what_the_slot_remembers),
		cmocka_unit_test(from_active_to_preempting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
