/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses and filters of the virtual routers, brought into the kernel after their roles. The
 * kernel may make us wait for its routing lock while somebody else creates or deletes interfaces.
 * So this is done when no advertisement is due, one virtual router a turn, and a role that has
 * changed again meanwhile costs nothing.
 */
#include "agent_state.h"

static void add(struct router *router)
{
	struct failure failure;
	int failed =
		takeover_add(router->agent->takeover, router->items, router->item_count, &failure);
	if (failed)
		log_error("%s: %d of %zu addresses and filters could not be set: %s",
			  router->conf->name, failed, router->item_count, failure.text);
}

static void take_away(struct router *router)
{
	struct failure failure;
	int failed = takeover_remove(router->agent->takeover, router->items, router->item_count,
				     &failure);
	if (failed)
		log_warning("%s: %d of %zu addresses and filters could not be removed: %s",
			    router->conf->name, failed, router->item_count, failure.text);
}

static void follow_role(struct router *router)
{
	if (router->kernel_wanted == router->kernel_has)
		return;
	router->kernel_has = router->kernel_wanted;
	if (router->kernel_wanted)
		add(router);
	else
		take_away(router);
}

void kernel_request(struct router *router, bool serve)
{
	struct agent *agent = router->agent;
	router->kernel_wanted = serve;
	if (router->kernel_queued)
		return;
	router->kernel_queued = true;
	router->kernel_next = NULL;
	*agent->kernel_queue_end = router;
	agent->kernel_queue_end = &router->kernel_next;
	loop_task_post(agent->kernel_task);
}

static void unqueue(struct router *router)
{
	struct agent *agent = router->agent;
	struct router **link = &agent->kernel_queue;
	while (*link != router)
		link = &(*link)->kernel_next;
	*link = router->kernel_next;
	if (!*link)
		agent->kernel_queue_end = link;
	router->kernel_queued = false;
}

void kernel_settle(struct router *router)
{
	if (router->kernel_queued)
		unqueue(router);
	follow_role(router);
}

void kernel_turn(void *data)
{
	struct agent *agent = data;
	if (agent->kernel_queue)
		kernel_settle(agent->kernel_queue);
	if (agent->kernel_queue)
		loop_task_post(agent->kernel_task);
}
