/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other parameters of a Backup (D-52): it goes by what the Active has promised, and takes over
 * neither early from one that is well, nor late from one that is not.
 */
#include "unit/machine.h"

#define DOWN_100_NS  3609375000 /* priority 100 at 1 s */
#define SKEW_100_NS  609375000
#define SKEW_200_NS  218750000
#define EACH_VERSION for (uint8_t version = 2; version <= 3; version++)

static void set_interval(struct machine *m, uint32_t interval_cs)
{
	struct vr_params p = m->vr.params;

	p.interval_cs = interval_cs;
	configure_to(m, &p);
}

static void set_priority(struct machine *m, uint8_t own)
{
	struct vr_params p = m->vr.params;

	p.priority = own;
	configure_to(m, &p);
}

/* The Active of RFC 9568 tells its interval, ours is of no meaning. */
static void c_5_the_learned_interval_stays(void **state)
{
	struct machine m = machine_backup(3, 100);
	int64_t due_ns;

	(void)state;
	m.peer_interval_cs = 200;
	hear(&m, 150);
	due_ns = vr_deadline(&m.vr);
	pass(&m, NS_PER_S);
	for (uint32_t cs = 10; cs <= 4000; cs += 3990) {
		set_interval(&m, cs);
		expect_nothing(&m);
		assert_int_equal(vr_deadline(&m.vr), due_ns);
		assert_int_equal(m.vr.active_interval_cs, 200);
	}
}

/* RFC 3768 has one interval for all: a longer one holds at once, a shorter one when it is heard. */
static void b_13_a_backup_of_version_2(void **state)
{
	struct machine m = machine_backup(2, 100);
	int64_t heard_ns = m.now_ns;

	(void)state;
	hear(&m, 150);
	pass(&m, 3500 * NS_PER_MS);
	set_interval(&m, 500);
	assert_int_equal(vr_deadline(&m.vr), heard_ns + 15 * NS_PER_S + SKEW_100_NS);
	set_interval(&m, 100);
	assert_int_equal(vr_deadline(&m.vr), heard_ns + 15 * NS_PER_S + SKEW_100_NS);
	hear(&m, 150);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
}

/* It is as if it had started with them: the guess is another one. */
static void c_21_nobody_was_heard_yet(void **state)
{
	(void)state;
	EACH_VERSION
	{
		struct machine m = machine_backup(version, 100);
		int64_t started_ns = m.now_ns;

		pass(&m, NS_PER_S);
		set_interval(&m, 1000);
		assert_int_equal(role_due(&m),
				 started_ns + vr_down_interval_ns(version, 100, 1000, 3));
		set_interval(&m, 100);
		assert_int_equal(role_due(&m), m.now_ns + DOWN_100_NS);
		pass(&m, NS_PER_S);
		set_interval(&m, 100);
		assert_int_equal(role_due(&m), m.now_ns - NS_PER_S + DOWN_100_NS);
	}
}

/* Steady: stamped, not reported, and by the old configuration. */
static void i_9_what_was_heard_counts_as_it_was_promised(void **state)
{
	struct machine m = machine_backup(2, 100);

	(void)state;
	set_interval(&m, 1000);
	hear(&m, 150);
	pass(&m, 10 * NS_PER_S);
	stamp(&m, 150, m.now_ns);
	pass(&m, NS_PER_S);
	set_interval(&m, 100);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns - NS_PER_S + 30 * NS_PER_S + SKEW_100_NS);
}

static void c_21_more_adverts_at_once_fewer_when_heard(void **state)
{
	struct machine m = machine_backup(3, 100);
	struct vr_params p = m.vr.params;
	int64_t heard_ns = m.now_ns;

	(void)state;
	hear(&m, 150);
	pass(&m, NS_PER_S);
	p.down_adverts = 5;
	configure_to(&m, &p);
	assert_int_equal(vr_deadline(&m.vr), heard_ns + 5 * NS_PER_S + SKEW_100_NS);
	p.down_adverts = 2;
	configure_to(&m, &p);
	assert_int_equal(vr_deadline(&m.vr), heard_ns + 5 * NS_PER_S + SKEW_100_NS);
	hear(&m, 150);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 2 * NS_PER_S + SKEW_100_NS);
}

