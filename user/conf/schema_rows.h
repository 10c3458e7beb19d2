/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How rows of the keyword table are written, and the files it is made of. For schema*.c and
 * skipped.c only; everybody else asks schema.h.
 */
#ifndef CONF_SCHEMA_ROWS_H
#define CONF_SCHEMA_ROWS_H

#include "conf/schema.h"

#define SECONDS(n) ((int64_t)((n)*1000000.0))
#define YEAR	   SECONDS(365 * 86400.0)

struct schema_rows {
	const struct keyword *rows;
	size_t count;
};

#define ROWS(table)                                                      \
	{                                                                \
		.rows = table, .count = sizeof(table) / sizeof(table[0]) \
	}

extern const struct schema_rows schema_global, schema_instance, schema_tracking, schema_skipped;

#define BLOCK(in, keyword, k, text)                                                        \
	{                                                                                  \
		.name = keyword, .context = in, .kind = KIND_BLOCK, .key = k, .help = text \
	}
#define INTEGER(in, keyword, k, low, high, dflt, text)                                      \
	{                                                                                   \
		.name = keyword, .context = in, .kind = KIND_INTEGER, .key = k, .min = low, \
		.max = high, .fallback = dflt, .help = text                                 \
	}
#define CLAMPED(in, keyword, k, low, high, dflt, text)                                      \
	{                                                                                   \
		.name = keyword, .context = in, .kind = KIND_INTEGER, .key = k, .min = low, \
		.max = high, .fallback = dflt, .clamp = true, .help = text                  \
	}
#define SPAN(in, keyword, k, low, high, dflt, text)                                         \
	{                                                                                   \
		.name = keyword, .context = in, .kind = KIND_SECONDS, .key = k, .min = low, \
		.max = high, .fallback = dflt, .help = text                                 \
	}
#define BOOL(in, keyword, k, dflt, text)                                               \
	{                                                                              \
		.name = keyword, .context = in, .kind = KIND_BOOL, .key = k, .max = 1, \
		.fallback = dflt, .help = text                                         \
	}
#define FLAG(in, keyword, k, value, dflt, text)                                            \
	{                                                                                  \
		.name = keyword, .context = in, .kind = KIND_FLAG, .key = k, .min = value, \
		.max = value, .fallback = dflt, .help = text                               \
	}
#define IP(in, keyword, k, text)                                                                   \
	{                                                                                          \
		.name = keyword, .context = in, .kind = KIND_IP, .key = k, .fallback = NO_DEFAULT, \
		.help = text                                                                       \
	}
#define SCRIPT(in, keyword, k, text)                                           \
	{                                                                      \
		.name = keyword, .context = in, .kind = KIND_SCRIPT, .key = k, \
		.fallback = NO_DEFAULT, .help = text                           \
	}
#define CHOICE(in, keyword, k, list, dflt, text)                                              \
	{                                                                                     \
		.name = keyword, .context = in, .kind = KIND_CHOICE, .key = k, .words = list, \
		.fallback = dflt, .help = text                                                \
	}

/* Kinds whose value is a text, or several: there is no default that could be written. */
#define TEXT(in, keyword, what, k, text)                                                        \
	{                                                                                       \
		.name = keyword, .context = in, .kind = what, .key = k, .fallback = NO_DEFAULT, \
		.help = text                                                                    \
	}
#define WEIGHT(in, k, dflt, text)                                                            \
	{                                                                                    \
		.name = "weight", .context = in, .kind = KIND_WEIGHT, .key = k, .min = -253, \
		.max = 253, .fallback = dflt, .help = text                                   \
	}

#endif
