/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boundary of the state machine: what goes in, what comes out. The core never acts; whoever
 * calls vr_step() carries out the actions in their order.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "abi.h"
#include "core/types.h"

struct vr_params; /* core/vr.h */

/* ---- in ---- */

enum vr_event_kind {
	EV_STARTUP,  /* the configuration is in force; starts unless there are faults (D-1, D-2) */
	EV_SHUTDOWN, /* process stop or removal (D-10, D-20, D-51) */
	EV_FAULT,    /* `fault` appeared: Shutdown if it is the first (D-50) */
	EV_FAULT_OVER, /* `fault` is gone: Startup if it was the last (D-50) */
	EV_ADVERT,     /* an accepted advertisement that the data plane reported (D-12..D-14,
			  D-22..D-24) */
	EV_CLAIM,      /* somebody else claims one of our addresses by ARP or ND */
	EV_PRIORITY,   /* the tracked priority is `priority` now, 1..254 (C-24, D-52) */
	EV_CONFIGURE,  /* other parameters hold from now on, the role stays: see configure.c.
			  Family, version and VRID are as before. In VRRPv2 the data plane must
			  check for the new interval already */
	EV_DEADLINE,   /* vr_deadline() is reached; harmless when early */
	EV_RECHECK,    /* the answer to ACT_RECHECK */
	EV_ADOPT,    /* before EV_STARTUP: the slot of an earlier agent is ours now (I8). Goes on as
			Active under a valid lease, or as Backup whose timer runs; else nothing */
	EV_DRAIN,    /* give the role away without loss and stay away ... */
	EV_UNDRAIN,  /* ... until this */
	EV_GROUP_GO, /* every member of the sync group waits for the role: take it */
	EV_GROUP_YIELD,	  /* a member has lost the role: Active, give it away with a goodbye */
	EV_GROUP_LEAVING, /* a member heard a goodbye: silence of one interval and skew is enough */
	EV_STOOD_STILL,	  /* the agent did not run for `stood_still_ns` until now, and perhaps the
			   whole machine did not: tell it before anything else */
};

/* One advertisement as the state machine sees it. */
struct vr_advert {
	struct vrrp_addr source;
	uint8_t priority;	     /* 0..255 */
	uint32_t interval_cs;	     /* 1..4095, v2 in multiples of 100 */
	enum checksum_form checksum; /* v3 over IPv4 only */
	uint64_t header;	     /* the 8 bytes as received, for the steady rule */
	int64_t received_ns;	     /* when the data plane stamped it */
};

/* What the slot of an earlier agent says, beside the evidence. */
struct vr_adoption {
	struct vr_memory memory;
	uint8_t priority;	/* identity.priority */
	int64_t decided_ns;	/* up to which superior_ns its lease was decided upon */
	uint64_t steady_header; /* 0 = no steady Active */
	struct vrrp_addr steady_source;
};

struct vr_event {
	enum vr_event_kind kind;
	union {
		struct vr_advert advert;     /* EV_ADVERT */
		unsigned fault;		     /* EV_FAULT, EV_FAULT_OVER: one bit of enum vr_fault */
		uint8_t priority;	     /* EV_PRIORITY */
		struct vr_adoption adoption; /* EV_ADOPT */
		int64_t stood_still_ns;	     /* EV_STOOD_STILL: at least so long */
		struct {
			const struct vr_params *params; /* read during the step only; without
							   sync_group, startup_delay_ns */
			uint8_t priority; /* the tracked one from now on; 255 of an owner */
		} configure;		  /* EV_CONFIGURE */
		bool alone; /* EV_SHUTDOWN: its sync group stays, so that no other router may take
			       the role of this member: no goodbye */
	};
};

/*
 * What the data plane has on record at the moment of the step (I9), read from the slot. The core
 * keeps no copy of the lease: the slot is the only truth.
 */
struct vr_evidence {
	int64_t lease_until_ns; /* 0 = none */
	int64_t last_advert_ns; /* last accepted advertisement of anybody else, 0 = never */
	int64_t authority_ns;	/* last one that vrrp_backup_obeys(), 0 = never */
	int64_t superior_ns;	/* last one that vrrp_active_yields() to, 0 = never */
};

/* ---- out ---- */

enum vr_action_kind {
	ACT_LEASE,   /* set the lease to `until_ns`; 0 ends it */
	ACT_RECHECK, /* read the evidence again, and step with EV_RECHECK at once */
	ACT_ADVERT, /* send an advertisement; when the kernel took it and until_ns is not 0, set the
		     * lease to until_ns. Unless it says goodbye, not without a valid lease */
	ACT_ANNOUNCE, /* gratuitous ARP or unsolicited NA for every address, `rounds` times (E-20);
		       * not without a valid lease */
	ACT_ACQUIRE,  /* addresses onto the interface, virtual MAC into its filter; with the role,
		       * or a little before it */
	ACT_RELEASE,  /* the reverse */
	ACT_PUBLISH,  /* state, priority and running flag into the slot: see vr->state */
	ACT_STEADY,   /* equal advertisements need no report; `steady.header` 0 = all do */
	ACT_COUNT,    /* one more of `counter` */
	ACT_NOTIFY,   /* tell the world: state, vr->last_event, vr->active_reason */
	ACT_LATE,     /* tell the world how late we woke and what was decided; count it */
};

/* What one who woke late decided (design: waking late). */
enum vr_late {
	LATE_WENT_ON, /* Active, the lease is still valid */
	LATE_HEARD,   /* Backup now: an Active was heard meanwhile, the timer runs from there */
	LATE_LISTENS, /* nobody was heard, but the machine may have stood still: one interval more
		       */
	LATE_YIELDED, /* Active: the lease was over, and somebody took the role */
	LATE_RESUMED, /* Active: the lease was over, and nobody took the role */
};

/* Counters that the core decides; members of struct agent_stats. */
enum vr_core_counter {
	CORE_COUNT_IMMEDIATE_ADVERT_SUPPRESSED,
	CORE_COUNT_OWNER_CONFLICT,
	CORE_COUNT_ACTIVE_TRANSITIONS,
};

struct vr_action {
	enum vr_action_kind kind;
	union {
		int64_t until_ns; /* ACT_LEASE */
		struct {
			int64_t until_ns;
			uint8_t priority; /* as it goes on the wire, 0 = leaving */
			bool first;	  /* of a role: if it does not leave, end the lease */
			enum checksum_form checksum;
		} advert;	 /* ACT_ADVERT */
		unsigned rounds; /* ACT_ANNOUNCE */
		struct {
			struct vrrp_addr source;
			uint64_t header;
		} steady;		      /* ACT_STEADY */
		enum vr_core_counter counter; /* ACT_COUNT */
		enum vr_state from;	      /* ACT_NOTIFY: the state that was left */
		struct {
			int64_t late_ns; /* 0 = told before, when we began to listen */
			enum vr_late decision;
		} late; /* ACT_LATE */
	};
};

#define VR_ACTIONS_MAX 16

/* The actions of one step, in the order in which they must be carried out (I5). */
struct vr_actions {
	unsigned count;
	struct vr_action list[VR_ACTIONS_MAX];
};

#endif
