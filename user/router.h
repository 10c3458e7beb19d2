/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One virtual router of the running agent: state machine, slot and kernel together.
 *
 *   router.c	events into the state machine
 *   schedule.c	when
 *   actions.c	what it wants done
 *   outbox.c	and sent, for all that are due together
 *   announce.c	its addresses, announced
 *   kernel.c	addresses and filters, by the worker
 *   faults.c	what is wrong with the world around it
 *   binding.c	its slot, indexes and interfaces
 *   plan.c	what these need, worked out beforehand
 */
#ifndef ROUTER_H
#define ROUTER_H

#include <sys/queue.h>

#include "agent_state.h"
#include "announce.h"
#include "core/group.h"
#include "core/packet.h"
#include "core/vr.h"
#include "plan.h"
#include "port.h"

/* ---- router.c ---- */

struct router {
	struct agent *agent;
	const struct conf_instance *conf;
	struct vr vr;
	struct group *group;	      /* its sync group: see groups.h; NULL = none */
	struct group_view group_view; /* of its last step in one */
	int64_t timer_ns;	      /* its deadline, in the heap of schedule.c: */
	size_t heap_at;		      /* its place there, from 1; 0 = none */
	bool scheduled;		      /* it may have one */
	bool waits;		      /* actions of it are in the outbox */
	int64_t superior_ns;	     /* as the last step knew it, by which its leases are decided */
	int64_t last_transition_s;   /* Unix time, 0 = never */
	int64_t up_since_s;	     /* the same, of leaving Initialize; 0 = not, or unknown */
	int64_t late_again_ns;	     /* no log line about waking late before this */
	unsigned late_untold;	     /* times that there was none */
	struct tracks *tracks;	     /* of tracking.c: what it tracks; NULL = nothing */
	uint8_t remembered_priority; /* of an adopted one, until its tracks are known; else 0 */
	struct hint_memory *hints;   /* of hints.c; NULL = nothing was seen */
	bool send_failing;	     /* the last advertisement did not leave: said once */
	int refused_ifindex;	     /* binding to this one failed: it waits until it changes */
	bool refused_up;

	/* See notify.c. */
	int notify_state;      /* enum conf_notify: what it became last, 0 = not yet anything */
	bool notify_untold;    /* its state is to be told, once everybody has started */
	bool notify_silent;    /* its end was told, or is not to be */
	uint8_t told_priority; /* the effective one, as last told */

	/* Addresses and filters follow the role a little later: see kernel.c. */
	bool kernel_wanted, kernel_has;
	bool kernel_busy;		 /* the worker has the items */
	bool kernel_adds;		 /* what it does with them */
	const struct plan *kernel_plan;	 /* whose items they are */
	bool kernel_verify;		 /* some may be missing: add them again */
	struct kernel_swap *kernel_swap; /* the worker has it; NULL = none */
	int kernel_failed;
	struct failure kernel_failure, kernel_told;

	/* See watch.c. */
	bool address_missing;
	int64_t address_again_ns, missing_told_ns;

	/*
	 * While bound to interfaces that exist; slot and plan are NULL otherwise. A router that
	 * is adopted has slot, ifindex, mac and addresses a little earlier than the rest.
	 */
	bool bound;
	bool port_taken; /* port_get() of `ifindex`: the slot is ours to free as well */
	bool unheard_of; /* while it is bound: the MAC is not as it was, so every address is fresh
			  */
	int membership;	 /* of an adopted one, until port_join(); -1 = none */
	struct vr_slot *slot;
	unsigned slot_number;
	int ifindex;	    /* of conf->interface, where advertisements leave */
	struct place place; /* ... and where the programs see what arrives there */
	bool virtual_mac;   /* `mac` is the virtual one, not the interface's own */
	uint8_t mac[6];
	struct plan *plan;
	unsigned announce_rounds; /* still to be sent, ... */
	size_t announce_next;	  /* ... and the next frame of this round */
	enum announce_which announce_which;
	bool announce_first;	   /* the first round is not over, and waits for nothing */
	int64_t announce_wait_ns;  /* the next frame has to wait for that; 0 = it has not */
	int64_t announce_extra_ns; /* on other interfaces: next time; 0 = not Active */
	bool announce_queued;	   /* it waits for its turn, in this list: */
	TAILQ_ENTRY(router) announcing;
};

bool router_init(struct router *router, struct agent *agent, const struct conf_instance *conf);
void router_free(struct router *router);

/* Have the state machine go on with router->conf, in the state that it is in. */
void router_configure(struct router *router);

/* Step the state machine and carry out what it says. */
void router_step(struct router *router, const struct vr_event *event);

/* The same, but what it sends, and what comes after that, waits for outbox_flush(). */
void router_step_on(struct router *router, const struct vr_event *event);

/* An event of the data plane for this router. */
void router_report(struct router *router, const struct xvrrp_event *event);

/* ---- actions.c ---- */

/*
 * Carry out one action; ACT_RECHECK and those that send are left to others. The router has a slot.
 */
void router_carry_out(struct router *router, const struct vr_action *action);

/* Is its lease valid at this moment? */
bool router_may_act(const struct router *router);

/* What became of an ACT_ADVERT: the kernel took it, or did not, with an errno. */
void action_advert_taken(struct router *router, const struct vr_action *action);
void action_advert_refused(struct router *router, const struct vr_action *action, int error);

/* ---- announce.c ---- */

/* Send the announcements of all addresses, under the lease: the first ones now, the rest soon. */
void router_announce(struct router *router, unsigned rounds);

/* The same for those that the plan says are fresh. */
void router_announce_fresh(struct router *router, unsigned rounds);

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

/* Tell the state machine what is wrong now; bind or unbind where interfaces came or went. */
void router_refresh(struct router *router);

/*
 * router->conf is another one, and perhaps what it is bound to: `plan` and `swap` as below, or NULL
 * if that is as before. What is wrong with it is told by router_refresh(), which must follow.
 */
void router_follow_conf(struct router *router, struct plan *plan, struct kernel_swap *swap);

/* What it tracks has changed: the same for that alone. */
void router_refresh_tracked(struct router *router);

/* ---- binding.c ---- */

/* Bind: slot, indexes, membership. After a failure router_unbind() is needed. */
int router_bind(struct router *router, struct failure *failure);
void router_unbind(struct router *router);

/*
 * The same router, bound, after router->conf has become another one: the same slot, another plan,
 * which is given away as `swap` is (kernel.h). Its slot is unsettled. After a failure
 * router_unbind() is needed.
 */
int router_rebind(struct router *router, struct plan *plan, struct kernel_swap *swap,
		  struct failure *failure);

/* An instance's own xdp_mode, or the command line's where that says something. */
enum xdp_mode router_wanted_mode(const struct router *router);

/* The flags of the slot that follow from configuration and state, but for SLOT_STEADY. */
uint32_t router_slot_flags(const struct router *router);

/* ---- standstill.c ---- */

/* Before an Active acts: has this machine stood still, its clocks as well? Then its leases end. */
void standstill_check(struct router *router);

/* ---- report.c ---- */

void report_transition(struct router *router, enum vr_state from);
/* Tracking has changed the effective priority. */
void report_priority(struct router *router, uint8_t from);
void report_late(struct router *router, int64_t late_ns, enum vr_late decision);
void report_claim(struct router *router, const struct vrrp_addr *address, const uint8_t mac[6]);

#endif
