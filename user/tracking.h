/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracked objects of the running agent: scripts, files, processes, interfaces. Each is watched
 * once, however many virtual routers track it; a state that changes is judged anew (core/track.h)
 * for those that do.
 */
#ifndef TRACKING_H
#define TRACKING_H

#include "agent_state.h"

/*
 * Watch what agent->conf names, and tell agent->routers what follows. At the start and after a
 * reload, which keep what they can: an object that is configured as before keeps its state, its
 * streak of results and its running check. False without memory; nothing is tracked then.
 */
bool tracking_follow(struct agent *agent);

/* Before agent->routers or agent->conf go. */
void tracking_pause(struct agent *agent);

/* The end: running checks are killed. */
void tracking_close(struct agent *agent);

/*
 * The state machine hears what tracking makes of its priority, if that is another than it knows; of
 * its faults see faults.c.
 */
void tracking_tell(struct router *router);

/* Before EV_ADOPT: the priority in the slot stands until all that is tracked is known. */
void tracking_adopt(struct router *router, uint8_t priority);

/*
 * What tracking makes of the priority of `conf`, at this moment: for EV_CONFIGURE and the start. Of
 * a router that was adopted its remembered one until all of its objects are known.
 */
uint8_t tracking_priority(const struct router *router, const struct conf_instance *conf);

/*
 * FAULT_TRACKED, FAULT_TRACK_PENDING or 0: part of what faults.c finds. An adopted router does not
 * wait for first results (I8).
 */
unsigned tracking_faults(const struct router *router);

/* Links have changed: those of track_interface. */
void tracking_links(struct agent *agent);

struct status_track; /* ctl/status.h */

/* For the status: what becomes of each of router->conf->tracks, in their order. */
void tracking_status(const struct router *router, struct status_track *list);

#endif
