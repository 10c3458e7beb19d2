/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What rtnetlink has told about interfaces and addresses. Fed with messages from a buffer, so that
 * it knows neither sockets nor time.
 */
#ifndef SYS_LINKS_TABLE_H
#define SYS_LINKS_TABLE_H

#include "sys/links.h"

struct link_address {
	struct vrrp_addr address;
	uint8_t flags; /* the IFA_F_... of ifa_flags: secondary, tentative */
	uint8_t prefix_len;
	uint8_t scope;
	bool seen;
};

struct link_entry {
	struct link link;
	struct link_address *addresses; /* in order of arrival */
	size_t address_count, address_room;
	bool seen;
};

struct links_table {
	struct link_entry **entries;
	size_t count, room;
	bool incomplete; /* something was lost, memory ran out: read everything anew */
};

/* How a dump went; `sequence` is set by whoever asked for it. */
struct links_dump {
	uint32_t sequence;
	bool done;
	bool interrupted; /* the state changed meanwhile */
	int error;	  /* errno, 0 = none */
};

/*
 * Take in the messages of one datagram, from the kernel or from a fuzzer. `changed` (may be NULL)
 * is called after each message that made a difference. Answers to `dump` (may be NULL) are noted
 * there.
 */
void links_table_feed(struct links_table *table, const void *buffer, size_t length,
		      struct links_dump *dump, void (*changed)(int ifindex, void *data),
		      void *data);

/* Before a dump: nothing is confirmed. After one: forget what was not confirmed. */
void links_table_mark(struct links_table *table);
void links_table_sweep(struct links_table *table);

struct link_entry *links_table_find(const struct links_table *table, int ifindex);
void links_table_clear(struct links_table *table);

#endif
