/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Part B: every check fails once alone, with its verdict, its counter, and nothing else changed;
 * of two failures the earlier counts; what is soft is counted and obeyed.
 */
#include <string.h>

#include "harness.h"

static struct outcome receive_spec(struct world *world, const struct advert_spec *spec)
{
	struct frame frame = frame_advert(spec);

	return receive(world, &frame);
}

static void assert_refused(struct world *world, unsigned slot, const struct advert_spec *spec,
			   enum vr_counter reason)
{
	struct outcome out = receive_spec(world, spec);

	assert_only_counted(&out, slot, reason);
}

static void good_passes(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct outcome out = receive_spec(*state, &spec);
	struct state expected = accepted(&out, V3);

	assert_outcome(&out, PASSED, &expected);
}

static void unknown_vrid_is_not_ours(void **state) /* B-8 */
{
	struct advert_spec spec = advert_v3(77, VIP_V3);
	struct outcome out;
	struct state expected;

	spec.ttl = 1; /* not even looked at */
	out = receive_spec(*state, &spec);
	expected = out.before;
	expected.interface.vrid_unknown++;
	assert_outcome(&out, PASSED, &expected);
}

/* The first advertisement on an interface makes the interface's counters. */
static void interface_counters_appear(void **state)
{
	struct world *world = *state;
	struct frame frame;
	struct advert_spec spec = advert_v3(77, VIP_V3);

	frame = frame_advert(&spec);
	world_forget_interface(world);
	assert_int_equal(receive_fast(world, &frame, 1), PASSED);
	assert_int_equal(world_state(world).interface.vrid_unknown, 1);
}

/* A virtual MAC that is ours on another interface makes no advertisement there ours. */
static void alias_is_no_advertisement(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(90, VIP_V3);
	struct vr_key key = {.ifindex = LO, .family = VRRP_IPV4, .vrid = 90};
	struct outcome out;
	struct state expected;

	add_router_key(world, V3, &key);
	world->slots[V3].identity.key.ifindex = LO + 1;
	out = receive_spec(world, &spec);
	expected = out.before;
	expected.interface.vrid_unknown++;
	assert_outcome(&out, PASSED, &expected);
}

static void initialize(void **state) /* B-23 */
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	world->slots[V3].flags &= ~(uint32_t)SLOT_RUNNING;
	assert_refused(world, V3, &spec, COUNT_initialize);
}

static void fragment(void **state) /* */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	spec.fragment = 0x2000;
	assert_refused(*state, V3, &spec, COUNT_fragment);
}

static void later_fragment_has_no_vrid(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct outcome out;

	spec.fragment = 0x2001;
	out = receive_spec(*state, &spec);
	assert_untouched(&out);
	spec.fragment = 0x1fff;
	out = receive_spec(*state, &spec);
	assert_untouched(&out);
}

static void non_group_destination(void **state) /* B-1 */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	spec.destination = PRIMARY;
	assert_refused(*state, V3, &spec, COUNT_non_group_destination);
	spec.destination = GROUP + 1;
	assert_refused(*state, V3, &spec, COUNT_non_group_destination);
}

static void own_packet(void **state) /* B-2 */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	spec.source = PRIMARY;
	assert_refused(*state, V3, &spec, COUNT_own_packet);
}

static void ttl(void **state) /* B-3 */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	spec.ttl = 254;
	assert_refused(*state, V3, &spec, COUNT_ttl);
	spec.ttl = 0;
	assert_refused(*state, V3, &spec, COUNT_ttl);
}

static void version(void **state) /* B-4 */
{
	struct advert_spec spec = advert_v2(VRID_V3, VIP_V3);

	assert_refused(*state, V3, &spec, COUNT_version);
	spec = advert_v3(VRID_V2, VIP_V2);
	assert_refused(*state, V2, &spec, COUNT_version);
	spec.version = 4;
	assert_refused(*state, V2, &spec, COUNT_version);
}

static void type(void **state) /* B-5 */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	spec.type = 2;
	assert_refused(*state, V3, &spec, COUNT_type);
	spec.type = 0;
	assert_refused(*state, V3, &spec, COUNT_type);
}

/* B-6: by the IP header, however much padding follows. */
static void length(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame;
	struct outcome out;

	spec.padding = 100;
	frame = frame_advert(&spec);
	frame.bytes[frame.message + 3] = 2;
	frame_sum(&frame, &spec);
	out = receive(*state, &frame);
	assert_only_counted(&out, V3, COUNT_length);
	for (uint8_t total = 22; total < 32; total++) {
		frame = frame_advert(&spec);
		frame_set_ipv4(&frame, 3, total);
		out = receive(*state, &frame);
		assert_only_counted(&out, V3, COUNT_length);
	}
}

