/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two sync groups of three members each, on two machines and three wires, under everything that may
 * happen to them by chance: advertisements that are lost, wires that are cut in one way or both,
 * machines that die and come back, faults, drains, tracked priorities. What must hold:
 *
 *   - Never two leases for one VRID for longer than an advertisement takes, unless one was lost
 *     lately (I1).
 *   - Never an Active beside a Backup of its group for longer than the slowest needs to follow.
 *   - Once nothing more happens, all members are Active on one machine and Backup on the other.
 */
#include "unit/machine.h"

#include <string.h>

#include "core/group.h"
#include "election.h"

#define MEMBERS	  3
#define WIRE_NS	  (100 * NS_PER_US) /* one way */
#define BOTH_NS	  (2 * NS_PER_MS)   /* until who is preempted has heard it */
#define LATELY_NS (5 * NS_PER_S)
#define CALM_NS	  (30 * NS_PER_S) /* until all is settled */
#define MIXED_NS  (5 * NS_PER_S)  /* a down interval and one interval */
#define FLIGHTS	  64

struct side {
	struct machine m[MEMBERS];
	struct group_member members[MEMBERS];
	int64_t mixed_ns; /* since when they are not of one mind, 0 = they are */
	bool dead;
};

struct flight {
	int64_t at_ns;
	unsigned to, wire;
	uint8_t priority;
};

struct pair {
	struct side sides[2];
	bool cut[2][MEMBERS];	  /* towards this side */
	int64_t both_ns[MEMBERS]; /* since when both have a lease, 0 = they have not */
	int64_t trouble_ns;	  /* last time that an advertisement was not heard */
	int64_t now_ns;
	struct flight flights[FLIGHTS];
	unsigned flight_count;
	uint32_t seed, first_seed;
	unsigned loss;	    /* of a thousand */
	int64_t further_ns; /* each wire is longer by this than the one before, or shorter */
	unsigned takeovers;
};

static uint32_t draw(struct pair *p, uint32_t below)
{
	p->seed = p->seed * 1664525u + 1013904223u;
	return (p->seed >> 8) % below;
}

/* ---- wires ---- */

static void send_said(struct pair *p, unsigned side, unsigned wire)
{
	const struct machine *m = &p->sides[side].m[wire];

	for (unsigned i = 0; i < m->said.count; i++) {
		const struct vr_action *action = &m->said.list[i];

		if (action->kind == ACT_NOTIFY && m->vr.state == VR_ACTIVE)
			p->takeovers++;
		if (action->kind != ACT_ADVERT)
			continue;
		assert_true(p->flight_count < FLIGHTS);
		p->flights[p->flight_count++] = (struct flight){
			.at_ns = p->now_ns + WIRE_NS + wire * p->further_ns,
			.to = !side,
			.wire = wire,
			.priority = action->advert.priority,
		};
	}
}

static void step_once(struct pair *p, unsigned side, unsigned wire, struct vr_event event)
{
	struct machine *m = &p->sides[side].m[wire];

	m->now_ns = p->now_ns;
	step(m, event);
	if (said(m, ACT_RECHECK))
		recheck(m);
	send_said(p, side, wire);
}

static void tell(struct pair *p, unsigned side, unsigned wire, struct vr_event event)
{
	struct side *s = &p->sides[side];
	size_t index;

	step_once(p, side, wire, event);
	for (unsigned n = 0; group_next(s->members, MEMBERS, &index, &event); n++) {
		assert_true(n < 50);
		step_once(p, side, (unsigned)index, event);
	}
}

