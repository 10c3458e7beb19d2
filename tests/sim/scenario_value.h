/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of the scenario language: how they are written, where they are stored. A table of fields
 * says what may stand in a line; it is read by the parser and by the printer, so that both speak
 * one language.
 */
#ifndef SIM_SCENARIO_VALUE_H
#define SIM_SCENARIO_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum value_kind {
	VALUE_NUMBER,
	VALUE_TIME,	/* 0, 250ms, 1.5s, 36cs: stored in ns */
	VALUE_INTERVAL, /* the same, stored in cs */
	VALUE_CHANCE,	/* 0, 5%, 120ppm: stored in ppm */
	VALUE_RATE,	/* 0, 20ppm, -200ppm: a clock that is too fast or too slow */
	VALUE_ADDRESS,	/* 192.0.2.11: stored in host order */
	VALUE_CHOICE,	/* one of the field's choices */
	VALUE_SET,	/* any of them, joined by commas: stored as bits */
	VALUE_FLAG,	/* the word alone: stores `least` */
	VALUE_COUNTS,	/* 5, 3..7 or 3.. : stored in struct span */
	VALUE_TIMES,	/* the same with times */
};

/* VALUE_COUNTS and VALUE_TIMES are two numbers that follow each other. */
struct span {
	int64_t least, most;
};

struct choice {
	const char *name; /* NULL = the end of the list */
	int64_t value;
};

struct field {
	const char *word; /* before the value; NULL = it stands alone, in its place, and must */
	enum value_kind kind;
	uint16_t offset, size;
	int64_t least, most; /* of what is stored */
	const struct choice *choices;
	bool required;
};

/* A table of fields ends with one of size 0. */
#define FIELD(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

/* False, with what had been expected in `expected`. */
bool value_parse(const struct field *field, const char *text, void *object, char *expected,
		 size_t size);
void value_print(const struct field *field, const void *object, FILE *out);
bool value_equal(const struct field *field, const void *a, const void *b);

bool time_parse(const char *text, int64_t *ns);
void time_print(int64_t ns, FILE *out);

#endif
