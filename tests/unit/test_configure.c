/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other parameters while running (D-52): the role stays, no lease outlasts what Backups rely on
 * (I1), and a restart with another configuration is no worse than a reload.
 */
#include "unit/machine.h"

#define DOWN_100_NS  3609375000 /* priority 100 at 1 s */
#define SKEW_100_NS  609375000
#define LEASE_NS     (3 * NS_PER_S)
#define EACH_VERSION for (uint8_t version = 2; version <= 3; version++)

/* Half a second after its last advertisement, without later announcements. */
static struct machine active_of(uint8_t version, uint8_t own, uint32_t interval_cs)
{
	struct vr_params p = params(version, own);

	p.announce.delay_ns = 0;
	p.interval_cs = interval_cs;
	p.checksum_policy = CHECKSUM_POLICY_RFC9568;

	struct machine m = machine_active_of(&p);

	pass(&m, interval_cs * NS_PER_CS / 2);
	return m;
}

static struct vr_params with_interval(const struct machine *m, uint32_t interval_cs)
{
	struct vr_params p = m->vr.params;

	p.interval_cs = interval_cs;
	return p;
}

static void set_interval(struct machine *m, uint32_t interval_cs)
{
	struct vr_params p = with_interval(m, interval_cs);

	configure_to(m, &p);
}

static void set_priority(struct machine *m, uint8_t own)
{
	struct vr_params p = m->vr.params;

	p.priority = own;
	configure_to(m, &p);
}

/* ---- Active ---- */

static void d_52_what_is_as_before_changes_nothing(void **state)
{
	(void)state;
	EACH_VERSION
	{
		struct machine m = active_of(version, 100, 100);
		struct vr before = m.vr;

		configure_to(&m, &before.params);
		expect_nothing(&m);
		assert_memory_equal(&m.vr, &before, sizeof(before));
		m = machine_backup(version, 100);
		hear(&m, 150);
		pass(&m, NS_PER_S);
		before = m.vr;
		configure_to(&m, &before.params);
		expect_nothing(&m);
		assert_memory_equal(&m.vr, &before, sizeof(before));
	}
}

/* The lease first: who dies between the two must not answer for what nobody heard. */
static void i_1_a_shorter_interval_cuts_the_lease_before_it_is_told(void **state)
{
	(void)state;
	EACH_VERSION
	{
		struct machine m = active_of(version, 100, 1000);

		set_interval(&m, 100);
		expect(&m, LEASE(m.now_ns + LEASE_NS), ADVERT(100, m.now_ns + LEASE_NS));
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
		assert_int_equal(vr_lease_ns(&m.vr), LEASE_NS);
		to_deadline(&m);
		expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
	}
}

/* The kernel does not take it: those who heard the old interval wait longer than we answer. */
static void i_1_a_shorter_interval_that_nobody_hears(void **state)
{
	struct machine m = active_of(3, 100, 1000);
	int64_t lease_ns;

	(void)state;
	m.deaf_kernel = true;
	set_interval(&m, 100);
	lease_ns = m.slot.lease_until_ns;
	assert_int_equal(lease_ns, m.now_ns + LEASE_NS);
	while (m.now_ns < lease_ns)
		to_deadline(&m);
	assert_int_equal(m.slot.lease_until_ns, lease_ns);
}

/*
 * A Backup that loses the first advertisement of the longer interval waits for the next one as long
 * as before. It comes as soon as before, and so does the one after it.
 */
static void i_1_a_longer_interval_is_told_as_often_as_one_may_be_lost(void **state)
{
	(void)state;
	for (unsigned down_adverts = 2; down_adverts <= 5; down_adverts++)
		EACH_VERSION
		{
			struct machine m = active_of(version, 100, 100);
			struct vr_params p = m.vr.params;

			p.down_adverts = down_adverts;
			configure_to(&m, &p);
			p.interval_cs = 1000;
			configure_to(&m, &p);
			for (unsigned i = 1; i < down_adverts; i++) {
				int64_t sent_ns = m.now_ns;

				expect(&m, ADVERT(100, sent_ns + down_adverts * NS_PER_S));
				assert_int_equal(vr_deadline(&m.vr), sent_ns + NS_PER_S);
				assert_int_equal(vr_lease_ns(&m.vr), down_adverts * NS_PER_S);
				to_deadline(&m);
			}
			expect(&m, ADVERT(100, m.now_ns + down_adverts * 10 * NS_PER_S));
			assert_int_equal(vr_deadline(&m.vr), m.now_ns + 10 * NS_PER_S);
		}
}

