/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes of the configuration as rtnetlink has them. What the kernel lists is compared by what
 * selects a route and by its gateways: the kernel fills in the rest.
 */
#include "sys/takeover_routes.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/netlink.h"

#define METRIC_IPV6 1024 /* of a route without one */

static bool is_ipv4(const struct route *route)
{
	return route->family == VRRP_IPV4;
}

static uint32_t table_of(const struct route *route)
{
	return route->table ? route->table : RT_TABLE_MAIN;
}

/* ---- next hops ---- */

/* Each interface by its index, 0 = none is named; false if one does not exist. */
static bool find_interfaces(const struct route *route, unsigned ifindexes[ROUTE_HOPS_MAX])
{
	for (unsigned i = 0; i < route->hop_count; i++) {
		const char *dev = route->hops[i].dev;

		ifindexes[i] = *dev ? if_nametoindex(dev) : 0;
		if (*dev && !ifindexes[i])
			return false;
	}
	return true;
}

/* The gateway of an IPv4 route may be an IPv6 one (RFC 8950). */
static void put_gateway(struct nlmsghdr *message, const struct route *route,
			const struct route_hop *hop)
{
	struct {
		uint16_t family;
		uint8_t bytes[16];
	} via = {.family = AF_INET6};

	if (addr_is_zero(&hop->gateway))
		return;
	if (!is_ipv4(route) || addr_is_ipv4(&hop->gateway)) {
		put_addr(message, RTA_GATEWAY, &hop->gateway);
		return;
	}
	memcpy(via.bytes, hop->gateway.b, sizeof(via.bytes));
	mnl_attr_put(message, RTA_VIA, sizeof(via), &via);
}

static void put_hop(struct nlmsghdr *message, const struct route *route,
		    const struct route_hop *hop)
{
	put_gateway(message, route, hop);
	if (hop->realms)
		mnl_attr_put_u32(message, RTA_FLOW, hop->realms);
}

/* A struct rtnexthop and its attributes, for each one. */
static void put_hops(struct nlmsghdr *message, const struct route *route, const unsigned *ifindexes)
{
	struct nlattr *all = mnl_attr_nest_start(message, RTA_MULTIPATH);

	for (unsigned i = 0; i < route->hop_count; i++) {
		const struct route_hop *hop = &route->hops[i];
		struct rtnexthop *next = mnl_nlmsg_get_payload_tail(message);

		*next = (struct rtnexthop){
			.rtnh_flags = hop->onlink ? RTNH_F_ONLINK : 0,
			.rtnh_hops = (unsigned char)(hop->weight ? hop->weight - 1 : 0),
			.rtnh_ifindex = (int)ifindexes[i],
		};
		message->nlmsg_len += sizeof(*next);
		put_hop(message, route, hop);
		next->rtnh_len = (unsigned short)((char *)mnl_nlmsg_get_payload_tail(message) -
						  (char *)next);
	}
	mnl_attr_nest_end(message, all);
}

static void put_way(struct nlmsghdr *message, const struct route *route, const unsigned *ifindexes)
{
	if (route->hop_count > 1) {
		put_hops(message, route, ifindexes);
	} else if (route->hop_count == 1) {
		put_hop(message, route, &route->hops[0]);
		if (ifindexes[0])
			mnl_attr_put_u32(message, RTA_OIF, ifindexes[0]);
	}
}

/* ---- adding and removing ---- */

static void put_metrics(struct nlmsghdr *message, const struct route *route)
{
	struct nlattr *metrics;

	if (!route->metrics_set && !*route->congestion_control)
		return;
	metrics = mnl_attr_nest_start(message, RTA_METRICS);
	if (route->metrics_locked)
		mnl_attr_put_u32(message, RTAX_LOCK, route->metrics_locked);
	for (uint16_t i = 0; i < ROUTE_METRICS_MAX; i++)
		if (route->metrics_set >> i & 1)
			mnl_attr_put_u32(message, i, route->metrics[i]);
	if (*route->congestion_control)
		mnl_attr_put_strz(message, RTAX_CC_ALGO, route->congestion_control);
	mnl_attr_nest_end(message, metrics);
}

