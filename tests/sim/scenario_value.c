/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of the scenario language, from text and to text; nothing is rounded on the way. */
#include "sim/scenario_value.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "core/types.h"

/* ---- quantities: a number, perhaps with decimals, and a unit ---- */

struct unit {
	const char *name;
	int64_t size;
};

/* The first one that fits is printed, so what is only read comes after the smallest. */
static const struct unit times[] = {{"s", NS_PER_S}, {"ms", NS_PER_MS}, {"us", NS_PER_US},
				    {"ns", 1},	     {"cs", NS_PER_CS}, {0}};
static const struct unit chances[] = {{"%", 10000}, {"ppm", 1}, {0}};
static const struct unit rates[] = {{"ppm", 1}, {0}};

struct decimal {
	int64_t digits;
	int64_t divisor; /* 10 to the number of decimals */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Seventeen digits: they fit, and are more than nanoseconds of a year need. */
static bool decimal_parse(const char **text, struct decimal *decimal)
{
	const char *p = *text;
	bool point = false;

	*decimal = (struct decimal){.divisor = 1};
	for (; is_digit(*p) || (*p == '.' && !point && is_digit(p[1])); p++) {
		if (*p == '.') {
			point = true;
			continue;
		}
		if (p - *text > 17)
			return false;
		decimal->digits = decimal->digits * 10 + (*p - '0');
		decimal->divisor *= point ? 10 : 1;
	}
	if (!is_digit(**text))
		return false;
	*text = p;
	return true;
}

static bool quantity_parse(const char *text, const struct unit *unit, int64_t *value)
{
	struct decimal decimal;
	__int128 product;

	if (!decimal_parse(&text, &decimal))
		return false;
	*value = 0;
	if (*text == '\0')
		return decimal.digits == 0;
	while (unit->name && strcmp(unit->name, text) != 0)
		unit++;
	if (!unit->name)
		return false;
	product = (__int128)decimal.digits * unit->size;
	if (product % decimal.divisor != 0 || product / decimal.divisor > INT64_MAX)
		return false;
	*value = (int64_t)(product / decimal.divisor);
	return true;
}

static void quantity_print(int64_t value, const struct unit *unit, FILE *out)
{
	int64_t rest, divisor;

	assert(value >= 0);
	if (value == 0) {
		fputc('0', out);
		return;
	}
	while (value < unit->size)
		unit++;
	fprintf(out, "%" PRId64, value / unit->size);
	rest = value % unit->size;
	if (rest != 0)
		fputc('.', out);
	for (divisor = unit->size / 10; rest != 0; divisor /= 10) {
		fprintf(out, "%" PRId64, rest / divisor);
		rest %= divisor;
	}
	fputs(unit->name, out);
}

bool time_parse(const char *text, int64_t *ns)
{
	return quantity_parse(text, times, ns);
}

void time_print(int64_t ns, FILE *out)
{
	quantity_print(ns, times, out);
}

/* ---- the other kinds ---- */

static bool number_parse(const char *text, int64_t *value)
{
	struct decimal decimal;

	if (!decimal_parse(&text, &decimal) || *text != '\0' || decimal.divisor != 1)
		return false;
	*value = decimal.digits;
	return true;
}

static bool rate_parse(const char *text, int64_t *value)
{
	bool slow = *text == '-';

	if (!quantity_parse(text + slow, rates, value))
		return false;
	if (slow)
		*value = -*value;
	return true;
}

static bool interval_parse(const char *text, int64_t *value)
{
	if (!time_parse(text, value) || *value % NS_PER_CS != 0)
		return false;
	*value /= NS_PER_CS;
	return true;
}

static bool address_parse(const char *text, int64_t *value)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		return false;
	*value = ntohl(address.s_addr);
	return true;
}

static void address_print(int64_t value, FILE *out)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr address = {htonl((uint32_t)value)};

	fputs(inet_ntop(AF_INET, &address, text, sizeof(text)), out);
}

