/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The difference of two configurations. Every member of struct conf_instance has its line in the
 * table below, and every member of what it is made of is compared (`make lint` sees to both): what
 * is forgotten here a reload would not notice.
 */
#include "conf/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/route.h"

/* One virtual router, before and after. */
struct pair {
	const struct conf *old, *new;
	const struct conf_instance *a, *b;
};

/* ---- parts ---- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_words(char *const *a, char *const *b)
{
	if (!a || !b)
		return a == b;
	while (*a && *b && strcmp(*a, *b) == 0) {
		a++;
		b++;
	}
	return !*a && !*b;
}

static bool same_garp(const struct conf_garp *a, const struct conf_garp *b)
{
	return a->delay_us == b->delay_us && a->repeat == b->repeat &&
	       a->refresh_us == b->refresh_us && a->refresh_repeat == b->refresh_repeat &&
	       a->lower_prio_repeat == b->lower_prio_repeat &&
	       a->lower_prio_delay_us == b->lower_prio_delay_us &&
	       a->extra_if_us == b->extra_if_us && a->extra_if_all == b->extra_if_all;
}

/* Of an address: what the kernel is told beside it. */
static bool same_option(const struct conf_address *a, const struct conf_address *b)
{
	return addr_equal(&a->peer, &b->peer) && a->has_preferred == b->has_preferred &&
	       a->preferred_s == b->preferred_s && a->flags == b->flags &&
	       a->detects_duplicates == b->detects_duplicates;
}

static bool same_address(const struct conf_address *a, const struct conf_address *b)
{
	return addr_equal(&a->address, &b->address) && a->prefix_len == b->prefix_len &&
	       a->of_another == b->of_another && strcmp(a->dev, b->dev) == 0 &&
	       strcmp(a->label, b->label) == 0 && a->scope == b->scope &&
	       a->has_broadcast == b->has_broadcast &&
	       (!a->has_broadcast || addr_equal(&a->broadcast, &b->broadcast)) && same_option(a, b);
}

static bool same_peer(const struct conf_peer *a, const struct conf_peer *b)
{
	return addr_equal(&a->address, &b->address) && a->min_ttl == b->min_ttl &&
	       a->max_ttl == b->max_ttl;
}

static bool same_script(const struct conf_script *a, const struct conf_script *b)
{
	return same_words(a->words, b->words) && same_text(a->user, b->user) &&
	       same_text(a->group, b->group);
}

bool conf_same_fifo(const struct conf_fifo *a, const struct conf_fifo *b)
{
	return same_text(a->path, b->path) && same_text(a->user, b->user) &&
	       same_text(a->group, b->group) && same_script(&a->script, &b->script);
}

/* The place of an object in its configuration does not count. */
static bool same_track(const struct pair *pair, const struct conf_track *a,
		       const struct conf_track *b)
{
	return a->kind == b->kind && a->weight == b->weight && a->reverse == b->reverse &&
	       a->of_group == b->of_group &&
	       same_text(conf_track_name(pair->old, a), conf_track_name(pair->new, b));
}

static bool same_list(const struct conf_address *a, size_t a_count, const struct conf_address *b,
		      size_t b_count)
{
	size_t i = 0;
	while (i < a_count && i < b_count && same_address(&a[i], &b[i]))
		i++;
	return i == a_count && i == b_count;
}

/* ---- members that are more than a value ---- */

static bool same_name(const struct pair *pair)
{
	return same_text(pair->a->name, pair->b->name);
}

static bool same_interface(const struct pair *pair)
{
	return strcmp(pair->a->interface, pair->b->interface) == 0;
}

static bool same_garps(const struct pair *pair)
{
	return same_garp(&pair->a->garp, &pair->b->garp);
}

static bool same_peers(const struct pair *pair)
{
	size_t i = 0;
	if (pair->a->peer_count != pair->b->peer_count)
		return false;
	while (i < pair->a->peer_count && same_peer(&pair->a->peers[i], &pair->b->peers[i]))
		i++;
	return i == pair->a->peer_count;
}

static bool same_notify(const struct pair *pair)
{
	for (size_t i = 0; i < CONF_NOTIFY_KINDS; i++)
		if (!same_script(&pair->a->notify[i], &pair->b->notify[i]))
			return false;
	return true;
}

