/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARP of every meaning, and Neighbor Discovery: solicitations, advertisements and the three kinds
 * that routers and hosts also send, with the options and addresses that they may have, and with
 * those that they may not.
 */
#include <string.h>

#include "generate.h"

unsigned ask_or_claim(struct scene *scene, struct frame *frame)
{
	static const uint16_t operations[] = {1, 1, 1, 1, 2, 2, 0, 3, 0x0101, 0x0200};
	struct random *random = &scene->random;
	const struct plane_vip *vip = any_vip_of(scene, VRRP_IPV4, 0);
	const uint8_t *mac = scene->plane.slots[vip->slot].identity.mac;
	uint32_t address = ipv4_of(&vip->key.address);
	struct arp_spec spec = arp_who_has(address);

	spec.operation = pick(random, operations);
	spec.source_mac[5] = spec.sender_mac[5] = (uint8_t)draw(random);
	if (one_in(random, 4)) /* a probe, or somebody else's claim */
		spec.sender = one_in(random, 2) ? 0 : ipv4_of(&any_vip(scene)->key.address);
	if (one_in(random, 4)) /* an announcement, a claim to this one, a leaving frame */
		spec.sender = address;
	if (one_in(random, 4))
		spec.target = (uint32_t)draw(random);
	if (one_in(random, 4))
		memcpy(spec.sender_mac, mac, sizeof(spec.sender_mac));
	if (one_in(random, 4))
		memcpy(spec.source_mac, mac, sizeof(spec.source_mac));
	if (one_in(random, 4))
		memcpy(spec.destination_mac, mac, sizeof(spec.destination_mac));
	if (one_in(random, 2))
		spec.padding = 18;
	*frame = frame_arp(&spec);
	frame->message = frame->l3;
	put_tags(random, frame, vip->key.vlan);
	return vip->slot;
}

/* ---- Neighbor Discovery ---- */

enum {
	IPV6_LENGTH = 40,
	SOLICITATION = 135,
	ADVERTISEMENT = 136,
	REDIRECT = 137,
	ALL_NODES = 1,
};

struct nd_spec {
	uint8_t destination_mac[6], source_mac[6];
	struct vrrp_addr source, destination, target;
	uint8_t type, code, hops;
	uint32_t flags; /* of an advertisement; else reserved */
	uint8_t options[160];
	size_t options_length;
	size_t padding;
	int wrong_length; /* added to the payload length */
};

static struct vrrp_addr solicited_node(const struct vrrp_addr *address)
{
	struct vrrp_addr group = {{0xff, 0x02, [11] = 1, [12] = 0xff}};

	memcpy(group.b + 13, address->b + 13, 3);
	return group;
}

static void group_mac(uint8_t mac[6], const struct vrrp_addr *group)
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, group->b + 12, 4);
}

static void add_option(struct random *random, struct nd_spec *spec, uint8_t type,
		       const uint8_t *mac)
{
	uint8_t units = one_in(random, 24) ? (uint8_t)below(random, 4) : 1;
	uint8_t *option = spec->options + spec->options_length;

	memset(option, 0x5a, 8);
	option[0] = type;
	option[1] = units;
	if (mac)
		memcpy(option + 2, mac, 6);
	spec->options_length += one_in(random, 24) ? 8 : units * 8u;
}

/* The sender's MAC address, or the router's, or anybody's. */
static const uint8_t *any_mac(struct random *random, const struct nd_spec *spec,
			      const uint8_t *routers)
{
	static const uint8_t another[6] = {2, 0, 0, 0, 0x77, 1};

	if (one_in(random, 3))
		return routers;
	return one_in(random, 4) ? another : spec->source_mac;
}

static void add_options(struct random *random, struct nd_spec *spec, const uint8_t *mac)
{
	static const uint8_t others[] = {3, 5, 14, 24, 253};
	uint8_t own = spec->type == ADVERTISEMENT || spec->type == REDIRECT ? 2 : 1;
	unsigned count = one_in(random, 8) ? below(random, 5) : below(random, 3);

	if (one_in(random, 8))
		own = 3 - own;
	for (; count > 0; count--)
		if (one_in(random, 3))
			add_option(random, spec, pick(random, others), NULL);
		else
			add_option(random, spec, own, any_mac(random, spec, mac));
}

static struct vrrp_addr any_source(struct scene *scene, const struct vrrp_addr *target)
{
	static const struct vrrp_addr neighbor = {{0xfe, 0x80, [15] = 0x99}};
	struct vrrp_addr address = neighbor;

