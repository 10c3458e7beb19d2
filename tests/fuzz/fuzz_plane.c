/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model of the data plane (tests/model/), which the differential fuzzer holds against the real
 * programs, under any frames, any leases, any flags. What it must never do: read or write outside
 * of the frame, answer or accept without a lease (I1), change anything but one counter for an
 * advertisement that it drops (I4), touch what passes (I6) or what the agent writes.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/packet.h"
#include "fuzz.h"
#include "model/plane.h"

#define IFINDEX 1
#define ROUTERS 3

enum {
	ARP_REPLY_OFFSET = 7, /* the second byte of the operation */
	ARP_SENDER_MAC = 8,
	ARP_SENDER = 14,
	ARP_TARGET = 24,
	ARP_LENGTH = 28,
};

/* Two routers of each version, and one of IPv6, whose addresses are not served yet. */
static const struct router {
	uint8_t family, vrid, version, auth_type;
	uint32_t vlan, address;
} routers[ROUTERS] = {
	{VRRP_IPV4, 10, 3, VRRP_AUTH_NONE, 0, 0x0a000001},
	{VRRP_IPV4, 20, 2, VRRP_AUTH_PASS, 100, 0x0a000101},
	{VRRP_IPV6, 30, 3, VRRP_AUTH_NONE, 0, 0x0a000002},
};

struct world {
	struct input *input;
	struct plane plane, before;
	uint64_t now_ns;
	uint8_t *frame, *original; /* of exactly `length` bytes */
	size_t length;
};

/* ---- virtual routers ---- */

static struct vr_identity identity_of(const struct router *router)
{
	struct vrrp_addr address = addr_from_ipv4(router->address);
	struct vr_identity identity = {
		.key = {.ifindex = IFINDEX,
			.vlan = router->vlan,
			.family = router->family,
			.vrid = router->vrid},
		.version = router->version,
		.priority = 100,
		.auth_type = router->auth_type,
		.auth_data = "secret",
		.addr_count = 1,
		.interval_cs = 100,
		.addr_set = vrrp_addr_set(&address, 1),
		.primary = addr_from_ipv4(0x0a0000fe),
	};

	vrrp_virtual_mac((enum vrrp_family)router->family, router->vrid, identity.mac);
	return identity;
}

static void take_slot(struct world *world, uint32_t number)
{
	struct vr_slot *slot = &world->plane.slots[number];
	const struct router *router = &routers[number];
	struct vip_key vip = {
		.ifindex = IFINDEX,
		.vlan = router->vlan,
		.address = addr_from_ipv4(router->address),
	};

	slot->identity = identity_of(router);
	slot->flags = take8(world->input);
	if (take_bool(world->input))
		slot->lease_until_ns = world->now_ns + take16(world->input) * NS_PER_MS;
	slot->decided_ns = take_bool(world->input) ? world->now_ns : 0;
	slot->superior_ns = take_bool(world->input) ? world->now_ns - 1 : 0;
	plane_add_key(&world->plane, &slot->identity.key, number);
	plane_add_vip(&world->plane, &vip, number);
}

/* ---- frames ---- */

static size_t put_advert(struct world *world, const struct router *router, uint8_t *out)
{
	struct vr_identity identity = identity_of(router);
	struct vrrp_addr address = addr_from_ipv4(router->address);
	struct advert advert = {
		.family = VRRP_IPV4,
		.version = router->version,
		.vrid = router->vrid,
		.priority = take8(world->input),
		.interval_cs = 100,
		.checksum = take_bool(world->input) ? CHECKSUM_PSEUDO : CHECKSUM_RFC9568,
		.auth_type = router->auth_type,
		.source = addr_from_ipv4(0x0a000000u | take8(world->input)),
		.addresses = &address,
		.address_count = 1,
	};

	memcpy(advert.auth_data, identity.auth_data, VRRP_AUTH_LEN);
	memcpy(advert.source_mac, identity.mac, sizeof(advert.source_mac));
	return vrrp_frame_encode(&advert, out, FRAME_MAX);
}

static size_t put_arp(struct world *world, const struct router *router, uint8_t *out)
{
	struct vrrp_addr address = addr_from_ipv4(router->address);
	uint8_t mac[6] = {2, 0, 0, 0, 0, take8(world->input)};
	size_t length = garp_frame_encode(mac, &address, out);

	if (take_bool(world->input)) /* somebody else asks */
		memcpy(out + 14 + ARP_SENDER, "\x0a\x00\x00\x63", 4);
	return length;
}

