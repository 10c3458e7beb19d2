/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop reads inotify and says which file is to be looked at; the worker finds the directories
 * on its way, reads it, and keeps the books of what inotify watches. One job per file at a time.
 *
 * Not every change is told: of one by another machine, or of a directory that is replaced far up
 * the path, inotify knows nothing. So the worker compares now and then.
 */
#include "sys/filewatch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sys/filewatch_path.h"
#include "sys/loop.h"
#include "sys/worker.h"

#define COMPARE_PERIOD_MS 2000
#define TEXT_MAX	  127 /* keepalived reads no more either */

struct filewatch {
	struct filewatch *next;
	struct filewatches *watches;
	filewatch_fn *read;
	void *data;
	bool busy;  /* the worker has it */
	bool again; /* something happened meanwhile */
	bool dead;  /* free it when it comes back */
	struct path_hop *hops;
	unsigned hop_count;

	/* The worker's, but for `path`, while it is busy; in its list from the first job on. */
	struct filewatch *next_known;
	bool known;
	char *path;
	struct filewatch_init init;
	struct stat seen; /* of the last reading; st_nlink 0 = there was none */
	bool stale;	  /* it is another one by now */
	struct path_hop *found;
	unsigned found_count;
	struct filewatch_reading reading;
	char problem[120];
};

/* How many ways lead through a directory. */
struct watched {
	int wd;
	unsigned uses;
};

struct filewatches {
	struct loop *loop;
	struct loop_fd *source;
	struct worker *worker;
	int fd;
	struct filewatch *list;

	struct filewatch *known; /* the worker's, as what follows */
	struct watched *watched;
	size_t watched_count;
	struct path_hops scratch;
};

/* ---- reading ---- */

bool filewatch_parse(const char *text, int64_t *number)
{
	errno = 0;
	*number = strtoll(text, NULL, 0);
	return !errno && *number >= INT32_MIN && *number <= (int64_t)INT32_MAX + 1;
}

/* What stat() says, or a file that is not there. */
static struct stat look_at(const char *path)
{
	struct stat entry;
	if (stat(path, &entry) < 0) {
		memset(&entry, 0, sizeof(entry));
		if (errno != ENOENT && errno != ENOTDIR)
			entry.st_rdev = (dev_t)errno;
	}
	return entry;
}

