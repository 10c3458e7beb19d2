/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Part B over IPv6: what fails one check counts there and nowhere else, whatever hook sees it. */
#include <string.h>

#include "checksum.h"
#include "harness.h"

static struct outcome receive_spec(struct world *world, const struct advert6_spec *spec)
{
	struct frame frame = frame_advert6(spec);

	return receive(world, &frame);
}

static void assert_refused(struct world *world, const struct advert6_spec *spec,
			   enum vr_counter reason)
{
	struct outcome out = receive_spec(world, spec);

	assert_only_counted(&out, V6, reason);
}

static void assert_accepted_by(struct world *world, unsigned slot, const struct advert6_spec *spec)
{
	struct outcome out = receive_spec(world, spec);
	struct state expected = accepted(&out, slot);

	assert_outcome(&out, PASSED, &expected);
}

static void assert_soft(struct world *world, const struct advert6_spec *spec,
			enum vr_counter counter, uint32_t flag)
{
	struct outcome out = receive_spec(world, spec);
	struct state expected = accepted(&out, V6);

	((__u64 *)&expected.stats[V6])[counter]++;
	expected.events[0].flags = flag;
	assert_outcome(&out, PASSED, &expected);
}

static void good_passes(void **state) /* B-16 */
{
	struct advert6_spec spec = advert6(VRID_V3);
	struct frame frame = frame_advert6(&spec);
	struct outcome out = receive(*state, &frame);
	struct state expected = accepted(&out, V6);

	assert_outcome(&out, PASSED, &expected);
	assert_int_equal(out.frame.length, frame.length);
	assert_memory_equal(out.frame.bytes, frame.bytes, frame.length);
}

static void priority_zero(void **state) /* B-16 */
{
	struct advert6_spec spec = advert6(VRID_V3);
	struct outcome out;
	struct state expected;

	spec.priority = 0;
	out = receive_spec(*state, &spec);
	expected = accepted(&out, V6);
	expected.slots[V6].authority_ns =
		out.before.slots[V6].authority_ns; /* D-12: no authority */
	expected.stats[V6].priority_zero_received++;
	assert_outcome(&out, PASSED, &expected);
}

static void steady(void **state)
{
	struct world *world = *state;
	struct advert6_spec spec = advert6(VRID_V3);
	struct frame frame = frame_advert6(&spec);
	struct outcome out;
	struct state expected;

	world->slots[V6].flags |= SLOT_STEADY;
	memcpy(&world->slots[V6].steady_header, frame.bytes + frame.message, 8);
	world->slots[V6].steady_source = addr6(spec.ip.source);
	out = receive(world, &frame);
	expected = out.before;
	expected.slots[V6].last_advert_ns = CHANGED;
	expected.slots[V6].authority_ns = CHANGED;
	expected.slots[V6].reported = CHANGED;
	expected.stats[V6].advertisements_received++;
	expected.stats[V6].advertisements_steady++;
	assert_outcome(&out, PASSED, &expected);
	spec.ip.source = link_local(13); /* another router with the same message */
	out = receive_spec(world, &spec);
	expected = accepted(&out, V6);
	assert_outcome(&out, PASSED, &expected);
}

static void superior(void **state) /* D-23, D-30: of equal priority the address decides */
{
	struct world *world = *state;
	struct advert6_spec spec = advert6(VRID_V3);

	spec.priority = 100;
	spec.ip.source = link_local(PRIMARY6 - 1);
	receive_spec(world, &spec);
	assert_true(world->slots[V6].superior_ns == 0);
	spec.ip.source = link_local(0x80); /* unsigned */
	receive_spec(world, &spec);
	assert_true(world->slots[V6].superior_ns != 0);
}

static void families_are_apart(void **state) /* B-8: the same VRID of IPv4 */
{
	struct world *world = *state;
	struct advert_spec four = advert_v3(VRID_V3, VIP_V3);
	struct frame frame = frame_advert(&four);
	struct advert6_spec spec = advert6(VRID_V3);
	struct outcome out = receive(world, &frame);
	struct state expected = accepted(&out, V3);

	assert_outcome(&out, PASSED, &expected);
	assert_accepted_by(world, V6, &spec);
}

