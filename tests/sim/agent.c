/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent as the scheduler sees it: it gets the CPU some time after there is something to do, and
 * then does one thing after the other: user/router.c and its loop, cut into the pieces between
 * which a process can be stopped, or killed.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "sim/oracle.h"
#include "sim/world.h"

#define BEAT_FIRST_NS (200 * NS_PER_MS)
#define BEAT_NS	      NS_PER_S
#define TURNS_MAX     (100 * PLANE_EVENTS) /* in a millisecond */
#define MEMORY_WORDS  (sizeof(struct vr_memory) / sizeof(uint64_t))

/* ---- orders ---- */

static bool has_orders(const struct agent *agent)
{
	return agent->first_order != agent->next_order;
}

void agent_order(struct world *world, struct machine *machine, const struct vr_event *event)
{
	struct agent *agent = &machine->agent;

	/* What comes before the programs are loaded is found when they are: see loaded(). */
	if (!agent->alive || agent->loading ||
	    agent->next_order - agent->first_order == AGENT_ORDERS_MAX)
		return;
	agent->orders[agent->next_order++ % AGENT_ORDERS_MAX] = *event;
	agent_schedule(world, machine);
}

/* ---- life ---- */

static struct vr_event adoption_of(const struct vr_slot *slot)
{
	struct vr_event event = {.kind = EV_ADOPT};

	event.adoption.memory = slot->memory;
	event.adoption.priority = slot->identity.priority;
	event.adoption.decided_ns = (int64_t)slot->decided_ns;
	if (slot->flags & SLOT_STEADY) {
		event.adoption.steady_header = slot->steady_header;
		event.adoption.steady_source = slot->steady_source;
	}
	return event;
}

static void adopt(struct machine *machine)
{
	struct agent *agent = &machine->agent;

	agent->has_slot = true;
	agent->event = adoption_of(&machine->plane.slots[0]);
	agent->stage = AGENT_LOOK;
}

void agent_exec(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;
	struct vr_params params = glue_params(world->scenario, &machine->file);
	struct vrrp_addr primary = sim_address(world->scenario->family, machine->router->address);
	int64_t clock_ns = machine_clock(world, machine);
	uint32_t turn = agent->turn;

	machine->own = machine->file;
	*agent = (struct agent){
		.alive = true,
		.frozen = agent->frozen,
		.frozen_until_ns = agent->frozen_until_ns,
		.loading = true,
		.beat_ns = clock_ns + BEAT_FIRST_NS,
		.loaded_ns = clock_ns + machine->router->load_ns,
		.lame_ns = agent->lame_ns,
		.run_ns = NEVER_NS,
		.turn = turn,
	};
	vr_init(&agent->vr, &params);
	vr_set_primary(&agent->vr, &primary);
	if (machine->pinned)
		adopt(machine);
	else
		oracle_started(world, machine);
	agent_schedule(world, machine);
}

/* libbpf takes a record out of the ring when it has been dealt with: an heir finds it again. */
static bool is_report(const struct vr_event *event)
{
	return event->kind == EV_ADVERT || event->kind == EV_CLAIM;
}

void agent_kill(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;

	if (!agent->alive)
		return;
	if (agent->stage != AGENT_IDLE && is_report(&agent->event))
		machine->plane.first_event--;
	agent->alive = false;
	agent->run_ns = NEVER_NS;
	agent->turn++;
	oracle_died(world, machine);
}

/* The programs are there: as agent.c and faults.c, what is wrong first, then Startup. */
static void loaded(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;
	struct vr_event priority = {.kind = EV_PRIORITY, .priority = machine->tracked_priority};
	struct vr_event startup = {.kind = EV_STARTUP}, configure = {.kind = EV_CONFIGURE};

	agent->loading = false;
	glue_bind(world, machine);
	for (unsigned bit = 1; bit <= machine->faults; bit <<= 1) {
		struct vr_event fault = {.kind = EV_FAULT, .fault = bit};

		if (machine->faults & bit)
			agent_order(world, machine, &fault);
	}
	if (machine->tracked_priority != machine->router->priority)
		agent_order(world, machine, &priority);
	agent_order(world, machine, &startup);
	if (memcmp(&machine->own, &machine->file, sizeof(machine->own)) != 0)
		agent_order(world, machine, &configure);
	TRACE(world, "r%u: programs are loaded", machine->number + 1);
}

