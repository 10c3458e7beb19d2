/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I1, precisely. Two data planes may answer at one time only if the one that began later could not
 * know better: it has not heard the advertisement that the other's lease is counted from (lost, cut
 * off, still on its way, or sent before it was born), or it does not obey that one (preemption,
 * which ends when its own advertisement is heard), or somebody has told it meanwhile that the role
 * is free (priority 0) or has taught it a shorter interval. And the end: one Active, and the right
 * one.
 */
#include <stdlib.h>

#include "election.h"
#include "sim/ghosts.h"
#include "sim/oracle.h"

/* ---- overlaps ---- */

static uint8_t priority_of_machine(const struct machine *machine)
{
	return is_xvrrpd(machine) ? machine->agent.vr.effective_priority : machine->peer.priority;
}

static int64_t span_ns(const struct world *world, const struct machine *machine)
{
	return world->scenario->down_adverts * (machine->router->interval_cs * NS_PER_CS);
}

static int64_t lease_left_ns(const struct world *world, const struct machine *machine)
{
	return (int64_t)machine->plane.slots[0].lease_until_ns - machine_clock(world, machine);
}

/*
 * Skew_Time is what keeps two apart whose clocks do not run alike. Of VRRPv2 it may be as little as
 * four milliseconds, and three intervals 765 seconds.
 */
static bool clocks_explain(const struct world *world, const struct machine *taker,
			   const struct machine *other)
{
	const struct scenario *scenario = world->scenario;
	int64_t apart_ppm = llabs(taker->router->clock_ppm) + llabs(other->router->clock_ppm);
	int64_t apart_ns = span_ns(world, other) / 1000000 * apart_ppm + apart_ppm;
	int64_t skew_ns = is_xvrrpd(taker)
				  ? vr_skew_ns(scenario->version, priority_of_machine(taker),
					       taker->router->interval_cs)
				  : 0;

	return lease_left_ns(world, other) <= apart_ns - skew_ns;
}

/* At the moment: a delay may be running. */
static bool preempts(const struct machine *machine)
{
	return is_xvrrpd(machine) ? vr_preempts(&machine->agent.vr) : machine->router->preempt;
}

static bool has_heard(const struct world *world, const struct machine *taker,
		      const struct machine *other)
{
	const struct ghost *sender = &world->ghosts->of[other->number];
	const struct heard *heard = &world->ghosts->of[taker->number].heard[other->number];

	return sender->lease_number != 0 && heard->number >= sender->lease_number;
}

/* One who lost a lease and takes it again has been Active all the time. */
static bool obeys(const struct machine *taker, const struct heard *heard)
{
	if (is_xvrrpd(taker) && taker->agent.vr.state == VR_ACTIVE)
		return heard->yielded;
	return heard->obeyed &&
	       vrrp_backup_obeys(priority_of_machine(taker), preempts(taker), heard->priority);
}

/*
 * What is heard between a decision and the lease is looked for by the second look, a moment later:
 * what may be left behind by one who dies in that moment is an eighth of an interval.
 */
static bool decided_before(const struct machine *taker, const struct heard *heard)
{
	return is_xvrrpd(taker) && heard->clock_ns >= taker->agent.step_ns;
}

/* D-1: an owner that starts asks nobody; nor one whom the operator gives its role back. */
static bool is_owner_at_startup(const struct machine *taker)
{
	const struct agent *agent = &taker->agent;

	return is_xvrrpd(taker) && agent->vr.effective_priority == VRRP_PRIORITY_OWNER &&
	       (agent->vr.state == VR_INITIALIZE || agent->event.kind == EV_UNDRAIN);
}

/* A flood of reports has hidden an interval that is longer than any the agent knows of. */
static bool could_not_learn(const struct machine *taker, const struct heard *heard,
			    const struct machine *other)
{
	return !heard->reported && other->router->interval_cs > taker->router->interval_cs;
}

/*
 * Who was away while an interval became shorter and longer again finds one report of it: of the
 * shorter one, because the other is as it knew it.
 */
