/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What several routers, loops and floods make of the immediate advertisement of D-24 (D-35): what
 * is sent stays bounded, whoever answers whom. On a wire without delay, which is the worst case.
 */
#include "unit/machine.h"

#define RUN_NS	 (10 * NS_PER_S)
#define TOO_MANY 10000 /* adverts: nothing here sends so many unless it is broken */

struct wire {
	struct machine *nodes[2];
	int count;
	bool loops; /* senders hear themselves */
};

static void carry(struct wire *wire, struct machine *from);

static void receive(struct wire *wire, struct machine *from, struct machine *to, uint8_t sent)
{
	to->now_ns = from->now_ns;
	to->peer = from->vr.primary;
	hear(to, sent);
	carry(wire, to);
}

/* Whatever the node just said reaches the others. */
static void carry(struct wire *wire, struct machine *from)
{
	const struct vr_action *advert;

	if (said(from, ACT_RECHECK))
		recheck(from);
	advert = said(from, ACT_ADVERT);
	if (!advert)
		return;
	assert_in_range(from->adverts_sent, 1, TOO_MANY);
	uint8_t sent = advert->advert.priority;

	for (int i = 0; i < wire->count; i++)
		if (wire->nodes[i] != from || wire->loops)
			receive(wire, from, wire->nodes[i], sent);
}

static struct machine *next_due(const struct wire *wire)
{
	struct machine *next = wire->nodes[0];

	for (int i = 1; i < wire->count; i++)
		if (vr_deadline(&wire->nodes[i]->vr) < vr_deadline(&next->vr))
			next = wire->nodes[i];
	return next;
}

static void run(struct wire *wire, int64_t until_ns)
{
	for (;;) {
		struct machine *next = next_due(wire);

		if (vr_deadline(&next->vr) > until_ns)
			return;
		to_deadline(next);
		carry(wire, next);
	}
}

static void d_35_looped_own_adverts(void **state)
{
	(void)state;
	for (uint8_t version = 2; version <= 3; version++) {
		struct machine m = machine_active(version, 100);
		struct wire wire = {.nodes = {&m}, .count = 1, .loops = true};

		m.adverts_sent = 0;
		run(&wire, m.now_ns + RUN_NS);
		assert_int_equal(m.adverts_sent, 10);
		assert_int_equal(m.vr.state, VR_ACTIVE);
	}
}

static void d_35_a_peer_with_our_address_and_priority(void **state)
{
	struct machine a = machine_active(3, 100);
	struct machine b = machine_active(3, 100);
	struct wire wire = {.nodes = {&a, &b}, .count = 2};

	(void)state;
	a.adverts_sent = 0;
	b.adverts_sent = 0;
	run(&wire, a.now_ns + RUN_NS);
	assert_int_equal(a.adverts_sent, 10);
	assert_int_equal(b.adverts_sent, 10);
}

static void d_35_a_flood_of_a_lower_priority(void **state)
{
	(void)state;
	for (uint8_t version = 2; version <= 3; version++) {
		struct machine m = machine_active(version, 100);
		int64_t until_ns = m.now_ns + RUN_NS;
		unsigned bursts = 0;

		m.adverts_sent = 0;
		while (m.now_ns < until_ns) {
			pass(&m, 100 * NS_PER_US);
			deadline(&m);
			hear(&m, 99);
			bursts += said(&m, ACT_ANNOUNCE) != NULL;
		}
		assert_int_equal(m.vr.state, VR_ACTIVE);
		assert_int_equal(m.adverts_sent, version == 3 ? 10 + 100 : 10);
		assert_int_equal(bursts, 10);
	}
}

/* D-35: one who never yields and answers everything, at the shortest interval. */
static void d_35_a_peer_that_never_yields(void **state)
{
	struct vr_params p = params(3, 100);

	(void)state;
	p.interval_cs = 1;
	struct machine m = machine_active_of(&p);
	int64_t until_ns = m.now_ns + NS_PER_S;

	m.adverts_sent = 0;
	while (vr_deadline(&m.vr) <= until_ns) {
		to_deadline(&m);
		do {
			assert_in_range(m.adverts_sent, 1, TOO_MANY);
			hear(&m, 99);
		} while (said(&m, ACT_ADVERT));
	}
	/* a tick, and one answer to the answer */
	assert_int_equal(m.adverts_sent, 200);
}

static void d_23_d_24_two_actives_become_one(void **state)
{
	(void)state;
	for (uint8_t version = 2; version <= 3; version++) {
		struct machine low = machine_active(version, 100);
		struct machine high = machine_active(version, 100);
		struct vrrp_addr address = addr_from_ipv4(0xc00002c8);
		struct wire wire = {.nodes = {&low, &high}, .count = 2};

		vr_set_primary(&high.vr, &address);
		/* in version 3 the loser's first advert is enough, else the winner's next */
		run(&wire, low.now_ns + NS_PER_S);
		assert_int_equal(low.vr.state, VR_BACKUP);
		assert_int_equal(high.vr.state, VR_ACTIVE);
		assert_int_equal(low.slot.lease_until_ns, 0);
	}
}

static void d_14_the_higher_priority_gets_the_role_from_the_lower(void **state)
{
	(void)state;
	for (uint8_t version = 2; version <= 3; version++) {
		struct machine low = machine_active(version, 100);
		struct vr_params p = params(version, 200);
		struct machine high = machine_of(&p);
		struct vrrp_addr address = addr_from_ipv4(0xc000020c);
		struct wire wire = {.nodes = {&low, &high}, .count = 2};

		high.now_ns = low.now_ns;
		vr_set_primary(&high.vr, &address);
		startup(&high);
		run(&wire, low.now_ns + RUN_NS);
		assert_int_equal(low.vr.state, VR_BACKUP);
		assert_int_equal(high.vr.state, VR_ACTIVE);
		assert_int_equal(high.vr.active_reason, ACTIVE_REASON_PREEMPTED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d_35_looped_own_adverts),
		cmocka_unit_test(d_35_a_peer_with_our_address_and_priority),
		cmocka_unit_test(d_35_a_flood_of_a_lower_priority),
		cmocka_unit_test(d_35_a_peer_that_never_yields),
		cmocka_unit_test(d_23_d_24_two_actives_become_one),
		cmocka_unit_test(d_14_the_higher_priority_gets_the_role_from_the_lower),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
