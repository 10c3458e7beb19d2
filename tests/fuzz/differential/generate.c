/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames: right ones for a router of the scene, the same with one or two fields wrong, ARP of every
 * meaning, packets to virtual MACs, noise; then bits and bytes of some changed, with a checksum
 * that is right again in half of the cases, so that what comes behind the checksum is reached.
 */
#include <string.h>

#include "check.h"
#include "scene.h"

static void set16(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

/* Mostly where a router is at home: advertisements to the others' virtual MACs are nobody's. */
static const struct plane_key *any_key(struct scene *scene)
{
	const struct plane_key *key = NULL;

	for (int tries = 0; tries < 3; tries++) {
		key = &scene->plane.keys[below(&scene->random, scene->plane.key_count)];
		if (key->key.family == VRRP_IPV4 && key->key.ifindex == SCENE_IFINDEX &&
		    key->key.vlan == scene->plane.slots[key->slot].identity.key.vlan)
			break;
	}
	return key;
}

static const struct plane_vip *any_vip(struct scene *scene)
{
	return &scene->plane.vips[below(&scene->random, scene->plane.vip_count)];
}

/* Mostly in this VLAN. */
static const struct plane_vip *any_vip_in(struct scene *scene, uint32_t vlan)
{
	const struct plane_vip *vip = any_vip(scene);

	for (int tries = 0; tries < 3 && vip->key.vlan != vlan; tries++)
		vip = any_vip(scene);
	return vip;
}

static uint32_t ipv4_of(const struct vrrp_addr *address)
{
	return (uint32_t)address->b[12] << 24 | (uint32_t)address->b[13] << 16 |
	       (uint32_t)address->b[14] << 8 | address->b[15];
}

/* ---- tags ---- */

static void insert_tag(struct random *random, struct frame *frame, uint32_t vlan)
{
	uint8_t *at = frame->bytes + 12;

	memmove(at + 4, at, frame->length - 12);
	set16(at, one_in(random, 2) ? 0x8100 : 0x88a8);
	set16(at + 2, vlan | below(random, 16) << 12); /* any priority and drop bit */
	frame->length += 4;
	frame->l3 += 4;
	frame->message += 4;
}

/* The tags of a VLAN; a priority tag among them as long as there is room, sometimes beyond. */
static void put_tags(struct random *random, struct frame *frame, uint32_t vlan)
{
	unsigned tags = (vlan >> 16 != 0) + ((vlan & 0xffff) != 0);
	bool outermost = one_in(random, 2);
	bool priority = tags < 2 ? one_in(random, 8) : one_in(random, 64);

	if (frame->length + 16 > sizeof(frame->bytes))
		return;
	if (priority && !outermost)
		insert_tag(random, frame, 0);
	if (vlan & 0xffff)
		insert_tag(random, frame, vlan & 0xffff);
	if (vlan >> 16)
		insert_tag(random, frame, vlan >> 16);
	if (priority && outermost)
		insert_tag(random, frame, 0);
	if (one_in(random, 64))
		insert_tag(random, frame, one_in(random, 2) ? 0 : below(random, 4096));
}

/* ---- advertisements ---- */

/* As `slot` expects it. */
static struct advert_spec right_advert(struct scene *scene, unsigned slot, uint8_t vrid)
{
	static const int8_t steps[] = {0, 1, -1};
	const struct vr_identity *own = &scene->plane.slots[slot].identity;
	struct random *random = &scene->random;
	struct advert_spec spec = own->version == 2 ? advert_v2(vrid, 0) : advert_v3(vrid, 0);

	spec.priority = one_in(random, 8) ? 0 : (uint8_t)(own->priority + pick(random, steps));
	spec.count = own->addr_count;
	memcpy(spec.addresses, scene->addresses[slot], sizeof(spec.addresses));
	if (spec.count > 1 && one_in(random, 4)) { /* a set has no order */
		spec.addresses[0] = scene->addresses[slot][1];
		spec.addresses[1] = scene->addresses[slot][0];
	}
	spec.interval = own->interval_cs;
	if (own->version == 2)
		spec.interval = (uint16_t)(own->auth_type << 8 | own->interval_cs / 100);
	else if (one_in(random, 8))
		spec.interval |= (uint16_t)(below(random, 16) << 12);
	memcpy(spec.auth, own->auth_data, sizeof(spec.auth));
	spec.source = ipv4_of(&own->primary) + (one_in(random, 2) ? 1 : (uint32_t)-1);
	spec.source_mac[5] = (uint8_t)draw(random);
	spec.form = one_in(random, 2) ? SUM_PLAIN : SUM_PSEUDO;
	return spec;
}

static void spoil_packet(struct scene *scene, struct advert_spec *spec)
{
	struct random *random = &scene->random;

	switch (below(random, 9)) {
	case 0:
		spec->ihl = below(random, 16);
		break;
	case 1:
		spec->fragment = (uint16_t)(1u << below(random, 16));
		break;
	case 2:
		spec->ttl ^= (uint8_t)(1u << below(random, 8));
		break;
	case 3:
		spec->destination = one_in(random, 2) ? ipv4_of(&any_vip(scene)->key.address)
						      : GROUP ^ 1u << below(random, 32);
		break;
	case 4:
		spec->source = ipv4_of(&scene->plane.slots[below(random, 8)].identity.primary);
		break;
	case 5:
		spec->source = (uint32_t)draw(random);
		break;
	case 6:
		spec->trailer = below(random, 64);
		break;
	case 7:
		spec->padding = below(random, 64);
		break;
	case 8:
		virtual_mac(spec->destination_mac, one_in(random, 2) ? VRRP_IPV4 : VRRP_IPV6,
			    any_key(scene)->key.vrid);
		break;
	}
}

static void spoil_message(struct scene *scene, struct advert_spec *spec)
{
	struct random *random = &scene->random;

	switch (below(random, 9)) {
	case 0:
		spec->version = one_in(random, 2) ? spec->version ^ 1 : below(random, 16);
		break;
	case 1:
		spec->type = below(random, 16);
		break;
	case 2:
		spec->vrid = (uint8_t)draw(random);
		break;
	case 3:
		spec->priority = (uint8_t)draw(random);
		break;
	case 4:
		spec->count =
			one_in(random, 4) ? (uint8_t)draw(random) : (uint8_t)(spec->count + 1);
		break;
	case 5:
		spec->count = one_in(random, 4) ? 0 : (uint8_t)(spec->count - 1);
		break;
	case 6:
		spec->interval = one_in(random, 4)
					 ? (uint16_t)(spec->interval & 0xf000)
					 : (uint16_t)(spec->interval ^ 1u << below(random, 16));
		break;
	case 7:
		spec->addresses[below(random, spec->count)] ^= 1u << below(random, 32);
		break;
	case 8:
		spec->auth[below(random, 8)] ^= (uint8_t)(1u << below(random, 8));
		break;
	}
}

static unsigned advertise(struct scene *scene, struct frame *frame)
{
	struct random *random = &scene->random;
	const struct plane_key *key = any_key(scene);
	struct advert_spec spec = right_advert(scene, key->slot, key->key.vrid);

	for (unsigned wrong = below(random, 3); wrong > 0; wrong--) {
		if (one_in(random, 2))
			spoil_packet(scene, &spec);
		else
			spoil_message(scene, &spec);
	}
	*frame = frame_advert(&spec);
	if (one_in(random, 32)) /* the IP length, against the frame's */
		set16(frame->bytes + frame->l3 + 2,
		      (uint32_t)(frame->length - frame->l3 - 6 + below(random, 12)));
	put_tags(random, frame, key->key.vlan);
	return key->slot;
}

/* ---- ARP ---- */

static unsigned ask_or_claim(struct scene *scene, struct frame *frame)
{
	static const uint16_t operations[] = {1, 1, 1, 1, 2, 2, 0, 3, 0x0101, 0x0200};
	struct random *random = &scene->random;
	const struct plane_vip *vip = any_vip(scene);
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

/* ---- to a virtual MAC ---- */

static unsigned send_to_virtual_mac(struct scene *scene, struct frame *frame)
{
	static const uint8_t protocols[] = {1, 6, 17, 58, 58, 58, VRRP_PROTOCOL};
	static const uint8_t types[] = {128, 134, 135, 136, 137};
	struct random *random = &scene->random;
	const struct plane_key *key = any_key(scene);
	struct vrrp_addr destination = any_vip_in(scene, key->key.vlan)->key.address;
	uint8_t mac[6], protocol = pick(random, protocols);

	virtual_mac(mac, key->key.family, key->key.vrid);
	if (one_in(random, 16))
		mac[below(random, 6)] ^= (uint8_t)(1u << below(random, 8));
	if (one_in(random, 4))
		destination.b[15] ^= 0x80;
	if (one_in(random, 2))
		*frame = frame_ipv4(mac, ipv4_of(&destination), protocol);
	else
		*frame = frame_ipv6(mac, destination.b, protocol, pick(random, types));
	frame->message = frame->l3 + 20;
	put_tags(random, frame, key->key.vlan);
	return key->slot;
}

/* ---- anything ---- */

static unsigned noise(struct scene *scene, struct frame *frame)
{
	static const uint16_t types[] = {0x0800, 0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8, 0};
	struct random *random = &scene->random;
	uint16_t type = pick(random, types);

	frame->length = 14 + below(random, 200);
	frame->l3 = 14;
	frame->message = 34;
	for (size_t i = 0; i < frame->length; i++)
		frame->bytes[i] = (uint8_t)draw(random);
	if (type)
		set16(frame->bytes + 12, type);
	return below(random, PLANE_SLOTS);
}

/* Where a receiver looks for it. */
static void repair_sum(struct random *random, struct frame *frame)
{
	const uint8_t *ip = frame->bytes + frame->l3;
	size_t header = (ip[0] & 0x0fu) * 4;
	uint8_t *message = frame->bytes + frame->l3 + header;
	struct vrrp_addr source = {}, destination = {};
	uint64_t sum = 0;
	uint32_t length;
	uint16_t field;

	if (frame->l3 + header + sizeof(struct vrrp_hdr) > frame->length)
		return;
	length = vrrp_message_length(VRRP_IPV4, message[0] >> 4, message[3]);
	if (frame->l3 + header + length > frame->length)
		return;
	memcpy(source.b + 12, ip + 12, 4);
	memcpy(destination.b + 12, ip + 16, 4);
	if (one_in(random, 2))
		sum = vrrp_sum_pseudo(&source, &destination, (uint16_t)length);
	memset(message + 6, 0, 2);
	field = vrrp_checksum(sum + vrrp_sum(message, length));
	memcpy(message + 6, &field, sizeof(field));
}

/* Mostly in what the programs read. */
static void mutate(struct random *random, struct frame *frame)
{
	static const uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xfe, 0xff};

	for (unsigned times = 1 + below(random, 4); times > 0; times--) {
		size_t limit = one_in(random, 4) || frame->length < 64 ? frame->length : 64;
		uint8_t *byte = frame->bytes + below(random, (uint32_t)limit);

		switch (below(random, 4)) {
		case 0:
			*byte ^= (uint8_t)(1u << below(random, 8));
			break;
		case 1:
			*byte = (uint8_t)draw(random);
			break;
		case 2:
			*byte = pick(random, edges);
			break;
		case 3:
			*byte = (uint8_t)(*byte + (one_in(random, 2) ? 1 : -1));
			break;
		}
	}
}

static void resize(struct random *random, struct frame *frame)
{
	size_t room = sizeof(frame->bytes) - frame->length;

	if (one_in(random, 2)) {
		frame->length = 14 + below(random, (uint32_t)(frame->length - 13));
		return;
	}
	for (size_t more = below(random, room < 64 ? (uint32_t)room : 64); more > 0; more--)
		frame->bytes[frame->length++] = (uint8_t)draw(random);
}

unsigned next_frame(struct scene *scene, struct frame *frame)
{
	struct random *random = &scene->random;
	uint32_t kind = below(random, 32);
	unsigned slot = below(random, PLANE_SLOTS);

	/* 0 to 4: the same once more. */
	if (kind >= 31 || frame->length == 0)
		slot = noise(scene, frame);
	else if (kind >= 27)
		slot = send_to_virtual_mac(scene, frame);
	else if (kind >= 20)
		slot = ask_or_claim(scene, frame);
	else if (kind >= 5)
		slot = advertise(scene, frame);
	if (one_in(random, 4)) {
		mutate(random, frame);
		if (one_in(random, 2))
			repair_sum(random, frame);
	}
	if (one_in(random, 16))
		resize(random, frame);
	return slot;
}
