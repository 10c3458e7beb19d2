/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is told of whom, with the words of keepalived: MASTER is Active, FAULT is Initialize for a
 * reason, STOP is the end of the agent, DELETED that of a virtual router in a reload. A group has a
 * state when all of its members have it. At the start groups are told first, and at the end last;
 * in between a group follows its last member. All of it as in keepalived.
 */
#include "notify.h"

#include <stdlib.h>
#include <string.h>

#include "notify_fifo.h"
#include "notify_names.h"
#include "router.h"

#define KILL_AFTER_NS (2 * NS_PER_S)

/* systemd is asked for as much time as scripts may take, and some more. */
#define MORE_TIME_US 40000000LL

struct notify {
	struct agent *agent;
	struct names *names;
	struct pipes *pipes;
	bool begun;   /* somebody may have been told something */
	bool holding; /* what happens is told later, by notify_begin() or notify_stop() */
	void (*startup_done)(void *agent);
};

/* ---- who is what ---- */

/* CONF_NOTIFY = nothing to tell: between two states, or waiting for the first check results. */
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
	return vr_in_fault(&router->vr) ? CONF_NOTIFY_FAULT : CONF_NOTIFY;
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

static bool has_script(const struct conf_script *scripts)
{
	for (size_t i = 0; i < CONF_NOTIFY_KINDS; i++)
		if (scripts[i].words)
			return true;
	return false;
}

/* Does anybody want to know? */
static bool is_wanted(const struct notify *notify, const struct conf_script *scripts)
{
	return pipes_any(notify->pipes) || has_script(scripts);
}

/* ---- telling ---- */

static void tell(struct notify *notify, struct name *name, const struct conf_script *scripts,
		 enum conf_notify kind, unsigned priority)
{
	if (kind != CONF_NOTIFY_RX_LOWER)
		name->state = kind;
	name_event(name, scripts, kind, priority);
	pipes_write(notify->pipes, name, notify_word(kind), priority);
}

static void tell_instance(struct notify *notify, const struct router *router, enum conf_notify kind)
{
	const struct conf_instance *conf = router->conf;
	if (kind == CONF_NOTIFY || !is_wanted(notify, conf->notify))
		return;
	struct name *name = names_get(notify->names, false, conf->name);
	if (name)
		tell(notify, name, conf->notify, kind, router->vr.effective_priority);
}

static void tell_group(struct notify *notify, const struct conf_group *group, enum conf_notify kind)
{
	if (kind == CONF_NOTIFY || !is_wanted(notify, group->notify))
		return;
	struct name *name = names_get(notify->names, true, group->name);
	if (name && name->state != kind)
		tell(notify, name, group->notify, kind, 0);
}

static void tell_removed(struct notify *notify, const struct router *router)
{
	bool deleted = router->conf->notify[CONF_NOTIFY_DELETED].words;
	if (deleted || state_of(router) != CONF_NOTIFY_FAULT)
		tell_instance(notify, router, deleted ? CONF_NOTIFY_DELETED : CONF_NOTIFY_FAULT);
}

/* The state machines of a group change together, and are told of one by one. */
static bool is_last_of_group(const struct agent *agent, const struct conf_group *group)
{
	for (size_t i = 0; i < group->member_count; i++) {
		const struct router *router = agent->routers[group->members[i]];
		if (router->notify_state && router->notify_state != (int)state_of(router))
			return false;
	}
	return true;
}

void notify_transition(struct router *router)
{
	struct notify *notify = router->agent->notify;
	router->notify_state = (int)state_of(router);
	if (!notify || router->notify_silent)
		return;
	if (notify->holding) {
		router->notify_untold = true;
		return;
	}
	const struct conf_group *group = router->conf->group;
	enum conf_notify state = state_of(router);
	if (state == CONF_NOTIFY_STOP)
		tell_removed(notify, router);
	else
		tell_instance(notify, router, state);
	if (group && is_current(router->agent->conf, group) &&
	    is_last_of_group(router->agent, group))
		tell_group(notify, group, state_of_group(router->agent, group));
}

void notify_removed(struct router *router)
{
	struct notify *notify = router->agent->notify;
	if (!notify || notify->holding || router->notify_silent)
		return;
	router->notify_silent = true;
	tell_removed(notify, router);
}

void notify_restarted(struct router *router)
{
	router->notify_silent = true;
}

void notify_rx_lower(struct router *router)
{
	struct notify *notify = router->agent->notify;
	if (notify && !notify->holding)
		tell_instance(notify, router, CONF_NOTIFY_RX_LOWER);
}

