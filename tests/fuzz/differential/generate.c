/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames: advertisements (generate_advert.c), ARP and Neighbor Discovery (generate_neighbor.c),
 * packets to virtual MACs, noise, and tags before any of them; then bits and bytes of some changed,
 * with a checksum that is right again in half of the cases, so that what comes behind the checksum
 * is reached.
 */
#include <string.h>

#include "generate.h"

void set16(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

const struct plane_key *any_key(struct scene *scene)
{
	const struct plane_key *key = NULL;

	for (int tries = 0; tries < 3; tries++) {
		key = &scene->plane.keys[below(&scene->random, scene->plane.key_count)];
		if (key->key.ifindex == SCENE_IFINDEX &&
		    key->key.vlan == scene->plane.slots[key->slot].identity.key.vlan)
			break;
	}
	return key;
}

const struct plane_vip *any_vip(struct scene *scene)
{
	return &scene->plane.vips[below(&scene->random, scene->plane.vip_count)];
}

const struct plane_vip *any_vip_of(struct scene *scene, uint8_t family, uint32_t vlan)
{
	const struct plane_vip *vip = any_vip(scene);

	for (int tries = 0; tries < 12; tries++) {
		bool right = is_ipv4(&vip->key.address) == (family == VRRP_IPV4);

		if (right && (vip->key.vlan == vlan || tries > 3))
			break;
		vip = any_vip(scene);
	}
	return vip;
}

bool is_ipv4(const struct vrrp_addr *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(address, mapped, sizeof(mapped)) == 0;
}

uint32_t ipv4_of(const struct vrrp_addr *address)
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

void put_tags(struct random *random, struct frame *frame, uint32_t vlan)
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

/* ---- to a virtual MAC ---- */

static unsigned send_to_virtual_mac(struct scene *scene, struct frame *frame)
{
	static const uint8_t protocols[] = {1, 6, 17, 58, 58, 58, VRRP_PROTOCOL};
	static const uint8_t types[] = {128, 134, 135, 136, 137};
	struct random *random = &scene->random;
	const struct plane_key *key = any_key(scene);
	bool ipv4 = one_in(random, 2);
	struct vrrp_addr destination =
		any_vip_of(scene, ipv4 ? VRRP_IPV4 : VRRP_IPV6, key->key.vlan)->key.address;
	uint8_t mac[6], protocol = pick(random, protocols);

	virtual_mac(mac, key->key.family, key->key.vrid);
	if (one_in(random, 16))
		mac[below(random, 6)] ^= (uint8_t)(1u << below(random, 8));
	if (one_in(random, 4))
		destination.b[15] ^= 0x80;
	if (ipv4)
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

	/* 0 to 3: the same once more. */
	if (kind >= 31 || frame->length == 0)
		slot = noise(scene, frame);
	else if (kind >= 27)
		slot = send_to_virtual_mac(scene, frame);
	else if (kind >= 23)
		slot = ask_or_claim(scene, frame);
	else if (kind >= 17)
		slot = discover(scene, frame);
	else if (kind >= 4)
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