static void length_leaves_no_vrid(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame = frame_advert(&spec);

	for (uint8_t total = 0; total < 22; total++) {
		frame_set_ipv4(&frame, 3, total);
		struct outcome out = receive(*state, &frame);
		assert_untouched(&out);
	}
}

/* B-6 of VRRPv2 wants the authentication data too. */
static void length_v2(void **state)
{
	struct advert_spec spec = advert_v2(VRID_V2, VIP_V2);
	struct frame frame = frame_advert(&spec);
	struct outcome out;

	frame_set_ipv4(&frame, 3, frame.bytes[frame.l3 + 3] - 1);
	out = receive(*state, &frame);
	assert_only_counted(&out, V2, COUNT_length);
}

/* B-7: any single bit wrong. Those that another check sees first count there. */
static void checksum(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	for (size_t byte = 2; byte < 12; byte++) {
		struct frame frame = frame_advert(&spec);
		struct outcome out;

		if (byte == 3) /* count: the length is wrong first */
			continue;
		frame.bytes[frame.message + byte] ^= 0x10;
		out = receive(*state, &frame);
		assert_only_counted(&out, V3, COUNT_checksum);
	}
}

/* The authentication data is summed up too; no pseudo-header in VRRPv2. */
static void checksum_v2(void **state)
{
	struct advert_spec spec = advert_v2(VRID_V2, VIP_V2);
	struct frame frame = frame_advert(&spec);
	struct outcome out;

	frame.bytes[frame.length - 1] ^= 1;
	out = receive(*state, &frame);
	assert_only_counted(&out, V2, COUNT_checksum);
	spec.form = SUM_PSEUDO;
	assert_refused(*state, V2, &spec, COUNT_checksum);
}

/* As an acceptor without pseudo-header sees it, but from another address than was summed. */
static void checksum_pseudo_of_another(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame;
	struct outcome out;

	spec.form = SUM_PSEUDO;
	frame = frame_advert(&spec);
	frame_set_ipv4(&frame, 15, frame.bytes[frame.l3 + 15] ^ 0x40);
	out = receive(*state, &frame);
	assert_only_counted(&out, V3, COUNT_checksum);
}

static void auth_type(void **state) /* B-10 */
{
	struct world *world = *state;
	struct advert_spec spec = advert_v2(VRID_V2, VIP_V2);

	spec.interval = VRRP_AUTH_PASS << 8 | 1;
	assert_refused(world, V2, &spec, COUNT_auth_type);
	spec.interval = 3 << 8 | 1;
	world->slots[V2].identity.auth_type = 3; /* of no meaning */
	assert_refused(world, V2, &spec, COUNT_auth_type);
}

/* AH would have to be verified in another protocol: refused even if configured. */
static void auth_type_ah(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v2(VRID_V2, VIP_V2);

	spec.interval = VRRP_AUTH_AH << 8 | 1;
	assert_refused(world, V2, &spec, COUNT_auth_type_ah);
	world->slots[V2].identity.auth_type = VRRP_AUTH_AH;
	assert_refused(world, V2, &spec, COUNT_auth_type_ah);
}

/* H-33: Cisco's MD5, its digest behind the message; what its checksum covers is Cisco's. */
static void auth_type_vendor(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v2(VRID_V2, VIP_V2);
	struct frame frame;
	struct outcome out;

	spec.interval = 254 << 8 | 1;
	spec.trailer = 16;
	frame = frame_advert(&spec);
	out = receive(world, &frame);
	assert_only_counted(&out, V2, COUNT_auth_type_vendor);
	frame.bytes[frame.message + 6] ^= 0x40;
	out = receive(world, &frame);
	assert_only_counted(&out, V2, COUNT_auth_type_vendor);
}

static void auth(void **state) /* B-10 */
{
	struct world *world = *state;
	struct advert_spec spec = advert_v2(VRID_V2, VIP_V2);

	world->slots[V2].identity.auth_type = VRRP_AUTH_PASS;
	memcpy(world->slots[V2].identity.auth_data, "secret", 6);
	spec.interval = VRRP_AUTH_PASS << 8 | 1;
	for (int wrong = 0; wrong < 8; wrong++) {
		memcpy(spec.auth, "secret\0\0", 8);
		spec.auth[wrong] ^= 1;
		assert_refused(world, V2, &spec, COUNT_auth);
	}
}

static void auth_right(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v2(VRID_V2, VIP_V2);
	struct outcome out;
	struct state expected;

	world->slots[V2].identity.auth_type = VRRP_AUTH_PASS;
	memcpy(world->slots[V2].identity.auth_data, "secret", 6);
	memcpy(spec.auth, "secret", 6);
	spec.interval = VRRP_AUTH_PASS << 8 | 1;
	out = receive_spec(world, &spec);
	expected = accepted(&out, V2);
	expected.stats[V2].checksum_form_rfc9568--;
	assert_outcome(&out, PASSED, &expected);
}