/* Some rely on the first interval, some on the second, and all on the shortest of them. */
static void i_1_one_change_after_the_other(void **state)
{
	struct machine m = active_of(3, 100, 100);

	(void)state;
	set_interval(&m, 1000);
	pass(&m, NS_PER_MS);
	set_interval(&m, 200);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	pass(&m, NS_PER_MS);
	set_interval(&m, 50);
	expect(&m, LEASE(m.now_ns + LEASE_NS / 2), ADVERT(100, m.now_ns + LEASE_NS / 2));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S / 2);
	to_deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS / 2));
}

/* Half of the others may read that form only, and count from the advertisement before it. */
static void i_1_no_question_while_a_longer_interval_is_told(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m;

	(void)state;
	p.announce.delay_ns = 0;
	m = machine_active_of(&p);
	for (int i = 0; i < 7; i++)
		to_deadline(&m);
	pass(&m, NS_PER_S / 2); /* the next one would ask */
	set_interval(&m, 1000);
	to_deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
	to_deadline(&m);
	assert_int_equal(said(&m, ACT_ADVERT)->advert.checksum, CHECKSUM_RFC9568);
}

static void i_1_fewer_adverts_cut_the_lease_and_more_make_it_longer(void **state)
{
	struct machine m = active_of(3, 100, 100);
	struct vr_params p = m.vr.params;

	(void)state;
	p.down_adverts = 2;
	configure_to(&m, &p);
	expect(&m, LEASE(m.now_ns + 2 * NS_PER_S), ADVERT(100, m.now_ns + 2 * NS_PER_S));
	p.down_adverts = 5;
	configure_to(&m, &p);
	expect(&m, ADVERT(100, m.now_ns + 5 * NS_PER_S));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
}

/* The priority follows first, so that the advertisement tells it. */
static void c_24_an_active_tells_all_at_once(void **state)
{
	struct machine m = active_of(3, 100, 100);
	struct vr_params p = with_interval(&m, 50);

	(void)state;
	p.priority = 200;
	configure_to(&m, &p);
	expect(&m, PUBLISH, LEASE(m.now_ns + LEASE_NS / 2), ADVERT(200, m.now_ns + LEASE_NS / 2));
	assert_int_equal(m.published, 200);
	hear(&m, 150);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	set_priority(&m, 80); /* the next advertisement tells it */
	expect(&m, PUBLISH);
	to_deadline(&m);
	assert_int_equal(said(&m, ACT_ADVERT)->advert.priority, 80);
}

static void c_2_an_owner_no_more_and_again(void **state)
{
	(void)state;
	EACH_VERSION
	{
		struct machine m = active_of(version, 255, 100);

		set_priority(&m, 100);
		expect(&m, PUBLISH);
		assert_int_equal(m.vr.state, VR_ACTIVE);
		priority(&m, 90);
		assert_int_equal(m.vr.effective_priority, 90);
		set_priority(&m, 255);
		expect(&m, PUBLISH);
		hear(&m, 254);
		assert_int_equal(m.vr.state, VR_ACTIVE);
	}
}

static void d_52_a_drained_active_stays_so(void **state)
{
	struct machine m = active_of(3, 100, 100);

	(void)state;
	drain(&m);
	set_priority(&m, 200);
	expect_nothing(&m);
	assert_int_equal(m.vr.effective_priority, 1);
	set_interval(&m, 200); /* others need longer now */
	assert_int_equal(m.vr.drain_until_ns,
			 m.now_ns + 2 * NS_PER_S + vr_down_interval_ns(3, 1, 200, 3));
	undrain(&m);
	assert_int_equal(m.vr.effective_priority, 200);
}

/* What it waits for stays as it was; what it says then is new. */
static void d_52_one_that_listens_goes_on_listening(void **state)
{
	struct machine m = active_of(3, 100, 100);
	int64_t until_ns;

	(void)state;
	pass(&m, 4 * NS_PER_S);
	deadline(&m);
	expect(&m, LATE(3500 * NS_PER_MS, LISTENS));
	until_ns = vr_deadline(&m.vr);
	set_interval(&m, 50);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), until_ns);
	set_interval(&m, 70);
	assert_int_equal(vr_deadline(&m.vr), until_ns + 200 * NS_PER_MS);
	set_interval(&m, 50);
	to_deadline(&m);
	recheck(&m);
	assert_int_equal(said(&m, ACT_ADVERT)->advert.until_ns, m.now_ns + LEASE_NS / 2);
}

