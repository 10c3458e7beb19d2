/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces in an array and addresses in lists; both in search trees besides. Nothing is reported
 * while messages are taken in: an interface may be deleted a few messages after its addresses, an
 * address put back right after its removal. So what changed is kept until the report, which sees
 * how it ended.
 */
#include "sys/links_table.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/links_messages.h"
#include "sys/netlink.h"

/* ---- order in trees ---- */

static int compare_name(const void *a, const void *b)
{
	return strcmp(((const struct link_entry *)a)->link.name,
		      ((const struct link_entry *)b)->link.name);
}

/* After a loss two may have the same name for a while. */
static int compare_entry(const void *a, const void *b)
{
	int order = compare_name(a, b);

	return order ? order
		     : ((const struct link_entry *)a)->link.ifindex -
			       ((const struct link_entry *)b)->link.ifindex;
}

static int compare_bytes(const void *a, const void *b)
{
	return memcmp(&((const struct link_address *)a)->address,
		      &((const struct link_address *)b)->address, sizeof(struct vrrp_addr));
}

static int compare_address(const void *a, const void *b)
{
	int order = compare_bytes(a, b);

	return order ? order
		     : ((const struct link_address *)a)->prefix_len -
			       ((const struct link_address *)b)->prefix_len;
}

/* ---- interfaces ---- */

/* The position of the interface, or where it would have to be. */
static size_t position(const struct links_table *table, int ifindex)
{
	size_t from = 0, to = table->count;

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (table->entries[middle]->link.ifindex < ifindex)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

struct link_entry *links_table_find(const struct links_table *table, int ifindex)
{
	size_t at = position(table, ifindex);

	if (at == table->count || table->entries[at]->link.ifindex != ifindex)
		return NULL;
	return table->entries[at];
}

struct link_entry *links_table_find_name(const struct links_table *table, const char *name)
{
	struct link_entry key, **found;
	size_t length = strlen(name);

	if (length >= sizeof(key.link.name))
		return NULL;
	memcpy(key.link.name, name, length + 1);
	found = tfind(&key, &table->by_name, compare_name);
	return found ? *found : NULL;
}

static void note_news(struct links_table *table, struct link_entry *entry)
{
	if (entry->has_news)
		return;
	entry->has_news = true;
	TAILQ_INSERT_TAIL(&table->news, entry, news);
}

static bool make_room(struct links_table *table)
{
	size_t more = table->room ? table->room * 2 : 8;
	void *entries;

	if (table->count < table->room)
		return true;
	entries = realloc(table->entries, more * sizeof(table->entries[0]));
	if (!entries)
		return false;
	table->entries = entries;
	table->room = more;
	return true;
}

static struct link_entry *add_link(struct links_table *table, int ifindex)
{
	size_t at = position(table, ifindex);
	struct link_entry *entry = calloc(1, sizeof(*entry));

	if (!entry || !make_room(table)) {
		free(entry);
		table->incomplete = true;
		return NULL;
	}
	entry->link.ifindex = ifindex;
	TAILQ_INIT(&entry->addresses);
	TAILQ_INIT(&entry->gone);
	memmove(table->entries + at + 1, table->entries + at,
		(table->count - at) * sizeof(table->entries[0]));
	table->entries[at] = entry;
	table->count++;
	return entry;
}

/* Out of the table; the report frees it. */
static void remove_link(struct links_table *table, struct link_entry *entry)
{
	size_t at = position(table, entry->link.ifindex);

	tdelete(entry, &table->by_name, compare_entry);
	table->count--;
	memmove(table->entries + at, table->entries + at + 1,
		(table->count - at) * sizeof(table->entries[0]));
	entry->removed = true;
	note_news(table, entry);
}

static void free_addresses(struct link_addresses *list)
{
	struct link_address *address;

	while ((address = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, address, entry);
		free(address);
	}
}

static void keep_it(void *node)
{
	(void)node; /* tdestroy() frees only the tree's own memory */
}

static void free_entry(struct link_entry *entry)
{
	tdestroy(entry->by_address, keep_it);
	free_addresses(&entry->addresses);
	free_addresses(&entry->gone);
	free(entry);
}

void links_table_init(struct links_table *table)
{
	*table = (struct links_table){0};
	TAILQ_INIT(&table->news);
}

void links_table_clear(struct links_table *table)
{
	links_table_report(table, NULL, NULL, NULL); /* which frees what is removed */
	tdestroy(table->by_name, keep_it);
	for (size_t i = 0; i < table->count; i++)
		free_entry(table->entries[i]);
	free(table->entries);
	links_table_init(table);
}

/* ---- addresses ---- */

static struct link_address *find_address(const struct link_entry *entry,
					 const struct link_address *like)
{
	struct link_address **found = tfind(like, &entry->by_address, compare_address);

	return found ? *found : NULL;
}

bool links_table_has_address(const struct link_entry *entry, const struct vrrp_addr *address)
{
	struct link_address key = {.address = *address};

	return tfind(&key, &entry->by_address, compare_bytes);
}

static void remove_address(struct links_table *table, struct link_entry *entry,
			   struct link_address *address)
{
	tdelete(address, &entry->by_address, compare_address);
	TAILQ_REMOVE(&entry->addresses, address, entry);
	TAILQ_INSERT_TAIL(&entry->gone, address, entry);
	note_news(table, entry);
}

static struct link_address *add_address(struct links_table *table, struct link_entry *entry,
					const struct link_address *like)
{
	struct link_address *address = malloc(sizeof(*address));

	if (address)
		*address = *like;
	if (!address || !tsearch(address, &entry->by_address, compare_address)) {
		free(address);
		table->incomplete = true;
		return NULL;
	}
	TAILQ_INSERT_TAIL(&entry->addresses, address, entry);
	note_news(table, entry);
	return address;
}

static void set_address(struct links_table *table, struct link_entry *entry,
			const struct link_address *like)
{
	struct link_address *address = find_address(entry, like);

	if (!address) {
		address = add_address(table, entry, like);
	} else if (!address->seen) { /* a dump confirms it, and has the order of the kernel */
		TAILQ_REMOVE(&entry->addresses, address, entry);
		TAILQ_INSERT_TAIL(&entry->addresses, address, entry);
	}
	if (!address)
		return;
	if (address->flags != like->flags || address->scope != like->scope)
		note_news(table, entry);
	address->flags = like->flags;
	address->scope = like->scope;
	address->seen = true;
}

/* ---- dumps ---- */

void links_table_mark(struct links_table *table)
{
	struct link_address *address;

	for (size_t i = 0; i < table->count; i++) {
		table->entries[i]->seen = false;
		TAILQ_FOREACH(address, &table->entries[i]->addresses, entry)
			address->seen = false;
	}
}

static void sweep_addresses(struct links_table *table, struct link_entry *entry)
{
	struct link_address *address, *next;

	for (address = TAILQ_FIRST(&entry->addresses); address; address = next) {
		next = TAILQ_NEXT(address, entry);
		if (!address->seen)
			remove_address(table, entry, address);
	}
}

void links_table_sweep(struct links_table *table)
{
	for (size_t i = table->count; i-- > 0;)
		if (table->entries[i]->seen)
			sweep_addresses(table, table->entries[i]);
		else
			remove_link(table, table->entries[i]);
}

/* ---- messages ---- */

static void take_link(struct links_table *table, const struct nlmsghdr *message)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
	struct link_entry *entry;
	struct link before;

	if (!netlink_holds(message, sizeof(*header)) || header->ifi_index <= 0)
		return;
	/* A bridge reports its ports in this way too: a port that left has not gone. */
	if (header->ifi_family != AF_UNSPEC)
		return;
	entry = links_table_find(table, header->ifi_index);
	if (message->nlmsg_type == RTM_DELLINK) {
		if (entry)
			remove_link(table, entry);
		return;
	}
	if (!entry)
		entry = add_link(table, header->ifi_index);
	if (!entry)
		return;
	memcpy(&before, &entry->link, sizeof(before)); /* with its padding */
	tdelete(entry, &table->by_name, compare_entry);
	links_read_link(&entry->link, message);
	if (!tsearch(entry, &table->by_name, compare_entry))
		table->incomplete = true;
	entry->seen = true;
	if (memcmp(&before, &entry->link, sizeof(before)))
		note_news(table, entry);
}

