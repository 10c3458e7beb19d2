/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARP and the virtual MAC in the model (E-1 to E-3, E-10): answers and silence for the virtual
 * addresses, claims of others to them, and what the kernel may send.
 */
#include <string.h>

#include "packet.h"

static const struct rate claim_rate = {1000000000, 4};
static const struct rate answer_rate = {1000000000 / 100000, 10000};

/* Offsets in an ARP message for IPv4 over Ethernet. */
enum {
	ARP_OPERATION = 6,
	ARP_SENDER_MAC = 8,
	ARP_SENDER = 14,
	ARP_TARGET_MAC = 18,
	ARP_TARGET = 24,
	ARP_LENGTH = 28,
};

enum {
	OPERATION_REQUEST = 1,
	OPERATION_REPLY = 2,
};

/* ---- ARP ---- */

static uint8_t *find_arp(const struct packet *p)
{
	static const uint8_t canonical[] = {0, 1, 8, 0, 6, 4};
	uint8_t *arp = p->frame + p->network;

	if (p->type != TYPE_ARP || !has_bytes(p, p->network, ARP_LENGTH) ||
	    memcmp(arp, canonical, sizeof(canonical)) != 0)
		return NULL;
	return arp;
}

static int find_ipv4(const struct packet *p, const uint8_t *bytes)
{
	struct vrrp_addr address = addr_of_ipv4(bytes);

	return find_vip(p, &address);
}

bool hear_claim(struct packet *p, int number, const struct vrrp_addr *address, const uint8_t *mac)
{
	struct vr_slot *slot;
	bool active;

	if (number < 0)
		return false;
	slot = &p->plane->slots[number];
	active = plane_answers(p->plane, (uint32_t)number, p->now_ns);
	if (memcmp(mac, slot->identity.mac, MAC_LENGTH) == 0 ||
	    (slot->flags & SLOT_PHYSICAL_MAC && !active))
		return false;
	slot->last_claim_ns = p->now_ns;
	p->plane->stats[number].foreign_claims++;
	if (take_token(&slot->claim_bucket_ns, p->now_ns, claim_rate)) {
		struct xvrrp_event event = {
			.time_ns = p->now_ns,
			.kind = XVRRP_EVENT_CLAIM,
			.slot = (uint32_t)number,
			.ifindex = p->ifindex,
			.source = *address,
		};

		memcpy(event.mac, mac, MAC_LENGTH);
		put_event(p->plane, &event);
	} else {
		p->plane->stats[number].reports_limited++;
	}
	return active;
}

bool may_answer(struct packet *p, int number)
{
	return take_token(&p->plane->slots[number].answer_bucket_ns, p->now_ns, answer_rate);
}

static bool claims(struct packet *p, const uint8_t *arp)
{
	struct vrrp_addr address = addr_of_ipv4(arp + ARP_SENDER);

	return hear_claim(p, find_vip(p, &address), &address, arp + ARP_SENDER_MAC);
}

/* The request becomes its answer; length, tags and padding stay. */
static void answer(struct packet *p, uint8_t *arp, const uint8_t mac[MAC_LENGTH])
{
	uint8_t asked[4];

	memcpy(asked, arp + ARP_TARGET, sizeof(asked));
	memcpy(arp + ARP_TARGET_MAC, arp + ARP_SENDER_MAC, MAC_LENGTH + sizeof(asked));
	memcpy(arp + ARP_SENDER_MAC, mac, MAC_LENGTH);
	memcpy(arp + ARP_SENDER, asked, sizeof(asked));
	arp[ARP_OPERATION + 1] = OPERATION_REPLY;
	memcpy(p->frame, p->frame + MAC_LENGTH, MAC_LENGTH);
	memcpy(p->frame + MAC_LENGTH, mac, MAC_LENGTH);
}

static bool asks_about_another(const uint8_t *arp)
{
	return get16(arp + ARP_OPERATION) == OPERATION_REQUEST &&
	       memcmp(arp + ARP_SENDER, arp + ARP_TARGET, 4) != 0;
}

