/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: what it writes, and that nothing behind stderr can hold it up. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "sys/log.h"
#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

/* What stderr is for the while: the end written to, and the end that a test reads. */
struct ends {
	int writer;
	int reader;
	int real_stderr;
};

static void redirect(struct ends *ends)
{
	ends->real_stderr = dup(STDERR_FILENO);
	assert_int_equal(dup2(ends->writer, STDERR_FILENO), STDERR_FILENO);
	fcntl(ends->reader, F_SETFL, O_NONBLOCK);
}

static void restore(struct ends *ends)
{
	log_close();
	assert_int_equal(dup2(ends->real_stderr, STDERR_FILENO), STDERR_FILENO);
	close(ends->real_stderr);
	close(ends->writer);
	close(ends->reader);
}

static struct ends to_pipe(void)
{
	struct ends ends;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	ends.reader = fds[0];
	ends.writer = fds[1];
	redirect(&ends);
	return ends;
}

/* What has been read so far, up to the end of the last expected text. */
static char text[1024 * 1024];
static size_t text_used;

static void forget_text(void)
{
	text_used = 0;
	text[0] = '\0';
}

/* Read until `wanted` is there, for three seconds; returns all that was read. */
static const char *read_until(const struct ends *ends, const char *wanted)
{
	struct pollfd readable = {.fd = ends->reader, .events = POLLIN};

	while (!strstr(text, wanted)) {
		if (poll(&readable, 1, 3000) != 1)
			fail_msg("not written: %s; but: %s", wanted, text);
		ssize_t n = read(ends->reader, text + text_used, sizeof(text) - 1 - text_used);

		assert_true(n > 0);
		text_used += (size_t)n;
		text[text_used] = '\0';
	}
	return text;
}

static void assert_written(const struct ends *ends, const char *expected)
{
	forget_text();
	assert_string_equal(read_until(ends, expected), expected);
}

static void a_line_is_its_text(void **state)
{
	struct ends ends = to_pipe();

	(void)state;
	log_open(LOG_LEVEL_INFO);
	log_info("%s: becomes %s", "VI_1", "active");
	log_debug("not at this level");
	log_warning("a line\nthat would be two\x1b[2J");
	errno = ENOENT;
	log_error("errno: %m");
	assert_int_equal(errno, ENOENT);
	assert_written(&ends, "VI_1: becomes active\n"
			      "a line that would be two [2J\n"
			      "errno: No such file or directory\n");
	restore(&ends);
}

static void a_huge_line_is_cut(void **state)
{
	struct ends ends = to_pipe();
	static char huge[10000];

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	log_open(LOG_LEVEL_INFO);
	log_info("%s", huge);
	forget_text();
	read_until(&ends, "\n");
	assert_true(strlen(text) > 1000 && strlen(text) < 4096);
	assert_string_equal(strchr(text, '\n'), "\n");
	restore(&ends);
}

static void set_journal_stream(const char *format, int fd)
{
	struct stat st;
	char value[60];

	assert_int_equal(fstat(fd, &st), 0);
	snprintf(value, sizeof(value), format, (unsigned long)st.st_dev, (unsigned long)st.st_ino);
	setenv("JOURNAL_STREAM", value, 1);
}

static void the_journal_gets_prefixes(void **state)
{
	struct ends ends = to_pipe();

	(void)state;
	set_journal_stream("%lu:%lu", ends.writer);
	log_open(LOG_LEVEL_DEBUG);
	log_error("e");
	log_debug("d");
	assert_written(&ends, "<3>e\n<7>d\n");

	/* Inherited from a unit whose stderr was redirected since. */
	set_journal_stream("%lu:1%lu", ends.writer);
	log_open(LOG_LEVEL_DEBUG);
	log_error("e");
	assert_written(&ends, "e\n");
	unsetenv("JOURNAL_STREAM");
	restore(&ends);
}

#define FLOOD 30000

/* Write until long after nothing fits; an alarm ends the test if a write waits. */
static void flood(void)
{
	alarm(10);
	for (int i = 0; i < FLOOD; i++)
		log_info("line %d: a text of an ordinary length, as the agent writes them", i);
	alarm(0);
}

#define LOSS " log lines were lost: stderr did not take them\n"

