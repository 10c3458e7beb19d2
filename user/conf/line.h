/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of the language, wherever it comes from: its bytes, and where each of them is written. */
#ifndef CONF_LINE_H
#define CONF_LINE_H

#include "conf/conf.h"

/* Bytes of a line that is not as it is written: from `at` on. */
struct span {
	size_t at;
	unsigned column;
	bool fixed; /* all are at that column, where a variable is used; else one after another */
};

struct conf_line {
	const char *start, *end; /* the bytes */
	const char *base;	 /* what offsets and `column` count from; at most `start` */
	const char *file;
	unsigned number, column;
	const struct span *spans; /* NULL: the bytes are as they are written */
	size_t span_count;
};

/* The place of a byte; `fixed`: also that of those behind it. */
struct conf_place line_place_of(const struct conf_line *line, const char *at, bool *fixed);
struct conf_place line_place(const struct conf_line *line, const char *at);

/* Blanks separate words: everything but a newline that C calls a space. */
bool line_is_blank(char c);

/* May it be in the name of a variable? */
bool line_is_name(char c);

/* May the name of a variable begin with it? */
bool line_begins_name(char c);

bool line_starts_with(const char *at, const char *end, const char *bytes);
const char *line_skip_blanks(const char *at, const char *end);
/* The end without the blanks in front of it. */
const char *line_trim_blanks(const char *start, const char *end);

/*
 * Where the comment of a line begins, or its end: `#` and `!` outside of double quotes. A backslash
 * in front belongs to the comment: keepalived takes it away, writes the line into a copy, and finds
 * the comment when it reads that.
 */
const char *line_find_comment(const char *start, const char *end);

#endif