/* Its lease is over, and nobody has told it yet. */
static void d_52_one_that_woke_late_says_nothing(void **state)
{
	struct machine m = active_of(3, 100, 100);

	(void)state;
	pass(&m, 4 * NS_PER_S);
	set_interval(&m, 50);
	assert_null(said(&m, ACT_ADVERT));
	deadline(&m);
	assert_null(said(&m, ACT_ADVERT));
	assert_true(m.vr.listen_until_ns != NEVER_NS);
}

static void e_26_announcements_follow(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m = machine_active_of(&p);
	int64_t taken_ns = m.now_ns;

	(void)state;
	pass(&m, NS_PER_S / 2);
	p.announce.delay_ns = 2 * NS_PER_S;
	configure_to(&m, &p);
	expect_nothing(&m);
	assert_int_equal(m.vr.announce_timer_ns, taken_ns + 2 * NS_PER_S);
	p.announce.delay_ns = 0;
	configure_to(&m, &p);
	assert_int_equal(m.vr.announce_timer_ns, NEVER_NS);
	p.announce.refresh_ns = 60 * NS_PER_S;
	p.announce.refresh_repeat = 2;
	configure_to(&m, &p);
	assert_int_equal(m.vr.announce_timer_ns, m.now_ns + 60 * NS_PER_S);
	pass(&m, NS_PER_S / 4);
	p.announce.refresh_repeat = 3; /* as often as before: no new beginning */
	configure_to(&m, &p);
	assert_int_equal(m.vr.announce_timer_ns, m.now_ns - NS_PER_S / 4 + 60 * NS_PER_S);
	p.announce.refresh_ns = 0;
	configure_to(&m, &p);
	assert_int_equal(m.vr.announce_timer_ns, NEVER_NS);
}

static void c_8_an_active_publishes_preempt_mode(void **state)
{
	struct machine m = active_of(3, 100, 100);
	struct vr_params p = m.vr.params;

	(void)state;
	p.preempt = false;
	configure_to(&m, &p);
	expect(&m, PUBLISH);
	assert_false(m.preempts);
	p.preempt = true;
	p.preempt_delay_ns = 30 * NS_PER_S; /* of the next time as Backup */
	configure_to(&m, &p);
	expect_nothing(&m);
	assert_false(m.preempts);
}

/* ---- at other moments ---- */

static void d_1_who_starts_as_owner_and_is_none_listens(void **state)
{
	struct vr_params p = params(3, 255);
	struct machine m = machine_started(&p);

	(void)state;
	expect(&m, LEASE(m.now_ns + NS_PER_S / 8), RECHECK);
	p.priority = 100;
	configure_to(&m, &p);
	expect(&m, LEASE(0), PUBLISH, PUBLISH, NOTIFY(VR_INITIALIZE));
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
}

static void d_11_between_the_two_looks(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	to_deadline(&m);
	expect(&m, LEASE(m.now_ns + NS_PER_S / 8), RECHECK);
	set_priority(&m, 120);
	expect(&m, LEASE(0), PUBLISH);
	recheck(&m);
	expect_nothing(&m);
	assert_true(vr_deadline(&m.vr) <= m.now_ns);
	deadline(&m);
	recheck(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
}

static void d_1_before_the_start(void **state)
{
	struct vr_params p = params(3, 100);
	struct machine m;

	(void)state;
	p.startup_delay_ns = 10 * NS_PER_S;
	m = machine_started(&p);

	struct vr_params q = params(3, 200);

	q.interval_cs = 50;
	configure_to(&m, &q);
	assert_int_equal(vr_deadline(&m.vr), START_NS + 10 * NS_PER_S); /* of the process */
	to_deadline(&m);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + vr_down_interval_ns(3, 200, 50, 3));

	m = machine_of(&p);
	fault(&m, FAULT_INTERFACE_DOWN);
	startup(&m);
	configure_to(&m, &q);
	assert_int_equal(m.vr.state, VR_INITIALIZE);
	assert_int_equal(m.vr.faults, FAULT_INTERFACE_DOWN);
}

/* One that is ready has waited for the shorter interval. */
static void a_member_that_is_ready(void **state)
{
	struct vr_params p = params(2, 100);
	struct machine m;

	(void)state;
	p.sync_group = true;
	m = machine_started(&p);
	to_deadline(&m);
	assert_true(m.vr.ready);
	p.sync_group = false; /* is not said by a configuration */
	p.lower_prio_no_advert = true;
	configure_to(&m, &p);
	expect_nothing(&m);
	assert_true(m.vr.ready && m.vr.params.sync_group && m.vr.params.lower_prio_no_advert);
	set_interval(&m, 50 * 2);
	assert_true(m.vr.ready);
	set_interval(&m, 200);
	assert_false(m.vr.ready);
	assert_int_equal(vr_deadline(&m.vr), START_NS + 6 * NS_PER_S + SKEW_100_NS);
	to_deadline(&m);
	assert_true(m.vr.ready);
	set_interval(&m, 100);
	assert_true(m.vr.ready);
}