/* D-12: Skew_Time of the priority, and nothing else. */
static void d_12_a_goodbye_stays_one(void **state)
{
	EACH_VERSION
	{
		struct machine m = machine_backup(version, 100);

		(void)state;
		hear(&m, 150);
		hear(&m, 0);
		set_interval(&m, 1000);
		assert_int_equal(role_due(&m), m.now_ns + SKEW_100_NS);
		set_priority(&m, 200);
		assert_int_equal(role_due(&m), m.now_ns + SKEW_200_NS);
	}
}

static void c_24_the_priority_moves_the_timer(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 150);
	set_priority(&m, 120);
	expect(&m, PUBLISH, STEADY_OFF);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + vr_down_interval_ns(3, 120, 100, 3));
	assert_int_equal(m.published, 120);
}

/* The tracked one, while the configured one is another. */
static void c_24_the_tracked_priority_counts(void **state)
{
	struct machine m = machine_backup(3, 100);
	struct vr_params p = params(3, 200);

	(void)state;
	step(&m, (struct vr_event){.kind = EV_CONFIGURE, .configure = {&p, 150}});
	assert_int_equal(m.vr.effective_priority, 150);
	assert_int_equal(m.vr.params.priority, 200);
}

/* About to preempt one whom it has to obey now: it is given the time to be heard. */
static void d_13_whom_we_were_to_preempt_is_heard_again(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		struct machine m = machine_backup(3, 100);
		struct vr_params p = m.vr.params;

		for (int i = 0; i < 3; i++) {
			hear(&m, 80);
			pass(&m, NS_PER_S);
		}
		pass(&m, 600 * NS_PER_MS); /* the role would be ours in a moment */
		if (how == 0)
			priority(&m, 60);
		if (how == 1)
			p.priority = 60;
		if (how == 2)
			p.preempt = false;
		if (how == 3)
			p.preempt_delay_ns = 30 * NS_PER_S;
		if (how > 0)
			configure_to(&m, &p);
		assert_int_equal(role_due(&m), m.now_ns + m.vr.active_down_interval_ns);
		pass(&m, 400 * NS_PER_MS);
		hear(&m, 80);
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + m.vr.active_down_interval_ns);
		assert_true(addr_equal(&m.vr.active_address, &m.peer));
	}
}

/* Its interval was of no meaning while we did not obey it. */
static void i_1_whom_we_were_to_preempt_has_another_interval(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	m.peer_interval_cs = 500;
	hear(&m, 80);
	assert_int_equal(m.vr.active_interval_cs, 100);
	m.peer_interval_cs = 50;
	hear(&m, 80);
	pass(&m, NS_PER_S);
	priority(&m, 80);
	assert_int_equal(role_due(&m), m.now_ns + vr_down_interval_ns(3, 80, 500, 3));
	m = machine_backup(2, 100);
	m.peer_interval_cs = 500;
	hear(&m, 80);
	priority(&m, 80);
	assert_int_equal(role_due(&m), m.now_ns + vr_down_interval_ns(2, 80, 100, 3));
}

/* A silent one does not become less so. */
static void d_13_who_waits_for_a_silent_active_goes_on(void **state)
{
	struct machine m = machine_backup(3, 100);
	int64_t due_ns;

	(void)state;
	hear(&m, 150);
	due_ns = vr_deadline(&m.vr);
	pass(&m, 3 * NS_PER_S);
	set_priority(&m, 80);
	assert_int_equal(vr_deadline(&m.vr), due_ns + vr_skew_ns(3, 80, 100) - SKEW_100_NS);
}

static void c_8_preempt_mode_on(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m;
	int64_t heard_ns;

	(void)state;
	p.preempt = false;
	m = machine_started(&p);
	hear(&m, 50);
	heard_ns = m.now_ns;
	pass(&m, NS_PER_S);
	p.preempt = true;
	configure_to(&m, &p);
	expect(&m, PUBLISH, STEADY_OFF);
	assert_true(m.preempts);
	hear(&m, 50);
	assert_int_equal(role_due(&m), heard_ns + DOWN_100_NS);
	take_over(&m);
	assert_int_equal(m.vr.active_reason, ACTIVE_REASON_PREEMPTED);
}

