/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes of a kind: which they are, how many, and how soon that is known. */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/types.h"
#include "sys/loop.h"
#include "sys/process_events.h"
#include "sys/process_match.h"
#include "sys/processes.h"
#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

static char our_name[16]; /* others may run this test at the same time */

struct world {
	struct loop *loop;
	struct processes *processes;
	struct process_watch *watch;
	struct loop_timer *timer;
	unsigned calls;
	unsigned count;
	enum process_cause cause;
	int64_t told_ns;
	unsigned wanted;
};

static struct world world;

static void give_up(void *data)
{
	loop_stop(data, 1);
}

static int setup(void **state)
{
	(void)state;
	world = (struct world){.loop = loop_new(NULL)};
	world.timer = loop_timer_new(world.loop, give_up, world.loop);
	loop_timer_set(world.timer, clock_ns() + 15 * NS_PER_S);
	return world.loop && world.timer ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	process_watch_free(world.watch);
	processes_close(world.processes);
	processes_close(NULL);
	process_watch_free(NULL);
	loop_timer_free(world.timer);
	loop_free(world.loop);
	return 0;
}

/* A child with this name, that waits for its end. */
static pid_t start(const char *name)
{
	int pipes[2];
	char byte;
	assert_int_equal(pipe(pipes), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		if (write(pipes[1], "", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	assert_true(pid > 0);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	close(pipes[0]);
	close(pipes[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Steps of a test: called with each number that is told; returns true at its end. */
static bool (*next_step)(void);

static void changed(unsigned count, enum process_cause cause, void *data)
{
	(void)data;
	world.calls++;
	world.count = count;
	world.cause = cause;
	world.told_ns = clock_ns();
	if (next_step())
		loop_stop(world.loop, 0);
}

static void watch_through(bool (*step)(void))
{
	char *words[] = {our_name, NULL};
	struct process_kind kind = {.words = words};
	next_step = step;
	world.processes = processes_open(world.loop, NULL);
	assert_non_null(world.processes);
	world.watch = process_watch_new(world.processes, &kind, changed, NULL);
	assert_non_null(world.watch);
	assert_int_equal(loop_run(world.loop), 0); /* else it was never told */
}

/* ---- counting ---- */

static pid_t first, second;
static int64_t began_ns, spans_ns[2];

static bool count_up_and_down(void)
{
	switch (world.calls) {
	case 1: /* those that were there */
		assert_int_equal(world.count, 1);
		began_ns = clock_ns();
		second = start(our_name);
		return false;
	default:
		break;
	}
	if (world.count == 2 && second) {
		spans_ns[0] = world.told_ns - began_ns;
		began_ns = clock_ns();
		kill(first, SIGKILL);
		second = second > 0 ? -second : second;
	} else if (world.count == 1 && second < 0 && first) {
		assert_int_equal(world.cause, PROCESS_ENDED);
		spans_ns[1] = world.told_ns - began_ns;
		end(-second);
		waitpid(first, NULL, 0);
		first = 0;
	}
	return world.count == 0;
}

/* Its end is known before anybody has waited for it; news or not, it is found. */
static void run_counting(int64_t found_most_ns)
{
	second = 0;
	first = start(our_name);
	pid_t other = start("tst-others");
	watch_through(count_up_and_down);
	end(other);
	assert_true(spans_ns[0] < found_most_ns);
	assert_true(spans_ns[1] < 50 * NS_PER_MS);
}

static void test_told(void **state)
{
	(void)state;
	int fd = process_events_open();
	if (fd < 0)
		skip();
	process_events_close(fd);
	run_counting(500 * NS_PER_MS);
	assert_true(processes_are_told(world.processes));
}

/* As in a container: another user namespace is told nothing. There is no way back out of it. */
static void test_untold(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWUSER) < 0 || setup(NULL) < 0)
			_exit(200);
		alarm(20);
		run_counting(5 * NS_PER_S);
		_exit(processes_are_told(world.processes) ? 3 : 0);
	}
	int status = -1;
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

/* ---- names and threads ---- */

static int control[2];

/* Takes the name, makes a thread, forks, and lets go of the name: a step a byte. */
static void change(void)
{
	char byte;
	while (read(control[0], &byte, 1) == 1) {
		if (byte == 'n')
			prctl(PR_SET_NAME, our_name);
		else if (byte == 'o')
			prctl(PR_SET_NAME, "tst-others");
		else if (byte == 'f' && fork() == 0)
			for (;;)
				pause();
	}
	kill(0, SIGKILL); /* what it has forked, too */
}

static void say(char byte)
{
	assert_int_equal(write(control[1], &byte, 1), 1);
}

static bool follow_a_name(void)
{
	static unsigned step;
	static const unsigned counts[] = {0, 1, 2, 1};
	if (world.count != counts[step])
		return false;
	if (step == 2)
		assert_int_equal(world.cause, PROCESS_FORKED);
	else
		assert_int_equal(world.cause, PROCESS_CHANGED);
	if (step == 3)
		return true;
	say("nfo"[step++]);
	return false;
}

static void test_names_and_forks(void **state)
{
	(void)state;
	int fd = process_events_open();
	if (fd < 0)
		skip();
	process_events_close(fd);
	assert_int_equal(pipe(control), 0);
	pid_t child = fork();
	if (child == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "tst-before");
		close(control[1]);
		change();
	}
	close(control[0]);
	watch_through(follow_a_name);
	close(control[1]);
	waitpid(child, NULL, 0);
}

/* ---- comparing ---- */

struct match_case {
	const char *words; /* by blanks */
	enum process_parameters parameters;
	bool full;
	bool matches; /* "prog", and its command line /usr/bin/prog -a bcd e */
};

static void test_matching(void **state)
{
	static const char line[] = "/usr/bin/prog\0-a\0bcd\0e";
	static const struct match_case cases[] = {
		{"prog", PROCESS_ANY_PARAMETERS, false, true},
		{"pro", PROCESS_ANY_PARAMETERS, false, false},
		{"/usr/bin/prog", PROCESS_ANY_PARAMETERS, false, false},
		{"/usr/bin/prog", PROCESS_ANY_PARAMETERS, true, true},
		{"/usr/bin/pro", PROCESS_ANY_PARAMETERS, true, false},
		{"/usr/bin/prog", PROCESS_EXACT, true, false},
		{"/usr/bin/prog -a bcd e", PROCESS_EXACT, true, true},
		{"/usr/bin/prog -a bcd", PROCESS_EXACT, true, false},
		{"/usr/bin/prog -a bcd e f", PROCESS_EXACT, true, false},
		{"/usr/bin/prog -a bcd", PROCESS_PARTIAL, true, true},
		{"/usr/bin/prog -a bc", PROCESS_PARTIAL, true, false},
		{"/usr/bin/prog -a bc", PROCESS_INITIAL, true, true},
		{"/usr/bin/prog -a bd", PROCESS_INITIAL, true, false},
		{"/usr/bin/prog", PROCESS_INITIAL, true, true},
		{"/usr/bin/pro", PROCESS_INITIAL, true, false},
	};
	struct process_facts facts = {.name = "prog", .command_length = sizeof(line)};
	(void)state;
	memcpy(facts.command, line, sizeof(line));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[100], *words[10] = {NULL}, *rest = text;
		size_t count = 0;
		snprintf(text, sizeof(text), "%s", cases[i].words);
		while (rest)
			words[count++] = strsep(&rest, " ");
		struct process_kind kind = {words, cases[i].parameters, cases[i].full};
		struct process_pattern pattern;
		assert_true(process_pattern_init(&pattern, 1, &kind));
		assert_int_equal(process_matches(&pattern, &facts), cases[i].matches);
		free(pattern.text);
	}
}

/* A name may hold anything; a zombie is none. */
static void test_reading(void **state)
{
	struct process_facts facts;
	(void)state;
	pid_t pid = start("a) R 1 (b");
	assert_true(process_read(pid, true, &facts));
	assert_string_equal(facts.name, "a) R 1 (b");
	assert_true(facts.started > 0);
	assert_true(facts.command_length > 0);
	kill(pid, SIGKILL);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_false(process_read(pid, true, &facts));
	waitpid(pid, NULL, 0);
	assert_false(process_read(pid, true, &facts));
}

int main(void)
{
	snprintf(our_name, sizeof(our_name), "tst%d", (int)getpid());
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_untold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names_and_forks, setup, teardown),
		cmocka_unit_test(test_matching),
		cmocka_unit_test(test_reading),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
