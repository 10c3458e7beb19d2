/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One client of the control socket. Its request handler may send, finish, or find that the client
 * is too slow to live: so a client is only marked dead while it is being served, and freed after.
 *
 * One request a turn, and the next one only when the answer has been read: however many lines a
 * client sends at once, it holds up neither the loop nor the other clients. While a line waits,
 * EPOLLOUT brings the next turn, as the socket itself has nothing more to report.
 */
#include "sys/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX (64 * 1024)
#define OUTPUT_MAX  (32 * 1024 * 1024) /* the status of as many virtual routers as there may be */

struct client {
	struct client *next;
	struct client_owner *owner;
	struct loop_fd *source;
	int fd;
	bool serving;	/* on the stack of serve(): do not free */
	bool dead;	/* closed: only its memory is left */
	bool finishing; /* close when the output is written */
	bool ended;	/* will send nothing more, but may still read its answer */
	char *input;	/* REQUEST_MAX + 1 bytes, of which input_used are waiting */
	size_t input_used;
	char *output;
	size_t output_size, output_used, output_sent;
};

static void free_client(struct client *client)
{
	free(client->input);
	free(client->output);
	free(client);
}

static void unlink_client(struct client *client)
{
	struct client **link = &client->owner->clients;
	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	client->owner->count--;
}

static void kill_client(struct client *client)
{
	if (client->dead)
		return;
	client->dead = true;
	unlink_client(client);
	client->owner->gone(client, client->owner->data);
	loop_fd_free(client->source);
	close(client->fd);
	if (!client->serving)
		free_client(client);
}

/* ---- output ---- */

static bool has_output(const struct client *client)
{
	return client->output_sent < client->output_used;
}

static bool has_line(const struct client *client)
{
	return !client->finishing && memchr(client->input, '\n', client->input_used);
}

static void watch(struct client *client)
{
	bool line = has_line(client);
	uint32_t in = client->ended || client->finishing || line ? 0 : EPOLLIN;
	uint32_t out = line || has_output(client) ? EPOLLOUT : 0;
	loop_fd_events(client->source, in | out);
}

/* False if the client was closed. */
static bool flush(struct client *client)
{
	while (has_output(client)) {
		ssize_t sent = send(client->fd, client->output + client->output_sent,
				    client->output_used - client->output_sent,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			break;
		if (sent < 0) {
			kill_client(client);
			return false;
		}
		client->output_sent += (size_t)sent;
	}
	if (client->finishing && !has_output(client)) {
		kill_client(client);
		return false;
	}
	watch(client);
	return true;
}

/* Drop what is sent, so that the rest begins at the front. */
static void compact(struct client *client)
{
	if (!client->output_sent)
		return;
	client->output_used -= client->output_sent;
	memmove(client->output, client->output + client->output_sent, client->output_used);
	client->output_sent = 0;
}

static bool append(struct client *client, const char *text, size_t length)
{
	compact(client);
	if (length > OUTPUT_MAX - client->output_used)
		return false;
	size_t needed = client->output_used + length;
	if (needed > client->output_size) {
		size_t size = needed * 2 < OUTPUT_MAX ? needed * 2 : OUTPUT_MAX;
		char *output = realloc(client->output, size);
		if (!output)
			return false;
		client->output = output;
		client->output_size = size;
	}
	memcpy(client->output + client->output_used, text, length);
	client->output_used = needed;
	return true;
}

bool client_send(struct client *client, const char *text, size_t length)
{
	if (client->dead)
		return false;
	if (length == 0)
		return true;
	if (!append(client, text, length)) {
		kill_client(client);
		return false;
	}
	return flush(client);
}

bool client_give(struct client *client, char *text, size_t length)
{
	if (client->dead || length == 0 || length > OUTPUT_MAX || has_output(client)) {
		bool sent = client_send(client, text, length);
		free(text);
		return sent;
	}
	free(client->output);
	client->output = text;
	client->output_size = client->output_used = length;
	client->output_sent = 0;
	return flush(client);
}

void client_finish(struct client *client)
{
	if (client->dead)
		return;
	client->finishing = true;
	flush(client);
}

/* ---- input ---- */

/* Hand over the first complete line, if there is one. */
static void take_line(struct client *client)
{
	char *newline = memchr(client->input, '\n', client->input_used);
	if (!newline)
		return;
	*newline = '\0';
	size_t taken = (size_t)(newline - client->input) + 1;
	client->owner->request(client, client->input, client->owner->data);
	client->input_used -= taken;
	memmove(client->input, client->input + taken, client->input_used);
}

static void receive(struct client *client)
{
	ssize_t got = recv(client->fd, client->input + client->input_used,
			   REQUEST_MAX - client->input_used, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0) {
		kill_client(client);
		return;
	}
	client->ended = got == 0;
	client->input_used += (size_t)got;
	if (client->input_used == REQUEST_MAX && !has_line(client))
		kill_client(client); /* no request is that long */
}

static void serve(uint32_t events, void *data)
{
	struct client *client = data;
	client->serving = true;
	if (events & EPOLLOUT)
		flush(client);
	if (!client->dead && events & EPOLLIN)
		receive(client);
	if (!client->dead && !client->finishing && !has_output(client))
		take_line(client);
	if (!client->dead && client->ended && !has_line(client))
		client_finish(client);
	if (!client->dead && events & (EPOLLHUP | EPOLLERR)) /* nobody is left to read */
		kill_client(client);
	if (!client->dead)
		watch(client);
	client->serving = false;
	if (client->dead)
		free_client(client);
}

/* ---- life ---- */

bool client_new(struct client_owner *owner, struct loop *loop, int fd)
{
	struct client *client = calloc(1, sizeof(*client));
	if (!client)
		return false;
	client->owner = owner;
	client->fd = fd;
	client->input = malloc(REQUEST_MAX);
	client->source = loop_fd_new(loop, fd, LOOP_CONTROL, serve, client);
	if (!client->input || !client->source) {
		loop_fd_free(client->source);
		free_client(client);
		return false;
	}
	client->next = owner->clients;
	owner->clients = client;
	owner->count++;
	return true;
}

void client_close_all(struct client_owner *owner)
{
	while (owner->clients)
		kill_client(owner->clients);
}
