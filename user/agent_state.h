/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the agent share: agent.c (life of the process), router.c (one virtual router:
 * core, slot and kernel together), port.c (interfaces), report.c (control socket and events).
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

struct router;

/* An interface that carries our programs. */
struct port {
	struct port *next;
	int ifindex;
	char name[IFNAMSIZ];
	unsigned users;	   /* virtual routers that are bound to it */
	int membership[2]; /* of the VRRP group, IPv4 and IPv6; -1 = not needed */
	struct attach_status attach;
};

/* A client of `xvrrpctl events`. */
struct follower {
	struct follower *next;
	struct client *client;
};

struct agent {
	const struct options *options;
	const struct conf *conf;
	struct loop *loop;
	struct rundir *rundir;
	struct dataplane *dataplane;
	struct links *links;
	struct takeover *takeover;
	struct transmit *transmit;
	struct listener *listener;
	struct loop_fd *events_source, *links_source;
	struct router *routers;
	size_t router_count;
	struct router *by_slot[XVRRP_SLOTS_MAX];
	struct port *ports;
	struct follower *followers;
	struct vrrp_addr *virtual_addresses; /* of all routers but owners, sorted */
	size_t virtual_address_count;
	struct loop_task *world_task;  /* interfaces have changed: look at them */
	struct loop_task *kernel_task; /* serve the routers that wait for the kernel */
	struct router *kernel_queue, **kernel_queue_end;
};

/* ---- agent.c ---- */

/* Hand every event that the data plane has reported to its router. */
void agent_consume(struct agent *agent);

/* ---- router.c ---- */

struct router {
	struct agent *agent;
	const struct conf_instance *conf;
	struct vr vr;
	struct loop_timer *timer;
	int64_t timer_ns;	   /* what the timer is set to */
	int64_t last_transition_s; /* Unix time, 0 = never */
	bool send_failing;	   /* the last advertisement did not leave: said once */
	int refused_ifindex;	   /* binding to this one failed: it waits until it changes */
	bool refused_up;

	/* Addresses and filters follow the role a little later: see kernel.c. */
	struct router *kernel_next;
	bool kernel_queued;
	bool kernel_wanted, kernel_has;

	/* While bound to interfaces that exist; slot is NULL otherwise. */
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

/* Carry out one action (actions.c); ACT_RECHECK is left to the caller. The router is bound. */
void router_carry_out(struct router *router, const struct vr_action *action);

/* ---- kernel.c ---- */

/* Have addresses and filters added or removed, soon. */
void kernel_request(struct router *router, bool serve);

/* Now, if it still waits. */
void kernel_settle(struct router *router);

/* The handler of agent->kernel_task. */
void kernel_turn(void *agent);

/* ---- faults.c ---- */

/* Sort all virtual addresses, once. False without memory. */
bool faults_prepare(struct agent *agent);

/* Tell the state machine what is wrong now; bind or unbind where interfaces came or went. */
void router_refresh(struct router *router);

/* ---- binding.c ---- */

/* Bind: slot, indexes, membership. On failure nothing is left behind. */
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

/*
 * Remove what an agent that died has left on the interfaces. Before its programs go, which keep the
 * kernel from answering for its addresses, and before any virtual router runs: this does not know
 * theirs from its.
 */
void ports_clean_stale(struct agent *agent);

/* ---- report.c ---- */

extern const struct control_ops agent_control_ops; /* data: the struct agent */

listener_request_fn agent_request;
listener_gone_fn agent_client_gone;

void report_transition(struct router *router, enum vr_state from);
void report_late(struct router *router, int64_t late_ns, enum vr_late decision);
void report_claim(struct router *router, const struct vrrp_addr *address, const uint8_t mac[6]);

#endif
