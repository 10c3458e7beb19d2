/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transitions to scripts, with the words of keepalived: MASTER is Active, FAULT is Initialize for
 * a reason, STOP is the end. A group has a state when all of its members have it.
 *
 * Of one name, instance or group, one script runs at a time, so that MASTER's never ends after the
 * BACKUP's that followed it. What happens meanwhile waits in a queue; the role waits for nothing.
 */
#include "notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router.h"
#include "sys/scripts.h"

#define TIMEOUT_NS  (60 * NS_PER_S)
#define PATIENCE_NS (3 * NS_PER_S) /* at the end */
#define WAITING_MAX 64		   /* scripts of one name */
#define BUCKETS	    256

struct call {
	struct call *next;
	char **words;
	char *user, *group;
};

/* The events of one name. */
struct queue {
	struct queue *next; /* of the bucket */
	struct notify *notify;
	bool is_group;
	bool busy; /* the first call runs */
	bool told_full;
	enum conf_notify state; /* last told; of a group also what it is in; CONF_NOTIFY = none */
	struct call *first, **last;
	unsigned count;
	char name[];
};

struct notify {
	struct agent *agent;
	struct scripts *scripts; /* NULL until there is one to run */
	struct loop_task *task;	 /* there are calls to start */
	struct queue *buckets[BUCKETS];
};

/* ---- queues ---- */

static unsigned bucket_of(bool is_group, const char *name)
{
	unsigned hash = is_group ? 5381 : 52711;
	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash % BUCKETS;
}

/* Made if there is none; NULL without memory. */
static struct queue *queue_of(struct notify *notify, bool is_group, const char *name)
{
	struct queue **bucket = &notify->buckets[bucket_of(is_group, name)];
	for (struct queue *queue = *bucket; queue; queue = queue->next)
		if (queue->is_group == is_group && strcmp(queue->name, name) == 0)
			return queue;
	size_t size = strlen(name) + 1;
	struct queue *queue = calloc(1, sizeof(*queue) + size);
	if (!queue)
		return NULL;
	queue->notify = notify;
	queue->is_group = is_group;
	queue->last = &queue->first;
	memcpy(queue->name, name, size);
	queue->next = *bucket;
	*bucket = queue;
	return queue;
}

static void call_free(struct call *call)
{
	for (size_t i = 0; call->words && call->words[i]; i++)
		free(call->words[i]);
	free(call->words);
	free(call->user);
	free(call->group);
	free(call);
}

static struct call *pop(struct queue *queue)
{
	struct call *call = queue->first;
	queue->first = call->next;
	if (!queue->first)
		queue->last = &queue->first;
	queue->count--;
	return call;
}

/* Copies: the configuration may be another one when they are run. */
static struct call *call_new(const struct conf_script *script, const char *const *arguments)
{
	size_t words = 0, more = 0, count = 0;
	while (script->words[words])
		words++;
	while (arguments && arguments[more])
		more++;
	struct call *call = calloc(1, sizeof(*call));
	if (!call)
		return NULL;
	call->words = calloc(words + more + 1, sizeof(*call->words));
	call->user = script->user ? strdup(script->user) : NULL;
	call->group = script->group ? strdup(script->group) : NULL;
	bool whole =
		call->words && (!script->user || call->user) && (!script->group || call->group);
	for (size_t i = 0; whole && i < words + more; i++) {
		const char *word = i < words ? script->words[i] : arguments[i - words];
		call->words[count++] = strdup(word);
		whole = call->words[i];
	}
	if (whole)
		return call;
	call_free(call);
	return NULL;
}

/* ---- running ---- */

static void tell_end(const struct queue *queue, enum script_end end, int value,
		     const struct failure *failure)
{
	const char *name = queue->name, *program = queue->first->words[0];
	switch (end) {
	case SCRIPT_EXITED:
		if (value)
			log_warning("%s: notify script %s ended with status %d", name, program,
				    value);
		break;
	case SCRIPT_SIGNALLED:
		log_warning("%s: notify script %s was ended by signal %d (%s)", name, program,
			    value, strsignal(value));
		break;
	case SCRIPT_TIMED_OUT:
		log_warning("%s: notify script %s was killed: it had run for %lld s; what is to "
			    "go on running must be put into the background",
			    name, program, TIMEOUT_NS / NS_PER_S);
		break;
	case SCRIPT_NOT_RUN:
		log_error("%s: notify script could not be run: %s", name, failure->text);
		break;
	}
}

