/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: a client sends any bytes, in any pieces, to an agent whose names, texts and
 * counters are any bytes too. Each request gets one line of JSON, the same however the bytes came,
 * and nothing comes after the last one. The loop around the client is this file's.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/control.h"
#include "ctl/status.h"
#include "ctl/text.h"
#include "fuzz.h"
#include "sys/client.h"

#define TURNS_MAX 10000
#define SENT_MAX  (2 * CONTROL_REQUEST_MAX)

/* ---- the loop: one descriptor ---- */

struct loop_fd {
	void (*handler)(uint32_t events, void *data);
	void *data;
	uint32_t events;
};

static struct loop_fd source;
static bool watched;

struct loop_fd *loop_fd_new(struct loop *loop, int fd, enum loop_order order,
			    void (*handler)(uint32_t events, void *data), void *data)
{
	(void)loop, (void)fd, (void)order;
	must(!watched);
	watched = true;
	source = (struct loop_fd){handler, data, EPOLLIN};
	return &source;
}

void loop_fd_events(struct loop_fd *of, uint32_t events)
{
	must(of == &source && watched);
	of->events = events;
}

void loop_fd_free(struct loop_fd *of)
{
	watched = watched && of != &source;
}

/* ---- the agent ---- */

struct agent {
	char name[24], why[24], text[64];
	struct status_vr vr;
	struct status_interface interface;
};

static json_t *agent_status(const char *name, void *data)
{
	const struct agent *agent = data;

	if (name && strcmp(name, agent->name) != 0)
		return NULL;
	return json_pack("[o]", status_vr_json(&agent->vr));
}

static json_t *agent_interfaces(void *data)
{
	return json_pack("[o]", status_interface_json(&((struct agent *)data)->interface));
}

static char *agent_config(void *data)
{
	return strdup(((struct agent *)data)->text);
}

static json_t *agent_drain(const char *name, bool drain, void *data)
{
	(void)drain;
	if (name && strcmp(name, ((struct agent *)data)->name) != 0)
		return NULL;
	return json_pack("[o]", json_text(((struct agent *)data)->name));
}

static int agent_reload(char **why, void *data)
{
	const struct agent *agent = data;

	if (!*agent->why)
		return 1;
	*why = strdup(agent->why);
	return -1;
}

static const struct control_ops ops = {
	.version = "fuzz",
	.status = agent_status,
	.interfaces = agent_interfaces,
	.config = agent_config,
	.drain = agent_drain,
	.reload = agent_reload,
};

/* Names are words of a configuration: any bytes without NUL, but here mostly "a". */
static void take_text(struct input *input, char *text, size_t size)
{
	size_t length = take8(input) % 8;

	memset(text, 0, size);
	memcpy(text, "a", 2);
	if (length)
		take_bytes(input, text, length < size ? length : size - 1);
}

static void take_agent(struct input *input, struct agent *agent)
{
	*agent = (struct agent){0};
	take_text(input, agent->name, sizeof(agent->name));
	take_text(input, agent->why, sizeof(agent->why));
	take_text(input, agent->text, sizeof(agent->text));
	agent->vr = (struct status_vr){
		.name = agent->name,
		.interface = agent->text,
		.vlan = take8(input),
		.family = take_bool(input) ? VRRP_IPV4 : VRRP_IPV6,
		.state = (enum vr_state)take_below(input, 3),
		.faults = take8(input),
		.last_event = (enum vr_last_event)take_below(input, LAST_EVENT_LEASE_EXPIRED + 1),
		.lease_remaining_us = (int64_t)take64(input),
		.last_transition_s = take32(input),
	};
	take_bytes(input, &agent->vr.primary_address, sizeof(agent->vr.primary_address));
	agent->vr.stats.advertisements_received = take64(input);
	agent->interface = (struct status_interface){
		.name = agent->text,
		.xdp_mode = "tc",
		.xdp_mode_reason = agent->why,
	};
}

struct text {
	char *bytes;
	size_t length;
};

