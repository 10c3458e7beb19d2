/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Neighbor Discovery of others that claim a virtual address: counted, reported, kept from us. */
#include <string.h>

#include "harness.h"

static const uint8_t VMAC[6] = {0, 0, 0x5e, 0, 2, VRID_V3};
static const uint8_t STRANGER[6] = {2, 0, 0, 0, 0, 0x66};

static struct outcome receive_nd(struct world *world, const struct nd_spec *spec)
{
	struct frame frame = frame_nd(spec);

	return receive(world, &frame);
}

static struct state claimed(const struct outcome *out, unsigned slot, struct ip6 address,
			    const uint8_t mac[6])
{
	struct state expected = out->before;

	expected.slots[slot].last_claim_ns = CHANGED;
	expected.slots[slot].claim_bucket_ns = CHANGED;
	expected.stats[slot].foreign_claims++;
	expected.event_count = 1;
	expected.events[0] = (struct xvrrp_event){
		.time_ns = CHANGED,
		.kind = XVRRP_EVENT_CLAIM,
		.slot = slot,
		.ifindex = LO,
		.source = addr6(address),
	};
	memcpy(expected.events[0].mac, mac, 6);
	return expected;
}

static void assert_claim(struct world *world, const struct nd_spec *spec, unsigned slot,
			 struct ip6 address, const uint8_t mac[6])
{
	struct outcome out;
	struct state expected;

	for (int active = 0; active < 2; active++) {
		lease(world, slot, active);
		out = receive_nd(world, spec);
		expected = claimed(&out, slot, address, mac);
		assert_outcome(&out, active ? DROPPED : PASSED, &expected);
		world->slots[slot].claim_bucket_ns = 0;
	}
}

static void assert_no_claim(struct world *world, const struct nd_spec *spec)
{
	struct outcome out;

	for (int active = 0; active < 2; active++) {
		lease(world, V6, active);
		out = receive_nd(world, spec);
		assert_untouched(&out);
	}
}

static void unsolicited(void **state)
{
	struct nd_spec spec = nd_has(global(VRID_V3), STRANGER);

	assert_claim(*state, &spec, V6, spec.target, STRANGER);
	spec = nd_has(link_local(VRID_V3), STRANGER);
	assert_claim(*state, &spec, V6, spec.target, STRANGER);
	spec.flags = 0x80000000; /* without override: no less a conflict */
	assert_claim(*state, &spec, V6, spec.target, STRANGER);
}

static void solicited(void **state) /* an answer to us */
{
	struct nd_spec spec = nd_has(global(VRID_V3), STRANGER);

	spec.flags = 0x60000000;
	spec.ip.destination = link_local(PRIMARY6);
	memcpy(spec.ip.destination_mac, (const uint8_t[]){2, 0, 0, 0, 0, 0x11}, 6);
	assert_claim(*state, &spec, V6, spec.target, STRANGER);
}

static void the_option_counts(void **state) /* of option and Ethernet source */
{
	struct nd_spec spec = nd_has(global(VRID_V3), STRANGER);

	memcpy(spec.ip.source_mac, VMAC, 6);
	assert_claim(*state, &spec, V6, spec.target, STRANGER);
	spec = nd_has(global(VRID_V3), VMAC);
	memcpy(spec.ip.source_mac, STRANGER, 6);
	assert_no_claim(*state, &spec);
	nd_option(&spec, 2, 1, STRANGER); /* the first is the one */
	assert_no_claim(*state, &spec);
}

static void without_option(void **state)
{
	struct nd_spec spec = nd_has(global(VRID_V3), STRANGER);

	spec.option_length = 0;
	assert_claim(*state, &spec, V6, spec.target, STRANGER);
	nd_option(&spec, 1, 1, VMAC); /* of no meaning here */
	assert_claim(*state, &spec, V6, spec.target, STRANGER);
	spec.option_length = 0;
	memcpy(spec.ip.source_mac, VMAC, 6);
	assert_no_claim(*state, &spec);
}

static void our_own(void **state) /* come back, or of the Active that we are Backup of */
{
	struct nd_spec spec = nd_has(global(VRID_V3), VMAC);

	spec.flags = 0xa0000000;
	assert_no_claim(*state, &spec);
}

static void of_another(void **state)
{
	struct nd_spec spec = nd_has(global(77), STRANGER);

	assert_no_claim(*state, &spec);
	spec = nd_has((struct ip6){{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1}},
		      STRANGER);
	assert_no_claim(*state, &spec);
}

/* RFC 4861 section 7.1.2: not to be believed, and the kernel does not either. */
static void invalid(void **state)
{
	struct world *world = *state;
	struct nd_spec spec = nd_has(global(VRID_V3), STRANGER);
	struct frame frame = frame_nd(&spec);
	struct outcome out;

	frame.bytes[frame.message + 2] ^= 1;
	out = receive(world, &frame);
	assert_untouched(&out);
	spec.ip.hops = 254;
	assert_no_claim(world, &spec);
	spec.ip.hops = 255;
	spec.code = 1;
	assert_no_claim(world, &spec);
	spec.code = 0;
	spec.flags = 0x40000000; /* solicited by all */
	assert_no_claim(world, &spec);
	spec.flags = 0;
	spec.ip.source.b[0] = 0xff;
	assert_no_claim(world, &spec);
	spec.ip.source.b[0] = 0xfe;
	nd_option(&spec, 253, 0, STRANGER);
	assert_no_claim(world, &spec);
	spec.option_length = 0;
	nd_option(&spec, 2, 2, STRANGER);
	assert_no_claim(world, &spec);
}

