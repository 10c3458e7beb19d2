/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the agent share:
 *
 *   agent.c	life of the process
 *   adopt.c	what an earlier agent has left: taken over, withdrawn, cleaned up
 *   reload.c	another configuration
 *   router.c	one virtual router: core, slot and kernel together; its actions in actions.c, what
 *the kernel must know in kernel.c, what is wrong with the world in faults.c, its slot and
 *		interfaces in binding.c
 *   port.c	interfaces that carry our programs
 *   watch.c	what others may take away: programs, addresses
 *   report.c	control socket, log and events
 */
#ifndef AGENT_STATE_H
#define AGENT_STATE_H

#include "agent.h"
#include "core/vr.h"
#include "ctl/control.h"
#include "sys/links.h"
#include "sys/listener.h"
#include "sys/loop.h"
#include "sys/rundir.h"
#include "sys/takeover.h"
#include "sys/transmit.h"
#include "sys/worker.h"

struct router;

/* An interface that carries our programs. */
struct port {
	struct port *next;
	int ifindex;
	char name[IFNAMSIZ];
	unsigned users; /* virtual routers that are bound to it */
	enum xdp_mode wanted;
	unsigned restored; /* times that others removed our programs */
	bool broken;	   /* they are gone, and cannot be put back for now */
	int membership[2]; /* of the VRRP group, IPv4 and IPv6; -1 = not needed */
	struct attach_status attach;
};

/* What dataplane_check() finds, in the worker. */
struct watch {
	struct loop_timer *timer;
	bool running; /* the worker has it */
	int ifindexes[64];
	unsigned count;
	size_t next; /* whose turn it is to have its addresses verified */
};

/* A client of `xvrrpctl events`. */
struct follower {
	struct follower *next;
	struct client *client;
};

struct agent {
	const struct options *options;
	struct conf *conf;
	struct loop *loop;
	struct rundir *rundir;
	struct worker *worker;
	struct dataplane *dataplane;
	struct links *links;
	struct takeover *takeover; /* the worker's, once jobs are given to it */
	struct transmit *transmit;
	struct listener *listener;
	struct loop_fd *events_source, *links_source;
	struct router **routers; /* in the order of the configuration */
	size_t router_count;
	struct router *by_slot[XVRRP_SLOTS_MAX];
	struct port *ports;
	struct follower *followers;
	struct vrrp_addr *virtual_addresses; /* of all routers but owners, sorted */
	size_t virtual_address_count;
	struct loop_task *world_task; /* interfaces have changed: look at them */
	struct watch watch;
	bool ready;	    /* the programs are there, everything is bound that can be */
	bool reload_wanted; /* before that: reload then */
	int stop_signal;    /* came before that: stop then */
	int load_result;    /* of the worker's first job */
	struct failure load_failure;
};

/* ---- agent.c ---- */

/* Hand every event that the data plane has reported to its router. */
void agent_consume(struct agent *agent);

/* Tell every router. */
void agent_step_all(struct agent *agent, enum vr_event_kind kind);

/* ---- adopt.c ---- */

/*
 * Before anything slow: routers whose slots are adopted go on as what they were. What else they
 * need is bound later.
 */
void adopt_roles(struct agent *agent);

/*
 * Once every router is bound: virtual routers that left the configuration are withdrawn, and the
 * worker removes what nobody needs from the kernel.
 */
void adopt_finish(struct agent *agent);

/*
 * Remove what an agent that died has left on the interfaces, all of it. Before its programs go,
 * which keep the kernel from answering for its addresses, and before any virtual router runs.
 */
void adopt_nothing(struct agent *agent);

/* ---- reload.c ---- */

/*
 * Read the configuration again. Returns how many virtual routers differ; an unusable file, or no
 * memory, changes nothing: -1 and `*why`, malloc'd (or NULL).
 */
int agent_reload(struct agent *agent, char **why);

/* ---- router.c ---- */

struct router {
	struct agent *agent;
	const struct conf_instance *conf;
	struct vr vr;
	struct loop_timer *timer;
	int64_t timer_ns;	   /* what the timer is set to */
	int64_t last_transition_s; /* Unix time, 0 = never */
	int64_t late_again_ns;	   /* no log line about waking late before this */
	unsigned late_untold;	   /* times that there was none */
	bool send_failing;	   /* the last advertisement did not leave: said once */
	int refused_ifindex;	   /* binding to this one failed: it waits until it changes */
	bool refused_up;

