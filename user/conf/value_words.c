/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values that are more than one word: weights, FIFOs, init_file. */
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/raw.h"

#define WEIGHT_MAX 253

static void tell_ignored(const struct statement *statement, size_t at, struct conf_diags *diags)
{
	conf_warning(diags, &statement->words[at].place,
		     WORD " means nothing behind `%s`: it is ignored", statement->words[at].text,
		     statement->words[0].text);
}

/* A weight beyond what any priority can have does what the largest one does. */
int64_t value_weight(const struct word *word, struct conf_diags *diags)
{
	char *end;
	int64_t written = strtol(word->text, &end, 10), weight = written;

	weight = weight < -WEIGHT_MAX ? -WEIGHT_MAX : weight;
	weight = weight > WEIGHT_MAX ? WEIGHT_MAX : weight;
	if (end == word->text || *end)
		conf_warning(diags, &word->place,
			     WORD " is not a number from -%d to %d: %d is used, as in keepalived",
			     word->text, WEIGHT_MAX, WEIGHT_MAX, (int)weight);
	else if (weight != written)
		conf_warning(diags, &word->place,
			     "a weight is a number from -%d to %d: %d is used instead of " WORD,
			     WEIGHT_MAX, WEIGHT_MAX, (int)weight, word->text);
	return weight;
}

static bool take_weight(struct setting *setting, const struct statement *statement,
			struct conf_diags *diags)
{
	const struct word *words = statement->words;

	if (statement->count < 2) {
		setting_set_problem(setting, &words[0].place, conf_copy("no value"));
		return false;
	}
	setting->value = value_weight(&words[1], diags);
	setting->also = false;
	for (size_t i = 2; i < statement->count; i++) {
		if (!strcmp(words[i].text, "reverse"))
			setting->also = true;
		else if (!strcmp(words[i].text, "noreverse"))
			setting->also = false;
		else
			tell_ignored(statement, i, diags);
	}
	return true;
}

static bool take_init_file(struct setting *setting, const struct statement *statement,
			   struct conf_diags *diags)
{
	setting->value = 0;
	setting->also = false;
	for (size_t i = 1; i < statement->count; i++) {
		if (!strcmp(statement->words[i].text, "overwrite"))
			setting->also = true;
		else if (!value_signed(statement->words[i].text, INT32_MIN, INT32_MAX,
				       &setting->value))
			tell_ignored(statement, i, diags);
	}
	return true;
}

/* garp_extra_if: [all] SECONDS */
static bool take_extra(struct setting *setting, const struct statement *statement,
		       struct conf_diags *diags)
{
	bool found = false;

	setting->also = false;
	for (size_t i = 1; i < statement->count; i++) {
		if (!strcmp(statement->words[i].text, "all"))
			setting->also = true;
		else if (value_seconds(statement->words[i].text, 0, 86400 * 1000000LL,
				       &setting->value))
			found = true;
		else
			tell_ignored(statement, i, diags);
	}
	if (!found)
		setting_set_problem(setting, &statement->place,
				    conf_copy("no number of seconds from 0 to 86400"));
	return found;
}

static char *take_name(const struct statement *statement, size_t at, const char *what,
		       struct conf_diags *diags)
{
	if (at >= statement->count)
		return NULL;
	if (value_is_user(statement->words[at].text))
		return conf_copy(statement->words[at].text);
	conf_warning(diags, &statement->words[at].place,
		     WORD " cannot be the name of a %s: it is ignored", statement->words[at].text,
		     what);
	return NULL;
}

/* As in keepalived the first one counts: a pipe that somebody reads does not move. */
static bool take_fifo(struct setting *setting, const struct statement *statement,
		      struct conf_diags *diags)
{
	if (statement->count < 2 || statement->words[1].text[0] != '/') {
		setting_set_problem(setting, &statement->words[statement->count > 1].place,
				    conf_copy(statement->count < 2
						      ? "no path of a pipe"
						      : "the path of a pipe begins with `/`"));
		return false;
	}
	free(setting->text);
	free(setting->second);
	free(setting->third);
	setting->text = conf_copy(statement->words[1].text);
	setting->second = take_name(statement, 2, "user", diags);
	setting->third = setting->second ? take_name(statement, 3, "group", diags) : NULL;
	if (statement->count > 4)
		tell_ignored(statement, 4, diags);
	return true;
}

void setting_take_words(struct setting *setting, const struct keyword *keyword,
			const struct statement *statement, struct conf_diags *diags)
{
	bool good;

	if (setting->keyword)
		conf_warning(diags, &statement->place,
			     "`%s` stands on %s already: this one replaces it", keyword->name,
			     LINE_TEXT(&setting->place, &statement->place));
	if (keyword->kind == KIND_WEIGHT)
		good = take_weight(setting, statement, diags);
	else if (keyword->kind == KIND_FIFO)
		good = take_fifo(setting, statement, diags);
	else if (keyword->kind == KIND_EXTRA)
		good = take_extra(setting, statement, diags);
	else
		good = take_init_file(setting, statement, diags);
	if (!good)
		return;
	setting->keyword = keyword;
	setting->place = statement->place;
}

void words_take(struct raw_object *object, const struct statement *statement,
		struct conf_diags *diags)
{
	struct setting *setting = &object->settings[KEY_PROCESS];

	if (statement->count < 2 || !*statement->words[1].text) {
		setting_set_problem(setting, &statement->place, conf_copy("no program"));
		return;
	}
	if (object->words) {
		conf_warning(diags, &statement->place,
			     "`process` stands on %s already: that one is used",
			     LINE_TEXT(&setting->place, &statement->place));
		return;
	}
	setting->place = statement->place;
	object->words = conf_alloc(statement->count * sizeof(object->words[0]));
	for (size_t i = 1; i < statement->count; i++)
		object->words[i - 1] = conf_copy(statement->words[i].text);
}

void words_free(char **words)
{
	for (char **word = words; word && *word; word++)
		free(*word);
	free(words);
}
