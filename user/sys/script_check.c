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

#define LINKS_MAX 40

/* Where execvp() would find it, made absolute. */
static bool locate(const char *program, char path[PATH_MAX])
{
	const char *list = getenv("PATH");
	char here[PATH_MAX];
	if (program[0] == '/')
		return snprintf(path, PATH_MAX, "%s", program) < PATH_MAX;
	if (strchr(program, '/'))
		return getcwd(here, sizeof(here)) &&
		       snprintf(path, PATH_MAX, "%s/%s", here, program) < PATH_MAX;
	char *copy = strdup(list ? list : "/usr/sbin:/usr/bin:/sbin:/bin"), *rest = copy;
	bool found = false;
	for (char *dir; !found && rest && (dir = strsep(&rest, ":"));)
		found = snprintf(path, PATH_MAX, "%s/%s", dir, program) < PATH_MAX &&
			access(path, X_OK) == 0;
	free(copy);
	return found;
}

/* A walk along a path, link by link: who can change a link on it decides where it leads. */
struct walk {
	char done[PATH_MAX]; /* without links, and looked at */
	char rest[PATH_MAX];
	unsigned links;
};

/* The next component of what is left; false at the end. */
static bool step(struct walk *walk, char name[NAME_MAX + 1])
{
	char *from = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(from, "/");
	if (!length)
		return false;
	snprintf(name, NAME_MAX + 1, "%.*s", (int)length, from);
	memmove(walk->rest, from + length, strlen(from + length) + 1);
	return true;
}

static bool follow_link(struct walk *walk, const char *path)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	if (length < 0 || ++walk->links > LINKS_MAX) {
		errno = length < 0 ? errno : ELOOP;
		return false;
	}
	target[length] = '\0';
	if (target[0] == '/')
		walk->done[0] = '\0';
	memcpy(rest, walk->rest, sizeof(rest));
	errno = ENAMETOOLONG;
	return snprintf(walk->rest, PATH_MAX, "%s/%s", target, rest) < PATH_MAX;
}

/* One component more; false: errno. */
static bool enter(struct walk *walk, const char *name, struct stat *entry)
{
	char path[PATH_MAX];
	if (strcmp(name, ".") == 0)
		return true;
	if (strcmp(name, "..") == 0) {
		char *slash = strrchr(walk->done, '/');
		if (slash)
			*slash = '\0';
		return true;
	}
	errno = ENAMETOOLONG;
	if (snprintf(path, PATH_MAX, "%s/%s", walk->done, name) >= PATH_MAX ||
	    lstat(path, entry) < 0)
		return false;
	if (S_ISLNK(entry->st_mode))
		return follow_link(walk, path);
	memcpy(walk->done, path, sizeof(path));
	return true;
}

/* A link's own mode says nothing. The group root is root. */
static bool is_roots(const struct stat *entry)
{
	mode_t others = entry->st_gid ? S_IWGRP | S_IWOTH : S_IWOTH;
	return entry->st_uid == 0 && (S_ISLNK(entry->st_mode) || !(entry->st_mode & others));
}

int script_check(const char *program, struct failure *failure)
{
	struct walk walk = {.links = 0};
	char name[NAME_MAX + 1];
	struct stat entry;
	errno = 0;
	if (!locate(program, walk.rest))
		return fail(failure, "%s: %s", program, errno ? strerror(errno) : "not found");
	if (stat("/", &entry) < 0)
		return fail(failure, "/: %m");
	for (;;) {
		const char *at = walk.done[0] ? walk.done : "/";
		if (!is_roots(&entry))
			return fail(failure,
				    "%s is not run as root, because others than root can write to "
				    "%s%s (enable_script_security)",
				    program, S_ISLNK(entry.st_mode) ? "a link in " : "", at);
		if (!step(&walk, name))
			return 0;
		if (!enter(&walk, name, &entry))
			return fail(failure, "%s: %m", program);
	}
}
