/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages into the table. A message updates what its attributes say and leaves the rest, since
 * some senders of RTM_NEWLINK (wireless events) fill in a part only.
 */
#include "sys/links_table.h"

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

struct link_entry *links_table_find(const struct links_table *table, int ifindex)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->entries[i]->link.ifindex == ifindex)
			return table->entries[i];
	return NULL;
}

/* The array with room for one more element of `size` bytes; NULL without memory. */
static void *grow(void *array, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 8;

	if (count < *room)
		return array;
	array = realloc(array, more * size);
	if (array)
		*room = more;
	return array;
}

static struct link_entry *add_link(struct links_table *table, int ifindex)
{
	void *entries = grow(table->entries, table->count, &table->room, sizeof(table->entries[0]));
	struct link_entry *entry = calloc(1, sizeof(*entry));

	if (entries)
		table->entries = entries;
	if (!entries || !entry) {
		free(entry);
		table->incomplete = true;
		return NULL;
	}
	entry->link.ifindex = ifindex;
	table->entries[table->count++] = entry;
	return entry;
}

static void free_entry(struct link_entry *entry)
{
	free(entry->addresses);
	free(entry);
}

static bool remove_link(struct links_table *table, int ifindex)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->entries[i]->link.ifindex != ifindex)
			continue;
		free_entry(table->entries[i]);
		table->entries[i] = table->entries[--table->count];
		return true;
	}
	return false;
}

void links_table_clear(struct links_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free_entry(table->entries[i]);
	free(table->entries);
	*table = (struct links_table){0};
}

void links_table_mark(struct links_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		struct link_entry *entry = table->entries[i];

		entry->seen = false;
		for (size_t j = 0; j < entry->address_count; j++)
			entry->addresses[j].seen = false;
	}
}

static void sweep_addresses(struct link_entry *entry)
{
	size_t kept = 0;

	for (size_t i = 0; i < entry->address_count; i++)
		if (entry->addresses[i].seen)
			entry->addresses[kept++] = entry->addresses[i];
	entry->address_count = kept;
}

void links_table_sweep(struct links_table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++) {
		struct link_entry *entry = table->entries[i];

		if (!entry->seen) {
			free_entry(entry);
			continue;
		}
		sweep_addresses(entry);
		table->entries[kept++] = entry;
	}
	table->count = kept;
}

/* ---- attributes ---- */

struct attributes {
	const struct nlattr **list; /* by type, NULL if absent */
	unsigned max;
};

static int collect(const struct nlattr *attribute, void *data)
{
	struct attributes *into = data;
	unsigned type = mnl_attr_get_type(attribute);

	if (type <= into->max)
		into->list[type] = attribute;
	return MNL_CB_OK;
}

static void copy_text(char *to, size_t size, const struct nlattr *from)
{
	size_t length = mnl_attr_get_payload_len(from);

	if (length > size - 1)
		length = size - 1;
	memcpy(to, mnl_attr_get_payload(from), length);
	memset(to + length, 0, size - length);
}

static bool get_u32(const struct nlattr *attribute, uint32_t *value)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) < sizeof(*value))
		return false;
	memcpy(value, mnl_attr_get_payload(attribute), sizeof(*value));
	return true;
}

static void read_kind(struct link *link, const struct nlattr *info)
{
	const struct nlattr *list[IFLA_INFO_MAX + 1] = {NULL};
	struct attributes into = {list, IFLA_INFO_MAX};

	mnl_attr_parse_nested(info, collect, &into);
	if (list[IFLA_INFO_KIND])
		copy_text(link->kind, sizeof(link->kind), list[IFLA_INFO_KIND]);
}

/* With one program IFLA_XDP_PROG_ID has it; with more, there is one attribute a mode. */
static void read_xdp(struct link *link, const struct nlattr *xdp)
{
	static const int order[] = {IFLA_XDP_PROG_ID, IFLA_XDP_DRV_PROG_ID, IFLA_XDP_SKB_PROG_ID,
				    IFLA_XDP_HW_PROG_ID};
	const struct nlattr *list[IFLA_XDP_MAX + 1] = {NULL};
	struct attributes into = {list, IFLA_XDP_MAX};

	mnl_attr_parse_nested(xdp, collect, &into);
	link->xdp_program_id = 0;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]) && !link->xdp_program_id; i++)
		get_u32(list[order[i]], &link->xdp_program_id);
}

/* ---- messages ---- */

static void read_link(struct link *link, const struct nlmsghdr *message)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *list[IFLA_MAX + 1] = {NULL};
	struct attributes into = {list, IFLA_MAX};

	mnl_attr_parse(message, sizeof(*header), collect, &into);
	link->up = (header->ifi_flags & IFF_UP) && (header->ifi_flags & IFF_LOWER_UP);
	link->arp = !(header->ifi_flags & (IFF_LOOPBACK | IFF_NOARP));
	if (list[IFLA_IFNAME])
		copy_text(link->name, sizeof(link->name), list[IFLA_IFNAME]);
	if (list[IFLA_ADDRESS] && mnl_attr_get_payload_len(list[IFLA_ADDRESS]) == sizeof(link->mac))
		memcpy(link->mac, mnl_attr_get_payload(list[IFLA_ADDRESS]), sizeof(link->mac));
	get_u32(list[IFLA_MTU], &link->mtu);
	if (list[IFLA_LINKINFO])
		read_kind(link, list[IFLA_LINKINFO]);
	if (list[IFLA_XDP])
		read_xdp(link, list[IFLA_XDP]);
}

