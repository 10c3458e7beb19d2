/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads beside the loop, which must not be like it: ordinary scheduling, no signals. */
#ifndef SYS_THREAD_H
#define SYS_THREAD_H

#include <pthread.h>
#include <stddef.h>

/*
 * Start a thread with SCHED_OTHER, whatever the caller's scheduling, all signals blocked, and a
 * stack of so many bytes (memory may be locked, and then counts whole). 0, or an error number.
 */
int thread_start(pthread_t *thread, const char *name, size_t stack, void *(*run)(void *data),
		 void *data);

#endif
