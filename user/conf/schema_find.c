/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking up keywords, by name and by key. Both are asked of every line and of every setting of
 * thousands of instances, so there is an index, made from the table when it is first needed.
 */
#include <assert.h>
#include <string.h>
#include <threads.h>

#include "conf/schema.h"

#define BUCKETS	 1024 /* about three times as many as there are rows */
#define ROWS_MAX 2048

static const struct keyword *rows[ROWS_MAX];
static uint16_t buckets[BUCKETS]; /* the first row with this hash, plus 1 */
static uint16_t next_rows[ROWS_MAX];
static const struct keyword *by_key[CONTEXTS][KEYS];
static once_flag made = ONCE_FLAG_INIT;

static unsigned hash(const char *name)
{
	uint32_t sum = 2166136261u;

	while (*name)
		sum = (sum ^ (uint8_t)*name++) * 16777619u;
	return sum % BUCKETS;
}

/* From the last row to the first, so that the first one of a name or a key is found first. */
static void make(void)
{
	size_t count = 0;

	while (count < ROWS_MAX && (rows[count] = schema_at(count)))
		count++;
	while (count--) {
		const struct keyword *row = rows[count];
		uint16_t *bucket = &buckets[hash(row->name)];

		assert(row->context < CONTEXTS && row->key < KEYS);
		next_rows[count] = *bucket;
		*bucket = (uint16_t)(count + 1);
		if (row->kind != KIND_ACCEPTED && row->kind != KIND_SKIPPED &&
		    row->kind != KIND_REFUSED)
			by_key[row->context][row->key] = row;
	}
}

const struct keyword *schema_find(enum schema_context context, const char *name)
{
	call_once(&made, make);
	for (unsigned at = buckets[hash(name)]; at; at = next_rows[at - 1]) {
		const struct keyword *row = rows[at - 1];

		if (row->context == context && !strcmp(row->name, name))
			return row;
	}
	return NULL;
}

const struct keyword *schema_by_key(enum schema_context context, enum schema_key key)
{
	call_once(&made, make);
	return by_key[context][key];
}
