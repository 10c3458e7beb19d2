/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the model: a frame and what has been read of it, virtual routers as the steps find them,
 * token buckets. Nothing outside tests/model/ includes this.
 */
#ifndef MODEL_PACKET_H
#define MODEL_PACKET_H

#include "model/plane.h"

enum {
	MAC_LENGTH = 6,
	ETHERNET_LENGTH = 14,
	TAG_LENGTH = 4,
	TAGS_MAX = 2,
	IPV4_LENGTH = 20,
	IPV6_LENGTH = 40,
};

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_8021Q = 0x8100,
	TYPE_IPV6 = 0x86dd,
	TYPE_8021AD = 0x88a8,
};

enum {
	PROTOCOL_ICMPV6 = 58,
	NEIGHBOR_SOLICITATION = 135,
	NEIGHBOR_ADVERTISEMENT = 136,
};

struct packet {
	struct plane *plane;
	uint8_t *frame;
	size_t length;
	size_t network; /* offset of what is behind the Ethernet header and its tags */
	uint64_t now_ns;
	uint32_t ifindex;
	uint32_t vlan; /* as in the keys of abi.h */
	uint16_t type; /* behind the tags */
};

/* A rate: one token each `interval_ns`, at most `burst` in store. */
struct rate {
	uint64_t interval_ns;
	uint64_t burst;
};

static inline uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* Are there `count` bytes from `offset` on? */
static inline bool has_bytes(const struct packet *p, size_t offset, size_t count)
{
	return offset <= p->length && count <= p->length - offset;
}

/* An IPv4 address of the frame as everywhere else: mapped. */
struct vrrp_addr addr_of_ipv4(const uint8_t *bytes);

/* The number of the slot, or -1. */
int find_router(const struct packet *p, uint8_t family, uint8_t vrid);
int find_vip(const struct packet *p, const struct vrrp_addr *address);

/* NULL for who is no peer of that slot's. */
const struct peer_hops *find_peer(const struct plane *plane, uint32_t number,
				  const struct vrrp_addr *address);

/* The bucket is the time at which it is full again. */
bool take_token(__u64 *bucket, uint64_t now_ns, struct rate rate);

/* Into the ring; a full one loses it, which counts. */
bool put_event(struct plane *plane, const struct xvrrp_event *event);

/*
 * `mac` has been said to have the address of that slot. True if nobody is to learn of it: it is
 * another's, and the role is ours.
 */
bool hear_claim(struct packet *p, int number, const struct vrrp_addr *address, const uint8_t *mac);

/* A token for an answer. */
bool may_answer(struct packet *p, int number);

/* The steps of a frame that arrives. False: not mine, ask the next one. */
bool advert_step(struct packet *p, enum plane_verdict *verdict);
bool arp_step(struct packet *p, enum plane_verdict *verdict);
bool nd_step(struct packet *p, enum plane_verdict *verdict);
bool virtual_mac_step(struct packet *p, enum plane_verdict *verdict);
/* ... and of one that leaves. */
enum plane_verdict arp_leaves(struct packet *p);
enum plane_verdict nd_leaves(struct packet *p);

#endif
