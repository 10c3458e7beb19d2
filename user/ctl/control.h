/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control protocol: one request a line, {"command": "status", "name": "VI_1"}; one reply a
 * line, {"ok": true, "result": ...} or {"ok": false, "error": "..."}. `events` answers {"ok": true}
 * and then one event a line until the client goes. Pure: text in, text out.
 *
 *   command         result
 *   status [name]   {"version", "virtual_routers": [...], "interfaces": [...]}, see status.h
 *   stats [name]    {"virtual_routers": [{"name", ..., "statistics"}], "interfaces": [...]}; with a
 *                   name without "interfaces"
 *   interfaces      {"interfaces": [...]}
 *   config          a string: the canonical configuration
 *   version         {"version": "..."}
 *   drain [name]    {"drained": [names]}; all virtual routers without a name
 *   undrain [name]  {"undrained": [names]}
 *   reload          {"changed": n}: the configuration file was read, n virtual routers differed
 *   doctor          see doctor.h
 *   events          none
 */
#ifndef CTL_CONTROL_H
#define CTL_CONTROL_H

#include <jansson.h>
#include <stdbool.h>

/* Longer requests are refused: none of ours comes near. Without the newline. */
#define CONTROL_REQUEST_MAX 4096

/* What the agent offers; `data` is the agent's. Each returns something new, to be freed here. */
struct control_ops {
	const char *version;
	/* An array of status_vr_json(). NULL name = all; NULL = no such name, or no memory. */
	json_t *(*status)(const char *name, void *data);
	json_t *(*interfaces)(void *data); /* an array of status_interface_json() */
	char *(*config)(void *data);	   /* the text of conf_print(), malloc'd */
	/* An array of the names of those concerned; NULL = no such name, or no memory. */
	json_t *(*drain)(const char *name, bool drain, void *data);
	/* How many differed; -1 with an explanation (malloc'd) if the file is not usable. */
	int (*reload)(char **why, void *data);
	/* Called now and then while a long answer is made; NULL = nothing. */
	void (*breathe)(void *data);
};

enum control_next {
	CONTROL_FINISH, /* send the reply, then close */
	CONTROL_FOLLOW, /* send the reply, then every event */
	CONTROL_DOCTOR, /* there is no reply yet: control_result() once all has been looked at */
};

/*
 * Answer one request; never fails on any input. `*reply` is malloc'd, with its newline; NULL with
 * CONTROL_DOCTOR, or without memory.
 */
enum control_next control_handle(const char *line, const struct control_ops *ops, void *data,
				 char **reply);

/* {"ok": true, "result": result} as control_line(); takes over the reference. */
char *control_result(json_t *result);

/*
 * A reply or an event as one line, malloc'd, with its newline; NULL without memory, and for NULL.
 * Takes over the reference to `json`.
 */
char *control_line(json_t *json);

#endif
