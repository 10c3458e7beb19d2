/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lexer works line by line, because the language does. Comments, and what is a matter of whole
 * lines, are gone when a line gets here (source.c); behind a brace a new line begins in that sense.
 *
 * Differences from keepalived: lines have no maximum length, and a no-break space (U+00A0), which
 * text copied from web pages is indented with, is a blank before a word and ends the first word of
 * a line. It stays a part of later words: a password must come out byte by byte. `${NAME}` that
 * nobody has defined is a part of its word, not a word between braces.
 */
#include "conf/lexer.h"

#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"

static bool is_mark(char c)
{
	return c == '{' || c == '}' || c == '"';
}

static bool is_no_break(const char *at, const char *end)
{
	return line_starts_with(at, end, "\xc2\xa0");
}

/* Behind a `$` at `text`: the length of NAME or {NAME}, or 0. */
static size_t variable_length(const char *text, const char *end)
{
	const char *at = text;
	bool braces = at < end && *at == '{';
	const char *name = braces ? ++at : at;

	while (at < end && line_is_name(*at))
		at++;
	if (at == name || !line_begins_name(*name))
		return 0;
	if (braces && (at == end || *at++ != '}'))
		return 0;
	return (size_t)(at - text);
}

void lexer_init(struct lexer *lexer, struct source *source, struct conf_diags *diags)
{
	*lexer = (struct lexer){
		.source = source,
		.line = {.file = source_file(source)},
		.diags = diags,
	};
}

void lexer_free(struct lexer *lexer)
{
	free(lexer->buffer);
}

static void put(struct lexer *lexer, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		lexer->buffer =
			conf_grow(lexer->buffer, lexer->buffer_length, &lexer->buffer_capacity, 1);
		lexer->buffer[lexer->buffer_length++] = bytes[i];
	}
}

static void finish_word(struct lexer *lexer, struct token *token)
{
	put(lexer, "", 1);
	token->kind = TOKEN_WORD;
	token->text = lexer->buffer;
}

/* No escapes inside: a backslash is a backslash. */
static void quoted_word(struct lexer *lexer, struct token *token)
{
	struct conf_line *line = &lexer->line;
	const char *start = ++line->start;
	const char *quote = memchr(start, '"', (size_t)(line->end - start));

	if (!quote)
		conf_warning(lexer->diags, &token->place,
			     "no closing `\"` on this line: the quotation ends with the line");
	line->start = quote ? quote : line->end;
	put(lexer, start, (size_t)(line->start - start));
	line->start += quote != NULL;
	finish_word(lexer, token);
}

/* A misspelled name is not replaced, which would go unnoticed. */
static void tell_undefined(struct lexer *lexer, const char *at, size_t length)
{
	struct conf_place place = line_place(&lexer->line, at);

	conf_warning(lexer->diags, &place, "`%.*s` is not defined: it stays as it is",
		     (int)(length < 60 ? length : 60), at);
}

/* The length of the next piece of a bare word, or 0 at its end. */
static size_t bare_piece(struct lexer *lexer, bool first)
{
	const char *at = lexer->line.start, *end = lexer->line.end;

	if (at == end || line_is_blank(*at) || is_mark(*at))
		return 0;
	if (first && is_no_break(at, end))
		return 0;
	if (*at == '$') {
		size_t length = 1 + variable_length(at + 1, end);

		if (length > 1 && at[1] == '{')
			tell_undefined(lexer, at, length);
		return length;
	}
	/* `\\` is two characters, and its second one escapes nothing */
	return line_starts_with(at, end, "\\\\") ? 2 : 1;
}

static void bare_word(struct lexer *lexer, struct token *token)
{
	struct conf_line *line = &lexer->line;

	for (size_t length; (length = bare_piece(lexer, token->first)); line->start += length)
		put(lexer, line->start, length);
	finish_word(lexer, token);
}

static void pass_blanks(struct lexer *lexer)
{
	struct conf_line *line = &lexer->line;

	for (;;) {
		line->start = line_skip_blanks(line->start, line->end);
		if (!is_no_break(line->start, line->end))
			return;
		struct conf_place place = line_place(line, line->start);

		if (!lexer->told_no_break)
			conf_warning(lexer->diags, &place,
				     "a no-break space (U+00A0) is read as a blank, here and "
				     "wherever a word may begin");
		lexer->told_no_break = true;
		line->start += 2;
	}
}

/* What stands behind a brace may be a definition, a condition, an include. */
static void prepare_rest(struct lexer *lexer)
{
	struct conf_line *line = &lexer->line;

	line->start = line_skip_blanks(line->start, line->end);
	if (line->start < line->end && strchr("@$~i", *line->start) &&
	    !source_prepare(lexer->source, line))
		line->start = line->end;
}

void lexer_next(struct lexer *lexer, struct token *token)
{
	struct conf_line *line = &lexer->line;

	*token = (struct token){.kind = TOKEN_END};
	lexer->buffer_length = 0;
	if (lexer->in_line && lexer->after_brace)
		prepare_rest(lexer);
	lexer->after_brace = false;
	if (!lexer->in_line && !source_next(lexer->source, line)) {
		token->place = (struct conf_place){.file = line->file, .line = line->number};
		return;
	}
	if (!lexer->in_line)
		lexer->first = true;
	lexer->in_line = true;
	pass_blanks(lexer);
	token->place = line_place(line, line->start);
	token->first = lexer->first;
	lexer->first = false;
	if (line->start == line->end) {
		token->kind = TOKEN_END_OF_LINE;
		lexer->in_line = false;
	} else if (*line->start == '{' || *line->start == '}') {
		token->kind = *line->start++ == '{' ? TOKEN_OPEN : TOKEN_CLOSE;
		lexer->after_brace = true;
	} else {
		token->start = line->start;
		if (*line->start == '"')
			quoted_word(lexer, token);
		else
			bare_word(lexer, token);
		token->end = line->start;
	}
}
