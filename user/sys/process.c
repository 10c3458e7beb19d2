/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static struct rlimit started_with = {RLIM_INFINITY, RLIM_INFINITY};

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
	started_with = limit;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

void process_prepare(void)
{
	open_standard_descriptors();
	raise_descriptor_limit();
}

struct rlimit process_descriptor_limit(void)
{
	struct rlimit limit = started_with;

	if (limit.rlim_cur == RLIM_INFINITY) /* nobody has called process_prepare() */
		getrlimit(RLIMIT_NOFILE, &limit);
	return limit;
}
