/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One client of the control socket. Its request handler may send, finish, or find that the client
 * is too slow to live: so a client is only marked dead while it is being served, and freed after.
 */
#include "sys/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX (64 * 1024)
#define OUTPUT_MAX  (4 * 1024 * 1024)

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

static void watch(struct client *client, bool output)
{
	loop_fd_events(client->source, (client->ended ? 0 : EPOLLIN) | (output ? EPOLLOUT : 0));
}

/* False if the client was closed. */
static bool flush(struct client *client)
{
	while (client->output_sent < client->output_used) {
		ssize_t sent = send(client->fd, client->output + client->output_sent,
				    client->output_used - client->output_sent,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN) {
			watch(client, true);
			return true;
		}
		if (sent < 0) {
			kill_client(client);
			return false;
		}
		client->output_sent += (size_t)sent;
	}
	client->output_sent = client->output_used = 0;
	watch(client, false);
	if (!client->finishing)
		return true;
	kill_client(client);
	return false;
}

static bool append(struct client *client, const char *text, size_t length)
{
	memmove(client->output, client->output + client->output_sent,
		client->output_used - client->output_sent);
	client->output_used -= client->output_sent;
	client->output_sent = 0;
	if (length > OUTPUT_MAX - client->output_used)
		return false;
	size_t needed = client->output_used + length;
	if (needed > client->output_size) {
		char *output = realloc(client->output, needed);
		if (!output)
			return false;
		client->output = output;
		client->output_size = needed;
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

void client_finish(struct client *client)
{
	if (client->dead)
		return;
	client->finishing = true;
	flush(client);
}

/* ---- input ---- */

/* Hand over the first complete line; false if there is none. */
static bool take_line(struct client *client)
{
	char *newline = memchr(client->input, '\n', client->input_used);
	if (!newline)
		return false;
	*newline = '\0';
	size_t taken = (size_t)(newline - client->input) + 1;
	client->owner->request(client, client->input, client->owner->data);
	if (client->dead)
		return false;
	client->input_used -= taken;
	memmove(client->input, client->input + taken, client->input_used);
	return true;
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
	if (got == 0) {
		client->ended = true;
		client_finish(client);
		return;
	}
	client->input_used += (size_t)got;
	/* What a client asks after its last answer is not read any more. */
	while (!client->finishing && take_line(client))
		;
	if (!client->dead && client->input_used == REQUEST_MAX)
		kill_client(client);
}

static void serve(uint32_t events, void *data)
{
	struct client *client = data;
	client->serving = true;
	if (events & EPOLLOUT)
		flush(client);
	if (!client->dead && events & EPOLLIN)
		receive(client);
	if (!client->dead && events & (EPOLLHUP | EPOLLERR)) /* nobody is left to read */
		kill_client(client);
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
