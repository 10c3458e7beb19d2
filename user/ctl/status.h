/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the agent tells of itself, as plain data, and as the JSON of the control socket. Pure.
 */
#ifndef CTL_STATUS_H
#define CTL_STATUS_H

#include <jansson.h>

#include "core/types.h"
#include "counters.h"

struct status_address {
	struct vrrp_addr address;
	uint8_t prefix_len;
};

/* A line of "tracking": one object as this virtual router sees it. */
struct status_track {
	const char *kind, *name; /* "interface", "script", "file" or "process" */
	const char *state;	 /* "up", "down", "unknown" or "unusable" */
	int weight;
	bool reverse;
	bool has_value;	    /* else "value" is null */
	int64_t value;	    /* the number in a file, how many processes */
	const char *result; /* the last one in words; NULL or empty = none: null in JSON */
	int64_t since_s;    /* Unix time: so since then; 0 = not yet: null in JSON */
};

/* One virtual router; pointers are borrowed for the call. */
struct status_vr {
	const char *name, *interface;
	uint32_t vlan;
	uint8_t vrid, version, priority, effective_priority;
	enum vrrp_family family;
	enum vr_state state;
	unsigned faults; /* set of enum vr_fault */
	bool is_owner, preempt, accept_mode;
	bool drained; /* gives the role away, or stays away from it, until undrained */
	int64_t preempt_delay_us;
	int64_t advertise_interval_us, active_adver_interval_us;
	int64_t skew_time_us, active_down_interval_us;
	uint8_t virtual_mac[6];
	const struct status_address *addresses;
	size_t address_count;
	const struct status_address *excluded; /* served, and not advertised */
	size_t excluded_count;
	const struct vrrp_addr *peers; /* unicast; none = multicast */
	size_t peer_count;
	const struct status_track *tracks;
	size_t track_count;
	const char *sync_group;				  /* NULL = none: null in JSON */
	struct vrrp_addr primary_address, active_address; /* zero = unknown: null in JSON */
	int64_t lease_remaining_us;			  /* 0 = none */
	enum vr_last_event last_event;
	enum vr_active_reason active_reason;
	int64_t last_transition_s; /* Unix time; 0 = never: null in JSON */
	int64_t up_since_s;	   /* left Initialize; 0 = does not run, or unknown: null */
	int64_t discontinuity_s;   /* the counters were 0 then (G-12); 0 = there are none: null */
	struct vr_stats stats;
	struct agent_stats agent_stats;
};

struct status_interface {
	const char *name;
	int ifindex;
	const char *xdp_mode, *xdp_mode_reason;
	unsigned restored; /* "programs_restored": times that others removed our programs */
	struct if_stats stats;
};

/* Each returns a new reference, or NULL without memory. */
json_t *status_vr_json(const struct status_vr *vr); /* one of "virtual_routers" */
json_t *status_interface_json(const struct status_interface *interface); /* one of "interfaces" */

/*
 * A line of `xvrrpctl events`: {"time": "...Z", "event": "transition", "name", "interface", "vrid",
 * "family", "from", "state", "last_event", "new_active_reason", "priority"}. `time_us` is Unix
 * time.
 */
json_t *event_transition_json(const struct status_vr *vr, enum vr_state from, int64_t time_us);
/* ... "event": "foreign-claim", "address", "claimant_mac" ... */
json_t *event_claim_json(const struct status_vr *vr, const struct vrrp_addr *address,
			 const uint8_t mac[6], int64_t time_us);
/* ... "event": "priority", "from", "priority": the effective one has changed ... */
json_t *event_priority_json(const struct status_vr *vr, uint8_t from, int64_t time_us);

#endif
