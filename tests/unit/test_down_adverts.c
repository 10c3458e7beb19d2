/* SPDX-License-Identifier: GPL-2.0-or-later */
/* down_timer_adverts other than 3: the lease and all that is counted by it follow (C-21, I1). */
#include "unit/machine.h"

#define SKEW_100_NS 609375000

static const unsigned counts[] = {2, 5, 100};

#define EACH_COUNT(n) for (unsigned i = 0, n = counts[0]; i < 3; n = counts[++i % 3])

static struct vr_params with(unsigned down_adverts, uint8_t own)
{
	struct vr_params p = params(3, own);

	p.down_adverts = down_adverts;
	return p;
}

static void i_1_a_backup_outwaits_the_lease_by_its_skew(void **state)
{
	(void)state;
	EACH_COUNT(n)
	{
		struct vr_params p = with(n, 100);
		struct machine backup = machine_started(&p), active = machine_active_of(&p);

		assert_int_equal(vr_deadline(&backup.vr), START_NS + n * NS_PER_S + SKEW_100_NS);
		assert_int_equal(active.slot.lease_until_ns, active.now_ns + n * NS_PER_S);
		to_deadline(&active);
		assert_int_equal(active.slot.lease_until_ns, active.now_ns + n * NS_PER_S);
	}
}

/* Late by less than the lease is no loss of the role. */
static void i_1_waking_late(void **state)
{
	struct vr_params two = with(2, 100), five = with(5, 100);
	struct machine m = machine_active_of(&two);

	(void)state;
	pass(&m, 2 * NS_PER_S);
	deadline(&m);
	expect(&m, LATE(NS_PER_S, LISTENS));
	m = machine_active_of(&five);
	pass(&m, 5 * NS_PER_S - 1);
	deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + 5 * NS_PER_S), LATE(4 * NS_PER_S - 1, WENT_ON));
}

static void i_8_a_long_lease_is_adopted(void **state)
{
	struct vr_params p = with(100, 100);
	struct machine old = machine_active_of(&p);
	struct machine m = adopted_after(&old, 99 * NS_PER_S);

	(void)state;
	assert_int_equal(m.vr.state, VR_ACTIVE);
	p.version = 2;
	p.interval_cs = 25500; /* the longest lease there is */
	old = machine_active_of(&p);
	m = adopted_after(&old, NS_PER_S);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	old = machine_started(&p);
	hear(&old, 150);
	m = adopted_after(&old, NS_PER_S);
	assert_int_equal(m.vr.state, VR_BACKUP);
}

/* All peers have the same, so that they take over in time. */
static void drained_for_as_long_as_others_may_need(void **state)
{
	(void)state;
	EACH_COUNT(n)
	{
		struct vr_params p = with(n, 100);
		struct machine m = machine_active_of(&p);

		drain(&m);
		assert_int_equal(m.vr.drain_until_ns, m.now_ns + (n + 1) * NS_PER_S + 996093750);
	}
}

/* A lease of two intervals cannot do without one of its advertisements: both forms then. */
static void a_67_asks_for_the_other_form_beside_its_own(void **state)
{
	struct vr_params p = with(2, 100);
	struct machine m = machine_active_of(&p);
	unsigned both = 0;

	(void)state;
	for (int turn = 0; turn < 20; turn++) {
		to_deadline(&m);
		if (!said(&m, ACT_ADVERT))
			continue;
		assert_int_equal(m.said.list[0].advert.checksum, CHECKSUM_RFC9568);
		assert_int_equal(m.slot.lease_until_ns, m.now_ns + 2 * NS_PER_S);
		if (m.said.count < 2 || m.said.list[1].kind != ACT_ADVERT)
			continue;
		assert_int_equal(m.said.list[1].advert.checksum, CHECKSUM_PSEUDO);
		assert_int_equal(m.said.list[1].advert.until_ns, 0);
		both++;
	}
	assert_in_range(both, 2, 3);
}

/* C-4, D-21: neither shortened nor lengthened, for as long as one likes to count. */
static void d_21_the_shortest_and_the_longest_interval_are_exact(void **state)
{
	static const uint32_t intervals_cs[] = {1, 4095};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct vr_params p = with(3, 100);

		p.interval_cs = intervals_cs[i];
		p.announce.delay_ns = 0;

		struct machine m = machine_active_of(&p);
		int64_t began_ns = m.now_ns;

		for (int64_t turn = 1; turn <= 1000; turn++) {
			to_deadline(&m);
			assert_int_equal(m.now_ns, began_ns + turn * intervals_cs[i] * NS_PER_CS);
			pass(&m, NS_PER_MS); /* late, and no turn is later for it */
		}
		assert_int_equal(m.adverts_sent, 1001);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(i_1_a_backup_outwaits_the_lease_by_its_skew),
		cmocka_unit_test(i_1_waking_late),
		cmocka_unit_test(i_8_a_long_lease_is_adopted),
		cmocka_unit_test(drained_for_as_long_as_others_may_need),
		cmocka_unit_test(a_67_asks_for_the_other_form_beside_its_own),
		cmocka_unit_test(d_21_the_shortest_and_the_longest_interval_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