static bool choice_parse(const struct choice *choice, const char *text, size_t length,
			 int64_t *value)
{
	for (; choice->name; choice++) {
		if (strlen(choice->name) == length && memcmp(choice->name, text, length) == 0) {
			*value = choice->value;
			return true;
		}
	}
	return false;
}

static bool set_parse(const struct choice *choices, const char *text, int64_t *value)
{
	*value = 0;
	for (;;) {
		size_t length = strcspn(text, ",");
		int64_t bit;

		if (!choice_parse(choices, text, length, &bit))
			return false;
		*value |= bit;
		if (text[length] == '\0')
			return true;
		text += length + 1;
	}
}

static void choice_print(const struct choice *choice, int64_t value, FILE *out)
{
	while (choice->name && choice->value != value)
		choice++;
	assert(choice->name);
	fputs(choice->name, out);
}

static void set_print(const struct choice *choice, int64_t value, FILE *out)
{
	const char *comma = "";

	for (; choice->name; choice++) {
		if (value & choice->value) {
			fprintf(out, "%s%s", comma, choice->name);
			comma = ",";
		}
	}
}

/* ---- spans ---- */

static bool span_parse(enum value_kind kind, const char *text, struct span *span)
{
	bool (*parse)(const char *, int64_t *) = kind == VALUE_TIMES ? time_parse : number_parse;
	const char *dots = strstr(text, "..");
	char least[32];

	if (!dots) {
		if (!parse(text, &span->least))
			return false;
		span->most = span->least;
		return true;
	}
	if (dots - text >= (ptrdiff_t)sizeof(least))
		return false;
	memcpy(least, text, (size_t)(dots - text));
	least[dots - text] = '\0';
	if (!parse(least, &span->least))
		return false;
	span->most = INT64_MAX;
	return dots[2] == '\0' || (parse(dots + 2, &span->most) && span->least <= span->most);
}

static void span_print(enum value_kind kind, const struct span *span, FILE *out)
{
	const int64_t ends[2] = {span->least, span->most};

	for (int i = 0; i < 2 && ends[i] != INT64_MAX; i++) {
		if (kind == VALUE_TIMES)
			time_print(ends[i], out);
		else
			fprintf(out, "%" PRId64, ends[i]);
		if (span->least == span->most)
			return;
		if (i == 0)
			fputs("..", out);
	}
}

/* ---- in their places ---- */

static bool is_span(const struct field *field)
{
	return field->kind == VALUE_COUNTS || field->kind == VALUE_TIMES;
}

static int64_t get(const struct field *field, const void *object)
{
	const void *place = (const char *)object + field->offset;

	switch (field->size) {
	case 1:
		return *(const uint8_t *)place;
	case 2:
		return *(const uint16_t *)place;
	case 4:
		if (field->kind == VALUE_RATE)
			return *(const int32_t *)place;
		return *(const uint32_t *)place;
	}
	assert(field->size == 8);
	return *(const int64_t *)place;
}

static void put(const struct field *field, void *object, int64_t value)
{
	void *place = (char *)object + field->offset;

	switch (field->size) {
	case 1:
		*(uint8_t *)place = (uint8_t)value;
		return;
	case 2:
		*(uint16_t *)place = (uint16_t)value;
		return;
	case 4:
		*(uint32_t *)place = (uint32_t)value;
		return;
	}
	assert(field->size == 8);
	*(int64_t *)place = value;
}

static bool parse(const struct field *field, const char *text, int64_t *value)
{
	switch (field->kind) {
	case VALUE_NUMBER:
		return number_parse(text, value);
	case VALUE_TIME:
		return time_parse(text, value);
	case VALUE_INTERVAL:
		return interval_parse(text, value);
	case VALUE_CHANCE:
		return quantity_parse(text, chances, value);
	case VALUE_RATE:
		return rate_parse(text, value);
	case VALUE_ADDRESS:
		return address_parse(text, value);
	case VALUE_CHOICE:
		return choice_parse(field->choices, text, strlen(text), value);
	case VALUE_SET:
		return set_parse(field->choices, text, value);
	case VALUE_FLAG:
	case VALUE_COUNTS:
	case VALUE_TIMES:
		break;
	}
	assert(false);
	return false;
}

