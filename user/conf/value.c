/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of scalar keywords: from the words of a line to a setting, by the row of the schema. */
#include <arpa/inet.h>
#include <stdio.h>
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

bool value_signed(const char *text, int64_t min, int64_t max, int64_t *value)
{
	bool negative = *text == '-';

	if (!value_integer(text + (*text == '-' || *text == '+'), 0, negative ? -min : max, value))
		return false;
	if (negative)
		*value = -*value;
	return *value >= min && *value <= max;
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

bool value_ip(const char *text, struct vrrp_addr *address)
{
	char host[ADDR_TEXT_LEN];
	size_t length = strcspn(text, "/");
	struct in_addr ipv4;

	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	if (inet_pton(AF_INET, host, &ipv4) == 1) {
		*address = addr_from_ipv4(ntohl(ipv4.s_addr));
		return true;
	}
	return inet_pton(AF_INET6, host, address->b) == 1 && !addr_is_ipv4(address);
}

bool value_is_unicast(const struct vrrp_addr *address)
{
	if (addr_is_zero(address))
		return false;
	if (!addr_is_ipv4(address))
		return address->b[0] != 0xff;
	return addr_to_ipv4(address) >> 28 < 0xe; /* 224.0.0.0 and above */
}

bool value_is_user(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-@+");

	return length > 0 && text[length + (text[length] == '$')] == '\0';
}

bool value_is_interface(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length >= IFNAMSIZ || strchr(text, '/'))
		return false;
	return strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static bool take_bool(const struct keyword *keyword, const char *text, int64_t *value)
{
	static const char *const on[] = {"on", "true", "yes"};
	static const char *const off[] = {"off", "false", "no"};

	*value = 0;
	if (keyword->words && !strcmp(text, keyword->words[0]))
		return true;
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
	words += !**words; /* a word that is empty stands for no value */
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

static char *take_ip(const char *text)
{
	struct vrrp_addr address;

	if (!value_ip(text, &address))
		return conf_format(WORD " is not an IP address", text);
	if (!value_is_unicast(&address))
		return conf_format(WORD " is not a unicast address", text);
	return NULL;
}

/*
 * Keywords of which keepalived takes the digits in front of whatever else is there, as in `3s`, and
 * 0 if there are none.
 */
static bool takes_digits(const struct keyword *keyword)
{
	static const enum schema_key keys[] = {
		KEY_VERSION,
		KEY_PREEMPT_DELAY,
		KEY_GARP_DELAY,
		KEY_GARP_REPEAT,
		KEY_GARP_REFRESH,
		KEY_GARP_REFRESH_REPEAT,
		KEY_GARP_LOWER_DELAY,
		KEY_GARP_LOWER_REPEAT,
		KEY_CHECK_INTERVAL,
		KEY_CHECK_TIMEOUT,
		KEY_RISE,
		KEY_FALL,
		KEY_QUORUM,
		KEY_QUORUM_MAX,
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keyword->key == keys[i])
			return true;
	return false;
}

static int64_t hold(const struct keyword *keyword, int64_t value)
{
	value = value < keyword->min ? keyword->min : value;
	return value > keyword->max ? keyword->max : value;
}

/* Something that can be used instead of a text with a problem, which is told; else false. */
static bool take_instead(const struct keyword *keyword, const struct word *word,
			 const char *problem, int64_t *value, struct conf_diags *diags)
{
	const char *text = word->text + (*word->text == '+');
	size_t digits = strspn(text, "0123456789");
	char number[11] = "0", used[VALUE_TEXT_LEN];

	if (digits >= sizeof(number) || *text == '-')
		return false;
	if ((!digits || text[digits]) && !takes_digits(keyword))
		return false;
	if (digits)
		snprintf(number, digits + 1, "%s", text);
	if (keyword->kind == KIND_INTEGER)
		value_integer(number, 0, INT64_MAX, value);
	else if (keyword->kind != KIND_SECONDS || !value_seconds(number, 0, INT64_MAX, value))
		return false;
	if (keyword->clamp)
		*value = hold(keyword, *value);
	if (*value != hold(keyword, *value))
		return false;
	conf_warning(diags, &word->place, "%s: `%s %s` is used", problem, keyword->name,
		     schema_format_value(keyword, *value, used));
	return true;
}

/* The value of `text`, or what is wrong with it, malloc'd. */
static char *take_value(const struct keyword *keyword, const char *text, int64_t *value)
{
	bool good = true;

	switch (keyword->kind) {
	case KIND_INTEGER:
		if (!value_integer(text + (*text == '+'), keyword->min, keyword->max, value))
			return describe_range(keyword, text, "");
		break;
	case KIND_SECONDS:
		if (!value_seconds(text + (*text == '+'), keyword->min, keyword->max, value))
			return describe_range(keyword, text, "of seconds ");
		break;
	case KIND_BOOL:
		good = take_bool(keyword, text, value);
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
	case KIND_IP:
		return take_ip(text);
	case KIND_USER:
		if (!value_is_user(text))
			return conf_format(WORD " cannot be the name of a user", text);
		break;
	case KIND_TEXT:
	case KIND_FIFO:
	case KIND_EXTRA:
	case KIND_WEIGHT:
	case KIND_INIT_FILE:
	case KIND_WORDS:
	case KIND_FLAG:
	case KIND_SCRIPT:
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
			     keyword->name,
			     used == 1	 ? "no value"
			     : used == 2 ? "one value"
					 : "two values",
			     statement->words[used].text);
}

static void tell_twice(const struct setting *setting, const struct statement *statement,
		       struct conf_diags *diags)
{
	if (setting->keyword)
		conf_warning(diags, &statement->place,
			     WORD " comes after `%s` on %s, and replaces it",
			     statement->words[0].text, setting->keyword->name,
			     LINE_TEXT(&setting->place, &statement->place));
}

void setting_set_problem(struct setting *setting, const struct conf_place *place, char *problem)
{
	free(setting->problem);
	setting->problem = problem;
	setting->problem_place = *place;
}

/* The group behind a user, malloc'd, or NULL: then it is the user's own. */
static char *take_group(const struct word *word, size_t count, struct conf_diags *diags)
{
	if (count < 3)
		return NULL;
	if (value_is_user(word->text))
		return conf_copy(word->text);
	conf_warning(diags, &word->place,
		     WORD " cannot be the name of a group: the user's own is used", word->text);
	return NULL;
}

static bool may_be_bare(const struct keyword *keyword)
{
	return keyword->kind == KIND_BOOL || (keyword->kind == KIND_CHOICE && !*keyword->words[0]);
}

void setting_take(struct setting *setting, const struct keyword *keyword,
		  const struct statement *statement, struct conf_diags *diags)
{
	bool flag = keyword->kind == KIND_FLAG, user = keyword->kind == KIND_USER;
	bool bare = statement->count < 2 && may_be_bare(keyword);
	int64_t value = flag ? keyword->min : keyword->kind == KIND_BOOL;

	if (keyword->kind == KIND_FIFO || keyword->kind == KIND_WEIGHT ||
	    keyword->kind == KIND_INIT_FILE || keyword->kind == KIND_EXTRA) {
		setting_take_words(setting, keyword, statement, diags);
		return;
	}
	tell_extra(keyword, statement, flag ? 1 : user ? 3 : 2, diags);
	if (!flag && !bare) {
		const struct word *word = &statement->words[statement->count > 1];
		char *problem = statement->count < 2 ? conf_copy("no value")
						     : take_value(keyword, word->text, &value);

		if (problem && statement->count > 1 &&
		    take_instead(keyword, word, problem, &value, diags)) {
			free(problem);
			problem = NULL;
		}
		if (problem) {
			setting_set_problem(setting, &word->place, problem);
			return;
		}
	}
	tell_twice(setting, statement, diags);
	setting->keyword = keyword;
	setting->place = statement->place;
	setting->value = value;
	if (flag || bare)
		return;
	free(setting->text);
	setting->text = conf_copy(statement->words[1].text);
	free(setting->second);
	setting->second = user ? take_group(&statement->words[2], statement->count, diags) : NULL;
	if (keyword->kind == KIND_IP && strchr(setting->text, '/'))
		conf_warning(diags, &statement->words[1].place,
			     "`%s` takes an address: the prefix length of " WORD " is ignored",
			     keyword->name, setting->text);
}
