/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vrrp_script: a program run every interval, whose exit status says whether all is well. One copy
 * at a time: while one runs, the times that pass are left out. The times are those of the start
 * plus whole intervals, so that they do not drift, and those of many scripts lie apart.
 *
 * One that cannot be run at all (missing, not executable, not safe, an unknown user) says nothing
 * of what it was to check. As in keepalived it counts as not tracked if it never ran; a state that
 * it had stays. Trying goes on, so that it counts once it is there. What keeps it from running just
 * now (it is being written, there is no memory) says nothing at all: the first result is waited
 * for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router.h"
#include "sys/command.h"
#include "sys/scripts.h"
#include "tracking_private.h"

#define KILL_AFTER_NS (2 * NS_PER_S) /* between SIGTERM and SIGKILL, as in keepalived */
#define SOON_NS	      NS_PER_S	     /* the next try, if the first result is waited for */
#define AT_ONCE	      256	     /* one that hangs must not keep others waiting */

struct check {
	struct object *object;
	struct loop_timer *timer;
	int64_t next_ns, interval_ns;
	struct track_streak streak;
	char **words;
	char *user, *group;
	bool secure;
	int64_t timeout_ns;
	bool running;
	bool ran;	  /* to its end, once at least */
	bool late;	  /* this one has taken longer than the interval ... */
	bool told_late;	  /* ... as the one before has */
	bool told_broken; /* it cannot be run */
};

/* ---- one run ---- */

static void describe(struct object *object, enum script_end end, int value,
		     const struct failure *failure)
{
	char *to = object->result;
	switch (end) {
	case SCRIPT_EXITED:
		snprintf(to, OBJECT_RESULT_LEN, "exit status %d", value);
		break;
	case SCRIPT_SIGNALLED:
		snprintf(to, OBJECT_RESULT_LEN, "ended by signal %d", value);
		break;
	case SCRIPT_TIMED_OUT:
		snprintf(to, OBJECT_RESULT_LEN, "timed out");
		break;
	case SCRIPT_NOT_RUN:
	case SCRIPT_NOT_NOW:
		snprintf(to, OBJECT_RESULT_LEN, "not run: %.80s", failure->text);
		break;
	}
}

/* Said once, until it can be run again. */
static void not_run(struct check *check, bool for_now, const struct failure *failure)
{
	struct object *object = check->object;
	bool stays = check->ran || for_now;
	if (!check->told_broken || (!stays && !object->unusable))
		log_error("vrrp_script %s cannot be run: %s: %s", object->name, failure->text,
			  stays ? "its state stays as it was" : "it counts as not tracked");
	check->told_broken = true;
	if (!stays)
		object_set_unusable(object);
	else if (!check->ran && check->next_ns > clock_ns() + SOON_NS)
		loop_timer_set(check->timer, clock_ns() + SOON_NS);
}

static void ended(enum script_end end, int value, const struct failure *failure, void *data)
{
	struct check *check = data;
	struct object *object = check->object;
	check->told_late &= check->late;
	check->running = check->late = false;
	describe(object, end, value, failure);
	if (end == SCRIPT_NOT_RUN || end == SCRIPT_NOT_NOW) {
		not_run(check, end == SCRIPT_NOT_NOW, failure);
		return;
	}
	if (check->told_broken)
		log_notice("vrrp_script %s can be run now", object->name);
	check->told_broken = false;
	check->ran = true;
	track_streak_add(&check->streak, end == SCRIPT_EXITED && value == 0);
	object_set(object, check->streak.state, 0);
}

static void run(struct check *check)
{
	struct script_order order = {
		.words = check->words,
		.user = check->user,
		.group = check->group,
		.secure = check->secure,
		.quiet = true,
		.dies_with_agent = true,
		.timeout_ns = check->timeout_ns,
		.kill_after_ns = KILL_AFTER_NS,
	};
	if (!check->running) {
		check->running = script_run(check->object->tracking->scripts, &order, ended, check);
		return;
	}
	if (!check->told_late)
		log_warning("vrrp_script %s still runs when its interval is over: there is no "
			    "second one beside it",
			    check->object->name);
	check->late = check->told_late = true;
}

/*
 * Times that were missed, of a machine that slept, are not made up for; one between the times is
 * for a first result that is still missing.
 */
static void due(void *data)
{
	struct check *check = data;
	int64_t late_ns = clock_ns() - check->next_ns;
	run(check);
	if (late_ns >= 0)
		check->next_ns += (late_ns / check->interval_ns + 1) * check->interval_ns;
	loop_timer_set(check->timer, check->next_ns);
}

