/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbor Solicitations for the virtual addresses (E-4, E-31): answered under the lease, byte for
 * byte as expected, silent without, and what is invalid or unusual left to the kernel.
 */
#include <string.h>

#include "harness.h"

static const uint8_t VMAC[6] = {0, 0, 0x5e, 0, 2, VRID_V3};
static const uint8_t HOST[6] = {2, 0, 0, 0, 0, 0x99};
static const uint8_t ALL_NODES_MAC[6] = {0x33, 0x33, 0, 0, 0, 1};

static struct outcome receive_nd(struct world *world, const struct nd_spec *spec)
{
	struct frame frame = frame_nd(spec);

	return receive(world, &frame);
}

/* The advertisement that answers, built from nothing (RFC 4861 section 7.2.4). */
static struct frame answer_to(const struct nd_spec *asked, const uint8_t mac[6])
{
	static const struct ip6 nowhere = {};
	bool probe = memcmp(&asked->ip.source, &nowhere, 16) == 0;
	struct nd_spec answer = *asked;

	memcpy(answer.ip.destination_mac, probe ? ALL_NODES_MAC : asked->ip.source_mac, 6);
	memcpy(answer.ip.source_mac, mac, 6);
	answer.ip.hops = 255;
	answer.ip.source = asked->target;
	answer.ip.destination = probe ? (struct ip6){{0xff, 2, [15] = 1}} : asked->ip.source;
	answer.ip.padding = 0;
	answer.type = 136;
	answer.flags = probe ? 0xa0000000 : 0xe0000000;
	answer.option_length = 0;
	nd_option(&answer, 2, 1, mac);
	return frame_nd(&answer);
}

static void assert_answered(struct world *world, unsigned slot, const struct nd_spec *asked)
{
	struct outcome out = receive_nd(world, asked);
	struct frame answer = answer_to(asked, world->slots[slot].identity.mac);
	struct state expected = out.before;

	expected.interface.nd_replies++;
	expected.slots[slot].answer_bucket_ns = CHANGED;
	assert_outcome(&out, REPLIED, &expected);
	assert_int_equal(out.frame.length, answer.length);
	assert_memory_equal(out.frame.bytes, answer.bytes, answer.length);
	assert_true(frame_sum6_right(&out.frame));
}

static void assert_suppressed(struct world *world, const struct nd_spec *asked)
{
	struct outcome out = receive_nd(world, asked);
	struct state expected = out.before;

	expected.interface.nd_suppressed++;
	assert_outcome(&out, DROPPED, &expected);
}

static void assert_both(struct world *world, const struct nd_spec *asked)
{
	lease(world, V6, false);
	assert_suppressed(world, asked);
	lease(world, V6, true);
	assert_answered(world, V6, asked);
}

/* Never answered here: without the lease dropped, under it the kernel's, that knows RFC 4861. */
static void assert_never_answered(struct world *world, const struct frame *frame)
{
	struct outcome out;
	struct state expected;

	lease(world, V6, false);
	out = receive(world, frame);
	expected = out.before;
	expected.interface.nd_suppressed++;
	assert_outcome(&out, DROPPED, &expected);
	lease(world, V6, true);
	out = receive(world, frame);
	assert_untouched(&out);
	assert_memory_equal(out.frame.bytes, frame->bytes, frame->length);
}

static void refuse(struct world *world, const struct nd_spec *spec)
{
	struct frame frame = frame_nd(spec);

	assert_never_answered(world, &frame);
}

static void to_the_group(void **state)
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	assert_both(*state, &spec);
	spec = nd_who_has(link_local(VRID_V3));
	assert_both(*state, &spec);
}

static void without_option(void **state) /* the frame grows */
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	spec.option_length = 0;
	assert_both(*state, &spec);
}

static void to_the_address(void **state) /* a neighbour confirms what it knows */
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	spec.ip.destination = spec.target;
	memcpy(spec.ip.destination_mac, VMAC, 6);
	assert_both(*state, &spec);
	spec.option_length = 0;
	assert_both(*state, &spec);
	/* To a MAC address of the device, of which the programs know none. */
	memcpy(spec.ip.destination_mac, (const uint8_t[]){2, 0, 0, 0, 0, 0x11}, 6);
	assert_both(*state, &spec);
}

static void group_to_one_mac(void **state) /* RFC 6085 */
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	memcpy(spec.ip.destination_mac, VMAC, 6);
	assert_both(*state, &spec);
}

static void probe(void **state)
{
	struct nd_spec spec = nd_probe(global(VRID_V3));

	assert_both(*state, &spec);
	nd_option(&spec, 14, 1, HOST); /* a nonce, as Linux sends it (RFC 7527) */
	assert_both(*state, &spec);
}

