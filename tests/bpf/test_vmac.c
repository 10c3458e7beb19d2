/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames to the virtual MAC, accept mode, and what the kernel sends (E-1, E-2, E-10). */
#include <string.h>

#include "harness.h"

#define UDP    17
#define ICMPV6 58

static const uint8_t VMAC[6] = {0, 0, 0x5e, 0, 1, VRID_V3};
static const uint8_t PHYSICAL[6] = {2, 0, 0, 0, 0, 0x11};

static const struct vrrp_addr VIP6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};

static void assert_mac_accepted(struct world *world, const struct frame *frame)
{
	struct outcome out = receive(world, frame);
	struct state expected = out.before;

	expected.stats[V3].virtual_mac_accepted++;
	assert_outcome(&out, PASSED, &expected);
	assert_memory_equal(out.frame.bytes, frame->bytes, frame->length);
}

static void follows_the_lease(void **state)
{
	struct frame frame = frame_ipv4(VMAC, PRIMARY, UDP);
	struct outcome out = receive(*state, &frame);

	assert_only_counted(&out, V3, COUNT_virtual_mac_suppressed);
	lease(*state, V3, true);
	assert_mac_accepted(*state, &frame);
}

static void any_protocol(void **state) /* E-1 speaks of frames */
{
	struct frame frame = frame_ipv4(VMAC, PRIMARY, UDP);
	struct outcome out;

	frame.bytes[12] = 0x88;
	frame.bytes[13] = 0xcc;
	out = receive(*state, &frame);
	assert_only_counted(&out, V3, COUNT_virtual_mac_suppressed);
	lease(*state, V3, true);
	assert_mac_accepted(*state, &frame);
}

static void cut_short(void **state)
{
	struct frame frame = frame_ipv4(VMAC, VIP_V3, UDP);
	size_t whole = frame.length;

	for (frame.length = 14; frame.length <= whole; frame.length++) {
		struct outcome out = receive(*state, &frame);

		assert_only_counted(&out, V3, COUNT_virtual_mac_suppressed);
	}
	lease(*state, V3, true);
	for (frame.length = 14; frame.length <= whole; frame.length++)
		assert_mac_accepted(*state, &frame);
}

static void other_macs(void **state)
{
	uint8_t macs[][6] = {{0, 0, 0x5e, 0, 1, 99},	  {0, 0, 0x5e, 0, 2, VRID_V2},
			     {0, 0, 0x5e, 0, 3, VRID_V3}, {0, 0, 0x5e, 1, 1, VRID_V3},
			     {1, 0, 0x5e, 0, 1, VRID_V3}, {0, 1, 0x5e, 0, 1, VRID_V3},
			     {0, 0, 0x5f, 0, 1, VRID_V3}};

	for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
		struct frame frame = frame_ipv4(macs[i], PRIMARY, UDP);
		struct outcome out = receive(*state, &frame);

		assert_untouched(&out);
	}
}

static void other_vlan(void **state)
{
	struct arp_spec spec = arp_who_has(PRIMARY);
	struct frame frame;
	struct outcome out;

	memcpy(spec.destination_mac, VMAC, 6);
	spec.tag_count = 1;
	spec.tags[0] = 101;
	frame = frame_arp(&spec);
	out = receive(*state, &frame);
	assert_untouched(&out);
	spec.tags[0] = 100; /* VRID 51 is somebody there, too */
	frame = frame_arp(&spec);
	out = receive(*state, &frame);
	assert_only_counted(&out, TAGGED, COUNT_virtual_mac_suppressed);
}

static void three_tags(void **state)
{
	struct arp_spec spec = arp_who_has(PRIMARY);
	struct frame frame;
	struct outcome out;

	memcpy(spec.destination_mac, VMAC, 6);
	spec.tag_count = 3;
	frame = frame_arp(&spec);
	out = receive(*state, &frame);
	assert_untouched(&out);
}

static void virtual_mac_of_ipv6(void **state)
{
	struct vr_key key = {.ifindex = LO, .family = VRRP_IPV6, .vrid = 90};
	uint8_t mac[6] = {0, 0, 0x5e, 0, 2, 90};
	struct frame frame = frame_ipv4(mac, PRIMARY, UDP);
	struct outcome out;

	add_router_key(*state, V3, &key);
	out = receive(*state, &frame);
	assert_only_counted(&out, V3, COUNT_virtual_mac_suppressed);
	mac[4] = 3; /* of no family */
	frame = frame_ipv4(mac, PRIMARY, UDP);
	out = receive(*state, &frame);
	assert_untouched(&out);
}

