/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waking late, in whatever role. How late we are is taken down before the event moves the timer
 * that tells it, because who is late finds reports before it finds the timer. From there on the
 * time before counts for nothing (awake_ns), so that one standstill is told, and decided upon,
 * once.
 */
#include "core/step.h"

void late_begin(struct step *s)
{
	struct vr *vr = s->vr;

	if (vr->state == VR_INITIALIZE) /* an owner that starts waits for nobody's silence */
		return;
	s->late_ns = timers_late(timers_role(vr), timers_interval(vr), s->now_ns);
	if (s->late_ns != 0)
		vr->awake_ns = s->now_ns;
}

/* To an Active under its lease it is nothing, before it loses the role. */
void late_stood_still(struct step *s, int64_t stood_still_ns)
{
	struct vr *vr = s->vr;

	if (stood_still_ns >= timers_interval(vr))
		vr->awake_ns = s->now_ns;
	if (vr->state == VR_ACTIVE)
		active_stood_still(s, stood_still_ns);
}

/* Reports may be left, and so may the timer; the stamps are of what was heard last. */
static void tell_of_backup(struct step *s)
{
	struct vr *vr = s->vr;

	backup_rearm(s);
	if (s->now_ns < vr->down_timer_ns)
		emit_late(s, LATE_HEARD);
	else if (!vr->drained)
		emit_late(s, LATE_LISTENS);
}

void late_end(struct step *s)
{
	if (s->late_ns == 0 || s->vr->promoting)
		return;
	switch (s->vr->state) {
	case VR_INITIALIZE:
		break;
	case VR_BACKUP:
		tell_of_backup(s);
		break;
	case VR_ACTIVE: /* else the timer is still to be looked at */
		if (s->now_ns < timers_role(s->vr))
			emit_late(s, LATE_WENT_ON);
		break;
	}
}
