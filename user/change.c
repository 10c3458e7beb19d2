/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration is put into force. A virtual router whose part of it is as before is not touched;
 * one that differs is changed in place where its peers and the data plane allow it, and else
 * stopped and started; what is gone withdraws, what is new starts. Everything that needs memory
 * comes first, so that without it nothing changes.
 *
 * The order, with those that are due advertising in between:
 *
 *   1. Those that go stop, because who comes or stays may want their addresses.
 *   2. The new configuration, its groups and what it tracks take the place of the old ones.
 *   3. Of those that change in place, slots and kernel follow: first all give up their claims to
 *      addresses, then all make new ones, so that an address moves from one to another.
 *   4. Their state machines follow, and those that are new start.
 */
#include "change.h"

#include <stdlib.h>
#include <string.h>

#include "groups.h"
#include "kernel.h"
#include "notify.h"
#include "port.h"
#include "router.h"
#include "statics.h"
#include "sys/realtime.h"
#include "tracking.h"

#define TOLD_MAX 64 /* of more than so many that differ only the number is told */

/* What is done about an instance. */
struct prepared {
	bool is_new;   /* its router is, and starts; else: */
	bool drained;  /* ... and takes over this from the one it replaces */
	bool in_place; /* it differs */
	bool rebinds;  /* ... and what it is bound to does: */
	struct plan *plan;
	struct kernel_swap *swap;
};

/* ---- beforehand ---- */

static bool prepare_new(struct agent *agent, struct change *change, size_t i)
{
	const struct conf_match *match = &change->matches[i];
	struct router *router = calloc(1, sizeof(*router));
	if (!router || !router_init(router, agent, &change->conf->instances[i])) {
		free(router);
		return false;
	}
	change->routers[i] = router;
	change->prepared[i].is_new = true;
	change->prepared[i].drained = match->is_known && agent->routers[match->old]->vr.drained;
	return true;
}

static bool prepare_known(struct agent *agent, struct change *change, size_t i)
{
	const struct conf_match *match = &change->matches[i];
	struct prepared *prepared = &change->prepared[i];
	struct router *router = agent->routers[match->old];
	change->stays[match->old] = true;
	change->routers[i] = router;
	prepared->in_place = match->changes != 0;
	if (!(match->changes & CONF_CHANGE_BINDING) || !router->bound)
		return true;
	prepared->rebinds = true;
	prepared->plan = plan_new(&change->conf->instances[i]);
	prepared->swap = kernel_swap_new(router);
	return prepared->plan && prepared->swap;
}

static bool prepare(struct agent *agent, struct change *change)
{
	size_t count = change->conf->instance_count;
	change->routers = calloc(count + 1, sizeof(struct router *));
	change->prepared = calloc(count + 1, sizeof(*change->prepared));
	change->stays = calloc(agent->router_count + 1, sizeof(*change->stays));
	if (!change->routers || !change->prepared || !change->stays)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct conf_match *match = &change->matches[i];
		bool known = match->is_known && !(match->changes & CONF_CHANGE_RESTART);
		if (!(known ? prepare_known : prepare_new)(agent, change, i))
			return false;
		change->count += !match->is_known || match->changes;
		agent_breathe(agent);
	}
	return true;
}

static void free_conf(void *data)
{
	conf_free(data);
}

/* That of thousands takes a while; but memory belongs to a thread. */
static void give_back(struct agent *agent, struct conf *conf, bool of_worker)
{
	if (!conf || !of_worker || !worker_run(agent->worker, free_conf, NULL, conf))
		conf_free(conf);
}

void change_free(struct agent *agent, struct change *change)
{
	for (size_t i = 0; change->routers && change->prepared && i < change->conf->instance_count;
	     i++) {
		plan_free(change->prepared[i].plan);
		kernel_swap_free(change->prepared[i].swap);
		if (change->prepared[i].is_new) {
			router_free(change->routers[i]);
			free(change->routers[i]);
		}
	}
	free(change->routers);
	free(change->prepared);
	free(change->stays);
	free(change->matches);
	free(change->virtual_addresses.list);
	if (change->old)
		give_back(agent, change->old, change->old_of_worker);
	else
		give_back(agent, change->conf, true);
}

/* ---- those that go ---- */

struct routers {
	struct router **list;
	size_t count;
};

/* Others of its sync group go on, and keep the role for when it is back. */
static bool leaves_alone(const struct change *change, const struct routers *old,
			 const struct router *router)
{
	const struct conf_group *group = router->conf->group;
	for (size_t i = 0; group && i < old->count; i++)
		if (change->stays[i] && old->list[i]->conf->group == group)
			return true;
	return false;
}

static void count_removed(struct change *change, size_t old_count)
{
	size_t known = 0;
	for (size_t i = 0; i < change->conf->instance_count; i++)
		known += change->matches[i].is_known;
	change->count += (int)(old_count - known);
}

/* What is started anew is not gone. */
static void spare_restarted(const struct agent *agent, const struct change *change,
			    const struct routers *old)
{
	for (size_t i = 0; i < agent->conf->instance_count; i++)
		if (change->prepared[i].is_new && change->matches[i].is_known)
			notify_restarted(old->list[change->matches[i].old]);
}

