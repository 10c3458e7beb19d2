/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One step held against the row of part D that it is: what the core knew before, what came, what it
 * says and is afterwards. Nothing of the world around it; that is judge_step.c's and
 * judge_role.c's.
 */
#include "election.h"
#include "sim/ghosts.h"
#include "sim/oracle.h"

struct row {
	struct world *world;
	const struct machine *machine;
	struct ghost *ghost;
	const struct vr_event *event;
	const struct vr *before, *after;
	const struct vr_evidence *seen;
	int64_t now_ns;
};

static const struct vr_action *said(const struct row *row, enum vr_action_kind kind)
{
	const struct vr_actions *actions = &row->machine->agent.actions;

	for (unsigned i = 0; i < actions->count; i++)
		if (actions->list[i].kind == kind)
			return &actions->list[i];
	return NULL;
}

static bool says_goodbye(const struct row *row)
{
	const struct vr_action *advert = said(row, ACT_ADVERT);

	return advert && advert->advert.priority == VRRP_PRIORITY_LEAVING;
}

static bool leased(const struct row *row)
{
	return row->seen->lease_until_ns > row->now_ns;
}

static int64_t interval_ns(const struct row *row)
{
	const struct vr *before = row->before;

	return (before->eased_cs != 0 ? before->eased_cs : before->params.interval_cs) * NS_PER_CS;
}

static void must(const struct row *row, bool holds, const char *what)
{
	if (!holds)
		world_fail(row->world, "row: r%u %s", row->machine->number + 1, what);
}

/* ---- Backup ---- */

static int64_t down_interval_ns(const struct row *row, uint32_t interval_cs)
{
	return vr_down_interval_ns(row->world->scenario->version, row->after->effective_priority,
				   interval_cs, row->world->scenario->down_adverts);
}

/* D-12, D-13, D-14. A report that is older than a stamp moves nothing back. */
static void backup_hears(const struct row *row)
{
	const struct vr_advert *advert = &row->event->advert;
	const struct vr *before = row->before, *after = row->after;
	int64_t skew_ns = vr_skew_ns(row->world->scenario->version, after->effective_priority,
				     before->active_interval_cs);
	bool learns = row->world->scenario->version == 3;
	uint32_t cs = learns ? advert->interval_cs : row->machine->router->interval_cs;
	/* The stamp may be a little younger than its idea of now. */
	int64_t heard_ns = advert->received_ns < row->now_ns ? advert->received_ns : row->now_ns;

	if (before->state != VR_BACKUP || after->state != VR_BACKUP || before->promoting ||
	    advert->received_ns <= before->down_armed_ns ||
	    advert->received_ns < row->ghost->started_clock_ns ||
	    row->seen->authority_ns > advert->received_ns)
		return;
	if (advert->priority == VRRP_PRIORITY_LEAVING)
		must(row, after->down_timer_ns <= row->now_ns + skew_ns,
		     "waits longer than Skew_Time after a goodbye");
	else if (vrrp_backup_obeys(before->effective_priority, vr_preempts(before),
				   advert->priority))
		must(row,
		     after->down_timer_ns == heard_ns + down_interval_ns(row, cs) &&
			     after->active_interval_cs == cs,
		     "does not wait as long as the one it obeys says");
	else if (before->down_timer_ns != NEVER_NS &&
		 row->seen->authority_ns <= before->down_armed_ns)
		must(row, after->down_timer_ns == before->down_timer_ns,
		     "moves its timer for one that it does not obey");
}

/* The second look: who was heard between the decision and the lease comes first. */
static void looks_twice(const struct row *row)
{
	const struct vr *before = row->before;
	int64_t heard_ns =
		before->state == VR_ACTIVE ? row->seen->last_advert_ns : row->seen->authority_ns;

	if (row->event->kind == EV_RECHECK && before->promoting && said(row, ACT_ADVERT))
		must(row, heard_ns <= before->down_armed_ns,
		     "takes the role though it has heard an Active meanwhile");
}

static int64_t later_ns(int64_t a_ns, int64_t b_ns)
{
	return a_ns > b_ns ? a_ns : b_ns;
}

/* What it waits for by the role it has. */
static int64_t role_timer_ns(const struct row *row)
{
	const struct vr *before = row->before;

	if (before->state == VR_ACTIVE)
		return before->adver_timer_ns < before->listen_until_ns ? before->adver_timer_ns
									: before->listen_until_ns;
	return before->state == VR_BACKUP ? before->down_timer_ns : NEVER_NS;
}

/* Its timer is looked at an interval late or more, or the heartbeat was. */
static void wakes(const struct row *row, int64_t least_ns)
{
	struct ghost *ghost = row->ghost;
	int64_t timer_ns = role_timer_ns(row);

	/* A drained Backup waits for nobody's silence. */
	if (row->before->state != VR_BACKUP || !row->before->drained)
		timer_ns = later_ns(timer_ns, ghost->woke_clock_ns + least_ns);
	if (ghost->woke_clock_ns > row->now_ns) /* rebooted since */
		ghost->woke_clock_ns = 0;
	if ((row->event->kind == EV_STOOD_STILL && row->event->stood_still_ns >= least_ns) ||
	    row->now_ns - timer_ns >= least_ns)
		ghost->woke_clock_ns = row->now_ns;
}

/* A takeover by silence comes after an interval in which it was awake. */
static void was_awake(const struct row *row)
{
	const struct vr *before = row->before;
	int64_t least_ns = before->active_interval_cs * NS_PER_CS;

	wakes(row, before->state == VR_ACTIVE ? interval_ns(row) : least_ns);
	if (before->state == VR_BACKUP && row->event->kind == EV_DEADLINE &&
	    said(row, ACT_RECHECK) && before->next_reason != ACTIVE_REASON_PRIORITY &&
	    before->effective_priority != VRRP_PRIORITY_OWNER)
		must(row, row->now_ns >= row->ghost->woke_clock_ns + least_ns,
		     "takes over by a silence that it slept through");
}

