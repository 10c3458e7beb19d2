/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core by itself, step by step: what it may ask for under which lease, when it takes a role and
 * when it must, its cadence, and whether core, slot and kernel agree when it has nothing to do.
 */
#include <string.h>

#include "election.h"
#include "sim/ghosts.h"
#include "sim/oracle.h"

#define SURVIVOR_NS NS_PER_S

/* Its cadence: that of before, just after it has become longer. */
static int64_t interval_ns(const struct machine *machine)
{
	const struct vr *vr = &machine->agent.vr;

	return (vr->eased_cs != 0 ? vr->eased_cs : vr->params.interval_cs) * NS_PER_CS;
}

static const struct vr_action *said(const struct agent *agent, enum vr_action_kind kind)
{
	for (unsigned i = 0; i < agent->actions.count; i++)
		if (agent->actions.list[i].kind == kind)
			return &agent->actions.list[i];
	return NULL;
}

static bool is_leaving(const struct vr_action *advert)
{
	return advert->advert.priority == VRRP_PRIORITY_LEAVING;
}

/* ---- leases ---- */

static void judge_lease_action(struct world *world, const struct machine *machine,
			       const struct vr_action *action)
{
	const struct agent *agent = &machine->agent;
	int64_t span_ns = action->until_ns - agent->step_ns;
	const struct vr_action *advert = said(agent, ACT_ADVERT);
	bool told = agent->event.kind == EV_CONFIGURE || agent->event.kind == EV_ADOPT;

	/* Cut to what is about to be advertised. */
	if (action->until_ns != 0 && told && advert &&
	    action->until_ns == advert->advert.until_ns &&
	    action->until_ns < agent->seen.lease_until_ns)
		return;

	if (action->until_ns != 0 && span_ns > interval_ns(machine) / 8)
		world_fail(world, "lease: r%u takes one of %lld ns without a word",
			   machine->number + 1, (long long)span_ns);
	if (action->until_ns != 0 && !said(&machine->agent, ACT_RECHECK))
		world_fail(world, "lease: r%u takes one without a second look",
			   machine->number + 1);
}

/*
 * What others rely on: the interval of this advertisement, and of those before it, as long as it
 * may be lost itself. A new role begins anew.
 */
static uint32_t relied_cs(struct ghost *ghost, const struct world *world,
			  const struct vr_action *action, uint32_t told_cs)
{
	if (action->advert.first || ghost->relied_cs == 0 || told_cs <= ghost->relied_cs) {
		ghost->relied_cs = told_cs;
		ghost->told_longer = 0;
	} else if (++ghost->told_longer >= world->scenario->down_adverts) {
		ghost->relied_cs = told_cs;
		ghost->told_longer = 0;
	}
	return ghost->relied_cs;
}

static void judge_span(struct world *world, const struct machine *machine,
		       const struct vr_action *action)
{
	const struct agent *agent = &machine->agent;
	struct ghost *ghost = ghost_of(world, machine);
	uint32_t told_cs = agent->vr.params.interval_cs;
	uint32_t most_cs = relied_cs(ghost, world, action, told_cs);
	uint32_t least_cs = agent->vr.eased_cs != 0 ? 1 : told_cs;
	int64_t unit_ns = world->scenario->down_adverts * NS_PER_CS;
	int64_t span_ns = action->advert.until_ns - agent->step_ns;

	if (span_ns > most_cs * unit_ns || span_ns < least_cs * unit_ns)
		world_fail(world, "lease: r%u takes one of %lld ns, others rely on %u cs",
			   machine->number + 1, (long long)span_ns, most_cs);
}

static void judge_advert_action(struct world *world, const struct machine *machine,
				const struct vr_action *action)
{
	const struct agent *agent = &machine->agent;
	const struct ghost *ghost = &world->ghosts->of[machine->number];

	if (is_leaving(action))
		return;
	if (agent->seen.lease_until_ns <= agent->step_ns)
		world_fail(world, "lease: r%u advertises without one", machine->number + 1);
	if (action->advert.until_ns != 0)
		judge_span(world, machine, action);
	if (action->advert.until_ns != 0 && !said(agent, ACT_LEASE) &&
	    agent->seen.lease_until_ns > action->advert.until_ns)
		world_fail(world, "lease: r%u has a longer one than it tells", machine->number + 1);
	/* A last word comes before what the event says, which may be another priority. */
	if (action->advert.priority != agent->vr.effective_priority &&
	    (agent->vr.state == VR_ACTIVE ||
	     action->advert.priority != ghost->before.effective_priority))
		world_fail(world, "advert: r%u says priority %u, and has %u", machine->number + 1,
			   action->advert.priority, agent->vr.effective_priority);
}

