/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts: how they end, what they inherit, who they run as, and that nothing waits for them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/types.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "sys/scripts.h"
#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

struct world {
	struct loop *loop;
	struct scripts *scripts;
	char dir[PATH_MAX];
	unsigned ended, expected;
	enum script_end end;
	int value;
	struct failure failure;
};

static struct world world;

static int setup(void **state)
{
	(void)state;
	world = (struct world){.loop = loop_new(NULL)};
	world.scripts = scripts_open(world.loop, NULL);
	snprintf(world.dir, sizeof(world.dir), "/tmp/test_scripts.XXXXXX");
	alarm(30); /* ends the test if something waits for ever */
	return world.scripts && mkdtemp(world.dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[PATH_MAX + 20];
	(void)state;
	alarm(0);
	scripts_close(world.scripts);
	scripts_close(NULL);
	loop_free(world.loop);
	snprintf(command, sizeof(command), "rm -rf %s", world.dir);
	return system(command);
}

static void ended(enum script_end end, int value, const struct failure *failure, void *data)
{
	(void)data;
	world.end = end;
	world.value = value;
	if (failure)
		world.failure = *failure;
	if (++world.ended == world.expected)
		loop_stop(world.loop, 0);
}

static void order(char *const *words, const char *user, int64_t timeout_ns, bool secure)
{
	struct script_order one = {
		.words = words, .user = user, .timeout_ns = timeout_ns, .secure = secure};
	assert_true(script_run(world.scripts, &one, ended, NULL));
}

static void run_words(char *const *words, const char *user, int64_t timeout_ns, bool secure)
{
	world.expected = 1;
	order(words, user, timeout_ns, secure);
	assert_int_equal(world.ended, 0); /* not before the loop has run */
	assert_int_equal(loop_run(world.loop), 0);
	assert_int_equal(world.ended, 1);
}

static void run_shell(const char *text)
{
	char *words[] = {"sh", "-c", (char *)text, NULL};
	run_words(words, NULL, 20 * NS_PER_S, false);
}

static void test_exit_status(void **state)
{
	(void)state;
	run_shell("exit 7");
	assert_int_equal(world.end, SCRIPT_EXITED);
	assert_int_equal(world.value, 7);
}

static void test_signal(void **state)
{
	(void)state;
	run_shell("kill -HUP $$");
	assert_int_equal(world.end, SCRIPT_SIGNALLED);
	assert_int_equal(world.value, SIGHUP);
}

/* Or a zombie, until whoever inherits it looks. */
static bool is_gone(void *data)
{
	char path[40];
	snprintf(path, sizeof(path), "/proc/%d/cmdline", *(pid_t *)data);
	FILE *file = fopen(path, "r");
	bool gone = !file || fgetc(file) == EOF;
	if (file)
		fclose(file);
	return gone;
}

/* What a script has written into a file. */
static pid_t written_pid(void)
{
	char path[PATH_MAX + 10];
	pid_t pid = 0;
	snprintf(path, sizeof(path), "%s/pid", world.dir);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	return pid;
}

/* With what it has started: nothing of its process group is left. */
static void test_too_long(void **state)
{
	char text[PATH_MAX + 80];
	pid_t child;
	(void)state;
	snprintf(text, sizeof(text), "sleep 1000 & echo $! > %s/pid; wait", world.dir);
	char *words[] = {"sh", "-c", text, NULL};
	run_words(words, NULL, NS_PER_S, false);
	assert_int_equal(world.end, SCRIPT_TIMED_OUT);
	child = written_pid();
	assert_true(wait_for(is_gone, &child));
}

static void run_asking(const char *text)
{
	char *words[] = {"sh", "-c", (char *)text, NULL};
	struct script_order one = {
		.words = words,
		.timeout_ns = 200 * NS_PER_MS,
		.kill_after_ns = 500 * NS_PER_MS,
	};
	world.expected = 1;
	assert_true(script_run(world.scripts, &one, ended, NULL));
	assert_int_equal(loop_run(world.loop), 0);
}

/* SIGTERM first: who dies of it was too slow, ... */
static void test_asked_to_end(void **state)
{
	(void)state;
	run_asking("exec sleep 1000");
	assert_int_equal(world.end, SCRIPT_TIMED_OUT);
}

/* ... who ends in order says how it went. */
static void test_ends_in_order(void **state)
{
	(void)state;
	run_asking("trap 'exit 5' TERM; sleep 1000 & wait");
	assert_int_equal(world.end, SCRIPT_EXITED);
	assert_int_equal(world.value, 5);
}

/* SIGKILL then, to all of the group. */
static void test_deaf(void **state)
{
	char text[PATH_MAX + 120];
	pid_t child;
	(void)state;
	int64_t began_ns = clock_ns();
	snprintf(text, sizeof(text), "trap '' TERM; sleep 1000 & echo $! > %s/pid; wait",
		 world.dir);
	run_asking(text);
	assert_int_equal(world.end, SCRIPT_TIMED_OUT);
	assert_in_range(clock_ns() - began_ns, 700 * NS_PER_MS, 5 * NS_PER_S);
	child = written_pid();
	assert_true(wait_for(is_gone, &child));
}

/* Megabytes are thrown away, and not waited for either. */
static void test_quiet(void **state)
{
	char *words[] = {"sh", "-c", "head -c 20000000 /dev/zero; head -c 9999999 /dev/zero >&2",
			 NULL};
	struct script_order one = {.words = words, .timeout_ns = 20 * NS_PER_S, .quiet = true};
	(void)state;
	world.expected = 1;
	fflush(stderr);
	int kept = dup(STDERR_FILENO), pipes[2];
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0); /* nobody reads it */
	dup2(pipes[1], STDERR_FILENO);
	assert_true(script_run(world.scripts, &one, ended, NULL));
	assert_int_equal(loop_run(world.loop), 0);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(world.end, SCRIPT_EXITED);
	assert_int_equal(world.value, 0);
}

