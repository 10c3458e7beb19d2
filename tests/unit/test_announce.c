/* SPDX-License-Identifier: GPL-2.0-or-later */
/* E-20, E-26: when the addresses are announced, and how often by one who survives. */
#include "unit/machine.h"

#define LEASE_NS (3 * NS_PER_S)

/* With announcements as given, ticking too seldom to be in the way. */
static struct machine active_announcing(struct announce_params announce)
{
	struct vr_params p = params(3, 100);

	p.interval_cs = 4000;
	p.announce = announce;
	return machine_active_of(&p);
}

static void e_26_a_second_burst_after_the_delay(void **state)
{
	struct machine m =
		active_announcing((struct announce_params){.repeat = 3, .delay_ns = 5 * NS_PER_S});
	int64_t since_ns = m.now_ns;

	(void)state;
	assert_int_equal(said(&m, ACT_ANNOUNCE)->rounds, 3);
	to_deadline(&m);
	expect(&m, ANNOUNCE(3));
	assert_int_equal(m.now_ns, since_ns + 5 * NS_PER_S);
	/* and no third */
	assert_int_equal(vr_deadline(&m.vr), since_ns + 40 * NS_PER_S);
}

static void e_26_no_second_burst_without_a_delay(void **state)
{
	struct machine m = active_announcing((struct announce_params){.repeat = 1});

	(void)state;
	assert_int_equal(said(&m, ACT_ANNOUNCE)->rounds, 1);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 40 * NS_PER_S);
}

static void e_26_refreshes_after_the_second_burst(void **state)
{
	struct machine m = active_announcing((struct announce_params){.repeat = 5,
								      .delay_ns = 5 * NS_PER_S,
								      .refresh_ns = 10 * NS_PER_S,
								      .refresh_repeat = 2});
	int64_t since_ns = m.now_ns;

	(void)state;
	to_deadline(&m);
	expect(&m, ANNOUNCE(5));
	to_deadline(&m);
	expect(&m, ANNOUNCE(2));
	assert_int_equal(m.now_ns, since_ns + 15 * NS_PER_S);
	to_deadline(&m);
	expect(&m, ANNOUNCE(2));
	assert_int_equal(m.now_ns, since_ns + 25 * NS_PER_S);
}

static void e_26_refreshes_without_a_second_burst(void **state)
{
	struct machine m = active_announcing((struct announce_params){
		.repeat = 5, .refresh_ns = 10 * NS_PER_S, .refresh_repeat = 1});
	int64_t since_ns = m.now_ns;

	(void)state;
	to_deadline(&m);
	expect(&m, ANNOUNCE(1));
	assert_int_equal(m.now_ns, since_ns + 10 * NS_PER_S);
	/* a late wake-up skips what it missed */
	m.now_ns = since_ns + 35 * NS_PER_S;
	deadline(&m);
	expect(&m, ANNOUNCE(1));
	assert_int_equal(vr_deadline(&m.vr), since_ns + 40 * NS_PER_S);
}

static void i_5_a_tick_comes_before_an_announcement(void **state)
{
	struct machine m = machine_active(3, 100);
	int64_t since_ns = m.now_ns;

	(void)state;
	for (int i = 1; i < 5; i++)
		to_deadline(&m);
	to_deadline(&m);
	assert_int_equal(m.now_ns, since_ns + 5 * NS_PER_S);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5));
}

static void i_1_a_listening_router_does_not_announce(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	m.now_ns = m.slot.lease_until_ns;
	deadline(&m);
	m.now_ns += 999 * NS_PER_MS;
	deadline(&m);
	expect_nothing(&m);
	/* the announcements of a takeover start anew when it goes on */
	pass(&m, NS_PER_MS);
	deadline(&m);
	recheck(&m);
	expect(&m, FIRST_ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5), LATE(0, RESUMED));
	for (int i = 0; i < 5; i++)
		to_deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5));
}

static void a_backup_does_not_announce(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	pass(&m, NS_PER_MS);
	hear(&m, 150);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 3609375000);
	claim(&m);
	expect_nothing(&m);
}

static void a_survivor_announces_at_most_once_a_second(void **state)
{
	struct machine m = machine_active(2, 100);

	(void)state;
	pass(&m, NS_PER_MS);
	hear(&m, 99);
	expect(&m, ANNOUNCE(5));
	pass(&m, NS_PER_S - 1);
	hear(&m, 99);
	expect_nothing(&m);
	claim(&m);
	expect_nothing(&m);
	pass(&m, 1);
	hear(&m, 99);
	expect(&m, ANNOUNCE(5));
}

/* garp_lower_prio_repeat and garp_lower_prio_delay. */
static void d_24_a_survivor_announces_as_it_is_told(void **state)
{
	struct machine m = active_announcing((struct announce_params){
		.repeat = 5, .has_lower = true, .lower_repeat = 2, .lower_delay_ns = NS_PER_S});

	(void)state;
	pass(&m, NS_PER_MS);
	hear(&m, 99);
	assert_int_equal(said(&m, ACT_ANNOUNCE)->rounds, 2);
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	to_deadline(&m);
	expect(&m, ANNOUNCE(2));
	assert_true(vr_deadline(&m.vr) > m.now_ns + 30 * NS_PER_S); /* and no third */
	pass(&m, 1);
	claim(&m);
	expect(&m, ANNOUNCE(5));
}

static void d_24_a_survivor_told_to_keep_still_does(void **state)
{
	struct machine m =
		active_announcing((struct announce_params){.repeat = 5, .has_lower = true});

	(void)state;
	pass(&m, NS_PER_MS);
	hear(&m, 99);
	assert_null(said(&m, ACT_ANNOUNCE));
	claim(&m);
	expect(&m, ANNOUNCE(5));
}

static void d_24_the_second_burst_of_the_takeover_is_enough(void **state)
{
	struct machine m = active_announcing((struct announce_params){.repeat = 5,
								      .delay_ns = 3 * NS_PER_S,
								      .has_lower = true,
								      .lower_repeat = 2,
								      .lower_delay_ns = NS_PER_S});

	(void)state;
	pass(&m, NS_PER_S);
	hear(&m, 99);
	to_deadline(&m);
	expect(&m, ANNOUNCE(5));
}

static void a_foreign_claim_is_answered_by_announcing(void **state)
{
	(void)state;
	for (uint8_t version = 2; version <= 3; version++) {
		struct machine m = machine_active(version, 100);

		pass(&m, NS_PER_MS);
		claim(&m);
		expect(&m, ANNOUNCE(5));
		pass(&m, NS_PER_S - 1);
		claim(&m);
		expect_nothing(&m);
		pass(&m, 1);
		claim(&m);
		expect(&m, ANNOUNCE(5));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(e_26_a_second_burst_after_the_delay),
		cmocka_unit_test(e_26_no_second_burst_without_a_delay),
		cmocka_unit_test(e_26_refreshes_after_the_second_burst),
		cmocka_unit_test(e_26_refreshes_without_a_second_burst),
		cmocka_unit_test(i_5_a_tick_comes_before_an_announcement),
		cmocka_unit_test(i_1_a_listening_router_does_not_announce),
		cmocka_unit_test(a_backup_does_not_announce),
		cmocka_unit_test(a_survivor_announces_at_most_once_a_second),
		cmocka_unit_test(a_foreign_claim_is_answered_by_announcing),
		cmocka_unit_test(d_24_a_survivor_announces_as_it_is_told),
		cmocka_unit_test(d_24_a_survivor_told_to_keep_still_does),
		cmocka_unit_test(d_24_the_second_burst_of_the_takeover_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
