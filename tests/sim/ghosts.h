/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the oracle knows of each router, put down by itself as things happen. Times in *_clock_ns
 * are of the router's own clock, all others are the world's.
 */
#ifndef SIM_GHOSTS_H
#define SIM_GHOSTS_H

#include "sim/world.h"

/* The last that was heard of one sender; of those that claim the role, so no goodbyes. */
struct heard {
	uint32_t number; /* the sender's, 0 = nothing */
	int64_t at_ns, clock_ns;
	uint8_t priority;
	bool reported;	      /* so that the agent could learn its interval */
	bool obeyed, yielded; /* by the listener's priority of then: as a Backup, as an Active */
};

struct ghost {
	/* ---- as one who answers and sends ---- */
	uint32_t lease_number; /* the lease is counted from this advertisement, 0 = none was sent */
	bool answered;	       /* before the lease was stored */
	uint32_t relied_cs;    /* the interval that others go by, 0 = none was told yet */
	unsigned reloads;      /* that have changed its interval */
	unsigned told_longer;  /* advertisements that have told a longer one */
	int64_t phase_clock_ns; /* of the cadence; NEVER_NS = it begins anew */
	int64_t announced_clock_ns;
	int64_t window_ns; /* an interval in which what is sent is counted */
	unsigned window_sent, window_allowed;
	int64_t bursts_ns; /* a second each: as many announcements as may be made now */

	/* ---- as one who listens ---- */
	struct heard heard[SIM_PORTS];
	int64_t started_clock_ns, left_clock_ns; /* the agent; the role, or the drain */
	int64_t armed_clock_ns;			 /* last one obeyed, or the start */
	uint8_t armed_priority;			 /* of that one */
	uint32_t armed_cs, longest_cs, shortest_forged_cs;
	uint32_t refused_cs; /* the longest that was heard and not obeyed */
	int64_t goodbye_ns;  /* the last; and since one was obeyed, -1 = none */
	int64_t first_goodbye_clock_ns, last_goodbye_clock_ns;

	/* ---- by its steps ---- */
	int64_t woke_clock_ns; /* from a sleep of an interval or more, 0 = never */
	int64_t lost_clock_ns; /* Active, without a lease since; NEVER_NS = it has one */

	/* ---- during one step, one arrival ---- */
	struct vr before;
	struct vr_slot slot;
	uint32_t next_event;
	uint64_t received, steady;

	/* ---- at its death ---- */
	struct vr dead;
	bool torn;
	enum vr_state due_state; /* as which the next agent has to go on */
	int64_t due_timer_ns;
	enum { NOT_DRAINED, DRAINED, DRAINED_PERHAPS } drained; /* by the operator, for good */

	/* ---- for expectations, since the mark ---- */
	unsigned adverts, announcements, transitions, late;
	int64_t first_advert_ns; /* -1 = none */
};

struct ghosts {
	struct ghost of[SIM_ROUTERS_MAX];
	int64_t mark_ns, calm_ns; /* from calm_ns on nothing may change; NEVER_NS = not asked for */
	unsigned asked, unanswered, answers, served;
	uint8_t answered_by, served_by;
};

static inline struct ghost *ghost_of(struct world *world, const struct machine *machine)
{
	return &world->ghosts->of[machine->number];
}

static inline bool is_xvrrpd(const struct machine *machine)
{
	return machine->router->kind == SIM_XVRRPD;
}

/* ---- judge_*.c: what oracle.c asks ---- */

/* Two that answer: may that be? `taker` has just begun to. */
void judge_overlap(struct world *world, const struct machine *taker);
/* A step of the core, by itself. */
void judge_step(struct world *world, const struct machine *machine);
/* ... and as the row of part D that it is. */
void judge_rows(struct world *world, const struct machine *machine);
/* EV_ADOPT is about to be taken: as what does it have to go on? */
void judge_adoption(struct world *world, const struct machine *machine);
/* What core, slot and kernel say of the role, when the agent has nothing to do. */
void judge_views(struct world *world, const struct machine *machine);
/* How many may have the role in the end; 0 = nobody, or one who does not let go. */
unsigned judge_eligible(const struct world *world);
/* The end: one Active, and the right one. */
void judge_end(struct world *world);

#endif
