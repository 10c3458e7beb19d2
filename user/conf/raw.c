/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has been read: filling and freeing it. */
#include "conf/raw.h"

#include <stdlib.h>

#include "conf/memory.h"
#include "conf/route.h"

void raw_set_family(struct raw_instance *instance, enum vrrp_family family)
{
	if (!instance->has_family)
		instance->family = family;
	instance->has_family = true;
}

void member_parse(struct raw_group *group, const struct statement *statement)
{
	for (size_t i = 0; i < statement->count; i++) {
		group->members = conf_grow(group->members, group->member_count,
					   &group->member_capacity, sizeof(group->members[0]));
		group->members[group->member_count++] = (struct raw_member){
			.name = conf_copy(statement->words[i].text),
			.place = statement->words[i].place,
		};
	}
}

static void free_settings(struct setting *settings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(settings[i].text);
		free(settings[i].second);
		free(settings[i].third);
		free(settings[i].problem);
	}
}

static void free_notify(struct conf_script notify[CONF_NOTIFY_KINDS])
{
	for (size_t i = 0; i < CONF_NOTIFY_KINDS; i++)
		script_free(&notify[i]);
}

static void free_tracks(struct raw_tracks *tracks)
{
	for (size_t i = 0; i < tracks->count; i++)
		free(tracks->list[i].name);
	free(tracks->list);
}

static void free_object(struct raw_object *object)
{
	free(object->name);
	words_free(object->words);
	script_free(&object->script);
	free_settings(object->settings, KEY_OBJECT_SETTINGS);
}

static void free_instance(struct raw_instance *instance)
{
	free(instance->name);
	free(instance->addresses.list);
	free(instance->excluded.list);
	routes_free(&instance->routes);
	rules_free(&instance->rules);
	free_tracks(&instance->tracks);
	free(instance->peers);
	free_notify(instance->notify);
	free_settings(instance->settings, KEY_SETTINGS);
}

static void free_group(struct raw_group *group)
{
	for (size_t i = 0; i < group->member_count; i++)
		free(group->members[i].name);
	free(group->members);
	free(group->name);
	free_notify(group->notify);
	free_tracks(&group->tracks);
	free_settings(group->settings, KEY_SETTINGS);
}

void raw_free(struct raw *raw)
{
	for (size_t i = 0; i < raw->count; i++)
		free_instance(&raw->instances[i]);
	for (size_t i = 0; i < raw->group_count; i++)
		free_group(&raw->groups[i]);
	for (size_t kind = 0; kind < CONF_TRACK_KINDS; kind++) {
		for (size_t i = 0; i < raw->objects[kind].count; i++)
			free_object(&raw->objects[kind].list[i]);
		free(raw->objects[kind].list);
	}
	for (size_t i = 0; i < GLOBAL_SCRIPTS; i++)
		script_free(&raw->scripts[i]);
	free(raw->static_addresses.list);
	routes_free(&raw->static_routes);
	rules_free(&raw->static_rules);
	free_settings(raw->global, KEY_SETTINGS);
	free(raw->instances);
	free(raw->groups);
	*raw = (struct raw){0};
}
