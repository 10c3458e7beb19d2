/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an earlier agent has left (I8). Roles under a valid lease go on: their advertisements come
 * before anything slow. What the configuration does not have any more is withdrawn. Addresses and
 * filters that no Active needs are removed by the worker.
 */
#include <stdlib.h>
#include <string.h>

#include "core/packet.h"
#include "port.h"
#include "router.h"
#include "statics.h"
#include "sys/membership.h"
#include "tracking.h"

/* ---- roles ---- */

static struct vr_event adoption_of(const struct vr_slot *slot)
{
	struct vr_event event = {.kind = EV_ADOPT};
	event.adoption.memory = slot->memory;
	event.adoption.priority = slot->identity.priority;
	event.adoption.decided_ns = (int64_t)slot->decided_ns;
	if (slot->flags & SLOT_STEADY) {
		event.adoption.steady_header = slot->steady_header;
		event.adoption.steady_source = slot->steady_source;
	}
	return event;
}

static void take_slot(struct router *router, int ifindex, unsigned number)
{
	struct vr_slot *slot = dataplane_slot(router->agent->dataplane, number);
	router->slot = slot;
	router->slot_number = number;
	router->ifindex = ifindex;
	router->place = (struct place){(int)slot->identity.key.ifindex, slot->identity.key.vlan};
	router->virtual_mac = !(slot->flags & SLOT_PHYSICAL_MAC);
	memcpy(router->mac, slot->identity.mac, sizeof(router->mac));
	router->last_transition_s = (int64_t)slot->memory.transition_s;
	router->agent->by_slot[number] = router;
	vr_set_primary(&router->vr, &slot->identity.primary);
}

/* What our advertisements need of it at once, and the state machine does not look at. */
static bool is_sane(const struct vr_slot *slot)
{
	return addr_is_ipv4(&slot->identity.primary) == (slot->identity.key.family == VRRP_IPV4);
}

/* Of a VLAN that the programs see on its parent only the slot tells where. */
static int find_slot(const struct router *router, int ifindex)
{
	const struct dataplane *dataplane = router->agent->dataplane;
	const struct conf_instance *conf = router->conf;
	struct vr_key key = {
		.ifindex = (uint32_t)ifindex,
		.family = (uint8_t)conf->family,
		.vrid = conf->vrid,
	};
	int number = dataplane_slot_find(dataplane, &key);
	return number >= 0 ? number
			   : dataplane_slot_of(dataplane, ifindex, conf->family, conf->vrid);
}

static void adopt_role(struct router *router)
{
	struct agent *agent = router->agent;
	int ifindex = link_index(router->conf->interface);
	if (!ifindex || conf_served_count(router->conf) == 0)
		return;
	int number = find_slot(router, ifindex);
	if (number < 0 || !is_sane(dataplane_slot(agent->dataplane, (unsigned)number)) ||
	    !(router->plan = plan_new(router->conf)))
		return;
	const struct vr_slot *slot = dataplane_slot(agent->dataplane, (unsigned)number);
	if (!slot->memory.drained)
		tracking_adopt(router, slot->identity.priority);
	take_slot(router, ifindex, (unsigned)number);
	struct vr_event event = adoption_of(router->slot);
	/* A peer of the other version has not heard us, and we could not hear it. */
	if (router->slot->identity.version == router->conf->version)
		router_step(router, &event);
	if (router->vr.state == VR_INITIALIZE) {
		router->remembered_priority = 0;
		router_unbind(router);
		return;
	}
	log_notice("%s: goes on as %s", router->conf->name, vr_state_name(router->vr.state));
}

void adopt_roles(struct agent *agent)
{
	if (!dataplane_adopted(agent->dataplane))
		return;
	for (size_t i = 0; i < agent->router_count; i++)
		adopt_role(agent->routers[i]);
}

/* One serves all routers of the interface: see port_join(). */
static bool is_joined(const struct agent *agent, const struct router *router)
{
	for (size_t i = 0; agent->routers[i] != router; i++)
		if (agent->routers[i]->ifindex == router->ifindex &&
		    agent->routers[i]->conf->family == router->conf->family)
			return true;
	return false;
}

void adopt_memberships(struct agent *agent)
{
	for (size_t i = 0; i < agent->router_count; i++) {
		struct router *router = agent->routers[i];
		if (router->slot && router->conf->peer_count == 0 && !is_joined(agent, router))
			router->membership =
				membership_join(router->ifindex, router->conf->family, NULL);
	}
}

