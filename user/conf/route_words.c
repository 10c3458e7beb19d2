/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of routes and rules, and their values: addresses, numbers, and names of iproute2. */
#include "conf/route_words.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/raw.h"
#include "conf/route.h"

static char *table_names; /* see route_names_set() */

const struct word *words_peek(const struct route_words *words)
{
	return words->at < words->line->count ? &words->line->words[words->at] : NULL;
}

bool words_next_is(struct route_words *words, const char *name)
{
	const struct word *word = words_peek(words);

	if (!word || strcmp(word->text, name) != 0)
		return false;
	words->at++;
	return true;
}

const struct word *words_value(struct route_words *words)
{
	const struct word *word = words_peek(words);

	if (word)
		words->at++;
	else
		words_refuse(words, &words->line->words[words->at - 1], "needs a value");
	return word;
}

void words_refuse(struct route_words *words, const struct word *word, const char *problem)
{
	if (!words->bad)
		conf_warning(words->diags, &word->place, WORD " %s: the %s is left out", word->text,
			     problem, words->what);
	words->bad = true;
}

void words_set_family(struct route_words *words, const struct word *word, uint8_t family)
{
	if (!words->has_family)
		words->family = family;
	else if (words->family != family)
		words_refuse(words, word,
			     words->family == VRRP_IPV4 ? "is of IPv6, and the rest of IPv4"
							: "is of IPv4, and the rest of IPv6");
	words->has_family = true;
}

/* ---- numbers ---- */

bool words_to_number(const char *text, uint64_t max, uint64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 0);
	return !*end && !errno && *number <= max;
}

uint32_t words_number(struct route_words *words, uint32_t min, uint32_t max)
{
	const struct word *word = words_value(words);
	uint64_t number = 0;

	if (!word || (words_to_number(word->text, max, &number) && number >= min))
		return (uint32_t)number;
	char *problem = conf_format("is not a number from %u to %u", min, max);

	words_refuse(words, word, problem);
	free(problem);
	return 0;
}

/* ---- addresses ---- */

static uint8_t longest(const struct vrrp_addr *address)
{
	return addr_is_ipv4(address) ? 32 : 128;
}

/* True if there were any bits behind the prefix. */
static bool clear_host_bits(struct vrrp_addr *address, unsigned length)
{
	unsigned first = (addr_is_ipv4(address) ? 96 : 0) + length;
	bool any = false;

	for (unsigned bit = first; bit < 128; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		any = any || (address->b[bit / 8] & mask);
		address->b[bit / 8] &= (uint8_t)~mask;
	}
	return any;
}

bool words_mean_any(const char *text)
{
	return !strcmp(text, "default") || !strcmp(text, "any") || !strcmp(text, "all") ||
	       !strcmp(text, "default6");
}

void words_prefix(struct route_words *words, const struct word *word, struct vrrp_addr *address,
		  uint8_t *length)
{
	const char *slash = strchr(word->text, '/');
	int64_t bits;

	*length = 0;
	memset(address, 0, sizeof(*address)); /* the family is known at the end of the line */
	if (!strcmp(word->text, "default6"))
		words_set_family(words, word, VRRP_IPV6);
	if (words_mean_any(word->text))
		return;
	if (!value_ip(word->text, address)) {
		words_refuse(words, word, "is neither an IP address nor a keyword");
		return;
	}
	bits = longest(address);
	words_set_family(words, word, addr_is_ipv4(address) ? VRRP_IPV4 : VRRP_IPV6);
	if (slash && !value_integer(slash + 1, 0, bits, &bits))
		words_refuse(words, word, "has no prefix length that fits its address");
	*length = (uint8_t)bits;
	if (clear_host_bits(address, *length) && !words->bad)
		conf_warning(words->diags, &word->place,
			     "the address " WORD " has bits behind its prefix: they are cleared",
			     word->text);
}

void words_address(struct route_words *words, const struct word *word, struct vrrp_addr *address)
{
	if (!value_ip(word->text, address)) {
		words_refuse(words, word, "is not an IP address");
		return;
	}
	if (strchr(word->text, '/'))
		conf_warning(words->diags, &word->place,
			     "the prefix length of " WORD " is ignored: an address is meant",
			     word->text);
	words_set_family(words, word, addr_is_ipv4(address) ? VRRP_IPV4 : VRRP_IPV6);
}

void words_interface(struct route_words *words, char name[IFNAMSIZ])
{
	const struct word *word = words_value(words);

	if (!word)
		return;
	if (value_is_interface(word->text))
		snprintf(name, IFNAMSIZ, "%s", word->text);
	else
		words_refuse(words, word, "cannot be the name of an interface");
}

/* ---- names ---- */

struct name {
	const char *name;
	uint8_t number;
};

