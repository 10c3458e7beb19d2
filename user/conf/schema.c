/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keyword table: the part that this version acts on. What it skips stands in skipped.c. The
 * enums of conf.h that a KIND_CHOICE fills are in the order of its words.
 */
#include "conf/schema.h"

#include <stdio.h>
#include <string.h>

#include "conf/skipped.h"
#include "vrrp.h"

#define SECONDS(n) ((int64_t)((n)*1000000.0))
#define YEAR	   SECONDS(365 * 86400.0)

static const char *const state_words[] = {"BACKUP", "MASTER", NULL};
static const char *const auth_words[] = {"PASS", "AH", NULL};
static const char *const mode_words[] = {"auto", "native", "generic", "tc", NULL};
static const char *const checksum_words[] = {"auto", "rfc9568", "pseudo", NULL};
static const char *const never_words[] = {"never", NULL};

#define BLOCK(in, keyword, k, text)                                                        \
	{                                                                                  \
		.name = keyword, .context = in, .kind = KIND_BLOCK, .key = k, .help = text \
	}
#define INTEGER(in, keyword, k, low, high, dflt, text)                                      \
	{                                                                                   \
		.name = keyword, .context = in, .kind = KIND_INTEGER, .key = k, .min = low, \
		.max = high, .fallback = dflt, .help = text                                 \
	}
#define SPAN(in, keyword, k, low, high, dflt, text)                                         \
	{                                                                                   \
		.name = keyword, .context = in, .kind = KIND_SECONDS, .key = k, .min = low, \
		.max = high, .fallback = dflt, .help = text                                 \
	}
#define BOOL(in, keyword, k, dflt, text)                                               \
	{                                                                              \
		.name = keyword, .context = in, .kind = KIND_BOOL, .key = k, .max = 1, \
		.fallback = dflt, .help = text                                         \
	}
#define FLAG(in, keyword, k, value, dflt, text)                                            \
	{                                                                                  \
		.name = keyword, .context = in, .kind = KIND_FLAG, .key = k, .min = value, \
		.max = value, .fallback = dflt, .help = text                               \
	}
#define IP(in, keyword, k, text)                                                                   \
	{                                                                                          \
		.name = keyword, .context = in, .kind = KIND_IP, .key = k, .fallback = NO_DEFAULT, \
		.help = text                                                                       \
	}
#define SCRIPT(in, keyword, k, text)                                           \
	{                                                                      \
		.name = keyword, .context = in, .kind = KIND_SCRIPT, .key = k, \
		.fallback = NO_DEFAULT, .help = text                           \
	}
#define CHOICE(in, keyword, k, list, dflt, text)                                              \
	{                                                                                     \
		.name = keyword, .context = in, .kind = KIND_CHOICE, .key = k, .words = list, \
		.fallback = dflt, .help = text                                                \
	}

