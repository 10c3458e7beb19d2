/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The map ABI: what the BPF programs and the agent share, and what stays pinned when an agent
 * dies. Change XVRRP_ABI_VERSION with any change of layout or meaning; an agent replaces pinned
 * maps of another version.
 *
 * All times are CLOCK_BOOTTIME nanoseconds (bpf_ktime_get_boot_ns), 0 = never.
 */
#ifndef XVRRP_ABI_H
#define XVRRP_ABI_H

#include "counters.h"
#include "vrrp.h"

#define XVRRP_ABI_VERSION    4
#define XVRRP_SLOTS_MAX	     4096
#define XVRRP_VIPS_MAX	     65536
#define XVRRP_INDEX_MAX	     8192 /* keys of virtual routers, aliases included */
#define XVRRP_INTERFACES_MAX 1024
#define XVRRP_PEERS_MAX	     16384
#define XVRRP_EVENTS_SIZE    (1 << 20) /* bytes of the ring buffer */

/* The one value of the map `abi`, written by the agent that made the maps. */
struct xvrrp_abi {
	__u32 version; /* XVRRP_ABI_VERSION */
	__u32 slots;   /* entries of vr_slots */
};

/*
 * A VLAN as part of a key: 0 = untagged (or priority-tagged, H-23), one tag = its VLAN id,
 * two tags = outer id << 16 | inner id.
 */

/* Key of vr_index. The value is the slot's number, __u32. */
struct vr_key {
	__u32 ifindex;
	__u32 vlan;
	__u8 family; /* enum vrrp_family */
	__u8 vrid;
	__u16 zero;
};

/* Key of vip_index. The value is the slot's number, __u32. */
struct vip_key {
	__u32 ifindex;
	__u32 vlan;
	struct vrrp_addr address;
};

/*
 * Key of peer_index: who may speak to a virtual router that does without multicast (H-40). The
 * value is the range of TTL or hop limit that its advertisements may arrive with.
 */
struct peer_key {
	__u32 slot;
	__u32 zero;
	struct vrrp_addr address;
};

struct peer_hops {
	__u8 min, max;
	__u8 zero[6];
};

enum vr_slot_flag {
	SLOT_RUNNING =
		1 << 0,	     /* Backup or Active; in Initialize advertisements are dropped (B-23) */
	SLOT_OWNER = 1 << 1, /* the addresses are ours (priority 255) */
	SLOT_ACCEPT = 1 << 2,	    /* Accept_Mode: packets to the addresses reach the host (E-2) */
	SLOT_PREEMPT = 1 << 3,	    /* Preempt_Mode: see vrrp_backup_obeys() */
	SLOT_STEADY = 1 << 4,	    /* steady_header and steady_source are valid */
	SLOT_CONSUME = 1 << 5,	    /* drop accepted advertisements instead of passing them on */
	SLOT_PHYSICAL_MAC = 1 << 6, /* answer with `mac` being the interface's own address */
	SLOT_UNICAST = 1 << 7,	    /* hears the peers of peer_index only, at identity.primary */
};

/*
 * What a virtual router expects in an advertisement, and who it is. Written by the agent only
 * while SLOT_RUNNING is clear, except priority, whose single byte may change at any time.
 */
struct vr_identity {
	struct vr_key key; /* where advertisements are accepted */
	__u8 mac[6];	   /* what ARP and ND answer with */
	__u8 version;	   /* 2 or 3 */
	__u8 priority;	   /* effective */
	__u8 auth_type;	   /* v2: enum vrrp_auth */
	__u8 auth_data[VRRP_AUTH_LEN];
	__u8 addr_count;
	__u16 interval_cs; /* Advertisement_Interval */
	__u32 ifindex; /* that advertisements leave on: of a VLAN on its parent's hook not the key's
			*/
	__u32 zero;
	__u64 addr_set;		  /* vrrp_addr_set() over the configured addresses */
	struct vrrp_addr primary; /* source address of our own advertisements */
};

/*
 * What an agent that starts anew must know to go on as the one before it (I8): written after every
 * step, read by EV_ADOPT. BPF does not look at it.
 */
