/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/command.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static size_t count_words(const char *const *words)
{
	size_t count = 0;
	while (words && words[count])
		count++;
	return count;
}

char **command_copy(char *const *words, const char *const *more)
{
	size_t count = count_words((const char *const *)words), all = count + count_words(more);
	char **copy = calloc(all + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < all; i++) {
		copy[i] = strdup(i < count ? words[i] : more[i - count]);
		if (!copy[i]) {
			command_free(copy);
			return NULL;
		}
	}
	return copy;
}

void command_free(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}
