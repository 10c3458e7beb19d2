/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a file says, before defaults and checks: every value with its place. The parser fills it,
 * finish.c turns it into a struct conf.
 */
#ifndef CONF_RAW_H
#define CONF_RAW_H

#include "conf/reader.h"
#include "conf/schema.h"

struct setting {
	const struct keyword *keyword; /* that gave it a value last; NULL = there is none */
	struct conf_place place;       /* of that keyword */
	int64_t value;		       /* of all kinds but interfaces and texts */
	char *text;		       /* of these */
	char *problem;		       /* why what was written cannot be used, or NULL */
	struct conf_place problem_place;
};

struct raw_instance {
	char *name; /* empty if it has none; that is an error and told */
	struct conf_place place;
	struct setting settings[KEY_SETTINGS];
	struct conf_address *addresses; /* of both families, as written */
	size_t address_count, address_capacity;
};

struct raw {
	struct setting global[KEY_SETTINGS];
	struct raw_instance *instances;
	size_t count, capacity;
};

/* Everything in the text; never fails, what is wrong is in `diags`. */
void raw_parse(struct raw *raw, const char *file, const char *text, size_t length,
	       struct conf_diags *diags);
void raw_free(struct raw *raw);

/*
 * Take the value of a scalar keyword from its line. Useless values are not told yet: what is used
 * instead is known only when the whole file has been read.
 */
void setting_take(struct setting *setting, const struct keyword *keyword,
		  const struct statement *statement, struct conf_diags *diags);

/* The number that a whole decimal word stands for, or false; no sign, no blanks. */
bool value_integer(const char *text, int64_t min, int64_t max, int64_t *value);

/* Decimal seconds as microseconds, rounded; or false. */
bool value_seconds(const char *text, int64_t min, int64_t max, int64_t *value);

/* May it be the name of a network interface? */
bool value_is_interface(const char *text);

/*
 * One line of virtual_ipaddress: an address with its options; a further address on the line is
 * taken too, with a warning.
 */
void address_parse(struct raw_instance *instance, const struct statement *statement,
		   struct conf_diags *diags);

#endif
