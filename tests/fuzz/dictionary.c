/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints libFuzzer's dictionary of the configuration language, out of the table of keywords. */
#include <stdio.h>

#include "conf/schema.h"

static void print_words(const char *const *words)
{
	for (; words && *words; words++)
		printf("\"%s\"\n", *words);
}

/* The bounds of a range, and what is just outside of it. */
static void print_range(const struct keyword *keyword)
{
	char text[VALUE_TEXT_LEN];

	printf("\" %s\"\n", schema_format_value(keyword, keyword->min, text));
	printf("\" %s\"\n", schema_format_value(keyword, keyword->max, text));
	printf("\" %s\"\n", schema_format_value(keyword, keyword->max + 1, text));
}

static void print_keyword(const struct keyword *keyword)
{
	printf("\"\\x0a%s \"\n", keyword->name);
	if (keyword->kind == KIND_BLOCK)
		printf("\"\\x0a%s {\\x0a\"\n", keyword->name);
	if (keyword->kind == KIND_INTEGER || keyword->kind == KIND_SECONDS)
		print_range(keyword);
	print_words(keyword->words);
}

int main(void)
{
	static const char *const others[] = {
		"\\x0a}\\x0a",
		"\\\"",
		"\\x0a\\\"@",
		"\\x0a$NAME=\\\\\\x0a",
		"${_NAME}",
		"\\x0ainclude ",
		"\\xc2\\xa0",
		"\\xef\\xbb\\xbf",
		"\\x0avrrp_instance A {\\x0ainterface a\\x0avirtual_router_id 1\\x0a",
		"\\x0avirtual_ipaddress {\\x0a10.0.0.1/24 ",
		"2001:db8::1/64 ",
		"::ffff:10.0.0.1",
		" brd + ",
		" scope 255 ",
		" on\\x0a",
		" no\\x0a",
		NULL,
	};
	const struct keyword *keyword;

	for (size_t i = 0; (keyword = schema_at(i)); i++)
		print_keyword(keyword);
	print_words(others);
	return 0;
}
