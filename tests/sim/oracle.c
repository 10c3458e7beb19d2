/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle's ears: it puts down what happens, and has it judged where it may be wrong. */
#include "sim/oracle.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "election.h"
#include "sim/ghosts.h"

#define CALM_INTERVALS 3
#define BURSTS_MAX     4

static int64_t interval_ns(const struct machine *machine)
{
	return machine->router->interval_cs * NS_PER_CS;
}

/* ---- beginning and end ---- */

static int64_t calm_ns(const struct scenario *scenario)
{
	int64_t span_ns = CALM_INTERVALS * scenario->client_ns;

	if (scenario->settled_ns == 0)
		return NEVER_NS;
	for (unsigned i = 0; i < scenario->router_count; i++) {
		int64_t some_ns = CALM_INTERVALS * (scenario->routers[i].interval_cs * NS_PER_CS);

		span_ns = some_ns > span_ns ? some_ns : span_ns;
	}
	return scenario->end_ns - span_ns;
}

static void mark(struct world *world)
{
	struct ghosts *ghosts = world->ghosts;

	ghosts->mark_ns = world->now_ns;
	ghosts->unanswered = 0;
	for (unsigned i = 0; i < SIM_ROUTERS_MAX; i++) {
		struct ghost *ghost = &ghosts->of[i];

		ghost->adverts = ghost->announcements = ghost->transitions = ghost->late = 0;
		ghost->first_advert_ns = -1;
	}
}

void oracle_begin(struct world *world)
{
	world->ghosts = calloc(1, sizeof(*world->ghosts));
	if (!world->ghosts)
		abort();
	world->ghosts->calm_ns = calm_ns(world->scenario);
	for (unsigned i = 0; i < SIM_ROUTERS_MAX; i++)
		world->ghosts->of[i].window_ns = INT64_MIN / 2;
	mark(world);
}

void oracle_end(struct world *world)
{
	if (!world->failed && world->ghosts->calm_ns != NEVER_NS)
		judge_end(world);
	free(world->ghosts);
	world->ghosts = NULL;
}

/* ---- life ---- */

static void forget_goodbye(struct ghost *ghost)
{
	ghost->first_goodbye_clock_ns = ghost->last_goodbye_clock_ns = -1;
}

static void begin_anew(struct world *world, const struct machine *machine, int64_t clock_ns)
{
	struct ghost *ghost = ghost_of(world, machine);

	memset(ghost->heard, 0, sizeof(ghost->heard));
	ghost->started_clock_ns = ghost->armed_clock_ns = ghost->left_clock_ns = clock_ns;
	ghost->armed_cs = machine->router->interval_cs;
	/* An heir may learn from reports of long ago: the longest of all its lives counts. */
	if (ghost->longest_cs < ghost->armed_cs)
		ghost->longest_cs = ghost->armed_cs;
	ghost->armed_priority = VRRP_PRIORITY_OWNER; /* its own Startup */
	ghost->shortest_forged_cs = UINT32_MAX;
	forget_goodbye(ghost);
	ghost->phase_clock_ns = NEVER_NS;
	ghost->announced_clock_ns = INT64_MIN / 2;
}

void oracle_started(struct world *world, const struct machine *machine)
{
	if (!machine->pinned)
		ghost_of(world, machine)->drained = NOT_DRAINED;
	begin_anew(world, machine, machine_clock(world, machine));
}

void oracle_died(struct world *world, const struct machine *machine)
{
	struct ghost *ghost = ghost_of(world, machine);
	const struct agent *agent = &machine->agent;
	bool adopting = agent->event.kind == EV_ADOPT &&
			(agent->stage == AGENT_LOOK || agent->stage == AGENT_STEP);

	/* One that has not come so far leaves what the one before it left. */
	if (!agent->has_slot || adopting)
		return;
	ghost->dead = agent->vr;
	/* What it meant to do is known of, and not done: the slot is between two states. */
	ghost->torn = agent->stage >= AGENT_ACT;
}

void oracle_torn(struct world *world, const struct machine *machine)
{
	struct ghost *ghost = ghost_of(world, machine);

	ghost->torn = true;
	ghost->drained = DRAINED_PERHAPS;
}

/* ---- who answers ---- */

void oracle_leases(struct world *world, const struct machine *machine, bool promised)
{
	struct ghost *ghost = ghost_of(world, machine);

	ghost->answered = machine_leased(world, machine);
	if (!promised)
		ghost->lease_number = 0;
}

