/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be done as it is written, and is probably not what was meant. These warnings teach; the
 * configuration is used as it is.
 */
#include <string.h>

#include "conf/diag.h"
#include "conf/finish.h"

#define PRIORITY_MOST 254

static void lint_nopreempt(const struct conf_instance *instance, struct conf_diags *diags)
{
	for (size_t i = 0; i < instance->track_count && !instance->preempt; i++) {
		if (!instance->tracks[i].weight || instance->tracks[i].of_group)
			continue;
		conf_warning(diags, &instance->tracks[i].place,
			     "a weight with `nopreempt`: a router with `nopreempt` does not take "
			     "the role from one whose priority falls; for that use `weight 0`, or "
			     "`preempt` with a `preempt_delay`");
		return;
	}
}

/* What is added at most; numbers of files can be anything. */
static int most_added(const struct conf_instance *instance, const struct conf_track **last)
{
	int sum = 0;

	for (size_t i = 0; i < instance->track_count; i++) {
		const struct conf_track *track = &instance->tracks[i];
		bool adds = track->kind != CONF_TRACK_FILE && (track->weight > 0) != track->reverse;

		if (!adds || !track->weight)
			continue;
		sum += track->weight > 0 ? track->weight : -track->weight;
		*last = track;
	}
	return sum;
}

static void lint_limits(const struct conf_instance *instance, struct conf_diags *diags)
{
	const struct conf_track *last = NULL;
	int sum = most_added(instance, &last);

	if (instance->priority <= PRIORITY_MOST && last && instance->priority + sum > PRIORITY_MOST)
		conf_warning(diags, &last->place,
			     "with all its weights instance " WORD " comes to %d, which is held at "
			     "%d: two routers that reach it are equal, and what is added beyond "
			     "does not count",
			     instance->name, instance->priority + sum, PRIORITY_MOST);
}

static void lint_priority(const struct conf_instance *instance, const struct raw_instance *from,
			  struct conf_diags *diags)
{
	const struct setting *settings = from->settings;

	if (settings[KEY_STATE].keyword && !settings[KEY_STATE].value &&
	    !settings[KEY_PRIORITY].keyword && !settings[KEY_PRIORITY].problem)
		conf_warning(diags, &settings[KEY_STATE].place,
			     "no `priority`: %u is used; if the other router has the same, the one "
			     "with the higher address becomes Active",
			     instance->priority);
}

static void lint_checks(const struct conf *conf, struct conf_diags *diags)
{
	for (size_t i = 0; i < conf->script_count; i++) {
		const struct conf_check_script *script = &conf->scripts[i];

		if (script->timeout_us > script->interval_us)
			conf_warning(diags, &script->place,
				     "`timeout` of " WORD " is longer than its `interval`: a run "
				     "that hangs keeps the next ones from starting",
				     script->name);
	}
}

static bool is_root(const struct conf_script *script)
{
	return script->words && script->words[0] && script->user && !strcmp(script->user, "root");
}

static const struct conf_script *find_root(const struct conf_script notify[CONF_NOTIFY_KINDS])
{
	for (size_t i = 0; i < CONF_NOTIFY_KINDS; i++)
		if (is_root(&notify[i]))
			return &notify[i];
	return NULL;
}

/* Once; scripts without a user are not told: who runs them depends on the machine. */
static void lint_security(const struct conf *conf, struct conf_diags *diags)
{
	const struct conf_script *script = NULL;

	if (conf->global.script_security)
		return;
	for (size_t i = 0; i < conf->script_count && !script; i++)
		if (is_root(&conf->scripts[i].script))
			script = &conf->scripts[i].script;
	for (size_t i = 0; i < conf->instance_count && !script; i++)
		script = find_root(conf->instances[i].notify);
	for (size_t i = 0; i < conf->group_count && !script; i++)
		script = find_root(conf->groups[i].notify);
	if (script)
		conf_warning(diags, &script->place,
			     "scripts run as root without `enable_script_security`: whoever can "
			     "write to one of them can do anything");
}

void conf_lint(const struct conf *conf, const struct raw *raw, struct conf_diags *diags)
{
	for (size_t i = 0; i < conf->instance_count; i++) {
		lint_nopreempt(&conf->instances[i], diags);
		lint_limits(&conf->instances[i], diags);
		lint_priority(&conf->instances[i], &raw->instances[i], diags);
	}
	lint_checks(conf, diags);
	lint_security(conf, diags);
}
