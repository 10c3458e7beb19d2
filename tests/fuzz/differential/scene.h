/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a batch of frames is thrown at: eight virtual routers of all kinds, drawn anew for each
 * batch, and what an agent might write to their slots between two frames. The model's memory is
 * the original; machine.c copies it into the maps.
 */
#ifndef DIFFERENTIAL_SCENE_H
#define DIFFERENTIAL_SCENE_H

#include "bpf/frames.h"
#include "model/plane.h"
#include "random.h"

#define SCENE_IFINDEX 1 /* what BPF_PROG_RUN takes for the interface: lo */

#define SCENE_IPV6_COUNT 110 /* addresses in an IPv6 advertisement: a frame of common size */

struct scene {
	struct plane plane;
	struct random random;
	/* IPv4 addresses, host order. Those of an IPv6 router stand for scene_ipv6(slot, i), with i
	 * counted from the first. */
	uint32_t addresses[PLANE_SLOTS][VRRP_ADDRESSES_MAX];
};

void scene_make(struct scene *scene, uint64_t seed);

/* The addresses of an IPv6 router: the first is link-local, and so are a few that it has not. */
struct vrrp_addr scene_ipv6(unsigned slot, uint32_t i);

/* Write to a slot as an agent might. `frame` is what comes next; steady signatures match it. */
void scene_disturb(struct scene *scene, unsigned slot, uint64_t now_ns, const struct frame *frame);

/*
 * The next frame; *frame is the one before, which may come again. Returns the slot that it is most
 * likely about.
 */
unsigned next_frame(struct scene *scene, struct frame *frame);

#endif
