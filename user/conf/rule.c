/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One rule: [not] [from PREFIX] [to PREFIX] ... priority N [table T|goto N|blackhole|...], the
 * words in any order.
 */
#include <linux/fib_rules.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/raw.h"
#include "conf/route.h"
#include "conf/route_words.h"

#define FIRST_PRIORITY 16384 /* keepalived's, of rules that have none */

struct parse {
	struct route_words words;
	struct rule *rule;
	bool table_option; /* with a table only */
};

static void set_action(struct parse *parse, const struct word *word, uint8_t action)
{
	if (parse->rule->action != FR_ACT_UNSPEC)
		words_refuse(&parse->words, word, "is a second action");
	parse->rule->action = action;
}

/* ---- which packets ---- */

/* FIRST[-LAST] */
static struct rule_ports take_ports(struct route_words *words)
{
	const struct word *word = words_value(words);
	struct rule_ports ports = {0};
	uint64_t first = 0, last = 0;
	char *text, *dash;

	if (!word)
		return ports;
	text = conf_copy(word->text);
	if ((dash = strchr(text, '-')))
		*dash++ = '\0';
	if (!words_to_number(text, UINT16_MAX, &first) ||
	    !words_to_number(dash ? dash : text, UINT16_MAX, &last) || !first || last < first)
		words_refuse(words, word, "is neither a port nor a range such as 1000-1999");
	free(text);
	return (struct rule_ports){(uint16_t)first, (uint16_t)last};
}

static void take_mark(struct parse *parse)
{
	const struct word *word = words_value(&parse->words);
	struct rule *rule = parse->rule;
	uint64_t mark = 0, mask = 0;
	char *text, *slash;

	if (!word)
		return;
	text = conf_copy(word->text);
	if ((slash = strchr(text, '/')))
		*slash++ = '\0';
	if (!words_to_number(text, UINT32_MAX, &mark) ||
	    (slash && !words_to_number(slash, UINT32_MAX, &mask)))
		words_refuse(&parse->words, word, "is not a mark, such as 0x10/0xff");
	free(text);
	rule->has_mark = true;
	rule->has_mark_mask = slash != NULL;
	rule->mark = (uint32_t)mark;
	rule->mark_mask = (uint32_t)mask;
}

static void take_uids(struct parse *parse)
{
	const struct word *word = words_value(&parse->words);
	uint64_t first = 0, last = 0;
	char *text, *dash;

	if (!word)
		return;
	text = conf_copy(word->text);
	if ((dash = strchr(text, '-')))
		*dash++ = '\0';
	if (!dash || !words_to_number(text, UINT32_MAX, &first) ||
	    !words_to_number(dash, UINT32_MAX, &last) || last < first)
		words_refuse(&parse->words, word, "is not a range of users, such as 1000-1999");
	free(text);
	parse->rule->has_uids = true;
	parse->rule->first_uid = (uint32_t)first;
	parse->rule->last_uid = (uint32_t)last;
}

/* The few that have ports are known without a file. */
static uint8_t take_ip_protocol(struct route_words *words)
{
	static const struct {
		const char *name;
		uint8_t number;
	} known[] = {{"icmp", 1}, {"tcp", 6},	{"udp", 17},	   {"gre", 47},	  {"esp", 50},
		     {"ah", 51},  {"ospf", 89}, {"ipv6-icmp", 58}, {"sctp", 132}, {"vrrp", 112}};
	const struct word *word = words_value(words);
	uint64_t number = 0;

	for (size_t i = 0; word && i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(word->text, known[i].name))
			return known[i].number;
	if (word && (!words_to_number(word->text, UINT8_MAX, &number) || !number))
		words_refuse(words, word, "is not an IP protocol: write its number");
	return (uint8_t)number;
}

