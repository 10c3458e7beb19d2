/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events of each name, and the scripts that are run for them. */
#include "notify_names.h"
#include "sys/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_NS    (60 * NS_PER_S)
#define KILL_AFTER_NS (2 * NS_PER_S)
#define BUCKETS	      256

/* A script that takes longer is slower than the events, and so is one behind which so many wait. */
#define SLOW_NS	    (200 * NS_PER_MS)
#define WAITING_MAX 16

/* At the end: of what runs then, of a script that is told of it, and of all together. */
#define PATIENCE_NS	(2 * NS_PER_S)
#define STOP_TIMEOUT_NS (5 * NS_PER_S)
#define FINISH_NS	(9 * NS_PER_S)

struct call {
	struct call *next;
	char **words;
	char *user, *group;
};

struct event {
	struct event *next;
	enum conf_notify kind;
	bool begun, slow;
	struct call *calls; /* still to be run, or running */
};

struct names {
	struct agent *agent;
	struct scripts *scripts; /* NULL until there is one to run */
	struct loop_task *task;	 /* there are calls to start */
	bool ending;
	struct name *buckets[BUCKETS];
};

const char *notify_word(enum conf_notify kind)
{
	static const char *const words[CONF_NOTIFY_KINDS] = {
		[CONF_NOTIFY_ACTIVE] = "MASTER",   [CONF_NOTIFY_BACKUP] = "BACKUP",
		[CONF_NOTIFY_FAULT] = "FAULT",	   [CONF_NOTIFY_STOP] = "STOP",
		[CONF_NOTIFY_DELETED] = "DELETED", [CONF_NOTIFY_RX_LOWER] = "MASTER_RX_LOWER_PRI",
	};
	return words[kind];
}

/* ---- calls ---- */

static void call_free(struct call *call)
{
	command_free(call->words);
	free(call->user);
	free(call->group);
	free(call);
}

/* Copies: the configuration may be another one when they are run. */
static struct call *call_new(const struct conf_script *script, const char *const *arguments)
{
	struct call *call = calloc(1, sizeof(*call));
	if (!call)
		return NULL;
	call->words = command_copy(script->words, arguments);
	call->user = script->user ? strdup(script->user) : NULL;
	call->group = script->group ? strdup(script->group) : NULL;
	if (call->words && (!script->user || call->user) && (!script->group || call->group))
		return call;
	call_free(call);
	return NULL;
}

/* ---- events ---- */

static void calls_free(struct call *call)
{
	while (call) {
		struct call *next = call->next;
		call_free(call);
		call = next;
	}
}

static void event_free(struct event *event)
{
	calls_free(event->calls);
	free(event);
}

static bool is_configured(const struct conf_script *script)
{
	return script->words && script->words[0];
}

static struct event *event_new(const struct name *name, const struct conf_script *scripts,
			       enum conf_notify kind, unsigned priority)
{
	char number[12];
	snprintf(number, sizeof(number), "%u", priority);
	const char *const arguments[] = {name->is_group ? "GROUP" : "INSTANCE", name->text,
					 notify_word(kind), number, NULL};
	bool all = is_configured(&scripts[CONF_NOTIFY]) && kind != CONF_NOTIFY_RX_LOWER;
	struct event *event = calloc(1, sizeof(*event));
	if (!event)
		return NULL;
	event->kind = kind;
	struct call **last = &event->calls;
	if (is_configured(&scripts[kind])) {
		*last = call_new(&scripts[kind], NULL);
		if (!*last)
			goto no_memory;
		last = &(*last)->next;
	}
	if (all && !(*last = call_new(&scripts[CONF_NOTIFY], arguments)))
		goto no_memory;
	return event;
no_memory:
	event_free(event);
	return NULL;
}

/* Those before the last state that waits: they are history. */
static void skip_to_newest(struct name *name)
{
	struct event **from = name->busy ? &name->first->next : &name->first, *newest = NULL;
	for (struct event *event = *from; event; event = event->next)
		if (event->kind != CONF_NOTIFY_RX_LOWER)
			newest = event;
	while (newest && *from != newest) {
		struct event *event = *from;
		*from = event->next;
		event_free(event);
	}
}

static void append(struct name *name, struct event *event)
{
	struct event **last = &name->first;
	unsigned count = 0;
	for (; *last; last = &(*last)->next, count++)
		if (event->kind == CONF_NOTIFY_RX_LOWER && (*last)->kind == event->kind &&
		    !(*last)->next && !(count == 0 && name->busy)) {
			event_free(event); /* the same waits already, and nothing behind it */
			return;
		}
	*last = event;
	if (count >= WAITING_MAX)
		skip_to_newest(name);
}

/* One without any script changes nothing: the last script that was due is still due. */
void name_event(struct name *name, const struct conf_script *scripts, enum conf_notify kind,
		unsigned priority)
{
	if (!is_configured(&scripts[kind]) &&
	    (kind == CONF_NOTIFY_RX_LOWER || !is_configured(&scripts[CONF_NOTIFY])))
		return;
	struct event *event = event_new(name, scripts, kind, priority);
	if (!event) {
		log_error("%s: out of memory: a notify script is not run", name->text);
		return;
	}
	append(name, event);
	loop_task_post(name->names->task);
}

/* ---- running ---- */

