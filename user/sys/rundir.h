/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run directory: one agent at a time, its pid file, and the path of its socket. */
#ifndef SYS_RUNDIR_H
#define SYS_RUNDIR_H

#include "sys/failure.h"

struct rundir;

/*
 * Make `path` if it is missing, and lock it (a lock that the kernel drops when we die). Fails if
 * another agent holds it, naming that agent's pid. Writes PATH/xvrrpd.pid, if there is room.
 */
struct rundir *rundir_open(const char *path, struct failure *failure);

/* Remove the pid file, and the directory if we made it and it is empty. NULL is allowed. */
void rundir_close(struct rundir *rundir);

#endif
