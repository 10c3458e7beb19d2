/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who tracks what: names to objects, wherever these are written, and keepalived's rules for
 * weights. A group's members share one role, so their priorities should not move apart: weights of
 * single members are ignored, unless the group says otherwise. An owner's priority never moves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/finish.h"
#include "conf/memory.h"

#define TRACKS_MAX 256 /* of one instance or group */

static bool find_script(const struct conf *conf, const char *name, struct conf_track *track)
{
	for (size_t i = 0; i < conf->script_count; i++) {
		if (strcmp(conf->scripts[i].name, name))
			continue;
		track->object = i;
		track->weight = conf->scripts[i].weight;
		track->reverse = conf->scripts[i].reverse;
		return true;
	}
	return false;
}

static bool find_file(const struct conf *conf, const char *name, struct conf_track *track)
{
	for (size_t i = 0; i < conf->track_file_count; i++) {
		if (strcmp(conf->track_files[i].name, name))
			continue;
		track->object = i;
		track->weight = conf->track_files[i].weight;
		track->reverse = conf->track_files[i].reverse;
		return true;
	}
	return false;
}

static bool find_process(const struct conf *conf, const char *name, struct conf_track *track)
{
	for (size_t i = 0; i < conf->process_count; i++) {
		if (strcmp(conf->processes[i].name, name))
			continue;
		track->object = i;
		track->weight = conf->processes[i].weight;
		track->reverse = conf->processes[i].reverse;
		return true;
	}
	return false;
}

/* The object with its own weight; false if there is none. */
static bool find(const struct conf *conf, const char *name, struct conf_track *track)
{
	switch (track->kind) {
	case CONF_TRACK_INTERFACE:
		if (value_is_interface(name))
			snprintf(track->interface, sizeof(track->interface), "%s", name);
		return *track->interface;
	case CONF_TRACK_SCRIPT:
		return find_script(conf, name, track);
	case CONF_TRACK_FILE:
		return find_file(conf, name, track);
	case CONF_TRACK_PROCESS:
		return find_process(conf, name, track);
	case CONF_TRACK_KINDS:
		break;
	}
	return false;
}

static const char *kind_name(enum conf_track_kind kind)
{
	static const char *const names[] = {"interface", "vrrp_script", "track_file",
					    "vrrp_track_process"};

	return names[kind];
}

static bool same_object(const struct conf_track *a, const struct conf_track *b)
{
	return a->kind == b->kind && a->object == b->object && !strcmp(a->interface, b->interface);
}

static struct conf_track *find_same(struct conf_track *tracks, size_t count,
				    const struct conf_track *track)
{
	for (size_t i = 0; i < count; i++)
		if (same_object(&tracks[i], track))
			return &tracks[i];
	return NULL;
}

/* False: it is not tracked, which has been told. */
static bool resolve(const struct conf *conf, const struct raw_track *from, struct conf_track *to,
		    struct conf_diags *diags)
{
	*to = (struct conf_track){.kind = from->kind, .place = from->place};
	if (!find(conf, from->name, to)) {
		conf_warning(diags, &from->place, "there is no `%s` " WORD ": it is not tracked",
			     kind_name(from->kind), from->name);
		return false;
	}
	if (from->has_weight)
		to->weight = from->weight;
	if (from->reverse != CONF_DEFAULT)
		to->reverse = from->reverse == CONF_ON;
	return true;
}

/* malloc'd; of several lines for one object the first counts, as in keepalived. */
static struct conf_track *resolve_all(const struct conf *conf, const struct raw_tracks *from,
				      size_t *count, struct conf_diags *diags)
{
	struct conf_track *tracks = conf_alloc(from->count * sizeof(tracks[0]));
	const struct conf_track *first;

	*count = 0;
	for (size_t i = 0; i < from->count; i++) {
		struct conf_track *track = &tracks[*count];

		if (*count == TRACKS_MAX) {
			conf_warning(diags, &from->list[i].place,
				     "more than %d tracked objects: this one and those that follow "
				     "are not tracked",
				     TRACKS_MAX);
			break;
		}
		if (!resolve(conf, &from->list[i], track, diags))
			continue;
		first = find_same(tracks, *count, track);
		if (first)
			conf_warning(diags, &track->place,
				     WORD " is tracked already (%s): this line is ignored",
				     from->list[i].name, LINE_TEXT(&first->place, &track->place));
		else
			(*count)++;
	}
	return tracks;
}

