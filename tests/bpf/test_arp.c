/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARP for the virtual addresses: answered under the lease, silent without, claims noticed. */
#include <string.h>

#include "harness.h"

static const uint8_t VMAC[6] = {0, 0, 0x5e, 0, 1, VRID_V3};
static const uint8_t STRANGER[6] = {2, 0, 0, 0, 0, 0x66};

static struct outcome receive_arp(struct world *world, const struct arp_spec *spec)
{
	struct frame frame = frame_arp(spec);

	return receive(world, &frame);
}

/* The reply to a request: what a kernel with the virtual MAC would have answered (E-3, E-22). */
static struct frame reply_to(const struct arp_spec *request, const uint8_t mac[6])
{
	struct arp_spec reply = *request;

	reply.operation = 2;
	memcpy(reply.destination_mac, request->source_mac, 6);
	memcpy(reply.source_mac, mac, 6);
	memcpy(reply.sender_mac, mac, 6);
	memcpy(reply.target_mac, request->sender_mac, 6);
	reply.sender = request->target;
	reply.target = request->sender;
	return frame_arp(&reply);
}

static void assert_answered(struct world *world, unsigned slot, const struct arp_spec *request)
{
	struct outcome out = receive_arp(world, request);
	struct frame reply = reply_to(request, VMAC);
	struct state expected = out.before;

	expected.interface.arp_replies++;
	expected.slots[slot].answer_bucket_ns = CHANGED;
	assert_outcome(&out, REPLIED, &expected);
	assert_int_equal(out.frame.length, reply.length);
	assert_memory_equal(out.frame.bytes, reply.bytes, reply.length);
}

static void assert_suppressed(struct world *world, const struct arp_spec *request)
{
	struct outcome out = receive_arp(world, request);
	struct state expected = out.before;

	expected.interface.arp_suppressed++;
	assert_outcome(&out, DROPPED, &expected);
}

static void request(void **state)
{
	struct arp_spec spec = arp_who_has(VIP_V3);

	assert_suppressed(*state, &spec);
	lease(*state, V3, true);
	assert_answered(*state, V3, &spec);
}

static void request_padded(void **state)
{
	struct arp_spec spec = arp_who_has(VIP_V3);

	spec.padding = 18;
	lease(*state, V3, true);
	assert_answered(*state, V3, &spec);
}

static void probe(void **state) /* RFC 5227: from nobody */
{
	struct arp_spec spec = arp_who_has(VIP_V3);

	spec.sender = 0;
	assert_suppressed(*state, &spec);
	lease(*state, V3, true);
	assert_answered(*state, V3, &spec);
}

static void request_to_virtual_mac(void **state) /* a client confirms what it knows */
{
	struct arp_spec spec = arp_who_has(VIP_V3);

	memcpy(spec.destination_mac, VMAC, 6);
	assert_suppressed(*state, &spec);
	lease(*state, V3, true);
	assert_answered(*state, V3, &spec);
}

static void request_tagged(void **state)
{
	struct arp_spec spec = arp_who_has(VIP_TAGGED);

	spec.tag_count = 1;
	spec.tags[0] = 3 << 13 | 100;
	assert_suppressed(*state, &spec);
	lease(*state, TAGGED, true);
	assert_answered(*state, TAGGED, &spec);
	spec.tag_count = 2;
	spec.tags[0] = 200;
	spec.tags[1] = 100;
	spec.target = VIP_DOUBLE;
	lease(*state, DOUBLE_TAG, true);
	assert_answered(*state, DOUBLE_TAG, &spec);
}

static void request_priority_tagged(void **state)
{
	struct arp_spec spec = arp_who_has(VIP_V3);

	spec.tag_count = 1;
	lease(*state, V3, true);
	assert_answered(*state, V3, &spec);
}

static void request_in_wrong_vlan(void **state)
{
	struct arp_spec spec = arp_who_has(VIP_V3);
	struct outcome out;

	lease(*state, V3, true);
	lease(*state, TAGGED, true);
	spec.tag_count = 1;
	spec.tags[0] = 100;
	out = receive_arp(*state, &spec);
	assert_untouched(&out);
	spec = arp_who_has(VIP_TAGGED);
	out = receive_arp(*state, &spec);
	assert_untouched(&out);
}

