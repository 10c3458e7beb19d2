/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other parameters for a virtual router that runs: what a reload changes in place. The role stays
 * what it is, whatever changes, priority 255 included: who has become the owner preempts as D-14
 * has it, and who is it no more keeps the role until it is taken.
 *
 * An interval is a promise. A Backup relies on the one that it has heard last, so the Active says
 * at once that it is another one, and
 *   - shorter: its lease is cut before it says so, and never outlasts what it has said (I1);
 *   - longer: who loses this one advertisement waits for the next one as long as before. So timer
 *     and lease go on by the interval of before, for as many advertisements as may be lost in a
 * row.
 *
 * A Backup counts by what the Active has promised, too: its timer never becomes shorter than that.
 */
#include <assert.h>

#include "core/step.h"

/* ---- Active ---- */

void configure_ease(struct vr *vr)
{
	if (vr->eased_cs != 0 && --vr->eased_adverts == 0)
		vr->eased_cs = 0;
}

/* Advertised: to lower it first is safe whatever becomes of the advertisement. */
static void cut_lease(struct step *s)
{
	int64_t until_ns = s->now_ns + vr_lease_ns(s->vr);

	if (s->seen->lease_until_ns > until_ns)
		emit_lease(s, until_ns);
}

void configure_interval(struct step *s, uint32_t relied_cs)
{
	struct vr *vr = s->vr;
	bool longer = vr->params.interval_cs > relied_cs;

	vr->eased_cs = longer ? relied_cs : 0;
	vr->eased_adverts = vr->params.down_adverts;
	configure_ease(vr);
	cut_lease(s);
	drain_arm(s);
	active_advertise(s);
	vr->adver_timer_ns = s->now_ns + timers_interval(vr);
}

/* It listens for one interval, for no less than the new one. */
static void listen_longer(struct vr *vr, const struct vr_params *old)
{
	vr->eased_cs = 0;
	if (vr->listen_until_ns != NEVER_NS && vr->params.interval_cs > old->interval_cs)
		vr->listen_until_ns += (vr->params.interval_cs - old->interval_cs) * NS_PER_CS;
}

/* One that is fenced has nothing to say. */
static void configure_active(struct step *s, const struct vr_params *old)
{
	struct vr *vr = s->vr;
	const struct vr_params *params = &vr->params;

	vr->hold_until_ns = backup_hold(params);
	if (params->interval_cs != old->interval_cs)
		vr->active_interval_cs = params->interval_cs;
	timers_recompute(vr);
	if (active_fenced(s)) {
		listen_longer(vr, old);
		return;
	}
	announce_follow(s, &old->announce);
	if (params->interval_cs != old->interval_cs || params->down_adverts != old->down_adverts)
		configure_interval(s, vr->eased_cs != 0 ? vr->eased_cs : old->interval_cs);
}

/* ---- Backup ---- */

/* A delay that runs has begun when it began. */
static int64_t hold_of(const struct vr *vr, const struct vr_params *old)
{
	int64_t none_heard_ns = backup_hold(&vr->params);
	int64_t until_ns = vr->hold_until_ns;

	if (none_heard_ns == 0 || backup_hold(old) == 0)
		return none_heard_ns;
	if (until_ns == 0 || until_ns == NEVER_NS)
		return until_ns;
	until_ns += vr->params.preempt_delay_ns - old->preempt_delay_ns;
	return until_ns > 0 ? until_ns : 1;
}

/* Since Startup; who was adopted has heard what is not known here. */
static bool heard_somebody(const struct step *s)
{
	return s->seen->authority_ns >= s->vr->begun_ns;
}

/* RFC 3768 has one interval for all; of VRRPv3, ours is a guess that holds until somebody is heard.
 */
static void follow_interval(struct step *s, const struct vr_params *old)
{
	struct vr *vr = s->vr;
	bool guess = vr->params.version == 2 || !heard_somebody(s);

	if (vr->params.interval_cs != old->interval_cs && guess)
		vr->active_interval_cs = vr->params.interval_cs;
	timers_recompute(vr);
}

