/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of all processes costs some ten microseconds for each, and news of them come when the
 * machine is busiest: nothing for the loop. It is told of differences only. A process is known by
 * number and start, as numbers come again.
 */
#include "sys/process_finder.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/types.h"
#include "sys/loop.h"
#include "sys/process_events.h"
#include "sys/thread.h"

#define STACK_BYTES    (256 * 1024)
#define PERIOD_TOLD_NS (30 * NS_PER_S) /* a list although nothing was lost */
#define PERIOD_NS      (1 * NS_PER_S)  /* ... if nobody tells */
#define SHARE	       20	       /* of the time, at most one part for lists */
#define NEWS_AT_ONCE   256

struct known {
	pid_t pid;
	unsigned id;
	uint64_t started;
	bool seen; /* in this list */
};

struct finder {
	int pipe, wake, events;
	pthread_t thread;
	atomic_bool stop, told;
	_Atomic(struct finder_order *) next; /* handed over */
	struct finder_order *order;
	bool with_command;
	struct known *known;
	size_t count, room;
	int64_t list_ns;     /* when to make the next list ... */
	int64_t earliest_ns; /* ... but not before, whatever happens */
};

void finder_order_free(struct finder_order *order)
{
	if (!order)
		return;
	for (size_t i = 0; order->patterns && i < order->count; i++)
		free(order->patterns[i].text);
	free(order->patterns);
	free(order);
}

/* ---- what is known ---- */

static void tell(const struct finder *finder, enum finder_kind kind, unsigned id, pid_t pid,
		 int pidfd)
{
	struct finder_message message = {.kind = kind, .id = id, .pid = pid, .pidfd = pidfd};
	ssize_t done;
	do
		done = write(finder->pipe, &message, sizeof(message));
	while (done < 0 && errno == EINTR);
	if (done < 0 && pidfd >= 0)
		close(pidfd); /* nobody listens any more */
}

static struct known *find_known(const struct finder *finder, pid_t pid, unsigned id)
{
	for (size_t i = 0; i < finder->count; i++)
		if (finder->known[i].pid == pid && finder->known[i].id == id)
			return &finder->known[i];
	return NULL;
}

static bool is_known(const struct finder *finder, pid_t pid)
{
	for (size_t i = 0; i < finder->count; i++)
		if (finder->known[i].pid == pid)
			return true;
	return false;
}

static void lose(struct finder *finder, struct known *known)
{
	tell(finder, FINDER_LOST, known->id, known->pid, -1);
	*known = finder->known[--finder->count];
}

static bool make_room(struct finder *finder)
{
	if (finder->count < finder->room)
		return true;
	size_t room = finder->room ? finder->room * 2 : 64;
	struct known *list = realloc(finder->known, room * sizeof(*list));
	if (!list)
		return false;
	finder->known = list;
	finder->room = room;
	return true;
}

/* The pidfd must be that of the process which was compared, not of one that follows it. */
static void find(struct finder *finder, pid_t pid, const struct process_pattern *pattern,
		 uint64_t started, enum finder_kind how)
{
	struct process_facts facts;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool gone = pidfd < 0 && errno == ESRCH;
	if (!gone && make_room(finder) && process_read(pid, pattern->full, &facts) &&
	    facts.started == started && process_matches(pattern, &facts)) {
		finder->known[finder->count++] = (struct known){
			.pid = pid, .id = pattern->id, .started = started, .seen = true};
		tell(finder, how, pattern->id, pid, pidfd);
	} else if (pidfd >= 0) {
		close(pidfd);
	}
}

static void compare(struct finder *finder, pid_t pid, const struct process_pattern *pattern,
		    const struct process_facts *facts, enum finder_kind how)
{
	struct known *known = find_known(finder, pid, pattern->id);
	bool matches = process_matches(pattern, facts);
	if (known && matches && known->started == facts->started) {
		known->seen = true;
		return;
	}
	if (known)
		lose(finder, known);
	if (matches)
		find(finder, pid, pattern, facts->started, how);
}

static void examine(struct finder *finder, pid_t pid, enum finder_kind how)
{
	struct process_facts facts;
	if (!process_read(pid, finder->with_command, &facts))
		return; /* one that was known is known to be gone, by its pidfd */
	for (size_t i = 0; i < finder->order->count; i++)
		compare(finder, pid, &finder->order->patterns[i], &facts, how);
}

/* ---- a list of all ---- */

static void lose_unseen(struct finder *finder)
{
	for (size_t i = 0; i < finder->count;)
		if (finder->known[i].seen)
			i++;
		else
			lose(finder, &finder->known[i]);
}

