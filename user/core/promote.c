/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way to Active, in two steps. An Active may be heard while user space decides to take over,
 * and an advertisement that equals the last one is not even reported to a Backup. So: take the
 * lease, then look at the stamp once more. What came before the lease is seen by the second look;
 * what comes after it is reported as an event, because the data plane saw a valid lease.
 *
 * The same way leads from Initialize (an owner starts), from Backup (Active_Down_Timer), and back
 * to Active for one who woke after his lease and heard nobody.
 */
#include <assert.h>

#include "core/step.h"

/* A Backup gives way to whom it obeys; one who lost a lease, to anybody. */
static bool somebody_spoke(const struct step *s)
{
	if (s->vr->state == VR_ACTIVE)
		return s->seen->last_advert_ns > s->vr->down_armed_ns;
	return backup_overheard(s);
}

/*
 * Nobody has heard of this lease yet, so it is short: who dies before his first advertisement must
 * not answer for longer than the next Backup's head start may be. The advertisement extends it.
 */
static int64_t first_lease_ns(const struct vr *vr)
{
	return vr->params.interval_cs * NS_PER_CS / 8;
}

void promote_begin(struct step *s)
{
	assert(!s->vr->promoting);
	s->vr->promoting = true;
	emit_lease(s, s->now_ns + first_lease_ns(s->vr));
	emit(s, ACT_RECHECK);
}

/* The timer that led here is still due and leads here again. */
void promote_cancel(struct step *s)
{
	s->vr->promoting = false;
	emit_lease(s, 0);
}

static void give_way(struct step *s)
{
	struct vr *vr = s->vr;

	switch (vr->state) {
	case VR_INITIALIZE:
		backup_enter(s, s->seen->authority_ns);
		emit(s, ACT_PUBLISH);
		emit_notify(s, VR_INITIALIZE);
		break;
	case VR_BACKUP:
		backup_rearm(s);
		break;
	case VR_ACTIVE:
		active_overtaken(s);
		break;
	}
}

void promote_recheck(struct step *s)
{
	if (!s->vr->promoting)
		return;
	if (somebody_spoke(s)) {
		promote_cancel(s);
		give_way(s);
		return;
	}
	/* The step may have come too late even now. */
	if (!lease_valid(s)) {
		promote_cancel(s);
		return;
	}
	s->vr->promoting = false;
	if (s->vr->state == VR_ACTIVE)
		active_resume(s);
	else
		active_enter(s);
}
