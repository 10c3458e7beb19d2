/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracked objects: what their states make of a priority (C-24, D-52). Pure. The effective priority
 * is worked out anew of all states each time, never added to and subtracted from. The rules are
 * keepalived's.
 */
#ifndef CORE_TRACK_H
#define CORE_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum track_state {
	TRACK_UNKNOWN, /* no result yet: without a weight the virtual router waits for the first */
	TRACK_UP,
	TRACK_DOWN,
};

/* One object as one virtual router sees it. */
struct track {
	enum track_state state;
	bool is_number; /* a tracked file: `number` counts, not `state`, once that is known */
	int64_t number;
	int weight;   /* 0: a fault while it is down, or its number is not 0 */
	bool reverse; /* with a weight: what it adds is subtracted, and the other way round; without
			 one: a fault while it is up, or its number is 0 */
};

struct track_verdict {
	uint8_t priority; /* 1..254; 255 stays 255, an owner has only faults */
	bool fault;	  /* an object without a weight is down, or a number took 254 or more off */
	bool waits;	  /* an object without a weight is unknown */
	bool incomplete;  /* one with a weight is unknown, and adds and takes nothing */
};

/*
 * A positive weight counts while the object is up, a negative one while it is down; a number counts
 * as often as its weight says, 253 at most, and is a fault at -254 and below. The sum is held
 * inside 1..254 at the end.
 */
struct track_verdict track_judge(const struct track *tracks, size_t count, uint8_t priority);

/* ---- results in a row ---- */

/* What `rise` and `fall` of a script make of its results. */
struct track_streak {
	unsigned rise, fall; /* at least 1 */
	enum track_state state;
	unsigned same; /* results in a row that speak against the state */
};

/* The first result decides at once, unless `init_fail`: then it is down from the beginning. */
void track_streak_init(struct track_streak *streak, unsigned rise, unsigned fall, bool init_fail);

/* Returns true if the state has changed. */
bool track_streak_add(struct track_streak *streak, bool success);

/* ---- how many processes ---- */

/* A number that has to lie in a range, and has to do so for a while. */
struct track_quorum {
	unsigned quorum, quorum_max;
	int64_t fork_delay_ns, terminate_delay_ns;
	unsigned count; /* of matching processes */
	enum track_state state;
	int64_t change_ns; /* the state changes then; INT64_MAX = it does not */
};

void track_quorum_init(struct track_quorum *quorum, unsigned least, unsigned most,
		       int64_t fork_delay_ns, int64_t terminate_delay_ns);

/*
 * No delay: at the start, and where a process has become another program (exec, a new name). A
 * delay that runs goes on, unless the number is back where it was. True if the state has changed.
 */
bool track_quorum_set(struct track_quorum *quorum, unsigned count);

/*
 * The number is another one by a fork or an exit, or change_ns is reached. What a rising number
 * changes, also if it rises beyond quorum_max, waits for fork_delay_ns; what a falling one changes,
 * for terminate_delay_ns. True if the state has changed.
 */
bool track_quorum_update(struct track_quorum *quorum, unsigned count, int64_t now_ns);

#endif
