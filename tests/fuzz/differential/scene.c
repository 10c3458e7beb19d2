/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"

#include <string.h>

#include "check.h"

/* The slot of a router on another interface, with a virtual MAC here, too. */
enum { ELSEWHERE = 6 };

/* ---- the routers of a batch ---- */

static void add_key(struct scene *scene, uint32_t slot, struct vr_key key)
{
	struct plane *plane = &scene->plane;

	for (unsigned i = 0; i < plane->key_count; i++)
		if (memcmp(&plane->keys[i].key, &key, sizeof(key)) == 0)
			return;
	if (plane->key_count < PLANE_KEYS)
		plane_add_key(plane, &key, slot);
}

static void add_vip(struct scene *scene, uint32_t slot, uint32_t vlan, struct vrrp_addr address)
{
	struct vip_key key = {.ifindex = SCENE_IFINDEX, .vlan = vlan, .address = address};
	struct plane *plane = &scene->plane;

	for (unsigned i = 0; i < plane->vip_count; i++)
		if (memcmp(&plane->vips[i].key, &key, sizeof(key)) == 0)
			return;
	if (plane->vip_count < PLANE_VIPS)
		plane_add_vip(plane, &key, slot);
}

static struct vrrp_addr mapped(uint32_t address)
{
	struct vrrp_addr result = {{[10] = 0xff, [11] = 0xff}};

	for (int i = 0; i < 4; i++)
		result.b[12 + i] = (uint8_t)(address >> (24 - 8 * i));
	return result;
}

struct vrrp_addr scene_ipv6(unsigned slot, uint32_t i)
{
	struct vrrp_addr address = {{0x20, 0x01, 0x0d, 0xb8, [7] = (uint8_t)slot}};

	if (i == 0 || i & 1u << 31)
		address = (struct vrrp_addr){{0xfe, 0x80, [13] = (uint8_t)slot}};
	address.b[11] = (uint8_t)(i >> 24);
	address.b[12] = (uint8_t)(i >> 16);
	address.b[14] = (uint8_t)(i >> 8);
	address.b[15] = (uint8_t)i;
	return address;
}

static uint32_t any_vlan(struct random *random)
{
	static const uint32_t vlans[] = {0, 0, 0, 100, 200, 4095, 200 << 16 | 100};

	return pick(random, vlans);
}

static uint8_t any_priority(struct random *random)
{
	static const uint8_t usual[] = {0, 1, 99, 100, 100, 101, 254, 255};

	return one_in(random, 4) ? (uint8_t)draw(random) : pick(random, usual);
}

/* Mostly a handful, sometimes as many as there can be. */
static uint8_t any_count(struct random *random)
{
	static const uint8_t edges[] = {0, 254, 255};

	if (one_in(random, 16))
		return pick(random, edges);
	return (uint8_t)(one_in(random, 8) ? below(random, 256) : 1 + below(random, 4));
}

static void set_addresses(struct scene *scene, uint32_t slot)
{
	struct vr_identity *identity = &scene->plane.slots[slot].identity;
	uint32_t base = 0xc0000201 + slot * 0x100;
	bool ipv4 = identity->key.family == VRRP_IPV4;

	identity->addr_count = any_count(&scene->random);
	if (!ipv4 && identity->addr_count > SCENE_IPV6_COUNT)
		identity->addr_count = SCENE_IPV6_COUNT;
	for (unsigned i = 0; i < VRRP_ADDRESSES_MAX; i++)
		scene->addresses[slot][i] = base + i;
	for (unsigned i = 0; i < identity->addr_count; i++) {
		struct vrrp_addr address = ipv4 ? mapped(base + i) : scene_ipv6(slot, i);

		identity->addr_set += vrrp_addr_set(&address, 1);
	}
	for (unsigned i = 0; i < 4 && i <= identity->addr_count; i++)
		add_vip(scene, slot, identity->key.vlan,
			ipv4 ? mapped(base + i) : scene_ipv6(slot, i));
	if (one_in(&scene->random, 4))
		add_vip(scene, slot, any_vlan(&scene->random),
			ipv4 ? mapped(base) : scene_ipv6(slot, 0));
}

