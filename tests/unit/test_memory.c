/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an agent leaves in the slot for the next one (I8), whatever state it dies in; and a slot
 * that makes no sense, of which nothing is believed.
 */
#include "unit/machine.h"

#include <string.h>

#define DOWN_100_NS 3609375000 /* priority 100 at 1 s */
#define LEASE_NS    (3 * NS_PER_S)

/* ---- damage ---- */

#define NOW_NS (START_NS + 10 * NS_PER_S)

struct damage {
	const char *what;
	size_t offset, size;
	uint64_t value;
};

#define DAMAGE(field, bad)                                                 \
	{                                                                  \
#field " = " #bad, offsetof(struct vr_adoption, field),    \
			sizeof(((struct vr_adoption *)NULL)->field), (bad) \
	}

static const struct damage of_any[] = {
	DAMAGE(memory.state, VR_ACTIVE + 1),
	DAMAGE(memory.last_event, LAST_EVENT_TRACKED_OBJECT + 1),
	DAMAGE(memory.active_reason, ACTIVE_REASON_NO_RESPONSE + 1),
	DAMAGE(memory.next_reason, ACTIVE_REASON_NO_RESPONSE + 1),
	DAMAGE(memory.checksum_heard, 3),
	DAMAGE(memory.drained, 2),
	DAMAGE(memory.checksums_differ, 2),
	DAMAGE(memory.interval_cs, 0),
	DAMAGE(memory.interval_cs, 4096),
	DAMAGE(memory.relied_cs, 4096),
	DAMAGE(memory.transition_ns, NOW_NS + 1),
	DAMAGE(memory.transition_ns, UINT64_MAX),
	DAMAGE(memory.down_armed_ns, NOW_NS + 1),
	DAMAGE(memory.hold_until_ns, NOW_NS + 1000 * NS_PER_S + 1),
	DAMAGE(memory.hold_until_ns, INT64_MAX - 1),
	DAMAGE(memory.hold_until_ns, UINT64_MAX),
	DAMAGE(priority, 0),
};
static const struct damage of_backups[] = {
	DAMAGE(memory.next_reason, ACTIVE_REASON_NOT_ACTIVE),
	DAMAGE(memory.down_timer_ns, NOW_NS - 1), /* before what it was armed by */
	DAMAGE(memory.down_timer_ns, NOW_NS + 101 * 255 * NS_PER_S + 1),
	DAMAGE(memory.down_timer_ns, UINT64_MAX),
};
static const struct damage of_undrained_backups[] = {
	DAMAGE(memory.down_timer_ns, 0),
};
static const struct damage of_actives[] = {
	DAMAGE(memory.active_reason, ACTIVE_REASON_NOT_ACTIVE),
	DAMAGE(memory.down_timer_ns, NOW_NS + NS_PER_S),
};

static void inflict(const struct damage *damage, struct vr_adoption *left)
{
	void *field = (char *)left + damage->offset;

	assert_true(damage->size == 1 || damage->size == 2 || damage->size == 4 ||
		    damage->size == 8);
	if (damage->size == 1)
		*(uint8_t *)field = (uint8_t)damage->value;
	else if (damage->size == 2)
		*(uint16_t *)field = (uint16_t)damage->value;
	else if (damage->size == 4)
		*(uint32_t *)field = (uint32_t)damage->value;
	else
		*(uint64_t *)field = damage->value;
}

