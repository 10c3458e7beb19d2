/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces that carry our programs. Attached when the first virtual router needs one, detached
 * when the last is gone: never on a transition, because that may make a NIC reset.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_state.h"
#include "sys/membership.h"

static struct port *port_find(struct agent *agent, int ifindex)
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
	port->membership[0] = port->membership[1] = -1;
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
	for (size_t i = 0; i < 2; i++)
		membership_leave(port->membership[i]);
	dataplane_detach(agent->dataplane, ifindex);
	free(port);
}

/* One membership of each family serves all virtual routers of the interface. */
int port_join(struct port *port, enum vrrp_family family, struct failure *failure)
{
	int *membership = &port->membership[family == VRRP_IPV6];
	if (*membership < 0)
		*membership = membership_join(port->ifindex, family, failure);
	return *membership < 0 ? -1 : 0;
}

/* ---- what an agent that died has left ---- */

static bool configured(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->instance_count; i++) {
		const struct conf_instance *instance = &conf->instances[i];
		if (strcmp(instance->interface, name) == 0)
			return true;
		for (size_t j = 0; j < instance->address_count; j++)
			if (strcmp(instance->addresses[j].dev, name) == 0)
				return true;
	}
	return false;
}

void ports_clean_stale(struct agent *agent)
{
	const struct conf *conf = agent->conf;
	bool everywhere = dataplane_left_behind(agent->options->pin_dir);
	uint8_t vrids[2][32] = {{0}}; /* of IPv4, of IPv6 */
	for (size_t i = 0; i < conf->instance_count; i++) {
		const struct conf_instance *instance = &conf->instances[i];
		vrids[instance->family == VRRP_IPV6][instance->vrid / 8] |= 1u
									    << (instance->vrid % 8);
	}
	const struct link *link;
	for (size_t i = 0; (link = links_at(agent->links, i)); i++)
		if (everywhere || configured(conf, link->name))
			takeover_clean_stale(agent->takeover, link->ifindex, vrids[0], vrids[1]);
	takeover_clean_stale(agent->takeover, 0, NULL, NULL);
}