static void put_attributes(struct nlmsghdr *message, const struct route *route)
{
	if (!addr_is_zero(&route->source))
		put_addr(message, RTA_PREFSRC, &route->source);
	if (route->has_preference)
		mnl_attr_put_u8(message, RTA_PREF, route->preference);
	if (route->has_propagate)
		mnl_attr_put_u8(message, RTA_TTL_PROPAGATE, route->propagate);
	if (route->expires_s)
		mnl_attr_put_u32(message, RTA_EXPIRES, route->expires_s);
	put_metrics(message, route);
}

static void put_selection(struct nlmsghdr *message, const struct route *route)
{
	if (route->to_len)
		put_addr(message, RTA_DST, &route->to);
	if (route->from_len)
		put_addr(message, RTA_SRC, &route->from);
	if (route->has_metric)
		mnl_attr_put_u32(message, RTA_PRIORITY, route->metric);
	mnl_attr_put_u32(message, RTA_TABLE, table_of(route));
}

static uint16_t flags_of(const struct route *route)
{
	switch ((enum route_placing)route->placing) {
	case ROUTE_PREPEND: /* the same one once more is refused all the same */
		return NLM_F_CREATE;
	case ROUTE_ADD:
		return NLM_F_CREATE | NLM_F_EXCL;
	case ROUTE_APPEND:
		return NLM_F_CREATE | NLM_F_APPEND;
	}
	return NLM_F_CREATE;
}

void put_route(struct takeover *takeover, const struct takeover_item *item, bool remove)
{
	const struct route *route = item->route;
	unsigned ifindexes[ROUTE_HOPS_MAX];
	bool whole = find_interfaces(route, ifindexes);
	struct nlmsghdr *message;
	struct rtmsg *header;

	if (!whole && !remove) {
		batch_failed(takeover, item, ENODEV, "");
		return;
	}
	message = batch_message(takeover, remove ? RTM_DELROUTE : RTM_NEWROUTE,
				remove ? 0 : flags_of(route), item);
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->rtm_family = is_ipv4(route) ? AF_INET : AF_INET6;
	header->rtm_dst_len = route->to_len;
	header->rtm_src_len = route->from_len;
	header->rtm_tos = route->tos;
	header->rtm_protocol = route->protocol ? route->protocol : XVRRPD_RTPROT;
	header->rtm_scope = remove ? RT_SCOPE_NOWHERE : route->scope;
	header->rtm_type = route->type;
	if (!remove && route->hop_count == 1 && route->hops[0].onlink)
		header->rtm_flags = RTNH_F_ONLINK;
	put_selection(message, route);
	if (whole)
		put_way(message, route, ifindexes);
	if (!remove)
		put_attributes(message, route);
	batch_message_end(takeover, message);
}

/* ---- what the kernel lists ---- */

static void note_gateway(struct route_hop *hop, const struct nlattr *attribute, bool ipv4)
{
	const uint8_t *bytes = mnl_attr_get_payload(attribute);
	uint16_t length = mnl_attr_get_payload_len(attribute);

	if (mnl_attr_get_type(attribute) == RTA_GATEWAY)
		get_addr(attribute, ipv4, &hop->gateway);
	else if (mnl_attr_get_type(attribute) == RTA_VIA && length == 18)
		memcpy(hop->gateway.b, bytes + 2, sizeof(hop->gateway.b));
}

static void name_interface(struct route_hop *hop, uint32_t ifindex)
{
	if (!if_indextoname(ifindex, hop->dev))
		hop->dev[0] = '\0';
}

static void parse_hops(struct route *route, const struct nlattr *all, bool ipv4)
{
	const char *at = mnl_attr_get_payload(all);
	size_t left = mnl_attr_get_payload_len(all);

	while (route->hop_count < ROUTE_HOPS_MAX && left >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *next = (const void *)at;
		struct route_hop *hop = &route->hops[route->hop_count];
		const struct nlattr *attr;
		size_t step;

		if (next->rtnh_len < sizeof(*next) || next->rtnh_len > left)
			return;
		route->hop_count++;
		name_interface(hop, (uint32_t)next->rtnh_ifindex);
		mnl_attr_for_each_payload((void *)(at + sizeof(*next)),
					  next->rtnh_len - sizeof(*next))
			note_gateway(hop, attr, ipv4);
		step = RTNH_ALIGN(next->rtnh_len);
		if (step > left)
			return;
		at += step;
		left -= step;
	}
}

