/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual routers that fuzz_plane.c throws frames at, one of each kind, and the frames: right
 * ones out of an input, which the target then spoils.
 */
#ifndef TESTS_PLANE_FRAMES_H
#define TESTS_PLANE_FRAMES_H

#include "core/packet.h"
#include "fuzz.h"
#include "model/plane.h"

enum { PLANE_IFINDEX = 1, PLANE_ROUTERS = 5 };

struct plane_router {
	uint8_t family, vrid, version, auth_type;
	uint32_t vlan;
	bool unicast;
	struct vrrp_addr address, primary, peer;
};
extern const struct plane_router plane_routers[PLANE_ROUTERS];

struct vr_identity plane_identity(const struct plane_router *router);

/* A frame in `out`, which has room for FRAME_MAX + 8 bytes; returns its length. */
size_t plane_take_frame(struct input *input, uint8_t *out);

/* One's complement sum of an IPv6 packet's payload with its pseudo-header: 0xffff = right. */
uint16_t plane_sum_ipv6(const uint8_t *ip, size_t length);

#endif
