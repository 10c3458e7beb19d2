/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame of a scenario made up by chance: who starts when, what is mended in the end. */
#include "sim/generate.h"

#include <stdio.h>

#define ROOM_FOR_MENDING 96
#define FAULTS_MIN	 30 /* intervals in which there may be faults */

/* ---- commands ---- */

static int64_t inside(int64_t ns, int64_t from_ns, int64_t until_ns)
{
	if (ns > until_ns)
		return until_ns;
	return ns < from_ns ? from_ns : ns;
}

static struct sim_command *add(struct scenario *s, enum sim_op op, int64_t at_ns, unsigned router)
{
	struct sim_command *command = &s->commands[s->command_count++];

	*command = (struct sim_command){
		.at_ns = at_ns,
		.op = op,
		.router = (uint8_t)router,
		.peer = SIM_NOBODY,
	};
	return command;
}

struct sim_command *generate_command(struct making *m, enum sim_op op, int64_t at_ns,
				     unsigned router, int64_t span_ns)
{
	struct scenario *s = m->scenario;
	struct sim_command *command;

	if (s->command_count >= SIM_COMMANDS_MAX - ROOM_FOR_MENDING)
		return NULL;
	at_ns = inside(at_ns, 0, m->until_ns);
	command = add(s, op, at_ns, router);
	command->span_ns = inside(span_ns, 0, m->until_ns - at_ns);
	return command;
}

/* Stable, so that what belongs together stays in its order. */
static void sort_commands(struct scenario *s)
{
	for (unsigned i = 1; i < s->command_count; i++) {
		struct sim_command command = s->commands[i];
		unsigned j = i;

		for (; j > 0 && s->commands[j - 1].at_ns > command.at_ns; j--)
			s->commands[j] = s->commands[j - 1];
		s->commands[j] = command;
	}
}

/* ---- the wire ---- */

static uint32_t some_chance(struct making *m, uint32_t most_ppm)
{
	return one_in(m, 2) ? 0 : (uint32_t)random_scale(&m->random, 10, most_ppm);
}

static void choose_wire(struct making *m)
{
	struct scenario *s = m->scenario;
	int64_t slow_ns = m->interval_ns / (m->settles ? 20 : 2);

	s->wire.delay_ns = random_scale(&m->random, 1, slow_ns);
	if (m->calm)
		return;
	s->wire.jitter_ns = one_in(m, 2) ? 0 : random_scale(&m->random, 1, slow_ns);
	s->wire.loss_ppm = some_chance(m, 300000);
	s->wire.duplicate_ppm = some_chance(m, 100000);
	s->wire.reorder_ppm = some_chance(m, 100000);
	s->wire.reorder_ns = s->wire.reorder_ppm ? random_scale(&m->random, 1, 4 * slow_ns) : 0;
	s->hesitate_ppm = some_chance(m, 20000);
	s->hesitate_ns = s->hesitate_ppm ? random_scale(&m->random, 1, 2 * slow_ns) : 0;
}

static void choose_clients(struct making *m)
{
	if (one_in(m, 2))
		m->scenario->client_ns =
			random_scale(&m->random, m->interval_ns / 2, 20 * m->interval_ns);
}

/* ---- time ---- */

/* How many things happen in a second, more or less: advertisements, heartbeats, clients. */
static int64_t events_a_second(const struct making *m)
{
	const struct scenario *s = m->scenario;
	int64_t shortest_ns = m->interval_ns, rate;

	for (unsigned i = 0; i < s->router_count; i++)
		if (s->routers[i].interval_cs * NS_PER_CS < shortest_ns)
			shortest_ns = s->routers[i].interval_cs * NS_PER_CS;
	rate = (s->router_count + 1) * NS_PER_S / shortest_ns + s->router_count;
	if (s->client_ns != 0)
		rate += (s->router_count + 3) * NS_PER_S / s->client_ns;
	return rate;
}

static void choose_times(struct making *m)
{
	int64_t events = random_scale(&m->random, 1000, 32000);
	int64_t span_ns = events * NS_PER_S / events_a_second(m);

	if (span_ns < FAULTS_MIN * m->interval_ns)
		span_ns = FAULTS_MIN * m->interval_ns;
	m->from_ns = one_in(m, 4) ? 0 : 5 * m->interval_ns;
	m->until_ns = m->from_ns + span_ns;
}

