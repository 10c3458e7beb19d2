/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which objects are tracked, and by whom. An object is known by kind and name: a reload that does
 * not change it leaves it alone, with its results and what runs of it; of one that has changed the
 * state stays until there is a result of the new kind, so that no reload moves a role.
 */
#include "tracking_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router.h"
#include "sys/filewatch.h"
#include "sys/processes.h"
#include "sys/scripts.h"

const char *object_kind_name(enum conf_track_kind kind)
{
	static const char *const names[] = {
		[CONF_TRACK_INTERFACE] = "interface",
		[CONF_TRACK_SCRIPT] = "script",
		[CONF_TRACK_FILE] = "file",
		[CONF_TRACK_PROCESS] = "process",
	};
	return names[kind];
}

/* ---- changes ---- */

static void tell_users(const struct object *object)
{
	for (size_t i = 0; i < object->user_count; i++) {
		router_refresh_tracked(object->users[i]);
		agent_breathe(object->tracking->agent);
	}
}

void object_set(struct object *object, enum track_state state, int64_t number)
{
	static const char *const words[] = {
		[TRACK_UNKNOWN] = "unknown", [TRACK_UP] = "up", [TRACK_DOWN] = "down"};
	bool same = object->state == state &&
		    (object->number == number || object->kind == CONF_TRACK_PROCESS);
	object->number = number;
	if (same && object->since_s && !object->unusable)
		return;
	object->state = state;
	object->unusable = false;
	object->since_s = wall_clock_us() / 1000000;
	log_notice("tracked %s %s is %s%s%s%s", object_kind_name(object->kind), object->name,
		   words[state], object->result[0] ? " (" : "", object->result,
		   object->result[0] ? ")" : "");
	tell_users(object);
}

void object_set_unusable(struct object *object)
{
	if (object->unusable)
		return;
	object->unusable = true;
	object->since_s = wall_clock_us() / 1000000;
	tell_users(object);
}

/* ---- objects ---- */

static struct object **bucket_of(struct tracking *tracking, enum conf_track_kind kind,
				 const char *name)
{
	unsigned hash = (unsigned)kind;
	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return &tracking->buckets[hash % TRACKING_BUCKETS];
}

static void object_stop(struct object *object)
{
	check_stop(object);
	file_stop(object);
	count_stop(object);
}

static void object_free(struct object *object)
{
	object_stop(object);
	free(object->users);
	free(object->signature);
	free(object->name);
	free(object);
}

/* Made if there is none; NULL without memory. */
static struct object *object_of(struct tracking *tracking, enum conf_track_kind kind,
				const char *name)
{
	struct object **bucket = bucket_of(tracking, kind, name);
	for (struct object *object = *bucket; object; object = object->next)
		if (object->kind == kind && strcmp(object->name, name) == 0)
			return object;
	struct object *object = calloc(1, sizeof(*object));
	if (!object)
		return NULL;
	*object = (struct object){.tracking = tracking, .kind = kind, .name = strdup(name)};
	if (!object->name) {
		free(object);
		return NULL;
	}
	object->next = *bucket;
	*bucket = object;
	return object;
}

static char *signature_of(const struct conf *conf, const struct conf_track *track)
{
	switch (track->kind) {
	case CONF_TRACK_INTERFACE:
	case CONF_TRACK_KINDS:
		break;
	case CONF_TRACK_SCRIPT:
		return check_signature(&conf->scripts[track->object], conf->global.script_security);
	case CONF_TRACK_FILE:
		return file_signature(&conf->track_files[track->object]);
	case CONF_TRACK_PROCESS:
		return count_signature(&conf->processes[track->object]);
	}
	return strdup("");
}

static void look_at_link(struct object *object)
{
	const struct links *links = object->tracking->agent->links;
	const struct link *link = links ? links_by_name(links, object->name) : NULL;
	snprintf(object->result, sizeof(object->result), "%s", link ? "" : "there is none");
	if (links)
		object_set(object, link && link->up ? TRACK_UP : TRACK_DOWN, 0);
}

static bool object_start(struct object *object, const struct conf *conf,
			 const struct conf_track *track)
{
	switch (track->kind) {
	case CONF_TRACK_INTERFACE:
		look_at_link(object);
		break;
	case CONF_TRACK_SCRIPT:
		return check_start(object, &conf->scripts[track->object]);
	case CONF_TRACK_FILE:
		return file_start(object, &conf->track_files[track->object]);
	case CONF_TRACK_PROCESS:
		return count_start(object, &conf->processes[track->object]);
	case CONF_TRACK_KINDS:
		break;
	}
	return true;
}

