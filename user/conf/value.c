/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of scalar keywords: from the words of a line to a setting, by the row of the schema. */
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/raw.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool value_integer(const char *text, int64_t min, int64_t max, int64_t *value)
{
	int64_t number = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (!is_digit(*text))
			return false;
		number = number * 10 + (*text - '0');
		if (number > max)
			return false;
	}
	*value = number;
	return number >= min;
}

bool value_seconds(const char *text, int64_t min, int64_t max, int64_t *value)
{
	int64_t us = 0, unit = 1000000;
	bool digits = false;

	for (; is_digit(*text); text++, digits = true) {
		us = us * 10 + (*text - '0') * unit;
		if (us > max)
			return false;
	}
	if (*text == '.')
		text++;
	for (; is_digit(*text); text++, digits = true) {
		unit /= 10;
		us += (*text - '0') * unit;
		if (unit == 1 && is_digit(text[1]) && text[1] >= '5') /* the seventh decimal */
			us++;
	}
	*value = us;
	return digits && !*text && us >= min && us <= max;
}

bool value_is_interface(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length >= IFNAMSIZ || strchr(text, '/'))
		return false;
	return strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static bool take_bool(const char *text, int64_t *value)
{
	static const char *const on[] = {"on", "true", "yes"};
	static const char *const off[] = {"off", "false", "no"};

	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
		*value = !strcmp(text, on[i]);
		if (*value || !strcmp(text, off[i]))
			return true;
	}
	return false;
}

static bool take_choice(const char *const *words, const char *text, int64_t *value)
{
	for (*value = 0; words[*value]; (*value)++)
		if (!strcmp(words[*value], text))
			return true;
	return false;
}

static char *describe_choice(const char *const *words, const char *text)
{
	char *list = conf_format(WORD " is not one of %s", text, words[0]);

	for (size_t i = 1; words[i]; i++) {
		char *longer = conf_format("%s, %s", list, words[i]);

		free(list);
		list = longer;
	}
	return list;
}

static char *describe_range(const struct keyword *keyword, const char *text, const char *unit)
{
	char min[VALUE_TEXT_LEN], max[VALUE_TEXT_LEN];

	return conf_format(WORD " is not a number %sfrom %s to %s", text, unit,
			   schema_format_value(keyword, keyword->min, min),
			   schema_format_value(keyword, keyword->max, max));
}

/* The value of `text`, or what is wrong with it, malloc'd. */
static char *take_value(const struct keyword *keyword, const char *text, int64_t *value)
{
	bool good = true;

	switch (keyword->kind) {
	case KIND_INTEGER:
		if (!value_integer(text, keyword->min, keyword->max, value))
			return describe_range(keyword, text, "");
		break;
	case KIND_SECONDS:
		if (!value_seconds(text, keyword->min, keyword->max, value))
			return describe_range(keyword, text, "of seconds ");
		break;
	case KIND_BOOL:
		good = take_bool(text, value);
		break;
	case KIND_CHOICE:
		if (!take_choice(keyword->words, text, value))
			return describe_choice(keyword->words, text);
		break;
	case KIND_INTERFACE:
		if (!value_is_interface(text))
			return conf_format(WORD " cannot be the name of an interface: 1 to 15 "
						"bytes, without `/`",
					   text);
		break;
	case KIND_TEXT:
	case KIND_FLAG:
	case KIND_BLOCK:
	case KIND_ACCEPTED:
	case KIND_SKIPPED:
	case KIND_REFUSED:
		break;
	}
	return good ? NULL : conf_format(WORD " is neither on nor off", text);
}

static void tell_extra(const struct keyword *keyword, const struct statement *statement,
		       size_t used, struct conf_diags *diags)
{
	if (statement->count > used)
		conf_warning(diags, &statement->words[used].place,
			     "`%s` takes %s: " WORD " and what follows on the line is ignored",
			     keyword->name, used == 1 ? "no value" : "one value",
			     statement->words[used].text);
}

static void tell_twice(const struct setting *setting, const struct statement *statement,
		       struct conf_diags *diags)
{
	if (setting->keyword)
		conf_warning(diags, &statement->place,
			     WORD " comes after `%s` on line %u, and replaces it",
			     statement->words[0].text, setting->keyword->name, setting->place.line);
}

static void set_problem(struct setting *setting, const struct conf_place *place, char *problem)
{
	free(setting->problem);
	setting->problem = problem;
	setting->problem_place = *place;
}

void setting_take(struct setting *setting, const struct keyword *keyword,
		  const struct statement *statement, struct conf_diags *diags)
{
	bool flag = keyword->kind == KIND_FLAG;
	bool bare = statement->count < 2 && keyword->kind == KIND_BOOL;
	int64_t value = flag ? keyword->min : 1;

	tell_extra(keyword, statement, flag ? 1 : 2, diags);
	if (!flag && !bare) {
		const struct word *word = &statement->words[statement->count > 1];
		char *problem = statement->count < 2 ? conf_copy("no value")
						     : take_value(keyword, word->text, &value);

		if (problem) {
			set_problem(setting, &word->place, problem);
			return;
		}
	}
	tell_twice(setting, statement, diags);
	setting->keyword = keyword;
	setting->place = statement->place;
	setting->value = value;
	if (keyword->kind == KIND_INTERFACE || keyword->kind == KIND_TEXT) {
		free(setting->text);
		setting->text = conf_copy(statement->words[1].text);
	}
}
