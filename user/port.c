/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces that carry our programs. Attached when the first virtual router needs one, detached
 * when the last is gone: never on a transition, because that may make a NIC reset.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port.h"
#include "router.h"
#include "sys/membership.h"

#define TELL_PAUSE_NS (10 * NS_PER_S)

struct port *port_find(struct agent *agent, int ifindex)
{
	struct port *port = agent->ports;
	while (port && port->ifindex != ifindex)
		port = port->next;
	return port;
}

/*
 * Attaching takes tens of milliseconds, and waits for the kernel's routing lock: the worker does
 * it, and whoever is due to advertise does so meanwhile. Before the loop runs there is no need.
 */
struct attaching {
	struct agent *agent;
	struct port *port;
	char kind[sizeof(((struct link *)0)->kind)];
	bool done;
	int result;
	struct failure *failure;
};

static void attach(void *data)
{
	struct attaching *attaching = data;
	struct port *port = attaching->port;
	attaching->result =
		dataplane_attach(attaching->agent->dataplane, port->ifindex, port->name,
				 attaching->kind, port->wanted, &port->attach, attaching->failure);
	attaching->done = true;
}

static int attach_port(struct agent *agent, struct port *port, const struct link *link,
		       struct failure *failure)
{
	struct attaching attaching = {.agent = agent, .port = port, .failure = failure};
	memcpy(attaching.kind, link->kind, sizeof(attaching.kind));
	if (agent->ready && worker_run(agent->worker, attach, NULL, &attaching))
		worker_wait(agent->worker);
	if (!attaching.done)
		attach(&attaching);
	return attaching.result;
}

static struct port *port_new(struct agent *agent, const struct link *link, enum xdp_mode wanted,
			     struct failure *failure)
{
	struct port *port = calloc(1, sizeof(*port));
	if (!port) {
		fail(failure, "out of memory");
		return NULL;
	}
	port->dataplane = agent->dataplane;
	port->ifindex = link->ifindex;
	port->wanted = wanted;
	port->membership[0] = port->membership[1] = -1;
	snprintf(port->name, sizeof(port->name), "%s", link->name);
	if (attach_port(agent, port, link, failure) < 0) {
		free(port);
		return NULL;
	}
	port->next = agent->ports;
	agent->ports = port;
	log_info("%s: programs attached, XDP mode %s%s%s", port->name,
		 xdp_mode_name(port->attach.mode), port->attach.reason[0] ? ": " : "",
		 port->attach.reason);
	return port;
}

struct port *port_get(struct agent *agent, const struct link *link, enum xdp_mode wanted,
		      struct place *place, struct failure *failure)
{
	*place = (struct place){.ifindex = link->ifindex};
	struct port *port = port_find(agent, link->ifindex);
	if (!port)
		port = port_new(agent, link, wanted, failure);
	if (port)
		port->users++;
	return port;
}

void port_prepare(struct agent *agent, const struct link *link, enum xdp_mode wanted)
{
	if (!port_find(agent, link->ifindex))
		port_new(agent, link, wanted, NULL);
}

void port_put(struct agent *agent, int ifindex)
{
	struct port *port = port_find(agent, ifindex);
	if (port)
		port->users--;
}

/* In the worker, too: what it is given later about the same interface comes after this. */
static void end(void *data)
{
	struct port *port = data;
	for (size_t i = 0; i < 2; i++)
		membership_leave(port->membership[i]);
	dataplane_detach(port->dataplane, port->ifindex);
	free(port);
}

static void port_end(struct agent *agent, struct port **place)
{
	struct port *port = *place;
	*place = port->next;
	if (!agent->worker || !worker_run(agent->worker, end, NULL, port))
		end(port);
}

void ports_put_unused(struct agent *agent)
{
	struct port **place = &agent->ports;
	while (*place)
		if ((*place)->users == 0)
			port_end(agent, place);
		else
			place = &(*place)->next;
}

/* One membership of each family serves all virtual routers of the interface. */
int port_join(struct port *port, enum vrrp_family family, int *membership, struct failure *failure)
{
	int *place = &port->membership[family == VRRP_IPV6];
	if (*place < 0)
		*place = *membership;
	else
		membership_leave(*membership);
	*membership = -1;
	if (*place < 0)
		*place = membership_join(port->ifindex, family, failure);
	return *place < 0 ? -1 : 0;
}

/* Who insists on removing them does it many times a second. */
static bool may_tell(struct port *port)
{
	int64_t now_ns = clock_ns();
	if (now_ns < port->tell_again_ns)
		return false;
	port->tell_again_ns = now_ns + TELL_PAUSE_NS;
	return true;
}

void port_restore(struct agent *agent, struct port *port)
{
	const struct link *link = links_by_index(agent->links, port->ifindex);
	struct failure failure;
	if (!link)
		return; /* gone altogether: netlink tells of it */
	bool tell = may_tell(port);
	if (tell)
		log_warning("%s: another tool removed or replaced our programs: putting them back",
			    port->name);
	bool failed = attach_port(agent, port, link, &failure) < 0;
	if (failed && tell)
		log_error("%s: our programs cannot be put back: %s", port->name, failure.text);
	port->restored += !failed;
	if (!failed && tell)
		log_notice("%s: programs attached again, XDP mode %s%s%s", port->name,
			   xdp_mode_name(port->attach.mode), port->attach.reason[0] ? ": " : "",
			   port->attach.reason);
	if (failed == port->broken)
		return;
	port->broken = failed;
	loop_task_post(agent->world_task); /* a fault comes or goes */
}