static int mine, others; /* data of orders */
static struct loop_timer *look;

/* Once the first one runs. */
static void cancel_mine(void *data)
{
	char path[PATH_MAX + 10];
	(void)data;
	snprintf(path, sizeof(path), "%s/there", world.dir);
	if (access(path, F_OK) == 0)
		scripts_cancel(world.scripts, &mine);
	else
		loop_timer_set(look, clock_ns() + 5 * NS_PER_MS);
}

/* What runs is killed, what waits is not started, nobody is told. */
static void test_cancel(void **state)
{
	char text[2 * PATH_MAX + 80];
	pid_t child;
	(void)state;
	snprintf(text, sizeof(text), "echo $$ > %s/pid; mkdir %s/there; exec sleep 1000", world.dir,
		 world.dir);
	char *words[] = {"sh", "-c", text, NULL}, *second[] = {"rm", "-r", world.dir, NULL};
	char *done[] = {"true", NULL};
	struct script_order first = {.words = words, .timeout_ns = 20 * NS_PER_S};
	struct script_order waits = {.words = second, .timeout_ns = 20 * NS_PER_S};
	struct script_order last = {.words = done, .timeout_ns = 20 * NS_PER_S};
	look = loop_timer_new(world.loop, cancel_mine, NULL);
	loop_timer_set(look, clock_ns());
	scripts_at_once(world.scripts, 1);
	assert_true(script_run(world.scripts, &first, ended, &mine));
	assert_true(script_run(world.scripts, &waits, ended, &mine));
	assert_true(script_run(world.scripts, &last, ended, &others));
	world.expected = 1;
	assert_int_equal(loop_run(world.loop), 0);
	loop_timer_free(look);
	assert_int_equal(world.end, SCRIPT_EXITED); /* that of the other */
	child = written_pid();
	assert_true(is_gone(&child));
}

