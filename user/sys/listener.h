/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Unix stream socket for requests of one line each. Bounded: so many clients, so long a request,
 * so much unread output; a client beyond a bound is closed, no client can delay the loop.
 */
#ifndef SYS_LISTENER_H
#define SYS_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/failure.h"
#include "sys/loop.h"

struct listener;
struct client;

/* The request is one line, without its newline. The handler answers with client_send(). */
typedef void listener_request_fn(struct client *client, const char *line, void *data);
/* The client is gone (or is being closed); forget it. Called once for each client. */
typedef void listener_gone_fn(struct client *client, void *data);

/* Listen on `path` (mode 0600); a socket left by a dead agent is replaced. */
struct listener *listener_open(struct loop *loop, const char *path, listener_request_fn *request,
			       listener_gone_fn *gone, void *data, struct failure *failure);
void listener_close(
	struct listener *listener); /* closes all clients, removes the socket; NULL ok */

/* Queue output. False if the client had to be closed because it does not read. */
bool client_send(struct client *client, const char *text, size_t length);

/* The same with malloc'd text, which is the client's from here on: it may have megabytes. */
bool client_give(struct client *client, char *text, size_t length);

/* Close once all output is written. */
void client_finish(struct client *client);

#endif
