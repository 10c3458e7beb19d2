/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Part D: Active, and who yields to whom; the form of checksums. */
#include "unit/machine.h"

#define DOWN_100_NS 3609375000 /* priority 100 at 1 s */
#define LEASE_NS    (3 * NS_PER_S)

#define EACH_VERSION(version) for (uint8_t version = 2; version <= 3; version++)

static void d_20_i_1_shutdown_ends_the_lease_before_it_says_so(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = machine_active(version, 100);

		pass(&m, NS_PER_MS);
		shut_down(&m);
		expect(&m, LEASE(0), ADVERT(0, 0), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
		assert_int_equal(m.vr.state, VR_INITIALIZE);
		assert_int_equal(m.vr.last_event, LAST_EVENT_SHUTDOWN);
		assert_int_equal(m.slot.lease_until_ns, 0);
		assert_int_equal(vr_deadline(&m.vr), NEVER_NS);
		shut_down(&m);
		expect_nothing(&m);
	}
}

static void d_21_advertises_and_extends_the_lease(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = machine_active(version, 100);
		int64_t since_ns = m.now_ns;

		for (int i = 1; i <= 3; i++) {
			to_deadline(&m);
			assert_int_equal(m.now_ns, since_ns + i * NS_PER_S);
			expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
		}
	}
}

static void d_21_the_mean_interval_is_exact(void **state)
{
	struct vr_params p = params(3, 100);

	(void)state;
	p.interval_cs = 1;
	p.announce.delay_ns = 0;
	p.checksum_policy = CHECKSUM_POLICY_RFC9568;
	struct machine m = machine_active_of(&p);
	int64_t since_ns = m.now_ns;

	for (int i = 1; i <= 1000; i++) {
		m.now_ns = vr_deadline(&m.vr) + i * 7919 % 9999999;
		deadline(&m);
		expect(&m, ADVERT(100, m.now_ns + 30 * NS_PER_MS));
		assert_int_equal(vr_deadline(&m.vr), since_ns + (i + 1) * 10 * NS_PER_MS);
	}
}

static void d_21_the_longest_interval(void **state)
{
	struct vr_params p = params(3, 100);

	(void)state;
	p.interval_cs = 4095;
	p.announce.delay_ns = 0;
	struct machine m = machine_active_of(&p);

	to_deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + 122850 * NS_PER_MS));
	assert_int_equal(vr_deadline(&m.vr), m.now_ns + 40950 * NS_PER_MS);
}

static void d_21_missed_ticks_are_skipped(void **state)
{
	struct machine m = machine_active(3, 100);
	int64_t tick_ns = vr_deadline(&m.vr);

	(void)state;
	m.now_ns = tick_ns + NS_PER_S;
	deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS), LATE(NS_PER_S, WENT_ON));
	assert_int_equal(vr_deadline(&m.vr), tick_ns + 2 * NS_PER_S);
}

static void d_21_an_early_deadline_changes_nothing(void **state)
{
	struct machine m = machine_active(3, 100);
	int64_t tick_ns = vr_deadline(&m.vr);

	(void)state;
	m.now_ns = tick_ns - 1;
	deadline(&m);
	expect_nothing(&m);
	assert_int_equal(vr_deadline(&m.vr), tick_ns);
}

static void d_22_priority_zero_is_answered_and_restarts_the_timer(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = machine_active(version, 100);

		pass(&m, 700 * NS_PER_MS);
		hear(&m, 0);
		expect(&m, ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5));
		assert_int_equal(m.vr.state, VR_ACTIVE);
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + NS_PER_S);
	}
}

/* Backups that heard it wait no more than Skew_Time: no limit stands between. */
static void d_22_is_not_limited(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	pass(&m, NS_PER_MS);
	hear(&m, 50);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5));
	pass(&m, NS_PER_MS);
	hear(&m, 0);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
}

static void d_23_yields_to_a_higher_priority(void **state)
{
	(void)state;
	EACH_VERSION(version)
	{
		struct machine m = machine_active(version, 100);

		pass(&m, NS_PER_MS);
		hear(&m, 101);
		expect(&m, LEASE(0), STEADY(&m, 101), PUBLISH, RELEASE, NOTIFY(VR_ACTIVE));
		assert_int_equal(m.vr.state, VR_BACKUP);
		assert_int_equal(m.vr.last_event, LAST_EVENT_HIGHER_PRIORITY_BACKUP);
		assert_int_equal(vr_deadline(&m.vr), m.now_ns + DOWN_100_NS);
		assert_true(addr_equal(&m.vr.active_address, &m.peer));
	}
}

