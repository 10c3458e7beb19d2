/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A block being read: which keywords it has, and where its values go. */
#ifndef CONF_BLOCK_H
#define CONF_BLOCK_H

#include "conf/raw.h"

struct block {
	enum schema_context context;
	enum schema_key key; /* of the block's own keyword */
	struct conf_place head, open;
	struct raw *raw;
	struct setting *settings;      /* where its scalar keywords go */
	struct raw_instance *instance; /* that it belongs to, or NULL */
	struct raw_group *group;       /* the same */
	struct raw_object *object;     /* the same */
};

/* The keywords inside of a block whose own keyword says all. */
enum schema_context block_context(const struct keyword *keyword);

/* A line of a block without keywords. */
void block_take_line(const struct block *block, const struct statement *statement,
		     struct conf_diags *diags);

/* A line with a keyword that has a value. */
void block_take_value(const struct block *block, const struct keyword *keyword,
		      const struct statement *statement, struct conf_diags *diags);

/*
 * A vrrp_script, track_file or vrrp_track_process: where its values go. False: its block has to be
 * skipped, which has been told.
 */
bool block_open_object(struct block *block, const struct keyword *keyword,
		       const struct statement *statement, struct conf_diags *diags);

#endif
