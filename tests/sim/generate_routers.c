/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is there. Each property has a few styles, one for all routers of a seed: what is interesting
 * is mostly that they are all equal, or that one is not.
 */
#include "sim/generate.h"

#define DELAY_MAX_NS	   (1000 * NS_PER_S) /* of preempt_delay */
#define INTERVAL_RATIO_MAX 16 /* of two routers: else one's peace is an age to the other */

static uint8_t some_priority(struct making *m)
{
	static const uint8_t usual[] = {1, 50, 90, 99, 100, 100, 101, 110, 150, 200, 253, 254};

	if (one_in(m, 3))
		return (uint8_t)random_between(&m->random, 1, 254);
	return usual[random_below(&m->random, sizeof(usual))];
}

/* ---- kinds ---- */

static void choose_kinds(struct making *m)
{
	struct scenario *s = m->scenario;
	bool mixed = one_in(m, 2);

	for (unsigned i = 0; i < s->router_count && mixed; i++)
		if (one_in(m, 2))
			s->routers[i].kind = one_in(m, 2) ? SIM_RFC : SIM_KEEPALIVED;
	s->routers[random_below(&m->random, s->router_count)].kind = SIM_XVRRPD;
}

static unsigned count_kind(const struct scenario *s, enum sim_kind kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < s->router_count; i++)
		count += s->routers[i].kind == kind;
	return count;
}

/* Of two that read one form each, and not the same, both will be Active for ever (H-1). */
static void choose_checksums(struct making *m)
{
	struct scenario *s = m->scenario;
	bool others = count_kind(s, SIM_XVRRPD) < s->router_count;
	enum checksum_policy theirs =
		one_in(m, 3) ? CHECKSUM_POLICY_RFC9568 : CHECKSUM_POLICY_PSEUDO;

	if (s->version == 2)
		return;
	for (unsigned i = 0; i < s->router_count; i++) {
		struct sim_router *router = &s->routers[i];

		if (router->kind != SIM_XVRRPD)
			router->checksum = theirs;
		else if (one_in(m, 5))
			router->checksum =
				others || one_in(m, 2) ? theirs : CHECKSUM_POLICY_RFC9568;
	}
}

/* ---- priorities ---- */

static void choose_owners(struct making *m)
{
	struct scenario *s = m->scenario;
	unsigned first = (unsigned)random_below(&m->random, s->router_count);
	unsigned second = (unsigned)random_below(&m->random, s->router_count);

	if (!one_in(m, 6))
		return;
	s->routers[first].priority = VRRP_PRIORITY_OWNER;
	/* By RFC 5798 an owner hears nobody, so that two are two for ever (D-34). */
	if (one_in(m, 4) && s->routers[first].kind != SIM_RFC && s->routers[second].kind != SIM_RFC)
		s->routers[second].priority = VRRP_PRIORITY_OWNER;
}

static void choose_priorities(struct making *m)
{
	struct scenario *s = m->scenario;
	uint8_t equal = some_priority(m), other = some_priority(m);
	uint64_t style = random_below(&m->random, 4);
	uint64_t preempt = random_below(&m->random, 4);

	for (unsigned i = 0; i < s->router_count; i++) {
		struct sim_router *router = &s->routers[i];

		if (style == 0)
			router->priority = equal;
		else if (style == 1)
			router->priority = one_in(m, 2) ? equal : other;
		else
			router->priority = some_priority(m);
		router->preempt = preempt > 1 || (preempt == 1 && one_in(m, 2));
	}
	choose_owners(m);
}

/* ---- what keepalived.conf can say ---- */

/* Others than ours have none of it but the one number that all must share. */
static void choose_options(struct making *m)
{
	struct scenario *s = m->scenario;
	bool delays = one_in(m, 4);
	int64_t most_ns = 10 * m->interval_ns;

	if (one_in(m, 4))
		s->down_adverts = (unsigned)random_between(&m->random, 2, 5);
	if (most_ns > DELAY_MAX_NS)
		most_ns = DELAY_MAX_NS;
	for (unsigned i = 0; i < s->router_count; i++) {
		struct sim_router *router = &s->routers[i];

		if (router->kind != SIM_XVRRPD)
			continue;
		if (delays && one_in(m, 2))
			router->preempt_delay_ns = random_scale(&m->random, 1, most_ns);
		router->no_answer = one_in(m, 8);
		router->last_word = one_in(m, 8);
	}
}

/* ---- intervals ---- */

