/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces that carry our programs. Attached when the first virtual router needs one, detached
 * when the last is gone: never on a transition, because that may make a NIC reset.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_state.h"

struct port *port_find(struct agent *agent, int ifindex)
{
	struct port *port = agent->ports;
	while (port && port->ifindex != ifindex)
		port = port->next;
	return port;
}

struct port *port_get(struct agent *agent, const struct link *link, enum xdp_mode wanted,
		      struct failure *failure)
{
	struct port *port = port_find(agent, link->ifindex);
	if (port) {
		port->users++;
		return port;
	}
	port = calloc(1, sizeof(*port));
	if (!port) {
		fail(failure, "out of memory");
		return NULL;
	}
	if (dataplane_attach(agent->dataplane, link->ifindex, link->name, link->kind, wanted,
			     &port->attach, failure) < 0) {
		free(port);
		return NULL;
	}
	port->ifindex = link->ifindex;
	snprintf(port->name, sizeof(port->name), "%s", link->name);
	port->users = 1;
	port->next = agent->ports;
	agent->ports = port;
	log_info("%s: programs attached, XDP mode %s%s%s", port->name,
		 xdp_mode_name(port->attach.mode), port->attach.reason[0] ? ": " : "",
		 port->attach.reason);
	return port;
}

void port_put(struct agent *agent, int ifindex)
{
	struct port **link = &agent->ports;
	while (*link && (*link)->ifindex != ifindex)
		link = &(*link)->next;
	struct port *port = *link;
	if (!port || --port->users > 0)
		return;
	*link = port->next;
	dataplane_detach(agent->dataplane, ifindex);
	free(port);
}

/* ---- what an agent that died has left ---- */

struct stale {
	struct agent *agent;
	uint8_t vrids[2][32]; /* of IPv4, of IPv6 */
};

static void clean(const struct stale *stale, const char *name)
{
	const struct link *link = links_by_name(stale->agent->links, name);
	if (link)
		takeover_clean_stale(stale->agent->takeover, link->ifindex, stale->vrids[0],
				     stale->vrids[1]);
}

void ports_clean_stale(struct agent *agent)
{
	const struct conf *conf = agent->conf;
	struct stale stale = {.agent = agent};
	for (size_t i = 0; i < conf->instance_count; i++) {
		const struct conf_instance *instance = &conf->instances[i];
		stale.vrids[instance->family == VRRP_IPV6][instance->vrid / 8] |=
			1u << (instance->vrid % 8);
	}
	for (size_t i = 0; i < conf->instance_count; i++) {
		const struct conf_instance *instance = &conf->instances[i];
		clean(&stale, instance->interface);
		for (size_t j = 0; j < instance->address_count; j++)
			if (instance->addresses[j].dev[0])
				clean(&stale, instance->addresses[j].dev);
	}
}