static size_t put_packet(struct world *world, const struct router *router, uint8_t *out)
{
	size_t length = put_advert(world, router, out);

	vrrp_virtual_mac((enum vrrp_family)router->family, router->vrid, out);
	out[14 + 9] = 17; /* UDP */
	return length;
}

static size_t put_tag(uint8_t *frame, size_t length, uint16_t vlan)
{
	memmove(frame + 16, frame + 12, length - 12);
	memcpy(frame + 12, "\x81\x00", 2);
	frame[14] = (uint8_t)(vlan >> 8);
	frame[15] = (uint8_t)vlan;
	return length + 4;
}

static size_t put_frame(struct world *world, uint8_t *out)
{
	const struct router *router = &routers[take_below(world->input, ROUTERS)];
	const uint8_t *bytes;
	size_t length = 0;

	switch (take_below(world->input, 4)) {
	case 0:
		length = put_advert(world, router, out);
		break;
	case 1:
		length = put_arp(world, router, out);
		break;
	case 2:
		length = put_packet(world, router, out);
		break;
	case 3:
		length = take_view(world->input, &bytes, take8(world->input));
		if (length)
			memcpy(out, bytes, length);
		return length;
	}
	return take8(world->input) % 4 ? put_tag(out, length, (uint16_t)router->vlan) : length;
}

/* The frame, with a few bytes of it another, and perhaps cut off. */
static void take_frame(struct world *world)
{
	static uint8_t made[FRAME_MAX + 8];
	size_t length = put_frame(world, made);

	for (unsigned count = take_below(world->input, 4); count && length; count--) {
		size_t offset = take8(world->input) % length;

		made[offset] = take8(world->input);
	}
	if (take8(world->input) < 32)
		length = take8(world->input) % (length + 1);
	world->length = length;
	world->frame = malloc(length + !length);
	world->original = malloc(length + !length);
	must(world->frame && world->original);
	memcpy(world->frame, made, length);
	memcpy(world->original, made, length);
}

/* ---- what must hold ---- */

/* Offset of what is behind the tags; 0 = nothing is. */
static size_t network_of(const struct world *world)
{
	size_t at = 12;

	for (int tags = 0; tags < 2 && at + 4 <= world->length; tags++, at += 4)
		if (memcmp(world->original + at, "\x81\x00", 2) != 0 &&
		    memcmp(world->original + at, "\x88\xa8", 2) != 0)
			break;
	return at + 2 <= world->length ? at + 2 : 0;
}

static bool is_type(const struct world *world, const char type[2])
{
	size_t network = network_of(world);

	return network && !memcmp(world->original + network - 2, type, 2);
}

static bool is_advert(const struct world *world)
{
	size_t ip = network_of(world);

	return is_type(world, "\x08\x00") && ip + 20 <= world->length &&
	       world->original[ip + 9] == VRRP_PROTOCOL;
}

static void check_untouched(const struct world *world)
{
	must(!memcmp(world->frame, world->original, world->length));
}

/* What the agent writes is the agent's; the rest moves in one direction. */
static void check_slots(const struct world *world)
{
	for (unsigned i = 0; i < PLANE_SLOTS; i++) {
		const struct vr_slot *old = &world->before.slots[i];
		const struct vr_slot *now = &world->plane.slots[i];

		must(!memcmp(old, now, offsetof(struct vr_slot, last_advert_ns)));
		must(now->last_advert_ns == old->last_advert_ns ||
		     now->last_advert_ns == world->now_ns);
		must(now->authority_ns == old->authority_ns ||
		     now->authority_ns == now->last_advert_ns);
		must(now->superior_ns == old->superior_ns ||
		     now->superior_ns == now->last_advert_ns);
	}
}

/* How many of these words differ; each by one more. */
static unsigned counted(const void *before, const void *now, size_t size)
{
	const uint64_t *old = before, *new = now;
	unsigned count = 0;

	for (size_t i = 0; i < size / sizeof(*old); i++) {
		must(new[i] == old[i] || new[i] == old[i] + 1);
		count += new[i] != old[i];
	}
	return count;
}

static unsigned all_counted(const struct world *world)
{
	return counted(world->before.stats, world->plane.stats, sizeof(world->plane.stats)) +
	       counted(&world->before.interface, &world->plane.interface,
		       sizeof(world->plane.interface));
}

