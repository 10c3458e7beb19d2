/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes to tokens, by the rules of keepalived's language: lines count, `#` and `!` start a comment
 * outside double quotes, a backslash before them takes that meaning away, braces stand alone.
 */
#ifndef CONF_LEXER_H
#define CONF_LEXER_H

#include "conf/conf.h"

enum token_kind {
	TOKEN_WORD,
	TOKEN_OPEN,	   /* { */
	TOKEN_CLOSE,	   /* } */
	TOKEN_END_OF_LINE, /* once for each line */
	TOKEN_END,	   /* of the text, again and again */
};

struct token {
	enum token_kind kind;
	struct conf_place place;
	const char *text;	 /* of a word, NUL-terminated; valid until the next call */
	const char *start, *end; /* of a word as it is written in the file */
	bool first;		 /* on its line */
};

/* One file being read. */
struct lexer {
	const char *file;
	const char *at, *line_end, *next_line, *text_end;
	const char *line_start;
	unsigned line;
	bool in_line, first;
	bool told_no_break;    /* the warning about U+00A0 has been given */
	bool variable_defined; /* a line `$NAME=...` has been seen */
	char *buffer;	       /* the text of the current word */
	size_t buffer_length, buffer_capacity;
	struct conf_diags *diags;
};

/* `text` need not be NUL-terminated and may contain any bytes; it is not copied. */
void lexer_init(struct lexer *lexer, const char *file, const char *text, size_t length,
		struct conf_diags *diags);
void lexer_next(struct lexer *lexer, struct token *token);
void lexer_free(struct lexer *lexer);

/* Blank, NAME or {NAME} behind a `$` at `text`: the length of that name with its braces, or 0. */
size_t lexer_variable_length(const char *text, const char *end);

#endif