void oracle_role(struct world *world, const struct machine *machine)
{
	struct ghost *ghost = ghost_of(world, machine);
	bool answers = machine_leased(world, machine);

	if (answers && !ghost->answered)
		judge_overlap(world, machine);
	ghost->answered = answers;
}

/*
 * How many advertisements may leave within less than one interval, beside those that are allowed
 * where their cause is seen. Two of the timer: it keeps its cadence, but may wake late once and in
 * time then. Two answers (D-24), which are half an interval apart, or 100 ms where that is less.
 * And once in a second or in eight intervals, whatever is longer, a turn is said in the other form
 * of checksum: beside the first one where the lease is of two intervals, and cannot spare that.
 */
static unsigned most_in_a_window(const struct world *world, const struct machine *machine)
{
	const struct scenario *scenario = world->scenario;
	bool both_forms = scenario->down_adverts == 2 && scenario->version == 3 &&
			  scenario->family == VRRP_IPV4;

	return 4 + both_forms + (unsigned)(interval_ns(machine) / (50 * NS_PER_MS));
}

void oracle_sent(struct world *world, const struct machine *machine, uint8_t priority, bool extends)
{
	struct ghost *ghost = ghost_of(world, machine);

	ghost->adverts++;
	if (priority == VRRP_PRIORITY_LEAVING)
		return;
	if (ghost->first_advert_ns < 0)
		ghost->first_advert_ns = world->now_ns;
	if (extends)
		ghost->lease_number = machine->adverts_sent;
	if (!is_xvrrpd(machine))
		return;
	if (world->now_ns >= ghost->window_ns + interval_ns(machine)) {
		ghost->window_ns = world->now_ns;
		ghost->window_sent = 0;
		ghost->window_allowed = most_in_a_window(world, machine);
	}
	if (++ghost->window_sent > ghost->window_allowed)
		world_fail(world, "storm: r%u sent %u advertisements in an interval",
			   machine->number + 1, ghost->window_sent);
}

/* One a second for what others do, and the refreshes; some may have been saved up. */
static void take_burst(struct world *world, const struct machine *machine, struct ghost *ghost)
{
	int64_t refresh_ns = machine->router->announce.refresh_ns;
	int64_t span_ns = machine_clock(world, machine) - ghost->announced_clock_ns;

	if (span_ns > BURSTS_MAX * NS_PER_S)
		span_ns = BURSTS_MAX * NS_PER_S;
	if (refresh_ns != 0)
		span_ns += span_ns * NS_PER_S / refresh_ns;
	ghost->bursts_ns += span_ns - NS_PER_S;
	if (ghost->bursts_ns < 0)
		world_fail(world, "storm: r%u announces again and again", machine->number + 1);
	if (ghost->bursts_ns > BURSTS_MAX * NS_PER_S)
		ghost->bursts_ns = BURSTS_MAX * NS_PER_S;
}

void oracle_announced(struct world *world, const struct machine *machine, unsigned rounds)
{
	struct ghost *ghost = ghost_of(world, machine);

	ghost->announcements += rounds;
	if (is_xvrrpd(machine))
		take_burst(world, machine, ghost);
	ghost->announced_clock_ns = machine_clock(world, machine);
}

/* ---- what is heard ---- */

/* A frame that is an advertisement of a scenario's router, or a forged one: its header. */
static bool is_ipv6(const struct sim_frame *frame)
{
	return frame->bytes[12] == 0x86 && frame->bytes[13] == 0xdd;
}

static const struct vrrp_hdr *header_of(const struct sim_frame *frame)
{
	return (const struct vrrp_hdr *)(frame->bytes + (is_ipv6(frame) ? 54 : 34));
}

static bool is_advert(const struct sim_frame *frame)
{
	if (is_ipv6(frame))
		return frame->bytes[20] == VRRP_PROTOCOL;
	return frame->bytes[12] == 0x08 && frame->bytes[13] == 0x00 &&
	       frame->bytes[23] == VRRP_PROTOCOL;
}

static void put_down_goodbye(struct world *world, struct ghost *ghost,
			     const struct machine *machine)
{
	ghost->goodbye_ns = world->now_ns;
	ghost->last_goodbye_clock_ns = machine_clock(world, machine);
	if (ghost->first_goodbye_clock_ns < 0)
		ghost->first_goodbye_clock_ns = ghost->last_goodbye_clock_ns;
}