static void expect_startup_of(const struct machine *old, const struct damage *damages, size_t count)
{
	assert_int_equal(old->now_ns, NOW_NS);
	for (size_t i = 0; i < count; i++) {
		struct vr_adoption left = left_by(old);
		struct machine m = successor(old, &old->vr.params);

		inflict(&damages[i], &left);
		adopt(&m, &left);
		if (m.vr.started || m.vr.drained)
			print_error("adopted with %s\n", damages[i].what);
		assert_false(m.vr.drained);
		assert_not_adopted(&m);
	}
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void a_slot_that_makes_no_sense(void **state)
{
	struct machine old = machine_active(3, 100);

	(void)state;
	/* nothing of it is believed, also not that it is drained */
	drain(&old);
	old.now_ns = NOW_NS;
	old.slot.lease_until_ns = NOW_NS + NS_PER_S;
	assert_int_equal(adopted_after(&old, 0).vr.state, VR_ACTIVE);
	expect_startup_of(&old, of_any, COUNT_OF(of_any));
	expect_startup_of(&old, of_actives, COUNT_OF(of_actives));

	old = machine_backup(3, 100);
	pass(&old, 10 * NS_PER_S);
	hear(&old, 150);
	assert_int_equal(adopted_after(&old, 0).vr.state, VR_BACKUP);
	expect_startup_of(&old, of_undrained_backups, COUNT_OF(of_undrained_backups));
	drain(&old);
	assert_int_equal(adopted_after(&old, 0).vr.state, VR_BACKUP);
	expect_startup_of(&old, of_any, COUNT_OF(of_any));
	expect_startup_of(&old, of_backups, COUNT_OF(of_backups));
}

/* By a stamp of the future a Backup would wait until then, and hear nobody. */
static void a_stamp_that_makes_no_sense(void **state)
{
	static const int64_t bad[] = {NOW_NS + NS_PER_S + 1, INT64_MAX, -1, INT64_MIN};
	struct machine old = machine_backup(3, 100), m;

	(void)state;
	pass(&old, 10 * NS_PER_S);
	hear(&old, 150);
	old.slot.authority_ns = old.slot.last_advert_ns = NOW_NS + NS_PER_S;
	assert_int_equal(adopted_after(&old, 0).vr.state, VR_BACKUP);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		old.slot.last_advert_ns = NOW_NS;
		old.slot.authority_ns = bad[i];
		m = adopted_after(&old, 0);
		assert_not_adopted(&m);
		old.slot.last_advert_ns = bad[i];
		old.slot.authority_ns = NOW_NS;
		m = adopted_after(&old, 0);
		assert_not_adopted(&m);
		old.slot.last_advert_ns = NOW_NS;
		old.slot.superior_ns = bad[i];
		m = adopted_after(&old, 0);
		assert_not_adopted(&m);
		old.slot.superior_ns = 0;
	}
}

/* Of VRRPv2 it would be 255 seconds, which no VRRPv3 router has. */
static void a_steady_header_of_another_version_has_no_interval(void **state)
{
	static const struct vrrp_hdr v2 = {.version_type = 0x21, .advert_int_s = 255};
	struct machine old = machine_backup(3, 100), m;
	struct vr_adoption left;

	(void)state;
	pass(&old, NS_PER_S);
	hear(&old, 150);
	left = left_by(&old);
	memcpy(&left.steady_header, &v2, sizeof(left.steady_header));
	m = successor(&old, &old.vr.params);
	adopt(&m, &left);
	assert_int_equal(m.vr.state, VR_BACKUP);
	assert_int_equal(m.vr.active_interval_cs, 100);
}

/* I1: the longest lease there is; a longer one would answer for ever. */
static void i_1_a_lease_that_makes_no_sense_ends(void **state)
{
	struct machine old = machine_active(3, 100);
	struct machine m;

	(void)state;
	old.slot.lease_until_ns = old.now_ns + 100 * 255 * NS_PER_S;
	m = adopted_after(&old, 0);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	old.slot.lease_until_ns++;
	m = adopted_after(&old, 0);
	expect(&m, LEASE(0));
	assert_not_adopted(&m);

	/* the slot forgets all of it */
	struct vr_adoption left = left_by(&old);

	old.slot.lease_until_ns = old.now_ns + NS_PER_S;
	left.steady_header = 1;
	left.memory.state = 7;
	m = successor(&old, &old.vr.params);
	adopt(&m, &left);
	expect(&m, LEASE(0), STEADY_OFF);
}

/* ---- what is remembered ---- */