/* Without authentication the data is nobody's business. */
static void auth_none_ignores_data(void **state)
{
	struct advert_spec spec = advert_v2(VRID_V2, VIP_V2);
	struct outcome out;
	struct state expected;

	memcpy(spec.auth, "whatever", 8);
	out = receive_spec(*state, &spec);
	expected = accepted(&out, V2);
	expected.stats[V2].checksum_form_rfc9568--;
	assert_outcome(&out, PASSED, &expected);
}

static void addr_count_zero(void **state) /* B-11; in VRRPv2 a wrong list like others */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3), v2 = advert_v2(VRID_V2, VIP_V2);

	spec.count = v2.count = 0;
	assert_refused(*state, V3, &spec, COUNT_addr_count_zero);
	assert_refused(*state, V2, &v2, COUNT_address_list);
}

static void interval_zero(void **state) /* B-14; the reserve nibble does not make it non-zero */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);

	spec.interval = 0;
	assert_refused(*state, V3, &spec, COUNT_interval_zero);
	spec.interval = 0xf000;
	assert_refused(*state, V3, &spec, COUNT_interval_zero);
}

static void address_list_v2(void **state) /* B-12 */
{
	struct advert_spec spec = advert_v2(VRID_V2, VIP_V2 + 1);

	assert_refused(*state, V2, &spec, COUNT_address_list);
	spec = advert_v2(VRID_V2, VIP_V2);
	spec.count = 0; /* */
	assert_refused(*state, V2, &spec, COUNT_address_list);
	spec.count = 2;
	assert_refused(*state, V2, &spec, COUNT_address_list);
}

static void address_list_of_owner_v2(void **state) /* B-12 */
{
	struct advert_spec spec = advert_v2(VRID_V2, VIP_V2 + 1);
	struct outcome out;
	struct state expected;

	spec.priority = 255;
	out = receive_spec(*state, &spec);
	expected = accepted(&out, V2);
	expected.stats[V2].checksum_form_rfc9568--;
	expected.stats[V2].address_list++;
	expected.events[0].flags = EVENT_ADDRESS_LIST;
	assert_outcome(&out, PASSED, &expected);
}

static void interval_v2(void **state) /* B-13 */
{
	struct advert_spec spec = advert_v2(VRID_V2, VIP_V2);

	spec.interval = 2;
	assert_refused(*state, V2, &spec, COUNT_interval);
	spec.interval = 0;
	assert_refused(*state, V2, &spec, COUNT_interval);
	spec.priority = 255;
	assert_refused(*state, V2, &spec, COUNT_interval);
}

/* ---- soft: counted, reported with the advertisement, obeyed ---- */

static void address_list_v3(void **state) /* B-12 */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3 + 1);
	struct outcome out = receive_spec(*state, &spec);
	struct state expected = accepted(&out, V3);

	expected.stats[V3].address_list++;
	expected.events[0].flags = EVENT_ADDRESS_LIST;
	assert_outcome(&out, PASSED, &expected);
}

static void interval_v3(void **state) /* B-13 */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct outcome out;
	struct state expected;

	spec.interval = 4095;
	out = receive_spec(*state, &spec);
	expected = accepted(&out, V3);
	expected.stats[V3].interval++;
	expected.events[0].flags = EVENT_INTERVAL;
	assert_outcome(&out, PASSED, &expected);
}

static void all_that_is_soft(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3 + 1);
	struct outcome out;
	struct state expected;

	spec.interval = 1;
	spec.form = SUM_PSEUDO;
	out = receive_spec(*state, &spec);
	expected = accepted(&out, V3);
	expected.stats[V3].checksum_form_rfc9568--;
	expected.stats[V3].checksum_form_pseudo++;
	expected.stats[V3].interval++;
	expected.stats[V3].address_list++;
	expected.events[0].flags = EVENT_INTERVAL | EVENT_ADDRESS_LIST | EVENT_CHECKSUM_PSEUDO;
	assert_outcome(&out, PASSED, &expected);
}

/* the same addresses in another order are the same list. */
static void address_order_is_free(void **state)
{
	const uint32_t configured[] = {0xc0000201, 0xc0000202, 0xc0000203};
	struct advert_spec spec = advert_v3(VRID_V3, 0xc0000203);
	struct outcome out;
	struct state expected;

	set_addresses(*state, V3, configured, 3);
	spec.count = 3;
	spec.addresses[1] = 0xc0000201;
	spec.addresses[2] = 0xc0000202;
	out = receive_spec(*state, &spec);
	expected = accepted(&out, V3);
	assert_outcome(&out, PASSED, &expected);
	spec.addresses[2] = 0xc0000201; /* twice the one, none of the other */
	out = receive_spec(*state, &spec);
	assert_int_equal(out.after.stats[V3].address_list, 1);
}

