/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The canonical form of a configuration: every effective value, in the language it is read in. */
#include <linux/if_addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/print.h"
#include "conf/route.h"

static bool is_plain(const char *word)
{
	return *word && word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/+-")] == '\0';
}

/* A word never contains a double quote: the lexer has no way to write one. */
void print_word(FILE *out, const char *word)
{
	fprintf(out, is_plain(word) ? "%s" : "\"%s\"", word);
}

void print_value(FILE *out, enum schema_context context, enum schema_key key, int64_t value)
{
	const struct keyword *keyword = schema_by_key(context, key);
	char text[VALUE_TEXT_LEN];

	schema_format_value(keyword, value, text);
	fprintf(out, "\t%s%s%s%s\n", keyword->name, *text ? " " : "", text,
		keyword->kind == KIND_SECONDS ? " # seconds" : "");
}

static void print_global(FILE *out, const struct conf_global *global)
{
	fprintf(out, "global_defs {\n");
	print_value(out, IN_GLOBAL, KEY_VERSION, global->vrrp_version);
	print_value(out, IN_GLOBAL, KEY_RT_PRIORITY, global->rt_priority);
	print_value(out, IN_GLOBAL, KEY_NO_SWAP, global->no_swap);
	print_value(out, IN_GLOBAL, KEY_STARTUP_DELAY, global->startup_delay_us);
	print_value(out, IN_GLOBAL, KEY_BOOT_DELAY, global->boot_delay_us);
	print_value(out, IN_GLOBAL, KEY_GARP_INTERVAL, global->garp_interval_us);
	print_value(out, IN_GLOBAL, KEY_GNA_INTERVAL, global->gna_interval_us);
	print_global_scripts(out, global);
	if (global->script_security)
		fprintf(out, "\tenable_script_security\n");
	fprintf(out, "}\n");
}

static void print_authentication(FILE *out, const struct conf_instance *instance)
{
	char password[VRRP_AUTH_LEN + 1] = "";

	if (instance->unusable & CONF_UNUSABLE_AH)
		fprintf(out, "\tauthentication {\n\t\tauth_type AH\n\t}\n");
	if (instance->unusable & CONF_UNUSABLE_HMAC)
		fprintf(out, "\tauth_hmac {\n\t}\n");
	if (instance->auth_type != VRRP_AUTH_PASS)
		return;
	memcpy(password, instance->auth_data, VRRP_AUTH_LEN);
	fprintf(out, "\tauthentication {\n\t\tauth_type PASS\n\t\tauth_pass ");
	print_word(out, password);
	fprintf(out, "\n\t}\n");
}

static void print_scope(FILE *out, uint8_t scope)
{
	static const struct {
		uint8_t scope;
		const char *name;
	} names[] = {{200, "site"}, {253, "link"}, {254, "host"}, {255, "nowhere"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].scope == scope) {
			fprintf(out, " scope %s", names[i].name);
			return;
		}
	}
	if (scope)
		fprintf(out, " scope %u", scope);
}

static void print_flags(FILE *out, const struct conf_address *address)
{
	if (address->detects_duplicates)
		fprintf(out, " -nodad");
	if (address->flags & IFA_F_HOMEADDRESS)
		fprintf(out, " home");
	if (address->flags & IFA_F_MANAGETEMPADDR)
		fprintf(out, " mngtmpaddr");
	if (address->flags & IFA_F_NOPREFIXROUTE)
		fprintf(out, " noprefixroute");
	if (address->flags & IFA_F_MCAUTOJOIN)
		fprintf(out, " autojoin");
	if (address->has_preferred && address->preferred_s == UINT32_MAX)
		fprintf(out, " preferred_lft forever");
	else if (address->has_preferred)
		fprintf(out, " preferred_lft %u", address->preferred_s);
}

static void print_address(FILE *out, const char *tabs, const struct conf_address *address)
{
	char text[ADDR_TEXT_LEN];

	fprintf(out, "%s\t%s/%u", tabs, addr_format(&address->address, text), address->prefix_len);
	if (address->has_broadcast)
		fprintf(out, " brd %s", addr_format(&address->broadcast, text));
	if (*address->dev) {
		fprintf(out, " dev ");
		print_word(out, address->dev);
	}
	if (!addr_is_zero(&address->peer))
		fprintf(out, " peer %s", addr_format(&address->peer, text));
	print_scope(out, address->scope);
	print_flags(out, address);
	if (*address->label) {
		fprintf(out, " label ");
		print_word(out, address->label);
	}
	fputc('\n', out);
}

void print_address_block(FILE *out, const char *tabs, const char *keyword,
			 const struct conf_address *addresses, size_t count)
{
	if (!count)
		return;
	fprintf(out, "%s%s {\n", tabs, keyword);
	for (size_t i = 0; i < count; i++)
		print_address(out, tabs, &addresses[i]);
	fprintf(out, "%s}\n", tabs);
}

