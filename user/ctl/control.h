/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control protocol: one request a line, {"command": "status", "name": "VI_1"}; one reply a
 * line, {"ok": true, "result": ...} or {"ok": false, "error": "..."}. `events` answers {"ok": true}
 * and then one event a line until the client goes. Pure: text in, text out.
 */
#ifndef CTL_CONTROL_H
#define CTL_CONTROL_H

#include <jansson.h>

/* What the agent offers; `data` is the agent's. Each returns a new reference. */
struct control_ops {
	json_t *(*status)(const char *name, void *data); /* NULL name = all; NULL = no such name */
	json_t *(*interfaces)(void *data);
	json_t *(*config)(void *data); /* a JSON string: the canonical configuration */
};

enum control_next {
	CONTROL_FINISH, /* send the reply, then close */
	CONTROL_FOLLOW, /* send the reply, then every event */
};

/* Answer one request; never fails on any input. `*reply` is malloc'd, with its newline. */
enum control_next control_handle(const char *line, const struct control_ops *ops, void *data,
				 char **reply);

#endif
