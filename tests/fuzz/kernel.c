/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * These functions are found before those of libmnl. What a buffer has behind the datagram is
 * poisoned until the next one, so that a parser that reads on is caught.
 */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DATAGRAMS_MAX 64 /* of a run: whatever waits for an answer must come to an end */

struct mnl_socket {
	bool open;
};

static struct kernel kernel;

struct kernel *kernel_new(struct input *input)
{
	kernel = (struct kernel){.input = input, .datagrams_left = DATAGRAMS_MAX};
	return &kernel;
}

static void unpoison(void)
{
	ASAN_UNPOISON_MEMORY_REGION(kernel.poisoned, kernel.poisoned_size);
	kernel.poisoned = NULL;
	kernel.poisoned_size = 0;
}

void kernel_end(void)
{
	unpoison();
	must(kernel.open == 0);
}

/* ---- what it says ---- */

static const uint16_t types[] = {
	RTM_NEWLINK,  RTM_DELLINK,  RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE,
	RTM_NEWNEIGH, RTM_NEWQDISC, NLMSG_ERROR, NLMSG_DONE,  NLMSG_NOOP,
};

/* Somewhere to put bytes. */
struct room {
	uint8_t *at, *end;
};

static void *put(struct room *room, const void *bytes, size_t length)
{
	uint8_t *place = room->at;

	if (length > (size_t)(room->end - room->at))
		return NULL;
	if (length)
		memcpy(place, bytes, length);
	room->at += length;
	return place;
}

static void pad(struct room *room)
{
	static const uint8_t zeros[4];

	put(room, zeros, -(uintptr_t)room->at & 3);
}

/* Any bytes, of which some are likely to be told apart by the parser: few interfaces, few names. */
static void put_some(struct room *room, size_t length)
{
	uint8_t bytes[256];

	take_bytes(kernel.input, bytes, length);
	put(room, bytes, length);
}

static size_t header_length(uint16_t type)
{
	switch (type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return sizeof(struct ifinfomsg);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return sizeof(struct ifaddrmsg);
	case RTM_NEWROUTE:
		return sizeof(struct rtmsg);
	case RTM_NEWNEIGH:
		return sizeof(struct ndmsg);
	case RTM_NEWQDISC:
		return sizeof(struct tcmsg);
	case RTM_NEWRULE:
		return sizeof(struct fib_rule_hdr);
	case NLMSG_ERROR:
		return sizeof(struct nlmsgerr);
	case NLMSG_DONE:
		return sizeof(int);
	}
	return 0;
}

/* What the parsers look for: the same few names and addresses again and again. */
static void put_likely_attribute(struct room *room)
{
	static const struct {
		uint16_t type, length;
		uint8_t value[16];
	} likely[] = {
		{IFLA_IFNAME, 2, "a"},
		{IFLA_ADDRESS, 6, {2}},
		{IFA_ADDRESS, 4, {10}}, /* and RTA_DST */
		{IFA_LOCAL, 4, {10}},
		{IFA_LOCAL, 16, {0xfe, 0x80}},
		{NDA_LLADDR, 6, {0, 0, 0x5e, 0, 1}},
		{TCA_KIND, 7, "clsact"},
		{11 /* IFA_PROTO */, 1, {0}},
	};
	unsigned number = take_below(kernel.input, sizeof(likely) / sizeof(likely[0]));
	struct nlattr attribute = {
		.nla_len = (uint16_t)(sizeof(attribute) + likely[number].length),
		.nla_type = likely[number].type,
	};
	uint8_t value[16], *last = &value[likely[number].length - 1];

	memcpy(value, likely[number].value, sizeof(value));
	if (likely[number].length == 1)
		*last = 112; /* our mark */
	else if (likely[number].type != TCA_KIND || likely[number].length != 7)
		*last += take8(kernel.input) % 4;
	put(room, &attribute, sizeof(attribute));
	put(room, value, likely[number].length);
	pad(room);
}

/* Of the length that it says, or of another one. */
static void put_attribute(struct room *room)
{
	uint16_t type = take8(kernel.input), length = take8(kernel.input) % 24;
	bool honest = take8(kernel.input) < 240;
	struct nlattr attribute = {
		.nla_len = honest ? (uint16_t)(sizeof(attribute) + length) : take16(kernel.input),
		.nla_type = type,
	};

	put(room, &attribute, sizeof(attribute));
	put_some(room, length);
	pad(room);
}

union header {
	uint8_t bytes[sizeof(struct nlmsgerr)];
	struct ifinfomsg link;
	struct ifaddrmsg address;
	struct rtmsg route;
	struct ndmsg neighbour;
	struct tcmsg qdisc;
	struct fib_rule_hdr rule;
	struct nlmsgerr error;
};

/* What is ours, or could be. */
static void make_likely(union header *header, uint16_t type)
{
	bool ipv4 = take_bool(kernel.input);

	switch (type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		header->link.ifi_family = AF_UNSPEC;
		return;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		header->address.ifa_family = ipv4 ? AF_INET : AF_INET6;
		header->address.ifa_prefixlen = ipv4 ? 24 : 64;
		return;
	case RTM_NEWROUTE:
		header->route.rtm_family = ipv4 ? AF_INET : AF_INET6;
		header->route.rtm_dst_len = ipv4 ? 32 : 128;
		header->route.rtm_table = RT_TABLE_MAIN;
		header->route.rtm_protocol = 112;
		header->route.rtm_type = RTN_BLACKHOLE;
		return;
	case RTM_NEWRULE:
		header->rule.family = ipv4 ? AF_INET : AF_INET6;
		header->rule.action = FR_ACT_TO_TBL;
		return;
	case RTM_NEWNEIGH:
		header->neighbour.ndm_state = NUD_PERMANENT;
		header->neighbour.ndm_flags = NTF_SELF;
		return;
	case NLMSG_ERROR:
	case NLMSG_DONE:
		header->error.error = -(int)(header->error.error & 127);
		return;
	}
}