/* Whom it has obeyed so far is steady, and would not be heard. */
static void c_12_a_delay_begins_with_a_steady_active(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m;

	(void)state;
	p.preempt = false;
	m = machine_started(&p);
	hear(&m, 50);
	expect(&m, STEADY(&m, 50));
	p.preempt = true;
	p.preempt_delay_ns = 30 * NS_PER_S;
	configure_to(&m, &p);
	expect(&m, STEADY_OFF);
	assert_int_equal(m.vr.hold_until_ns, NEVER_NS);
	hear(&m, 50);
	assert_int_equal(m.vr.hold_until_ns, m.now_ns + 30 * NS_PER_S);
	configure_to(&m, &p);
	expect_nothing(&m);
}

/* It has begun when it began. */
static void c_12_the_delay_follows(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m;
	int64_t heard_ns;

	(void)state;
	p.preempt_delay_ns = 30 * NS_PER_S;
	m = machine_started(&p);
	p.preempt_delay_ns = 20 * NS_PER_S; /* nobody is heard yet: it has not begun */
	configure_to(&m, &p);
	assert_int_equal(m.vr.hold_until_ns, NEVER_NS);
	hear(&m, 50);
	heard_ns = m.now_ns;
	pass(&m, NS_PER_S);
	p.preempt_delay_ns = 40 * NS_PER_S;
	configure_to(&m, &p);
	expect_nothing(&m);
	assert_int_equal(m.vr.hold_until_ns, heard_ns + 40 * NS_PER_S);
	p.preempt_delay_ns = NS_PER_S / 2; /* over already */
	configure_to(&m, &p);
	deadline(&m);
	expect(&m, PUBLISH, STEADY_OFF);
	assert_true(vr_preempts(&m.vr));
	p.preempt_delay_ns = 50 * NS_PER_S; /* and stays so */
	configure_to(&m, &p);
	assert_true(vr_preempts(&m.vr));

	p.preempt_delay_ns = 30 * NS_PER_S;
	m = machine_started(&p);
	hear(&m, 50);
	p.preempt_delay_ns = 0;
	configure_to(&m, &p);
	expect(&m, PUBLISH, STEADY_OFF);
	assert_true(m.preempts);
}

/* Preempts as any other, by D-14. */
static void c_2_a_backup_becomes_the_owner(void **state)
{
	EACH_VERSION
	{
		struct machine m = machine_backup(version, 100);
		struct vr_params p = m.vr.params;
		int64_t heard_ns = m.now_ns;

		(void)state;
		p.preempt = false;
		configure_to(&m, &p);
		hear(&m, 150);
		pass(&m, NS_PER_S);
		p.priority = 255;
		configure_to(&m, &p);
		expect(&m, PUBLISH, STEADY_OFF);
		assert_int_equal(m.vr.state, VR_BACKUP);
		hear(&m, 150);
		assert_int_equal(role_due(&m),
				 heard_ns + vr_down_interval_ns(version, 255, 100, 3));
		take_over(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c_5_the_learned_interval_stays),
		cmocka_unit_test(b_13_a_backup_of_version_2),
		cmocka_unit_test(c_21_nobody_was_heard_yet),
		cmocka_unit_test(i_9_what_was_heard_counts_as_it_was_promised),
		cmocka_unit_test(c_21_more_adverts_at_once_fewer_when_heard),
		cmocka_unit_test(d_12_a_goodbye_stays_one),
		cmocka_unit_test(c_24_the_priority_moves_the_timer),
		cmocka_unit_test(c_24_the_tracked_priority_counts),
		cmocka_unit_test(d_13_whom_we_were_to_preempt_is_heard_again),
		cmocka_unit_test(i_1_whom_we_were_to_preempt_has_another_interval),
		cmocka_unit_test(d_13_who_waits_for_a_silent_active_goes_on),
		cmocka_unit_test(c_8_preempt_mode_on),
		cmocka_unit_test(c_12_a_delay_begins_with_a_steady_active),
		cmocka_unit_test(c_12_the_delay_follows),
		cmocka_unit_test(c_2_a_backup_becomes_the_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