static void assert_loss_is_told(const struct ends *ends)
{
	const char *told;

	forget_text();
	told = strstr(read_until(ends, LOSS), LOSS);
	assert_memory_equal(text, "line 0: ", 8);
	assert_string_equal(told, LOSS); /* the last line */
	while (told[-1] != '\n')
		told--;
	unsigned long lost = strtoul(told, NULL, 10);

	assert_true(lost > 0 && lost < FLOOD);
	log_info("quiet again");
	assert_written(ends, "quiet again\n");
}

static void a_full_pipe_does_not_block(void **state)
{
	struct ends ends = to_pipe();

	(void)state;
	log_open(LOG_LEVEL_INFO);
	flood();
	/* Others that share the pipe still have it as it was. */
	assert_false(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK);
	assert_loss_is_told(&ends);
	restore(&ends);
}

/* Before log_open(), and without memory for a thread. */
static void a_full_pipe_does_not_block_without_the_thread(void **state)
{
	struct ends ends = to_pipe();

	(void)state;
	flood();
	forget_text();
	read_until(&ends, "line 1: ");
	while (read(ends.reader, text, sizeof(text) - 1) > 0)
		;
	log_info("after");
	forget_text();
	read_until(&ends, "after\n");
	assert_true(strtoul(text, NULL, 10) > 0);
	assert_string_equal(strchr(text, ' '), LOSS "after\n");
	log_info("quiet again");
	assert_written(&ends, "quiet again\n");
	restore(&ends);
}

static void a_full_socket_does_not_block(void **state)
{
	struct ends ends;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	ends.reader = fds[0];
	ends.writer = fds[1];
	redirect(&ends);
	log_open(LOG_LEVEL_INFO);
	flood();
	assert_loss_is_told(&ends);
	restore(&ends);
}

static void a_stopped_terminal_does_not_block(void **state)
{
	struct termios raw;
	struct ends ends;

	(void)state;
	assert_int_equal(openpty(&ends.reader, &ends.writer, NULL, NULL, NULL), 0);
	tcgetattr(ends.writer, &raw);
	cfmakeraw(&raw);
	tcsetattr(ends.writer, TCSANOW, &raw);
	redirect(&ends);
	log_open(LOG_LEVEL_INFO);
	flood();
	forget_text();
	read_until(&ends, "line 0: ");
	restore(&ends);
}

/* An end in a hurry writes what waits, and gives up on what takes nothing. */
static void closing_writes_what_waits(void **state)
{
	struct ends ends = to_pipe();

	(void)state;
	log_open(LOG_LEVEL_INFO);
	for (int i = 0; i < 500; i++)
		log_info("line %d", i);
	log_close();
	forget_text();
	ssize_t n = read(ends.reader, text, sizeof(text) - 1);

	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "line 499\n"));
	restore(&ends);
}

static void closing_does_not_wait_for_ever(void **state)
{
	struct ends ends = to_pipe();

	(void)state;
	log_open(LOG_LEVEL_INFO);
	flood();
	alarm(10);
	log_close();
	alarm(0);
	restore(&ends);
}

/* Does the log's thread wait for the next line? */
static bool is_idle(void *data)
{
	(void)data;
	return prints("cat /proc/$PPID/task/*/stat", "(xvrrpd-log) S");
}

/* Whatever it is that fails, the agent learns nothing of it, and the loss is told later. */
static void fails_and_is_told(const char *path, int flags)
{
	struct ends pipe_ends = to_pipe();
	int full = open(path, flags, 0600);

	assert_true(full >= 0);
	log_open(LOG_LEVEL_INFO);
	dup2(full, STDERR_FILENO);
	for (int i = 0; i < 100; i++) {
		errno = EBADMSG;
		log_info("line %03d %0500d", i, 0);
		assert_int_equal(errno, EBADMSG);
	}
	assert_true(wait_for(is_idle, NULL));
	/* Once it takes lines again. */
	dup2(pipe_ends.writer, STDERR_FILENO);
	log_info("after");
	forget_text();
	read_until(&pipe_ends, LOSS);
	close(full);
	restore(&pipe_ends);
}

static void a_full_device_is_survived(void **state)
{
	(void)state;
	fails_and_is_told("/dev/full", O_WRONLY);
}