static void run_first(struct queue *queue);

static void ended(enum script_end end, int value, const struct failure *failure, void *data)
{
	struct queue *queue = data;
	tell_end(queue, end, value, failure);
	call_free(pop(queue));
	queue->busy = false;
	queue->told_full = false;
	run_first(queue);
}

static void run_first(struct queue *queue)
{
	struct call *call = queue->first;
	if (queue->busy || !call)
		return;
	struct script_order order = {
		.words = call->words,
		.user = call->user,
		.group = call->group,
		.secure = queue->notify->agent->conf->global.script_security,
		.timeout_ns = TIMEOUT_NS,
	};
	queue->busy = script_run(queue->notify->scripts, &order, ended, queue);
}

static bool open_scripts(struct notify *notify)
{
	struct failure failure;
	if (notify->scripts)
		return true;
	notify->scripts = scripts_open(notify->agent->loop, &failure);
	if (!notify->scripts)
		log_error("notify scripts cannot be run: %s", failure.text);
	return notify->scripts;
}

static void run_all(void *data)
{
	struct notify *notify = data;
	if (!open_scripts(notify))
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct queue *queue = notify->buckets[i]; queue; queue = queue->next)
			run_first(queue);
}

/* ---- events ---- */

/* The first one runs. The last is the one that must not be lost. */
static void drop_oldest(struct queue *queue)
{
	struct call *call = queue->first->next;
	if (!queue->told_full)
		log_error("%s: notify scripts take too long: the oldest that wait are not run",
			  queue->name);
	queue->told_full = true;
	queue->first->next = call->next;
	queue->count--;
	call_free(call);
}

static void add_call(struct queue *queue, const struct conf_script *script,
		     const char *const *arguments)
{
	if (!script->words || !script->words[0])
		return;
	if (queue->count == WAITING_MAX)
		drop_oldest(queue);
	struct call *call = call_new(script, arguments);
	if (!call) {
		log_error("%s: out of memory: a notify script is not run", queue->name);
		return;
	}
	*queue->last = call;
	queue->last = &call->next;
	queue->count++;
	loop_task_post(queue->notify->task);
}

static bool has_script(const struct conf_script *scripts)
{
	for (size_t i = 0; i < CONF_NOTIFY_KINDS; i++)
		if (scripts[i].words)
			return true;
	return false;
}

static void add_event(struct queue *queue, const struct conf_script *scripts,
		      enum conf_notify state, unsigned priority)
{
	static const char *const words[] = {
		[CONF_NOTIFY_ACTIVE] = "MASTER",
		[CONF_NOTIFY_BACKUP] = "BACKUP",
		[CONF_NOTIFY_FAULT] = "FAULT",
		[CONF_NOTIFY_STOP] = "STOP",
	};
	char number[12];
	snprintf(number, sizeof(number), "%u", priority);
	const char *const arguments[] = {queue->is_group ? "GROUP" : "INSTANCE", queue->name,
					 words[state], number, NULL};
	add_call(queue, &scripts[state], NULL);
	add_call(queue, &scripts[CONF_NOTIFY], arguments);
}

/* CONF_NOTIFY = between two states: nothing to tell. */
static enum conf_notify state_of(const struct router *router)
{
	switch (router->vr.state) {
	case VR_ACTIVE:
		return CONF_NOTIFY_ACTIVE;
	case VR_BACKUP:
		return CONF_NOTIFY_BACKUP;
	case VR_INITIALIZE:
		break;
	}
	if (!router->vr.started)
		return CONF_NOTIFY_STOP;
	return router->vr.faults ? CONF_NOTIFY_FAULT : CONF_NOTIFY;
}

static void tell_instance(struct notify *notify, const struct router *router)
{
	const struct conf_instance *conf = router->conf;
	enum conf_notify state = state_of(router);
	struct queue *queue;
	if (state == CONF_NOTIFY || !has_script(conf->notify))
		return;
	queue = queue_of(notify, false, conf->name);
	if (!queue)
		return;
	queue->state = state;
	add_event(queue, conf->notify, state, router->vr.effective_priority);
}

