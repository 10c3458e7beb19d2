/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rtnetlink socket. One socket carries both the changes and the answers to dumps, so that what
 * is read last is what is true. A change may be lost (the receive buffer overflowed) or a dump be
 * torn (the state changed meanwhile); then everything is read anew, and what the new dump does not
 * confirm is forgotten.
 */
#include "sys/links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/links_table.h"
#include "sys/log.h"

#define RECEIVE_BUFFER (8 << 20) /* thousands of changes at once are ordinary on a big router */
#define DATAGRAM_MAX   65536
#define READS_A_TURN   64 /* then the loop has its turn */
#define ANSWER_WAIT_MS 1000
#define DUMPS_AT_OPEN  4

struct links {
	struct mnl_socket *socket;
	struct links_table table;
	links_changed_fn *changed;
	links_gone_fn *gone;
	void *data;
	uint32_t sequence;
	char buffer[DATAGRAM_MAX] __attribute__((aligned(8)));
};

/* ---- reading everything ---- */

static int request_dump(struct links *links, uint16_t type)
{
	char buffer[100];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = ++links->sequence;
	/* Long enough for both types; zero is AF_UNSPEC, all interfaces. */
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	if (type == RTM_GETLINK)
		mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return mnl_socket_sendto(links->socket, message, message->nlmsg_len) < 0 ? -1 : 0;
}