static void unknown_vrid(void **state) /* B-8; VRRPv2's has only IPv4 */
{
	struct advert6_spec spec = advert6(VRID_V2);
	struct outcome out;
	struct state expected;

	spec.ip.hops = 1; /* no check is made for somebody else's */
	out = receive_spec(*state, &spec);
	expected = out.before;
	expected.interface.vrid_unknown++;
	assert_outcome(&out, PASSED, &expected);
}

static void initialize(void **state) /* B-23 */
{
	struct world *world = *state;
	struct advert6_spec spec = advert6(VRID_V3);

	world->slots[V6].flags &= ~(uint32_t)SLOT_RUNNING;
	assert_refused(world, &spec, COUNT_initialize);
}

static void non_group_destination(void **state) /* B-1 */
{
	struct advert6_spec spec = advert6(VRID_V3);

	for (unsigned byte = 0; byte < 16; byte++) {
		spec = advert6(VRID_V3);
		spec.ip.destination.b[byte] ^= 0x10;
		assert_refused(*state, &spec, COUNT_non_group_destination);
	}
	spec.ip.destination = link_local(PRIMARY6);
	assert_refused(*state, &spec, COUNT_non_group_destination);
}

static void source_address(void **state) /* B-1 */
{
	static const struct ip6 edges[] = {
		{{0x20, 0x01, 0x0d, 0xb8, [15] = 12}},
		{{0xfe, 0x7f, [15] = 12}},
		{{0xfe, 0xc0, [15] = 12}},
		{{0xff, 0x80, [15] = 12}},
		{{[15] = 0}},
	};
	struct advert6_spec spec = advert6(VRID_V3);

	for (unsigned i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		spec.ip.source = edges[i];
		assert_refused(*state, &spec, COUNT_source_address);
	}
	spec.ip.source = (struct ip6){{0xfe, 0xbf, [15] = 12}}; /* the last of fe80::/10 */
	assert_accepted_by(*state, V6, &spec);
}

static void own_packet(void **state) /* B-2 */
{
	struct advert6_spec spec = advert6(VRID_V3);

	spec.ip.source = link_local(PRIMARY6);
	assert_refused(*state, &spec, COUNT_own_packet);
}

static void hop_limit(void **state) /* B-3 */
{
	static const uint8_t wrong[] = {0, 1, 64, 254};
	struct advert6_spec spec = advert6(VRID_V3);

	for (unsigned i = 0; i < sizeof(wrong); i++) {
		spec.ip.hops = wrong[i];
		assert_refused(*state, &spec, COUNT_ttl);
	}
}

static void version(void **state) /* B-4 */
{
	struct advert6_spec spec = advert6(VRID_V3);

	for (spec.version = 0; spec.version < 16; spec.version++)
		if (spec.version != 3)
			assert_refused(*state, &spec, COUNT_version);
}

static void type(void **state) /* B-5 */
{
	struct advert6_spec spec = advert6(VRID_V3);

	for (spec.type = 0; spec.type < 16; spec.type++)
		if (spec.type != 1)
			assert_refused(*state, &spec, COUNT_type);
}

/* A-61, B-6: the payload by the IP header has to be there, and to have all the addresses. */
static void length(void **state)
{
	struct advert6_spec spec = advert6(VRID_V3);
	struct frame frame = frame_advert6(&spec);
	struct outcome out;

	for (unsigned payload = 2; payload < 40; payload++) {
		frame.bytes[frame.l3 + 5] = (uint8_t)payload;
		out = receive(*state, &frame);
		/* Of less than a header only the VRID is known. */
		if (payload < 8)
			assert_int_equal(out.result, DROPPED);
		else
			assert_only_counted(&out, V6, COUNT_length);
	}
	frame.bytes[frame.l3 + 5] = 41; /* more than the frame has */
	out = receive(*state, &frame);
	assert_only_counted(&out, V6, COUNT_length);
}

static void no_vrid(void **state) /* nothing that could be ours: a jumbogram, an empty payload */
{
	struct advert6_spec spec = advert6(VRID_V3);
	struct frame frame = frame_advert6(&spec);

	for (unsigned payload = 0; payload < 2; payload++) {
		struct outcome out;

		frame.bytes[frame.l3 + 5] = (uint8_t)payload;
		out = receive(*state, &frame);
		assert_untouched(&out);
	}
}