static void limited(void **state)
{
	struct world *world = *state;
	struct nd_spec spec = nd_has(global(VRID_V3), STRANGER);
	struct outcome out;
	struct state expected;

	world->slots[V6].claim_bucket_ns = (uint64_t)boottime_ns() + 3600 * 1000000000ULL;
	out = receive_nd(world, &spec);
	expected = claimed(&out, V6, spec.target, STRANGER);
	expected.slots[V6].claim_bucket_ns = out.before.slots[V6].claim_bucket_ns;
	expected.stats[V6].reports_limited++;
	expected.event_count = 0;
	memset(expected.events, 0, sizeof(expected.events));
	assert_outcome(&out, PASSED, &expected);
}

/* Without a virtual MAC a Backup's Active has another address; an Active knows its own. */
static void physical_mac(void **state)
{
	static const uint8_t own[6] = {2, 0, 0, 0, 0, 0x11};
	struct world *world = *state;
	struct nd_spec spec = nd_has(global(VRID_V3), STRANGER);
	struct outcome out;
	struct state expected;

	world->slots[V6].flags |= SLOT_PHYSICAL_MAC;
	memcpy(world->slots[V6].identity.mac, own, 6);
	out = receive_nd(world, &spec);
	assert_untouched(&out);
	lease(world, V6, true);
	out = receive_nd(world, &spec);
	expected = claimed(&out, V6, spec.target, STRANGER);
	assert_outcome(&out, DROPPED, &expected);
	spec = nd_has(global(VRID_V3), own);
	out = receive_nd(world, &spec);
	assert_untouched(&out);
}

static void tags(void **state)
{
	struct nd_spec spec = nd_has(global(VRID_DOUBLE6), STRANGER);

	spec.ip.tag_count = 2;
	spec.ip.tags[0] = 200;
	spec.ip.tags[1] = 100;
	assert_claim(*state, &spec, DOUBLE6, spec.target, STRANGER);
	spec = nd_has(global(VRID_TAGGED6), STRANGER);
	spec.ip.tag_count = 1;
	spec.ip.tags[0] = 100;
	assert_claim(*state, &spec, TAGGED6, spec.target, STRANGER);
}

/* ---- solicitations from one of our addresses ---- */

static struct nd_spec asks_as_ours(struct ip6 target)
{
	struct nd_spec spec = nd_who_has(target);

	spec.ip.source = global(VRID_V3);
	spec.option_length = 0;
	nd_option(&spec, 1, 1, STRANGER);
	return spec;
}

static void asks_for_a_host(void **state)
{
	struct nd_spec spec = asks_as_ours(global(77));

	assert_claim(*state, &spec, V6, spec.ip.source, STRANGER);
	spec.option_length = 0;
	memcpy(spec.ip.source_mac, STRANGER, 6);
	assert_claim(*state, &spec, V6, spec.ip.source, STRANGER);
	memcpy(spec.ip.source_mac, VMAC, 6);
	assert_no_claim(*state, &spec);
	nd_option(&spec, 1, 1, VMAC);
	memcpy(spec.ip.source_mac, STRANGER, 6);
	assert_no_claim(*state, &spec);
	spec = asks_as_ours(global(77));
	spec.ip.hops = 1;
	assert_no_claim(*state, &spec);
}

static void asks_for_us(void **state) /* without the lease a claim, and nobody's to answer */
{
	struct world *world = *state;
	struct nd_spec spec = asks_as_ours(link_local(VRID_V3));
	struct outcome out = receive_nd(world, &spec);
	struct state expected = claimed(&out, V6, spec.ip.source, STRANGER);

	expected.interface.nd_suppressed++;
	assert_outcome(&out, DROPPED, &expected);
	lease(world, V6, true);
	world->slots[V6].claim_bucket_ns = 0;
	out = receive_nd(world, &spec);
	expected = claimed(&out, V6, spec.ip.source, STRANGER);
	assert_outcome(&out, DROPPED, &expected);
}

static void probe_is_no_claim(void **state) /* whoever asks from nowhere has nothing yet */
{
	struct world *world = *state;
	struct nd_spec spec = nd_probe(global(VRID_V3));
	struct outcome out = receive_nd(world, &spec);
	struct state expected = out.before;

	expected.interface.nd_suppressed++;
	assert_outcome(&out, DROPPED, &expected);
}

int main(void)
{
	const struct CMUnitTest claims[] = {
		in_world(unsolicited),	     in_world(solicited),
		in_world(the_option_counts), in_world(without_option),
		in_world(our_own),	     in_world(of_another),
		in_world(invalid),	     in_world(limited),
		in_world(physical_mac),	     in_world(tags),
		in_world(asks_for_a_host),   in_world(asks_for_us),
		in_world(probe_is_no_claim),
	};

	return run_in_world(claims);
}
