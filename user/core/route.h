/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes and rules of the configuration, as data: conf/ fills them in, sys/ brings them into the
 * kernel. Everything that identifies one is in it. What is not written is 0.
 */
#ifndef CORE_ROUTE_H
#define CORE_ROUTE_H

#include "core/types.h"

#define ROUTE_DEV_LEN	  16 /* IFNAMSIZ: of an interface, with the final NUL */
#define ROUTE_HOPS_MAX	  16
#define ROUTE_METRICS_MAX 18 /* RTAX_* are smaller */
#define ROUTE_NAME_LEN	  16 /* of a congestion control algorithm, with the final NUL */

/* Where among routes of the same destination, type of service and metric; IPv4 only. */
enum route_placing {
	ROUTE_PREPEND, /* as keepalived: in front of what is there */
	ROUTE_ADD,     /* not if there is one */
	ROUTE_APPEND,
};

struct route_hop {
	struct vrrp_addr gateway; /* all zero: the destination is on the link */
	char dev[ROUTE_DEV_LEN];  /* empty: the one by which the gateway is reached */
	uint32_t realms;	  /* IPv4 only */
	uint16_t weight;	  /* 1..256; 0 = 1 */
	bool onlink;		  /* do not ask whether the gateway can be reached */
};

struct route {
	uint8_t family;	  /* enum vrrp_family */
	uint8_t type;	  /* RTN_* */
	uint8_t scope;	  /* RT_SCOPE_* */
	uint8_t tos;	  /* IPv4 only */
	uint8_t protocol; /* RTPROT_*; 0 = the agent's own mark */
	uint8_t placing;  /* enum route_placing */
	uint8_t to_len, from_len;
	struct vrrp_addr to;
	struct vrrp_addr from;	 /* IPv6 only, from_len 0 = any */
	struct vrrp_addr source; /* `src`, the preferred one; all zero = none */
	uint32_t table;		 /* 0 = main, or that of the VRF */
	char vrf[ROUTE_DEV_LEN]; /* empty = none */
	bool has_metric;	 /* else the kernel's default */
	bool has_preference;	 /* IPv6 only, as in router advertisements */
	bool has_propagate;	 /* ttl-propagate */
	uint8_t preference, propagate;
	uint32_t metric;
	uint32_t expires_s;			 /* IPv6 only, 0 = never */
	uint32_t metrics_set;			 /* bit n: metrics[n] is written */
	uint32_t metrics_locked;		 /* bit n: the kernel must not change it */
	uint32_t metrics[ROUTE_METRICS_MAX];	 /* by RTAX_*, in the kernel's units */
	char congestion_control[ROUTE_NAME_LEN]; /* empty = the system's */
	uint8_t hop_count; /* 0: a route without gateway and interface, such as a blackhole */
	struct route_hop hops[ROUTE_HOPS_MAX];
};

struct rule_ports {
	uint16_t first, last; /* 0, 0 = any */
};

struct rule {
	uint8_t family; /* enum vrrp_family */
	uint8_t action; /* FR_ACT_* */
	uint8_t from_len, to_len;
	struct vrrp_addr from, to; /* length 0 = any */
	uint8_t tos;
	uint8_t protocol;    /* RTPROT_*; 0 = the agent's own mark */
	uint8_t ip_protocol; /* 0 = any */
	bool invert;	     /* `not` */
	bool l3mdev;
	bool has_priority, has_mark, has_mark_mask, has_uids, has_suppress_length,
		has_suppress_group;
	char in[ROUTE_DEV_LEN], out[ROUTE_DEV_LEN]; /* empty = any */
	uint32_t priority;
	uint32_t table;	 /* of the action FR_ACT_TO_TBL */
	uint32_t target; /* of FR_ACT_GOTO */
	uint32_t mark, mark_mask;
	uint32_t first_uid, last_uid;
	uint32_t suppress_length, suppress_group;
	uint32_t realms; /* IPv4 only */
	uint64_t tunnel_id;
	struct rule_ports from_ports, to_ports;
};

/* Are all members the same? */
bool route_same(const struct route *a, const struct route *b);
bool rule_same(const struct rule *a, const struct rule *b);

#endif