static void put_down_obeyed(struct world *world, struct ghost *ghost, const struct machine *machine,
			    const struct sim_frame *frame)
{
	uint32_t interval_cs = vrrp_header_interval_cs(header_of(frame));

	ghost->armed_clock_ns = machine_clock(world, machine);
	ghost->armed_cs = interval_cs;
	ghost->armed_priority = header_of(frame)->priority;
	forget_goodbye(ghost);
	if (interval_cs > ghost->longest_cs)
		ghost->longest_cs = interval_cs;
	if (frame->from == SIM_CLIENT && interval_cs < ghost->shortest_forged_cs)
		ghost->shortest_forged_cs = interval_cs;
}

/* D-23 */
static bool yields_to(const struct world *world, const struct machine *machine,
		      const struct sim_frame *frame)
{
	uint8_t family = world->scenario->family;
	uint8_t priority = is_xvrrpd(machine) ? machine->plane.slots[0].identity.priority
					      : machine->peer.priority;
	struct vrrp_addr own = sim_address(family, machine->router->address);
	struct vrrp_addr source = own;

	memcpy(source.b + 12, frame->bytes + (is_ipv6(frame) ? 34 : 26), 4); /* all begin alike */

	return vrrp_active_yields(priority, &own, header_of(frame)->priority, &source);
}

/* Or equal to one that was. */
static bool is_reported(const struct machine *machine, const struct ghost *ghost)
{
	return !is_xvrrpd(machine) || ghost->next_event != machine->plane.next_event ||
	       ghost->steady != machine->plane.stats[0].advertisements_steady;
}

void oracle_heard(struct world *world, const struct machine *machine, const struct sim_frame *frame,
		  bool obeys)
{
	struct ghost *ghost = ghost_of(world, machine);
	struct heard *heard = &ghost->heard[frame->from];
	uint8_t priority = header_of(frame)->priority;

	if (priority == VRRP_PRIORITY_LEAVING) {
		put_down_goodbye(world, ghost, machine);
		return;
	}
	if (frame->advert >= heard->number)
		*heard = (struct heard){.number = frame->advert,
					.at_ns = world->now_ns,
					.clock_ns = machine_clock(world, machine),
					.priority = priority,
					.reported = is_reported(machine, ghost),
					.obeyed = obeys,
					.yielded = yields_to(world, machine, frame)};
	if (obeys)
		put_down_obeyed(world, ghost, machine, frame);
	else if (vrrp_header_interval_cs(header_of(frame)) > ghost->refused_cs)
		ghost->refused_cs = vrrp_header_interval_cs(header_of(frame));
}

void oracle_arrives(struct world *world, const struct machine *machine,
		    const struct sim_frame *frame)
{
	struct ghost *ghost = ghost_of(world, machine);

	if (!is_advert(frame))
		return;
	ghost->slot = machine->plane.slots[0];
	ghost->before = machine->agent.vr;
	ghost->next_event = machine->plane.next_event;
	ghost->received = machine->plane.stats[0].advertisements_received;
	ghost->steady = machine->plane.stats[0].advertisements_steady;
}

/* I4, D-37 */
static void judge_discard(struct world *world, const struct machine *machine,
			  const struct ghost *ghost)
{
	if (memcmp(&ghost->slot, &machine->plane.slots[0], sizeof(ghost->slot)) != 0 ||
	    ghost->next_event != machine->plane.next_event ||
	    memcmp(&ghost->before, &machine->agent.vr, sizeof(ghost->before)) != 0)
		world_fail(world, "discard: r%u is not as it was before a packet it discarded",
			   machine->number + 1);
}

/* An Active whose agent may never run again is silent at once when one it yields to is heard. */
static void judge_superior(struct world *world, const struct machine *machine,
			   const struct sim_frame *frame)
{
	if (yields_to(world, machine, frame) && machine_answers(world, machine))
		world_fail(world, "superior: r%u answers after it heard one it yields to",
			   machine->number + 1);
}

void oracle_arrived(struct world *world, const struct machine *machine,
		    const struct sim_frame *frame, enum plane_verdict verdict)
{
	struct ghost *ghost = ghost_of(world, machine);
	const struct vr_slot *slot = &machine->plane.slots[0];

	(void)verdict;
	if (!is_advert(frame))
		return;
	if (machine->plane.stats[0].advertisements_received == ghost->received) {
		judge_discard(world, machine, ghost);
		return;
	}
	oracle_heard(world, machine, frame, slot->authority_ns == slot->last_advert_ns);
	judge_superior(world, machine, frame);
}

