/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sync groups, rule by rule (core/group.h): three members of one machine. */
#include "unit/machine.h"

#include "core/group.h"

#define DOWN_100_NS 3609375000
#define SKEW_100_NS 609375000

static struct vr_params member_params(uint8_t own)
{
	struct vr_params p = params(3, own);

	p.sync_group = true;
	return p;
}

#define MEMBERS 3

struct trio {
	struct machine m[MEMBERS];
	struct group_member members[MEMBERS];
};

static void settle(struct trio *t)
{
	struct vr_event event;
	size_t index;

	for (int n = 0; group_next(t->members, MEMBERS, &index, &event); n++) {
		assert_true(n < 100);
		step(&t->m[index], event);
		if (said(&t->m[index], ACT_RECHECK))
			recheck(&t->m[index]);
	}
}

static void trio_of(struct trio *t, const uint8_t priorities[MEMBERS])
{
	*t = (struct trio){0};
	for (size_t i = 0; i < MEMBERS; i++) {
		struct vr_params p = member_params(priorities[i]);

		t->m[i] = machine_of(&p);
		t->members[i].vr = &t->m[i].vr;
	}
}

static void start_all(struct trio *t)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		startup(&t->m[i]);
		settle(t);
	}
}

static void wait_all(struct trio *t, int64_t span_ns)
{
	int64_t end_ns = t->m[0].now_ns + span_ns;

	for (;;) {
		size_t first = 0;

		for (size_t i = 1; i < MEMBERS; i++)
			if (vr_deadline(&t->m[i].vr) < vr_deadline(&t->m[first].vr))
				first = i;

		int64_t due_ns = vr_deadline(&t->m[first].vr);
		bool ends = due_ns > end_ns;

		for (size_t i = 0; i < MEMBERS; i++)
			t->m[i].now_ns = ends ? end_ns : due_ns;
		if (ends)
			return;
		deadline(&t->m[first]);
		if (said(&t->m[first], ACT_RECHECK))
			recheck(&t->m[first]);
		settle(t);
	}
}

static void expect_states(const struct trio *t, enum vr_state a, enum vr_state b, enum vr_state c)
{
	assert_int_equal(t->m[0].vr.state, a);
	assert_int_equal(t->m[1].vr.state, b);
	assert_int_equal(t->m[2].vr.state, c);
}

static const uint8_t equal[] = {100, 100, 100};

static void active_trio(struct trio *t)
{
	trio_of(t, equal);
	start_all(t);
	wait_all(t, 4 * NS_PER_S);
	expect_states(t, VR_ACTIVE, VR_ACTIVE, VR_ACTIVE);
}

static void the_slowest_decides(void **state)
{
	static const uint8_t priorities[] = {200, 1, 100};
	struct trio t;

	(void)state;
	trio_of(&t, priorities);
	start_all(&t);
	wait_all(&t, 3996093749);
	expect_states(&t, VR_BACKUP, VR_BACKUP, VR_BACKUP);
	assert_true(t.m[0].vr.ready && t.m[2].vr.ready);
	wait_all(&t, 1);
	expect_states(&t, VR_ACTIVE, VR_ACTIVE, VR_ACTIVE);
	for (int i = 0; i < MEMBERS; i++)
		assert_int_equal(t.m[i].adverts_sent, 1);
}

static void who_hears_its_active_keeps_all(void **state)
{
	struct trio t;

	(void)state;
	trio_of(&t, equal);
	start_all(&t);
	for (int s = 0; s < 20; s++) {
		hear(&t.m[1], 150);
		settle(&t);
		wait_all(&t, NS_PER_S);
	}
	expect_states(&t, VR_BACKUP, VR_BACKUP, VR_BACKUP);
	assert_int_equal(vr_deadline(&t.m[0].vr), NEVER_NS);
	wait_all(&t, 4 * NS_PER_S);
	expect_states(&t, VR_ACTIVE, VR_ACTIVE, VR_ACTIVE);
}

static void owners_wait_for_each_other(void **state)
{
	static const uint8_t owners[] = {255, 255, 255}, one[] = {255, 100, 255};
	struct trio t;

	(void)state;
	trio_of(&t, owners);
	startup(&t.m[0]);
	settle(&t);
	startup(&t.m[1]);
	settle(&t);
	expect_states(&t, VR_BACKUP, VR_BACKUP, VR_INITIALIZE);
	startup(&t.m[2]);
	settle(&t);
	expect_states(&t, VR_ACTIVE, VR_ACTIVE, VR_ACTIVE);
	trio_of(&t, one);
	start_all(&t);
	expect_states(&t, VR_BACKUP, VR_BACKUP, VR_BACKUP);
	wait_all(&t, DOWN_100_NS);
	expect_states(&t, VR_ACTIVE, VR_ACTIVE, VR_ACTIVE);
}

