/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyword table: the blocks of the file, and global_defs. */
#include "conf/schema_rows.h"

static const char *const mode_words[] = {"auto", "native", "generic", "tc", NULL};
static const char *const checksum_words[] = {"auto", "rfc9568", "pseudo", NULL};

static const struct keyword table[] = {
	BLOCK(IN_ROOT, "global_defs", KEY_BLOCK_GLOBAL, "settings for the agent and defaults"),
	BLOCK(IN_ROOT, "vrrp_instance", KEY_BLOCK_INSTANCE, "one virtual router, with its name"),
	BLOCK(IN_ROOT, "vrrp_sync_group", KEY_BLOCK_SYNC_GROUP,
	      "instances that are Active together or not at all, with a name"),

	INTEGER(IN_GLOBAL, "vrrp_version", KEY_VERSION, 2, 3, 2,
		"VRRP version of instances that do not say"),
	SPAN(IN_GLOBAL, "vrrp_garp_master_delay", KEY_GARP_DELAY, 0, YEAR, SECONDS(5),
	     "default of garp_master_delay"),
	CLAMPED(IN_GLOBAL, "vrrp_garp_master_repeat", KEY_GARP_REPEAT, 1, 100, 5,
		"default of garp_master_repeat"),
	SPAN(IN_GLOBAL, "vrrp_garp_master_refresh", KEY_GARP_REFRESH, 0, YEAR, 0,
	     "default of garp_master_refresh"),
	CLAMPED(IN_GLOBAL, "vrrp_garp_master_refresh_repeat", KEY_GARP_REFRESH_REPEAT, 1, 100, 1,
		"default of garp_master_refresh_repeat"),
	SPAN(IN_GLOBAL, "vrrp_garp_lower_prio_delay", KEY_GARP_LOWER_DELAY, 0, YEAR, NO_DEFAULT,
	     "default of garp_lower_prio_delay; without it vrrp_garp_master_delay"),
	INTEGER(IN_GLOBAL, "vrrp_garp_lower_prio_repeat", KEY_GARP_LOWER_REPEAT, 0, 100, NO_DEFAULT,
		"default of garp_lower_prio_repeat; without it vrrp_garp_master_repeat"),
	SPAN(IN_GLOBAL, "vrrp_garp_interval", KEY_GARP_INTERVAL, 0, YEAR, 0,
	     "shortest time between two gratuitous ARPs on one interface"),
	SPAN(IN_GLOBAL, "vrrp_gna_interval", KEY_GNA_INTERVAL, 0, YEAR, 0,
	     "shortest time between two unsolicited Neighbor Advertisements on one interface"),
	BOOL(IN_GLOBAL, "vrrp_min_garp", KEY_MIN_GARP, 0,
	     "announce once, and not again: vrrp_garp_master_repeat 1 and vrrp_garp_master_delay "
	     "0, "
	     "unless these are written"),
	TEXT(IN_GLOBAL, "vrrp_garp_extra_if", KIND_EXTRA, KEY_GARP_EXTRA,
	     "default of garp_extra_if"),
	TEXT(IN_GLOBAL, "vrrp_vmac_garp_intvl", KIND_EXTRA, KEY_GARP_EXTRA, "the same"),
	TEXT(IN_GLOBAL, "vrrp_mcast_group4", KIND_TEXT, KEY_GROUP4,
	     "default of mcast_dst_ip for IPv4: 224.0.0.18"),
	TEXT(IN_GLOBAL, "vrrp_mcast_group6", KIND_TEXT, KEY_GROUP6,
	     "default of mcast_dst_ip for IPv6: ff02::12"),
	FLAG(IN_GLOBAL, "vrrp_strict", KEY_STRICT, 1, 0,
	     "no_accept, lower_prio_no_advert, no authentication, no preempt_delay, "
	     "garp_lower_prio_repeat 0, down_timer_adverts 3, whatever instances say"),
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
};

const struct schema_rows schema_global = ROWS(table);