static const struct name types[] = {
	{"unicast", RTN_UNICAST},
	{"local", RTN_LOCAL},
	{"broadcast", RTN_BROADCAST},
	{"anycast", RTN_ANYCAST},
	{"multicast", RTN_MULTICAST},
	{"blackhole", RTN_BLACKHOLE},
	{"unreachable", RTN_UNREACHABLE},
	{"prohibit", RTN_PROHIBIT},
	{"throw", RTN_THROW},
	{NULL, 0},
};

static const struct name scopes[] = {
	{"global", RT_SCOPE_UNIVERSE},
	{"universe", RT_SCOPE_UNIVERSE},
	{"site", RT_SCOPE_SITE},
	{"link", RT_SCOPE_LINK},
	{"host", RT_SCOPE_HOST},
	{"nowhere", RT_SCOPE_NOWHERE},
	{NULL, 0},
};

static const struct name protocols[] = {
	{"redirect", RTPROT_REDIRECT},
	{"kernel", RTPROT_KERNEL},
	{"boot", RTPROT_BOOT},
	{"static", RTPROT_STATIC},
	{"gated", 8},
	{"ra", 9},
	{"mrt", 10},
	{"zebra", 11},
	{"bird", 12},
	{"dnrouted", 13},
	{"xorp", 14},
	{"ntk", 15},
	{"dhcp", 16},
	{"keepalived", 18},
	{"babel", 42},
	{"bgp", 186},
	{"isis", 187},
	{"ospf", 188},
	{"rip", 189},
	{"eigrp", 192},
	{NULL, 0},
};

static const struct name *find_name(const struct name *names, const char *name)
{
	for (; names->name; names++)
		if (!strcmp(names->name, name))
			return names;
	return NULL;
}

static const char *find_number(const struct name *names, uint8_t number)
{
	for (; names->name; names++)
		if (names->number == number)
			return names->name;
	return NULL;
}

uint8_t words_type(const char *name)
{
	const struct name *type = find_name(types, name);

	return type ? type->number : 0;
}

const char *words_type_name(uint8_t type)
{
	return find_number(types, type);
}

const char *words_scope_name(uint8_t scope)
{
	return find_number(scopes, scope);
}

static uint8_t name_or_number(struct route_words *words, const struct name *names,
			      const char *problem)
{
	const struct word *word = words_value(words);
	const struct name *name = word ? find_name(names, word->text) : NULL;
	uint64_t number = 0;

	if (name)
		return name->number;
	if (word && !words_to_number(word->text, UINT8_MAX, &number))
		words_refuse(words, word, problem);
	return (uint8_t)number;
}

uint8_t words_scope(struct route_words *words)
{
	return name_or_number(words, scopes, "is not a scope");
}

uint8_t words_protocol(struct route_words *words)
{
	return name_or_number(words, protocols, "is not a routing protocol");
}

void route_names_set(const char *text)
{
	free(table_names);
	table_names = text ? conf_copy(text) : NULL;
}

/* Look for `NUMBER NAME` in the lines; comments begin with #. */
static bool find_table(const char *name, uint64_t *number)
{
	size_t length = strlen(name);

	for (const char *line = table_names; line && *line;) {
		size_t rest = strcspn(line, "\n");
		const char *end = line + strcspn(line, "#\n"), *at;
		char *after;

		*number = strtoull(line, &after, 0);
		at = after + strspn(after, " \t");
		if (after > line && at > after && at + length <= end &&
		    !strncmp(at, name, length) && strchr(" \t\r\n#", at[length]))
			return *number <= UINT32_MAX;
		line += rest + (line[rest] == '\n');
	}
	return false;
}

uint32_t words_table(struct route_words *words)
{
	static const struct name known[] = {{"default", RT_TABLE_DEFAULT},
					    {"main", RT_TABLE_MAIN},
					    {"local", RT_TABLE_LOCAL},
					    {NULL, 0}};
	const struct word *word = words_value(words);
	const struct name *name = word ? find_name(known, word->text) : NULL;
	uint64_t number = 0;

	if (name)
		return name->number;
	if (word && !words_to_number(word->text, UINT32_MAX, &number) &&
	    !find_table(word->text, &number))
		words_refuse(words, word,
			     "is no routing table: write its number, or name it in "
			     "/etc/iproute2/rt_tables");
	return (uint32_t)number;
}

/* [FROM/]TO */
uint32_t words_realms(struct route_words *words)
{
	const struct word *word = words_value(words);
	char *end = NULL;
	unsigned long from = 0, to = word ? strtoul(word->text, &end, 0) : 0;

	if (end && *end == '/') {
		from = to;
		to = strtoul(end + 1, &end, 0);
	}
	if (word && (*word->text < '0' || *word->text > '9' || *end || from > 0xffff ||
		     to > 0xffff || (!from && !to)))
		words_refuse(words, word, "is not a pair of realms, such as 1/2");
	return (uint32_t)(from << 16 | to);
}
