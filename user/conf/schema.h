/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keywords as data: where each may stand, what value it takes, its range, its default and one
 * line of help. Parser, defaults, messages and documentation read this table.
 */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a keyword may stand. */
enum schema_context {
	IN_ROOT,
	IN_GLOBAL,	   /* global_defs */
	IN_INSTANCE,	   /* vrrp_instance */
	IN_AUTHENTICATION, /* authentication of an instance */
	IN_SYNC_GROUP,	   /* vrrp_sync_group */
	IN_SCRIPT,	   /* vrrp_script */
	IN_TRACK_FILE,	   /* track_file outside of an instance */
	IN_PROCESS,	   /* vrrp_track_process */
	IN_ADDRESSES,	   /* behind an address of virtual_ipaddress and its like */
	IN_PEERS,	   /* behind an address of unicast_peer */
	IN_MEMBERS,	   /* group of a vrrp_sync_group: names, no keywords */
	IN_TRACKS,	   /* behind a name in track_script and its like */
	IN_ROUTES,	   /* virtual_routes, virtual_rules and their like: no keywords */
};

/* The blocks from here on have lines without keywords. */
#define FIRST_LIST IN_ADDRESSES

#define CONTEXTS (IN_ROUTES + 1)

enum schema_kind {
	KIND_BLOCK,
	KIND_INTEGER,
	KIND_SECONDS,	/* a decimal fraction; microseconds inside */
	KIND_BOOL,	/* on|off|true|false|yes|no; nothing = on; one of `words` = off */
	KIND_FLAG,	/* no value: the keyword itself stands for the value `min` */
	KIND_CHOICE,	/* one of `words`; its index inside; where one is "", nothing is that one */
	KIND_INTERFACE, /* the name of a network interface */
	KIND_TEXT,
	KIND_IP,	/* an address of either family, as text; a prefix length is ignored */
	KIND_SCRIPT,	/* a command line, and perhaps a user and a group */
	KIND_USER,	/* a user, and perhaps a group */
	KIND_FIFO,	/* the path of a named pipe, and perhaps a user and a group */
	KIND_WEIGHT,	/* a number with a sign, and perhaps `reverse` */
	KIND_INIT_FILE, /* a number with a sign, `overwrite`, both, or nothing */
	KIND_EXTRA,	/* seconds, and perhaps `all` */
	KIND_WORDS,	/* all words of the line: a program and its parameters */
	KIND_ACCEPTED,	/* needs nothing done: no message */
	KIND_SKIPPED,	/* of keepalived, not of this version: a warning, see `part` */
	KIND_REFUSED, /* the same, but running without it is unsafe: the instance stays in fault */
};

/*
 * What a keyword sets; without meaning for the last three kinds. One key may have several keywords:
 * a negation, or the default in global_defs of what an instance may set for itself.
 */
