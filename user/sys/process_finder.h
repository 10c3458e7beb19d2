/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread that finds processes, see processes.h. */
#ifndef SYS_PROCESS_FINDER_H
#define SYS_PROCESS_FINDER_H

#include "sys/failure.h"
#include "sys/process_match.h"

struct finder;

/* What to look for; malloc'd with its patterns, and freed by who has it last. */
struct finder_order {
	unsigned serial;
	struct process_pattern *patterns;
	size_t count;
};

void finder_order_free(struct finder_order *order); /* NULL is allowed */

enum finder_kind {
	FINDER_FOUND,  /* `pid` is one of pattern `id`; `pidfd` is the receiver's, -1 = none */
	FINDER_FORKED, /* the same, as the child of one that is */
	FINDER_LOST,   /* ... is none any more */
	FINDER_LISTED, /* all were looked at, by the order of serial `id` */
};

struct finder_message {
	enum finder_kind kind;
	unsigned id;
	pid_t pid;
	int pidfd;
};

/*
 * Messages are written into `pipe`, which stays the caller's, whole, and wait there for room. NULL:
 * see `failure`.
 */
struct finder *finder_start(int pipe, struct failure *failure);

/* The reading end of the pipe must be closed before. */
void finder_stop(struct finder *finder);

/* From now on this is looked for, with a list of all at once. Takes `order`. */
void finder_follow(struct finder *finder, struct finder_order *order);

/* Does the kernel tell of new ones? */
bool finder_is_told(const struct finder *finder);

#endif
