/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the agent share; a virtual router is in router.h, an interface in port.h:
 *
 *   agent.c	life of the process
 *   adopt.c	what an earlier agent has left: taken over, withdrawn, cleaned up
 *   reload.c	another configuration: read, and compared
 *   change.c	and put into force
 *   port.c	interfaces that carry our programs
 *   schedule.c	which virtual router is due next
 *   groups.c	sync groups
 *   outbox.c	what those that are due at once send together
 *   world.c	what has changed around it
 *   watch.c	what others may take away: programs, addresses
 *   statics.c	addresses, routes and rules that no role has to do with
 *   standstill.c	a machine that stood still
 *   report.c	control socket, log and events
 *   hints.c	counters that rise, explained in the log
 *   tracking*.c	tracked objects
 *   notify.c	scripts and FIFOs that are told of transitions: what, and whom
 *   notify_names.c	... the scripts, one after the other
 *   notify_fifo.c	... the FIFOs, and who reads them
 *   doctor.c	`xvrrpctl doctor`
 */
#ifndef AGENT_STATE_H
#define AGENT_STATE_H

#include <sys/queue.h>

#include "agent.h"
#include "ctl/control.h"
#include "pace.h"
#include "schedule.h"
#include "sys/links.h"
#include "sys/listener.h"
#include "sys/loop.h"
#include "sys/rundir.h"
#include "sys/takeover.h"
#include "sys/transmit.h"
#include "sys/worker.h"
#include "world.h"

struct group;  /* groups.h */
struct outbox; /* outbox.h */
struct port;   /* port.h */
struct router; /* router.h */

/* What dataplane_check() finds, in the worker. */
struct watch {
	struct loop_timer *timer;
	int ifindexes[64];
	unsigned count;
	unsigned turns;	       /* whose turn it is to have its addresses verified */
	struct served *served; /* virtual addresses and whose they are; NULL = not needed yet */
	size_t served_count;
};

struct sorted_addresses {
	struct vrrp_addr *list;
	size_t count;
};

/* A client of `xvrrpctl events`. */
struct follower {
	struct follower *next;
	struct client *client;
};

struct agent {
	const struct options *options;
	struct conf *conf;
	bool conf_of_worker; /* its memory */
	struct loop *loop;
	struct rundir *rundir;
	struct worker *worker;
	struct dataplane *dataplane;
	struct links *links;
	struct stood_still *clocks; /* NULL where there is nothing to compare */
	struct loop_timer *beat_timer;
	int64_t beat_ns;	   /* what it is set to */
	struct takeover *takeover; /* the worker's, once jobs are given to it */
	struct transmit *transmit;
	struct listener *listener;
	struct loop_fd *events_source, *links_source;
	struct router **routers; /* in the order of the configuration */
	size_t router_count;
	struct group *groups; /* see groups.h */
	size_t group_count;
	struct router *by_slot[XVRRP_SLOTS_MAX];
	struct port *ports;
	struct follower *followers;
	struct sorted_addresses virtual_addresses; /* of all routers but owners */
	struct world world;
	struct loop_task *announce_task;   /* announcements are left to be sent */
	struct loop_timer *announce_timer; /* some have to wait: see pace.h */
	TAILQ_HEAD(, router) announcing;   /* whose they are, in turn */
	size_t announcing_count;
	struct pace pace;
	struct schedule schedule;
	struct outbox *outbox;
	struct watch watch;
	struct statics *statics;   /* see statics.h; NULL = there are none */
	struct hints *hints;	   /* see hints.h; NULL = not yet */
	struct notify *notify;	   /* see notify.h */
	struct tracking *tracking; /* see tracking.h; NULL = not yet */
	struct doctor *doctor;	   /* see doctor.h; NULL = nobody has asked */
	int64_t breathed_ns;
	bool ready;	    /* the programs are there, everything is bound that can be */
	bool reload_wanted; /* before that: reload then */
	bool signal_told;   /* of a signal that means something to keepalived only */
	int stop_signal;    /* came before that: stop then */
	struct vrrp_addr *left_addresses; /* of an adopted set, until adopt_finish() */
	size_t left_count;
	int load_result; /* of the worker's first job */
	struct failure load_failure;
};

/* ---- agent.c ---- */

/* Hand every event that the data plane has reported to its router. */
void agent_consume(struct agent *agent);

/* Between two routers, in something long: those advertise that are due. At most once a ms. */
void agent_breathe(struct agent *agent);

/* Once more, after it failed at the start: see there. */
void agent_open_control(struct agent *agent);

/* ---- adopt.c ---- */

/* First of all: routers whose slots are adopted go on as what they were, what else they need is
 * bound later. */
void adopt_roles(struct agent *agent);

/*
 * In the worker, both: be members of the group again, until they are bound; and give their
 * interfaces the programs that were just loaded.
 */
void adopt_memberships(struct agent *agent);
void adopt_programs(struct agent *agent);

/* Before routers are bound: what left the configuration says goodbye. */
void adopt_withdraw(struct agent *agent);

/* Once all are bound, the worker removes what nobody needs from the kernel. -1 without memory. */
int adopt_finish(struct agent *agent, struct failure *failure);

/*
 * Remove what an agent that died has left on the interfaces, all of it. Before its programs go,
 * which keep the kernel from answering for its addresses, and before any virtual router runs.
 */
void adopt_nothing(struct agent *agent);

/* ---- reload.c ---- */

/*
 * Read the configuration again. Returns how many virtual routers differ; an unusable file, or no
 * memory for the change, changes nothing: -1 and `*why`, malloc'd (or NULL). (Without memory to
 * read it the process ends: conf/memory.h.)
 */
int agent_reload(struct agent *agent, char **why);

/* ---- faults.c ---- */

/* All virtual addresses of a configuration but those of owners. False without memory. */
bool faults_sort(const struct conf *conf, struct sorted_addresses *sorted);

/* ---- standstill.c ---- */

/* A router has become Active: the first look at the clocks comes now, not with the next beat. */
void standstill_active(struct agent *agent);

/* False without memory. */
bool standstill_open(struct agent *agent);
void standstill_close(struct agent *agent);

/* ---- watch.c ---- */

/* Look after the programs from now on; false without memory. */
bool watch_start(struct agent *agent);
/* Other routers may need them to be looked at more often. */
void watch_follow(struct agent *agent);
void watch_stop(struct agent *agent);
/* Routers come or go, or have other addresses. */
void watch_forget(struct agent *agent);

/* links_gone_fn: an address of ours that another manager removed is put back. */
links_gone_fn watch_address_gone;

/* ---- report.c ---- */

extern const struct control_ops agent_control_ops; /* data: the struct agent */

listener_request_fn agent_request;
listener_gone_fn agent_client_gone;

#endif
