/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Even a write that does not wait for a reader may wait for the lock of the pipe, which a reader
 * holds whose memory is swapped out. So the worker writes; the loop keeps what waits, gives the
 * worker some lines at a time, and takes back what did not fit. Then it waits for room.
 *
 * Open for reading as well: then there is no error without a reader, and no end of file for one
 * between two of our lives.
 */
#include "sys/fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/account.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/worker.h"

#define KEPT_MAX  1024 /* lines in order */
#define BATCH_MAX 64   /* lines that the worker has at a time */
#define LOOK_MS	  1000
#define READ_MS	  5

/* What keepalived's have with its usual umask. */
#define MODE 0600

struct fifo_line {
	TAILQ_ENTRY(fifo_line) link;
	struct fifo_name *name;
	size_t length;
	char text[];
};

TAILQ_HEAD(lines, fifo_line);

struct fifo {
	struct loop *loop;
	struct worker *worker;
	fifo_ready_fn *ready;
	void *data;
	char *path, *user, *group;

	/* the worker's while it has a job, and in what it looks at */
	int fd; /* -1 = it could not be opened */
	bool made;
	dev_t dev;
	ino_t ino;
	struct failure failure;
	int write_error;
	struct lines batch;

	/* the loop's */
	struct lines waiting;
	unsigned count; /* of these */
	bool open;	/* fd is */
	bool busy;	/* the worker has the batch, or opens */
	bool full;	/* the pipe was; `room` tells when it is not */
	bool told_full, told_failure;
	struct loop_fd *room;
};

/* ---- the file: in the worker ---- */

/* Whose it is to be; -1: stays as it is. Without a user: as that of a script without one. */
static int find_owner(struct fifo *fifo, uid_t *uid, gid_t *gid)
{
	struct failure unknown;
	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (!fifo->user && geteuid() == 0)
		account_user(ACCOUNT_USUAL, uid, gid, &unknown);
	if (fifo->user && account_user(fifo->user, uid, gid, &fifo->failure) < 0)
		return -1;
	return fifo->group ? account_group(fifo->group, gid, &fifo->failure) : 0;
}

static int make(struct fifo *fifo)
{
	uid_t uid;
	gid_t gid;
	if (find_owner(fifo, &uid, &gid) < 0)
		return -1;
	if (mkfifo(fifo->path, MODE) < 0)
		return errno == EEXIST ? 0 : fail(&fifo->failure, "%s: %m", fifo->path);
	fifo->made = true;
	if (chown(fifo->path, uid, gid) < 0)
		return fail(&fifo->failure, "%s: chown: %m", fifo->path);
	return 0;
}

static int look_at_file(struct fifo *fifo)
{
	struct stat entry;
	if (fstat(fifo->fd, &entry) < 0)
		return fail(&fifo->failure, "%s: %m", fifo->path);
	if (!S_ISFIFO(entry.st_mode))
		return fail(&fifo->failure,
			    "%s exists and is not a named pipe: remove it, or give the fifo "
			    "another name",
			    fifo->path);
	fifo->dev = entry.st_dev;
	fifo->ino = entry.st_ino;
	return 0;
}

static int open_file(struct fifo *fifo)
{
	struct stat entry;
	/* A look first: opening a device may do something. */
	if (lstat(fifo->path, &entry) == 0 && !S_ISFIFO(entry.st_mode))
		return fail(&fifo->failure,
			    "%s exists and is not a named pipe: remove it, or give the fifo "
			    "another name",
			    fifo->path);
	if (make(fifo) < 0)
		return -1;
	fifo->fd = open(fifo->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fifo->fd < 0)
		return fail(&fifo->failure, "%s: %m", fifo->path);
	return look_at_file(fifo);
}

static void close_file(struct fifo *fifo)
{
	if (fifo->fd >= 0)
		close(fifo->fd);
	fifo->fd = -1;
}

static bool is_ours(const struct fifo *fifo)
{
	struct stat entry;
	return lstat(fifo->path, &entry) == 0 && entry.st_dev == fifo->dev &&
	       entry.st_ino == fifo->ino;
}

static void open_job(void *data)
{
	struct fifo *fifo = data;
	close_file(fifo);
	fifo->made = false;
	if (open_file(fifo) == 0)
		return;
	if (fifo->made)
		unlink(fifo->path);
	close_file(fifo);
}

