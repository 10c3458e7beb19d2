/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rtnetlink messages of takeover items, and what they look like when the kernel lists them. */
#ifndef SYS_TAKEOVER_MESSAGES_H
#define SYS_TAKEOVER_MESSAGES_H

#include "sys/takeover_batch.h"

/* Add the message to the batch: RTM_NEW... or, with `remove`, RTM_DEL... of the item. */
void put_address(struct takeover *takeover, const struct takeover_item *item, bool remove);
void put_blackhole(struct takeover *takeover, const struct takeover_item *item, bool remove);
void put_mac(struct takeover *takeover, const struct takeover_item *item, bool remove);

/* Let the kernel keep secondary addresses of an interface when their primary one is removed. */
void put_promote_secondaries(struct takeover *takeover, int ifindex);

/* An address that an interface has. */
struct present_address {
	int ifindex;
	struct vrrp_addr address;
	struct vrrp_addr peer; /* all zero = none */
	uint8_t prefix_len;
	uint8_t protocol; /* IFA_PROTO */
	bool secondary;	  /* IPv4: removed together with its primary address */
};

/* False if the message is something else, or of another interface. */
bool parse_address(const struct nlmsghdr *message, int ifindex, struct present_address *out);
/* Is it a blackhole route of ours? */
bool parse_blackhole(const struct nlmsghdr *message, struct takeover_item *out);
/* Is it a virtual MAC in the filter of `ifindex`? */
bool parse_mac(const struct nlmsghdr *message, int ifindex, struct takeover_item *out);

/* Ask for all addresses of an interface, IPv4 or IPv6. 0, or -1 with errno. */
int dump_addresses(struct takeover *takeover, int ifindex, bool ipv4, batch_each_fn *each,
		   void *data);
int dump_macs(struct takeover *takeover, int ifindex, batch_each_fn *each, void *data);

#endif
