/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ~SEQ, ~SEQx and ~LST: a line that is read again and again, with other values of its variables. */
#ifndef CONF_SEQUENCE_H
#define CONF_SEQUENCE_H

#include "conf/define.h"

struct sequence;

bool sequence_begins(const struct conf_line *line);

/*
 * A line up to its `)`, with variables replaced in it. Returns NULL where that is no sequence;
 * `why` says what is wrong. The text that is repeated comes from `text`.
 */
struct sequence *sequence_parse(const struct conf_line *head, const struct conf_line *text,
				const char **why);

/* Set the variables to their next values, and `line` to the text; false: there are no more. */
bool sequence_next(struct sequence *sequence, struct definitions *definitions,
		   struct conf_line *line);
void sequence_free(struct sequence *sequence);

#endif