enum schema_key {
	KEY_WEIGHT,
	KEY_CHECK_INTERVAL,
	KEY_CHECK_TIMEOUT,
	KEY_RISE,
	KEY_FALL,
	KEY_CHECK_USER,
	KEY_INIT_FAIL,
	KEY_FILE,
	KEY_INIT_FILE,
	KEY_PROCESS,
	KEY_PARAM_MATCH,
	KEY_FULL_COMMAND,
	KEY_QUORUM,
	KEY_QUORUM_MAX,
	KEY_DELAY,
	KEY_FORK_DELAY,
	KEY_TERMINATE_DELAY,
	KEY_OBJECT_SETTINGS, /* the number of those of tracked objects */
	KEY_VERSION = KEY_OBJECT_SETTINGS,
	KEY_RT_PRIORITY,
	KEY_NO_SWAP,
	KEY_STATE,
	KEY_INTERFACE,
	KEY_VRID,
	KEY_PRIORITY,
	KEY_ADVERT_INT,
	KEY_PREEMPT,
	KEY_PREEMPT_DELAY,
	KEY_DOWN_ADVERTS,
	KEY_LOWER_PRIO_NO_ADVERT,
	KEY_HIGHER_PRIO_SEND_ADVERT,
	KEY_STARTUP_DELAY,
	KEY_BOOT_DELAY,
	KEY_ACCEPT,
	KEY_AUTH_TYPE,
	KEY_AUTH_PASS,
	KEY_GARP_DELAY,
	KEY_GARP_REPEAT,
	KEY_GARP_REFRESH,
	KEY_GARP_REFRESH_REPEAT,
	KEY_GARP_LOWER_DELAY,
	KEY_GARP_LOWER_REPEAT,
	KEY_GARP_EXTRA,
	KEY_GARP_INTERVAL,
	KEY_GNA_INTERVAL,
	KEY_MIN_GARP,
	KEY_GROUP4,
	KEY_GROUP6,
	KEY_GROUP,
	KEY_STRICT,
	KEY_XDP_MODE,
	KEY_XDP_VIRTUAL_MAC,
	KEY_XDP_CHECKSUM,
	KEY_XDP_CONSUME_ADVERTS,
	KEY_V3_CHECKSUM,
	KEY_SOURCE,
	KEY_UNICAST_TTL,
	KEY_OLD_UNICAST_CHECKSUM,
	KEY_FAULT_NO_PEER,
	KEY_NATIVE_IPV6,
	KEY_SCRIPT_USER,
	KEY_SCRIPT_SECURITY,
	KEY_TRACK_OWN_INTERFACE,
	KEY_MEMBER_WEIGHTS,
	KEY_FIFO,
	KEY_VRRP_FIFO,
	KEY_PRIORITY_CHANGES,
	KEY_FIFO_ON_RELOAD,
	KEY_DEFAULT_INTERFACE,
	KEY_STARTUP_TIMEOUT,
	KEY_SHUTDOWN_TIMEOUT,
	KEY_SETTINGS, /* the number of those that hold one value */
	KEY_BLOCK_GLOBAL = KEY_SETTINGS,
	KEY_BLOCK_INSTANCE,
	KEY_BLOCK_AUTHENTICATION,
	KEY_BLOCK_ADDRESSES,
	KEY_BLOCK_PEERS,
	KEY_BLOCK_SYNC_GROUP,
	KEY_BLOCK_MEMBERS,
	KEY_BLOCK_SCRIPT, /* with the two that follow, in the order of enum conf_track_kind */
	KEY_BLOCK_TRACK_FILE,
	KEY_BLOCK_PROCESS,
	KEY_BLOCK_TRACK_INTERFACE, /* the same, with the three that follow */
	KEY_BLOCK_TRACK_SCRIPT,
	KEY_BLOCK_TRACK_FILES,
	KEY_BLOCK_TRACK_PROCESS,
	KEY_BLOCK_EXCLUDED,
	KEY_BLOCK_STATIC_ADDRESSES,
	KEY_BLOCK_ROUTES,
	KEY_BLOCK_STATIC_ROUTES,
	KEY_BLOCK_RULES,
	KEY_BLOCK_STATIC_RULES,
	KEY_DEV,
	KEY_LABEL,
	KEY_SCOPE,
	KEY_BROADCAST,
	KEY_PEER,
	KEY_PREFERRED,
	KEY_NODAD,
	KEY_HOME,
	KEY_TEMPORARY,
	KEY_NO_PREFIX_ROUTE,
	KEY_AUTOJOIN,
	KEY_MIN_TTL,
	KEY_MAX_TTL,
	KEY_TRACK_WEIGHT,
	KEY_REVERSE,
	KEY_NOREVERSE,
	KEY_SCRIPT, /* of a vrrp_script */
	KEY_FIFO_SCRIPT,
	KEY_VRRP_FIFO_SCRIPT,
	KEY_STARTUP_SCRIPT,
	KEY_SHUTDOWN_SCRIPT,
	KEY_NOTIFY, /* with those that follow, in the order of enum conf_notify */
	KEY_NOTIFY_ACTIVE,
	KEY_NOTIFY_BACKUP,
	KEY_NOTIFY_FAULT,
	KEY_NOTIFY_STOP,
	KEY_NOTIFY_DELETED,
	KEY_NOTIFY_RX_LOWER,
};

#define KEYS (KEY_NOTIFY_RX_LOWER + 1)

/* Parts of keepalived that are skipped; each has one sentence, see schema_part_text(). */
enum schema_part {
	PART_NONE,
	PART_LOAD_BALANCER,
	PART_MAIL,
	PART_SNMP,
	PART_DBUS,
	PART_LAST_TOLD_ONCE = PART_DBUS, /* up to here one message a file is enough */
	PART_TRACKING,
	PART_ROUTES,
	PART_ANNOUNCE,
	PART_PROTOCOL,
	PART_OWNER,
	PART_HMAC,
	PART_DELAYS,
	PART_NAMESPACE,
	PART_PROCESS,
	PART_STATIC_GROUP,
	PART_ADDRESS,
};

#define NO_DEFAULT (-1)

struct keyword {
	const char *name;
	enum schema_context context;
	enum schema_kind kind;
	enum schema_key key;
	int64_t min, max;
	int64_t fallback;	  /* the default; NO_DEFAULT = none */
	bool clamp;		  /* a number out of range is held inside of it */
	bool required;		  /* there is no default: without a value the file is refused */
	const char *const *words; /* of KIND_BOOL and _CHOICE, NULL-terminated */
	enum schema_part part;	  /* of KIND_SKIPPED and KIND_REFUSED */
	unsigned arguments; /* of a skipped word behind an address: the words that follow it */
	const char *help;   /* what it means; NULL for the last three kinds */
	const char *note;   /* what is different in keepalived, or NULL */
};

/* Row `index` of the table, the skipped keywords last; NULL behind the end. */
const struct keyword *schema_at(size_t index);

/* NULL if `context` does not know `name`. */
const struct keyword *schema_find(enum schema_context context, const char *name);

/* The row of a key in `context`, or NULL; of several, the first. */
const struct keyword *schema_by_key(enum schema_context context, enum schema_key key);

/*
 * The keyword of `context` that `name` is probably meant to be, or NULL: `name` without
 * keepalived's prefix of global_defs, or, unless `only_prefix`, with a letter or two wrong.
 */
const struct keyword *schema_nearest(enum schema_context context, const char *name,
				     bool only_prefix);

/* The block that keywords of `context` stand in, such as "vrrp_instance"; "" for the root. */
const char *schema_context_name(enum schema_context context);

/* What does not happen because `part` is skipped. */
const char *schema_part_text(enum schema_part part);

/* Room for schema_format_value(). */
#define VALUE_TEXT_LEN 32

/* A value as it is written in a file: 100, 2.5, on, BACKUP, nopreempt. Returns `text`. */
const char *schema_format_value(const struct keyword *keyword, int64_t value,
				char text[VALUE_TEXT_LEN]);

#endif