static void d_23_one_that_yields_takes_all_along(void **state)
{
	struct trio t;

	(void)state;
	active_trio(&t);
	hear(&t.m[1], 150);
	settle(&t);
	expect_states(&t, VR_BACKUP, VR_BACKUP, VR_BACKUP);
	assert_int_equal(t.m[1].vr.last_event, LAST_EVENT_HIGHER_PRIORITY_BACKUP);
	assert_int_equal(t.m[0].vr.last_event, LAST_EVENT_SYNC_GROUP);
	assert_int_equal(said(&t.m[0], ACT_ADVERT)->advert.priority, VRRP_PRIORITY_LEAVING);
	assert_int_equal(said(&t.m[2], ACT_ADVERT)->advert.priority, VRRP_PRIORITY_LEAVING);
}

static void d_12_a_goodbye_is_for_all(void **state)
{
	struct trio t;

	(void)state;
	trio_of(&t, equal);
	start_all(&t);
	for (int i = 0; i < MEMBERS; i++)
		hear(&t.m[i], 150);
	wait_all(&t, NS_PER_MS);
	hear(&t.m[2], 0);
	settle(&t);
	assert_int_equal(vr_deadline(&t.m[0].vr), t.m[0].now_ns + NS_PER_S + SKEW_100_NS);
	wait_all(&t, NS_PER_S + SKEW_100_NS);
	expect_states(&t, VR_ACTIVE, VR_ACTIVE, VR_ACTIVE);
	assert_int_equal(t.m[2].vr.active_reason, ACTIVE_REASON_PRIORITY);
}

/* Who has just been beaten by the sender of the first one does not hurry when that yields, too. */
static void beaten_at_its_first_member_it_hurries_later(void **state)
{
	for (int64_t after_ns = NS_PER_S - 1; after_ns <= NS_PER_S; after_ns++) {
		int64_t hurried_ns = NS_PER_S + SKEW_100_NS;
		struct trio t;

		(void)state;
		active_trio(&t);
		hear(&t.m[0], 150);
		settle(&t);
		wait_all(&t, after_ns);
		hear(&t.m[1], 150);
		hear(&t.m[2], 0);
		settle(&t);
		assert_int_equal(vr_deadline(&t.m[1].vr) - t.m[1].now_ns,
				 after_ns < NS_PER_S ? DOWN_100_NS : hurried_ns);
	}
}

static void d_50_a_fault_is_for_all(void **state)
{
	struct trio t;

	(void)state;
	active_trio(&t);
	fault(&t.m[0], FAULT_INTERFACE_DOWN);
	settle(&t);
	expect_states(&t, VR_INITIALIZE, VR_INITIALIZE, VR_INITIALIZE);
	assert_int_equal(t.m[0].vr.faults, FAULT_INTERFACE_DOWN);
	assert_int_equal(t.m[1].vr.faults, FAULT_SYNC_GROUP);
	assert_int_equal(said(&t.m[1], ACT_ADVERT)->advert.priority, VRRP_PRIORITY_LEAVING);
	assert_int_equal(t.m[1].vr.last_event, LAST_EVENT_SYNC_GROUP);

	fault(&t.m[1], FAULT_NO_ADDRESS); /* a second one */
	settle(&t);
	fault_over(&t.m[0], FAULT_INTERFACE_DOWN);
	settle(&t);
	assert_int_equal(t.m[0].vr.faults, FAULT_SYNC_GROUP);
	assert_int_equal(t.m[1].vr.faults, FAULT_NO_ADDRESS);
	assert_int_equal(t.m[2].vr.faults, FAULT_SYNC_GROUP);
	fault_over(&t.m[1], FAULT_NO_ADDRESS);
	settle(&t);
	expect_states(&t, VR_BACKUP, VR_BACKUP, VR_BACKUP);
	for (int i = 0; i < MEMBERS; i++)
		assert_int_equal(t.m[i].vr.faults, 0);
	wait_all(&t, DOWN_100_NS);
	expect_states(&t, VR_ACTIVE, VR_ACTIVE, VR_ACTIVE);
}

/* A new member, or one that was changed: the others do not even blink. */
static void a_reloaded_member_follows(void **state)
{
	struct vr_params p = member_params(100);
	struct trio t;
	unsigned sent;

	(void)state;
	active_trio(&t);
	shut_down_alone(&t.m[1]);
	settle(&t);
	expect_states(&t, VR_ACTIVE, VR_INITIALIZE, VR_ACTIVE);

	int64_t now_ns = t.m[1].now_ns;

	t.m[1] = machine_of(&p);
	t.m[1].now_ns = now_ns;
	t.members[1] = (struct group_member){.vr = &t.m[1].vr};
	fault(&t.m[1], FAULT_NO_INTERFACE); /* not before it is started */
	settle(&t);
	expect_states(&t, VR_ACTIVE, VR_INITIALIZE, VR_ACTIVE);
	fault_over(&t.m[1], FAULT_NO_INTERFACE);
	startup(&t.m[1]);
	settle(&t);
	sent = t.m[0].adverts_sent;
	wait_all(&t, DOWN_100_NS);
	expect_states(&t, VR_ACTIVE, VR_ACTIVE, VR_ACTIVE);
	assert_int_equal(t.m[0].adverts_sent, sent + 4);
	assert_int_equal(t.m[0].vr.last_event, LAST_EVENT_ACTIVE_TIMEOUT);
}

