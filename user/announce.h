/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gratuitous ARP and unsolicited NA of many virtual routers: rounds, and whose turn it is. */
#ifndef ANNOUNCE_H
#define ANNOUNCE_H

#include "sys/transmit.h"

#define VOLLEY_MAX 64

struct agent;
struct router;

enum announce_which {
	ANNOUNCE_ALL,
	ANNOUNCE_FRESH,	    /* addresses that were not served before */
	ANNOUNCE_ELSEWHERE, /* on interfaces that get no advertisements */
};

/* Frames of several routers, sent together; begin with the agent only. */
struct volley {
	struct agent *agent;
	unsigned count;
	struct transmit_frame frames[VOLLEY_MAX];
	struct router *routers[VOLLEY_MAX]; /* whose they are */
};

void volley_send(struct volley *volley);

/*
 * Announce the addresses of a router `rounds` times, under the lease: the first round goes into the
 * volley, or VOLLEY_MAX frames of it; the rest comes soon, by agent->announce_task. What was left
 * of an earlier call is forgotten.
 */
void announce_begin(struct router *router, unsigned rounds, struct volley *volley);

/* The handler of agent->announce_task: a volley of what is left, a round of each in turn. */
void announce_rest(void *agent);

/* The handler of agent->announce_timer: those that had to wait go on. */
void announce_waited(void *agent);

/* About every second: announcements that are due on other interfaces (garp_extra_if). */
void announce_turn(struct agent *agent);

/* The router is about to go. */
void announce_forget(struct router *router);

#endif
