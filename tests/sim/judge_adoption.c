/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I8: an agent that begins where another one died is what that one would have been. What it must
 * be is worked out from the dead one itself, not from what it left in the slot.
 */
#include "sim/ghosts.h"
#include "sim/oracle.h"

static int64_t later_ns(int64_t a_ns, int64_t b_ns)
{
	return a_ns > b_ns ? a_ns : b_ns;
}

/* When the dead one would have taken over: by its timer, or by what was heard after its death. */
static int64_t timer_of(const struct world *world, const struct machine *machine,
			const struct vr *dead)
{
	const struct vr_slot *slot = &machine->plane.slots[0];
	struct vr_params params = glue_params(world->scenario, machine->router);
	uint8_t priority = dead->drained ? 1 : params.priority;
	uint32_t cs = dead->active_interval_cs;
	int64_t authority_ns = machine->agent.seen.authority_ns;
	int64_t timer_ns = dead->down_timer_ns;
	bool goodbye;

	if (authority_ns > dead->down_armed_ns)
		return authority_ns +
		       vr_down_interval_ns(params.version, priority, cs, params.down_adverts);
	if (timer_ns == NEVER_NS)
		return NEVER_NS;
	goodbye = dead->next_reason == ACTIVE_REASON_PRIORITY && timer_ns > dead->awake_ns;
	if (!goodbye)
		timer_ns = later_ns(timer_ns, dead->awake_ns + cs * NS_PER_CS);
	return timer_ns + vr_skew_ns(params.version, priority, cs) -
	       vr_skew_ns(params.version, slot->identity.priority, cs);
}

static enum vr_state due_state(const struct machine *machine, const struct ghost *ghost)
{
	const struct agent *agent = &machine->agent;
	const struct vr *dead = &ghost->dead;
	bool superseded = agent->seen.superior_ns > (int64_t)machine->plane.slots[0].decided_ns;

	if (dead->state == VR_ACTIVE && !dead->promoting &&
	    agent->seen.lease_until_ns > agent->step_ns && !superseded)
		return VR_ACTIVE;
	if (dead->state == VR_BACKUP && ghost->due_timer_ns > agent->step_ns)
		return VR_BACKUP;
	return VR_INITIALIZE;
}

void judge_adoption(struct world *world, const struct machine *machine)
{
	struct ghost *ghost = ghost_of(world, machine);

	ghost->due_timer_ns = timer_of(world, machine, &ghost->dead);
	ghost->due_state = due_state(machine, ghost);
}

static bool knows_the_same(const struct vr *dead, const struct vr *now)
{
	return now->drained == dead->drained && now->last_event == dead->last_event &&
	       now->active_reason == dead->active_reason &&
	       now->transition_ns == dead->transition_ns && now->peer_heard == dead->peer_heard &&
	       now->peers_differ == dead->peers_differ &&
	       (!dead->peer_heard || now->peer_checksum == dead->peer_checksum);
}

static void judge_timer(struct world *world, const struct machine *machine,
			const struct ghost *ghost)
{
	const struct vr *now = &machine->agent.vr;
	int64_t heard_again_ns =
		machine->agent.step_ns + ghost->dead.active_interval_cs * NS_PER_CS;

	if (now->active_interval_cs != ghost->dead.active_interval_cs)
		world_fail(world, "adoption: r%u learns an interval of %u cs from one of %u",
			   machine->number + 1, now->active_interval_cs,
			   ghost->dead.active_interval_cs);
	else if (now->down_timer_ns != later_ns(ghost->due_timer_ns, heard_again_ns))
		world_fail(world, "adoption: r%u's timer ends %lld ns later than it should",
			   machine->number + 1,
			   (long long)(now->down_timer_ns -
				       later_ns(ghost->due_timer_ns, heard_again_ns)));
}

void oracle_adopted(struct world *world, const struct machine *machine)
{
	struct ghost *ghost = ghost_of(world, machine);
	const struct vr *now = &machine->agent.vr;

	if (now->state == VR_INITIALIZE)
		oracle_started(world, machine);
	if (now->active_interval_cs > ghost->longest_cs) /* the steady one's */
		ghost->longest_cs = now->active_interval_cs;
	if (now->state == VR_BACKUP)
		ghost->woke_clock_ns = machine->agent.step_ns;
	ghost->left_clock_ns = machine->agent.step_ns; /* it listens for an interval first */
	if (ghost->torn || (now->state == VR_INITIALIZE && ghost->due_state == VR_INITIALIZE)) {
		ghost->dead = *now;
		ghost->torn = false;
		return;
	}
	if (now->state != ghost->due_state) {
		world_fail(world, "adoption: r%u goes on as %s, not as %s", machine->number + 1,
			   vr_state_name(now->state), vr_state_name(ghost->due_state));
		return;
	}
	if (now->state != VR_INITIALIZE && !knows_the_same(&ghost->dead, now))
		world_fail(world, "adoption: r%u has forgotten something", machine->number + 1);
	if (now->state == VR_BACKUP)
		judge_timer(world, machine, ghost);
}
