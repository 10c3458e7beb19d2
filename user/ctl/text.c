/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configurations are bytes; names in Latin-1 exist. A status that fails because of one would be
 * worse than a status with a replacement character in it.
 */
#include "ctl/text.h"

#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* Bytes of the UTF-8 sequence that begins here, 0 if none does; jansson judges what is valid. */
static size_t sequence_length(const char *text)
{
	for (size_t length = 1; length <= 4 && text[length - 1]; length++) {
		json_t *trial = json_stringn(text, length);
		json_decref(trial);
		if (trial)
			return length;
	}
	return 0;
}

static json_t *replaced(const char *text)
{
	char *copy = malloc(strlen(text) * strlen(REPLACEMENT) + 1);
	if (!copy)
		return NULL;
	char *out = copy;
	while (*text) {
		size_t length = sequence_length(text);
		const char *from = length ? text : REPLACEMENT;
		size_t bytes = length ? length : strlen(REPLACEMENT);
		memcpy(out, from, bytes);
		out += bytes;
		text += length ? length : 1;
	}
	json_t *string = json_stringn(copy, (size_t)(out - copy));
	free(copy);
	return string;
}

json_t *json_text(const char *text)
{
	json_t *string = json_string(text);
	return string ? string : replaced(text);
}
