/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One route: [TYPE] DESTINATION [via GATEWAY] [dev IF] ... [nexthop via GATEWAY ...]..., the words
 * in any order. Where keepalived 2.2.7 has a kernel behind it that refuses, such as bits behind the
 * prefix, the route is made whole and that is told.
 */
#include "conf/route.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/raw.h"
#include "conf/route_words.h"

/* A line, and what has been made of it. */
struct parse {
	struct route_words words;
	struct route *route;
	bool has_to, has_first_hop;
	const struct word *via; /* whose family is looked at in the end */
};

/* ---- gateways ---- */

/* The first one is described by words of the route itself. */
static struct route_hop *first_hop(struct parse *parse)
{
	if (!parse->has_first_hop)
		parse->route->hop_count = 1;
	parse->has_first_hop = true;
	return &parse->route->hops[0];
}

static struct route_hop *add_hop(struct parse *parse, const struct word *word)
{
	struct route *route = parse->route;

	if (route->hop_count == ROUTE_HOPS_MAX) {
		words_refuse(&parse->words, word, "is one gateway more than the 16 that we take");
		return &route->hops[0];
	}
	route->hops[route->hop_count] = (struct route_hop){0};
	return &route->hops[route->hop_count++];
}

/*
 * [inet|inet6] ADDRESS. A gateway may be of another family than the route only if that says so, and
 * only in an IPv4 route.
 */
static void take_gateway(struct parse *parse, struct route_hop *hop)
{
	struct route_words *words = &parse->words;
	bool inet6 = words_next_is(words, "inet6"), inet = !inet6 && words_next_is(words, "inet");
	const struct word *word = words_value(words);
	bool known = words->has_family && words->family == VRRP_IPV4;

	if (!word)
		return;
	if (!(inet6 && known)) {
		words_address(words, word, &hop->gateway);
	} else {
		struct route_words alone = *words;

		alone.has_family = false;
		words_address(&alone, word, &hop->gateway);
		words->bad = alone.bad;
	}
	if (!words->bad &&
	    ((inet && !addr_is_ipv4(&hop->gateway)) || (inet6 && addr_is_ipv4(&hop->gateway))))
		words_refuse(words, word, "is not of the family that stands before it");
}

static void take_or(struct parse *parse, const struct word *word)
{
	conf_warning(parse->words.diags, &word->place,
		     "`or` is deprecated: write `nexthop via` for each gateway");
	first_hop(parse);
	if (parse->route->hop_count > 1)
		words_refuse(&parse->words, word, "stands twice");
	else
		take_gateway(parse, add_hop(parse, word));
}

/* Words of a next hop that say how it is reached. */
static bool take_hop_word(struct parse *parse, struct route_hop *hop)
{
	struct route_words *words = &parse->words;

	if (words_next_is(words, "via"))
		take_gateway(parse, hop);
	else if (words_next_is(words, "dev"))
		words_interface(words, hop->dev);
	else if (words_next_is(words, "weight"))
		hop->weight = (uint16_t)words_number(words, 1, 256);
	else if (words_next_is(words, "onlink"))
		hop->onlink = true;
	else if (words_next_is(words, "realms"))
		hop->realms = words_realms(words);
	else
		return false;
	return true;
}

/* nexthop ... up to the end of the line */
static void take_hops(struct parse *parse, const struct word *word)
{
	struct route_words *words = &parse->words;

	if (parse->has_first_hop)
		words_refuse(words, word, "comes behind a gateway of the route itself");
	do {
		struct route_hop *hop = add_hop(parse, word);

		while (!words->bad && take_hop_word(parse, hop))
			;
	} while (!words->bad && (word = words_peek(words)) && words_next_is(words, "nexthop"));
	if (!words->bad && words_peek(words))
		words_refuse(words, words_peek(words), "is no word of a `nexthop`");
}

/* ---- metrics ---- */

