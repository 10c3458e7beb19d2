/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run directory: one agent, whatever was left behind, and messages that say what to do. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/rundir.h"

#include <cmocka.h> /* last: it defines a macro fail() */

struct place {
	char root[60]; /* ours, made anew for each test */
	char dir[80];  /* the run directory, not there yet */
};

static int setup(void **state)
{
	static struct place place;

	snprintf(place.root, sizeof(place.root), "/tmp/test_rundir.XXXXXX");
	if (!mkdtemp(place.root))
		return -1;
	snprintf(place.dir, sizeof(place.dir), "%s/run", place.root);
	*state = &place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	return rmdir(place->root); /* also: nothing may be left in it */
}

static const char *inside(const struct place *place, const char *name)
{
	static char path[120];

	snprintf(path, sizeof(path), "%s/%s", place->dir, name);
	return path;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void assert_pid_file(const struct place *place, long pid)
{
	FILE *file = fopen(inside(place, "xvrrpd.pid"), "r");
	struct stat st;
	long got = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld", &got), 1);
	assert_int_equal(got, pid);
	assert_int_equal(fstat(fileno(file), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	fclose(file);
}

static void open_makes_and_close_removes(void **state)
{
	struct place *place = *state;
	struct rundir *rundir = rundir_open(place->dir, NULL);

	assert_non_null(rundir);
	assert_pid_file(place, getpid());
	rundir_close(rundir);
	assert_int_equal(access(place->dir, F_OK), -1);
	rundir_close(NULL);
}

static void a_directory_that_was_there_stays(void **state)
{
	struct place *place = *state;

	assert_int_equal(mkdir(place->dir, 0755), 0);
	struct rundir *rundir = rundir_open(place->dir, NULL);

	assert_non_null(rundir);
	rundir_close(rundir);
	assert_int_equal(rmdir(place->dir), 0); /* it was empty */
}

static void files_of_others_are_kept(void **state)
{
	struct place *place = *state;
	struct rundir *rundir = rundir_open(place->dir, NULL);

	assert_non_null(rundir);
	write_file(inside(place, "other"), "");
	rundir_close(rundir);
	assert_int_equal(unlink(inside(place, "other")), 0);
	assert_int_equal(rmdir(place->dir), 0);
}

/* A process that holds the run directory; returns its pid once it does. */
static pid_t holder(const struct place *place)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (rundir_open(place->dir, NULL) && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void a_second_agent_is_told_the_pid_of_the_first(void **state)
{
	struct place *place = *state;
	struct failure failure;
	char expected[200];
	pid_t first = holder(place);

	assert_null(rundir_open(place->dir, &failure));
	snprintf(expected, sizeof(expected),
		 "another xvrrpd (pid %ld) uses %s; stop it or give --run-dir", (long)first,
		 place->dir);
	assert_string_equal(failure.text, expected);
	assert_pid_file(place, first); /* the first one's files are untouched */

	assert_int_equal(unlink(inside(place, "xvrrpd.pid")), 0);
	assert_null(rundir_open(place->dir, &failure));
	snprintf(expected, sizeof(expected), "another xvrrpd uses %s; stop it or give --run-dir",
		 place->dir);
	assert_string_equal(failure.text, expected);

	end(first);
	/* What a killed agent leaves is no obstacle. */
	struct rundir *rundir = rundir_open(place->dir, NULL);

	assert_non_null(rundir);
	rundir_close(rundir);
	assert_int_equal(rmdir(place->dir), 0); /* the killed one had made it */
}

static void a_stale_pid_file_is_no_obstacle(void **state)
{
	struct place *place = *state;

	assert_int_equal(mkdir(place->dir, 0755), 0);
	write_file(inside(place, "xvrrpd.pid"), "1\n"); /* alive, and not an agent */
	struct rundir *rundir = rundir_open(place->dir, NULL);

	assert_non_null(rundir);
	assert_pid_file(place, getpid());
	rundir_close(rundir);
	assert_int_equal(rmdir(place->dir), 0);
}

static void links_are_not_followed(void **state)
{
	struct place *place = *state;
	char target[80];

	snprintf(target, sizeof(target), "%s/target", place->root);
	write_file(target, "precious");
	assert_int_equal(mkdir(place->dir, 0755), 0);
	assert_int_equal(symlink(target, inside(place, "xvrrpd.pid")), 0);
	struct rundir *rundir = rundir_open(place->dir, NULL);

	assert_non_null(rundir);
	rundir_close(rundir);

	struct stat st;

	assert_int_equal(stat(target, &st), 0);
	assert_int_equal(st.st_size, strlen("precious"));
	assert_int_equal(unlink(target), 0);
	assert_int_equal(rmdir(place->dir), 0);
}

static void assert_refused(const char *path, const char *reason, const char *advice)
{
	struct failure failure;

	assert_null(rundir_open(path, &failure));
	assert_non_null(strstr(failure.text, path));
	assert_non_null(strstr(failure.text, reason));
	assert_non_null(strstr(failure.text, advice));
}

static void failures_say_what_to_do(void **state)
{
	struct place *place = *state;
	int status;

	assert_refused(inside(place, "deep"), "No such file", "parent directory does not exist");

	write_file(place->dir, "");
	assert_refused(place->dir, "Not a directory", "--run-dir");
	assert_int_equal(unlink(place->dir), 0);

	pid_t pid = fork();

	if (!pid) {
		struct failure failure = {{0}};

		if (setuid(65534))
			_exit(77);
		if (rundir_open(place->dir, &failure))
			_exit(1);
		_exit(!strstr(failure.text, "run as root"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

/* The parent of the run directory becomes a small file system; false without the privilege. */
static bool mount_root(const struct place *place, const char *options)
{
	return !mount("none", place->root, "tmpfs", 0, options);
}

static void unmount_root(const struct place *place)
{
	assert_int_equal(umount2(place->root, MNT_DETACH), 0);
}

static void fill(const struct place *place)
{
	static const char page[4096];
	char path[80];

	snprintf(path, sizeof(path), "%s/fill", place->root);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	setbuf(file, NULL);
	while (fwrite(page, sizeof(page), 1, file) == 1)
		;
	fclose(file);
}

static void a_full_disk_costs_the_pid_file_only(void **state)
{
	struct place *place = *state;
	struct failure failure = {{0}};

	if (!mount_root(place, "size=16k"))
		skip();
	fill(place);
	struct rundir *rundir = rundir_open(place->dir, &failure);

	assert_string_equal(failure.text, "");
	assert_non_null(rundir);
	assert_int_equal(access(inside(place, "xvrrpd.pid"), F_OK), -1);
	assert_null(rundir_open(place->dir, &failure)); /* the lock is held */
	assert_non_null(strstr(failure.text, "another xvrrpd uses"));
	rundir_close(rundir);
	assert_int_equal(access(place->dir, F_OK), -1);
	unmount_root(place);
}

static void no_room_for_any_file_is_explained(void **state)
{
	struct place *place = *state;

	if (!mount_root(place, "nr_inodes=2"))
		skip();
	assert_int_equal(mkdir(place->dir, 0755), 0); /* the last inode */
	assert_refused(place->dir, "No space left on device", "free some room");
	unmount_root(place);
}

static void a_read_only_disk_is_explained(void **state)
{
	struct place *place = *state;

	if (!mount_root(place, "size=16k"))
		skip();
	assert_int_equal(mount(NULL, place->root, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_refused(place->dir, "Read-only file system", "--run-dir");
	unmount_root(place);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(open_makes_and_close_removes),
		TEST(a_directory_that_was_there_stays),
		TEST(files_of_others_are_kept),
		TEST(a_second_agent_is_told_the_pid_of_the_first),
		TEST(a_stale_pid_file_is_no_obstacle),
		TEST(links_are_not_followed),
		TEST(failures_say_what_to_do),
		TEST(a_full_disk_costs_the_pid_file_only),
		TEST(no_room_for_any_file_is_explained),
		TEST(a_read_only_disk_is_explained),
	};

	return cmocka_run_group_tests_name("rundir", tests, NULL, NULL);
}
