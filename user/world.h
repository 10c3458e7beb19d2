/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces that have changed, and whom that concerns. */
#ifndef WORLD_H
#define WORLD_H

#include "sys/links.h"
#include "sys/loop.h"

#define WORLD_NOTED_MAX 64

struct agent;

/* What is to be looked at. */
struct world {
	struct loop_task *task;
	int ifindexes[WORLD_NOTED_MAX];
	unsigned count;
	bool all;
};

/* False without memory. */
bool world_open(struct agent *agent);
void world_close(struct agent *agent);

/* links_changed_fn */
links_changed_fn world_link_changed;

/* Something else has changed, for whomever: all virtual routers look, soon. */
void world_changed(struct agent *agent);

/* Those whom it concerns look now. */
void world_look(struct agent *agent);

#endif