static void print(const struct field *field, int64_t value, FILE *out)
{
	switch (field->kind) {
	case VALUE_NUMBER:
		fprintf(out, "%" PRId64, value);
		return;
	case VALUE_TIME:
		time_print(value, out);
		return;
	case VALUE_INTERVAL:
		time_print(value * NS_PER_CS, out);
		return;
	case VALUE_CHANCE:
		quantity_print(value, chances, out);
		return;
	case VALUE_RATE:
		fputs(value < 0 ? "-" : "", out);
		quantity_print(value < 0 ? -value : value, rates, out);
		return;
	case VALUE_ADDRESS:
		address_print(value, out);
		return;
	case VALUE_CHOICE:
		choice_print(field->choices, value, out);
		return;
	case VALUE_SET:
		set_print(field->choices, value, out);
		return;
	case VALUE_FLAG:
	case VALUE_COUNTS:
	case VALUE_TIMES:
		break;
	}
	assert(false);
}

/* ---- what had been expected ---- */

static void list_choices(const struct choice *choice, char *out, size_t size)
{
	size_t used = strlen(out);

	for (; choice->name && used < size; choice++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", choice->name,
					 choice[1].name ? ", " : "");
}

static void print_bounds(const struct field *field, FILE *out)
{
	fputs(" from ", out);
	print(field, field->least, out);
	fputs(" to ", out);
	print(field, field->most, out);
}

static void describe(const struct field *field, char *out, size_t size)
{
	static const char *const kinds[] = {
		[VALUE_NUMBER] = "a number",
		[VALUE_TIME] = "a time such as 250ms or 1.5s (units ns us ms cs s)",
		[VALUE_INTERVAL] = "an interval in whole centiseconds, such as 10ms, 3cs or 1s,",
		[VALUE_CHANCE] = "a chance such as 5% or 120ppm",
		[VALUE_RATE] = "a rate such as 20ppm or -200ppm",
		[VALUE_ADDRESS] = "an address such as 192.0.2.11",
		[VALUE_CHOICE] = "one of ",
		[VALUE_SET] = "some of these, joined by commas: ",
		[VALUE_COUNTS] = "a number or a range: 5, 3..7 or 3..",
		[VALUE_TIMES] = "a time or a range: 5ms, 3ms..7ms or 3ms..",
	};
	FILE *stream;

	snprintf(out, size, "%s", kinds[field->kind]);
	if (field->choices)
		list_choices(field->choices, out, size);
	if (field->choices || field->kind == VALUE_ADDRESS || is_span(field))
		return;
	stream = fmemopen(out, size, "a");
	if (stream) {
		print_bounds(field, stream);
		fclose(stream);
	}
}

/* ---- outside ---- */

bool value_parse(const struct field *field, const char *text, void *object, char *expected,
		 size_t size)
{
	int64_t value;

	if (field->kind == VALUE_FLAG) {
		put(field, object, field->least);
		return true;
	}
	if (is_span(field)) {
		if (span_parse(field->kind, text,
			       (struct span *)(void *)((char *)object + field->offset)))
			return true;
	} else if (parse(field, text, &value) &&
		   (field->choices || (value >= field->least && value <= field->most))) {
		put(field, object, value);
		return true;
	}
	describe(field, expected, size);
	return false;
}

void value_print(const struct field *field, const void *object, FILE *out)
{
	if (field->kind == VALUE_FLAG)
		return;
	if (is_span(field))
		span_print(
			field->kind,
			(const struct span *)(const void *)((const char *)object + field->offset),
			out);
	else
		print(field, get(field, object), out);
}

bool value_equal(const struct field *field, const void *a, const void *b)
{
	size_t size = is_span(field) ? sizeof(struct span) : field->size;

	return memcmp((const char *)a + field->offset, (const char *)b + field->offset, size) == 0;
}
