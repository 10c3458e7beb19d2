/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses, blackhole routes, MAC filters and memberships: adding, removing, and cleaning up after
 * an agent that died. What is ours is known by its mark in the kernel (IFA_PROTO, the route's
 * protocol), never from memory: an address that an operator has configured, before or since, is not
 * removed.
 */
#include "sys/takeover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/log.h"
#include "sys/takeover_messages.h"
#include "sys/takeover_routes.h"

#define RECEIVE_BUFFER (4 << 20) /* hundreds of failures in one batch */

/* ---- opening ---- */

static int open_socket(struct takeover *takeover)
{
	int on = 1, size = RECEIVE_BUFFER;

	takeover->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!takeover->socket || mnl_socket_bind(takeover->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -1;
	setsockopt(mnl_socket_get_fd(takeover->socket), SOL_SOCKET, SO_RCVBUFFORCE, &size,
		   sizeof(size));
	mnl_socket_setsockopt(takeover->socket, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(takeover->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	/* The kernel then looks at the filters of dumps. */
	return mnl_socket_setsockopt(takeover->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
}

struct takeover *takeover_open(struct failure *failure)
{
	struct takeover *takeover = calloc(1, sizeof(*takeover));

	if (!takeover) {
		fail(failure, "netlink: out of memory");
		return NULL;
	}
	if (open_socket(takeover)) {
		fail(failure, "netlink: %m");
		takeover_close(takeover);
		return NULL;
	}
	return takeover;
}

void takeover_close(struct takeover *takeover)
{
	if (!takeover)
		return;
	if (takeover->socket)
		mnl_socket_close(takeover->socket);
	groups_clear(&takeover->groups);
	free(takeover);
}

/* ---- comparing ---- */

static bool same_label(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_address(const struct takeover_item *a, const struct takeover_item *b)
{
	return a->prefix_len == b->prefix_len && a->scope == b->scope &&
	       a->has_broadcast == b->has_broadcast &&
	       (!a->has_broadcast || addr_equal(&a->broadcast, &b->broadcast)) &&
	       same_label(a->label, b->label) && addr_equal(&a->peer, &b->peer) &&
	       a->flags == b->flags && a->detects_duplicates == b->detects_duplicates &&
	       a->has_preferred == b->has_preferred &&
	       (!a->has_preferred || a->preferred_s == b->preferred_s);
}

bool takeover_item_same(const struct takeover_item *a, const struct takeover_item *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case TAKEOVER_ADDRESS:
		return a->ifindex == b->ifindex && addr_equal(&a->address, &b->address) &&
		       same_address(a, b);
	case TAKEOVER_BLACKHOLE: /* it belongs to no interface */
		return a->table == b->table && addr_equal(&a->address, &b->address);
	case TAKEOVER_MAC:
		return a->ifindex == b->ifindex && memcmp(a->mac, b->mac, sizeof(a->mac)) == 0;
	case TAKEOVER_ROUTE:
		return route_same(a->route, b->route);
	case TAKEOVER_RULE:
		return rule_same(a->rule, b->rule);
	case TAKEOVER_GROUP:
		return a->ifindex == b->ifindex && addr_equal(&a->address, &b->address);
	}
	return false;
}

/* ---- adding ---- */

/* By a socket and not by netlink: the kernel's answer is there at once. */
static void change_group(struct takeover *takeover, const struct takeover_item *item, bool remove)
{
	int error = (remove ? groups_release : groups_hold)(&takeover->groups, item->ifindex,
							    &item->address);

	if (error)
		batch_failed(takeover, item, error, "");
}

int takeover_add(struct takeover *takeover, const struct takeover_item *items, size_t count,
		 struct failure *failure)
{
	batch_begin(takeover, false, failure);
	for (size_t i = 0; i < count; i++) {
		switch (items[i].kind) {
		case TAKEOVER_ADDRESS:
			put_address(takeover, &items[i], false);
			break;
		case TAKEOVER_BLACKHOLE:
			put_blackhole(takeover, &items[i], false);
			break;
		case TAKEOVER_MAC:
			put_mac(takeover, &items[i], false);
			break;
		case TAKEOVER_ROUTE:
			put_route(takeover, &items[i], false);
			break;
		case TAKEOVER_RULE:
			put_rule(takeover, &items[i], false);
			break;
		case TAKEOVER_GROUP:
			change_group(takeover, &items[i], false);
			break;
		}
	}
	return batch_end(takeover);
}

/* ---- removing addresses ---- */

/* The addresses of one interface and family. */
struct present {
	int ifindex;
	bool ipv4;
	struct present_address *list;
	size_t count, room;
	bool no_memory;
};

static void note_present(const struct nlmsghdr *message, void *data)
{
	struct present *present = data;
	struct present_address address;

	if (!parse_address(message, present->ifindex, &address))
		return;
	if (present->count == present->room) {
		size_t room = present->room ? present->room * 2 : 64;
		void *list = realloc(present->list, room * sizeof(address));

		if (!list) {
			present->no_memory = true;
			return;
		}
		present->list = list;
		present->room = room;
	}
	present->list[present->count++] = address;
}

static int find_present(struct takeover *takeover, int ifindex, bool ipv4, struct present *present)
{
	*present = (struct present){.ifindex = ifindex, .ipv4 = ipv4};
	if (dump_addresses(takeover, ifindex, ipv4, note_present, present))
		return -1;
	errno = ENOMEM;
	return present->no_memory ? -1 : 0;
}

static bool same_subnet(const struct present_address *a, const struct present_address *b)
{
	unsigned shift = 32 - a->prefix_len;

	return a->prefix_len == b->prefix_len &&
	       (uint64_t)addr_to_ipv4(&a->address) >> shift ==
		       (uint64_t)addr_to_ipv4(&b->address) >> shift;
}

/*
 * The kernel removes an IPv4 address together with all secondary ones of its subnet, an operator's
 * or another virtual router's, unless promote_secondaries is set. So set it, where that would
 * happen, and leave it: systemd sets it everywhere, and whoever comes next may depend on it.
 */
static void keep_secondaries(struct takeover *takeover, const struct present *present,
			     const struct present_address *leaving)
{
	if (!present->ipv4 || leaving->secondary)
		return;
	for (size_t i = 0; i < present->count; i++) {
		if (!present->list[i].secondary || !same_subnet(&present->list[i], leaving))
			continue;
		put_promote_secondaries(takeover, present->ifindex);
		return;
	}
}

static void remove_if_ours(struct takeover *takeover, const struct present *present,
			   const struct takeover_item *item)
{
	for (size_t i = 0; i < present->count; i++) {
		const struct present_address *address = &present->list[i];

		if (address->protocol != XVRRPD_RTPROT || address->prefix_len != item->prefix_len ||
		    !addr_equal(&address->address, &item->address))
			continue;
		keep_secondaries(takeover, present, address);
		put_address(takeover, item, true);
		return;
	}
}

static bool belongs(const struct takeover_item *item, int ifindex, bool ipv4)
{
	return item->kind == TAKEOVER_ADDRESS && item->ifindex == ifindex &&
	       addr_is_ipv4(&item->address) == ipv4;
}

/* All addresses of one interface and family among the items. */
static void remove_addresses(struct takeover *takeover, const struct takeover_item *items,
			     size_t count, int ifindex, bool ipv4)
{
	struct present present;
	int error = find_present(takeover, ifindex, ipv4, &present) ? errno : 0;

	for (size_t i = 0; i < count; i++) {
		if (!belongs(&items[i], ifindex, ipv4))
			continue;
		if (error)
			batch_failed(takeover, &items[i], error, "reading the addresses");
		else
			remove_if_ours(takeover, &present, &items[i]);
	}
	free(present.list);
}

/* Is items[at] the first of its interface and family? */
static bool is_first(const struct takeover_item *items, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (belongs(&items[i], items[at].ifindex, addr_is_ipv4(&items[at].address)))
			return false;
	return true;
}

/* Before the addresses that they depend on, the last first. */
static void remove_routes(struct takeover *takeover, const struct takeover_item *items,
			  size_t count)
{
	for (size_t i = count; i-- > 0;) {
		if (items[i].kind == TAKEOVER_RULE)
			put_rule(takeover, &items[i], true);
		else if (items[i].kind == TAKEOVER_ROUTE)
			put_route(takeover, &items[i], true);
	}
}

int takeover_remove(struct takeover *takeover, const struct takeover_item *items, size_t count,
		    struct failure *failure)
{
	batch_begin(takeover, true, failure);
	remove_routes(takeover, items, count);
	for (size_t i = 0; i < count; i++) {
		switch (items[i].kind) {
		case TAKEOVER_ADDRESS:
			if (is_first(items, i))
				remove_addresses(takeover, items, count, items[i].ifindex,
						 addr_is_ipv4(&items[i].address));
			break;
		case TAKEOVER_BLACKHOLE:
			put_blackhole(takeover, &items[i], true);
			break;
		case TAKEOVER_MAC:
			put_mac(takeover, &items[i], true);
			break;
		case TAKEOVER_ROUTE:
		case TAKEOVER_RULE:
			break; /* already */
		case TAKEOVER_GROUP:
			change_group(takeover, &items[i], true);
			break;
		}
	}
	return batch_end(takeover);
}

/* ---- what an agent that died has left ---- */

/* Items to remove, found by a dump. They must stay where they are until the batch is sent. */
struct stale {
	struct takeover_item *list;
	size_t count, room;
	int ifindex;
	const uint8_t *vrids[2]; /* IPv4, IPv6 */
	takeover_keep_fn *keep;
	void *keep_data;
};

static bool is_kept(const struct stale *stale, const struct takeover_item *item)
{
	return stale->keep && stale->keep(item, stale->keep_data);
}

static void note_stale(struct stale *stale, const struct takeover_item *item)
{
	if (is_kept(stale, item))
		return;
	if (stale->count == stale->room) {
		size_t room = stale->room ? stale->room * 2 : 64;
		void *list = realloc(stale->list, room * sizeof(*item));

		if (!list)
			return;
		stale->list = list;
		stale->room = room;
	}
	stale->list[stale->count++] = *item;
}

static void note_stale_address(const struct nlmsghdr *message, void *data)
{
	struct stale *stale = data;
	struct present_address address;
	struct takeover_item item = {.kind = TAKEOVER_ADDRESS, .ifindex = stale->ifindex};

	if (!parse_address(message, stale->ifindex, &address) || address.protocol != XVRRPD_RTPROT)
		return;
	item.address = address.address;
	item.peer = address.peer;
	item.prefix_len = address.prefix_len;
	note_stale(stale, &item);
}

/* One that drops may be wanted in either sense. Without memory it stays. */
static void note_stale_route(const struct nlmsghdr *message, void *data)
{
	struct takeover_item item = {.kind = TAKEOVER_ROUTE}, blackhole;
	struct route *route = malloc(sizeof(*route));
	struct stale *stale = data;
	size_t before = stale->count;

	item.route = route;
	if (route && parse_route(message, route) &&
	    !(parse_blackhole(message, &blackhole) && is_kept(stale, &blackhole)))
		note_stale(stale, &item);
	if (stale->count == before)
		free(route);
}

static void note_stale_rule(const struct nlmsghdr *message, void *data)
{
	struct takeover_item item = {.kind = TAKEOVER_RULE};
	struct rule *rule = malloc(sizeof(*rule));
	struct stale *stale = data;
	size_t before = stale->count;

	item.rule = rule;
	if (rule && parse_rule(message, rule))
		note_stale(stale, &item);
	if (stale->count == before)
		free(rule);
}

static void note_stale_mac(const struct nlmsghdr *message, void *data)
{
	static const uint8_t prefix[4] = {0x00, 0x00, 0x5e, 0x00};
	struct stale *stale = data;
	struct takeover_item item;

	if (!parse_mac(message, stale->ifindex, &item) || memcmp(item.mac, prefix, sizeof(prefix)))
		return;
	/* 01 is IPv4, 02 is IPv6, and then the VRID (E-50). */
	if ((item.mac[4] == 1 || item.mac[4] == 2) &&
	    (stale->vrids[item.mac[4] - 1][item.mac[5] / 8] >> (item.mac[5] % 8) & 1))
		note_stale(stale, &item);
}

static void remove_stale(struct takeover *takeover, struct stale *stale)
{
	struct failure failure;

	if (stale->count)
		log_notice(
			"removing %zu addresses, routes, rules or MAC filters that an agent left",
			stale->count);
	if (takeover_remove(takeover, stale->list, stale->count, &failure))
		log_warning("%s", failure.text);
	for (size_t i = 0; i < stale->count; i++) {
		free((void *)stale->list[i].route);
		free((void *)stale->list[i].rule);
	}
	free(stale->list);
}

static void find_stale_routes(struct takeover *takeover, bool ipv4, struct stale *stale)
{
	dump_routes(takeover, ipv4, note_stale_route, stale);
	dump_rules(takeover, ipv4, note_stale_rule, stale);
}

void takeover_clean_stale(struct takeover *takeover, int ifindex, const uint8_t vrids_ipv4[32],
			  const uint8_t vrids_ipv6[32], takeover_keep_fn *keep, void *data)
{
	struct stale stale = {
		.ifindex = ifindex,
		.vrids = {vrids_ipv4, vrids_ipv6},
		.keep = keep,
		.keep_data = data,
	};

	/* A family that the kernel does not have lists nothing, which is right. */
	for (int ipv4 = 0; ipv4 <= 1; ipv4++)
		if (ifindex)
			dump_addresses(takeover, ifindex, ipv4, note_stale_address, &stale);
		else
			find_stale_routes(takeover, ipv4, &stale);
	if (ifindex)
		dump_macs(takeover, ifindex, note_stale_mac, &stale);
	remove_stale(takeover, &stale);
}