static const struct keyword table[] = {
	BLOCK(IN_ROOT, "global_defs", KEY_BLOCK_GLOBAL, "settings for the agent and defaults"),
	BLOCK(IN_ROOT, "vrrp_instance", KEY_BLOCK_INSTANCE, "one virtual router, with its name"),
	BLOCK(IN_ROOT, "vrrp_sync_group", KEY_BLOCK_SYNC_GROUP,
	      "instances that are Active together or not at all, with a name"),

	INTEGER(IN_GLOBAL, "vrrp_version", KEY_VERSION, 2, 3, 2,
		"VRRP version of instances that do not say"),
	SPAN(IN_GLOBAL, "vrrp_garp_master_delay", KEY_GARP_DELAY, 0, YEAR, SECONDS(5),
	     "default of garp_master_delay"),
	INTEGER(IN_GLOBAL, "vrrp_garp_master_repeat", KEY_GARP_REPEAT, 1, 100, 5,
		"default of garp_master_repeat"),
	SPAN(IN_GLOBAL, "vrrp_garp_master_refresh", KEY_GARP_REFRESH, 0, YEAR, 0,
	     "default of garp_master_refresh"),
	INTEGER(IN_GLOBAL, "vrrp_garp_master_refresh_repeat", KEY_GARP_REFRESH_REPEAT, 1, 100, 1,
		"default of garp_master_refresh_repeat"),
	INTEGER(IN_GLOBAL, "vrrp_rt_priority", KEY_RT_PRIORITY, 0, 99, 50,
		"real-time priority of the agent, 0 = ordinary scheduling"),
	BOOL(IN_GLOBAL, "vrrp_no_swap", KEY_NO_SWAP, 1, "keep the agent in memory"),
	SPAN(IN_GLOBAL, "vrrp_startup_delay", KEY_STARTUP_DELAY, 0, SECONDS(4294), 0,
	     "take no role so long after the start of the agent"),
	SPAN(IN_GLOBAL, "vrrp_delay_after_boot", KEY_BOOT_DELAY, 0, SECONDS(4294), 0,
	     "the same, counted from the start of the machine"),
	INTEGER(IN_GLOBAL, "vrrp_down_timer_adverts", KEY_DOWN_ADVERTS, 1, 100, 3,
		"default of down_timer_adverts"),
	BOOL(IN_GLOBAL, "vrrp_lower_prio_no_advert", KEY_LOWER_PRIO_NO_ADVERT, 0,
	     "default of lower_prio_no_advert"),
	BOOL(IN_GLOBAL, "vrrp_higher_prio_send_advert", KEY_HIGHER_PRIO_SEND_ADVERT, 0,
	     "default of higher_prio_send_advert"),
	BOOL(IN_GLOBAL, "v3_checksum_as_v2", KEY_V3_CHECKSUM, NO_DEFAULT,
	     "default of v3_checksum_as_v2 of the instances"),
	{.name = "script_user",
	 .context = IN_GLOBAL,
	 .kind = KIND_USER,
	 .key = KEY_SCRIPT_USER,
	 .fallback = NO_DEFAULT,
	 .help = "user, and perhaps group, of scripts that do not say"},
	FLAG(IN_GLOBAL, "enable_script_security", KEY_SCRIPT_SECURITY, 1, 0,
	     "run no script as root that others than root can write"),
	CHOICE(IN_GLOBAL, "xdp_mode", KEY_XDP_MODE, mode_words, 0,
	       "where the programs are attached; default of the instances"),
	BOOL(IN_GLOBAL, "xdp_virtual_mac", KEY_XDP_VIRTUAL_MAC, 1,
	     "answer with the virtual router MAC address; default of the instances"),
	CHOICE(IN_GLOBAL, "xdp_checksum", KEY_XDP_CHECKSUM, checksum_words, 0,
	       "form of the VRRPv3 checksum over IPv4; default of the instances"),
	BOOL(IN_GLOBAL, "xdp_consume_adverts", KEY_XDP_CONSUME_ADVERTS, 0,
	     "do not pass accepted advertisements on; default of the instances"),

	CHOICE(IN_INSTANCE, "state", KEY_STATE, state_words, 0,
	       "no effect: the election decides the state"),
	{.name = "interface",
	 .context = IN_INSTANCE,
	 .kind = KIND_INTERFACE,
	 .key = KEY_INTERFACE,
	 .required = true,
	 .fallback = NO_DEFAULT,
	 .help = "interface that advertisements are sent and received on"},
	{.name = "virtual_router_id",
	 .context = IN_INSTANCE,
	 .kind = KIND_INTEGER,
	 .key = KEY_VRID,
	 .min = 1,
	 .max = 255,
	 .required = true,
	 .fallback = NO_DEFAULT,
	 .help = "VRID: the same on all routers of the group"},
	INTEGER(IN_INSTANCE, "priority", KEY_PRIORITY, 1, VRRP_PRIORITY_OWNER,
		VRRP_PRIORITY_DEFAULT, "the highest becomes Active; 255 = owner of the addresses"),
	SPAN(IN_INSTANCE, "advert_int", KEY_ADVERT_INT, SECONDS(0.01), SECONDS(255), SECONDS(1),
	     "advertisement interval: v2 whole seconds, v3 0.01 to 40.95 by 0.01"),
	INTEGER(IN_INSTANCE, "version", KEY_VERSION, 2, 3, 2, "VRRP version"),
	FLAG(IN_INSTANCE, "preempt", KEY_PREEMPT, 1, 1,
	     "take the role from a router of lower priority"),
	FLAG(IN_INSTANCE, "nopreempt", KEY_PREEMPT, 0, 1,
	     "leave the role to a router of lower priority"),
	SPAN(IN_INSTANCE, "preempt_delay", KEY_PREEMPT_DELAY, 0, SECONDS(1000), 0,
	     "hear a router of lower priority for so long before taking the role from it"),
	INTEGER(IN_INSTANCE, "down_timer_adverts", KEY_DOWN_ADVERTS, 1, 100, 3,
		"intervals without an advertisement after which to take over; 1 counts as 2"),
	BOOL(IN_INSTANCE, "lower_prio_no_advert", KEY_LOWER_PRIO_NO_ADVERT, 0,
	     "do not answer an advertisement of lower priority at once"),
	BOOL(IN_INSTANCE, "higher_prio_send_advert", KEY_HIGHER_PRIO_SEND_ADVERT, 0,
	     "advertise once more before leaving the role to a higher priority"),
	FLAG(IN_INSTANCE, "accept", KEY_ACCEPT, 1, 1,
	     "take packets to the virtual addresses, owner or not"),
	FLAG(IN_INSTANCE, "no_accept", KEY_ACCEPT, 0, 1,
	     "drop packets to the virtual addresses unless owner"),
	SPAN(IN_INSTANCE, "garp_master_delay", KEY_GARP_DELAY, 0, YEAR, SECONDS(5),
	     "announce again so long after becoming Active, 0 = do not"),
	INTEGER(IN_INSTANCE, "garp_master_repeat", KEY_GARP_REPEAT, 1, 100, 5,
		"rounds of announcements at once"),
	SPAN(IN_INSTANCE, "garp_master_refresh", KEY_GARP_REFRESH, 0, YEAR, 0,
	     "announce so often while Active, 0 = do not"),
	INTEGER(IN_INSTANCE, "garp_master_refresh_repeat", KEY_GARP_REFRESH_REPEAT, 1, 100, 1,
		"rounds of these announcements"),
	CHOICE(IN_INSTANCE, "xdp_mode", KEY_XDP_MODE, mode_words, 0,
	       "where the programs are attached; one mode for an interface"),
	BOOL(IN_INSTANCE, "xdp_virtual_mac", KEY_XDP_VIRTUAL_MAC, 1,
	     "answer with the virtual router MAC address, not with the interface's own"),
	CHOICE(IN_INSTANCE, "xdp_checksum", KEY_XDP_CHECKSUM, checksum_words, 0,
	       "form of the VRRPv3 checksum over IPv4"),
	BOOL(IN_INSTANCE, "xdp_consume_adverts", KEY_XDP_CONSUME_ADVERTS, 0,
	     "do not pass accepted advertisements on to the host"),
	BOOL(IN_INSTANCE, "v3_checksum_as_v2", KEY_V3_CHECKSUM, NO_DEFAULT,
	     "on: as xdp_checksum rfc9568; off: as xdp_checksum pseudo"),
	IP(IN_INSTANCE, "unicast_src_ip", KEY_SOURCE, "source address of advertisements"),
	IP(IN_INSTANCE, "mcast_src_ip", KEY_SOURCE, "the same"),
	INTEGER(IN_INSTANCE, "unicast_ttl", KEY_UNICAST_TTL, 1, 255, 255,
		"TTL, or hop limit, of advertisements to unicast peers"),
	{.name = "old_unicast_checksum",
	 .context = IN_INSTANCE,
	 .kind = KIND_BOOL,
	 .key = KEY_OLD_UNICAST_CHECKSUM,
	 .max = 1,
	 .words = never_words,
	 .help = "checksum for unicast peers with the address of the group, as old keepalived"},
	FLAG(IN_INSTANCE, "unicast_fault_no_peer", KEY_FAULT_NO_PEER, 1, 0,
	     "without a unicast peer do not run, instead of multicast"),
	FLAG(IN_INSTANCE, "native_ipv6", KEY_NATIVE_IPV6, 1, 0, "the family is IPv6"),
	SCRIPT(IN_INSTANCE, "notify", KEY_NOTIFY, "to run at every change of the state"),
	SCRIPT(IN_INSTANCE, "notify_master", KEY_NOTIFY_ACTIVE, "to run on becoming Active"),
	SCRIPT(IN_INSTANCE, "notify_backup", KEY_NOTIFY_BACKUP, "to run on becoming Backup"),
	SCRIPT(IN_INSTANCE, "notify_fault", KEY_NOTIFY_FAULT, "to run when there is a fault"),
	SCRIPT(IN_INSTANCE, "notify_stop", KEY_NOTIFY_STOP, "to run when the agent stops"),
	SCRIPT(IN_INSTANCE, "notify_deleted", KEY_NOTIFY_DELETED,
	       "to run when a reload has removed the instance, instead of notify_fault"),
	SCRIPT(IN_INSTANCE, "notify_master_rx_lower_pri", KEY_NOTIFY_RX_LOWER,
	       "to run when an Active hears a lower priority"),
	BLOCK(IN_INSTANCE, "unicast_peer", KEY_BLOCK_PEERS,
	      "the other routers, one a line: unicast instead of multicast"),
	BLOCK(IN_INSTANCE, "authentication", KEY_BLOCK_AUTHENTICATION, "VRRPv2 only"),
	BLOCK(IN_INSTANCE, "virtual_ipaddress", KEY_BLOCK_ADDRESSES,
	      "the virtual addresses, one a line"),

	CHOICE(IN_AUTHENTICATION, "auth_type", KEY_AUTH_TYPE, auth_words, NO_DEFAULT,
	       "PASS; AH is refused"),
	{.name = "auth_pass",
	 .context = IN_AUTHENTICATION,
	 .kind = KIND_TEXT,
	 .key = KEY_AUTH_PASS,
	 .fallback = NO_DEFAULT,
	 .help = "the password, of which the first 8 bytes count"},

	BLOCK(IN_SYNC_GROUP, "group", KEY_BLOCK_MEMBERS, "the names of the instances"),
	SCRIPT(IN_SYNC_GROUP, "notify", KEY_NOTIFY, "to run at every change of the group"),
	SCRIPT(IN_SYNC_GROUP, "notify_master", KEY_NOTIFY_ACTIVE, "when the group becomes Active"),
	SCRIPT(IN_SYNC_GROUP, "notify_backup", KEY_NOTIFY_BACKUP, "when it becomes Backup"),
	SCRIPT(IN_SYNC_GROUP, "notify_fault", KEY_NOTIFY_FAULT, "when a member has a fault"),
	SCRIPT(IN_SYNC_GROUP, "notify_stop", KEY_NOTIFY_STOP, "when the agent stops"),

	INTEGER(IN_PEERS, "min_ttl", KEY_MIN_TTL, 0, 255, 0, "smallest TTL that is accepted"),
	INTEGER(IN_PEERS, "max_ttl", KEY_MAX_TTL, 0, 255, 255, "largest TTL that is accepted"),

	{.name = "dev",
	 .context = IN_ADDRESSES,
	 .kind = KIND_INTERFACE,
	 .key = KEY_DEV,
	 .fallback = NO_DEFAULT,
	 .help = "interface that gets the address"},
	{.name = "label",
	 .context = IN_ADDRESSES,
	 .kind = KIND_TEXT,
	 .key = KEY_LABEL,
	 .fallback = NO_DEFAULT,
	 .help = "label of the address, at most 15 bytes"},
	{.name = "scope",
	 .context = IN_ADDRESSES,
	 .kind = KIND_TEXT,
	 .key = KEY_SCOPE,
	 .fallback = NO_DEFAULT,
	 .help = "global, site, link, host, nowhere or a number from 0 to 255"},
	{.name = "brd",
	 .context = IN_ADDRESSES,
	 .kind = KIND_TEXT,
	 .key = KEY_BROADCAST,
	 .fallback = NO_DEFAULT,
	 .help = "broadcast address; + and - work it out of the prefix"},
	{.name = "broadcast",
	 .context = IN_ADDRESSES,
	 .kind = KIND_TEXT,
	 .key = KEY_BROADCAST,
	 .fallback = NO_DEFAULT,
	 .help = "the same as brd"},
};

