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

#include "model/plane.h"
#include "sim/random.h"
#include "sim/scenario.h"

#define SIM_IFINDEX 2
#define SIM_VIP	    0xc0000201u	    /* 192.0.2.1 */
#define SIM_CLIENT  SIM_ROUTERS_MAX /* the port of the clients, and of who forges */
#define SIM_PORTS   (SIM_ROUTERS_MAX + 1)

/* ---- frames ---- */

#define SIM_FRAME_MAX 128

struct sim_frame {
	uint16_t length;
	uint8_t from; /* port */
	uint8_t references;
	bool counts;	 /* an advertisement of a router that claims the role: priority not 0 */
	uint32_t advert; /* number of the advertisement, by its sender; 0 = no advertisement */
	uint8_t bytes[SIM_FRAME_MAX];
};

/* ---- what is planned ---- */

enum plan_kind {
	PLAN_COMMAND, /* the next one of the scenario */
	PLAN_FRAME,   /* frame `what` arrives at port `who` */
	PLAN_RUN,     /* the agent or peer on machine `who` gets the CPU; `what`: its turn */
	PLAN_THAW,    /* ... is continued */
	PLAN_RESUME,  /* machine `who` goes on */
	PLAN_BOOT,
	PLAN_FORGE, /* the next frame of command `what` */
	PLAN_CLIENT,
};

struct plan {
	int64_t at_ns;
	uint32_t order;
	uint8_t kind, who;
	uint32_t what;
};

/* ---- a machine ---- */

enum machine_power { MACHINE_ON, MACHINE_PAUSED, MACHINE_OFF };

/* Where an agent is in what it does: one thing at a time, and it may be stopped between any two. */
enum agent_stage {
	AGENT_IDLE,
	AGENT_LOOK, /* has an event: read the clock, then the evidence */
	AGENT_STEP,
	AGENT_ACT,    /* carry out actions[next] */
	AGENT_EXTEND, /* an advertisement has left: the lease */
};

#define AGENT_ORDERS_MAX 32

struct agent {
	bool alive, frozen;
	int64_t frozen_until_ns; /* the world's time */
	bool loading;		 /* programs are not loaded: only an adopted role acts */
	bool has_slot;
	bool stopping, leaves; /* SIGTERM, SIGUSR2 */
	unsigned torn_words;   /* SIM_TORN: value + 1, 0 = not */
	bool expired;	       /* the role's timer: looked at after all reports */
	struct vr vr;
	enum agent_stage stage;
	struct vr_event event;
	int64_t step_ns; /* its clock */
	struct vr_evidence seen;
	struct vr_actions actions;
	unsigned next;
	bool recheck;
	struct vr_event orders[AGENT_ORDERS_MAX]; /* of control, tracking, netlink: first in ... */
	unsigned first_order, next_order;	  /* ... first out */
	int64_t beat_ns;			  /* its clock: next heartbeat */
	int64_t loaded_ns;			  /* its clock: programs are loaded */
	int64_t lame_ns;			  /* SIM_LAME; 0 = as usual */
	int64_t run_ns;	 /* when it gets the CPU next, in the world's time; NEVER_NS */
	int64_t due_ns;	 /* and since when it waits for it */
	uint32_t turn;	 /* of that: others are void */
	int64_t busy_ns; /* since then it has done so much */
	unsigned busy_turns;
};

#define PEER_INBOX_MAX 32

/*
 * A router that others wrote. Master answers and accepts until told otherwise: when it is killed
 * its state stays, because that is what its kernel goes on with.
 */
struct peer {
	bool alive, frozen, stopping;
	enum vr_state state;
	uint8_t priority; /* effective */
	uint32_t master_interval_cs;
	int64_t skew_ns;	   /* RFC: as computed last */
	int64_t span_ns;	   /* keepalived: what down_ns was set by last */
	int64_t down_ns, adver_ns; /* deadlines on its clock, NEVER_NS = not running */
	int64_t announce_ns, refresh_ns;
	unsigned inbox_count;
	struct sim_frame inbox[PEER_INBOX_MAX]; /* the buffer of its socket */
	int64_t run_ns;
	uint32_t turn;
};

#define SIM_WAITING_MAX 64

struct machine {
	uint8_t number;
	const struct sim_router *router;
	enum machine_power power;
	int64_t paused_until_ns;
	bool holds; /* paused: frames wait */
	bool mute, detached;
	uint8_t tracked_priority; /* survives the agent: tracking finds it again */
	unsigned faults;	  /* the world's: enum vr_fault */
	int64_t clock_offset_ns;
	int64_t stamp_ns; /* of the last frame */
	bool pinned;	  /* the slot is in use: by this agent, or by a dead one */
	bool acquired;	  /* addresses and filters are in the kernel */
	struct plane plane;
	struct agent agent;
	struct peer peer;
	unsigned waiting; /* frames held during a pause */
	struct sim_frame waiting_frames[SIM_WAITING_MAX];
	uint32_t adverts_sent;
};

/* What the oracle remembers, of its own: oracle.h. */
struct ghosts;

struct world {
	const struct scenario *scenario;
	int64_t now_ns;
	struct random random;
	struct machine machines[SIM_ROUTERS_MAX];
	bool cut[SIM_PORTS][SIM_PORTS]; /* from, to */
	uint32_t loss_ppm;
	int64_t last_arrival_ns[SIM_PORTS][SIM_PORTS];
	uint8_t switch_port; /* behind which the virtual MAC was seen last */
	unsigned next_command;
	uint32_t forged[SIM_COMMANDS_MAX]; /* frames sent of each command */
	struct ghosts *ghosts;

	struct plan *plans; /* heap */
	unsigned plan_count, plan_room;
	uint32_t next_order;
	struct sim_frame *frames;
	uint32_t *free_frames;
	unsigned frame_count, free_count;

	uint64_t events; /* frames that arrived, turns of agents and peers, faults */
	uint64_t digest; /* of all that happened, in its order */
	FILE *trace;	 /* NULL = none */
	bool failed;
	char failure[512];
};

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
