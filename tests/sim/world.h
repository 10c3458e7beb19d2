/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulated world. Time is one number, nanoseconds since the beginning; every machine has a
 * clock of its own that runs by it. What happens is in one heap, by time, and by order of planning
 * within an instant, so that a seed decides all of it.
 *
 *   world.c    time, the heap, the commands of a scenario
 *   wire.c     frames from machine to machine: delay, loss, doubling, order, cuts
 *   machine.c  a machine: its clock, its data plane, off, paused
 *   agent.c    the agent on it: when it gets the CPU, one thing at a time
 *   glue.c     the core's actions, carried out on the slot as user/actions.c does it
 *   peer.c     routers that others wrote; peer_rfc.c and peer_keepalived.c decide for them
 *   clients.c  hosts that ask for the address, the switch that learns where it is, who forges
 *   frames.c   the frames of these hosts
 *   oracle.c   what must never happen (I1 and others); ghosts.c what it knows
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim/state.h"

/* ---- world.c ---- */

struct sim_result {
	bool failed;
	char failure[512];
	int64_t at_ns; /* when it failed, or the end */
	uint64_t events, digest;
};

/* One scenario, from its beginning to its end or its first failure; `trace` may be NULL. */
struct sim_result world_run(const struct scenario *scenario, FILE *trace);

void world_plan(struct world *world, int64_t at_ns, enum plan_kind kind, unsigned who,
		uint32_t what);
/* The world is not as it must be: the run ends. */
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line of the trace, with the time; costs nothing without one. */
void world_trace(struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
#define TRACE(world, ...)                                \
	do {                                             \
		if ((world)->trace)                      \
			world_trace(world, __VA_ARGS__); \
	} while (0)
/* One thing more that has happened. */
void world_happened(struct world *world, unsigned kind, unsigned who, uint64_t what);

/* ---- wire.c ---- */

/* From a port to all others. `frame->from` is set; the frame is copied. */
void wire_send(struct world *world, unsigned from, struct sim_frame *frame);
/* To one port only; not subject to cuts. */
void wire_send_to(struct world *world, unsigned from, unsigned to, struct sim_frame *frame);
/* Frame `number` has arrived at a port. */
void wire_arrived(struct world *world, unsigned port, uint32_t number);

/* ---- machine.c ---- */

void machine_init(struct world *world, unsigned number);
/* Its CLOCK_BOOTTIME now; and the first moment of the world's time at which it shows `clock_ns`. */
int64_t machine_clock(const struct world *world, const struct machine *machine);
int64_t machine_when(const struct world *world, const struct machine *machine, int64_t clock_ns);
void machine_frame(struct world *world, struct machine *machine, const struct sim_frame *frame);
/* Would it answer for the virtual address now; and does it, its link being as it is? */
bool machine_leased(const struct world *world, const struct machine *machine);
bool machine_answers(const struct world *world, const struct machine *machine);
/* Do frames get to its programs; and do its own get out? */
bool machine_sees(const struct machine *machine);
bool machine_can_send(const struct machine *machine);
enum vr_state machine_state(const struct machine *machine);
void machine_command(struct world *world, const struct sim_command *command);
void machine_thaw(struct world *world, struct machine *machine);
void machine_resume(struct world *world, struct machine *machine);
void machine_boot(struct world *world, struct machine *machine);

/* ---- agent.c ---- */

void agent_exec(struct world *world, struct machine *machine);
/* Gone, without another instruction. */
void agent_kill(struct world *world, struct machine *machine);
/* Has work, now or by time: when does it get the CPU? Call after anything that may give it some. */
void agent_schedule(struct world *world, struct machine *machine);
void agent_run(struct world *world, struct machine *machine);
void agent_order(struct world *world, struct machine *machine, const struct vr_event *event);

/* ---- glue.c ---- */

/* Carry out one action; true if there is a second half (AGENT_EXTEND), which is glue_extend(). */
bool glue_carry_out(struct world *world, struct machine *machine, const struct vr_action *action);
void glue_extend(struct world *world, struct machine *machine, const struct vr_action *action);
/* The slot of a router that starts; flags by its state. */
void glue_bind(struct world *world, struct machine *machine);
/* The slot says another interval, before the core is told. */
void glue_configure(struct machine *machine);
void glue_unbind(struct machine *machine); /* nothing is left pinned */
struct vr_params glue_params(const struct scenario *scenario, const struct sim_router *router);
struct vr_evidence glue_evidence(const struct machine *machine);

/* ---- peer.c ---- */

void peer_start(struct world *world, struct machine *machine);
/* With a goodbye if it is Master, or without. */
void peer_stop(struct world *world, struct machine *machine, bool goodbye);
void peer_frame(struct world *world, struct machine *machine, const struct sim_frame *frame);
/* It has the CPU: whatever is due. */
void peer_run(struct world *world, struct machine *machine);
void peer_schedule(struct world *world, struct machine *machine);
/* Its kernel has the address: while Master, and after it was killed as one. */
bool peer_answers(const struct machine *machine);
void peer_priority(struct world *world, struct machine *machine, uint8_t priority);

/* ---- clients.c ---- */

/* Every frame that the switch forwards: where from is the virtual MAC? */
void switch_learn(struct world *world, const struct sim_frame *frame);
/* The clients ask; and something has arrived at their port. */
void clients_ask(struct world *world);
void clients_frame(struct world *world, const struct sim_frame *frame);
/* A router took a frame to the virtual MAC. */
void clients_served(struct world *world, unsigned machine, const struct sim_frame *frame);
/* The next frame of a SIM_FORGE or SIM_CLAIM. */
void forge(struct world *world, unsigned command);

#endif