static bool take_addresses(struct parse *parse)
{
	struct route_words *words = &parse->words;
	struct rule *rule = parse->rule;
	bool from = words_next_is(words, "from");
	const struct word *word;

	if (!from && !words_next_is(words, "to"))
		return false;
	if ((word = words_value(words)))
		words_prefix(words, word, from ? &rule->from : &rule->to,
			     from ? &rule->from_len : &rule->to_len);
	return true;
}

static bool take_selector(struct parse *parse)
{
	struct route_words *words = &parse->words;
	struct rule *rule = parse->rule;

	if (words_next_is(words, "not"))
		rule->invert = true;
	else if (words_next_is(words, "iif") || words_next_is(words, "dev"))
		words_interface(words, rule->in);
	else if (words_next_is(words, "oif"))
		words_interface(words, rule->out);
	else if (words_next_is(words, "fwmark"))
		take_mark(parse);
	else if (words_next_is(words, "tos") || words_next_is(words, "dsfield"))
		rule->tos = (uint8_t)words_number(words, 0, 255);
	else if (words_next_is(words, "uidrange"))
		take_uids(parse);
	else if (words_next_is(words, "ipproto"))
		rule->ip_protocol = take_ip_protocol(words);
	else if (words_next_is(words, "sport"))
		rule->from_ports = take_ports(words);
	else if (words_next_is(words, "dport"))
		rule->to_ports = take_ports(words);
	else if (words_next_is(words, "tunnel-id"))
		rule->tunnel_id = words_number(words, 1, UINT32_MAX);
	else
		return take_addresses(parse);
	return true;
}

/* ---- what becomes of them ---- */

static void take_suppressor(struct parse *parse, bool *has, uint32_t *value)
{
	*has = parse->table_option = true;
	*value = words_number(&parse->words, 0, INT32_MAX);
}

static bool take_option(struct parse *parse)
{
	struct route_words *words = &parse->words;
	const struct word *word = words_peek(words);
	struct rule *rule = parse->rule;

	if (words_next_is(words, "priority") || words_next_is(words, "preference") ||
	    words_next_is(words, "order") || words_next_is(words, "pref")) {
		rule->priority = words_number(words, 0, UINT32_MAX);
		rule->has_priority = true;
	} else if (words_next_is(words, "realms")) {
		words_set_family(words, word, VRRP_IPV4);
		rule->realms = words_realms(words);
		parse->table_option = true;
	} else if (words_next_is(words, "suppress_prefixlength") ||
		   words_next_is(words, "sup_pl")) {
		take_suppressor(parse, &rule->has_suppress_length, &rule->suppress_length);
	} else if (words_next_is(words, "suppress_ifgroup") || words_next_is(words, "sup_group")) {
		take_suppressor(parse, &rule->has_suppress_group, &rule->suppress_group);
	} else if (words_next_is(words, "protocol") || words_next_is(words, "proto")) {
		rule->protocol = words_protocol(words);
	} else if (words_next_is(words, "inet") || words_next_is(words, "inet6")) {
		words_set_family(words, word, word->text[4] ? VRRP_IPV6 : VRRP_IPV4);
	} else if (words_next_is(words, "track_group")) {
		words_value(words); /* as with no_track: a rule of ours that is gone is put back */
	} else {
		return words_next_is(words, "no_track");
	}
	return true;
}

static bool take_action(struct parse *parse)
{
	struct route_words *words = &parse->words;
	const struct word *word;
	struct rule *rule = parse->rule;

	words_next_is(words, "type");
	if (!(word = words_peek(words)))
		return true;
	if (words_next_is(words, "table") || words_next_is(words, "lookup")) {
		set_action(parse, word, FR_ACT_TO_TBL);
		rule->table = words_table(words);
		if (!words->bad && !rule->table)
			words_refuse(words, word, "cannot be 0");
	} else if (words_next_is(words, "l3mdev")) {
		set_action(parse, word, FR_ACT_TO_TBL);
		rule->l3mdev = true;
	} else if (words_next_is(words, "goto")) {
		set_action(parse, word, FR_ACT_GOTO);
		rule->target = words_number(words, 1, UINT32_MAX);
	} else if (words_next_is(words, "nop")) {
		set_action(parse, word, FR_ACT_NOP);
	} else if (words_next_is(words, "blackhole")) {
		set_action(parse, word, FR_ACT_BLACKHOLE);
	} else if (words_next_is(words, "unreachable")) {
		set_action(parse, word, FR_ACT_UNREACHABLE);
	} else if (words_next_is(words, "prohibit")) {
		set_action(parse, word, FR_ACT_PROHIBIT);
	} else {
		return false;
	}
	return true;
}