	/* Addresses and filters follow the role a little later: see kernel.c. */
	bool kernel_wanted, kernel_has;
	bool kernel_busy;   /* the worker has the items */
	bool kernel_adds;   /* what it does with them */
	bool kernel_verify; /* some may be missing: add them again */
	int kernel_failed;
	struct failure kernel_failure;

	/* See watch.c. */
	bool address_missing;
	int64_t address_again_ns, missing_told_ns, verify_again_ns;

	/*
	 * While bound to interfaces that exist; slot is NULL otherwise. A router that is adopted
	 * has slot, ifindex, mac and addresses a little earlier than the rest.
	 */
	bool bound;
	bool port_taken;    /* port_get() of `ifindex`: the slot is ours to free as well */
	bool new_addresses; /* other ones than the slot had when it was adopted */
	struct vr_slot *slot;
	unsigned slot_number;
	int ifindex;
	unsigned other_ports; /* interfaces of addresses with `dev` that are attached */
	bool virtual_mac;     /* `mac` is the virtual one, not the interface's own */
	uint8_t mac[6];
	struct vrrp_addr *addresses; /* as advertised */
	struct takeover_item *items; /* what the kernel must know while we are Active */
	size_t item_count;
	int *address_ifindexes;		      /* where each address goes */
	uint8_t (*garp)[60];		      /* one frame per address ... */
	struct transmit_frame *announcements; /* ... and where it goes */
};

bool router_init(struct router *router, struct agent *agent, const struct conf_instance *conf);
void router_free(struct router *router);

/* Step the state machine and carry out what it says. */
void router_step(struct router *router, const struct vr_event *event);

/* An event of the data plane for this router. */
void router_report(struct router *router, const struct xvrrp_event *event);

/* ---- actions.c ---- */

/* Carry out one action; ACT_RECHECK is left to the caller. The router has a slot. */
void router_carry_out(struct router *router, const struct vr_action *action);

/* Send the announcements of all addresses, under the lease. */
void router_announce(struct router *router, unsigned rounds);

/* ---- kernel.c ---- */

/* Have addresses and filters added or removed, soon. */
void kernel_request(struct router *router, bool serve);

/* Have all of them added again: somebody may have removed some. */
void kernel_verify(struct router *router);

/* The router is bound: what was asked for before can be done. */
void kernel_bound(struct router *router);

/* Wait until the kernel has what was asked for. */
void kernel_settle(struct router *router);

/* ---- faults.c ---- */

/* Sort all virtual addresses of a configuration. False without memory; nothing has changed then. */
bool faults_prepare(struct agent *agent, const struct conf *conf);

/* Tell the state machine what is wrong now; bind or unbind where interfaces came or went. */
void router_refresh(struct router *router);

/* ---- binding.c ---- */

/* What a router knows of itself before it is bound; false without memory. */
bool router_allocate(struct router *router);

/* Bind: slot, indexes, membership. After a failure router_unbind() is needed. */
int router_bind(struct router *router, struct failure *failure);
void router_unbind(struct router *router);

/* The flags of the slot that follow from configuration and state, but for SLOT_STEADY. */
uint32_t router_slot_flags(const struct router *router);

/* ---- port.c ---- */

/* The interface, with our programs attached; counted until port_put(). NULL: see `failure`. */
struct port *port_get(struct agent *agent, const struct link *link, enum xdp_mode wanted,
		      struct failure *failure);
void port_put(struct agent *agent, int ifindex);

/* Be a member of the VRRP group there until the port is gone. */
int port_join(struct port *port, enum vrrp_family family, struct failure *failure);

/* NULL if none of our programs are there. */
struct port *port_find(struct agent *agent, int ifindex);

/* Put back what another tool removed; a port that resists is broken until it does not. */
void port_restore(struct agent *agent, struct port *port);

/* ---- watch.c ---- */

/* Look after the programs from now on; false without memory. */
bool watch_start(struct agent *agent);
void watch_stop(struct agent *agent);

/* links_gone_fn: an address of ours that another manager removed is put back. */
links_gone_fn watch_address_gone;

/* ---- report.c ---- */

extern const struct control_ops agent_control_ops; /* data: the struct agent */

listener_request_fn agent_request;
listener_gone_fn agent_client_gone;

void report_transition(struct router *router, enum vr_state from);
void report_late(struct router *router, int64_t late_ns, enum vr_late decision);
void report_claim(struct router *router, const struct vrrp_addr *address, const uint8_t mac[6]);

#endif