/* Failures come again when the router is bound, and are told then. */
void adopt_programs(struct agent *agent)
{
	for (size_t i = 0; dataplane_adopted(agent->dataplane) && i < agent->router_count; i++) {
		struct router *router = agent->routers[i];
		const struct link *link = links_by_name(agent->links, router->conf->interface);
		if (link && conf_served_count(router->conf) > 0)
			port_prepare(agent, link, router_wanted_mode(router));
	}
}

/* ---- virtual routers that left the configuration ---- */

/* the map has them in no order. */
static int link_local_first(const void *a, const void *b)
{
	return (int)addr_is_link_local(b) - (int)addr_is_link_local(a);
}

static void send_to_group(struct agent *agent, const struct advert *advert, int ifindex)
{
	uint8_t frame[FRAME_MAX];
	size_t length = vrrp_frame_encode(advert, frame, sizeof(frame));
	if (length)
		transmit_send(agent->transmit, ifindex, frame, length);
}

/* With the TTL that most expect: what was configured is not known any more. */
static void send_to_peers(struct agent *agent, unsigned number, struct advert *advert, int ifindex)
{
	uint8_t message[VRRP_MESSAGE_MAX + VRRP_AUTH_LEN];
	unsigned count;
	const struct peer_key *peers = dataplane_slot_peers(agent->dataplane, number, &count);
	for (unsigned i = 0; i < count; i++) {
		advert->destination = peers[i].address;
		size_t length = vrrp_message_encode(advert, message, sizeof(message));
		if (length)
			transmit_unicast(agent->transmit, ifindex, &advert->source,
					 &advert->destination, VRRP_TTL, message, length);
	}
}

static void say_goodbye(struct agent *agent, const struct vr_slot *slot, unsigned number)
{
	const struct vr_identity *identity = &slot->identity;
	struct vrrp_addr addresses[VRRP_ADDRESSES_MAX];
	unsigned all, count = 0;
	const struct vip_key *vips = dataplane_slot_vips(agent->dataplane, number, &all);
	/* Which of them were advertised is not known any more; nobody compares those of a goodbye.
	 */
	for (unsigned i = 0; i < all && count < identity->addr_count; i++)
		if (addr_is_ipv4(&vips[i].address) == (identity->key.family == VRRP_IPV4))
			addresses[count++] = vips[i].address;
	qsort(addresses, count, sizeof(addresses[0]), link_local_first);
	struct advert advert = {
		.family = (enum vrrp_family)identity->key.family,
		.version = identity->version,
		.vrid = identity->key.vrid,
		.priority = VRRP_PRIORITY_LEAVING,
		.interval_cs = identity->interval_cs,
		.checksum = slot->memory.checksum_heard == 1 + CHECKSUM_PSEUDO ? CHECKSUM_PSEUDO
									       : CHECKSUM_RFC9568,
		.auth_type = identity->auth_type,
		.source = identity->primary,
		.addresses = addresses,
		.address_count = count,
	};
	memcpy(advert.auth_data, identity->auth_data, sizeof(advert.auth_data));
	memcpy(advert.source_mac, identity->mac, sizeof(advert.source_mac));
	if (!advert_is_possible(&advert)) /* another program's slot, or a bug's */
		return;
	if (slot->flags & SLOT_UNICAST)
		send_to_peers(agent, number, &advert, (int)identity->ifindex);
	else
		send_to_group(agent, &advert, (int)identity->ifindex);
}

/* D-20. An Active's addresses may be answered for by the next one as soon as it hears of it. */
static void withdraw(struct agent *agent, unsigned number)
{
	struct vr_slot *slot = dataplane_slot(agent->dataplane, number);
	bool active = slot->memory.state == VR_ACTIVE &&
		      dataplane_evidence(slot).lease_until_ns > clock_ns();
	dataplane_set_lease(slot, 0);
	if (active)
		say_goodbye(agent, slot, number);
	log_notice("VRID %u on interface %u left the configuration%s", slot->identity.key.vrid,
		   slot->identity.ifindex, active ? ": withdrawn" : "");
}

