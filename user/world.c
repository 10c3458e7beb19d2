/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces that have changed: the virtual routers that they concern look at the world again. Many
 * changes come at once, our own among them (an address for each virtual router that has become
 * Active), so they are noted, and looked at once.
 */
#include "port.h"
#include "router.h"
#include "statics.h"
#include "tracking.h"

static void look(void *data);

bool world_open(struct agent *agent)
{
	agent->world.task = loop_task_new(agent->loop, LOOP_NETLINK, look, agent);
	return agent->world.task != NULL;
}

void world_close(struct agent *agent)
{
	loop_task_free(agent->world.task);
}

void world_changed(struct agent *agent)
{
	agent->world.all = true;
	loop_task_post(agent->world.task);
}

static bool is_noted(const struct world *world, int ifindex)
{
	for (unsigned i = 0; i < world->count; i++)
		if (world->ifindexes[i] == ifindex)
			return true;
	return false;
}

/* 0 = any. A name that has moved to another interface is news of both. */
void world_link_changed(int ifindex, void *data)
{
	struct agent *agent = data;
	struct world *world = &agent->world;
	if (ifindex == 0 || world->count == WORLD_NOTED_MAX)
		world->all = true;
	else if (!is_noted(world, ifindex))
		world->ifindexes[world->count++] = ifindex;
	loop_task_post(world->task);
}

/* One that is not bound waits for names, which any interface may have got. */
static bool concerns(const struct world *world, const struct router *router)
{
	if (world->all || !router->bound || is_noted(world, router->ifindex) ||
	    is_noted(world, router->place.ifindex))
		return true;
	for (size_t i = 0; i < router->plan->address_count; i++)
		if (is_noted(world, router->plan->address_ifindexes[i]) ||
		    is_noted(world, router->plan->announcements[i].ifindex))
			return true;
	return false;
}

/* The kernel removes routes with their interface, and gateways come with theirs. */
static bool concerns_routes(const struct world *world, const struct router *router)
{
	const struct plan *plan = router->plan;
	if (!router->bound || !router->kernel_wanted)
		return false;
	for (size_t i = 0; i < plan->item_count; i++)
		if (plan->items[i].kind == TAKEOVER_ROUTE)
			return world->all || router->kernel_failed ||
			       plan_names_link(plan, router->agent->links, world->ifindexes,
					       world->count);
	return false;
}

void world_look(struct agent *agent)
{
	/* What is noted from here on is looked at next time. */
	const struct world world = agent->world;
	agent->world.count = 0;
	agent->world.all = false;
	tracking_links(agent);
	for (size_t i = 0; i < agent->router_count; i++) {
		if (concerns_routes(&world, agent->routers[i]))
			kernel_verify(agent->routers[i]);
		if (!concerns(&world, agent->routers[i]))
			continue;
		router_refresh(agent->routers[i]);
		agent_breathe(agent);
	}
	ports_follow(agent);
	ports_put_unused(agent);
	statics_follow(agent);
}

static void look(void *data)
{
	struct agent *agent = data;
	if (agent->ready) /* else all is looked at once the programs are there */
		world_look(agent);
}
