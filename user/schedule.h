/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is due next among thousands of virtual routers, by one timer of the event loop. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent;
struct router;

struct schedule {
	struct loop_timer *timer;
	int64_t set_ns;	      /* what the timer is set to */
	struct router **heap; /* by router->timer_ns, the earliest first */
	size_t count, room;
	size_t members; /* routers that may come into the heap: it has room for all */
};

/* False without memory. */
bool schedule_open(struct agent *agent);
void schedule_close(struct agent *agent);

/* From here on a router may have a deadline, without further memory. False without memory. */
bool schedule_add(struct router *router);
void schedule_remove(struct router *router); /* also one that was not added */

/* When to step it with EV_DEADLINE; NEVER_NS = not by time. */
void schedule_set(struct router *router, int64_t deadline_ns);

/*
 * Step what is due, the earliest first, a batch at most: what the programs have seen first (I9).
 * False if nothing was due.
 */
bool schedule_run(struct agent *agent);

#endif