/* By another version it is another one, to whose peers this one says nothing. */
static bool is_slot_of(const struct router *router, const struct vr_identity *identity)
{
	const struct conf_instance *conf = router->conf;
	return conf->vrid == identity->key.vrid && (uint8_t)conf->family == identity->key.family &&
	       conf->version == identity->version &&
	       link_index(conf->interface) == (int)identity->ifindex;
}

static bool is_configured(const struct agent *agent, unsigned slot)
{
	const struct vr_identity *identity = &dataplane_slot(agent->dataplane, slot)->identity;
	if (agent->by_slot[slot])
		return true;
	for (size_t i = 0; i < agent->router_count; i++)
		if (is_slot_of(agent->routers[i], identity))
			return true;
	return false;
}

/* Without memory some addresses are left where they are. */
static void note_addresses(struct agent *agent, unsigned slot)
{
	unsigned count;
	const struct vip_key *vips = dataplane_slot_vips(agent->dataplane, slot, &count);
	struct vrrp_addr *list =
		realloc(agent->left_addresses, (agent->left_count + count + 1) * sizeof(*list));
	if (!list)
		return;
	agent->left_addresses = list;
	for (unsigned i = 0; i < count; i++)
		list[agent->left_count++] = vips[i].address;
}

void adopt_withdraw(struct agent *agent)
{
	int slot = -1;
	while ((slot = dataplane_orphan(agent->dataplane, (unsigned)(slot + 1))) >= 0) {
		note_addresses(agent, (unsigned)slot);
		if (!is_configured(agent, (unsigned)slot))
			withdraw(agent, (unsigned)slot);
	}
}

/* ---- addresses and filters ---- */

struct cleanup {
	struct takeover *takeover;
	struct dataplane *dataplane;
	int *ifindexes;
	size_t count;
	uint8_t vrids[2][32];	    /* of IPv4, of IPv6: whose virtual MACs may be removed */
	struct takeover_item *kept; /* sorted */
	size_t kept_count;
	struct plan *routes;	     /* routes and rules that stay, ... */
	struct plan *known;	     /* ... and all of the configuration */
	bool left_behind;	     /* an agent has left its maps */
	bool unknown;		     /* what was left: all that carries our mark may be it */
	struct vrrp_addr *addresses; /* else these: of the maps, and of the configuration; sorted */
	size_t address_count;
};

static int compare_items(const void *a, const void *b)
{
	const struct takeover_item *x = a, *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	/* A blackhole route belongs to no interface. */
	if (x->kind != TAKEOVER_BLACKHOLE && x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	if (x->kind == TAKEOVER_MAC)
		return memcmp(x->mac, y->mac, sizeof(x->mac));
	if (x->kind == TAKEOVER_ADDRESS && x->prefix_len != y->prefix_len)
		return x->prefix_len < y->prefix_len ? -1 : 1;
	if (x->kind == TAKEOVER_BLACKHOLE && x->table != y->table)
		return x->table < y->table ? -1 : 1;
	return memcmp(&x->address, &y->address, sizeof(x->address));
}

static int compare_addresses(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct vrrp_addr));
}

static bool has_route(const struct plan *plan, const struct takeover_item *item)
{
	for (size_t i = 0; i < plan->item_count; i++)
		if (plan->items[i].kind == item->kind &&
		    (item->kind == TAKEOVER_ROUTE
			     ? takeover_is_route(plan->items[i].route, item->route)
			     : takeover_is_rule(plan->items[i].rule, item->rule)))
			return true;
	return false;
}

/* Of an agent that has left nothing else only what is known from the configuration is removed. */
static bool is_kept_route(const struct takeover_item *item, const struct cleanup *cleanup)
{
	if (has_route(cleanup->routes, item))
		return true;
	return !cleanup->left_behind && !has_route(cleanup->known, item);
}

/* takeover_keep_fn. The mark is that of every agent of this host: leave another one's alone. */
static bool is_kept(const struct takeover_item *item, void *data)
{
	const struct cleanup *cleanup = data;
	if (item->kind == TAKEOVER_ROUTE || item->kind == TAKEOVER_RULE)
		return is_kept_route(item, cleanup);
	if (item->kind != TAKEOVER_MAC && !cleanup->unknown &&
	    !bsearch(&item->address, cleanup->addresses, cleanup->address_count,
		     sizeof(item->address), compare_addresses))
		return true;
	return bsearch(item, cleanup->kept, cleanup->kept_count, sizeof(*item), compare_items);
}