static uint32_t number(const struct nlattr *attribute)
{
	return mnl_attr_get_payload_len(attribute) == 4 ? mnl_attr_get_u32(attribute) : 0;
}

static void parse_attribute(struct route *route, const struct nlattr *attribute)
{
	bool ipv4 = is_ipv4(route);

	switch (mnl_attr_get_type(attribute)) {
	case RTA_DST:
		get_addr(attribute, ipv4, &route->to);
		return;
	case RTA_SRC:
		get_addr(attribute, ipv4, &route->from);
		return;
	case RTA_PREFSRC:
		get_addr(attribute, ipv4, &route->source);
		return;
	case RTA_TABLE:
		route->table = number(attribute);
		return;
	case RTA_PRIORITY:
		route->metric = number(attribute);
		route->has_metric = true;
		return;
	case RTA_MULTIPATH:
		parse_hops(route, attribute, ipv4);
		return;
	case RTA_OIF:
		route->hop_count = 1;
		name_interface(&route->hops[0], number(attribute));
		return;
	case RTA_GATEWAY:
	case RTA_VIA:
		route->hop_count = 1;
		note_gateway(&route->hops[0], attribute, ipv4);
		return;
	}
}

bool parse_route(const struct nlmsghdr *message, struct route *out)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;

	if (message->nlmsg_type != RTM_NEWROUTE || !netlink_holds(message, sizeof(*header)) ||
	    header->rtm_protocol != XVRRPD_RTPROT || header->rtm_flags & RTM_F_CLONED ||
	    (header->rtm_family != AF_INET && header->rtm_family != AF_INET6))
		return false;
	memset(out, 0, sizeof(*out));
	out->family = header->rtm_family == AF_INET ? VRRP_IPV4 : VRRP_IPV6;
	out->type = header->rtm_type;
	out->tos = header->rtm_tos;
	out->to_len = header->rtm_dst_len;
	out->from_len = header->rtm_src_len;
	out->table = header->rtm_table;
	if (is_ipv4(out))
		out->to = addr_from_ipv4(0);
	mnl_attr_for_each(attribute, message, sizeof(*header))
		parse_attribute(out, attribute);
	return true;
}

int dump_routes(struct takeover *takeover, bool ipv4, batch_each_fn *each, void *data)
{
	char buffer[BATCH_ROOM];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));

	/* Of all tables, sorted out by the kernel: without that, millions of routes would come. */
	request->nlmsg_type = RTM_GETROUTE;
	header->rtm_family = ipv4 ? AF_INET : AF_INET6;
	header->rtm_protocol = XVRRPD_RTPROT;
	return batch_dump(takeover, request, each, data);
}

/* ---- is it this one? ---- */

static uint32_t metric_of(const struct route *route)
{
	if (route->metric || is_ipv4(route))
		return route->metric;
	return METRIC_IPV6;
}

static bool same_way(const struct route *wanted, const struct route *present)
{
	if (wanted->type != RTN_UNICAST)
		return true; /* those of IPv6 have lo as their interface */
	if (wanted->hop_count != present->hop_count)
		return false;
	for (unsigned i = 0; i < wanted->hop_count; i++) {
		const struct route_hop *a = &wanted->hops[i], *b = &present->hops[i];

		if (!addr_equal(&a->gateway, &b->gateway) ||
		    (*a->dev && strcmp(a->dev, b->dev) != 0))
			return false;
	}
	return true;
}

bool takeover_is_route(const struct route *wanted, const struct route *present)
{
	return wanted->family == present->family && wanted->type == present->type &&
	       wanted->tos == present->tos && wanted->to_len == present->to_len &&
	       (!wanted->to_len || addr_equal(&wanted->to, &present->to)) &&
	       wanted->from_len == present->from_len &&
	       (!wanted->from_len || addr_equal(&wanted->from, &present->from)) &&
	       table_of(wanted) == table_of(present) && metric_of(wanted) == metric_of(present) &&
	       (addr_is_zero(&wanted->source) || addr_equal(&wanted->source, &present->source)) &&
	       same_way(wanted, present);
}
