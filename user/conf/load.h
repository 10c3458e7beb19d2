/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only part of conf/ that touches files. */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include "conf/conf.h"

/*
 * Read `path`, with what it includes, and parse it. `config_id` is what `@ID` is compared with;
 * NULL: the name of this machine up to its first dot. A file that cannot be read is a diagnostic of
 * the file as a whole (line 0, told as FILE:1:1) that says what to do, and an empty configuration.
 * `path` may be a pipe; what is included must be a regular file, so that it cannot wait for ever.
 */
struct conf *conf_load(const char *path, const char *config_id, struct conf_diags *diags);

struct conf_world;

/* The answers of the system; without a config_id. */
void conf_world_of_files(struct conf_world *world);

/* Is it a file, or nothing at all? Reading anything else may wait for ever. */
bool conf_is_file(const char *path);

/* For routes and rules that name a table as /etc/iproute2/rt_tables does; see conf/route.h. */
void load_table_names(void);

#endif
