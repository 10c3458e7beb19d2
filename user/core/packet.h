/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that the agent sends, as bytes: advertisements and announcements. Pure.
 */
#ifndef CORE_PACKET_H
#define CORE_PACKET_H

#include "core/types.h"

#define FRAME_MAX (14 + 40 + VRRP_MESSAGE_MAX + VRRP_AUTH_LEN)

/* All that an advertisement on the wire depends on. */
struct advert {
	enum vrrp_family family;
	uint8_t version;
	uint8_t vrid;
	uint8_t priority;
	uint32_t interval_cs; /* v2: a multiple of 100 */
	enum checksum_form checksum;
	uint8_t auth_type; /* v2: enum vrrp_auth */
	uint8_t auth_data[VRRP_AUTH_LEN];
	uint8_t source_mac[6]; /* the virtual MAC */
	struct vrrp_addr source;
	struct vrrp_addr destination; /* a unicast peer (H-40); zero = the group */
	bool pseudo_group; /* its IPv4 pseudo-header names the group all the same (H-3) */
	const struct vrrp_addr *addresses;
	unsigned address_count; /* 0..255; 0 where all addresses are served unadvertised */
};

/*
 * Is there such an advertisement? To be asked of what another program has left; what a
 * configuration makes can be encoded, and the functions below assert that.
 */
bool advert_is_possible(const struct advert *advert);

/*
 * The VRRP message alone (A.2, A.3), checksum included, as `advert->source` would send it to
 * `destination`. Returns its length, or 0 if `size` is too small.
 */
size_t vrrp_message_encode(const struct advert *advert, uint8_t *buffer, size_t size);

/* The whole Ethernet frame to the group (A-1..A-8). Returns its length, or 0 as above. */
size_t vrrp_frame_encode(const struct advert *advert, uint8_t *buffer, size_t size);

/*
 * Decode a message as it is on the wire, without judging more than that its parts are inside
 * `length` bytes; the addresses are left where they are. False if not.
 */
struct vrrp_message {
	uint8_t version, type, vrid, priority, addr_count;
	uint32_t interval_cs;
	uint16_t checksum;	  /* host order */
	uint8_t auth_type;	  /* v2 */
	const uint8_t *addresses; /* addr_count times 4 or 16 bytes */
	const uint8_t *auth_data; /* v2: 8 bytes, else NULL */
};
bool vrrp_message_decode(enum vrrp_family family, const uint8_t *message, size_t length,
			 struct vrrp_message *out);

#define GARP_FRAME_LEN	     60 /* padded: some drivers do not */
#define NA_FRAME_LEN	     86
#define ANNOUNCEMENT_LEN_MAX NA_FRAME_LEN

/* A gratuitous ARP request for an IPv4 address (E-20, E-21). Returns GARP_FRAME_LEN. */
size_t garp_frame_encode(const uint8_t mac[6], const struct vrrp_addr *address,
			 uint8_t buffer[GARP_FRAME_LEN]);

/*
 * An unsolicited Neighbor Advertisement for an IPv6 address, from itself to ff02::1 (E-30). Returns
 * NA_FRAME_LEN.
 */
size_t na_frame_encode(const uint8_t mac[6], const struct vrrp_addr *address,
		       uint8_t buffer[NA_FRAME_LEN]);

/* The one or the other, by the family of the address. */
size_t announcement_encode(const uint8_t mac[6], const struct vrrp_addr *address,
			   uint8_t buffer[ANNOUNCEMENT_LEN_MAX]);

#endif