/* ---- steps ---- */

/* The configuration of one who has heard nobody is all that it goes by. */
void oracle_configures(struct world *world, const struct machine *machine)
{
	struct ghost *ghost = ghost_of(world, machine);
	uint32_t interval_cs = machine->file.interval_cs;

	if (interval_cs > ghost->longest_cs)
		ghost->longest_cs = interval_cs;
	if (ghost->armed_clock_ns == ghost->started_clock_ns && interval_cs < ghost->armed_cs)
		ghost->armed_cs = interval_cs;
	ghost->window_allowed += interval_cs != machine->own.interval_cs;
	ghost->reloads += interval_cs != machine->own.interval_cs;
}

/* D-52: the role stays; of an Active, unless one it has to yield to has been heard. */
static void judge_configuration(struct world *world, const struct machine *machine)
{
	const struct agent *agent = &machine->agent;
	const struct vr *before = &ghost_of(world, machine)->before, *after = &agent->vr;
	bool yields = before->state == VR_ACTIVE && after->state == VR_BACKUP &&
		      agent->seen.superior_ns > before->superior_ns;

	if (agent->event.kind == EV_CONFIGURE && before->state != after->state && !yields)
		world_fail(world, "configuration: r%u becomes %s by it", machine->number + 1,
			   vr_state_name(after->state));
}

void oracle_steps(struct world *world, const struct machine *machine)
{
	ghost_of(world, machine)->before = machine->agent.vr;
	if (machine->agent.event.kind == EV_ADOPT)
		judge_adoption(world, machine);
}

void oracle_stepped(struct world *world, const struct machine *machine)
{
	struct ghost *ghost = ghost_of(world, machine);
	const struct agent *agent = &machine->agent;

	for (unsigned i = 0; i < agent->actions.count; i++) {
		const struct vr_action *action = &agent->actions.list[i];

		ghost->late += action->kind == ACT_LATE && action->late.late_ns != 0;
		/* the takeover's, and the second burst of it */
		if (action->kind == ACT_ADVERT && action->advert.first)
			ghost->bursts_ns += 2 * NS_PER_S;
	}
	if (ghost->before.state == VR_INITIALIZE && agent->vr.state != VR_INITIALIZE &&
	    agent->event.kind != EV_ADOPT)
		begin_anew(world, machine, agent->step_ns);
	judge_step(world, machine);
	judge_configuration(world, machine);
	if (agent->vr.eased_cs != ghost->before.eased_cs) /* as often as one may be lost */
		ghost->window_allowed += world->scenario->down_adverts;
	if ((agent->event.kind == EV_PRIORITY || agent->event.kind == EV_CONFIGURE) &&
	    ghost->before.next_reason == ACTIVE_REASON_PREEMPTED) {
		ghost->left_clock_ns = agent->step_ns; /* it may have to obey, and listens */
		if (ghost->refused_cs > ghost->longest_cs)
			ghost->longest_cs = ghost->refused_cs;
	}
	if (agent->event.kind == EV_DRAIN || agent->event.kind == EV_UNDRAIN)
		ghost->drained = agent->event.kind == EV_DRAIN ? DRAINED : NOT_DRAINED;
	if (agent->event.kind == EV_UNDRAIN || ghost->before.state == VR_ACTIVE)
		ghost->left_clock_ns = agent->step_ns;
	if (ghost->before.state == agent->vr.state)
		return;
	ghost->transitions++;
	ghost->window_allowed += agent->vr.state == VR_ACTIVE; /* its first one */
	if (world->now_ns >= world->ghosts->calm_ns)
		world_fail(world, "calm: r%u becomes %s long after the last trouble",
			   machine->number + 1, vr_state_name(agent->vr.state));
}

void oracle_idle(struct world *world, const struct machine *machine)
{
	judge_views(world, machine);
}

/* ---- clients ---- */

static void judge_answers(struct world *world)
{
	struct ghosts *ghosts = world->ghosts;
	bool calm = world->now_ns - world->scenario->client_ns >= ghosts->calm_ns &&
		    judge_eligible(world) > 0;

	if (ghosts->asked == 0)
		return;
	if (ghosts->answers == 0)
		ghosts->unanswered++;
	if (!calm)
		return;
	if (ghosts->answers == 0 || ghosts->served == 0)
		world_fail(world, "client: asked, %u answers, served by %u", ghosts->answers,
			   ghosts->served);
	else if (ghosts->answered_by != ghosts->served_by)
		world_fail(world, "client: r%u answers, r%u serves", ghosts->answered_by + 1,
			   ghosts->served_by + 1);
}

