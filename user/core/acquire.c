/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses before the role, where there is time: the first advertisement moves the switches'
 * tables at once, but the kernel takes a while to make an address its own, and drops what arrives
 * meanwhile. A takeover that is planned, by a goodbye (D-12) or by preemption (D-14), leaves the
 * time. Without the lease the data plane keeps the addresses silent, wherever they are. From a
 * silent Active the role comes first, as I5 has it. In a sync group nobody knows the time: the
 * others have it.
 */
#include "core/step.h"

#define HEAD_START_MAX_NS (50 * NS_PER_MS)

static int64_t head_start_ns(const struct vr *vr)
{
	int64_t half_ns = timers_interval(vr) / 2;

	return half_ns < HEAD_START_MAX_NS ? half_ns : HEAD_START_MAX_NS;
}

static bool planned(const struct vr *vr)
{
	return vr->state == VR_BACKUP && !vr->drained && !vr->params.sync_group &&
	       (vr->next_reason == ACTIVE_REASON_PREEMPTED ||
		vr->next_reason == ACTIVE_REASON_PRIORITY);
}

int64_t acquire_due(const struct vr *vr)
{
	return planned(vr) ? timers_role(vr) - head_start_ns(vr) : NEVER_NS;
}

void acquire_follow(struct step *s)
{
	struct vr *vr = s->vr;
	bool wanted = s->now_ns >= acquire_due(vr) && !backup_overheard(s);

	/* Who is taking over has no time for it now. */
	if (vr->promoting || wanted == vr->acquired)
		return;
	vr->acquired = wanted;
	emit(s, wanted ? ACT_ACQUIRE : ACT_RELEASE);
}