static void cut_short(void **state)
{
	struct advert6_spec spec = advert6(VRID_V3);
	struct frame frame = frame_advert6(&spec);
	size_t whole = frame.length;

	for (frame.length = 14; frame.length < whole; frame.length++) {
		struct outcome out = receive(*state, &frame);

		if (frame.length < frame.message + 2)
			assert_untouched(&out);
		else if (frame.length < frame.message + 8)
			assert_int_equal(out.result, DROPPED);
		else
			assert_only_counted(&out, V6, COUNT_length);
	}
}

static void checksum(void **state) /* B-7, A-61: all of it, the pseudo-header too */
{
	struct advert6_spec spec = advert6(VRID_V3);
	struct outcome out;

	for (size_t bit = 5 * 8; bit < 40 * 8; bit++) {
		struct frame frame = frame_advert6(&spec);

		frame.bytes[frame.message + bit / 8] ^= (uint8_t)(1 << bit % 8);
		out = receive(*state, &frame);
		assert_only_counted(&out, V6, COUNT_checksum);
	}
	spec.without_pseudo = true;
	assert_refused(*state, &spec, COUNT_checksum);
}

static void addr_count_zero(void **state) /* B-11 */
{
	struct advert6_spec spec = advert6(VRID_V3);

	spec.count = 0;
	assert_refused(*state, &spec, COUNT_addr_count_zero);
}

static void interval_zero(void **state) /* B-14 */
{
	struct advert6_spec spec = advert6(VRID_V3);

	spec.interval = 0xf000; /* the reserved bits are no interval */
	assert_refused(*state, &spec, COUNT_interval_zero);
}

static void address_list(void **state) /* B-12: obeyed, whatever the list */
{
	struct advert6_spec spec = advert6(VRID_V3);

	spec.addresses[1].b[7] ^= 1;
	assert_soft(*state, &spec, COUNT_address_list, EVENT_ADDRESS_LIST);
	spec = advert6(VRID_V3);
	spec.count = 1;
	assert_soft(*state, &spec, COUNT_address_list, EVENT_ADDRESS_LIST);
	spec.count = 3;
	spec.addresses[2] = global(99);
	assert_soft(*state, &spec, COUNT_address_list, EVENT_ADDRESS_LIST);
}

static void interval(void **state) /* B-13 */
{
	struct advert6_spec spec = advert6(VRID_V3);

	spec.interval = 101;
	assert_soft(*state, &spec, COUNT_interval, EVENT_INTERVAL);
}

static void ll_first(void **state) /* B-15, A-29; the order alone is no mismatch */
{
	struct advert6_spec spec = advert6(VRID_V3);

	spec.addresses[0] = global(VRID_V3);
	spec.addresses[1] = link_local(VRID_V3);
	assert_soft(*state, &spec, COUNT_ll_first, EVENT_LL_FIRST);
}

static void most_addresses(void **state)
{
	struct world *world = *state;
	struct advert6_spec spec = advert6(VRID_V3);
	struct vrrp_addr list[ADDRESSES6_MAX];

	spec.count = ADDRESSES6_MAX;
	for (unsigned i = 0; i < ADDRESSES6_MAX; i++) {
		spec.addresses[i] = link_local((uint8_t)i);
		spec.addresses[i].b[4] = (uint8_t)(i * 7);
		list[ADDRESSES6_MAX - 1 - i] = addr6(spec.addresses[i]);
	}
	world->slots[V6].identity.addr_count = ADDRESSES6_MAX;
	world->slots[V6].identity.addr_set = vrrp_addr_set(list, ADDRESSES6_MAX);
	assert_accepted_by(world, V6, &spec);
	spec.addresses[ADDRESSES6_MAX - 1].b[9] ^= 4;
	assert_soft(world, &spec, COUNT_address_list, EVENT_ADDRESS_LIST);
}

