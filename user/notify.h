/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's programs: scripts and FIFOs that are told what virtual routers and sync groups
 * become (notify, notify_master and so on, notify_fifo), and those of the start and the end
 * (startup_script, shutdown_script). notify_names.c runs the scripts, notify_fifo.c has the pipes.
 *
 * Everything here is quick: nothing is started or written before the loop has time (I5).
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include "agent_state.h"

/* Before the routers start; nobody is told before notify_begin(). False: see `failure`. */
bool notify_open(struct agent *agent, struct failure *failure);

/*
 * Before that: the startup script. True if there is one: `done` is called with the agent when it
 * has ended, or its time is over.
 */
bool notify_startup(struct agent *agent, void (*done)(void *agent));

/* The agent is to stop, and waits for it: it gets a moment only. */
void notify_startup_hurry(struct agent *agent);

/* The routers have been started: tell what they are, groups first. */
void notify_begin(struct agent *agent);

/* A router has changed its state. Its end while the agent goes on is that it was DELETED. */
void notify_transition(struct router *router);

/* A router that a reload removes: before its EV_SHUTDOWN, which tells nobody then. */
void notify_removed(struct router *router);

/* One that a reload stops and starts: its end is not told, what comes then is. */
void notify_restarted(struct router *router);

/* Its effective priority is another one. */
void notify_priority(struct router *router);

/* It is Active, and has heard a lower priority. */
void notify_rx_lower(struct router *router);

/* A reload: router->conf is the new one; the name was this, perhaps the same. */
void notify_renamed(struct router *router, const char *old_name);

/* A reload: agent->conf and agent->routers are the new ones; those that are new do not run yet. */
void notify_follow(struct agent *agent);

/* Once a second: those that are in a fault from their beginning. */
void notify_turn(struct agent *agent);

/* The end comes: before the routers are stopped, and after that: then all have stopped. */
void notify_hold(struct agent *agent);
void notify_stop(struct agent *agent);

/* The agent ends: the last scripts and lines get their time; then the shutdown script. */
void notify_close(struct agent *agent);

#endif
