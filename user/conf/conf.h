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

/* The garp_ options: microseconds, 0 = off. */
struct conf_garp {
	int64_t delay_us;	     /* default 5 s */
	unsigned repeat;	     /* default 5 */
	int64_t refresh_us;	     /* default 0 */
	unsigned refresh_repeat;     /* default 1 */
	unsigned lower_prio_repeat;  /* after a lower priority was heard; default
					vrrp_garp_master_repeat */
	int64_t lower_prio_delay_us; /* and once more; default vrrp_garp_master_delay */
	int64_t extra_if_us;	     /* garp_extra_if: on interfaces of addresses that get no
					advertisements, so often while Active; default 0 */
	bool extra_if_all;	     /* on those that get some, too */
};

/* Why an instance cannot run, though the file may be used: a set. */
enum conf_unusable {
	CONF_UNUSABLE_AH = 1 << 0,    /* auth_type AH */
	CONF_UNUSABLE_HMAC = 1 << 1,  /* auth_hmac */
	CONF_UNUSABLE_GROUP = 1 << 2, /* another multicast group than the RFC's: `group_address` */
	CONF_UNUSABLE_INTERFACE = 1 << 3, /* no interface, which keepalived allows if unicast */
};

struct conf_address {
	struct vrrp_addr address;
	uint8_t prefix_len;   /* default 32 or 128 */
	char dev[IFNAMSIZ];   /* empty: the instance's interface */
	char label[IFNAMSIZ]; /* empty: none */
	uint8_t scope;	      /* RT_SCOPE_*: default universe (global) */
	bool has_broadcast;   /* written as an address, or worked out of `brd +` or `brd -` */
	struct vrrp_addr broadcast;
	struct vrrp_addr peer; /* all zero = none */
	bool has_preferred;    /* preferred_lft is written; without: an IPv6 /128 is deprecated, as
				  in keepalived, so that nobody takes it for a source */
	uint32_t preferred_s;  /* UINT32_MAX = for ever */
	uint32_t flags;	       /* IFA_F_HOMEADDRESS (home), IFA_F_MANAGETEMPADDR (mngtmpaddr),
				  IFA_F_NOPREFIXROUTE, IFA_F_MCAUTOJOIN (autojoin) */
	bool detects_duplicates; /* -nodad; IPv6 only */
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
	CONF_NOTIFY_DELETED,  /* a reload has removed it; without one, as in keepalived: FAULT;
				 the keyword alone: a list of no words */
	CONF_NOTIFY_RX_LOWER, /* Active, and a lower priority was heard */
	CONF_NOTIFY_KINDS,
};

enum conf_track_kind {
	CONF_TRACK_INTERFACE,
	CONF_TRACK_SCRIPT,
	CONF_TRACK_FILE,
	CONF_TRACK_PROCESS,
	CONF_TRACK_KINDS,
};

/*
 * One object that an instance watches: a line of track_interface, track_script and so on. See
 * core/track.h for what it does to the priority.
 */
struct conf_track {
	enum conf_track_kind kind;
	char interface[IFNAMSIZ]; /* CONF_TRACK_INTERFACE */
	size_t object; /* the others: index into conf->scripts, ->track_files or ->processes */
	int weight;    /* -253..253, default that of the object; 0 = a fault while it is down */
	bool reverse;
	bool of_group; /* it comes from the sync group, which prints it */
	struct conf_place place;
};

/* vrrp_script */
struct conf_check_script {
	char *name;
	struct conf_script script;
	int64_t interval_us; /* default 1 s */
	int64_t timeout_us;  /* default: interval_us */
	int weight;	     /* default of those that track it: 0 */
	bool reverse;
	unsigned rise, fall; /* results in a row that change the state; default 1 */
	bool init_fail;	     /* counts as failed until it has succeeded `rise` times */
	struct conf_place place;
};

/* track_file: the number in the file times the weight is added to the priority. */
struct conf_track_file {
	char *name;
	char *path;
	int weight; /* default 1; 0 = a fault while the number is not 0 */
	bool reverse;
	bool create;	 /* init_file: write `initial` when the file is missing ... */
	bool overwrite;	 /* ... or in any case */
	int64_t initial; /* default 0 */
	struct conf_place place;
};

enum conf_param_match {
	CONF_PARAM_NONE, /* parameters do not count */
	CONF_PARAM_EXACT,
	CONF_PARAM_INITIAL, /* of the last one only the beginning; the process may have further ones
			     */
	CONF_PARAM_PARTIAL, /* the process may have further ones */
};

/* vrrp_track_process: up while quorum <= matching processes <= quorum_max. */
struct conf_process {
	char *name;
	char **words; /* program and parameters, NULL-terminated */
	enum conf_param_match match;
	bool full_command; /* compare /proc/PID/cmdline, not comm */
	int weight;	   /* default 0 */
	bool reverse;
	unsigned quorum;	    /* default 1 */
	unsigned quorum_max;	    /* default UINT_MAX */
	int64_t fork_delay_us;	    /* up only after so long; default 0 */
	int64_t terminate_delay_us; /* down only after so long; default 0 */
	struct conf_place place;
};

struct conf_group;
struct route; /* core/route.h */
struct rule;  /* the same */

struct conf_routes {
	struct route *list;
	size_t count;
};

struct conf_rules {
	struct rule *list;
	size_t count;
};

struct conf_addresses {
	struct conf_address *list;
	size_t count;
};

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

/* notify_fifo and its like: a named pipe, and the program that reads it. */
struct conf_fifo {
	char *path;		   /* NULL = none */
	char *user, *group;	   /* of the pipe; NULL = the agent's */
	struct conf_script script; /* started with the path as its argument; may be none */
};

struct conf_global {
	uint8_t vrrp_version; /* default 2, as in keepalived; instances with IPv6 addresses: 3 */
	unsigned rt_priority; /* vrrp_rt_priority: 1..99, 0 = ordinary scheduling; default 50 */
	bool no_swap;	      /* vrrp_no_swap; default on */
	int64_t startup_delay_us; /* vrrp_startup_delay; default 0 */
	int64_t boot_delay_us; /* vrrp_delay_after_boot: no role before CLOCK_BOOTTIME shows that;
				  default 0 */
	int64_t garp_interval_us;     /* vrrp_garp_interval: between two ARP announcements of an
					 interface; default 0 */
	int64_t gna_interval_us;      /* vrrp_gna_interval: the same for Neighbor Advertisements */
	bool script_security;	      /* enable_script_security; default off */
	struct conf_fifo fifo;	      /* notify_fifo, notify_fifo_script */
	struct conf_fifo vrrp_fifo;   /* vrrp_notify_fifo, vrrp_notify_fifo_script */
	bool notify_priority_changes; /* vrrp_notify_priority_changes: default of the others */
	bool fifo_states_on_reload;   /* fifo_write_vrrp_states_on_reload */
	struct conf_script startup_script, shutdown_script;
	int64_t startup_timeout_us, shutdown_timeout_us; /* default 10 s */
	struct conf_addresses static_addresses; /* there while the agent runs; `dev` is set */
	struct conf_routes static_routes;
	struct conf_rules static_rules;
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

/* The canonical form: parses again to itself. malloc'd. */
char *conf_print(const struct conf *conf);

#endif
