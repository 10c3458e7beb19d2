/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sending batches, and sorting out the answers: what is already so is no failure. */
#include "sys/takeover_batch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/netlink.h"

#define ANSWER_WAIT_MS 1000
#define DUMPS_MAX      3

void batch_begin(struct takeover *takeover, bool removing, struct failure *failure)
{
	takeover->removing = removing;
	takeover->failure = failure;
	takeover->failed = 0;
	takeover->count = 0;
	takeover->used = 0;
	takeover->last = NULL;
}

/* ---- failures ---- */

/* The world is as it was asked to be. */
static bool is_already_so(const struct takeover *takeover, int error)
{
	if (!takeover->removing)
		return error == EEXIST;
	/* No such address, route, entry; or the whole interface has gone. */
	return error == EADDRNOTAVAIL || error == ESRCH || error == ENOENT || error == ENODEV;
}

static void describe_route(const struct route *route, char *text, size_t size)
{
	const char *dev = route->hop_count ? route->hops[0].dev : "";
	char to[ADDR_TEXT_LEN];

	snprintf(text, size, "route to %s/%u%s%s", addr_format(&route->to, to), route->to_len,
		 *dev ? " on " : "", dev);
}

static void describe(const struct takeover_item *item, char *text, size_t size)
{
	char address[ADDR_TEXT_LEN], name[32] = "an interface that is gone";
	const uint8_t *mac = item->mac;

	if_indextoname((unsigned)item->ifindex, name);
	switch (item->kind) {
	case TAKEOVER_ADDRESS:
		snprintf(text, size, "address %s/%u on %s", addr_format(&item->address, address),
			 item->prefix_len, name);
		return;
	case TAKEOVER_BLACKHOLE:
		snprintf(text, size, "blackhole route for %s",
			 addr_format(&item->address, address));
		return;
	case TAKEOVER_ROUTE:
		describe_route(item->route, text, size);
		return;
	case TAKEOVER_RULE:
		snprintf(text, size, "rule of priority %u", item->rule->priority);
		return;
	case TAKEOVER_GROUP:
		snprintf(text, size, "solicited-node group of %s on %s",
			 addr_format(&item->address, address), name);
		return;
	case TAKEOVER_MAC:
		snprintf(text, size, "%02x:%02x:%02x:%02x:%02x:%02x in the address filter of %s",
			 mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], name);
		return;
	}
}

void batch_failed(struct takeover *takeover, const struct takeover_item *item, int error,
		  const char *kernel_says)
{
	char what[150];

	if (!item || is_already_so(takeover, error))
		return;
	if (takeover->failed++)
		return;
	describe(item, what, sizeof(what));
	fail(takeover->failure, "%s: %s: %s%s%s%s", what,
	     takeover->removing ? "cannot be removed" : "cannot be added", strerror(error),
	     *kernel_says ? ": " : "", kernel_says, error == EPERM ? " (needs CAP_NET_ADMIN)" : "");
}

/* ---- answers ---- */

/* One datagram, waited for within bounds. Its length, or -1 with errno. */
static ssize_t receive(struct takeover *takeover)
{
	struct pollfd readable = {.fd = mnl_socket_get_fd(takeover->socket), .events = POLLIN};
	ssize_t n;

	do {
		n = mnl_socket_recvfrom(takeover->socket, takeover->answer,
					sizeof(takeover->answer));
		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			return n;
	} while (poll(&readable, 1, ANSWER_WAIT_MS) != 0);
	errno = ETIMEDOUT;
	return -1;
}

/* The sentence that the kernel gives along with an error number, or "". */
static const char *kernel_text(const struct nlmsghdr *message)
{
	const struct nlattr *attribute;

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	mnl_attr_for_each(attribute, message, sizeof(struct nlmsgerr))
		if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
			return mnl_attr_get_str(attribute);
	return "";
}

