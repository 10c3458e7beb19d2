/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What surrounds a message: padding, IP options, tags, frames cut short at every length, and the
 * golden vectors (A.5) and foreign protocols as they are on the wire.
 */
#include <string.h>

#include "harness.h"

static struct outcome receive_spec(struct world *world, const struct advert_spec *spec)
{
	struct frame frame = frame_advert(spec);

	return receive(world, &frame);
}

static void assert_accepted(struct world *world, unsigned slot, const struct advert_spec *spec)
{
	struct outcome out = receive_spec(world, spec);
	struct state expected = accepted(&out, slot);

	assert_outcome(&out, PASSED, &expected);
}

static void assert_unknown(struct world *world, const struct advert_spec *spec)
{
	struct outcome out = receive_spec(world, spec);
	struct state expected = out.before;

	expected.interface.vrid_unknown++;
	assert_outcome(&out, PASSED, &expected);
}

static void padded(void **state) /* to 60 bytes, as every NIC does; the padding is not ours */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	spec.padding = 60 - 14 - 32;
	assert_accepted(*state, V3, &spec);
}

static void trailer(void **state) /* H-9, F-9: inside the IP packet, behind the message */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	spec.trailer = 28;
	assert_accepted(*state, V3, &spec);
}

static void options(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	for (spec.ihl = 6; spec.ihl <= 15; spec.ihl++) {
		world_reset(state);
		assert_accepted(*state, V3, &spec);
	}
}

static void no_header_length_under_five(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	for (unsigned ihl = 0; ihl < 5; ihl++) {
		struct frame frame = frame_advert(&spec);
		struct outcome out;

		frame_set_ipv4(&frame, 0, (uint8_t)(0x40 | ihl));
		out = receive(*state, &frame);
		assert_untouched(&out);
	}
}

static void other_ip_version(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame = frame_advert(&spec);
	struct outcome out;

	frame_set_ipv4(&frame, 0, 0x65);
	out = receive(*state, &frame);
	assert_untouched(&out);
}

static void other_protocol(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame = frame_advert(&spec);
	struct outcome out;

	frame_set_ipv4(&frame, 9, 51);
	out = receive(*state, &frame);
	assert_untouched(&out);
}

static void reserve_nibble(void **state) /* */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	spec.interval = 0xf000 | 100;
	assert_accepted(*state, V3, &spec);
}

static void checksum_pseudo(void **state) /* */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct outcome out;
	struct state expected;

	spec.form = SUM_PSEUDO;
	out = receive_spec(*state, &spec);
	expected = accepted(&out, V3);
	expected.stats[V3].checksum_form_rfc9568--;
	expected.stats[V3].checksum_form_pseudo++;
	expected.events[0].flags = EVENT_CHECKSUM_PSEUDO;
	assert_outcome(&out, PASSED, &expected);
}

/* A source for which the pseudo-header sums up to nothing: both forms are right at once. */
static void checksum_both(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	uint32_t others = 0xe000 + 0x0012 + 112 + 12 + 0xc000;

	spec.source = 0xc0000000 | (0xffff - (others & 0xffff) - (others >> 16));
	spec.form = SUM_PSEUDO;
	assert_accepted(*state, V3, &spec);
}

/* what the kernel discards is no advertisement, any bit of a header with options. */
static void ipv4_checksum(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	spec.ihl = 6;
	for (unsigned bit = 8; bit < 24 * 8; bit++) {
		struct frame frame = frame_advert(&spec);
		struct outcome out;

		if (bit / 8 == 9) /* the protocol: another step's then */
			continue;
		frame.bytes[frame.l3 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		out = receive(*state, &frame);
		assert_untouched(&out);
	}
	spec.ihl = 15;
	assert_accepted(*state, V3, &spec);
}

/* ---- tags ---- */

static void priority_tag(void **state) /* H-23: id 0 is no VLAN */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	spec.tag_count = 1;
	spec.tags[0] = 7 << 13;
	assert_accepted(*state, V3, &spec);
	world_reset(state);
	spec.tag_count = 2;
	assert_accepted(*state, V3, &spec);
}

static void one_tag(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_TAGGED);

	spec.tag_count = 1;
	spec.tags[0] = 6 << 13 | 100;
	assert_accepted(*state, TAGGED, &spec);
}