static void what_a_slot_remembers(void **state)
{
	struct machine m = machine_backup(3, 100);
	struct vr_memory memory;

	(void)state;
	memset(&memory, 0xff, sizeof(memory));
	memory.transition_s = 42;
	vr_remember(&m.vr, &memory);
	assert_int_equal(memory.down_timer_ns, START_NS + DOWN_100_NS);
	assert_int_equal(memory.down_armed_ns, START_NS);
	assert_int_equal(memory.transition_ns, START_NS);
	assert_int_equal(memory.transition_s, 42);
	assert_int_equal(memory.interval_cs, 100);
	assert_int_equal(memory.state, VR_BACKUP);
	assert_int_equal(memory.last_event, LAST_EVENT_STARTUP);
	assert_int_equal(memory.active_reason, ACTIVE_REASON_NOT_ACTIVE);
	assert_int_equal(memory.next_reason, ACTIVE_REASON_NO_RESPONSE);
	assert_int_equal(memory.checksum_heard, 0);
	assert_int_equal(memory.drained, 0);
	assert_int_equal(memory.hold_until_ns, 0);
	assert_int_equal(memory.relied_cs, 0);
	for (size_t i = 0; i < sizeof(memory.zero); i++)
		assert_int_equal(memory.zero[i], 0);

	drain(&m);
	m.peer_sum = CHECKSUM_PSEUDO;
	m.peer_interval_cs = 50;
	hear(&m, 50);
	undrain(&m);
	take_over(&m);
	drain(&m);
	vr_remember(&m.vr, &memory);
	assert_int_equal(memory.down_timer_ns, 0);
	assert_int_equal(memory.down_armed_ns, 0);
	assert_int_equal(memory.transition_ns, m.now_ns);
	assert_int_equal(memory.relied_cs, 100);
	assert_int_equal(memory.interval_cs, 50);
	assert_int_equal(memory.state, VR_ACTIVE);
	assert_int_equal(memory.last_event, LAST_EVENT_ACTIVE_TIMEOUT);
	assert_int_equal(memory.active_reason, ACTIVE_REASON_NO_RESPONSE);
	assert_int_equal(memory.checksum_heard, 1 + CHECKSUM_PSEUDO);
	assert_int_equal(memory.drained, 1);
	pass(&m, NS_PER_MS);
	shut_down(&m);
	vr_remember(&m.vr, &memory);
	assert_int_equal(memory.state, VR_INITIALIZE);
	assert_int_equal(memory.last_event, LAST_EVENT_SHUTDOWN);
	assert_int_equal(memory.transition_ns, m.now_ns);
}

/* ---- any state that can be reached ---- */