/* ---- what it does next ---- */

static void take_order(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;

	agent->event = agent->orders[agent->first_order++ % AGENT_ORDERS_MAX];
	if (agent->event.kind != EV_CONFIGURE)
		return;
	oracle_configures(world, machine);
	machine->own = machine->file;
	machine->params = glue_params(world->scenario, machine->router);
	agent->event.configure.params = &machine->params;
	agent->event.configure.priority = machine->tracked_priority;
	if (agent->has_slot)
		glue_configure(machine);
}

static void take_report(struct agent *agent, const struct xvrrp_event *report)
{
	struct vr_advert *advert = &agent->event.advert;

	if (report->kind == XVRRP_EVENT_CLAIM) {
		agent->event = (struct vr_event){.kind = EV_CLAIM};
		return;
	}
	agent->event = (struct vr_event){.kind = EV_ADVERT};
	advert->source = report->source;
	advert->priority = report->header.priority;
	advert->interval_cs = vrrp_header_interval_cs(&report->header);
	advert->checksum =
		report->flags & EVENT_CHECKSUM_PSEUDO ? CHECKSUM_PSEUDO : CHECKSUM_RFC9568;
	advert->received_ns = (int64_t)report->time_ns;
	memcpy(&advert->header, &report->header, sizeof(advert->header));
}

/* The heartbeat tells of a standstill; true if it is long enough to be told to the core. */
static bool beat(const struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;
	int64_t clock_ns = machine_clock(world, machine);
	int64_t late_ns = clock_ns - agent->beat_ns;

	agent->beat_ns = clock_ns + BEAT_NS;
	agent->event = (struct vr_event){.kind = EV_STOOD_STILL, .stood_still_ns = late_ns};
	return late_ns >= machine->router->interval_cs * NS_PER_CS;
}

static bool report_comes(struct machine *machine)
{
	struct xvrrp_event report;

	while (plane_take_event(&machine->plane, &report)) {
		if (!machine->agent.has_slot)
			continue;
		take_report(&machine->agent, &report);
		return true;
	}
	return false;
}

/*
 * Between its sources the loop has an order of its own, which no scenario should depend on; but
 * reports come before the role's timer (I9), and if it was the timer that led to them, it is looked
 * at after them even if they have moved it.
 */
static bool next_event(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;
	int64_t clock_ns = machine_clock(world, machine);
	bool due = clock_ns >= vr_deadline(&agent->vr);

	if (clock_ns >= agent->beat_ns && random_chance(&world->random, 500000) &&
	    beat(world, machine))
		return true;
	if (has_orders(agent) && random_chance(&world->random, 500000)) {
		take_order(world, machine);
		return true;
	}
	agent->expired = agent->expired || (due && random_chance(&world->random, 500000));
	if (report_comes(machine))
		return true;
	if (clock_ns >= agent->beat_ns && beat(world, machine))
		return true;
	if (has_orders(agent)) {
		take_order(world, machine);
		return true;
	}
	if (!due && !agent->expired)
		return false;
	agent->expired = false;
	agent->event = (struct vr_event){.kind = EV_DEADLINE};
	return true;
}

static void end(struct world *world, struct machine *machine)
{
	TRACE(world, "r%u: ends", machine->number + 1);
	if (!machine->agent.leaves)
		glue_unbind(machine);
	agent_kill(world, machine);
	oracle_role(world, machine);
}

/* A stop in the middle of a start waits until there is something to stop. */
static bool stops(const struct agent *agent)
{
	return agent->stopping && !agent->loading;
}

