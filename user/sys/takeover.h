/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel must know of a role: the virtual addresses on their interfaces, the virtual MAC
 * in the NIC's unicast filter, and the groups that solicitations are sent to. One batch of netlink
 * messages, one system call for them and one for the answers.
 */
#ifndef SYS_TAKEOVER_H
#define SYS_TAKEOVER_H

#include "core/route.h"
#include "core/types.h"
#include "sys/failure.h"

/* IFA_PROTO and the route protocol of everything the agent adds: VRRP's number. */
#define XVRRPD_RTPROT 112

enum takeover_kind {
	TAKEOVER_ADDRESS,   /* an address on an interface, /32 when accept mode needs no subnet */
	TAKEOVER_BLACKHOLE, /* accept mode off: a route that drops (E-12), no address */
	TAKEOVER_MAC,	    /* the virtual MAC into the filter (RTM_NEWNEIGH, NTF_SELF) */
	TAKEOVER_ROUTE,	    /* of the configuration */
	TAKEOVER_RULE,	    /* the same */
	TAKEOVER_GROUP,	    /* membership of the solicited-node group of an IPv6 address (E-6) */
};

struct takeover_item {
	enum takeover_kind kind;
	int ifindex;
	struct vrrp_addr address; /* ADDRESS, BLACKHOLE; GROUP: the one that is asked for */
	uint8_t prefix_len;
	uint8_t scope;
	bool has_broadcast;
	struct vrrp_addr broadcast;
	const char *label;	 /* NULL = none */
	struct vrrp_addr peer;	 /* all zero = none */
	uint32_t flags;		 /* IFA_F_*; of IPv6, IFA_F_NODAD goes without saying ... */
	bool detects_duplicates; /* ... but for this */
	bool has_preferred;	 /* valid for ever, but preferred only for `preferred_s` */
	uint32_t preferred_s;
	uint32_t table;		   /* BLACKHOLE: routing table, of a VRF; 0 = main */
	uint8_t mac[6];		   /* MAC */
	const struct route *route; /* ROUTE; interfaces are looked up by name each time */
	const struct rule *rule;   /* RULE */
};

/* The same for the kernel: nothing is to be done to get from one to the other. */
bool takeover_item_same(const struct takeover_item *a, const struct takeover_item *b);

/*
 * Is what the kernel lists the one that is wanted? By what selects it, and by a route's gateways;
 * of interfaces that are not wanted by name any will do.
 */
bool takeover_is_route(const struct route *wanted, const struct route *present);
bool takeover_is_rule(const struct rule *wanted, const struct rule *present);

/* One thread at a time may use it, any thread. */
struct takeover;

struct takeover *takeover_open(struct failure *failure);
void takeover_close(struct takeover *takeover); /* NULL is allowed */

/*
 * Add or remove all items. What is already so is no error. An item that fails does not stop the
 * rest; returns the number of failures, the first of them in `failure`. Only what carries our mark
 * is removed: an address that an operator has configured stays, whoever was first. Removing an
 * IPv4 address that has secondary ones sets the interface's promote_secondaries, to keep those.
 */
int takeover_add(struct takeover *takeover, const struct takeover_item *items, size_t count,
		 struct failure *failure);
int takeover_remove(struct takeover *takeover, const struct takeover_item *items, size_t count,
		    struct failure *failure);

/*
 * True for what must stay. The item has its kind and what identifies it: an address its interface
 * and prefix length, a blackhole route its address (of all 32 or 128 bits, on no interface) and its
 * table, a MAC its interface.
 */
typedef bool takeover_keep_fn(const struct takeover_item *item, void *data);

/*
 * Remove what an agent that died left on the interface, but for what `keep` (NULL = nothing stays)
 * says: addresses with our IFA_PROTO, virtual MACs (00:00:5e:00:01:xx, 00:00:5e:00:02:xx) that a
 * static NTF_SELF entry holds for a `vrids` bit set (bit n = VRID n of that family is ours). With
 * ifindex 0: blackhole routes with our protocol, which belong to no interface, of every table;
 * once; and all other routes and rules with our protocol, which `keep` gets as what the kernel
 * tells of them. Memberships end with the process.
 */
void takeover_clean_stale(struct takeover *takeover, int ifindex, const uint8_t vrids_ipv4[32],
			  const uint8_t vrids_ipv6[32], takeover_keep_fn *keep, void *data);

#endif