static void one_of_two_is_zero(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_TAGGED);

	spec.tag_count = 2;
	spec.tags[1] = 100;
	assert_accepted(*state, TAGGED, &spec);
	world_reset(state);
	spec.tags[0] = 100;
	spec.tags[1] = 0;
	assert_accepted(*state, TAGGED, &spec);
}

static void two_tags(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_DOUBLE);

	spec.tag_count = 2;
	spec.tags[0] = 200;
	spec.tags[1] = 100;
	assert_accepted(*state, DOUBLE_TAG, &spec);
}

static void wrong_tags(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	spec.tag_count = 1;
	spec.tags[0] = 101;
	assert_unknown(*state, &spec);
	spec.tag_count = 2;
	spec.tags[0] = 100;
	spec.tags[1] = 200;
	assert_unknown(*state, &spec);
}

static void three_tags(void **state) /* not even known to be VRRP, whatever their ids */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct outcome out;

	spec.tag_count = 3;
	out = receive_spec(*state, &spec);
	assert_untouched(&out);
}

/* ---- cut short ---- */

/*
 * Nothing but the whole passes for the whole. With an unreadable VRID it is nobody's; with a VRID
 * the version and type are read, and what is missing is the length.
 */
static void cut_advert(struct world *world, unsigned slot, const struct advert_spec *spec)
{
	struct frame frame = frame_advert(spec);
	size_t whole = frame.length;

	for (frame.length = 14; frame.length < whole; frame.length++) {
		struct outcome out = receive(world, &frame);

		if (frame.length < frame.message + 2)
			assert_untouched(&out);
		else
			assert_only_counted(&out, slot, COUNT_length);
	}
}

static void cut_short(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	cut_advert(*state, V3, &spec);
	spec.ihl = 7;
	cut_advert(*state, V3, &spec);
	spec = advert_v2(VRID_V2, VIP_V2);
	cut_advert(*state, V2, &spec);
	spec = advert_v3(VRID_V3, VIP_TAGGED);
	spec.tag_count = 1;
	spec.tags[0] = 100;
	cut_advert(*state, TAGGED, &spec);
	spec = advert_v3(VRID_V3, VIP_DOUBLE);
	spec.tag_count = 2;
	spec.tags[0] = 200;
	spec.tags[1] = 100;
	cut_advert(*state, DOUBLE_TAG, &spec);
}

/* ---- as they are on the wire ---- */

static struct state accepted_v2(const struct outcome *out)
{
	struct state expected = accepted(out, V3);

	expected.stats[V3].checksum_form_rfc9568--;
	return expected;
}

static void golden_v2(void **state) /* */
{
	struct world *world = *state;
	struct frame frame = frame_message("2133 6401 0001 b8c8 c0000201 0000000000000000");
	struct outcome out;
	struct state expected;

	world->slots[V3].identity.version = 2;
	out = receive(world, &frame);
	expected = accepted_v2(&out);
	assert_outcome(&out, PASSED, &expected);

	world_reset(state);
	world->slots[V3].identity.version = 2;
	world->slots[V3].identity.auth_type = VRRP_AUTH_PASS;
	memcpy(world->slots[V3].identity.auth_data, "secret", 6);
	frame = frame_message("21336401 01017b7c c0000201 7365637265740000");
	out = receive(world, &frame);
	expected = accepted_v2(&out);
	assert_outcome(&out, PASSED, &expected);
}

static void golden_v3(void **state) /* */
{
	struct frame frame = frame_message("31336401 0064a865 c0000201");
	struct outcome out = receive(*state, &frame);
	struct state expected = accepted(&out, V3);

	assert_outcome(&out, PASSED, &expected);
	world_reset(state);
	frame = frame_message("31330001 00640c66 c0000201");
	out = receive(*state, &frame);
	expected = accepted(&out, V3);
	expected.slots[V3].authority_ns = out.before.slots[V3].authority_ns;
	expected.stats[V3].priority_zero_received++;
	assert_outcome(&out, PASSED, &expected);
}

static void golden_v3_pseudo(void **state) /* from 192.0.2.2 */
{
	struct frame frame = frame_message("31336401 006405d4 c0000201");
	struct outcome out;

	frame_set_ipv4(&frame, 15, 2);
	out = receive(*state, &frame);
	assert_int_equal(out.after.stats[V3].checksum_form_pseudo, 1);
	assert_int_equal(out.after.stats[V3].advertisements_received, 1);
}