/* 0, or -1 with errno; EAGAIN means that the result is torn and must be read again. */
static int dump(struct links *links, uint16_t type)
{
	struct pollfd readable = {.fd = links_fd(links), .events = POLLIN};
	struct links_dump progress = {0};
	bool lost = false;

	if (request_dump(links, type))
		return -1;
	progress.sequence = links->sequence;
	while (!progress.done) {
		ssize_t n =
			mnl_socket_recvfrom(links->socket, links->buffer, sizeof(links->buffer));

		if (n >= 0) {
			links_table_feed(&links->table, links->buffer, (size_t)n, &progress);
		} else if (errno == ENOBUFS || errno == ENOSPC) {
			lost = true; /* but the dump goes on, and must be read to its end */
		} else if (errno != EAGAIN && errno != EINTR) {
			return -1;
		} else if (poll(&readable, 1, ANSWER_WAIT_MS) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	errno = progress.error ? progress.error : EAGAIN;
	return progress.error || progress.interrupted || lost ? -1 : 0;
}

static int read_everything(struct links *links)
{
	links->table.incomplete = false;
	links_table_mark(&links->table);
	if (dump(links, RTM_GETLINK) || dump(links, RTM_GETADDR))
		return -1;
	links_table_sweep(&links->table);
	errno = ENOMEM;
	return links->table.incomplete ? -1 : 0;
}

/* Read anew, `tries` times at most. A torn result is no error, but leaves the table incomplete. */
static int resync(struct links *links, int tries)
{
	while (tries--) {
		if (!read_everything(links))
			return 0;
		links->table.incomplete = true;
		if (errno != EAGAIN)
			return -1;
	}
	return 0;
}

/* Ask for loopback: the answer makes the socket readable, which gives links_dispatch() a turn. */
static void ask_for_a_turn(struct links *links)
{
	char buffer[100];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *header;

	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->ifi_index = 1;
	mnl_socket_sendto(links->socket, message, message->nlmsg_len);
}

/* ---- opening and changes ---- */

static int open_socket(struct links *links)
{
	static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
	int size = RECEIVE_BUFFER;

	links->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!links->socket || mnl_socket_bind(links->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -1;
	if (setsockopt(links_fd(links), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(links_fd(links), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (mnl_socket_setsockopt(links->socket, NETLINK_ADD_MEMBERSHIP, (void *)&groups[i],
					  sizeof(groups[i])) < 0)
			return -1;
	return 0;
}

struct links *links_open(links_changed_fn *changed, links_gone_fn *gone, void *data,
			 struct failure *failure)
{
	struct links *links = calloc(1, sizeof(*links));

	if (!links) {
		fail(failure, "netlink: out of memory");
		return NULL;
	}
	links_table_init(&links->table);
	links->changed = changed;
	links->gone = gone;
	links->data = data;
	if (open_socket(links) || resync(links, DUMPS_AT_OPEN)) {
		fail(failure, "netlink: reading the interfaces: %m");
		links_close(links);
		return NULL;
	}
	links_table_report(&links->table, NULL, NULL, NULL); /* nothing of this is a change */
	return links;
}

void links_close(struct links *links)
{
	if (!links)
		return;
	if (links->socket)
		mnl_socket_close(links->socket);
	links_table_clear(&links->table);
	free(links);
}

int links_fd(const struct links *links)
{
	return mnl_socket_get_fd(links->socket);
}

/* Take in what waits; true once nothing does. */
static bool drain(struct links *links)
{
	for (int reads = 0; reads < READS_A_TURN; reads++) {
		ssize_t n =
			mnl_socket_recvfrom(links->socket, links->buffer, sizeof(links->buffer));

		if (n >= 0)
			links_table_feed(&links->table, links->buffer, (size_t)n, NULL);
		else if (errno == ENOBUFS || errno == ENOSPC)
			links->table.incomplete = true;
		else if (errno != EINTR)
			return true;
	}
	return false;
}

void links_dispatch(struct links *links)
{
	/* A dump needs room in the receive buffer, so what waits goes first. */
	bool anew = drain(links) && links->table.incomplete;

	if (anew && resync(links, 1))
		log_warning("netlink: reading the interfaces anew: %m");
	else if (anew && links->table.incomplete)
		ask_for_a_turn(links);
	links_table_report(&links->table, anew ? NULL : links->changed, links->gone, links->data);
	if (anew)
		links->changed(0, links->data);
}

/* ---- questions ---- */

const struct link *links_at(const struct links *links, size_t position)
{
	return position < links->table.count ? &links->table.entries[position]->link : NULL;
}

const struct link *links_by_name(const struct links *links, const char *name)
{
	const struct link_entry *entry = links_table_find_name(&links->table, name);

	return entry ? &entry->link : NULL;
}

const struct link *links_by_index(const struct links *links, int ifindex)
{
	struct link_entry *entry = links_table_find(&links->table, ifindex);

	return entry ? &entry->link : NULL;
}

/* May it be a primary address? IPv6 advertisements come from the link-local one. */
static bool suits(const struct link_address *address, enum vrrp_family family)
{
	switch (family) {
	case VRRP_IPV4:
		return addr_is_ipv4(&address->address);
	case VRRP_IPV6:
		return address->address.b[0] == 0xfe && (address->address.b[1] & 0xc0) == 0x80 &&
		       !(address->flags & IFA_F_TENTATIVE);
	}
	return false;
}

/* The smaller the better: secondary ones last, then as the kernel orders them, by scope. */
static unsigned rank(const struct link_address *address)
{
	return (address->flags & IFA_F_SECONDARY ? 256u : 0) + address->scope;
}

bool links_primary(const struct links *links, int ifindex, enum vrrp_family family,
		   links_skip_fn *skip, void *data, struct vrrp_addr *out)
{
	const struct link_entry *entry = links_table_find(&links->table, ifindex);
	const struct link_address *address, *best = NULL;

	if (!entry)
		return false;
	TAILQ_FOREACH(address, &entry->addresses, entry) {
		if (suits(address, family) && (!best || rank(address) < rank(best)) &&
		    !(skip && skip(&address->address, data)))
			best = address;
		if (best && rank(best) == 0)
			break;
	}
	if (best)
		*out = best->address;
	return best;
}

/*
 * Binding an unused socket looks the name up in one step. if_nametoindex() would, for a name that
 * does not exist, have the kernel run modprobe and wait for it; rtnetlink would wait for its lock.
 */
int link_index(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), index = 0;
	socklen_t length = sizeof(index);

	if (fd < 0)
		return 0;
	if (*name && !setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)))
		getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, &length);
	close(fd);
	return index;
}

bool links_has_address(const struct links *links, int ifindex, const struct vrrp_addr *address)
{
	const struct link_entry *entry = links_table_find(&links->table, ifindex);

	return entry && links_table_has_address(entry, address);
}
