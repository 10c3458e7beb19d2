/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbor Discovery that the kernel itself sends in the name of a virtual address (E-10, E-32):
 * with the virtual MAC under the lease, not at all without. Everything else leaves as it is.
 */
#include <string.h>

#include "harness.h"

static const uint8_t VMAC[6] = {0, 0, 0x5e, 0, 2, VRID_V3};
static const uint8_t PHYSICAL[6] = {2, 0, 0, 0, 0, 0x11};

enum { RS = 133, RA = 134, NS = 135, NA = 136, REDIRECT = 137 };

static void assert_suppressed(struct world *world, const struct frame *frame)
{
	struct outcome out = transmit(world, frame);
	struct state expected = out.before;

	expected.interface.egress_suppressed++;
	assert_outcome(&out, DROPPED, &expected);
}

static void assert_left_alone(struct world *world, const struct frame *frame)
{
	struct outcome out = transmit(world, frame);

	assert_untouched(&out);
	assert_int_equal(out.frame.length, frame->length);
	assert_memory_equal(out.frame.bytes, frame->bytes, frame->length);
}

/* Suppressed without the lease; under it as `right` is, which then is nothing to change in. */
static void assert_corrected(struct world *world, unsigned slot, const struct nd_spec *sent,
			     const struct nd_spec *right)
{
	struct frame frame = frame_nd(sent), expected_frame = frame_nd(right);
	struct outcome out;
	struct state expected;

	lease(world, slot, false);
	assert_suppressed(world, &frame);
	assert_suppressed(world, &expected_frame);
	lease(world, slot, true);
	out = transmit(world, &frame);
	expected = out.before;
	expected.interface.egress_rewritten++;
	assert_outcome(&out, PASSED, &expected);
	assert_true(frame_sum6_right(&out.frame));
	assert_int_equal(out.frame.length, expected_frame.length);
	assert_memory_equal(out.frame.bytes, expected_frame.bytes, expected_frame.length);
	assert_left_alone(world, &expected_frame);
}

static struct nd_spec kernel_says(uint8_t type, struct ip6 source, struct ip6 target)
{
	struct nd_spec spec = nd_has(target, PHYSICAL);

	spec.ip.source = source;
	spec.type = type;
	spec.flags = 0;
	spec.option_length = 0;
	return spec;
}

static void advertisement(void **state)
{
	struct ip6 vip = global(VRID_V3);
	struct nd_spec sent = kernel_says(NA, vip, vip), right = sent;

	sent.flags = 0x60000000;
	nd_option(&sent, 2, 1, PHYSICAL);
	right.flags = 0xe0000000; /* a router's (E-31) */
	nd_option(&right, 2, 1, VMAC);
	memcpy(right.ip.source_mac, VMAC, 6);
	assert_corrected(*state, V6, &sent, &right);
	/* From another address for it, as a proxy would. */
	sent.ip.source = right.ip.source = link_local(PRIMARY6);
	assert_corrected(*state, V6, &sent, &right);
}

static void advertisement_without_option(void **state) /* the answer to one host */
{
	struct ip6 vip = link_local(VRID_V3);
	struct nd_spec sent = kernel_says(NA, vip, vip), right = sent;

	sent.flags = 0x40000000;
	right.flags = 0xc0000000;
	memcpy(right.ip.source_mac, VMAC, 6);
	assert_corrected(*state, V6, &sent, &right);
}

static void only_one_is_wrong(void **state)
{
	struct ip6 vip = global(VRID_V3);
	struct nd_spec right = kernel_says(NA, vip, vip), sent;

	right.flags = 0xe0000000;
	memcpy(right.ip.source_mac, VMAC, 6);
	nd_option(&right, 2, 1, VMAC);
	sent = right;
	sent.flags = 0x60000000;
	assert_corrected(*state, V6, &sent, &right);
	sent = right;
	sent.options[7] ^= 0x80;
	assert_corrected(*state, V6, &sent, &right);
	sent = right;
	sent.ip.source_mac[5] ^= 1;
	assert_corrected(*state, V6, &sent, &right);
}

