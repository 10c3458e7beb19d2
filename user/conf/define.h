/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The variables: what `$NAME=value` has defined, and what is predefined. */
#ifndef CONF_DEFINE_H
#define CONF_DEFINE_H

#include "conf/line.h"
#include "conf/world.h"

/* A line of a value, as it is written. */
struct value_line {
	char *text;
	size_t length;
	const char *file;
	unsigned number, column;
	struct span span; /* all of the line at that column, if it is not as it is written ... */
	bool fixed;	  /* ... which this says */
};

/* It lives as long as anybody reads it: a variable may be defined anew by its own value. */
struct value {
	struct value_line *lines;
	size_t count, capacity;
	bool several_lines; /* each of them becomes a line; else there is one, part of a line */
	unsigned users;
};

enum predefined {
	NOT_PREDEFINED,
	DEFINED_PWD,
	DEFINED_INSTANCE,
	DEFINED_RANDOM,
	DEFINED_ENV,
	DEFINED_HASH,
	DEFINED_BANG,
};

struct definition {
	struct definition *next; /* in its bucket */
	char *name;
	struct value *value;	    /* NULL: predefined */
	enum predefined predefined; /* what it is if there is no value */
};

struct definitions {
	struct definition **buckets;
	size_t bucket_count, count;
	unsigned random;  /* state */
	const char *file; /* that is being read */
};

void definitions_init(struct definitions *definitions, unsigned seed);
void definitions_free(struct definitions *definitions);

/* NULL if there is none. */
struct definition *definitions_find(const struct definitions *definitions, const char *name,
				    size_t length);

/* Give a variable a value, which has one user more then. */
void definitions_set(struct definitions *definitions, const char *name, size_t length,
		     struct value *value);

/*
 * The value of a predefined variable with its parameters, malloc'd; never NULL. What does not fit
 * has a warning at `place`, and something is used instead.
 */
char *definitions_compute(struct definitions *definitions, enum predefined predefined,
			  const char *parameters, size_t length, const struct conf_world *world,
			  const struct conf_place *place, struct conf_diags *diags);

/* Without lines and users. */
struct value *value_new(void);
void value_add(struct value *value, const struct conf_line *line);
struct conf_line value_line(const struct value *value, size_t number);
void value_release(struct value *value);

#endif
