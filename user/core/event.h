/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boundary of the state machine: what goes in, what comes out. The core never acts; whoever
 * calls vr_step() carries out the actions in their order.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "core/types.h"

/* ---- in ---- */

enum vr_event_kind {
	EV_STARTUP,  /* the configuration is in force; starts unless there are faults (D-1, D-2) */
	EV_SHUTDOWN, /* process stop or removal (D-10, D-20, D-51) */
	EV_FAULT,    /* `fault` appeared: Shutdown if it is the first (D-50) */
	EV_FAULT_OVER, /* `fault` is gone: Startup if it was the last (D-50) */
	EV_ADVERT,     /* an accepted advertisement that the data plane reported (D-12..D-14,
			  D-22..D-24) */
	EV_CLAIM,      /* somebody else claims one of our addresses by ARP or ND */
	EV_PRIORITY,   /* the effective priority is `priority` now, 1..254 (C-24, D-52) */
	EV_DEADLINE,   /* vr_deadline() is reached; harmless when early */
	EV_RECHECK,    /* the answer to ACT_RECHECK */
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

struct vr_event {
	enum vr_event_kind kind;
	union {
		struct vr_advert advert; /* EV_ADVERT */
		unsigned fault;		 /* EV_FAULT, EV_FAULT_OVER: one bit of enum vr_fault */
		uint8_t priority;	 /* EV_PRIORITY */
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
};

/* ---- out ---- */

enum vr_action_kind {
	ACT_LEASE,   /* set the lease to `until_ns`; 0 ends it */
	ACT_RECHECK, /* read the evidence again, and step with EV_RECHECK at once */
	ACT_ADVERT, /* send an advertisement; when the kernel took it and until_ns is not 0, set the
		     * lease to until_ns */
	ACT_ANNOUNCE, /* gratuitous ARP or unsolicited NA for every address, `rounds` times (E-20)
		       */
	ACT_ACQUIRE,  /* addresses onto the interface, virtual MAC into its filter */
	ACT_RELEASE,  /* the reverse */
	ACT_PUBLISH,  /* state, priority and running flag into the slot: see vr->state */
	ACT_STEADY,   /* equal advertisements need no report; `steady.header` 0 = all do */
	ACT_COUNT,    /* one more of `counter` */
	ACT_NOTIFY,   /* tell the world: state, vr->last_event, vr->active_reason */
};

/* Counters that the core decides; members of struct agent_stats. */
enum vr_core_counter {
	CORE_COUNT_IMMEDIATE_ADVERT_SUPPRESSED,
	CORE_COUNT_OWNER_CONFLICT,
	CORE_COUNT_LATE_WAKEUPS,
	CORE_COUNT_ACTIVE_TRANSITIONS,
};

struct vr_action {
	enum vr_action_kind kind;
	union {
		int64_t until_ns; /* ACT_LEASE */
		struct {
			int64_t until_ns;
			uint8_t priority; /* as it goes on the wire, 0 = leaving */
			enum checksum_form checksum;
		} advert;	 /* ACT_ADVERT */
		unsigned rounds; /* ACT_ANNOUNCE */
		struct {
			struct vrrp_addr source;
			uint64_t header;
		} steady;		      /* ACT_STEADY */
		enum vr_core_counter counter; /* ACT_COUNT */
		enum vr_state from;	      /* ACT_NOTIFY: the state that was left */
	};
};

#define VR_ACTIONS_MAX 16

/* The actions of one step, in the order in which they must be carried out (I5). */
struct vr_actions {
	unsigned count;
	struct vr_action list[VR_ACTIONS_MAX];
};

#endif
