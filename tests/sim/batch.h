/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many seeds, on all processors: processes that take one seed after the other and never speak to
 * each other. What fails may be an assertion of the core, so a dead process is a failure, too, and
 * one that does not come to an end is.
 */
#ifndef SIM_BATCH_H
#define SIM_BATCH_H

#include "sim/world.h"

#define BATCH_JOBS_MAX	   256
#define BATCH_FAILURES_MAX 64

struct batch_options {
	uint64_t first, seeds; /* 0 seeds = without end */
	uint64_t events;       /* enough, 0 = never */
	unsigned minutes;      /* the same */
	unsigned jobs;	       /* 0 = one for each processor */
	bool keep_going;       /* after a failure, too */
	FILE *progress;	       /* a line now and then; NULL = none */
};

struct batch_failure {
	uint64_t seed;
	struct sim_result result;
};

struct batch_result {
	uint64_t seeds, events; /* those that were run to their end */
	double seconds;
	unsigned failures; /* of which the first few are kept */
	struct batch_failure failed[BATCH_FAILURES_MAX];
};

/* Until enough has been run, or SIGINT or SIGTERM comes. */
void batch_run(const struct batch_options *options, struct batch_result *result);

/* One scenario, in a process of its own: a shrink_run_fn; `data` is a FILE for the trace or NULL.
 */
struct sim_result batch_run_one(const struct scenario *scenario, void *data);

#endif