/* Its own interface is tracked in any case, or, as in keepalived, in no case. */
static void drop_own_interface(const struct finish *finish)
{
	struct conf_instance *to = finish->to;
	size_t kept = 0;

	for (size_t i = 0; i < to->track_count; i++) {
		const struct conf_track *track = &to->tracks[i];

		if (track->kind != CONF_TRACK_INTERFACE ||
		    strcmp(track->interface, to->interface) != 0)
			to->tracks[kept++] = *track;
		else if (!to->track_own_interface)
			conf_warning(finish->diags, &track->place,
				     "this is the interface of the instance, which `dont_track_"
				     "primary` is about: it is not tracked");
	}
	to->track_count = kept;
}

void finish_tracks(const struct finish *finish)
{
	finish->to->tracks = resolve_all(finish->conf, &finish->from->tracks,
					 &finish->to->track_count, finish->diags);
	drop_own_interface(finish);
}

void finish_group_tracks(struct conf *conf, struct conf_group *group, const struct raw_group *from,
			 struct conf_diags *diags)
{
	group->tracks = resolve_all(conf, &from->tracks, &group->track_count, diags);
	for (size_t i = 0; i < group->track_count; i++)
		group->tracks[i].of_group = true;
}

/* Of processes keepalived lets weights count in any case. */
static bool may_weigh(const struct conf_track *track, bool in_group)
{
	return !track->weight || (track->kind == CONF_TRACK_PROCESS && in_group);
}

/* Does a weight that must not count leave a fault, or nothing? As keepalived has it. */
static bool stays(const struct conf_track *track, bool owner)
{
	return (track->kind == CONF_TRACK_INTERFACE && !owner) ||
	       (track->kind == CONF_TRACK_FILE && track->weight == 1);
}

static void drop_weights(struct conf *conf, struct conf_instance *instance,
			 struct conf_diags *diags)
{
	bool owner = instance->priority == VRRP_PRIORITY_OWNER;
	bool in_group = instance->group && !instance->group->member_weights;
	size_t kept = 0;

	if (!owner && !in_group)
		return;
	for (size_t i = 0; i < instance->track_count; i++) {
		struct conf_track track = instance->tracks[i];
		if (may_weigh(&track, in_group)) {
			instance->tracks[kept++] = track;
			continue;
		}
		bool stay = stays(&track, owner && !in_group);

		conf_warning(diags, &track.place, "%s: `weight %d` of " WORD " is ignored, %s",
			     in_group ? "the members of a sync group keep their priorities "
					"(unless it has `sync_group_tracking_weight`)"
				      : "the priority of an owner does not move",
			     track.weight, conf_track_name(conf, &track),
			     stay ? "while it is down there is a fault" : "and it is not tracked");
		track.weight = 0;
		if (stay)
			instance->tracks[kept++] = track;
	}
	instance->track_count = kept;
}

static void drop_group_weights(struct conf *conf, struct conf_group *group,
			       struct conf_diags *diags)
{
	bool owner = false;

	for (size_t i = 0; i < group->member_count; i++)
		owner |= conf->instances[group->members[i]].priority == VRRP_PRIORITY_OWNER;
	for (size_t i = 0; owner && i < group->track_count; i++) {
		struct conf_track *track = &group->tracks[i];

		if (track->weight)
			conf_warning(diags, &track->place,
				     "a member has priority 255, which does not move: `weight 0` "
				     "of " WORD " is used, while it is down there is a fault",
				     conf_track_name(conf, track));
		track->weight = 0;
	}
}

/* What a member tracks without a weight stays a fault; else the group's weight counts. */
static void add_group_tracks(struct conf_instance *instance)
{
	const struct conf_group *group = instance->group;
	size_t own = instance->track_count;

	if (!group->track_count)
		return;
	instance->tracks =
		realloc(instance->tracks, (own + group->track_count) * sizeof(instance->tracks[0]));
	if (!instance->tracks)
		conf_no_memory();
	for (size_t i = 0; i < group->track_count; i++) {
		struct conf_track *same = find_same(instance->tracks, own, &group->tracks[i]);

		if (!same) {
			instance->tracks[instance->track_count++] = group->tracks[i];
		} else if (same->weight) {
			same->weight = group->tracks[i].weight;
			same->reverse = group->tracks[i].reverse;
		}
	}
}

void finish_weights(struct conf *conf, struct conf_diags *diags)
{
	for (size_t i = 0; i < conf->group_count; i++)
		drop_group_weights(conf, &conf->groups[i], diags);
	for (size_t i = 0; i < conf->instance_count; i++) {
		drop_weights(conf, &conf->instances[i], diags);
		if (conf->instances[i].group)
			add_group_tracks(&conf->instances[i]);
	}
}