static bool same_group(const struct pair *pair)
{
	const struct conf_group *a = pair->a->group, *b = pair->b->group;
	return same_text(a ? a->name : NULL, b ? b->name : NULL);
}

static bool same_tracks(const struct pair *pair)
{
	size_t i = 0;
	if (pair->a->track_count != pair->b->track_count)
		return false;
	while (i < pair->a->track_count &&
	       same_track(pair, &pair->a->tracks[i], &pair->b->tracks[i]))
		i++;
	return i == pair->a->track_count;
}

static bool same_addresses(const struct pair *pair)
{
	return same_list(pair->a->addresses, pair->a->address_count, pair->b->addresses,
			 pair->b->address_count);
}

static bool same_excluded(const struct pair *pair)
{
	return same_list(pair->a->excluded.list, pair->a->excluded.count, pair->b->excluded.list,
			 pair->b->excluded.count);
}

static bool same_routes(const struct pair *pair)
{
	const struct conf_routes *a = &pair->a->routes, *b = &pair->b->routes;
	size_t i = 0;
	while (i < a->count && i < b->count && route_same(&a->list[i], &b->list[i]))
		i++;
	return i == a->count && i == b->count;
}

static bool same_rules(const struct pair *pair)
{
	const struct conf_rules *a = &pair->a->rules, *b = &pair->b->rules;
	size_t i = 0;
	while (i < a->count && i < b->count && rule_same(&a->list[i], &b->list[i]))
		i++;
	return i == a->count && i == b->count;
}

/* ---- the table ---- */

struct member {
	const char *name;
	size_t offset, size; /* of a value without padding; size 0: `same` decides */
	bool (*same)(const struct pair *pair);
	unsigned changes;
};

#define CHANGE(what) CONF_CHANGE_##what
#define VALUE(member, changes)                                                     \
	{                                                                          \
#member, offsetof(struct conf_instance, member),                   \
			sizeof(((struct conf_instance *)0)->member), NULL, changes \
	}
#define PART(member, same, changes)          \
	{                                    \
#member, 0, 0, same, changes \
	}
/* Compared together with the list that it counts, or not at all: where something was written. */
#define WITH_ANOTHER(member)           \
	{                              \
#member, 0, 0, NULL, 0 \
	}

static const struct member members[] = {
	PART(name, same_name, CHANGE(NAME)),
	PART(interface, same_interface, CHANGE(RESTART)),
	VALUE(family, CHANGE(RESTART)),
	VALUE(version, CHANGE(RESTART)),
	VALUE(vrid, CHANGE(RESTART)),
	VALUE(priority, CHANGE(PARAMS)),
	VALUE(wants_active, 0),
	VALUE(preempt, CHANGE(PARAMS)),
	VALUE(preempt_delay_us, CHANGE(PARAMS)),
	VALUE(lower_prio_no_advert, CHANGE(PARAMS)),
	VALUE(higher_prio_send_advert, CHANGE(PARAMS)),
	VALUE(down_adverts, CHANGE(PARAMS)),
	VALUE(accept, CHANGE(BINDING)),
	VALUE(interval_cs, CHANGE(PARAMS) | CHANGE(BINDING)),
	VALUE(auth_type, CHANGE(BINDING)),
	VALUE(auth_data, CHANGE(BINDING)),
	PART(garp, same_garps, CHANGE(PARAMS)),
	VALUE(checksum, CHANGE(PARAMS)),
	VALUE(virtual_mac, CHANGE(BINDING)),
	VALUE(consume_adverts, CHANGE(BINDING)),
	VALUE(xdp_mode, CHANGE(RESTART) | CHANGE(PROGRAMS)),
	VALUE(source, CHANGE(FOLLOWED)),
	PART(peers, same_peers, CHANGE(BINDING)),
	WITH_ANOTHER(peer_count),
	VALUE(unicast_ttl, CHANGE(FOLLOWED)),
	VALUE(old_unicast_checksum, CHANGE(FOLLOWED)),
	PART(notify, same_notify, CHANGE(FOLLOWED)),
	VALUE(notify_priority_changes, CHANGE(FOLLOWED)),
	PART(group, same_group, CHANGE(FOLLOWED)),
	VALUE(track_own_interface, CHANGE(FOLLOWED)),
	PART(tracks, same_tracks, CHANGE(FOLLOWED)),
	WITH_ANOTHER(track_count),
	PART(excluded, same_excluded, CHANGE(BINDING)),
	PART(routes, same_routes, CHANGE(BINDING)),
	PART(rules, same_rules, CHANGE(BINDING)),
	PART(addresses, same_addresses, CHANGE(BINDING)),
	WITH_ANOTHER(address_count),
	VALUE(unusable, CHANGE(FOLLOWED)),
	VALUE(group_address, CHANGE(FOLLOWED)),
	VALUE(strict, 0),
	WITH_ANOTHER(place),
};

