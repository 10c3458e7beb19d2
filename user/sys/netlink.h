/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a datagram of netlink messages really has: lengths in messages are never believed. */
#ifndef SYS_NETLINK_H
#define SYS_NETLINK_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/netlink.h>

/*
 * Is there a whole message at the beginning of the `left` bytes? As mnl_nlmsg_ok(), which compares
 * as int, and takes a length of 2^31 or more for a small one.
 */
bool netlink_ok(const struct nlmsghdr *message, int left);

/* Has the message, whole, a payload of at least `size` bytes? */
bool netlink_holds(const struct nlmsghdr *message, size_t size);

/*
 * The error that NLMSG_ERROR and NLMSG_DONE alike begin with, as an errno; 0 = none, or nothing
 * that is one.
 */
int netlink_error(const struct nlmsghdr *message);

#endif
