/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What rtnetlink has told about interfaces and addresses. Fed with messages from a buffer, so that
 * it knows neither sockets nor time. Quick for thousands of either: a question is asked of every
 * virtual router whenever anything changes.
 */
#ifndef SYS_LINKS_TABLE_H
#define SYS_LINKS_TABLE_H

#include <sys/queue.h>

#include "sys/links.h"

struct link_address {
	TAILQ_ENTRY(link_address) entry;
	struct vrrp_addr address;
	uint8_t flags; /* the IFA_F_... of ifa_flags: secondary, tentative */
	uint8_t prefix_len;
	uint8_t scope;
	bool seen;
};

TAILQ_HEAD(link_addresses, link_address);

struct link_entry {
	struct link link;
	struct link_addresses addresses; /* in order of arrival */
	void *by_address;		 /* the same as a tree, see tsearch(3) */
	struct link_addresses gone;	 /* removed since the last report */
	TAILQ_ENTRY(link_entry) news;
	bool has_news; /* in the list */
	bool removed;  /* only there to be reported */
	bool seen;
};

struct links_table {
	struct link_entry **entries; /* ascending by ifindex */
	size_t count, room;
	void *by_name;				/* the same as a tree */
	TAILQ_HEAD(link_news, link_entry) news; /* what changed since the last report */
	bool incomplete; /* something was lost, memory ran out: read everything anew */
};

void links_table_init(struct links_table *table);
void links_table_clear(struct links_table *table);

/* Take in whole messages, from the kernel or from a fuzzer. */
void links_table_feed(struct links_table *table, const void *messages, size_t length);

/* Before a dump: nothing is confirmed. After one: forget what was not confirmed. */
void links_table_mark(struct links_table *table);
void links_table_sweep(struct links_table *table);

/*
 * Tell what has changed since the last report, each interface once: `gone` (may be NULL) for
 * addresses that are not there any more on an interface that is, then `changed` (may be NULL).
 */
void links_table_report(struct links_table *table, links_changed_fn *changed, links_gone_fn *gone,
			void *data);

struct link_entry *links_table_find(const struct links_table *table, int ifindex);
struct link_entry *links_table_find_name(const struct links_table *table, const char *name);
/* Whatever its prefix length. */
bool links_table_has_address(const struct link_entry *entry, const struct vrrp_addr *address);

#endif
