/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sync groups of the running agent. A group is told what follows from a step as soon as it was
 * taken, so that its members are of one mind before anything else happens.
 */
#include "groups.h"

#include <stdlib.h>

#include "core/group.h"
#include "router.h"

struct group {
	struct group_member *members;
	struct router **routers; /* in the same order */
	size_t count;
	bool follows; /* its members are being told: their steps are part of that */
};

/* ---- what a step leads to ---- */

static void follow(struct group *group)
{
	struct vr_event event;
	size_t index;
	group->follows = true;
	while (group_next(group->members, group->count, &index, &event))
		router_step_on(group->routers[index], &event);
	group->follows = false;
}

void groups_follow(struct router *router)
{
	struct group *group = router->group;
	if (group && group_view_changed(&router->group_view, &router->vr) && !group->follows)
		follow(group);
}

/* ---- who is in which ---- */

void groups_leave(struct router *router)
{
	struct group *group = router->group;
	size_t at = 0;
	if (!group)
		return;
	while (group->routers[at] != router)
		at++;
	for (group->count--; at < group->count; at++) {
		group->routers[at] = group->routers[at + 1];
		group->members[at] = group->members[at + 1];
	}
	router->group = NULL;
}

static void free_group(struct group *group)
{
	free(group->members);
	free(group->routers);
}

/* It may be what another member had. */
static void leave_group(struct router *router)
{
	static const struct vr_event fault_over = {.kind = EV_FAULT_OVER,
						   .fault = FAULT_SYNC_GROUP};
	router->group = NULL;
	vr_set_group(&router->vr, false);
	if (router->vr.faults & FAULT_SYNC_GROUP)
		router_step(router, &fault_over);
	schedule_set(router, vr_deadline(&router->vr));
}

static bool open_group(struct agent *agent, struct group *group, const struct conf_group *conf)
{
	group->members = calloc(conf->member_count, sizeof(*group->members));
	group->routers = calloc(conf->member_count, sizeof(struct router *));
	if (!group->members || !group->routers)
		return false;
	for (size_t i = 0; i < conf->member_count; i++) {
		struct router *router = agent->routers[conf->members[i]];
		group->routers[i] = router;
		group->members[i].vr = &router->vr;
	}
	group->count = conf->member_count;
	group_open(group->members, group->count, agent->ready);
	return true;
}

static void enter_group(struct group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		struct router *router = group->routers[i];
		router->group = group;
		vr_set_group(&router->vr, true);
		group_view_changed(&router->group_view, &router->vr);
	}
}

/* One member is no group. */
static bool open_all(struct agent *agent)
{
	const struct conf *conf = agent->conf;
	agent->groups = calloc(conf->group_count + 1, sizeof(*agent->groups));
	for (size_t i = 0; agent->groups && i < conf->group_count; i++)
		if (conf->groups[i].member_count > 1 &&
		    !open_group(agent, &agent->groups[agent->group_count++], &conf->groups[i]))
			return false;
	return agent->groups != NULL;
}

bool groups_open(struct agent *agent)
{
	bool opened = open_all(agent);
	if (!opened)
		groups_close(agent);
	for (size_t i = 0; i < agent->group_count; i++)
		enter_group(&agent->groups[i]);
	for (size_t i = 0; i < agent->group_count; i++)
		follow(&agent->groups[i]);
	for (size_t i = 0; i < agent->router_count; i++)
		if (!agent->routers[i]->group)
			leave_group(agent->routers[i]);
	return opened;
}

/* Who waits for the others goes on waiting until it is put somewhere else. */
void groups_close(struct agent *agent)
{
	for (size_t i = 0; i < agent->group_count; i++) {
		for (size_t j = 0; j < agent->groups[i].count; j++)
			agent->groups[i].routers[j]->group = NULL;
		free_group(&agent->groups[i]);
	}
	free(agent->groups);
	agent->groups = NULL;
	agent->group_count = 0;
}
