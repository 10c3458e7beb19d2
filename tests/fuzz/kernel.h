/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that lies: libmnl's sockets, but what comes out of them is the fuzzer's. A datagram has
 * messages that look right, with any attributes, or is just bytes; a socket may fail at any time.
 */
#ifndef TESTS_FUZZ_KERNEL_H
#define TESTS_FUZZ_KERNEL_H

#include "fuzz.h"

struct nlmsghdr;

struct kernel {
	struct input *input;
	uint32_t sequence; /* of the last message that was sent */
	unsigned sent;	   /* messages */
	unsigned open;	   /* sockets */
	unsigned datagrams_left;
	uint8_t *poisoned; /* the buffer handed in last, as far as nothing was put into it */
	size_t poisoned_size;
	bool has_rules; /* it tells of routing rules, and of no qdiscs */
	void (*look)(const struct nlmsghdr *request); /* at each message that is sent; or NULL */
};

/* There is one. Bytes come from `input`. */
struct kernel *kernel_new(struct input *input);

/* The buffer that was handed in last may be freed, and everything was closed. */
void kernel_end(void);

#endif
