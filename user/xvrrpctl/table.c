/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2 /* spaces between columns */

static void need(const void *memory)
{
	if (memory)
		return;
	fputs("xvrrpctl: out of memory\n", stderr);
	exit(1);
}

void table_add(struct table *table, const char *format, ...)
{
	if (table->cell_count == table->room) {
		table->room = table->room ? table->room * 2 : 64;
		table->cells = realloc(table->cells, table->room * sizeof(table->cells[0]));
		need(table->cells);
	}
	char *cell = NULL;
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&cell, format, arguments) < 0)
		cell = NULL;
	va_end(arguments);
	need(cell);
	table->cells[table->cell_count++] = cell;
}

/* ---- measuring ---- */

/* Characters, not bytes, up to `length`. */
static size_t width_of(const char *text, size_t length)
{
	size_t width = 0;
	for (size_t i = 0; i < length; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

/* Line `number` of a cell, from 0; its length is 0 beyond the last one. */
static const char *cell_line(const char *cell, size_t number, size_t *length)
{
	while (number-- && *cell) {
		cell += strcspn(cell, "\n");
		cell += *cell == '\n';
	}
	*length = strcspn(cell, "\n");
	return cell;
}

static size_t line_count(const char *cell)
{
	size_t count = 1;
	for (; *cell; cell++)
		count += *cell == '\n';
	return count;
}

static size_t column_width(const struct table *table, size_t column)
{
	const char *title = table->columns[column].title;
	size_t width = title ? strlen(title) : 0;
	for (size_t i = column; i < table->cell_count; i += table->column_count) {
		size_t lines = line_count(table->cells[i]);
		for (size_t number = 0; number < lines; number++) {
			size_t length;
			const char *line = cell_line(table->cells[i], number, &length);
			size_t this_width = width_of(line, length);
			width = this_width > width ? this_width : width;
		}
	}
	return width;
}

/* Columns of the terminal; SIZE_MAX if stdout is none. */
static size_t terminal_width(void)
{
	struct winsize size;
	if (!isatty(STDOUT_FILENO))
		return SIZE_MAX;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

/* ---- printing ---- */

static bool colours_wanted(void)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

static void print_text(const struct column *column, const char *cell, const char *text,
		       size_t length)
{
	const char *colour = column->colour && colours_wanted() ? column->colour(cell) : NULL;
	printf("%s%.*s%s", colour ? colour : "", (int)length, text, colour ? "\033[0m" : "");
}

static void print_spaces(size_t count)
{
	printf("%*s", (int)count, "");
}

/* One line of one row; `row` holds column_count cells. Nothing trails the last text. */
static void print_line(const struct table *table, const char *const *row, const size_t *widths,
		       size_t number, int indent)
{
	size_t owed = (size_t)indent;
	for (size_t i = 0; i < table->column_count; i++) {
		size_t length;
		const char *text = cell_line(row[i], number, &length);
		size_t spare = widths[i] - width_of(text, length);
		if (length) {
			print_spaces(owed + (table->columns[i].right ? spare : 0));
			print_text(&table->columns[i], row[i], text, length);
			owed = table->columns[i].right ? GAP : spare + GAP;
		} else {
			owed += widths[i] + GAP;
		}
	}
	putchar('\n');
}

static void print_row(const struct table *table, const char *const *row, const size_t *widths,
		      int indent)
{
	size_t lines = 1;
	for (size_t i = 0; i < table->column_count; i++)
		lines = line_count(row[i]) > lines ? line_count(row[i]) : lines;
	for (size_t number = 0; number < lines; number++)
		print_line(table, row, widths, number, indent);
}

static void print_rows(const struct table *table, const size_t *widths, int indent)
{
	const char *titles[table->column_count];
	for (size_t i = 0; i < table->column_count; i++)
		titles[i] = table->columns[i].title;
	if (titles[0])
		print_line(table, titles, widths, 0, indent);
	for (size_t i = 0; i < table->cell_count; i += table->column_count)
		print_row(table, (const char *const *)&table->cells[i], widths, indent);
}

/* One row as a paragraph: the first cell, then the others below it, each with its title. */
static void print_paragraph(const struct table *table, char *const *row)
{
	static const struct column columns[] = {{0}, {0}};
	struct table lines = {.columns = columns, .column_count = 2};
	printf("%s\n", row[0]);
	for (size_t i = 1; i < table->column_count; i++) {
		table_add(&lines, "%s", table->columns[i].title);
		table_add(&lines, "%s", row[i]);
	}
	table_print(&lines, 2);
}

void table_print(struct table *table, int indent)
{
	size_t widths[table->column_count];
	size_t total = (size_t)indent;
	for (size_t i = 0; i < table->column_count; i++) {
		widths[i] = column_width(table, i);
		total += widths[i] + (i ? GAP : 0);
	}
	if (table->columns[0].title && total > terminal_width())
		for (size_t i = 0; i < table->cell_count; i += table->column_count)
			print_paragraph(table, &table->cells[i]);
	else
		print_rows(table, widths, indent);

	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i]);
	free(table->cells);
	table->cells = NULL;
	table->cell_count = table->room = 0;
}