static void d_23_counts_from_the_stamp(void **state)
{
	struct machine m = machine_active(3, 100);
	int64_t received_ns = m.now_ns + NS_PER_MS;

	(void)state;
	pass(&m, NS_PER_S);
	hear_late(&m, 101, received_ns);
	assert_int_equal(vr_deadline(&m.vr), received_ns + DOWN_100_NS);
}

/* D-32: between Actives the priority decides, Preempt_Mode or not. */
static void d_32_yields_without_preempt_too(void **state)
{
	struct vr_params p = params(3, 100);

	(void)state;
	p.preempt = false;
	struct machine m = machine_active_of(&p);

	pass(&m, NS_PER_MS);
	hear(&m, 99);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	hear(&m, 101);
	assert_int_equal(m.vr.state, VR_BACKUP);
}

static void d_23_d_30_equal_priority_goes_to_the_higher_address(void **state)
{
	/* ours, the sender's: signed bytes or host order would say otherwise */
	static const struct {
		uint32_t own, sender;
		bool yields;
	} rows[] = {
		{0xc000020b, 0xc000020c, true}, {0xc000020c, 0xc000020b, false},
		{0x0a00007f, 0x0a000080, true}, {0x0a000080, 0x0a00007f, false},
		{0x7f000001, 0x80000000, true}, {0x80000000, 0x7f000001, false},
		{0x0a0000ff, 0x0a000100, true}, {0x0a000100, 0x0a0000ff, false},
		{0x0a010002, 0x0a020001, true}, {0x0a020001, 0x0a010002, false},
	};

	(void)state;
	EACH_VERSION(version)
	{
		for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct machine m = machine_active(version, 100);
			struct vrrp_addr own = addr_from_ipv4(rows[i].own);

			vr_set_primary(&m.vr, &own);
			assert_true(addr_equal(&m.vr.active_address, &own));
			m.peer = addr_from_ipv4(rows[i].sender);
			hear(&m, 100);
			assert_int_equal(m.vr.state, rows[i].yields ? VR_BACKUP : VR_ACTIVE);
		}
	}
}

static void d_30_link_local_addresses_in_network_order(void **state)
{
	struct vr_params p = params(3, 100);
	struct vrrp_addr own = {{0xfe, 0x80, [8] = 0x7f, [15] = 0xff}};

	(void)state;
	p.family = VRRP_IPV6;
	struct machine m = machine_active_of(&p);

	vr_set_primary(&m.vr, &own);
	m.peer = (struct vrrp_addr){{0xfe, 0x80, [8] = 0x7f, [15] = 0xfe}};
	hear(&m, 100);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	m.peer = (struct vrrp_addr){{0xfe, 0x80, [8] = 0x80}};
	hear(&m, 100);
	assert_int_equal(m.vr.state, VR_BACKUP);
}

static void d_24_answers_a_losing_advert_at_once(void **state)
{
	struct machine m = machine_active(3, 100);
	int64_t tick_ns = vr_deadline(&m.vr);

	(void)state;
	pass(&m, 400 * NS_PER_MS);
	hear(&m, 99);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS), ANNOUNCE(5));
	/* D-36: the cadence is kept */
	assert_int_equal(vr_deadline(&m.vr), tick_ns);
	to_deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
}

static void d_24_version_2_does_not_answer(void **state)
{
	struct machine m = machine_active(2, 100);
	int64_t tick_ns = vr_deadline(&m.vr);

	(void)state;
	pass(&m, 400 * NS_PER_MS);
	hear(&m, 99);
	expect(&m, ANNOUNCE(5));
	assert_int_equal(vr_deadline(&m.vr), tick_ns);
}

/* At most one in 100 ms, or half an interval where that is less. */
static void d_35_immediate_adverts_are_limited(void **state)
{
	static const struct {
		uint32_t interval_cs;
		int64_t pause_ns;
	} rows[] = {{100, 100 * NS_PER_MS},
		    {20, 100 * NS_PER_MS},
		    {19, 95 * NS_PER_MS},
		    {1, 5 * NS_PER_MS}};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vr_params p = params(3, 100);
		int64_t lease_ns = 3 * rows[i].interval_cs * NS_PER_CS;

		p.interval_cs = rows[i].interval_cs;
		struct machine m = machine_active_of(&p);

		pass(&m, NS_PER_MS);
		hear(&m, 99);
		expect(&m, ADVERT(100, m.now_ns + lease_ns), ANNOUNCE(5));
		pass(&m, rows[i].pause_ns - 1);
		hear(&m, 99);
		expect(&m, COUNT(IMMEDIATE_ADVERT_SUPPRESSED));
		pass(&m, 1);
		hear(&m, 99);
		expect(&m, ADVERT(100, m.now_ns + lease_ns));
	}
}

