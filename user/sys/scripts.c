/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process is started with vfork() in the worker of this file: fork() would copy the page tables
 * of a process whose memory is locked, and have the loop pay for it afterwards, page by page. Its
 * pidfd tells the loop of its end. The child's own steps are in script_child.c.
 */
#include "sys/scripts.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/types.h"
#include "sys/command.h"
#include "sys/loop.h"
#include "sys/script_child.h"
#include "sys/worker.h"

/* A failover of thousands must not start thousands of processes at once. */
#define AT_ONCE 32

/* Who writes a program just now, or a system short of processes, is given this long. */
#define AGAIN_NS     (50 * NS_PER_MS)
#define AGAIN_FOR_NS (5 * NS_PER_S)

/* Of those that scripts_finish() waits for; the others are looked at every POLL_NS. */
#define POLLED	AT_ONCE
#define POLL_NS 20000000LL

struct script {
	struct script *next;
	struct scripts *scripts;
	struct script_order order; /* copied */
	char **words;		   /* the same as order.words */
	char *user, *group;
	script_ended_fn *ended; /* NULL = cancelled */
	void *data;
	pid_t pid; /* its own process group; 0 = not started */
	int pidfd; /* -1 = not started */
	bool timed_out;
	bool passing;	     /* why it could not be started may pass */
	int64_t ordered_ns;  /* when it was first tried to start it */
	int64_t started_ns;  /* since when it has run, 0 = it does not */
	int64_t limit_ns;    /* how long it may */
	int64_t deadline_ns; /* it has run for too long, or is tried again; NEVER_NS = never */
	struct loop_fd *source;
	struct loop_timer *timer;
	struct failure failure;
};

struct scripts {
	struct loop *loop;
	struct worker *worker;
	struct script *waiting, **last; /* in order */
	struct script *running;
	unsigned count;	  /* of those that run ... */
	unsigned at_once; /* ... and may */
	bool closing;	  /* the loop does not run any more: scripts_finish() waits for them */
};

/* ---- one script ---- */

static void script_free(struct script *script)
{
	loop_fd_free(script->source);
	loop_timer_free(script->timer);
	if (script->pidfd >= 0)
		close(script->pidfd);
	command_free(script->words);
	free(script->user);
	free(script->group);
	free(script);
}

static bool is_whole(const struct script *script, const struct script_order *order)
{
	return script->words && (!order->user || script->user) && (!order->group || script->group);
}

static struct script *script_new(struct scripts *scripts, const struct script_order *order,
				 script_ended_fn *ended, void *data)
{
	struct script *script = calloc(1, sizeof(*script));
	if (!script)
		return NULL;
	*script = (struct script){
		.scripts = scripts,
		.order = *order,
		.words = command_copy(order->words, NULL),
		.user = order->user ? strdup(order->user) : NULL,
		.group = order->group ? strdup(order->group) : NULL,
		.ended = ended,
		.data = data,
		.pidfd = -1,
		.limit_ns = order->service ? NEVER_NS : order->timeout_ns,
		.deadline_ns = NEVER_NS,
	};
	script->order.words = script->words;
	script->order.user = script->user;
	script->order.group = script->group;
	if (is_whole(script, order))
		return script;
	script_free(script);
	return NULL;
}

/* ---- its end ---- */

static void start_waiting(struct scripts *scripts);

static void unlink_running(struct script *script)
{
	struct script **link = &script->scripts->running;
	while (*link != script)
		link = &(*link)->next;
	*link = script->next;
	script->scripts->count -= !script->order.service;
}

static void finish(struct script *script, enum script_end end, int value)
{
	struct scripts *scripts = script->scripts;
	unlink_running(script);
	if (script->ended)
		script->ended(end, value, script->started_ns ? NULL : &script->failure,
			      script->data);
	script_free(script);
	start_waiting(scripts);
}

/*
 * Somebody may have set SIGCHLD to be ignored: then there is nothing to learn. What is left of its
 * group is killed while it is a zombie, and the group's number can be nobody else's.
 */
