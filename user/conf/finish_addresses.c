/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has an address family. As in keepalived the first of source, peer and virtual address
 * decides that of the instance, and what belongs to the other one is left out: a router that chose
 * otherwise than the ones it works with would serve other addresses, or not hear them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/finish.h"
#include "conf/memory.h"

#define PEERS_MAX 255

static bool fits(const struct conf_instance *to, const struct vrrp_addr *address)
{
	return addr_is_ipv4(address) == (to->family == VRRP_IPV4);
}

static void tell_family(const struct finish *finish, const struct conf_place *place,
			const char *what)
{
	bool ipv4 = finish->to->family == VRRP_IPV4;

	conf_warning(finish->diags, place,
		     "an %s %s in an instance whose first address is %s: it is ignored",
		     ipv4 ? "IPv6" : "IPv4", what, ipv4 ? "IPv4" : "IPv6");
}

/* RFC 9568 5.2.9: the first IPv6 address is link-local. keepalived sends what it is given.
 */
static void order_ipv6(const struct finish *finish)
{
	struct conf_address *addresses = finish->to->addresses, first;
	char text[ADDR_TEXT_LEN];
	size_t i = 0;

	while (i < finish->to->address_count && !addr_is_link_local(&addresses[i].address))
		i++;
	if (i == finish->to->address_count) {
		if (!finish->to->peer_count)
			conf_warning(finish->diags, &addresses[0].place,
				     "the first IPv6 address has to be link-local, and there is "
				     "none: some routers discard the advertisements; write one "
				     "such as fe80::%x/64 in front, the same on all routers",
				     0x100u + finish->to->vrid);
		return;
	}
	if (i == 0)
		return;
	first = addresses[i];
	memmove(addresses + 1, addresses, i * sizeof(first));
	addresses[0] = first;
	conf_warning(finish->diags, &first.place,
		     "the first IPv6 address has to be link-local: %s is advertised first",
		     addr_format(&first.address, text));
}

static void finish_virtual(const struct finish *finish)
{
	const struct raw_instance *from = finish->from;
	struct conf_instance *to = finish->to;

	to->addresses = conf_alloc(from->addresses.count * sizeof(to->addresses[0]));
	for (size_t i = 0; i < from->addresses.count; i++) {
		const struct conf_address *address = &from->addresses.list[i];

		if (fits(to, &address->address))
			to->addresses[to->address_count++] = *address;
		else
			tell_family(finish, &address->place, "address");
	}
}

static struct conf_addresses take_all(struct raw_addresses *from)
{
	struct conf_addresses to = {.list = from->list, .count = from->count};

	*from = (struct raw_addresses){0};
	return to;
}

void finish_static(struct conf *conf, struct raw *raw)
{
	const struct setting *interface = &raw->global[KEY_DEFAULT_INTERFACE];
	struct conf_addresses *addresses = &conf->global.static_addresses;

	*addresses = take_all(&raw->static_addresses);
	conf->global.static_routes = raw->static_routes;
	conf->global.static_rules = raw->static_rules;
	raw->static_routes = (struct conf_routes){0};
	raw->static_rules = (struct conf_rules){0};
	for (size_t i = 0; i < addresses->count; i++)
		if (!*addresses->list[i].dev)
			snprintf(addresses->list[i].dev, sizeof(addresses->list[i].dev), "%s",
				 interface->keyword ? interface->text : "eth0");
}

static void finish_source(const struct finish *finish)
{
	const struct setting *setting = &finish->from->settings[KEY_SOURCE];
	struct conf_instance *to = finish->to;

	if (!setting->keyword)
		return;
	value_ip(setting->text, &to->source);
	if (fits(to, &to->source))
		return;
	tell_family(finish, &setting->place, "source");
	memset(&to->source, 0, sizeof(to->source));
}

static int by_address(const void *left, const void *right)
{
	const struct conf_peer *a = left, *b = right;
	int order = memcmp(&a->address, &b->address, sizeof(a->address));

	if (order)
		return order;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	return a->place.column < b->place.column ? -1 : a->place.column > b->place.column;
}

static int by_place(const void *left, const void *right)
{
	const struct conf_peer *a = left, *b = right;

	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	return a->place.column < b->place.column ? -1 : a->place.column > b->place.column;
}