static bool was_accepted(const struct world *world)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < PLANE_SLOTS; i++)
		count += world->plane.stats[i].advertisements_received -
			 world->before.stats[i].advertisements_received;
	return count;
}

/* An advertisement that is somebody else's counts as one, and then may be a frame to our MAC. */
static bool was_unknown(const struct world *world)
{
	return world->plane.interface.vrid_unknown != world->before.interface.vrid_unknown;
}

/* I4 */
static void check_discarded(const struct world *world)
{
	must(all_counted(world) == 1);
	must(!memcmp(world->before.slots, world->plane.slots, sizeof(world->plane.slots)));
	must(world->before.next_event == world->plane.next_event);
}

/* Who has this address has the role. */
static void check_answer(const struct world *world)
{
	size_t arp = network_of(world);
	const uint8_t *reply = world->frame + arp, *request = world->original + arp;
	const struct vr_slot *slot = NULL;

	must(is_type(world, "\x08\x06") && arp + ARP_LENGTH <= world->length);
	for (uint32_t i = 0; i < ROUTERS; i++) {
		struct vrrp_addr address = addr_from_ipv4(routers[i].address);

		if (memcmp(address.b + 12, request + ARP_TARGET, 4) != 0)
			continue;
		slot = &world->plane.slots[i];
		must(plane_answers(&world->before, i, world->now_ns));
	}
	must(slot);
	must(reply[ARP_REPLY_OFFSET] == 2);
	must(!memcmp(reply + ARP_SENDER_MAC, slot->identity.mac, 6));
	must(!memcmp(reply + ARP_SENDER, request + ARP_TARGET, 4));
	must(!memcmp(reply + ARP_TARGET - 6, request + ARP_SENDER_MAC, 10));
	must(!memcmp(world->frame, world->original + 6, 6));
	must(!memcmp(world->frame + 6, slot->identity.mac, 6));
}

static void check_accept(const struct world *world)
{
	bool answers = false;

	for (uint32_t i = 0; i < ROUTERS; i++)
		answers |= !memcmp(world->frame, world->plane.slots[i].identity.mac, 6) &&
			   plane_answers(&world->before, i, world->now_ns);
	must(answers);
	check_untouched(world);
}

static void arrive(struct world *world)
{
	enum plane_verdict verdict =
		plane_ingress(&world->plane, IFINDEX, world->now_ns, world->frame, world->length);

	check_slots(world);
	all_counted(world);
	must(world->plane.next_event - world->before.next_event <= 1);
	switch (verdict) {
	case PLANE_PASS:
		check_untouched(world);
		break;
	case PLANE_ACCEPT:
		check_accept(world);
		break;
	case PLANE_DROP:
		check_untouched(world);
		if (is_advert(world) && !was_accepted(world) && !was_unknown(world))
			check_discarded(world);
		break;
	case PLANE_REPLY:
		check_answer(world);
		break;
	}
}

/* Only ARP in the name of one of our addresses is anything to it. */
static void leave(struct world *world)
{
	enum plane_verdict verdict =
		plane_egress(&world->plane, IFINDEX, world->now_ns, world->frame, world->length);
	size_t arp = network_of(world);

	must(verdict == PLANE_PASS || verdict == PLANE_DROP);
	must(!memcmp(world->before.slots, world->plane.slots, sizeof(world->plane.slots)));
	must(all_counted(world) <= 1);
	if (verdict == PLANE_DROP || !is_type(world, "\x08\x06")) {
		must(verdict == PLANE_PASS || is_type(world, "\x08\x06"));
		check_untouched(world);
		return;
	}
	if (arp + ARP_LENGTH > world->length)
		return;
	memcpy(world->original + 6, world->frame + 6, 6);
	memcpy(world->original + arp + ARP_SENDER_MAC, world->frame + arp + ARP_SENDER_MAC, 6);
	check_untouched(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct input input = {data, size};

	world.input = &input;
	world.now_ns = 1000 * NS_PER_S;
	plane_clear(&world.plane);
	for (uint32_t i = 0; i < ROUTERS; i++)
		take_slot(&world, i);
	while (input.left) {
		world.now_ns += take8(&input) * NS_PER_MS;
		take_frame(&world);
		world.before = world.plane;
		if (take8(&input) % 8)
			arrive(&world);
		else
			leave(&world);
		free(world.frame);
		free(world.original);
	}
	return 0;
}
