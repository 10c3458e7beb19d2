/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the simulated world consists of: frames, what is planned, machines, agents and peers. */
#ifndef SIM_STATE_H
#define SIM_STATE_H

#include "model/plane.h"
#include "sim/random.h"
#include "sim/scenario.h"

#define SIM_IFINDEX 2
#define SIM_VIP	    0xc0000201u	    /* 192.0.2.1; see sim_address() */
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
	const struct sim_router *router; /* as it runs: `own`; */
	struct sim_router own, file;	 /* and as its configuration is, for the next start */
	struct vr_params params;	 /* of EV_CONFIGURE */
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

#endif
