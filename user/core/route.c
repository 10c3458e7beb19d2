/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing routes and rules member by member: between the members may be anything. */
#include "core/route.h"

#include <string.h>

static bool same_name(const char *a, const char *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (a[i] != b[i])
			return false;
		if (!a[i])
			return true;
	}
	return true;
}

static bool same_hop(const struct route_hop *a, const struct route_hop *b)
{
	return addr_equal(&a->gateway, &b->gateway) && same_name(a->dev, b->dev, ROUTE_DEV_LEN) &&
	       a->realms == b->realms && a->weight == b->weight && a->onlink == b->onlink;
}

static bool same_selection(const struct route *a, const struct route *b)
{
	return a->family == b->family && a->to_len == b->to_len && addr_equal(&a->to, &b->to) &&
	       a->from_len == b->from_len && addr_equal(&a->from, &b->from) && a->tos == b->tos &&
	       a->table == b->table && same_name(a->vrf, b->vrf, ROUTE_DEV_LEN) &&
	       a->has_metric == b->has_metric && a->metric == b->metric;
}

static bool same_kind(const struct route *a, const struct route *b)
{
	return a->type == b->type && a->scope == b->scope && a->protocol == b->protocol &&
	       a->placing == b->placing && addr_equal(&a->source, &b->source) &&
	       a->has_preference == b->has_preference && a->preference == b->preference &&
	       a->has_propagate == b->has_propagate && a->propagate == b->propagate &&
	       a->expires_s == b->expires_s;
}

static bool same_metrics(const struct route *a, const struct route *b)
{
	return a->metrics_set == b->metrics_set && a->metrics_locked == b->metrics_locked &&
	       memcmp(a->metrics, b->metrics, sizeof(a->metrics)) == 0 &&
	       same_name(a->congestion_control, b->congestion_control, ROUTE_NAME_LEN);
}

bool route_same(const struct route *a, const struct route *b)
{
	if (!same_selection(a, b) || !same_kind(a, b) || !same_metrics(a, b) ||
	    a->hop_count != b->hop_count)
		return false;
	for (unsigned i = 0; i < a->hop_count; i++)
		if (!same_hop(&a->hops[i], &b->hops[i]))
			return false;
	return true;
}

static bool same_ports(const struct rule_ports *a, const struct rule_ports *b)
{
	return a->first == b->first && a->last == b->last;
}

static bool same_packets(const struct rule *a, const struct rule *b)
{
	return a->from_len == b->from_len && addr_equal(&a->from, &b->from) &&
	       a->to_len == b->to_len && addr_equal(&a->to, &b->to) && a->tos == b->tos &&
	       a->ip_protocol == b->ip_protocol && same_name(a->in, b->in, ROUTE_DEV_LEN) &&
	       same_name(a->out, b->out, ROUTE_DEV_LEN) && a->has_mark == b->has_mark &&
	       a->mark == b->mark && a->has_mark_mask == b->has_mark_mask &&
	       a->mark_mask == b->mark_mask && a->has_uids == b->has_uids &&
	       a->first_uid == b->first_uid && a->last_uid == b->last_uid &&
	       a->tunnel_id == b->tunnel_id && same_ports(&a->from_ports, &b->from_ports) &&
	       same_ports(&a->to_ports, &b->to_ports);
}

static bool same_verdict(const struct rule *a, const struct rule *b)
{
	return a->action == b->action && a->invert == b->invert && a->l3mdev == b->l3mdev &&
	       a->has_priority == b->has_priority && a->priority == b->priority &&
	       a->table == b->table && a->target == b->target && a->realms == b->realms &&
	       a->protocol == b->protocol && a->has_suppress_length == b->has_suppress_length &&
	       a->suppress_length == b->suppress_length &&
	       a->has_suppress_group == b->has_suppress_group &&
	       a->suppress_group == b->suppress_group;
}

bool rule_same(const struct rule *a, const struct rule *b)
{
	return a->family == b->family && same_packets(a, b) && same_verdict(a, b);
}