void notify_priority(struct router *router)
{
	struct notify *notify = router->agent->notify;
	bool active = router->vr.state == VR_ACTIVE;
	if (!notify || notify->holding || !router->conf->notify_priority_changes ||
	    !pipes_any(notify->pipes))
		return;
	struct name *name = names_get(notify->names, false, router->conf->name);
	if (name)
		pipes_write(notify->pipes, name, active ? "MASTER_PRIORITY" : "BACKUP_PRIORITY",
			    router->vr.effective_priority);
}

/* ---- those that have no transition ---- */

/* One that is in a fault from its beginning has none to tell of it. */
static void tell_fault(struct notify *notify, const struct router *router)
{
	if (state_of(router) != CONF_NOTIFY_FAULT || !is_wanted(notify, router->conf->notify))
		return;
	const struct name *name = names_get(notify->names, false, router->conf->name);
	if (name && name->state != CONF_NOTIFY_FAULT)
		tell_instance(notify, router, CONF_NOTIFY_FAULT);
}

void notify_turn(struct agent *agent)
{
	const struct conf *conf = agent->conf;
	struct notify *notify = agent->notify;
	if (!notify || notify->holding)
		return;
	for (size_t i = 0; i < conf->group_count; i++)
		if (is_wanted(notify, conf->groups[i].notify) &&
		    state_of_group(agent, &conf->groups[i]) == CONF_NOTIFY_FAULT)
			tell_group(notify, &conf->groups[i], CONF_NOTIFY_FAULT);
	for (size_t i = 0; i < agent->router_count; i++)
		tell_fault(notify, agent->routers[i]);
}

/* ---- the start ---- */

static bool any_untold(const struct agent *agent, const struct conf_group *group)
{
	for (size_t i = 0; i < group->member_count; i++)
		if (agent->routers[group->members[i]]->notify_untold)
			return true;
	return false;
}

void notify_begin(struct agent *agent)
{
	struct notify *notify = agent->notify;
	const struct conf *conf = agent->conf;
	notify->holding = false;
	notify->begun = true;
	for (size_t i = 0; i < conf->group_count; i++)
		if (any_untold(agent, &conf->groups[i]))
			tell_group(notify, &conf->groups[i],
				   state_of_group(agent, &conf->groups[i]));
	for (size_t i = 0; i < agent->router_count; i++) {
		struct router *router = agent->routers[i];
		if (router->notify_untold)
			tell_instance(notify, router, state_of(router));
		router->notify_untold = false;
	}
	notify_turn(agent);
}

static bool any_script(const struct conf *conf)
{
	for (size_t i = 0; i < conf->instance_count; i++)
		if (has_script(conf->instances[i].notify))
			return true;
	for (size_t i = 0; i < conf->group_count; i++)
		if (has_script(conf->groups[i].notify))
			return true;
	return conf->global.shutdown_script.words;
}

/* What it needs is there before it is needed: once the loop has ended it is too late. */
static void prepare(struct notify *notify)
{
	if (any_script(notify->agent->conf))
		names_scripts(notify->names);
	pipes_follow(notify->pipes);
}

bool notify_open(struct agent *agent, struct failure *failure)
{
	struct notify *notify = calloc(1, sizeof(*notify));
	if (notify)
		notify->names = names_open(agent);
	if (notify && notify->names)
		notify->pipes = pipes_open(agent, notify->names);
	if (!notify || !notify->pipes) {
		if (notify && notify->names)
			names_close(notify->names);
		free(notify);
		fail(failure, "out of memory");
		return false;
	}
	notify->agent = agent;
	notify->holding = true;
	agent->notify = notify;
	prepare(notify);
	return true;
}

/* ---- a reload ---- */

void notify_renamed(struct router *router, const char *old_name)
{
	struct notify *notify = router->agent->notify;
	if (notify && strcmp(old_name, router->conf->name) != 0)
		names_rename(notify->names, old_name, router->conf->name);
}

/* For readers that begin anew with each reload, as keepalived's do. */
static void write_states(struct notify *notify)
{
	const struct agent *agent = notify->agent;
	struct name *name;
	for (size_t i = 0; i < agent->conf->group_count; i++) {
		const struct conf_group *group = &agent->conf->groups[i];
		enum conf_notify state = state_of_group(agent, group);
		if (state == CONF_NOTIFY || state == CONF_NOTIFY_STOP)
			continue;
		name = names_get(notify->names, true, group->name);
		if (name)
			pipes_write(notify->pipes, name, notify_word(state), 0);
	}
	for (size_t i = 0; i < agent->router_count; i++) {
		const struct router *router = agent->routers[i];
		enum conf_notify state = state_of(router);
		if (state == CONF_NOTIFY || state == CONF_NOTIFY_STOP)
			continue;
		name = names_get(notify->names, false, router->conf->name);
		if (name)
			pipes_write(notify->pipes, name, notify_word(state),
				    router->vr.effective_priority);
	}
}