static void close_job(void *data)
{
	struct fifo *fifo = data;
	if (fifo->fd >= 0 && fifo->made && is_ours(fifo))
		unlink(fifo->path); /* first: who opens it again must not find this one */
	close_file(fifo);
}

/* worker_look_fn: is there something to do about the file? */
static bool look(void *data)
{
	struct fifo *fifo = data;
	return fifo->fd < 0 || !is_ours(fifo);
}

static void write_job(void *data)
{
	struct fifo *fifo = data;
	struct fifo_line *line;
	fifo->write_error = 0;
	while ((line = TAILQ_FIRST(&fifo->batch))) {
		if (write(fifo->fd, line->text, line->length) < 0) {
			fifo->write_error = errno;
			return;
		}
		TAILQ_REMOVE(&fifo->batch, line, link);
		free(line);
	}
}

/* ---- lines ---- */

static void give_work(struct fifo *fifo);

static void remove_line(struct fifo *fifo, struct fifo_line *line)
{
	TAILQ_REMOVE(&fifo->waiting, line, link);
	fifo->count--;
	if (line->name->newest == line)
		line->name->newest = NULL;
}

static void take_back(struct fifo *fifo)
{
	struct fifo_line *line;
	while ((line = TAILQ_LAST(&fifo->batch, lines))) {
		TAILQ_REMOVE(&fifo->batch, line, link);
		TAILQ_INSERT_HEAD(&fifo->waiting, line, link);
		fifo->count++;
		if (!line->name->newest)
			line->name->newest = line;
	}
}

static void room_again(uint32_t events, void *data)
{
	struct fifo *fifo = data;
	(void)events;
	fifo->full = false;
	loop_fd_events(fifo->room, 0);
	give_work(fifo);
}

static void wait_for_room(struct fifo *fifo)
{
	fifo->full = true;
	loop_fd_events(fifo->room, EPOLLOUT);
	if (!fifo->told_full)
		log_warning("%s is full: nobody reads it, or not fast enough. Events wait in "
			    "memory; of too many only the newest of each name",
			    fifo->path);
	fifo->told_full = true;
}

static void written(void *data)
{
	struct fifo *fifo = data;
	fifo->busy = false;
	take_back(fifo);
	if (fifo->write_error == EAGAIN) {
		wait_for_room(fifo);
		return;
	}
	if (fifo->write_error) {
		struct fifo_line *line = TAILQ_FIRST(&fifo->waiting);
		log_error("%s: an event is lost: %s", fifo->path, strerror(fifo->write_error));
		remove_line(fifo, line);
		free(line);
	}
	if (!fifo->count)
		fifo->told_full = false;
	give_work(fifo);
}

static void give_work(struct fifo *fifo)
{
	struct fifo_line *line;
	if (fifo->busy || fifo->full || !fifo->open || !fifo->count)
		return;
	for (unsigned i = 0; i < BATCH_MAX && (line = TAILQ_FIRST(&fifo->waiting)); i++) {
		remove_line(fifo, line);
		TAILQ_INSERT_TAIL(&fifo->batch, line, link);
	}
	fifo->busy = worker_run(fifo->worker, write_job, written, fifo);
	if (!fifo->busy)
		take_back(fifo);
}

void fifo_write(struct fifo *fifo, struct fifo_name *name, const char *text)
{
	size_t length = strlen(text);
	struct fifo_line *line = length <= PIPE_BUF ? malloc(sizeof(*line) + length) : NULL;
	if (!line) {
		log_error("%s: an event is lost: %s", fifo->path,
			  length <= PIPE_BUF ? "out of memory" : "the name is too long");
		return;
	}
	line->name = name;
	line->length = length;
	memcpy(line->text, text, length);
	if (fifo->count >= KEPT_MAX && name->newest) {
		struct fifo_line *older = name->newest;
		remove_line(fifo, older);
		free(older);
	}
	TAILQ_INSERT_TAIL(&fifo->waiting, line, link);
	fifo->count++;
	name->newest = line;
	give_work(fifo);
}

/* ---- the file: in the loop ---- */

static void tell_failure(struct fifo *fifo, const char *text)
{
	if (!fifo->told_failure)
		log_error("notify fifo: %s; trying again every second", text);
	fifo->told_failure = true;
}

