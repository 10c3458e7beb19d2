/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 frames as a peer would send them: advertisements, and Neighbor Discovery. See frames.h. */
#ifndef FRAMES6_H
#define FRAMES6_H

#include "frames.h"

#define ADDRESSES6_MAX 200 /* what fits into the one page of BPF_PROG_RUN */

struct ip6 {
	uint8_t b[16];
};

/* fe80::NUMBER and 2001:db8::NUMBER. */
struct ip6 link_local(uint8_t number);
struct ip6 global(uint8_t number);
/* The solicited-node group of an address. */
struct ip6 solicited_node(struct ip6 address);

/* All that can be right or wrong around an ICMPv6 or VRRP message. */
struct packet6 {
	uint8_t source_mac[6], destination_mac[6];
	unsigned tag_count;
	uint16_t tags[TAGS_MAX]; /* TCI, outermost first */
	uint8_t protocol, hops;
	struct ip6 source, destination;
	size_t padding; /* bytes behind the IP packet */
};

struct advert6_spec {
	struct packet6 ip;
	uint8_t version, type, vrid, priority, count;
	uint16_t interval;
	struct ip6 addresses[ADDRESSES6_MAX];
	size_t trailer;	     /* bytes behind the message, inside the IP packet and the sum */
	bool without_pseudo; /* summed as over IPv4 */
};

/* From fe80::12 for fe80::VRID and 2001:db8::VRID, priority 150, one second. */
struct advert6_spec advert6(uint8_t vrid);
struct frame frame_advert6(const struct advert6_spec *spec);

struct nd_spec {
	struct packet6 ip;
	uint8_t type, code;
	uint32_t flags;
	struct ip6 target;
	uint8_t options[1600];
	size_t option_length;
};

/* A Neighbor Solicitation of fe80::99 (02:00:00:00:00:99) to the group, with its MAC address. */
struct nd_spec nd_who_has(struct ip6 target);
/* The same from nowhere, as a host tests an address before it takes it; without options. */
struct nd_spec nd_probe(struct ip6 target);
/* What fe80::99 with another MAC address says to all: unsolicited, override. */
struct nd_spec nd_has(struct ip6 target, const uint8_t mac[6]);
/* One more option, with `length` in units of 8 bytes and the beginning of its content. */
void nd_option(struct nd_spec *spec, uint8_t type, uint8_t length, const uint8_t content[6]);
struct frame frame_nd(const struct nd_spec *spec);

/* Behind changes by hand: the right ICMPv6 or VRRP checksum of what the frame has now. */
void frame_sum6(struct frame *frame);
/* Is it right? By adding up bytes, as nothing else in this project does. */
bool frame_sum6_right(const struct frame *frame);

#endif
