/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * static_ipaddress, static_routes and static_rules: there while the agent runs, whatever the roles
 * are. They stay when the agent is killed, and are the next one's then.
 */
#ifndef STATICS_H
#define STATICS_H

#include <stdbool.h>

struct agent;
struct statics;
struct plan;

/*
 * Bring into the kernel what the configuration says now, and take from it what it has said before
 * and says no more; soon, by the worker. Also to put back what is missing.
 */
void statics_follow(struct agent *agent);

/* What they are, for those who clean up: NULL = none. */
const struct plan *statics_plan(const struct agent *agent);

/* A clean stop: remove all, and wait for that. */
void statics_stop(struct agent *agent);

#endif
