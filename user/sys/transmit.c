/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One packet socket for all interfaces. Its protocol is 0, so that it receives nothing. Frames go
 * straight to the driver: a queueing discipline full of other traffic neither delays nor drops an
 * advertisement, and tc egress does not see it. Messages to one host need a route and a neighbour,
 * which the kernel knows: transmit_unicast.c.
 */
#include "sys/transmit.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <linux/pkt_sched.h>
#include <net/ethernet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/transmit_unicast.h"

#define BATCH	    64
#define SEND_BUFFER (4 << 20) /* a burst of announcements for thousands of addresses */

struct transmit {
	int fd;
	struct unicast unicast;
};

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

struct transmit *transmit_open(struct failure *failure)
{
	struct transmit *transmit = calloc(1, sizeof(*transmit));

	if (!transmit) {
		fail(failure, "packet socket: out of memory");
		return NULL;
	}
	transmit->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (transmit->fd < 0) {
		fail(failure, "packet socket: %m%s",
		     errno == EPERM
			     ? " (run as root, or with CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF)"
			     : "");
		free(transmit);
		return NULL;
	}
	transmit->unicast = (struct unicast){.ipv4 = -1, .ipv6 = -1};
	if (set_option(transmit->fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1)) {
		fail(failure, "packet socket: PACKET_QDISC_BYPASS: %m");
		transmit_close(transmit);
		return NULL;
	}
	/* Both are improvements that a lack of CAP_NET_ADMIN may refuse. The priority becomes the
	 * 802.1p bits where a VLAN device maps it, and picks the hardware queue under mqprio. */
	set_option(transmit->fd, SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL);
	set_option(transmit->fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER);
	unicast_open(&transmit->unicast);
	return transmit;
}

void transmit_close(struct transmit *transmit)
{
	if (!transmit)
		return;
	unicast_close(&transmit->unicast);
	close(transmit->fd);
	free(transmit);
}

static struct sockaddr_ll destination(int ifindex, const uint8_t *frame, size_t length)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = ifindex};

	/* The EtherType, which drivers and bonds look at, stands behind the two addresses. */
	if (length >= ETH_HLEN)
		memcpy(&to.sll_protocol, frame + 2 * ETH_ALEN, sizeof(to.sll_protocol));
	return to;
}

int transmit_send(struct transmit *transmit, int ifindex, const uint8_t *frame, size_t length)
{
	struct sockaddr_ll to = destination(ifindex, frame, length);
	ssize_t sent = sendto(transmit->fd, frame, length, MSG_DONTWAIT, (struct sockaddr *)&to,
			      sizeof(to));

	return sent < 0 ? -1 : 0;
}

int transmit_unicast(struct transmit *transmit, int ifindex, const struct vrrp_addr *source,
		     const struct vrrp_addr *destination_addr, uint8_t hops, const uint8_t *message,
		     size_t length)
{
	return unicast_send(&transmit->unicast, ifindex, source, destination_addr, hops, message,
			    length);
}

/* Up to BATCH frames; returns how many were taken. If none, errno is of the first. */
static size_t send_batch(struct transmit *transmit, const struct transmit_frame *frames,
			 unsigned count)
{
	struct mmsghdr messages[BATCH] = {0};
	struct sockaddr_ll to[BATCH];
	struct iovec data[BATCH];
	int sent;

	for (unsigned i = 0; i < count; i++) {
		to[i] = destination(frames[i].ifindex, frames[i].data, frames[i].length);
		data[i] = (struct iovec){(void *)frames[i].data, frames[i].length};
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &to[i],
			.msg_namelen = sizeof(to[i]),
			.msg_iov = &data[i],
			.msg_iovlen = 1,
		};
	}
	sent = sendmmsg(transmit->fd, messages, count, MSG_DONTWAIT);
	return sent > 0 ? (size_t)sent : 0;
}

/*
 * The kernel stops at the first frame that is refused, and says why only if it is the very first:
 * step over that one then, another interface's frames may follow.
 */
void transmit_each(struct transmit *transmit, const struct transmit_frame *frames, size_t count,
		   int *errors)
{
	size_t done = 0;

	while (done < count) {
		size_t left = count - done;
		size_t taken =
			send_batch(transmit, frames + done, left < BATCH ? (unsigned)left : BATCH);

		if (taken == 0)
			errors[done++] = errno;
		for (; taken > 0; taken--)
			errors[done++] = 0;
	}
}