#define MEMBERS (sizeof(members) / sizeof(members[0]))
_Static_assert(MEMBERS <= 64, "a bit for each");

static bool is_same(const struct member *member, const struct pair *pair)
{
	if (member->same)
		return member->same(pair);
	return memcmp((const char *)pair->a + member->offset,
		      (const char *)pair->b + member->offset, member->size) == 0;
}

/* What depends on the values, and not only on that they differ. */
static unsigned further_changes(const struct conf_instance *a, const struct conf_instance *b)
{
	unsigned changes = 0;
	if ((a->priority == VRRP_PRIORITY_OWNER) != (b->priority == VRRP_PRIORITY_OWNER))
		changes |= CONF_CHANGE_BINDING; /* whose the addresses are */
	if ((a->peer_count == 0) != (b->peer_count == 0))
		changes |= CONF_CHANGE_RESTART; /* multicast or not */
	if ((conf_served_count(a) == 0) != (conf_served_count(b) == 0))
		changes |= CONF_CHANGE_RESTART;
	return changes;
}

static struct conf_match diff(const struct conf *old, const struct conf_instance *before,
			      const struct conf *new, const struct conf_instance *after)
{
	struct pair pair = {.old = old, .new = new, .a = before, .b = after};
	struct conf_match match = {.changes = further_changes(before, after)};
	for (size_t i = 0; i < MEMBERS; i++) {
		if (is_same(&members[i], &pair))
			continue;
		match.changes |= members[i].changes;
		if (members[i].changes)
			match.members |= UINT64_C(1) << i;
	}
	return match;
}

const char *conf_diff_members(uint64_t set, char *text, size_t size)
{
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < MEMBERS && used < size; i++)
		if (set >> i & 1)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
						 members[i].name);
	return text;
}

/* ---- all of them ---- */

static int compare_identity(const struct conf_instance *a, const struct conf_instance *b)
{
	if (a->vrid != b->vrid)
		return a->vrid - b->vrid;
	if (a->family != b->family)
		return (int)a->family - (int)b->family;
	return strcmp(a->interface, b->interface);
}

static int compare_pointers(const void *a, const void *b)
{
	return compare_identity(*(const struct conf_instance *const *)a,
				*(const struct conf_instance *const *)b);
}

/* Pointers to all instances, in that order. NULL without memory. */
static const struct conf_instance **sort_instances(const struct conf *conf)
{
	const struct conf_instance **sorted = calloc(conf->instance_count + 1, sizeof(*sorted));
	if (!sorted)
		return NULL;
	for (size_t i = 0; i < conf->instance_count; i++)
		sorted[i] = &conf->instances[i];
	qsort(sorted, conf->instance_count, sizeof(*sorted), compare_pointers);
	return sorted;
}

/* Thousands are looked up among thousands. */
static struct conf_match match_of(const struct conf *old, const struct conf_instance **sorted,
				  const struct conf *new, const struct conf_instance *instance)
{
	const struct conf_instance **found =
		bsearch(&instance, sorted, old->instance_count, sizeof(*sorted), compare_pointers);
	if (!found)
		return (struct conf_match){0};
	struct conf_match match = diff(old, *found, new, instance);
	match.is_known = true;
	match.old = (size_t)(*found - old->instances);
	return match;
}

struct conf_match *conf_compare(const struct conf *old, const struct conf *new)
{
	struct conf_match *matches = calloc(new->instance_count + 1, sizeof(*matches));
	const struct conf_instance **sorted = sort_instances(old);
	if (!matches || !sorted) {
		free(matches);
		free(sorted);
		return NULL;
	}
	for (size_t i = 0; i < new->instance_count; i++)
		matches[i] = match_of(old, sorted, new, &new->instances[i]);
	free(sorted);
	return matches;
}
