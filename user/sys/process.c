/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Those that the agent changes for itself: here, and in realtime.c. */
static const int resources[] = {RLIMIT_NOFILE, RLIMIT_RTTIME, RLIMIT_MEMLOCK};
#define RESOURCES (sizeof(resources) / sizeof(resources[0]))

static struct rlimit limits[RESOURCES]; /* that we were started with */
static int timer_slack_ns;
static bool prepared;

static void open_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", O_RDWR);
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

void process_prepare(void)
{
	open_standard_descriptors();
	prepared = true;
	for (size_t i = 0; i < RESOURCES; i++)
		prepared &= !getrlimit((__rlimit_resource_t)resources[i], &limits[i]);
	timer_slack_ns = prctl(PR_GET_TIMERSLACK);
	raise_descriptor_limit();
}

/* A hard limit that has become lower may have to stay so. */
static void restore(__rlimit_resource_t resource, struct rlimit limit)
{
	struct rlimit now;

	if (!setrlimit(resource, &limit) || getrlimit(resource, &now))
		return;
	limit.rlim_max = now.rlim_max;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	setrlimit(resource, &limit);
}

void process_restore(void)
{
	for (size_t i = 0; prepared && i < RESOURCES; i++)
		restore((__rlimit_resource_t)resources[i], limits[i]);
	if (timer_slack_ns > 0)
		prctl(PR_SET_TIMERSLACK, timer_slack_ns);
}