static void reap(struct script *script)
{
	siginfo_t info = {0};
	id_t id = (id_t)script->pidfd;
	if (waitid(P_PIDFD, id, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && !info.si_pid)
		return; /* it runs */
	if (info.si_pid && (script->timed_out || !script->ended))
		kill(-script->pid, SIGKILL);
	waitid(P_PIDFD, id, &info, WEXITED | WNOHANG);
	if (info.si_code == CLD_EXITED || !info.si_pid)
		finish(script, SCRIPT_EXITED, info.si_status);
	else if (script->timed_out)
		finish(script, SCRIPT_TIMED_OUT, 0);
	else
		finish(script, SCRIPT_SIGNALLED, info.si_status);
}

static void pidfd_readable(uint32_t events, void *data)
{
	(void)events;
	reap(data);
}

static void set_deadline(struct script *script, int64_t at_ns)
{
	script->deadline_ns = at_ns;
	if (script->timer)
		loop_timer_set(script->timer, at_ns);
}

/* What it has started and not sent away goes with it. */
static void took_too_long(void *data)
{
	struct script *script = data;
	bool asks = script->order.kill_after_ns > 0 && !script->timed_out;
	script->timed_out = true;
	kill(-script->pid, asks ? SIGTERM : SIGKILL);
	set_deadline(script, asks ? clock_ns() + script->order.kill_after_ns : NEVER_NS);
}

/* ---- its start ---- */

/* In the worker. One that nothing would tell the end of is none. */
static void start(void *data)
{
	struct script *script = data;
	script->pid = script_spawn(&script->order, &script->passing, &script->failure);
	if (script->pid < 0)
		return;
	script->pidfd = (int)syscall(SYS_pidfd_open, script->pid, 0);
	if (script->pidfd >= 0)
		return;
	fail(&script->failure, "pidfd_open: %m");
	script->passing = true;
	kill(-script->pid, SIGKILL);
	waitpid(script->pid, NULL, 0);
	script->pid = 0; /* somebody else may get it */
}

static void started(void *data);

static void try_again(struct script *script)
{
	script->deadline_ns = NEVER_NS;
	if (!script->ended || !worker_run(script->scripts->worker, start, started, script))
		finish(script, SCRIPT_NOT_NOW, 0);
}

static void due(void *data)
{
	struct script *script = data;
	if (script->started_ns)
		took_too_long(script);
	else
		try_again(script);
}

static bool make_timer(struct script *script)
{
	if (!script->timer && !script->scripts->closing)
		script->timer = loop_timer_new(script->scripts->loop, due, script);
	return script->timer || script->scripts->closing;
}

static void could_not_start(struct script *script)
{
	int64_t now_ns = clock_ns();
	int64_t patience_ns = script->limit_ns < AGAIN_FOR_NS ? script->limit_ns : AGAIN_FOR_NS;
	if (!script->passing)
		finish(script, SCRIPT_NOT_RUN, 0);
	else if (now_ns + AGAIN_NS > script->ordered_ns + patience_ns || !make_timer(script))
		finish(script, SCRIPT_NOT_NOW, 0);
	else
		set_deadline(script, now_ns + AGAIN_NS);
}

static bool follow(struct script *script)
{
	if (script->scripts->closing)
		return true;
	script->source = loop_fd_new(script->scripts->loop, script->pidfd, LOOP_CONTROL,
				     pidfd_readable, script);
	return script->source && make_timer(script);
}

static void started(void *data)
{
	struct script *script = data;
	if (script->pidfd < 0) {
		could_not_start(script);
		return;
	}
	if (!follow(script)) {
		kill(-script->pid, SIGKILL);
		fail(&script->failure, "out of memory");
		finish(script, SCRIPT_NOT_NOW, 0);
		return;
	}
	script->started_ns = clock_ns();
	if (!script->ended)
		kill(-script->pid, SIGKILL);
	int64_t left_ns = script->limit_ns;
	set_deadline(script, left_ns == NEVER_NS ? NEVER_NS : script->started_ns + left_ns);
}

/* False: with the next end, or the next order. */
static bool hand_to_worker(struct scripts *scripts, struct script *script)
{
	script->ordered_ns = clock_ns();
	if (!worker_run(scripts->worker, start, started, script))
		return false;
	script->next = scripts->running;
	scripts->running = script;
	scripts->count += !script->order.service;
	return true;
}

static void start_waiting(struct scripts *scripts)
{
	while (scripts->waiting && scripts->count < scripts->at_once) {
		struct script *script = scripts->waiting, *next = script->next;
		if (!hand_to_worker(scripts, script))
			return;
		scripts->waiting = next;
		if (!next)
			scripts->last = &scripts->waiting;
	}
}

bool script_run(struct scripts *scripts, const struct script_order *order, script_ended_fn *ended,
		void *data)
{
	assert(order->words[0]);
	struct script *script = script_new(scripts, order, ended, data);
	if (!script)
		return false;
	if (order->service && hand_to_worker(scripts, script))
		return true;
	*scripts->last = script;
	scripts->last = &script->next;
	start_waiting(scripts);
	return true;
}

/* ---- not wanted any more ---- */

static void drop_waiting(struct scripts *scripts, const void *data)
{
	struct script **link = &scripts->waiting;
	while (*link) {
		struct script *script = *link;
		if (script->data != data) {
			link = &script->next;
			continue;
		}
		*link = script->next;
		script_free(script);
	}
	scripts->last = link;
}

/* One that the worker has just now is killed when it comes back. */
void scripts_cancel(struct scripts *scripts, const void *data)
{
	drop_waiting(scripts, data);
	for (struct script *script = scripts->running; script; script = script->next) {
		if (script->data != data || !script->ended)
			continue;
		script->ended = NULL;
		if (script->source)
			kill(-script->pid, SIGKILL);
	}
}

static void limit(struct script *script, int64_t most_ns)
{
	int64_t at_ns = clock_ns() + most_ns;
	if (!script->started_ns)
		script->limit_ns = most_ns < script->limit_ns ? most_ns : script->limit_ns;
	else if (most_ns == 0 && !script->timed_out)
		took_too_long(script);
	else if (at_ns < script->deadline_ns && !script->timed_out)
		set_deadline(script, at_ns);
}

void scripts_hurry(struct scripts *scripts, const void *data, int64_t most_ns)
{
	for (struct script *script = scripts->running; script; script = script->next)
		if (data ? script->data == data : !script->order.service)
			limit(script, most_ns);
}

/* ---- all ---- */

void scripts_at_once(struct scripts *scripts, unsigned most)
{
	scripts->at_once = most;
	start_waiting(scripts);
}

struct scripts *scripts_open(struct loop *loop, struct failure *failure)
{
	struct scripts *scripts = calloc(1, sizeof(*scripts));
	if (!scripts) {
		fail(failure, "out of memory");
		return NULL;
	}
	signal(SIGCHLD, SIG_DFL); /* whatever we were started with: ends must be told */
	scripts->loop = loop;
	scripts->last = &scripts->waiting;
	scripts->at_once = AT_ONCE;
	scripts->worker = worker_new(loop, failure);
	if (scripts->worker)
		return scripts;
	free(scripts);
	return NULL;
}

static void look_at_running(struct scripts *scripts)
{
	struct script *next;
	for (struct script *script = scripts->running; script; script = next) {
		next = script->next;
		bool runs = script->started_ns;
		if (clock_ns() >= script->deadline_ns)
			due(script);
		if (runs)
			reap(script);
	}
}

static void wait_for_some(const struct scripts *scripts, int64_t until_ns)
{
	struct pollfd fds[POLLED];
	nfds_t count = 0;
	for (struct script *script = scripts->running; script; script = script->next) {
		if (count < POLLED)
			fds[count++] = (struct pollfd){.fd = script->pidfd, .events = POLLIN};
		else if (until_ns > clock_ns() + POLL_NS)
			until_ns = clock_ns() + POLL_NS;
		if (script->deadline_ns < until_ns)
			until_ns = script->deadline_ns;
	}
	int64_t left_ns = until_ns - clock_ns();
	if (count > 0 && left_ns > 0)
		poll(fds, count, (int)(left_ns / 1000000) + 1);
}

static bool any_left(const struct scripts *scripts, const void *data)
{
	for (struct script *script = scripts->running; script; script = script->next)
		if (data ? script->data == data : !script->order.service)
			return true;
	return false;
}

bool scripts_finish(struct scripts *scripts, const void *data, int64_t patience_ns)
{
	int64_t until_ns = clock_ns() + patience_ns;
	scripts->closing = true;
	worker_wait(scripts->worker);
	while (any_left(scripts, data) && clock_ns() < until_ns) {
		wait_for_some(scripts, until_ns);
		look_at_running(scripts);
		worker_wait(scripts->worker);
	}
	return !any_left(scripts, data);
}

static void free_list(struct script *list)
{
	while (list) {
		struct script *script = list;
		list = script->next;
		if (script->pid > 0)
			kill(-script->pid, SIGKILL);
		script_free(script);
	}
}

void scripts_close(struct scripts *scripts)
{
	if (!scripts)
		return;
	worker_wait(scripts->worker); /* whatever it is starting must be known, to be killed */
	worker_free(scripts->worker);
	free_list(scripts->running);
	free_list(scripts->waiting);
	free(scripts);
}
