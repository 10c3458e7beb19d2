/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data plane in user space: what the programs of bpf/ do to a frame, to the slots and to the
 * counters, said a second time, over plain memory and with a clock that the caller holds. The
 * simulator's routers have one each; the differential fuzzer holds it against the real programs.
 *
 * Written from include/abi.h, the design and the requirements, not from bpf/: only the checks and
 * comparisons of include/ are common text. One CPU, one interface.
 */
#ifndef MODEL_PLANE_H
#define MODEL_PLANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

#define PLANE_SLOTS  8
#define PLANE_KEYS   16
#define PLANE_VIPS   64
#define PLANE_PEERS  32
#define PLANE_EVENTS 1024 /* reports waiting for the agent; a power of two */
#define PLANE_GROWTH 8	  /* bytes by which an answer may be longer than what was asked */

enum plane_verdict {
	PLANE_PASS,   /* not ours, or ours and the host sees it too */
	PLANE_ACCEPT, /* passes; taken for the host's own though sent to a virtual MAC */
	PLANE_DROP,
	PLANE_REPLY, /* the frame has become the answer, and goes back out */
};

struct plane_key {
	struct vr_key key;
	uint32_t slot;
};

struct plane_vip {
	struct vip_key key;
	uint32_t slot;
};

struct plane_peer {
	struct peer_key key;
	struct peer_hops hops;
};

struct plane {
	struct vr_slot slots[PLANE_SLOTS];
	struct vr_stats stats[PLANE_SLOTS];
	struct if_stats interface;
	struct plane_key keys[PLANE_KEYS];
	struct plane_vip vips[PLANE_VIPS];
	struct plane_peer peers[PLANE_PEERS];
	unsigned key_count, vip_count, peer_count;
	struct xvrrp_event events[PLANE_EVENTS]; /* a ring; indexes count without end */
	uint32_t first_event, next_event;
};

/* Empty maps, nothing in the ring. */
void plane_clear(struct plane *plane);

/* Entries of the three indexes; the caller sees to it that there is room. */
void plane_add_key(struct plane *plane, const struct vr_key *key, uint32_t slot);
void plane_add_vip(struct plane *plane, const struct vip_key *key, uint32_t slot);
void plane_add_peer(struct plane *plane, const struct peer_key *key, struct peer_hops hops);

/*
 * A frame arrives, whole (tags included), at `now_ns` on the clock of the slots. A reply is written
 * over it and sets *length: shorter, or longer by PLANE_GROWTH at most, for which there must be
 * room. plane_egress() is for what the kernel sends: PASS (perhaps rewritten) or DROP.
 */
enum plane_verdict plane_ingress(struct plane *plane, uint32_t ifindex, uint64_t now_ns,
				 uint8_t *frame, size_t *length);
enum plane_verdict plane_egress(struct plane *plane, uint32_t ifindex, uint64_t now_ns,
				uint8_t *frame, size_t length);

/* Would it answer for the virtual router's addresses? (I1) */
bool plane_answers(const struct plane *plane, uint32_t slot, uint64_t now_ns);

/* The oldest report, taken out of the ring; false if there is none. */
bool plane_take_event(struct plane *plane, struct xvrrp_event *event);

#endif