static void test_not_there(void **state)
{
	char *words[] = {"/nonexistent/script", NULL};
	(void)state;
	run_words(words, NULL, NS_PER_S, false);
	assert_int_equal(world.end, SCRIPT_NOT_RUN);
	assert_non_null(strstr(world.failure.text, "/nonexistent/script: No such file"));
}

static void test_unknown_user(void **state)
{
	char *words[] = {"true", NULL};
	(void)state;
	run_words(words, "no-such-user-here", NS_PER_S, false);
	assert_int_equal(world.end, SCRIPT_NOT_RUN);
	assert_non_null(strstr(world.failure.text, "no-such-user-here"));
}

static void test_other_user(void **state)
{
	char *words[] = {"sh", "-c",
			 "test $(id -u) = $(id -u nobody) -a \"$(id -G)\" = \"$(id -G nobody)\"",
			 NULL};
	(void)state;
	if (geteuid() != 0)
		skip();
	run_words(words, "nobody", 20 * NS_PER_S, false);
	assert_int_equal(world.end, SCRIPT_EXITED);
	assert_int_equal(world.value, 0);
	assert_int_equal(geteuid(), 0); /* and not the whole process */
}

/*
 * Descriptors, signals, session: nothing of ours but the standard error. Signals 32 and 33 are
 * libc's own: its posix_spawn(), by which make starts this test, has them ignored in the child, and
 * its sigaction() lets nobody change that.
 */
static void test_inheritance(void **state)
{
	sigset_t blocked;
	(void)state;
	int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
	assert_true(leak > 2);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	char text[400];
	snprintf(text, sizeof(text),
		 "test ! -e /proc/$$/fd/%d -a $(readlink /proc/$$/fd/0) = /dev/null -a "
		 "$(ps -o sid= -p $$) = $$ && "
		 "grep -qE '^SigIgn:.0000000[01][08]0000000$' /proc/$$/status",
		 leak);
	run_shell(text);
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_DFL);
	close(leak);
	assert_int_equal(world.end, SCRIPT_EXITED);
	assert_int_equal(world.value, 0);
}

/* As process_prepare() found them, whatever has become of them. */
static void test_limits(void **state)
{
	struct rlimit before, tight = {1000000, RLIM_INFINITY};
	int slack_ns = prctl(PR_GET_TIMERSLACK);
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_RTTIME, &before), 0);
	process_prepare();
	tight.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_RTTIME, &tight), 0);
	scripts_close(world.scripts);
	prctl(PR_SET_TIMERSLACK, 1); /* the worker's, and its children's, from now on */
	world.scripts = scripts_open(world.loop, NULL);
	char text[300];
	snprintf(text, sizeof(text),
		 "test $(cat /proc/$$/timerslack_ns) = %d && "
		 "! grep -q '^Max realtime timeout *1000000 ' /proc/$$/limits",
		 slack_ns);
	run_shell(text);
	prctl(PR_SET_TIMERSLACK, slack_ns);
	assert_int_equal(setrlimit(RLIMIT_RTTIME, &before), 0);
	assert_int_equal(world.end, SCRIPT_EXITED);
	assert_int_equal(world.value, 0);
}

