/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thread for what may wait: loading programs, and requests that take the kernel's routing lock,
 * which somebody else may hold for long. The loop hands it jobs and goes on advertising.
 *
 * The thread runs with ordinary scheduling, whatever the loop's. Jobs run one at a time, in the
 * order in which they were given. What a job uses belongs to it until it is done.
 */
#ifndef SYS_WORKER_H
#define SYS_WORKER_H

#include <stdbool.h>

#include "sys/failure.h"

struct loop;
struct worker;

typedef void worker_fn(void *data);

struct worker *worker_new(struct loop *loop, struct failure *failure);

/* Wait for the job that runs, forget those that wait (their `done` is not called). NULL allowed. */
void worker_free(struct worker *worker);

/*
 * Run `job` in the thread, and then `done` (NULL = nothing) in the loop, in the order
 * LOOP_NETLINK. False only without memory; then nothing happens.
 */
bool worker_run(struct worker *worker, worker_fn *job, worker_fn *done, void *data);

/* Wait until every job given so far is done, and call their `done` here and now. */
void worker_wait(struct worker *worker);

#endif