static bool learned_what_is_over(const struct world *world, const struct machine *taker,
				 const struct machine *other)
{
	return world->ghosts->of[other->number].reloads >= 2 && is_xvrrpd(taker) &&
	       taker->agent.vr.active_interval_cs < other->router->interval_cs;
}

/* That the role is free, when it decided; what it has obeyed since then came too late. */
static bool was_told(const struct machine *taker, const struct ghost *ghost,
		     const struct heard *heard)
{
	bool obeyed_since = ghost->last_goodbye_clock_ns < 0;

	return ghost->goodbye_ns >= heard->at_ns &&
	       (!obeyed_since ||
		(is_xvrrpd(taker) && ghost->armed_clock_ns >= taker->agent.step_ns));
}

static bool may_overlap(struct world *world, const struct machine *taker,
			const struct machine *other)
{
	const struct ghost *ghost = ghost_of(world, taker);
	const struct heard *heard = &ghost->heard[other->number];
	uint32_t interval_cs = other->router->interval_cs;

	return !has_heard(world, taker, other) || is_owner_at_startup(taker) ||
	       decided_before(taker, heard) || !obeys(taker, heard) ||
	       could_not_learn(taker, heard, other) || learned_what_is_over(world, taker, other) ||
	       was_told(taker, ghost, heard) || ghost->armed_cs < interval_cs ||
	       ghost->shortest_forged_cs < interval_cs || clocks_explain(world, taker, other);
}

void judge_overlap(struct world *world, const struct machine *taker)
{
	for (unsigned i = 0; i < world->scenario->router_count; i++) {
		const struct machine *other = &world->machines[i];

		if (other == taker || !is_xvrrpd(other) || !machine_leased(world, other) ||
		    may_overlap(world, taker, other))
			continue;
		world_fail(
			world,
			"overlap: r%u answers though it has heard r%u, who does for %lld ns more",
			taker->number + 1, other->number + 1,
			(long long)lease_left_ns(world, other));
	}
}

/* ---- the end ---- */

/* One of those who may have the role in the end. */
static bool is_eligible(const struct machine *machine)
{
	if (!machine_sees(machine) || !machine_can_send(machine))
		return false;
	if (!is_xvrrpd(machine))
		return machine->peer.alive && !machine->peer.frozen;
	return machine->agent.alive && !machine->agent.frozen && machine->faults == 0 &&
	       !machine->agent.vr.drained;
}

/* It would take the role from this one, sooner or later. */
static bool wants_role_of(const struct machine *machine, const struct machine *active)
{
	return is_eligible(machine) && machine != active &&
	       !vrrp_backup_obeys(priority_of_machine(machine), machine->router->preempt,
				  priority_of_machine(active));
}

static const struct machine *only_active(struct world *world)
{
	const struct machine *active = NULL;

	for (unsigned i = 0; i < world->scenario->router_count; i++) {
		const struct machine *machine = &world->machines[i];

		if (!machine_answers(world, machine))
			continue;
		if (active)
			world_fail(world, "end: both r%u and r%u answer", active->number + 1,
				   i + 1);
		active = machine;
	}
	return active;
}

unsigned judge_eligible(const struct world *world)
{
	unsigned count = 0;

	for (unsigned i = 0; i < world->scenario->router_count; i++) {
		const struct machine *machine = &world->machines[i];

		/* The kernel of a dead one that has no lease answers for ever: all is lost. */
		if (!is_xvrrpd(machine) && !machine->peer.alive && machine_answers(world, machine))
			return 0;
		count += is_eligible(machine);
	}
	return count;
}

/* A drained one keeps the role as long as nobody takes it, but not for ever. */
void judge_end(struct world *world)
{
	unsigned eligible = judge_eligible(world);
	const struct machine *active = eligible > 0 ? only_active(world) : NULL;

	if (!active && eligible > 0)
		world_fail(world, "end: nobody answers, and %u could", eligible);
	if (!active || world->failed)
		return;
	if (!is_eligible(active))
		world_fail(world, "end: r%u answers, and should not", active->number + 1);
	for (unsigned i = 0; i < world->scenario->router_count && !world->failed; i++)
		if (wants_role_of(&world->machines[i], active))
			world_fail(world, "end: r%u answers, and r%u is better", active->number + 1,
				   i + 1);
}