/* Makes a script that is being written; -1 if this kernel does not mind (some 6.11 and 6.12). */
static int hold_open(const char *path)
{
	char *words[] = {(char *)path, NULL};
	int fd = open(path, O_WRONLY | O_CREAT, 0755);
	assert_true(fd >= 0);
	assert_int_equal(dprintf(fd, "#!/bin/sh\nexit 4\n"), 17);
	pid_t pid = vfork();
	if (pid == 0) {
		execv(path, words);
		_exit(errno == ETXTBSY ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status == 0)
		return fd;
	close(fd);
	return -1;
}

static int held;

static void release(void *data)
{
	(void)data;
	close(held);
}

static char *written[2]; /* words */

static bool make_written(void)
{
	static char path[PATH_MAX + 10];
	snprintf(path, sizeof(path), "%s/script", world.dir);
	written[0] = path;
	held = hold_open(path);
	return held >= 0;
}

/* Waited for, for a while, as it is no mistake of anybody's ... */
static void test_being_written(void **state)
{
	(void)state;
	if (!make_written())
		skip();
	struct loop_timer *timer = loop_timer_new(world.loop, release, NULL);
	loop_timer_set(timer, clock_ns() + NS_PER_S / 10);
	run_words(written, NULL, 20 * NS_PER_S, false);
	loop_timer_free(timer);
	assert_int_equal(world.end, SCRIPT_EXITED);
	assert_int_equal(world.value, 4);
}

/* ... then it is told apart from those; without the loop, too. */
static void test_being_written_on_and_on(void **state)
{
	(void)state;
	if (!make_written())
		skip();
	run_words(written, NULL, NS_PER_S / 10, false);
	assert_int_equal(world.end, SCRIPT_NOT_NOW);
	assert_non_null(strstr(world.failure.text, "Text file busy"));
	world.end = SCRIPT_EXITED;
	world.expected = 99;
	order(written, NULL, NS_PER_S / 5, false);
	assert_true(scripts_finish(world.scripts, NULL, 10 * NS_PER_S));
	assert_int_equal(world.end, SCRIPT_NOT_NOW);
	close(held);
}

/* More than may run at once: the others wait for their turn, all are told. */
static void test_many(void **state)
{
	char *words[] = {"true", NULL};
	(void)state;
	world.expected = 100;
	for (unsigned i = 0; i < world.expected; i++)
		order(words, NULL, 20 * NS_PER_S, false);
	assert_int_equal(loop_run(world.loop), 0);
	assert_int_equal(world.ended, 100);
}

/* At the end: what is short is waited for, what is long only for so long; then it is killed. */
static void test_close(void **state)
{
	char text[PATH_MAX + 40], path[PATH_MAX + 10], hang[PATH_MAX + 40];
	(void)state;
	snprintf(text, sizeof(text), "sleep 0.2; echo done > %s/short", world.dir);
	snprintf(hang, sizeof(hang), "echo $$ > %s/pid; sleep 1000", world.dir);
	char *words[] = {"sh", "-c", text, NULL}, *forever[] = {"sh", "-c", hang, NULL};
	world.expected = 99;
	order(words, NULL, 20 * NS_PER_S, false);
	order(forever, NULL, 20 * NS_PER_S, false);
	int64_t began_ns = clock_ns();
	assert_false(scripts_finish(world.scripts, NULL, 2 * NS_PER_S));
	pid_t pid = written_pid();
	assert_int_equal(kill(pid, 0), 0);
	scripts_close(world.scripts);
	world.scripts = NULL;
	assert_true(wait_for(is_gone, &pid));
	int64_t took_ns = clock_ns() - began_ns;
	snprintf(path, sizeof(path), "%s/short", world.dir);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(world.ended, 1);
	assert_in_range(took_ns, 2 * NS_PER_S - 100 * NS_PER_MS, 4 * NS_PER_S);
}

/* One that waits for the end of the loop, too: its timeout holds without the loop. */
static void test_finish_kills(void **state)
{
	char *forever[] = {"sleep", "1000", NULL};
	(void)state;
	world.expected = 99;
	order(forever, NULL, 20 * NS_PER_S, false);
	assert_false(scripts_finish(world.scripts, NULL, 0));
	scripts_hurry(world.scripts, NULL, NS_PER_S / 10);
	assert_true(scripts_finish(world.scripts, NULL, 10 * NS_PER_S));
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.end, SCRIPT_TIMED_OUT);
}

