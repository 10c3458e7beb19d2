/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of this ring share: a text parsed, with its diagnostics and printed form. */
#ifndef TESTS_CONF_SUPPORT_H
#define TESTS_CONF_SUPPORT_H

#include "conf/conf.h"

struct parsed {
	struct conf *conf;
	struct conf_diags diags;
	char *told;    /* the formatted diagnostics, a line each */
	char *printed; /* conf_print(); NULL if there are errors */
};

/* `file` is the name for the diagnostics. Fails the test if the result is broken in itself. */
struct parsed parse(const char *file, const char *text, size_t length);
struct parsed parse_text(const char *text);
void parsed_free(struct parsed *parsed);

/* How many of the diagnostics contain `text`. */
size_t told(const struct parsed *parsed, const char *text);

/*
 * The canonical form must parse to itself, with no other warnings than that something does not run.
 */
void assert_round_trip(const struct parsed *parsed);

/* The content of a file, NUL-terminated, malloc'd; NULL if there is none. */
char *read_file(const char *path, size_t *length);

/* The paths DIR/NAME of all files of `directory` that end in `suffix`, sorted, NULL-terminated. */
char **list_files(const char *directory, const char *suffix);

/* How many times slower than by itself this program runs (tests/run.sh), at least 1. */
unsigned slower(void);

#endif
