/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in columns, for people. Without memory the program ends: there is nothing to save. */
#ifndef XVRRPCTL_TABLE_H
#define XVRRPCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct column {
	const char *title;			 /* NULL in the first column: no line of titles */
	bool right;				 /* numbers */
	const char *(*colour)(const char *cell); /* an escape sequence; NULL = plain */
};

struct table {
	const struct column *columns;
	size_t column_count;
	char **cells; /* row after row */
	size_t cell_count, room;
};

/* Append a cell; rows fill from the left. A newline in it continues the cell below. */
__attribute__((format(printf, 2, 3))) void table_add(struct table *table, const char *format, ...);

/*
 * Print, each line after `indent` spaces, and free the cells. On a terminal that is too narrow for
 * it, a table with titles becomes one paragraph a row.
 */
void table_print(struct table *table, int indent);

#endif
