/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state machine of one virtual router: RFC 9568 section 6.4, RFC 3768 section 6.4 for VRRPv2,
 * and the lease. Pure: no I/O, no clock, no allocation.
 */
#ifndef CORE_VR_H
#define CORE_VR_H

#include "core/event.h"

/* When to announce the addresses (E-26); the names are keepalived's garp_master_*. */
struct announce_params {
	unsigned repeat;	 /* rounds at once on becoming Active, at least 1 */
	int64_t delay_ns;	 /* a second burst this long after it, 0 = none */
	int64_t refresh_ns;	 /* and then one burst every refresh_ns, 0 = none */
	unsigned refresh_repeat; /* rounds of these */
	bool has_lower;		 /* after an Active of lower priority was heard: else as `repeat` */
	unsigned lower_repeat;	 /* rounds, 0 = none ... */
	int64_t lower_delay_ns;	 /* ... and once more so much later, 0 = not */
};

enum checksum_policy {
	CHECKSUM_POLICY_AUTO, /* the form last heard from a peer, at first RFC 9568's */
	CHECKSUM_POLICY_RFC9568,
	CHECKSUM_POLICY_PSEUDO,
};

/* The configuration of a virtual router as the protocol sees it (part C). */
struct vr_params {
	enum vrrp_family family;
	uint8_t version;	   /* 2 or 3 */
	uint8_t vrid;		   /* 1..255 (C-1) */
	uint8_t priority;	   /* 1..255 (C-2) */
	bool preempt;		   /* Preempt_Mode (C-8) */
	int64_t preempt_delay_ns;  /* see vr_preempts() (C-12); 0..1000 s, 0 = none */
	int64_t startup_delay_ns;  /* stay in Initialize so long after EV_STARTUP, 0 = do not */
	bool sync_group;	   /* takes the role with all members of its group: core/group.h */
	bool lower_prio_no_advert; /* no D-24 */
	bool higher_prio_send_advert; /* one advertisement more on D-23 (H-15) */
	uint32_t interval_cs;  /* Advertisement_Interval: v3 1..4095, v2 100..25500 by 100 (C-4) */
	unsigned down_adverts; /* silence of this many intervals ends a role: 2..100, 3 by the RFC
				  (C-21). The same on all routers: it is the length of a lease */
	struct announce_params announce;
	enum checksum_policy checksum_policy;
};

struct vr {
	struct vr_params params;
	struct vrrp_addr primary; /* our own address: the tie-break of D-23 */

	enum vr_state state;
	unsigned faults;	    /* set of enum vr_fault; Startup waits until it is empty */
	bool started;		    /* between EV_STARTUP and EV_SHUTDOWN */
	uint8_t tracked_priority;   /* moved by tracking inside 1..254 */
	uint8_t effective_priority; /* that, or 1 while drained */
	bool drained;		    /* gives the role away, never takes it */

	uint32_t active_interval_cs;	 /* Active_Adver_Interval, learned (C-5) */
	int64_t skew_time_ns;		 /* C-20 */
	int64_t active_down_interval_ns; /* C-21 */

	struct vrrp_addr active_address;  /* whom we obey, or ourselves; zero = unknown */
	uint64_t steady_header;		  /* of active_address, as in the slot; 0 = none */
	bool peer_heard;		  /* peer_checksum is somebody's, not only the default */
	bool peers_differ;		  /* peers of both forms have been heard */
	enum checksum_form peer_checksum; /* form last heard */
	enum vr_last_event last_event;
	enum vr_active_reason active_reason;
	int64_t transition_ns; /* of last_event, 0 = never */