#define TABLE_SIZE (sizeof(table) / sizeof(table[0]))

const struct keyword *schema_at(size_t index)
{
	return index < TABLE_SIZE ? &table[index] : skipped_at(index - TABLE_SIZE);
}

/* Asked of every line, several times: the first letter is enough to tell most rows apart. */
const struct keyword *schema_find(enum schema_context context, const char *name)
{
	const struct keyword *row;

	for (size_t i = 0; (row = schema_at(i)); i++)
		if (row->context == context && row->name[0] == name[0] && !strcmp(row->name, name))
			return row;
	return NULL;
}

const struct keyword *schema_by_key(enum schema_context context, enum schema_key key)
{
	for (size_t i = 0; i < TABLE_SIZE; i++)
		if (table[i].context == context && table[i].key == key)
			return &table[i];
	return NULL;
}

const char *schema_context_name(enum schema_context context)
{
	switch (context) {
	case IN_ROOT:
		return "";
	case IN_GLOBAL:
		return "global_defs";
	case IN_INSTANCE:
		return "vrrp_instance";
	case IN_AUTHENTICATION:
		return "authentication";
	case IN_SYNC_GROUP:
		return "vrrp_sync_group";
	case IN_ADDRESSES:
		return "virtual_ipaddress";
	case IN_PEERS:
		return "unicast_peer";
	case IN_MEMBERS:
		return "group";
	}
	return "";
}

