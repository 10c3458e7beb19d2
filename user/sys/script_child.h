/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first steps of a new process, up to its program. */
#ifndef SYS_SCRIPT_CHILD_H
#define SYS_SCRIPT_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "sys/scripts.h"

/*
 * Start what is ordered as sys/scripts.h says; waits until the kernel has taken the program, so
 * call it in a thread that may wait. Returns the pid, which is that of its process group as well,
 * or -1; `passing` tells then whether another try may succeed.
 */
pid_t script_spawn(const struct script_order *order, bool *passing, struct failure *failure);

#endif
