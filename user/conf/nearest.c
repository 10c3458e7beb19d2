/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which keyword a misspelled one is meant to be. */
#include <string.h>

#include "conf/route_words.h"
#include "conf/schema.h"

#define NAME_MAX_LEN 40 /* longer words are not compared */

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
	unsigned two = a < b ? a : b;

	return two < c ? two : c;
}

/*
 * How many letters have to be inserted, removed, replaced or swapped with their neighbour to make
 * `a` of `b`; both at most NAME_MAX_LEN long. `limit` stands for that and more. Row i of the matrix
 * is for the first i letters of a; three rows are enough, and nothing in a row is smaller than the
 * smallest of the two before it.
 */
static unsigned distance(const char *a, const char *b, unsigned limit)
{
	unsigned rows[3][NAME_MAX_LEN + 1], least = 0, least_before;
	size_t length = strlen(b), i = 0;

	for (size_t j = 0; j <= length; j++)
		rows[0][j] = (unsigned)j;
	while (a[i]) {
		const unsigned *before = rows[(i + 2) % 3], *above = rows[i % 3];
		unsigned *row = rows[(i + 1) % 3];

		row[0] = (unsigned)++i;
		least_before = least;
		least = row[0];
		for (size_t j = 1; j <= length; j++) {
			bool same = a[i - 1] == b[j - 1];

			row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + !same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
			least = row[j] < least ? row[j] : least;
		}
		if (least >= limit && least_before >= limit)
			return limit;
	}
	return rows[i % 3][length];
}

/* Each letter that one word has more than the other must be inserted. */
static bool too_long_or_short(size_t a, size_t b, unsigned least)
{
	return (a < b ? b - a : a - b) >= least;
}

static bool has_prefix(const struct keyword *keyword, const char *name)
{
	return keyword->kind < KIND_ACCEPTED && !strncmp(keyword->name, "vrrp_", 5) &&
	       !strcmp(keyword->name + 5, name);
}

const struct keyword *schema_nearest(enum schema_context context, const char *name,
				     bool only_prefix)
{
	const struct keyword *keyword, *best = NULL;
	size_t length = strlen(name);
	unsigned least = length < 5 ? 2 : 3; /* one or two letters may be wrong */

	if (length > NAME_MAX_LEN)
		return NULL;
	for (size_t i = 0; (keyword = schema_at(i)); i++) {
		if (keyword->context != context)
			continue;
		if (has_prefix(keyword, name))
			return keyword;
		size_t other_length = strlen(keyword->name);

		if (only_prefix || other_length > NAME_MAX_LEN ||
		    too_long_or_short(length, other_length, least))
			continue;
		unsigned letters = distance(keyword->name, name, least);

		if (letters < least) {
			least = letters;
			best = keyword;
		}
	}
	return best;
}

const char *words_nearest(const char *const *names, const char *word)
{
	size_t length = strlen(word);
	unsigned least = length < 5 ? 2 : 3;
	const char *best = NULL;

	if (length > NAME_MAX_LEN)
		return NULL;
	for (; *names; names++) {
		unsigned letters = too_long_or_short(length, strlen(*names), least)
					   ? least
					   : distance(*names, word, least);

		if (letters < least) {
			least = letters;
			best = *names;
		}
	}
	return best;
}