	/* Timers: absolute, NEVER_NS = not running. Read them through vr_deadline(). */
	int64_t down_timer_ns;	/* Active_Down_Timer; of an owner in Initialize: its takeover */
	int64_t down_armed_ns;	/* what it was armed by: only newer evidence counts */
	int64_t adver_timer_ns; /* Adver_Timer */
	uint32_t eased_cs; /* Active: the interval of before, by which timer and lease still go;
			      0 = none does; see configure.c */
	unsigned eased_adverts; /* ... for so many advertisements */
	int64_t superior_ns;	/* Active: of the last one to yield to that is of before the role */
	int64_t announce_timer_ns; /* next later burst of announcements */
	unsigned announce_again; /* rounds of that burst where it is a second one; 0 = a refresh */
	int64_t listen_until_ns; /* Active, fenced: woke late and listens; down_armed_ns is the
				    end of the lost lease */
	int64_t drain_until_ns;	 /* Active, drained: nobody has taken over until then, leave */
	int64_t answer_again_ns; /* D-24 limiter: no immediate advertisement before this */
	int64_t other_form_ns;	 /* last advertisement in the other form, or the first one */
	int64_t reannounce_again_ns; /* limiter of the survivor's announcements */
	bool listens_late; /* while an Active listens: ACT_LATE has told so, and will tell the end
			    */
	int64_t begun_ns;  /* last Startup from Initialize; 0 = adopted */
	int64_t awake_ns;  /* when we last woke late: silence before it is nobody's */
	bool promoting;	   /* the lease is flipped, EV_RECHECK is awaited */
	bool ready; /* Backup in a sync group: Active_Down_Timer is over, EV_GROUP_GO is awaited */
	uint32_t preempted_cs;	/* Backup: longest interval of those whom we do not obey (D-14) */
	int64_t goodbye_ns;	/* Backup: when the last goodbye arrived (D-12), 0 = none did */
	int64_t hold_until_ns;	/* Preempt_Mode counts as off until then; NEVER_NS = until so long
				   after a lower priority is heard; 0 = it does not */
	int64_t start_ns;	/* the startup delay ends */
	int64_t start_timer_ns; /* and Startup comes */
	bool acquired;		/* Backup: ACT_ACQUIRE has been said, the role is about to follow */
	enum vr_active_reason
		next_reason; /* of the takeover that the events so far lead to (D-54) */
};

/*
 * Initialize, without a deadline. `params` must be in range: this asserts it, the configuration has
 * checked it.
 */
void vr_init(struct vr *vr, const struct vr_params *params);

/*
 * Into a sync group, or out of it, whatever it is at the moment: params.sync_group. One that waited
 * for the others goes on by itself; its deadline is to be looked at again.
 */
void vr_set_group(struct vr *vr, bool member);

/* The address that advertisements are sent from. While Backup or Active it takes effect at once. */
void vr_set_primary(struct vr *vr, const struct vrrp_addr *primary);

/*
 * Take one event at time `now_ns`; `actions` is overwritten. `seen` must be read from the slot
 * after `now_ns` was taken.
 */
void vr_step(struct vr *vr, const struct vr_event *event, int64_t now_ns,
	     const struct vr_evidence *seen, struct vr_actions *actions);

/*
 * What a successor needs to go on from here; all but transition_s, which stays as it is. A few
 * stores, each of a whole word, in their order: may be called after every step, and torn anywhere.
 */
void vr_remember(const struct vr *vr, struct vr_memory *memory);

/*
 * Is Preempt_Mode in force: configured, and not delayed? What the slot must say; ACT_PUBLISH tells
 * when it has changed.
 *
 * The delay is keepalived's preempt_delay. It begins when a Backup first hears an Active of lower
 * priority, whom it obeys until the delay is over; from then on D-14 holds, so that it preempts
 * within Active_Down_Interval. It begins anew when an Active of no lower priority is heard, and
 * with each new time as Backup: after Startup, a fault, a role. A silent Active, or one that says
 * goodbye, is succeeded without any delay. An owner is not delayed.
 */
bool vr_preempts(const struct vr *vr);

/*
 * Started, and kept in Initialize by something that is wrong: keepalived's FAULT. One that only
 * waits for the first result of a tracked object is not.
 */
bool vr_in_fault(const struct vr *vr);

/* When to step with EV_DEADLINE; NEVER_NS = nothing is due by time. */
int64_t vr_deadline(const struct vr *vr);

/* C-20, C-21 for the current priority and interval, in nanoseconds; exact to 1 ns. */
int64_t vr_skew_ns(uint8_t version, uint8_t priority, uint32_t interval_cs);
int64_t vr_down_interval_ns(uint8_t version, uint8_t priority, uint32_t interval_cs,
			    unsigned down_adverts);

/*
 * How long one advertisement of ours keeps the lease (I1): down_adverts x the interval that others
 * go by, Advertisement_Interval or, just after it has become longer, the one of before.
 */
int64_t vr_lease_ns(const struct vr *vr);

#endif
