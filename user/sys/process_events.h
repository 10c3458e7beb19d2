/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's news of processes: forks, new programs, new names. They are told only in the first
 * network namespace, to the first namespace of processes; so the socket is made there, and works
 * wherever its owner runs.
 */
#ifndef SYS_PROCESS_EVENTS_H
#define SYS_PROCESS_EVENTS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A socket, nonblocking, or -1: there are no such news here. Changes the network namespace of the
 * calling thread for a moment; waits for the kernel's answer for a moment.
 */
int process_events_open(void);
void process_events_close(int fd); /* -1 is allowed */

enum process_news {
	PROCESS_NEWS_NONE,    /* no more for now */
	PROCESS_NEWS_FORK,    /* `pid` is a child of `parent` */
	PROCESS_NEWS_CHANGED, /* `pid` has another program, or another name */
	PROCESS_NEWS_OTHER,
	PROCESS_NEWS_LOST, /* some were lost */
};

/* The next one; of processes, not of threads. */
enum process_news process_events_next(int fd, pid_t *pid, pid_t *parent);

#endif
