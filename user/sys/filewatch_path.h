/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which directory entries decide what a path leads to. */
#ifndef SYS_FILEWATCH_PATH_H
#define SYS_FILEWATCH_PATH_H

#include <limits.h>
#include <stdbool.h>

/* An entry: `name` in the directory that has the watch `wd`. */
struct path_hop {
	int wd;
	char name[NAME_MAX + 1];
};

#define PATH_HOPS_MAX 24

struct path_hops {
	struct path_hop list[PATH_HOPS_MAX];
	unsigned count;
};

/*
 * Walk along `path`, and have inotify watch each directory on the way where something may change
 * the end of it: those of links, that of the last name, and that of the first name that is missing.
 * Each is watched before it is looked at, so nothing is lost.
 */
void path_watch(int inotify_fd, const char *path, struct path_hops *hops);

#endif
