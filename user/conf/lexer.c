/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lexer works line by line, because the language does: what a whole line decides (a definition
 * of a variable, an embedded NUL) is decided when the line starts, everything else token by token.
 *
 * Differences from keepalived: lines have no maximum length, and a no-break space (U+00A0), which
 * text copied from web pages is indented with, is a blank before a word and ends the first word of
 * a line. It stays a part of later words: a password must come out byte by byte.
 *
 * Included files will be a stack of these lexers in the reader; each token knows its own file.
 */
#include "conf/lexer.h"

#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"

static struct conf_place place_of(const struct lexer *lexer, const char *at)
{
	return (struct conf_place){
		.file = lexer->file,
		.line = lexer->line,
		.column = (unsigned)(at - lexer->line_start) + 1,
	};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool is_comment(char c)
{
	return c == '#' || c == '!';
}

static bool is_mark(char c)
{
	return c == '{' || c == '}' || c == '"';
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool starts_with(const char *at, const char *end, const char *bytes)
{
	size_t length = strlen(bytes);

	return (size_t)(end - at) >= length && !memcmp(at, bytes, length);
}

static bool is_no_break(const char *at, const char *end)
{
	return starts_with(at, end, "\xc2\xa0");
}

size_t lexer_variable_length(const char *text, const char *end)
{
	const char *at = text;
	bool braces = at < end && *at == '{';
	const char *name = braces ? ++at : at;

	while (at < end && is_name(*at))
		at++;
	if (at == name || (*name >= '0' && *name <= '9'))
		return 0;
	if (braces && (at == end || *at++ != '}'))
		return 0;
	return (size_t)(at - text);
}

void lexer_init(struct lexer *lexer, const char *file, const char *text, size_t length,
		struct conf_diags *diags)
{
	*lexer = (struct lexer){
		.file = file,
		.at = text,
		.line_start = text,
		.line_end = text,
		.next_line = text,
		.text_end = text + length,
		.diags = diags,
	};
	/* The byte order mark that some editors put in front. */
	if (starts_with(text, lexer->text_end, "\xef\xbb\xbf"))
		lexer->next_line += 3;
}

void lexer_free(struct lexer *lexer)
{
	free(lexer->buffer);
}

static void cut_line(struct lexer *lexer)
{
	const char *start = lexer->next_line;
	const char *newline = memchr(start, '\n', (size_t)(lexer->text_end - start));

	lexer->line++;
	lexer->line_start = lexer->at = start;
	lexer->line_end = newline ? newline : lexer->text_end;
	lexer->next_line = newline ? newline + 1 : lexer->text_end;
	if (lexer->line_end > start && lexer->line_end[-1] == '\r')
		lexer->line_end--;
	lexer->in_line = lexer->first = true;
}

/* keepalived ignores such a line too. */
static bool skip_nul_line(struct lexer *lexer)
{
	const char *nul = memchr(lexer->at, '\0', (size_t)(lexer->line_end - lexer->at));

	if (!nul)
		return false;
	struct conf_place place = place_of(lexer, nul);

	conf_warning(lexer->diags, &place, "a NUL byte: the line is ignored");
	lexer->at = lexer->line_end;
	return true;
}

/* `$NAME=value`; a backslash at the end of the line continues the value on the next one. */
static bool skip_definition(struct lexer *lexer)
{
	const char *at = lexer->at;

	while (at < lexer->line_end && is_blank(*at))
		at++;
	if (at == lexer->line_end || *at != '$')
		return false;
	struct conf_place place = place_of(lexer, at);
	size_t length = lexer_variable_length(++at, lexer->line_end);
	const char *name = at;

	for (at += length; at < lexer->line_end && is_blank(*at); at++)
		;
	if (!length || at == lexer->line_end || *at != '=')
		return false;
	conf_warning(lexer->diags, &place,
		     "variables are not supported: the definition of `%.*s` is ignored, and so are "
		     "lines that use variables",
		     (int)(length < 60 ? length : 60), name);
	lexer->variable_defined = true;
	while (lexer->line_end > lexer->line_start && lexer->line_end[-1] == '\\' &&
	       lexer->next_line < lexer->text_end)
		cut_line(lexer);
	lexer->at = lexer->line_end;
	return true;
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
	const char *start = ++lexer->at;
	const char *quote = memchr(start, '"', (size_t)(lexer->line_end - start));

	if (!quote)
		conf_warning(lexer->diags, &token->place,
			     "no closing `\"` on this line: the quotation ends with the line");
	lexer->at = quote ? quote : lexer->line_end;
	put(lexer, start, (size_t)(lexer->at - start));
	lexer->at += quote != NULL;
	finish_word(lexer, token);
}

/* The length of the next piece of a bare word, or 0 at its end. */
static size_t bare_piece(const struct lexer *lexer, bool first)
{
	const char *at = lexer->at, *end = lexer->line_end;

	if (at == end || is_blank(*at) || is_comment(*at) || is_mark(*at))
		return 0;
	if (first && is_no_break(at, end))
		return 0;
	if (*at == '$')
		return 1 + lexer_variable_length(at + 1, end);
	/* `\\` is two characters, and its second one escapes nothing */
	return starts_with(at, end, "\\\\") ? 2 : 1;
}

static void bare_word(struct lexer *lexer, struct token *token)
{
	for (size_t length; (length = bare_piece(lexer, token->first)); lexer->at += length) {
		if (starts_with(lexer->at, lexer->line_end, "\\#") ||
		    starts_with(lexer->at, lexer->line_end, "\\!"))
			lexer->at++;
		put(lexer, lexer->at, length);
	}
	finish_word(lexer, token);
}

static void skip_blanks(struct lexer *lexer)
{
	for (;;) {
		if (lexer->at < lexer->line_end && is_blank(*lexer->at)) {
			lexer->at++;
		} else if (is_no_break(lexer->at, lexer->line_end)) {
			struct conf_place place = place_of(lexer, lexer->at);

			if (!lexer->told_no_break)
				conf_warning(lexer->diags, &place,
					     "a no-break space (U+00A0) is read as a blank, here "
					     "and wherever a word may begin");
			lexer->told_no_break = true;
			lexer->at += 2;
		} else {
			return;
		}
	}
}

static bool begin_line(struct lexer *lexer)
{
	if (lexer->next_line == lexer->text_end)
		return false;
	cut_line(lexer);
	if (!skip_nul_line(lexer))
		skip_definition(lexer);
	return true;
}

void lexer_next(struct lexer *lexer, struct token *token)
{
	*token = (struct token){.kind = TOKEN_END};
	lexer->buffer_length = 0;
	if (!lexer->in_line && !begin_line(lexer)) {
		token->place = place_of(lexer, lexer->at);
		return;
	}
	skip_blanks(lexer);
	token->place = place_of(lexer, lexer->at);
	token->first = lexer->first;
	lexer->first = false;
	if (lexer->at == lexer->line_end || is_comment(*lexer->at)) {
		token->kind = TOKEN_END_OF_LINE;
		lexer->in_line = false;
	} else if (*lexer->at == '{' || *lexer->at == '}') {
		token->kind = *lexer->at++ == '{' ? TOKEN_OPEN : TOKEN_CLOSE;
	} else {
		token->start = lexer->at;
		if (*lexer->at == '"')
			quoted_word(lexer, token);
		else
			bare_word(lexer, token);
		token->end = lexer->at;
	}
}