static void print_options(FILE *out, const struct conf_instance *instance)
{
	const struct conf_garp *garp = &instance->garp;

	print_value(out, IN_INSTANCE, KEY_GARP_DELAY, garp->delay_us);
	print_value(out, IN_INSTANCE, KEY_GARP_REPEAT, garp->repeat);
	print_value(out, IN_INSTANCE, KEY_GARP_REFRESH, garp->refresh_us);
	print_value(out, IN_INSTANCE, KEY_GARP_REFRESH_REPEAT, garp->refresh_repeat);
	print_value(out, IN_INSTANCE, KEY_GARP_LOWER_DELAY, garp->lower_prio_delay_us);
	print_value(out, IN_INSTANCE, KEY_GARP_LOWER_REPEAT, garp->lower_prio_repeat);
	if (garp->extra_if_us) {
		const struct keyword *extra = schema_by_key(IN_INSTANCE, KEY_GARP_EXTRA);
		char text[VALUE_TEXT_LEN];

		fprintf(out, "\tgarp_extra_if %s%s # seconds\n", garp->extra_if_all ? "all " : "",
			schema_format_value(extra, garp->extra_if_us, text));
	}
	print_value(out, IN_INSTANCE, KEY_XDP_MODE, instance->xdp_mode);
	print_value(out, IN_INSTANCE, KEY_XDP_VIRTUAL_MAC, instance->virtual_mac);
	print_value(out, IN_INSTANCE, KEY_XDP_CHECKSUM, instance->checksum);
	print_value(out, IN_INSTANCE, KEY_XDP_CONSUME_ADVERTS, instance->consume_adverts);
}

/* What else says so: the addresses. */
static void print_family(FILE *out, const struct conf_instance *instance)
{
	if (instance->family == VRRP_IPV6 && !instance->address_count)
		fprintf(out, "\tnative_ipv6\n");
}

static void print_source(FILE *out, const struct conf_instance *instance)
{
	char text[ADDR_TEXT_LEN];

	if (instance->unusable & CONF_UNUSABLE_GROUP)
		fprintf(out, "\tmcast_dst_ip %s\n", addr_format(&instance->group_address, text));
	if (!addr_is_zero(&instance->source))
		fprintf(out, "\t%s %s\n", instance->peer_count ? "unicast_src_ip" : "mcast_src_ip",
			addr_format(&instance->source, text));
}

static void print_peers(FILE *out, const struct conf_instance *instance)
{
	char text[ADDR_TEXT_LEN];

	if (!instance->peer_count)
		return;
	print_value(out, IN_INSTANCE, KEY_UNICAST_TTL, instance->unicast_ttl);
	print_value(out, IN_INSTANCE, KEY_OLD_UNICAST_CHECKSUM, instance->old_unicast_checksum);
	fprintf(out, "\tunicast_peer {\n");
	for (size_t i = 0; i < instance->peer_count; i++) {
		const struct conf_peer *peer = &instance->peers[i];

		fprintf(out, "\t\t%s min_ttl %u max_ttl %u\n", addr_format(&peer->address, text),
			peer->min_ttl, peer->max_ttl);
	}
	fprintf(out, "\t}\n");
}

/*
 * Within the double quotes around the whole command. What would end them, and what the reader takes
 * for a variable, is written as a number; its backslash twice, as the command is read twice.
 */
static void print_argument(FILE *out, const char *word)
{
	if (is_plain(word)) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (const char *at = word; *at; at++) {
		unsigned char c = (unsigned char)*at;

		if (c < ' ' || c == 0x7f || strchr("\"'\\$", c))
			fprintf(out, "\\\\x%02x", c);
		else
			fputc(c, out);
	}
	fputc('\'', out);
}

void print_script(FILE *out, const char *keyword, const struct conf_script *script)
{
	if (!script->words)
		return;
	if (!script->words[0]) {
		fprintf(out, "\t%s\n", keyword);
		return;
	}
	fprintf(out, "\t%s \"", keyword);
	for (char **word = script->words; *word; word++) {
		if (word > script->words)
			fputc(' ', out);
		print_argument(out, *word);
	}
	fputc('"', out);
	if (script->user) {
		fputc(' ', out);
		print_word(out, script->user);
	}
	if (script->group) {
		fputc(' ', out);
		print_word(out, script->group);
	}
	fputc('\n', out);
}

static void print_notify(FILE *out, const struct conf_script notify[CONF_NOTIFY_KINDS])
{
	for (enum conf_notify kind = 0; kind < CONF_NOTIFY_KINDS; kind++)
		print_script(out, schema_by_key(IN_INSTANCE, KEY_NOTIFY + kind)->name,
			     &notify[kind]);
}

