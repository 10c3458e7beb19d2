/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xvrrpctl reading what an agent answers, that is of another version, or no agent at all: any
 * bytes, or a right answer with some members removed or become something else. Every printer gets
 * it.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/status.h"
#include "fuzz.h"
#include "xvrrpctl/conn.h"
#include "xvrrpctl/show.h"

static bool on_terminal;

/* Tables look different there: see table.c. */
int isatty(int fd)
{
	(void)fd;
	return on_terminal;
}

/* ---- a right answer ---- */

static json_t *result_of(struct input *input)
{
	struct status_address addresses[2] = {{addr_from_ipv4(0x0a000001), 24},
					      {addr_from_ipv4(0x0a000002), 32}};
	struct status_vr vr = {
		.name = "a",
		.interface = "b",
		.vlan = take8(input) * 0x10001u,
		.state = (enum vr_state)take_below(input, 3),
		.faults = take8(input),
		.family = VRRP_IPV4,
		.drained = take_bool(input),
		.is_owner = take_bool(input),
		.addresses = addresses,
		.address_count = 2,
		.lease_remaining_us = take32(input),
		.preempt = take_bool(input),
		.preempt_delay_us = take16(input),
		.last_transition_s = take32(input),
	};
	struct status_interface interface = {
		.name = "b",
		.xdp_mode = "tc",
		.xdp_mode_reason = take_bool(input) ? "why" : "",
		.restored = take_bool(input),
	};

	vr.stats.checksum = take8(input);
	return json_pack("{s[o], s[o], s[s], s[s], si, ss}", "virtual_routers", status_vr_json(&vr),
			 "interfaces", status_interface_json(&interface), "drained", "a",
			 "undrained", "a", "changed", 1, "version", "1");
}

/* ---- and what becomes of it ---- */

static json_t *take_value(struct input *input)
{
	char text[9] = "";

	switch (take_below(input, 10)) {
	case 9:
		return json_integer(take_bool(input) ? INT64_MAX : INT64_MIN);
	case 0:
		return json_null();
	case 1:
		return json_true();
	case 2:
		return json_integer((json_int_t)take64(input));
	case 3:
		return json_real(0.5);
	case 4:
		return json_array();
	case 5:
		return json_object();
	case 6:
		return json_pack("[s, i, n]", "\n\n", 1);
	case 7:
		return json_pack("{s{si}}", "statistics", "checksum", 7);
	}
	take_bytes(input, text, take_below(input, 9));
	return json_string(text) ?: json_string("");
}

static json_t *child(json_t *json, unsigned number, const char **key)
{
	void *at = json_object_iter(json);

	if (json_is_array(json))
		return json_array_get(json, number % (json_array_size(json) + 1));
	for (number %= json_object_size(json) + 1; at && number; number--)
		at = json_object_iter_next(json, at);
	*key = json_object_iter_key(at);
	return json_object_iter_value(at);
}

/* Members that are deep inside would seldom be found. */
static json_t *take_part(struct input *input, json_t *answer)
{
	json_t *result = json_object_get(answer, "result");
	json_t *router = json_array_get(json_object_get(result, "virtual_routers"), 0);
	json_t *statistics = json_object_get(router, "statistics");
	json_t *parts[] = {
		answer,
		result,
		router,
		statistics,
		json_object_get(statistics, "errors"),
		json_array_get(json_object_get(result, "interfaces"), 0),
	};
	json_t *part = parts[take_below(input, sizeof(parts) / sizeof(parts[0]))];

	return part ? part : answer;
}

/* Some member of it, however deep, is removed or replaced. */
static void mutate(struct input *input, json_t *json)
{
	unsigned number = take8(input);
	const char *key = NULL;
	json_t *inside = child(json, number, &key);

	while ((json_is_object(inside) || json_is_array(inside)) && take_bool(input)) {
		json = inside;
		number = take8(input);
		key = NULL;
		inside = child(json, number, &key);
	}
	if (!inside)
		return;
	if (key && take8(input) < 64)
		json_object_del(json, key);
	else if (key)
		json_object_set_new(json, key, take_value(input));
	else
		json_array_set_new(json, number % (json_array_size(json) + 1), take_value(input));
}

static char *take_answer(struct input *input, size_t *length)
{
	json_t *answer;
	char *text;

	if (take8(input) < 32) {
		*length = input->left;
		return take_rest(input);
	}
	answer = json_pack("{sb, so}", "ok", 1, "result", result_of(input));
	for (unsigned count = take8(input) % 16; count; count--)
		mutate(input, take_part(input, answer));
	if (take8(input) < 16)
		json_object_set_new(answer, "ok", take_value(input));
	text = json_dumps(answer, JSON_COMPACT);
	must(text);
	*length = strlen(text);
	text[(*length)++] = '\n'; /* in place of the NUL */
	json_decref(answer);
	return text;
}

/* ---- the client ---- */

static void show(const json_t *result, unsigned number)
{
	static show_fn *const shows[] = {
		show_status, show_stats,   show_interfaces, show_config,
		show_drain,  show_undrain, show_reload,	    show_version,
	};

	shows[number % 8](result, number & 8 ? "a" : NULL);
	must(fflush(stdout) == 0 && !ferror(stdout));
}

static void ask(const char *answer, size_t length, unsigned printer)
{
	struct conn conn = {.path = "socket"};
	int fds[2];
	json_t *reply;

	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	conn.fd = fds[0];
	must(!length || send(fds[1], answer, length, MSG_NOSIGNAL) == (ssize_t)length);
	close(fds[1]);
	reply = conn_reply(&conn);
	if (reply) {
		must(json_is_true(json_object_get(reply, "ok")));
		show(json_object_get(reply, "result"), printer);
	}
	json_decref(reply);
	conn_close(&conn);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	stdout = fopen("/dev/null", "we");
	stderr = stdout;
	must(stdout);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	unsigned printer = take8(&input);
	size_t length;
	char *answer;

	on_terminal = take_bool(&input);
	answer = take_answer(&input, &length);
	ask(answer, length, printer);
	free(answer);
	return 0;
}
