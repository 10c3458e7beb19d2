/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Binding a virtual router to interfaces that exist: programs, slot, indexes and membership, and
 * everything that a takeover needs, worked out beforehand so that none of it stands between the
 * deadline and the announcement (I5).
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/packet.h"
#include "kernel.h"
#include "port.h"
#include "router.h"
#include "sys/membership.h"

uint32_t router_slot_flags(const struct router *router)
{
	const struct conf_instance *conf = router->conf;
	uint32_t flags = 0;
	if (router->vr.state != VR_INITIALIZE)
		flags |= SLOT_RUNNING;
	if (conf->priority == VRRP_PRIORITY_OWNER)
		flags |= SLOT_OWNER;
	if (conf->accept)
		flags |= SLOT_ACCEPT;
	if (vr_preempts(&router->vr))
		flags |= SLOT_PREEMPT;
	if (conf->consume_adverts)
		flags |= SLOT_CONSUME;
	if (!router->virtual_mac)
		flags |= SLOT_PHYSICAL_MAC;
	if (conf->peer_count > 0)
		flags |= SLOT_UNICAST;
	return flags;
}

static const struct link *address_link(const struct router *router, size_t index)
{
	const char *dev = conf_served(router->conf, index)->dev;
	return links_by_name(router->agent->links, dev[0] ? dev : router->conf->interface);
}

/*
 * Where hosts ask for the address: on its interface, unless that is one like lo or a dummy, where
 * nobody can ask; then on the instance's.
 */
static const struct link *wire_link(const struct router *router, size_t index)
{
	const struct link *link = address_link(router, index);
	return link && link->arp ? link
				 : links_by_name(router->agent->links, router->conf->interface);
}

enum xdp_mode router_wanted_mode(const struct router *router)
{
	if (router->agent->options->xdp_mode != XDP_MODE_AUTO)
		return router->agent->options->xdp_mode;
	switch (router->conf->xdp_mode) {
	case CONF_XDP_AUTO:
		return XDP_MODE_AUTO;
	case CONF_XDP_NATIVE:
		return XDP_MODE_NATIVE;
	case CONF_XDP_GENERIC:
		return XDP_MODE_GENERIC;
	case CONF_XDP_TC:
		return XDP_MODE_TC;
	}
	return XDP_MODE_AUTO;
}

/* Is the interface of address `index` the first of its kind among instance and earlier addresses?
 */
static bool first_on_interface(const struct plan *plan, int own_ifindex, size_t index)
{
	int ifindex = plan->announcements[index].ifindex;
	if (ifindex == own_ifindex)
		return false;
	for (size_t i = 0; i < index; i++)
		if (plan->announcements[i].ifindex == ifindex)
			return false;
	return true;
}

/*
 * A macvlan gets frames for its own MAC address only, unless it is in passthru mode: whether it
 * takes another is told by trying. An ipvlan shares its parent's and never does.
 */
static bool takes_virtual_mac(const struct router *router, const struct link *link)
{
	struct takeover *takeover = router->agent->takeover;
	struct takeover_item item = {.kind = TAKEOVER_MAC, .ifindex = link->ifindex};
	if (strcmp(link->kind, "ipvlan") == 0)
		return false;
	if (strcmp(link->kind, "macvlan") != 0)
		return true;
	vrrp_virtual_mac(router->conf->family, router->conf->vrid, item.mac);
	worker_wait(router->agent->worker);
	return takeover_add(takeover, &item, 1, NULL) == 0 &&
	       takeover_remove(takeover, &item, 1, NULL) == 0;
}

static void choose_mac(struct router *router, const struct link *link)
{
	const struct conf_instance *conf = router->conf;
	bool wanted = conf->virtual_mac && conf->peer_count == 0; /* H-40 */
	/* An Active has been using it: trying would take it away. */
	bool known = (router->bound || router->vr.state == VR_ACTIVE) && router->virtual_mac;
	router->virtual_mac = wanted && (known || takes_virtual_mac(router, link));
	if (router->virtual_mac)
		vrrp_virtual_mac(conf->family, conf->vrid, router->mac);
	else
		memcpy(router->mac, link->mac, sizeof(router->mac));
	if (wanted && !router->virtual_mac)
		log_warning("%s: %s is a %s, which gets no frames for a second MAC address: its "
			    "own is used, as with `xdp_virtual_mac off`",
			    conf->name, link->name, link->kind);
}