static void other_options(void **state) /* of which there may be any, and the frame shrinks */
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	nd_option(&spec, 14, 1, HOST);
	assert_both(*state, &spec);
	nd_option(&spec, 253, 100, HOST);
	assert_both(*state, &spec);
	spec = nd_probe(global(VRID_V3));
	nd_option(&spec, 253, 2, HOST);
	nd_option(&spec, 14, 1, HOST);
	assert_both(*state, &spec);
	nd_option(&spec, 2, 5, HOST); /* of no meaning in a solicitation, so of any length */
	assert_both(*state, &spec);
}

static void longest(void **state) /* what fits into a frame that is not jumbo */
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	nd_option(&spec, 253, (1456 - 24 - 8) / 8, HOST);
	assert_both(*state, &spec);
	nd_option(&spec, 253, 1, HOST);
	refuse(*state, &spec);
}

static void padded(void **state) /* padding does not come back */
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	spec.ip.padding = 30;
	assert_both(*state, &spec);
	spec.option_length = 0;
	assert_both(*state, &spec);
}

static void tags(void **state)
{
	struct world *world = *state;
	struct nd_spec spec = nd_who_has(global(VRID_TAGGED6));
	struct outcome out;

	out = receive_nd(world, &spec); /* not in this VLAN */
	assert_untouched(&out);
	spec.ip.tag_count = 1;
	spec.ip.tags[0] = 5 << 13 | 100;
	assert_suppressed(world, &spec);
	lease(world, TAGGED6, true);
	assert_answered(world, TAGGED6, &spec);
	spec = nd_probe(link_local(VRID_DOUBLE6));
	spec.ip.tag_count = 2;
	spec.ip.tags[0] = 200;
	spec.ip.tags[1] = 100;
	assert_suppressed(world, &spec);
	lease(world, DOUBLE6, true);
	assert_answered(world, DOUBLE6, &spec);
	spec = nd_who_has(global(VRID_V3));
	spec.ip.tag_count = 1;
	spec.ip.tags[0] = 0; /* a priority tag (H-23) */
	assert_both(world, &spec);
}

static void traffic_class(void **state) /* and flow label are the asker's */
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));
	struct frame frame = frame_nd(&spec), answer = answer_to(&spec, VMAC);
	struct outcome out;

	lease(*state, V6, true);
	memcpy(frame.bytes + frame.l3, (const uint8_t[]){0x6e, 0xf1, 0x23, 0x45}, 4);
	out = receive(*state, &frame);
	assert_int_equal(out.result, REPLIED);
	assert_memory_equal(out.frame.bytes, answer.bytes, answer.length);
}

static void others(void **state) /* I6: nobody of ours is asked for */
{
	struct world *world = *state;
	struct nd_spec spec = nd_who_has(global(200));
	struct outcome out;

	lease(world, V6, true);
	out = receive_nd(world, &spec);
	assert_untouched(&out);
	spec = nd_who_has(global(VRID_V3));
	for (unsigned type = 130; type < 160; type++) {
		if (type == 135)
			continue;
		spec.type = (uint8_t)type;
		spec.ip.hops = 64; /* an advertisement would be a claim */
		out = receive_nd(world, &spec);
		assert_untouched(&out);
	}
}

/* The index has IPv4 addresses in an IPv6 form. */
static void mapped_address(void **state)
{
	struct world *world = *state;
	struct ip6 mapped = {{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1}};
	struct nd_spec spec = nd_who_has(mapped);
	struct outcome out = receive_nd(world, &spec);

	assert_untouched(&out);
	lease(world, V3, true);
	out = receive_nd(world, &spec);
	assert_untouched(&out);
}

static void superior_was_heard(void **state) /* a frozen Active does not answer beside another */
{
	struct world *world = *state;
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	lease(world, V6, true);
	world->slots[V6].superior_ns = 2;
	world->slots[V6].decided_ns = 1;
	assert_suppressed(world, &spec);
}

static void limited(void **state)
{
	struct world *world = *state;
	struct nd_spec spec = nd_who_has(global(VRID_V3));
	struct outcome out;
	struct state expected;

	lease(world, V6, true);
	world->slots[V6].answer_bucket_ns = (uint64_t)boottime_ns() + 3600 * 1000000000ULL;
	out = receive_nd(world, &spec);
	expected = out.before;
	expected.interface.nd_limited++;
	assert_outcome(&out, DROPPED, &expected);
}

/* ---- RFC 4861 section 7.1.1 ---- */

static void hop_limit(void **state)
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	spec.ip.hops = 254;
	refuse(*state, &spec);
	spec.ip.hops = 0;
	refuse(*state, &spec);
}

static void code(void **state)
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	spec.code = 1;
	refuse(*state, &spec);
}

