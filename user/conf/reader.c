/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/reader.h"

#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"

void reader_init(struct reader *reader, struct source *source, struct conf_diags *diags)
{
	*reader = (struct reader){.diags = diags};
	lexer_init(&reader->lexer, source, diags);
	lexer_next(&reader->lexer, &reader->token);
}

void reader_free(struct reader *reader)
{
	lexer_free(&reader->lexer);
	free(reader->words);
	free(reader->text);
	free(reader->written);
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

/* The line that they are on goes before the statement does. */
static void keep_written(struct reader *reader, size_t count)
{
	const char *start = reader->words[0].start;
	size_t length = (size_t)(reader->words[count - 1].end - start);

	if (reader->written_capacity < length) {
		free(reader->written);
		reader->written_capacity = 2 * length;
		reader->written = conf_alloc(reader->written_capacity);
	}
	memcpy(reader->written, start, length);
	for (size_t i = 0; i < count; i++) {
		struct word *word = &reader->words[i];

		word->start = reader->written + (word->start - start);
		word->end = reader->written + (word->end - start);
	}
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
	if (statement->count)
		keep_written(reader, statement->count);
}

static void read_statement(struct reader *reader)
{
	struct statement *statement = &reader->statement;

	skip_empty_lines(reader);
	*statement = (struct statement){.kind = STATEMENT_LINE, .place = reader->token.place};
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

const struct statement *reader_next(struct reader *reader)
{
	if (!reader->again)
		read_statement(reader);
	reader->again = false;
	return &reader->statement;
}

void reader_again(struct reader *reader)
{
	reader->again = true;
}

void reader_tell_unclosed(struct reader *reader, const struct conf_place *open)
{
	reader->diags->whole.unclosed++;
	reader->diags->whole.unclosed_at = *open;
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
				   "%s:%u:%u has no `}`",
				   open->file, open->line, open->column);
			return;
		}
		head = token->kind != TOKEN_WORD;
		if (token->kind == TOKEN_OPEN)
			depth++;
		else if (token->kind == TOKEN_CLOSE)
			depth--;
	}
}