/* As the programs have it: stamped always, reported if there is something to tell. */
static void arrive(struct pair *p, const struct flight *f)
{
	struct side *s = &p->sides[f->to];
	struct machine *m = &s->m[f->wire];

	if (p->cut[f->to][f->wire] || draw(p, 1000) < p->loss) {
		p->trouble_ns = p->now_ns;
		return;
	}
	if (vrrp_active_yields(m->vr.effective_priority, &m->vr.primary, f->priority, &m->peer))
		m->slot.superior_ns = p->now_ns;
	if (s->dead || m->vr.state == VR_INITIALIZE)
		return;
	m->now_ns = p->now_ns;
	stamp(m, f->priority, p->now_ns);
	tell(p, f->to, f->wire,
	     (struct vr_event){.kind = EV_ADVERT,
			       .advert = {
				       .source = m->peer,
				       .priority = f->priority,
				       .interval_cs = 100,
				       .checksum = CHECKSUM_RFC9568,
				       .header = steady_action(m, f->priority).steady.header,
				       .received_ns = p->now_ns,
			       }});
}

/* ---- sides ---- */

static void boot(struct pair *p, unsigned side)
{
	struct side *s = &p->sides[side];
	struct vr_params params_of_side = params(3, side == 0 ? 150 : 100);

	params_of_side.sync_group = true;
	*s = (struct side){0};
	for (unsigned i = 0; i < MEMBERS; i++) {
		/* on the second wire the addresses are the other way round */
		struct vrrp_addr low = addr_from_ipv4(0xc000020b),
				 high = addr_from_ipv4(0xc000020c);
		bool is_high = (side == 1) != (i == 1);

		s->m[i] = machine_of(&params_of_side);
		s->m[i].now_ns = p->now_ns;
		vr_set_primary(&s->m[i].vr, is_high ? &high : &low);
		s->m[i].peer = is_high ? low : high;
		s->members[i].vr = &s->m[i].vr;
	}
	for (unsigned i = 0; i < MEMBERS; i++)
		tell(p, side, i, (struct vr_event){.kind = EV_STARTUP});
}

static bool answers(const struct pair *p, unsigned side, unsigned wire)
{
	const struct machine *m = &p->sides[side].m[wire];

	return m->slot.lease_until_ns > p->now_ns && m->slot.superior_ns <= m->vr.superior_ns;
}

static void judge_leases(struct pair *p)
{
	for (unsigned i = 0; i < MEMBERS; i++) {
		if (!answers(p, 0, i) || !answers(p, 1, i))
			p->both_ns[i] = 0;
		else if (p->both_ns[i] == 0)
			p->both_ns[i] = p->now_ns;
		else if (p->now_ns - p->both_ns[i] > BOTH_NS &&
			 p->now_ns - p->trouble_ns > LATELY_NS)
			fail_msg("seed %u: both answer on wire %u", p->first_seed, i);
	}
}

static bool all_are(const struct side *s, enum vr_state state)
{
	for (unsigned i = 0; i < MEMBERS; i++)
		if (s->m[i].vr.state != state)
			return false;
	return true;
}

static void judge_side(const struct pair *p, struct side *s)
{
	bool one_mind = s->dead || all_are(s, VR_ACTIVE) || all_are(s, VR_BACKUP) ||
			all_are(s, VR_INITIALIZE);

	if (one_mind)
		s->mixed_ns = 0;
	else if (s->mixed_ns == 0)
		s->mixed_ns = p->now_ns;
	else if (p->now_ns - s->mixed_ns > MIXED_NS)
		fail_msg("seed %u: a side is of two minds", p->first_seed);
}

/* ---- chance ---- */

static void kill(struct pair *p, unsigned side)
{
	if (p->sides[side].dead)
		boot(p, side);
	else
		p->sides[side].dead = true;
}