static void checksum(void **state) /* any bit, of the pseudo-header too, but for the target's */
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));
	struct frame good = frame_nd(&spec);

	for (size_t bit = 8 * 8; bit < 72 * 8; bit += 3) {
		struct frame frame = good;
		size_t byte = bit / 8;

		if (byte < 40 && byte >= 24) /* the destination says more than the sum */
			continue;
		if (byte == 40 || byte == 41 || (byte >= 48 && byte < 64))
			continue;
		frame.bytes[frame.l3 + byte] ^= (uint8_t)(1 << bit % 8);
		assert_never_answered(*state, &frame);
	}
}

static void source(void **state) /* nobody is a group */
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	spec.ip.source = (struct ip6){{0xff, 2, [15] = 1}};
	refuse(*state, &spec);
}

static void options_end(void **state)
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	nd_option(&spec, 253, 0, HOST); /* of no length */
	refuse(*state, &spec);
	spec = nd_who_has(global(VRID_V3));
	nd_option(&spec, 253, 1, HOST);
	spec.options[9] = 2; /* beyond the end */
	refuse(*state, &spec);
	spec.options[9] = 255;
	refuse(*state, &spec);
	spec.option_length = 12; /* of half a length */
	refuse(*state, &spec);
	spec.option_length = 4;
	refuse(*state, &spec);
}

static void option_of_another_medium(void **state)
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	spec.option_length = 0;
	nd_option(&spec, 1, 2, HOST);
	refuse(*state, &spec);
}

static void probe_with_address(void **state)
{
	struct nd_spec spec = nd_probe(global(VRID_V3));

	nd_option(&spec, 1, 1, HOST);
	refuse(*state, &spec);
}

static void probe_to_the_address(void **state)
{
	struct nd_spec spec = nd_probe(global(VRID_V3));

	spec.ip.destination = spec.target;
	memcpy(spec.ip.destination_mac, (const uint8_t[]){2, 0, 0, 0, 0, 0x11}, 6);
	refuse(*state, &spec);
}

static void other_destination(void **state)
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));

	spec.ip.destination = (struct ip6){{0xff, 2, [15] = 1}};
	memcpy(spec.ip.destination_mac, ALL_NODES_MAC, 6);
	refuse(*state, &spec);
	for (unsigned byte = 0; byte < 16; byte++) {
		spec = nd_who_has(global(VRID_V3));
		spec.ip.destination.b[byte] ^= 1;
		refuse(*state, &spec);
	}
	for (unsigned byte = 0; byte < 6; byte++) { /* a group of the link that does not fit */
		spec = nd_who_has(global(VRID_V3));
		spec.ip.destination_mac[byte] ^= 2;
		refuse(*state, &spec);
	}
	spec = nd_who_has(global(VRID_V3));
	spec.ip.destination = spec.target; /* one host in a frame to many */
	refuse(*state, &spec);
}

static void too_short(void **state)
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));
	struct frame frame;
	struct outcome out;

	spec.option_length = 0;
	frame = frame_nd(&spec);
	frame.bytes[frame.l3 + 5] = 16; /* by the IP header there is no whole target */
	lease(*state, V6, true);
	out = receive(*state, &frame);
	assert_untouched(&out);
	frame = frame_nd(&spec);
	for (size_t whole = frame.length--; frame.length > 14; frame.length--) {
		out = receive(*state, &frame);
		assert_untouched(&out);
		assert_int_equal(out.frame.length, frame.length);
		assert_true(frame.length < whole);
	}
	spec = nd_who_has(global(VRID_V3));
	frame = frame_nd(&spec);
	frame.length -= 1; /* the target is there, not all of the option */
	assert_never_answered(*state, &frame);
}

static void no_ipv6(void **state)
{
	struct nd_spec spec = nd_who_has(global(VRID_V3));
	struct frame frame = frame_nd(&spec);
	struct outcome out;

	frame.bytes[frame.l3] = 0x50;
	out = receive(*state, &frame);
	assert_untouched(&out);
	spec.ip.protocol =
		0; /* hop-by-hop options: the kernel's, and its answer the egress step's */
	frame = frame_nd(&spec);
	out = receive(*state, &frame);
	assert_untouched(&out);
}

int main(void)
{
	const struct CMUnitTest nd[] = {
		in_world(to_the_group),
		in_world(without_option),
		in_world(to_the_address),
		in_world(group_to_one_mac),
		in_world(probe),
		in_world(other_options),
		in_world(longest),
		in_world(padded),
		in_world(tags),
		in_world(traffic_class),
		in_world(others),
		in_world(mapped_address),
		in_world(superior_was_heard),
		in_world(limited),
		in_world(hop_limit),
		in_world(code),
		in_world(checksum),
		in_world(source),
		in_world(options_end),
		in_world(option_of_another_medium),
		in_world(probe_with_address),
		in_world(probe_to_the_address),
		in_world(other_destination),
		in_world(too_short),
		in_world(no_ipv6),
	};

	return run_in_world(nd);
}