/* One that is ready has been silent for long enough by what was known then. */
static void wait_longer(struct vr *vr)
{
	int64_t span_ns = vr->active_down_interval_ns;

	if (vr->ready)
		timers_arm_down(vr, vr->down_armed_ns, span_ns);
	else if (vr->down_timer_ns < vr->down_armed_ns + span_ns)
		vr->down_timer_ns = vr->down_armed_ns + span_ns;
}

/* As after a Startup, unless somebody has promised to be heard. */
static void wait_shorter(struct step *s)
{
	struct vr *vr = s->vr;
	int64_t timer_ns = s->now_ns + vr->active_down_interval_ns;

	if (!heard_somebody(s) && timer_ns < vr->down_timer_ns)
		vr->down_timer_ns = timer_ns;
}

/* After a goodbye, and while the timer does not run, no silence is waited for. */
static void follow_span(struct step *s, int64_t old_span_ns)
{
	struct vr *vr = s->vr;

	if (vr->next_reason == ACTIVE_REASON_PRIORITY ||
	    (vr->down_timer_ns == NEVER_NS && !vr->ready))
		return;
	if (vr->active_down_interval_ns > old_span_ns)
		wait_longer(vr);
	else if (vr->active_down_interval_ns < old_span_ns)
		wait_shorter(s);
}

static void configure_backup(struct step *s, const struct vr_params *old)
{
	struct vr *vr = s->vr;
	int64_t old_span_ns = vr->active_down_interval_ns;
	int64_t hold_ns = hold_of(vr, old);

	/* A delay begins with the next advertisement, so that one must be reported. */
	if (hold_ns == NEVER_NS && vr->hold_until_ns != NEVER_NS && vr->steady_header != 0)
		steady_clear(s);
	vr->hold_until_ns = hold_ns;
	follow_interval(s, old);
	follow_span(s, old_span_ns);
}

/* ---- all ---- */

static void configure_initialize(struct step *s)
{
	struct vr *vr = s->vr;

	vr->hold_until_ns = backup_hold(&vr->params);
	vr->active_interval_cs = vr->params.interval_cs;
	timers_recompute(vr);
}

/* Preempt_Mode; an owner's makes no difference to whom it obeys (D-33). */
static void follow_preempt(struct step *s, bool preempted)
{
	struct vr *vr = s->vr;

	if (vr_preempts(vr) == preempted)
		return;
	if (vr->state == VR_BACKUP && preempted && vr->effective_priority != VRRP_PRIORITY_OWNER)
		backup_lowered(s);
	emit(s, ACT_PUBLISH);
	if (vr->steady_header != 0)
		steady_clear(s);
}

/* An owner that starts is about to take over, without listening (D-1). */
static bool is_no_owner_now(const struct vr *vr)
{
	return vr->state == VR_INITIALIZE && vr->down_timer_ns != NEVER_NS &&
	       vr->effective_priority != VRRP_PRIORITY_OWNER;
}

static void replace_params(struct vr *vr, const struct vr_params *params)
{
	bool member = vr->params.sync_group;
	int64_t startup_delay_ns = vr->params.startup_delay_ns;

	vr_check_params(params);
	assert(params->family == vr->params.family && params->version == vr->params.version &&
	       params->vrid == vr->params.vrid);
	vr->params = *params;
	vr->params.sync_group = member;
	vr->params.startup_delay_ns = startup_delay_ns;
}

static void configure_state(struct step *s, const struct vr_params *old)
{
	switch (s->vr->state) {
	case VR_INITIALIZE:
		configure_initialize(s);
		break;
	case VR_BACKUP:
		configure_backup(s, old);
		break;
	case VR_ACTIVE:
		configure_active(s, old);
		break;
	}
}

/* What has been heard so far is judged as it was when it was heard. */
void configure(struct step *s, const struct vr_params *params, uint8_t priority)
{
	struct vr *vr = s->vr;
	const struct vr_params old = vr->params;
	bool preempted = vr_preempts(vr);

	assert(priority != VRRP_PRIORITY_LEAVING);
	assert((priority == VRRP_PRIORITY_OWNER) == (params->priority == VRRP_PRIORITY_OWNER));
	if (vr->state == VR_BACKUP)
		backup_rearm(s);
	vr->tracked_priority = priority;
	priority_follow(s);
	replace_params(vr, params);
	configure_state(s, &old);
	follow_preempt(s, preempted);
	if (is_no_owner_now(vr))
		backup_start(s);
}