/* Numerical Recipes' generator: the walk is the same every time. */
static uint32_t draw(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static void wander(struct machine *m, uint32_t *seed)
{
	static const uint8_t priorities[] = {0, 1, 50, 100, 101, 150, 255};
	uint8_t priority = priorities[draw(seed, sizeof(priorities))];

	pass(m, (int64_t)draw(seed, 1000) * draw(seed, 4) * draw(seed, 4) * NS_PER_MS);
	m->peer_interval_cs = draw(seed, 2) ? 100 : 200;
	switch (draw(seed, 18)) {
	case 0:
		drain(m);
		break;
	case 1:
	case 2:
		undrain(m);
		break;
	case 3:
		m->peer_sum = draw(seed, 2) ? CHECKSUM_PSEUDO : CHECKSUM_RFC9568;
		shut_down(m);
		break;
	case 4:
	case 5:
		startup(m);
		break;
	case 6:
		hear(m, priority);
		break;
	case 7:
		stamp(m, priority, m->now_ns);
		break;
	case 8:
		claim(m);
		break;
	case 9:
		stood_still(m, NS_PER_S);
		break;
	case 10:
		fault(m, FAULT_INTERFACE_DOWN);
		fault_over(m, FAULT_INTERFACE_DOWN);
		break;
	default:
		if (vr_deadline(&m->vr) != NEVER_NS && vr_deadline(&m->vr) > m->now_ns)
			m->now_ns = vr_deadline(&m->vr);
		deadline(m);
		break;
	}
	if (said(m, ACT_RECHECK) && draw(seed, 8))
		recheck(m);
}

/* The kernel has the addresses with the role, or a little before it, and never without a reason. */
static void addresses_follow(const struct machine *m)
{
	if (m->vr.promoting && m->vr.state != VR_ACTIVE)
		return;
	if (m->vr.state != VR_BACKUP || vr_deadline(&m->vr) == NEVER_NS)
		assert_int_equal(m->acquired, m->vr.state == VR_ACTIVE);
	else if (m->acquired)
		assert_true(role_due(m) <= m->now_ns + 50 * NS_PER_MS);
}

static void same_role(const struct machine *old, const struct machine *m)
{
	assert_int_equal(m->vr.state, old->vr.state);
	assert_int_equal(m->vr.effective_priority, old->vr.effective_priority);
	assert_int_equal(m->vr.active_interval_cs, old->vr.active_interval_cs);
	assert_int_equal(m->vr.active_down_interval_ns, old->vr.active_down_interval_ns);
	assert_int_equal(m->vr.peer_heard, old->vr.peer_heard);
	assert_int_equal(m->vr.peer_checksum, old->vr.peer_checksum);
	assert_int_equal(m->vr.last_event, old->vr.last_event);
	assert_int_equal(m->vr.active_reason, old->vr.active_reason);
	assert_int_equal(m->vr.transition_ns, old->vr.transition_ns);
	assert_int_equal(m->vr.steady_header, old->vr.steady_header);
	assert_int_equal(m->vr.hold_until_ns, old->vr.hold_until_ns);
	assert_int_equal(m->preempts, old->preempts);
	/* no event: neither on the wire nor in the log */
	assert_null(said(m, ACT_ANNOUNCE));
	assert_null(said(m, ACT_COUNT));
	assert_null(said(m, ACT_NOTIFY));
	assert_null(said(m, ACT_RECHECK));
}

/* When the old one would have looked at its timer in vain. */
static int64_t silence_ends(const struct machine *old)
{
	if (old->slot.authority_ns > old->vr.down_armed_ns)
		return old->slot.authority_ns + old->vr.active_down_interval_ns;
	return role_due(old);
}

static void same_backup(const struct machine *old, const struct machine *m)
{
	int64_t earliest_ns = m->now_ns + m->vr.active_interval_cs * NS_PER_CS;
	int64_t wanted_ns = silence_ends(old);

	same_role(old, m);
	assert_null(said(m, ACT_ADVERT));
	assert_int_equal(role_due(m), wanted_ns > earliest_ns ? wanted_ns : earliest_ns);
	assert_true(addr_is_zero(&m->vr.active_address) ||
		    addr_equal(&m->vr.active_address, &old->vr.active_address));
	assert_int_equal(m->slot.lease_until_ns > m->now_ns, 0);
}

static void same_active(const struct machine *old, const struct machine *m)
{
	same_role(old, m);
	assert_int_equal(m->adverts_sent, 1);
	assert_int_equal(said(m, ACT_ADVERT)->advert.priority, old->vr.effective_priority);
	assert_int_equal(said(m, ACT_ADVERT)->advert.checksum, old->vr.peer_checksum);
	assert_int_equal(m->slot.lease_until_ns, m->now_ns + LEASE_NS);
	assert_int_equal(m->vr.adver_timer_ns, m->now_ns + NS_PER_S);
}

static void goes_on_or_starts(const struct vr_params *params)
{
	struct machine old = machine_started(params);
	uint32_t seed = 1;
	unsigned seen[3] = {0};

	for (int i = 0; i < 20000; i++) {
		struct machine m;

		wander(&old, &seed);
		addresses_follow(&old);
		bool lease = old.slot.lease_until_ns > old.now_ns;

		m = adopted_after(&old, 0);
		assert_int_equal(m.vr.drained, old.vr.drained);
		if (old.vr.state == VR_ACTIVE && lease && !old.vr.promoting)
			same_active(&old, &m);
		else if (old.vr.state == VR_BACKUP && silence_ends(&old) > old.now_ns)
			same_backup(&old, &m);
		else
			assert_not_adopted(&m);
		seen[m.vr.started && !said(&m, ACT_NOTIFY) ? m.vr.state : VR_INITIALIZE]++;
	}
	for (int i = 0; i < 3; i++)
		assert_in_range(seen[i], 500, 20000);
}

static void i_8_whatever_it_was_it_goes_on_or_starts(void **state)
{
	struct vr_params p = params(3, 100);

	(void)state;
	goes_on_or_starts(&p);
	p.preempt_delay_ns = 5 * NS_PER_S;
	goes_on_or_starts(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slot_that_makes_no_sense),
		cmocka_unit_test(a_stamp_that_makes_no_sense),
		cmocka_unit_test(a_steady_header_of_another_version_has_no_interval),
		cmocka_unit_test(i_1_a_lease_that_makes_no_sense_ends),
		cmocka_unit_test(what_a_slot_remembers),
		cmocka_unit_test(i_8_whatever_it_was_it_goes_on_or_starts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
