/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only part of conf/ that touches files. */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include "conf/conf.h"

/*
 * Read `path` and conf_parse() it. A file that cannot be read is a diagnostic of the file as a
 * whole (line 0, told as FILE:1:1) that says what to do, and an empty configuration.
 */
struct conf *conf_load(const char *path, struct conf_diags *diags);

/* Is it a file, or nothing at all? Reading anything else may wait for ever. */
bool conf_is_file(const char *path);

#endif
