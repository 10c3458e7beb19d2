/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the makers of frames share: generate.c, generate_advert.c, generate_neighbor.c. */
#ifndef DIFFERENTIAL_GENERATE_H
#define DIFFERENTIAL_GENERATE_H

#include "scene.h"

/* Mostly where a router is at home: advertisements to the others' virtual MACs are nobody's. */
const struct plane_key *any_key(struct scene *scene);

/* An address that a router of the scene serves; and one of a family, mostly in this VLAN. */
const struct plane_vip *any_vip(struct scene *scene);
const struct plane_vip *any_vip_of(struct scene *scene, uint8_t family, uint32_t vlan);

bool is_ipv4(const struct vrrp_addr *address);
uint32_t ipv4_of(const struct vrrp_addr *address); /* host order */

void set16(uint8_t *to, uint32_t value);

/* The tags of a VLAN; a priority tag among them as long as there is room, sometimes beyond. */
void put_tags(struct random *random, struct frame *frame, uint32_t vlan);

/* Each makes a frame and returns the slot that it is most likely about. */
unsigned advertise(struct scene *scene, struct frame *frame);
unsigned ask_or_claim(struct scene *scene, struct frame *frame); /* by ARP */
unsigned discover(struct scene *scene, struct frame *frame);	 /* by Neighbor Discovery */

/* Make the checksum right again where a receiver looks for it, of whatever the frame is by now. */
void repair_sum(struct random *random, struct frame *frame);

#endif