/* A signal is an event among others. False: nothing to do. */
static bool begin_event(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;

	if (agent->loading && machine_clock(world, machine) >= agent->loaded_ns)
		loaded(world, machine);
	if (agent->leaves || (agent->stopping && agent->event.kind == EV_SHUTDOWN)) {
		end(world, machine);
		return false;
	}
	if (stops(agent)) {
		agent->event = (struct vr_event){.kind = EV_SHUTDOWN};
	} else if (!next_event(world, machine)) {
		return false;
	}
	agent->stage = AGENT_LOOK;
	return true;
}

/* ---- one thing at a time ---- */

static void remember(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;
	struct vr_memory *kept = &machine->plane.slots[0].memory, whole = *kept;

	vr_remember(&agent->vr, &whole);
	if (agent->torn_words == 0 || agent->torn_words > MEMORY_WORDS) {
		*kept = whole;
		return;
	}
	memcpy(kept, &whole, (agent->torn_words - 1) * sizeof(uint64_t));
	agent_kill(world, machine);
	oracle_torn(world, machine);
}

/* All is remembered, and some of it is done. True: that was its last. */
static bool is_torn_off(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;

	if (agent->torn_words <= MEMORY_WORDS || --agent->torn_words > MEMORY_WORDS)
		return false;
	agent_kill(world, machine);
	return true;
}

static const char *const event_words[] = {
	[EV_STARTUP] = "startup",   [EV_SHUTDOWN] = "shutdown",
	[EV_FAULT] = "fault",	    [EV_FAULT_OVER] = "fault over",
	[EV_ADVERT] = "hears",	    [EV_CLAIM] = "claim",
	[EV_PRIORITY] = "priority", [EV_CONFIGURE] = "configuration",
	[EV_DEADLINE] = "deadline", [EV_RECHECK] = "second look",
	[EV_ADOPT] = "adopts",	    [EV_DRAIN] = "drain",
	[EV_UNDRAIN] = "undrain",   [EV_STOOD_STILL] = "stood still",
};

static void trace_step(struct world *world, const struct machine *machine)
{
	const struct agent *agent = &machine->agent;
	int64_t deadline_ns = vr_deadline(&agent->vr);

	if (!world->trace)
		return;
	if (agent->event.kind == EV_ADVERT)
		world_trace(world, "r%u: hears %u of .%u", machine->number + 1,
			    agent->event.advert.priority, agent->event.advert.source.b[15]);
	else
		world_trace(world, "r%u: %s", machine->number + 1, event_words[agent->event.kind]);
	if (deadline_ns != NEVER_NS)
		world_trace(world, "r%u:   %s, next in %lld ns", machine->number + 1,
			    vr_state_name(agent->vr.state),
			    (long long)(deadline_ns - machine_clock(world, machine)));
}

static void step(struct world *world, struct machine *machine)
{
	static const struct vr_evidence nothing;
	struct agent *agent = &machine->agent;

	agent->seen = agent->has_slot ? glue_evidence(machine) : nothing;
	oracle_steps(world, machine);
	vr_step(&agent->vr, &agent->event, agent->step_ns, &agent->seen, &agent->actions);
	trace_step(world, machine);
	oracle_stepped(world, machine);
	agent->next = 0;
	agent->recheck = false;
	agent->stage = AGENT_ACT;
	if (agent->has_slot)
		remember(world, machine);
}

static void finish(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;

	agent->stage = AGENT_IDLE;
	if (agent->recheck) {
		agent->event = (struct vr_event){.kind = EV_RECHECK};
		agent->stage = AGENT_LOOK;
	} else if (agent->event.kind == EV_ADOPT) {
		oracle_adopted(world, machine);
		agent->has_slot = agent->vr.state != VR_INITIALIZE;
	}
}

static void act(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;
	const struct vr_action *action = &agent->actions.list[agent->next];

	if (agent->next == agent->actions.count) {
		finish(world, machine);
		return;
	}
	agent->recheck = agent->recheck || action->kind == ACT_RECHECK;
	if (agent->has_slot && glue_carry_out(world, machine, action))
		agent->stage = AGENT_EXTEND;
	else
		agent->next++;
}

