/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines that never wait. stderr belongs to whoever started us and may be anything: a pipe that
 * nobody reads, a stopped terminal, a file whose disk is busy or whose file system is frozen for a
 * snapshot. So a thread writes to it, and takes the lines from a socket that holds thousands.
 *
 * The socket is the queue because sending to a connected pair takes no lock that a thread can lose
 * its CPU with; the mutex of a pipe, or one of our own, would let the ordinary thread hold up the
 * real-time one. A line is one message, from whichever thread, so that lines never mix.
 *
 * Before log_open() and without a thread, lines are written as they come, if poll() says that
 * stderr takes them.
 */
#include "sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/types.h"
#include "sys/thread.h"

#define LINE_MAX_LEN 2048 /* less than PIPE_BUF: a pipe takes a line whole */
#define QUEUE_BYTES  (4 << 20)
#define STACK_BYTES  (128 * 1024)
/* For a stderr that takes nothing. */
#define CLOSE_WAIT_NS NS_PER_S
#define LEAVE_WAIT_NS (20 * NS_PER_MS)

static struct {
	enum log_level most;
	bool prefix;
	int queue; /* lines go in here, -1 = there is no thread */
	int drain; /* and come out here */
	pthread_t thread;
	atomic_ulong lost;
} state = {
	.most = LOG_LEVEL_INFO,
	.queue = -1,
	.drain = -1,
};

static const struct {
	const char *name;
	enum log_level level;
} level_names[] = {
	{"error", LOG_LEVEL_ERROR}, {"warning", LOG_LEVEL_WARNING}, {"notice", LOG_LEVEL_NOTICE},
	{"info", LOG_LEVEL_INFO},   {"debug", LOG_LEVEL_DEBUG},
};

bool log_level_parse(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(name, level_names[i].name))
			continue;
		*level = level_names[i].level;
		return true;
	}
	return false;
}

/* JOURNAL_STREAM is "device:inode" of the journal's socket; a redirected stderr differs. */
static bool stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return text && sscanf(text, "%llu:%llu", &device, &inode) == 2 &&
	       !fstat(STDERR_FILENO, &st) && device == st.st_dev && inode == st.st_ino;
}

/* ---- lines ---- */

/* Whatever is in the text, it is one line. Returns its length. */
static size_t make_line(char line[LINE_MAX_LEN], enum log_level level, const char *format,
			va_list args)
{
	size_t length = 0;
	int n;

	if (state.prefix)
		length = (size_t)snprintf(line, LINE_MAX_LEN, "<%d>", (int)level);
	n = vsnprintf(line + length, LINE_MAX_LEN - length, format, args);
	if (n > 0)
		length += (size_t)n;
	if (length > LINE_MAX_LEN - 1)
		length = LINE_MAX_LEN - 1;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = ' ';
	line[length++] = '\n';
	return length;
}

__attribute__((format(printf, 3, 4))) static size_t
line_of(char line[LINE_MAX_LEN], enum log_level level, const char *format, ...)
{
	size_t length;
	va_list args;

	va_start(args, format);
	length = make_line(line, level, format, args);
	va_end(args);
	return length;
}

/* How lines are written, waiting or not. */
typedef bool write_fn(const char *text, size_t length);

static void write_line(write_fn *write_text, const char *line, size_t length)
{
	if (!write_text(line, length))
		atomic_fetch_add(&state.lost, 1);
}

static void tell_loss(write_fn *write_text)
{
	unsigned long lost = atomic_exchange(&state.lost, 0);
	char line[LINE_MAX_LEN];

	if (lost &&
	    !write_text(line, line_of(line, LOG_LEVEL_WARNING,
				      "%lu log lines were lost: stderr did not take them", lost)))
		atomic_fetch_add(&state.lost, lost);
}

/* ---- writing without the thread ---- */

