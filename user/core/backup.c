/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backup: RFC 9568 6.4.2. Timers count from when an advertisement arrived, not from when it was
 * processed, and a timer that is due looks at the data plane's stamp before it is believed (I9): a
 * steady Active is noticed without events, and a Backup that gets no CPU never takes over from it.
 *
 * A timer that is looked at an interval late proves nothing by itself: if the machine stood still,
 * nothing was stamped either. So nobody takes over before one interval more has been silent (see
 * silent_ns() in timers.c).
 *
 * In a sync group (group.h) whose time has come is ready, and waits for the others. No timer runs
 * then, and every advertisement is reported.
 */
#include <assert.h>

#include "core/step.h"
#include "election.h"

/* An owner is not delayed, as D-33 says of Preempt_Mode. */
int64_t backup_hold(const struct vr_params *params)
{
	bool delays = params->preempt && params->preempt_delay_ns != 0 &&
		      params->priority != VRRP_PRIORITY_OWNER;

	return delays ? NEVER_NS : 0;
}

void backup_enter(struct step *s, int64_t heard_ns)
{
	struct vr *vr = s->vr;

	timers_stop(vr);
	vr->state = VR_BACKUP;
	vr->goodbye_ns = 0;
	vr->preempted_cs = 0;
	vr->hold_until_ns = backup_hold(&vr->params);
	vr->active_address = (struct vrrp_addr){{0}};
	vr->next_reason = ACTIVE_REASON_NO_RESPONSE;
	timers_arm_down(vr, heard_ns, vr->active_down_interval_ns);
}

void backup_start(struct step *s)
{
	backup_enter(s, s->now_ns);
	emit(s, ACT_PUBLISH);
	emit_notify(s, VR_INITIALIZE);
}

/* A report may be older than the stamp that the timer is armed by. */
static bool outdated(const struct vr *vr, const struct vr_advert *advert)
{
	return advert->received_ns < vr->down_armed_ns;
}

/*
 * The stamp may be a little younger than the caller's idea of now; a timer never runs from the
 * future, but evidence of before that advertisement must not count.
 */
static void arm_by(struct step *s, const struct vr_advert *advert, int64_t span_ns)
{
	struct vr *vr = s->vr;
	int64_t heard_ns = outdated(vr, advert) ? vr->down_armed_ns : advert->received_ns;

	timers_arm_down(vr, heard_ns > s->now_ns ? s->now_ns : heard_ns, span_ns);
	vr->down_armed_ns = heard_ns;
}

/*
 * Another Active that was heard since, and not reported because it is the steady one, counts by its
 * own interval, which is longer.
 */
static bool shortens_another(const struct step *s, const struct vr_advert *advert)
{
	return s->seen->authority_ns > advert->received_ns &&
	       s->vr->active_interval_cs > advert->interval_cs &&
	       !addr_equal(&s->vr->active_address, &advert->source);
}

/* See vr_preempts(). */
static void hold(struct step *s, const struct vr_advert *advert)
{
	struct vr *vr = s->vr;
	bool lower = advert->priority < vr->effective_priority;
	bool preempted = vr_preempts(vr);

	if (!lower)
		vr->hold_until_ns = backup_hold(&vr->params);
	else if (vr->hold_until_ns == NEVER_NS)
		vr->hold_until_ns = s->now_ns + vr->params.preempt_delay_ns;
	if (vr_preempts(vr) != preempted)
		emit(s, ACT_PUBLISH);
}

/* From now on D-14, for which every advertisement is wanted. */
static void hold_end(struct step *s)
{
	s->vr->hold_until_ns = 0;
	emit(s, ACT_PUBLISH);
	if (s->vr->steady_header != 0)
		steady_clear(s);
}

/* D-13 */
static void obey(struct step *s, const struct vr_advert *advert)
{
	struct vr *vr = s->vr;
	bool keeps = vr->params.version == 3 && shortens_another(s, advert);

	hold(s, advert);
	/* RFC 3768 has one interval for all (B-13), so there is nothing to learn. */
	if (vr->params.version == 3 && !keeps)
		vr->active_interval_cs = advert->interval_cs;
	timers_recompute(vr);
	arm_by(s, advert, vr->active_down_interval_ns);
	vr->next_reason = ACTIVE_REASON_NO_RESPONSE;
	if (!keeps)
		steady_set(s, advert);
}