static void other_address(void **state)
{
	struct arp_spec spec = arp_who_has(VIP_V3 + 100);
	struct outcome out;

	lease(*state, V3, true);
	out = receive_arp(*state, &spec);
	assert_untouched(&out);
}

/* The lease of one virtual router is no other's, and each answers with its own MAC. */
static void each_its_own_lease(void **state)
{
	struct arp_spec spec = arp_who_has(VIP_V2);

	lease(*state, V3, true);
	assert_suppressed(*state, &spec);
}

static void lease_runs_out(void **state) /* by itself, whatever has become of the agent (I1) */
{
	struct world *world = *state;
	struct arp_spec spec = arp_who_has(VIP_V3);

	world->slots[V3].lease_until_ns = (uint64_t)boottime_ns();
	assert_suppressed(world, &spec);
}

static void answers_with_mac_of_slot(void **state) /* SLOT_PHYSICAL_MAC */
{
	struct world *world = *state;
	struct arp_spec spec = arp_who_has(VIP_V3);
	struct frame reply = reply_to(&spec, STRANGER);
	struct outcome out;

	world->slots[V3].flags |= SLOT_PHYSICAL_MAC;
	memcpy(world->slots[V3].identity.mac, STRANGER, 6);
	lease(world, V3, true);
	out = receive_arp(world, &spec);
	assert_int_equal(out.result, REPLIED);
	assert_memory_equal(out.frame.bytes, reply.bytes, reply.length);
}

/* The reply goes to where the frame came from, not to where it says. */
static void forged_sender(void **state)
{
	struct world *world = *state;
	struct arp_spec spec = arp_who_has(VIP_V3);

	memset(spec.sender_mac, 0xff, 6);
	lease(world, V3, true);
	assert_answered(world, V3, &spec);
}

/* ---- only canonical requests ---- */

static void other_operations(void **state)
{
	struct arp_spec spec = arp_who_has(VIP_V3);
	struct outcome out;

	lease(*state, V3, true);
	for (spec.operation = 0; spec.operation < 12; spec.operation++) {
		if (spec.operation == 1)
			continue;
		out = receive_arp(*state, &spec);
		assert_untouched(&out);
	}
}

static void other_forms(void **state)
{
	struct arp_spec spec = arp_who_has(VIP_V3);

	lease(*state, V3, true);
	for (size_t byte = 0; byte < 6; byte++) {
		struct frame frame = frame_arp(&spec);
		struct outcome out;

		frame.bytes[frame.l3 + byte] ^= 2;
		out = receive(*state, &frame);
		assert_untouched(&out);
	}
}

static void cut_short(void **state)
{
	struct arp_spec spec = arp_who_has(VIP_TAGGED);
	struct frame frame;
	size_t whole;

	lease(*state, TAGGED, true);
	spec.tag_count = 1;
	spec.tags[0] = 100;
	frame = frame_arp(&spec);
	whole = frame.length;
	for (frame.length = 14; frame.length < whole; frame.length++) {
		struct outcome out = receive(*state, &frame);

		assert_untouched(&out);
	}
	assert_answered(*state, TAGGED, &spec);
}

/* ---- claims ---- */

/* Sender and target are the address: "it is mine". */
static struct arp_spec announcement(uint32_t address, const uint8_t mac[6])
{
	struct arp_spec spec = arp_who_has(address);

	spec.sender = address;
	memcpy(spec.source_mac, mac, 6);
	memcpy(spec.sender_mac, mac, 6);
	return spec;
}

static void assert_claim(struct world *world, const struct arp_spec *spec, enum result result)
{
	struct outcome out = receive_arp(world, spec);
	struct state expected = out.before;

	expected.slots[V3].last_claim_ns = CHANGED;
	expected.slots[V3].claim_bucket_ns = CHANGED;
	expected.stats[V3].foreign_claims++;
	expected.event_count = 1;
	expected.events[0] = (struct xvrrp_event){
		.time_ns = CHANGED,
		.kind = XVRRP_EVENT_CLAIM,
		.slot = V3,
		.ifindex = LO,
		.source = addr4(VIP_V3),
	};
	memcpy(expected.events[0].mac, spec->sender_mac, 6);
	assert_outcome(&out, result, &expected);
}

static void foreign_announcement(void **state)
{
	struct arp_spec spec = announcement(VIP_V3, STRANGER);

	assert_claim(*state, &spec, PASSED);
	lease(*state, V3, true);
	assert_claim(*state, &spec, DROPPED);
}

