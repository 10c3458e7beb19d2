/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command lines: NOTIFY "PROGRAM ARGUMENT ..." [USER [GROUP]].
 *
 * The line is read a second time, as in keepalived, because its quotes mean something else than
 * elsewhere: 'single' and "double" ones, in the middle of a word, too, and a backslash has the
 * meaning that it has in C. What comes out first is the command, and it is split again in the same
 * way, so that \" within its quotes groups words. keepalived did so up to 2.3.1, and files are
 * written for it; since then \" is an argument's character. No shell is involved.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/raw.h"

struct buffer {
	char *bytes;
	size_t length, capacity;
};

/* A text being split. */
struct split {
	const char *at, *end;
	struct buffer word;
	const char *problem; /* NULL, or why it cannot be used */
};

static void put(struct buffer *buffer, char c)
{
	buffer->bytes = conf_grow(buffer->bytes, buffer->length, &buffer->capacity, 1);
	buffer->bytes[buffer->length++] = c;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' || c == '\n';
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* At most `most` digits. */
static char take_number(struct split *split, int base, unsigned most)
{
	int number = 0;

	for (; most && split->at < split->end && digit_of(*split->at) < base; most--)
		number = number * base + digit_of(*split->at++);
	return (char)number;
}

/* \n and its like; anything else stands for itself. */
static char take_letter(struct split *split)
{
	static const char letters[] = "abEfnrtv", meanings[] = "\a\b\033\f\n\r\t\v";
	char c = *split->at++;
	const char *letter = memchr(letters, c, sizeof(letters) - 1);

	return letter ? meanings[letter - letters] : c;
}

/* `at` is behind a backslash. */
static void take_escape(struct split *split)
{
	char c = split->at < split->end ? *split->at : '\\';
	bool second = split->end - split->at > 1;

	if (split->at == split->end) {
		put(&split->word, '\\');
		return;
	}
	if (c == 'x' && second && digit_of(split->at[1]) < 16) {
		split->at++;
		c = take_number(split, 16, 2);
	} else if (c == 'c' && second) {
		c = split->at[1] & 0x1f;
		split->at += 2;
	} else if (digit_of(c) < 8) {
		c = take_number(split, 8, 3);
	} else {
		c = take_letter(split);
	}
	if (!c)
		split->problem = "a command cannot contain a NUL byte";
	put(&split->word, c);
}

/* The next word into split->word, or false. */
static bool next_word(struct split *split)
{
	char quote = '\0';

	while (split->at < split->end && is_blank(*split->at))
		split->at++;
	split->word.length = 0;
	if (split->at == split->end)
		return false;
	while (split->at < split->end) {
		char c = *split->at++;

		if (!quote && is_blank(c))
			break;
		if (c == '\\')
			take_escape(split);
		else if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? '\0' : c;
		else
			put(&split->word, c);
	}
	put(&split->word, '\0');
	if (quote)
		split->problem = "a quotation in it is not closed";
	return !split->problem;
}

static const char *split_command(struct conf_script *script, const char *command)
{
	struct split split = {.at = command, .end = command + strlen(command)};
	size_t count = 0, capacity = 0;
	char **words = NULL;

	while (next_word(&split)) {
		words = conf_grow(words, count, &capacity, sizeof(words[0]));
		words[count++] = conf_copy(split.word.bytes);
	}
	words = conf_grow(words, count, &capacity, sizeof(words[0]));
	words[count] = NULL;
	script->words = words;
	free(split.word.bytes);
	if (!split.problem && (!count || !*words[0]))
		split.problem = "there is no command";
	return split.problem;
}

static void take_user(struct conf_script *script, const char *name, size_t number,
		      const char **problem)
{
	if (!value_is_user(name))
		*problem = "what follows the command is no user and no group; a command with "
			   "arguments has to be quoted";
	else if (number == 1)
		script->user = conf_copy(name);
	else
		script->group = conf_copy(name);
}

/*
 * The words as they are written: command, user, group; `most` of these. Returns what is wrong, or
 * NULL.
 */
static const char *split_line(struct conf_script *script, const struct statement *statement,
			      size_t most, size_t *count)
{
	struct split split = {
		.at = statement->words[1].start,
		.end = statement->words[statement->count - 1].end,
	};
	const char *problem = NULL;

	for (*count = 0; !problem && next_word(&split); (*count)++) {
		if (*count == 0)
			problem = split_command(script, split.word.bytes);
		else if (*count < most)
			take_user(script, split.word.bytes, *count, &problem);
	}
	free(split.word.bytes);
	return problem ? problem : split.problem;
}

static void tell_shell(const struct conf_script *script, const struct conf_place *place,
		       struct conf_diags *diags)
{
	static const char *const marks[] = {"&&", "||", "|", "&", ";", ">", ">>", "<", "2>&1"};

	for (char **word = script->words; *word; word++)
		for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
			if (!strcmp(*word, marks[i])) {
				conf_warning(diags, place,
					     "there is no shell: `%s` is an argument of `%.60s`; "
					     "for a shell write \"/bin/sh -c '...'\"",
					     *word, script->words[0]);
				return;
			}
}

static void take(struct conf_script *script, const struct statement *statement, size_t most,
		 struct conf_diags *diags)
{
	const char *problem = "there is no command";
	size_t count = 0;

	if (script->words) {
		conf_warning(diags, &statement->place,
			     WORD " has been written on %s: that one is used, and this one "
				  "ignored",
			     statement->words[0].text,
			     LINE_TEXT(&script->place, &statement->place));
		return;
	}
	if (statement->count > 1)
		problem = split_line(script, statement, most, &count);
	script->place = statement->place;
	if (problem) {
		conf_warning(diags, &statement->words[statement->count > 1].place,
			     "%s: the line is ignored, no script is run", problem);
		script_free(script);
		return;
	}
	if (count > most)
		conf_warning(diags, &statement->words[1].place,
			     "a script takes a command%s: what follows is ignored; quote a command "
			     "with arguments",
			     most > 1 ? ", a user and a group" : "");
	tell_shell(script, &statement->words[1].place, diags);
}

void script_take(struct conf_script *script, const struct statement *statement,
		 struct conf_diags *diags)
{
	take(script, statement, 3, diags);
}

void script_take_nothing(struct conf_script *script, const struct statement *statement)
{
	if (script->words)
		return;
	script->words = conf_alloc(sizeof(script->words[0]));
	script->place = statement->place;
}

void command_take(struct conf_script *script, const struct statement *statement,
		  struct conf_diags *diags)
{
	if (script->words)
		conf_warning(diags, &statement->place, WORD " comes after %s, and replaces it",
			     statement->words[0].text,
			     LINE_TEXT(&script->place, &statement->place));
	script_free(script);
	take(script, statement, 1, diags);
}

void script_free(struct conf_script *script)
{
	for (char **word = script->words; word && *word; word++)
		free(*word);
	free(script->words);
	free(script->user);
	free(script->group);
	*script = (struct conf_script){0};
}
