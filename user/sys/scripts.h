/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs of the operator's, run beside the loop and never waited for (I5). A thread of their own
 * starts them, because finding a user or a file may take long; a process that ended, or took too
 * long, is told in the loop.
 *
 * A script has ordinary scheduling, no locked memory, the limits and the timer slack that the agent
 * was started with, default signals, a session of its own, /dev/null as input, and the agent's
 * standard error for what it prints; of its descriptors no other one.
 */
#ifndef SYS_SCRIPTS_H
#define SYS_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/failure.h"

struct loop;
struct scripts;

struct script_order {
	char *const *words;	  /* the program and its arguments, NULL-terminated; copied */
	const char *user, *group; /* to run as; NULL: ACCOUNT_USUAL (sys/account.h) if there is
				     one, else as the agent; and the user's own group */
	bool secure;		  /* not as root unless script_check() agrees */
	bool quiet;		  /* what it prints goes nowhere */
	int64_t timeout_ns;	  /* killed after so long, with all of its process group ... */
	int64_t kill_after_ns;	  /* ... by SIGTERM, and so much later by SIGKILL; 0: at once */
	bool service;		  /* runs on and on: no timeout, and it waits for no others */
	bool dies_with_agent;	  /* SIGTERM when the agent is gone, however it went */
};

enum script_end {
	SCRIPT_EXITED,	  /* `value` is the exit status; also of one that SIGTERM made exit */
	SCRIPT_SIGNALLED, /* a signal, number `value`, ended it */
	SCRIPT_TIMED_OUT, /* was killed, because it took too long */
	SCRIPT_NOT_RUN,	  /* `failure` says why */
	SCRIPT_NOT_NOW,	  /* the same, but it may pass: the file is being written, no memory ... */
};

typedef void script_ended_fn(enum script_end end, int value, const struct failure *failure,
			     void *data);

struct scripts *scripts_open(struct loop *loop, struct failure *failure);

/*
 * Run it, and call `ended` in the loop when it is over, once; `failure` is NULL unless
 * SCRIPT_NOT_RUN or SCRIPT_NOT_NOW, before which it was tried for five seconds. Many at a time, but
 * not without bound: then it waits for its turn. False only without memory; then nothing happens.
 */
bool script_run(struct scripts *scripts, const struct script_order *order, script_ended_fn *ended,
		void *data);

/* How many run at a time, at most; 32 unless told. */
void scripts_at_once(struct scripts *scripts, unsigned most);

/*
 * Whatever was given with this `data` is killed with its process group, or not started, and not
 * told any more.
 */
void scripts_cancel(struct scripts *scripts, const void *data);

/*
 * Those that run have no longer than this from now on, as though it were their timeout; 0: now.
 * Those of `data`; NULL: all but services.
 */
void scripts_hurry(struct scripts *scripts, const void *data, int64_t most_ns);

/*
 * Without the loop, which is not to run any more: go on as it would, until those of `data` (NULL:
 * all but services) have ended, or `patience_ns` is over. True if they have. Their `ended` is
 * called, and may order others, which are waited for as well.
 */
bool scripts_finish(struct scripts *scripts, const void *data, int64_t patience_ns);

/* What still runs is killed, and not told any more. NULL is allowed. */
void scripts_close(struct scripts *scripts);

#endif
