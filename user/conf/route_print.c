/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes and rules in canonical form: read again, they are the same. */
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "conf/route.h"
#include "conf/route_words.h"

/* A name may have blanks and braces in it, but never a double quote. */
static void print_name(FILE *out, const char *keyword, const char *name)
{
	bool plain = !name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
					"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/+-")];

	if (*name)
		fprintf(out, plain ? " %s %s" : " %s \"%s\"", keyword, name);
}

static void print_number(FILE *out, const char *keyword, uint32_t number)
{
	if (number)
		fprintf(out, " %s %u", keyword, number);
}

static void print_prefix(FILE *out, const char *keyword, const struct vrrp_addr *address,
			 uint8_t length)
{
	char text[ADDR_TEXT_LEN];

	if (length)
		fprintf(out, " %s %s/%u", keyword, addr_format(address, text), length);
}

static void print_address(FILE *out, const char *keyword, const struct vrrp_addr *address)
{
	char text[ADDR_TEXT_LEN];

	if (!addr_is_zero(address))
		fprintf(out, " %s %s", keyword, addr_format(address, text));
}

static void print_realms(FILE *out, uint32_t realms)
{
	if (realms)
		fprintf(out, " realms %u/%u", realms >> 16, realms & 0xffff);
}

/* ---- routes ---- */

static void print_gateway(FILE *out, const struct route *route, const struct route_hop *hop)
{
	bool other = route->family == VRRP_IPV4 && !addr_is_ipv4(&hop->gateway);

	if (!addr_is_zero(&hop->gateway))
		print_address(out, other ? "via inet6" : "via", &hop->gateway);
	print_name(out, "dev", hop->dev);
	print_realms(out, hop->realms);
	if (hop->onlink)
		fprintf(out, " onlink");
}

static void print_metrics(FILE *out, const struct route *route)
{
	static const char *const names[ROUTE_METRICS_MAX] = {
		[RTAX_MTU] = "mtu",	      [RTAX_ADVMSS] = "advmss",
		[RTAX_RTT] = "rtt",	      [RTAX_RTTVAR] = "rttvar",
		[RTAX_RTO_MIN] = "rto_min",   [RTAX_REORDERING] = "reordering",
		[RTAX_WINDOW] = "window",     [RTAX_CWND] = "cwnd",
		[RTAX_SSTHRESH] = "ssthresh", [RTAX_INITCWND] = "initcwnd",
		[RTAX_INITRWND] = "initrwnd", [RTAX_HOPLIMIT] = "hoplimit",
		[RTAX_QUICKACK] = "quickack", [RTAX_FASTOPEN_NO_COOKIE] = "fastopen_no_cookie",
	};

	for (unsigned i = 0; i < ROUTE_METRICS_MAX; i++)
		if (names[i] && route->metrics_set >> i & 1)
			fprintf(out, " %s %s%u", names[i],
				route->metrics_locked >> i & 1 ? "lock " : "", route->metrics[i]);
	if (route->metrics_set >> RTAX_FEATURES & 1)
		fprintf(out, " features ecn");
	print_name(out, route->metrics_locked >> RTAX_CC_ALGO & 1 ? "congctl lock" : "congctl",
		   route->congestion_control);
}

static void print_selection(FILE *out, const struct route *route)
{
	char text[ADDR_TEXT_LEN];

	if (!route->to_len)
		fputs(route->family == VRRP_IPV4 ? "inet " : "inet6 ", out);
	if (route->type != RTN_UNICAST)
		fprintf(out, "%s ", words_type_name(route->type));
	if (route->to_len)
		fprintf(out, "%s/%u", addr_format(&route->to, text), route->to_len);
	else
		fputs("default", out);
	print_prefix(out, "from", &route->from, route->from_len);
	print_number(out, "table", route->table);
	print_name(out, "vrf", route->vrf);
	print_number(out, "tos", route->tos);
	if (route->has_metric)
		fprintf(out, " metric %u", route->metric);
}

static void print_attributes(FILE *out, const struct route *route)
{
	static const char *const placings[] = {"", " add", " append"};
	const char *scope = words_scope_name(route->scope);

	print_address(out, "src", &route->source);
	if (route->scope && scope)
		fprintf(out, " scope %s", scope);
	else
		print_number(out, "scope", route->scope);
	print_number(out, "protocol", route->protocol);
	if (route->has_preference)
		fprintf(out, " pref %u", route->preference);
	if (route->has_propagate)
		fprintf(out, " ttl-propagate %s", route->propagate ? "enabled" : "disabled");
	print_number(out, "expires", route->expires_s);
	print_metrics(out, route);
	fputs(placings[route->placing], out);
}

void route_print(FILE *out, const struct route *route)
{
	print_selection(out, route);
	print_attributes(out, route);
	if (route->hop_count == 1 && !route->hops[0].weight) {
		print_gateway(out, route, &route->hops[0]);
		return;
	}
	for (unsigned i = 0; i < route->hop_count; i++) {
		fprintf(out, " nexthop");
		print_gateway(out, route, &route->hops[i]);
		print_number(out, "weight", route->hops[i].weight);
	}
}

/* ---- rules ---- */

static void print_ports(FILE *out, const char *keyword, const struct rule_ports *ports)
{
	if (ports->first)
		fprintf(out, " %s %u-%u", keyword, ports->first, ports->last);
}

static void print_packets(FILE *out, const struct rule *rule)
{
	if (rule->invert)
		fprintf(out, " not");
	print_prefix(out, "from", &rule->from, rule->from_len);
	print_prefix(out, "to", &rule->to, rule->to_len);
	print_name(out, "iif", rule->in);
	print_name(out, "oif", rule->out);
	print_number(out, "tos", rule->tos);
	if (rule->has_mark)
		fprintf(out, " fwmark 0x%x", rule->mark);
	if (rule->has_mark_mask)
		fprintf(out, "/0x%x", rule->mark_mask);
	if (rule->has_uids)
		fprintf(out, " uidrange %u-%u", rule->first_uid, rule->last_uid);
	print_number(out, "ipproto", rule->ip_protocol);
	print_ports(out, "sport", &rule->from_ports);
	print_ports(out, "dport", &rule->to_ports);
	if (rule->tunnel_id)
		fprintf(out, " tunnel-id %u", (unsigned)rule->tunnel_id);
}

static void print_action(FILE *out, const struct rule *rule)
{
	static const char *const names[] = {
		[FR_ACT_NOP] = "nop",
		[FR_ACT_BLACKHOLE] = "blackhole",
		[FR_ACT_UNREACHABLE] = "unreachable",
		[FR_ACT_PROHIBIT] = "prohibit",
	};

	if (rule->l3mdev)
		fprintf(out, " l3mdev");
	else if (rule->action == FR_ACT_TO_TBL)
		fprintf(out, " table %u", rule->table);
	else if (rule->action == FR_ACT_GOTO)
		fprintf(out, " goto %u", rule->target);
	else
		fprintf(out, " %s", names[rule->action]);
}

void rule_print(FILE *out, const struct rule *rule)
{
	fputs(rule->family == VRRP_IPV4 ? "inet" : "inet6", out);
	print_packets(out, rule);
	if (rule->has_priority)
		fprintf(out, " priority %u", rule->priority);
	print_action(out, rule);
	if (rule->has_suppress_length)
		fprintf(out, " suppress_prefixlength %u", rule->suppress_length);
	if (rule->has_suppress_group)
		fprintf(out, " suppress_ifgroup %u", rule->suppress_group);
	print_realms(out, rule->realms);
	print_number(out, "protocol", rule->protocol);
}
