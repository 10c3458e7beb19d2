/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All interfaces and addresses, as the messages in which the kernel lists them. Reading takes the
 * kernel's routing lock again and again, so with many interfaces it is a matter of tenths of a
 * second while others change some: nothing for the loop, once that has a role to keep up.
 */
#ifndef SYS_LINKS_DUMP_H
#define SYS_LINKS_DUMP_H

#include <stdbool.h>
#include <stddef.h>

struct links_bytes {
	char *bytes;
	size_t used, room;
};

/* 0, or -1 with errno. */
int links_bytes_add(struct links_bytes *to, const void *bytes, size_t length);
void links_bytes_clear(struct links_bytes *bytes);

/*
 * Read all into `messages`, in any thread. 0, or -1 with errno; `torn` if the state changed
 * meanwhile, so that something may be missing.
 */
int links_dump(struct links_bytes *messages, bool *torn);

#endif