/* ---- life ---- */

static char *join(char *const *words)
{
	char *line = NULL;
	size_t length;
	FILE *file = open_memstream(&line, &length);
	if (!file)
		return NULL;
	for (size_t i = 0; words[i]; i++)
		fprintf(file, "%s%s", i ? " " : "", words[i]);
	fclose(file);
	return line;
}

/* keepalived's `</some/file`: can it be opened? Only a shell knows that. */
static char **shell_words(char *const *words)
{
	char *line = join(words);
	const char *const shell[] = {"/bin/sh", "-c", line, NULL};
	char **copy = line ? command_copy(NULL, shell) : NULL;
	free(line);
	return copy;
}

static char **command_words(char *const *words)
{
	return words[0] && words[0][0] == '<' ? shell_words(words) : command_copy(words, NULL);
}

static void check_free(struct check *check)
{
	loop_timer_free(check->timer);
	command_free(check->words);
	free(check->user);
	free(check->group);
	free(check);
}

static bool is_whole(const struct check *check, const struct conf_check_script *conf)
{
	const struct conf_script *script = &conf->script;
	return check->timer && check->words && (!script->user || check->user) &&
	       (!script->group || check->group);
}

static struct check *check_new(struct object *object, const struct conf_check_script *conf)
{
	const struct agent *agent = object->tracking->agent;
	struct check *check = calloc(1, sizeof(*check));
	if (!check)
		return NULL;
	*check = (struct check){
		.object = object,
		.timer = loop_timer_new(agent->loop, due, check),
		.interval_ns = conf->interval_us * NS_PER_US,
		.timeout_ns = conf->timeout_us * NS_PER_US,
		.words = command_words(conf->script.words),
		.user = conf->script.user ? strdup(conf->script.user) : NULL,
		.group = conf->script.group ? strdup(conf->script.group) : NULL,
		.secure = agent->conf->global.script_security,
	};
	/* One that has a state was up or down before a reload. */
	track_streak_init(&check->streak, conf->rise, conf->fall,
			  conf->init_fail && object->state == TRACK_UNKNOWN);
	if (is_whole(check, conf))
		return check;
	check_free(check);
	return NULL;
}

static bool open_scripts(struct tracking *tracking)
{
	struct failure failure;
	if (tracking->scripts)
		return true;
	tracking->scripts = scripts_open(tracking->agent->loop, &failure);
	if (!tracking->scripts) {
		log_error("scripts are not tracked: %s", failure.text);
		return false;
	}
	scripts_at_once(tracking->scripts, AT_ONCE);
	return true;
}

/*
 * All run at once in the beginning, as their results are waited for. The second time comes after
 * half of the interval to all of it, another one for each: by the golden ratio, which spreads any
 * number of them evenly.
 */
static int64_t second_ns(struct check *check)
{
	double turns = check->object->tracking->check_count++ * 0.6180339887498949;
	double part = 1 - (turns - (double)(int64_t)turns) / 2;
	return clock_ns() + (int64_t)((double)check->interval_ns * part);
}

bool check_start(struct object *object, const struct conf_check_script *conf)
{
	if (!open_scripts(object->tracking)) {
		object->unusable = true;
		return true;
	}
	object->check = check_new(object, conf);
	if (!object->check)
		return false;
	if (object->state == TRACK_UNKNOWN && conf->init_fail)
		object_set(object, TRACK_DOWN, 0);
	run(object->check);
	object->check->next_ns = second_ns(object->check);
	loop_timer_set(object->check->timer, object->check->next_ns);
	return true;
}

void check_stop(struct object *object)
{
	if (!object->check)
		return;
	scripts_cancel(object->tracking->scripts, object->check);
	check_free(object->check);
	object->check = NULL;
}

char *check_signature(const struct conf_check_script *conf, bool secure)
{
	const struct conf_script *script = &conf->script;
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);
	if (!file)
		return NULL;
	fprintf(file, "%lld %lld %u %u %d %d", (long long)conf->interval_us,
		(long long)conf->timeout_us, conf->rise, conf->fall, conf->init_fail, secure);
	fprintf(file, "\n%s\n%s", script->user ? script->user : "",
		script->group ? script->group : "");
	for (size_t i = 0; script->words && script->words[i]; i++)
		fprintf(file, "\n%s", script->words[i]);
	fclose(file);
	return text;
}
