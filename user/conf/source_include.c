/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * include[r|m|w|b|a] PATTERN: the files are read in place of the line. A relative pattern counts
 * from the directory of the file that the line is in.
 *
 * The letters say what is an error: r that a file which is there cannot be read; m also that there
 * is none, unless the pattern has wildcards; w even then; b also that one alternative of {a,b} is
 * missing; a everything. Without a letter all that is a warning at most, and the rest runs.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/source.h"

/* Files within files; more is a mistake that nobody could follow. */
#define DEPTH_MAX 32

/* What a file costs, however short it is. */
#define FILE_COST 1024

enum strictness {
	STRICT_READABLE = 1,
	STRICT_MATCH = 2,
	STRICT_WILDCARD = 4,
	STRICT_BRACE = 8,
};

static unsigned strictness_of(char letter)
{
	switch (letter) {
	case 'r':
		return STRICT_READABLE;
	case 'm':
		return STRICT_READABLE | STRICT_MATCH;
	case 'w':
		return STRICT_READABLE | STRICT_MATCH | STRICT_WILDCARD;
	case 'b':
		return STRICT_READABLE | STRICT_BRACE;
	case 'a':
		return STRICT_READABLE | STRICT_MATCH | STRICT_WILDCARD | STRICT_BRACE;
	}
	return 0;
}

/* The pattern of an include, or NULL: the line is something else. */
static const char *find_pattern(const struct conf_line *line, unsigned *strictness)
{
	const char *at = line->start + strlen("include");

	if (!line_starts_with(line->start, line->end, "include"))
		return NULL;
	*strictness = at < line->end ? strictness_of(*at) : 0;
	at += *strictness != 0;
	return at < line->end && line_is_blank(*at) ? line_skip_blanks(at, line->end) : NULL;
}

/* malloc'd */
static char *resolve(const char *from, const char *pattern, size_t length)
{
	const char *slash = strrchr(from, '/');

	if (*pattern == '/' || !slash)
		return conf_format("%.*s", (int)length, pattern);
	return conf_format("%.*s%.*s", (int)(slash + 1 - from), from, (int)length, pattern);
}

static void tell(struct source *source, bool error, const struct conf_place *place,
		 const char *path, const char *why)
{
	source->diags->whole.left_out += !error;
	if (error)
		conf_error(source->diags, place, "cannot include %.200s: %s", path, why);
	else
		conf_warning(source->diags, place, "%.200s is not included: %s", path, why);
}

/* False: nothing of it is to be read. */
static bool judge(struct source *source, const struct frame *frame, const char *pattern)
{
	const struct conf_found *found = &frame->found;
	unsigned strict = frame->strictness;

	if (found->problem)
		tell(source, strict & STRICT_READABLE, &frame->place, pattern, found->problem);
	else if (found->missing && !found->count)
		tell(source,
		     strict & (strchr(pattern, '{') ? STRICT_BRACE | STRICT_MATCH : STRICT_MATCH),
		     &frame->place, pattern, "there is no such file");
	else if (found->missing)
		tell(source, strict & STRICT_BRACE, &frame->place, pattern,
		     "a part of it does not exist");
	else if (!found->count && strict & STRICT_WILDCARD)
		tell(source, true, &frame->place, pattern, "no file matches");
	return found->count > 0 && !(found->missing && strict & STRICT_BRACE);
}

bool source_include(struct source *source, const struct conf_line *line)
{
	unsigned strictness;
	const char *pattern = find_pattern(line, &strictness);
	struct frame *frame;
	char *path;

	if (!pattern)
		return false;
	path = resolve(source_file(source), pattern, (size_t)(line->end - pattern));
	frame = source_push(source, FRAME_PATHS);
	frame->place = line_place(line, line->start);
	frame->strictness = strictness;
	if (source->world->find)
		source->world->find(source->world, path, &frame->found);
	else
		frame->found.problem = "there are no files here";
	if (!judge(source, frame, path))
		frame->next_item = frame->found.count;
	free(path);
	return true;
}

/* Why that file cannot come next, or NULL. */
static const char *refuse(const struct source *source, const struct conf_text *text)
{
	size_t depth = 0;

	for (size_t i = 0; i < source->count; i++) {
		const struct frame *frame = &source->frames[i];

		if (frame->kind != FRAME_FILE)
			continue;
		depth++;
		if (frame->text.inode && frame->text.inode == text->inode &&
		    frame->text.device == text->device)
			return "it is being read already: the includes go round in a circle";
	}
	return depth > DEPTH_MAX ? "includes stand in includes, more than 32 deep" : NULL;
}

static void begin_file(struct source *source, const char *path, struct conf_text *text)
{
	struct frame *frame = source_push(source, FRAME_FILE);

	frame->file = conf_add_file(source->conf, path);
	frame->text = *text;
	frame->text_end = text->bytes + text->length;
	frame->next = text->bytes;
	if (line_starts_with(frame->next, frame->text_end, "\xef\xbb\xbf"))
		frame->next += 3;
}

void source_open_next(struct source *source)
{
	struct frame *frame = &source->frames[source->count - 1];
	const char *path = frame->found.paths[frame->next_item++];
	struct conf_place place = frame->place;
	struct conf_text text = {0};
	const char *why;

	if (!source_charge(source, FILE_COST, &place))
		return;
	why = source->world->read(source->world, path, &text);
	if (why) {
		tell(source, frame->strictness & STRICT_READABLE, &place, path, why);
		return;
	}
	why = refuse(source, &text);
	if (why)
		tell(source, true, &place, path, why);
	if (why || !source_charge(source, text.length, &place))
		free(text.bytes);
	else
		begin_file(source, path, &text);
}
