/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration as data: what instances, groups and the agent are made of. See conf.h. */
#ifndef CONF_PARTS_H
#define CONF_PARTS_H

#include <net/if.h>

#include "core/types.h"

struct route; /* core/route.h */
struct rule;  /* the same */

enum conf_toggle {
	CONF_DEFAULT, /* not written: the global value, or the built-in one, decides */
	CONF_ON,
	CONF_OFF,
};

enum conf_checksum {
	CONF_CHECKSUM_AUTO,
	CONF_CHECKSUM_RFC9568,
	CONF_CHECKSUM_PSEUDO,
};

enum conf_xdp_mode {
	CONF_XDP_AUTO,
	CONF_XDP_NATIVE,
	CONF_XDP_GENERIC,
	CONF_XDP_TC,
};

/* Where something was written; line and column count from 1, 0 = nowhere. */
struct conf_place {
	const char *file; /* owned by the struct conf */
	unsigned line, column;
};

/* The garp_ options: microseconds, 0 = off. */
struct conf_garp {
	int64_t delay_us;	     /* default 5 s */
	unsigned repeat;	     /* default 5 */
	int64_t refresh_us;	     /* default 0 */
	unsigned refresh_repeat;     /* default 1 */
	unsigned lower_prio_repeat;  /* after a lower priority was heard; default
					vrrp_garp_master_repeat */
	int64_t lower_prio_delay_us; /* and once more; default vrrp_garp_master_delay */
	int64_t extra_if_us;	     /* garp_extra_if: on interfaces of addresses that get no
					advertisements, so often while Active; default 0 */
	bool extra_if_all;	     /* on those that get some, too */
};

/* Why an instance cannot run, though the file may be used: a set. */
enum conf_unusable {
	CONF_UNUSABLE_AH = 1 << 0,    /* auth_type AH */
	CONF_UNUSABLE_HMAC = 1 << 1,  /* auth_hmac */
	CONF_UNUSABLE_GROUP = 1 << 2, /* another multicast group than the RFC's: `group_address` */
	CONF_UNUSABLE_INTERFACE = 1 << 3, /* no interface, which keepalived allows if unicast */
};

struct conf_address {
	struct vrrp_addr address;
	uint8_t prefix_len;   /* default 32 or 128 */
	char dev[IFNAMSIZ];   /* empty: the instance's interface */
	char label[IFNAMSIZ]; /* empty: none */
	uint8_t scope;	      /* RT_SCOPE_*: default universe (global) */
	bool has_broadcast;   /* written as an address, or worked out of `brd +` or `brd -` */
	struct vrrp_addr broadcast;
	struct vrrp_addr peer; /* all zero = none */
	bool has_preferred;    /* preferred_lft is written; without: an IPv6 /128 is deprecated, as
				  in keepalived, so that nobody takes it for a source */
	uint32_t preferred_s;  /* UINT32_MAX = for ever */
	uint32_t flags;	       /* IFA_F_HOMEADDRESS (home), IFA_F_MANAGETEMPADDR (mngtmpaddr),
				  IFA_F_NOPREFIXROUTE, IFA_F_MCAUTOJOIN (autojoin) */
	bool detects_duplicates; /* -nodad; IPv6 only */
	bool of_another; /* an instance before this one has it on the same interface, and serves it;
			    here it is advertised only */
	struct conf_place place;
};

/* A line of unicast_peer. */
struct conf_peer {
	struct vrrp_addr address;
	uint8_t min_ttl, max_ttl; /* default 0 and 255 */
	struct conf_place place;
};

/* A command of notify and its like: the program and its words; NULL = none is configured. */
struct conf_script {
	char **words;	    /* NULL-terminated */
	char *user, *group; /* to run as; NULL = keepalived_script if there is such a user, else
			       as the agent; and the user's own group */
	struct conf_place place;
};

/* CONF_NOTIFY_ACTIVE is keepalived's notify_master. */
enum conf_notify {
	CONF_NOTIFY,
	CONF_NOTIFY_ACTIVE,
	CONF_NOTIFY_BACKUP,
	CONF_NOTIFY_FAULT,
	CONF_NOTIFY_STOP,
	CONF_NOTIFY_DELETED,  /* a reload has removed it; without one, as in keepalived: FAULT;
				 the keyword alone: a list of no words */
	CONF_NOTIFY_RX_LOWER, /* Active, and a lower priority was heard */
	CONF_NOTIFY_KINDS,
};

struct conf_routes {
	struct route *list;
	size_t count;
};

struct conf_rules {
	struct rule *list;
	size_t count;
};

struct conf_addresses {
	struct conf_address *list;
	size_t count;
};

#endif
