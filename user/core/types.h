/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types and names that configuration, core, system and control share.
 */
#ifndef CORE_TYPES_H
#define CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vrrp.h"

#define NS_PER_US 1000LL
#define NS_PER_MS 1000000LL
#define NS_PER_CS 10000000LL
#define NS_PER_S  1000000000LL

/* A point in time (CLOCK_BOOTTIME) or a span, in nanoseconds; names end in _ns. */
#define NEVER_NS INT64_MAX

enum vr_state {
	VR_INITIALIZE,
	VR_BACKUP,
	VR_ACTIVE,
};

/* Why a virtual router is in Initialize; a set of bits. Empty = it runs. */
enum vr_fault {
	FAULT_NO_INTERFACE = 1 << 0,	   /* the interface does not exist */
	FAULT_INTERFACE_DOWN = 1 << 1,	   /* administratively down, or without carrier */
	FAULT_NO_ADDRESS = 1 << 2,	   /* no primary address of the family */
	FAULT_NO_VIRTUAL_ADDRESS = 1 << 3, /* nothing to serve */
	FAULT_DATA_PLANE = 1 << 4,	   /* no program could be attached */
	FAULT_SYNC_GROUP = 1 << 5,	   /* another member of its sync group has a fault */
	FAULT_TRACKED = 1 << 6,		   /* a tracked object without a weight is down */
	FAULT_TRACK_PENDING = 1 << 7,	   /* one has not been checked for the first time yet */
	FAULT_CONFIGURATION = 1 << 8, /* the configuration asks for what cannot be done safely */
};

/* The event that caused the last transition: RFC 8347's identities (G-14) in today's words. */
enum vr_last_event {
	LAST_EVENT_NONE,
	LAST_EVENT_STARTUP,
	LAST_EVENT_SHUTDOWN,
	LAST_EVENT_HIGHER_PRIORITY_BACKUP,
	LAST_EVENT_ACTIVE_TIMEOUT,
	LAST_EVENT_INTERFACE_UP,
	LAST_EVENT_INTERFACE_DOWN,
	LAST_EVENT_NO_PRIMARY_IP_ADDRESS,
	LAST_EVENT_PRIMARY_IP_ADDRESS,
	LAST_EVENT_NO_VIRTUAL_IP_ADDRESSES,
	LAST_EVENT_VIRTUAL_IP_ADDRESSES,
	LAST_EVENT_PREEMPT_HOLD_TIMEOUT,
	LAST_EVENT_LOWER_PRIORITY_ACTIVE,
	LAST_EVENT_OWNER_PREEMPT,
	LAST_EVENT_DRAINED, /* ours: the operator took the role away, and nobody else took it in
			       time */
	LAST_EVENT_LEASE_EXPIRED,  /* ours: woke after the lease, somebody else had the role (I1) */
	LAST_EVENT_SYNC_GROUP,	   /* ours: another member of the sync group changed its state */
	LAST_EVENT_TRACKED_OBJECT, /* ours: one without a weight went down, came up, or has been
				      checked for the first time */
};

/* RFC 6527 NewMasterReason, RFC 8347 new-master-reason (D-54). */
enum vr_active_reason {
	ACTIVE_REASON_NOT_ACTIVE,
	ACTIVE_REASON_PRIORITY,
	ACTIVE_REASON_PREEMPTED,
	ACTIVE_REASON_NO_RESPONSE,
};

/* The form of a VRRPv3 checksum over IPv4 (A-60..A-68). */
enum checksum_form {
	CHECKSUM_RFC9568, /* message only */
	CHECKSUM_PSEUDO,  /* with an IPv4 pseudo-header, as keepalived and FRR do by default */
};

/* Names as in the JSON status: "backup", "active-timeout", "no-response". Never NULL. */
const char *vr_state_name(enum vr_state state);
const char *vr_last_event_name(enum vr_last_event event);
const char *vr_active_reason_name(enum vr_active_reason reason);

/*
 * The name of one bit of enum vr_fault, such as "interface-down"; NULL for an unknown bit. Walk a
 * set with: for (unsigned bit = 1; bit <= faults; bit <<= 1) if (faults & bit) ...
 */
const char *vr_fault_name(unsigned fault);

/* Room for an address of either family in text, with the final NUL. */
#define ADDR_TEXT_LEN 46

/* IPv4-mapped form of an address in host order, and back; `address` must be IPv4 for the latter. */
struct vrrp_addr addr_from_ipv4(uint32_t host_order);
uint32_t addr_to_ipv4(const struct vrrp_addr *address);
bool addr_is_ipv4(const struct vrrp_addr *address);
bool addr_is_zero(const struct vrrp_addr *address); /* ::, ::ffff:0.0.0.0 or unset */
bool addr_equal(const struct vrrp_addr *a, const struct vrrp_addr *b);

/* 192.0.2.1 or 2001:db8::1 (RFC 5952); returns `text`. */
const char *addr_format(const struct vrrp_addr *address, char text[ADDR_TEXT_LEN]);

/* fe80::/10 */
bool addr_is_link_local(const struct vrrp_addr *address);

/* ff02::1:ffXX:XXXX of an IPv6 address (RFC 4291 2.7.1). */
struct vrrp_addr addr_solicited_node(const struct vrrp_addr *address);

/* The virtual router MAC address (E-50). */
void vrrp_virtual_mac(enum vrrp_family family, uint8_t vrid, uint8_t mac[6]);

#endif