static const struct metric {
	const char *name;
	uint8_t number;
	bool lockable;
	uint32_t max;
	uint32_t per_ms; /* of a time: units of the kernel in a millisecond */
} metrics[] = {
	{"mtu", RTAX_MTU, true, UINT32_MAX, 0},
	{"advmss", RTAX_ADVMSS, true, UINT32_MAX, 0},
	{"rtt", RTAX_RTT, true, UINT32_MAX, 8},
	{"rttvar", RTAX_RTTVAR, true, UINT32_MAX, 4},
	{"rto_min", RTAX_RTO_MIN, true, UINT32_MAX, 1},
	{"reordering", RTAX_REORDERING, true, UINT32_MAX, 0},
	{"window", RTAX_WINDOW, false, UINT32_MAX, 0},
	{"cwnd", RTAX_CWND, true, UINT32_MAX, 0},
	{"ssthresh", RTAX_SSTHRESH, true, UINT32_MAX, 0},
	{"initcwnd", RTAX_INITCWND, false, UINT32_MAX, 0},
	{"initrwnd", RTAX_INITRWND, false, UINT32_MAX, 0},
	{"hoplimit", RTAX_HOPLIMIT, false, 255, 0},
	{"quickack", RTAX_QUICKACK, false, 1, 0},
	{"fastopen_no_cookie", RTAX_FASTOPEN_NO_COOKIE, false, 1, 0},
};

#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

/* 300ms, 2s, or a bare number in the kernel's units. */
static uint32_t take_time(struct route_words *words, const struct metric *metric)
{
	const struct word *word = words_value(words);
	int64_t us, scale = 0;
	uint64_t number = 0;
	char *text;

	if (!word || words_to_number(word->text, UINT32_MAX, &number))
		return (uint32_t)number;
	text = conf_copy(word->text);
	if (strlen(text) > 2 && !strcmp(text + strlen(text) - 2, "ms"))
		scale = 1000;
	else if (strlen(text) > 1 && text[strlen(text) - 1] == 's')
		scale = 1;
	text[strlen(text) - (scale == 1000 ? 2 : scale)] = '\0';
	if (!scale || !value_seconds(text, 0, 120000000LL * scale, &us))
		words_refuse(words, word, "is not a time, such as 300ms");
	else
		number = (uint64_t)(scale == 1 ? us / 1000 : us / 1000000) * metric->per_ms;
	free(text);
	return (uint32_t)number;
}

static bool take_metric(struct parse *parse)
{
	struct route *route = parse->route;

	for (size_t i = 0; i < METRICS; i++) {
		const struct metric *metric = &metrics[i];

		if (!words_next_is(&parse->words, metric->name))
			continue;
		route->metrics_set |= 1u << metric->number;
		if (metric->lockable && words_next_is(&parse->words, "lock"))
			route->metrics_locked |= 1u << metric->number;
		route->metrics[metric->number] =
			metric->per_ms ? take_time(&parse->words, metric)
				       : words_number(&parse->words, 0, metric->max);
		return true;
	}
	return false;
}

static void take_features(struct parse *parse)
{
	const struct word *word = words_value(&parse->words);

	if (!word)
		return;
	if (strcmp(word->text, "ecn") != 0) {
		conf_warning(parse->words.diags, &word->place,
			     WORD " is not a feature of a route (ecn is): it is ignored",
			     word->text);
		return;
	}
	parse->route->metrics_set |= 1u << RTAX_FEATURES;
	parse->route->metrics[RTAX_FEATURES] = RTAX_FEATURE_ECN;
}

static void take_congestion_control(struct parse *parse)
{
	bool lock = words_next_is(&parse->words, "lock");
	const struct word *word = words_value(&parse->words);

	if (!word)
		return;
	if (strlen(word->text) >= ROUTE_NAME_LEN || !*word->text) {
		words_refuse(&parse->words, word, "is not a congestion control algorithm");
		return;
	}
	snprintf(parse->route->congestion_control, ROUTE_NAME_LEN, "%s", word->text);
	if (lock)
		parse->route->metrics_locked |= 1u << RTAX_CC_ALGO;
}

/* ---- options ---- */

