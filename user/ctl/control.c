/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests in, replies out: a table of commands over what the agent offers. Requests come from
 * whoever may open the socket, so nothing in them is trusted, and a request that is not understood
 * in full is refused: a misspelled "name" must not become "all".
 */
#include "ctl/control.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/text.h"

#define BREATH_BYTES (64 * 1024)

struct request {
	const struct control_ops *ops;
	void *data;
	json_t *json; /* owns the strings */
	const char *command;
	const char *name; /* NULL = none given */
	char *why;	  /* what the agent says of a failure; malloc'd */
};

/* Each returns the result; NULL = see `why`, or no such name, or no memory. */
typedef json_t *result_fn(struct request *request);

struct command {
	const char *word;
	bool takes_name;
	result_fn *result; /* NULL = a reply without a result */
	enum control_next next;
};

/* ---- long answers ---- */

/* Thousands of virtual routers make megabytes, and who has to advertise must not wait for them. */
static void breathe(const struct request *request)
{
	if (request && request->ops->breathe)
		request->ops->breathe(request->data);
}

struct text {
	char *bytes;
	size_t used, room, breathed;
	const struct request *request; /* NULL: it is short */
};

static int add_text(const char *bytes, size_t length, void *data)
{
	struct text *text = data;
	if (text->used + length + 2 > text->room) { /* with the newline and the end */
		size_t room = 2 * (text->used + length + 2);
		char *more = realloc(text->bytes, room);
		if (!more)
			return -1;
		text->bytes = more;
		text->room = room;
	}
	memcpy(text->bytes + text->used, bytes, length);
	text->used += length;
	if (text->used < text->breathed + BREATH_BYTES)
		return 0;
	text->breathed = text->used;
	breathe(text->request);
	return 0;
}

/* Frees `array` (NULL is allowed), which may be long, element by element. */
static void free_array(json_t *array, const struct request *request)
{
	for (size_t i = json_array_size(array); i-- > 0;) {
		json_array_remove(array, i);
		breathe(request);
	}
	json_decref(array);
}

static char *make_line(json_t *json, const struct request *request)
{
	struct text text = {.request = request};
	bool failed = !json || json_dump_callback(json, add_text, &text, JSON_COMPACT) < 0;
	json_t *list = json_object_get(json_object_get(json, "result"), "virtual_routers");
	free_array(json_incref(list), request);
	json_decref(json);
	if (failed) {
		free(text.bytes);
		return NULL;
	}
	memcpy(text.bytes + text.used, "\n", 2);
	return text.bytes;
}

/* ---- results ---- */

static json_t *status_result(struct request *request)
{
	json_t *routers = request->ops->status(request->name, request->data);
	if (!routers)
		return NULL;
	return json_pack("{ss, so, so}", "version", request->ops->version, "virtual_routers",
			 routers, "interfaces", request->ops->interfaces(request->data));
}

/* Of a status object, what is needed to read its statistics. */
static json_t *statistics_of(const json_t *status)
{
	static const char *const keys[] = {"name", "interface", "vlan",
					   "vrid", "family",	"statistics"};
	json_t *object = json_object();
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_set(object, keys[i], json_object_get(status, keys[i]));
	return object;
}

static json_t *stats_result(struct request *request)
{
	json_t *routers = request->ops->status(request->name, request->data);
	json_t *list = routers ? json_array() : NULL;
	for (size_t i = 0; i < json_array_size(routers); i++) {
		json_array_append_new(list, statistics_of(json_array_get(routers, i)));
		breathe(request);
	}
	free_array(routers, request);
	if (request->name || !list)
		return list ? json_pack("{so}", "virtual_routers", list) : NULL;
	return json_pack("{so, so}", "virtual_routers", list, "interfaces",
			 request->ops->interfaces(request->data));
}

static json_t *interfaces_result(struct request *request)
{
	return json_pack("{so}", "interfaces", request->ops->interfaces(request->data));
}

static json_t *config_result(struct request *request)
{
	char *text = request->ops->config(request->data);
	json_t *string = text ? json_text(text) : NULL;
	free(text);
	return string;
}

static json_t *version_result(struct request *request)
{
	return json_pack("{ss}", "version", request->ops->version);
}

static json_t *drain_result(struct request *request)
{
	json_t *names = request->ops->drain(request->name, true, request->data);
	return names ? json_pack("{so}", "drained", names) : NULL;
}

static json_t *undrain_result(struct request *request)
{
	json_t *names = request->ops->drain(request->name, false, request->data);
	return names ? json_pack("{so}", "undrained", names) : NULL;
}