/* An ARP message that is no request for us goes the way of every frame to the virtual MAC. */
static void arp_reply_to_virtual_mac(void **state)
{
	struct arp_spec spec = arp_who_has(VIP_V3);
	struct frame frame;
	struct outcome out;

	spec.operation = 2;
	memcpy(spec.destination_mac, VMAC, 6);
	frame = frame_arp(&spec);
	out = receive(*state, &frame);
	assert_only_counted(&out, V3, COUNT_virtual_mac_suppressed);
	lease(*state, V3, true);
	assert_mac_accepted(*state, &frame);
}

/* An advertisement is one wherever it is sent, and is the host's business no further. */
static void advertisement_to_virtual_mac(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame;
	struct outcome out;
	struct state expected;

	memcpy(spec.destination_mac, VMAC, 6);
	frame = frame_advert(&spec);
	out = receive(*state, &frame);
	expected = accepted(&out, V3);
	assert_outcome(&out, PASSED, &expected);
	spec.vrid = 99; /* of another virtual router: a frame like any other */
	frame = frame_advert(&spec);
	out = receive(*state, &frame);
	expected = out.before;
	expected.interface.vrid_unknown++;
	expected.stats[V3].virtual_mac_suppressed++;
	assert_outcome(&out, DROPPED, &expected);
}

static void nobody_without_virtual_mac(void **state) /* it may well be the other router's */
{
	struct world *world = *state;
	struct frame frame = frame_ipv4(VMAC, PRIMARY, UDP);
	struct outcome out;

	world->slots[V3].flags |= SLOT_PHYSICAL_MAC;
	out = receive(world, &frame);
	assert_untouched(&out);
	lease(world, V3, true);
	out = receive(world, &frame);
	assert_untouched(&out);
}

/* The virtual MAC of a virtual router whose home is another interface. */
static void alias(void **state)
{
	struct world *world = *state;
	struct vr_key key = {.ifindex = LO, .family = VRRP_IPV4, .vrid = 90};
	const uint8_t mac[6] = {0, 0, 0x5e, 0, 1, 90};
	struct frame frame = frame_ipv4(mac, PRIMARY, UDP);

	add_router_key(world, V3, &key);
	world->slots[V3].identity.key.ifindex = LO + 1;
	lease(world, V3, true);
	assert_mac_accepted(world, &frame);
}

/* ---- accept mode (E-2) ---- */

static void accept_off(void **state)
{
	struct world *world = *state;
	struct frame to_vip = frame_ipv4(VMAC, VIP_V3, UDP);
	struct frame to_host = frame_ipv4(VMAC, PRIMARY, UDP);
	struct outcome out;

	lease(world, V3, true);
	world->slots[V3].flags &= ~(uint32_t)SLOT_ACCEPT;
	out = receive(world, &to_vip);
	assert_only_counted(&out, V3, COUNT_accept_mode_dropped);
	assert_mac_accepted(world, &to_host); /* E-13 */
	world->slots[V3].flags |= SLOT_OWNER;
	assert_mac_accepted(world, &to_vip);
}

/* It is the address that accepts or not, whichever virtual MAC the packet came to. */
static void accept_off_of_another(void **state)
{
	struct world *world = *state;
	struct frame frame = frame_ipv4(VMAC, VIP_V2, UDP);
	struct outcome out;

	lease(world, V3, true);
	world->slots[V2].flags &= ~(uint32_t)SLOT_ACCEPT;
	out = receive(world, &frame);
	assert_only_counted(&out, V2, COUNT_accept_mode_dropped);
	world->slots[V2].flags |= SLOT_ACCEPT;
	world->slots[V3].flags &= ~(uint32_t)SLOT_ACCEPT;
	assert_mac_accepted(world, &frame);
}

static void accept_off_ipv6(void **state) /* E-5: but never Neighbor Discovery */
{
	struct world *world = *state;
	struct frame frame = frame_ipv6(VMAC, VIP6.b, UDP, 135);
	struct outcome out;

	add_vip(world, V3, 0, &VIP6);
	lease(world, V3, true);
	assert_mac_accepted(world, &frame);
	world->slots[V3].flags &= ~(uint32_t)SLOT_ACCEPT;
	out = receive(world, &frame);
	assert_only_counted(&out, V3, COUNT_accept_mode_dropped);
	frame = frame_ipv6(VMAC, VIP6.b, ICMPV6, 128);
	out = receive(world, &frame);
	assert_only_counted(&out, V3, COUNT_accept_mode_dropped);
	frame = frame_ipv6(VMAC, VIP6.b, ICMPV6, 135);
	assert_mac_accepted(world, &frame);
	frame = frame_ipv6(VMAC, VIP6.b, ICMPV6, 136);
	assert_mac_accepted(world, &frame);
}

