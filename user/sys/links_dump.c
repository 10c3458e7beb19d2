/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two dumps, interfaces and addresses, over a socket of their own, which gets nothing else. */
#include "sys/links_dump.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/netlink.h"

#define DATAGRAM_MAX  65536
#define ANSWER_WAIT_S 5
#define ROOM_AT_FIRST 65536

struct dump {
	struct mnl_socket *socket;
	struct links_bytes *messages;
	bool done;
	bool torn;
	int error; /* what the kernel says, 0 = none */
	char buffer[DATAGRAM_MAX] __attribute__((aligned(8)));
};

int links_bytes_add(struct links_bytes *to, const void *bytes, size_t length)
{
	size_t padded = NLMSG_ALIGN(length), room = to->room ? to->room : ROOM_AT_FIRST;

	while (room - to->used < padded)
		room *= 2;
	if (room != to->room) {
		void *more = realloc(to->bytes, room);

		if (!more)
			return -1;
		to->bytes = more;
		to->room = room;
	}
	memcpy(to->bytes + to->used, bytes, length);
	memset(to->bytes + to->used + length, 0, padded - length);
	to->used += padded;
	return 0;
}

void links_bytes_clear(struct links_bytes *bytes)
{
	free(bytes->bytes);
	*bytes = (struct links_bytes){0};
}

static int request(struct dump *dump, uint16_t type)
{
	char buffer[100];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	/* Long enough for both types; zero is AF_UNSPEC, all interfaces. */
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	if (type == RTM_GETLINK)
		mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return mnl_socket_sendto(dump->socket, message, message->nlmsg_len) < 0 ? -1 : 0;
}

static void look_at(struct dump *dump, int length)
{
	const struct nlmsghdr *message = (const void *)dump->buffer;

	for (; netlink_ok(message, length); message = mnl_nlmsg_next(message, &length)) {
		dump->torn = dump->torn || (message->nlmsg_flags & NLM_F_DUMP_INTR);
		if (message->nlmsg_type != NLMSG_DONE && message->nlmsg_type != NLMSG_ERROR)
			continue;
		dump->done = true;
		if (netlink_error(message))
			dump->error = netlink_error(message);
	}
}

static int read_all(struct dump *dump, uint16_t type)
{
	dump->done = false;
	if (request(dump, type))
		return -1;
	while (!dump->done) {
		ssize_t n = mnl_socket_recvfrom(dump->socket, dump->buffer, sizeof(dump->buffer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			errno = errno == EAGAIN ? ETIMEDOUT : errno;
			return -1;
		}
		if (links_bytes_add(dump->messages, dump->buffer, (size_t)n))
			return -1;
		look_at(dump, (int)n);
	}
	errno = dump->error;
	return dump->error ? -1 : 0;
}

static int open_and_read(struct dump *dump)
{
	struct timeval limit = {.tv_sec = ANSWER_WAIT_S};

	dump->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!dump->socket || mnl_socket_bind(dump->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -1;
	setsockopt(mnl_socket_get_fd(dump->socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return read_all(dump, RTM_GETLINK) || read_all(dump, RTM_GETADDR) ? -1 : 0;
}

int links_dump(struct links_bytes *messages, bool *torn)
{
	struct dump *dump = calloc(1, sizeof(*dump));
	int result, error;

	if (!dump)
		return -1;
	dump->messages = messages;
	result = open_and_read(dump);
	error = errno;
	*torn = dump->torn;
	if (dump->socket)
		mnl_socket_close(dump->socket);
	free(dump);
	errno = error;
	return result;
}
