/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Static addresses, routes and rules. The worker adds and removes them; while it does, what comes
 * up waits for the next turn.
 */
#include "statics.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "plan.h"
#include "router.h"

struct statics {
	struct agent *agent;
	struct plan *plan; /* what the kernel is to have */
	struct plan *old;  /* while the worker is busy: what it had */
	struct takeover_item *gone;
	size_t gone_count;
	bool busy, again;
	int failed;
	struct failure failure, told;
};

const struct plan *statics_plan(const struct agent *agent)
{
	return agent->statics ? agent->statics->plan : NULL;
}

/* ---- what they are ---- */

/* One whose interface does not exist waits for it. */
static void plan_address(struct plan *plan, size_t index, const struct conf_address *conf,
			 const struct links *links)
{
	const struct link *link = links_by_name(links, conf->dev);
	if (!link)
		return;
	memcpy(plan->labels[index], conf->label, sizeof(conf->label));
	plan->items[plan->item_count++] = (struct takeover_item){
		.kind = TAKEOVER_ADDRESS,
		.ifindex = link->ifindex,
		.address = conf->address,
		.prefix_len = conf->prefix_len,
		.scope = conf->scope,
		.has_broadcast = conf->has_broadcast,
		.broadcast = conf->broadcast,
		.label = conf->label[0] ? plan->labels[index] : NULL,
		.peer = conf->peer,
		.flags = conf->flags,
		.detects_duplicates = conf->detects_duplicates,
		.has_preferred = conf->has_preferred || conf->prefix_len == 128,
		.preferred_s = conf->preferred_s,
	};
}

/* NULL without memory. */
static struct plan *make_plan(const struct agent *agent)
{
	const struct conf_global *conf = &agent->conf->global;
	struct plan *plan = plan_new_statics(conf->static_addresses.count,
					     conf->static_routes.count, conf->static_rules.count);
	if (!plan)
		return NULL;
	for (size_t i = 0; i < conf->static_addresses.count; i++)
		plan_address(plan, i, &conf->static_addresses.list[i], agent->links);
	plan_routes(plan, &conf->static_routes, &conf->static_rules, agent->links);
	return plan;
}

/* ---- into the kernel ---- */

static void change(void *data)
{
	struct statics *statics = data;
	struct takeover *takeover = statics->agent->takeover;
	statics->failed =
		takeover_remove(takeover, statics->gone, statics->gone_count, &statics->failure);
	if (statics->failed)
		log_warning("static addresses, routes and rules: %s", statics->failure.text);
	statics->failed = takeover_add(takeover, statics->plan->items, statics->plan->item_count,
				       &statics->failure);
}

static void tell_failure(struct statics *statics)
{
	if (!statics->failed)
		statics->failure.text[0] = '\0';
	else if (strcmp(statics->failure.text, statics->told.text) != 0)
		log_error("%d of %zu static addresses, routes and rules could not be set: %s",
			  statics->failed, statics->plan->item_count, statics->failure.text);
	statics->told = statics->failure;
}

static void changed(void *data)
{
	struct statics *statics = data;
	statics->busy = false;
	plan_free(statics->old);
	free(statics->gone);
	statics->old = NULL;
	statics->gone = NULL;
	tell_failure(statics);
	if (statics->again)
		statics_follow(statics->agent);
}

/* What only the old plan has; false without memory. */
static bool compare(struct statics *statics, const struct plan *plan)
{
	const struct plan *old = statics->plan;
	size_t count = old ? old->item_count : 0;
	statics->gone_count = 0;
	statics->gone = calloc(count + 1, sizeof(*statics->gone));
	for (size_t i = 0; statics->gone && i < count; i++)
		if (!plan_has_item(plan, &old->items[i]))
			statics->gone[statics->gone_count++] = old->items[i];
	return statics->gone;
}

static void begin(struct statics *statics)
{
	struct plan *plan = make_plan(statics->agent);
	statics->again = false;
	if (!plan || !compare(statics, plan)) {
		plan_free(plan);
		log_error("static addresses, routes and rules stay as they are: out of memory");
		return;
	}
	statics->old = statics->plan;
	statics->plan = plan;
	statics->busy = true;
	if (!worker_run(statics->agent->worker, change, changed, statics)) {
		change(statics);
		changed(statics);
	}
}

void statics_follow(struct agent *agent)
{
	const struct conf_global *conf = &agent->conf->global;
	if (!agent->statics && !conf->static_addresses.count && !conf->static_routes.count &&
	    !conf->static_rules.count)
		return;
	if (!agent->statics)
		agent->statics = calloc(1, sizeof(*agent->statics));
	if (!agent->statics)
		return;
	agent->statics->agent = agent;
	if (agent->statics->busy)
		agent->statics->again = true;
	else
		begin(agent->statics);
}

void statics_stop(struct agent *agent)
{
	struct statics *statics = agent->statics;
	struct failure failure;
	if (!statics)
		return;
	worker_wait(agent->worker);
	if (statics->plan && takeover_remove(agent->takeover, statics->plan->items,
					     statics->plan->item_count, &failure))
		log_warning("static addresses, routes and rules: %s", failure.text);
	plan_free(statics->plan);
	free(statics);
	agent->statics = NULL;
}