static void add_vrid(struct cleanup *cleanup, enum vrrp_family family, uint8_t vrid)
{
	cleanup->vrids[family == VRRP_IPV6][vrid / 8] |= (uint8_t)(1u << (vrid % 8));
}

static bool configured(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->instance_count; i++) {
		const struct conf_instance *instance = &conf->instances[i];
		if (strcmp(instance->interface, name) == 0)
			return true;
		for (size_t j = 0; j < conf_served_count(instance); j++)
			if (strcmp(conf_served(instance, j)->dev, name) == 0)
				return true;
	}
	return false;
}

static bool choose_interfaces(struct cleanup *cleanup, const struct agent *agent)
{
	bool everywhere = dataplane_left_behind(agent->dataplane);
	size_t all = 0;
	const struct link *link;
	while (links_at(agent->links, all))
		all++;
	cleanup->ifindexes = calloc(all + 1, sizeof(*cleanup->ifindexes));
	if (!cleanup->ifindexes)
		return false;
	for (size_t i = 0; (link = links_at(agent->links, i)); i++)
		if (everywhere || configured(agent->conf, link->name))
			cleanup->ifindexes[cleanup->count++] = link->ifindex;
	cleanup->ifindexes[cleanup->count++] = 0; /* what belongs to no interface */
	return true;
}

static bool choose_kept(struct cleanup *cleanup, const struct agent *agent)
{
	const struct plan *statics = statics_plan(agent);
	size_t count = statics ? statics->item_count : 0;
	for (size_t i = 0; i < agent->router_count; i++)
		count += agent->routers[i]->plan ? agent->routers[i]->plan->item_count : 0;
	cleanup->kept = calloc(count + 1, sizeof(*cleanup->kept));
	if (!cleanup->kept)
		return false;
	for (size_t i = 0; i < agent->router_count; i++) {
		const struct router *router = agent->routers[i];
		if (!router->kernel_wanted || !router->plan)
			continue;
		memcpy(cleanup->kept + cleanup->kept_count, router->plan->items,
		       router->plan->item_count * sizeof(*router->plan->items));
		cleanup->kept_count += router->plan->item_count;
	}
	for (size_t i = 0; statics && i < statics->item_count; i++)
		cleanup->kept[cleanup->kept_count++] = statics->items[i];
	qsort(cleanup->kept, cleanup->kept_count, sizeof(*cleanup->kept), compare_items);
	return true;
}

/* Those of the maps are in agent->left_addresses. */
static bool choose_addresses(struct cleanup *cleanup, const struct agent *agent)
{
	size_t count = agent->left_count;
	for (size_t i = 0; i < agent->conf->instance_count; i++)
		count += conf_served_count(&agent->conf->instances[i]);
	cleanup->addresses = calloc(count + 1, sizeof(*cleanup->addresses));
	if (!cleanup->addresses)
		return false;
	for (size_t i = 0; i < agent->left_count; i++)
		cleanup->addresses[cleanup->address_count++] = agent->left_addresses[i];
	for (size_t i = 0; i < agent->conf->instance_count; i++) {
		const struct conf_instance *instance = &agent->conf->instances[i];
		for (size_t j = 0; j < conf_served_count(instance); j++)
			cleanup->addresses[cleanup->address_count++] =
				conf_served(instance, j)->address;
	}
	qsort(cleanup->addresses, cleanup->address_count, sizeof(*cleanup->addresses),
	      compare_addresses);
	return true;
}

/* Copies: the configuration may go before the worker is done. */
static struct plan *plan_of_routes(const struct agent *agent, bool (*with)(const struct router *))
{
	const struct conf_global *global = &agent->conf->global;
	size_t routes = global->static_routes.count, rules = global->static_rules.count;
	for (size_t i = 0; i < agent->router_count; i++) {
		routes += agent->routers[i]->conf->routes.count;
		rules += agent->routers[i]->conf->rules.count;
	}
	struct plan *plan = plan_new_statics(0, routes, rules);
	if (plan)
		plan_routes(plan, &global->static_routes, &global->static_rules, agent->links);
	for (size_t i = 0; plan && i < agent->router_count; i++)
		if (with(agent->routers[i]))
			plan_routes(plan, &agent->routers[i]->conf->routes,
				    &agent->routers[i]->conf->rules, agent->links);
	return plan;
}

