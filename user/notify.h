/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scripts of notify, notify_master and their like: run when a virtual router or a sync group
 * has changed its state. The events of one name are told one after the other, in their order.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include "agent_state.h"

/* Before the routers start. False: see `failure`. */
bool notify_open(struct agent *agent, struct failure *failure);

/* A router has changed its state. Quick: nothing is started before the loop has time. */
void notify_transition(struct router *router);

/* Once a second: those that are in a fault from their beginning. */
void notify_turn(struct agent *agent);

/* The agent ends: the last scripts are started, and get a moment. */
void notify_close(struct agent *agent);

#endif
