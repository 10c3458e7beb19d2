/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request, then lines. The agent may be dead, frozen, of another version, or not an agent at
 * all, and each of these needs another remedy: most of this file is telling them apart.
 */
#include "conn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static void say_silent(const struct conn *conn)
{
	fprintf(stderr,
		"xvrrpctl: the xvrrpd at %s does not answer within %d s: it is stopped, frozen or "
		"starved. Its leases run out meanwhile, so that another router can take over; "
		"see systemctl status xvrrpd\n",
		conn->path, CONN_TIMEOUT_MS / 1000);
}

static void say_unreachable(const struct conn *conn)
{
	if (errno == EACCES || errno == EPERM)
		fprintf(stderr, "xvrrpctl: %s: permission denied: only root may ask xvrrpd\n",
			conn->path);
	else if (errno == EAGAIN) /* its queue of connections is full */
		say_silent(conn);
	else
		fprintf(stderr,
			"xvrrpctl: no xvrrpd answers at %s (%s): is it running? "
			"systemctl status xvrrpd; another run directory: -s DIR/control.sock\n",
			conn->path, strerror(errno));
}

static bool connect_to(struct conn *conn)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(conn->path);
	if (length >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(address.sun_path, conn->path, length);

	const struct timeval timeout = {.tv_sec = CONN_TIMEOUT_MS / 1000};
	conn->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (conn->fd < 0)
		return false;
	/* for a full queue of connections, and for a request that is not read */
	setsockopt(conn->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	return connect(conn->fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

bool conn_open(struct conn *conn, const char *path)
{
	*conn = (struct conn){.fd = -1, .path = path};
	if (connect_to(conn))
		return true;
	say_unreachable(conn);
	conn_close(conn);
	return false;
}

void conn_close(struct conn *conn)
{
	if (conn->fd >= 0)
		close(conn->fd);
	free(conn->buffer);
}

bool conn_request(struct conn *conn, const char *command, const char *name)
{
	json_t *request = json_pack("{ss, ss*}", "command", command, "name", name);
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	json_decref(request);
	if (!text) {
		fprintf(stderr, "xvrrpctl: '%s' is not UTF-8\n", name ? name : command);
		return false;
	}
	size_t length = strlen(text);
	text[length++] = '\n'; /* in place of the NUL */
	ssize_t sent = send(conn->fd, text, length, MSG_NOSIGNAL);
	free(text);
	if (sent == (ssize_t)length)
		return true;
	/* A broken connection may still hold the reason; conn_reply() finds out. */
	if (sent < 0 && errno != EAGAIN)
		return true;
	say_silent(conn);
	return false;
}

/* ---- lines ---- */

static enum conn_outcome wait_readable(const struct conn *conn, int timeout_ms)
{
	/* Nothing is asked of stdout: poll() tells when its reader is gone. */
	struct pollfd fds[2] = {{.fd = conn->fd, .events = POLLIN}, {.fd = STDOUT_FILENO}};
	int ready;
	do
		ready = poll(fds, timeout_ms == CONN_FOREVER ? 2 : 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return CONN_SILENT;
	if (fds[0].revents)
		return CONN_LINE;
	return fds[1].revents ? CONN_UNWANTED : CONN_END;
}

static bool read_more(struct conn *conn)
{
	if (conn->used == conn->room) {
		size_t room = conn->room ? conn->room * 2 : 65536;
		char *buffer = realloc(conn->buffer, room);
		if (!buffer)
			return false;
		conn->buffer = buffer;
		conn->room = room;
	}
	ssize_t count;
	do
		count = read(conn->fd, conn->buffer + conn->used, conn->room - conn->used);
	while (count < 0 && errno == EINTR);
	if (count <= 0)
		return false;
	conn->used += (size_t)count;
	return true;
}

/* Forget the line handed out last. */
static void drop_taken(struct conn *conn)
{
	conn->used -= conn->taken;
	if (conn->taken)
		memmove(conn->buffer, conn->buffer + conn->taken, conn->used);
	conn->taken = 0;
}

enum conn_outcome conn_line(struct conn *conn, int timeout_ms, const char **line)
{
	drop_taken(conn);
	size_t searched = 0;
	for (;;) {
		char *end = conn->used > searched
				    ? memchr(conn->buffer + searched, '\n', conn->used - searched)
				    : NULL;
		if (end) {
			*end = '\0';
			conn->taken = (size_t)(end - conn->buffer) + 1;
			*line = conn->buffer;
			return CONN_LINE;
		}
		searched = conn->used;
		enum conn_outcome outcome = wait_readable(conn, timeout_ms);
		if (outcome != CONN_LINE)
			return outcome;
		if (!read_more(conn))
			return CONN_END;
	}
}

/* ---- replies ---- */

/* The reply if it is a good one; else says what is wrong. Takes over the reference. */
static json_t *check_reply(const struct conn *conn, json_t *reply)
{
	json_t *ok = json_object_get(reply, "ok");
	const char *error = json_string_value(json_object_get(reply, "error"));
	if (json_is_true(ok))
		return reply;
	if (json_is_false(ok) && error)
		fprintf(stderr, "xvrrpctl: %s\n", error);
	else
		fprintf(stderr,
			"xvrrpctl: what answers at %s is no xvrrpd, or not of this version\n",
			conn->path);
	json_decref(reply);
	return NULL;
}

json_t *conn_reply(struct conn *conn)
{
	const char *line = NULL;
	switch (conn_line(conn, CONN_TIMEOUT_MS, &line)) {
	case CONN_LINE:
		return check_reply(conn, json_loads(line, 0, NULL));
	case CONN_SILENT:
		say_silent(conn);
		return NULL;
	case CONN_END:
	case CONN_UNWANTED:
		break;
	}
	fprintf(stderr,
		"xvrrpctl: the xvrrpd at %s closed the connection before it had answered: it was "
		"being stopped, or it has too many clients\n",
		conn->path);
	return NULL;
}
