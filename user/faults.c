/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with the world around a virtual router: interfaces that are missing or down, no
 * address to send from. Each becomes a fault of the state machine, and its end a Startup (D-50).
 */
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "port.h"
#include "router.h"
#include "tracking.h"

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct vrrp_addr));
}

bool faults_sort(const struct conf *conf, struct sorted_addresses *sorted)
{
	size_t count = 0;
	for (size_t i = 0; i < conf->instance_count; i++)
		count += conf_served_count(&conf->instances[i]);
	struct vrrp_addr *list = calloc(count + 1, sizeof(*list));
	if (!list)
		return false;
	count = 0;
	for (size_t i = 0; i < conf->instance_count; i++) {
		const struct conf_instance *instance = &conf->instances[i];
		if (instance->priority == VRRP_PRIORITY_OWNER)
			continue;
		for (size_t j = 0; j < conf_served_count(instance); j++)
			list[count++] = conf_served(instance, j)->address;
	}
	qsort(list, count, sizeof(*list), compare);
	*sorted = (struct sorted_addresses){list, count};
	return true;
}

/* links_skip_fn: one of our virtual addresses, unless we are its owner. */
static bool skip_address(const struct vrrp_addr *address, void *data)
{
	const struct agent *agent = data;
	return bsearch(address, agent->virtual_addresses.list, agent->virtual_addresses.count,
		       sizeof(*address), compare);
}

/* Each interface that the router needs exists, as the one that it is bound to. */
static bool interfaces_hold(const struct router *router)
{
	const struct links *links = router->agent->links;
	const struct link *link = links_by_name(links, router->conf->interface);
	if (!link || link->ifindex != router->ifindex)
		return false;
	if (!router->virtual_mac && memcmp(link->mac, router->mac, sizeof(router->mac)) != 0)
		return false;
	if (conf_served_count(router->conf) != router->plan->address_count)
		return false;
	for (size_t i = 0; i < conf_served_count(router->conf); i++) {
		const char *dev = conf_served(router->conf, i)->dev;
		link = links_by_name(links, dev[0] ? dev : router->conf->interface);
		if (!link || link->ifindex != router->plan->address_ifindexes[i])
			return false;
	}
	return true;
}

static bool interfaces_exist(const struct router *router)
{
	const struct links *links = router->agent->links;
	if (!links_by_name(links, router->conf->interface))
		return false;
	for (size_t i = 0; i < conf_served_count(router->conf); i++) {
		const char *dev = conf_served(router->conf, i)->dev;
		if (dev[0] && !links_by_name(links, dev))
			return false;
	}
	return true;
}

/* The address that advertisements leave from has changed: programs must see it whole, or not run.
 */
static void set_primary(struct router *router, const struct vrrp_addr *primary)
{
	struct vr_slot *slot = router->slot;
	if (addr_equal(&slot->identity.primary, primary))
		return;
	uint32_t running = slot->flags & SLOT_RUNNING;
	__atomic_and_fetch(&slot->flags, ~(uint32_t)SLOT_RUNNING, __ATOMIC_SEQ_CST);
	slot->identity.primary = *primary;
	__atomic_or_fetch(&slot->flags, running, __ATOMIC_SEQ_CST);
	vr_set_primary(&router->vr, primary);
}

/* Another tool has removed our programs, and they cannot be put back. */
static bool programs_gone(const struct router *router)
{
	const struct port *port = port_find(router->agent, router->place.ifindex);
	if (port && port->broken)
		return true;
	for (size_t i = 0; i < conf_served_count(router->conf); i++) {
		port = port_find(router->agent, router->plan->places[i].ifindex);
		if (port && port->broken)
			return true;
	}
	return false;
}

/* the configured one where it is there, else the interface's. */
static bool find_primary(const struct router *router, struct vrrp_addr *primary)
{
	struct agent *agent = router->agent;
	*primary = router->conf->source;
	if (!addr_is_zero(primary))
		return links_has_address(agent->links, router->ifindex, primary);
	return links_primary(agent->links, router->ifindex, router->conf->family, skip_address,
			     agent, primary);
}

/* What is wrong with the world for this router: a set of enum vr_fault. */
static unsigned find_faults(struct router *router)
{
	struct agent *agent = router->agent;
	unsigned faults = 0;
	if (router->conf->unusable)
		return FAULT_CONFIGURATION;
	if (conf_served_count(router->conf) == 0)
		faults |= FAULT_NO_VIRTUAL_ADDRESS;
	if (!interfaces_exist(router))
		return faults | FAULT_NO_INTERFACE;
	if (faults)
		return faults;
	if (!router->bound || programs_gone(router))
		faults |= FAULT_DATA_PLANE;
	if (!router->bound)
		return faults;
	const struct link *link = links_by_index(agent->links, router->ifindex);
	if (router->conf->track_own_interface && (!link || !link->up))
		faults |= FAULT_INTERFACE_DOWN;
	struct vrrp_addr primary;
	if (find_primary(router, &primary))
		set_primary(router, &primary);
	else
		faults |= FAULT_NO_ADDRESS;
	return faults;
}

