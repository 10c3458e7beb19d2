/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of virtual_ipaddress: ADDRESS[/LENGTH] [dev IF] [label L] [scope S] [brd A|+|-].
 *
 * As in keepalived a second address on a line is ignored: routers that do not advertise the same
 * list may not take each other's advertisements.
 */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/raw.h"

/* Where in a line of words the parser is. */
struct cursor {
	const struct statement *statement;
	size_t at;
	struct conf_diags *diags;
};

/*
 * The number that something else follows, such as `24,` or `24 dev eth0` in quotes: as keepalived
 * reads it. An empty one is none; keepalived makes a route to everywhere of it.
 */
static bool leading_number(const char *text, int64_t longest, int64_t *length)
{
	char number[4] = "";
	size_t digits;

	text += *text == '+';
	digits = strspn(text, "0123456789");
	if (!digits || digits >= sizeof(number))
		return false;
	memcpy(number, text, digits);
	return value_integer(number, 0, longest, length);
}

static uint8_t parse_prefix(const struct word *word, int64_t longest, struct conf_diags *diags)
{
	const char *slash = strchr(word->text, '/');
	int64_t length = longest;

	if (slash && !value_integer(slash + 1, 0, longest, &length)) {
		if (!leading_number(slash + 1, longest, &length))
			length = longest;
		conf_warning(diags, &word->place,
			     WORD " has no prefix length from 0 to %d: %d is used", word->text,
			     (int)longest, (int)length);
	}
	return (uint8_t)length;
}

static struct conf_address *add_address(struct raw_addresses *addresses)
{
	addresses->list = conf_grow(addresses->list, addresses->count, &addresses->capacity,
				    sizeof(addresses->list[0]));
	return &addresses->list[addresses->count++];
}

/* NULL if the word is no address, which has been told. */
static struct conf_address *take_address(struct raw_addresses *addresses, struct cursor *cursor)
{
	const struct word *word = &cursor->statement->words[cursor->at++];
	struct conf_address address = {.scope = RT_SCOPE_UNIVERSE, .place = word->place};

	if (!value_ip(word->text, &address.address)) {
		conf_warning(cursor->diags, &word->place,
			     WORD
			     " is not an IP address, such as 192.0.2.1/24: the line is ignored",
			     word->text);
		return NULL;
	}
	if (!value_is_unicast(&address.address)) {
		conf_warning(cursor->diags, &word->place,
			     WORD " cannot be a virtual address, it is not a unicast address: the "
				  "line is ignored",
			     word->text);
		return NULL;
	}
	address.prefix_len =
		parse_prefix(word, addr_is_ipv4(&address.address) ? 32 : 128, cursor->diags);
	struct conf_address *added = add_address(addresses);

	*added = address;
	return added;
}

/*
 * As keepalived does with most of what it cannot make sense of: routers of a group have to
 * advertise the same list, or they may not take each other's advertisements.
 */
static void drop(struct conf_address *address)
{
	address->place.file = NULL; /* marks it */
}

static void set_dev(struct conf_address *address, const struct word *word, struct conf_diags *diags)
{
	if (value_is_interface(word->text))
		snprintf(address->dev, sizeof(address->dev), "%s", word->text);
	else {
		conf_warning(diags, &word->place,
			     WORD " cannot be the name of an interface (1 to 15 bytes, without "
				  "`/`): the address is ignored",
			     word->text);
		drop(address);
	}
}

static void set_label(struct conf_address *address, const struct word *word,
		      struct conf_diags *diags)
{
	size_t length = strlen(word->text);

	if (length == 0 || length >= sizeof(address->label)) {
		conf_warning(diags, &word->place,
			     "a label has 1 to 15 bytes, and " WORD
			     " has not: the address is ignored, as in keepalived",
			     word->text);
		drop(address);
	} else if (!addr_is_ipv4(&address->address)) {
		conf_warning(diags, &word->place,
			     "IPv6 addresses have no labels: " WORD " is ignored", word->text);
	} else {
		snprintf(address->label, sizeof(address->label), "%s", word->text);
	}
}

