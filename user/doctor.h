/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `xvrrpctl doctor`: everything that is known to go wrong, looked at. The worker reads what takes
 * time, the loop puts it together.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "agent_state.h"
#include "counters.h"
#include "sys/inspect.h"

/* The answer comes later; who asks while somebody waits is told with them. */
void doctor_ask(struct agent *agent, struct client *client);
void doctor_forget(struct agent *agent, struct client *client);
/* The agent ends, its worker is idle. */
void doctor_close(struct agent *agent);

/* ---- what was read ---- */

struct doctor_link {
	struct link link; /* as it was when it was asked for */
	struct inspected_link seen;
	bool families[2]; /* IPv4, IPv6: has virtual routers that use the VRRP group */
	bool has_family[2];
};

struct doctor_router {
	const struct router *router; /* perhaps not of this slot any more */
	unsigned slot;
	struct vr_stats stats;
};

struct doctor_look {
	struct agent *agent;
	struct inspected_host host;
	struct doctor_link *links; /* that virtual routers are on */
	size_t link_count;
	struct doctor_router *routers; /* that are bound */
	size_t router_count, cursor;
};

/* ---- the findings of each part ---- */

void doctor_host(const struct doctor_look *look, json_t *findings);
void doctor_link(const struct doctor_look *look, const struct doctor_link *link, json_t *findings);
/* `stats` is NULL for one that is not bound. */
void doctor_router(struct router *router, const struct vr_stats *stats, json_t *findings);

#endif