static void happen(struct pair *p)
{
	unsigned side = draw(p, 2), wire = draw(p, MEMBERS), bit = 1u << draw(p, 3);
	struct side *s = &p->sides[side];
	struct machine *m = &s->m[wire];
	uint32_t what = draw(p, 12);

	if (what == 0) {
		kill(p, side);
	} else if (what < 5) {
		p->cut[side][wire] = !p->cut[side][wire];
	} else if (s->dead) {
		return;
	} else if (what < 8) {
		enum vr_event_kind kind = m->vr.faults & bit ? EV_FAULT_OVER : EV_FAULT;

		tell(p, side, wire, (struct vr_event){.kind = kind, .fault = bit});
	} else if (what < 10) {
		uint8_t priority = (uint8_t)(1 + draw(p, 254));

		tell(p, side, wire, (struct vr_event){.kind = EV_PRIORITY, .priority = priority});
	} else {
		tell(p, side, wire,
		     (struct vr_event){.kind = m->vr.drained ? EV_UNDRAIN : EV_DRAIN});
	}
}

/* All is well from here on, and the first side is the better one on all wires. */
static void calm_down(struct pair *p)
{
	p->loss = 0;
	for (unsigned side = 0; side < 2; side++) {
		struct side *s = &p->sides[side];

		if (s->dead)
			boot(p, side);
		for (unsigned i = 0; i < MEMBERS; i++) {
			uint8_t priority = side == 0 ? 150 : 100;

			p->cut[side][i] = false;
			for (unsigned bit = 1; bit < FAULT_SYNC_GROUP; bit <<= 1)
				if (s->m[i].vr.faults & bit)
					tell(p, side, i,
					     (struct vr_event){.kind = EV_FAULT_OVER,
							       .fault = bit});
			tell(p, side, i, (struct vr_event){.kind = EV_UNDRAIN});
			tell(p, side, i,
			     (struct vr_event){.kind = EV_PRIORITY, .priority = priority});
		}
	}
}

/* ---- time ---- */

static bool deadline_due(struct pair *p)
{
	for (unsigned side = 0; side < 2; side++)
		for (unsigned i = 0; i < MEMBERS && !p->sides[side].dead; i++)
			if (vr_deadline(&p->sides[side].m[i].vr) <= p->now_ns) {
				tell(p, side, i, (struct vr_event){.kind = EV_DEADLINE});
				return true;
			}
	return false;
}

static bool flight_due(struct pair *p)
{
	for (unsigned i = 0; i < p->flight_count; i++) {
		struct flight f = p->flights[i];

		if (f.at_ns > p->now_ns)
			continue;
		p->flight_count--; /* no wire changes their order */
		memmove(&p->flights[i], &p->flights[i + 1],
			(p->flight_count - i) * sizeof(p->flights[0]));
		arrive(p, &f);
		return true;
	}
	return false;
}

static int64_t next_ns(const struct pair *p, int64_t end_ns)
{
	int64_t next = end_ns;

	for (unsigned side = 0; side < 2; side++)
		for (unsigned i = 0; i < MEMBERS && !p->sides[side].dead; i++)
			if (vr_deadline(&p->sides[side].m[i].vr) < next)
				next = vr_deadline(&p->sides[side].m[i].vr);
	for (unsigned i = 0; i < p->flight_count; i++)
		if (p->flights[i].at_ns < next)
			next = p->flights[i].at_ns;
	return next;
}

static void run(struct pair *p, int64_t span_ns)
{
	int64_t end_ns = p->now_ns + span_ns;

	while (p->now_ns < end_ns) {
		int64_t at_ns = next_ns(p, end_ns);

		p->now_ns = at_ns > p->now_ns ? at_ns : p->now_ns; /* or due at once */
		for (unsigned n = 0; flight_due(p) || deadline_due(p); n++)
			assert_true(n < 200); /* no busy loop */
		judge_leases(p);
		for (unsigned side = 0; side < 2; side++)
			judge_side(p, &p->sides[side]);
	}
}

static void begin(struct pair *p, uint32_t seed)
{
	*p = (struct pair){.seed = seed, .first_seed = seed, .now_ns = START_NS};
	boot(p, 0);
	p->sides[1].dead = true;
	run(p, draw(p, 5) * NS_PER_S);
	boot(p, 1);
}

