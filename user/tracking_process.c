/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vrrp_track_process: how many of a program run, and whether that is a good number. */
#include <stdio.h>
#include <stdlib.h>

#include "router.h"
#include "sys/processes.h"
#include "tracking_private.h"

struct count {
	struct object *object;
	struct process_watch *watch;
	struct track_quorum quorum;
	struct loop_timer *timer; /* of a delay */
};

static void follow(struct count *count)
{
	struct object *object = count->object;
	int64_t change_ns = count->quorum.change_ns;
	snprintf(object->result, sizeof(object->result), "%u of them run", count->quorum.count);
	object_set(object, count->quorum.state, count->quorum.count);
	loop_timer_set(count->timer, change_ns == INT64_MAX ? NEVER_NS : change_ns);
}

static void changed(unsigned number, enum process_cause cause, void *data)
{
	struct count *count = data;
	switch (cause) {
	case PROCESS_CHANGED:
		track_quorum_set(&count->quorum, number);
		break;
	case PROCESS_FORKED:
	case PROCESS_ENDED:
		track_quorum_update(&count->quorum, number, clock_ns());
		break;
	}
	follow(count);
}

static void delay_over(void *data)
{
	struct count *count = data;
	track_quorum_update(&count->quorum, count->quorum.count, clock_ns());
	follow(count);
}

static bool open_processes(struct tracking *tracking)
{
	struct failure failure;
	if (tracking->processes)
		return true;
	tracking->processes = processes_open(tracking->agent->loop, &failure);
	if (!tracking->processes)
		log_error("processes are not tracked: %s", failure.text);
	return tracking->processes;
}

static enum process_parameters parameters_of(enum conf_param_match match)
{
	switch (match) {
	case CONF_PARAM_NONE:
		break;
	case CONF_PARAM_EXACT:
		return PROCESS_EXACT;
	case CONF_PARAM_INITIAL:
		return PROCESS_INITIAL;
	case CONF_PARAM_PARTIAL:
		return PROCESS_PARTIAL;
	}
	return PROCESS_ANY_PARAMETERS;
}

bool count_start(struct object *object, const struct conf_process *conf)
{
	struct tracking *tracking = object->tracking;
	struct process_kind kind = {
		.words = conf->words,
		.parameters = parameters_of(conf->match),
		.full = conf->full_command,
	};
	if (!open_processes(tracking)) {
		object->unusable = true;
		return true;
	}
	struct count *count = calloc(1, sizeof(*count));
	object->count = count;
	if (!count)
		return false;
	count->object = object;
	track_quorum_init(&count->quorum, conf->quorum, conf->quorum_max,
			  conf->fork_delay_us * NS_PER_US, conf->terminate_delay_us * NS_PER_US);
	count->timer = loop_timer_new(tracking->agent->loop, delay_over, count);
	count->watch = process_watch_new(tracking->processes, &kind, changed, count);
	return count->timer && count->watch;
}

void count_stop(struct object *object)
{
	if (!object->count)
		return;
	process_watch_free(object->count->watch);
	loop_timer_free(object->count->timer);
	free(object->count);
	object->count = NULL;
}

char *count_signature(const struct conf_process *conf)
{
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);
	if (!file)
		return NULL;
	fprintf(file, "%d %d %u %u %lld %lld", conf->match, conf->full_command, conf->quorum,
		conf->quorum_max, (long long)conf->fork_delay_us,
		(long long)conf->terminate_delay_us);
	for (size_t i = 0; conf->words && conf->words[i]; i++)
		fprintf(file, "\n%s", conf->words[i]);
	fclose(file);
	return text;
}
