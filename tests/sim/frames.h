/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames as the simulated hosts see them: those of routers that others wrote, of clients, and of
 * whoever forges. Read and put together here without a line of what is under test, but for the
 * encoders of core/packet.h.
 */
#ifndef SIM_FRAMES_H
#define SIM_FRAMES_H

#include "core/packet.h"
#include "sim/world.h"

/* Who has which MAC address. */
enum sim_host {
	HOST_ROUTER, /* its interface's own, with its number */
	HOST_CLIENT,
	HOST_FOREIGNER, /* claims what is not its own */
};
void host_mac(enum sim_host host, unsigned number, uint8_t mac[6]);

#define SIM_CLIENT_ADDRESS 0xc00002c8u /* 192.0.2.200 */

/* ---- ARP, and Neighbor Discovery where the scenario is of IPv6 ---- */

enum inquiry_kind {
	INQUIRY_ASKS,	  /* who has the target; of ARP, also an announcement: sender = target */
	INQUIRY_ANSWERS,  /* the sender has it, to who asked */
	INQUIRY_ANNOUNCES /* the same, to everybody */
};

struct inquiry {
	enum inquiry_kind kind;
	uint8_t sender_mac[6], target_mac[6];
	uint32_t sender, target; /* numbers of addresses: sim_address() */
};

bool inquiry_read(const struct sim_frame *frame, struct inquiry *inquiry);
/* From the sender, to everybody or to the target. */
struct sim_frame inquiry_frame(uint8_t family, const struct inquiry *inquiry);
/* "I have the virtual address", by `mac`. */
struct sim_frame announcement_frame(uint8_t family, const uint8_t mac[6]);

/* ---- packets ---- */

/* One to SIM_VIP at the virtual MAC; it is told from others by its protocol, UDP. */
struct sim_frame packet_frame(uint8_t family, uint8_t vrid);
bool packet_to_virtual_mac(const struct sim_frame *frame, uint8_t family, uint8_t vrid);

/* ---- advertisements ---- */

/* What a router's network stack and socket hand to it. */
struct advert_packet {
	uint8_t family;
	uint32_t source, destination; /* numbers of addresses: sim_address() */
	uint8_t ttl;
	uint16_t length;      /* of the message by the IP header */
	const uint8_t *bytes; /* the message, inside the frame */
	bool whole;	      /* `message` is valid */
	struct vrrp_message message;
};

/* False: not an advertisement at all. */
bool advert_read(const struct sim_frame *frame, struct advert_packet *packet);
/* RFC 1071 over the message, and over its pseudo-header if `pseudo` or IPv6: is it right? */
bool advert_sum_right(const struct advert_packet *packet, bool pseudo);
/* Is its address list SIM_VIP, and nothing else? */
bool advert_list_right(const struct advert_packet *packet);
/* No byte behind its end. */
bool advert_length_exact(const struct advert_packet *packet);
struct sim_frame advert_frame(const struct advert *advert);

/* What no encoder would write; then both checksums are made right again. */
struct advert_changes {
	uint8_t to_mac[6];
	uint32_t destination;
	uint8_t ttl, version, type, addr_count;
	bool pseudo;	 /* the form of the message's checksum ... */
	bool spoils_sum; /* ... unless it is to be wrong */
};
void advert_rewrite(struct sim_frame *frame, const struct advert_changes *changes);

#endif
