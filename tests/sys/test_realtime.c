/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scheduling and memory: what is set, and one message for what is refused. Each in its own process.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/realtime.h"

#include <cmocka.h> /* last: it defines a macro fail() */

/* Run `body` in a child; its exit code. */
static int in_child(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static long locked_kib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[200];
	long kib = 0;

	while (fgets(line, sizeof(line), file))
		sscanf(line, "VmLck: %ld", &kib);
	fclose(file);
	return kib;
}

static int enters(void)
{
	struct rlimit limit;
	struct sched_param param;
	int status;

	if (realtime_enter(50, false, NULL))
		return 1;
	if (sched_getscheduler(0) != (SCHED_FIFO | SCHED_RESET_ON_FORK))
		return 2;
	if (sched_getparam(0, &param) || param.sched_priority != 50)
		return 3;
	/* A limit, and not one that a slow start could reach. */
	if (getrlimit(RLIMIT_RTTIME, &limit) || limit.rlim_cur == RLIM_INFINITY ||
	    limit.rlim_cur < 1000000 || limit.rlim_max <= limit.rlim_cur)
		return 4;
	if (locked_kib())
		return 5;
	pid_t child = fork();

	if (!child)
		_exit(sched_getscheduler(0) == SCHED_OTHER ? 0 : 6);
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static void fifo_is_entered_and_not_inherited(void **state)
{
	(void)state;
	assert_int_equal(in_child(enters), 0);
}

static int leaves_alone(void)
{
	return realtime_enter(0, false, NULL) || sched_getscheduler(0) != SCHED_OTHER ||
	       locked_kib();
}

static void nothing_wanted_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(in_child(leaves_alone), 0);
}

static int locks(void)
{
	return realtime_enter(0, true, NULL) || locked_kib() < 1000;
}

static void memory_is_locked(void **state)
{
	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip(); /* its shadow memory is terabytes */
#endif
	assert_int_equal(in_child(locks), 0);
}

static int stays_within_the_operators_limit(void)
{
	struct rlimit limit = {500000, 9000000};

	return setrlimit(RLIMIT_RTTIME, &limit) || realtime_enter(1, false, NULL) ||
	       getrlimit(RLIMIT_RTTIME, &limit) || limit.rlim_cur != 500000 ||
	       limit.rlim_max != 9000000;
}

static void an_operators_limit_stays(void **state)
{
	(void)state;
	assert_int_equal(in_child(stays_within_the_operators_limit), 0);
}

static int is_refused(void)
{
	struct rlimit little = {65536, 65536}, none = {0, 0};
	struct failure failure = {{0}};

	setrlimit(RLIMIT_MEMLOCK, &little);
	setrlimit(RLIMIT_RTPRIO, &none);
	if (setuid(65534))
		return 1;
	if (realtime_enter(50, true, &failure) != -1)
		return 2;
	if (!strstr(failure.text, "CAP_SYS_NICE") || !strstr(failure.text, "CAP_IPC_LOCK"))
		return 3;
	/* Locking what fits today would make some later malloc() fail. */
	return locked_kib() ? 4 : 0;
}

static void a_refusal_names_both_capabilities(void **state)
{
	(void)state;
	assert_int_equal(in_child(is_refused), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fifo_is_entered_and_not_inherited),
		cmocka_unit_test(nothing_wanted_changes_nothing),
		cmocka_unit_test(memory_is_locked),
		cmocka_unit_test(an_operators_limit_stays),
		cmocka_unit_test(a_refusal_names_both_capabilities),
	};

	return cmocka_run_group_tests_name("realtime", tests, NULL, NULL);
}
