/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines that never wait.
 *
 * stderr belongs to whoever started us and may be anything. Setting O_NONBLOCK on it would set it
 * for everybody who shares the open file description (the shell, the other writers of a pipe), so
 * each kind gets what does not leak:
 *
 * - a socket (the journal): MSG_DONTWAIT, which is per call;
 * - a pipe or a terminal: opened once more through /proc, which gives a description of our own,
 *   and that one is non-blocking;
 * - where that is refused: poll() first. A pipe that polls writable has a free page and takes a
 *   write up to PIPE_BUF whole; only another writer between the two calls could make us wait;
 * - a regular file: written as it is, into the page cache.
 *
 * A line is one write of less than PIPE_BUF bytes, so that pipes take it whole or not at all.
 */
#include "sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_LEN 2048

_Static_assert(LINE_MAX_LEN < PIPE_BUF, "a line fits into one atomic write");

enum sink {
	SINK_SOCKET,
	SINK_OWN,    /* opened again, non-blocking */
	SINK_SHARED, /* stderr itself: poll() first */
};

static struct {
	enum log_level most;
	bool prefix;
	enum sink sink;
	int own; /* -1 unless SINK_OWN */
	unsigned long dropped;
} state = {
	.most = LOG_LEVEL_INFO,
	.sink = SINK_SHARED,
	.own = -1,
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
static bool stderr_is_journal(const struct stat *st)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;

	return text && sscanf(text, "%llu:%llu", &device, &inode) == 2 && device == st->st_dev &&
	       inode == st->st_ino;
}

void log_open(enum log_level most)
{
	struct stat st = {0};

	log_close();
	state.most = most;
	/* A reader of stderr that went away must not end the agent. */
	signal(SIGPIPE, SIG_IGN);
	if (fstat(STDERR_FILENO, &st))
		return;
	state.prefix = stderr_is_journal(&st);
	if (S_ISSOCK(st.st_mode)) {
		state.sink = SINK_SOCKET;
	} else if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
		state.own = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (state.own >= 0)
			state.sink = SINK_OWN;
	}
}

void log_close(void)
{
	if (state.own >= 0)
		close(state.own);
	state.own = -1;
	state.sink = SINK_SHARED;
	state.prefix = false;
	state.dropped = 0;
	state.most = LOG_LEVEL_INFO;
}

static bool write_shared(const char *text, size_t length)
{
	struct pollfd stderr_now = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (poll(&stderr_now, 1, 0) != 1 || !(stderr_now.revents & POLLOUT))
		return false;
	return write(STDERR_FILENO, text, length) >= 0;
}

static bool write_now(const char *text, size_t length)
{
	switch (state.sink) {
	case SINK_SOCKET:
		return send(STDERR_FILENO, text, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
	case SINK_OWN:
		return write(state.own, text, length) >= 0;
	case SINK_SHARED:
		return write_shared(text, length);
	}
	return false;
}

/* Append one line; whatever is in the text, it stays one line. Returns the new length. */
static size_t append(char *buffer, size_t length, size_t room, enum log_level level,
		     const char *format, va_list args)
{
	size_t start = length;
	int n;

	if (state.prefix)
		length += (size_t)snprintf(buffer + length, room - length, "<%d>", (int)level);
	n = vsnprintf(buffer + length, room - length, format, args);
	if (n < 0)
		return start;
	length += (size_t)n;
	if (length > room - 1)
		length = room - 1;
	for (size_t i = start; i < length; i++)
		if ((unsigned char)buffer[i] < ' ' || buffer[i] == 0x7f)
			buffer[i] = ' ';
	buffer[length++] = '\n';
	return length;
}

__attribute__((format(printf, 5, 6))) static size_t
append_line(char *buffer, size_t length, size_t room, enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	length = append(buffer, length, room, level, format, args);
	va_end(args);
	return length;
}

void log_line(enum log_level level, const char *format, ...)
{
	int saved = errno;
	char buffer[LINE_MAX_LEN];
	size_t length = 0;
	va_list args;

	if (level > state.most)
		return;
	if (state.dropped)
		length = append_line(buffer, 0, sizeof(buffer), LOG_LEVEL_WARNING,
				     "%lu log lines were lost: stderr did not take them",
				     state.dropped);
	va_start(args, format);
	errno = saved; /* for %m */
	length = append(buffer, length, sizeof(buffer), level, format, args);
	va_end(args);
	if (write_now(buffer, length))
		state.dropped = 0;
	else
		state.dropped++;
	errno = saved;
}
