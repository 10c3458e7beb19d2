/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time, what is planned, and the commands of a scenario. */
#include "sim/world.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/oracle.h"

/* ---- the heap ---- */

static bool before(const struct plan *a, const struct plan *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void rise(struct plan *plans, unsigned i)
{
	struct plan plan = plans[i];

	for (; i > 0 && before(&plan, &plans[(i - 1) / 2]); i = (i - 1) / 2)
		plans[i] = plans[(i - 1) / 2];
	plans[i] = plan;
}

static void sink(struct plan *plans, unsigned count, unsigned i)
{
	struct plan plan = plans[i];

	for (unsigned child; (child = 2 * i + 1) < count; i = child) {
		if (child + 1 < count && before(&plans[child + 1], &plans[child]))
			child++;
		if (!before(&plans[child], &plan))
			break;
		plans[i] = plans[child];
	}
	plans[i] = plan;
}

void world_plan(struct world *world, int64_t at_ns, enum plan_kind kind, unsigned who,
		uint32_t what)
{
	if (world->plan_count == world->plan_room) {
		world->plan_room = world->plan_room ? 2 * world->plan_room : 256;
		world->plans = realloc(world->plans, world->plan_room * sizeof(*world->plans));
		if (!world->plans)
			abort();
	}
	world->plans[world->plan_count++] = (struct plan){
		.at_ns = at_ns > world->now_ns ? at_ns : world->now_ns,
		.order = world->next_order++,
		.kind = (uint8_t)kind,
		.who = (uint8_t)who,
		.what = what,
	};
	rise(world->plans, world->plan_count - 1);
}

static struct plan next_plan(struct world *world)
{
	struct plan plan = world->plans[0];

	world->plans[0] = world->plans[--world->plan_count];
	if (world->plan_count > 0)
		sink(world->plans, world->plan_count, 0);
	return plan;
}

/* ---- what is told of it ---- */

void world_happened(struct world *world, unsigned kind, unsigned who, uint64_t what)
{
	uint64_t x = world->digest ^ (uint64_t)world->now_ns;

	x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9ULL + (what << 16 | kind << 8 | who);
	world->digest = x ^ x >> 32;
	world->events++;
}

static void print_time(FILE *out, int64_t ns)
{
	fprintf(out, "%4lld.%09lld  ", (long long)(ns / NS_PER_S), (long long)(ns % NS_PER_S));
}

void world_trace(struct world *world, const char *format, ...)
{
	va_list arguments;

	print_time(world->trace, world->now_ns);
	va_start(arguments, format);
	vfprintf(world->trace, format, arguments);
	va_end(arguments);
	fputc('\n', world->trace);
}

void world_fail(struct world *world, const char *format, ...)
{
	va_list arguments;

	if (world->failed)
		return;
	world->failed = true;
	va_start(arguments, format);
	vsnprintf(world->failure, sizeof(world->failure), format, arguments);
	va_end(arguments);
	TRACE(world, "FAILED: %s", world->failure);
}

/* ---- commands ---- */

static void set_cut(struct world *world, const struct sim_command *command)
{
	for (unsigned from = 0; from < SIM_PORTS; from++)
		for (unsigned to = 0; to < SIM_PORTS; to++)
			if ((command->router == SIM_NOBODY || command->router == from) &&
			    (command->peer == SIM_NOBODY || command->peer == to))
				world->cut[from][to] = command->op == SIM_CUT;
	TRACE(world, "wire: %s from %u to %u", command->op == SIM_CUT ? "cut" : "joined",
	      command->router, command->peer);
}

static void carry_out(struct world *world, unsigned number)
{
	const struct sim_command *command = &world->scenario->commands[number];

	world_happened(world, 64 + command->op, command->router, command->value);
	switch (command->op) {
	case SIM_CUT:
	case SIM_JOIN:
		set_cut(world, command);
		break;
	case SIM_LOSS:
		world->loss_ppm = command->value;
		break;
	case SIM_FORGE:
	case SIM_CLAIM:
		world->forged[number] = 0;
		forge(world, number);
		break;
	default:
		if (command->op >= SIM_EXPECT_STATE)
			oracle_expect(world, command);
		else
			machine_command(world, command);
		break;
	}
}

/* What a scenario says of one moment happens in its order, before anything else of that moment. */
static void run_commands(struct world *world)
{
	const struct scenario *scenario = world->scenario;

	while (world->next_command < scenario->command_count && !world->failed &&
	       scenario->commands[world->next_command].at_ns <= world->now_ns)
		carry_out(world, world->next_command++);
	if (world->next_command < scenario->command_count)
		world_plan(world, scenario->commands[world->next_command].at_ns, PLAN_COMMAND, 0,
			   0);
}

/* ---- the run ---- */

static void run_turn(struct world *world, struct machine *machine, uint32_t turn)
{
	bool ours = machine->router->kind == SIM_XVRRPD;

	if (turn != (ours ? machine->agent.turn : machine->peer.turn))
		return;
	world_happened(world, PLAN_RUN, machine->number, 0);
	if (ours)
		agent_run(world, machine);
	else
		peer_run(world, machine);
}

static void happen(struct world *world, const struct plan *plan)
{
	switch ((enum plan_kind)plan->kind) {
	case PLAN_COMMAND:
		run_commands(world);
		break;
	case PLAN_FRAME:
		wire_arrived(world, plan->who, plan->what);
		break;
	case PLAN_RUN:
		run_turn(world, &world->machines[plan->who], plan->what);
		break;
	case PLAN_THAW:
		machine_thaw(world, &world->machines[plan->who]);
		break;
	case PLAN_RESUME:
		machine_resume(world, &world->machines[plan->who]);
		break;
	case PLAN_BOOT:
		machine_boot(world, &world->machines[plan->who]);
		break;
	case PLAN_FORGE:
		forge(world, plan->what);
		break;
	case PLAN_CLIENT:
		clients_ask(world);
		world_plan(world, world->now_ns + world->scenario->client_ns, PLAN_CLIENT, 0, 0);
		break;
	}
}

static struct world *world_new(const struct scenario *scenario, FILE *trace)
{
	size_t size = (sizeof(struct world) + 63) / 64 * 64;
	struct world *world = aligned_alloc(64, size); /* slots are aligned so */

	if (!world)
		abort();
	memset(world, 0, size);
	world->scenario = scenario;
	world->random = random_from(scenario->seed);
	world->loss_ppm = scenario->wire.loss_ppm;
	world->switch_port = SIM_NOBODY;
	world->trace = trace;
	return world;
}

static void world_free(struct world *world)
{
	free(world->plans);
	free(world->frames);
	free(world->free_frames);
	free(world);
}

struct sim_result world_run(const struct scenario *scenario, FILE *trace)
{
	struct world *world = world_new(scenario, trace);
	struct sim_result result = {0};

	oracle_begin(world);
	for (unsigned i = 0; i < scenario->router_count; i++)
		machine_init(world, i);
	if (scenario->client_ns != 0)
		world_plan(world, scenario->client_ns, PLAN_CLIENT, 0, 0);
	run_commands(world);
	while (!world->failed && world->plan_count > 0 &&
	       world->plans[0].at_ns <= scenario->end_ns) {
		struct plan plan = next_plan(world);

		world->now_ns = plan.at_ns;
		happen(world, &plan);
	}
	if (!world->failed)
		world->now_ns = scenario->end_ns;
	oracle_end(world);
	result.failed = world->failed;
	memcpy(result.failure, world->failure, sizeof(result.failure));
	result.at_ns = world->now_ns;
	result.events = world->events;
	result.digest = world->digest;
	world_free(world);
	return result;
}
