/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A router to whom an Active yields (D-23) is heard: the programs are silent from there on,
 * whatever the lease says, until the agent has decided anew. It may be frozen, or dead.
 */
#include <string.h>

#include "harness.h"

#define SENDER 0xc000020c /* 192.0.2.12, as advert_v3() has it */

static enum result ask(struct world *world)
{
	struct arp_spec spec = arp_who_has(VIP_V3);
	struct frame frame = frame_arp(&spec);

	return receive_fast(world, &frame, 1);
}

/* Active, decided just now, at the address `own`; then an advertisement of this priority. */
static enum result ask_after(struct world *world, uint8_t priority, uint32_t own)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame;

	lease(world, V3, true);
	world->slots[V3].identity.primary = addr4(own);
	world->slots[V3].decided_ns = (uint64_t)boottime_ns();
	spec.priority = priority;
	frame = frame_advert(&spec);
	assert_int_equal(receive_fast(world, &frame, 1), PASSED);
	return ask(world);
}

static void higher_priority_silences(void **state)
{
	assert_int_equal(ask_after(*state, 99, SENDER - 1), REPLIED);
	assert_int_equal(ask_after(*state, 0, SENDER - 1), REPLIED);
	assert_int_equal(ask_after(*state, 101, SENDER - 1), DROPPED);
	assert_int_equal(ask_after(*state, 255, SENDER + 1), DROPPED);
}

static void the_address_breaks_a_tie(void **state) /* D-30 */
{
	assert_int_equal(ask_after(*state, 100, SENDER - 1), DROPPED);
	assert_int_equal(ask_after(*state, 100, SENDER + 1), REPLIED);
	/* Unsigned, in network byte order. */
	assert_int_equal(ask_after(*state, 100, SENDER ^ 0x80000000), DROPPED);
	assert_int_equal(ask_after(*state, 100, SENDER + 0x100), REPLIED);
}

static void another_decision_ends_it(void **state)
{
	struct world *world = *state;

	assert_int_equal(ask_after(world, 200, SENDER - 1), DROPPED);
	world->slots[V3].decided_ns = (uint64_t)boottime_ns();
	assert_int_equal(ask(world), REPLIED);
}

/* Else the promotion race would have a blind spot: what comes after the second look. */
static void it_is_reported_under_the_lease_all_the_same(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame = frame_advert(&spec);
	struct vr_slot *slot = &world->slots[V3];

	memcpy(&slot->steady_header, frame.bytes + 34, sizeof(slot->steady_header));
	slot->steady_source = addr4(SENDER);
	slot->flags |= SLOT_STEADY;
	assert_int_equal(receive_fast(world, &frame, 1), PASSED);
	assert_int_equal(world_state(world).stats[V3].advertisements_steady, 1);
	lease(world, V3, true);
	assert_int_equal(receive_fast(world, &frame, 1), PASSED);
	assert_int_equal(world_state(world).stats[V3].advertisements_steady, 1);
	assert_true(slot->superior_ns > slot->decided_ns);
}

int main(void)
{
	const struct CMUnitTest superior[] = {
		in_world(higher_priority_silences),
		in_world(the_address_breaks_a_tie),
		in_world(another_decision_ends_it),
		in_world(it_is_reported_under_the_lease_all_the_same),
	};

	return run_in_world(superior);
}
