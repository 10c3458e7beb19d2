/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine: its clock, its data plane, and what befalls it. */
#include <string.h>

#include "sim/oracle.h"
#include "sim/world.h"

#define BOOT_NS	  (5 * NS_PER_S) /* what the clock shows when an agent starts after a boot */
#define LINK_GONE (FAULT_NO_INTERFACE | FAULT_INTERFACE_DOWN)

static bool is_ours(const struct machine *machine)
{
	return machine->router->kind == SIM_XVRRPD;
}

/* ---- the clock ---- */

#define MILLION 1000000

/* Exact, and without a number of more than 64 bits. */
static int64_t scaled(int64_t ns, int64_t by, int64_t divisor)
{
	return ns / divisor * by + ns % divisor * by / divisor;
}

static int64_t drift_ns(const struct machine *machine, int64_t span_ns)
{
	return scaled(span_ns, machine->router->clock_ppm, MILLION);
}

int64_t machine_clock(const struct world *world, const struct machine *machine)
{
	return machine->clock_offset_ns + world->now_ns + drift_ns(machine, world->now_ns);
}

int64_t machine_when(const struct world *world, const struct machine *machine, int64_t clock_ns)
{
	int64_t shown_ns = machine_clock(world, machine), when_ns;

	if (clock_ns <= shown_ns)
		return world->now_ns;
	if (clock_ns == NEVER_NS)
		return NEVER_NS;
	clock_ns -= machine->clock_offset_ns;
	when_ns = scaled(clock_ns, MILLION, MILLION + machine->router->clock_ppm);
	while (when_ns + drift_ns(machine, when_ns) < clock_ns)
		when_ns++;
	while (when_ns - 1 + drift_ns(machine, when_ns - 1) >= clock_ns)
		when_ns--;
	return when_ns;
}

static void set_clock(const struct world *world, struct machine *machine, int64_t clock_ns)
{
	machine->clock_offset_ns = 0;
	machine->clock_offset_ns = clock_ns - machine_clock(world, machine);
}

void machine_init(struct world *world, unsigned number)
{
	struct machine *machine = &world->machines[number];
	const struct sim_router *router = &world->scenario->routers[number];

	machine->number = (uint8_t)number;
	machine->own = machine->file = *router;
	machine->router = &machine->own;
	machine->tracked_priority = router->priority;
	machine->agent.run_ns = machine->peer.run_ns = NEVER_NS;
	set_clock(world, machine, router->clock_offset_ns + BOOT_NS);
}

/* ---- who has the role ---- */

static bool link_is_up(const struct machine *machine)
{
	return machine->power == MACHINE_ON && !(machine->faults & LINK_GONE);
}

bool machine_sees(const struct machine *machine)
{
	return link_is_up(machine) && !machine->detached;
}

bool machine_leased(const struct world *world, const struct machine *machine)
{
	if (!is_ours(machine))
		return peer_answers(machine);
	return machine->pinned &&
	       plane_answers(&machine->plane, 0, (uint64_t)machine_clock(world, machine));
}

bool machine_answers(const struct world *world, const struct machine *machine)
{
	bool sees = is_ours(machine) ? machine_sees(machine) : link_is_up(machine);

	return sees && machine_leased(world, machine);
}

bool machine_can_send(const struct machine *machine)
{
	return link_is_up(machine) && !machine->mute;
}

enum vr_state machine_state(const struct machine *machine)
{
	if (!is_ours(machine))
		return machine->peer.state;
	return machine->agent.alive ? machine->agent.vr.state : VR_INITIALIZE;
}

/* ---- frames ---- */

static void send_reply(struct world *world, const struct machine *machine,
		       const struct sim_frame *asked, struct sim_frame *reply)
{
	if (!world->cut[machine->number][asked->from])
		wire_send_to(world, machine->number, asked->from, reply);
}

/* Two frames never have one stamp: each takes longer than the clock's tick. */
static uint64_t stamp(const struct world *world, struct machine *machine)
{
	int64_t clock_ns = machine_clock(world, machine);

	if (clock_ns <= machine->stamp_ns)
		clock_ns = machine->stamp_ns + 1;
	machine->stamp_ns = clock_ns;
	return (uint64_t)clock_ns;
}

static void plane_frame(struct world *world, struct machine *machine, const struct sim_frame *frame)
{
	struct sim_frame copy = *frame;
	enum plane_verdict verdict;
	size_t length = copy.length;

	oracle_arrives(world, machine, frame);
	verdict = plane_ingress(&machine->plane, SIM_IFINDEX, stamp(world, machine), copy.bytes,
				&length);
	copy.length = (uint16_t)length;
	oracle_arrived(world, machine, frame, verdict);
	if (verdict == PLANE_REPLY)
		send_reply(world, machine, frame, &copy);
	if (verdict == PLANE_ACCEPT)
		clients_served(world, machine->number, frame);
	agent_schedule(world, machine);
}