/* All at once, one after the other, or whenever. */
static void start_all(struct making *m)
{
	struct scenario *s = m->scenario;
	int64_t apart_ns = one_in(m, 3) ? 0 : random_scale(&m->random, 1, 5 * m->interval_ns);

	for (unsigned i = 0; i < s->router_count; i++)
		generate_command(m, SIM_START, random_between(&m->random, 0, apart_ns), i, 0);
}

/* ---- mending ---- */

static bool ends_process(const struct sim_command *command)
{
	return command->op == SIM_KILL || command->op == SIM_STOP || command->op == SIM_LEAVE ||
	       command->op == SIM_TORN;
}

/* What undoes it; SIM_OPS = nothing does, or nothing needs to. */
static enum sim_op remedy(const struct sim_command *command)
{
	switch (command->op) {
	case SIM_LAME:
		return SIM_LAME;
	case SIM_FAULT:
		return SIM_MEND;
	case SIM_DRAIN:
		return SIM_UNDRAIN;
	case SIM_MUTE:
		return SIM_UNMUTE;
	case SIM_DETACH:
		return SIM_ATTACH;
	default:
		return SIM_OPS;
	}
}

static bool is_mended(const struct scenario *s, unsigned since, enum sim_op op, unsigned router,
		      uint32_t value)
{
	for (unsigned i = since; i < s->command_count; i++) {
		const struct sim_command *command = &s->commands[i];

		if (command->op == op && command->router == router && command->value == value)
			return true;
	}
	return false;
}

static void mend(struct making *m, const struct sim_command *broken, unsigned since)
{
	struct scenario *s = m->scenario;
	enum sim_op op = remedy(broken);
	bool stays = op == SIM_UNDRAIN && one_in(m, 4);

	if (op == SIM_OPS || stays || s->command_count == SIM_COMMANDS_MAX ||
	    is_mended(s, since, op, broken->router, broken->value))
		return;
	add(s, op, s->settled_ns, broken->router)->value = broken->value;
}

/*
 * An agent that was to be torn may live on until it has something to remember, so it is killed
 * first. Of others nobody stays dead: they leave the address behind, for ever (I1).
 */
static void revive(struct making *m, unsigned router, unsigned count)
{
	struct scenario *s = m->scenario;
	bool ours = s->routers[router].kind == SIM_XVRRPD, died = false, torn = false;

	for (unsigned i = 0; i < count; i++) {
		const struct sim_command *command = &s->commands[i];

		died |= command->router == router && ends_process(command);
		torn |= command->router == router && command->op == SIM_TORN;
	}
	if (!died)
		return;
	if (torn)
		add(s, SIM_KILL, m->until_ns, router);
	if (!ours || !one_in(m, 4))
		add(s, SIM_START, s->settled_ns, router);
}

static void mend_all(struct making *m)
{
	struct scenario *s = m->scenario;
	unsigned count = s->command_count;

	if (s->wire.loss_ppm != 0)
		add(s, SIM_LOSS, s->settled_ns, SIM_NOBODY);
	add(s, SIM_JOIN, s->settled_ns, SIM_NOBODY);
	for (unsigned i = 0; i < s->router_count; i++)
		revive(m, i, count);
	for (unsigned i = 0; i < count; i++) {
		struct sim_command broken = s->commands[i];

		mend(m, &broken, count);
	}
}

/* ---- the whole ---- */

static void end_all(struct making *m)
{
	struct scenario *s = m->scenario;

	s->end_ns = m->until_ns + m->interval_ns;
	if (!m->settles)
		return;
	s->settled_ns = m->until_ns + NS_PER_US;
	mend_all(m);
	s->end_ns = s->settled_ns + scenario_settle_ns(s) + m->interval_ns;
}

void generate(struct scenario *scenario, uint64_t seed)
{
	struct making m = {
		.scenario = scenario,
		.random = random_from(~seed), /* the world's is random_from(seed) */
	};

	scenario_init(scenario);
	snprintf(scenario->name, sizeof(scenario->name), "seed %llu", (unsigned long long)seed);
	scenario->seed = seed;
	m.calm = one_in(&m, 8);
	m.settles = !one_in(&m, 8);
	generate_routers(&m);
	choose_wire(&m);
	choose_clients(&m);
	choose_times(&m);
	start_all(&m);
	if (!m.calm || one_in(&m, 2))
		generate_faults(&m);
	end_all(&m);
	sort_commands(scenario);
}
