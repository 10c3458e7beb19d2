/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collecting diagnostics: used by every part of conf/. */
#ifndef CONF_DIAG_H
#define CONF_DIAG_H

#include "conf/conf.h"

/* A word of the file inside a message: quoted, long ones cut. */
#define WORD "`%.60s`"

/*
 * Append a diagnostic. Whatever is not printable ASCII comes out as \xHH, so that a file can
 * confuse neither a terminal nor a log.
 */
void conf_error(struct conf_diags *diags, const struct conf_place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void conf_warning(struct conf_diags *diags, const struct conf_place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Room for conf_line_text(). */
#define LINE_TEXT_LEN 160

/* Where something else stands, for a message at `here`: "line 20", or "FILE:20". Returns `text`. */
const char *conf_line_text(const struct conf_place *there, const struct conf_place *here,
			   char text[LINE_TEXT_LEN]);
#define LINE_TEXT(there, here) conf_line_text(there, here, (char[LINE_TEXT_LEN]){""})

/*
 * Order the diagnostics from number `from` on by their places, which are in `files`, NULL at the
 * end. What several lines out of one place have in common is told once.
 */
void conf_diags_sort(struct conf_diags *diags, size_t from, char **files);

#endif