static uint32_t some_interval_cs(struct making *m)
{
	static const uint32_t v2[] = {100, 100, 100, 200, 300, 25500};
	static const uint32_t v3[] = {1, 1, 2, 3, 10, 50, 100, 100};

	if (m->scenario->version == 2)
		return v2[random_below(&m->random, sizeof(v2) / sizeof(*v2) - !one_in(m, 8))];
	if (one_in(m, 60))
		return VRRP_INTERVAL_MAX_CS;
	if (one_in(m, 2))
		return (uint32_t)random_scale(&m->random, 1, 100);
	return v3[random_below(&m->random, sizeof(v3) / sizeof(*v3))];
}

static uint32_t another_interval_cs(struct making *m, uint32_t usual_cs)
{
	int64_t most_cs = usual_cs * INTERVAL_RATIO_MAX;

	if (most_cs > VRRP_INTERVAL_MAX_CS)
		most_cs = VRRP_INTERVAL_MAX_CS;
	return (uint32_t)random_scale(&m->random, (usual_cs + 3) / 4, most_cs);
}

/* Unequal ones of VRRPv2 do not hear each other (B-13): no peace then. */
static void choose_intervals(struct making *m)
{
	struct scenario *s = m->scenario;
	uint32_t usual_cs = some_interval_cs(m);
	bool unequal = one_in(m, s->version == 2 ? 15 : 4);

	m->interval_ns = usual_cs * NS_PER_CS;
	for (unsigned i = 0; i < s->router_count; i++)
		s->routers[i].interval_cs = usual_cs;
	for (unsigned i = 0; i < s->router_count && unequal; i++)
		if (one_in(m, 2))
			s->routers[i].interval_cs =
				s->version == 2 ? 200 : another_interval_cs(m, usual_cs);
	if (unequal && s->version == 2)
		m->settles = false;
}

/* ---- addresses: their order decides between equals (D-23) ---- */

static void choose_addresses(struct making *m)
{
	static const uint32_t nets[] = {0xc0000200, 0x0a000000, 0x7effff00, 0xdf000000};
	struct scenario *s = m->scenario;
	bool near = one_in(m, 2);

	for (unsigned i = 0; i < s->router_count; i++)
		s->routers[i].address = nets[near ? 0 : random_below(&m->random, 4)] + 121 + 3 * i;
	for (unsigned i = s->router_count; i > 1; i--) {
		unsigned j = (unsigned)random_below(&m->random, i);
		uint32_t address = s->routers[i - 1].address;

		s->routers[i - 1].address = s->routers[j].address;
		s->routers[j].address = address;
	}
}

/* ---- machines ---- */

static void choose_announcements(struct making *m, struct announce_params *announce)
{
	announce->repeat = 5;
	announce->delay_ns = 5 * NS_PER_S;
	announce->refresh_repeat = 1;
	if (!one_in(m, 3))
		return;
	announce->repeat = (unsigned)random_between(&m->random, 1, 5);
	announce->delay_ns = one_in(m, 2) ? 0 : random_scale(&m->random, 1, 20 * m->interval_ns);
	announce->refresh_ns =
		one_in(m, 2) ? 0 : random_scale(&m->random, m->interval_ns, 20 * m->interval_ns);
	announce->refresh_repeat = (unsigned)random_between(&m->random, 1, 3);
}

static void choose_machines(struct making *m)
{
	struct scenario *s = m->scenario;
	bool drift = !m->calm && one_in(m, 2);
	int64_t wake_ns =
		m->calm || one_in(m, 3) ? 0 : random_scale(&m->random, 1000, m->interval_ns / 4);

	for (unsigned i = 0; i < s->router_count; i++) {
		struct sim_router *router = &s->routers[i];

		choose_announcements(m, &router->announce);
		router->clock_ppm = drift ? (int32_t)random_between(&m->random, -200, 200) : 0;
		router->clock_offset_ns = random_scale(&m->random, 1, 1000000 * NS_PER_S);
		router->wake_ns = wake_ns;
		router->load_ns = m->calm ? 0 : random_scale(&m->random, 1, NS_PER_S);
	}
}

void generate_routers(struct making *m)
{
	struct scenario *s = m->scenario;

	s->version = one_in(m, 4) ? 2 : 3;
	s->vrid = (uint8_t)random_between(&m->random, 1, 255);
	s->router_count = 2 + (unsigned)random_below(&m->random, one_in(m, 4) ? 7 : 3);
	choose_kinds(m);
	choose_checksums(m);
	choose_priorities(m);
	choose_intervals(m);
	choose_addresses(m);
	choose_machines(m);
	choose_options(m);
	if (s->version == 3 && random_chance(&m->random, 400000)) /* of all, 30% */
		s->family = VRRP_IPV6;
}
