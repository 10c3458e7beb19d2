/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/netlink.h"

#include <libmnl/libmnl.h>

#define ERRNO_MAX 4095 /* of the kernel */

bool netlink_ok(const struct nlmsghdr *message, int left)
{
	return left >= (int)sizeof(*message) && message->nlmsg_len <= (unsigned)left &&
	       mnl_nlmsg_ok(message, left);
}

bool netlink_holds(const struct nlmsghdr *message, size_t size)
{
	return mnl_nlmsg_get_payload_len(message) >= size;
}

int netlink_error(const struct nlmsghdr *message)
{
	const struct nlmsgerr *end = mnl_nlmsg_get_payload(message);

	if (!netlink_holds(message, sizeof(end->error)) || end->error < -ERRNO_MAX ||
	    end->error > 0)
		return 0;
	return -end->error;
}