static void take_preference(struct parse *parse)
{
	static const char *const names[] = {"medium", "high", "", "low"}; /* RFC 4191 2.1 */
	const struct word *word = words_value(&parse->words);
	uint64_t number = 0;

	if (!word)
		return;
	words_set_family(&parse->words, &word[-1], VRRP_IPV6);
	parse->route->has_preference = true;
	for (uint8_t i = 0; i < 4; i++)
		if (*names[i] && !strcmp(names[i], word->text)) {
			parse->route->preference = i;
			return;
		}
	if (!words_to_number(word->text, UINT8_MAX, &number))
		words_refuse(&parse->words, word, "is not low, medium or high");
	parse->route->preference = (uint8_t)number;
}

static void take_propagate(struct parse *parse)
{
	const struct word *word = words_value(&parse->words);

	if (!word)
		return;
	parse->route->has_propagate = true;
	parse->route->propagate = !strcmp(word->text, "enabled");
	if (!parse->route->propagate && strcmp(word->text, "disabled") != 0)
		words_refuse(&parse->words, word, "is neither enabled nor disabled");
}

/* Words that take no value. */
static bool take_flag(struct parse *parse)
{
	struct route_words *words = &parse->words;

	if (words_next_is(words, "onlink"))
		first_hop(parse)->onlink = true;
	else if (words_next_is(words, "add"))
		parse->route->placing = ROUTE_ADD;
	else if (words_next_is(words, "append"))
		parse->route->placing = ROUTE_APPEND;
	else if (words_next_is(words, "prepend"))
		parse->route->placing = ROUTE_PREPEND;
	else /* a route of ours that is gone is put back, which is no fault of the router */
		return words_next_is(words, "no_track");
	return true;
}

static bool take_selector(struct parse *parse)
{
	struct route_words *words = &parse->words;
	struct route *route = parse->route;
	const struct word *word;

	if (words_next_is(words, "table")) {
		route->table = words_table(words);
	} else if (words_next_is(words, "tos") || words_next_is(words, "dsfield")) {
		route->tos = (uint8_t)words_number(words, 0, 255);
	} else if (words_next_is(words, "metric") || words_next_is(words, "priority") ||
		   words_next_is(words, "preference")) {
		route->metric = words_number(words, 0, UINT32_MAX);
		route->has_metric = true;
	} else if (words_next_is(words, "vrf")) {
		words_interface(words, route->vrf);
	} else if (words_next_is(words, "from")) {
		if (!(word = words_value(words)))
			return true;
		words_set_family(words, word, VRRP_IPV6);
		words_prefix(words, word, &route->from, &route->from_len);
	} else {
		return false;
	}
	return true;
}

static bool take_attribute(struct parse *parse)
{
	struct route_words *words = &parse->words;
	struct route *route = parse->route;
	const struct word *word = words_peek(words);

	if (words_next_is(words, "src")) {
		if ((word = words_value(words)))
			words_address(words, word, &route->source);
	} else if (words_next_is(words, "scope")) {
		route->scope = words_scope(words);
	} else if (words_next_is(words, "protocol") || words_next_is(words, "proto")) {
		route->protocol = words_protocol(words);
	} else if (words_next_is(words, "realms")) {
		words_set_family(words, word, VRRP_IPV4);
		first_hop(parse)->realms = words_realms(words);
	} else if (words_next_is(words, "expires")) {
		words_set_family(words, word, VRRP_IPV6);
		route->expires_s = words_number(words, 0, UINT32_MAX);
	} else if (words_next_is(words, "features")) {
		take_features(parse);
	} else if (words_next_is(words, "congctl")) {
		take_congestion_control(parse);
	} else if (words_next_is(words, "pref")) {
		take_preference(parse);
	} else if (words_next_is(words, "ttl-propagate")) {
		take_propagate(parse);
	} else {
		return false;
	}
	return true;
}