static void a_drained_backup_goes_on_resting(void **state)
{
	struct machine m = machine_backup(2, 100);

	(void)state;
	drain(&m);
	to_deadline(&m);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	set_interval(&m, 500);
	set_interval(&m, 100);
	set_priority(&m, 50);
	set_priority(&m, 255);
	assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
	assert_int_equal(m.vr.effective_priority, 1);
}

/* ---- adoption ---- */

static void i_8_a_restart_with_a_longer_interval_tells_it_as_often(void **state)
{
	struct machine old = active_of(3, 100, 100);
	struct vr_params p = with_interval(&old, 1000);
	struct vr_adoption left = left_by(&old);
	struct machine m = successor(&old, &p);

	(void)state;
	adopt(&m, &left);
	expect(&m, PUBLISH, ADVERT(100, m.now_ns + LEASE_NS), ACQUIRE);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	/* and dies in the middle of it */
	to_deadline(&m);
	left = left_by(&m);
	m = successor(&m, &p);
	adopt(&m, &left);
	expect(&m, PUBLISH, ADVERT(100, m.now_ns + LEASE_NS), ACQUIRE);
	to_deadline(&m);
	to_deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + 10 * LEASE_NS));
	left = left_by(&m);
	m = successor(&m, &p);
	adopt(&m, &left);
	expect(&m, PUBLISH, ADVERT(100, m.now_ns + 10 * LEASE_NS), ACQUIRE);
}

static void i_8_a_slot_of_an_older_agent_says_nothing_of_it(void **state)
{
	struct machine old = active_of(3, 100, 100);
	struct vr_params p = with_interval(&old, 1000);
	struct vr_adoption left = left_by(&old);
	struct machine m = successor(&old, &p);

	(void)state;
	left.memory.relied_cs = 0;
	adopt(&m, &left);
	expect(&m, PUBLISH, ADVERT(100, m.now_ns + 10 * LEASE_NS), ACQUIRE);
}

/* What a configuration has changed goes on. */
static void i_8_adopted_after_a_change(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	hear(&m, 150);
	set_priority(&m, 120);
	hear(&m, 150);
	pass(&m, NS_PER_S);

	int64_t due_ns = vr_deadline(&m.vr);
	struct machine next = adopted_after(&m, NS_PER_MS);

	assert_int_equal(next.vr.state, VR_BACKUP);
	assert_int_equal(vr_deadline(&next.vr), due_ns);
	m = active_of(3, 100, 1000);
	set_interval(&m, 100);
	next = adopted_after(&m, NS_PER_S);
	assert_int_equal(next.vr.state, VR_ACTIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d_52_what_is_as_before_changes_nothing),
		cmocka_unit_test(i_1_a_shorter_interval_cuts_the_lease_before_it_is_told),
		cmocka_unit_test(i_1_a_shorter_interval_that_nobody_hears),
		cmocka_unit_test(i_1_a_longer_interval_is_told_as_often_as_one_may_be_lost),
		cmocka_unit_test(i_1_one_change_after_the_other),
		cmocka_unit_test(i_1_no_question_while_a_longer_interval_is_told),
		cmocka_unit_test(i_1_fewer_adverts_cut_the_lease_and_more_make_it_longer),
		cmocka_unit_test(c_24_an_active_tells_all_at_once),
		cmocka_unit_test(c_2_an_owner_no_more_and_again),
		cmocka_unit_test(d_52_a_drained_active_stays_so),
		cmocka_unit_test(d_52_one_that_listens_goes_on_listening),
		cmocka_unit_test(d_52_one_that_woke_late_says_nothing),
		cmocka_unit_test(e_26_announcements_follow),
		cmocka_unit_test(c_8_an_active_publishes_preempt_mode),
		cmocka_unit_test(d_1_who_starts_as_owner_and_is_none_listens),
		cmocka_unit_test(d_11_between_the_two_looks),
		cmocka_unit_test(d_1_before_the_start),
		cmocka_unit_test(a_member_that_is_ready),
		cmocka_unit_test(a_drained_backup_goes_on_resting),
		cmocka_unit_test(i_8_a_restart_with_a_longer_interval_tells_it_as_often),
		cmocka_unit_test(i_8_a_slot_of_an_older_agent_says_nothing_of_it),
		cmocka_unit_test(i_8_adopted_after_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
