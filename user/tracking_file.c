/* SPDX-License-Identifier: GPL-2.0-or-later */
/* track_file: the number in a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router.h"
#include "sys/filewatch.h"
#include "tracking_private.h"

struct file_track {
	struct object *object;
	struct filewatch *watch;
	char problem[OBJECT_RESULT_LEN]; /* the last one that was told */
};

/* A file that is not there is as good as one with a 0: nothing to tell. */
static void tell_problem(struct file_track *track, const char *problem)
{
	if (problem && strcmp(problem, track->problem) != 0 &&
	    strcmp(problem, "No such file or directory") != 0)
		log_warning("track_file %s: %s", track->object->name, problem);
	snprintf(track->problem, sizeof(track->problem), "%s", problem ? problem : "");
}

static void was_read(const struct filewatch_reading *reading, void *data)
{
	struct file_track *track = data;
	struct object *object = track->object;
	int64_t number = reading->is_number ? reading->number : object->number;
	tell_problem(track, reading->problem);
	snprintf(object->result, sizeof(object->result), "%lld%s%s", (long long)number,
		 reading->problem ? ": " : "", reading->problem ? reading->problem : "");
	object_set(object, TRACK_UP, number);
}

static bool open_files(struct tracking *tracking)
{
	struct failure failure;
	if (tracking->files)
		return true;
	tracking->files = filewatches_open(tracking->agent->loop, &failure);
	if (!tracking->files)
		log_error("files are not tracked: %s", failure.text);
	return tracking->files;
}

/* A reload does not overwrite what somebody may have written since the start. */
bool file_start(struct object *object, const struct conf_track_file *conf)
{
	struct tracking *tracking = object->tracking;
	struct filewatch_init init = {
		.create = conf->create,
		.overwrite = conf->overwrite && tracking->first,
		.value = conf->initial,
	};
	if (!open_files(tracking)) {
		object->unusable = true;
		return true;
	}
	object->file = calloc(1, sizeof(*object->file));
	if (!object->file)
		return false;
	object->file->object = object;
	object->file->watch =
		filewatch_new(tracking->files, conf->path, &init, was_read, object->file);
	return object->file->watch;
}

void file_stop(struct object *object)
{
	if (!object->file)
		return;
	filewatch_free(object->file->watch);
	free(object->file);
	object->file = NULL;
}

char *file_signature(const struct conf_track_file *conf)
{
	char *text = NULL;
	return asprintf(&text, "%s", conf->path) < 0 ? NULL : text;
}
