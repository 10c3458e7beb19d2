/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A raw socket that is there to be a member: of 224.0.0.18 or ff02::12. Snooping
 * switches need the reports, the NIC's filter the group. The stack sends the reports itself, from
 * the interface's own MAC (E-51). As a side effect a protocol 112 packet that XDP passes meets a
 * socket, so that the kernel answers none with "protocol unreachable".
 */
#include "sys/membership.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29 /* linux/in6.h, which cannot be included beside netinet/in.h */
#endif

static int set_option(int fd, int level, int option, const void *value, socklen_t length)
{
	return setsockopt(fd, level, option, value, length);
}

static int set_int(int fd, int level, int option, int value)
{
	return set_option(fd, level, option, &value, sizeof(value));
}

/* Nothing may ever wait in this socket: it is never read. */
static int drop_all(int fd)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {.len = 1, .filter = &none};

	return set_option(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int join_ipv4(int fd, int ifindex)
{
	struct ip_mreqn group = {
		.imr_multiaddr.s_addr = htonl(VRRP_GROUP_IPV4),
		.imr_ifindex = ifindex,
	};

	if (set_int(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0))
		return -1;
	return set_option(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group));
}

static int join_ipv6(int fd, int ifindex)
{
	struct ipv6_mreq group = {
		.ipv6mr_multiaddr.s6_addr = {[0] = 0xff, [1] = 0x02, [15] = 0x12},
		.ipv6mr_interface = (unsigned)ifindex,
	};

	if (set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0))
		return -1;
	return set_option(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof(group));
}

static const char *advice(int error, enum vrrp_family family)
{
	if (error == EPERM)
		return " (run as root, or with CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF)";
	if (error == ENODEV && family == VRRP_IPV6)
		return " (is IPv6 enabled on it?)";
	return "";
}

int membership_join(int ifindex, enum vrrp_family family, struct failure *failure)
{
	bool ipv4 = family == VRRP_IPV4;
	int fd = socket(ipv4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			VRRP_PROTOCOL);
	char name[IFNAMSIZ] = "?";

	/* The filter and the device before the group: no packet slips in. */
	if (fd >= 0 && !drop_all(fd) && !set_int(fd, SOL_SOCKET, SO_BINDTOIFINDEX, ifindex) &&
	    !(ipv4 ? join_ipv4(fd, ifindex) : join_ipv6(fd, ifindex)))
		return fd;

	int error = errno;

	if (fd >= 0)
		close(fd);
	if_indextoname((unsigned)ifindex, name);
	errno = error;
	return fail(failure, "%s: joining the VRRP multicast group: %m%s", name,
		    advice(error, family));
}

void membership_leave(int membership)
{
	if (membership >= 0)
		close(membership);
}
