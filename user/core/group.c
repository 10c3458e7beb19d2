/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the members of a sync group have to be told. First all are looked at, and what is new of one
 * is noted down for the others; then what is noted down is told, one by one. What follows from how
 * things are, and not from how they came about, needs no notes: faults, and the role to be taken.
 */
#include "core/group.h"

void group_open(struct group_member *members, size_t count, bool running)
{
	for (size_t i = 0; i < count; i++) {
		struct vr *vr = members[i].vr;

		members[i] = (struct group_member){
			.vr = vr,
			.told = vr->state,
			.told_drained = vr->drained,
			.told_goodbye_ns = vr->goodbye_ns,
			.newcomer = running && vr->state == VR_INITIALIZE,
		};
	}
}

bool group_view_changed(struct group_view *view, const struct vr *vr)
{
	const struct group_view old = *view;

	*view = (struct group_view){
		.goodbye_ns = vr->goodbye_ns,
		.down_armed_ns = vr->down_armed_ns,
		.faults = vr->faults,
		.state = vr->state,
		.started = vr->started,
		.ready = vr->ready,
		.drained = vr->drained,
	};
	return old.goodbye_ns != view->goodbye_ns || old.down_armed_ns != view->down_armed_ns ||
	       old.faults != view->faults || old.state != view->state ||
	       old.started != view->started || old.ready != view->ready ||
	       old.drained != view->drained;
}

/* ---- what is new ---- */

static void note_yield(struct group_member *members, size_t count)
{
	for (size_t i = 0; i < count; i++)
		members[i].must_yield = members[i].vr->state == VR_ACTIVE;
}

/* A fault is told as such, and one that is shut down leaves alone. */
static void look_at_role(struct group_member *members, size_t count, struct group_member *member)
{
	if (member->told == VR_ACTIVE && member->vr->state == VR_BACKUP)
		note_yield(members, count);
	member->told = member->vr->state;
	member->newcomer = member->newcomer && member->vr->state == VR_INITIALIZE;
}

/* Somebody of higher priority was heard there since the group lost the role, or made it do so. */
static bool is_beaten(const struct vr *vr)
{
	bool obeys = vr_preempts(vr) && !addr_is_zero(&vr->active_address);

	return vr->state == VR_BACKUP && (vr->last_event == LAST_EVENT_HIGHER_PRIORITY_BACKUP ||
					  (vr->last_event == LAST_EVENT_SYNC_GROUP && obeys));
}

/*
 * Two groups that go at the same moment, each better than the other on some networks, both yield.
 * Their goodbyes would make them go again at the same moment, for ever; so who is beaten where the
 * first member is lets the other one go first.
 */
static bool stands_back(const struct vr *first, int64_t goodbye_ns)
{
	int64_t soon_ns = first->transition_ns + first->params.interval_cs * NS_PER_CS;

	return is_beaten(first) && goodbye_ns < soon_ns;
}

static void look_at_goodbye(struct group_member *members, size_t count, struct group_member *member)
{
	int64_t goodbye_ns = member->vr->goodbye_ns;

	if (goodbye_ns != 0 && goodbye_ns != member->told_goodbye_ns &&
	    !stands_back(members[0].vr, goodbye_ns))
		for (size_t i = 0; i < count; i++)
			members[i].must_hurry = &members[i] != member;
	member->told_goodbye_ns = goodbye_ns;
}

static void look_at_drain(struct group_member *members, size_t count, struct group_member *member)
{
	bool drained = member->vr->drained;

	if (member->told_drained == drained || member->must_drain || member->must_undrain)
		return;
	for (size_t i = 0; i < count; i++) {
		members[i].must_drain = drained && !members[i].vr->drained;
		members[i].must_undrain = !drained && members[i].vr->drained;
		members[i].told_drained = drained;
	}
}

/* It was told to go, and has heard somebody. */
static bool held_back(const struct group_member *member)
{
	return member->went && member->vr->state == VR_BACKUP &&
	       member->vr->down_armed_ns != member->went_armed_ns;
}

static bool still_goes(const struct group_member *member)
{
	return member->vr->state == VR_BACKUP && (member->went || member->vr->ready);
}

