/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backup: RFC 9568 6.4.2. Timers count from when an advertisement arrived, not from when it was
 * processed, and a timer that is due looks at the data plane's stamp before it is believed (I9): a
 * steady Active is noticed without events, and a Backup that gets no CPU never takes over from it.
 *
 * A timer that is looked at an interval late proves nothing by itself: if the machine stood still,
 * nothing was stamped either. So nobody takes over before one interval more has been silent (see
 * silent_ns() in timers.c).
 */
#include <assert.h>

#include "core/step.h"
#include "election.h"

void backup_enter(struct step *s, int64_t heard_ns)
{
	struct vr *vr = s->vr;

	timers_stop(vr);
	vr->state = VR_BACKUP;
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

/* D-13 */
static void obey(struct step *s, const struct vr_advert *advert)
{
	struct vr *vr = s->vr;
	bool keeps = vr->params.version == 3 && shortens_another(s, advert);

	/* RFC 3768 has one interval for all (B-13), so there is nothing to learn. */
	if (vr->params.version == 3 && !keeps)
		vr->active_interval_cs = advert->interval_cs;
	timers_recompute(vr);
	arm_by(s, advert, vr->active_down_interval_ns);
	vr->next_reason = ACTIVE_REASON_NO_RESPONSE;
	if (!keeps)
		steady_set(s, advert);
}

void backup_advert(struct step *s, const struct vr_advert *advert)
{
	struct vr *vr = s->vr;

	assert(vr->state == VR_BACKUP);
	assert(advert->interval_cs >= 1);		 /* B-14 */
	if (advert->priority == VRRP_PRIORITY_LEAVING) { /* D-12 */
		if (outdated(vr, advert))
			return;
		arm_by(s, advert, vr->skew_time_ns);
		vr->next_reason = ACTIVE_REASON_PRIORITY;
	} else if (vrrp_backup_obeys(vr->effective_priority, vr->params.preempt,
				     advert->priority)) {
		obey(s, advert);
	} else { /* D-14: the timer keeps running, and so we preempt */
		vr->next_reason = ACTIVE_REASON_PREEMPTED;
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

/* Drained, and nobody is there: nothing to wait for but an advertisement, whosever it is. Silence
 * is of no interest, nor how late it was looked at. */
static void rest(struct step *s)
{
	s->late_ns = 0;
	timers_stop(s->vr);
	s->vr->active_address = (struct vrrp_addr){{0}};
	if (s->vr->steady_header != 0)
		steady_clear(s);
}

/* Either time is over, or that for the addresses is (acquire.c). */
void backup_deadline(struct step *s)
{
	struct vr *vr = s->vr;

	backup_rearm(s);
	if (s->now_ns < timers_role(vr))
		return;
	if (vr->drained)
		rest(s);
	else
		promote_begin(s);
}