static void print_protocol(FILE *out, const struct conf_instance *instance)
{
	print_value(out, IN_INSTANCE, KEY_VERSION, instance->version);
	print_value(out, IN_INSTANCE, KEY_ADVERT_INT, instance->interval_cs * 10000LL);
	print_value(out, IN_INSTANCE, KEY_DOWN_ADVERTS, instance->down_adverts);
	fprintf(out, "\t%s\n", instance->preempt ? "preempt" : "nopreempt");
	if (instance->strict)
		fprintf(out, "\tstrict_mode on\n");
	if (instance->preempt)
		print_value(out, IN_INSTANCE, KEY_PREEMPT_DELAY, instance->preempt_delay_us);
	print_value(out, IN_INSTANCE, KEY_LOWER_PRIO_NO_ADVERT, instance->lower_prio_no_advert);
	print_value(out, IN_INSTANCE, KEY_HIGHER_PRIO_SEND_ADVERT,
		    instance->higher_prio_send_advert);
	fprintf(out, "\t%s\n", instance->accept ? "accept" : "no_accept");
}

static void print_routes(FILE *out, const char *tabs, const char *keyword,
			 const struct conf_routes *routes)
{
	if (!routes->count)
		return;
	fprintf(out, "%s%s {\n", tabs, keyword);
	for (size_t i = 0; i < routes->count; i++) {
		fprintf(out, "%s\t", tabs);
		route_print(out, &routes->list[i]);
		fputc('\n', out);
	}
	fprintf(out, "%s}\n", tabs);
}

static void print_rules(FILE *out, const char *tabs, const char *keyword,
			const struct conf_rules *rules)
{
	if (!rules->count)
		return;
	fprintf(out, "%s%s {\n", tabs, keyword);
	for (size_t i = 0; i < rules->count; i++) {
		fprintf(out, "%s\t", tabs);
		rule_print(out, &rules->list[i]);
		fputc('\n', out);
	}
	fprintf(out, "%s}\n", tabs);
}

static void print_instance(FILE *out, const struct conf *conf, const struct conf_instance *instance)
{
	fprintf(out, "\nvrrp_instance ");
	print_word(out, instance->name);
	fprintf(out, " {\n");
	print_value(out, IN_INSTANCE, KEY_STATE, instance->wants_active);
	if (*instance->interface) {
		fprintf(out, "\tinterface ");
		print_word(out, instance->interface);
		fputc('\n', out);
	}
	print_value(out, IN_INSTANCE, KEY_VRID, instance->vrid);
	print_value(out, IN_INSTANCE, KEY_PRIORITY, instance->priority);
	print_protocol(out, instance);
	print_options(out, instance);
	if (!instance->track_own_interface)
		fprintf(out, "\tdont_track_primary\n");
	print_tracks(out, conf, instance->tracks, instance->track_count, false);
	print_notify(out, instance->notify);
	print_value(out, IN_INSTANCE, KEY_PRIORITY_CHANGES, instance->notify_priority_changes);
	print_authentication(out, instance);
	print_family(out, instance);
	print_source(out, instance);
	print_peers(out, instance);
	print_address_block(out, "\t", "virtual_ipaddress", instance->addresses,
			    instance->address_count);
	print_address_block(out, "\t", "virtual_ipaddress_excluded", instance->excluded.list,
			    instance->excluded.count);
	print_routes(out, "\t", "virtual_routes", &instance->routes);
	print_rules(out, "\t", "virtual_rules", &instance->rules);
	fprintf(out, "}\n");
}

static void print_group(FILE *out, const struct conf *conf, const struct conf_group *group)
{
	fprintf(out, "\nvrrp_sync_group ");
	print_word(out, group->name);
	fprintf(out, " {\n\tgroup {\n");
	for (size_t i = 0; i < group->member_count; i++) /* quoted, it cannot be a keyword */
		fprintf(out, "\t\t\"%s\"\n", conf->instances[group->members[i]].name);
	fprintf(out, "\t}\n");
	if (group->member_weights)
		fprintf(out, "\tsync_group_tracking_weight\n");
	print_tracks(out, conf, group->tracks, group->track_count, true);
	print_notify(out, group->notify);
	print_value(out, IN_SYNC_GROUP, KEY_PRIORITY_CHANGES, group->notify_priority_changes);
	fprintf(out, "}\n");
}

char *conf_print(const struct conf *conf)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	print_global(out, &conf->global);
	print_address_block(out, "", "static_ipaddress", conf->global.static_addresses.list,
			    conf->global.static_addresses.count);
	print_routes(out, "", "static_routes", &conf->global.static_routes);
	print_rules(out, "", "static_rules", &conf->global.static_rules);
	print_objects(out, conf);
	for (size_t i = 0; i < conf->instance_count; i++)
		print_instance(out, conf, &conf->instances[i]);
	for (size_t i = 0; i < conf->group_count; i++)
		print_group(out, conf, &conf->groups[i]);
	bool failed = ferror(out);

	if (!fclose(out) && !failed)
		return text;
	free(text);
	return NULL;
}
