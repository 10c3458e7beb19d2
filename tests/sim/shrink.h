/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A failing scenario made small: fewer commands, fewer routers, a better wire, rounder times, a
 * nearer end. Whatever is left is needed for the failure.
 */
#ifndef SIM_SHRINK_H
#define SIM_SHRINK_H

#include "sim/world.h"

/* One run; not necessarily in this process, as a failure may be an assertion. */
typedef struct sim_result shrink_run_fn(const struct scenario *scenario, void *data);

/*
 * Same kind of failure: the text up to the first ':' is equal. At most `runs_max` runs are made;
 * returns how many were. `*result`, of the scenario as it was given, becomes that of the small one.
 */
unsigned shrink(struct scenario *scenario, struct sim_result *result, shrink_run_fn *run,
		void *data, unsigned runs_max);

#endif