static void stop_others(struct agent *agent, const struct change *change, const struct routers *old)
{
	struct vr_event shutdown = {.kind = EV_SHUTDOWN};
	for (size_t i = 0; i < old->count; i++) {
		struct router *router = old->list[i];
		if (change->stays[i])
			continue;
		shutdown.alone = leaves_alone(change, old, router);
		notify_removed(router);
		groups_leave(router);
		router_step(router, &shutdown);
		router_free(router);
		free(router);
		agent_breathe(agent);
	}
}

/* ---- those that stay ---- */

static void tell_changes(const struct router *router, const char *new_name,
			 const struct conf_match *match)
{
	char members[300];
	if (match->changes & CONF_CHANGE_NAME)
		log_notice("%s is called %s now", router->conf->name, new_name);
	log_info("%s: changed in place: %s", new_name,
		 conf_diff_members(match->members, members, sizeof(members)));
}

/* From here on nothing of the old configuration is looked at. */
static void follow_conf(struct agent *agent, const struct change *change)
{
	for (size_t i = 0; i < agent->router_count; i++) {
		struct router *router = agent->routers[i];
		if (change->prepared[i].rebinds)
			dataplane_slot_unsettle(agent->dataplane, router->slot_number);
		if (change->prepared[i].in_place && change->count <= TOLD_MAX)
			tell_changes(router, agent->conf->instances[i].name, &change->matches[i]);
		const char *old_name = router->conf->name;
		router->conf = &agent->conf->instances[i];
		notify_renamed(router, old_name);
	}
}

static void rebind_all(struct agent *agent, const struct change *change)
{
	for (size_t i = 0; i < agent->router_count; i++) {
		struct prepared *prepared = &change->prepared[i];
		if (!prepared->in_place)
			continue;
		router_follow_conf(agent->routers[i], prepared->plan, prepared->swap);
		prepared->plan = NULL;
		prepared->swap = NULL;
		agent_breathe(agent);
	}
}

static void configure_all(struct agent *agent, const struct change *change)
{
	for (size_t i = 0; i < agent->router_count; i++) {
		struct router *router = agent->routers[i];
		if (!change->prepared[i].in_place)
			continue;
		router_configure(router);
		router_refresh(router);
		if (change->prepared[i].rebinds && router->bound)
			kernel_swap_end(router);
		agent_breathe(agent);
	}
}

static void start_new(struct agent *agent, const struct change *change)
{
	static const struct vr_event drain = {.kind = EV_DRAIN}, startup = {.kind = EV_STARTUP};
	for (size_t i = 0; i < agent->router_count; i++) {
		struct router *router = agent->routers[i];
		if (!change->prepared[i].is_new)
			continue;
		if (change->prepared[i].drained)
			router_step(router, &drain);
		router_refresh(router);
		router_step(router, &startup);
		agent_breathe(agent);
	}
}

/* ---- all of it ---- */

static void follow_globals(struct agent *agent, const struct conf *old)
{
	const struct conf_global *a = &old->global, *b = &agent->conf->global;
	struct failure warning;
	if (a->rt_priority == b->rt_priority && a->no_swap == b->no_swap)
		return;
	if (realtime_change(b->rt_priority, b->no_swap, &warning) < 0)
		log_warning("%s", warning.text);
	worker_realtime(agent->worker, b->rt_priority);
}

/* Who changes in place is told apart from here on by its plan, not by its configuration. */
static void replace(struct agent *agent, struct change *change, struct routers *old)
{
	*old = (struct routers){agent->routers, agent->router_count};
	agent->routers = change->routers;
	agent->router_count = change->conf->instance_count;
	change->routers = NULL;
	change->old = agent->conf;
	change->old_of_worker = agent->conf_of_worker;
	agent->conf = change->conf;
	agent->conf_of_worker = true;
	struct sorted_addresses addresses = agent->virtual_addresses;
	agent->virtual_addresses = change->virtual_addresses;
	change->virtual_addresses = addresses;
}

static bool changes_programs(const struct agent *agent, const struct change *change)
{
	for (size_t i = 0; i < agent->router_count; i++)
		if (change->matches[i].changes & CONF_CHANGE_PROGRAMS)
			return true;
	return false;
}

int change_apply(struct agent *agent, struct change *change)
{
	struct routers old;
	if (!prepare(agent, change))
		return -1;
	count_removed(change, agent->router_count);
	tracking_pause(agent);
	replace(agent, change, &old);
	spare_restarted(agent, change, &old);
	stop_others(agent, change, &old);
	free(old.list);
	groups_close(agent);
	follow_conf(agent, change);
	if (!tracking_follow(agent))
		log_error("out of memory: nothing is tracked");
	watch_forget(agent);
	if (!groups_open(agent))
		log_error("out of memory: no sync group is in force");
	follow_globals(agent, change->old);
	rebind_all(agent, change);
	if (changes_programs(agent, change))
		ports_put_unused(agent); /* so that they are attached anew */
	configure_all(agent, change);
	notify_follow(agent);
	start_new(agent, change);
	ports_put_unused(agent);
	watch_follow(agent);
	statics_follow(agent);
	return change->count;
}