static void set_identity(struct scene *scene, uint32_t slot)
{
	static const uint8_t vrids[] = {51, 51, 52, 1, 255};
	struct random *random = &scene->random;
	struct vr_identity *identity = &scene->plane.slots[slot].identity;
	uint64_t password = one_in(random, 4) ? 0 : draw(random);

	identity->key.ifindex = slot == ELSEWHERE ? SCENE_IFINDEX + 1 : SCENE_IFINDEX;
	identity->key.vlan = any_vlan(random);
	identity->key.family = one_in(random, 2) ? VRRP_IPV6 : VRRP_IPV4;
	identity->key.vrid = pick(random, vrids);
	identity->version = one_in(random, identity->key.family == VRRP_IPV4 ? 3 : 64) ? 2 : 3;
	identity->priority = any_priority(random);
	identity->auth_type = (uint8_t)(one_in(random, 8) ? VRRP_AUTH_AH : below(random, 2));
	memcpy(identity->auth_data, &password, sizeof(identity->auth_data));
	identity->interval_cs =
		(uint16_t)(identity->version == 2 ? (1 + below(random, 255)) * 100
						  : 1 + below(random, VRRP_INTERVAL_MAX_CS));
	identity->primary = mapped(0xc000020b + below(random, 4));
	if (identity->key.family == VRRP_IPV6)
		identity->primary =
			(struct vrrp_addr){{0xfe, 0x80, [15] = (uint8_t)(0x0b + below(random, 4))}};
	virtual_mac(identity->mac, identity->key.family, identity->key.vrid);
}

/* Most of who speaks for it, with limits that some of it keeps. */
static void set_peers(struct scene *scene, uint32_t slot)
{
	static const struct peer_hops limits[] = {
		{255, 255, {0}}, {0, 255, {0}}, {64, 254, {0}}, {255, 0, {0}}};
	struct random *random = &scene->random;
	struct peer_key key = {.slot = slot};

	for (int step = -1; step <= 1; step++) {
		key.address = scene->plane.slots[slot].identity.primary;
		key.address.b[15] = (uint8_t)(key.address.b[15] + step);
		if (!one_in(random, 4))
			plane_add_peer(&scene->plane, &key, pick(random, limits));
	}
}

static void add_router(struct scene *scene, uint32_t slot)
{
	static const struct vrrp_addr foreign = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	struct random *random = &scene->random;
	struct vr_identity *identity = &scene->plane.slots[slot].identity;
	struct vr_key alias;

	set_identity(scene, slot);
	alias = identity->key;
	add_key(scene, slot, identity->key);
	alias.ifindex = SCENE_IFINDEX;
	if (slot == ELSEWHERE)
		add_key(scene, slot, alias);
	alias.vlan = any_vlan(random);
	if (one_in(random, 4))
		add_key(scene, slot, alias);
	if (one_in(random, 4))
		add_vip(scene, slot, identity->key.vlan, foreign);
	set_addresses(scene, slot);
	set_peers(scene, slot);
}

static uint32_t any_flags(struct random *random)
{
	uint32_t flags = SLOT_RUNNING | (uint32_t)(draw(random) & 0x7f);

	return one_in(random, 4) ? flags | SLOT_UNICAST : flags;
}

void scene_make(struct scene *scene, uint64_t seed)
{
	memset(scene, 0, sizeof(*scene));
	scene->random.state = seed;
	for (uint32_t slot = 0; slot < PLANE_SLOTS; slot++) {
		add_router(scene, slot);
		scene->plane.slots[slot].flags = any_flags(&scene->random);
	}
}

/* ---- what an agent writes ---- */