/* The last one has heard its Active, and nobody knew it yet. */
static void those_who_went_ahead_come_back(void **state)
{
	struct trio t;

	(void)state;
	trio_of(&t, equal);
	start_all(&t);
	wait_all(&t, DOWN_100_NS - 1);
	stamp(&t.m[2], 150, t.m[2].now_ns + 1); /* its timer will not know */
	t.m[2].vr.down_armed_ns = t.m[2].now_ns;
	for (int i = 0; i < MEMBERS; i++) {
		t.m[i].now_ns++;
		deadline(&t.m[i]);
	}
	t.m[2].vr.ready = true;
	t.m[2].vr.down_timer_ns = NEVER_NS;
	t.m[2].vr.down_armed_ns = START_NS;
	settle(&t);
	expect_states(&t, VR_BACKUP, VR_BACKUP, VR_BACKUP);
	assert_int_equal(t.m[0].adverts_sent, 2); /* and the second was a goodbye */
	assert_int_equal(t.m[0].vr.last_event, LAST_EVENT_SYNC_GROUP);
	assert_int_equal(t.m[2].adverts_sent, 0);
}

/* One that follows, and hears its Active at the last moment, does not demote the others. */
static void a_follower_that_is_held_back_stays_alone(void **state)
{
	struct trio t;

	(void)state;
	active_trio(&t);
	fault(&t.m[1], FAULT_INTERFACE_DOWN); /* without the group's knowledge: as a reload */
	fault_over(&t.m[1], FAULT_INTERFACE_DOWN);
	t.members[1].told = VR_INITIALIZE;
	wait_all(&t, DOWN_100_NS - 1);
	expect_states(&t, VR_ACTIVE, VR_BACKUP, VR_ACTIVE);
	t.m[1].vr.ready = true;
	t.m[1].vr.down_timer_ns = NEVER_NS;
	stamp(&t.m[1], 150, t.m[1].now_ns);
	settle(&t);
	expect_states(&t, VR_ACTIVE, VR_BACKUP, VR_ACTIVE);
	wait_all(&t, DOWN_100_NS);
	expect_states(&t, VR_ACTIVE, VR_ACTIVE, VR_ACTIVE);
}

static void drained_is_of_the_group(void **state)
{
	struct trio t;

	(void)state;
	active_trio(&t);
	drain(&t.m[1]);
	settle(&t);
	for (int i = 0; i < MEMBERS; i++) {
		assert_true(t.m[i].vr.drained);
		assert_int_equal(said(&t.m[i], ACT_ADVERT)->advert.priority, 1);
	}
	wait_all(&t, 10 * NS_PER_S); /* nobody takes it: a goodbye of all */
	expect_states(&t, VR_BACKUP, VR_BACKUP, VR_BACKUP);
	wait_all(&t, 100 * NS_PER_S);
	expect_states(&t, VR_BACKUP, VR_BACKUP, VR_BACKUP);
	undrain(&t.m[0]);
	settle(&t);
	assert_false(t.m[1].vr.drained || t.m[2].vr.drained);
	wait_all(&t, DOWN_100_NS);
	expect_states(&t, VR_ACTIVE, VR_ACTIVE, VR_ACTIVE);
}

static void a_group_is_shut_down_in_any_order(void **state)
{
	struct trio t;

	(void)state;
	active_trio(&t);
	for (int i = 0; i < MEMBERS; i++) {
		shut_down(&t.m[i]);
		assert_int_equal(said(&t.m[i], ACT_ADVERT)->advert.priority, 0);
		settle(&t);
	}
	expect_states(&t, VR_INITIALIZE, VR_INITIALIZE, VR_INITIALIZE);

	trio_of(&t, equal); /* nor does it take the role meanwhile */
	start_all(&t);
	wait_all(&t, DOWN_100_NS - 1);
	t.m[0].now_ns++;
	deadline(&t.m[0]);
	settle(&t);
	shut_down(&t.m[1]);
	shut_down(&t.m[2]);
	settle(&t);
	expect_states(&t, VR_BACKUP, VR_INITIALIZE, VR_INITIALIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_slowest_decides),
		cmocka_unit_test(who_hears_its_active_keeps_all),
		cmocka_unit_test(owners_wait_for_each_other),
		cmocka_unit_test(d_23_one_that_yields_takes_all_along),
		cmocka_unit_test(d_12_a_goodbye_is_for_all),
		cmocka_unit_test(beaten_at_its_first_member_it_hurries_later),
		cmocka_unit_test(d_50_a_fault_is_for_all),
		cmocka_unit_test(a_reloaded_member_follows),
		cmocka_unit_test(those_who_went_ahead_come_back),
		cmocka_unit_test(a_follower_that_is_held_back_stays_alone),
		cmocka_unit_test(drained_is_of_the_group),
		cmocka_unit_test(a_group_is_shut_down_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
