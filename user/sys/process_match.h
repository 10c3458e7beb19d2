/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a process one of a kind? */
#ifndef SYS_PROCESS_MATCH_H
#define SYS_PROCESS_MATCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/processes.h"

/* A kind, copied, with a number by which its owner knows it. */
struct process_pattern {
	unsigned id;
	char *text;	      /* the words, each with its NUL */
	size_t first, length; /* of the first word, of all: with their NULs */
	enum process_parameters parameters;
	bool full;
};

/* False without memory. */
bool process_pattern_init(struct process_pattern *pattern, unsigned id,
			  const struct process_kind *kind);

/* What is known of a process; the command line only if it was asked for. */
struct process_facts {
	char name[64];
	char state;	       /* as in /proc/PID/stat */
	uint64_t started;      /* by this two of the same number differ */
	char command[4096];    /* the beginning of the command line ... */
	size_t command_length; /* ... and how much of it there is */
};

/* From /proc; false if there is no such process (any more), or it is a zombie. */
bool process_read(pid_t pid, bool with_command, struct process_facts *facts);

bool process_matches(const struct process_pattern *pattern, const struct process_facts *facts);

#endif
