/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an accepted advertisement leaves behind: stamps, the steady rule, reports and their limit.
 */
#include <string.h>

#include "harness.h"

static struct outcome receive_spec(struct world *world, const struct advert_spec *spec)
{
	struct frame frame = frame_advert(spec);

	return receive(world, &frame);
}

/* ---- stamps: vrrp_backup_obeys() ---- */

/* Does an advertisement of this priority stamp authority_ns? */
static bool obeyed(struct world *world, uint8_t priority)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct outcome out;
	struct state expected;
	bool stamped;

	spec.priority = priority;
	out = receive_spec(world, &spec);
	stamped = out.after.slots[V3].authority_ns == CHANGED;
	expected = accepted(&out, V3);
	if (!stamped)
		expected.slots[V3].authority_ns = out.before.slots[V3].authority_ns;
	if (priority == 0)
		expected.stats[V3].priority_zero_received++;
	assert_outcome(&out, PASSED, &expected);
	return stamped;
}

static void authority_with_preemption(void **state) /* D-13, D-14 */
{
	assert_true(obeyed(*state, 255));
	assert_true(obeyed(*state, 101));
	assert_true(obeyed(*state, 100));
	assert_false(obeyed(*state, 99));
	assert_false(obeyed(*state, 1));
	assert_false(obeyed(*state, 0)); /* D-12 */
}

static void authority_without_preemption(void **state)
{
	struct world *world = *state;

	world->slots[V3].flags &= ~(uint32_t)SLOT_PREEMPT;
	assert_true(obeyed(world, 101));
	assert_true(obeyed(world, 1));
	assert_false(obeyed(world, 0));
}

static void owner_preempts(void **state) /* D-33, B-9 */
{
	struct world *world = *state;

	world->slots[V3].flags &= ~(uint32_t)SLOT_PREEMPT;
	world->slots[V3].flags |= SLOT_OWNER;
	world->slots[V3].identity.priority = 255;
	assert_false(obeyed(world, 254));
	assert_true(obeyed(world, 255));
}

static void priority_moves_at_any_time(void **state)
{
	struct world *world = *state;

	assert_false(obeyed(world, 50));
	world->slots[V3].identity.priority = 50;
	assert_true(obeyed(world, 51));
}

/* ---- steady ---- */

static void know(struct world *world, const struct frame *frame)
{
	struct vr_slot *slot = &world->slots[V3];

	memcpy(&slot->steady_header, frame->bytes + frame->message, 8);
	slot->steady_source = addr4(0xc000020c);
	slot->flags |= SLOT_STEADY;
}

static struct state steady(const struct outcome *out)
{
	struct state expected = accepted(out, V3);

	expected.stats[V3].advertisements_steady++;
	expected.slots[V3].report_bucket_ns = out->before.slots[V3].report_bucket_ns;
	memset(expected.events, 0, sizeof(expected.events));
	expected.event_count = 0;
	return expected;
}

static void steady_wakes_nobody(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame = frame_advert(&spec);
	struct outcome out;
	struct state expected;

	know(*state, &frame);
	out = receive(*state, &frame);
	expected = steady(&out);
	assert_outcome(&out, PASSED, &expected);
}

static void assert_reported(struct world *world, const struct advert_spec *spec)
{
	struct outcome out = receive_spec(world, spec);

	assert_int_equal(out.after.event_count, 1);
	assert_int_equal(out.after.stats[V3].advertisements_steady, 0);
}

static void any_difference_is_reported(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3), other = spec;
	struct frame frame = frame_advert(&spec);

	know(world, &frame);
	other.priority++;
	assert_reported(world, &other);
	other = spec;
	other.interval = 50;
	assert_reported(world, &other);
	other = spec;
	other.source++;
	assert_reported(world, &other);
	other = spec;
	other.form = SUM_PSEUDO;
	assert_reported(world, &other);
	other = spec;
	other.addresses[0]++;
	assert_reported(world, &other);
}

static void not_steady_without_flag(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame = frame_advert(&spec);

	know(world, &frame);
	world->slots[V3].flags &= ~(uint32_t)SLOT_STEADY;
	assert_reported(world, &spec);
}

