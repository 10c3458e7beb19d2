/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What befalls the routers of a scenario made up by chance. A fault is a row of a table; spans are
 * chosen near to what the protocol counts by, so that things meet: the end of a lease, of an
 * Active_Down_Timer, the moment of an advertisement.
 */
#include "sim/generate.h"

#define FAULTS_MAX    60
#define FORGER	      0xc0000242u /* 192.0.2.66 */
#define FLOOD_MAX     2000	  /* frames */
#define LIE_INTERVALS 4		  /* who believes it is silent for as much longer */
#define EVERY_FORGED  (FORGE_UNICAST * 2 - 1)

/* ---- choices ---- */

static unsigned some_router(struct making *m)
{
	return (unsigned)random_below(&m->random, m->scenario->router_count);
}

/* SIM_NOBODY if the one that chance chose is another's: then there is no such fault. */
static unsigned some_xvrrpd(struct making *m)
{
	unsigned router = some_router(m);

	return m->scenario->routers[router].kind == SIM_XVRRPD ? router : SIM_NOBODY;
}

static int64_t skew_of(struct making *m, unsigned router)
{
	const struct sim_router *r = &m->scenario->routers[router];

	return vr_skew_ns(m->scenario->version, r->priority, r->interval_cs);
}

/* A little more or less. */
static int64_t about(struct making *m, int64_t ns)
{
	int64_t off_ns = random_scale(&m->random, 1, m->interval_ns / 4);

	if (one_in(m, 3))
		return ns;
	return one_in(m, 2) || ns <= off_ns ? ns + off_ns : ns - off_ns;
}

static int64_t some_span(struct making *m)
{
	unsigned router = some_router(m);
	int64_t interval_ns = m->scenario->routers[router].interval_cs * NS_PER_CS;

	switch (random_below(&m->random, 6)) {
	case 0:
		return random_scale(&m->random, 1, interval_ns);
	case 1:
		return about(m, random_between(&m->random, 1, 4) * interval_ns);
	case 2:
		return about(m, 3 * interval_ns);
	case 3:
		return about(m, 3 * interval_ns + skew_of(m, router));
	case 4:
		return about(m, skew_of(m, router));
	}
	return random_scale(&m->random, interval_ns, 30 * interval_ns);
}

/* ---- processes and machines ---- */

/* Ends it, and mostly starts it again: inside the lease or outside of it. */
static void end_process(struct making *m, enum sim_op op, int64_t at_ns, unsigned router)
{
	if (generate_command(m, op, at_ns, router, 0) && !one_in(m, 5))
		generate_command(m, SIM_START, at_ns + some_span(m), router, 0);
}

static void make_kill(struct making *m, int64_t at_ns)
{
	end_process(m, SIM_KILL, at_ns, some_router(m));
}

static void make_stop(struct making *m, int64_t at_ns)
{
	end_process(m, SIM_STOP, at_ns, some_router(m));
}

static void make_leave(struct making *m, int64_t at_ns)
{
	unsigned router = some_xvrrpd(m);

	if (router != SIM_NOBODY)
		end_process(m, SIM_LEAVE, at_ns, router);
}

static void make_torn(struct making *m, int64_t at_ns)
{
	unsigned router = some_xvrrpd(m);
	struct sim_command *command;

	if (router == SIM_NOBODY)
		return;
	command = generate_command(m, SIM_TORN, at_ns, router, 0);
	if (!command)
		return;
	command->value = (uint32_t)random_below(&m->random, 14);
	generate_command(m, SIM_START, at_ns + some_span(m), router, 0);
}

static void make_reboot(struct making *m, int64_t at_ns)
{
	generate_command(m, SIM_REBOOT, at_ns, some_router(m), some_span(m));
}

static void make_freeze(struct making *m, int64_t at_ns)
{
	generate_command(m, SIM_FREEZE, at_ns, some_router(m), some_span(m));
}

static void make_pause(struct making *m, int64_t at_ns)
{
	struct sim_command *command =
		generate_command(m, SIM_PAUSE, at_ns, some_router(m), some_span(m));

	if (command)
		command->value = one_in(m, 2);
}

static void make_lame(struct making *m, int64_t at_ns)
{
	unsigned router = some_xvrrpd(m);

	if (router == SIM_NOBODY)
		return;
	generate_command(m, SIM_LAME, at_ns, router, some_span(m));
	generate_command(m, SIM_LAME, at_ns + 4 * some_span(m), router, 0);
}

/* ---- what the agent is told ---- */