static json_t *reload_result(struct request *request)
{
	int changed = request->ops->reload(&request->why, request->data);
	return changed < 0 ? NULL : json_pack("{si}", "changed", changed);
}

static const struct command commands[] = {
	{"status", true, status_result, CONTROL_FINISH},
	{"stats", true, stats_result, CONTROL_FINISH},
	{"interfaces", false, interfaces_result, CONTROL_FINISH},
	{"config", false, config_result, CONTROL_FINISH},
	{"version", false, version_result, CONTROL_FINISH},
	{"drain", true, drain_result, CONTROL_FINISH},
	{"undrain", true, undrain_result, CONTROL_FINISH},
	{"reload", false, reload_result, CONTROL_FINISH},
	{"doctor", false, NULL, CONTROL_DOCTOR},
	{"events", false, NULL, CONTROL_FOLLOW},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *word)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].word, word) == 0)
			return &commands[i];
	return NULL;
}

/* ---- replies ---- */

char *control_line(json_t *json)
{
	return make_line(json, NULL);
}

char *control_result(json_t *result)
{
	return control_line(json_pack("{sb, so}", "ok", 1, "result", result));
}

/* Steals `message`. */
static char *refusal(json_t *message)
{
	return control_line(json_pack("{sb, so}", "ok", 0, "error", message));
}

static json_t *unknown_command(const char *word)
{
	char known[200] = "";
	size_t used = 0;
	for (size_t i = 0; i < COMMAND_COUNT && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
					 commands[i].word);
	return json_sprintf("unknown command \"%s\"; this xvrrpd knows: %s", word, known);
}

static json_t *no_result(const struct request *request)
{
	if (request->why)
		return json_text(request->why);
	if (!request->name)
		return json_string("xvrrpd is out of memory");
	return json_sprintf("no virtual router is named \"%s\"; \"xvrrpctl status\" lists them all",
			    request->name);
}

/* ---- requests ---- */

static const char form[] = "; a request is one line such as {\"command\": \"status\"}";

/* Both return NULL if all is well, else what is wrong. */
static json_t *read_members(struct request *request)
{
	const char *key;
	json_t *value;
	json_object_foreach(request->json, key, value) {
		if (!json_is_string(value))
			return json_sprintf("\"%s\" is not a string%s", key, form);
		if (strcmp(key, "command") == 0)
			request->command = json_string_value(value);
		else if (strcmp(key, "name") == 0)
			request->name = json_string_value(value);
		else
			return json_sprintf("unknown member \"%s\"%s", key, form);
	}
	return request->command ? NULL : json_sprintf("no \"command\"%s", form);
}

static json_t *read_request(const char *line, struct request *request)
{
	if (strnlen(line, CONTROL_REQUEST_MAX + 1) > CONTROL_REQUEST_MAX)
		return json_sprintf("the request is longer than %d bytes", CONTROL_REQUEST_MAX);
	json_error_t error;
	request->json = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	if (!request->json) {
		char text[sizeof(error.text) + 200];
		snprintf(text, sizeof(text), "the request is not JSON: %s%s", error.text, form);
		return json_text(text); /* jansson quotes the input */
	}
	if (!json_is_object(request->json))
		return json_sprintf("the request is not an object%s", form);
	return read_members(request);
}

/* Answers a request that was read; sets `*next`. */
static char *answer(struct request *request, enum control_next *next)
{
	const struct command *command = find_command(request->command);
	if (!command)
		return refusal(unknown_command(request->command));
	if (request->name && !command->takes_name)
		return refusal(json_sprintf("\"%s\" takes no name", command->word));
	if (!command->result) {
		*next = command->next;
		return command->next == CONTROL_FOLLOW ? control_line(json_pack("{sb}", "ok", 1))
						       : NULL;
	}
	json_t *result = command->result(request);
	if (!result)
		return refusal(no_result(request));
	*next = command->next;
	return make_line(json_pack("{sb, so}", "ok", 1, "result", result), request);
}

enum control_next control_handle(const char *line, const struct control_ops *ops, void *data,
				 char **reply)
{
	enum control_next next = CONTROL_FINISH;
	struct request request = {.ops = ops, .data = data};
	json_t *wrong = read_request(line, &request);
	*reply = wrong ? refusal(wrong) : answer(&request, &next);
	json_decref(request.json);
	free(request.why);
	return *reply || next == CONTROL_DOCTOR ? next : CONTROL_FINISH;
}