/* Note what the datagram says; true if it answers the last message of the batch. */
static bool take_answers(struct takeover *takeover, int length)
{
	uint32_t first = takeover->sequence - takeover->count + 1;
	const struct nlmsghdr *message = (const void *)takeover->answer;
	bool last = false;

	for (; netlink_ok(message, length); message = mnl_nlmsg_next(message, &length)) {
		uint32_t index = message->nlmsg_seq - first;

		/* Anything else is left over from a batch whose answers came too late. */
		if (message->nlmsg_type != NLMSG_ERROR || index >= takeover->count ||
		    !netlink_holds(message, sizeof(struct nlmsgerr)))
			continue;
		if (netlink_error(message))
			batch_failed(takeover, takeover->items[index], netlink_error(message),
				     kernel_text(message));
		last = last || message->nlmsg_seq == takeover->sequence;
	}
	return last;
}

static void send_batch(struct takeover *takeover)
{
	ssize_t n;

	if (!takeover->count)
		return;
	/* Without the flag only failures are answered. The last answer of all ends the wait. */
	takeover->last->nlmsg_flags |= NLM_F_ACK;
	n = mnl_socket_sendto(takeover->socket, takeover->buffer, takeover->used);
	if (n >= 0)
		do
			n = receive(takeover);
		while (n >= 0 && !take_answers(takeover, (int)n));
	if (n < 0)
		batch_failed(takeover, takeover->items[takeover->count - 1], errno, "netlink");
	takeover->count = 0;
	takeover->used = 0;
}

/* ---- messages ---- */

struct nlmsghdr *batch_message(struct takeover *takeover, uint16_t type, uint16_t flags,
			       const struct takeover_item *item)
{
	struct nlmsghdr *message;

	if (takeover->count == BATCH_ITEMS_MAX || takeover->used + BATCH_ROOM > BATCH_BYTES)
		send_batch(takeover);
	message = mnl_nlmsg_put_header(takeover->buffer + takeover->used);
	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = ++takeover->sequence;
	takeover->items[takeover->count++] = item;
	takeover->last = message;
	return message;
}

void batch_message_end(struct takeover *takeover, struct nlmsghdr *message)
{
	takeover->used += NLMSG_ALIGN(message->nlmsg_len);
}

int batch_end(struct takeover *takeover)
{
	send_batch(takeover);
	return takeover->failed;
}

/* ---- dumps ---- */

struct dump {
	uint32_t sequence;
	bool done;
	bool torn; /* the state changed meanwhile */
	int error;
};

static void take_dump(struct dump *dump, const struct nlmsghdr *message, int length,
		      batch_each_fn *each, void *data)
{
	for (; netlink_ok(message, length); message = mnl_nlmsg_next(message, &length)) {
		if (message->nlmsg_seq != dump->sequence)
			continue; /* an answer that came too late */
		dump->torn = dump->torn || (message->nlmsg_flags & NLM_F_DUMP_INTR);
		if (message->nlmsg_type != NLMSG_DONE && message->nlmsg_type != NLMSG_ERROR) {
			each(message, data);
			continue;
		}
		dump->done = true;
		if (netlink_error(message))
			dump->error = netlink_error(message);
	}
}

/* 0, or -1 with errno, EAGAIN if the result is torn. */
static int dump_once(struct takeover *takeover, struct nlmsghdr *request, batch_each_fn *each,
		     void *data)
{
	struct dump dump = {.sequence = ++takeover->sequence};

	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = dump.sequence;
	if (mnl_socket_sendto(takeover->socket, request, request->nlmsg_len) < 0)
		return -1;
	while (!dump.done) {
		ssize_t n = receive(takeover);

		if (n < 0)
			return -1;
		take_dump(&dump, (const void *)takeover->answer, (int)n, each, data);
	}
	errno = dump.error ? dump.error : EAGAIN;
	return dump.error || dump.torn ? -1 : 0;
}

int batch_dump(struct takeover *takeover, struct nlmsghdr *request, batch_each_fn *each, void *data)
{
	int result = -1;

	send_batch(takeover);
	for (int tries = 0; tries < DUMPS_MAX && result; tries++) {
		result = dump_once(takeover, request, each, data);
		if (result && errno != EAGAIN)
			return -1;
	}
	return 0;
}
