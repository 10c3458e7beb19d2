/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A path, name by name. A link puts its target in the place of its name, so there is nothing to
 * take back but for `..`, which is left to the kernel: the way so far is only ever used as a path.
 */
#include "sys/filewatch_path.h"

#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENTS                                                                              \
	(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | \
	 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK)

#define LINKS_MAX 16 /* then it is a circle, or nothing that anybody means */

struct walk {
	int inotify_fd;
	struct path_hops *hops;
	char done[PATH_MAX]; /* the directory so far */
	char rest[PATH_MAX]; /* what is still to be walked */
	unsigned links;
};

/* False if no more can be watched. */
static bool add_hop(struct walk *walk, const char *name)
{
	struct path_hops *hops = walk->hops;
	if (hops->count == PATH_HOPS_MAX)
		return false;
	int wd = inotify_add_watch(walk->inotify_fd, walk->done, EVENTS);
	if (wd < 0)
		return false;
	hops->list[hops->count].wd = wd;
	snprintf(hops->list[hops->count].name, NAME_MAX + 1, "%s", name);
	hops->count++;
	return true;
}

/* Takes the next name from the rest; false at its end, or if it is too long. */
static bool take_name(struct walk *walk, char name[NAME_MAX + 1])
{
	const char *from = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(from, "/");
	if (length == 0 || length > NAME_MAX)
		return false;
	memcpy(name, from, length);
	name[length] = '\0';
	memmove(walk->rest, from + length, strlen(from + length) + 1);
	return true;
}

/* Go on with the target of a link. */
static bool follow_link(struct walk *walk, const char *path)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	if (length <= 0 || ++walk->links > LINKS_MAX)
		return false;
	target[length] = '\0';
	if (target[0] == '/')
		snprintf(walk->done, sizeof(walk->done), "/");
	memcpy(rest, walk->rest, sizeof(rest));
	return snprintf(walk->rest, sizeof(walk->rest), "%s%s", target, rest) <
	       (int)sizeof(walk->rest);
}

/* One name; false at the end of the way. */
static bool step(struct walk *walk, const char *name)
{
	char path[PATH_MAX];
	struct stat entry;
	bool last = walk->rest[strspn(walk->rest, "/")] == '\0';
	if (snprintf(path, sizeof(path), "%s/%s", walk->done, name) >= (int)sizeof(path))
		return false;
	if (!last && lstat(path, &entry) == 0 && S_ISDIR(entry.st_mode)) {
		memcpy(walk->done, path, sizeof(walk->done));
		return true;
	}
	if (!add_hop(walk, name) || lstat(path, &entry) < 0)
		return false;
	if (S_ISLNK(entry.st_mode))
		return follow_link(walk, path);
	memcpy(walk->done, path, sizeof(walk->done));
	return !last && S_ISDIR(entry.st_mode); /* which has come just now */
}

void path_watch(int inotify_fd, const char *path, struct path_hops *hops)
{
	struct walk walk = {.inotify_fd = inotify_fd, .hops = hops};
	char name[NAME_MAX + 1];
	hops->count = 0;
	snprintf(walk.done, sizeof(walk.done), "%s", path[0] == '/' ? "/" : ".");
	if (snprintf(walk.rest, sizeof(walk.rest), "%s", path) >= (int)sizeof(walk.rest))
		return;
	while (take_name(&walk, name) && step(&walk, name))
		;
}
