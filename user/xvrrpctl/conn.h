/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to the agent. Every function that fails has said why on stderr, and what to do.
 */
#ifndef XVRRPCTL_CONN_H
#define XVRRPCTL_CONN_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* An agent that is silent for so long does not answer. */
#define CONN_TIMEOUT_MS 5000
#define CONN_FOREVER	-1

struct conn {
	int fd;
	const char *path;
	char *buffer; /* what was read and not yet handed out */
	size_t used, room;
	size_t taken; /* of `used`: the line handed out last */
};

bool conn_open(struct conn *conn, const char *path);
void conn_close(struct conn *conn);

/* Send {"command": command, "name": name}; `name` may be NULL. */
bool conn_request(struct conn *conn, const char *command, const char *name);

/* The whole reply, {"ok": true, ...}, or NULL: no reply, or one that says what is wrong. */
json_t *conn_reply(struct conn *conn);

enum conn_outcome {
	CONN_LINE,
	CONN_END,      /* the agent closed the connection, or it broke */
	CONN_SILENT,   /* nothing came for `timeout_ms` */
	CONN_UNWANTED, /* nobody reads our stdout any more */
};

/*
 * The next line, without its newline, of any length; valid until the next call. Says nothing.
 * `timeout_ms` counts anew with every byte that comes; CONN_FOREVER waits for stdout's reader, too.
 */
enum conn_outcome conn_line(struct conn *conn, int timeout_ms, const char **line);

#endif
