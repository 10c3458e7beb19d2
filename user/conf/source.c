/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines are read from a stack of frames: a file lies below those that it includes, a value of
 * several lines or a sequence above the line that uses it. No recursion: what a text could drive
 * without end is counted (source_charge()), because a few lines can ask for billions.
 */
#include "conf/source.h"

#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"

/* No configuration of 4096 instances needs as much. */
#define EXPANSION_MAX ((size_t)64 << 20)

static const struct conf_world nothing;

static const char *pass_mark(const char *text, const char *end)
{
	/* The byte order mark that some editors put in front. */
	return line_starts_with(text, end, "\xef\xbb\xbf") ? text + 3 : text;
}

void source_init(struct source *source, const struct conf_world *world, struct conf *conf,
		 const char *file, const char *text, size_t length, struct conf_diags *diags)
{
	*source = (struct source){
		.world = world ? world : &nothing,
		.conf = conf,
		.diags = diags,
	};
	definitions_init(&source->definitions, source->world->seed);
	struct frame *frame = source_push(source, FRAME_FILE);

	frame->file = conf_add_file(conf, file);
	frame->next = pass_mark(text, text + length);
	frame->text_end = text + length;
}

struct frame *source_push(struct source *source, enum frame_kind kind)
{
	const char *file = source->count ? source_file(source) : NULL;

	source->frames = conf_grow(source->frames, source->count, &source->capacity,
				   sizeof(source->frames[0]));
	source->frames[source->count] = (struct frame){.kind = kind, .file = file};
	return &source->frames[source->count++];
}

const char *source_file(const struct source *source)
{
	return source->frames[source->count - 1].file;
}

static void pop(struct source *source)
{
	struct frame *frame = &source->frames[--source->count];

	if (frame->kind == FRAME_FILE) { /* with which an unfinished definition ends */
		value_release(source->collecting);
		source->collecting = NULL;
	}
	for (size_t i = 0; i < frame->found.count; i++)
		free(frame->found.paths[i]);
	free(frame->found.paths);
	free(frame->text.bytes);
	value_release(frame->value);
	if (frame->sequence)
		sequence_free(frame->sequence);
}

void source_free(struct source *source)
{
	while (source->count)
		pop(source);
	free(source->frames);
	definitions_free(&source->definitions);
	for (size_t i = 0; i < 2; i++) {
		free(source->expansions[i].bytes);
		free(source->expansions[i].spans);
	}
}

bool source_charge(struct source *source, size_t bytes, const struct conf_place *place)
{
	size_t most = source->world->expansion_max ? source->world->expansion_max : EXPANSION_MAX;

	source->produced += bytes;
	if (source->produced <= most)
		return true;
	if (!source->exhausted)
		conf_error(source->diags, place,
			   "variables, sequences and includes make more than %zu bytes of this: "
			   "reading ends here",
			   most);
	source->exhausted = true;
	return false;
}

/* ---- lines of a file ---- */

static void cut_line(struct frame *frame, struct conf_line *line)
{
	const char *start = frame->next;
	const char *newline = memchr(start, '\n', (size_t)(frame->text_end - start));
	const char *end = newline ? newline : frame->text_end;

	frame->number++;
	frame->next = newline ? newline + 1 : frame->text_end;
	if (end > start && end[-1] == '\r')
		end--;
	*line = (struct conf_line){
		.start = start,
		.end = end,
		.base = start,
		.file = frame->file,
		.number = frame->number,
		.column = 1,
	};
}

/* keepalived ignores such a line too. */
static bool has_nul(struct source *source, const struct conf_line *line)
{
	const char *nul = memchr(line->start, '\0', (size_t)(line->end - line->start));

	if (nul) {
		struct conf_place place = line_place(line, nul);

		conf_warning(source->diags, &place, "a NUL byte: the line is ignored");
	}
	return nul;
}

/* False: the frame has no more lines. */
static bool pull_from(struct source *source, struct frame *frame, struct conf_line *line)
{
	switch (frame->kind) {
	case FRAME_FILE:
		while (frame->next < frame->text_end) {
			cut_line(frame, line);
			if (!has_nul(source, line))
				return true;
		}
		return false;
	case FRAME_VALUE:
		if (frame->next_item == frame->value->count)
			return false;
		*line = value_line(frame->value, frame->next_item++);
		break;
	case FRAME_SEQUENCE:
		if (!sequence_next(frame->sequence, &source->definitions, line))
			return false;
		break;
	case FRAME_PATHS:
		return false;
	}
	struct conf_place place = line_place(line, line->start);

	return source_charge(source, 16 + (size_t)(line->end - line->start), &place);
}

/* Any line, as it is written. */
static bool pull(struct source *source, struct conf_line *line)
{
	while (source->count && !source->exhausted) {
		struct frame *frame = &source->frames[source->count - 1];

		if (frame->kind == FRAME_PATHS && frame->next_item < frame->found.count)
			source_open_next(source);
		else if (pull_from(source, frame, line))
			return true;
		else
			pop(source);
	}
	return false;
}

/* What a line says. */
static void cut_comment(struct source *source, struct conf_line *line)
{
	const char *end = line->end;

	line->end = line_find_comment(line->start, end);
	if (line->end < end && *line->end == '\\') {
		struct conf_place place = line_place(line, line->end);

		conf_warning(source->diags, &place,
			     "`%.2s` begins a comment too, as for keepalived, which takes the "
			     "backslash away before it looks for comments: quote the word with \"",
			     line->end);
	}
	source->comment_continues = line->end < end && end[-1] == '\\';
	line->end = line_trim_blanks(line->start, line->end);
	line->start = line_skip_blanks(line->start, line->end);
}