/* Those who went ahead come back if one cannot follow; who was Active before stays so. */
static void look_at_advance(struct group_member *members, size_t count)
{
	bool fails = false, goes = false;

	for (size_t i = 0; i < count; i++) {
		fails = fails || held_back(&members[i]);
		goes = goes || still_goes(&members[i]);
	}
	for (size_t i = 0; i < count; i++) {
		if (fails && members[i].went && members[i].vr->state == VR_ACTIVE)
			members[i].must_yield = true;
		if (fails || !goes)
			members[i].went = false;
	}
}

static void look(struct group_member *members, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		look_at_role(members, count, &members[i]);
		look_at_goodbye(members, count, &members[i]);
		look_at_drain(members, count, &members[i]);
	}
	look_at_advance(members, count);
}

/* ---- what follows ---- */

static bool faulty(const struct group_member *member)
{
	unsigned others = FAULT_SYNC_GROUP | FAULT_TRACK_PENDING;

	return member->vr->started && (member->vr->faults & ~others) != 0;
}

static bool any_is_active(const struct group_member *members, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (members[i].vr->state == VR_ACTIVE)
			return true;
	return false;
}

/* A newcomer's fault is not that of an Active group. */
static bool counts(const struct group_member *member, bool spares)
{
	return faulty(member) && !(spares && member->newcomer);
}

static size_t count_faulty(const struct group_member *members, size_t count, bool spares)
{
	size_t number = 0;

	for (size_t i = 0; i < count; i++)
		number += counts(&members[i], spares);
	return number;
}

/* `others`: so many of them are faulty. */
static bool fault_next(const struct group_member *member, size_t others, struct vr_event *event)
{
	bool has = member->vr->faults & FAULT_SYNC_GROUP;
	bool wants = member->vr->started && others > 0;

	if (has == wants)
		return false;
	*event = (struct vr_event){.kind = wants ? EV_FAULT : EV_FAULT_OVER,
				   .fault = FAULT_SYNC_GROUP};
	return true;
}

static bool take(bool *note)
{
	bool noted = *note;

	*note = false;
	return noted;
}

static bool note_next(struct group_member *member, struct vr_event *event)
{
	if (take(&member->must_yield) && member->vr->state == VR_ACTIVE)
		event->kind = EV_GROUP_YIELD;
	else if (take(&member->must_drain) && !member->vr->drained)
		event->kind = EV_DRAIN;
	else if (take(&member->must_undrain) && member->vr->drained)
		event->kind = EV_UNDRAIN;
	else if (take(&member->must_hurry) && member->vr->state == VR_BACKUP)
		event->kind = EV_GROUP_LEAVING;
	else
		return false;
	return true;
}

/*
 * Is it time for the role? One that is not started, in the middle of a start or of a reload, does
 * not keep the others from what they are, and waits for them else.
 */
static bool all_would(const struct group_member *members, size_t count)
{
	bool active = false, missing = false;

	for (size_t i = 0; i < count; i++) {
		const struct vr *vr = members[i].vr;

		active = active || vr->state == VR_ACTIVE;
		missing = missing || !vr->started;
		if (vr->drained || (vr->started && vr->state != VR_ACTIVE && !vr->ready))
			return false;
	}
	return active || !missing;
}

static bool go_next(struct group_member *members, size_t count, size_t *index,
		    struct vr_event *event)
{
	if (!all_would(members, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!members[i].vr->ready)
			continue;
		members[i].went = true;
		members[i].went_armed_ns = members[i].vr->down_armed_ns;
		*index = i;
		event->kind = EV_GROUP_GO;
		return true;
	}
	return false;
}

bool group_next(struct group_member *members, size_t count, size_t *index, struct vr_event *event)
{
	*event = (struct vr_event){.kind = EV_DEADLINE};
	look(members, count);

	bool spares = any_is_active(members, count);
	size_t number = count_faulty(members, count, spares);

	for (size_t i = 0; i < count; i++) {
		size_t others = number - counts(&members[i], spares);

		*index = i;
		if (fault_next(&members[i], others, event) || note_next(&members[i], event))
			return true;
	}
	return go_next(members, count, index, event);
}
