/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces that carry our programs. Attached when the first virtual router needs one, detached
 * when the last is gone: never on a transition, because that may make a NIC reset.
 *
 * The frames of a VLAN come by its parent first. Where that has native XDP, the programs there
 * serve the VLAN too, by the tags; otherwise the VLAN has programs of its own, which see its
 * frames without them.
 */
#include <linux/if_ether.h>
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
	attaching->result = dataplane_attach(attaching->agent->dataplane, port->ifindex, port->name,
					     attaching->kind, port->tagged, port->wanted,
					     &port->attach, attaching->failure);
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

static bool has_vlans(const struct agent *agent, int ifindex)
{
	const struct link *link;
	for (size_t i = 0; (link = links_at(agent->links, i)); i++)
		if (link->parent == ifindex && strcmp(link->kind, "vlan") == 0)
			return true;
	return false;
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
	port->tagged = has_vlans(agent, link->ifindex);
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

/* ---- VLANs ---- */

/*
 * What a VLAN lies on in the end, if its programs may be there, and the key that its frames have
 * there; NULL if not. That may be hardware, or a tap: other devices have no native XDP, or one that
 * does not see tags. The programs look behind two tags; an id of 0 is none (H-23).
 */
static const struct link *lowest_parent(const struct agent *agent, const struct link *link,
					uint32_t *vlan)
{
	unsigned tags = 0;
	*vlan = 0;
	while (link && strcmp(link->kind, "vlan") == 0) {
		if (++tags > 2 || link->vlan_id == 0)
			return NULL;
		*vlan |= (uint32_t)link->vlan_id << 16 * (tags - 1);
		link = links_by_index(agent->links, link->parent);
	}
	if (!link || tags == 0 || (link->kind[0] && strcmp(link->kind, "tun") != 0))
		return NULL;
	return link;
}

/* The port with native XDP that serves this VLAN; NULL if there cannot be one. */
static struct port *parent_port(struct agent *agent, const struct link *link, enum xdp_mode wanted,
				struct place *place, struct failure *failure)
{
	uint32_t vlan;
	const struct link *parent = lowest_parent(agent, link, &vlan);
	if (!parent || (wanted != XDP_MODE_AUTO && wanted != XDP_MODE_NATIVE))
		return NULL;
	struct port *port = port_find(agent, parent->ifindex);
	if (!port) {
		port = port_new(agent, parent, XDP_MODE_NATIVE, failure);
		if (port) /* should another program come, it serves in another mode */
			port->wanted = wanted;
	}
	if (!port || port->attach.mode != XDP_MODE_NATIVE)
		return NULL;
	*place = (struct place){.ifindex = parent->ifindex, .vlan = vlan};
	return port;
}

/* The port of an interface, made if need be, and where its frames are seen. */
static struct port *find_port(struct agent *agent, const struct link *link, enum xdp_mode wanted,
			      struct place *place, struct failure *failure)
{
	struct failure why = {""}, own;
	struct port *port = parent_port(agent, link, wanted, place, &why);
	if (port)
		return port;
	*place = (struct place){.ifindex = link->ifindex};
	port = port_find(agent, link->ifindex);
	if (!port)
		port = port_new(agent, link, wanted, &own);
	if (!port)
		fail(failure, "%s", why.text[0] ? why.text : own.text);
	else if (why.text[0])
		log_info("%s: has programs of its own: %s", link->name, why.text);
	return port;
}

struct port *port_get(struct agent *agent, const struct link *link, enum xdp_mode wanted,
		      struct place *place, struct failure *failure)
{
	struct port *port = find_port(agent, link, wanted, place, failure);
	if (port)
		port->users++;
	return port;
}

void port_prepare(struct agent *agent, const struct link *link, enum xdp_mode wanted)
{
	struct place place;
	find_port(agent, link, wanted, &place, NULL);
}

void port_put(struct agent *agent, int ifindex)
{
	struct port *port = port_find(agent, ifindex);
	if (port)
		port->users--;
}

/* In the worker, too: what it is given later about the same interface comes after this. */
static void end_member(void *data)
{
	struct port_member *member = data;
	membership_leave(member->membership);
	free(member);
}

static void end(void *data)
{
	struct port *port = data;
	struct port_member *member;
	while ((member = port->members)) {
		port->members = member->next;
		end_member(member);
	}
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

static void put_unused_members(struct agent *agent, struct port *port)
{
	struct port_member **place = &port->members, *member;
	while ((member = *place)) {
		if (member->users > 0) {
			place = &member->next;
			continue;
		}
		*place = member->next;
		if (!agent->worker || !worker_run(agent->worker, end_member, NULL, member))
			end_member(member);
	}
}

void ports_put_unused(struct agent *agent)
{
	struct port **place = &agent->ports;
	while (*place) {
		if ((*place)->users == 0) {
			port_end(agent, place);
			continue;
		}
		put_unused_members(agent, *place);
		place = &(*place)->next;
	}
}

/* ---- memberships ---- */

static struct port_member *find_member(const struct port *port, int ifindex,
				       enum vrrp_family family)
{
	struct port_member *member = port->members;
	while (member && (member->ifindex != ifindex || member->family != family))
		member = member->next;
	return member;
}

static struct port_member *new_member(struct port *port, int ifindex, enum vrrp_family family,
				      int *membership, struct failure *failure)
{
	struct port_member *member = calloc(1, sizeof(*member));
	if (!member) {
		fail(failure, "out of memory");
		return NULL;
	}
	*member = (struct port_member){.ifindex = ifindex, .family = family};
	member->membership =
		*membership >= 0 ? *membership : membership_join(ifindex, family, failure);
	*membership = -1;
	if (member->membership < 0) {
		free(member);
		return NULL;
	}
	member->next = port->members;
	port->members = member;
	return member;
}

/* One membership of each family serves all virtual routers of the interface. */
int port_join(struct port *port, int ifindex, enum vrrp_family family, int *membership,
	      struct failure *failure)
{
	struct port_member *member = find_member(port, ifindex, family);
	if (!member)
		member = new_member(port, ifindex, family, membership, failure);
	membership_leave(*membership);
	*membership = -1;
	if (!member)
		return -1;
	member->users++;
	return 0;
}

void port_leave(struct port *port, int ifindex, enum vrrp_family family)
{
	struct port_member *member = find_member(port, ifindex, family);
	if (member)
		member->users--;
}

/* ---- what others do ---- */

/* Who insists on removing them does it many times a second. */
static bool may_tell(struct port *port)
{
	int64_t now_ns = clock_ns();
	if (now_ns < port->tell_again_ns)
		return false;
	port->tell_again_ns = now_ns + TELL_PAUSE_NS;
	return true;
}

/* Hardware, and a VLAN with programs of its own, have tags where XDP sees them: see attach.c. */
static bool is_of_software(const struct link *link)
{
	return link && link->kind[0] && strcmp(link->kind, "vlan") != 0;
}

static void follow_vlans(struct agent *agent, struct port *port, const struct link *link)
{
	enum xdp_mode before = port->attach.mode;
	struct failure failure;
	port->tagged = !port->tagged;
	if (attach_port(agent, port, link, &failure) < 0)
		log_error("%s: %s", port->name, failure.text);
	else if (port->attach.mode != before)
		log_notice("%s: XDP mode %s now: %s", port->name, xdp_mode_name(port->attach.mode),
			   port->attach.reason);
}

void ports_follow(struct agent *agent)
{
	for (struct port *port = agent->ports; port; port = port->next) {
		const struct link *link = links_by_index(agent->links, port->ifindex);
		if (is_of_software(link) && has_vlans(agent, port->ifindex) != port->tagged)
			follow_vlans(agent, port, link);
	}
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
	world_changed(agent); /* a fault comes or goes */
}