static struct vr_identity make_identity(const struct router *router)
{
	const struct conf_instance *conf = router->conf;
	struct vr_identity identity = {
		.key = router->slot->identity.key,
		.version = conf->version,
		.priority = router->vr.effective_priority,
		.auth_type = conf->auth_type,
		.addr_count = (uint8_t)conf->address_count,
		.interval_cs = (uint16_t)conf->interval_cs,
		.ifindex = (uint32_t)router->ifindex,
		.addr_set = vrrp_addr_set(router->plan->addresses, conf->address_count),
		.primary = router->slot->identity.primary,
	};
	memcpy(identity.mac, router->mac, sizeof(identity.mac));
	memcpy(identity.auth_data, conf->auth_data, sizeof(identity.auth_data));
	return identity;
}

/* Programs see an identity whole, or none; one that stays the same is left alone. */
static void fill_identity(struct router *router)
{
	struct vr_slot *slot = router->slot;
	struct vr_identity identity = make_identity(router);
	uint32_t steady = slot->flags & SLOT_STEADY;
	if (memcmp(&identity, &slot->identity, sizeof(identity)) != 0) {
		__atomic_and_fetch(&slot->flags, ~(uint32_t)SLOT_RUNNING, __ATOMIC_SEQ_CST);
		slot->identity = identity;
	}
	__atomic_store_n(&slot->flags, router_slot_flags(router) | steady, __ATOMIC_SEQ_CST);
}

static void add_item(struct router *router, const struct takeover_item *item)
{
	router->plan->items[router->plan->item_count++] = *item;
}

static void plan_mac(struct router *router, int ifindex)
{
	if (!router->virtual_mac)
		return;
	struct takeover_item item = {.kind = TAKEOVER_MAC, .ifindex = ifindex};
	memcpy(item.mac, router->mac, sizeof(item.mac));
	add_item(router, &item);
}

/* E-2, E-12: without accept mode the host must not take the address, nor route packets to it. */
static void plan_address(struct router *router, size_t index, const struct link *link)
{
	const struct link *master = links_by_index(router->agent->links, link->master);
	const struct conf_address *conf = conf_served(router->conf, index);
	bool accept = router->conf->accept || router->conf->priority == VRRP_PRIORITY_OWNER;
	struct takeover_item item = {
		.kind = accept ? TAKEOVER_ADDRESS : TAKEOVER_BLACKHOLE,
		.ifindex = link->ifindex,
		.table = master ? master->vrf_table : 0,
		.address = conf->address,
		.prefix_len = conf->prefix_len,
		.scope = conf->scope,
		.has_broadcast = conf->has_broadcast,
		.broadcast = conf->broadcast,
		.label = conf->label[0] ? router->plan->labels[index] : NULL,
		.peer = conf->peer,
		.flags = conf->flags,
		.detects_duplicates = conf->detects_duplicates,
		.has_preferred = conf->has_preferred || conf->prefix_len == 128,
		.preferred_s = conf->preferred_s,
	};
	memcpy(router->plan->labels[index], conf->label, sizeof(conf->label));
	add_item(router, &item);
}

static bool has_vip(const struct router *router, const struct vip_key *vip)
{
	unsigned count;
	const struct vip_key *vips =
		dataplane_slot_vips(router->agent->dataplane, router->slot_number, &count);
	for (unsigned i = 0; i < count; i++)
		if (memcmp(&vips[i], vip, sizeof(*vip)) == 0)
			return true;
	return false;
}

/* An address on another interface: our programs there, and our virtual MAC known there. */
static int bind_other_interface(struct router *router, size_t index, const struct link *wire,
				struct failure *failure)
{
	struct agent *agent = router->agent;
	struct place *place = &router->plan->places[index];
	struct vr_key key = router->slot->identity.key;
	if (!port_get(agent, wire, router_wanted_mode(router), place, failure))
		return -1;
	key.ifindex = (uint32_t)place->ifindex;
	key.vlan = place->vlan;
	if (dataplane_alias_add(agent->dataplane, router->slot_number, &key, failure) < 0) {
		port_put(agent, place->ifindex);
		return -1;
	}
	router->plan->other_ports++;
	plan_mac(router, wire->ifindex);
	return 0;
}

/* Where the programs see the interface of address `index`: known, or bound now. */
static int bind_wire(struct router *router, size_t index, const struct link *wire,
		     struct failure *failure)
{
	if (first_on_interface(router->plan, router->ifindex, index))
		return bind_other_interface(router, index, wire, failure);
	router->plan->places[index] = router->place;
	for (size_t i = 0; i < index && wire->ifindex != router->ifindex; i++)
		if (router->plan->announcements[i].ifindex == wire->ifindex)
			router->plan->places[index] = router->plan->places[i];
	return 0;
}

