/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What root runs must be root's: whoever can write to the file, or put another one in its place, is
 * root at the next transition (keepalived's enable_script_security).
 */
#include "sys/script_check.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where execvp() would find it, made absolute and without links. */
static bool resolve(const char *program, char path[PATH_MAX])
{
	const char *list = getenv("PATH");
	if (strchr(program, '/'))
		return realpath(program, path);
	char *copy = strdup(list ? list : "/usr/sbin:/usr/bin:/sbin:/bin"), *rest = copy;
	bool found = false;
	for (char *dir; !found && rest && (dir = strsep(&rest, ":"));) {
		char candidate[PATH_MAX];
		int length = snprintf(candidate, sizeof(candidate), "%s/%s", dir, program);
		found = length < PATH_MAX && access(candidate, X_OK) == 0 &&
			realpath(candidate, path);
	}
	free(copy);
	return found;
}

int script_check(const char *program, struct failure *failure)
{
	char path[PATH_MAX];
	struct stat entry;
	if (!resolve(program, path))
		return fail(failure, "%s: %s", program, errno ? strerror(errno) : "not found");
	for (;;) {
		if (stat(path[0] ? path : "/", &entry) < 0)
			return fail(failure, "%s: %m", path);
		if (entry.st_uid != 0 || entry.st_mode & (S_IWGRP | S_IWOTH))
			return fail(failure,
				    "%s is not run as root, because others than root can write to "
				    "%s (enable_script_security)",
				    program, path[0] ? path : "/");
		if (!path[0])
			return 0;
		*strrchr(path, '/') = '\0';
	}
}
