/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints libFuzzer's dictionary of the configuration language. */
#include <stdio.h>

#include "statement.h"

static void print_word(const char *word)
{
	putchar('"');
	for (; *word; word++)
		if (*word == '"' || *word == '\\' || *word < ' ' || *word > '~')
			printf("\\x%02x", (unsigned char)*word);
		else
			putchar(*word);
	puts("\"");
}

int main(void)
{
	const struct keyword *keyword;
	char text[STATEMENT_LEN];
	const char *other;

	for (size_t i = 0; (keyword = schema_at(i)); i++)
		for (unsigned choice = 0; statement_of(keyword, choice, text); choice++)
			print_word(text);
	for (unsigned i = 0; (other = statement_other(i)); i++)
		print_word(other);
	return 0;
}