void oracle_asked(struct world *world)
{
	judge_answers(world);
	world->ghosts->asked++;
	world->ghosts->answers = world->ghosts->served = 0;
	world->ghosts->answered_by = world->ghosts->served_by = SIM_NOBODY;
}

/* More than one copy of an answer is the wire's; one by another router is not. */
static void put_down_answer(struct world *world, unsigned machine, unsigned *count, uint8_t *by)
{
	if (*count > 0 && *by != machine && world->now_ns >= world->ghosts->calm_ns &&
	    judge_eligible(world) > 0)
		world_fail(world, "client: both r%u and r%u answer", *by + 1, machine + 1);
	++*count;
	*by = (uint8_t)machine;
}

void oracle_answered(struct world *world, unsigned machine)
{
	put_down_answer(world, machine, &world->ghosts->answers, &world->ghosts->answered_by);
}

void oracle_served(struct world *world, unsigned machine)
{
	put_down_answer(world, machine, &world->ghosts->served, &world->ghosts->served_by);
}

/* ---- expectations ---- */

static unsigned answering(const struct world *world)
{
	unsigned count = 0;

	for (unsigned i = 0; i < world->scenario->router_count; i++)
		count += machine_answers(world, &world->machines[i]);
	return count;
}

static void expect_value(struct world *world, const struct sim_command *command, const char *what,
			 int64_t is)
{
	if (is != (int64_t)command->value)
		world_fail(world, "expect: line %u: %s is %lld, expected %u", command->line, what,
			   (long long)is, command->value);
}

static void expect_range(struct world *world, const struct sim_command *command, const char *what,
			 int64_t is)
{
	if (is < command->least || is > command->most)
		world_fail(world, "expect: line %u: %s: %lld, expected %lld..%lld", command->line,
			   what, (long long)is, (long long)command->least,
			   (long long)command->most);
}

static void expect_state(struct world *world, const struct sim_command *command)
{
	enum vr_state state = machine_state(&world->machines[command->router]);

	if (state != (enum vr_state)command->value)
		world_fail(world, "expect: line %u: r%u is %s, expected %s", command->line,
			   command->router + 1, vr_state_name(state),
			   vr_state_name((enum vr_state)command->value));
}

static void expect_took_over(struct world *world, const struct sim_command *command)
{
	int64_t first_ns = world->ghosts->of[command->router].first_advert_ns;

	if (first_ns < 0)
		world_fail(world, "expect: line %u: r%u has not advertised", command->line,
			   command->router + 1);
	else
		expect_range(world, command, "ns until the first advertisement",
			     first_ns - world->ghosts->mark_ns);
}

void oracle_expect(struct world *world, const struct sim_command *command)
{
	unsigned router = command->router < SIM_ROUTERS_MAX ? command->router : 0;
	const struct ghost *ghost = &world->ghosts->of[router];

	switch (command->op) {
	case SIM_EXPECT_STATE:
		expect_state(world, command);
		break;
	case SIM_EXPECT_ANSWERS:
		expect_value(world, command, "answering",
			     machine_answers(world, &world->machines[router]));
		break;
	case SIM_EXPECT_ACTIVES:
		expect_value(world, command, "routers answering", answering(world));
		break;
	case SIM_MARK:
		mark(world);
		break;
	case SIM_EXPECT_ADVERTS:
		expect_range(world, command, "advertisements", ghost->adverts);
		break;
	case SIM_EXPECT_ANNOUNCEMENTS:
		expect_range(world, command, "rounds of announcements", ghost->announcements);
		break;
	case SIM_EXPECT_TRANSITIONS:
		expect_range(world, command, "transitions", ghost->transitions);
		break;
	case SIM_EXPECT_LATE:
		expect_range(world, command, "late wake-ups", ghost->late);
		break;
	case SIM_EXPECT_TOOK_OVER:
		expect_took_over(world, command);
		break;
	case SIM_EXPECT_UNANSWERED:
		expect_range(world, command, "requests unanswered", world->ghosts->unanswered);
		break;
	default: /* what happens to routers and wire: world.c */
		break;
	}
}
