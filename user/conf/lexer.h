/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes to tokens, by the rules of keepalived's language: lines count, double quotes keep a word
 * together, braces stand alone. Comments are gone already (source.h).
 */
#ifndef CONF_LEXER_H
#define CONF_LEXER_H

#include "conf/source.h"

enum token_kind {
	TOKEN_WORD,
	TOKEN_OPEN,	   /* { */
	TOKEN_CLOSE,	   /* } */
	TOKEN_END_OF_LINE, /* once for each line that has anything */
	TOKEN_END,	   /* of the text, again and again */
};

struct token {
	enum token_kind kind;
	struct conf_place place;
	const char *text;	 /* of a word, NUL-terminated; valid until the next call */
	const char *start, *end; /* of a word as it is written */
	bool first;		 /* on its line */
};

struct lexer {
	struct source *source;
	struct conf_line line; /* the bytes up to the next one are done: `line.start` */
	bool in_line, first;
	bool after_brace;
	bool told_no_break; /* the warning about U+00A0 has been given */
	char *buffer;	    /* the text of the current word */
	size_t buffer_length, buffer_capacity;
	struct conf_diags *diags;
};

void lexer_init(struct lexer *lexer, struct source *source, struct conf_diags *diags);
void lexer_next(struct lexer *lexer, struct token *token);
void lexer_free(struct lexer *lexer);

#endif