static void tell_unknown(struct parse *parse, const struct word *word)
{
	static const char *const names[] = {
		"from",	       "to",	   "iif",	"oif",
		"fwmark",      "priority", "table",	"lookup",
		"goto",	       "nop",	   "blackhole", "preference",
		"ipproto",     "prohibit", "realms",	"sport",
		"unreachable", "dport",	   "l3mdev",	"uidrange",
		"dsfield",     "no_track", "protocol",	"suppress_prefixlength",
		NULL,
	};
	const char *near = words_nearest(names, word->text);
	char *problem = near ? conf_format("is unknown, did you mean `%s`", near) : NULL;

	words_refuse(&parse->words, word, problem ? problem : "is no keyword of a rule");
	free(problem);
}

static void check(struct parse *parse)
{
	const struct word *first = &parse->words.line->words[0];
	const struct rule *rule = parse->rule;

	if (rule->action == FR_ACT_UNSPEC)
		words_refuse(&parse->words, first,
			     "begins a line without an action, such as `table 100`");
	if (rule->action != FR_ACT_TO_TBL && parse->table_option)
		words_refuse(&parse->words, first,
			     "begins a line with an option that only a table can have");
	if (rule->action == FR_ACT_GOTO && (!rule->has_priority || rule->priority >= rule->target))
		words_refuse(&parse->words, first,
			     "begins a line whose `goto` is not behind its own priority");
	if (!rule->has_priority && !parse->words.bad)
		conf_warning(parse->words.diags, &first->place,
			     "this rule has no `priority`: one is chosen, from 16384 downwards");
}

static void settle_family(struct parse *parse)
{
	struct rule *rule = parse->rule;

	rule->family = parse->words.has_family ? parse->words.family : VRRP_IPV4;
	if (rule->family != VRRP_IPV4)
		return;
	if (!rule->from_len)
		rule->from = addr_from_ipv4(0);
	if (!rule->to_len)
		rule->to = addr_from_ipv4(0);
}

static bool parse_rule(struct parse *parse)
{
	struct route_words *words = &parse->words;

	while (!words->bad && words_peek(words))
		if (!take_selector(parse) && !take_option(parse) && !take_action(parse))
			tell_unknown(parse, words_peek(words));
	if (!words->bad)
		check(parse);
	settle_family(parse);
	return !words->bad;
}

void rules_take(struct conf_rules *rules, const struct statement *line, struct conf_diags *diags)
{
	struct rule rule;
	struct parse parse = {
		.words = {.line = line, .diags = diags, .what = "rule"},
		.rule = &rule,
	};

	memset(&rule, 0, sizeof(rule));
	if (!line->count || !parse_rule(&parse))
		return;
	rules->list = conf_grow_doubling(rules->list, rules->count, sizeof(rule));
	rules->list[rules->count++] = rule;
}

void rules_free(struct conf_rules *rules)
{
	free(rules->list);
	*rules = (struct conf_rules){0};
}

void rules_number(struct conf_rules *rules, struct rule_numbers *numbers)
{
	for (size_t i = 0; i < rules->count; i++) {
		struct rule *rule = &rules->list[i];
		unsigned *given = &numbers->given[rule->family == VRRP_IPV6];

		if (rule->has_priority)
			continue;
		rule->has_priority = true;
		rule->priority = *given < FIRST_PRIORITY ? FIRST_PRIORITY - (*given)++ : 1;
	}
}
