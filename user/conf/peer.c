/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of unicast_peer: ADDRESS [min_ttl N] [max_ttl N].
 *
 * As in keepalived a peer that cannot be read is left out. The message says what comes of it: two
 * routers that do not hear each other are both Active.
 */
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/raw.h"

/* False if the word is no address of a router, which has been told. */
static bool take_address(const struct word *word, struct conf_peer *peer, struct conf_diags *diags)
{
	*peer = (struct conf_peer){.max_ttl = 255, .place = word->place};
	if (!value_ip(word->text, &peer->address) || !value_is_unicast(&peer->address)) {
		conf_warning(diags, &word->place,
			     WORD " is not the IP address of a router, such as 192.0.2.2: the line "
				  "is ignored; a router that does not hear us may be Active too",
			     word->text);
		return false;
	}
	if (strchr(word->text, '/'))
		conf_warning(diags, &word->place,
			     "a peer is an address: the prefix length of " WORD " is ignored",
			     word->text);
	return true;
}

static void take_ttl(const struct keyword *keyword, const struct word *word, struct conf_peer *peer,
		     struct conf_diags *diags)
{
	int64_t value;

	if (!value_integer(word->text, keyword->min, keyword->max, &value)) {
		value = keyword->fallback;
		conf_warning(diags, &word->place,
			     WORD " is not a number from 0 to 255: `%s %d` is "
				  "used",
			     word->text, keyword->name, (int)value);
	}
	if (keyword->key == KEY_MIN_TTL)
		peer->min_ttl = (uint8_t)value;
	else
		peer->max_ttl = (uint8_t)value;
}

/* Options up to the end of the line. */
static void take_options(const struct statement *statement, struct conf_peer *peer,
			 struct conf_diags *diags)
{
	struct vrrp_addr unused;
	size_t at = 1;

	while (at < statement->count) {
		const struct word *word = &statement->words[at];
		const struct keyword *keyword = schema_find(IN_PEERS, word->text);

		at++;
		if (!keyword && value_ip(word->text, &unused))
			conf_warning(diags, &word->place,
				     "a second address on one line is ignored, as in keepalived: "
				     "write each peer on its own line");
		else if (!keyword)
			conf_warning(diags, &word->place,
				     "unknown option " WORD " of a peer: it is ignored",
				     word->text);
		else if (at == statement->count)
			conf_warning(diags, &word->place, "`%s` needs a value: it is ignored",
				     keyword->name);
		else
			take_ttl(keyword, &statement->words[at++], peer, diags);
	}
}

void peer_parse(struct raw_instance *instance, const struct statement *statement,
		struct conf_diags *diags)
{
	struct conf_peer peer;

	if (!take_address(&statement->words[0], &peer, diags))
		return;
	take_options(statement, &peer, diags);
	if (peer.min_ttl > peer.max_ttl) {
		conf_warning(diags, &peer.place,
			     "`min_ttl %u` is more than `max_ttl %u`, no advertisement of this "
			     "peer could be accepted: `max_ttl 255` is used",
			     peer.min_ttl, peer.max_ttl);
		peer.max_ttl = 255;
	}
	instance->peers = conf_grow(instance->peers, instance->peer_count, &instance->peer_capacity,
				    sizeof(peer));
	instance->peers[instance->peer_count++] = peer;
	raw_set_family(instance, addr_is_ipv4(&peer.address) ? VRRP_IPV4 : VRRP_IPV6);
}
