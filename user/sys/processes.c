/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each process that was found has its pidfd in the loop, so its end is known at once, with
 * real-time scheduling, in any namespace and without any privilege. What the finder has to say
 * comes through a pipe.
 */
#include "sys/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/loop.h"
#include "sys/process_finder.h"

#define MESSAGES_AT_ONCE 64

/* A process of a kind. */
struct process {
	struct process *next;
	struct process_watch *watch;
	pid_t pid;
	int pidfd; /* -1: there was none to be had, the next list will tell of its end */
	struct loop_fd *source;
};

struct process_watch {
	struct process_watch *next;
	struct processes *processes;
	struct process_pattern pattern;
	unsigned serial; /* of the first order that it is in */
	process_watch_fn *changed;
	void *data;
	struct process *list;
	unsigned count;
	bool listed; /* its number is known */
};

struct processes {
	struct loop *loop;
	struct loop_fd *source;
	struct loop_task *task; /* there is another order to give */
	int pipe[2];
	struct finder *finder;
	struct process_watch *list;
	unsigned last_id, serial;
};

static void tell(const struct process_watch *watch, enum process_cause cause)
{
	if (watch->listed)
		watch->changed(watch->count, cause, watch->data);
}

/* ---- one process ---- */

static void process_drop(struct process *process)
{
	struct process **link = &process->watch->list;
	while (*link != process)
		link = &(*link)->next;
	*link = process->next;
	process->watch->count--;
	loop_fd_free(process->source);
	if (process->pidfd >= 0)
		close(process->pidfd);
	free(process);
}

static void process_ended(uint32_t events, void *data)
{
	struct process *process = data;
	struct process_watch *watch = process->watch;
	(void)events;
	process_drop(process);
	tell(watch, PROCESS_ENDED);
}

/* Without memory it is not counted; the next list will not bring it again. */
static void found(struct process_watch *watch, const struct finder_message *message)
{
	struct process *process = calloc(1, sizeof(*process));
	if (!process) {
		if (message->pidfd >= 0)
			close(message->pidfd);
		return;
	}
	*process = (struct process){
		.next = watch->list, .watch = watch, .pid = message->pid, .pidfd = message->pidfd};
	if (process->pidfd >= 0)
		process->source = loop_fd_new(watch->processes->loop, process->pidfd, LOOP_NETLINK,
					      process_ended, process);
	watch->list = process;
	watch->count++;
	tell(watch, message->kind == FINDER_FORKED ? PROCESS_FORKED : PROCESS_CHANGED);
}

static void lost(struct process_watch *watch, pid_t pid)
{
	struct process *process = watch->list;
	while (process && process->pid != pid)
		process = process->next;
	if (!process)
		return; /* its pidfd was faster */
	process_drop(process);
	tell(watch, PROCESS_CHANGED);
}

/* ---- the finder's messages ---- */

static struct process_watch *watch_of(const struct processes *processes, unsigned id)
{
	struct process_watch *watch = processes->list;
	while (watch && watch->pattern.id != id)
		watch = watch->next;
	return watch;
}

static void all_listed(struct processes *processes, unsigned serial)
{
	for (struct process_watch *watch = processes->list; watch; watch = watch->next) {
		watch->listed |= (int)(serial - watch->serial) >= 0;
		tell(watch, PROCESS_CHANGED);
	}
}

static void take(struct processes *processes, const struct finder_message *message)
{
	struct process_watch *watch = NULL;
	if (message->kind != FINDER_LISTED)
		watch = watch_of(processes, message->id);
	switch (message->kind) {
	case FINDER_FOUND:
	case FINDER_FORKED:
		if (watch)
			found(watch, message);
		else if (message->pidfd >= 0)
			close(message->pidfd);
		break;
	case FINDER_LOST:
		if (watch)
			lost(watch, message->pid);
		break;
	case FINDER_LISTED:
		all_listed(processes, message->id);
		break;
	}
}