static const char *format_seconds(int64_t us, char text[VALUE_TEXT_LEN])
{
	int length = snprintf(text, VALUE_TEXT_LEN, "%lld.%06lld", (long long)(us / 1000000),
			      (long long)(us % 1000000));

	while (text[length - 1] == '0')
		text[--length] = '\0';
	if (text[length - 1] == '.')
		text[--length] = '\0';
	return text;
}

const char *schema_format_value(const struct keyword *keyword, int64_t value,
				char text[VALUE_TEXT_LEN])
{
	switch (keyword->kind) {
	case KIND_SECONDS:
		return format_seconds(value, text);
	case KIND_BOOL:
		if (keyword->words)
			snprintf(text, VALUE_TEXT_LEN, "%s", value ? "" : keyword->words[0]);
		else
			snprintf(text, VALUE_TEXT_LEN, "%s", value ? "on" : "off");
		return text;
	case KIND_CHOICE:
		snprintf(text, VALUE_TEXT_LEN, "%s", keyword->words[value]);
		return text;
	case KIND_INTEGER:
	case KIND_FLAG:
	case KIND_BLOCK:
	case KIND_INTERFACE:
	case KIND_TEXT:
	case KIND_IP:
	case KIND_SCRIPT:
	case KIND_USER:
	case KIND_ACCEPTED:
	case KIND_SKIPPED:
	case KIND_REFUSED:
		break;
	}
	snprintf(text, VALUE_TEXT_LEN, "%lld", (long long)value);
	return text;
}
