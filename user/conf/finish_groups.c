/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts, and sync groups: names of members to instances, wherever these are written. */
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/finish.h"
#include "conf/memory.h"

struct conf_script finish_script(struct conf_script *from, const struct setting *user)
{
	struct conf_script to = *from;

	*from = (struct conf_script){0};
	if (!to.words || !to.words[0] || to.user || !user->keyword)
		return to;
	to.user = conf_copy(user->text);
	to.group = user->second ? conf_copy(user->second) : NULL;
	return to;
}

void finish_notify(struct conf_script to[CONF_NOTIFY_KINDS],
		   struct conf_script from[CONF_NOTIFY_KINDS], const struct setting *user)
{
	for (size_t i = 0; i < CONF_NOTIFY_KINDS; i++)
		to[i] = finish_script(&from[i], user);
}

static int by_name(const void *left, const void *right)
{
	const struct conf_instance *const *a = left, *const *b = right;

	return strcmp((*a)->name, (*b)->name);
}

static int compare_name(const void *name, const void *instance)
{
	const struct conf_instance *const *at = instance;

	return strcmp(name, (*at)->name);
}

/* All instances by their names, malloc'd. */
static struct conf_instance **sort_instances(struct conf *conf)
{
	struct conf_instance **sorted = conf_alloc(conf->instance_count * sizeof(*sorted));

	for (size_t i = 0; i < conf->instance_count; i++)
		sorted[i] = &conf->instances[i];
	qsort(sorted, conf->instance_count, sizeof(*sorted), by_name);
	return sorted;
}

static void add_member(struct conf *conf, struct conf_group *group, const struct raw_member *member,
		       struct conf_instance **sorted, struct conf_diags *diags)
{
	struct conf_instance **found =
		bsearch(member->name, sorted, conf->instance_count, sizeof(*sorted), compare_name);

	if (!found) {
		conf_warning(diags, &member->place,
			     "there is no instance " WORD ": sync group " WORD " goes without it",
			     member->name, group->name);
	} else if ((*found)->group) {
		conf_warning(diags, &member->place,
			     "instance " WORD " is in sync group " WORD
			     " already: it is ignored here",
			     member->name, (*found)->group->name);
	} else {
		(*found)->group = group;
		group->members[group->member_count++] = (size_t)(*found - conf->instances);
	}
}

/* Only owners need not listen first (D-1). */
static void tell_owners(const struct conf *conf, const struct conf_group *group,
			struct conf_diags *diags)
{
	size_t owners = 0;

	for (size_t i = 0; i < group->member_count; i++)
		owners += conf->instances[group->members[i]].priority == VRRP_PRIORITY_OWNER;
	if (owners && owners < group->member_count)
		conf_warning(diags, &group->place,
			     "sync group " WORD " has members with priority 255 and others: an "
			     "owner should be Active at once, and waits for the others here; give "
			     "all of them 255, or none",
			     group->name);
}

static void finish_group(struct conf *conf, struct raw_group *from, struct conf_instance **sorted,
			 const struct setting *user, struct conf_diags *diags)
{
	struct conf_group *group = &conf->groups[conf->group_count];

	group->members = conf_alloc(from->member_count * sizeof(group->members[0]));
	group->name = conf_copy(from->name);
	group->place = from->place;
	for (size_t i = 0; i < from->member_count; i++)
		add_member(conf, group, &from->members[i], sorted, diags);
	if (!group->member_count) {
		conf_warning(diags, &from->place,
			     "sync group " WORD " has no members: it is ignored", from->name);
		free(group->members);
		free(group->name);
		return;
	}
	if (group->member_count == 1)
		conf_warning(diags, &from->place,
			     "sync group " WORD " has one member only, which has nobody to follow",
			     from->name);
	tell_owners(conf, group, diags);
	finish_notify(group->notify, from->notify, user);
	group->notify_priority_changes = from->settings[KEY_PRIORITY_CHANGES].keyword
						 ? from->settings[KEY_PRIORITY_CHANGES].value
						 : conf->global.notify_priority_changes;
	group->member_weights = from->settings[KEY_MEMBER_WEIGHTS].keyword;
	finish_group_tracks(conf, group, from, diags);
	conf->group_count++;
}

/* An instance that does not say itself does as its group. */
static void hand_down(struct conf *conf, const struct raw *raw)
{
	for (size_t i = 0; i < conf->instance_count; i++)
		if (conf->instances[i].group &&
		    !raw->instances[i].settings[KEY_PRIORITY_CHANGES].keyword)
			conf->instances[i].notify_priority_changes =
				conf->instances[i].group->notify_priority_changes;
}

void finish_groups(struct conf *conf, struct raw *raw, struct conf_diags *diags)
{
	struct conf_instance **sorted = sort_instances(conf);

	conf->groups = conf_alloc(raw->group_count * sizeof(conf->groups[0]));
	for (size_t i = 0; i < raw->group_count; i++)
		finish_group(conf, &raw->groups[i], sorted, &raw->global[KEY_SCRIPT_USER], diags);
	hand_down(conf, raw);
	free(sorted);
}
