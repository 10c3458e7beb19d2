/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of a plan; binding.c fills it. */
#include "plan.h"

#include <stdlib.h>

#include "conf/conf.h"
#include "core/route.h"
#include "sys/links.h"
#include "sys/log.h"

static bool allocate(struct plan *plan, size_t count, size_t routes, size_t rules)
{
	plan->addresses = calloc(count + 1, sizeof(*plan->addresses));
	plan->places = calloc(count + 1, sizeof(*plan->places));
	plan->labels = calloc(count + 1, sizeof(*plan->labels));
	plan->items = calloc(3 * count + routes + rules + 1, sizeof(*plan->items));
	plan->address_ifindexes = calloc(count + 1, sizeof(*plan->address_ifindexes));
	plan->frames = calloc(count + 1, sizeof(*plan->frames));
	plan->announcements = calloc(count + 1, sizeof(*plan->announcements));
	plan->fresh = calloc(count + 1, sizeof(*plan->fresh));
	plan->routes = calloc(routes + 1, sizeof(*plan->routes));
	plan->rules = calloc(rules + 1, sizeof(*plan->rules));
	return plan->routes && plan->rules && plan->addresses && plan->places && plan->labels &&
	       plan->items && plan->address_ifindexes && plan->frames && plan->announcements &&
	       plan->fresh;
}

struct plan *plan_new(const struct conf_instance *conf)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	size_t count = conf_served_count(conf);
	if (!plan || !allocate(plan, count, conf->routes.count, conf->rules.count)) {
		plan_free(plan);
		return NULL;
	}
	plan->address_count = count;
	plan->advertised_count = conf->address_count;
	for (size_t i = 0; i < count; i++)
		plan->addresses[i] = conf_served(conf, i)->address;
	return plan;
}

struct plan *plan_new_statics(size_t addresses, size_t routes, size_t rules)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	if (plan && allocate(plan, addresses, routes, rules))
		return plan;
	plan_free(plan);
	return NULL;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	free(plan->addresses);
	free(plan->places);
	free(plan->labels);
	free(plan->routes);
	free(plan->rules);
	free(plan->items);
	free(plan->address_ifindexes);
	free(plan->frames);
	free(plan->announcements);
	free(plan->fresh);
	free(plan);
}

/* False if there is no such VRF, which is told. */
static bool find_vrf(struct route *route, const struct links *links)
{
	const struct link *link = links_by_name(links, route->vrf);
	if (!route->vrf[0])
		return true;
	if (link && link->vrf_table) {
		route->table = link->vrf_table;
		return true;
	}
	log_warning("there is no VRF %s: a route of it is left out until the next reload",
		    route->vrf);
	return false;
}

void plan_routes(struct plan *plan, const struct conf_routes *routes,
		 const struct conf_rules *rules, const struct links *links)
{
	for (size_t i = 0; i < routes->count; i++) {
		struct route *route = &plan->routes[plan->route_count];
		*route = routes->list[i];
		if (!find_vrf(route, links))
			continue;
		plan->route_count++;
		plan->items[plan->item_count++] =
			(struct takeover_item){.kind = TAKEOVER_ROUTE, .route = route};
	}
	for (size_t i = 0; i < rules->count; i++) {
		struct rule *rule = &plan->rules[plan->rule_count++];
		*rule = rules->list[i];
		plan->items[plan->item_count++] =
			(struct takeover_item){.kind = TAKEOVER_RULE, .rule = rule};
	}
}

static bool is_among(int ifindex, const int *ifindexes, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (ifindexes[i] == ifindex)
			return true;
	return false;
}

static bool names_link(const struct route *route, const struct links *links, const int *ifindexes,
		       unsigned count)
{
	for (unsigned i = 0; i < route->hop_count; i++) {
		const struct link *link = links_by_name(links, route->hops[i].dev);
		if (!route->hops[i].dev[0] || (link && is_among(link->ifindex, ifindexes, count)))
			return true;
	}
	return false;
}

bool plan_names_link(const struct plan *plan, const struct links *links, const int *ifindexes,
		     unsigned count)
{
	for (size_t i = 0; i < plan->item_count; i++)
		if (plan->items[i].kind == TAKEOVER_ROUTE &&
		    names_link(plan->items[i].route, links, ifindexes, count))
			return true;
	return false;
}

bool plan_has_item(const struct plan *plan, const struct takeover_item *item)
{
	for (size_t i = 0; i < plan->item_count; i++)
		if (takeover_item_same(&plan->items[i], item))
			return true;
	return false;
}
