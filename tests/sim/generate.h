/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scenario made up by chance: who is there, on what wire, and what befalls them. A seed enables
 * some kinds of faults and not others, so that what one kind would hide comes out in seeds without
 * it. In most seeds everything is mended in the end, and there must be peace.
 *
 *   generate.c		 the frame: spans of time, wire, what is mended
 *   generate_routers.c	 who is there
 *   generate_faults.c	 what befalls them
 */
#ifndef SIM_GENERATE_H
#define SIM_GENERATE_H

#include "sim/random.h"
#include "sim/scenario.h"

void generate(struct scenario *scenario, uint64_t seed);

/* ---- between these files ---- */

struct making {
	struct scenario *scenario;
	struct random random;
	bool calm;		   /* a perfect wire, agents that are always in time */
	bool settles;		   /* there will be peace: nothing may be for ever */
	int64_t interval_ns;	   /* most routers' */
	int64_t from_ns, until_ns; /* faults begin and end between */
};

/* One chance in `n`. */
static inline bool one_in(struct making *m, uint64_t n)
{
	return random_below(&m->random, n) == 0;
}

void generate_routers(struct making *m);
void generate_faults(struct making *m);

/*
 * A command at a time, or as near to it as faults may be; one that lasts ends in time. NULL if
 * there is no room for it.
 */
struct sim_command *generate_command(struct making *m, enum sim_op op, int64_t at_ns,
				     unsigned router, int64_t span_ns);

#endif