static void hold(struct machine *machine, const struct sim_frame *frame)
{
	if (machine->waiting < SIM_WAITING_MAX)
		machine->waiting_frames[machine->waiting++] = *frame;
}

void machine_frame(struct world *world, struct machine *machine, const struct sim_frame *frame)
{
	if (machine->power == MACHINE_PAUSED && machine->holds)
		hold(machine, frame);
	if (!link_is_up(machine))
		return;
	if (!is_ours(machine))
		peer_frame(world, machine, frame);
	else if (!machine->detached)
		plane_frame(world, machine, frame);
}

/* ---- the process and the machine ---- */

static void schedule(struct world *world, struct machine *machine)
{
	if (is_ours(machine))
		agent_schedule(world, machine);
	else
		peer_schedule(world, machine);
}

static void start(struct world *world, struct machine *machine)
{
	if (machine->power != MACHINE_ON || machine->agent.alive || machine->peer.alive)
		return;
	TRACE(world, "r%u: starts", machine->number + 1);
	if (is_ours(machine))
		agent_exec(world, machine);
	else
		peer_start(world, machine);
}

static void kill_process(struct world *world, struct machine *machine)
{
	TRACE(world, "r%u: killed", machine->number + 1);
	if (is_ours(machine))
		agent_kill(world, machine);
	else
		peer_stop(world, machine, false);
}

static void stop(struct world *world, struct machine *machine, bool leaves)
{
	struct agent *agent = &machine->agent;

	TRACE(world, "r%u: told to %s", machine->number + 1, leaves ? "leave" : "stop");
	if (!is_ours(machine)) {
		peer_stop(world, machine, !leaves);
		return;
	}
	if (!agent->alive)
		return;
	agent->leaves = agent->leaves || leaves;
	agent->stopping = agent->stopping || !leaves;
	agent_schedule(world, machine);
}

static void freeze(struct world *world, struct machine *machine, int64_t span_ns)
{
	struct agent *agent = &machine->agent;
	int64_t until_ns = world->now_ns + span_ns;

	TRACE(world, "r%u: frozen for %lld ns", machine->number + 1, (long long)span_ns);
	agent->frozen = machine->peer.frozen = true;
	if (until_ns > agent->frozen_until_ns)
		agent->frozen_until_ns = until_ns;
	world_plan(world, agent->frozen_until_ns, PLAN_THAW, machine->number, 0);
}

void machine_thaw(struct world *world, struct machine *machine)
{
	struct agent *agent = &machine->agent;

	if (!agent->frozen || world->now_ns < agent->frozen_until_ns)
		return;
	agent->frozen = machine->peer.frozen = false;
	TRACE(world, "r%u: goes on", machine->number + 1);
	schedule(world, machine);
}

static void pause_machine(struct world *world, struct machine *machine, int64_t span_ns, bool holds)
{
	int64_t until_ns = world->now_ns + span_ns;

	if (machine->power == MACHINE_OFF)
		return;
	TRACE(world, "r%u: stands still for %lld ns", machine->number + 1, (long long)span_ns);
	machine->power = MACHINE_PAUSED;
	machine->holds = holds;
	if (until_ns > machine->paused_until_ns)
		machine->paused_until_ns = until_ns;
	world_plan(world, machine->paused_until_ns, PLAN_RESUME, machine->number, 0);
}

/* What has waited comes one by one. */
static void take_waiting(struct world *world, struct machine *machine)
{
	struct sim_frame first = machine->waiting_frames[0];

	if (machine->waiting == 0)
		return;
	memmove(machine->waiting_frames, machine->waiting_frames + 1,
		--machine->waiting * sizeof(first));
	machine_frame(world, machine, &first);
	world_plan(world, world->now_ns + NS_PER_US, PLAN_RESUME, machine->number, 0);
}

void machine_resume(struct world *world, struct machine *machine)
{
	if (machine->power == MACHINE_OFF || world->now_ns < machine->paused_until_ns)
		return;
	if (machine->power == MACHINE_PAUSED) {
		TRACE(world, "r%u: the machine goes on", machine->number + 1);
		machine->power = MACHINE_ON;
		schedule(world, machine);
	}
	take_waiting(world, machine);
}

