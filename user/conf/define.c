/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/define.h"

#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"

/* ---- values ---- */

struct value *value_new(void)
{
	return conf_alloc(sizeof(struct value));
}

void value_add(struct value *value, const struct conf_line *line)
{
	size_t length = (size_t)(line->end - line->start);
	struct conf_place place = line_place(line, line->start);
	struct value_line *added;
	bool fixed = line->spans != NULL;

	value->lines = conf_grow(value->lines, value->count, &value->capacity, sizeof(*added));
	added = &value->lines[value->count++];
	*added = (struct value_line){
		.text = conf_alloc(length + 1),
		.length = length,
		.file = place.file,
		.number = place.line,
		.column = place.column,
		.span = {.column = place.column, .fixed = true},
		.fixed = fixed,
	};
	memcpy(added->text, line->start, length);
}

struct conf_line value_line(const struct value *value, size_t number)
{
	const struct value_line *from = &value->lines[number];

	return (struct conf_line){
		.start = from->text,
		.end = from->text + from->length,
		.base = from->text,
		.file = from->file,
		.number = from->number,
		.column = from->column,
		.spans = from->fixed ? &from->span : NULL,
		.span_count = from->fixed,
	};
}

void value_release(struct value *value)
{
	if (!value || --value->users)
		return;
	for (size_t i = 0; i < value->count; i++)
		free(value->lines[i].text);
	free(value->lines);
	free(value);
}

/* ---- names ---- */

static size_t hash(const char *name, size_t length)
{
	uint32_t sum = 2166136261u;

	while (length--)
		sum = (sum ^ (uint8_t)*name++) * 16777619u;
	return sum;
}

static struct definition **bucket_of(const struct definitions *definitions, const char *name,
				     size_t length)
{
	return &definitions->buckets[hash(name, length) & (definitions->bucket_count - 1)];
}

struct definition *definitions_find(const struct definitions *definitions, const char *name,
				    size_t length)
{
	struct definition *at = *bucket_of(definitions, name, length);

	while (at && (strncmp(at->name, name, length) != 0 || at->name[length]))
		at = at->next;
	return at;
}

static void link_definition(struct definitions *definitions, struct definition *definition)
{
	struct definition **bucket =
		bucket_of(definitions, definition->name, strlen(definition->name));

	definition->next = *bucket;
	*bucket = definition;
}

static void double_buckets(struct definitions *definitions)
{
	size_t old_count = definitions->bucket_count;
	struct definition **old = definitions->buckets, *at, *next;

	definitions->bucket_count = old_count * 2;
	definitions->buckets = conf_alloc(definitions->bucket_count * sizeof(old[0]));
	for (size_t i = 0; i < old_count; i++)
		for (at = old[i]; at; at = next) {
			next = at->next;
			link_definition(definitions, at);
		}
	free(old);
}

static struct definition *add(struct definitions *definitions, const char *name, size_t length)
{
	struct definition *definition = conf_alloc(sizeof(*definition));

	if (definitions->count++ == definitions->bucket_count)
		double_buckets(definitions);
	definition->name = conf_alloc(length + 1);
	memcpy(definition->name, name, length);
	link_definition(definitions, definition);
	return definition;
}

void definitions_set(struct definitions *definitions, const char *name, size_t length,
		     struct value *value)
{
	struct definition *definition = definitions_find(definitions, name, length);

	if (!definition)
		definition = add(definitions, name, length);
	value->users++;
	value_release(definition->value);
	definition->value = value;
}

void definitions_init(struct definitions *definitions, unsigned seed)
{
	static const struct {
		const char *name;
		enum predefined predefined;
	} names[] = {
		{"_PWD", DEFINED_PWD}, {"_INSTANCE", DEFINED_INSTANCE}, {"_RANDOM", DEFINED_RANDOM},
		{"_ENV", DEFINED_ENV}, {"_HASH", DEFINED_HASH},		{"_BANG", DEFINED_BANG},
	};

	*definitions = (struct definitions){.bucket_count = 16, .random = seed};
	definitions->buckets = conf_alloc(16 * sizeof(definitions->buckets[0]));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add(definitions, names[i].name, strlen(names[i].name))->predefined =
			names[i].predefined;
}

void definitions_free(struct definitions *definitions)
{
	for (size_t i = 0; i < definitions->bucket_count; i++)
		for (struct definition *at = definitions->buckets[i], *next; at; at = next) {
			next = at->next;
			value_release(at->value);
			free(at->name);
			free(at);
		}
	free(definitions->buckets);
}

/* ---- what is predefined ---- */

/* The decimal number at *text, which moves behind it and the blanks there. */
static bool take_number(const char **text, const char *end, uint64_t *number)
{
	const char *start = *text;

	for (*number = 0; *text < end && **text >= '0' && **text <= '9'; (*text)++)
		*number = *number * 10 + (uint64_t)(**text - '0');
	return *text > start && *text - start < 19 && (*text == end || line_is_blank(**text)) &&
	       (*text = line_skip_blanks(*text, end));
}

static char *compute_random(struct definitions *definitions, const char *parameters, size_t length,
			    const struct conf_place *place, struct conf_diags *diags)
{
	const char *end = parameters + length;
	uint64_t low = 0, high = 32767;

	if ((length && !take_number(&parameters, end, &low)) ||
	    (parameters < end && !take_number(&parameters, end, &high)) || parameters < end ||
	    low > high) {
		conf_warning(diags, place,
			     "`${_RANDOM}` takes a smallest and a largest number: 0 and 32767 are "
			     "used");
		low = 0;
		high = 32767;
	}
	definitions->random = definitions->random * 1664525u + 1013904223u;
	return conf_format(
		"%llu", (unsigned long long)(low + (definitions->random >> 8) % (high - low + 1)));
}

static char *compute_environment(const char *parameters, size_t length,
				 const struct conf_world *world, const struct conf_place *place,
				 struct conf_diags *diags)
{
	char *name = conf_format("%.*s", (int)length, parameters);
	const char *value = *name && world->environment ? world->environment(world, name) : NULL;

	if (!value)
		conf_warning(diags, place,
			     "there is no environment variable " WORD ": it counts as empty", name);
	free(name);
	return conf_copy(value ? value : "");
}

static char *compute_directory(const struct conf_world *world, const char *file)
{
	char *directory = world->directory ? world->directory(world, file) : NULL;

	return directory ? directory : conf_copy("");
}

static char *compute(struct definitions *definitions, enum predefined predefined,
		     const char *parameters, size_t length, const struct conf_world *world,
		     const struct conf_place *place, struct conf_diags *diags)
{
	switch (predefined) {
	case DEFINED_PWD:
		return compute_directory(world, definitions->file);
	case DEFINED_INSTANCE:
		return conf_copy(world->config_id ? world->config_id : "");
	case DEFINED_RANDOM:
		return compute_random(definitions, parameters, length, place, diags);
	case DEFINED_ENV:
		return compute_environment(parameters, length, world, place, diags);
	case DEFINED_HASH:
		return conf_copy("#");
	case DEFINED_BANG:
		return conf_copy("!");
	case NOT_PREDEFINED:
		break;
	}
	return conf_copy("");
}

char *definitions_compute(struct definitions *definitions, enum predefined predefined,
			  const char *parameters, size_t length, const struct conf_world *world,
			  const struct conf_place *place, struct conf_diags *diags)
{
	char *text = compute(definitions, predefined, parameters, length, world, place, diags);

	for (char *at = text; *at; at++) /* a line stays a line */
		if (*at == '\n')
			*at = ' ';
	return text;
}
