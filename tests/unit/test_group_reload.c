/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sync groups that a reload forms anew (core/group.h): whatever it adds, removes, splits or merges,
 * an Active group stays Active, and does not send one goodbye.
 */
#include "unit/machine.h"

#include "core/group.h"

#define MEMBERS	    4
#define DOWN_100_NS 3609375000

/* The members of one machine, in one or two groups: the first `split` ones, and the others. */
struct side {
	struct machine m[MEMBERS];
	struct group_member members[MEMBERS];
	size_t count, split;
	unsigned goodbyes;
};

static void step_member(struct side *s, size_t index, struct vr_event event)
{
	struct machine *m = &s->m[index];

	step(m, event);
	if (said(m, ACT_RECHECK))
		recheck(m);
	for (unsigned i = 0; i < m->said.count; i++)
		if (m->said.list[i].kind == ACT_ADVERT &&
		    m->said.list[i].advert.priority == VRRP_PRIORITY_LEAVING)
			s->goodbyes++;
}

static void settle_group(struct side *s, size_t first, size_t count)
{
	struct vr_event event;
	size_t index;

	for (int n = 0; group_next(&s->members[first], count, &index, &event); n++) {
		assert_true(n < 100);
		step_member(s, first + index, event);
	}
}

static void settle(struct side *s)
{
	settle_group(s, 0, s->split);
	settle_group(s, s->split, s->count - s->split);
}

static void tell(struct side *s, size_t index, struct vr_event event)
{
	step_member(s, index, event);
	settle(s);
}

/* What user/groups.c does at the start, and after each reload. */
static void form(struct side *s, size_t split, bool running)
{
	s->split = split;
	for (size_t i = 0; i < s->count; i++)
		s->members[i].vr = &s->m[i].vr;
	group_open(s->members, split, running);
	group_open(&s->members[split], s->count - split, running);
	for (size_t i = 0; i < s->count; i++)
		vr_set_group(&s->m[i].vr, true);
	settle(s);
}

static void add_member(struct side *s)
{
	struct vr_params p = params(3, 100);
	struct machine *m = &s->m[s->count++];

	*m = machine_of(&p);
	m->now_ns = s->m[0].now_ns;
}

static void start(struct side *s, size_t index)
{
	tell(s, index, (struct vr_event){.kind = EV_STARTUP});
}

static void wait_all(struct side *s, int64_t span_ns)
{
	int64_t end_ns = s->m[0].now_ns + span_ns;

	for (;;) {
		size_t first = 0;

		for (size_t i = 1; i < s->count; i++)
			if (vr_deadline(&s->m[i].vr) < vr_deadline(&s->m[first].vr))
				first = i;

		int64_t due_ns = vr_deadline(&s->m[first].vr);
		bool ends = due_ns > end_ns;

		for (size_t i = 0; i < s->count; i++)
			s->m[i].now_ns = ends ? end_ns : due_ns;
		if (ends)
			return;
		tell(s, first, (struct vr_event){.kind = EV_DEADLINE});
	}
}

/* `count` members, the first `split` of them one group: all Active. */
static struct side active_side(size_t count, size_t split)
{
	struct side s = {0};

	for (size_t i = 0; i < MEMBERS; i++)
		s.m[i].now_ns = START_NS;
	while (s.count < count)
		add_member(&s);
	form(&s, split, false);
	for (size_t i = 0; i < count; i++)
		start(&s, i);
	wait_all(&s, 4 * NS_PER_S);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(s.m[i].vr.state, VR_ACTIVE);
	return s;
}

/* Their transition is of the first takeover. */
static void expect_active(const struct side *s, size_t first, size_t count)
{
	assert_int_equal(s->goodbyes, 0);
	for (size_t i = first; i < first + count; i++) {
		assert_int_equal(s->m[i].vr.state, VR_ACTIVE);
		assert_int_equal(s->m[i].vr.transition_ns, START_NS + DOWN_100_NS);
		assert_true(s->m[i].slot.lease_until_ns > s->m[i].now_ns);
	}
}