static void make_fault(struct making *m, int64_t at_ns)
{
	uint32_t bit = 1u << random_below(&m->random, 5);
	unsigned router = some_xvrrpd(m);
	struct sim_command *command;

	if (router == SIM_NOBODY)
		return;
	command = generate_command(m, SIM_FAULT, at_ns, router, 0);
	if (command)
		command->value = bit;
	command = generate_command(m, SIM_MEND, at_ns + some_span(m), router, 0);
	if (command)
		command->value = bit;
}

static void make_priority(struct making *m, int64_t at_ns)
{
	unsigned router = some_router(m), other = some_router(m);
	uint8_t priority = m->scenario->routers[other].priority;
	struct sim_command *command;

	if (m->scenario->routers[router].priority == VRRP_PRIORITY_OWNER)
		return;
	if (one_in(m, 2) || priority == VRRP_PRIORITY_OWNER)
		priority = (uint8_t)random_between(&m->random, 1, 254);
	command = generate_command(m, SIM_PRIORITY, at_ns, router, 0);
	if (command)
		command->value = priority;
}

/* A priority, an interval, Preempt_Mode; of VRRPv2 one interval is for all (B-13). */
static void make_configure(struct making *m, int64_t at_ns)
{
	unsigned router = some_xvrrpd(m), other = some_router(m);
	const struct sim_router *routers = m->scenario->routers;
	int64_t least_cs = m->interval_ns / NS_PER_CS / 8;
	struct sim_command *command;

	if (router == SIM_NOBODY)
		return;
	command = generate_command(m, SIM_CONFIGURE, at_ns, router, 0);
	if (!command)
		return;
	if (routers[router].priority != VRRP_PRIORITY_OWNER && one_in(m, 2))
		command->priority = (uint8_t)random_between(&m->random, 1, 254);
	if (m->scenario->version == 3 && one_in(m, 2))
		command->interval_cs = one_in(m, 2)
					       ? (uint16_t)routers[other].interval_cs
					       : (uint16_t)random_scale(&m->random, 1 + least_cs,
									m->interval_ns / NS_PER_CS);
	if (one_in(m, 3))
		command->value = (uint32_t)random_between(&m->random, 1, 2);
}

static void make_drain(struct making *m, int64_t at_ns)
{
	unsigned router = some_xvrrpd(m);

	if (router == SIM_NOBODY)
		return;
	generate_command(m, SIM_DRAIN, at_ns, router, 0);
	if (one_in(m, 2))
		generate_command(m, SIM_UNDRAIN, at_ns + some_span(m), router, 0);
}

/* ---- links and the wire ---- */

static void make_mute(struct making *m, int64_t at_ns)
{
	unsigned router = some_router(m);

	generate_command(m, SIM_MUTE, at_ns, router, 0);
	generate_command(m, SIM_UNMUTE, at_ns + some_span(m), router, 0);
}

static void make_detach(struct making *m, int64_t at_ns)
{
	unsigned router = some_xvrrpd(m);

	if (router == SIM_NOBODY)
		return;
	generate_command(m, SIM_DETACH, at_ns, router, 0);
	generate_command(m, SIM_ATTACH, at_ns + some_span(m), router, 0);
}

static void change_link(struct making *m, enum sim_op op, int64_t at_ns, unsigned from, unsigned to)
{
	struct sim_command *command = generate_command(m, op, at_ns, from, 0);

	if (command)
		command->peer = (uint8_t)to;
}

static void make_cut(struct making *m, int64_t at_ns)
{
	unsigned from = some_router(m), to = some_router(m);
	int64_t joined_ns = at_ns + some_span(m);

	if (from == to)
		return;
	change_link(m, SIM_CUT, at_ns, from, to);
	change_link(m, SIM_JOIN, joined_ns, from, to);
	if (one_in(m, 2))
		return;
	change_link(m, SIM_CUT, at_ns, to, from);
	change_link(m, SIM_JOIN, joined_ns, to, from);
}

/* Two groups, that hear nothing of each other: or one way only. */
static void make_partition(struct making *m, int64_t at_ns)
{
	unsigned count = m->scenario->router_count;
	unsigned group = (unsigned)random_between(&m->random, 1, (1 << count) - 2);
	bool one_way = one_in(m, 4);

	for (unsigned from = 0; from < count; from++)
		for (unsigned to = 0; to < count; to++)
			if ((group >> from & 1) != (group >> to & 1) &&
			    !(one_way && group >> from & 1))
				change_link(m, SIM_CUT, at_ns, from, to);
	change_link(m, SIM_JOIN, at_ns + some_span(m), SIM_NOBODY, SIM_NOBODY);
}

