/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `$NAME` and `${NAME}` become their values, which are read again together with what follows them:
 * `${A}` may be the beginning of a name that its value ends. So the bytes that are still to come
 * stand at the end of one array, those that are done at its beginning, and a value goes in front of
 * the former.
 *
 * Like keepalived, a line with variables loses its comment and the backslashes in front of `#` and
 * `!` before they are replaced, and may so get a new comment.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/source.h"

/* A variable whose value is being read: until less than that is left. */
struct active {
	const struct definition *definition;
	size_t left;
};

struct scan {
	struct source *source;
	const struct conf_line *line; /* that it is all made of */
	struct expansion *to;
	size_t done, at; /* [0, done) is ready, [at, capacity) is still to come */
	struct active *active;
	size_t depth, depth_capacity;
	struct conf_place use; /* of the outermost variable */
	bool quoted;
	bool verbatim; /* what is still to come stays as it is */
	bool changed;
	bool circular; /* which has been told: nothing is left of the line */
};

/* A `$` that may be the use of a variable. */
struct use {
	const char *name, *parameters;
	size_t length, parameters_length; /* of both */
	size_t all;			  /* with the `$` and the braces */
	bool last;			  /* nothing follows on the line */
};

static size_t left(const struct scan *scan)
{
	return scan->to->capacity - scan->at;
}

/* Room for so many bytes in front of those that are still to come. */
static void make_room(struct scan *scan, size_t bytes)
{
	struct expansion *to = scan->to;
	size_t tail = left(scan), capacity = to->capacity;
	char *larger;

	if (scan->at - scan->done >= bytes)
		return;
	capacity = 2 * (capacity + bytes);
	larger = conf_alloc(capacity);
	if (to->bytes) {
		memcpy(larger, to->bytes, scan->done);
		memcpy(larger + capacity - tail, to->bytes + scan->at, tail);
	}
	free(to->bytes);
	to->bytes = larger;
	to->capacity = capacity;
	scan->at = capacity - tail;
}

static void put_front(struct scan *scan, const char *bytes, size_t length)
{
	make_room(scan, length);
	scan->at -= length;
	if (length)
		memcpy(scan->to->bytes + scan->at, bytes, length);
}

/* Of the byte that is read next. */
static struct conf_place place_here(const struct scan *scan, bool *fixed)
{
	if (scan->depth) {
		*fixed = true;
		return scan->use;
	}
	return line_place_of(scan->line, scan->line->end - left(scan), fixed);
}

/* The byte that becomes number `done` stands at another place than one would think. */
static void note_place(struct scan *scan)
{
	struct expansion *to = scan->to;
	bool fixed;
	struct conf_place place = place_here(scan, &fixed);

	if (to->span_count) {
		const struct span *last = &to->spans[to->span_count - 1];
		unsigned way = fixed ? 0 : (unsigned)(scan->done - last->at);

		if (last->fixed == fixed && place.column == last->column + way)
			return;
	}
	to->spans = conf_grow(to->spans, to->span_count, &to->span_capacity, sizeof(to->spans[0]));
	to->spans[to->span_count++] = (struct span){scan->done, place.column, fixed};
}

static void copy_byte(struct scan *scan)
{
	note_place(scan);
	scan->to->bytes[scan->done++] = scan->to->bytes[scan->at++];
}

/* A byte that is no variable, with the one behind it if it is a backslash. */
static void copy_text(struct scan *scan)
{
	const char *at = scan->to->bytes + scan->at;

	if (*at == '"')
		scan->quoted = !scan->quoted;
	if (!scan->verbatim && *at == '\\' && left(scan) > 1) {
		if (!scan->quoted && (at[1] == '#' || at[1] == '!'))
			scan->at++;
		else
			copy_byte(scan);
		if (scan->to->bytes[scan->at] == '$')
			return;
	}
	copy_byte(scan);
}

/* ---- uses ---- */

/* Words of letters and digits, up to the brace that closes. */
static bool find_parameters(const char *at, const char *end, struct use *use)
{
	use->parameters = line_skip_blanks(at, end);
	for (at = use->parameters; at < end && (line_is_name(*at) || line_is_blank(*at)); at++)
		;
	use->parameters_length = (size_t)(at - use->parameters);
	use->all = (size_t)(at + 1 - use->name) + 2;
	return at < end && *at == '}' && (!use->parameters_length || !line_is_blank(at[-1]));
}

/* At a `$`. */
static bool find_use(const struct scan *scan, struct use *use)
{
	const char *at = scan->to->bytes + scan->at + 1,
		   *end = scan->to->bytes + scan->to->capacity;
	bool braces = at < end && *at == '{';

	at += braces;
	*use = (struct use){.name = at, .parameters = at};
	if (at == end || !line_begins_name(*at))
		return false;
	while (at < end && line_is_name(*at))
		at++;
	use->length = (size_t)(at - use->name);
	use->all = use->length + 1;
	if (braces ? !find_parameters(at, end, use)
		   : at < end && *at != ' ' && *at != '\t' && *at != ',' && *at != ')')
		return false;
	use->last = use->all == left(scan);
	return true;
}