static void append(struct text *text, const char *bytes, size_t length)
{
	text->bytes = realloc(text->bytes, text->length + length + 1);
	must(text->bytes);
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

/* ---- what a client says ---- */

#define COMMANDS_MAX 16

static char commands[COMMANDS_MAX][32];
static unsigned command_count;

/* The agent lists them to whoever does not know them. */
static void learn_commands(struct agent *agent)
{
	static const char start[] = "knows: ";
	char *reply, *word;

	control_handle("{\"command\": \"?\"}", &ops, agent, &reply);
	must(reply);
	word = strstr(reply, start);
	must(word);
	word += strlen(start);
	for (size_t length; (length = strcspn(word, ",\""));) {
		must(command_count < COMMANDS_MAX && length < sizeof(commands[0]));
		memcpy(commands[command_count++], word, length);
		word += length + strspn(word + length, ", ");
		if (*word == '"')
			break;
	}
	must(command_count > 1);
	free(reply);
}

static void append_word(struct text *text, const char *word)
{
	append(text, word, strlen(word));
}

/* Parts of requests, and what could be mistaken for one. */
static const char *part_of_request(unsigned number)
{
	static const char blanks[1024 + 1] = {[0 ... 1023] = ' '};
	static const char *const parts[] = {
		"{\"command\": \"",
		"\"}\n",
		"\", \"name\": \"",
		"{\"name\": \"",
		"\\u0000",
		"\\ud800",
		"[",
		"null",
	};

	return number < sizeof(parts) / sizeof(parts[0]) ? parts[number] : blanks;
}

/* Some bytes stand for what a client would send, whole or in parts; the others for themselves. */
static void append_byte(struct text *text, uint8_t byte)
{
	const char *command = commands[byte % 16 % command_count];

	switch (byte >> 4) {
	case 0x8:
		append_word(text, command);
		return;
	case 0x9:
		append_word(text, "{\"command\": \"");
		append_word(text, command);
		append_word(text, "\"}\n");
		return;
	case 0xa:
		append_word(text, "{\"command\": \"");
		append_word(text, command);
		append_word(text, "\", \"name\": \"a\"}\n");
		return;
	case 0xb:
		append_word(text, part_of_request(byte % 16));
		return;
	}
	append(text, (const char *)&byte, 1);
}

static struct text take_requests(struct input *input)
{
	struct text all = {0};

	while (input->left && all.length < SENT_MAX)
		append_byte(&all, take8(input));
	return all;
}

/* ---- what is expected ---- */

static void check_reply(const char *reply)
{
	json_error_t error;
	json_t *json = json_loads(reply, 0, &error), *ok = json_object_get(json, "ok");

	must(strchr(reply, '\n') == reply + strlen(reply) - 1);
	must(json_is_boolean(ok));
	must(json_is_true(ok) || json_is_string(json_object_get(json, "error")));
	must(json_object_size(json) <= 2);
	json_decref(json);
}

/* What there is to find for a doctor is not asked here. */
static enum control_next answer(const char *line, struct agent *agent, char **reply)
{
	enum control_next next = control_handle(line, &ops, agent, reply);

	if (next != CONTROL_DOCTOR)
		return next;
	must(!*reply);
	*reply = control_result(json_array());
	return CONTROL_FINISH;
}

/* The replies to these bytes, up to the first request that ends the connection. */
static struct text expected(struct agent *agent, const struct text *sent)
{
	const char *bytes = sent->bytes, *newline;
	size_t length = sent->length;
	struct text all = {0};
	enum control_next next = CONTROL_FOLLOW;

	while (next == CONTROL_FOLLOW && length && (newline = memchr(bytes, '\n', length))) {
		size_t line = (size_t)(newline - bytes);
		char *line_text = strndup(bytes, line), *reply;

		next = answer(line_text, agent, &reply);
		must(reply);
		check_reply(reply);
		append(&all, reply, strlen(reply));
		free(reply);
		free(line_text);
		bytes += line + 1;
		length -= line + 1;
	}
	return all;
}

/* ---- the connection ---- */

/* As in user/report.c. */
static void request(struct client *client, const char *line, void *data)
{
	char *reply;
	enum control_next next = answer(line, data, &reply);

	must(reply);
	if (client_send(client, reply, strlen(reply)) && next == CONTROL_FINISH)
		client_finish(client);
	free(reply);
}

static void gone(struct client *client, void *data)
{
	(void)client, (void)data;
}

/* The turns that the kernel would give: there is room for output, and perhaps something to read. */
static void run(void)
{
	unsigned turns = 0;

	while (watched && source.events) {
		uint32_t events = source.events;

		source.handler(events, source.data);
		must(++turns < TURNS_MAX);
		if (!(events & EPOLLOUT))
			return;
	}
}

static void receive(int fd, struct text *all)
{
	char bytes[8192];
	ssize_t got;

	while ((got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		append(all, bytes, (size_t)got);
}

/* In pieces of the sizes that `pieces` has, again and again. */
static struct text talk(struct agent *agent, const struct text *sent, const uint8_t pieces[4])
{
	const char *bytes = sent->bytes;
	size_t length = sent->length;
	struct client_owner owner = {.request = request, .gone = gone, .data = agent};
	struct text all = {0};
	int fds[2];

	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds));
	must(client_new(&owner, NULL, fds[0]));
	for (unsigned i = 0; watched && length; i++) {
		size_t piece = 1u + pieces[i % 4] * (i % 4 == 3 ? 64u : 1u);

		piece = piece < length ? piece : length;
		must(send(fds[1], bytes, piece, MSG_NOSIGNAL) == (ssize_t)piece);
		run();
		receive(fds[1], &all);
		bytes += piece;
		length -= piece;
	}
	shutdown(fds[1], SHUT_WR);
	run();
	receive(fds[1], &all);
	must(!watched || !length);
	client_close_all(&owner);
	must(!watched && owner.count == 0);
	close(fds[1]);
	return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct agent agent;
	uint8_t pieces[4];
	struct text sent, want, got;

	take_bytes(&input, pieces, sizeof(pieces));
	take_agent(&input, &agent);
	if (!command_count)
		learn_commands(&agent);
	sent = take_requests(&input);
	want = expected(&agent, &sent);
	got = talk(&agent, &sent, pieces);
	must(got.length == want.length);
	must(!got.length || !memcmp(got.bytes, want.bytes, got.length));
	free(sent.bytes);
	free(want.bytes);
	free(got.bytes);
	return 0;
}
