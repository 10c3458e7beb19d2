/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our priority: the tracked one, or 1 while the operator has drained us. A drained Active says so
 * and keeps the role until somebody takes it (D-23), because to the network a takeover from a
 * living Active is no loss. Routers that do not preempt obey any priority, so there is a time by
 * which all others must have taken over; after it they are told that nobody has the role (D-20). A
 * drained Backup never takes over, also not as an owner.
 */
#include "core/step.h"

#define DRAINED_PRIORITY 1

uint8_t priority_of(const struct vr *vr)
{
	return vr->drained ? DRAINED_PRIORITY : vr->tracked_priority;
}

/* C-24, D-52. Skew_Time is a part of every span that Active_Down_Timer is armed with, so the timer
 * moves by the difference. Whom we obey may have changed: let everything be reported. */
void priority_follow(struct step *s)
{
	struct vr *vr = s->vr;
	int64_t old_skew_ns = vr->skew_time_ns;
	bool lowered = priority_of(vr) < vr->effective_priority;

	if (priority_of(vr) == vr->effective_priority)
		return;
	vr->effective_priority = priority_of(vr);
	timers_recompute(vr);
	if (vr->state == VR_BACKUP && vr->down_timer_ns != NEVER_NS)
		vr->down_timer_ns += vr->skew_time_ns - old_skew_ns;
	if (vr->state == VR_BACKUP && lowered && (vr->ready || !vr->drained))
		backup_lowered(s);
	emit(s, ACT_PUBLISH);
	if (vr->steady_header != 0)
		steady_clear(s);
}

/* A preempting Backup of any priority needs no longer than this, if it hears every third of our
 * advertisements; and one interval for the way. */
void drain_arm(struct step *s)
{
	const struct vr_params *params = &s->vr->params;

	if (!s->vr->drained)
		return;
	s->vr->drain_until_ns = s->now_ns + params->interval_cs * NS_PER_CS +
				vr_down_interval_ns(params->version, DRAINED_PRIORITY,
						    params->interval_cs, params->down_adverts);
}

void drain_begin(struct step *s)
{
	struct vr *vr = s->vr;

	if (vr->drained)
		return;
	vr->drained = true;
	priority_follow(s);
	switch (vr->state) {
	case VR_INITIALIZE:
		if (vr->down_timer_ns != NEVER_NS) /* an owner about to take over */
			backup_start(s);
		break;
	case VR_BACKUP:
		vr->ready = false;
		break;
	case VR_ACTIVE:
		active_drain(s);
		break;
	}
}

/* An owner takes its role back at once, as at Startup (D-1). */
static void backup_undrain(struct step *s)
{
	struct vr *vr = s->vr;

	if (vr->effective_priority == VRRP_PRIORITY_OWNER) {
		vr->next_reason = ACTIVE_REASON_PREEMPTED;
		timers_arm_down(vr, s->now_ns, 0);
		backup_take(s);
	} else if (vr->down_timer_ns == NEVER_NS) {
		vr->next_reason = ACTIVE_REASON_NO_RESPONSE;
		timers_arm_down(vr, s->now_ns, vr->active_down_interval_ns);
	}
}

void drain_end(struct step *s)
{
	struct vr *vr = s->vr;

	if (!vr->drained)
		return;
	vr->drained = false;
	priority_follow(s);
	switch (vr->state) {
	case VR_INITIALIZE:
		break;
	case VR_BACKUP:
		backup_undrain(s);
		break;
	case VR_ACTIVE:
		active_undrain(s);
		break;
	}
}
