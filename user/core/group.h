/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sync groups: virtual routers that are Active together or not at all. Pure.
 *
 *   - The group takes the role when every member would: a Backup whose Active_Down_Timer is over
 *     waits (vr->ready) until the others are ready, too, or Active. To take it for one that still
 *     hears its Active, or whose Active's lease may run, would make two of them (I1). If one hears
 *     its Active at the last moment, those that went ahead come back.
 *   - A goodbye (D-12) to one member is one to all: Actives that leave do so as a group. The others
 *     then need to be silent for one interval and skew only.
 *   - A member that loses the role takes all with it, with a goodbye each.
 *   - A fault of one member is FAULT_SYNC_GROUP to the others. Not that of a member which has not
 *     been started, or waits for the first result of a tracked object: then they wait, too. Nor
 *     that of one which a reload brings to an Active group, before it has been well there.
 *   - Who drains one member drains all, and the same with the end of it.
 *
 * A member that starts or restarts while the others are Active follows them when it is ready, and
 * they stay what they are. Who shuts down one member alone says so (vr_event.alone).
 */
#ifndef CORE_GROUP_H
#define CORE_GROUP_H

#include "core/event.h"
#include "core/vr.h"

/* All but `vr` is this file's. */
struct group_member {
	struct vr *vr;
	enum vr_state told; /* its state when group_next() last looked */
	bool told_drained;
	int64_t told_goodbye_ns; /* this goodbye has been passed on */
	bool went;		 /* EV_GROUP_GO was given, and not all have gone yet */
	int64_t went_armed_ns;	 /* what it had heard then */
	bool newcomer;		 /* has been in Initialize since a reload brought it here */

	/* still to be told */
	bool must_yield, must_hurry, must_drain, must_undrain;
};

/* All of a virtual router that makes a difference to its group. */
struct group_view {
	int64_t goodbye_ns, down_armed_ns;
	unsigned faults;
	enum vr_state state;
	bool started, ready, drained;
};

/*
 * Has it changed since the last call? While that of no member has, group_next() is false, and to
 * ask it, which looks at all of them, would be in vain: most steps are advertisements.
 */
bool group_view_changed(struct group_view *view, const struct vr *vr);

/*
 * A group is formed of `members`, whose `vr` is set: at the start, before they are started or
 * adopted, or by a reload (`running`). What they are at that moment is nothing new to anybody.
 */
void group_open(struct group_member *members, size_t count, bool running);

/*
 * What has to be told to whom next, after a member's step: true, and `*index` is to be stepped with
 * `*event`, its EV_RECHECK included, then ask again. False: they are of one mind, or have to wait.
 * It ends: no event is given twice without another event from outside.
 */
bool group_next(struct group_member *members, size_t count, size_t *index, struct vr_event *event);

#endif
