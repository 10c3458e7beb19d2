/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration as data: what the parser makes of a keepalived.conf, with every default filled
 * in. Nothing here knows files (conf/load.h does) or the running agent.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <net/if.h>

#include "core/types.h"

enum conf_toggle {
	CONF_DEFAULT, /* not written: the global value, or the built-in one, decides */
	CONF_ON,
	CONF_OFF,
};

enum conf_checksum {
	CONF_CHECKSUM_AUTO,
	CONF_CHECKSUM_RFC9568,
	CONF_CHECKSUM_PSEUDO,
};

enum conf_xdp_mode {
	CONF_XDP_AUTO,
	CONF_XDP_NATIVE,
	CONF_XDP_GENERIC,
	CONF_XDP_TC,
};

/* Where something was written; line and column count from 1, 0 = nowhere. */
struct conf_place {
	const char *file; /* owned by the struct conf */
	unsigned line, column;
};

/* The garp_master_* options: microseconds, 0 = off. */
struct conf_garp {
	int64_t delay_us;	 /* default 5 s */
	unsigned repeat;	 /* default 5 */
	int64_t refresh_us;	 /* default 0 */
	unsigned refresh_repeat; /* default 1 */
};

struct conf_address {
	struct vrrp_addr address;
	uint8_t prefix_len;   /* default 32 or 128 */
	char dev[IFNAMSIZ];   /* empty: the instance's interface */
	char label[IFNAMSIZ]; /* empty: none */
	uint8_t scope;	      /* RT_SCOPE_*: default universe (global) */
	bool has_broadcast;   /* written as an address, or worked out of `brd +` or `brd -` */
	struct vrrp_addr broadcast;
	struct conf_place place;
};

/* A line of unicast_peer. */
struct conf_peer {
	struct vrrp_addr address;
	uint8_t min_ttl, max_ttl; /* default 0 and 255 */
	struct conf_place place;
};

/* A command of notify and its like: the program and its words; NULL = none is configured. */
struct conf_script {
	char **words;	    /* NULL-terminated */
	char *user, *group; /* to run as; NULL = as the agent */
	struct conf_place place;
};

/* CONF_NOTIFY_ACTIVE is keepalived's notify_master. */
enum conf_notify {
	CONF_NOTIFY,
	CONF_NOTIFY_ACTIVE,
	CONF_NOTIFY_BACKUP,
	CONF_NOTIFY_FAULT,
	CONF_NOTIFY_STOP,
	CONF_NOTIFY_KINDS,
};

struct conf_group;

struct conf_instance {
	char *name;
	char interface[IFNAMSIZ];
	enum vrrp_family family; /* that of the virtual addresses; IPv4 without any */
	uint8_t version;	 /* 2 or 3, global default applied */
	uint8_t vrid;
	uint8_t priority;  /* 1..255 */
	bool wants_active; /* state MASTER: no effect but on warnings */
	bool preempt;
	int64_t preempt_delay_us;     /* default 0 */
	bool lower_prio_no_advert;    /* off */
	bool higher_prio_send_advert; /* off */
	unsigned down_adverts;	      /* down_timer_adverts: 2..100, default 3 */
	bool accept;
	uint32_t interval_cs;		  /* v3 1..4095; v2 100..25500, whole seconds */
	uint8_t auth_type;		  /* v2: enum vrrp_auth */
	uint8_t auth_data[VRRP_AUTH_LEN]; /* zero padded */
	struct conf_garp garp;
	enum conf_checksum checksum;
	bool virtual_mac;     /* xdp_virtual_mac */
	bool consume_adverts; /* xdp_consume_adverts */
	enum conf_xdp_mode xdp_mode;
	struct vrrp_addr source; /* mcast_src_ip or unicast_src_ip; zero = the primary address */
	struct conf_peer *peers; /* unicast_peer; none = multicast */
	size_t peer_count;
	uint8_t unicast_ttl;	   /* default 255 */
	bool old_unicast_checksum; /* off */
	struct conf_script notify[CONF_NOTIFY_KINDS];
	const struct conf_group *group; /* its sync group, NULL = none */
	struct conf_address *addresses;
	size_t address_count;	 /* 0..255 */
	struct conf_place place; /* of the name */
};

/* vrrp_sync_group */
struct conf_group {
	char *name;
	size_t *members; /* indexes of instances, in the order of the file; without unknown ones */
	size_t member_count;
	struct conf_script notify[CONF_NOTIFY_KINDS];
	struct conf_place place;
};

struct conf_global {
	uint8_t vrrp_version; /* default 2, as in keepalived; instances with IPv6 addresses: 3 */
	unsigned rt_priority; /* vrrp_rt_priority: 1..99, 0 = ordinary scheduling; default 50 */
	bool no_swap;	      /* vrrp_no_swap; default on */
	int64_t startup_delay_us; /* vrrp_startup_delay; default 0 */
	int64_t boot_delay_us; /* vrrp_delay_after_boot: no role before CLOCK_BOOTTIME shows that;
				  default 0 */
	bool script_security;  /* enable_script_security; default off */
};

struct conf {
	struct conf_global global;
	struct conf_instance *instances; /* in the order of the file */
	size_t instance_count;
	struct conf_group *groups;
	size_t group_count;
	char **files; /* names that places point to, NULL-terminated */
};

enum conf_severity {
	CONF_WARNING,
	CONF_ERROR,
};

/* One diagnostic; `text` says what is wrong, what was expected, and what happens instead. */
struct conf_diag {
	enum conf_severity severity;
	struct conf_place place;
	char *text;
};

/* At most this many warnings, and as many errors, are kept; the last one kept says so. */
#define CONF_DIAGS_MAX 1000

struct conf_diags {
	struct conf_diag *list;
	size_t count;		 /* of the list */
	size_t errors, warnings; /* all of them, kept or not */
	size_t capacity;
};

/*
 * Parse and check the text of one configuration file. Always returns a configuration, to be freed
 * with conf_free(); it may be used only if diags->errors is 0. All diagnostics of the text are
 * appended to `diags`, in the order of their places. `file` is the name for the diagnostics.
 */
struct conf *conf_parse(const char *file, const char *text, size_t length,
			struct conf_diags *diags);
void conf_free(struct conf *conf);
void conf_diags_free(struct conf_diags *diags);

/* FILE:LINE:COL: error|warning: text, without a newline; malloc'd. */
char *conf_diag_format(const struct conf_diag *diag);

/* The canonical form: parses again to itself. malloc'd. */
char *conf_print(const struct conf *conf);

#endif