static void trailer(void **state) /* F-9, A-68: summed, as all of an IPv6 payload */
{
	struct advert6_spec spec = advert6(VRID_V3);

	spec.trailer = 28;
	assert_accepted_by(*state, V6, &spec);
	spec.trailer = 27;
	assert_refused(*state, &spec, COUNT_length);
}

static void padded(void **state) /* B-6: bytes behind the IP packet are nobody's */
{
	struct advert6_spec spec = advert6(VRID_V3);

	spec.ip.padding = 13;
	assert_accepted_by(*state, V6, &spec);
}

static void tags(void **state)
{
	struct advert6_spec spec = advert6(VRID_V3);

	spec.ip.tag_count = 1;
	spec.ip.tags[0] = 7 << 13; /* a priority tag (H-23) */
	assert_accepted_by(*state, V6, &spec);
	spec = advert6(VRID_TAGGED6);
	spec.ip.tag_count = 1;
	spec.ip.tags[0] = 100;
	assert_accepted_by(*state, TAGGED6, &spec);
	spec = advert6(VRID_DOUBLE6);
	spec.ip.tag_count = 2;
	spec.ip.tags[0] = 200;
	spec.ip.tags[1] = 100;
	assert_accepted_by(*state, DOUBLE6, &spec);
}

/* extension headers, and what is no IPv6, pass. */
static void no_advertisement(void **state)
{
	static const uint8_t next[] = {0, 43, 44, 51, 60, 6, 17, 58};
	struct advert6_spec spec = advert6(VRID_V3);
	struct frame frame = frame_advert6(&spec);
	struct outcome out;

	frame.bytes[frame.l3] = 0x40;
	out = receive(*state, &frame);
	assert_untouched(&out);
	for (unsigned i = 0; i < sizeof(next); i++) {
		spec.ip.protocol = next[i];
		frame = frame_advert6(&spec);
		out = receive(*state, &frame);
		assert_untouched(&out);
	}
}

static void carp(void **state) /* H-30: over IPv6 as well; not ours, whatever its number (I6) */
{
	struct advert6_spec spec = advert6(VRID_V3);
	struct outcome out;
	struct state expected;

	spec.version = 2;
	spec.count = 0;
	spec.trailer = 28;
	for (unsigned count = 6; count <= 8; count++) {
		struct frame frame = frame_advert6(&spec);

		frame.bytes[frame.message + 3] = (uint8_t)count;
		frame_sum6(&frame);
		out = receive(*state, &frame);
		if (count != 7) {
			assert_only_counted(&out, V6, COUNT_version);
			continue;
		}
		expected = out.before;
		expected.stats[V6].carp++;
		assert_outcome(&out, PASSED, &expected);
	}
}

static void earlier_counts(void **state) /* of two failures the first in the order of part B */
{
	struct advert6_spec spec = advert6(VRID_V3);

	spec.interval = 0;
	spec.addresses[0] = global(9);
	spec.without_pseudo = true;
	assert_refused(*state, &spec, COUNT_checksum);
	spec.version = 2;
	assert_refused(*state, &spec, COUNT_version);
	spec.ip.hops = 3;
	assert_refused(*state, &spec, COUNT_ttl);
	spec.ip.source = global(1);
	assert_refused(*state, &spec, COUNT_source_address);
	spec.ip.destination = global(2);
	assert_refused(*state, &spec, COUNT_non_group_destination);
}

int main(void)
{
	const struct CMUnitTest ipv6[] = {
		in_world(good_passes),
		in_world(priority_zero),
		in_world(steady),
		in_world(superior),
		in_world(families_are_apart),
		in_world(unknown_vrid),
		in_world(initialize),
		in_world(non_group_destination),
		in_world(source_address),
		in_world(own_packet),
		in_world(hop_limit),
		in_world(version),
		in_world(type),
		in_world(length),
		in_world(no_vrid),
		in_world(cut_short),
		in_world(checksum),
		in_world(addr_count_zero),
		in_world(interval_zero),
		in_world(address_list),
		in_world(interval),
		in_world(ll_first),
		in_world(most_addresses),
		in_world(trailer),
		in_world(padded),
		in_world(tags),
		in_world(no_advertisement),
		in_world(carp),
		in_world(earlier_counts),
	};

	return run_in_world(ipv6);
}