static bool is_active(const struct scan *scan, const struct definition *definition)
{
	for (size_t i = 0; i < scan->depth; i++)
		if (scan->active[i].definition == definition)
			return true;
	for (size_t i = 0; i < scan->source->count; i++)
		if (definition->value && scan->source->frames[i].value == definition->value)
			return true;
	return false;
}

/* Can it be replaced here? What keepalived leaves as it is, without a word, has a warning. */
static bool is_usable(struct scan *scan, const struct use *use, const struct definition *definition)
{
	const struct value *value = definition->value;
	bool fixed;
	struct conf_place place = place_here(scan, &fixed);

	if (use->parameters_length && (value || (definition->predefined != DEFINED_RANDOM &&
						 definition->predefined != DEFINED_ENV)))
		return false;
	if (value && value->several_lines && !use->last) {
		conf_warning(scan->source->diags, &place,
			     WORD " has several lines, so that nothing may follow it: it is not "
				  "replaced",
			     definition->name);
		return false;
	}
	if (is_active(scan, definition)) {
		conf_error(scan->source->diags, &place,
			   WORD " is used by its own value, without end", definition->name);
		scan->circular = true;
		return false;
	}
	return true;
}

/* ---- replacing ---- */

static void push_lines(struct source *source, struct value *value)
{
	struct frame *frame = source_push(source, FRAME_VALUE);

	frame->value = value;
	frame->next_item = 1;
	value->users++;
}

static void splice(struct scan *scan, struct definition *definition, const char *text,
		   size_t length)
{
	const char *visible = line_skip_blanks(text, text + length);

	bool fixed;

	if (!scan->depth)
		scan->use = place_here(scan, &fixed);
	scan->active = conf_grow(scan->active, scan->depth, &scan->depth_capacity,
				 sizeof(scan->active[0]));
	scan->active[scan->depth++] = (struct active){definition, 0};
	scan->verbatim = !scan->done && visible < text + length && *visible == '~';
}

static void replace(struct scan *scan, const struct use *use, struct definition *definition)
{
	struct source *source = scan->source;
	struct value *value = definition->value;
	char *computed = NULL;
	const char *text = "";
	size_t length = 0;
	bool fixed;
	struct conf_place place = place_here(scan, &fixed);

	if (!value) {
		source->definitions.file = source_file(source);
		text = computed = definitions_compute(&source->definitions, definition->predefined,
						      use->parameters, use->parameters_length,
						      source->world, &place, source->diags);
		length = strlen(text);
	} else if (value->count) {
		text = value->lines[0].text;
		length = value->lines[0].length;
	}
	splice(scan, definition, text, length);
	scan->at += use->all;
	scan->active[scan->depth - 1].left = left(scan);
	put_front(scan, text, length);
	scan->changed = true;
	if (value && value->several_lines && value->count)
		push_lines(source, value);
	source_charge(source, 16 + length, &place);
	free(computed);
}

static bool take_variable(struct scan *scan)
{
	struct definition *definition;
	struct use use;

	if (scan->verbatim || scan->to->bytes[scan->at] != '$' || !find_use(scan, &use))
		return false;
	definition = definitions_find(&scan->source->definitions, use.name, use.length);
	if (!definition || !is_usable(scan, &use, definition))
		return false;
	replace(scan, &use, definition);
	return true;
}

bool source_substitute(struct source *source, struct conf_line *line)
{
	struct expansion *to = &source->expansions[source->turn];
	struct scan scan = {
		.source = source,
		.line = line,
		.to = to,
		.at = to->capacity,
	};

	if (!memchr(line->start, '$', (size_t)(line->end - line->start)))
		return false;
	to->span_count = 0;
	put_front(&scan, line->start, (size_t)(line->end - line->start));
	while (left(&scan) && !source->exhausted && !scan.circular) {
		while (scan.depth && left(&scan) <= scan.active[scan.depth - 1].left)
			scan.depth--;
		if (!take_variable(&scan))
			copy_text(&scan);
	}
	free(scan.active);
	if (scan.circular)
		scan.done = 0;
	else if (!scan.changed)
		return false;
	source->turn ^= 1;
	*line = (struct conf_line){
		.start = to->bytes,
		.end = to->bytes + scan.done,
		.base = to->bytes,
		.file = line->file,
		.number = line->number,
		.column = line->column,
		.spans = to->spans,
		.span_count = to->span_count,
	};
	return true;
}
