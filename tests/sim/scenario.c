/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from a scenario: when what happens in it is over, and how long peace takes. */
#include "sim/scenario.h"

#include <string.h>

#define LISTEN_NS  (2 * NS_PER_MS) /* a few turns of a loop, to whatever they are late */
#define OTHER_FORM 64		   /* intervals between two explorations, 8 s at least */

void scenario_init(struct scenario *scenario)
{
	memset(scenario, 0, sizeof(*scenario));
	scenario->version = 3;
	scenario->family = VRRP_IPV4;
	scenario->vrid = 51;
	scenario->down_adverts = 3;
}

struct vrrp_addr sim_address(uint8_t family, uint32_t number)
{
	struct vrrp_addr address = addr_from_ipv4(number);

	if (family == VRRP_IPV4)
		return address;
	if (number == VRRP_GROUP_IPV4)
		return (struct vrrp_addr){{0xff, 0x02, [15] = 0x12}};
	address.b[0] = 0xfe;
	address.b[1] = 0x80;
	address.b[10] = address.b[11] = 0;
	return address;
}

int64_t scenario_command_end_ns(const struct sim_command *command)
{
	switch (command->op) {
	case SIM_REBOOT:
	case SIM_FREEZE:
	case SIM_PAUSE:
		return command->at_ns + command->span_ns;
	case SIM_FORGE:
	case SIM_CLAIM:
		return command->at_ns + (command->count - 1) * command->span_ns;
	default:
		return command->at_ns;
	}
}

static int64_t longer(int64_t a_ns, int64_t b_ns)
{
	return a_ns > b_ns ? a_ns : b_ns;
}

static bool is_plausible(const struct sim_command *command)
{
	return command->op == SIM_FORGE && (command->value & ~(unsigned)FORGE_ADDRESS) == 0;
}

/* The longest that anybody can have learned (C-30): of a router, or of a forged advertisement. */
static int64_t longest_interval_ns(const struct scenario *scenario)
{
	int64_t longest_ns = 0;

	for (unsigned i = 0; i < scenario->router_count; i++)
		longest_ns = longer(longest_ns, scenario->routers[i].interval_cs * NS_PER_CS);
	for (unsigned i = 0; i < scenario->command_count; i++)
		if (scenario->commands[i].op == SIM_CONFIGURE)
			longest_ns =
				longer(longest_ns, scenario->commands[i].interval_cs * NS_PER_CS);
	for (unsigned i = 0; i < scenario->command_count && scenario->version == 3; i++)
		if (is_plausible(&scenario->commands[i]))
			longest_ns =
				longer(longest_ns, scenario->commands[i].interval_cs * NS_PER_CS);
	return longest_ns;
}

/* How long it takes at most until a thing that is due is done, and is known to all. */
static int64_t delay_ns(const struct scenario *scenario)
{
	const struct sim_wire *wire = &scenario->wire;
	int64_t wake_ns = 0;

	for (unsigned i = 0; i < scenario->router_count; i++)
		wake_ns = longer(wake_ns, scenario->routers[i].wake_ns);
	return wake_ns + 4 * scenario->hesitate_ns + wire->delay_ns + wire->jitter_ns +
	       wire->reorder_ns + LISTEN_NS;
}

static int64_t longest_load_ns(const struct scenario *scenario)
{
	int64_t load_ns = 0;

	for (unsigned i = 0; i < scenario->router_count; i++)
		load_ns = longer(load_ns, scenario->routers[i].load_ns);
	return load_ns;
}

/* An interval more until it hears whom it is to preempt, and DOWN after the last one it obeyed. */
static int64_t longest_hold_ns(const struct scenario *scenario)
{
	uint32_t interval_cs = (uint32_t)(longest_interval_ns(scenario) / NS_PER_CS);
	int64_t delay_ns = 0;

	for (unsigned i = 0; i < scenario->router_count; i++)
		delay_ns = longer(delay_ns, scenario->routers[i].preempt_delay_ns);
	if (delay_ns == 0)
		return 0;
	return delay_ns + longest_interval_ns(scenario) +
	       vr_down_interval_ns(scenario->version, 1, interval_cs, scenario->down_adverts);
}

/*
 * Counted from when nothing is wrong any more. I is the longest interval, DOWN the longest
 * Active_Down_Interval with it, of a router of priority 1 (and drained: theirs is 1).
 *
 *  1. An agent that was just started loads its programs.
 *  2. One that was frozen, or stood on a machine that was, finds out: a heartbeat (1 s), or its
 *     timer, whichever is first. As Active without a lease it listens for I before it resumes; as
 *     Backup it does nothing before it was awake for I (timers.c). So does one that goes on with
 *     the slot of a Backup (adopt.c).
 *  3. A drained Active, now or after (2), stays until its time is over: I + DOWN, see drain_arm();
 *     those who obeyed it need Skew_Time then, which is a part of DOWN.
 *  4. Who is Backup and hears nobody takes over after DOWN. Timers of different routers run at the
 *     same time, so one DOWN is enough for the first Active.
 *  5. Those who preempt it were running theirs as well (D-14), unless they obeyed somebody who
 *     went in (3) or yielded in (6): one DOWN more. Nobody goes away after that, so there is no
 *     third: whoever restarts a timer now obeys one that stays, or one who yields to him. But
 *     they do not before their preemption delays are over, which may begin only now.
 *  6. Two Actives that hear each other are one after the next advertisement of the better one: I,
 *     if it is no xvrrpd of version 3, which answers at once (D-24). Where one reads the other
 *     checksum form only, xvrrpd has to find it out first, with one advertisement in 64, one each
 *     8 s at most; or the other advertises before. After a late wake-up the question waits for a
 *     turn in time.
 *  7. The oracle watches the last few intervals of it, as long as CALM_INTERVALS says.
 *
 * And each of these, but the first, may be late by what agents and wire are; clocks may be wrong.
 */
int64_t scenario_settle_ns(const struct scenario *scenario)
{
	int64_t interval_ns = longest_interval_ns(scenario);
	uint32_t interval_cs = (uint32_t)(interval_ns / NS_PER_CS);
	int64_t down_ns =
		vr_down_interval_ns(scenario->version, 1, interval_cs, scenario->down_adverts);
	int64_t load_ns = longest_load_ns(scenario);
	int64_t awake_ns = NS_PER_S + interval_ns;
	int64_t drain_ns = interval_ns + down_ns;
	int64_t form_ns = scenario->version == 2 ? 0
						 : longer(OTHER_FORM * interval_ns, 8 * NS_PER_S) +
							   4 * interval_ns;
	int64_t calm_ns = 4 * longer(interval_ns, scenario->client_ns);
	int64_t all_ns = load_ns + awake_ns + drain_ns + 2 * down_ns + longest_hold_ns(scenario) +
			 form_ns + calm_ns + 20 * delay_ns(scenario);

	return all_ns + all_ns / 100;
}