/* As the configuration has it. False without memory. */
static bool object_follow(struct object *object, const struct conf *conf,
			  const struct conf_track *track)
{
	if (object->wanted)
		return true; /* another router was first */
	object->wanted = true;
	char *signature = signature_of(conf, track);
	if (!signature)
		return false;
	if (object->signature && strcmp(object->signature, signature) == 0) {
		free(signature);
		return true;
	}
	object_stop(object);
	free(object->signature);
	object->signature = signature;
	return object_start(object, conf, track);
}

/* ---- who tracks what ---- */

static void tracks_free(struct router *router)
{
	struct tracks *tracks = router->tracks;
	router->tracks = NULL;
	if (!tracks)
		return;
	free(tracks->objects);
	free(tracks->list);
	free(tracks);
}

/* Room for one more is doubled now and then: thousands may track the same. */
static bool add_user(struct object *object, struct router *router)
{
	size_t count = object->user_count;
	if (count > 0 && object->users[count - 1] == router)
		return true;
	if ((count & (count - 1)) == 0) {
		struct router **list =
			realloc(object->users, (count ? count * 2 : 1) * sizeof(*list));
		if (!list)
			return false;
		object->users = list;
	}
	object->users[object->user_count++] = router;
	return true;
}

static bool tracks_fill(struct tracking *tracking, struct router *router)
{
	const struct conf *conf = tracking->agent->conf;
	for (size_t i = 0; i < router->conf->track_count; i++) {
		const struct conf_track *track = &router->conf->tracks[i];
		struct object *object =
			object_of(tracking, track->kind, conf_track_name(conf, track));
		if (!object)
			return false;
		router->tracks->objects[i] = object;
		if (!object_follow(object, conf, track) || !add_user(object, router))
			return false;
	}
	return true;
}

static bool tracks_make(struct tracking *tracking, struct router *router)
{
	size_t count = router->conf->track_count;
	if (count == 0)
		return true;
	struct tracks *tracks = calloc(1, sizeof(*tracks));
	if (!tracks)
		return false;
	tracks->objects = calloc(count, sizeof(struct object *));
	tracks->list = calloc(count, sizeof(*tracks->list));
	tracks->count = count;
	router->tracks = tracks;
	if (tracks->objects && tracks->list && tracks_fill(tracking, router))
		return true;
	tracks_free(router);
	return false;
}

/* ---- life ---- */

static void free_unwanted(struct tracking *tracking)
{
	for (size_t i = 0; i < TRACKING_BUCKETS; i++)
		for (struct object **link = &tracking->buckets[i]; *link;) {
			struct object *object = *link;
			if (object->wanted) {
				link = &object->next;
				continue;
			}
			*link = object->next;
			object_free(object);
		}
}

static bool follow_all(struct tracking *tracking)
{
	struct agent *agent = tracking->agent;
	bool whole = true;
	for (size_t i = 0; whole && i < agent->router_count; i++) {
		whole = tracks_make(tracking, agent->routers[i]);
		agent_breathe(agent);
	}
	free_unwanted(tracking);
	tracking->first = false;
	return whole;
}

bool tracking_follow(struct agent *agent)
{
	if (!agent->tracking) {
		agent->tracking = calloc(1, sizeof(*agent->tracking));
		if (!agent->tracking)
			return false;
		agent->tracking->agent = agent;
		agent->tracking->first = !dataplane_adopted(agent->dataplane);
	}
	if (follow_all(agent->tracking))
		return true;
	tracking_pause(agent);
	free_unwanted(agent->tracking);
	return false;
}

void tracking_pause(struct agent *agent)
{
	struct tracking *tracking = agent->tracking;
	if (!tracking)
		return;
	for (size_t i = 0; i < TRACKING_BUCKETS; i++)
		for (struct object *object = tracking->buckets[i]; object; object = object->next) {
			object->wanted = false;
			object->user_count = 0;
			free(object->users);
			object->users = NULL;
		}
	for (size_t i = 0; i < agent->router_count; i++)
		tracks_free(agent->routers[i]);
}

void tracking_close(struct agent *agent)
{
	struct tracking *tracking = agent->tracking;
	if (!tracking)
		return;
	tracking_pause(agent);
	free_unwanted(tracking);
	scripts_close(tracking->scripts);
	filewatches_close(tracking->files);
	processes_close(tracking->processes);
	free(tracking);
	agent->tracking = NULL;
}

void tracking_links(struct agent *agent)
{
	struct tracking *tracking = agent->tracking;
	for (size_t i = 0; tracking && i < TRACKING_BUCKETS; i++)
		for (struct object *object = tracking->buckets[i]; object; object = object->next)
			if (object->kind == CONF_TRACK_INTERFACE)
				look_at_link(object);
}