static const char *advice(enum vr_fault fault)
{
	switch (fault) {
	case FAULT_NO_INTERFACE:
		return "the interface does not exist: create it, or correct the configuration";
	case FAULT_INTERFACE_DOWN:
		return "the interface is down or has no carrier: set it up, check the link";
	case FAULT_NO_ADDRESS:
		return "no address to advertise from: give the interface one of its own";
	case FAULT_NO_VIRTUAL_ADDRESS:
		return "nothing to serve: add virtual addresses to the configuration";
	case FAULT_DATA_PLANE:
		return "its programs could not be attached: see above";
	case FAULT_SYNC_GROUP:
		return "another member of its sync group has a fault";
	case FAULT_TRACKED:
		return "a tracked object without a weight is down, or a number takes 254 or "
		       "more off: see the status";
	case FAULT_CONFIGURATION:
		return "it cannot run as it is configured: see what xvrrpd -t says";
	case FAULT_TRACK_PENDING:
		return "a tracked object has not been checked yet";
	}
	return "";
}

static void tell_fault(struct router *router, unsigned bit, enum vr_event_kind kind)
{
	struct vr_event event = {.kind = kind, .fault = bit};
	if (kind == EV_FAULT)
		log_notice("%s: %s: %s: %s", router->conf->name, router->conf->interface,
			   vr_fault_name(bit), advice((enum vr_fault)bit));
	else
		log_notice("%s: %s: %s is over", router->conf->name, router->conf->interface,
			   vr_fault_name(bit));
	router_step(router, &event);
}

/* New ones first: when the last one goes the router starts, and then all must be well. That of the
 * sync group comes and goes with those of other members (groups.c). */
static void tell_faults(struct router *router, unsigned faults)
{
	unsigned before = router->vr.faults & ~(unsigned)FAULT_SYNC_GROUP;
	faults &= ~(unsigned)FAULT_SYNC_GROUP;
	for (unsigned bit = 1; bit <= faults; bit <<= 1)
		if (faults & ~before & bit)
			tell_fault(router, bit, EV_FAULT);
	for (unsigned bit = 1; bit <= before; bit <<= 1)
		if (before & ~faults & bit)
			tell_fault(router, bit, EV_FAULT_OVER);
}

/* What a binding that failed may try again for. */
static bool still_refused(const struct router *router, const struct link *link)
{
	return router->refused_ifindex == link->ifindex && router->refused_up == link->up;
}

static bool may_bind(const struct router *router)
{
	if (router->bound || conf_served_count(router->conf) == 0 || !interfaces_exist(router))
		return false;
	return !still_refused(router, links_by_name(router->agent->links, router->conf->interface));
}

static void binding_failed(struct router *router, const struct failure *failure)
{
	const struct link *link = links_by_name(router->agent->links, router->conf->interface);
	router->refused_ifindex = link ? link->ifindex : 0;
	router->refused_up = link && link->up;
	log_error("%s: %s", router->conf->name, failure->text);
	tell_faults(router, router->vr.faults | FAULT_DATA_PLANE); /* an adopted one says goodbye */
	router_unbind(router);
}

static void try_to_bind(struct router *router)
{
	struct failure failure;
	router->refused_ifindex = 0;
	if (router_bind(router, &failure) < 0)
		binding_failed(router, &failure);
}

/* What it needs is there, with the interface that it is bound to. */
static bool may_rebind(const struct router *router)
{
	const struct link *link = links_by_name(router->agent->links, router->conf->interface);
	return router->bound && interfaces_exist(router) && link->ifindex == router->ifindex;
}

void router_follow_conf(struct router *router, struct plan *plan, struct kernel_swap *swap)
{
	struct failure failure;
	router->refused_ifindex = 0;
	if (plan && may_rebind(router)) {
		if (router_rebind(router, plan, swap, &failure) < 0)
			binding_failed(router, &failure);
		return;
	}
	plan_free(plan);
	kernel_swap_free(swap);
	if (!router->bound) /* what it was to be bound with is of the configuration before */
		router_unbind(router);
}

/* The interfaces that it is bound to, or that its adopted slot is of, are there no more. */
static bool has_lost_interfaces(const struct router *router)
{
	if (router->bound)
		return !interfaces_hold(router);
	const struct link *link = links_by_name(router->agent->links, router->conf->interface);
	return router->slot && (!link || link->ifindex != router->ifindex);
}

void router_refresh(struct router *router)
{
	if (has_lost_interfaces(router)) {
		tell_faults(router, router->vr.faults | FAULT_NO_INTERFACE);
		router_unbind(router);
	}
	if (may_bind(router))
		try_to_bind(router);
	tracking_tell(router);
	tell_faults(router, find_faults(router) | tracking_faults(router));
}

/* The priority first: with the last fault that goes the router starts. */
void router_refresh_tracked(struct router *router)
{
	unsigned others = router->vr.faults & ~(unsigned)(FAULT_TRACKED | FAULT_TRACK_PENDING);
	tracking_tell(router);
	tell_faults(router, others | tracking_faults(router));
}