static bool take_way(struct parse *parse)
{
	struct route_words *words = &parse->words;
	const struct word *word = words_peek(words);

	if (words_next_is(words, "via")) {
		take_gateway(parse, first_hop(parse));
	} else if (words_next_is(words, "gw")) {
		conf_warning(words->diags, &word->place, "`gw` is deprecated: write `via`");
		take_gateway(parse, first_hop(parse));
	} else if (words_next_is(words, "dev") || words_next_is(words, "oif")) {
		words_interface(words, first_hop(parse)->dev);
	} else if (words_next_is(words, "or")) {
		take_or(parse, word);
	} else if (words_next_is(words, "nexthop")) {
		take_hops(parse, word);
	} else if (words_next_is(words, "inet") || words_next_is(words, "inet6")) {
		words_set_family(words, word, word->text[4] ? VRRP_IPV6 : VRRP_IPV4);
	} else if (words_next_is(words, "encap") || words_next_is(words, "as")) {
		words_refuse(words, word, "is not supported");
	} else if (words_next_is(words, "track_group")) {
		words_value(words); /* as with no_track */
	} else {
		return false;
	}
	return true;
}

/* ---- destination ---- */

static void tell_no_destination(struct parse *parse, const struct word *word)
{
	static const char *const names[] = {
		"via",	    "dev",	"src",	 "table",   "metric", "scope",
		"onlink",   "tos",	"proto", "nexthop", "weight", "mtu",
		"protocol", "no_track", "from",	 "vrf",	    "pref",   NULL,
	};
	const char *near = words_nearest(names, word->text);
	char *problem;

	if (!near) {
		words_refuse(&parse->words, word, "is neither a destination nor a keyword");
		return;
	}
	problem = conf_format("is unknown, did you mean `%s`", near);
	words_refuse(&parse->words, word, problem);
	free(problem);
}

static void take_destination(struct parse *parse)
{
	struct route_words *words = &parse->words;
	const struct word *word;
	struct vrrp_addr unused;
	bool to = words_next_is(words, "to");

	word = words_peek(words);
	if (word && words_type(word->text)) {
		parse->route->type = words_type(word->text);
		words->at++;
	}
	if (!(word = words_value(words)))
		return;
	if (!to && !words_mean_any(word->text) && !value_ip(word->text, &unused)) {
		tell_no_destination(parse, word);
		return;
	}
	if (parse->has_to && !words->bad)
		words_refuse(words, word, "is a second destination");
	words_prefix(words, word, &parse->route->to, &parse->route->to_len);
	parse->has_to = true;
}

/* ---- the line ---- */

/* Things that the kernel would refuse. */
static void check(struct parse *parse)
{
	const struct word *first = &parse->words.line->words[0];
	struct route *route = parse->route;
	bool needs_way = route->type == RTN_UNICAST;

	if (!parse->has_to)
		words_refuse(&parse->words, first, "begins a line without a destination");
	if (needs_way && !route->hop_count)
		words_refuse(&parse->words, first, "has neither `via` nor `dev`");
	for (unsigned i = 0; i < route->hop_count; i++)
		if (needs_way && !*route->hops[i].dev && addr_is_zero(&route->hops[i].gateway))
			words_refuse(&parse->words, first,
				     "has a next hop with neither `via` nor `dev`");
}

/* `default` and what was not written get the form of the family. */
static void settle_family(struct parse *parse)
{
	struct route *route = parse->route;

	route->family = parse->words.has_family ? parse->words.family : VRRP_IPV4;
	if (route->family != VRRP_IPV4)
		return;
	if (!route->to_len)
		route->to = addr_from_ipv4(0);
}

static bool parse_route(struct parse *parse)
{
	struct route_words *words = &parse->words;

	parse->route->type = RTN_UNICAST;
	while (!words->bad && words_peek(words))
		if (!take_way(parse) && !take_selector(parse) && !take_attribute(parse) &&
		    !take_metric(parse) && !take_flag(parse))
			take_destination(parse);
	if (!words->bad)
		check(parse);
	settle_family(parse);
	return !words->bad;
}

void routes_take(struct conf_routes *routes, const struct statement *line, struct conf_diags *diags)
{
	struct route route;
	struct parse parse = {
		.words = {.line = line, .diags = diags, .what = "route"},
		.route = &route,
	};

	memset(&route, 0, sizeof(route));
	if (!line->count || !parse_route(&parse))
		return;
	routes->list = conf_grow_doubling(routes->list, routes->count, sizeof(route));
	routes->list[routes->count++] = route;
}

void routes_free(struct conf_routes *routes)
{
	free(routes->list);
	*routes = (struct conf_routes){0};
}
