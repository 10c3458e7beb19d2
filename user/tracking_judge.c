/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the states of tracked objects make of one virtual router: its priority, its faults, and its
 * lines of the status. An object that cannot be looked at counts as not tracked, as in keepalived.
 */
#include "ctl/status.h"
#include "router.h"
#include "tracking_private.h"

static struct track as_tracked(const struct object *object, const struct conf_track *track)
{
	return (struct track){
		.state = object->state,
		.is_number = object->kind == CONF_TRACK_FILE,
		.number = object->number,
		.weight = track->weight,
		.reverse = track->reverse,
	};
}

static struct track_verdict judge(const struct router *router, const struct conf_instance *conf)
{
	struct tracks *tracks = router->tracks;
	struct track *list = tracks ? tracks->list : NULL;
	size_t count = 0;
	for (size_t i = 0; tracks && i < tracks->count && i < conf->track_count; i++) {
		const struct object *object = tracks->objects[i];
		if (!object->unusable)
			list[count++] = as_tracked(object, &conf->tracks[i]);
	}
	return track_judge(list, count, conf->priority);
}

static bool is_known(const struct track_verdict *verdict)
{
	return !verdict->waits && !verdict->incomplete;
}

uint8_t tracking_priority(const struct router *router, const struct conf_instance *conf)
{
	struct track_verdict verdict = judge(router, conf);
	bool follows = router->agent->tracking && is_known(&verdict);
	if (router->remembered_priority && !follows && conf->priority != VRRP_PRIORITY_OWNER)
		return router->remembered_priority;
	return verdict.priority;
}

unsigned tracking_faults(const struct router *router)
{
	struct track_verdict verdict = judge(router, router->conf);
	if (verdict.fault)
		return FAULT_TRACKED;
	/* Who runs goes on until there is a result that speaks against it. */
	return verdict.waits && router->vr.state == VR_INITIALIZE ? FAULT_TRACK_PENDING : 0;
}

void tracking_tell(struct router *router)
{
	struct track_verdict verdict = judge(router, router->conf);
	struct vr_event event = {.kind = EV_PRIORITY};
	if (router->agent->tracking && is_known(&verdict))
		router->remembered_priority = 0;
	event.priority = tracking_priority(router, router->conf);
	if (event.priority == router->vr.tracked_priority ||
	    event.priority == VRRP_PRIORITY_OWNER ||
	    router->vr.params.priority == VRRP_PRIORITY_OWNER)
		return;
	uint8_t before = router->vr.effective_priority;
	router_step(router, &event);
	if (router->vr.started && router->vr.effective_priority != before)
		report_priority(router, before);
}

void tracking_adopt(struct router *router, uint8_t priority)
{
	if (router->conf->track_count == 0 || priority == VRRP_PRIORITY_LEAVING ||
	    priority == VRRP_PRIORITY_OWNER)
		return;
	router->remembered_priority = priority;
	tracking_tell(router);
}

/* ---- status ---- */

/* Of a number only whether it is a fault can be said so. */
static const char *state_text(const struct object *object, const struct conf_track *track)
{
	struct track tracked = as_tracked(object, track);
	bool up = object->state == TRACK_UP;
	if (object->unusable)
		return "unusable";
	if (object->state == TRACK_UNKNOWN)
		return "unknown";
	if (tracked.is_number && track->weight == 0)
		up = object->number == 0;
	else if (tracked.is_number)
		up = !track_judge(&tracked, 1, 1).fault;
	return up ? "up" : "down";
}

void tracking_status(const struct router *router, struct status_track *list)
{
	for (size_t i = 0; i < router->conf->track_count; i++) {
		const struct conf_track *track = &router->conf->tracks[i];
		const struct object *object = router->tracks ? router->tracks->objects[i] : NULL;
		list[i] = (struct status_track){
			.kind = object_kind_name(track->kind),
			.name = "",
			.state = "unknown",
			.weight = track->weight,
			.reverse = track->reverse,
		};
		if (!object)
			continue;
		list[i].name = object->name;
		list[i].state = state_text(object, track);
		list[i].has_value =
			object->state != TRACK_UNKNOWN &&
			(track->kind == CONF_TRACK_FILE || track->kind == CONF_TRACK_PROCESS);
		list[i].value = object->number;
		list[i].result = object->result;
		list[i].since_s = object->since_s;
	}
}
