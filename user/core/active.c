/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active: RFC 9568 6.4.3, and the lease. Whoever finds it expired has slept too long: it was silent
 * when a Backup's timer ran out, so it sends nothing as Active before it knows that nobody took
 * over.
 */
#include <assert.h>

#include "core/step.h"
#include "election.h"

#define ANSWER_PAUSE_MAX_NS (100 * NS_PER_MS)

/* Should the lease be lost without an end (the first advertisement did not leave), then only what
 * is heard from now on tells of another Active. */
static void start_timers(struct step *s)
{
	struct vr *vr = s->vr;

	timers_stop(vr);
	vr->down_armed_ns = s->now_ns;
	vr->superior_ns = s->seen->superior_ns;
	vr->adver_timer_ns = s->now_ns + timers_interval(vr);
	vr->other_form_ns = s->now_ns;
	drain_arm(s);
}

static void start_advertising(struct step *s)
{
	start_timers(s);
	emit_first_advert(s, s->now_ns + vr_lease_ns(s->vr));
	announce_takeover(s);
}

static enum vr_last_event takeover_event(const struct vr *vr)
{
	if (vr->next_reason != ACTIVE_REASON_PREEMPTED)
		return LAST_EVENT_ACTIVE_TIMEOUT;
	if (vr->effective_priority == VRRP_PRIORITY_OWNER)
		return LAST_EVENT_OWNER_PREEMPT;
	return vr->params.preempt_delay_ns != 0 ? LAST_EVENT_PREEMPT_HOLD_TIMEOUT
						: LAST_EVENT_LOWER_PRIORITY_ACTIVE;
}

/*
 * D-1, D-11. The slot first: it costs a few stores, and an advertisement must be reported from here
 * on whatever it equals. Then what the network waits for, then what is slow (I5).
 */
void active_enter(struct step *s)
{
	struct vr *vr = s->vr;
	enum vr_state from = vr->state;

	assert(from != VR_ACTIVE);
	assert(vr->next_reason != ACTIVE_REASON_NOT_ACTIVE);
	if (from == VR_BACKUP)
		vr->last_event = takeover_event(vr);
	vr->state = VR_ACTIVE;
	vr->hold_until_ns = backup_hold(&vr->params);
	vr->acquired = false;
	vr->active_reason = vr->next_reason;
	vr->active_address = vr->primary;
	steady_clear(s);
	emit(s, ACT_PUBLISH);
	start_advertising(s);
	emit(s, ACT_ACQUIRE);
	emit_count(s, CORE_COUNT_ACTIVE_TRANSITIONS);
	emit_notify(s, from);
}

static bool listening(const struct vr *vr)
{
	return vr->listen_until_ns != NEVER_NS;
}

void active_resume(struct step *s)
{
	assert(s->vr->state == VR_ACTIVE && listening(s->vr));
	start_advertising(s);
	if (s->vr->listens_late)
		emit_late(s, LATE_RESUMED);
}

void active_go_on(struct step *s, uint32_t relied_cs)
{
	assert(s->vr->state == VR_ACTIVE && lease_valid(s));
	start_timers(s);
	announce_go_on(s);
	configure_interval(s, relied_cs);
}

bool active_fenced(const struct step *s)
{
	assert(s->vr->state == VR_ACTIVE);
	return listening(s->vr) || !lease_valid(s);
}

/* The lease ends before anything else is done about leaving. */
static void leave(struct step *s, enum vr_last_event cause, int64_t heard_ns)
{
	emit_lease(s, 0);
	backup_enter(s, heard_ns);
	s->vr->last_event = cause;
}

static void leave_done(struct step *s)
{
	emit(s, ACT_PUBLISH);
	emit(s, ACT_RELEASE);
	emit_notify(s, VR_ACTIVE);
}

/* The end of the lease that was lost: who spoke after it may have taken over. */
static int64_t lost_lease_ns(const struct step *s)
{
	int64_t armed_ns = s->vr->down_armed_ns;
	bool told = listening(s->vr) || s->seen->lease_until_ns < armed_ns;

	return told ? armed_ns : s->seen->lease_until_ns;
}

/*
 * Into Backup, as one who has heard what the stamps say: an Active to obey, else one of lower
 * priority, whom the running timer will preempt, else nobody yet.
 */
