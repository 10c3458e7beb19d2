/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop on sd-event. It runs one callback per iteration, the source of the smallest
 * priority that is pending, and looks at every descriptor again before the next; so enum
 * loop_order holds even for what becomes ready while a callback runs, and a source freed by another
 * one's callback never runs.
 *
 * sd-event counts microseconds and delays a timer by up to its accuracy to merge wake-ups. Times
 * are therefore rounded up (never early), and the accuracy is 1 us, the least (0 means 250 ms).
 */
#include "sys/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "core/types.h"

#define TIMER_ACCURACY_US 1

struct loop_signal {
	struct loop_signal *next;
	void (*handler)(int signal, void *data);
	void *data;
};

struct loop {
	sd_event *event;
	struct loop_signal *signals;
};

struct loop_timer {
	sd_event_source *source;
	void (*handler)(void *data);
	void *data;
};

struct loop_fd {
	sd_event_source *source;
	void (*handler)(uint32_t events, void *data);
	void *data;
};

struct loop *loop_new(struct failure *failure)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int err;

	if (!loop) {
		fail(failure, "event loop: out of memory");
		return NULL;
	}
	err = sd_event_new(&loop->event);
	if (err < 0) {
		errno = -err;
		fail(failure, "event loop: %m");
		free(loop);
		return NULL;
	}
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	sd_event_unref(loop->event);
	while (loop->signals) {
		struct loop_signal *next = loop->signals->next;

		free(loop->signals);
		loop->signals = next;
	}
	free(loop);
}

/* ---- timers ---- */

static int timer_fired(sd_event_source *source, uint64_t at_us, void *data)
{
	struct loop_timer *timer = data;

	(void)source;
	(void)at_us;
	timer->handler(timer->data); /* which may free the timer */
	return 0;
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*handler)(void *data), void *data)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return NULL;
	timer->handler = handler;
	timer->data = data;
	if (sd_event_add_time(loop->event, &timer->source, CLOCK_BOOTTIME, 0, TIMER_ACCURACY_US,
			      timer_fired, timer) < 0) {
		free(timer);
		return NULL;
	}
	sd_event_source_set_enabled(timer->source, SD_EVENT_OFF);
	sd_event_source_set_priority(timer->source, LOOP_TIMERS);
	return timer;
}

void loop_timer_set(struct loop_timer *timer, int64_t at_ns)
{
	uint64_t at_us;

	if (at_ns == NEVER_NS) {
		sd_event_source_set_enabled(timer->source, SD_EVENT_OFF);
		return;
	}
	at_us = at_ns <= 0 ? 0 : ((uint64_t)at_ns + NS_PER_US - 1) / NS_PER_US;
	sd_event_source_set_time(timer->source, at_us);
	sd_event_source_set_enabled(timer->source, SD_EVENT_ONESHOT);
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	sd_event_source_disable_unref(timer->source);
	free(timer);
}

/* ---- tasks ---- */

struct loop_task {
	sd_event_source *source;
	void (*handler)(void *data);
	void *data;
};

static int task_due(sd_event_source *source, void *data)
{
	struct loop_task *task = data;

	(void)source;
	task->handler(task->data); /* which may free or post it */
	return 0;
}

struct loop_task *loop_task_new(struct loop *loop, enum loop_order order,
				void (*handler)(void *data), void *data)
{
	struct loop_task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	task->handler = handler;
	task->data = data;
	if (sd_event_add_defer(loop->event, &task->source, task_due, task) < 0) {
		free(task);
		return NULL;
	}
	sd_event_source_set_enabled(task->source, SD_EVENT_OFF);
	sd_event_source_set_priority(task->source, order);
	return task;
}

void loop_task_post(struct loop_task *task)
{
	sd_event_source_set_enabled(task->source, SD_EVENT_ONESHOT);
}

void loop_task_free(struct loop_task *task)
{
	if (!task)
		return;
	sd_event_source_disable_unref(task->source);
	free(task);
}

/* ---- descriptors ---- */

static int fd_ready(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct loop_fd *ready = data;

	(void)source;
	(void)fd;
	ready->handler(events, ready->data); /* which may free it */
	return 0;
}

struct loop_fd *loop_fd_new(struct loop *loop, int fd, enum loop_order order,
			    void (*handler)(uint32_t events, void *data), void *data)
{
	struct loop_fd *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->handler = handler;
	source->data = data;
	if (sd_event_add_io(loop->event, &source->source, fd, EPOLLIN, fd_ready, source) < 0) {
		free(source);
		return NULL;
	}
	sd_event_source_set_priority(source->source, order);
	return source;
}

void loop_fd_events(struct loop_fd *source, uint32_t events)
{
	sd_event_source_set_io_events(source->source, events);
}

void loop_fd_free(struct loop_fd *source)
{
	if (!source)
		return;
	sd_event_source_disable_unref(source->source);
	free(source);
}

/* ---- signals ---- */

static int signal_came(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct loop_signal *wanted = data;

	(void)source;
	wanted->handler((int)info->ssi_signo, wanted->data);
	return 0;
}

int loop_signals(struct loop *loop, const int *signals, unsigned count,
		 void (*handler)(int signal, void *data), void *data)
{
	struct loop_signal *wanted = calloc(1, sizeof(*wanted));
	sigset_t set;

	if (!wanted)
		return -1;
	*wanted = (struct loop_signal){.next = loop->signals, .handler = handler, .data = data};
	loop->signals = wanted;

	sigemptyset(&set);
	for (unsigned i = 0; i < count; i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	for (unsigned i = 0; i < count; i++) {
		int err = sd_event_add_signal(loop->event, NULL, signals[i], signal_came, wanted);

		if (err < 0) {
			errno = -err;
			return -1;
		}
	}
	return 0;
}

/* ---- running ---- */

int loop_run(struct loop *loop)
{
	int code = sd_event_loop(loop->event);

	if (code < 0) {
		errno = -code;
		return -1;
	}
	return code;
}

void loop_stop(struct loop *loop, int code)
{
	sd_event_exit(loop->event, code);
}

void loop_notify(const char *state)
{
	sd_notify(0, state);
}
