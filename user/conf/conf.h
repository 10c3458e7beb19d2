/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration as data: what the parser makes of a keepalived.conf, with every default filled
 * in. Nothing here knows files (conf/load.h does) or the running agent.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "conf/global.h"
#include "conf/tracked.h"

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
	bool notify_priority_changes;	/* default that of global_defs */
	const struct conf_group *group; /* its sync group, NULL = none */
	bool track_own_interface;	/* default on; dont_track_primary: a link that is down is no
					   fault */
	struct conf_track *tracks;	/* in the order of the file, then those of its group */
	size_t track_count;
	struct conf_addresses excluded; /* virtual_ipaddress_excluded: either family, served like
					   the others, not advertised */
	struct conf_routes routes;	/* virtual_routes: there while Active */
	struct conf_rules rules;	/* virtual_rules */
	struct conf_address *addresses;
	size_t address_count;		/* 0..255 */
	unsigned unusable;		/* set of enum conf_unusable: it stays in fault */
	struct vrrp_addr group_address; /* with CONF_UNUSABLE_GROUP */
	bool strict;			/* strict_mode; what it changes is in the other members */
	struct conf_place place;	/* of the name */
};

/* vrrp_sync_group */
struct conf_group {
	char *name;
	size_t *members; /* indexes of instances, in the order of the file; without unknown ones */
	size_t member_count;
	struct conf_script notify[CONF_NOTIFY_KINDS];
	bool notify_priority_changes; /* default that of global_defs */
	bool member_weights;	   /* sync_group_tracking_weight: weights of single members count */
	struct conf_track *tracks; /* also in `tracks` of each member */
	size_t track_count;
	struct conf_place place;
};

/* What a reload is more careful about than a start. */
struct conf_wholeness {
	size_t left_out;	       /* includes that have failed without being an error */
	size_t unclosed;	       /* blocks that end with the file */
	struct conf_place unclosed_at; /* the outermost one */
	size_t known;		       /* keywords and blocks outside of all others, if known */
};

struct conf {
	struct conf_global global;
	struct conf_instance *instances; /* in the order of the file */
	size_t instance_count;
	struct conf_group *groups;
	size_t group_count;
	struct conf_check_script *scripts;
	size_t script_count;
	struct conf_track_file *track_files;
	size_t track_file_count;
	struct conf_process *processes;
	size_t process_count;
	char **files; /* names that places point to, NULL-terminated, in the order of reading */
	size_t file_count, file_capacity;
	struct conf_wholeness whole; /* of conf_load() */
};

enum conf_severity {
	CONF_WARNING,
	CONF_ERROR,
};

/* One diagnostic; `text` says what is wrong, what was expected, and what happens instead. */
struct conf_diag {
	enum conf_severity severity;
	struct conf_place place;
	size_t file_number; /* of its file among those of the configuration */
	char *text;
};

/* At most this many warnings, and as many errors, are kept; the last one kept says so. */
#define CONF_DIAGS_MAX 1000

struct conf_diags {
	struct conf_diag *list;
	size_t count;		 /* of the list */
	size_t errors, warnings; /* all of them, kept or not */
	struct conf_wholeness whole;
	size_t capacity;
};

/*
 * The addresses that an instance serves: the advertised ones, then the excluded ones, of either
 * family.
 */
size_t conf_served_count(const struct conf_instance *instance);
const struct conf_address *conf_served(const struct conf_instance *instance, size_t index);

/*
 * Parse and check the text of one configuration file. Always returns a configuration, to be freed
 * with conf_free(); it may be used only if diags->errors is 0. All diagnostics of the text are
 * appended to `diags`, in the order of their places. `file` is the name for the diagnostics.
 */
struct conf *conf_parse(const char *file, const char *text, size_t length,
			struct conf_diags *diags);
void conf_free(struct conf *conf);

/* The same with includes, conditions and what else `world` knows of, see conf/world.h. */
struct conf_world;
struct conf *conf_parse_in(const struct conf_world *world, const char *file, const char *text,
			   size_t length, struct conf_diags *diags);

/* The name of a file for places, owned by the configuration. */
const char *conf_add_file(struct conf *conf, const char *name);
void conf_diags_free(struct conf_diags *diags);

/* FILE:LINE:COL: error|warning: text, without a newline; malloc'd. */
char *conf_diag_format(const struct conf_diag *diag);

/* The canonical form: parses again to itself. malloc'd; NULL without memory. */
char *conf_print(const struct conf *conf);

/* The name of a tracked object of `conf`, as it stands in the file. */
const char *conf_track_name(const struct conf *conf, const struct conf_track *track);

#endif