/* It runs beside all others, without a timeout, and ends when it is told to. */
static void test_service(void **state)
{
	char *forever[] = {"sleep", "1000", NULL}, *words[] = {"true", NULL};
	struct script_order service = {
		.words = forever, .timeout_ns = 1, .kill_after_ns = NS_PER_S, .service = true};
	(void)state;
	scripts_at_once(world.scripts, 1);
	world.expected = 1;
	assert_true(script_run(world.scripts, &service, ended, &world));
	order(words, NULL, 20 * NS_PER_S, false);
	assert_int_equal(loop_run(world.loop), 0);
	assert_int_equal(world.end, SCRIPT_EXITED);
	assert_true(scripts_finish(world.scripts, NULL, 0));
	assert_false(scripts_finish(world.scripts, &world, NS_PER_S / 10));
	scripts_hurry(world.scripts, &world, 0);
	assert_true(scripts_finish(world.scripts, &world, 10 * NS_PER_S));
	assert_int_equal(world.ended, 2);
	assert_int_equal(world.end, SCRIPT_TIMED_OUT);
}

/* What it has sent into the background, with its output, is nobody's business any more. */
static void test_background(void **state)
{
	(void)state;
	int64_t began_ns = clock_ns();
	run_shell("sleep 8 & exit 3");
	assert_int_equal(world.value, 3);
	assert_true(clock_ns() < began_ns + 6 * NS_PER_S);
}

static void not_run(char *path, const char *why)
{
	char *words[] = {path, NULL};
	order(words, NULL, 20 * NS_PER_S, false);
	assert_true(scripts_finish(world.scripts, NULL, 20 * NS_PER_S));
	assert_int_equal(world.end, SCRIPT_NOT_RUN);
	assert_non_null(strstr(world.failure.text, why));
}

static void refused(char *path, mode_t mode, const char *text, const char *why)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fchmod(fileno(file), mode);
	fclose(file);
	not_run(path, why);
}

static void test_why_not(void **state)
{
	char path[PATH_MAX];
	(void)state;
	snprintf(path, sizeof(path), "%.4000s/script", world.dir);
	refused(path, 0644, "#!/bin/sh\n", "is not executable (chmod +x)");
	refused(path, 0755, "#!/no/such/shell\n", "(#!) names does not exist");
	not_run(world.dir, "is a directory");
}

/* What others could change is not run as root: see test_script_check.c. */
static void test_security(void **state)
{
	char path[PATH_MAX + 10];
	(void)state;
	if (geteuid() != 0)
		skip();
	snprintf(path, sizeof(path), "%s/script", world.dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("#!/bin/sh\nexit 0\n", file);
	fchmod(fileno(file), 0755);
	fclose(file);
	char *words[] = {path, NULL};
	run_words(words, NULL, 20 * NS_PER_S, true);
	assert_int_equal(world.end, SCRIPT_NOT_RUN);
	assert_non_null(strstr(world.failure.text, "can write to /tmp "));
}

/* ... and is run as somebody else, if that one may: the directory is 0700. */
static void test_security_of_others(void **state)
{
	char path[PATH_MAX];
	(void)state;
	if (geteuid() != 0)
		skip();
	snprintf(path, sizeof(path), "%.4000s/script", world.dir);
	char *words[] = {path, NULL};
	run_words(words, "nobody", 20 * NS_PER_S, true);
	assert_int_equal(world.end, SCRIPT_NOT_RUN);
	assert_non_null(strstr(world.failure.text, "Permission denied"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_exit_status, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asked_to_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deaf, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quiet, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_user, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_user, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inheritance, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_being_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_being_written_on_and_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close, setup, teardown),
		cmocka_unit_test_setup_teardown(test_finish_kills, setup, teardown),
		cmocka_unit_test_setup_teardown(test_service, setup, teardown),
		cmocka_unit_test_setup_teardown(test_background, setup, teardown),
		cmocka_unit_test_setup_teardown(test_why_not, setup, teardown),
		cmocka_unit_test_setup_teardown(test_security, setup, teardown),
		cmocka_unit_test_setup_teardown(test_security_of_others, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