/* D-12. Who is ready has waited for longer than that. */
static void succeed(struct step *s, const struct vr_advert *advert)
{
	struct vr *vr = s->vr;

	if (outdated(vr, advert))
		return;
	vr->goodbye_ns = advert->received_ns;
	if (vr->ready)
		return;
	arm_by(s, advert, vr->skew_time_ns);
	vr->next_reason = ACTIVE_REASON_PRIORITY;
}

void backup_advert(struct step *s, const struct vr_advert *advert)
{
	struct vr *vr = s->vr;

	assert(vr->state == VR_BACKUP);
	assert(advert->interval_cs >= 1); /* B-14 */
	if (advert->priority == VRRP_PRIORITY_LEAVING) {
		succeed(s, advert);
	} else if (vrrp_backup_obeys(vr->effective_priority, vr_preempts(vr), advert->priority)) {
		obey(s, advert);
	} else { /* D-14: the timer keeps running, and so we preempt */
		vr->next_reason = ACTIVE_REASON_PREEMPTED;
		if (advert->interval_cs > vr->preempted_cs)
			vr->preempted_cs = advert->interval_cs;
	}
}

bool backup_overheard(const struct step *s)
{
	return s->seen->authority_ns > s->vr->down_armed_ns;
}

void backup_rearm(struct step *s)
{
	struct vr *vr = s->vr;

	if (!backup_overheard(s))
		return;
	timers_arm_down(vr, s->seen->authority_ns, vr->active_down_interval_ns);
	vr->next_reason = ACTIVE_REASON_NO_RESPONSE;
}

/* Nothing to wait for but an advertisement, whosever it is. Silence is of no interest, nor how late
 * it was looked at. */
static void rest(struct step *s)
{
	s->late_ns = 0;
	timers_stop(s->vr);
	s->vr->active_address = (struct vrrp_addr){{0}};
	if (s->vr->steady_header != 0)
		steady_clear(s);
}

void backup_take(struct step *s)
{
	if (!s->vr->params.sync_group) {
		promote_begin(s);
		return;
	}
	rest(s);
	s->vr->ready = true;
}

/* Should the second look find somebody, or come too late, then the timer is as it was. */
void backup_go(struct step *s)
{
	struct vr *vr = s->vr;

	if (!vr->ready)
		return;
	vr->ready = false;
	vr->down_timer_ns = s->now_ns;
	if (s->now_ns >= timers_role(vr)) /* else it woke late, and has to listen */
		promote_begin(s);
}

/* Who goes on as Active is heard within an interval. */
void backup_leaving(struct step *s)
{
	struct vr *vr = s->vr;
	int64_t soon_ns = s->now_ns + vr->active_interval_cs * NS_PER_CS + vr->skew_time_ns;

	if (vr->state != VR_BACKUP || vr->drained || vr->ready)
		return;
	backup_rearm(s);
	if (soon_ns < vr->down_timer_ns)
		vr->down_timer_ns = soon_ns;
}

void backup_lowered(struct step *s)
{
	struct vr *vr = s->vr;

	if (vr->next_reason != ACTIVE_REASON_PREEMPTED)
		return;
	if (vr->params.version == 3 && vr->preempted_cs > vr->active_interval_cs)
		vr->active_interval_cs = vr->preempted_cs;
	timers_recompute(vr);
	timers_arm_down(vr, s->now_ns, vr->active_down_interval_ns);
}

/* One of these times is over: of the role, the preemption delay, or for the addresses (acquire.c).
 */
void backup_deadline(struct step *s)
{
	struct vr *vr = s->vr;

	backup_rearm(s);
	if (vr->hold_until_ns != 0 && s->now_ns >= vr->hold_until_ns)
		hold_end(s);
	if (s->now_ns < timers_role(vr))
		return;
	if (vr->drained)
		rest(s);
	else
		backup_take(s);
}
