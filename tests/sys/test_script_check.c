/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which programs root may run: those that nobody else can change, nor put another one in place of.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/script_check.h"

#include <cmocka.h> /* last: it defines a macro fail() */

static char dir[] = "/tmp/test_script_check.XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static bool others_can_write(const char *path)
{
	struct failure failure = {{0}};
	return script_check(path, &failure) < 0 && strstr(failure.text, "can write to ");
}

/* Who can change a link on the way is as good as who can change the file. */
static void test_links(void **state)
{
	char path[PATH_MAX];
	char safe[] = "/run/test_scripts.XXXXXX"; /* root's, and leads to what is not */
	(void)state;
	if (geteuid() != 0)
		skip();
	snprintf(path, sizeof(path), "%s/link", dir);
	assert_int_equal(symlink("/bin/sh", path), 0);
	assert_true(others_can_write(path));
	unlink(path);
	assert_non_null(mkdtemp(safe));
	snprintf(path, sizeof(path), "%s/link", safe);
	assert_int_equal(symlink(dir, path), 0);
	assert_true(others_can_write(path));
	unlink(path);
	rmdir(safe);
}

static void test_files(void **state)
{
	char path[PATH_MAX];
	struct failure failure;
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(script_check("true", &failure), 0);
	assert_int_equal(script_check("/bin/sh", &failure), 0);
	assert_int_equal(script_check("/usr/../bin/./sh", &failure), 0);
	assert_int_equal(script_check("no-such-program-here", &failure), -1);
	assert_int_equal(script_check("/proc/self/cwd/no-such-file", &failure), -1);
	snprintf(path, sizeof(path), "%s/script", dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fchmod(fileno(file), 0755);
	fclose(file);
	assert_true(others_can_write(path)); /* /tmp is everybody's */
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_files),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
