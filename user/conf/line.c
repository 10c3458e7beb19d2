/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/line.h"

#include <string.h>

/* The last span that begins at or before the offset, or NULL. */
static const struct span *find_span(const struct conf_line *line, size_t offset)
{
	size_t low = 0, high = line->span_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (line->spans[middle].at <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &line->spans[low - 1] : NULL;
}

struct conf_place line_place_of(const struct conf_line *line, const char *at, bool *fixed)
{
	size_t offset = (size_t)(at - line->base);
	const struct span *span = find_span(line, offset);
	struct conf_place place = {.file = line->file, .line = line->number};

	*fixed = span && span->fixed;
	if (*fixed)
		place.column = span->column;
	else if (span)
		place.column = span->column + (unsigned)(offset - span->at);
	else
		place.column = line->column + (unsigned)offset;
	return place;
}

struct conf_place line_place(const struct conf_line *line, const char *at)
{
	bool fixed;

	return line_place_of(line, at, &fixed);
}

bool line_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

bool line_begins_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool line_is_name(char c)
{
	return line_begins_name(c) || (c >= '0' && c <= '9');
}

bool line_starts_with(const char *at, const char *end, const char *bytes)
{
	size_t length = strlen(bytes);

	return (size_t)(end - at) >= length && !memcmp(at, bytes, length);
}

const char *line_skip_blanks(const char *at, const char *end)
{
	while (at < end && line_is_blank(*at))
		at++;
	return at;
}

const char *line_trim_blanks(const char *start, const char *end)
{
	while (end > start && line_is_blank(end[-1]))
		end--;
	return end;
}

/* A backslash protects the character behind it, another backslash and a quote included. */
static bool is_protected(const char *at, const char *end)
{
	return *at == '\\' && end - at > 1;
}

const char *line_find_comment(const char *start, const char *end)
{
	bool quoted = false;

	for (const char *at = start; at < end; at++) {
		if (!quoted && is_protected(at, end) && (at[1] == '#' || at[1] == '!'))
			return at;
		if (is_protected(at, end))
			at++;
		else if (*at == '"')
			quoted = !quoted;
		else if (!quoted && (*at == '#' || *at == '!'))
			return at;
	}
	return end;
}