/* Of two with one address the first in the file stays; leaves them in the order of the file. */
static void drop_duplicates(const struct finish *finish)
{
	struct conf_instance *to = finish->to;
	size_t kept = 0;

	qsort(to->peers, to->peer_count, sizeof(to->peers[0]), by_address);
	for (size_t i = 0; i < to->peer_count; i++) {
		if (kept && addr_equal(&to->peers[kept - 1].address, &to->peers[i].address))
			conf_warning(finish->diags, &to->peers[i].place,
				     "this peer stands on %s already: it is ignored here",
				     LINE_TEXT(&to->peers[kept - 1].place, &to->peers[i].place));
		else
			to->peers[kept++] = to->peers[i];
	}
	to->peer_count = kept;
	qsort(to->peers, to->peer_count, sizeof(to->peers[0]), by_place);
}

static void finish_peers(const struct finish *finish)
{
	const struct raw_instance *from = finish->from;
	struct conf_instance *to = finish->to;

	to->peers = conf_alloc(from->peer_count * sizeof(to->peers[0]));
	for (size_t i = 0; i < from->peer_count; i++) {
		const struct conf_peer *peer = &from->peers[i];

		if (!fits(to, &peer->address))
			tell_family(finish, &peer->place, "peer");
		else if (addr_equal(&peer->address, &to->source))
			conf_warning(finish->diags, &peer->place,
				     "this peer is the router's own source: it is ignored");
		else
			to->peers[to->peer_count++] = *peer;
	}
	drop_duplicates(finish);
	if (to->peer_count > PEERS_MAX)
		conf_error(finish->diags, &to->peers[PEERS_MAX].place,
			   "an instance has at most %d unicast peers", PEERS_MAX);
}

/* A virtual router that has to be unicast, and cannot, does not run. */
static void tell_no_peer(const struct finish *finish)
{
	const struct setting *settings = finish->from->settings;
	const struct setting *fault = &settings[KEY_FAULT_NO_PEER], *source = &settings[KEY_SOURCE];
	struct conf_instance *to = finish->to;

	if (fault->keyword) {
		conf_warning(finish->diags, &fault->place,
			     "instance " WORD " has no unicast peer that can be used: it gets no "
			     "virtual addresses",
			     to->name);
		to->address_count = 0;
	} else if (finish->from->peer_count) {
		conf_warning(finish->diags, &finish->from->peers[0].place,
			     "none of the unicast peers can be used: advertisements are "
			     "multicast, as keepalived's");
	} else if (source->keyword && !strcmp(source->keyword->name, "unicast_src_ip")) {
		conf_warning(finish->diags, &source->place,
			     "`unicast_src_ip` without `unicast_peer`: advertisements are "
			     "multicast, with this source");
	}
}

/* Options that mean nothing for a group; its IPv6 packets have a link-local source. */
static void finish_multicast(const struct finish *finish)
{
	const struct setting *settings = finish->from->settings;
	struct conf_instance *to = finish->to;

	if (settings[KEY_UNICAST_TTL].keyword)
		conf_warning(finish->diags, &settings[KEY_UNICAST_TTL].place,
			     "`unicast_ttl` without unicast peers: 255 is used, as for all "
			     "multicast");
	to->unicast_ttl = 255;
	to->old_unicast_checksum = false;
	if (to->family == VRRP_IPV6 && !addr_is_zero(&to->source) &&
	    !addr_is_link_local(&to->source)) {
		conf_warning(finish->diags, &settings[KEY_SOURCE].place,
			     "multicast IPv6 advertisements have a link-local source: the "
			     "interface's is used");
		memset(&to->source, 0, sizeof(to->source));
	}
}

void finish_addresses(const struct finish *finish)
{
	struct conf_instance *to = finish->to;

	to->family = finish->from->has_family ? finish->from->family : VRRP_IPV4;
	to->unicast_ttl = (uint8_t)finish_value(finish, KEY_UNICAST_TTL);
	to->old_unicast_checksum = finish_value(finish, KEY_OLD_UNICAST_CHECKSUM);
	finish_virtual(finish);
	to->excluded = take_all(&finish->from->excluded);
	to->routes = finish->from->routes;
	to->rules = finish->from->rules;
	finish->from->routes = (struct conf_routes){0};
	finish->from->rules = (struct conf_rules){0};
	finish_source(finish);
	finish_peers(finish);
	if (!to->peer_count) {
		tell_no_peer(finish);
		finish_multicast(finish);
	}
	if (to->family == VRRP_IPV6 && to->address_count)
		order_ipv6(finish);
}