/*
 * E-6. The kernel joins the solicited-node group of its own addresses where they are; of one that
 * it does not have there, we do.
 */
static void plan_group(struct router *router, size_t index, int ifindex)
{
	const struct takeover_item *last = &router->plan->items[router->plan->item_count - 1];
	struct takeover_item item = {
		.kind = TAKEOVER_GROUP,
		.ifindex = ifindex,
		.address = conf_served(router->conf, index)->address,
	};
	if (!addr_is_ipv4(&item.address) &&
	    (last->kind != TAKEOVER_ADDRESS || last->ifindex != ifindex))
		add_item(router, &item);
}

/* Another virtual router has it: no key, nothing for the kernel, and no frame to announce it. */
static void leave_address(struct router *router, size_t index, const struct link *link)
{
	struct plan *plan = router->plan;
	plan->announcements[index] = (struct transmit_frame){.ifindex = router->ifindex};
	plan->places[index] = router->place;
	plan->address_ifindexes[index] = link->ifindex;
}

static int bind_address(struct router *router, size_t index, struct failure *failure)
{
	struct agent *agent = router->agent;
	const struct link *link = address_link(router, index);
	const struct link *wire = wire_link(router, index);
	if (!link || !wire)
		return fail(failure, "interface %s does not exist",
			    conf_served(router->conf, index)->dev);
	if (conf_served(router->conf, index)->of_another) {
		leave_address(router, index, link);
		return 0;
	}
	router->plan->announcements[index].ifindex = wire->ifindex;
	if (bind_wire(router, index, wire, failure) < 0)
		return -1;
	struct vip_key vip = {
		.ifindex = (uint32_t)router->plan->places[index].ifindex,
		.vlan = router->plan->places[index].vlan,
		.address = conf_served(router->conf, index)->address,
	};
	router->plan->fresh[index] = router->unheard_of || !has_vip(router, &vip);
	if (dataplane_vip_add(agent->dataplane, router->slot_number, &vip, failure) < 0)
		return -1;
	router->plan->announcements[index] = (struct transmit_frame){
		.ifindex = wire->ifindex,
		.data = router->plan->frames[index],
		.length =
			announcement_encode(router->mac, &vip.address, router->plan->frames[index]),
	};
	router->plan->address_ifindexes[index] = link->ifindex;
	plan_address(router, index, link);
	plan_group(router, index, wire->ifindex);
	return 0;
}

static int bind_addresses(struct router *router, struct failure *failure)
{
	for (size_t i = 0; i < router->plan->address_count; i++)
		if (bind_address(router, i, failure) < 0)
			return -1;
	plan_routes(router->plan, &router->conf->routes, &router->conf->rules,
		    router->agent->links);
	return 0;
}

static int bind_peers(struct router *router, struct failure *failure)
{
	for (size_t i = 0; i < router->conf->peer_count; i++) {
		const struct conf_peer *peer = &router->conf->peers[i];
		struct peer_hops hops = {.min = peer->min_ttl, .max = peer->max_ttl};
		if (dataplane_peer_add(router->agent->dataplane, router->slot_number,
				       &peer->address, &hops, failure) < 0)
			return -1;
	}
	return 0;
}

/*
 * An adopted slot of one who did not go on as Active or Backup: its counters are kept, and that the
 * operator has drained it, whatever else has changed.
 */
static void forget_role(struct router *router)
{
	static const struct vr_event drain = {.kind = EV_DRAIN};
	struct vr_slot *slot = router->slot;
	bool drained = slot->memory.drained == 1;
	dataplane_set_lease(slot, 0);
	__atomic_store_n(&slot->flags, 0, __ATOMIC_SEQ_CST);
	slot->steady_header = 0;
	slot->memory.transition_s = 0;
	slot->last_advert_ns = slot->authority_ns = slot->superior_ns = 0;
	if (drained)
		router_step(router, &drain); /* and remember it */
	else
		vr_remember(&router->vr, &slot->memory);
}

static int bind_slot(struct router *router, const struct link *link, struct failure *failure)
{
	struct agent *agent = router->agent;
	bool adopted;
	struct vr_key key = {
		.ifindex = (uint32_t)router->place.ifindex,
		.vlan = router->place.vlan,
		.family = (uint8_t)router->conf->family,
		.vrid = router->conf->vrid,
	};
	int slot = dataplane_slot_new(agent->dataplane, &key, &adopted, failure);
	if (slot < 0)
		return -1;
	router->slot_number = (unsigned)slot;
	router->slot = dataplane_slot(agent->dataplane, router->slot_number);
	agent->by_slot[slot] = router;
	if (adopted && router->vr.state == VR_INITIALIZE)
		forget_role(router);
	choose_mac(router, link);
	return 0;
}