static void take_address(struct links_table *table, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	struct link_address address, *present;
	struct link_entry *entry;

	if (!netlink_holds(message, sizeof(*header)) ||
	    (header->ifa_family != AF_INET && header->ifa_family != AF_INET6))
		return;
	entry = links_table_find(table, (int)header->ifa_index);
	if (!entry || !links_read_address(&address, message))
		return;
	if (message->nlmsg_type == RTM_NEWADDR) {
		set_address(table, entry, &address);
		return;
	}
	present = find_address(entry, &address);
	if (present)
		remove_address(table, entry, present);
}

static void take(struct links_table *table, const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		take_link(table, message);
		return;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		take_address(table, message);
		return;
	default: /* the kernel's enum, not ours */
		return;
	}
}

void links_table_feed(struct links_table *table, const void *messages, size_t length)
{
	const struct nlmsghdr *message = messages;
	int left = (int)length;

	for (; netlink_ok(message, left); message = mnl_nlmsg_next(message, &left))
		take(table, message);
}

/* ---- the report ---- */

static void report_gone(struct link_entry *entry, links_gone_fn *gone, void *data)
{
	struct link_address *address;

	while ((address = TAILQ_FIRST(&entry->gone))) {
		TAILQ_REMOVE(&entry->gone, address, entry);
		if (gone && !entry->removed && !find_address(entry, address))
			gone(entry->link.ifindex, &address->address, data);
		free(address);
	}
}

void links_table_report(struct links_table *table, links_changed_fn *changed, links_gone_fn *gone,
			void *data)
{
	struct link_entry *entry;

	while ((entry = TAILQ_FIRST(&table->news))) {
		TAILQ_REMOVE(&table->news, entry, news);
		entry->has_news = false;
		report_gone(entry, gone, data);
		if (changed)
			changed(entry->link.ifindex, data);
		if (entry->removed)
			free_entry(entry);
	}
}