/* A pipe that polls writable has a free page and takes a line whole. */
static bool write_if_ready(const char *text, size_t length)
{
	struct pollfd now = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (poll(&now, 1, 0) != 1 || !(now.revents & POLLOUT))
		return false;
	return write(STDERR_FILENO, text, length) >= 0;
}

/* ---- the thread ---- */

static bool write_all(const char *text, size_t length)
{
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};

	while (length) {
		ssize_t n = write(STDERR_FILENO, text, length);

		if (n < 0 && errno == EAGAIN) /* somebody has made it non-blocking for all */
			poll(&room, 1, -1);
		else if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			text += n;
			length -= (size_t)n;
		}
	}
	return true;
}

/* A disk that was full took a part of a line: what follows begins on one of its own. */
static bool write_waiting(const char *text, size_t length)
{
	static _Thread_local bool torn; /* a thread left to itself may not have ended */

	if (torn && !write_all("\n", 1))
		return false;
	torn = !write_all(text, length);
	return !torn;
}

/* Losses are told when all lines have been written that came before them. */
static void *write_lines(void *data)
{
	int drain = (int)(intptr_t)data;
	char line[LINE_MAX_LEN];
	ssize_t n;

	do {
		n = recv(drain, line, sizeof(line), MSG_DONTWAIT);
		if (n <= 0)
			tell_loss(write_waiting);
		if (n < 0)
			n = recv(drain, line, sizeof(line), 0);
		if (n > 0)
			write_line(write_waiting, line, (size_t)n);
	} while (n > 0);
	return NULL;
}

static void start_thread(void)
{
	int ends[2], size = QUEUE_BYTES;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return;
	if (setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (thread_start(&state.thread, "xvrrpd-log", STACK_BYTES, write_lines,
			 (void *)(intptr_t)ends[1])) {
		close(ends[0]);
		close(ends[1]);
		return;
	}
	state.queue = ends[0];
	state.drain = ends[1];
}

/* ---- the interface ---- */

/* If stderr is closed, the next socket would get its number, and our lines. */
static void reserve_stderr(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void log_open(enum log_level most)
{
	log_close();
	reserve_stderr();
	state.most = most;
	state.prefix = stderr_is_journal();
	/* A reader of stderr that went away must not end the agent. */
	signal(SIGPIPE, SIG_IGN);
	start_thread();
}

/* A thread that stderr holds up is left to itself and the end of the process, without lines. */
static void stop_thread(int64_t wait_ns)
{
	struct timespec limit;
	char line[LINE_MAX_LEN];

	shutdown(state.queue, SHUT_WR);
	clock_gettime(CLOCK_REALTIME, &limit);
	wait_ns += limit.tv_nsec;
	limit.tv_sec += wait_ns / NS_PER_S;
	limit.tv_nsec = wait_ns % NS_PER_S;
	if (!pthread_timedjoin_np(state.thread, NULL, &limit)) {
		close(state.drain);
	} else {
		pthread_detach(state.thread);
		while (recv(state.drain, line, sizeof(line), MSG_DONTWAIT) > 0)
			;
	}
	close(state.queue);
}

static void close_within(int64_t wait_ns)
{
	if (state.queue >= 0)
		stop_thread(wait_ns);
	state.queue = state.drain = -1;
	state.prefix = false;
	state.most = LOG_LEVEL_INFO;
	atomic_store(&state.lost, 0);
}

void log_close(void)
{
	close_within(CLOSE_WAIT_NS);
}

void log_leave(void)
{
	close_within(LEAVE_WAIT_NS);
}

void log_line(enum log_level level, const char *format, ...)
{
	int saved = errno;
	char line[LINE_MAX_LEN];
	size_t length;
	va_list args;

	if (level > state.most)
		return;
	va_start(args, format);
	length = make_line(line, level, format, args);
	va_end(args);
	if (state.queue < 0) {
		tell_loss(write_if_ready);
		write_line(write_if_ready, line, length);
	} else if (send(state.queue, line, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		atomic_fetch_add(&state.lost, 1);
	}
	errno = saved;
}