static void a_new_member_follows(void **state)
{
	struct side s = active_side(2, 2);

	(void)state;
	add_member(&s);
	form(&s, 3, true);
	expect_active(&s, 0, 2);
	start(&s, 2);
	wait_all(&s, DOWN_100_NS);
	expect_active(&s, 0, 2);
	assert_int_equal(s.m[2].vr.state, VR_ACTIVE);
}

static void one_that_hears_its_active_waits(void **state)
{
	struct side s = active_side(2, 2);

	(void)state;
	add_member(&s);
	s.m[2].vr.params.sync_group = false;
	step_member(&s, 2, (struct vr_event){.kind = EV_STARTUP});
	hear(&s.m[2], 150); /* Backup before it comes */
	form(&s, 3, true);
	for (int i = 0; i < 10; i++) {
		wait_all(&s, NS_PER_S);
		hear(&s.m[2], 150);
		settle(&s);
	}
	expect_active(&s, 0, 2);
	assert_int_equal(s.m[2].vr.state, VR_BACKUP);
	hear(&s.m[2], 0);
	settle(&s);
	wait_all(&s, NS_PER_S);
	expect_active(&s, 0, 2);
	assert_int_equal(s.m[2].vr.state, VR_ACTIVE);
}

/* Its fault counts when it has been well, or when there is no role to lose. */
static void a_new_member_with_a_fault_faults_nobody(void **state)
{
	struct side s = active_side(2, 2);

	(void)state;
	add_member(&s);
	form(&s, 3, true);
	tell(&s, 2, (struct vr_event){.kind = EV_FAULT, .fault = FAULT_NO_INTERFACE});
	start(&s, 2);
	form(&s, 3, true); /* and another reload */
	wait_all(&s, 10 * NS_PER_S);
	expect_active(&s, 0, 2);
	tell(&s, 2, (struct vr_event){.kind = EV_FAULT_OVER, .fault = FAULT_NO_INTERFACE});
	wait_all(&s, DOWN_100_NS);
	expect_active(&s, 0, 2);
	assert_int_equal(s.m[2].vr.state, VR_ACTIVE);
	tell(&s, 2, (struct vr_event){.kind = EV_FAULT, .fault = FAULT_NO_INTERFACE});
	assert_int_equal(s.m[0].vr.faults, FAULT_SYNC_GROUP);
	assert_int_equal(s.m[1].vr.faults, FAULT_SYNC_GROUP);

	s = active_side(2, 2);
	add_member(&s);
	form(&s, 3, true);
	tell(&s, 2, (struct vr_event){.kind = EV_FAULT, .fault = FAULT_NO_INTERFACE});
	start(&s, 2);
	hear(&s.m[0], 150);
	settle(&s);
	assert_int_equal(s.m[0].vr.faults, FAULT_SYNC_GROUP);
	assert_int_equal(s.m[1].vr.faults, FAULT_SYNC_GROUP);
}

/* An agent that starts has no newcomers: who died with a fault is one of its group. */
static void a_fault_from_the_start_is_for_all(void **state)
{
	struct side s = active_side(2, 2);

	(void)state;
	s.count = 1; /* the other one died with it */
	add_member(&s);
	form(&s, 2, false);
	tell(&s, 1, (struct vr_event){.kind = EV_FAULT, .fault = FAULT_NO_INTERFACE});
	assert_int_equal(s.m[0].vr.state, VR_ACTIVE);
	start(&s, 1);
	assert_int_equal(s.m[0].vr.faults, FAULT_SYNC_GROUP);
}