static void golden_keepalived(void **state) /* */
{
	const uint32_t address = 0xc0000264;
	struct frame frame = frame_message("3133c801 00644402 c0000264");
	struct outcome out;
	struct state expected;

	set_addresses(*state, V3, &address, 1);
	out = receive(*state, &frame);
	expected = accepted(&out, V3);
	assert_outcome(&out, PASSED, &expected);
}

static void golden_bits(void **state) /* each bit of matters */
{
	static const char *const vectors[] = {"31336401 0064a865 c0000201",
					      "2133 6401 0001 b8c8 c0000201 0000000000000000"};
	struct world *world = *state;

	for (int vector = 0; vector < 2; vector++) {
		struct frame good = frame_message(vectors[vector]);

		world->slots[V3].identity.version = vector == 0 ? 3 : 2;
		for (size_t bit = 0; bit < (good.length - good.message) * 8; bit++) {
			struct frame frame = good;
			struct outcome out;

			frame.bytes[frame.message + bit / 8] ^= (uint8_t)(1 << bit % 8);
			out = receive(world, &frame);
			assert_int_equal(out.after.stats[V3].advertisements_received, 0);
			assert_int_equal(out.result, bit / 8 == 1 ? PASSED : DROPPED);
		}
	}
}

/*
 * H-30: CARP of the same group number. Its 36 bytes look like a VRRPv2 message of priority 0 with 7
 * addresses, but for the missing authentication data. Counted, and not ours (I6).
 */
static void carp(void **state)
{
	struct world *world = *state;
	struct frame frame = frame_message("21330007 0001 0000"
					   "0000000000000001 1111111111111111 22222222222222222222"
					   "2222");
	struct advert_spec sum = {.count = 7};
	struct outcome out;
	struct state expected;

	frame_sum(&frame, &sum);
	for (uint8_t version = 2; version <= 3; version++) {
		world->slots[V3].identity.version = version;
		out = receive(world, &frame);
		expected = out.before;
		expected.stats[V3].carp++;
		assert_outcome(&out, PASSED, &expected);
	}
	frame.bytes[frame.message + 1] = 99; /* no router of ours */
	out = receive(world, &frame);
	expected = out.before;
	expected.interface.vrid_unknown++;
	assert_outcome(&out, PASSED, &expected);
}

/* By a byte of its header or of its length it is no CARP, but a bad advertisement. */
static void nearly_carp(void **state)
{
	struct world *world = *state;
	struct frame frame = frame_message("21330007 0001 0000"
					   "0000000000000001 1111111111111111 22222222222222222222"
					   "2222");
	struct outcome out;

	world->slots[V3].identity.version = 2;
	frame.bytes[frame.message + 3] = 8;
	out = receive(world, &frame);
	assert_only_counted(&out, V3, COUNT_length);
	frame.bytes[frame.message + 3] = 7;
	frame_set_ipv4(&frame, 3, frame.bytes[frame.l3 + 3] - 1);
	out = receive(world, &frame);
	assert_only_counted(&out, V3, COUNT_length);
	frame_set_ipv4(&frame, 3, frame.bytes[frame.l3 + 3] + 1);
	frame.bytes[frame.message] = 0x31;
	out = receive(world, &frame);
	assert_only_counted(&out, V3, COUNT_version);
}

int main(void)
{
	const struct CMUnitTest envelope[] = {
		in_world(padded),
		in_world(trailer),
		in_world(options),
		in_world(no_header_length_under_five),
		in_world(other_ip_version),
		in_world(other_protocol),
		in_world(reserve_nibble),
		in_world(checksum_pseudo),
		in_world(checksum_both),
		in_world(ipv4_checksum),
		in_world(priority_tag),
		in_world(one_tag),
		in_world(one_of_two_is_zero),
		in_world(two_tags),
		in_world(wrong_tags),
		in_world(three_tags),
		in_world(cut_short),
		in_world(golden_v2),
		in_world(golden_v3),
		in_world(golden_v3_pseudo),
		in_world(golden_keepalived),
		in_world(golden_bits),
		in_world(carp),
		in_world(nearly_carp),
	};

	return run_in_world(envelope);
}
