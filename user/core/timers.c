/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times: the formulas of RFC 9568 6.1 and RFC 3768 6.1, and the timers of a virtual router. */
#include <assert.h>

#include "core/step.h"

/*
 * Multiplied before divided, in nanoseconds: exact but for a fraction of one (C-22). Skew_Time of
 * VRRPv2 is a part of a second whatever the interval (H-19).
 */
int64_t vr_skew_ns(uint8_t version, uint8_t priority, uint32_t interval_cs)
{
	int64_t unit_ns = version == 2 ? NS_PER_S : interval_cs * NS_PER_CS;

	assert(version == 2 || version == 3);
	assert(interval_cs >= 1 && interval_cs <= 25500);
	return (256 - priority) * unit_ns / 256;
}

int64_t vr_down_interval_ns(uint8_t version, uint8_t priority, uint32_t interval_cs,
			    unsigned down_adverts)
{
	return down_adverts * (interval_cs * NS_PER_CS) +
	       vr_skew_ns(version, priority, interval_cs);
}

/* Between our own advertisements, not a learned one (C-31). */
static int64_t cadence_ns(const struct vr *vr)
{
	return (vr->eased_cs != 0 ? vr->eased_cs : vr->params.interval_cs) * NS_PER_CS;
}

int64_t vr_lease_ns(const struct vr *vr)
{
	return vr->params.down_adverts * cadence_ns(vr);
}

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

int64_t timers_interval(const struct vr *vr)
{
	return vr->state == VR_ACTIVE ? cadence_ns(vr) : vr->active_interval_cs * NS_PER_CS;
}

/* Nobody's silence is known before we have been awake for an interval of it. */
static int64_t silent_ns(const struct vr *vr, int64_t timer_ns)
{
	int64_t earliest_ns = vr->awake_ns + timers_interval(vr);

	return timer_ns > earliest_ns ? timer_ns : earliest_ns;
}

/*
 * Active_Down_Timer. A goodbye is no silence, unless our Skew_Time was over before we woke: then so
 * was another's, and he has the role. A drained Backup does not take it, nor does an owner that
 * starts wait for anybody.
 */
static int64_t takeover_ns(const struct vr *vr)
{
	int64_t down_ns = vr->down_timer_ns;
	bool goodbye = vr->next_reason == ACTIVE_REASON_PRIORITY && down_ns > vr->awake_ns;

	if (vr->state != VR_BACKUP || vr->drained || goodbye)
		return down_ns;
	return silent_ns(vr, down_ns);
}

int64_t timers_role(const struct vr *vr)
{
	int64_t listened_ns = silent_ns(vr, vr->listen_until_ns);

	return earlier(takeover_ns(vr), earlier(vr->adver_timer_ns, listened_ns));
}

int64_t vr_deadline(const struct vr *vr)
{
	int64_t acquire_ns = vr->acquired ? NEVER_NS : acquire_due(vr);
	int64_t other_ns = earlier(vr->announce_timer_ns, vr->drain_until_ns);
	int64_t hold_ns = vr->hold_until_ns != 0 ? vr->hold_until_ns : NEVER_NS;

	other_ns = earlier(earlier(other_ns, hold_ns), vr->start_timer_ns);
	return earlier(earlier(timers_role(vr), acquire_ns), other_ns);
}

void timers_stop(struct vr *vr)
{
	vr->down_timer_ns = NEVER_NS;
	vr->adver_timer_ns = NEVER_NS;
	vr->announce_timer_ns = NEVER_NS;
	vr->listen_until_ns = NEVER_NS;
	vr->drain_until_ns = NEVER_NS;
	vr->start_timer_ns = NEVER_NS;
	vr->eased_cs = 0;
	vr->ready = false;
}

void timers_recompute(struct vr *vr)
{
	vr->skew_time_ns =
		vr_skew_ns(vr->params.version, vr->effective_priority, vr->active_interval_cs);
	vr->active_down_interval_ns =
		vr_down_interval_ns(vr->params.version, vr->effective_priority,
				    vr->active_interval_cs, vr->params.down_adverts);
}

void timers_arm_down(struct vr *vr, int64_t heard_ns, int64_t span_ns)
{
	assert(heard_ns >= 0 && span_ns >= 0);
	vr->ready = false;
	vr->down_timer_ns = heard_ns + span_ns;
	vr->down_armed_ns = heard_ns;
}

int64_t timers_next(int64_t timer_ns, int64_t period_ns, int64_t now_ns)
{
	assert(period_ns > 0 && timer_ns <= now_ns);
	return timer_ns + ((now_ns - timer_ns) / period_ns + 1) * period_ns;
}

int64_t timers_late(int64_t timer_ns, int64_t interval_ns, int64_t now_ns)
{
	int64_t late_ns = now_ns - timer_ns; /* far below 0 if it does not run */

	return late_ns >= interval_ns ? late_ns : 0;
}
