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

struct scene {
	struct plane plane;
	struct random random;
	uint32_t addresses[PLANE_SLOTS][VRRP_ADDRESSES_MAX]; /* of IPv4 ones, host order */
};

void scene_make(struct scene *scene, uint64_t seed);

/* Write to a slot as an agent might. `frame` is what comes next; steady signatures match it. */
void scene_disturb(struct scene *scene, unsigned slot, uint64_t now_ns, const struct frame *frame);

/*
 * The next frame; *frame is the one before, which may come again. Returns the slot that it is most
 * likely about.
 */
unsigned next_frame(struct scene *scene, struct frame *frame);

#endif