static void solicitation(void **state) /* E-32 */
{
	struct nd_spec sent = kernel_says(NS, global(VRID_V3), global(99)), right = sent;

	nd_option(&sent, 1, 1, PHYSICAL);
	nd_option(&right, 1, 1, VMAC);
	memcpy(right.ip.source_mac, VMAC, 6);
	assert_corrected(*state, V6, &sent, &right);
	sent.option_length = right.option_length = 0; /* to one host */
	assert_corrected(*state, V6, &sent, &right);
}

static void probe(void **state) /* the kernel tests an address of ours for duplicates */
{
	struct nd_spec sent = kernel_says(NS, (struct ip6){}, global(VRID_V3)), right;

	nd_option(&sent, 14, 1, PHYSICAL); /* six bytes of any kind: a nonce is left alone */
	right = sent;
	memcpy(right.ip.source_mac, VMAC, 6);
	assert_corrected(*state, V6, &sent, &right);
}

static void routers(void **state) /* E-7, E-35 */
{
	struct ip6 vip = link_local(VRID_V3);
	struct nd_spec sent, right;

	/* The options of an advertisement begin at byte 16, of a solicitation at byte 8: what
	 * stands there is the target of others. */
	sent = kernel_says(RA, vip, (struct ip6){});
	memcpy(sent.target.b + 8, (const uint8_t[]){1, 1, 2, 0, 0, 0, 0, 0x11}, 8);
	nd_option(&sent, 3, 4, PHYSICAL);
	right = sent;
	memcpy(right.target.b + 10, VMAC, 6);
	memcpy(right.ip.source_mac, VMAC, 6);
	assert_corrected(*state, V6, &sent, &right);
	sent = kernel_says(RS, vip, (struct ip6){});
	memcpy(sent.target.b, (const uint8_t[]){14, 1}, 2);
	memcpy(sent.target.b + 8, (const uint8_t[]){1, 1, 2, 0, 0, 0, 0, 0x11}, 8);
	right = sent;
	memcpy(right.target.b + 10, VMAC, 6);
	memcpy(right.ip.source_mac, VMAC, 6);
	assert_corrected(*state, V6, &sent, &right);
}

static void redirect(void **state) /* names the MAC address of another router */
{
	struct nd_spec sent = kernel_says(REDIRECT, link_local(VRID_V3), global(99)), right;

	memset(sent.options, 0x77, 16); /* the redirected destination */
	sent.option_length = 16;
	nd_option(&sent, 2, 1, PHYSICAL);
	right = sent;
	memcpy(right.ip.source_mac, VMAC, 6);
	assert_corrected(*state, V6, &sent, &right);
}

static void tags(void **state)
{
	static const uint8_t mac[6] = {0, 0, 0x5e, 0, 2, VRID_DOUBLE6};
	struct ip6 vip = global(VRID_DOUBLE6);
	struct nd_spec sent = kernel_says(NA, vip, vip), right;

	sent.ip.tag_count = 2;
	sent.ip.tags[0] = 200;
	sent.ip.tags[1] = 100;
	right = sent;
	right.flags = 0x80000000;
	nd_option(&sent, 2, 1, PHYSICAL);
	nd_option(&right, 2, 1, mac);
	memcpy(right.ip.source_mac, mac, 6);
	assert_corrected(*state, DOUBLE6, &sent, &right);
}

static void physical_mac(void **state) /* xdp_virtual_mac off: nothing to put in */
{
	struct world *world = *state;
	struct ip6 vip = global(VRID_V3);
	struct nd_spec sent = kernel_says(NA, vip, vip);
	struct frame frame;

	sent.flags = 0xe0000000;
	nd_option(&sent, 2, 1, PHYSICAL);
	frame = frame_nd(&sent);
	world->slots[V6].flags |= SLOT_PHYSICAL_MAC;
	memcpy(world->slots[V6].identity.mac, PHYSICAL, 6);
	assert_suppressed(world, &frame);
	lease(world, V6, true);
	assert_left_alone(world, &frame);
}