static void foreign_reply(void **state)
{
	struct arp_spec spec = announcement(VIP_V3, STRANGER);

	spec.operation = 2;
	spec.target = PRIMARY;
	assert_claim(*state, &spec, PASSED);
	lease(*state, V3, true);
	assert_claim(*state, &spec, DROPPED);
}

static void foreign_request(void **state) /* somebody with our address asks for another host */
{
	struct arp_spec spec = announcement(VIP_V3, STRANGER);

	spec.target = PRIMARY;
	assert_claim(*state, &spec, PASSED);
	lease(*state, V3, true);
	assert_claim(*state, &spec, DROPPED);
}

/* A claimant that asks for another address of ours gets no answer either way. */
static void foreign_request_for_ours(void **state)
{
	struct world *world = *state;
	struct arp_spec spec = announcement(VIP_V3, STRANGER);
	struct outcome out;

	spec.target = VIP_V2;
	lease(world, V3, true);
	lease(world, V2, true);
	assert_claim(world, &spec, DROPPED);
	lease(world, V3, false);
	lease(world, V2, false);
	out = receive_arp(world, &spec);
	assert_int_equal(out.result, DROPPED);
	assert_int_equal(out.after.interface.arp_suppressed, 1);
}

static void own_announcement(void **state) /* the Active's when we are Backup, ours in a loop */
{
	struct arp_spec spec = announcement(VIP_V3, VMAC);
	struct outcome out = receive_arp(*state, &spec);

	assert_untouched(&out);
	lease(*state, V3, true);
	out = receive_arp(*state, &spec);
	assert_untouched(&out);
}

static void other_active_without_virtual_mac(void **state) /* is no claimant to its Backup */
{
	struct world *world = *state;
	struct arp_spec spec = announcement(VIP_V3, STRANGER);
	struct outcome out;

	world->slots[V3].flags |= SLOT_PHYSICAL_MAC;
	out = receive_arp(world, &spec);
	assert_untouched(&out);
	lease(world, V3, true);
	assert_claim(world, &spec, DROPPED);
}

/* ---- limits ---- */

static void claims_are_limited(void **state)
{
	struct world *world = *state;
	struct arp_spec spec = announcement(VIP_V3, STRANGER);
	struct frame frame = frame_arp(&spec);
	int64_t started_ns = boottime_ns(), refilled;
	struct vr_stats stats;

	lease(world, V3, true);
	receive_fast(world, &frame, 1000);
	refilled = (boottime_ns() - started_ns) / 1000000000 + 1;
	stats = world_state(world).stats[V3];
	assert_int_equal(stats.foreign_claims, 1000);
	assert_in_range(1000 - stats.reports_limited, 4, 4 + refilled);
}

static void answers_are_limited(void **state)
{
	struct world *world = *state;
	struct arp_spec spec = arp_who_has(VIP_V3);
	struct outcome out;
	struct state expected;

	lease(world, V3, true);
	/* As after 10000 answers in no time, and a millisecond more. */
	world->slots[V3].answer_bucket_ns = (uint64_t)boottime_ns() + 101000000 + 1000000000;
	out = receive_arp(world, &spec);
	expected = out.before;
	expected.interface.arp_limited++;
	assert_outcome(&out, DROPPED, &expected);
	world->slots[V3].answer_bucket_ns = (uint64_t)boottime_ns() + 99000000;
	assert_answered(world, V3, &spec);
}

int main(void)
{
	const struct CMUnitTest arp[] = {
		in_world(request),
		in_world(request_padded),
		in_world(probe),
		in_world(request_to_virtual_mac),
		in_world(request_tagged),
		in_world(request_priority_tagged),
		in_world(request_in_wrong_vlan),
		in_world(other_address),
		in_world(each_its_own_lease),
		in_world(lease_runs_out),
		in_world(answers_with_mac_of_slot),
		in_world(forged_sender),
		in_world(other_operations),
		in_world(other_forms),
		in_world(cut_short),
		in_world(foreign_announcement),
		in_world(foreign_reply),
		in_world(foreign_request),
		in_world(foreign_request_for_ours),
		in_world(own_announcement),
		in_world(other_active_without_virtual_mac),
		in_world(claims_are_limited),
		in_world(answers_are_limited),
	};

	return run_in_world(arp);
}