static const struct scope {
	const char *name;
	uint8_t scope;
} scopes[] = {
	{"global", RT_SCOPE_UNIVERSE}, {"universe", RT_SCOPE_UNIVERSE},
	{"site", RT_SCOPE_SITE},       {"link", RT_SCOPE_LINK},
	{"host", RT_SCOPE_HOST},       {"nowhere", RT_SCOPE_NOWHERE},
};

static void set_scope(struct conf_address *address, const struct word *word,
		      struct conf_diags *diags)
{
	int64_t number;

	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		if (!strcmp(word->text, scopes[i].name)) {
			address->scope = scopes[i].scope;
			return;
		}
	}
	if (value_integer(word->text, 0, 255, &number))
		address->scope = (uint8_t)number;
	else
		conf_warning(diags, &word->place,
			     WORD " is not a scope (global, site, link, host, nowhere or 0 to "
				  "255): global is used",
			     word->text);
}

/* `+` sets the bits behind the prefix, `-` clears them; a /31 or /32 has no broadcast address. */
static void work_out_broadcast(struct conf_address *address, const struct word *word,
			       struct conf_diags *diags)
{
	uint32_t ipv4 = addr_to_ipv4(&address->address), host_bits;

	if (address->prefix_len > 30) {
		conf_warning(diags, &word->place,
			     "a /%u has no broadcast address: `brd %s` is ignored",
			     address->prefix_len, word->text);
		return;
	}
	host_bits = UINT32_MAX >> address->prefix_len;
	ipv4 = word->text[0] == '+' ? ipv4 | host_bits : ipv4 & ~host_bits;
	address->broadcast = addr_from_ipv4(ipv4);
	address->has_broadcast = true;
}

static void set_broadcast(struct conf_address *address, const struct word *word,
			  struct conf_diags *diags)
{
	struct vrrp_addr broadcast;

	if (!addr_is_ipv4(&address->address)) {
		conf_warning(diags, &word->place,
			     "IPv6 has no broadcast addresses: `brd` is ignored");
	} else if (!strcmp(word->text, "+") || !strcmp(word->text, "-")) {
		work_out_broadcast(address, word, diags);
	} else if (!strchr(word->text, '/') && value_ip(word->text, &broadcast) &&
		   addr_is_ipv4(&broadcast)) {
		address->broadcast = broadcast;
		address->has_broadcast = true;
	} else {
		conf_warning(diags, &word->place,
			     WORD " is not an IPv4 address, + or -: the address is ignored, as in "
				  "keepalived",
			     word->text);
		drop(address);
	}
}

static void set_peer(struct conf_address *address, const struct word *word,
		     struct conf_diags *diags)
{
	struct vrrp_addr peer;

	if (value_ip(word->text, &peer) && addr_is_ipv4(&peer) == addr_is_ipv4(&address->address) &&
	    !strchr(word->text, '/'))
		address->peer = peer;
	else
		conf_warning(diags, &word->place,
			     WORD " is not the address of a peer of the same family, without a "
				  "prefix length: it is ignored",
			     word->text);
}

static void set_preferred(struct conf_address *address, const struct word *word,
			  struct conf_diags *diags)
{
	int64_t seconds = UINT32_MAX;

	if (strcmp(word->text, "forever") != 0 &&
	    !value_integer(word->text, 0, UINT32_MAX - 1, &seconds)) {
		conf_warning(diags, &word->place,
			     WORD " is neither a number of seconds nor forever: it is ignored",
			     word->text);
		return;
	}
	address->has_preferred = true;
	address->preferred_s = (uint32_t)seconds;
}

