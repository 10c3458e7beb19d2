/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One client of the control socket. Private to listener.c and client.c. */
#ifndef SYS_CLIENT_H
#define SYS_CLIENT_H

#include "sys/listener.h"

/* All clients of a listener, and whom they talk to. */
struct client_owner {
	struct client *clients;
	unsigned count;
	listener_request_fn *request;
	listener_gone_fn *gone;
	void *data;
};

/* Takes over `fd`; false without memory, and then does not. */
bool client_new(struct client_owner *owner, struct loop *loop, int fd);

void client_close_all(struct client_owner *owner);

#endif