static void most_addresses(void **state) /* 255 of them: the longest message over IPv4 */
{
	struct advert_spec spec = advert_v3(VRID_V3, 0x0a000000);
	struct frame frame;
	struct outcome out;
	struct state expected;

	spec.count = 255;
	for (uint32_t i = 0; i < 255; i++)
		spec.addresses[i] = 0x0a000000 + i * 0x01010101;
	set_addresses(*state, V3, spec.addresses, 255);
	frame = frame_advert(&spec);
	out = receive(*state, &frame);
	expected = accepted(&out, V3);
	assert_outcome(&out, PASSED, &expected);
	frame.bytes[frame.length - 1] ^= 1;
	out = receive(*state, &frame);
	assert_only_counted(&out, V3, COUNT_checksum);
}

/* ---- two failures: each with the next, the earlier counts ---- */

static void spoil(struct advert_spec *spec, enum vr_counter reason)
{
	if (reason == COUNT_fragment)
		spec->fragment = 0x2000;
	if (reason == COUNT_non_group_destination)
		spec->destination = GROUP + 1;
	if (reason == COUNT_own_packet)
		spec->source = PRIMARY;
	if (reason == COUNT_ttl)
		spec->ttl = 64;
	if (reason == COUNT_version)
		spec->version = 7;
	if (reason == COUNT_type)
		spec->type = 9;
	if (reason == COUNT_auth_type)
		spec->interval |= 1 << 8;
	if (reason == COUNT_address_list)
		spec->addresses[0]++;
	if (reason == COUNT_interval)
		spec->interval ^= 6;
}

/* What has to be done to the finished frame. */
static void spoil_frame(struct frame *frame, enum vr_counter reason)
{
	if (reason == COUNT_length)
		frame->bytes[frame->message + 3]++;
	if (reason == COUNT_checksum)
		frame->bytes[frame->message + 6] ^= 0x55;
}

static void earlier_counts(void **state)
{
	static const enum vr_counter order[] = {
		COUNT_fragment,	  COUNT_non_group_destination,
		COUNT_own_packet, COUNT_ttl,
		COUNT_version,	  COUNT_type,
		COUNT_length,	  COUNT_checksum,
		COUNT_auth_type,  COUNT_address_list,
		COUNT_interval,
	};
	const size_t count = sizeof(order) / sizeof(order[0]);

	for (size_t first = 0; first < count; first++)
		for (size_t second = first + 1; second < count; second++) {
			struct advert_spec spec = advert_v2(VRID_V2, VIP_V2);
			struct frame frame;
			struct outcome out;

			spoil(&spec, order[first]);
			spoil(&spec, order[second]);
			frame = frame_advert(&spec);
			spoil_frame(&frame, order[first]);
			spoil_frame(&frame, order[second]);
			out = receive(*state, &frame);
			assert_only_counted(&out, V2, order[first]);
		}
}

static void earlier_counts_v3(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame;
	struct outcome out;

	spec.count = 0;
	spec.interval = 0;
	assert_refused(world, V3, &spec, COUNT_addr_count_zero);
	frame = frame_advert(&spec);
	frame.bytes[frame.message + 6] ^= 0x55;
	out = receive(world, &frame);
	assert_only_counted(&out, V3, COUNT_checksum);
	spec.fragment = 0x2000;
	world->slots[V3].flags &= ~(uint32_t)SLOT_RUNNING;
	assert_refused(world, V3, &spec, COUNT_initialize);
}

int main(void)
{
	const struct CMUnitTest checks[] = {
		in_world(good_passes),
		in_world(unknown_vrid_is_not_ours),
		in_world(interface_counters_appear),
		in_world(alias_is_no_advertisement),
		in_world(initialize),
		in_world(fragment),
		in_world(later_fragment_has_no_vrid),
		in_world(non_group_destination),
		in_world(own_packet),
		in_world(ttl),
		in_world(version),
		in_world(type),
		in_world(length),
		in_world(length_leaves_no_vrid),
		in_world(length_v2),
		in_world(checksum),
		in_world(checksum_v2),
		in_world(checksum_pseudo_of_another),
		in_world(auth_type),
		in_world(auth_type_ah),
		in_world(auth_type_vendor),
		in_world(auth),
		in_world(auth_right),
		in_world(auth_none_ignores_data),
		in_world(addr_count_zero),
		in_world(interval_zero),
		in_world(address_list_v2),
		in_world(address_list_of_owner_v2),
		in_world(interval_v2),
		in_world(address_list_v3),
		in_world(interval_v3),
		in_world(all_that_is_soft),
		in_world(address_order_is_free),
		in_world(most_addresses),
		in_world(earlier_counts),
		in_world(earlier_counts_v3),
	};

	return run_in_world(checks);
}
