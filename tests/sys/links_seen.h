/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the interfaces share: a namespace with a veth pair, and what links.h told. */
#ifndef TESTS_SYS_LINKS_SEEN_H
#define TESTS_SYS_LINKS_SEEN_H

#include <poll.h>

#include "sys/links.h"

/* What `changed` was called with, and in `trace` the calls of both: "gone 192.0.2.1 of 2, changed
 * 2, " */
struct seen {
	unsigned calls;
	int last;
	bool all; /* called with 0 */
	char trace[1000];
};

extern struct seen seen;

void seen_changed(int ifindex, void *data);
void seen_gone(int ifindex, const struct vrrp_addr *address, void *data);

/* Dispatch changes until CONDITION holds, for three seconds. */
#define EVENTUALLY(links, condition)                                            \
	do {                                                                    \
		struct pollfd wait = {.fd = links_fd(links), .events = POLLIN}; \
                                                                                \
		while (!(condition) && poll(&wait, 1, 3000) == 1)               \
			links_dispatch(links);                                  \
		if (!(condition))                                               \
			fail_msg("not within three seconds: %s", #condition);   \
	} while (0)

/*
 * For cmocka: `va` and its peer `vb`, up, with no addresses; *state is the links. `va` has the MAC
 * address 02:00:00:00:00:0a.
 */
int links_setup(void **state);
int links_teardown(void **state);

/* Is this address on the interface of this name? */
bool has(const struct links *links, const char *name, const char *text);

/* Its primary address but for `skip` (NULL = nothing is skipped), or "none". */
const char *primary(const struct links *links, const char *name, enum vrrp_family family,
		    const char *skip);

/* 10.0.0.0, 10.0.0.1 ... on `va`. */
void add_addresses(unsigned count);

#endif
