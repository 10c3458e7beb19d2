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
#include "plane_frames.h"

enum {
	ARP_REPLY_OFFSET = 7, /* the second byte of the operation */
	ARP_SENDER_MAC = 8,
	ARP_SENDER = 14,
	ARP_TARGET = 24,
	ARP_LENGTH = 28,
};

/* Behind the IPv6 header's first byte. */
enum {
	ND_TYPE = 40,
	ND_CHECKSUM = 42,
	ND_FLAGS = 44,
	ND_TARGET = 48,
	ND_OPTION = 64,
	ND_END = 72,
};

struct world {
	struct input *input;
	struct plane plane, before;
	uint64_t now_ns;
	uint8_t *frame, *original; /* of exactly `length` bytes, and PLANE_GROWTH of anything */
	size_t length;
	size_t left; /* the frame's length behind the plane */
};

/* ---- virtual routers and frames ---- */

static void take_slot(struct world *world, uint32_t number)
{
	struct vr_slot *slot = &world->plane.slots[number];
	const struct plane_router *router = &plane_routers[number];
	struct vip_key vip = {
		.ifindex = PLANE_IFINDEX,
		.vlan = router->vlan,
		.address = router->address,
	};
	struct peer_key peer = {.slot = number, .address = router->peer};

	slot->identity = plane_identity(router);
	slot->flags = take8(world->input);
	if (take_below(world->input, 8))
		slot->flags = (slot->flags & ~SLOT_UNICAST) | (router->unicast ? SLOT_UNICAST : 0);
	if (take_bool(world->input))
		slot->lease_until_ns = world->now_ns + take16(world->input) * NS_PER_MS;
	slot->decided_ns = take_bool(world->input) ? world->now_ns : 0;
	slot->superior_ns = take_bool(world->input) ? world->now_ns - 1 : 0;
	plane_add_key(&world->plane, &slot->identity.key, number);
	plane_add_vip(&world->plane, &vip, number);
	if (router->unicast)
		plane_add_peer(&world->plane, &peer, (struct peer_hops){.min = 1, .max = 255});
}

static void take_frame(struct world *world)
{
	static uint8_t made[FRAME_MAX + 8];
	size_t length = plane_take_frame(world->input, made);

	world->length = length;
	world->frame = must_allocate(length + PLANE_GROWTH);
	world->original = must_allocate(length + PLANE_GROWTH);
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

	if (is_type(world, "\x86\xdd"))
		return ip + 40 <= world->length && world->original[ip + 6] == VRRP_PROTOCOL;
	return is_type(world, "\x08\x00") && ip + 20 <= world->length &&
	       world->original[ip + 9] == VRRP_PROTOCOL;
}

