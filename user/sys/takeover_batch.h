/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnetlink requests, many in one system call. The kernel carries them out while sendmsg() runs, so
 * that the answers are there when it returns; waiting for them is bounded all the same.
 */
#ifndef SYS_TAKEOVER_BATCH_H
#define SYS_TAKEOVER_BATCH_H

#include <libmnl/libmnl.h>

#include "sys/takeover.h"
#include "sys/takeover_groups.h"

#define BATCH_BYTES	65536
#define BATCH_ROOM	1536 /* more than any message of ours needs */
#define BATCH_ITEMS_MAX 1024 /* messages of one batch */

struct takeover {
	struct mnl_socket *socket;
	uint32_t sequence; /* of the last message */
	struct groups groups;

	/* The batch being filled: what each message is for, to explain its failure. */
	bool removing;
	const struct takeover_item *items[BATCH_ITEMS_MAX]; /* NULL: no item's, may fail */
	unsigned count;
	size_t used;
	struct nlmsghdr *last;
	int failed;
	struct failure *failure; /* of the first that failed; NULL = not wanted */
	char answer[BATCH_BYTES] __attribute__((aligned(8)));
	char buffer[BATCH_BYTES] __attribute__((aligned(8))); /* last: overruns show */
};

void batch_begin(struct takeover *takeover, bool removing, struct failure *failure);

/* A new message on behalf of `item`, to be filled in; sends first what is there if it is full. */
struct nlmsghdr *batch_message(struct takeover *takeover, uint16_t type, uint16_t flags,
			       const struct takeover_item *item);
/* Append an address as an attribute. */
void put_addr(struct nlmsghdr *message, uint16_t type, const struct vrrp_addr *address);
/* False if the attribute does not hold an address of that family. */
bool get_addr(const struct nlattr *attribute, bool ipv4, struct vrrp_addr *out);

/* Once it is filled in. */
void batch_message_end(struct takeover *takeover, struct nlmsghdr *message);

/* Send the rest; the number of items that failed since batch_begin(). */
int batch_end(struct takeover *takeover);

/* Count `item` as failed without having asked the kernel. */
void batch_failed(struct takeover *takeover, const struct takeover_item *item, int error,
		  const char *kernel_says);

typedef void batch_each_fn(const struct nlmsghdr *message, void *data);

/*
 * Send what is there, then hand every answer to the dump `request` (its header and attributes are
 * filled in) to `each`. If the state keeps changing meanwhile, the dump is repeated a few times, so
 * that an answer may come more than once. 0, or -1 with errno.
 */
int batch_dump(struct takeover *takeover, struct nlmsghdr *request, batch_each_fn *each,
	       void *data);

#endif
