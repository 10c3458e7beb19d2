/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in files: every way in which one may change is told, and nothing else is opened. */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/types.h"
#include "sys/filewatch.h"
#include "sys/loop.h"
#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

/* What a test does, step by step: each once the number of the one before is there. */
struct world {
	struct loop *loop;
	struct filewatches *watches;
	struct filewatch *watch;
	char dir[100];
	int64_t number;
	bool is_number;
	char problem[100];
	const struct step *steps;
	int64_t began_ns, longest_ns; /* of a step */
};

struct step {
	const char *command; /* %1$s is the directory; NULL: the end */
	int64_t number;	     /* what is told then */
};

static struct world world;

static int setup(void **state)
{
	(void)state;
	world = (struct world){.loop = loop_new(NULL)};
	world.watches = filewatches_open(world.loop, NULL);
	snprintf(world.dir, sizeof(world.dir), "/tmp/test_filewatch.XXXXXX");
	alarm(30); /* ends the test if something is not told */
	return world.watches && mkdtemp(world.dir) ? 0 : -1;
}

static void shell(const char *text)
{
	char command[500];
	snprintf(command, sizeof(command), "cd %s && (%s)", world.dir, text);
	assert_int_equal(system(command), 0);
}

static int teardown(void **state)
{
	(void)state;
	alarm(0);
	filewatch_free(world.watch);
	filewatches_close(world.watches);
	filewatches_close(NULL);
	filewatch_free(NULL);
	loop_free(world.loop);
	shell("rm -rf $PWD");
	return 0;
}

/* What is told twice, or on the way, does not matter. */
static void was_read(const struct filewatch_reading *reading, void *data)
{
	struct world *seen = data;
	seen->number = reading->number;
	seen->is_number = reading->is_number;
	snprintf(seen->problem, sizeof(seen->problem), "%s",
		 reading->problem ? reading->problem : "");
	while (seen->steps && seen->steps->command && seen->steps->number == reading->number) {
		const struct step *next = ++seen->steps;
		if (clock_ns() - seen->began_ns > seen->longest_ns)
			seen->longest_ns = clock_ns() - seen->began_ns;
		if (!next->command) {
			loop_stop(seen->loop, 0);
			return;
		}
		shell(next->command);
		seen->began_ns = clock_ns();
		if (next->number != reading->number)
			return;
	}
}

/* By inotify: what a comparison finds is as old as that. */
static void assert_soon(void)
{
	assert_true(world.longest_ns < NS_PER_S);
}

static void watch_through(const char *name, const struct filewatch_init *init,
			  const struct step *steps)
{
	char path[200];
	snprintf(path, sizeof(path), "%s/%s", world.dir, name);
	world.steps = steps;
	shell(steps->command);
	world.began_ns = clock_ns();
	world.watch = filewatch_new(world.watches, path, init, was_read, &world);
	assert_non_null(world.watch);
	assert_int_equal(loop_run(world.loop), 0);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t number;
		bool good;
	} list[] = {
		{"", 0, true},
		{"5", 5, true},
		{" \t7\n", 7, true},
		{"-12 and more", -12, true},
		{"text", 0, true},
		{"0x1f", 31, true},
		{"010", 8, true},
		{"2147483648", 2147483648, true},
		{"+3", 3, true},
		{"2147483649", 0, false},
		{"-2147483649", 0, false},
		{"99999999999999999999", 0, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		int64_t number = -1;
		assert_int_equal(filewatch_parse(list[i].text, &number), list[i].good);
		if (list[i].good)
			assert_int_equal(number, list[i].number);
	}
}

static void test_written_and_replaced(void **state)
{
	static const struct step steps[] = {
		{"echo 1 >f", 1}, {"echo 2 >f", 2}, {"echo 3 >g; mv g f", 3},
		{"rm f", 0},	  {"echo 4 >f", 4}, {"ln -f f h; echo 5 >g; ln -f g f", 5},
		{": >f", 0},	  {NULL, 0},
	};
	(void)state;
	watch_through("f", NULL, steps);
	assert_soon();
}

/* Links of the file and of directories, and what they lead to. */
static void test_links(void **state)
{
	static const struct step steps[] = {
		{"mkdir v1 v2; echo 1 >v1/f; echo 2 >v2/f; ln -s v1 now; ln -s now/f f", 1},
		{"ln -s v2 new; mv -T new now", 2},
		{"echo 3 >v2/f", 3},
		{"rm now", 0},
		{"ln -s $PWD/v1 now", 1},
		{"rm f; echo 6 >f", 6},
		{"rm f; ln -s f f", 0}, /* a circle */
		{NULL, 0},
	};
	(void)state;
	watch_through("f", NULL, steps);
	assert_soon();
}

static void test_directories_come_later(void **state)
{
	static const struct step steps[] = {
		{"true", 0},   {"mkdir -p a/b; echo 1 >a/b/f", 1},
		{"mv a c", 0}, {"mkdir -p d/b; echo 2 >d/b/f; mv d a", 2},
		{NULL, 0},
	};
	(void)state;
	watch_through("a/b/f", NULL, steps);
}

/* A FIFO would wait for a writer, a device might do anything. */
static void test_no_file(void **state)
{
	static const struct step steps[] = {
		{"echo 1 >f", 1},	{"rm f; mkfifo f", 0}, {"rm f; ln -s /dev/zero f", 0},
		{"rm f; echo 2 >f", 2}, {"rm f; mkdir f", 0},  {NULL, 0},
	};
	(void)state;
	watch_through("f", NULL, steps);
	assert_soon();
	assert_string_equal(world.problem, "not a regular file");
}

/* Nothing tells of what is written and not closed. */
static void test_not_closed(void **state)
{
	static const struct step steps[] = {
		{"echo 1 >f", 1},
		{"(echo 2; exec sleep 6) >f 2>/dev/null & sleep 0.1", 2},
		{NULL, 0},
	};
	(void)state;
	watch_through("f", NULL, steps);
}

/* More at once than inotify keeps: everything is read again. */
static void test_lost(void **state)
{
	static const struct step steps[] = {
		{"echo 1 >f", 1},
		{"i=0; while [ $i -lt 10000 ]; do : >x; : >y; i=$((i + 1)); done; echo 2 >f", 2},
		{NULL, 0},
	};
	(void)state;
	watch_through("f", NULL, steps);
	assert_soon();
}

static void test_initial(void **state)
{
	static const struct filewatch_init create = {.create = true, .value = 7};
	static const struct step steps[] = {{"true", 7}, {"test $(cat f) = 7", 7}, {NULL, 0}};
	(void)state;
	watch_through("f", &create, steps);
}

static void test_not_overwritten(void **state)
{
	static const struct filewatch_init create = {.create = true, .value = 7};
	static const struct step steps[] = {{"echo 8 >f", 8}, {NULL, 0}};
	(void)state;
	watch_through("f", &create, steps);
}

static void test_overwritten(void **state)
{
	static const struct filewatch_init over = {.create = true, .overwrite = true, .value = -7};
	static const struct step steps[] = {{"echo 12345 >f", -7}, {NULL, 0}};
	(void)state;
	watch_through("f", &over, steps);
	shell("test \"$(cat f)\" = -7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test_setup_teardown(test_written_and_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_directories_come_later, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_initial, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_overwritten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overwritten, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
