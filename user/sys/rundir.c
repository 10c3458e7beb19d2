/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock is flock() on DIR/lock: the kernel drops it with the process, so what a killed agent
 * leaves is no obstacle. The file has mode 0600, because whoever can open it can hold the lock. The
 * pid file is for people and service managers only; it decides nothing.
 */
#include "sys/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/log.h"

#define LOCK_FILE "lock"
#define PID_FILE  "xvrrpd.pid"

struct rundir {
	char *path;
	bool made; /* by us, so ours to remove */
	int dir;
	int lock;
};

/* errno in words, with what to do. */
static const char *advice(int error)
{
	switch (error) {
	case ENOENT:
		return " (its parent directory does not exist: make it, or give --run-dir)";
	case EACCES:
	case EPERM:
		return " (run as root, or give --run-dir a directory of yours)";
	case EROFS:
	case ENOTDIR:
		return " (give --run-dir a writable directory)";
	case ENOSPC:
	case EDQUOT:
		return " (free some room there, or give --run-dir another directory)";
	default:
		return "";
	}
}

static int open_directory(struct rundir *rundir, struct failure *failure)
{
	rundir->made = !mkdir(rundir->path, 0755);
	if (!rundir->made && errno != EEXIST)
		return fail(failure, "run directory %s: %m%s", rundir->path, advice(errno));
	rundir->dir = open(rundir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rundir->dir < 0)
		return fail(failure, "run directory %s: %m%s", rundir->path, advice(errno));
	return 0;
}

static int held_by_another(const struct rundir *rundir, struct failure *failure)
{
	int fd = openat(rundir->dir, PID_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[20] = "";
	long pid = 0;

	if (fd >= 0) {
		if (read(fd, text, sizeof(text) - 1) > 0)
			pid = strtol(text, NULL, 10);
		close(fd);
	}
	if (pid > 0)
		return fail(failure, "another xvrrpd (pid %ld) uses %s; stop it or give --run-dir",
			    pid, rundir->path);
	return fail(failure, "another xvrrpd uses %s; stop it or give --run-dir", rundir->path);
}

/* Is the file that we hold open still the one with the name? An agent that stops removes it. */
static bool still_named(const struct rundir *rundir)
{
	struct stat held, named;

	return !fstat(rundir->lock, &held) &&
	       !fstatat(rundir->dir, LOCK_FILE, &named, AT_SYMLINK_NOFOLLOW) &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

static int take_lock(struct rundir *rundir, struct failure *failure)
{
	do {
		if (rundir->lock >= 0)
			close(rundir->lock);
		rundir->lock = openat(rundir->dir, LOCK_FILE,
				      O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (rundir->lock < 0)
			return fail(failure, "%s/%s: %m%s", rundir->path, LOCK_FILE, advice(errno));
		if (flock(rundir->lock, LOCK_EX | LOCK_NB)) {
			if (errno == EWOULDBLOCK)
				return held_by_another(rundir, failure);
			return fail(failure, "%s/%s: %m", rundir->path, LOCK_FILE);
		}
	} while (!still_named(rundir));
	return 0;
}

/* A full disk is no reason to leave the addresses unserved. */
static void write_pid(const struct rundir *rundir)
{
	/* Not through a link or into a file that somebody has put there. */
	unlinkat(rundir->dir, PID_FILE, 0);

	int fd = openat(rundir->dir, PID_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd >= 0 && dprintf(fd, "%ld\n", (long)getpid()) > 0) {
		close(fd);
		return;
	}
	log_warning("%s/%s: %m; going on without a pid file", rundir->path, PID_FILE);
	if (fd >= 0)
		close(fd);
	unlinkat(rundir->dir, PID_FILE, 0);
}

/* Without the lock, the files there are another agent's. */
static void give_up(struct rundir *rundir)
{
	if (rundir->lock >= 0)
		close(rundir->lock);
	if (rundir->dir >= 0)
		close(rundir->dir);
	if (rundir->made)
		rmdir(rundir->path); /* fails, as it should, if something is in it */
	free(rundir->path);
	free(rundir);
}

struct rundir *rundir_open(const char *path, struct failure *failure)
{
	struct rundir *rundir = calloc(1, sizeof(*rundir));

	if (rundir) {
		rundir->dir = rundir->lock = -1;
		rundir->path = strdup(path);
	}
	if (!rundir || !rundir->path) {
		fail(failure, "run directory %s: out of memory", path);
		free(rundir);
		return NULL;
	}
	if (open_directory(rundir, failure) || take_lock(rundir, failure)) {
		give_up(rundir);
		return NULL;
	}
	write_pid(rundir);
	return rundir;
}

void rundir_close(struct rundir *rundir)
{
	if (!rundir)
		return;
	unlinkat(rundir->dir, PID_FILE, 0);
	unlinkat(rundir->dir, LOCK_FILE, 0); /* the lock goes last, with its descriptor */
	give_up(rundir);
}