static int bind_all(struct router *router, const struct link *link, struct failure *failure)
{
	struct port *port =
		port_get(router->agent, link, router_wanted_mode(router), &router->place, failure);
	if (!port)
		return -1;
	router->ifindex = link->ifindex;
	router->port_taken = true;
	if (router->conf->peer_count == 0 && port_join(port, router->ifindex, router->conf->family,
						       &router->membership, failure) < 0)
		return -1;
	if (bind_slot(router, link, failure) < 0)
		return -1;
	router->unheard_of = memcmp(router->slot->identity.mac, router->mac, sizeof(router->mac));
	fill_identity(router);
	plan_mac(router, link->ifindex);
	if (bind_addresses(router, failure) < 0 || bind_peers(router, failure) < 0)
		return -1;
	dataplane_slot_settle(router->agent->dataplane, router->slot_number);
	return 0;
}

static bool has_fresh(const struct plan *plan)
{
	for (size_t i = 0; i < plan->address_count; i++)
		if (plan->fresh[i])
			return true;
	return false;
}

int router_bind(struct router *router, struct failure *failure)
{
	assert(!router->bound);
	const struct link *link = links_by_name(router->agent->links, router->conf->interface);
	if (!link)
		return fail(failure, "interface %s does not exist", router->conf->interface);
	if (!router->plan)
		router->plan = plan_new(router->conf);
	if (!router->plan)
		return fail(failure, "out of memory");
	char advice[150];
	if (links_enslaved(router->agent->links, link, advice))
		log_warning("%s: %s", router->conf->name, advice);
	if (bind_all(router, link, failure) < 0)
		return -1;
	router->bound = true;
	kernel_bound(router);
	/* An adopted Active that has other addresses now, or answers with another MAC. */
	if (router->vr.state == VR_ACTIVE && has_fresh(router->plan))
		router_announce(router, router->conf->garp.repeat);
	return 0;
}

/* The interfaces of addresses were taken in their order, so that a half-made binding ends right. */
static void put_other_ports(struct router *router, struct plan *plan)
{
	for (size_t i = 0; plan->other_ports > 0; i++) {
		if (!first_on_interface(plan, router->ifindex, i))
			continue;
		port_put(router->agent, plan->places[i].ifindex);
		plan->other_ports--;
	}
}

/* ---- another configuration ---- */

static int rebind_all(struct router *router, struct failure *failure)
{
	const struct link *link = links_by_index(router->agent->links, router->ifindex);
	choose_mac(router, link);
	router->unheard_of =
		memcmp(router->slot->identity.mac, router->mac, sizeof(router->mac)) != 0;
	fill_identity(router);
	plan_mac(router, link->ifindex);
	return bind_addresses(router, failure) < 0 || bind_peers(router, failure) < 0 ? -1 : 0;
}

/* New interfaces are taken before old ones are given back, so that those that stay do. */
int router_rebind(struct router *router, struct plan *plan, struct kernel_swap *swap,
		  struct failure *failure)
{
	assert(router->bound);
	struct plan *old = router->plan;
	router->plan = plan;
	int result = rebind_all(router, failure);
	put_other_ports(router, old);
	kernel_swap_begin(router, swap, old);
	if (result == 0 && router->vr.state == VR_ACTIVE && has_fresh(plan))
		router_announce_fresh(router, router->conf->garp.repeat);
	return result;
}

void router_unbind(struct router *router)
{
	struct agent *agent = router->agent;
	if (router->bound)
		kernel_settle(router);
	if (router->port_taken)
		put_other_ports(router, router->plan);
	if (router->slot) {
		agent->by_slot[router->slot_number] = NULL;
		if (router->port_taken)
			dataplane_slot_free(agent->dataplane, router->slot_number);
		router->slot = NULL;
	}
	if (router->port_taken && router->conf->peer_count == 0)
		port_leave(port_find(agent, router->place.ifindex), router->ifindex,
			   router->conf->family);
	if (router->port_taken)
		port_put(agent, router->place.ifindex);
	membership_leave(router->membership);
	router->membership = -1;
	router->ifindex = 0;
	router->bound = router->port_taken = false;
	router->announce_rounds = 0;
	router->kernel_has = router->kernel_wanted = router->kernel_verify = false;
	plan_free(router->plan);
	router->plan = NULL;
}
