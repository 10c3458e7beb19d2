/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diagnostics: every part of conf/ appends what it finds, conf_parse() sorts them by place at the
 * end. They are bounded, so that a file of rubbish fills neither the memory nor the log.
 */
#include "conf/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/memory.h"

static char *printable(const char *text)
{
	char *safe = conf_alloc(strlen(text) * 4 + 1);
	char *to = safe;

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte >= ' ' && byte <= '~')
			*to++ = *text;
		else
			to += snprintf(to, sizeof("\\xff"), "\\x%02x", byte);
	}
	*to = '\0';
	return safe;
}

static void append(struct conf_diags *diags, enum conf_severity severity,
		   const struct conf_place *place, char *text)
{
	diags->list =
		conf_grow(diags->list, diags->count, &diags->capacity, sizeof(diags->list[0]));
	diags->list[diags->count++] = (struct conf_diag){
		.severity = severity,
		.place = *place,
		.text = text,
	};
}

static void add(struct conf_diags *diags, enum conf_severity severity,
		const struct conf_place *place, const char *format, va_list arguments)
{
	size_t *seen = severity == CONF_ERROR ? &diags->errors : &diags->warnings;
	char *text;

	(*seen)++;
	if (*seen > CONF_DIAGS_MAX)
		return;
	if (*seen == CONF_DIAGS_MAX) {
		append(diags, severity, place,
		       conf_format("too many %s: the others are not shown",
				   severity == CONF_ERROR ? "errors" : "warnings"));
		return;
	}
	if (vasprintf(&text, format, arguments) < 0)
		conf_no_memory();
	append(diags, severity, place, printable(text));
	free(text);
}

void conf_error(struct conf_diags *diags, const struct conf_place *place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(diags, CONF_ERROR, place, format, arguments);
	va_end(arguments);
}

void conf_warning(struct conf_diags *diags, const struct conf_place *place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(diags, CONF_WARNING, place, format, arguments);
	va_end(arguments);
}

const char *conf_line_text(const struct conf_place *there, const struct conf_place *here,
			   char text[LINE_TEXT_LEN])
{
	if (there->file == here->file)
		snprintf(text, LINE_TEXT_LEN, "line %u", there->line);
	else
		snprintf(text, LINE_TEXT_LEN, "%.140s:%u", there->file, there->line);
	return text;
}

/* In the order in which the files have been read. */
static int by_place(const void *left, const void *right)
{
	const struct conf_diag *a = left, *b = right;

	if (a->file_number != b->file_number)
		return a->file_number < b->file_number ? -1 : 1;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	if (a->place.column != b->place.column)
		return a->place.column < b->place.column ? -1 : 1;
	if (a->severity != b->severity)
		return a->severity == CONF_ERROR ? -1 : 1;
	return strcmp(a->text, b->text);
}

static void number_file(struct conf_diag *diag, char **files)
{
	while (files[diag->file_number] && files[diag->file_number] != diag->place.file)
		diag->file_number++;
}

/* Where some were not kept, nobody knows how many of them were repeated. */
static void uncount(size_t *seen)
{
	if (*seen < CONF_DIAGS_MAX)
		(*seen)--;
}

static void drop_repeated(struct conf_diags *diags, size_t from)
{
	size_t kept = from;

	for (size_t i = from; i < diags->count; i++) {
		struct conf_diag *diag = &diags->list[i];

		if (kept > from && !by_place(diag, &diags->list[kept - 1])) {
			uncount(diag->severity == CONF_ERROR ? &diags->errors : &diags->warnings);
			free(diag->text);
		} else {
			diags->list[kept++] = *diag;
		}
	}
	diags->count = kept;
}

void conf_diags_sort(struct conf_diags *diags, size_t from, char **files)
{
	if (diags->count <= from)
		return;
	for (size_t i = from; i < diags->count; i++)
		number_file(&diags->list[i], files);
	qsort(diags->list + from, diags->count - from, sizeof(diags->list[0]), by_place);
	drop_repeated(diags, from);
}

void conf_diags_free(struct conf_diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		free(diags->list[i].text);
	free(diags->list);
	*diags = (struct conf_diags){0};
}

char *conf_diag_format(const struct conf_diag *diag)
{
	const char *severity = diag->severity == CONF_ERROR ? "error" : "warning";
	const struct conf_place *place = &diag->place;

	/* What concerns the whole file is told at its beginning. */
	return conf_format("%s:%u:%u: %s: %s", place->file, place->line ? place->line : 1,
			   place->column ? place->column : 1, severity, diag->text);
}