static void a_first_result_is_waited_for_by_all(void **state)
{
	struct side s = {0};

	(void)state;
	add_member(&s);
	s.m[0].now_ns = START_NS;
	add_member(&s);
	form(&s, 2, false);
	tell(&s, 1, (struct vr_event){.kind = EV_FAULT, .fault = FAULT_TRACK_PENDING});
	start(&s, 0);
	start(&s, 1);
	wait_all(&s, 10 * NS_PER_S);
	assert_int_equal(s.m[0].vr.state, VR_BACKUP);
	assert_int_equal(s.m[0].vr.faults, 0);
	tell(&s, 1, (struct vr_event){.kind = EV_FAULT, .fault = FAULT_TRACKED});
	tell(&s, 1, (struct vr_event){.kind = EV_FAULT_OVER, .fault = FAULT_TRACK_PENDING});
	assert_int_equal(s.m[0].vr.faults, FAULT_SYNC_GROUP);
	tell(&s, 1, (struct vr_event){.kind = EV_FAULT_OVER, .fault = FAULT_TRACKED});
	wait_all(&s, DOWN_100_NS);
	assert_int_equal(s.m[0].vr.state, VR_ACTIVE);
	assert_int_equal(s.m[1].vr.state, VR_ACTIVE);
}

static void a_group_loses_a_member(void **state)
{
	struct side s = active_side(3, 3);

	(void)state;
	s.count = 2;
	form(&s, 2, true);
	vr_set_group(&s.m[2].vr, false);
	wait_all(&s, 10 * NS_PER_S);
	expect_active(&s, 0, 2);
	s.m[2].now_ns = s.m[0].now_ns;
	assert_int_equal(s.m[2].vr.state, VR_ACTIVE);
}

static void groups_are_split_and_merged(void **state)
{
	struct side s = active_side(4, 4);

	(void)state;
	form(&s, 2, true);
	wait_all(&s, 5 * NS_PER_S);
	expect_active(&s, 0, 4);
	hear(&s.m[3], 150); /* from now on they are two */
	settle(&s);
	assert_int_equal(s.m[2].vr.state, VR_BACKUP);
	assert_int_equal(s.goodbyes, 1);
	s.goodbyes = 0;
	expect_active(&s, 0, 2);
	form(&s, 4, true);
	wait_all(&s, NS_PER_S);
	hear(&s.m[2], 150);
	hear(&s.m[3], 150);
	settle(&s);
	expect_active(&s, 0, 2);
	wait_all(&s, DOWN_100_NS);
	expect_active(&s, 0, 2);
	assert_int_equal(s.m[2].vr.state, VR_ACTIVE);
	assert_int_equal(s.m[3].vr.state, VR_ACTIVE);
}

/* What was so before is no news: neither a drain nor a goodbye of long ago. */
static void nothing_old_is_told_again(void **state)
{
	struct side s = active_side(2, 2);

	(void)state;
	add_member(&s);
	step_member(&s, 2, (struct vr_event){.kind = EV_STARTUP});
	drain(&s.m[2]);
	form(&s, 3, true);
	wait_all(&s, 20 * NS_PER_S);
	expect_active(&s, 0, 2);
	assert_false(s.m[0].vr.drained);
	assert_true(s.m[2].vr.drained);
	tell(&s, 2, (struct vr_event){.kind = EV_UNDRAIN});
	wait_all(&s, DOWN_100_NS);
	expect_active(&s, 0, 2);
	assert_int_equal(s.m[2].vr.state, VR_ACTIVE);

	s = (struct side){0};
	add_member(&s);
	s.m[0].now_ns = START_NS;
	add_member(&s);
	form(&s, 2, false);
	start(&s, 0);
	start(&s, 1);
	hear(&s.m[0], 0);
	settle(&s);
	hear(&s.m[0], 150);
	hear(&s.m[1], 150);
	settle(&s);
	form(&s, 2, true);
	assert_int_equal(vr_deadline(&s.m[1].vr), s.m[1].now_ns + DOWN_100_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_member_follows),
		cmocka_unit_test(one_that_hears_its_active_waits),
		cmocka_unit_test(a_new_member_with_a_fault_faults_nobody),
		cmocka_unit_test(a_fault_from_the_start_is_for_all),
		cmocka_unit_test(a_first_result_is_waited_for_by_all),
		cmocka_unit_test(a_group_loses_a_member),
		cmocka_unit_test(groups_are_split_and_merged),
		cmocka_unit_test(nothing_old_is_told_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
