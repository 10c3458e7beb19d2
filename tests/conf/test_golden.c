/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden files: golden/NNN-name.conf is parsed; its diagnostics must be NNN-name.diag (no file = no
 * diagnostics) and its canonical form NNN-name.out (no file = refused). Each printed form parses to
 * itself. What they include stands in golden/included/, and the machine is called `main`. Besides,
 * every prefix and many mutations of each input must be survived.
 *
 * After a change on purpose: REGENERATE=1 build/tests/conf/test_golden; git diff tests/conf/golden,
 * read it all, and commit what is right.
 */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GOLDEN "tests/conf/golden"

static char *sibling(const char *path, const char *suffix)
{
	char *other;

	assert_true(asprintf(&other, "%.*s%s", (int)(strlen(path) - strlen(".conf")), path,
			     suffix) > 0);
	return other;
}

static void regenerate(const char *path, const char *text)
{
	FILE *out;

	if (!text || !*text) {
		unlink(path);
		return;
	}
	out = fopen(path, "we");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

/* `text` empty or NULL: the file must not exist. */
static void compare(const char *input, const char *suffix, const char *text)
{
	char *path = sibling(input, suffix);
	size_t length;
	char *expected;

	if (getenv("REGENERATE"))
		regenerate(path, text);
	expected = read_file(path, &length);
	if (!expected && text && *text)
		fail_msg("%s is missing; it would be:\n%s", path, text);
	if (expected && (!text || !*text))
		fail_msg("%s exists, and should not", path);
	if (expected && strcmp(expected, text))
		fail_msg("%s differs; now:\n%s", path, text);
	free(expected);
	free(path);
}

static void test_case(void **state)
{
	const char *path = *state;
	size_t length;
	char *text = read_file(path, &length);
	struct parsed parsed = parse(path, text, length);

	compare(path, ".diag", parsed.told);
	compare(path, ".out", parsed.printed);
	if (parsed.printed)
		assert_round_trip(&parsed);
	parsed_free(&parsed);
	free(text);
}

static void survive(const char *text, size_t length)
{
	/* a copy of that size, so that a sanitizer sees a read behind its end */
	char *copy = malloc(length ? length : 1);
	struct parsed parsed;

	memcpy(copy, text, length);
	parsed = parse("t", copy, length);
	if (parsed.printed)
		assert_round_trip(&parsed);
	parsed_free(&parsed);
	free(copy);
}

/* Every byte of an ordinary input; of a large one a sample, since the work is quadratic, and so of
 * all for one who takes long. */
static size_t step(size_t length)
{
	return (1 + length / 1000) * slower();
}

static void test_prefixes(void **state)
{
	size_t length;
	char *text = read_file(*state, &length);

	for (size_t i = 0; i < length; i += step(length))
		survive(text, i);
	free(text);
}

/* Each byte once replaced, once removed and once doubled, by what means something in the grammar.
 */
static void test_mutations(void **state)
{
	static const char marks[] = "{}\"#!\\\n\r\t $@+-./0f\xc2\xa0\xff";
	size_t length;
	char *text = read_file(*state, &length);
	char *mutant = malloc(length + 1);

	for (size_t i = 0; i < length; i += step(length)) {
		char mark = marks[(i * 7 + length) % sizeof(marks)]; /* its NUL included */

		memcpy(mutant, text, length);
		mutant[i] = mark;
		survive(mutant, length);
		memmove(mutant + i, text + i + 1, length - i - 1);
		survive(mutant, length - 1);
		memcpy(mutant + i + 1, text + i, length - i);
		mutant[i] = mark;
		survive(mutant, length + 1);
	}
	free(mutant);
	free(text);
}

static struct CMUnitTest *add(struct CMUnitTest *test, const char *kind, char *path,
			      CMUnitTestFunction function)
{
	char *name;

	if (asprintf(&name, "%s: %s", path, kind) < 0)
		abort();
	*test = (struct CMUnitTest){
		.name = name,
		.test_func = function,
		.initial_state = path,
	};
	return test + 1;
}

int main(void)
{
	char **paths = list_files(GOLDEN, ".conf");
	size_t count = 0;
	struct CMUnitTest *tests, *next;
	int failed;

	/* includes are relative, and so are the names in diagnostics */
	if (chdir(GOLDEN)) {
		perror(GOLDEN);
		return 1;
	}
	for (; paths[count]; count++)
		memmove(paths[count], strrchr(paths[count], '/') + 1,
			strlen(strrchr(paths[count], '/')));
	next = tests = calloc(count * 3 + 1, sizeof(*tests));
	for (size_t i = 0; i < count; i++) {
		next = add(next, "golden", paths[i], test_case);
		next = add(next, "prefixes", paths[i], test_prefixes);
		next = add(next, "mutations", paths[i], test_mutations);
	}
	failed = _cmocka_run_group_tests("golden", tests, count * 3, NULL, NULL);
	for (size_t i = 0; i < count * 3; i++)
		free((char *)tests[i].name);
	for (size_t i = 0; i < count; i++)
		free(paths[i]);
	free(paths);
	free(tests);
	return failed || count == 0;
}
