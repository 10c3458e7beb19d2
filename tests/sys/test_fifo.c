/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Named pipes: what a reader gets, one who comes late, or never; and what happens to the file. */
#include <fcntl.h>
#include <pwd.h>
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
#include "sys/fifo.h"
#include "sys/loop.h"

#include <cmocka.h> /* last: it defines a macro fail() */

#define NAMES 3

struct world {
	struct loop *loop;
	struct fifo *fifo;
	struct fifo_name names[NAMES];
	char dir[64], path[80];
	unsigned ready, wanted; /* times */
};

static struct world world;

static int setup(void **state)
{
	(void)state;
	world = (struct world){.loop = loop_new(NULL), .dir = "/tmp/test_fifo.XXXXXX"};
	alarm(30); /* ends the test if something waits for ever */
	if (!mkdtemp(world.dir))
		return -1;
	snprintf(world.path, sizeof(world.path), "%s/fifo", world.dir);
	return 0;
}

static int teardown(void **state)
{
	char command[100];
	(void)state;
	alarm(0);
	fifo_close(world.fifo);
	fifo_close(NULL);
	loop_free(world.loop);
	snprintf(command, sizeof(command), "rm -rf %s", world.dir);
	return system(command);
}

static void ready(void *data)
{
	(void)data;
	if (++world.ready == world.wanted)
		loop_stop(world.loop, 0);
}

static void open_only(const char *user)
{
	struct fifo_order order = {.path = world.path, .user = user};
	world.fifo = fifo_open(world.loop, &order, ready, NULL, NULL);
	assert_non_null(world.fifo);
}

/* The loop runs once only. */
static void run_until_ready(unsigned times)
{
	world.wanted = times;
	assert_int_equal(loop_run(world.loop), 0);
	assert_int_equal(world.ready, times);
}

static void open_it(const char *user)
{
	open_only(user);
	run_until_ready(1);
}

static void put(unsigned name, const char *format, unsigned number)
{
	char text[200];
	snprintf(text, sizeof(text), format, number);
	fifo_write(world.fifo, &world.names[name], text);
}