/* ---- egress ---- */

/* As the kernel sends it, with the interface's own MAC address. */
static struct arp_spec from_kernel(uint32_t sender, uint16_t operation)
{
	struct arp_spec spec = arp_who_has(PRIMARY + 50);

	spec.operation = operation;
	spec.sender = sender;
	memcpy(spec.source_mac, PHYSICAL, 6);
	memcpy(spec.sender_mac, PHYSICAL, 6);
	return spec;
}

static void assert_rewritten(struct world *world, struct arp_spec spec)
{
	struct frame frame = frame_arp(&spec), rewritten;
	struct outcome out = transmit(world, &frame);
	struct state expected = out.before;

	expected.interface.egress_rewritten++;
	assert_outcome(&out, PASSED, &expected);
	memcpy(spec.source_mac, VMAC, 6);
	memcpy(spec.sender_mac, VMAC, 6);
	rewritten = frame_arp(&spec);
	assert_memory_equal(out.frame.bytes, rewritten.bytes, rewritten.length);
}

static void assert_stopped(struct world *world, const struct arp_spec *spec)
{
	struct frame frame = frame_arp(spec);
	struct outcome out = transmit(world, &frame);
	struct state expected = out.before;

	expected.interface.egress_suppressed++;
	assert_outcome(&out, DROPPED, &expected);
}

static void egress_follows_the_lease(void **state)
{
	for (uint16_t operation = 1; operation <= 2; operation++) {
		struct arp_spec spec = from_kernel(VIP_V3, operation);

		lease(*state, V3, false);
		assert_stopped(*state, &spec);
		lease(*state, V3, true);
		assert_rewritten(*state, spec);
	}
}

static void egress_tagged(void **state)
{
	struct arp_spec spec = from_kernel(VIP_TAGGED, 1);

	spec.tag_count = 1;
	spec.tags[0] = 100;
	assert_stopped(*state, &spec);
	lease(*state, TAGGED, true);
	assert_rewritten(*state, spec);
}

static void egress_half_right(void **state) /* either address alone is not enough */
{
	struct arp_spec spec = from_kernel(VIP_V3, 1);

	lease(*state, V3, true);
	memcpy(spec.source_mac, VMAC, 6);
	assert_rewritten(*state, spec);
	memcpy(spec.source_mac, PHYSICAL, 6);
	memcpy(spec.sender_mac, VMAC, 6);
	assert_rewritten(*state, spec);
}

static void assert_left_alone(struct world *world, const struct frame *frame)
{
	struct outcome out = transmit(world, frame);

	assert_untouched(&out);
	assert_memory_equal(out.frame.bytes, frame->bytes, frame->length);
}

static void egress_leaves_alone(void **state)
{
	struct arp_spec spec = from_kernel(PRIMARY, 1);
	struct frame frame = frame_arp(&spec);

	lease(*state, V3, true);
	assert_left_alone(*state, &frame);
	spec = from_kernel(VIP_V3, 2); /* our own answer, redirected by tc ingress */
	memcpy(spec.source_mac, VMAC, 6);
	memcpy(spec.sender_mac, VMAC, 6);
	frame = frame_arp(&spec);
	assert_left_alone(*state, &frame);
	frame = frame_ipv4(PHYSICAL, VIP_V3, UDP);
	assert_left_alone(*state, &frame);
	frame = frame_ipv4(VMAC, VIP_V3, UDP);
	assert_left_alone(*state, &frame);
}

static void egress_cut_short(void **state)
{
	struct arp_spec spec = from_kernel(VIP_V3, 1);
	struct frame frame = frame_arp(&spec);
	size_t whole = frame.length;

	for (frame.length = 20; frame.length < whole; frame.length++)
		assert_left_alone(*state, &frame);
}

int main(void)
{
	const struct CMUnitTest vmac[] = {
		in_world(follows_the_lease),
		in_world(any_protocol),
		in_world(cut_short),
		in_world(other_macs),
		in_world(other_vlan),
		in_world(three_tags),
		in_world(virtual_mac_of_ipv6),
		in_world(arp_reply_to_virtual_mac),
		in_world(advertisement_to_virtual_mac),
		in_world(nobody_without_virtual_mac),
		in_world(alias),
		in_world(accept_off),
		in_world(accept_off_of_another),
		in_world(accept_off_ipv6),
		in_world(egress_follows_the_lease),
		in_world(egress_tagged),
		in_world(egress_half_right),
		in_world(egress_leaves_alone),
		in_world(egress_cut_short),
	};

	return run_in_world(vmac);
}
