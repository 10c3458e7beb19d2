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

struct plan {
	size_t address_count;	     /* that are served */
	size_t advertised_count;     /* the first of them */
	struct vrrp_addr *addresses; /* in the order of conf_served() */
	struct place *places;	     /* where the programs see each */
	unsigned other_ports;	     /* interfaces of addresses with `dev` that are attached */
	char (*labels)[IFNAMSIZ];    /* items point to them: a configuration may go before us */
	struct takeover_item *items; /* what the kernel must know while we are Active */
	size_t item_count;
	int *address_ifindexes;			 /* where each address goes */
	uint8_t (*frames)[ANNOUNCEMENT_LEN_MAX]; /* one announcement per address ... */
	struct transmit_frame *announcements;	 /* ... and where it goes */
	bool *fresh;				 /* this address was not served before */
};

/* With its addresses, and room for the rest. NULL without memory. */
struct plan *plan_new(const struct conf_instance *conf);
void plan_free(struct plan *plan); /* NULL is allowed */

#endif