	switch (below(&scene->random, 8)) {
	case 0:
	case 1:
		return (struct vrrp_addr){{0}}; /* a probe */
	case 2:
		return *target;
	case 3:
		return any_vip(scene)->key.address; /* IPv4's are mapped, and no source here */
	case 4:
		address.b[0] = one_in(&scene->random, 8) ? 0xff : 0x20;
		break;
	}
	return address;
}

static uint8_t any_type(struct random *random)
{
	if (one_in(random, 16))
		return (uint8_t)(132 + below(random, 7));
	return one_in(random, 4) ? ADVERTISEMENT : SOLICITATION;
}

/* To the target's group, or to all nodes; or to one, who may also be a group's only member. */
static void set_destination(struct random *random, struct nd_spec *spec)
{
	static const struct vrrp_addr all_nodes = {{0xff, 0x02, [15] = ALL_NODES}};
	static const uint8_t station[6] = {2, 0, 0, 0, 0, 1};

	spec->destination = solicited_node(&spec->target);
	if (spec->type != SOLICITATION && one_in(random, 2))
		spec->destination = all_nodes;
	group_mac(spec->destination_mac, &spec->destination);
	if (one_in(random, 4)) {
		spec->destination = spec->target;
		memcpy(spec->destination_mac, station, sizeof(station));
	}
	if (one_in(random, 16))
		spec->destination.b[below(random, 16)] ^= (uint8_t)(1u << below(random, 8));
	if (one_in(random, 16))
		spec->destination_mac[below(random, 6)] ^= (uint8_t)(1u << below(random, 8));
}

static void spoil(struct random *random, struct nd_spec *spec)
{
	switch (below(random, 6)) {
	case 0:
		spec->hops ^= (uint8_t)(1u << below(random, 8));
		break;
	case 1:
		spec->code = (uint8_t)draw(random);
		break;
	case 2:
		spec->flags = (uint32_t)draw(random);
		break;
	case 3:
		spec->wrong_length = (int)below(random, 33) - 16;
		break;
	case 4:
		spec->options_length = below(random, (uint32_t)spec->options_length + 8);
		break;
	case 5:
		spec->target.b[below(random, 16)] ^= (uint8_t)(1u << below(random, 8));
		break;
	}
}

/* The bytes before the options; a redirect also says for which destination. */
static size_t fixed_length(uint8_t type)
{
	static const uint8_t lengths[] = {8, 16, 24, 24, 40};

	return type >= 133 && type <= REDIRECT ? lengths[type - 133] : 24;
}

static void build(struct random *random, const struct nd_spec *spec, struct frame *frame)
{
	size_t fixed = fixed_length(spec->type), payload = fixed + spec->options_length;
	uint8_t *ip = frame->bytes + 14, *icmp = ip + IPV6_LENGTH;

	*frame = (struct frame){.length = 14 + IPV6_LENGTH + payload + spec->padding,
				.l3 = 14,
				.message = 14 + IPV6_LENGTH};
	memcpy(frame->bytes, spec->destination_mac, 6);
	memcpy(frame->bytes + 6, spec->source_mac, 6);
	set16(frame->bytes + 12, 0x86dd);
	set16(ip, 0x6000u | below(random, 4096));
	set16(ip + 4, (uint32_t)((int)payload + spec->wrong_length));
	ip[6] = 58;
	ip[7] = spec->hops;
	memcpy(ip + 8, &spec->source, 16);
	memcpy(ip + 24, &spec->destination, 16);
	icmp[0] = spec->type;
	icmp[1] = spec->code;
	set16(icmp + 4, spec->flags >> 16);
	set16(icmp + 6, spec->flags);
	if (fixed >= 24)
		memcpy(icmp + 8, &spec->target, 16);
	memcpy(icmp + fixed, spec->options, spec->options_length);
	repair_sum(random, frame);
}

unsigned discover(struct scene *scene, struct frame *frame)
{
	struct random *random = &scene->random;
	const struct plane_vip *vip = any_vip_of(scene, VRRP_IPV6, 0);
	const uint8_t *mac = scene->plane.slots[vip->slot].identity.mac;
	struct nd_spec spec = {
		.source_mac = {2, 0, 0, 0, 0, 0x99},
		.target = vip->key.address,
		.hops = 255,
		.type = any_type(random),
	};

	if (one_in(random, 4))
		memcpy(spec.source_mac, mac, sizeof(spec.source_mac));
	spec.source = any_source(scene, &spec.target);
	if (spec.type == ADVERTISEMENT)
		spec.flags = below(random, 8) << 29;
	set_destination(random, &spec);
	add_options(random, &spec, mac);
	if (one_in(random, 4))
		spec.padding = below(random, 20);
	if (one_in(random, 4))
		spoil(random, &spec);
	build(random, &spec, frame);
	put_tags(random, frame, vip->key.vlan);
	return vip->slot;
}