/* The text, or -1 with `problem`. Between two looks it may become something else: not opened. */
static int read_text(struct filewatch *watch, char text[TEXT_MAX + 1])
{
	struct stat entry;
	int fd = open(watch->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t length = -1;
	if (fd >= 0 && fstat(fd, &entry) == 0 && S_ISREG(entry.st_mode))
		length = read(fd, text, TEXT_MAX);
	if (length < 0)
		snprintf(watch->problem, sizeof(watch->problem), "%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	if (length < 0)
		return -1;
	text[length] = '\0';
	return 0;
}

/* As in keepalived, a file that cannot be read is one with 0 in it; who wonders sees why. */
static void read_number(struct filewatch *watch)
{
	struct filewatch_reading *reading = &watch->reading;
	char text[TEXT_MAX + 1];
	*reading = (struct filewatch_reading){.is_number = true};
	watch->seen = look_at(watch->path);
	watch->problem[0] = '\0';
	if (watch->seen.st_nlink == 0)
		snprintf(watch->problem, sizeof(watch->problem), "%s",
			 strerror(watch->seen.st_rdev ? (int)watch->seen.st_rdev : ENOENT));
	else if (!S_ISREG(watch->seen.st_mode))
		snprintf(watch->problem, sizeof(watch->problem), "not a regular file");
	else if (read_text(watch, text) == 0 && !filewatch_parse(text, &reading->number))
		reading->is_number = false;
	if (!reading->is_number)
		snprintf(watch->problem, sizeof(watch->problem), "its number is too large");
	reading->problem = watch->problem[0] ? watch->problem : NULL;
}

/* Never through a link that somebody else may have put there, nor into what is no file. */
static void write_initial(const struct filewatch *watch)
{
	const struct filewatch_init *init = &watch->init;
	struct stat entry;
	if (stat(watch->path, &entry) == 0 && (!init->overwrite || !S_ISREG(entry.st_mode)))
		return;
	int fd = open(watch->path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	if (fstat(fd, &entry) == 0 && S_ISREG(entry.st_mode) && ftruncate(fd, 0) == 0)
		dprintf(fd, "%lld\n", (long long)init->value);
	close(fd);
}

/* ---- what inotify watches ---- */

static void use(struct filewatches *watches, int wd)
{
	for (size_t i = 0; i < watches->watched_count; i++)
		if (watches->watched[i].wd == wd) {
			watches->watched[i].uses++;
			return;
		}
	struct watched *list =
		realloc(watches->watched, (watches->watched_count + 1) * sizeof(*list));
	if (!list)
		return; /* then it stays watched */
	watches->watched = list;
	list[watches->watched_count++] = (struct watched){wd, 1};
}

static void unuse(struct filewatches *watches, int wd)
{
	for (size_t i = 0; i < watches->watched_count; i++) {
		struct watched *watched = &watches->watched[i];
		if (watched->wd != wd || --watched->uses > 0)
			continue;
		inotify_rm_watch(watches->fd, wd); /* it may be gone with its directory */
		*watched = watches->watched[--watches->watched_count];
		return;
	}
}

/* The new way first: what both share stays watched. */
static void find_way(struct filewatch *watch)
{
	struct filewatches *watches = watch->watches;
	struct path_hops *hops = &watches->scratch;
	path_watch(watches->fd, watch->path, hops);
	for (unsigned i = 0; i < hops->count; i++)
		use(watches, hops->list[i].wd);
	for (unsigned i = 0; i < watch->hop_count; i++)
		unuse(watches, watch->hops[i].wd);
	watch->found = calloc(hops->count + 1, sizeof(*watch->found));
	watch->found_count = watch->found ? hops->count : 0;
	if (watch->found)
		memcpy(watch->found, hops->list, hops->count * sizeof(*watch->found));
}

/* In the worker. */
static void look(void *data)
{
	struct filewatch *watch = data;
	if (!watch->known) {
		watch->known = true;
		watch->next_known = watch->watches->known;
		watch->watches->known = watch;
		if (watch->init.create || watch->init.overwrite)
			write_initial(watch);
	}
	find_way(watch);
	read_number(watch);
}

/* In the worker. */
static void forget(void *data)
{
	struct filewatch *watch = data, **link = &watch->watches->known;
	while (*link && *link != watch)
		link = &(*link)->next_known;
	if (*link)
		*link = watch->next_known;
	for (unsigned i = 0; i < watch->hop_count; i++)
		unuse(watch->watches, watch->hops[i].wd);
}

/* ---- in the loop ---- */

static void watch_drop(void *data)
{
	struct filewatch *watch = data;
	free(watch->hops);
	free(watch->found);
	free(watch->path);
	free(watch);
}

static void looked(void *data);

static void want(struct filewatch *watch)
{
	watch->again |= watch->busy;
	if (!watch->busy)
		watch->busy = worker_run(watch->watches->worker, look, looked, watch);
}

/* Without memory it is the worker's last job of this kind. */
static void leave(struct filewatch *watch)
{
	if (!worker_run(watch->watches->worker, forget, watch_drop, watch))
		watch->read = NULL;
}

static void looked(void *data)
{
	struct filewatch *watch = data;
	bool again = watch->again;
	watch->busy = watch->again = false;
	free(watch->hops);
	watch->hops = watch->found;
	watch->hop_count = watch->found_count;
	watch->found = NULL;
	if (watch->dead) {
		leave(watch);
		return;
	}
	watch->read(&watch->reading, watch->data); /* which may free it */
	if (again && !watch->dead)
		want(watch);
}

static bool concerns(const struct filewatch *watch, const struct inotify_event *event)
{
	if (watch->busy || event->mask & IN_Q_OVERFLOW)
		return true;
	for (unsigned i = 0; i < watch->hop_count; i++)
		if (watch->hops[i].wd == event->wd &&
		    (event->len == 0 || strcmp(watch->hops[i].name, event->name) == 0))
			return true;
	return false;
}

static void take_event(struct filewatches *watches, const struct inotify_event *event)
{
	if (event->mask & IN_IGNORED)
		return;
	for (struct filewatch *watch = watches->list; watch; watch = watch->next)
		if (concerns(watch, event))
			want(watch);
}

static void inotify_readable(uint32_t events, void *data)
{
	struct filewatches *watches = data;
	char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length = read(watches->fd, buffer, sizeof(buffer));
	(void)events;
	for (ssize_t at = 0; at < length;) {
		const struct inotify_event *event = (const void *)(buffer + at);
		take_event(watches, event);
		at += (ssize_t)sizeof(*event) + event->len;
	}
}

/* ---- comparing ---- */

/* Who writes just now tells so at the end. */
static bool is_recent(const struct stat *entry)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t age = now.tv_sec - entry->st_ctim.tv_sec;
	return entry->st_nlink && age >= 0 && age < 2;
}

static bool is_stale(const struct filewatch *watch)
{
	struct stat now = look_at(watch->path);
	const struct stat *seen = &watch->seen;
	if (is_recent(&now))
		return false;
	return now.st_nlink != seen->st_nlink || now.st_ino != seen->st_ino ||
	       now.st_dev != seen->st_dev || now.st_mode != seen->st_mode ||
	       now.st_size != seen->st_size || now.st_rdev != seen->st_rdev ||
	       now.st_mtim.tv_sec != seen->st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != seen->st_mtim.tv_nsec;
}

/* In the worker. */
static bool compare(void *data)
{
	struct filewatches *watches = data;
	bool any = false;
	for (struct filewatch *watch = watches->known; watch; watch = watch->next_known) {
		watch->stale = is_stale(watch);
		any |= watch->stale;
	}
	return any;
}

static void want_stale(void *data)
{
	struct filewatches *watches = data;
	for (struct filewatch *watch = watches->list; watch; watch = watch->next)
		if (watch->stale)
			want(watch);
}

/* ---- life ---- */

struct filewatch *filewatch_new(struct filewatches *watches, const char *path,
				const struct filewatch_init *init, filewatch_fn *read, void *data)
{
	struct filewatch *watch = calloc(1, sizeof(*watch));
	if (!watch)
		return NULL;
	*watch = (struct filewatch){
		.watches = watches, .path = strdup(path), .read = read, .data = data};
	if (init)
		watch->init = *init;
	if (watch->path)
		want(watch);
	if (!watch->busy) {
		watch_drop(watch);
		return NULL;
	}
	watch->next = watches->list;
	watches->list = watch;
	return watch;
}

void filewatch_free(struct filewatch *watch)
{
	if (!watch)
		return;
	struct filewatch **link = &watch->watches->list;
	while (*link != watch)
		link = &(*link)->next;
	*link = watch->next;
	watch->dead = true;
	if (!watch->busy)
		leave(watch);
}

struct filewatches *filewatches_open(struct loop *loop, struct failure *failure)
{
	struct filewatches *watches = calloc(1, sizeof(*watches));
	if (!watches) {
		fail(failure, "out of memory");
		return NULL;
	}
	watches->loop = loop;
	watches->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watches->fd < 0)
		fail(failure, "inotify_init1: %m");
	else
		watches->source =
			loop_fd_new(loop, watches->fd, LOOP_CONTROL, inotify_readable, watches);
	if (watches->source)
		watches->worker = worker_new(loop, failure);
	else if (watches->fd >= 0)
		fail(failure, "out of memory");
	if (watches->worker) {
		worker_watch(watches->worker, COMPARE_PERIOD_MS, compare, want_stale, watches);
		return watches;
	}
	filewatches_close(watches);
	return NULL;
}

void filewatches_close(struct filewatches *watches)
{
	if (!watches)
		return;
	while (watches->list)
		filewatch_free(watches->list);
	if (watches->worker)
		worker_wait(watches->worker);
	worker_free(watches->worker);
	loop_fd_free(watches->source);
	if (watches->fd >= 0)
		close(watches->fd);
	free(watches->watched);
	free(watches);
}