/* The promotion race: under a valid lease nothing is steady. */
static void not_steady_under_lease(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame = frame_advert(&spec);

	know(world, &frame);
	lease(world, V3, true);
	assert_reported(world, &spec);
}

static void consumed(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame = frame_advert(&spec);
	struct outcome out;
	struct state expected;

	world->slots[V3].flags |= SLOT_CONSUME;
	out = receive(world, &frame);
	expected = accepted(&out, V3);
	assert_outcome(&out, DROPPED, &expected);
	know(world, &frame);
	world->slots[V3].reported = 0;
	out = receive(world, &frame);
	expected = steady(&out);
	assert_outcome(&out, DROPPED, &expected);
}

/* ---- the limit ---- */

/* How many of a flood were reported; at most so many tokens come in meanwhile. */
static unsigned flood(struct world *world, const struct frame *frame, unsigned times,
		      unsigned *refilled)
{
	struct vr_stats before = world_state(world).stats[V3], after;
	int64_t started_ns = boottime_ns();

	receive_fast(world, frame, times);
	*refilled = (unsigned)((boottime_ns() - started_ns) * 256 / 1000000000) + 1;
	after = world_state(world).stats[V3];
	assert_int_equal(after.advertisements_received - before.advertisements_received, times);
	return times - (unsigned)(after.reports_limited - before.reports_limited);
}

static void flood_is_limited(void **state)
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame = frame_advert(&spec);
	unsigned refilled, reported = flood(*state, &frame, 20000, &refilled);

	assert_in_range(reported, 64, 65 + refilled);
	assert_int_equal(world_state(*state).stats[V3].reports_lost, 0);
}

/* As after a flood of one message a moment ago: its tokens are gone, and a bit of the reserve. */
#define SPENT_FOR_NS 20000000

static void spend_tokens(struct world *world)
{
	world->slots[V3].report_bucket_ns =
		(uint64_t)boottime_ns() + 64 * 1000000000ULL / 256 + SPENT_FOR_NS;
}

static unsigned reported(struct world *world, const struct advert_spec *spec)
{
	struct outcome out;

	spend_tokens(world);
	out = receive_spec(world, spec);
	assert_int_equal(out.after.stats[V3].reports_limited - out.before.stats[V3].reports_limited,
			 1 - out.after.event_count);
	return out.after.event_count;
}

/*
 * Is the message that was reported last not reported again? A machine that stands still gives
 * tokens back: then ask once more, for another report of the same message changes nothing.
 */
static bool repeated_is_not(struct world *world, const struct advert_spec *spec)
{
	for (unsigned tries = 0; tries < 20; tries++) {
		int64_t started_ns = boottime_ns();

		if (reported(world, spec) == 0)
			return true;
		if (boottime_ns() - started_ns < SPENT_FOR_NS / 2)
			return false;
	}
	return false;
}

/* A flood of one message, whatever it is, hides no other. */
static void change_gets_through(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3), leaving = spec, other = spec;

	leaving.priority = 0;
	other.source++;
	assert_int_equal(reported(world, &spec), 1);
	assert_true(repeated_is_not(world, &spec));
	assert_int_equal(reported(world, &leaving), 1);
	assert_int_equal(reported(world, &other), 1);
	assert_true(repeated_is_not(world, &other));
	assert_int_equal(reported(world, &spec), 1);
}

/* Nor does a flood of ever different ones hide a goodbye; a flood of goodbyes has its limit. */
static void leaving_gets_through(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame other = frame_advert(&spec), leaving;
	int64_t started_ns = boottime_ns(), refilled;
	struct vr_stats stats;

	spec.priority = 0;
	leaving = frame_advert(&spec);
	/* Far beyond what comes back while this runs, also on an emulated machine. */
	world->slots[V3].report_bucket_ns = (uint64_t)started_ns + 1000000000000;
	receive_fast(world, &other, 1);
	assert_int_equal(world_state(world).stats[V3].reports_limited, 1);
	receive_fast(world, &leaving, 50);
	refilled = (boottime_ns() - started_ns) * 16 / 1000000000 + 1;
	stats = world_state(world).stats[V3];
	assert_in_range(51 - stats.reports_limited, 8, 8 + refilled);
}

