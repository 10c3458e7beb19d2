/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that are not made for tests: the shipped examples, which must not have a single warning,
 * and, by hand, any directory of configurations:
 *
 *   CONF_CORPUS=DIR build/tests/conf/test_files
 *
 * prints what is told about each, and fails only if the canonical form of one does not parse to
 * itself.
 */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void each_file(const char *directory, void (*function)(const char *, const struct parsed *))
{
	char **paths = list_files(directory, ".conf");
	size_t count = 0;

	for (; paths[count]; count++) {
		size_t length;
		char *text = read_file(paths[count], &length);
		struct parsed parsed;

		assert_non_null(text);
		parsed = parse(paths[count], text, length);
		if (parsed.printed)
			assert_round_trip(&parsed);
		function(paths[count], &parsed);
		parsed_free(&parsed);
		free(text);
		free(paths[count]);
	}
	free(paths);
	assert_true(count > 0);
}

static void be_clean(const char *path, const struct parsed *parsed)
{
	if (parsed->diags.count)
		fail_msg("%s is an example to copy, and has:\n%s", path, parsed->told);
	assert_true(parsed->conf->instance_count > 0);
}

static void test_examples(void **state)
{
	(void)state;
	each_file("docs/examples", be_clean);
}

static void show(const char *path, const struct parsed *parsed)
{
	printf("%s%s: %zu instances, %zu warnings, %zu errors\n", parsed->told, path,
	       parsed->conf->instance_count, parsed->diags.warnings, parsed->diags.errors);
}

static void test_corpus(void **state)
{
	const char *directory = getenv("CONF_CORPUS");

	(void)state;
	if (!directory)
		skip();
	each_file(directory, show);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