/* ---- Active ---- */

/* D-22, D-24 */
static void active_hears(const struct row *row)
{
	const struct vr *before = row->before, *after = row->after;

	if (before->state != VR_ACTIVE || after->state != VR_ACTIVE || !leased(row) ||
	    before->promoting || before->listen_until_ns != NEVER_NS)
		return;
	if (row->event->advert.received_ns < row->ghost->started_clock_ns)
		return;
	if (row->event->advert.priority == VRRP_PRIORITY_LEAVING)
		must(row, after->adver_timer_ns == row->now_ns + interval_ns(row),
		     "does not count from its answer to a goodbye");
	else if (row->world->scenario->version == 2)
		must(row, !said(row, ACT_ADVERT), "answers a lower priority in version 2");
}

/* D-20, D-50: under its lease, and not without. */
static void shuts_down(const struct row *row)
{
	bool fenced = !leased(row) || row->before->listen_until_ns != NEVER_NS;

	if (row->before->state != VR_ACTIVE || row->after->state != VR_INITIALIZE ||
	    row->before->promoting || row->seen->superior_ns > row->before->superior_ns)
		return;
	must(row, says_goodbye(row) != fenced,
	     fenced ? "says goodbye without a lease" : "leaves without a goodbye");
}

static void drains(const struct row *row)
{
	const struct vr *before = row->before, *after = row->after;
	bool fenced = !leased(row) || before->listen_until_ns != NEVER_NS || before->promoting;

	if (before->state != VR_ACTIVE || before->drained == after->drained || fenced)
		return;
	must(row, after->state != VR_ACTIVE || said(row, ACT_ADVERT),
	     "does not tell that its priority is another");
	must(row,
	     after->state != VR_ACTIVE || after->drained == (after->drain_until_ns != NEVER_NS),
	     "has no end of its drain, or keeps it");
}

/* Drained, and nobody came. */
static void gives_up(const struct row *row)
{
	if (row->before->state == VR_ACTIVE && row->after->state == VR_BACKUP &&
	    row->after->last_event == LAST_EVENT_DRAINED)
		must(row, says_goodbye(row), "gives up without a goodbye");
}

/* Who lost a lease listens for an interval before it goes on. */
static void listens(const struct row *row)
{
	struct ghost *ghost = row->ghost;
	bool lost =
		row->before->state == VR_ACTIVE && row->after->state == VR_ACTIVE && !leased(row);

	if (row->after->state != VR_ACTIVE || row->event->kind == EV_ADOPT) {
		ghost->lost_clock_ns = NEVER_NS;
		return;
	}
	if (lost && ghost->lost_clock_ns == NEVER_NS)
		ghost->lost_clock_ns = row->now_ns;
	if (row->before->state != VR_ACTIVE || !said(row, ACT_ADVERT))
		return;
	if (ghost->lost_clock_ns != NEVER_NS)
		must(row, row->now_ns - ghost->lost_clock_ns >= interval_ns(row),
		     "takes a lost role again without listening");
	ghost->lost_clock_ns = NEVER_NS;
}

/* ---- either ---- */

static bool takes_any_form(const struct row *row)
{
	return row->machine->router->checksum != CHECKSUM_POLICY_AUTO ||
	       row->world->scenario->version == 2;
}

/* Who reads one form only does not hear the other one: no lease is counted from that. */
static void extends(const struct row *row)
{
	const struct vr_action *advert = said(row, ACT_ADVERT);
	enum checksum_form own = row->after->peer_checksum;

	if (!advert || takes_any_form(row) || says_goodbye(row) || row->after->state != VR_ACTIVE)
		return;
	must(row, (advert->advert.checksum == own) == (advert->advert.until_ns != 0),
	     "counts a lease from the other form, or none from its own");
	if (advert->advert.until_ns == 0)
		must(row, row->seen->lease_until_ns - row->now_ns > interval_ns(row),
		     "has no time for the other form");
}

/* What equals the last one is not reported: not to an Active, nor for another priority. */
static void is_steady(const struct row *row)
{
	bool other = row->before->effective_priority != row->after->effective_priority;

	must(row, row->after->steady_header == 0 || row->after->state == VR_BACKUP,
	     "is steady, and no Backup");
	if (row->event->kind == EV_ADOPT)
		other = row->event->adoption.priority != row->after->effective_priority;
	must(row, row->after->steady_header == 0 || !other || row->event->kind == EV_ADVERT,
	     "is steady for its priority of before");
}

static void is_adopted(const struct row *row)
{
	must(row, row->after->state != VR_ACTIVE || said(row, ACT_ADVERT),
	     "goes on as Active, and does not say so");
}

void judge_rows(struct world *world, const struct machine *machine)
{
	struct ghost *ghost = ghost_of(world, machine);
	const struct agent *agent = &machine->agent;
	struct row row = {
		.world = world,
		.machine = machine,
		.ghost = ghost,
		.event = &agent->event,
		.before = &ghost->before,
		.after = &agent->vr,
		.seen = &agent->seen,
		.now_ns = agent->step_ns,
	};

	if (agent->event.kind == EV_ADVERT) {
		backup_hears(&row);
		active_hears(&row);
	}
	if (agent->event.kind == EV_ADOPT)
		is_adopted(&row);
	looks_twice(&row);
	was_awake(&row);
	shuts_down(&row);
	drains(&row);
	gives_up(&row);
	listens(&row);
	extends(&row);
	is_steady(&row);
}
