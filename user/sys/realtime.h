/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scheduling and memory of the timer path. */
#ifndef SYS_REALTIME_H
#define SYS_REALTIME_H

#include <stdbool.h>

#include "sys/failure.h"

/*
 * SCHED_FIFO at `priority` (1..99; 0 = leave the scheduling alone), not inherited by children, and
 * with `no_swap` all memory locked. 0, or -1 with one message for whatever could not be had; the
 * rest is done all the same, and the agent goes on. From then on two seconds of CPU time without
 * a sleep end the process (RLIMIT_RTTIME): load programs before.
 */
int realtime_enter(unsigned priority, bool no_swap, struct failure *failure);

/* The same later on, also back to ordinary scheduling and memory. */
int realtime_change(unsigned priority, bool no_swap, struct failure *failure);

#endif