static void leave_overtaken(struct step *s)
{
	const struct vr_evidence *seen = s->seen;
	int64_t since_ns = lost_lease_ns(s);
	bool tell = s->late_ns != 0 || (listening(s->vr) && s->vr->listens_late);

	if (seen->authority_ns > since_ns) {
		leave(s, LAST_EVENT_LEASE_EXPIRED, seen->authority_ns);
	} else if (seen->last_advert_ns > since_ns) {
		leave(s, LAST_EVENT_LEASE_EXPIRED, seen->last_advert_ns);
		s->vr->next_reason = ACTIVE_REASON_PREEMPTED;
	} else {
		leave(s, LAST_EVENT_LEASE_EXPIRED, s->now_ns);
	}
	if (tell)
		emit_late(s, LATE_YIELDED);
}

void active_overtaken(struct step *s)
{
	leave_overtaken(s);
	leave_done(s);
}

void active_advertise(struct step *s)
{
	assert(!active_fenced(s));
	emit_advert(s, s->now_ns + vr_lease_ns(s->vr));
}

/*
 * Does anybody here read the other checksum form only? As long as no peer has been heard, or if not
 * all that were speak one form, one advertisement in eight, one a second at most, finds out.
 * Otherwise two routers that have both become Active (a partition, unequal intervals) may stay so:
 * keepalived starts its own interval anew with each advertisement that it refuses, and is never
 * heard. What was heard may have been another one's guess, so it is not relied upon for ever: then
 * it is one in 64.
 *
 * Who reads our form misses that one, and counts from the one before: so does the lease. After a
 * late wake-up it cannot spare it, so the question waits. A lease of two intervals never can: then
 * both forms are sent.
 */
static int64_t other_form_pause_ns(const struct vr *vr)
{
	int64_t eight_ns = 8 * timers_interval(vr);
	int64_t pause_ns = eight_ns > NS_PER_S ? eight_ns : NS_PER_S;

	return vr->peer_heard && !vr->peers_differ ? 8 * pause_ns : pause_ns;
}

static bool other_form_due(const struct step *s)
{
	const struct vr *vr = s->vr;

	return vr->params.version == 3 && vr->params.family == VRRP_IPV4 &&
	       vr->params.checksum_policy == CHECKSUM_POLICY_AUTO && vr->eased_cs == 0 &&
	       s->now_ns >= vr->other_form_ns + other_form_pause_ns(vr) &&
	       (vr->params.down_adverts == 2 ||
		s->seen->lease_until_ns - s->now_ns > timers_interval(vr) * 3 / 2);
}

static void advertise_in_turn(struct step *s)
{
	struct vr *vr = s->vr;

	bool asks = other_form_due(s);

	if (!asks || vr->params.down_adverts == 2)
		active_advertise(s);
	if (!asks)
		return;
	emit_other_form(s);
	vr->other_form_ns = s->now_ns;
}

/* D-24, new in RFC 9568; the Adver_Timer keeps its cadence (D-36). Two routers with one address
 * would answer each other for ever (D-35). */
static void answer(struct step *s, const struct vr_advert *advert)
{
	struct vr *vr = s->vr;
	int64_t pause_ns = timers_interval(vr) / 2;

	if (s->now_ns < vr->answer_again_ns || addr_equal(&advert->source, &vr->primary)) {
		emit_count(s, CORE_COUNT_IMMEDIATE_ADVERT_SUPPRESSED);
		return;
	}
	vr->answer_again_ns =
		s->now_ns + (pause_ns < ANSWER_PAUSE_MAX_NS ? pause_ns : ANSWER_PAUSE_MAX_NS);
	active_advertise(s);
}

/* D-23. H-15: one advertisement more, under the lease that ends now. */
static void yield(struct step *s, int64_t heard_ns)
{
	if (s->vr->params.higher_prio_send_advert)
		emit_last_advert(s);
	leave(s, LAST_EVENT_HIGHER_PRIORITY_BACKUP, heard_ns);
}

/* The caller's idea of now may be a little older than the stamp. */
static int64_t heard_at(const struct step *s, const struct vr_advert *advert)
{
	return advert->received_ns < s->now_ns ? advert->received_ns : s->now_ns;
}

