/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/support.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_S	      3
#define ARGUMENTS_MAX 40

static bool run(const char *program, const char *format, va_list args)
{
	char *argv[ARGUMENTS_MAX] = {(char *)program};
	char line[1000], *rest = line;
	int count = 1, status = -1;
	pid_t pid;

	vsnprintf(line, sizeof(line), format, args);
	for (char *word; (word = strsep(&rest, " ")) && count < ARGUMENTS_MAX - 1;)
		if (*word)
			argv[count++] = word;
	if (posix_spawnp(&pid, program, NULL, NULL, argv, environ))
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0;
}

bool try_ip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	bool ok = run("ip", format, args);

	va_end(args);
	return ok;
}

void ip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	bool ok = run("ip", format, args);

	va_end(args);
	if (!ok)
		fail_msg("ip %s", format);
}

void bridge(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	bool ok = run("bridge", format, args);

	va_end(args);
	if (!ok)
		fail_msg("bridge %s", format);
}

bool prints(const char *command, const char *text)
{
	FILE *output = popen(command, "r");
	bool found = false;
	char line[1000];

	assert_non_null(output);
	while (fgets(line, sizeof(line), output))
		found = found || strstr(line, text);
	assert_int_equal(pclose(output), 0);
	return found;
}

void enter_namespace(void)
{
	if (unshare(CLONE_NEWNET)) {
		perror("a network namespace is needed (root)");
		exit(77);
	}
	ip("link set lo up");
}

int index_of(const char *name)
{
	unsigned index = if_nametoindex(name);

	assert_int_not_equal(index, 0);
	return (int)index;
}

bool wait_for(bool (*done)(void *data), void *data)
{
	struct timespec start, now, pause = {.tv_nsec = 2000000};

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		if (done(data))
			return true;
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec <= WAIT_S);
	return false;
}
