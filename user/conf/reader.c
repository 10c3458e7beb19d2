/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/reader.h"

#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"

void reader_init(struct reader *reader, const char *file, const char *text, size_t length,
		 struct conf_diags *diags)
{
	*reader = (struct reader){.diags = diags};
	lexer_init(&reader->lexer, file, text, length, diags);
	lexer_next(&reader->lexer, &reader->token);
}

void reader_free(struct reader *reader)
{
	lexer_free(&reader->lexer);
	free(reader->words);
	free(reader->text);
}

static void advance(struct reader *reader)
{
	lexer_next(&reader->lexer, &reader->token);
}

static void skip_empty_lines(struct reader *reader)
{
	while (reader->token.kind == TOKEN_END_OF_LINE)
		advance(reader);
}

/* Texts move while they grow, so a word remembers where its own starts. */
static void add_word(struct reader *reader, size_t count)
{
	const char *text = reader->token.text;

	reader->words =
		conf_grow(reader->words, count, &reader->word_capacity, sizeof(reader->words[0]));
	reader->words[count] = (struct word){
		.place = reader->token.place,
		.start = reader->token.start,
		.end = reader->token.end,
		.offset = reader->text_length,
	};
	do {
		reader->text =
			conf_grow(reader->text, reader->text_length, &reader->text_capacity, 1);
		reader->text[reader->text_length++] = *text;
	} while (*text++);
}

static void collect_words(struct reader *reader)
{
	struct statement *statement = &reader->statement;

	reader->text_length = 0;
	for (; reader->token.kind == TOKEN_WORD; advance(reader))
		add_word(reader, statement->count++);
	for (size_t i = 0; i < statement->count; i++)
		reader->words[i].text = reader->text + reader->words[i].offset;
	statement->words = reader->words;
}

static void read_statement(struct reader *reader)
{
	struct statement *statement = &reader->statement;

	skip_empty_lines(reader);
	*statement = (struct statement){.kind = STATEMENT_LINE, .place = reader->token.place};
	reader->conditional = reader->token.kind == TOKEN_WORD && reader->token.first &&
			      *reader->token.start == '@';
	collect_words(reader);
	if (statement->count)
		skip_empty_lines(reader);
	if (reader->token.kind == TOKEN_OPEN) {
		statement->kind = STATEMENT_BLOCK;
		statement->open = reader->token.place;
		advance(reader);
	} else if (!statement->count && reader->token.kind == TOKEN_CLOSE) {
		statement->kind = STATEMENT_CLOSE;
		advance(reader);
	} else if (!statement->count) {
		statement->kind = STATEMENT_END;
	}
}

static bool is_include(const char *word)
{
	return !strncmp(word, "include", 7) && word[7 + strspn(word + 7, "rmwba")] == '\0';
}

/* `$NAME` is plain text unless something defines it; keepalived defines names with a `_`. */
static bool uses_variable(const struct reader *reader, const char *word)
{
	const char *end = word + strlen(word);

	for (const char *at = word; (at = strchr(at, '$')); at++) {
		bool predefined = !strncmp(at, "$_", 2) || !strncmp(at, "${_", 3);

		if ((predefined || reader->lexer.variable_defined) &&
		    lexer_variable_length(at + 1, end))
			return true;
	}
	return false;
}

static bool tell_variable(struct reader *reader)
{
	const struct statement *statement = &reader->statement;

	for (size_t i = 0; i < statement->count; i++) {
		if (!uses_variable(reader, statement->words[i].text))
			continue;
		conf_warning(reader->diags, &statement->words[i].place,
			     "variables are not supported (" WORD "): %s is ignored",
			     statement->words[i].text,
			     statement->kind == STATEMENT_BLOCK ? "the block" : "the line");
		return true;
	}
	return false;
}

static bool tell_unsupported(struct reader *reader)
{
	const struct statement *statement = &reader->statement;

	if (!statement->count)
		return false;
	const struct word *word = &statement->words[0];

	if (reader->conditional) {
		conf_warning(reader->diags, &word->place,
			     "conditional lines are not supported: what " WORD
			     " selects is ignored",
			     word->text);
		return true;
	}
	if (*word->start != '"' && is_include(word->text)) {
		conf_warning(reader->diags, &word->place,
			     "`include` is not supported: " WORD " is not read",
			     statement->count > 1 ? statement->words[1].text : "");
		return true;
	}
	return tell_variable(reader);
}

const struct statement *reader_next(struct reader *reader)
{
	if (reader->again) {
		reader->again = false;
		return &reader->statement;
	}
	for (;;) {
		read_statement(reader);
		if (!tell_unsupported(reader))
			return &reader->statement;
		if (reader->statement.kind == STATEMENT_BLOCK) {
			struct conf_place open = reader->statement.open;

			reader_skip_block(reader, &open);
		}
	}
}

void reader_again(struct reader *reader)
{
	reader->again = true;
}

void reader_tell_unclosed(struct reader *reader, const struct conf_place *open)
{
	conf_warning(reader->diags, open, "this `{` has no `}`: the block ends with the file");
}

void reader_skip_block(struct reader *reader, const struct conf_place *open)
{
	size_t depth = 1;
	bool head = true; /* the token starts a statement */

	for (; depth; advance(reader)) {
		const struct token *token = &reader->token;

		if (token->kind == TOKEN_END) {
			reader_tell_unclosed(reader, open);
			return;
		}
		if (token->kind == TOKEN_WORD && head && !strcmp(token->text, "vrrp_instance")) {
			conf_error(reader->diags, &token->place,
				   "`vrrp_instance` inside a block that is skipped: the `{` at "
				   "line %u, column %u has no `}`",
				   open->line, open->column);
			return;
		}
		head = token->kind != TOKEN_WORD;
		if (token->kind == TOKEN_OPEN)
			depth++;
		else if (token->kind == TOKEN_CLOSE)
			depth--;
	}
}
