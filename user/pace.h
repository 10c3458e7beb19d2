/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vrrp_garp_interval and vrrp_gna_interval: not before when the next announcement may leave by an
 * interface, for switches that take only so many.
 */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pace_interface {
	int ifindex;
	int64_t next_ns[2]; /* of ARP, of Neighbor Advertisements */
};

/* All zero = nothing has left yet. */
struct pace {
	struct pace_interface *list;
	size_t count;
};

/* When the next one may leave; 0 = at once. */
int64_t pace_next(const struct pace *pace, int ifindex, bool ipv6);

/* One leaves at `now_ns`, and the next one not before `interval_ns` later. */
void pace_note(struct pace *pace, int ifindex, bool ipv6, int64_t now_ns, int64_t interval_ns);

void pace_free(struct pace *pace);

#endif