/* A time close to this one, or far from it, on either side. */
static uint64_t around(struct random *random, uint64_t now_ns)
{
	uint64_t far = (1 + below(random, 60)) * 1000000000ULL;

	switch (below(random, 8)) {
	case 0:
		return now_ns;
	case 1:
		return now_ns - 1;
	case 2:
		return now_ns + 1;
	case 3:
		return now_ns + below(random, 4096);
	case 4:
		return now_ns - far;
	case 5:
		return one_in(random, 4) ? 0 : now_ns - far;
	case 6:
		return one_in(random, 16) ? UINT64_MAX : now_ns + far;
	}
	return now_ns + far;
}

static void set_lease(struct scene *scene, struct vr_slot *slot, uint64_t now_ns)
{
	struct random *random = &scene->random;

	slot->lease_until_ns = now_ns + 3000000000;
	slot->decided_ns = now_ns;
	slot->superior_ns = 0;
	if (one_in(random, 2))
		return;
	slot->lease_until_ns = around(random, now_ns);
	slot->decided_ns = around(random, now_ns);
	slot->superior_ns = slot->decided_ns;
	if (one_in(random, 2))
		slot->superior_ns = around(random, slot->decided_ns);
}

/* Full, or so empty that one token is left, or just not. */
static uint64_t bucket(struct random *random, uint64_t now_ns)
{
	static const struct {
		uint64_t interval_ns, burst;
	} rates[] = {{3906250, 64}, {3906250, 96}, {62500000, 8}, {1000000000, 4}, {10000, 10000}};
	unsigned rate = below(random, sizeof(rates) / sizeof(rates[0]));
	uint64_t limit_ns = now_ns + rates[rate].interval_ns * (rates[rate].burst - 1);

	return one_in(random, 4) ? around(random, now_ns) : limit_ns - 2 + below(random, 5);
}

static void set_buckets(struct scene *scene, struct vr_slot *slot, uint64_t now_ns)
{
	__u64 *buckets[] = {&slot->report_bucket_ns, &slot->leaving_bucket_ns,
			    &slot->claim_bucket_ns, &slot->answer_bucket_ns};

	*pick(&scene->random, buckets) =
		one_in(&scene->random, 2) ? 0 : bucket(&scene->random, now_ns);
}

/* As if the agent had obeyed just this frame, or one that differs in a bit. */
static void set_steady(struct scene *scene, struct vr_slot *slot, const struct frame *frame)
{
	const uint8_t *ip = frame->bytes + frame->l3;

	if (frame->message + sizeof(slot->steady_header) > sizeof(frame->bytes) ||
	    frame->l3 + 40 > sizeof(frame->bytes))
		return;
	memcpy(&slot->steady_header, frame->bytes + frame->message, sizeof(slot->steady_header));
	slot->steady_source = mapped(0);
	memcpy(slot->steady_source.b + 12, ip + 12, 4);
	if (ip[0] >> 4 == 6)
		memcpy(&slot->steady_source, ip + 8, sizeof(slot->steady_source));
	slot->flags |= SLOT_STEADY;
	slot->lease_until_ns = 0;
	if (one_in(&scene->random, 4))
		slot->steady_header ^= 1ULL << below(&scene->random, 64);
	if (one_in(&scene->random, 8))
		slot->steady_source.b[below(&scene->random, 16)] ^= 1;
}

void scene_disturb(struct scene *scene, unsigned number, uint64_t now_ns, const struct frame *frame)
{
	struct random *random = &scene->random;
	struct vr_slot *slot = &scene->plane.slots[number];

	switch (below(random, 8)) {
	case 0:
	case 1:
	case 2:
		set_lease(scene, slot, now_ns);
		break;
	case 3:
		slot->flags ^= 1u << below(random, 8);
		break;
	case 4:
		slot->flags = any_flags(random);
		break;
	case 5:
		set_steady(scene, slot, frame);
		break;
	case 6:
		set_buckets(scene, slot, now_ns);
		break;
	case 7:
		slot->identity.priority = any_priority(random);
		slot->identity.mac[5] = (uint8_t)draw(random);
		break;
	}
}