static void tell_end(const struct name *name, enum script_end end, int value,
		     const struct failure *failure)
{
	const char *text = name->text, *program = name->first->calls->words[0];
	switch (end) {
	case SCRIPT_EXITED:
		if (value)
			log_warning("%s: notify script %s ended with status %d", text, program,
				    value);
		break;
	case SCRIPT_SIGNALLED:
		log_warning("%s: notify script %s was ended by signal %d (%s)", text, program,
			    value, strsignal(value));
		break;
	case SCRIPT_TIMED_OUT:
		log_warning("%s: notify script %s was killed: it ran for too long%s; what is to go "
			    "on running must be put into the background",
			    text, program,
			    name->names->ending ? " for the end of the agent" : " (60 s)");
		break;
	case SCRIPT_NOT_RUN:
	case SCRIPT_NOT_NOW:
		log_error("%s: notify script could not be run: %s", text, failure->text);
		break;
	}
}

static void run_first(struct name *name);

/* Something newer waits: what of this event has not begun yet is told no more. */
static void forget_rest(struct name *name)
{
	struct event *event = name->first;
	if (!event->next)
		return;
	calls_free(event->calls->next);
	event->calls->next = NULL;
}

/* The first call of the first event is over. */
static void pop(struct name *name)
{
	struct event *event = name->first;
	struct call *call = event->calls;
	event->calls = call->next;
	call_free(call);
	if (event->calls)
		return;
	name->first = event->next;
	event_free(event);
}

static void ended(enum script_end end, int value, const struct failure *failure, void *data)
{
	struct name *name = data;
	bool slow = name->first->slow || clock_ns() > name->started_ns + SLOW_NS;
	name->first->slow = slow;
	tell_end(name, end, value, failure);
	if (name->names->ending && end == SCRIPT_TIMED_OUT)
		forget_rest(name);
	pop(name);
	name->busy = false;
	if (slow && !(name->first && name->first->begun))
		skip_to_newest(name);
	run_first(name);
}

static int64_t timeout_ns(const struct name *name)
{
	if (!name->names->ending)
		return TIMEOUT_NS;
	return name->first->kind == CONF_NOTIFY_STOP ? STOP_TIMEOUT_NS : PATIENCE_NS;
}

static void run_first(struct name *name)
{
	struct names *names = name->names;
	if (name->busy || !name->first)
		return;
	struct call *call = name->first->calls;
	struct script_order order = {
		.words = call->words,
		.user = call->user,
		.group = call->group,
		.secure = names->agent->conf->global.script_security,
		.timeout_ns = timeout_ns(name),
		.kill_after_ns = KILL_AFTER_NS,
	};
	name->started_ns = clock_ns();
	name->first->begun = true;
	name->busy = script_run(names->scripts, &order, ended, name);
}

struct scripts *names_scripts(struct names *names)
{
	struct failure failure;
	if (names->scripts)
		return names->scripts;
	names->scripts = scripts_open(names->agent->loop, &failure);
	if (!names->scripts)
		log_error("notify scripts cannot be run: %s", failure.text);
	return names->scripts;
}

static void run_all(void *data)
{
	struct names *names = data;
	if (!names_scripts(names))
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct name *name = names->buckets[i]; name; name = name->next)
			run_first(name);
}

/* ---- names ---- */

static struct name **bucket_of(struct names *names, bool is_group, const char *text)
{
	unsigned hash = is_group ? 5381 : 52711;
	for (; *text; text++)
		hash = hash * 33 + (unsigned char)*text;
	return &names->buckets[hash % BUCKETS];
}

static struct name **find(struct names *names, bool is_group, const char *text)
{
	struct name **link = bucket_of(names, is_group, text);
	while (*link && ((*link)->is_group != is_group || strcmp((*link)->text, text) != 0))
		link = &(*link)->next;
	return link;
}

struct name *names_get(struct names *names, bool is_group, const char *text)
{
	struct name **link = find(names, is_group, text);
	if (*link)
		return *link;
	struct name *name = calloc(1, sizeof(*name));
	if (name)
		name->text = strdup(text);
	if (!name || !name->text) {
		free(name);
		return NULL;
	}
	name->names = names;
	name->is_group = is_group;
	*link = name;
	return name;
}

/* Two that change their names with each other keep what waits where it is. */
void names_rename(struct names *names, const char *from, const char *to)
{
	struct name **old = find(names, false, from), *name = *old;
	char *text;
	if (!name || *find(names, false, to) || !(text = strdup(to)))
		return;
	*old = name->next;
	free(name->text);
	name->text = text;
	struct name **bucket = bucket_of(names, false, to);
	name->next = *bucket;
	*bucket = name;
}

struct names *names_open(struct agent *agent)
{
	struct names *names = calloc(1, sizeof(*names));
	if (!names)
		return NULL;
	names->agent = agent;
	names->task = loop_task_new(agent->loop, LOOP_CONTROL, run_all, names);
	if (names->task)
		return names;
	free(names);
	return NULL;
}

void names_finish(struct names *names)
{
	names->ending = true;
	if (!names->scripts)
		return;
	scripts_hurry(names->scripts, NULL, PATIENCE_NS);
	run_all(names);
	scripts_finish(names->scripts, NULL, FINISH_NS);
}

static void name_free(struct name *name)
{
	if (name->first)
		log_warning("%s: notify scripts were not run, or not to their end", name->text);
	while (name->first) {
		struct event *event = name->first;
		name->first = event->next;
		event_free(event);
	}
	free(name->text);
	free(name);
}

void names_close(struct names *names)
{
	scripts_close(names->scripts);
	for (size_t i = 0; i < BUCKETS; i++)
		while (names->buckets[i]) {
			struct name *name = names->buckets[i];
			names->buckets[i] = name->next;
			name_free(name);
		}
	loop_task_free(names->task);
	free(names);
}