/* Looped frames, or a second machine with our address. */
static void d_35_our_own_address_is_not_answered(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	m.peer = m.vr.primary;
	hear(&m, 100);
	expect(&m, COUNT(IMMEDIATE_ADVERT_SUPPRESSED), ANNOUNCE(5));
	pass(&m, 500 * NS_PER_MS);
	hear(&m, 99);
	expect(&m, COUNT(IMMEDIATE_ADVERT_SUPPRESSED));
	assert_int_equal(m.vr.state, VR_ACTIVE);
}

static void b_24_an_active_owner_counts_another(void **state)
{
	struct machine m = machine_active(3, 255);

	(void)state;
	m.peer = addr_from_ipv4(1);
	hear(&m, 255);
	expect(&m, COUNT(OWNER_CONFLICT), ADVERT(255, m.now_ns + LEASE_NS), ANNOUNCE(5));
	pass(&m, NS_PER_MS);
	hear(&m, 254);
	expect(&m, COUNT(IMMEDIATE_ADVERT_SUPPRESSED));
	/* B-9 as relaxed, D-34: the higher address keeps the role */
	m.peer = addr_from_ipv4(0xc000020c);
	hear(&m, 255);
	expect(&m, COUNT(OWNER_CONFLICT), LEASE(0), STEADY(&m, 255), PUBLISH, RELEASE,
	       NOTIFY(VR_ACTIVE));
}

/* How often the other form is said in so many advertisements; it never touches the lease. */
static unsigned other_forms(struct machine *m, unsigned adverts)
{
	unsigned count = 0;

	while (adverts--) {
		to_deadline(m);
		const struct vr_action *advert = said(m, ACT_ADVERT);
		bool other = advert->advert.checksum == CHECKSUM_PSEUDO;

		count += other;
		assert_int_equal(advert->advert.until_ns,
				 other ? 0 : m->now_ns + vr_lease_ns(&m->vr));
		assert_true(m->slot.lease_until_ns > vr_deadline(&m->vr));
	}
	return count;
}

/* Nobody heard: somebody may be there who reads the other form only. */
static void a_67_the_other_form_now_and_then_and_seldom_if_a_peer_is_heard(void **state)
{
	struct vr_params p = params(3, 100);

	(void)state;
	p.announce.delay_ns = 0;
	struct machine m = machine_active_of(&p);
	assert_int_equal(other_forms(&m, 7), 0);
	assert_int_equal(other_forms(&m, 24), 3);
	/* late: the lease is needed more than the answer, which the next one can ask for */
	m.now_ns = vr_deadline(&m.vr) + NS_PER_S * 6 / 10;
	deadline(&m);
	expect(&m, ADVERT(100, m.now_ns + LEASE_NS));
	assert_int_equal(other_forms(&m, 1), 1);
	hear(&m, 50);
	assert_int_equal(other_forms(&m, 62), 0);
	/* what was heard may have been a guess: once more, but seldom */
	assert_int_equal(other_forms(&m, 2 * 64), 2);
	/* one of two may have gone: which form does the other one read? */
	m.peer_sum = CHECKSUM_PSEUDO;
	hear(&m, 50);
	m.peer_sum = CHECKSUM_RFC9568;
	hear(&m, 50);
	assert_int_equal(other_forms(&m, 24), 3);

	p.interval_cs = 1;
	m = machine_active_of(&p);
	assert_int_equal(other_forms(&m, 1000), 10);

	p.checksum_policy = CHECKSUM_POLICY_RFC9568;
	m = machine_active_of(&p);
	assert_int_equal(other_forms(&m, 200), 0);
}

/* Those who stay may read another form than the one who goes. */
static void a_67_who_says_goodbye_is_no_peer(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	m.peer_sum = CHECKSUM_RFC9568;
	hear(&m, 0);
	assert_false(m.vr.peer_heard);
	assert_int_equal(other_forms(&m, 24), 3);
}

/* The Active that says it is not asked twice which form it means. */
static void a_67_a_backup_keeps_the_first_form_of_its_active(void **state)
{
	struct machine m = machine_backup(3, 100);

	(void)state;
	m.peer_sum = CHECKSUM_RFC9568;
	hear(&m, 150);
	m.peer_sum = CHECKSUM_PSEUDO;
	hear(&m, 150);
	assert_int_equal(m.vr.peer_checksum, CHECKSUM_RFC9568);
}