static void make_loss(struct making *m, int64_t at_ns)
{
	struct sim_command *command = generate_command(m, SIM_LOSS, at_ns, SIM_NOBODY, 0);

	if (command)
		command->value = (uint32_t)random_scale(&m->random, 1000, 1000000);
	command = generate_command(m, SIM_LOSS, at_ns + some_span(m), SIM_NOBODY, 0);
	if (command)
		command->value = m->scenario->wire.loss_ppm;
}

/* ---- somebody on the segment ---- */

/* Once, a few times, or as fast as it goes: up to 10 kHz, and for a limited time. */
static void repeat(struct making *m, struct sim_command *command)
{
	command->count = 1;
	command->span_ns = 0;
	switch (random_below(&m->random, 4)) {
	case 0:
		command->count = (uint32_t)random_between(&m->random, 2, 20);
		command->span_ns = random_scale(&m->random, 1000, 2 * m->interval_ns);
		break;
	case 1:
		command->count = (uint32_t)random_scale(&m->random, 20, FLOOD_MAX);
		command->span_ns = 100 * NS_PER_US;
		break;
	}
	while (scenario_command_end_ns(command) > m->until_ns)
		command->count = (command->count + 1) / 2;
}

static struct sim_command *forge(struct making *m, int64_t at_ns)
{
	const struct scenario *s = m->scenario;
	unsigned victim = one_in(m, 3) ? SIM_NOBODY : some_router(m);
	struct sim_command *command = generate_command(m, SIM_FORGE, at_ns, victim, 0);

	if (!command)
		return NULL;
	repeat(m, command);
	command->address = one_in(m, 4) ? s->routers[some_router(m)].address : FORGER;
	command->interval_cs = (uint16_t)(m->interval_ns / NS_PER_CS);
	return command;
}

static uint8_t forged_priority(struct making *m)
{
	static const uint8_t priorities[] = {0, 0, 1, 100, 254, 255, 255};

	if (one_in(m, 3))
		return m->scenario->routers[some_router(m)].priority;
	return priorities[random_below(&m->random, sizeof(priorities))];
}

/* Everybody has to discard it. */
static void make_mistake(struct making *m, int64_t at_ns)
{
	struct sim_command *command = forge(m, at_ns);

	if (!command)
		return;
	command->priority = forged_priority(m);
	command->value = 1u << random_below(&m->random, 10);
	if (one_in(m, 3))
		command->value |= (uint32_t)random_next(&m->random) & EVERY_FORGED;
}

/* And this is taken for true. */
static void make_lie(struct making *m, int64_t at_ns)
{
	int64_t most_cs = LIE_INTERVALS * m->interval_ns / NS_PER_CS;
	struct sim_command *command = forge(m, at_ns);

	if (most_cs > VRRP_INTERVAL_MAX_CS)
		most_cs = VRRP_INTERVAL_MAX_CS;

	if (!command)
		return;
	command->priority = forged_priority(m);
	command->value = one_in(m, 4) ? FORGE_ADDRESS : 0;
	if (m->scenario->version == 3 && one_in(m, 4))
		command->interval_cs = (uint16_t)random_scale(&m->random, 1, most_cs);
}

static void make_claim(struct making *m, int64_t at_ns)
{
	struct sim_command *command = generate_command(m, SIM_CLAIM, at_ns, some_router(m), 0);

	if (command)
		repeat(m, command);
}

/* ---- all of them ---- */

typedef void make_fn(struct making *m, int64_t at_ns);

static make_fn *const kinds[] = {
	make_kill,     make_kill,      make_stop,      make_leave,   make_torn, make_reboot,
	make_freeze,   make_freeze,    make_pause,     make_pause,   make_lame, make_fault,
	make_priority, make_configure, make_configure, make_drain,   make_mute, make_detach,
	make_cut,      make_partition, make_loss,      make_mistake, make_lie,	make_claim,
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* Those of this seed: one, a few, or about half of them. */
static unsigned choose_kinds(struct making *m, make_fn *chosen[KINDS])
{
	uint64_t rarity = 1 + random_below(&m->random, 6);
	unsigned count = 0;

	for (unsigned i = 0; i < KINDS; i++)
		if (one_in(m, rarity))
			chosen[count++] = kinds[i];
	if (count == 0)
		chosen[count++] = kinds[random_below(&m->random, KINDS)];
	return count;
}

void generate_faults(struct making *m)
{
	make_fn *chosen[KINDS];
	unsigned count = choose_kinds(m, chosen);
	int64_t at_ns = random_between(&m->random, m->from_ns, m->until_ns);

	for (int64_t n = random_scale(&m->random, 1, FAULTS_MAX); n > 0; n--) {
		chosen[random_below(&m->random, count)](m, at_ns);
		if (one_in(m, 2))
			at_ns += some_span(m);
		else
			at_ns = random_between(&m->random, m->from_ns, m->until_ns);
	}
}