/* What was steady is known: the first that differs from it is a change, even if reported before. */
static void change_after_steady_gets_through(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3), low = spec;
	struct frame frame = frame_advert(&spec);

	low.priority = 10;
	assert_int_equal(reported(world, &low), 1);
	assert_true(repeated_is_not(world, &low));
	know(world, &frame);
	receive(world, &frame);
	assert_int_equal(reported(world, &low), 1);
}

/* Whose interval a Backup must learn, while somebody floods it with what it does not obey. */
static void what_is_obeyed_gets_through_the_rest(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3), low = spec;

	for (unsigned i = 0; i < 1200; i++) {
		struct frame frame;
		__u64 limited;

		low.priority = (uint8_t)(1 + i % 99);
		frame = frame_advert(&low);
		receive_fast(world, &frame, 1);
		if (i % 100 != 99)
			continue;
		spec.interval++;
		frame = frame_advert(&spec);
		limited = world_state(world).stats[V3].reports_limited;
		receive_fast(world, &frame, 1);
		assert_int_equal(world_state(world).stats[V3].reports_limited, limited);
	}
}

/* Ever different messages have their limit too. */
static void changes_are_limited(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	int64_t started_ns = boottime_ns(), refilled;
	struct vr_stats stats;

	for (unsigned i = 0; i < 1000; i++) {
		struct frame frame;

		spec.priority = (uint8_t)(1 + i % 200);
		frame = frame_advert(&spec);
		receive_fast(world, &frame, 1);
	}
	refilled = (boottime_ns() - started_ns) * 256 / 1000000000 + 1;
	stats = world_state(world).stats[V3];
	assert_in_range(1000 - stats.reports_limited, 96, 97 + refilled);
}

static void tokens_come_back(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame = frame_advert(&spec);
	unsigned refilled;
	struct outcome out;

	flood(world, &frame, 20000, &refilled);
	/* As if the bucket had been emptied 50 ms ago. */
	world->slots[V3].report_bucket_ns -= 50 * 1000000;
	out = receive(world, &frame);
	assert_int_equal(out.after.event_count, 1);
}

static void other_routers_have_their_own_tokens(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame = frame_advert(&spec);
	unsigned refilled;
	struct outcome out;

	flood(world, &frame, 20000, &refilled);
	spec = advert_v2(VRID_V2, VIP_V2);
	out = receive_spec(world, &spec);
	assert_int_equal(out.after.event_count, 1);
}

/* Nobody reads: what does not fit is counted, and the advertisement is no less accepted. */
static void full_ring(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame = frame_advert(&spec);
	struct vr_slot before;
	struct vr_stats stats;

	for (unsigned i = 0; i < XVRRP_EVENTS_SIZE / 64 + 10; i++) {
		world->slots[V3].report_bucket_ns = 0;
		receive_fast(world, &frame, 1);
	}
	before = world->slots[V3];
	assert_int_equal(receive_fast(world, &frame, 1), PASSED);
	stats = world_state(world).stats[V3];
	assert_true(stats.reports_lost >= 10);
	assert_true(world->slots[V3].last_advert_ns > before.last_advert_ns);
}

int main(void)
{
	const struct CMUnitTest accept[] = {
		in_world(authority_with_preemption),
		in_world(authority_without_preemption),
		in_world(owner_preempts),
		in_world(priority_moves_at_any_time),
		in_world(steady_wakes_nobody),
		in_world(any_difference_is_reported),
		in_world(not_steady_without_flag),
		in_world(not_steady_under_lease),
		in_world(consumed),
		in_world(flood_is_limited),
		in_world(change_gets_through),
		in_world(change_after_steady_gets_through),
		in_world(leaving_gets_through),
		in_world(what_is_obeyed_gets_through_the_rest),
		in_world(changes_are_limited),
		in_world(tokens_come_back),
		in_world(other_routers_have_their_own_tokens),
		in_world(full_ring),
	};

	return run_in_world(accept);
}
