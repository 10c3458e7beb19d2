/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procfs, ethtool and rtnetlink, read only. sysfs shows the network namespace that it was mounted
 * in, which need not be ours, so bridges are asked by netlink; /proc/sys/net and /proc/net are
 * always those of who reads them.
 */
#include "sys/inspect.h"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

/* ---- procfs ---- */

static long read_number(const char *path)
{
	long value = INSPECT_UNKNOWN;
	FILE *file = fopen(path, "re");
	if (!file)
		return INSPECT_UNKNOWN;
	if (fscanf(file, "%ld", &value) != 1)
		value = INSPECT_UNKNOWN;
	fclose(file);
	return value;
}

/* Interface names hold no slash. */
static long read_conf(const char *family, const char *name, const char *key)
{
	char path[128];
	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, name, key);
	return read_number(path);
}

static long greater(long a, long b)
{
	return a > b ? a : b;
}

/* /proc/net/igmp has a line for each interface, and below it one for each group, indented. */
static bool is_igmp_member(const char *name)
{
	char line[200], interface[64] = "", group[64];
	bool found = false;
	FILE *file = fopen("/proc/net/igmp", "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		if (line[0] != '\t' && line[0] != ' ')
			sscanf(line, "%*d %63s", interface);
		else if (sscanf(line, "%63s", group) == 1)
			/* 224.0.0.18 in network order, printed as a number of this host */
			found = strcmp(interface, name) == 0 &&
				(strcmp(group, "120000E0") == 0 || strcmp(group, "E0000012") == 0);
	}
	if (file)
		fclose(file);
	return found;
}

static bool is_mld_member(const char *name)
{
	char line[200], interface[64], group[64];
	bool found = false;
	FILE *file = fopen("/proc/net/igmp6", "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*d %63s %63s", interface, group) == 2 &&
			strcmp(interface, name) == 0 &&
			strcmp(group, "ff020000000000000000000000000012") == 0;
	if (file)
		fclose(file);
	return found;
}

static bool has_locked_memory(void)
{
	char line[200];
	long kib = 0;
	FILE *file = fopen("/proc/self/status", "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmLck: %ld", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib > 0;
}

void inspect_host(struct inspected_host *host)
{
	struct utsname kernel;
	struct sched_param param;
	int major = 0, minor = 0;
	*host = (struct inspected_host){0};
	if (uname(&kernel) == 0) {
		snprintf(host->release, sizeof(host->release), "%s", kernel.release);
		sscanf(kernel.release, "%d.%d", &major, &minor);
	}
	host->tcx = major > 6 || (major == 6 && minor >= 6);
	host->btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
	if (sched_getparam(getpid(), &param) == 0) /* of the loop, whichever thread asks */
		host->priority = param.sched_priority;
	host->locked = has_locked_memory();
	host->igmp_link_local_reports =
		read_number("/proc/sys/net/ipv4/igmp_link_local_mcast_reports");
}

/* ---- offloads ---- */

static void inspect_offloads(const char *name, struct inspected_link *link)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq request = {.ifr_data = (char *)&flags};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	link->offloads_known = ioctl(fd, SIOCETHTOOL, &request) == 0;
	link->lro = link->offloads_known && flags.data & ETH_FLAG_LRO;
	link->rx_vlan = link->offloads_known && flags.data & ETH_FLAG_RXVLAN;
	close(fd);
}

/* ---- bridges ---- */

static bool holds(const struct nlattr *attribute, size_t size)
{
	return mnl_attr_get_payload_len(attribute) >= size;
}

static void read_bridge(const struct nlattr *data, struct inspected_link *link)
{
	const struct nlattr *attribute;
	mnl_attr_for_each_nested(attribute, data)
	{
		unsigned type = mnl_attr_get_type(attribute);
		if (type == IFLA_BR_MCAST_SNOOPING && holds(attribute, 1))
			link->snoops = mnl_attr_get_u8(attribute);
		/* Its own, or one that it has heard of. */
		if (type == IFLA_BR_MCAST_QUERIER && holds(attribute, 1))
			link->has_querier = link->has_querier || mnl_attr_get_u8(attribute);
		if (type == IFLA_BR_MCAST_QUERIER_STATE)
			link->has_querier = link->has_querier || holds(attribute, 4);
	}
}

static int read_link(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attribute, *inner;
	mnl_attr_for_each(attribute, message, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attribute) != IFLA_LINKINFO)
			continue;
		mnl_attr_for_each_nested(inner, attribute)
		{
			if (mnl_attr_get_type(inner) == IFLA_INFO_DATA)
				read_bridge(inner, data);
		}
	}
	return MNL_CB_OK;
}

static void ask_bridge(struct mnl_socket *socket, int ifindex, struct inspected_link *link)
{
	char buffer[32768];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST;
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_index = ifindex;
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return;
	ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
	if (length > 0)
		mnl_cb_run(buffer, (size_t)length, 0, 0, read_link, link);
}

static void inspect_bridge(int ifindex, struct inspected_link *link)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!socket)
		return;
	ask_bridge(socket, ifindex, link);
	mnl_socket_close(socket);
}

void inspect_link(const char *name, int bridge, struct inspected_link *link)
{
	*link = (struct inspected_link){
		.arp_ignore = greater(read_conf("ipv4", "all", "arp_ignore"),
				      read_conf("ipv4", name, "arp_ignore")),
		.rp_filter = greater(read_conf("ipv4", "all", "rp_filter"),
				     read_conf("ipv4", name, "rp_filter")),
		.disable_ipv6 = read_conf("ipv6", name, "disable_ipv6"),
		.accept_dad = read_conf("ipv6", name, "accept_dad"),
		.drop_unsolicited_na = read_conf("ipv6", name, "drop_unsolicited_na"),
		.is_member = {is_igmp_member(name), is_mld_member(name)},
	};
	inspect_offloads(name, link);
	if (bridge)
		inspect_bridge(bridge, link);
}
