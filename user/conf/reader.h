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
	const char *start, *end; /* as it is written, quotes included; all words of a statement
				    are in one array there */
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
	struct word *words;
	size_t word_capacity;
	char *text;
	size_t text_length, text_capacity;
	char *written; /* the words as they are written */
	size_t written_capacity;
};

void reader_init(struct reader *reader, struct source *source, struct conf_diags *diags);
void reader_free(struct reader *reader);

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
