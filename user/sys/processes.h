/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many processes there are of a kind. A thread of their own finds them, in a list of all at
 * first, and then by what the kernel tells of new ones; those found are watched by the loop, which
 * knows of an end at once.
 *
 *   processes.c	the loop's side: who was found, and their ends
 *   process_finder.c	the thread
 *   process_events.c	what the kernel tells of new ones
 *   process_match.c	is it one of this kind?
 */
#ifndef SYS_PROCESSES_H
#define SYS_PROCESSES_H

#include <stdbool.h>

#include "sys/failure.h"

struct loop;
struct processes;
struct process_watch;

enum process_parameters {
	PROCESS_ANY_PARAMETERS,
	PROCESS_EXACT,	 /* these and no others */
	PROCESS_INITIAL, /* of the last one only the beginning; further ones may follow */
	PROCESS_PARTIAL, /* further ones may follow */
};

/*
 * Compares the name (/proc/PID/comm: 15 bytes at most), or with `full` the words of the command
 * line. A process counts once, however many threads it has; a zombie does not.
 */
struct process_kind {
	char *const *words; /* the program, and its parameters, NULL-terminated */
	enum process_parameters parameters;
	bool full;
};

enum process_cause {
	PROCESS_CHANGED, /* by a list of all, as in the beginning; by another program or name */
	PROCESS_FORKED,	 /* one is a child of another one of the kind */
	PROCESS_ENDED,
};

/* Their number, from the first list on. */
typedef void process_watch_fn(unsigned count, enum process_cause cause, void *data);

struct processes *processes_open(struct loop *loop, struct failure *failure);
void processes_close(struct processes *processes); /* NULL is allowed */

/* The kind is copied. NULL only without memory. */
struct process_watch *process_watch_new(struct processes *processes,
					const struct process_kind *kind, process_watch_fn *changed,
					void *data);
void process_watch_free(struct process_watch *watch); /* NULL is allowed */

/* New ones are told by the kernel; else a list of all, about every second, finds them. */
bool processes_are_told(const struct processes *processes);

#endif
