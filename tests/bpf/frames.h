/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames as a peer would send them, built byte by byte and summed up in a way of their own, so that
 * no mistake of ours agrees with itself. Addresses are in host order, 0xc0000201 = 192.0.2.1.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vrrp.h"

#define FRAME_ROOM 3584
#define TAGS_MAX   3

#define GROUP 0xe0000012u

struct frame {
	uint8_t bytes[FRAME_ROOM];
	size_t length;
	size_t l3;	/* offset of the network header */
	size_t message; /* offset of what follows it */
};

enum sum_form { SUM_PLAIN, SUM_PSEUDO };

/* All that can be right or wrong about an advertisement. Start from one of the two below. */
struct advert_spec {
	uint8_t source_mac[6], destination_mac[6];
	unsigned tag_count;
	uint16_t tags[TAGS_MAX]; /* TCI, outermost first */
	unsigned ihl;		 /* words */
	uint16_t fragment;	 /* flags and offset as on the wire */
	uint8_t ttl;
	uint32_t source, destination;
	uint8_t version, type, vrid, priority, count;
	uint16_t interval; /* v3: reserve nibble and centiseconds; v2: auth type << 8 | seconds */
	uint32_t addresses[255];
	uint8_t auth[8]; /* v2 */
	enum sum_form form;
	size_t trailer; /* bytes behind the message, inside the IP packet */
	size_t padding; /* bytes behind the IP packet */
};

/* From 192.0.2.12 for one address, priority 150, one second. */
struct advert_spec advert_v3(uint8_t vrid, uint32_t address);
struct advert_spec advert_v2(uint8_t vrid, uint32_t address);

struct frame frame_advert(const struct advert_spec *spec);

/* One byte of the IPv4 header, by its place there, and the right checksum over the header. */
void frame_set_ipv4(struct frame *frame, size_t at, uint8_t value);

/* After the message has been changed by hand. */
void frame_sum(struct frame *frame, const struct advert_spec *spec);

/* An IPv4 packet from 192.0.2.12 around a message given in hex (blanks allowed). */
struct frame frame_message(const char *hex);

struct arp_spec {
	uint8_t destination_mac[6], source_mac[6]; /* Ethernet */
	unsigned tag_count;
	uint16_t tags[TAGS_MAX];
	uint16_t operation;
	uint8_t sender_mac[6], target_mac[6];
	uint32_t sender, target;
	size_t padding;
};

/* A broadcast request of 192.0.2.99 (02:00:00:00:00:99). */
struct arp_spec arp_who_has(uint32_t target);
struct frame frame_arp(const struct arp_spec *spec);

/* IPv4 or IPv6 with `protocol` and 8 more bytes, the first of them `type`. */
struct frame frame_ipv4(const uint8_t mac[6], uint32_t destination, uint8_t protocol);
struct frame frame_ipv6(const uint8_t mac[6], const uint8_t destination[16], uint8_t protocol,
			uint8_t type);

void virtual_mac(uint8_t mac[6], unsigned family, uint8_t vrid);

#endif