static enum checksum_form form_after(enum checksum_policy policy, enum checksum_form heard,
				     uint8_t heard_priority)
{
	struct vr_params p = params(3, 100);

	p.checksum_policy = policy;
	struct machine m = machine_active_of(&p);

	m.peer_sum = heard;
	hear(&m, heard_priority);
	assert_non_null(said(&m, ACT_ADVERT));
	return said(&m, ACT_ADVERT)->advert.checksum;
}

static void a_67_speaks_the_form_last_heard(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	to_deadline(&m);
	assert_int_equal(said(&m, ACT_ADVERT)->advert.checksum, CHECKSUM_RFC9568);
	/* a losing one, one that says goodbye: they can read it as well */
	assert_int_equal(form_after(CHECKSUM_POLICY_AUTO, CHECKSUM_PSEUDO, 99), CHECKSUM_PSEUDO);
	assert_int_equal(form_after(CHECKSUM_POLICY_AUTO, CHECKSUM_PSEUDO, 0), CHECKSUM_PSEUDO);
	assert_int_equal(form_after(CHECKSUM_POLICY_AUTO, CHECKSUM_RFC9568, 99), CHECKSUM_RFC9568);

	m = machine_backup(3, 100);
	m.peer_sum = CHECKSUM_PSEUDO;
	hear(&m, 150);
	take_over(&m);
	assert_int_equal(said(&m, ACT_ADVERT)->advert.checksum, CHECKSUM_PSEUDO);
	shut_down(&m);
	assert_int_equal(said(&m, ACT_ADVERT)->advert.checksum, CHECKSUM_PSEUDO);
}

static void a_67_configuration_can_force_a_form(void **state)
{
	(void)state;
	assert_int_equal(form_after(CHECKSUM_POLICY_RFC9568, CHECKSUM_PSEUDO, 99),
			 CHECKSUM_RFC9568);
	assert_int_equal(form_after(CHECKSUM_POLICY_PSEUDO, CHECKSUM_RFC9568, 99), CHECKSUM_PSEUDO);
}

static void a_67_our_own_form_is_no_peers(void **state)
{
	struct machine m = machine_active(3, 100);

	(void)state;
	m.peer = m.vr.primary;
	m.peer_sum = CHECKSUM_PSEUDO;
	hear(&m, 100);
	to_deadline(&m);
	assert_int_equal(said(&m, ACT_ADVERT)->advert.checksum, CHECKSUM_RFC9568);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_67_the_other_form_now_and_then_and_seldom_if_a_peer_is_heard),
		cmocka_unit_test(a_67_who_says_goodbye_is_no_peer),
		cmocka_unit_test(a_67_a_backup_keeps_the_first_form_of_its_active),
		cmocka_unit_test(d_20_i_1_shutdown_ends_the_lease_before_it_says_so),
		cmocka_unit_test(d_21_advertises_and_extends_the_lease),
		cmocka_unit_test(d_21_the_mean_interval_is_exact),
		cmocka_unit_test(d_21_the_longest_interval),
		cmocka_unit_test(d_21_missed_ticks_are_skipped),
		cmocka_unit_test(d_21_an_early_deadline_changes_nothing),
		cmocka_unit_test(d_22_priority_zero_is_answered_and_restarts_the_timer),
		cmocka_unit_test(d_22_is_not_limited),
		cmocka_unit_test(d_23_yields_to_a_higher_priority),
		cmocka_unit_test(d_23_counts_from_the_stamp),
		cmocka_unit_test(d_32_yields_without_preempt_too),
		cmocka_unit_test(d_23_d_30_equal_priority_goes_to_the_higher_address),
		cmocka_unit_test(d_30_link_local_addresses_in_network_order),
		cmocka_unit_test(d_24_answers_a_losing_advert_at_once),
		cmocka_unit_test(d_24_version_2_does_not_answer),
		cmocka_unit_test(d_35_immediate_adverts_are_limited),
		cmocka_unit_test(d_35_our_own_address_is_not_answered),
		cmocka_unit_test(b_24_an_active_owner_counts_another),
		cmocka_unit_test(a_67_speaks_the_form_last_heard),
		cmocka_unit_test(a_67_configuration_can_force_a_form),
		cmocka_unit_test(a_67_our_own_form_is_no_peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