/* Each message function returns the interface that changed, or 0. */
static int take_link(struct links_table *table, const struct nlmsghdr *message)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
	struct link_entry *entry;
	struct link before = {0};

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) || header->ifi_index <= 0)
		return 0;
	/* A bridge reports its ports in this way too: a port that left has not gone. */
	if (header->ifi_family != AF_UNSPEC)
		return 0;
	if (message->nlmsg_type == RTM_DELLINK)
		return remove_link(table, header->ifi_index) ? header->ifi_index : 0;

	entry = links_table_find(table, header->ifi_index);
	if (entry)
		memcpy(&before, &entry->link, sizeof(before)); /* with its padding */
	else
		entry = add_link(table, header->ifi_index);
	if (!entry)
		return 0;
	read_link(&entry->link, message);
	entry->seen = true;
	return memcmp(&before, &entry->link, sizeof(before)) ? header->ifi_index : 0;
}

static bool read_address(struct link_address *out, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *list[IFA_MAX + 1] = {NULL};
	struct attributes into = {list, IFA_MAX};
	size_t size = header->ifa_family == AF_INET ? 4 : 16;
	const struct nlattr *address;

	mnl_attr_parse(message, sizeof(*header), collect, &into);
	/* IFA_ADDRESS is the peer on a point-to-point link; without a peer IPv6 has only it. */
	address = list[IFA_LOCAL] ? list[IFA_LOCAL] : list[IFA_ADDRESS];
	if (!address || mnl_attr_get_payload_len(address) != size)
		return false;
	*out = (struct link_address){
		.flags = header->ifa_flags,
		.prefix_len = header->ifa_prefixlen,
		.scope = header->ifa_scope,
		.seen = true,
	};
	if (size == 4)
		out->address = addr_from_ipv4(0);
	memcpy(out->address.b + 16 - size, mnl_attr_get_payload(address), size);
	return true;
}

static struct link_address *find_address(struct link_entry *entry, const struct link_address *like)
{
	for (size_t i = 0; i < entry->address_count; i++)
		if (addr_equal(&entry->addresses[i].address, &like->address) &&
		    entry->addresses[i].prefix_len == like->prefix_len)
			return &entry->addresses[i];
	return NULL;
}

static bool remove_address(struct link_entry *entry, const struct link_address *like)
{
	struct link_address *address = find_address(entry, like);

	if (!address)
		return false;
	entry->address_count--;
	memmove(address, address + 1,
		(size_t)(entry->addresses + entry->address_count - address) * sizeof(*address));
	return true;
}

static bool set_address(struct links_table *table, struct link_entry *entry,
			const struct link_address *new)
{
	struct link_address *old = find_address(entry, new);
	bool changed = !old || old->flags != new->flags || old->scope != new->scope;

	if (!old) {
		void *addresses = grow(entry->addresses, entry->address_count, &entry->address_room,
				       sizeof(entry->addresses[0]));

		if (!addresses) {
			table->incomplete = true;
			return false;
		}
		entry->addresses = addresses;
		old = &entry->addresses[entry->address_count++];
	}
	*old = *new;
	return changed;
}

static int take_address(struct links_table *table, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	struct link_address address;
	struct link_entry *entry;
	bool changed;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) ||
	    (header->ifa_family != AF_INET && header->ifa_family != AF_INET6))
		return 0;
	entry = links_table_find(table, (int)header->ifa_index);
	if (!entry || !read_address(&address, message))
		return 0;
	changed = message->nlmsg_type == RTM_DELADDR ? remove_address(entry, &address)
						     : set_address(table, entry, &address);
	return changed ? (int)header->ifa_index : 0;
}

static void take_end(struct links_dump *dump, const struct nlmsghdr *message)
{
	const struct nlmsgerr *answer = mnl_nlmsg_get_payload(message);

	dump->done = true;
	/* NLMSG_DONE begins with an error number just as NLMSG_ERROR does. */
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(answer->error) && answer->error < 0)
		dump->error = -answer->error;
}

static int take(struct links_table *table, const struct nlmsghdr *message, struct links_dump *dump)
{
	bool answer = dump && message->nlmsg_seq == dump->sequence;

	if (answer && (message->nlmsg_flags & NLM_F_DUMP_INTR))
		dump->interrupted = true;
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return take_link(table, message);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return take_address(table, message);
	case NLMSG_DONE:
	case NLMSG_ERROR:
		if (answer)
			take_end(dump, message);
		return 0;
	default: /* the kernel's enum, not ours */
		return 0;
	}
}

/* libmnl compares as int, and takes a length of 2^31 or more for a small one. */
static bool is_whole(const struct nlmsghdr *message, int left)
{
	return left >= (int)sizeof(*message) && message->nlmsg_len <= (unsigned)left &&
	       mnl_nlmsg_ok(message, left);
}

void links_table_feed(struct links_table *table, const void *buffer, size_t length,
		      struct links_dump *dump, void (*changed)(int ifindex, void *data), void *data)
{
	const struct nlmsghdr *message = buffer;
	int left = (int)length;

	for (; is_whole(message, left); message = mnl_nlmsg_next(message, &left)) {
		int ifindex = take(table, message, dump);

		if (ifindex && changed)
			changed(ifindex, data);
	}
}
