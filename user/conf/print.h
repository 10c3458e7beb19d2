/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The canonical form: for print*.c only, everybody else calls conf_print(). */
#ifndef CONF_PRINT_H
#define CONF_PRINT_H

#include <stdio.h>

#include "conf/conf.h"
#include "conf/schema.h"

/* A word as it has to be written: quoted if it has to be. */
void print_word(FILE *out, const char *word);

/* A keyword and its value, on a line of its own. */
void print_value(FILE *out, enum schema_context context, enum schema_key key, int64_t value);

/* Nothing if there are no words. */
void print_script(FILE *out, const char *keyword, const struct conf_script *script);

/* A block of addresses; nothing if there are none. `tabs` = how far it is indented. */
void print_address_block(FILE *out, const char *tabs, const char *keyword,
			 const struct conf_address *addresses, size_t count);

/* vrrp_script, track_file, vrrp_track_process. */
void print_objects(FILE *out, const struct conf *conf);

/* The blocks of what is tracked, those that came from the group, or those that did not. */
void print_tracks(FILE *out, const struct conf *conf, const struct conf_track *tracks, size_t count,
		  bool of_group);

/* notify_fifo, startup_script and their like, in global_defs. */
void print_global_scripts(FILE *out, const struct conf_global *global);

#endif