static bool is_any(const struct router *router)
{
	(void)router;
	return true;
}

static bool wants_kernel(const struct router *router)
{
	return router->kernel_wanted;
}

static bool choose_routes(struct cleanup *cleanup, const struct agent *agent)
{
	cleanup->routes = plan_of_routes(agent, wants_kernel);
	cleanup->known = plan_of_routes(agent, is_any);
	return cleanup->routes && cleanup->known;
}

static void cleanup_free(void *data)
{
	struct cleanup *cleanup = data;
	free(cleanup->addresses);
	free(cleanup->ifindexes);
	free(cleanup->kept);
	plan_free(cleanup->routes);
	plan_free(cleanup->known);
	free(cleanup);
}

/* NULL without memory. */
static struct cleanup *cleanup_new(const struct agent *agent)
{
	struct cleanup *cleanup = calloc(1, sizeof(*cleanup));
	if (!cleanup)
		return NULL;
	cleanup->takeover = agent->takeover;
	cleanup->dataplane = agent->dataplane;
	for (size_t i = 0; i < agent->conf->instance_count; i++)
		add_vrid(cleanup, agent->conf->instances[i].family, agent->conf->instances[i].vrid);
	cleanup->unknown =
		dataplane_left_behind(agent->dataplane) && !dataplane_adopted(agent->dataplane);
	cleanup->left_behind = dataplane_left_behind(agent->dataplane);
	if (choose_routes(cleanup, agent) && choose_interfaces(cleanup, agent) &&
	    choose_kept(cleanup, agent) && choose_addresses(cleanup, agent))
		return cleanup;
	cleanup_free(cleanup);
	return NULL;
}

/* Those that have another protocol's number, by order of the configuration, carry no mark. */
static void clean_unmarked(struct cleanup *cleanup)
{
	for (size_t i = 0; cleanup->left_behind && i < cleanup->known->item_count; i++) {
		const struct takeover_item *item = &cleanup->known->items[i];
		if ((item->kind == TAKEOVER_ROUTE ? item->route->protocol : item->rule->protocol) &&
		    !plan_has_item(cleanup->routes, item))
			takeover_remove(cleanup->takeover, item, 1, NULL);
	}
}

static void clean(void *data)
{
	struct cleanup *cleanup = data;
	clean_unmarked(cleanup);
	for (size_t i = 0; i < cleanup->count; i++)
		takeover_clean_stale(cleanup->takeover, cleanup->ifindexes[i], cleanup->vrids[0],
				     cleanup->vrids[1], is_kept, cleanup);
}

static void clean_and_settle(void *data)
{
	clean(data);
	dataplane_settle(((struct cleanup *)data)->dataplane);
}

void adopt_nothing(struct agent *agent)
{
	struct cleanup *cleanup = cleanup_new(agent);
	if (!cleanup)
		return;
	clean(cleanup);
	cleanup_free(cleanup);
}

static void add_orphans(struct cleanup *cleanup, const struct dataplane *dataplane)
{
	int slot = -1;
	while ((slot = dataplane_orphan(dataplane, (unsigned)(slot + 1))) >= 0) {
		const struct vr_key *key =
			&dataplane_slot(cleanup->dataplane, (unsigned)slot)->identity.key;
		add_vrid(cleanup, (enum vrrp_family)key->family, key->vrid);
	}
}

/* Their addresses are gone: until now they kept the kernel from answering for them. */
static void cleaned(void *data)
{
	struct cleanup *cleanup = data;
	int slot = -1;
	while ((slot = dataplane_orphan(cleanup->dataplane, (unsigned)(slot + 1))) >= 0)
		dataplane_slot_free(cleanup->dataplane, (unsigned)slot);
	cleanup_free(cleanup);
}

int adopt_finish(struct agent *agent, struct failure *failure)
{
	if (!dataplane_adopted(agent->dataplane))
		return 0;
	ports_put_unused(agent);
	struct cleanup *cleanup = cleanup_new(agent);
	free(agent->left_addresses);
	agent->left_addresses = NULL;
	agent->left_count = 0;
	if (!cleanup)
		return fail(failure, "out of memory");
	add_orphans(cleanup, agent->dataplane);
	if (worker_run(agent->worker, clean_and_settle, cleaned, cleanup))
		return 0;
	cleanup_free(cleanup);
	return fail(failure, "out of memory");
}