static void opened(void *data)
{
	struct fifo *fifo = data;
	fifo->busy = false;
	if (fifo->fd >= 0)
		fifo->room = loop_fd_new(fifo->loop, fifo->fd, LOOP_CONTROL, room_again, fifo);
	fifo->open = fifo->room;
	if (!fifo->open) {
		tell_failure(fifo, fifo->fd < 0 ? fifo->failure.text : "out of memory");
		return;
	}
	loop_fd_events(fifo->room, 0);
	fifo->told_failure = false;
	fifo->ready(fifo->data);
	give_work(fifo);
}

/* The worker has looked; a batch that it has now is written into the old pipe. */
static void looked(void *data)
{
	struct fifo *fifo = data;
	if (fifo->busy)
		return;
	if (fifo->open)
		log_warning("%s was removed or replaced by somebody: making it again", fifo->path);
	loop_fd_free(fifo->room);
	fifo->room = NULL;
	fifo->open = fifo->full = false;
	fifo->busy = worker_run(fifo->worker, open_job, opened, fifo);
}

/* ---- life ---- */

static void fifo_free(struct fifo *fifo)
{
	loop_fd_free(fifo->room);
	worker_free(fifo->worker);
	free(fifo->path);
	free(fifo->user);
	free(fifo->group);
	free(fifo);
}

static struct fifo *fifo_new(struct loop *loop, const struct fifo_order *order)
{
	struct fifo *fifo = calloc(1, sizeof(*fifo));
	if (!fifo)
		return NULL;
	*fifo = (struct fifo){
		.loop = loop,
		.path = strdup(order->path),
		.user = order->user ? strdup(order->user) : NULL,
		.group = order->group ? strdup(order->group) : NULL,
		.fd = -1,
	};
	TAILQ_INIT(&fifo->batch);
	TAILQ_INIT(&fifo->waiting);
	if (fifo->path && (!order->user || fifo->user) && (!order->group || fifo->group))
		return fifo;
	fifo_free(fifo);
	return NULL;
}

struct fifo *fifo_open(struct loop *loop, const struct fifo_order *order, fifo_ready_fn *ready,
		       void *data, struct failure *failure)
{
	struct fifo *fifo = fifo_new(loop, order);
	if (!fifo) {
		fail(failure, "out of memory");
		return NULL;
	}
	fifo->ready = ready;
	fifo->data = data;
	fifo->worker = worker_new(loop, failure);
	if (!fifo->worker) {
		fifo_free(fifo);
		return NULL;
	}
	fifo->busy = worker_run(fifo->worker, open_job, opened, fifo);
	worker_watch(fifo->worker, LOOK_MS, look, looked, fifo);
	return fifo;
}

void fifo_meanwhile(struct fifo *fifo, void (*meanwhile)(void *data), void *data)
{
	worker_meanwhile(fifo->worker, meanwhile, data);
}

static int left_ms(int64_t until_ns)
{
	int64_t left_ns = until_ns - clock_ns();
	return left_ns > 0 ? (int)(left_ns / 1000000) + 1 : 0;
}

static bool is_read(const struct fifo *fifo)
{
	int bytes = 0;
	return ioctl(fifo->fd, FIONREAD, &bytes) == 0 && bytes == 0;
}

bool fifo_finish(struct fifo *fifo, bool read, int64_t patience_ns)
{
	int64_t until_ns = clock_ns() + patience_ns;
	for (;;) {
		worker_wait(fifo->worker);
		if (!fifo->open || (!fifo->count && (!read || is_read(fifo))))
			return !fifo->count;
		if (!left_ms(until_ns))
			return false;
		if (fifo->count) {
			struct pollfd room = {.fd = fifo->fd, .events = POLLOUT};
			poll(&room, 1, left_ms(until_ns));
			room_again(0, fifo);
		} else {
			poll(NULL, 0, READ_MS);
		}
	}
}

void fifo_close(struct fifo *fifo)
{
	struct fifo_line *line;
	if (!fifo)
		return;
	worker_wait(fifo->worker);
	fifo->open = false;
	if (worker_run(fifo->worker, close_job, NULL, fifo))
		worker_wait(fifo->worker);
	if (fifo->count)
		log_warning("%s: %u events were never written: nobody read it", fifo->path,
			    fifo->count);
	while ((line = TAILQ_FIRST(&fifo->waiting))) {
		remove_line(fifo, line);
		free(line);
	}
	fifo_free(fifo);
}