static int reader(void)
{
	int fd = open(world.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* All there is, as a string; to be freed. */
static char *drain(int fd)
{
	size_t used = 0, size = 1 << 20;
	char *text = malloc(size + 1);
	ssize_t got;
	assert_non_null(text);
	while (used < size && (got = read(fd, text + used, size - used)) > 0)
		used += (size_t)got;
	text[used] = '\0';
	return text;
}

static struct stat entry_of_path(void)
{
	struct stat entry;
	assert_int_equal(lstat(world.path, &entry), 0);
	return entry;
}

/* In their order, whole, and gone with us. */
static void test_lines(void **state)
{
	(void)state;
	open_it(NULL);
	assert_true(S_ISFIFO(entry_of_path().st_mode));
	assert_int_equal(entry_of_path().st_mode & 0777, 0600);
	int fd = reader();
	put(0, "INSTANCE \"VI_1\" MASTER %u\n", 100);
	put(1, "INSTANCE \"VI_2\" MASTER %u\n", 100);
	put(0, "INSTANCE \"VI_1\" BACKUP %u\n", 90);
	assert_true(fifo_finish(world.fifo, false, NS_PER_S));
	char *text = drain(fd);
	assert_string_equal(text, "INSTANCE \"VI_1\" MASTER 100\nINSTANCE \"VI_2\" MASTER 100\n"
				  "INSTANCE \"VI_1\" BACKUP 90\n");
	free(text);
	fifo_close(world.fifo);
	world.fifo = NULL;
	assert_int_equal(access(world.path, F_OK), -1);
	assert_int_equal(read(fd, &fd, 1), 0); /* the end of file */
	close(fd);
}

/* Who opens it later finds what was written before. */
static void test_late_reader(void **state)
{
	(void)state;
	open_it(NULL);
	put(0, "one %u\n", 1);
	assert_true(fifo_finish(world.fifo, false, NS_PER_S));
	assert_false(fifo_finish(world.fifo, true, NS_PER_S / 10));
	int fd = reader();
	char *text = drain(fd);
	assert_string_equal(text, "one 1\n");
	free(text);
	assert_true(fifo_finish(world.fifo, true, NS_PER_S));
	close(fd);
}

/*
 * Nobody reads many events: the first ones are in the pipe and in memory, in order; of the others
 * the newest of each name, at the end. Memory is bounded, and nobody waits.
 */
static void test_full(void **state)
{
	char *all = strdup(""), *both;
	unsigned expected = 0, number;
	bool whole;
	int length;
	(void)state;
	open_it(NULL);
	int fd = reader();
	assert_true(fcntl(fd, F_SETPIPE_SZ, 4096) >= 0);
	put(2, "other  %05u\n", 0);
	for (unsigned i = 0; i < 50000; i++) {
		put(i % 2, i % 2 ? "odd    %05u\n" : "even   %05u\n", i);
		if (i == 1000) /* less than memory keeps: the pipe gets full */
			assert_false(fifo_finish(world.fifo, false, NS_PER_S / 10));
	}
	do {
		whole = fifo_finish(world.fifo, false, 5 * NS_PER_MS);
		char *more = drain(fd);
		assert_true(asprintf(&both, "%s%s", all, more) >= 0);
		free(more);
		free(all);
		all = both;
	} while (!whole);
	const char *at = all + strlen("other  00000\n");
	while (sscanf(at, "%*s %u\n%n", &number, &length) == 1 && number == expected) {
		expected++;
		at += length;
	}
	assert_in_range(expected, 1200, 2000);
	assert_string_equal(at, "even   49998\nodd    49999\n");
	free(all);
	close(fd);
}

/* One that is there is used, and stays; what is not a pipe is left alone, until it is gone. */
static void test_existing(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(world.path, 0640), 0);
	open_it("nobody");
	assert_int_equal(entry_of_path().st_mode & 0777, 0640);
	assert_int_equal(entry_of_path().st_uid, geteuid());
	fifo_close(world.fifo);
	world.fifo = NULL;
	assert_int_equal(access(world.path, F_OK), 0);
}

static void test_regular_file(void **state)
{
	(void)state;
	FILE *file = fopen(world.path, "w");
	fputs("precious", file);
	fclose(file);
	open_only(NULL);
	put(0, "waits %u\n", 1);
	assert_false(fifo_finish(world.fifo, false, NS_PER_S / 10));
	assert_int_equal(world.ready, 0);
	assert_true(S_ISREG(entry_of_path().st_mode));
	assert_int_equal(entry_of_path().st_size, 8);
	unlink(world.path);
	run_until_ready(1);
	int fd = reader();
	assert_true(fifo_finish(world.fifo, false, NS_PER_S));
	char *text = drain(fd);
	assert_string_equal(text, "waits 1\n");
	free(text);
	close(fd);
}

/* A link would have us write where somebody else wants it. */
static void test_link(void **state)
{
	char target[100];
	(void)state;
	snprintf(target, sizeof(target), "%s/target", world.dir);
	assert_int_equal(mkfifo(target, 0600), 0);
	assert_int_equal(symlink(target, world.path), 0);
	open_only(NULL);
	put(0, "never %u\n", 1);
	assert_false(fifo_finish(world.fifo, false, NS_PER_S / 10));
	assert_int_equal(world.ready, 0);
}

static void test_owner(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	open_it("nobody");
	assert_int_equal(entry_of_path().st_uid, getpwnam("nobody")->pw_uid);
	assert_int_equal(entry_of_path().st_gid, getpwnam("nobody")->pw_gid);
}

static void test_unknown_owner(void **state)
{
	(void)state;
	open_only("no-such-user-here");
	assert_true(fifo_finish(world.fifo, false, NS_PER_S / 10));
	assert_int_equal(world.ready, 0);
	assert_int_equal(access(world.path, F_OK), -1);
}

/* Somebody removes it: made again within a second, and told. */
static void test_removed(void **state)
{
	(void)state;
	open_only(NULL);
	assert_true(fifo_finish(world.fifo, false, 0));
	assert_int_equal(world.ready, 1);
	unlink(world.path);
	run_until_ready(2);
	assert_true(S_ISFIFO(entry_of_path().st_mode));
	int fd = reader();
	put(0, "again %u\n", 1);
	assert_true(fifo_finish(world.fifo, false, NS_PER_S));
	char *text = drain(fd);
	assert_string_equal(text, "again 1\n");
	free(text);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_reader, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_existing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_regular_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_link, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removed, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