/* Routers are in the order of the configuration. CONF_NOTIFY unless all have the same state. */
static enum conf_notify state_of_group(const struct agent *agent, const struct conf_group *group)
{
	enum conf_notify common = CONF_NOTIFY;
	for (size_t i = 0; i < group->member_count; i++) {
		enum conf_notify state = state_of(agent->routers[group->members[i]]);
		if (i > 0 && state != common)
			return CONF_NOTIFY;
		common = state;
	}
	return common;
}

/* In the middle of a reload routers may still be of the old configuration. */
static bool is_current(const struct conf *conf, const struct conf_group *group)
{
	uintptr_t first = (uintptr_t)conf->groups, at = (uintptr_t)group;
	return at >= first && at < first + conf->group_count * sizeof(*group);
}

static void tell_group(struct notify *notify, const struct conf_group *group)
{
	enum conf_notify state = state_of_group(notify->agent, group);
	struct queue *queue = queue_of(notify, true, group->name);
	if (!queue || state == CONF_NOTIFY || state == queue->state)
		return;
	queue->state = state;
	add_event(queue, group->notify, state, 0);
}

void notify_transition(struct router *router)
{
	struct notify *notify = router->agent->notify;
	if (!notify)
		return;
	const struct conf_group *group = router->conf->group;
	tell_instance(notify, router);
	if (group && has_script(group->notify) && is_current(router->agent->conf, group))
		tell_group(notify, group);
}

/* One that is in a fault from its beginning has no transition to tell of it. */
static void tell_fault(struct notify *notify, const struct router *router)
{
	if (state_of(router) != CONF_NOTIFY_FAULT || !has_script(router->conf->notify))
		return;
	const struct queue *queue = queue_of(notify, false, router->conf->name);
	if (queue && queue->state != CONF_NOTIFY_FAULT)
		tell_instance(notify, router);
}

static bool any_script(const struct conf *conf)
{
	for (size_t i = 0; i < conf->instance_count; i++)
		if (has_script(conf->instances[i].notify))
			return true;
	for (size_t i = 0; i < conf->group_count; i++)
		if (has_script(conf->groups[i].notify))
			return true;
	return false;
}

/* Before they are needed: once the loop has ended it is too late. */
static void prepare(struct notify *notify)
{
	if (!notify->scripts && any_script(notify->agent->conf))
		open_scripts(notify);
}

void notify_turn(struct agent *agent)
{
	const struct conf *conf = agent->conf;
	prepare(agent->notify);
	for (size_t i = 0; i < agent->router_count; i++)
		tell_fault(agent->notify, agent->routers[i]);
	for (size_t i = 0; i < conf->group_count; i++)
		if (has_script(conf->groups[i].notify) &&
		    state_of_group(agent, &conf->groups[i]) == CONF_NOTIFY_FAULT)
			tell_group(agent->notify, &conf->groups[i]);
}

/* ---- life ---- */

bool notify_open(struct agent *agent, struct failure *failure)
{
	struct notify *notify = calloc(1, sizeof(*notify));
	if (notify)
		notify->task = loop_task_new(agent->loop, LOOP_CONTROL, run_all, notify);
	if (!notify || !notify->task) {
		free(notify);
		fail(failure, "out of memory");
		return false;
	}
	notify->agent = agent;
	agent->notify = notify;
	prepare(notify);
	return true;
}

static void queue_free(struct queue *queue)
{
	unsigned left = queue->count - queue->busy;
	if (left)
		log_warning("%s: %u notify scripts were not run before the end", queue->name, left);
	while (queue->first)
		call_free(pop(queue));
	free(queue);
}

void notify_close(struct agent *agent)
{
	struct notify *notify = agent->notify;
	if (!notify)
		return;
	if (notify->scripts)
		run_all(notify);
	if (notify->scripts)
		scripts_finish(notify->scripts, NULL, PATIENCE_NS);
	scripts_close(notify->scripts);
	for (size_t i = 0; i < BUCKETS; i++)
		while (notify->buckets[i]) {
			struct queue *queue = notify->buckets[i];
			notify->buckets[i] = queue->next;
			queue_free(queue);
		}
	loop_task_free(notify->task);
	free(notify);
	agent->notify = NULL;
}