/* Each side is better than the other on some wires: whoever has them keeps them. */
static void expect_one(const struct pair *p, uint32_t seed)
{
	unsigned winner = p->sides[1].m[0].vr.state == VR_ACTIVE;

	if (!all_are(&p->sides[winner], VR_ACTIVE) || !all_are(&p->sides[!winner], VR_BACKUP))
		fail_msg("seed %u: not settled", seed);
}

static void expect_end(const struct pair *p, uint32_t seed)
{
	if (!all_are(&p->sides[0], VR_ACTIVE) || !all_are(&p->sides[1], VR_BACKUP))
		fail_msg("seed %u: not settled", seed);
}

static void i_1_whatever_happens_they_stay_together(void **state)
{
	unsigned takeovers = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 4000; seed++) {
		struct pair p;

		begin(&p, seed);
		p.loss = draw(&p, 3) * 50;
		for (int i = 0; i < 20; i++) {
			run(&p, (int64_t)draw(&p, 6000) * NS_PER_MS);
			happen(&p);
		}
		calm_down(&p);
		run(&p, CALM_NS);
		expect_end(&p, seed);
		takeovers += p.takeovers;
	}
	assert_in_range(takeovers, 20000, 1000000);
}

/* The ordinary time of the slowest member, with three leases to wait for. */
static void i_1_all_of_a_killed_machine_are_succeeded_together(void **state)
{
	struct pair p;
	int64_t died_ns;

	(void)state;
	begin(&p, 1);
	run(&p, 20 * NS_PER_S);
	assert_true(all_are(&p.sides[0], VR_ACTIVE));
	kill(&p, 0);
	died_ns = p.now_ns;
	while (!all_are(&p.sides[1], VR_ACTIVE))
		run(&p, NS_PER_MS);
	assert_in_range(p.now_ns - died_ns, 2600 * NS_PER_MS, 3611 * NS_PER_MS);
	kill(&p, 0); /* and it comes back */
	run(&p, 10 * NS_PER_S);
	expect_end(&p, 1);
}

static void set_priorities(struct pair *p, unsigned better_on)
{
	for (unsigned side = 0; side < 2; side++)
		for (unsigned i = 0; i < MEMBERS; i++)
			tell(p, side, i,
			     (struct vr_event){
				     .kind = EV_PRIORITY,
				     .priority = (better_on >> i & 1) == side ? 100 : 200,
			     });
}

/* A third machine, better than both, is heard on all wires, and never again. */
static void hear_a_third_one(struct pair *p)
{
	for (unsigned i = 0; i < MEMBERS; i++)
		for (unsigned side = 0; side < 2; side++)
			arrive(p, &(struct flight){.to = side, .wire = i, .priority = 250});
}

/*
 * Both are due at the same moment, and each has to yield on a wire where the other one is better.
 * What breaks the tie must not be chance: the second time one of them goes alone.
 */
static void fight(unsigned better_on, int64_t further_ns)
{
	struct pair p;

	begin(&p, 1);
	p.further_ns = further_ns;
	run(&p, 10 * NS_PER_S);
	set_priorities(&p, better_on);
	for (int i = 0; i < 3; i++) {
		hear_a_third_one(&p);
		run(&p, NS_PER_S);
	}
	run(&p, 10 * NS_PER_S);
	expect_one(&p, better_on);
	assert_in_range(p.takeovers, 2 * MEMBERS, 4 * MEMBERS);
}

static void who_is_better_on_another_wire_does_not_fight(void **state)
{
	(void)state;
	for (unsigned better_on = 0; better_on < 1u << MEMBERS; better_on++) {
		fight(better_on, 0);
		fight(better_on, 20 * NS_PER_US);
		fight(better_on, -20 * NS_PER_US);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(i_1_whatever_happens_they_stay_together),
		cmocka_unit_test(who_is_better_on_another_wire_does_not_fight),
		cmocka_unit_test(i_1_all_of_a_killed_machine_are_succeeded_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