static void judge_actions(struct world *world, const struct machine *machine)
{
	const struct agent *agent = &machine->agent;
	unsigned adverts = 0;

	for (unsigned i = 0; i < agent->actions.count; i++) {
		const struct vr_action *action = &agent->actions.list[i];

		if (action->kind == ACT_LEASE)
			judge_lease_action(world, machine, action);
		if (action->kind == ACT_ADVERT)
			judge_advert_action(world, machine, action);
		if (action->kind == ACT_ANNOUNCE && agent->seen.lease_until_ns <= agent->step_ns)
			world_fail(world, "lease: r%u announces without one", machine->number + 1);
		adverts += action->kind == ACT_ADVERT;
	}
	/* A lease of two intervals has no time for a question in the other form only. */
	if (adverts > (world->scenario->down_adverts == 2 ? 2 : 1))
		world_fail(world, "advert: r%u sends %u in one step", machine->number + 1, adverts);
}

/* ---- the role is taken ---- */

static uint32_t shorter_cs(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The earliest that Active_Down_Timer can end, by what was heard (D-11, D-12, D-13). */
static int64_t earliest_ns(const struct world *world, const struct machine *machine)
{
	const struct ghost *ghost = &world->ghosts->of[machine->number];
	uint8_t version = world->scenario->version;
	uint8_t priority = machine->agent.vr.effective_priority;
	uint32_t cs = shorter_cs(ghost->armed_cs, ghost->shortest_forged_cs);

	int64_t silence_ns =
		ghost->armed_clock_ns +
		vr_down_interval_ns(version, priority, cs, world->scenario->down_adverts);
	int64_t goodbye_ns;

	if (ghost->first_goodbye_clock_ns < 0)
		return silence_ns;
	goodbye_ns = ghost->first_goodbye_clock_ns +
		     vr_skew_ns(version, priority, shorter_cs(cs, machine->router->interval_cs));
	return goodbye_ns < silence_ns ? goodbye_ns : silence_ns;
}

static void judge_takeover(struct world *world, const struct machine *machine)
{
	const struct ghost *ghost = &world->ghosts->of[machine->number];
	const struct agent *agent = &machine->agent;

	if (ghost->before.state != VR_BACKUP || agent->vr.state != VR_ACTIVE ||
	    agent->vr.effective_priority == VRRP_PRIORITY_OWNER)
		return;
	/* What it heard as an Active, or with another priority, it need not have obeyed. */
	if (ghost->left_clock_ns < ghost->armed_clock_ns &&
	    vrrp_backup_obeys(agent->vr.effective_priority, vr_preempts(&ghost->before),
			      ghost->armed_priority) &&
	    agent->step_ns < earliest_ns(world, machine))
		world_fail(world, "early: r%u takes over %lld ns before its time",
			   machine->number + 1,
			   (long long)(earliest_ns(world, machine) - agent->step_ns));
	if (ghost->before.drained)
		world_fail(world, "drained: r%u takes over", machine->number + 1);
}

static int64_t later_ns(int64_t a_ns, int64_t b_ns)
{
	return a_ns > b_ns ? a_ns : b_ns;
}

/* Nobody waits longer than this for somebody who is silent. */
static void judge_patience(struct world *world, const struct machine *machine)
{
	const struct ghost *ghost = &world->ghosts->of[machine->number];
	const struct vr *vr = &machine->agent.vr;
	int64_t since_ns = later_ns(later_ns(ghost->armed_clock_ns, ghost->left_clock_ns),
				    later_ns(ghost->started_clock_ns, vr->awake_ns));
	int64_t most_ns = vr_down_interval_ns(world->scenario->version, 1, ghost->longest_cs,
					      world->scenario->down_adverts) +
			  2 * (ghost->longest_cs * NS_PER_CS);

	since_ns = later_ns(since_ns, ghost->last_goodbye_clock_ns);
	if (vr->state == VR_BACKUP && !vr->drained &&
	    machine_clock(world, machine) - since_ns > most_ns + machine->router->wake_ns)
		world_fail(world, "patience: r%u has heard nobody for %lld ns", machine->number + 1,
			   (long long)(machine_clock(world, machine) - since_ns));
}

/* ---- the role is kept ---- */

/* The Adver_Timer is one moment and all that are whole intervals after it (D-21, D-36), until a
 * goodbye (D-22) or a new role. */
static void judge_cadence(struct world *world, const struct machine *machine)
{
	struct ghost *ghost = ghost_of(world, machine);
	const struct agent *agent = &machine->agent;
	int64_t timer_ns = agent->vr.adver_timer_ns;
	bool goodbye = agent->event.kind == EV_ADVERT &&
		       agent->event.advert.priority == VRRP_PRIORITY_LEAVING;

	bool other = agent->vr.eased_cs != ghost->before.eased_cs ||
		     agent->vr.params.interval_cs != ghost->before.params.interval_cs;

	if (agent->vr.state != VR_ACTIVE || timer_ns == NEVER_NS || agent->event.kind == EV_ADOPT ||
	    other || ghost->before.adver_timer_ns == NEVER_NS || goodbye) {
		ghost->phase_clock_ns = timer_ns;
		return;
	}
	if ((timer_ns - ghost->phase_clock_ns) % interval_ns(machine) != 0)
		world_fail(world, "cadence: r%u moves its Adver_Timer by %lld ns",
			   machine->number + 1,
			   (long long)((timer_ns - ghost->phase_clock_ns) % interval_ns(machine)));
	if (timer_ns - agent->step_ns > interval_ns(machine))
		world_fail(world, "cadence: r%u leaves an advertisement out", machine->number + 1);
	if (agent->event.kind == EV_DEADLINE && agent->step_ns >= ghost->before.adver_timer_ns &&
	    !said(agent, ACT_ADVERT))
		world_fail(world, "cadence: r%u has nothing to say", machine->number + 1);
}

/* Its report has waited since before the Startup (D-3). */
static bool is_outdated(const struct ghost *ghost, const struct agent *agent)
{
	return agent->event.kind == EV_ADVERT &&
	       agent->event.advert.received_ns < ghost->started_clock_ns;
}

/* Whoever stays while another one may have spoken for the addresses tells where they are. */
static void judge_survivor(struct world *world, const struct machine *machine)
{
	struct ghost *ghost = ghost_of(world, machine);
	const struct agent *agent = &machine->agent;
	bool provoked = agent->event.kind == EV_CLAIM || agent->event.kind == EV_ADVERT;

	if (!provoked || is_outdated(ghost, agent) || ghost->before.state != VR_ACTIVE ||
	    agent->vr.state != VR_ACTIVE || agent->seen.lease_until_ns <= agent->step_ns ||
	    ghost->before.listen_until_ns != NEVER_NS || said(agent, ACT_ANNOUNCE))
		return;
	if (agent->step_ns - ghost->announced_clock_ns > SURVIVOR_NS + interval_ns(machine) &&
	    !machine->mute)
		world_fail(world, "survivor: r%u stays, and does not tell", machine->number + 1);
}

/* D-24, of VRRPv3; D-22. The limit is D-35's. */
static void judge_answer(struct world *world, const struct machine *machine)
{
	struct ghost *ghost = ghost_of(world, machine);
	const struct agent *agent = &machine->agent;
	bool goodbye = agent->event.advert.priority == VRRP_PRIORITY_LEAVING;

	if (agent->event.kind != EV_ADVERT || ghost->before.state != VR_ACTIVE ||
	    agent->vr.state != VR_ACTIVE || is_outdated(ghost, agent))
		return;
	if (goodbye && !said(agent, ACT_ADVERT))
		world_fail(world, "answer: r%u says nothing to a goodbye", machine->number + 1);
	if (goodbye)
		ghost->window_allowed++;
	if (!goodbye && machine->router->no_answer && said(agent, ACT_ADVERT))
		world_fail(world, "answer: r%u speaks where it was told not to",
			   machine->number + 1);
	if (!goodbye && world->scenario->version == 3 && !machine->router->no_answer &&
	    !said(agent, ACT_ADVERT) && !said(agent, ACT_COUNT))
		world_fail(world, "answer: r%u says nothing to one that should yield",
			   machine->number + 1);
}

/* H-15: the last word of one that yields under its lease, and it extends nothing. */
static void judge_last_word(struct world *world, const struct machine *machine)
{
	struct ghost *ghost = ghost_of(world, machine);
	const struct agent *agent = &machine->agent;
	const struct vr_action *advert = said(agent, ACT_ADVERT);

	if (ghost->before.state != VR_ACTIVE || agent->vr.state != VR_BACKUP ||
	    agent->vr.last_event != LAST_EVENT_HIGHER_PRIORITY_BACKUP)
		return;
	ghost->window_allowed++;
	if (machine->router->last_word != (advert != NULL))
		world_fail(world, "last word: r%u has %s", machine->number + 1,
			   advert ? "one" : "none");
	if (advert && (advert->advert.until_ns != 0 || is_leaving(advert)))
		world_fail(world, "last word: r%u goes on", machine->number + 1);
}

void judge_step(struct world *world, const struct machine *machine)
{
	struct ghost *ghost = ghost_of(world, machine);
	enum vr_event_kind kind = machine->agent.event.kind;

	if (kind == EV_DRAIN || kind == EV_UNDRAIN || kind == EV_ADOPT)
		ghost->window_allowed++;
	judge_actions(world, machine);
	judge_takeover(world, machine);
	judge_cadence(world, machine);
	judge_survivor(world, machine);
	judge_answer(world, machine);
	judge_last_word(world, machine);
	judge_rows(world, machine);
}

/* ---- views ---- */

static void judge_slot(struct world *world, const struct machine *machine)
{
	const struct vr *vr = &machine->agent.vr;
	const struct vr_slot *slot = &machine->plane.slots[0];
	struct vr_memory memory = slot->memory;
	bool steady = slot->flags & SLOT_STEADY;

	vr_remember(vr, &memory);
	if (memcmp(&memory, &slot->memory, sizeof(memory)) != 0)
		world_fail(world, "views: r%u's slot remembers something else",
			   machine->number + 1);
	if (!(slot->flags & SLOT_RUNNING) != (vr->state == VR_INITIALIZE) ||
	    slot->identity.priority != vr->effective_priority)
		world_fail(world, "views: r%u's slot runs otherwise than its core",
			   machine->number + 1);
	if (steady != (vr->steady_header != 0) ||
	    (steady && slot->steady_header != vr->steady_header))
		world_fail(world, "views: r%u's slot is steady for another", machine->number + 1);
}

/* An agent that has nothing to do: all that it asked for is done. */
void judge_views(struct world *world, const struct machine *machine)
{
	const struct agent *agent = &machine->agent;
	const struct vr *vr = &agent->vr;
	bool acquired = vr->state == VR_ACTIVE || (vr->state == VR_BACKUP && vr->acquired);
	bool leased =
		machine_clock(world, machine) < (int64_t)machine->plane.slots[0].lease_until_ns;

	const struct ghost *ghost = &world->ghosts->of[machine->number];

	if (!agent->has_slot || agent->stage != AGENT_IDLE)
		return;
	if (leased && (vr->state != VR_ACTIVE || vr->promoting))
		world_fail(world, "views: r%u has a lease as %s", machine->number + 1,
			   vr_state_name(vr->state));
	if (acquired != machine->acquired && !agent->loading)
		world_fail(world, "views: r%u's addresses are %s as %s", machine->number + 1,
			   machine->acquired ? "there" : "gone", vr_state_name(vr->state));
	if (ghost->drained != DRAINED_PERHAPS && !agent->loading &&
	    vr->drained != (ghost->drained == DRAINED))
		world_fail(world, "drained: r%u does not know what it was told",
			   machine->number + 1);
	judge_slot(world, machine);
	judge_patience(world, machine);
}
