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

#include "conf/keys.h"

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
