/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: accepts clients and hands over their lines. client.c has what belongs to one
 * client: its input, its unwritten output, and when it is closed.
 */
#include "sys/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/client.h"

#define CLIENTS_MAX	32
#define ACCEPT_PAUSE_NS 1000000000LL

struct listener {
	struct loop *loop;
	struct loop_fd *source;
	struct loop_timer *resume; /* runs while accepting pauses */
	struct client_owner owner;
	struct sockaddr_un address;
	int fd;
};

/* Does somebody accept connections there? Left by a dead agent, the socket refuses. */
static bool is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	bool alive = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		     errno == EAGAIN;
	close(fd);
	return alive;
}

static int bind_path(struct listener *listener, struct failure *failure)
{
	const char *path = listener->address.sun_path;
	if (is_alive(&listener->address))
		return fail(failure,
			    "another process listens on %s: stop it, or give another --run-dir",
			    path);
	struct stat st;
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return fail(failure, "%s is not a socket: remove it, or give another --run-dir",
			    path);
	if (unlink(path) < 0 && errno != ENOENT)
		return fail(failure, "the old socket %s cannot be removed: %s", path,
			    strerror(errno));
	/* The file gets the mode of the socket. (The umask is that of all threads, and of scripts.)
	 */
	if (fchmod(listener->fd, 0600) < 0 ||
	    bind(listener->fd, (const struct sockaddr *)&listener->address,
		 sizeof(listener->address)) < 0 ||
	    listen(listener->fd, CLIENTS_MAX) < 0)
		return fail(failure, "cannot listen on %s: %s", path, strerror(errno));
	return 0;
}

static int set_path(struct listener *listener, const char *path, struct failure *failure)
{
	size_t length = strlen(path);
	if (length >= sizeof(listener->address.sun_path))
		return fail(failure,
			    "the socket path %s is longer than %zu bytes: give a shorter --run-dir",
			    path, sizeof(listener->address.sun_path) - 1);
	listener->address.sun_family = AF_UNIX;
	memcpy(listener->address.sun_path, path, length + 1);
	return 0;
}

/* Out of descriptors or memory, accept() fails and the socket stays readable: pause, not spin. */
static void pause_accepting(struct listener *listener)
{
	loop_fd_events(listener->source, 0);
	loop_timer_set(listener->resume, clock_ns() + ACCEPT_PAUSE_NS);
}

static void resume_accepting(void *data)
{
	struct listener *listener = data;
	loop_fd_events(listener->source, EPOLLIN);
}

/* One client a turn: others, and everything more urgent, get theirs between. */
static void accept_client(uint32_t events, void *data)
{
	struct listener *listener = data;
	(void)events;
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			pause_accepting(listener);
		return;
	}
	if (listener->owner.count >= CLIENTS_MAX ||
	    !client_new(&listener->owner, listener->loop, fd))
		close(fd);
}

static int start(struct listener *listener, const char *path, struct failure *failure)
{
	if (set_path(listener, path, failure) < 0)
		return -1;
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0)
		return fail(failure, "no socket for %s: %s", path, strerror(errno));
	if (bind_path(listener, failure) < 0)
		return -1;
	listener->source =
		loop_fd_new(listener->loop, listener->fd, LOOP_CONTROL, accept_client, listener);
	listener->resume = loop_timer_new(listener->loop, resume_accepting, listener);
	if (!listener->source || !listener->resume)
		return fail(failure, "%s cannot be watched: out of memory", path);
	return 0;
}

struct listener *listener_open(struct loop *loop, const char *path, listener_request_fn *request,
			       listener_gone_fn *gone, void *data, struct failure *failure)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	if (!listener) {
		fail(failure, "out of memory");
		return NULL;
	}
	listener->loop = loop;
	listener->owner = (struct client_owner){.request = request, .gone = gone, .data = data};
	if (start(listener, path, failure) == 0)
		return listener;
	loop_timer_free(listener->resume);
	loop_fd_free(listener->source);
	if (listener->fd > 0)
		close(listener->fd);
	free(listener);
	return NULL;
}

void listener_close(struct listener *listener)
{
	if (!listener)
		return;
	client_close_all(&listener->owner);
	loop_timer_free(listener->resume);
	loop_fd_free(listener->source);
	close(listener->fd);
	unlink(listener->address.sun_path);
	free(listener);
}
