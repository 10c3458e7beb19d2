/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of a scenario on its way through the parser; see scenario_parse.c. */
#ifndef SIM_SCENARIO_LINE_H
#define SIM_SCENARIO_LINE_H

#include "sim/scenario_value.h"

#define LINE_WORDS_MAX 64

struct line {
	const char *file;
	unsigned number;
	char *error; /* where the first one goes */
	size_t error_size;
	char text[512];
	char *words[LINE_WORDS_MAX]; /* NULL after the last */
	unsigned next;
};

/* "FILE:LINE: ..."; returns false, as all that follows does where it has told an error. */
bool line_fail(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Not `word`, which is "" at the end of the line, but what? */
bool line_unexpected(struct line *line, const char *word, const char *expected);

/* The text into words; what is after a # is no word. */
bool line_split(struct line *line);
const char *line_peek(const struct line *line); /* NULL at the end */
const char *line_take(struct line *line);	/* "" at the end: no value is empty */
bool line_take_if(struct line *line, const char *word);
bool line_at_end(struct line *line); /* or else that is told */

bool line_take_value(struct line *line, const struct field *field, void *object);
/* What stands alone first, then words with their values in any order, to the end of the line. */
bool line_take_fields(struct line *line, const struct field *fields, void *object);

#endif
