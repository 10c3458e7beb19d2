/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   ~SEQ(NAME, [START, [STEP,]] END) TEXT		numbers; ~SEQx: in hexadecimal
 *   ~LST(NAME, VALUE, ...) TEXT			words
 *   ~LST({NAME, ...}, {VALUE, ...}, ...) TEXT		several variables at a time
 *
 * TEXT may be a sequence too: it is looked at when it is read.
 */
#include "conf/sequence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/memory.h"

/* Words of a list, in sets of as many as there are names. */
struct list {
	char **words;
	size_t count, capacity;
};

struct sequence {
	struct value *text;
	struct list names, values; /* no values: numbers */
	size_t next_value;
	int64_t number, step;
	uint64_t left; /* numbers that follow */
	bool hexadecimal, done;
};

bool sequence_begins(const struct conf_line *line)
{
	return line_starts_with(line->start, line->end, "~SEQ") ||
	       line_starts_with(line->start, line->end, "~LST");
}

static void list_add(struct list *list, const char *start, const char *end)
{
	list->words = conf_grow(list->words, list->count, &list->capacity, sizeof(list->words[0]));
	list->words[list->count++] = conf_format("%.*s", (int)(end - start), start);
}

static void list_free(struct list *list)
{
	while (list->count)
		free(list->words[--list->count]);
	free(list->words);
}

void sequence_free(struct sequence *sequence)
{
	list_free(&sequence->names);
	list_free(&sequence->values);
	value_release(sequence->text);
	free(sequence);
}

/* ---- numbers ---- */

struct cursor {
	const char *at, *end;
};

static void pass_blanks(struct cursor *cursor)
{
	cursor->at = line_skip_blanks(cursor->at, cursor->end);
}

/* Pass that character, and blanks around it. */
static bool pass(struct cursor *cursor, char c)
{
	pass_blanks(cursor);
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	pass_blanks(cursor);
	return true;
}

static void take_word(struct cursor *cursor, struct list *list)
{
	const char *start = cursor->at;

	while (cursor->at < cursor->end && !line_is_blank(*cursor->at) &&
	       !strchr(",{})", *cursor->at))
		cursor->at++;
	list_add(list, start, cursor->at);
}

/* Decimal, 0x... or 0...; what is no number counts as 0. */
static int64_t take_number(struct cursor *cursor)
{
	char text[32] = "", *behind;
	size_t length = (size_t)(cursor->end - cursor->at);

	memcpy(text, cursor->at, length < sizeof(text) - 1 ? length : sizeof(text) - 1);
	int64_t number = strtoll(text, &behind, 0);

	cursor->at += behind - text;
	return number;
}

static bool count_numbers(struct sequence *sequence, int64_t end)
{
	int64_t start = sequence->number, step = sequence->step;
	uint64_t way =
		start < end ? (uint64_t)end - (uint64_t)start : (uint64_t)start - (uint64_t)end;

	if (!step || (start < end && step < 0) || (start > end && step > 0))
		return false;
	sequence->left = way / (step < 0 ? 0 - (uint64_t)step : (uint64_t)step);
	return true;
}

static const char *parse_numbers(struct sequence *sequence, struct cursor *cursor)
{
	int64_t numbers[3], end;
	unsigned count = 0;

	take_word(cursor, &sequence->names);
	while (count < 3 && pass(cursor, ','))
		numbers[count++] = take_number(cursor);
	if (!count || !pass(cursor, ')'))
		return "it is ~SEQ(NAME, [START, [STEP,]] END)";
	end = numbers[count - 1];
	sequence->number = count > 1 ? numbers[0] : end < 0 ? -1 : 1;
	if (count == 3)
		sequence->step = numbers[1];
	else if (count == 2)
		sequence->step = sequence->number <= end ? 1 : -1;
	else
		sequence->step = end < 1 ? -1 : 1;
	if (!count_numbers(sequence, end))
		return "the step does not lead from the first number to the last one";
	if (sequence->hexadecimal && (sequence->number < 0 || end < 0))
		return "~SEQx has no negative numbers";
	return NULL;
}

/* ---- lists ---- */

/* {WORD, WORD}, or one word without braces. */
static bool take_set(struct cursor *cursor, struct list *list)
{
	bool braces = pass(cursor, '{');

	take_word(cursor, list);
	while (braces && pass(cursor, ','))
		take_word(cursor, list);
	return !braces || pass(cursor, '}');
}

static const char *parse_list(struct sequence *sequence, struct cursor *cursor)
{
	struct list *values = &sequence->values;
	bool good = take_set(cursor, &sequence->names);
	size_t expected = 0;

	while (good && pass(cursor, ',')) {
		good = take_set(cursor, values);
		expected += sequence->names.count;
		if (values->count > expected)
			return "a set has more values than there are variables";
		while (values->count < expected) /* what is missing is empty */
			list_add(values, "", "");
	}
	if (!good || !values->count || !pass(cursor, ')'))
		return "it is ~LST(NAME, VALUE, ...) or ~LST({NAME, ...}, {VALUE, ...}, ...)";
	return NULL;
}

struct sequence *sequence_parse(const struct conf_line *head, const struct conf_line *text,
				const char **why)
{
	struct sequence *sequence = conf_alloc(sizeof(*sequence));
	bool numbers = line_starts_with(head->start, head->end, "~SEQ");
	struct cursor cursor = {head->start + strlen("~SEQ"), head->end};

	sequence->text = value_new();
	sequence->text->users = 1;
	value_add(sequence->text, text);
	if (numbers && cursor.at < cursor.end && *cursor.at == 'x') {
		sequence->hexadecimal = true;
		cursor.at++;
	}
	if (!pass(&cursor, '('))
		*why = "there is no `(` behind it";
	else
		*why = numbers ? parse_numbers(sequence, &cursor) : parse_list(sequence, &cursor);
	for (size_t i = 0; !*why && i < sequence->names.count; i++)
		if (!line_begins_name(*sequence->names.words[i]))
			*why = "the name of a variable begins with a letter or `_`";
	if (!*why)
		return sequence;
	sequence_free(sequence);
	return NULL;
}

static void set(struct definitions *definitions, const char *name, const char *text,
		const struct conf_line *at)
{
	struct value *value = value_new();
	struct conf_place place = line_place(at, at->start);
	/* what is written there is shorter or longer */
	struct span span = {.column = place.column, .fixed = true};
	struct conf_line line = {
		.start = text,
		.end = text + strlen(text),
		.base = text,
		.file = place.file,
		.number = place.line,
		.column = place.column,
		.spans = &span,
		.span_count = 1,
	};

	value_add(value, &line);
	definitions_set(definitions, name, strlen(name), value);
}

static void set_number(struct sequence *sequence, struct definitions *definitions,
		       const struct conf_line *line)
{
	char *text =
		conf_format(sequence->hexadecimal ? "%llx" : "%lld", (long long)sequence->number);

	set(definitions, sequence->names.words[0], text, line);
	free(text);
}

bool sequence_next(struct sequence *sequence, struct definitions *definitions,
		   struct conf_line *line)
{
	struct list *names = &sequence->names, *values = &sequence->values;

	*line = value_line(sequence->text, 0);
	if (sequence->done)
		return false;
	if (!values->count) {
		set_number(sequence, definitions, line);
		sequence->done = !sequence->left;
		if (sequence->left) {
			sequence->left--;
			sequence->number += sequence->step;
		}
		return true;
	}
	for (size_t i = 0; i < names->count; i++)
		set(definitions, names->words[i], values->words[sequence->next_value++], line);
	sequence->done = sequence->next_value == values->count;
	return true;
}