/* Each message is written whole, and so read whole. False if there are no more. */
static bool take_some(struct processes *processes)
{
	struct finder_message messages[MESSAGES_AT_ONCE];
	ssize_t length = read(processes->pipe[0], messages, sizeof(messages));
	for (ssize_t i = 0; i < length / (ssize_t)sizeof(messages[0]); i++)
		take(processes, &messages[i]);
	return length > 0;
}

static void pipe_readable(uint32_t events, void *data)
{
	(void)events;
	take_some(data);
}

/* ---- what is looked for ---- */

static bool copy_pattern(struct process_pattern *to, const struct process_pattern *from)
{
	*to = *from;
	to->text = malloc(from->length);
	for (size_t i = 0; to->text && i < from->length; i++)
		to->text[i] = from->text[i];
	return to->text;
}

static struct finder_order *order_new(const struct processes *processes)
{
	struct finder_order *order = calloc(1, sizeof(*order));
	size_t count = 0;
	for (const struct process_watch *watch = processes->list; watch; watch = watch->next)
		count++;
	if (order)
		order->patterns = calloc(count + 1, sizeof(*order->patterns));
	bool whole = order && order->patterns;
	for (const struct process_watch *watch = processes->list; whole && watch;
	     watch = watch->next)
		whole = copy_pattern(&order->patterns[order->count++], &watch->pattern);
	if (!whole) {
		finder_order_free(order);
		return NULL;
	}
	order->serial = processes->serial;
	return order;
}

/* Once for all that come and go together. */
static void give_order(void *data)
{
	struct processes *processes = data;
	struct finder_order *order = order_new(processes);
	if (order)
		finder_follow(processes->finder, order);
}

struct process_watch *process_watch_new(struct processes *processes,
					const struct process_kind *kind, process_watch_fn *changed,
					void *data)
{
	struct process_watch *watch = calloc(1, sizeof(*watch));
	if (!watch || !process_pattern_init(&watch->pattern, ++processes->last_id, kind)) {
		free(watch);
		return NULL;
	}
	watch->processes = processes;
	watch->serial = ++processes->serial;
	watch->changed = changed;
	watch->data = data;
	watch->next = processes->list;
	processes->list = watch;
	loop_task_post(processes->task);
	return watch;
}

void process_watch_free(struct process_watch *watch)
{
	if (!watch)
		return;
	struct process_watch **link = &watch->processes->list;
	while (*link != watch)
		link = &(*link)->next;
	*link = watch->next;
	while (watch->list)
		process_drop(watch->list);
	loop_task_post(watch->processes->task);
	free(watch->pattern.text);
	free(watch);
}

/* ---- all ---- */

bool processes_are_told(const struct processes *processes)
{
	return finder_is_told(processes->finder);
}

struct processes *processes_open(struct loop *loop, struct failure *failure)
{
	struct processes *processes = calloc(1, sizeof(*processes));
	if (!processes) {
		fail(failure, "out of memory");
		return NULL;
	}
	processes->loop = loop;
	if (pipe2(processes->pipe, O_CLOEXEC) < 0) {
		fail(failure, "pipe: %m");
		free(processes);
		return NULL;
	}
	fcntl(processes->pipe[0], F_SETFL, O_NONBLOCK);
	processes->source =
		loop_fd_new(loop, processes->pipe[0], LOOP_NETLINK, pipe_readable, processes);
	processes->task = loop_task_new(loop, LOOP_CONTROL, give_order, processes);
	if (processes->source && processes->task)
		processes->finder = finder_start(processes->pipe[1], failure);
	else
		fail(failure, "out of memory");
	if (processes->finder)
		return processes;
	processes_close(processes);
	return NULL;
}

void processes_close(struct processes *processes)
{
	if (!processes)
		return;
	while (processes->list)
		process_watch_free(processes->list);
	loop_fd_free(processes->source);
	loop_task_free(processes->task);
	while (take_some(processes))
		;
	close(processes->pipe[0]);
	if (processes->finder)
		finder_stop(processes->finder);
	close(processes->pipe[1]);
	free(processes);
}