/* Interface numbers from 0 to 7, so that messages are about the same ones. */
static void put_header(struct room *room, uint16_t type)
{
	union header header;

	take_bytes(kernel.input, &header, header_length(type));
	if (type == RTM_NEWLINK || type == RTM_DELLINK)
		header.link.ifi_index &= 7;
	else if (type == RTM_NEWADDR || type == RTM_DELADDR)
		header.address.ifa_index &= 7;
	else if (type == RTM_NEWNEIGH)
		header.neighbour.ndm_ifindex &= 7;
	if (take8(kernel.input) % 8)
		make_likely(&header, type);
	if (take8(kernel.input) < 250) /* else it is cut off */
		put(room, &header, header_length(type));
}

static uint16_t type_of(unsigned what)
{
	uint16_t type = types[what % (sizeof(types) / sizeof(types[0]))];

	return kernel.has_rules && type == RTM_NEWQDISC ? RTM_NEWRULE : type;
}

static void put_message(struct room *room)
{
	unsigned what = take8(kernel.input);
	uint16_t type = type_of(what);
	struct nlmsghdr message =
				{
					.nlmsg_type = type,
					.nlmsg_flags = take8(kernel.input),
					.nlmsg_seq = kernel.sequence - take8(kernel.input) % 4,
				},
			*header;

	if (what >= 240) /* about the order of answers */
		message.nlmsg_seq = take32(kernel.input);
	header = put(room, &message, sizeof(message));
	if (!header)
		return;
	if (message.nlmsg_flags & NLM_F_DUMP_FILTERED)
		message.nlmsg_flags |= NLM_F_ACK_TLVS;
	put_header(room, type);
	pad(room);
	for (unsigned count = take8(kernel.input) % 6; count; count--)
		if (take_bool(kernel.input))
			put_likely_attribute(room);
		else
			put_attribute(room);
	message.nlmsg_len = (uint32_t)(room->at - (uint8_t *)header);
	if (take8(kernel.input) == 0xff)
		message.nlmsg_len = take32(kernel.input);
	memcpy(header, &message, sizeof(message));
}

/* Multiples of 4: the kernel pads. */
static size_t put_datagram(uint8_t *buffer, size_t size)
{
	struct room room = {buffer, buffer + size};
	unsigned what = take8(kernel.input);

	if (what == 0xff) {
		put_some(&room, take8(kernel.input));
		pad(&room);
		return (size_t)(room.at - buffer);
	}
	for (unsigned count = 1 + what % 8; count; count--)
		put_message(&room);
	return (size_t)(room.at - buffer);
}

/* ---- libmnl's sockets ---- */

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	struct mnl_socket *socket = must_allocate(sizeof(*socket));

	must(bus == NETLINK_ROUTE && flags & SOCK_CLOEXEC);
	socket->open = true;
	kernel.open++;
	return socket;
}

int mnl_socket_close(struct mnl_socket *socket)
{
	must(socket->open && kernel.open--);
	free(socket);
	return 0;
}

int mnl_socket_bind(struct mnl_socket *socket, unsigned groups, pid_t pid)
{
	(void)socket, (void)groups, (void)pid;
	return 0;
}

int mnl_socket_setsockopt(const struct mnl_socket *socket, int type, void *value, socklen_t size)
{
	(void)socket, (void)type, (void)value, (void)size;
	return 0;
}

/* Readable at any time: to wait for an answer takes no time. */
int mnl_socket_get_fd(const struct mnl_socket *socket)
{
	static int null = -1;

	must(socket->open);
	if (null < 0)
		null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return null;
}

/* Requests are well-formed, whatever they are made of. */
ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *bytes, size_t length)
{
	const struct nlmsghdr *message = bytes;
	int left = (int)length;

	(void)socket;
	for (; left > 0; message = mnl_nlmsg_next(message, &left)) {
		must(mnl_nlmsg_ok(message, left));
		kernel.sequence = message->nlmsg_seq;
		kernel.sent++;
		if (kernel.look)
			kernel.look(message);
	}
	must(left == 0);
	if (take8(kernel.input) < 250)
		return (ssize_t)length;
	errno = ENOBUFS;
	return -1;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *socket, void *buffer, size_t size)
{
	static const int errors[] = {ENOBUFS, EINTR, EIO, ENOSPC};
	unsigned what = take8(kernel.input);
	size_t length;

	(void)socket;
	unpoison();
	errno = EIO; /* not EAGAIN: some would wait for more */
	if (!kernel.input->left || !kernel.datagrams_left)
		return -1;
	kernel.datagrams_left--;
	errno = errors[what % 4];
	if (what >= 240)
		return -1;
	length = put_datagram(buffer, size);
	kernel.poisoned = (uint8_t *)buffer + length;
	kernel.poisoned_size = size - length;
	ASAN_POISON_MEMORY_REGION(kernel.poisoned, kernel.poisoned_size);
	return (ssize_t)length;
}
