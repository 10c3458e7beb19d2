/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What another configuration changes (I10). Virtual routers are the same by interface, VRID and
 * family, whatever their names; what differs of one says what has to be done about it.
 */
#ifndef CONF_DIFF_H
#define CONF_DIFF_H

#include "conf/conf.h"

/* A set of bits; none = what differs, if anything, has no effect. */
enum conf_change {
	CONF_CHANGE_NAME = 1 << 0,
	CONF_CHANGE_FOLLOWED = 1 << 1, /* looked up when it is needed: nothing else is to be done */
	CONF_CHANGE_PARAMS = 1 << 2,   /* of the state machine: EV_CONFIGURE */
	CONF_CHANGE_BINDING = 1 << 3,  /* what the programs and the kernel know */
	CONF_CHANGE_RESTART = 1 << 4,  /* another one to its peers, or in the data plane */
	CONF_CHANGE_PROGRAMS = 1 << 5, /* and on its interface other programs */
};

/* A new instance, and the one that runs. */
struct conf_match {
	bool is_known; /* there is one */
	size_t old;    /* its place in the old configuration */
	unsigned changes;
	uint64_t members; /* that differ: see conf_diff_members() */
};

/* Nothing that the pipe or its reader would have to be made anew for. */
bool conf_same_fifo(const struct conf_fifo *a, const struct conf_fifo *b);

/* One for each instance of `new`, malloc'd; NULL without memory. */
struct conf_match *conf_compare(const struct conf *old, const struct conf *new);

/* "priority, addresses": the members of struct conf_instance in a set; returns `text`. */
const char *conf_diff_members(uint64_t members, char *text, size_t size);

#endif
