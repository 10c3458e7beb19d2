/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rtnetlink socket that changes come by. A change may be lost (the receive buffer overflowed);
 * then everything is read anew by links_dump(), in the worker's thread, and what that does not
 * confirm is forgotten.
 *
 * Changes go on coming in meanwhile, each of them before or after the dump has looked. They are
 * taken in at once, kept, and taken in once more after the dump: a change says how something is,
 * not how it differs, so the last one is right, and then the dump is of no matter.
 */
#include "sys/links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/links_dump.h"
#include "sys/links_table.h"
#include "sys/log.h"
#include "sys/worker.h"

#define RECEIVE_BUFFER (8 << 20) /* thousands of changes at once are ordinary on a big router */
#define DATAGRAM_MAX   65536
#define READS_A_TURN   64 /* then the loop has its turn */
#define DUMPS_IN_A_ROW 4

/* Reading everything; the worker's until it is done. */
struct reading {
	struct links *links;
	struct links_bytes messages;
	bool torn;
	int error; /* 0 = none */
};

struct links {
	struct mnl_socket *socket;
	struct links_table table;
	links_changed_fn *changed;
	links_gone_fn *gone;
	void *data;
	struct worker *worker;	    /* NULL = read in this thread */
	struct reading *reading;    /* NULL = none */
	struct links_bytes changes; /* that came in while reading */
	char buffer[DATAGRAM_MAX] __attribute__((aligned(8)));
};

/* ---- reading everything ---- */

static void read_everything(void *data)
{
	struct reading *reading = data;

	reading->error = links_dump(&reading->messages, &reading->torn) ? errno : 0;
}

static void free_reading(struct links *links)
{
	if (links->reading)
		links_bytes_clear(&links->reading->messages);
	free(links->reading);
	links->reading = NULL;
	links_bytes_clear(&links->changes);
}

static struct reading *new_reading(struct links *links)
{
	links->reading = calloc(1, sizeof(*links->reading));
	if (!links->reading)
		return NULL;
	links->reading->links = links;
	links->table.incomplete = false; /* unless something is lost from now on */
	return links->reading;
}

/* What was read becomes what is. A torn result may lack something, so that nothing is forgotten. */
static void take_in(struct links *links)
{
	const struct reading *reading = links->reading;

	if (!reading->error) {
		links_table_mark(&links->table);
		links_table_feed(&links->table, reading->messages.bytes, reading->messages.used);
		links_table_feed(&links->table, links->changes.bytes, links->changes.used);
		if (!reading->torn)
			links_table_sweep(&links->table);
	}
	if (reading->error || reading->torn)
		links->table.incomplete = true;
	free_reading(links);
}

/* In this thread; 0 or an error number. What is torn in the end leaves the table incomplete. */
static int read_now(struct links *links)
{
	int tries = DUMPS_IN_A_ROW, error;

	do {
		if (!new_reading(links))
			return ENOMEM;
		read_everything(links->reading);
		error = links->reading->error;
		take_in(links);
	} while (!error && links->table.incomplete && --tries);
	return error;
}

/*
 * Ask for the answer to nothing, which the kernel gives without any lock: the socket becomes
 * readable, which gives links_dispatch() a turn. Not at once, so that worker_wait() comes to an end
 * while others keep changing things.
 */
static void ask_for_a_turn(struct links *links)
{
	struct nlmsghdr nothing = {
		.nlmsg_len = sizeof(nothing),
		.nlmsg_type = NLMSG_NOOP,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};

	mnl_socket_sendto(links->socket, &nothing, sizeof(nothing));
}

/* After reading, with its error. */
static void tell_all(struct links *links, int error)
{
	if (error)
		log_warning("netlink: reading the interfaces, to be tried again: %s",
			    strerror(error));
	else if (links->table.incomplete)
		ask_for_a_turn(links);
	links_table_report(&links->table, NULL, links->gone, links->data);
	links->changed(0, links->data);
}

static void reading_done(void *data)
{
	struct links *links = ((struct reading *)data)->links;
	int error = links->reading->error;

	take_in(links);
	tell_all(links, error);
}

static void start_reading(struct links *links)
{
	struct reading *reading = new_reading(links);

	if (reading && worker_run(links->worker, read_everything, reading_done, reading))
		return;
	free_reading(links);
	links->table.incomplete = true;
	log_warning("netlink: reading the interfaces, to be tried again: out of memory");
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
	/* Changes first: what the dump does not see comes after it. */
	if (open_socket(links) || (errno = read_now(links))) {
		fail(failure, "netlink: reading the interfaces: %m");
		links_close(links);
		return NULL;
	}
	links_table_report(&links->table, NULL, NULL, NULL); /* nothing of this is a change */
	return links;
}

void links_use_worker(struct links *links, struct worker *worker)
{
	links->worker = worker;
}

void links_close(struct links *links)
{
	if (!links)
		return;
	if (links->socket)
		mnl_socket_close(links->socket);
	free_reading(links);
	links_table_clear(&links->table);
	free(links);
}

int links_fd(const struct links *links)
{
	return mnl_socket_get_fd(links->socket);
}

static void take_changes(struct links *links, size_t length)
{
	links_table_feed(&links->table, links->buffer, length);
	if (links->reading && links_bytes_add(&links->changes, links->buffer, length))
		links->table.incomplete = true;
}

/* Take in what waits, but not for ever. */
static void drain(struct links *links)
{
	for (int reads = 0; reads < READS_A_TURN; reads++) {
		ssize_t n =
			mnl_socket_recvfrom(links->socket, links->buffer, sizeof(links->buffer));

		if (n >= 0)
			take_changes(links, (size_t)n);
		else if (errno == ENOBUFS || errno == ENOSPC)
			links->table.incomplete = true;
		else if (errno != EINTR)
			return;
	}
}

void links_dispatch(struct links *links)
{
	drain(links);
	if (links->table.incomplete && !links->worker) {
		tell_all(links, read_now(links));
		return;
	}
	if (links->table.incomplete && !links->reading)
		start_reading(links);
	links_table_report(&links->table, links->changed, links->gone, links->data);
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
		return addr_is_link_local(&address->address) &&
		       !(address->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
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

bool links_enslaved(const struct links *links, const struct link *link, char advice[150])
{
	const struct link *master = links_by_index(links, link->master);

	if (!master || strcmp(master->kind, "vrf") == 0)
		return false;
	snprintf(advice, 150,
		 "%s belongs to the %s %s, which gets what arrives there: use `interface %s`",
		 link->name, master->kind[0] ? master->kind : "interface", master->name,
		 master->name);
	return true;
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
