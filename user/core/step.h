/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the state machine: one step on its way through the files that make it up. Nothing outside
 * user/core/ includes this.
 *
 *   vr.c        takes the event; Startup, Shutdown, faults
 *   adopt.c     going on as an earlier agent, and what that takes
 *   backup.c    Backup: advertisements, Active_Down_Timer, waking late
 *   active.c    Active: advertisements, Adver_Timer, waking late
 *   promote.c   the way to Active, by lease and second look
 *   group.c     sync groups: what their members must be told
 *   configure.c other parameters while running
 *   drain.c     our priority; giving the role away and staying away
 *   acquire.c   addresses ahead of a takeover that is planned
 *   late.c      how late we woke, and what is made of it
 *   announce.c  when gratuitous ARP and unsolicited NA go out
 *   timers.c    formulas, arming, deadline
 *   step.c      what the data plane tells, what the list of actions gets
 */
#ifndef CORE_STEP_H
#define CORE_STEP_H

#include "core/vr.h"

struct step {
	struct vr *vr;
	int64_t now_ns;
	const struct vr_evidence *seen;
	struct vr_actions *actions;
	int64_t late_ns; /* of the role's timer, an interval or more, and not told yet; else 0 */
};

/* ---- step.c ---- */

void emit(struct step *s, enum vr_action_kind kind);
void emit_lease(struct step *s, int64_t until_ns);
void emit_announce(struct step *s, unsigned rounds);
void emit_count(struct step *s, enum vr_core_counter counter);
void emit_notify(struct step *s, enum vr_state from);
/* With our effective priority; the lease lasts from now, before it is sent. */
void emit_advert(struct step *s, int64_t lease_until_ns);
/* The same, and without it there is no role. */
void emit_first_advert(struct step *s, int64_t lease_until_ns);
/* In the checksum form that is not ours; it leaves the lease as it is. */
void emit_other_form(struct step *s);
/* In ours, and it leaves the lease as it is, too. */
void emit_last_advert(struct step *s);
void emit_leaving(struct step *s);
/* What there is to tell of late_ns; then it is told. */
void emit_late(struct step *s, enum vr_late decision);

/* The steady rule: equal advertisements are not reported from now on; and all are. */
void steady_set(struct step *s, const struct vr_advert *advert);
void steady_clear(struct step *s);

bool lease_valid(const struct step *s);

/* ---- timers.c ---- */

void timers_stop(struct vr *vr);
/* C-20, C-21, for the priority and the interval of the moment. */
void timers_recompute(struct vr *vr);
/* Active_Down_Timer: so long after a moment at which somebody was heard. */
void timers_arm_down(struct vr *vr, int64_t heard_ns, int64_t span_ns);
/* The first of timer + n * period (n >= 1) that is still ahead: no burst after a delay. */
int64_t timers_next(int64_t timer_ns, int64_t period_ns, int64_t now_ns);
/* How long `timer_ns` has been over, if that is an interval or more; else 0. */
int64_t timers_late(int64_t timer_ns, int64_t interval_ns, int64_t now_ns);
/* By which a role's time is measured: while Active our own, not a learned one (C-31). */
int64_t timers_interval(const struct vr *vr);
/* When the role is to be advertised, taken, or looked after; without what is beside it. */
int64_t timers_role(const struct vr *vr);

/* ---- announce.c ---- */

void announce_takeover(struct step *s);
void announce_due(struct step *s);
void announce_survivor(struct step *s);
void announce_lower(struct step *s);
/* Adopted: what is left of the takeover's announcements, and the refreshes. */
void announce_go_on(struct step *s);
/* Active: other times hold for what is still to come. */
void announce_follow(struct step *s, const struct announce_params *old);

/* ---- acquire.c ---- */

/* When ACT_ACQUIRE may come ahead of the role, NEVER_NS = not before it. */
int64_t acquire_due(const struct vr *vr);
/* At the end of a step: acquire what is due, release what is not any more. */
void acquire_follow(struct step *s);

/* ---- late.c ---- */

/* Around each event but EV_RECHECK, which belongs to the event before it. */
void late_begin(struct step *s);
void late_end(struct step *s);
void late_stood_still(struct step *s, int64_t stood_still_ns);

/* ---- promote.c ---- */

/* Take the lease and ask for a second look at the evidence. */
void promote_begin(struct step *s);
void promote_recheck(struct step *s);
/* Another event came first: as if nothing had been begun. */
void promote_cancel(struct step *s);

/* ---- drain.c ---- */

/* What effective_priority has to be, and what to do when that has changed. */
uint8_t priority_of(const struct vr *vr);
void priority_follow(struct step *s);

void drain_begin(struct step *s);
void drain_end(struct step *s);
/* Active, and drained or not: until when somebody else has to take over. */
void drain_arm(struct step *s);

/* ---- configure.c ---- */

void configure(struct step *s, const struct vr_params *params, uint8_t priority);
/* Active, not fenced: advertise at once; those who heard us until now rely on `relied_cs`. */
void configure_interval(struct step *s, uint32_t relied_cs);
/* Another advertisement is about to tell of the interval. */
void configure_ease(struct vr *vr);

/* ---- vr.c ---- */

/* Asserts that they are in range. */
void vr_check_params(const struct vr_params *params);

/* ---- adopt.c ---- */

void adopt_slot(struct step *s, const struct vr_adoption *adoption);

/* ---- backup.c ---- */

/* Into Backup, whose Active_Down_Timer runs since `heard_ns`; actions are left to the caller. */
void backup_enter(struct step *s, int64_t heard_ns);
/* D-2: the same from Initialize, now, with the actions. */
void backup_start(struct step *s);
void backup_advert(struct step *s, const struct vr_advert *advert);
/* hold_until_ns of one who has heard nobody yet. */
int64_t backup_hold(const struct vr_params *params);
/* Its time has come: take the role, or in a sync group wait for the others. */
void backup_take(struct step *s);
/* They are ready. */
void backup_go(struct step *s);
/* Another member has heard a goodbye. */
void backup_leaving(struct step *s);
/* We obey more routers than before: whom we were to preempt may be one of them. */
void backup_lowered(struct step *s);
/* Has an Active been heard that the timer does not know of? */
bool backup_overheard(const struct step *s);
/* Then it runs from there. */
void backup_rearm(struct step *s);
void backup_deadline(struct step *s);

/* ---- active.c ---- */

/* From Initialize or Backup, with the lease taken. */
void active_enter(struct step *s);
/* From Active, fenced, with a new lease. */
void active_resume(struct step *s);
/* Adopted under a valid lease; relied_cs: see vr_memory. */
void active_go_on(struct step *s, uint32_t relied_cs);
/* Not fenced: an advertisement, now. */
void active_advertise(struct step *s);
/* May not act as Active: the lease is over, or was when this was last looked at. */
bool active_fenced(const struct step *s);
/* The lease was lost, somebody else took over. */
void active_overtaken(struct step *s);
void active_advert(struct step *s, const struct vr_advert *advert);
void active_claim(struct step *s);
void active_deadline(struct step *s);
/* One to yield to was heard: its report is on its way, or lost. */
bool active_superseded(const struct step *s, const struct vr_event *event);
void active_yield(struct step *s);
/* Another member of the sync group has lost the role. */
void active_group_yield(struct step *s);
/* Without a lease it has been too long. */
void active_stood_still(struct step *s, int64_t stood_still_ns);
/* drained or not any more; the priority has followed. */
void active_drain(struct step *s);
void active_undrain(struct step *s);

#endif
