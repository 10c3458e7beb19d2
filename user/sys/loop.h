/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop, on sd-event. One thread; callbacks run one at a time. Sources may be freed from
 * inside any callback.
 */
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include <stdint.h>

#include "sys/failure.h"

struct loop;
struct loop_timer;
struct loop_fd;
struct loop_task;

/* Order within one wake-up: the smaller runs first; among equal ones there is no order. */
enum loop_order {
	LOOP_PACKETS = -20, /* what the data plane reported: before any timer (I9) */
	LOOP_TIMERS = -10,
	LOOP_NETLINK = 0,
	LOOP_CONTROL = 10,
};

struct loop *loop_new(struct failure *failure);
void loop_free(struct loop *loop);

/* CLOCK_BOOTTIME now, in nanoseconds: the clock of the data plane. */
int64_t clock_ns(void);

/* The time of day, in microseconds of Unix time: for people, never for timers. */
int64_t wall_clock_us(void);

/*
 * A timer that is not running; `handler` runs at or after the time set, never before it, with
 * no slack added. Setting it again, also from inside its handler, replaces the time; NEVER_NS
 * stops it. NULL only without memory.
 */
struct loop_timer *loop_timer_new(struct loop *loop, void (*handler)(void *data), void *data);
void loop_timer_set(struct loop_timer *timer, int64_t at_ns);
void loop_timer_free(struct loop_timer *timer); /* NULL is allowed */

/* Call `handler` while `fd` is readable, or with `events` (EPOLLIN, EPOLLOUT) changed. */
struct loop_fd *loop_fd_new(struct loop *loop, int fd, enum loop_order order,
			    void (*handler)(uint32_t events, void *data), void *data);
void loop_fd_events(struct loop_fd *source, uint32_t events);
void loop_fd_free(struct loop_fd *source); /* NULL is allowed; does not close the fd */

/* Something to do soon, when nothing of a smaller order is due: `handler` runs once after a post.
 */
struct loop_task *loop_task_new(struct loop *loop, enum loop_order order,
				void (*handler)(void *data), void *data);
void loop_task_post(struct loop_task *task);
void loop_task_free(struct loop_task *task); /* NULL is allowed */

/* Call `handler` for each of these signals; blocks their ordinary delivery. */
int loop_signals(struct loop *loop, const int *signals, unsigned count,
		 void (*handler)(int signal, void *data), void *data);

/* Run until loop_stop(); returns the code given there, or -1 with errno on failure. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int code);

/* sd_notify: "READY=1" and such; nothing without NOTIFY_SOCKET. */
void loop_notify(const char *state);

#endif
