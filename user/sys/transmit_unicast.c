/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VRRP messages to one host (H-40), by a raw IP socket of each family: the kernel finds the way and
 * the neighbour, and makes the IP header. Interface, source and hop limit go along with each
 * message, so that one socket serves all virtual routers.
 *
 * Nothing is read from them, so a filter drops all. But that they are there matters: a message of a
 * peer that XDP has passed meets a socket, and the kernel does not answer it with "protocol
 * unreachable".
 */
#include "sys/transmit_unicast.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/pkt_sched.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29 /* linux/in6.h, which cannot be included beside netinet/in.h */
#endif

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

static int drop_all(int fd)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {.len = 1, .filter = &none};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int open_raw(int family)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, VRRP_PROTOCOL);

	if (fd < 0)
		return -1;
	if (drop_all(fd)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The priority last: setting a type of service changes it. */
void unicast_open(struct unicast *unicast)
{
	unicast->ipv4 = open_raw(AF_INET);
	unicast->ipv6 = open_raw(AF_INET6);
	set_option(unicast->ipv4, IPPROTO_IP, IP_TOS, VRRP_DSCP_CS6); /* */
	set_option(unicast->ipv4, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	/* No copies of the group's messages only to be dropped. */
	set_option(unicast->ipv4, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	set_option(unicast->ipv6, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
	set_option(unicast->ipv4, SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL);
	set_option(unicast->ipv6, IPPROTO_IPV6, IPV6_TCLASS, VRRP_DSCP_CS6);
	set_option(unicast->ipv6, SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL);
}

void unicast_close(struct unicast *unicast)
{
	if (unicast->ipv4 >= 0)
		close(unicast->ipv4);
	if (unicast->ipv6 >= 0)
		close(unicast->ipv6);
}

/* Two control messages; CMSG_SPACE() of the larger family. */
struct control {
	_Alignas(struct cmsghdr)
		uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

static void put_control(struct msghdr *message, int level, int type, const void *data,
			size_t length)
{
	uint8_t *bytes = (uint8_t *)message->msg_control + message->msg_controllen;
	struct cmsghdr *header = (void *)bytes;

	*header = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(length), .cmsg_level = level, .cmsg_type = type};
	memcpy(CMSG_DATA(header), data, length);
	message->msg_controllen += CMSG_SPACE(length);
}

static int finish(int fd, struct msghdr *message)
{
	if (fd < 0) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static int send_ipv4(int fd, int ifindex, const struct vrrp_addr *source,
		     const struct vrrp_addr *destination, int hops, struct msghdr *message)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(addr_to_ipv4(destination)),
	};
	struct in_pktinfo from = {
		.ipi_ifindex = ifindex,
		.ipi_spec_dst.s_addr = htonl(addr_to_ipv4(source)),
	};

	message->msg_name = &to;
	message->msg_namelen = sizeof(to);
	put_control(message, IPPROTO_IP, IP_PKTINFO, &from, sizeof(from));
	put_control(message, IPPROTO_IP, IP_TTL, &hops, sizeof(hops));
	return finish(fd, message);
}

static int send_ipv6(int fd, int ifindex, const struct vrrp_addr *source,
		     const struct vrrp_addr *destination, int hops, struct msghdr *message)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};
	struct in6_pktinfo from = {.ipi6_ifindex = (unsigned)ifindex};

	memcpy(&to.sin6_addr, destination->b, sizeof(to.sin6_addr));
	memcpy(&from.ipi6_addr, source->b, sizeof(from.ipi6_addr));
	if (addr_is_link_local(destination))
		to.sin6_scope_id = (unsigned)ifindex;
	message->msg_name = &to;
	message->msg_namelen = sizeof(to);
	put_control(message, IPPROTO_IPV6, IPV6_PKTINFO, &from, sizeof(from));
	put_control(message, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof(hops));
	return finish(fd, message);
}

int unicast_send(const struct unicast *unicast, int ifindex, const struct vrrp_addr *source,
		 const struct vrrp_addr *destination, uint8_t hops, const uint8_t *message,
		 size_t length)
{
	struct control control = {{0}};
	struct iovec data = {(void *)message, length};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes};

	if (addr_is_ipv4(source) != addr_is_ipv4(destination)) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	if (addr_is_ipv4(source))
		return send_ipv4(unicast->ipv4, ifindex, source, destination, hops, &header);
	return send_ipv6(unicast->ipv6, ifindex, source, destination, hops, &header);
}