/* ---- definitions ---- */

/* The first line of a value, or one that follows; a backslash at its end takes one more. */
static void take_value(struct source *source, struct conf_line line, struct value *value)
{
	bool backslash = line.end > line.start && line.end[-1] == '\\';
	bool more = backslash || source->comment_continues;

	if (backslash)
		line.end = line_trim_blanks(line.start, line.end - 1);
	if (line.end > line.start || (!more && !value->count))
		value_add(value, &line);
	value->several_lines = value->several_lines || more;
	if (more && !source->collecting) {
		value->users++;
		source->collecting = value;
	} else if (!more && source->collecting) {
		source->collecting = NULL;
		value_release(value);
	}
}

/* `NAME=` behind a `$` without blanks: its `=`, or NULL. */
static const char *find_equals(const struct conf_line *line)
{
	const char *at = line->start + 1;

	if (at >= line->end || !line_begins_name(*at))
		return NULL;
	while (at < line->end && line_is_name(*at))
		at++;
	return at < line->end && *at == '=' ? at : NULL;
}

static bool is_predefined(const struct source *source, const char *name, const char *end)
{
	const struct definition *definition =
		definitions_find(&source->definitions, name, (size_t)(end - name));

	return definition && definition->predefined != NOT_PREDEFINED;
}

static bool define(struct source *source, const struct conf_line *line)
{
	const char *name = line->start + 1, *equals = find_equals(line);
	struct value *value;
	struct conf_line rest = *line;

	if (!equals)
		return false;
	struct conf_place place = line_place(line, line->start);

	value = value_new();
	value->users = 1;
	rest.start = line_skip_blanks(equals + 1, line->end);
	take_value(source, rest, value);
	source_charge(source, 16 + (size_t)(line->end - line->start), &place);
	if (value->several_lines && is_predefined(source, name, equals))
		conf_warning(source->diags, &place,
			     "a predefined variable cannot have several lines: the definition is "
			     "ignored");
	else
		definitions_set(&source->definitions, name, (size_t)(equals - name), value);
	value_release(value);
	return true;
}

/* A definition ends with a line without a backslash, and with one that has nothing at all. */
static void collect(struct source *source, struct conf_line *line)
{
	struct value *value = source->collecting;
	bool nothing_at_all = line->start == line->end;

	cut_comment(source, line);
	if (line->start < line->end || source->comment_continues)
		take_value(source, *line, value);
	if (nothing_at_all) {
		source->collecting = NULL;
		value_release(value);
	}
}

/* ---- conditions ---- */

/*
 * `@ID rest` is the rest on the machine with that name, and `@^ID rest` on all others. False: the
 * line is not for this one.
 */
static bool meets_condition(const struct source *source, struct conf_line *line)
{
	const char *id = source->world->config_id;
	const char *word = line->start + 1, *behind;
	bool negated = word < line->end && *word == '^';

	word += negated;
	for (behind = word; behind < line->end && !line_is_blank(*behind);)
		behind++;
	bool equal = id && (size_t)(behind - word) == strlen(id) &&
		     !memcmp(word, id, (size_t)(behind - word));

	line->start = line_skip_blanks(behind, line->end);
	return equal != negated && line->start < line->end;
}

/* ---- sequences ---- */

static void begin_sequence(struct source *source, const struct conf_line *line)
{
	const char *close = memchr(line->start, ')', (size_t)(line->end - line->start));
	struct conf_place place = line_place(line, line->start);
	const char *why = "there is no `)`";
	struct conf_line head = *line, text = *line;
	struct sequence *sequence = NULL;
	size_t frames = source->count;

	if (close) {
		head.end = close + 1;
		text.start = line_skip_blanks(close + 1, line->end);
		if (memchr(head.start, '$', (size_t)(head.end - head.start)))
			source_substitute(source, &head);
		if (source->count == frames)
			sequence = sequence_parse(&head, &text, &why);
		else
			why = "a variable of several lines stands in it";
	}
	while (source->count > frames)
		pop(source);
	if (sequence)
		source_push(source, FRAME_SEQUENCE)->sequence = sequence;
	else
		conf_warning(source->diags, &place, "this sequence is ignored: %s", why);
}

/* ---- all of it ---- */

/* The line, or what is left of it; false: nothing. */
bool source_prepare(struct source *source, struct conf_line *line)
{
	while (line->start < line->end && !source->exhausted) {
		if (*line->start == '@') {
			if (!meets_condition(source, line))
				return false;
			continue;
		}
		if (*line->start == '$' && define(source, line))
			return false;
		if (sequence_begins(line)) {
			begin_sequence(source, line);
			return false;
		}
		if (*line->start == '~' || !source_substitute(source, line))
			break;
		cut_comment(source, line);
	}
	return line->start < line->end && !source->exhausted && !source_include(source, line);
}

bool source_next(struct source *source, struct conf_line *line)
{
	while (pull(source, line)) {
		if (source->collecting) {
			collect(source, line);
			continue;
		}
		cut_comment(source, line);
		if (source_prepare(source, line))
			return true;
	}
	return false;
}
