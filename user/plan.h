/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a virtual router needs of its addresses while it is bound, worked out beforehand (I5). A
 * reload makes another one, and what differs is what has to be done.
 */
#ifndef PLAN_H
#define PLAN_H

#include "core/packet.h"
#include "port.h"
#include "sys/takeover.h"
#include "sys/transmit.h"

struct conf_instance; /* conf/conf.h */
struct conf_routes;   /* the same */
struct conf_rules;    /* the same */
struct links;	      /* sys/links.h */

struct plan {
	size_t address_count;	     /* that are served */
	size_t advertised_count;     /* the first of them */
	struct vrrp_addr *addresses; /* in the order of conf_served() */
	struct place *places;	     /* where the programs see each */
	unsigned other_ports;	     /* interfaces of addresses with `dev` that are attached */
	char (*labels)[IFNAMSIZ];    /* items point to them: a configuration may go before us */
	struct route *routes;	     /* the same goes for these, ... */
	struct rule *rules;	     /* ... and these */
	size_t route_count, rule_count;
	struct takeover_item *items; /* what the kernel must know while we are Active */
	size_t item_count;
	int *address_ifindexes;			 /* where each address goes */
	uint8_t (*frames)[ANNOUNCEMENT_LEN_MAX]; /* one announcement per address ... */
	struct transmit_frame *announcements;	 /* ... and where it goes */
	bool *fresh;				 /* this address was not served before */
};

/* With its addresses, and room for the rest. NULL without memory. */
struct plan *plan_new(const struct conf_instance *conf);
/* With room for items of so many addresses, routes and rules, and nothing else. NULL without
 * memory.
 */
struct plan *plan_new_statics(size_t addresses, size_t routes, size_t rules);
bool plan_has_item(const struct plan *plan, const struct takeover_item *item);
void plan_free(struct plan *plan); /* NULL is allowed */

/*
 * Items for routes and rules, behind those of the addresses that they may depend on. The VRFs that
 * are named are looked up now.
 */
void plan_routes(struct plan *plan, const struct conf_routes *routes,
		 const struct conf_rules *rules, const struct links *links);

/* Has a route of it to do with one of these interfaces? One that names none has with all. */
bool plan_names_link(const struct plan *plan, const struct links *links, const int *ifindexes,
		     unsigned count);

#endif