/* On a tmpfs of 16 KiB the first lines fit, and the last of those not whole. */
static void a_full_disk_is_survived(void **state)
{
	char dir[] = "/tmp/test_log.XXXXXX", path[60], line[4];
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(dir));
	if (mount("none", dir, "tmpfs", 0, "size=16k")) {
		rmdir(dir);
		skip(); /* no privilege */
	}
	snprintf(path, sizeof(path), "%s/log", dir);
	fails_and_is_told(path, O_WRONLY | O_CREAT | O_APPEND);
	assert_int_equal(text[0], '\n'); /* the end of the line that is there in part */
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(line, 1, 4, file), 4);
	assert_memory_equal(line, "line", 4);
	fclose(file);
	assert_int_equal(umount2(dir, MNT_DETACH), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* `2>&-`: descriptor 2 must not become a socket of ours that gets the lines. */
static void a_closed_stderr_takes_no_other_place(void **state)
{
	struct ends ends = to_pipe();
	struct stat now, null;

	(void)state;
	close(STDERR_FILENO);
	log_open(LOG_LEVEL_INFO);
	assert_int_equal(fstat(STDERR_FILENO, &now), 0);
	assert_int_equal(stat("/dev/null", &null), 0);
	assert_int_equal(now.st_rdev, null.st_rdev);
	restore(&ends);
}

#define THREADS	   4
#define LINES_EACH 2000

static void *log_many(void *data)
{
	for (int i = 0; i < LINES_EACH; i++)
		log_info("%c%05d", *(const char *)data, i);
	return NULL;
}

/* Lines of several threads: each whole, none lost silently, in order for each thread. */
static void threads_do_not_mix_lines(void **state)
{
	struct ends ends = to_pipe();
	pthread_t threads[THREADS];
	int next[THREADS] = {0}, lost = 0;
	FILE *file = fdopen(dup(ends.reader), "r");
	char line[200];

	(void)state;
	fcntl(ends.reader, F_SETFL, 0);
	log_open(LOG_LEVEL_INFO);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, log_many, &"abcd"[i]);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	log_info("end");
	while (fgets(line, sizeof(line), file) && strcmp(line, "end\n")) {
		unsigned thread = (unsigned)(line[0] - 'a');

		if (strstr(line, LOSS)) {
			lost += (int)strtol(line, NULL, 10);
			continue;
		}
		assert_int_equal(strlen(line), 7);
		int number = (int)strtol(line + 1, NULL, 10);

		assert_true(thread < THREADS && number >= next[thread]);
		next[thread] = number + 1;
		lost--;
	}
	assert_int_equal(lost, -THREADS * LINES_EACH);
	fclose(file);
	restore(&ends);
}

static void a_reader_that_is_gone_does_not_kill(void **state)
{
	struct ends ends = to_pipe();

	(void)state;
	log_open(LOG_LEVEL_INFO);
	close(ends.reader);
	log_info("into the void");
	log_close();
	ends.reader = dup(ends.writer);
	restore(&ends);
}

static void levels_have_names(void **state)
{
	enum log_level level = LOG_LEVEL_ERROR;

	(void)state;
	assert_true(log_level_parse("debug", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_true(log_level_parse("error", &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_false(log_level_parse("loud", &level));
	assert_false(log_level_parse("", &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_its_text),
		cmocka_unit_test(a_huge_line_is_cut),
		cmocka_unit_test(the_journal_gets_prefixes),
		cmocka_unit_test(a_full_pipe_does_not_block),
		cmocka_unit_test(a_full_pipe_does_not_block_without_the_thread),
		cmocka_unit_test(a_full_socket_does_not_block),
		cmocka_unit_test(a_stopped_terminal_does_not_block),
		cmocka_unit_test(closing_writes_what_waits),
		cmocka_unit_test(closing_does_not_wait_for_ever),
		cmocka_unit_test(a_full_device_is_survived),
		cmocka_unit_test(a_full_disk_is_survived),
		cmocka_unit_test(a_closed_stderr_takes_no_other_place),
		cmocka_unit_test(threads_do_not_mix_lines),
		cmocka_unit_test(a_reader_that_is_gone_does_not_kill),
		cmocka_unit_test(levels_have_names),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
