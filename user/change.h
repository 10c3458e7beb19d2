/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration that is to take the place of the one in force. */
#ifndef CHANGE_H
#define CHANGE_H

#include "agent_state.h"
#include "conf/diff.h"

struct change {
	/* given by who has read it, in the worker */
	struct conf *conf;			   /* in memory of the worker's */
	struct conf_match *matches;		   /* by instance */
	struct sorted_addresses virtual_addresses; /* of `conf` */

	/* change.c's, by instance: */
	struct router **routers; /* as it is, or a new one */
	struct prepared *prepared;
	struct conf *old; /* the one that was in force; NULL until then */
	bool old_of_worker;
	bool *stays; /* by old instance: its router */
	int count;   /* of virtual routers that differ */
};

/*
 * Put it into force: returns how many virtual routers differ. -1 without memory; nothing has
 * changed then.
 */
int change_apply(struct agent *agent, struct change *change);

/* What is left of it, in either case. */
void change_free(struct agent *agent, struct change *change);

#endif