static void list_all(struct finder *finder)
{
	DIR *directory = opendir("/proc");
	const struct dirent *entry;
	int64_t began_ns = clock_ns();
	for (size_t i = 0; i < finder->count; i++)
		finder->known[i].seen = false;
	while (directory && !finder->stop && (entry = readdir(directory))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid > 0)
			examine(finder, pid, FINDER_FOUND);
	}
	if (directory)
		closedir(directory);
	lose_unseen(finder);
	tell(finder, FINDER_LISTED, finder->order->serial, 0, -1);
	int64_t now_ns = clock_ns(), pause_ns = (now_ns - began_ns) * SHARE;
	finder->earliest_ns = now_ns + (pause_ns > PERIOD_NS ? pause_ns : PERIOD_NS);
	finder->list_ns = finder->events >= 0 ? now_ns + PERIOD_TOLD_NS : finder->earliest_ns;
}

/* ---- news ---- */

static void take_news(struct finder *finder)
{
	for (unsigned i = 0; i < NEWS_AT_ONCE; i++) {
		pid_t pid, parent;
		switch (process_events_next(finder->events, &pid, &parent)) {
		case PROCESS_NEWS_NONE:
			return;
		case PROCESS_NEWS_FORK: /* of another kind it will be told when it becomes so */
			if (is_known(finder, parent))
				examine(finder, pid, FINDER_FORKED);
			break;
		case PROCESS_NEWS_CHANGED:
			examine(finder, pid, FINDER_FOUND);
			break;
		case PROCESS_NEWS_OTHER:
			break;
		case PROCESS_NEWS_LOST:
			finder->list_ns = finder->earliest_ns;
			return;
		}
	}
}

/* What nobody looks for any more is forgotten on both sides. */
static void take_order(struct finder *finder)
{
	struct finder_order *order = atomic_exchange(&finder->next, NULL);
	if (!order)
		return;
	finder_order_free(finder->order);
	finder->order = order;
	finder->with_command = false;
	for (size_t i = 0; i < order->count; i++)
		finder->with_command |= order->patterns[i].full;
	for (size_t i = 0; i < finder->count;) {
		bool wanted = false;
		for (size_t j = 0; j < order->count; j++)
			wanted |= order->patterns[j].id == finder->known[i].id;
		if (wanted)
			i++;
		else
			finder->known[i] = finder->known[--finder->count];
	}
	finder->list_ns = 0;
}

/* ---- the thread ---- */

static void wait_for_something(const struct finder *finder)
{
	struct pollfd waiting[] = {{.fd = finder->wake, .events = POLLIN},
				   {.fd = finder->events, .events = POLLIN}};
	int64_t left_ns = finder->order ? finder->list_ns - clock_ns() : NEVER_NS;
	int left_ms = left_ns == NEVER_NS ? -1 : (int)(left_ns / NS_PER_MS) + 1;
	eventfd_t count;
	poll(waiting, finder->events >= 0 ? 2 : 1, left_ns <= 0 ? 0 : left_ms);
	if (waiting[0].revents)
		eventfd_read(finder->wake, &count);
}

/* News first: what they do not tell any more the list does. */
static void *run(void *data)
{
	struct finder *finder = data;
	finder->events = process_events_open();
	finder->told = finder->events >= 0;
	while (!finder->stop) {
		take_order(finder);
		if (finder->order && finder->events >= 0)
			take_news(finder);
		if (finder->order && clock_ns() >= finder->list_ns)
			list_all(finder);
		wait_for_something(finder);
	}
	process_events_close(finder->events);
	return NULL;
}

struct finder *finder_start(int pipe, struct failure *failure)
{
	struct finder *finder = calloc(1, sizeof(*finder));
	if (!finder) {
		fail(failure, "out of memory");
		return NULL;
	}
	finder->pipe = pipe;
	finder->events = -1;
	finder->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	errno = finder->wake < 0
			? errno
			: thread_start(&finder->thread, "xvrrpd-finder", STACK_BYTES, run, finder);
	if (!errno)
		return finder;
	fail(failure, "finding processes: %m");
	if (finder->wake >= 0)
		close(finder->wake);
	free(finder);
	return NULL;
}

void finder_stop(struct finder *finder)
{
	finder->stop = true;
	eventfd_write(finder->wake, 1);
	pthread_join(finder->thread, NULL);
	close(finder->wake);
	finder_order_free(finder->order);
	finder_order_free(finder->next);
	free(finder->known);
	free(finder);
}

void finder_follow(struct finder *finder, struct finder_order *order)
{
	finder_order_free(atomic_exchange(&finder->next, order));
	eventfd_write(finder->wake, 1);
}

bool finder_is_told(const struct finder *finder)
{
	return finder->told;
}