static void power_off(struct world *world, struct machine *machine, int64_t span_ns)
{
	TRACE(world, "r%u: off for %lld ns", machine->number + 1, (long long)span_ns);
	kill_process(world, machine);
	machine->power = MACHINE_OFF;
	machine->waiting = 0;
	machine->pinned = machine->acquired = false;
	machine->agent.frozen = machine->peer.frozen = false;
	machine->peer.state = VR_INITIALIZE;
	plane_clear(&machine->plane);
	world_plan(world, world->now_ns + span_ns, PLAN_BOOT, machine->number, 0);
}

void machine_boot(struct world *world, struct machine *machine)
{
	if (machine->power != MACHINE_OFF)
		return;
	machine->power = MACHINE_ON;
	set_clock(world, machine, BOOT_NS);
	machine->stamp_ns = 0;
	start(world, machine);
}

/* ---- what its agent is told ---- */

static void order(struct world *world, struct machine *machine, enum vr_event_kind kind)
{
	struct vr_event event = {.kind = kind};

	agent_order(world, machine, &event);
}

static void change_faults(struct world *world, struct machine *machine, unsigned bit, bool begins)
{
	struct vr_event event = {.kind = begins ? EV_FAULT : EV_FAULT_OVER, .fault = bit};

	if (!(machine->faults & bit) == !begins || !is_ours(machine))
		return;
	TRACE(world, "r%u: %s%s", machine->number + 1, vr_fault_name(bit),
	      begins ? "" : " is over");
	machine->faults ^= bit;
	agent_order(world, machine, &event);
}

static void change_priority(struct world *world, struct machine *machine, uint8_t priority)
{
	struct vr_event event = {.kind = EV_PRIORITY, .priority = priority};

	if (machine->router->priority == VRRP_PRIORITY_OWNER)
		return;
	TRACE(world, "r%u: tracked priority %u", machine->number + 1, priority);
	machine->tracked_priority = priority;
	if (is_ours(machine))
		agent_order(world, machine, &event);
	else
		peer_priority(world, machine, priority);
}

static void configure(struct world *world, struct machine *machine, const struct sim_command *c)
{
	static const struct vr_event event = {.kind = EV_CONFIGURE};

	if (c->priority != 0)
		machine->file.priority = machine->tracked_priority = c->priority;
	if (c->interval_cs != 0)
		machine->file.interval_cs = c->interval_cs;
	if (c->value != 0)
		machine->file.preempt = c->value == 1;
	TRACE(world, "r%u: configuration: priority %u, interval %u cs%s", machine->number + 1,
	      machine->file.priority, machine->file.interval_cs,
	      machine->file.preempt ? "" : ", nopreempt");
	agent_order(world, machine, &event);
}

static void change_link(struct world *world, struct machine *machine, const struct sim_command *c)
{
	if (c->op == SIM_MUTE || c->op == SIM_UNMUTE)
		machine->mute = c->op == SIM_MUTE;
	else
		machine->detached = c->op == SIM_DETACH;
	TRACE(world, "r%u:%s%s", machine->number + 1, machine->mute ? " mute" : "",
	      machine->detached ? " detached" : "");
}

static void command_one(struct world *world, struct machine *machine, const struct sim_command *c)
{
	switch (c->op) {
	case SIM_START:
		start(world, machine);
		break;
	case SIM_KILL:
		kill_process(world, machine);
		break;
	case SIM_STOP:
	case SIM_LEAVE:
		stop(world, machine, c->op == SIM_LEAVE);
		break;
	case SIM_REBOOT:
		power_off(world, machine, c->span_ns);
		break;
	case SIM_FREEZE:
		freeze(world, machine, c->span_ns);
		break;
	case SIM_PAUSE:
		pause_machine(world, machine, c->span_ns, c->value == 1);
		break;
	case SIM_LAME:
		machine->agent.lame_ns = c->span_ns;
		break;
	case SIM_TORN:
		machine->agent.torn_words = c->value + 1;
		break;
	case SIM_FAULT:
	case SIM_MEND:
		change_faults(world, machine, c->value, c->op == SIM_FAULT);
		break;
	case SIM_PRIORITY:
		change_priority(world, machine, (uint8_t)c->value);
		break;
	case SIM_CONFIGURE:
		configure(world, machine, c);
		break;
	case SIM_DRAIN:
	case SIM_UNDRAIN:
		order(world, machine, c->op == SIM_DRAIN ? EV_DRAIN : EV_UNDRAIN);
		break;
	case SIM_MUTE:
	case SIM_UNMUTE:
	case SIM_DETACH:
	case SIM_ATTACH:
		change_link(world, machine, c);
		break;
	default: /* what concerns the wire, and what is expected: world.c */
		break;
	}
}

void machine_command(struct world *world, const struct sim_command *command)
{
	for (unsigned i = 0; i < world->scenario->router_count; i++)
		if (command->router == SIM_NOBODY || command->router == i)
			command_one(world, &world->machines[i], command);
}