/* What cannot be corrected does not leave. */
static void not_understood(void **state)
{
	struct ip6 vip = global(VRID_V3);
	struct nd_spec sent = kernel_says(NA, vip, vip);
	struct frame frame;

	lease(*state, V6, true);
	nd_option(&sent, 2, 2, PHYSICAL);
	frame = frame_nd(&sent);
	assert_suppressed(*state, &frame);
	sent.option_length = 0;
	nd_option(&sent, 253, 0, PHYSICAL);
	frame = frame_nd(&sent);
	assert_suppressed(*state, &frame);
	sent.option_length = 0;
	nd_option(&sent, 253, 200, PHYSICAL);
	frame = frame_nd(&sent);
	assert_suppressed(*state, &frame);
	sent.option_length = 12;
	frame = frame_nd(&sent);
	assert_suppressed(*state, &frame);
	sent.option_length = 8;
	sent.options[1] = 1;
	frame = frame_nd(&sent);
	frame.length--;
	assert_suppressed(*state, &frame);
}

static void others(void **state) /* of nobody of ours; or ours, and no Neighbor Discovery */
{
	struct world *world = *state;
	struct nd_spec spec = kernel_says(NS, link_local(PRIMARY6), global(VRID_V3));
	struct frame frame;

	nd_option(&spec, 1, 1, PHYSICAL);
	for (int active = 0; active < 2; active++) {
		lease(world, V6, active);
		spec.type = NS; /* who has been told of the address may ask for it */
		frame = frame_nd(&spec);
		assert_left_alone(world, &frame);
		spec.type = RA;
		frame = frame_nd(&spec);
		assert_left_alone(world, &frame);
		/* A mapped address is an IPv4 one. */
		spec = kernel_says(
			NA, link_local(PRIMARY6),
			(struct ip6){{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1}});
		frame = frame_nd(&spec);
		assert_left_alone(world, &frame);
		spec = kernel_says(NS, link_local(PRIMARY6), global(VRID_V3));
	}
}

/* E-51: reports of memberships never carry the virtual MAC, whatever their source. */
static void memberships(void **state)
{
	static const uint8_t types[] = {130, 131, 132, 143, 128, 129};
	struct nd_spec spec = kernel_says(NA, link_local(VRID_V3), global(VRID_V3));
	struct frame frame;

	for (int active = 0; active < 2; active++) {
		lease(*state, V6, active);
		for (unsigned i = 0; i < sizeof(types); i++) {
			spec.type = types[i];
			spec.ip.protocol = 58;
			frame = frame_nd(&spec);
			assert_left_alone(*state, &frame);
			spec.ip.protocol = 0; /* with the router alert option */
			frame = frame_nd(&spec);
			assert_left_alone(*state, &frame);
		}
	}
}

static void cut_short(void **state)
{
	struct ip6 vip = global(VRID_V3);
	struct nd_spec spec = kernel_says(NA, link_local(PRIMARY6), vip);
	struct frame frame = frame_nd(&spec);

	lease(*state, V6, true);
	for (frame.length--; frame.length >= 14 + 40; frame.length--)
		assert_left_alone(*state, &frame);
}

int main(void)
{
	const struct CMUnitTest egress[] = {
		in_world(advertisement),
		in_world(advertisement_without_option),
		in_world(only_one_is_wrong),
		in_world(solicitation),
		in_world(probe),
		in_world(routers),
		in_world(redirect),
		in_world(tags),
		in_world(physical_mac),
		in_world(not_understood),
		in_world(others),
		in_world(memberships),
		in_world(cut_short),
	};

	return run_in_world(egress);
}