void active_advert(struct step *s, const struct vr_advert *advert)
{
	struct vr *vr = s->vr;

	if (active_fenced(s)) {
		leave_overtaken(s);
		backup_advert(s, advert);
		leave_done(s);
	} else if (advert->priority == VRRP_PRIORITY_LEAVING) { /* D-22 */
		active_advertise(s);
		vr->adver_timer_ns = s->now_ns + timers_interval(vr);
		announce_survivor(s);
	} else if (vrrp_active_yields(vr->effective_priority, &vr->primary, advert->priority,
				      &advert->source)) { /* D-23 */
		yield(s, heard_at(s, advert));
		backup_advert(s, advert);
		leave_done(s);
	} else { /* D-24 */
		if (vr->params.version == 3 && !vr->params.lower_prio_no_advert)
			answer(s, advert);
		announce_lower(s);
	}
}

void active_claim(struct step *s)
{
	if (s->vr->state == VR_ACTIVE && !active_fenced(s))
		announce_survivor(s);
}

/* Nothing to tell if only the kernel did not take the advertisements: that is told already. */
static void listen(struct step *s)
{
	struct vr *vr = s->vr;

	vr->listens_late = s->late_ns != 0;
	vr->down_armed_ns = lost_lease_ns(s);
	timers_stop(vr);
	vr->listen_until_ns = s->now_ns + timers_interval(vr);
	if (vr->listens_late)
		emit_late(s, LATE_LISTENS);
}

/* Late for the end of the listening: the machine may have stood still again. */
static void without_lease(struct step *s)
{
	if (s->seen->last_advert_ns > lost_lease_ns(s))
		active_overtaken(s);
	else if (listening(s->vr) && s->late_ns == 0)
		promote_begin(s);
	else
		listen(s);
}

bool active_superseded(const struct step *s, const struct vr_event *event)
{
	const struct vr *vr = s->vr;
	bool its_report = event->kind == EV_ADVERT &&
			  vrrp_active_yields(vr->effective_priority, &vr->primary,
					     event->advert.priority, &event->advert.source);

	return vr->state == VR_ACTIVE && !vr->promoting && !active_fenced(s) &&
	       s->seen->superior_ns > vr->superior_ns && !its_report;
}

/*
 * D-23 by the stamp alone. Whatever the event is, to extend the lease now would be to decide
 * against an advertisement that is on record, and the programs would answer again.
 */
void active_yield(struct step *s)
{
	int64_t superior_ns = s->seen->superior_ns;

	yield(s, superior_ns < s->now_ns ? superior_ns : s->now_ns);
	leave_done(s);
}

/* Drained, and nobody took over: those who obey any Active are told that there is none (D-20). */
static void give_up(struct step *s)
{
	leave(s, LAST_EVENT_DRAINED, s->now_ns);
	emit_leaving(s);
	if (s->late_ns != 0)
		emit_late(s, LATE_WENT_ON);
	leave_done(s);
}

/* One fate for all: whoever is next shall take all of them, and soon (D-20). */
void active_group_yield(struct step *s)
{
	bool withdraw;

	if (s->vr->state != VR_ACTIVE)
		return;
	withdraw = !active_fenced(s);
	leave(s, LAST_EVENT_SYNC_GROUP, s->now_ns);
	if (withdraw)
		emit_leaving(s);
	leave_done(s);
}

/* The clocks may have stood still, too, and the lease been shortened for that: then no timer tells
 * of it, and none is to be waited for. */
void active_stood_still(struct step *s, int64_t stood_still_ns)
{
	if (listening(s->vr) || lease_valid(s))
		return;
	if (s->late_ns < stood_still_ns)
		s->late_ns = stood_still_ns;
	without_lease(s);
}

/* D-21. Deadlines are absolute, so that the mean interval is exact. */
void active_deadline(struct step *s)
{
	struct vr *vr = s->vr;

	if (active_fenced(s)) {
		without_lease(s);
		return;
	}
	if (s->now_ns >= vr->drain_until_ns) {
		give_up(s);
		return;
	}
	if (s->now_ns >= vr->adver_timer_ns) {
		configure_ease(vr);
		advertise_in_turn(s);
		vr->adver_timer_ns =
			timers_next(vr->adver_timer_ns, timers_interval(vr), s->now_ns);
	}
	if (s->now_ns >= vr->announce_timer_ns)
		announce_due(s);
}

/* The cadence is kept, as in D-36: the next one may be due at once. */
void active_drain(struct step *s)
{
	if (active_fenced(s))
		return;
	drain_arm(s);
	active_advertise(s);
}

/* Somebody's timer may be about to run out. */
void active_undrain(struct step *s)
{
	s->vr->drain_until_ns = NEVER_NS;
	if (!active_fenced(s))
		active_advertise(s);
}
