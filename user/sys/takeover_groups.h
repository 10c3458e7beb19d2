/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memberships of solicited-node groups (E-6), by sockets that hear nothing: snooping switches and
 * the NIC's filter pass solicitations to us then. Several addresses may share a group, and the
 * kernel's own membership, for an address that it has, is another.
 */
#ifndef SYS_TAKEOVER_GROUPS_H
#define SYS_TAKEOVER_GROUPS_H

#include "core/types.h"

/* All zero = none. */
struct groups {
	void *by_key; /* of struct group, see tsearch(3) */
	int *sockets; /* each takes as many memberships as the kernel lets it */
	unsigned socket_count;
};

/* Be a member for this address, also if we are already. 0 or an error number. */
int groups_hold(struct groups *groups, int ifindex, const struct vrrp_addr *address);
/* Leave the group with its last address; one that was not held is no error. 0 or an error number.
 */
int groups_release(struct groups *groups, int ifindex, const struct vrrp_addr *address);
/* Leave all. */
void groups_clear(struct groups *groups);

#endif
