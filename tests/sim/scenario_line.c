/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of a scenario: its words, and the values that a table of fields finds in them. */
#include "sim/scenario_line.h"

#include <stdarg.h>
#include <string.h>

/* ---- words and errors ---- */

bool line_fail(struct line *line, const char *format, ...)
{
	va_list arguments;
	int used = snprintf(line->error, line->error_size, "%s:%u: ", line->file, line->number);

	if (used < 0 || (size_t)used >= line->error_size)
		return false;
	va_start(arguments, format);
	vsnprintf(line->error + used, line->error_size - (size_t)used, format, arguments);
	va_end(arguments);
	return false;
}

bool line_split(struct line *line)
{
	char *rest, *word;
	unsigned count = 0;

	if (!strchr(line->text, '\n') && strlen(line->text) == sizeof(line->text) - 1)
		return line_fail(line, "the line is longer than %zu bytes", sizeof(line->text) - 2);
	line->text[strcspn(line->text, "#\n")] = '\0';
	for (word = strtok_r(line->text, " \t\r", &rest); word;
	     word = strtok_r(NULL, " \t\r", &rest)) {
		if (count == LINE_WORDS_MAX - 1)
			return line_fail(line, "more than %d words", LINE_WORDS_MAX - 1);
		line->words[count++] = word;
	}
	line->words[count] = NULL;
	line->next = 0;
	return true;
}

const char *line_peek(const struct line *line)
{
	return line->words[line->next];
}

const char *line_take(struct line *line)
{
	return line_peek(line) ? line->words[line->next++] : "";
}

bool line_take_if(struct line *line, const char *word)
{
	if (!line_peek(line) || strcmp(line_peek(line), word) != 0)
		return false;
	line->next++;
	return true;
}

bool line_unexpected(struct line *line, const char *word, const char *expected)
{
	if (*word == '\0')
		return line_fail(line, "the line ends where I expected %s", expected);
	return line_fail(line, "\"%s\": expected %s", word, expected);
}

bool line_at_end(struct line *line)
{
	return !line_peek(line) || line_unexpected(line, line_peek(line), "nothing more");
}

/* ---- fields ---- */

bool line_take_value(struct line *line, const struct field *field, void *object)
{
	char expected[320];
	const char *text = field->kind == VALUE_FLAG ? "" : line_take(line);

	if (value_parse(field, text, object, expected, sizeof(expected)))
		return true;
	return line_unexpected(line, text, expected);
}

static bool no_such_field(struct line *line, const struct field *field, const char *word)
{
	char expected[320] = "nothing more";
	size_t used = 0;

	for (; field->size != 0; field++)
		if (field->word && used < sizeof(expected))
			used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%s",
						 used ? ", " : "", field->word);
	return line_fail(line, "\"%s\": expected %s", word, expected);
}

static bool take_named_field(struct line *line, const struct field *fields, unsigned *seen,
			     void *object)
{
	const char *word = line_take(line);
	unsigned i = 0;

	while (fields[i].size != 0 && (!fields[i].word || strcmp(fields[i].word, word) != 0))
		i++;
	if (fields[i].size == 0)
		return no_such_field(line, fields, word);
	if (*seen & 1u << i)
		return line_fail(line, "\"%s\" is said twice", word);
	*seen |= 1u << i;
	return line_take_value(line, &fields[i], object);
}

bool line_take_fields(struct line *line, const struct field *fields, void *object)
{
	unsigned seen = 0;

	for (unsigned i = 0; fields[i].size != 0 && !fields[i].word; i++)
		if (!line_take_value(line, &fields[i], object))
			return false;
	while (line_peek(line))
		if (!take_named_field(line, fields, &seen, object))
			return false;
	for (unsigned i = 0; fields[i].size != 0; i++)
		if (fields[i].required && !(seen & 1u << i))
			return line_fail(line, "\"%s\" is missing", fields[i].word);
	return true;
}
