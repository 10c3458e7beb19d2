/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What single rtnetlink messages say of an interface or an address, whoever sent them. */
#ifndef SYS_LINKS_MESSAGES_H
#define SYS_LINKS_MESSAGES_H

#include <linux/netlink.h>

#include "sys/links_table.h"

/*
 * Bring `link` up to date. The message, of at least a header's length, changes what its attributes
 * say and leaves the rest, since some senders (wireless events) fill in a part only.
 */
void links_read_link(struct link *link, const struct nlmsghdr *message);

/* False if the message, of at least a header's length, has no address of its family. */
bool links_read_address(struct link_address *out, const struct nlmsghdr *message);

#endif
