/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thread for what may wait: loading programs, and requests that take the kernel's routing lock,
 * which somebody else may hold for long. The loop hands it jobs and goes on advertising.
 *
 * The thread runs with ordinary scheduling, whatever the loop's, until worker_realtime(). Jobs run
 * one at a time, in the order in which they were given. What a job uses belongs to it until it is
 * done.
 */
#ifndef SYS_WORKER_H
#define SYS_WORKER_H

#include <stdbool.h>

#include "sys/failure.h"

struct loop;
struct worker;

typedef void worker_fn(void *data);

struct worker *worker_new(struct loop *loop, struct failure *failure);

/*
 * Wait for the job that runs, forget those that wait; no `done` is called any more. May be called
 * from a `done`, but not from one that worker_wait() calls. NULL is allowed.
 */
void worker_free(struct worker *worker);

/*
 * Run `job` in the thread, and then `done` (NULL = nothing) in the loop, in the order
 * LOOP_NETLINK. False only without memory; then nothing happens.
 */
bool worker_run(struct worker *worker, worker_fn *job, worker_fn *done, void *data);

/*
 * From now on the thread has real-time scheduling as well, below the loop's `priority` (1..99; with
 * 1 at the same; 0 = ordinary again): what it is given comes soon on a busy machine, but never
 * before the loop's work. Not before the programs are loaded: that computes for long.
 */
void worker_realtime(struct worker *worker, unsigned priority);

/*
 * Look at something about every `period_ms` when there is no job, without waking the loop: only
 * if `look` returns true `done` is called there, and before that there is no other look. Once for
 * each worker.
 */
typedef bool worker_look_fn(void *data);
void worker_watch(struct worker *worker, unsigned period_ms, worker_look_fn *look, worker_fn *done,
		  void *data);
/* From the next look on. */
void worker_watch_period(struct worker *worker, unsigned period_ms);

/*
 * Wait until no job is left, and call each `done` here and now, in order. Jobs that these give are
 * waited for too, so that a chain of jobs is at its end when this returns.
 */
void worker_wait(struct worker *worker);

/* What worker_wait() does about every millisecond of its waiting. */
void worker_meanwhile(struct worker *worker, worker_fn *meanwhile, void *data);

#endif