struct vr_memory {
	__u64 down_timer_ns; /* Backup: Active_Down_Timer ends; 0 = it does not run */
	__u64 down_armed_ns; /* ... and what it was armed by */
	__u64 transition_ns; /* last transition, 0 = never */
	__u64 transition_s;  /* the same moment in Unix time */
	__u64 hold_until_ns; /* Backup: does not preempt before this, 0 = may; see vr_preempts() */
	__u32 interval_cs;   /* Active_Adver_Interval */
	__u8 state;	     /* enum vr_state, as the three that follow from core/types.h */
	__u8 last_event;
	__u8 active_reason;
	__u8 next_reason;
	__u8 checksum_heard;   /* of a peer: 0 = nobody yet, else 1 + enum checksum_form */
	__u8 drained;	       /* 0 or 1 */
	__u8 checksums_differ; /* 0 or 1: peers of both forms have been heard */
	__u8 zero[3];
	__u16 relied_cs; /* Active: the interval that Backups go by at least; 0 = unknown */
};

/*
 * One virtual router: the value of vr_slots, in memory that the agent has mapped. The lease is the
 * role (I1): programs answer and accept for a virtual router only while now < lease_until_ns, so
 * one 64-bit store moves it with all its addresses. And only as long as nobody has been heard since
 * the agent decided upon it to whom an Active yields: a frozen agent cannot.
 */
struct vr_slot {
	/* written by the agent */
	__u64 lease_until_ns;
	__u64 decided_ns; /* superior_ns, as it was known to who decided upon the lease */
	__u32 flags;	  /* enum vr_slot_flag */
	__u32 zero;
	__u64 steady_header; /* the 8 header bytes of the last advertisement obeyed as Backup ... */
	struct vrrp_addr steady_source; /* ... and its sender: equal ones wake nobody */
	struct vr_identity identity;
	struct agent_stats agent;
	struct vr_memory memory;
	__u64 counted_since_s; /* Unix time: the counters of this virtual router were 0 then */

	/* written by BPF, each a single 64-bit store */
	__u64 last_advert_ns __attribute__((aligned(64))); /* last one accepted, whoever sent it */
	__u64 authority_ns;	/* last one that a Backup obeys: vrrp_backup_obeys() */
	__u64 superior_ns;	/* last one that an Active yields to: vrrp_active_yields() */
	__u64 last_claim_ns;	/* last foreign claim to one of the addresses */
	__u64 report_bucket_ns; /* token buckets, see take_token() in bpf/ */
	__u64 leaving_bucket_ns;
	__u64 claim_bucket_ns;
	__u64 answer_bucket_ns;
	__u64 reported; /* digest of the last advertisement reported: another one is a change */
} __attribute__((aligned(64)));

enum xvrrp_event_kind {
	XVRRP_EVENT_ADVERT = 1, /* an accepted advertisement that is not steady */
	XVRRP_EVENT_CLAIM = 2,	/* a foreign claim to one of our addresses */
};

enum xvrrp_event_flag {
	EVENT_CHECKSUM_PSEUDO = 1 << 0, /* v3 over IPv4, summed with pseudo-header */
	EVENT_ADDRESS_LIST = 1 << 1,	/* soft findings: B-12, */
	EVENT_INTERVAL = 1 << 2,	/* B-13, */
	EVENT_LL_FIRST = 1 << 3,	/* B-15 */
};

/* A record of the ring buffer `events`. */
struct xvrrp_event {
	__u64 time_ns; /* when the frame arrived: the same stamp as in the slot */
	__u32 kind;    /* enum xvrrp_event_kind */
	__u32 slot;
	__u32 ifindex;
	__u32 flags;		 /* enum xvrrp_event_flag */
	struct vrrp_addr source; /* ADVERT: the sender. CLAIM: the address claimed */
	struct vrrp_hdr header;	 /* ADVERT: as received */
	__u8 mac[6];		 /* Ethernet source of an ADVERT, the claimant of a CLAIM */
	__u8 zero[2];
};

_Static_assert(sizeof(struct vr_key) == 12, "no padding in hash keys");
_Static_assert(sizeof(struct vip_key) == 24, "no padding in hash keys");
_Static_assert(sizeof(struct vr_identity) == 64, "no padding in the slot");
_Static_assert(sizeof(struct peer_key) == 24, "no padding in hash keys");
_Static_assert(sizeof(struct vr_memory) == 56, "no padding in the slot");
_Static_assert(sizeof(struct xvrrp_event) == 56, "no padding in events");
_Static_assert(sizeof(struct vr_slot) % 64 == 0, "slots do not share cache lines");

#endif