static void check_untouched(const struct world *world)
{
	must(world->left == world->length);
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

/* An advertisement that is somebody else's, or CARP's, counts, and then may be a frame to our MAC.
 */
static bool was_unknown(const struct world *world)
{
	uint64_t count = world->plane.interface.vrid_unknown - world->before.interface.vrid_unknown;

	for (unsigned i = 0; i < PLANE_SLOTS; i++)
		count += world->plane.stats[i].carp - world->before.stats[i].carp;
	return count;
}

/* I4 */
static void check_discarded(const struct world *world)
{
	must(all_counted(world) == 1);
	must(!memcmp(world->before.slots, world->plane.slots, sizeof(world->plane.slots)));
	must(world->before.next_event == world->plane.next_event);
}

/* The router that has this address, and has the role. */
static const struct vr_slot *asked_slot(const struct world *world, const struct vrrp_addr *asked)
{
	for (uint32_t i = 0; i < PLANE_ROUTERS; i++)
		if (addr_equal(&plane_routers[i].address, asked)) {
			must(plane_answers(&world->before, i, world->now_ns));
			return &world->plane.slots[i];
		}
	must(!"an address of ours");
	return NULL;
}

static void check_arp_answer(const struct world *world)
{
	size_t arp = network_of(world);
	const uint8_t *reply = world->frame + arp, *request = world->original + arp;
	struct vrrp_addr asked = addr_from_ipv4(0);
	const uint8_t *mac;

	must(is_type(world, "\x08\x06") && arp + ARP_LENGTH <= world->length);
	must(world->left == world->length);
	memcpy(asked.b + 12, request + ARP_TARGET, 4);
	mac = asked_slot(world, &asked)->identity.mac;
	must(reply[ARP_REPLY_OFFSET] == 2);
	must(!memcmp(reply + ARP_SENDER_MAC, mac, 6));
	must(!memcmp(reply + ARP_SENDER, request + ARP_TARGET, 4));
	must(!memcmp(reply + ARP_TARGET - 6, request + ARP_SENDER_MAC, 10));
	must(!memcmp(world->frame, world->original + 6, 6));
	must(!memcmp(world->frame + 6, mac, 6));
}

/* E-31: R and O, and S unless nobody in particular asked; whole, and summed up right. */
static void check_nd_answer(const struct world *world)
{
	size_t at = network_of(world);
	const uint8_t *reply = world->frame + at, *request = world->original + at;
	static const uint8_t unspecified[16], all_nodes[16] = {0xff, 0x02, [15] = 1};
	bool probe = !memcmp(request + 8, unspecified, 16);
	struct vrrp_addr asked;
	const uint8_t *mac;

	must(at + ND_OPTION <= world->length && request[ND_TYPE] == 135 && request[7] == 255);
	must(world->left == at + ND_END);
	memcpy(&asked, request + ND_TARGET, sizeof(asked));
	mac = asked_slot(world, &asked)->identity.mac;
	must(reply[ND_TYPE] == 136 && reply[7] == 255 && reply[4] == 0 && reply[5] == 32);
	must(reply[ND_FLAGS] == (probe ? 0xa0 : 0xe0));
	must(!memcmp(reply + 8, asked.b, 16) && !memcmp(reply + ND_TARGET, asked.b, 16));
	must(!memcmp(reply + 24, probe ? all_nodes : request + 8, 16));
	must(reply[ND_OPTION] == 2 && reply[ND_OPTION + 1] == 1);
	must(!memcmp(reply + ND_OPTION + 2, mac, 6) && !memcmp(world->frame + 6, mac, 6));
	must(!memcmp(world->frame,
		     probe ? (const uint8_t *)"\x33\x33\0\0\0\1" : world->original + 6, 6));
	must(plane_sum_ipv6(reply, 32) == 0xffff);
}

static void check_accept(const struct world *world)
{
	bool answers = false;

	for (uint32_t i = 0; i < PLANE_ROUTERS; i++)
		answers |= !memcmp(world->frame, world->plane.slots[i].identity.mac, 6) &&
			   plane_answers(&world->before, i, world->now_ns);
	must(answers);
	check_untouched(world);
}

/* What is behind the frame is nothing to the plane: another plane, with other bytes there. */
static void check_bounds(const struct world *world, enum plane_verdict verdict)
{
	static struct plane plane;
	uint8_t *frame = must_allocate(world->length + PLANE_GROWTH);
	size_t left = world->length;

	plane = world->before;
	memcpy(frame, world->original, world->length);
	memset(frame + world->length, 0xa5, PLANE_GROWTH);
	must(plane_ingress(&plane, PLANE_IFINDEX, world->now_ns, frame, &left) == verdict);
	must(left == world->left && !memcmp(frame, world->frame, left));
	must(!memcmp(&plane, &world->plane, sizeof(plane)));
	free(frame);
}

static void arrive(struct world *world)
{
	enum plane_verdict verdict;

	world->left = world->length;
	verdict = plane_ingress(&world->plane, PLANE_IFINDEX, world->now_ns, world->frame,
				&world->left);
	check_bounds(world, verdict);
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
		if (is_type(world, "\x86\xdd"))
			check_nd_answer(world);
		else
			check_arp_answer(world);
		break;
	}
}

static bool is_mac_of_ours(const struct world *world, const uint8_t *mac)
{
	for (uint32_t i = 0; i < PLANE_ROUTERS; i++)
		if (!memcmp(mac, world->plane.slots[i].identity.mac, 6))
			return true;
	return false;
}

/* Make the original what it may become: the source, one MAC address inside, and what follows. */
static void allow_rewriting(struct world *world, size_t at, bool ipv6)
{
	uint8_t *before = world->original, *now = world->frame;

	memcpy(before + 6, now + 6, 6);
	if (ipv6 && at + ND_OPTION <= world->length) {
		memcpy(before + at + ND_CHECKSUM, now + at + ND_CHECKSUM, 2);
		if (before[at + ND_TYPE] == 136)
			before[at + ND_FLAGS] |= now[at + ND_FLAGS] & 0x80;
	}
	/* It may share bytes with the one before, its first among them. */
	for (size_t i = at; i + 6 <= world->length; i++)
		if (memcmp(before + i, now + i, 6) && is_mac_of_ours(world, now + i)) {
			memcpy(before + i, now + i, 6);
			return;
		}
}

/* Only ARP and Neighbor Discovery in the name of one of our addresses is anything to it. */
static void leave(struct world *world)
{
	enum plane_verdict verdict = plane_egress(&world->plane, PLANE_IFINDEX, world->now_ns,
						  world->frame, world->length);
	bool arp = is_type(world, "\x08\x06"), ipv6 = is_type(world, "\x86\xdd");

	world->left = world->length;
	must(verdict == PLANE_PASS || verdict == PLANE_DROP);
	must(!memcmp(world->before.slots, world->plane.slots, sizeof(world->plane.slots)));
	must(all_counted(world) <= 1);
	must(verdict == PLANE_PASS || arp || ipv6);
	if (verdict == PLANE_PASS && (arp || ipv6))
		allow_rewriting(world, network_of(world), ipv6);
	check_untouched(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct input input = {data, size};

	world.input = &input;
	world.now_ns = 1000 * NS_PER_S;
	plane_clear(&world.plane);
	for (uint32_t i = 0; i < PLANE_ROUTERS; i++)
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