bool arp_step(struct packet *p, enum plane_verdict *verdict)
{
	struct if_stats *interface = &p->plane->interface;
	uint8_t *arp = find_arp(p);
	int number;

	if (!arp)
		return false;
	*verdict = PLANE_DROP;
	if (claims(p, arp))
		return true;
	number = asks_about_another(arp) ? find_ipv4(p, arp + ARP_TARGET) : -1;
	if (number < 0) {
		*verdict = PLANE_PASS;
		return false;
	}
	if (!plane_answers(p->plane, (uint32_t)number, p->now_ns)) {
		interface->arp_suppressed++;
	} else if (!may_answer(p, number)) {
		interface->arp_limited++;
	} else {
		answer(p, arp, p->plane->slots[number].identity.mac);
		interface->arp_replies++;
		*verdict = PLANE_REPLY;
	}
	return true;
}

enum plane_verdict arp_leaves(struct packet *p)
{
	uint8_t *source = p->frame + MAC_LENGTH, *arp = find_arp(p);
	int number = arp ? find_ipv4(p, arp + ARP_SENDER) : -1;
	const uint8_t *mac;

	if (number < 0)
		return PLANE_PASS;
	if (!plane_answers(p->plane, (uint32_t)number, p->now_ns)) {
		p->plane->interface.egress_suppressed++;
		return PLANE_DROP;
	}
	mac = p->plane->slots[number].identity.mac;
	if (memcmp(source, mac, MAC_LENGTH) == 0 &&
	    memcmp(arp + ARP_SENDER_MAC, mac, MAC_LENGTH) == 0)
		return PLANE_PASS;
	memcpy(source, mac, MAC_LENGTH);
	memcpy(arp + ARP_SENDER_MAC, mac, MAC_LENGTH);
	p->plane->interface.egress_rewritten++;
	return PLANE_PASS;
}

/* ---- frames to the virtual MAC ---- */

static int find_virtual_mac(const struct packet *p)
{
	static const uint8_t prefixes[][5] = {VRRP_MAC_PREFIX_IPV4, VRRP_MAC_PREFIX_IPV6};
	static const uint8_t families[] = {VRRP_IPV4, VRRP_IPV6};

	for (int i = 0; i < 2; i++)
		if (memcmp(p->frame, prefixes[i], sizeof(prefixes[i])) == 0) {
			int number = find_router(p, families[i], p->frame[5]);
			bool physical =
				number >= 0 && p->plane->slots[number].flags & SLOT_PHYSICAL_MAC;

			return physical ? -1 : number;
		}
	return -1;
}

/* Neighbor Discovery must work whatever Accept_Mode says (E-5). */
static bool is_neighbor_discovery(const struct packet *p)
{
	const uint8_t *ip = p->frame + p->network;

	return has_bytes(p, p->network, IPV6_LENGTH + 1) && ip[6] == PROTOCOL_ICMPV6 &&
	       (ip[IPV6_LENGTH] == NEIGHBOR_SOLICITATION ||
		ip[IPV6_LENGTH] == NEIGHBOR_ADVERTISEMENT);
}

/* The virtual router whose address the packet inside is for, or -1. */
static int find_destination(const struct packet *p)
{
	const uint8_t *ip = p->frame + p->network;
	struct vrrp_addr address;

	if (p->type == TYPE_IPV4 && has_bytes(p, p->network, IPV4_LENGTH))
		return find_ipv4(p, ip + 16);
	if (p->type != TYPE_IPV6 || !has_bytes(p, p->network, IPV6_LENGTH) ||
	    is_neighbor_discovery(p))
		return -1;
	memcpy(&address, ip + 24, sizeof(address));
	return find_vip(p, &address);
}

bool virtual_mac_step(struct packet *p, enum plane_verdict *verdict)
{
	struct vr_stats *stats = p->plane->stats;
	int number = find_virtual_mac(p), destination;

	if (number < 0)
		return false;
	*verdict = PLANE_DROP;
	if (!plane_answers(p->plane, (uint32_t)number, p->now_ns)) {
		stats[number].virtual_mac_suppressed++;
		return true;
	}
	destination = find_destination(p);
	if (destination >= 0 &&
	    !(p->plane->slots[destination].flags & (SLOT_ACCEPT | SLOT_OWNER))) {
		stats[destination].accept_mode_dropped++;
		return true;
	}
	stats[number].virtual_mac_accepted++;
	*verdict = PLANE_ACCEPT;
	return true;
}