void notify_follow(struct agent *agent)
{
	struct notify *notify = agent->notify;
	if (!notify)
		return;
	prepare(notify);
	if (agent->conf->global.fifo_states_on_reload && pipes_any(notify->pipes))
		write_states(notify);
}

/* ---- scripts of the agent itself ---- */

static void tell_end(const char *which, enum script_end end, int value,
		     const struct failure *failure)
{
	switch (end) {
	case SCRIPT_EXITED:
		if (value)
			log_warning("%s ended with status %d", which, value);
		break;
	case SCRIPT_SIGNALLED:
		log_warning("%s was ended by signal %d (%s)", which, value, strsignal(value));
		break;
	case SCRIPT_TIMED_OUT:
		log_warning("%s was killed: it took too long (%s_timeout)", which, which);
		break;
	case SCRIPT_NOT_RUN:
	case SCRIPT_NOT_NOW:
		log_error("%s could not be run: %s", which, failure->text);
		break;
	}
}

static void more_time(int64_t script_us)
{
	char text[60];
	snprintf(text, sizeof(text), "EXTEND_TIMEOUT_USEC=%lld",
		 (long long)(script_us + MORE_TIME_US));
	loop_notify(text);
}

static bool run_own(struct notify *notify, const struct conf_script *script, int64_t timeout_us,
		    script_ended_fn *ended)
{
	struct scripts *scripts = names_scripts(notify->names);
	struct script_order order = {
		.words = script->words,
		.user = script->user,
		.group = script->group,
		.secure = notify->agent->conf->global.script_security,
		.timeout_ns = timeout_us * NS_PER_US,
		.kill_after_ns = KILL_AFTER_NS,
	};
	more_time(timeout_us);
	return scripts && script_run(scripts, &order, ended, notify);
}

static void startup_ended(enum script_end end, int value, const struct failure *failure, void *data)
{
	struct notify *notify = data;
	tell_end("startup_script", end, value, failure);
	notify->startup_done(notify->agent);
}

/* A role that goes on does not wait for a script that was run before it began. */
bool notify_startup(struct agent *agent, void (*done)(void *agent))
{
	const struct conf_global *global = &agent->conf->global;
	struct notify *notify = agent->notify;
	if (!global->startup_script.words || dataplane_adopted(agent->dataplane))
		return false;
	notify->startup_done = done;
	return run_own(notify, &global->startup_script, global->startup_timeout_us, startup_ended);
}

void notify_startup_hurry(struct agent *agent)
{
	struct notify *notify = agent->notify;
	if (notify && notify->startup_done)
		scripts_hurry(names_scripts(notify->names), notify, 0);
}

static void shutdown_ended(enum script_end end, int value, const struct failure *failure,
			   void *data)
{
	(void)data;
	tell_end("shutdown_script", end, value, failure);
}

static void run_shutdown(struct notify *notify)
{
	const struct conf_global *global = &notify->agent->conf->global;
	int64_t timeout_us = global->shutdown_timeout_us;
	if (notify->begun && global->shutdown_script.words &&
	    run_own(notify, &global->shutdown_script, timeout_us, shutdown_ended))
		scripts_finish(names_scripts(notify->names), notify,
			       timeout_us * NS_PER_US + 2 * KILL_AFTER_NS);
}

/* ---- the end ---- */

void notify_hold(struct agent *agent)
{
	if (agent->notify)
		agent->notify->holding = true;
}

void notify_stop(struct agent *agent)
{
	struct notify *notify = agent->notify;
	if (!notify || !notify->begun)
		return;
	for (size_t i = 0; i < agent->router_count; i++)
		tell_instance(notify, agent->routers[i], CONF_NOTIFY_STOP);
	for (size_t i = 0; i < agent->conf->group_count; i++)
		tell_group(notify, &agent->conf->groups[i], CONF_NOTIFY_STOP);
}

void notify_close(struct agent *agent)
{
	struct notify *notify = agent->notify;
	if (!notify)
		return;
	more_time(0);
	names_finish(notify->names);
	pipes_close(notify->pipes);
	run_shutdown(notify);
	names_close(notify->names);
	free(notify);
	agent->notify = NULL;
}