static void go_on(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;

	switch (agent->stage) {
	case AGENT_IDLE:
		assert(false);
		break;
	case AGENT_LOOK:
		agent->step_ns = machine_clock(world, machine);
		agent->stage = AGENT_STEP;
		break;
	case AGENT_STEP:
		step(world, machine);
		break;
	case AGENT_ACT:
		if (!is_torn_off(world, machine))
			act(world, machine);
		break;
	case AGENT_EXTEND:
		if (is_torn_off(world, machine))
			break;
		glue_extend(world, machine, &agent->actions.list[agent->next++]);
		agent->stage = AGENT_ACT;
		break;
	}
}

/* ---- the CPU ---- */

static void plan_run(struct world *world, struct machine *machine, int64_t at_ns)
{
	struct agent *agent = &machine->agent;

	if (agent->run_ns <= at_ns)
		return;
	agent->run_ns = at_ns;
	world_plan(world, at_ns, PLAN_RUN, machine->number, ++agent->turn);
}

static int64_t wake_latency(struct world *world, const struct machine *machine)
{
	int64_t most_ns =
		machine->agent.lame_ns != 0 ? machine->agent.lame_ns : machine->router->wake_ns;

	if (most_ns == 0)
		return 0;
	if (machine->agent.lame_ns == 0 && !random_chance(&world->random, 10000))
		most_ns = most_ns < 50 * NS_PER_US ? most_ns : 50 * NS_PER_US;
	return random_between(&world->random, 0, most_ns);
}

/* When it has something to do, by itself. */
static int64_t due_ns(const struct world *world, const struct machine *machine)
{
	const struct agent *agent = &machine->agent;
	const struct plane *plane = &machine->plane;
	bool busy = agent->stage != AGENT_IDLE || has_orders(agent) || stops(agent) ||
		    agent->leaves || plane->first_event != plane->next_event;
	int64_t clock_ns = vr_deadline(&agent->vr);

	if (busy)
		return world->now_ns;
	clock_ns = agent->beat_ns < clock_ns ? agent->beat_ns : clock_ns;
	clock_ns = agent->loading && agent->loaded_ns < clock_ns ? agent->loaded_ns : clock_ns;
	return machine_when(world, machine, clock_ns);
}

/* Who waits for the CPU already does not get it sooner because there is more to do. */
void agent_schedule(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;
	int64_t at_ns;

	if (!agent->alive || agent->frozen || machine->power != MACHINE_ON)
		return;
	at_ns = due_ns(world, machine);
	if (agent->run_ns != NEVER_NS && at_ns >= agent->due_ns)
		return;
	agent->due_ns = at_ns;
	plan_run(world, machine, at_ns + wake_latency(world, machine));
}

static bool hesitates(struct world *world, struct machine *machine)
{
	const struct scenario *scenario = world->scenario;
	uint32_t ppm = scenario->hesitate_ppm;

	/* Between the lease and the second look is where it matters most, and hardly any time. */
	if (machine->agent.vr.promoting && ppm != 0 && ppm < 300000)
		ppm = 300000;
	if (!random_chance(&world->random, ppm))
		return false;
	plan_run(world, machine,
		 world->now_ns + random_scale(&world->random, 1, scenario->hesitate_ns));
	return true;
}

/* Each thing done leads to the next, and hardly any time passes: a loop without an end. */
static void count_turn(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;

	if (world->now_ns - agent->busy_ns >= NS_PER_MS) {
		agent->busy_ns = world->now_ns;
		agent->busy_turns = 0;
	}
	if (++agent->busy_turns > TURNS_MAX)
		world_fail(world, "spin: r%u comes to no rest", machine->number + 1);
}

void agent_run(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;

	agent->run_ns = NEVER_NS;
	if (agent->frozen || machine->power != MACHINE_ON)
		return;
	while (agent->alive && !world->failed) {
		count_turn(world, machine);
		if (agent->stage == AGENT_IDLE && !begin_event(world, machine))
			break;
		go_on(world, machine);
		if (hesitates(world, machine))
			return;
	}
	if (!agent->alive)
		return;
	oracle_idle(world, machine);
	agent_schedule(world, machine);
}