/* Options without a value; all but noprefixroute and autojoin are for IPv6. */
static bool set_flag(struct conf_address *address, const struct keyword *keyword,
		     const struct word *word, struct conf_diags *diags)
{
	static const struct {
		enum schema_key key;
		uint32_t flag;
		bool both;
	} flags[] = {
		{KEY_NODAD, 0, false},
		{KEY_HOME, IFA_F_HOMEADDRESS, false},
		{KEY_TEMPORARY, IFA_F_MANAGETEMPADDR, false},
		{KEY_NO_PREFIX_ROUTE, IFA_F_NOPREFIXROUTE, true},
		{KEY_AUTOJOIN, IFA_F_MCAUTOJOIN, true},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].key != keyword->key)
			continue;
		if (!flags[i].both && addr_is_ipv4(&address->address)) {
			conf_warning(diags, &word->place, "`%s` is for IPv6: it is ignored",
				     keyword->name);
			return true;
		}
		address->flags |= flags[i].flag;
		address->detects_duplicates |= keyword->key == KEY_NODAD;
		return true;
	}
	return false;
}

static void set_option(struct conf_address *address, const struct keyword *keyword,
		       struct cursor *cursor)
{
	const struct word *word = &cursor->statement->words[cursor->at];

	if (set_flag(address, keyword, &word[-1], cursor->diags))
		return;
	if (cursor->at == cursor->statement->count) {
		conf_warning(cursor->diags, &word[-1].place,
			     "`%s` needs a value: the address is ignored, as in keepalived",
			     keyword->name);
		drop(address);
		return;
	}
	cursor->at++;
	if (keyword->key == KEY_DEV)
		set_dev(address, word, cursor->diags);
	else if (keyword->key == KEY_LABEL)
		set_label(address, word, cursor->diags);
	else if (keyword->key == KEY_PEER)
		set_peer(address, word, cursor->diags);
	else if (keyword->key == KEY_PREFERRED)
		set_preferred(address, word, cursor->diags);
	else if (keyword->key == KEY_SCOPE)
		set_scope(address, word, cursor->diags);
	else
		set_broadcast(address, word, cursor->diags);
}

static void skip_option(const struct keyword *keyword, struct cursor *cursor)
{
	size_t left = cursor->statement->count - cursor->at;

	if (keyword->kind == KIND_SKIPPED)
		conf_warning(cursor->diags, &cursor->statement->words[cursor->at - 1].place,
			     "`%s` is not supported: %s", keyword->name,
			     schema_part_text(keyword->part));
	cursor->at += keyword->arguments < left ? keyword->arguments : left;
}

/* Options up to the end of the line. */
static void take_options(struct conf_address *address, struct cursor *cursor)
{
	const struct statement *statement = cursor->statement;
	struct vrrp_addr unused;

	while (cursor->at < statement->count) {
		const struct word *word = &statement->words[cursor->at];
		const struct keyword *keyword = schema_find(IN_ADDRESSES, word->text);

		cursor->at++;
		if (!keyword && value_ip(word->text, &unused))
			conf_warning(cursor->diags, &word->place,
				     "a second address on one line is ignored, as in keepalived: "
				     "write it on its own line");
		else if (!keyword)
			conf_warning(cursor->diags, &word->place,
				     "unknown option " WORD " of an address: it is ignored",
				     word->text);
		else if (keyword->kind == KIND_SKIPPED || keyword->kind == KIND_ACCEPTED)
			skip_option(keyword, cursor);
		else
			set_option(address, keyword, cursor);
	}
}

/* As in keepalived: what has a peer has neither a network nor its broadcast address. */
static void finish_peer(struct conf_address *address, struct conf_diags *diags)
{
	uint8_t longest = addr_is_ipv4(&address->address) ? 32 : 128;

	if (addr_is_zero(&address->peer))
		return;
	if (address->prefix_len != longest)
		conf_warning(diags, &address->place,
			     "an address with a `peer` has no prefix length: %u is used, not %u",
			     longest, address->prefix_len);
	if (address->has_broadcast)
		conf_warning(diags, &address->place,
			     "an address with a `peer` has no broadcast address: `brd` is ignored");
	address->prefix_len = longest;
	address->has_broadcast = false;
}

void address_parse(struct raw_addresses *addresses, const struct statement *statement,
		   struct conf_diags *diags)
{
	struct cursor cursor = {.statement = statement, .diags = diags};
	struct conf_address *address = take_address(addresses, &cursor);

	if (!address)
		return;
	take_options(address, &cursor);
	finish_peer(address, diags);
	if (!address->place.file)
		addresses->count--;
}
