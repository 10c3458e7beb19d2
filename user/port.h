/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces that carry our programs. */
#ifndef PORT_H
#define PORT_H

#include "agent_state.h"

/*
 * Where the programs see the frames of an interface, as in the keys of abi.h: on itself, untagged;
 * or, of a VLAN whose parent has native XDP, on that parent behind one tag or two.
 */
struct place {
	int ifindex;
	uint32_t vlan;
};

/*
 * Of the VRRP group on an interface whose programs are on the port: itself, and each VLAN that its
 * programs serve.
 */
struct port_member {
	struct port_member *next;
	int ifindex;
	enum vrrp_family family;
	unsigned users;
	int membership;
};

/* An interface that carries our programs. */
struct port {
	struct port *next;
	struct dataplane *dataplane;
	int ifindex;
	char name[IFNAMSIZ];
	unsigned users; /* virtual routers that are bound to it */
	enum xdp_mode wanted;
	bool tagged;	   /* VLANs lie on it */
	unsigned restored; /* times that others removed our programs */
	int64_t tell_again_ns;
	bool broken; /* they are gone, and cannot be put back for now */
	struct port_member *members;
	struct attach_status attach;
};

/*
 * Where the programs see this interface, with our programs attached there; counted until
 * port_put(place->ifindex). NULL: see `failure`. One that nobody uses stays until
 * ports_put_unused(), because who comes next may want it again.
 */
struct port *port_get(struct agent *agent, const struct link *link, enum xdp_mode wanted,
		      struct place *place, struct failure *failure);
void port_put(struct agent *agent, int ifindex);
/* Also leaves the groups that nobody on a port needs any more. */
void ports_put_unused(struct agent *agent);

/*
 * Be a member of the VRRP group on the interface `ifindex`, whose programs the port has, until
 * port_leave(). `*membership` (-1 = none) is one that exists already, and is the port's from here
 * on.
 */
int port_join(struct port *port, int ifindex, enum vrrp_family family, int *membership,
	      struct failure *failure);
void port_leave(struct port *port, int ifindex, enum vrrp_family family);

/*
 * As port_get(), but counted for nobody yet; a failure is forgotten. Before the loop looks at ports
 * it may run in the worker.
 */
void port_prepare(struct agent *agent, const struct link *link, enum xdp_mode wanted);

/* NULL if none of our programs are there. */
struct port *port_find(struct agent *agent, int ifindex);

/* Interfaces have changed: VLANs that came to lie on a port may need another mode there. */
void ports_follow(struct agent *agent);

/* Put back what another tool removed; a port that resists is broken until it does not. */
void port_restore(struct agent *agent, struct port *port);

#endif
