/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: what it writes, and that nothing behind stderr can hold it up. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "sys/log.h"

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

/* All there is to read now, as text. */
static const char *written(const struct ends *ends)
{
	static char text[256 * 1024];
	size_t length = 0;
	ssize_t n;

	while ((n = read(ends->reader, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	return text;
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
	assert_string_equal(written(&ends), "VI_1: becomes active\n"
					    "a line that would be two [2J\n"
					    "errno: No such file or directory\n");
	restore(&ends);
}

static void a_huge_line_is_cut(void **state)
{
	struct ends ends = to_pipe();
	static char huge[10000];
	const char *text;

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	log_open(LOG_LEVEL_INFO);
	log_info("%s", huge);
	text = written(&ends);
	assert_true(strlen(text) > 1000 && strlen(text) < 4096);
	assert_string_equal(strchr(text, '\n'), "\n");
	restore(&ends);
}

static void set_journal_stream(const char *format, int fd)
{
	struct stat st;
	char text[60];

	assert_int_equal(fstat(fd, &st), 0);
	snprintf(text, sizeof(text), format, (unsigned long)st.st_dev, (unsigned long)st.st_ino);
	setenv("JOURNAL_STREAM", text, 1);
}

static void the_journal_gets_prefixes(void **state)
{
	struct ends ends = to_pipe();

	(void)state;
	set_journal_stream("%lu:%lu", ends.writer);
	log_open(LOG_LEVEL_DEBUG);
	log_error("e");
	log_debug("d");
	assert_string_equal(written(&ends), "<3>e\n<7>d\n");

	/* Inherited from a unit whose stderr was redirected since. */
	set_journal_stream("%lu:1%lu", ends.writer);
	log_open(LOG_LEVEL_DEBUG);
	log_error("e");
	assert_string_equal(written(&ends), "e\n");
	unsetenv("JOURNAL_STREAM");
	restore(&ends);
}

/* Write until long after nothing fits; an alarm ends the test if a write waits. */
static void flood(void)
{
	alarm(10);
	for (int i = 0; i < 20000; i++)
		log_info("line %d: a text of an ordinary length, as the agent writes them", i);
	alarm(0);
}

static void assert_loss_is_told(const struct ends *ends)
{
	char *end;

	assert_non_null(strstr(written(ends), "line 0: "));
	log_info("after");
	const char *text = written(ends);
	unsigned long lost = strtoul(text, &end, 10);

	assert_true(lost > 0 && lost < 20000);
	assert_string_equal(end, " log lines were lost: stderr did not take them\nafter\n");
	log_info("quiet again");
	assert_string_equal(written(ends), "quiet again\n");
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

static void a_full_pipe_that_cannot_be_reopened_does_not_block(void **state)
{
	struct ends ends = to_pipe();

	(void)state;
	/* Without log_open() the log has nothing but stderr itself. */
	flood();
	assert_loss_is_told(&ends);
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
	assert_non_null(strstr(written(&ends), "line 0: "));
	restore(&ends);
}

static void a_reader_that_is_gone_does_not_kill(void **state)
{
	struct ends ends = to_pipe();

	(void)state;
	log_open(LOG_LEVEL_INFO);
	close(ends.reader);
	log_info("into the void");
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
		cmocka_unit_test(a_full_pipe_that_cannot_be_reopened_does_not_block),
		cmocka_unit_test(a_full_socket_does_not_block),
		cmocka_unit_test(a_stopped_terminal_does_not_block),
		cmocka_unit_test(a_reader_that_is_gone_does_not_kill),
		cmocka_unit_test(levels_have_names),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
