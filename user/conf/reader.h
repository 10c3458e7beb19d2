/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tokens to statements: the words of one line, up to a brace. A `{` behind them, on the same line
 * or on a later one, makes the statement the head of a block.
 */
#ifndef CONF_READER_H
#define CONF_READER_H

#include "conf/lexer.h"

struct word {
	const char *text;
	struct conf_place place;
	const char *start, *end; /* as it is written in the file, quotes included */
	size_t offset;		 /* of the text, while it is being collected */
};

enum statement_kind {
	STATEMENT_LINE,
	STATEMENT_BLOCK, /* the `{` has been read; its words may be none */
	STATEMENT_CLOSE, /* a `}` */
	STATEMENT_END,	 /* of the text */
};

struct statement {
	enum statement_kind kind;
	struct conf_place place; /* of the first word, or of the brace */
	struct conf_place open;	 /* of a block's `{` */
	const struct word *words;
	size_t count;
};

struct reader {
	struct lexer lexer;
	struct token token; /* read ahead */
	struct conf_diags *diags;
	struct statement statement; /* the last one; its words live until the next */
	bool again;
	bool conditional; /* it starts with @id at the start of a line */
	struct word *words;
	size_t word_capacity;
	char *text;
	size_t text_length, text_capacity;
};

void reader_init(struct reader *reader, const char *file, const char *text, size_t length,
		 struct conf_diags *diags);
void reader_free(struct reader *reader);

/*
 * The next statement. Those that the language has but this version has not (include, @id,
 * variables) are told about and skipped, with the block that they open.
 */
const struct statement *reader_next(struct reader *reader);

/* The next reader_next() returns the last statement again. */
void reader_again(struct reader *reader);

/*
 * Skip what follows the `{` of a block up to its `}`, whatever it contains. A vrrp_instance in
 * there is an error and ends the block: a brace is missing, and instances must not get lost.
 */
void reader_skip_block(struct reader *reader, const struct conf_place *open);

/* The message for a block that the end of the text cuts off. */
void reader_tell_unclosed(struct reader *reader, const struct conf_place *open);

#endif
