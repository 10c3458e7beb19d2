/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sync groups of the running agent: what core/group.h says, told to the routers. */
#ifndef GROUPS_H
#define GROUPS_H

#include <stdbool.h>

struct agent;
struct router;

/*
 * Put the routers into the groups of agent->conf, or out of them, as agent->routers are now: after
 * they are made, and after a reload has changed both. False without memory: nobody is in a group
 * then.
 */
bool groups_open(struct agent *agent);

/* Before agent->routers or agent->conf go: routers may still be stepped, each for itself. */
void groups_close(struct agent *agent);

/* Out of its group, before it goes; the others do not hear of it. */
void groups_leave(struct router *router);

/* After each step of a router: tell the others of its group what follows from it. */
void groups_follow(struct router *router);

#endif
