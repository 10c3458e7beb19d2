/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes out of link and address messages. Lengths are those of the message, never believed. */
#include "sys/links_messages.h"

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* ---- attributes ---- */

struct attributes {
	const struct nlattr **list; /* by type, NULL if absent */
	unsigned max;
};

static int collect(const struct nlattr *attribute, void *data)
{
	struct attributes *into = data;
	unsigned type = mnl_attr_get_type(attribute);

	if (type <= into->max)
		into->list[type] = attribute;
	return MNL_CB_OK;
}

static void copy_text(char *to, size_t size, const struct nlattr *from)
{
	size_t length = mnl_attr_get_payload_len(from);

	if (length > size - 1)
		length = size - 1;
	memcpy(to, mnl_attr_get_payload(from), length);
	memset(to + length, 0, size - length);
}

static bool get_u32(const struct nlattr *attribute, uint32_t *value)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) < sizeof(*value))
		return false;
	memcpy(value, mnl_attr_get_payload(attribute), sizeof(*value));
	return true;
}

static void read_kind(struct link *link, const struct nlattr *info)
{
	const struct nlattr *list[IFLA_INFO_MAX + 1] = {NULL};
	struct attributes into = {list, IFLA_INFO_MAX};

	mnl_attr_parse_nested(info, collect, &into);
	if (list[IFLA_INFO_KIND])
		copy_text(link->kind, sizeof(link->kind), list[IFLA_INFO_KIND]);
}

/* With one program IFLA_XDP_PROG_ID has it; with more, there is one attribute a mode. */
static void read_xdp(struct link *link, const struct nlattr *xdp)
{
	static const int order[] = {IFLA_XDP_PROG_ID, IFLA_XDP_DRV_PROG_ID, IFLA_XDP_SKB_PROG_ID,
				    IFLA_XDP_HW_PROG_ID};
	const struct nlattr *list[IFLA_XDP_MAX + 1] = {NULL};
	struct attributes into = {list, IFLA_XDP_MAX};

	mnl_attr_parse_nested(xdp, collect, &into);
	link->xdp_program_id = 0;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]) && !link->xdp_program_id; i++)
		get_u32(list[order[i]], &link->xdp_program_id);
}

/* ---- messages ---- */

void links_read_link(struct link *link, const struct nlmsghdr *message)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *list[IFLA_MAX + 1] = {NULL};
	struct attributes into = {list, IFLA_MAX};

	mnl_attr_parse(message, sizeof(*header), collect, &into);
	link->up = (header->ifi_flags & IFF_UP) && (header->ifi_flags & IFF_LOWER_UP);
	link->arp = !(header->ifi_flags & (IFF_LOOPBACK | IFF_NOARP));
	if (list[IFLA_IFNAME])
		copy_text(link->name, sizeof(link->name), list[IFLA_IFNAME]);
	if (list[IFLA_ADDRESS] && mnl_attr_get_payload_len(list[IFLA_ADDRESS]) == sizeof(link->mac))
		memcpy(link->mac, mnl_attr_get_payload(list[IFLA_ADDRESS]), sizeof(link->mac));
	get_u32(list[IFLA_MTU], &link->mtu);
	if (list[IFLA_LINKINFO])
		read_kind(link, list[IFLA_LINKINFO]);
	if (list[IFLA_XDP])
		read_xdp(link, list[IFLA_XDP]);
}

bool links_read_address(struct link_address *out, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *list[IFA_MAX + 1] = {NULL};
	struct attributes into = {list, IFA_MAX};
	size_t size = header->ifa_family == AF_INET ? 4 : 16;
	const struct nlattr *address;

	mnl_attr_parse(message, sizeof(*header), collect, &into);
	/* IFA_ADDRESS is the peer on a point-to-point link; without a peer IPv6 has only it. */
	address = list[IFA_LOCAL] ? list[IFA_LOCAL] : list[IFA_ADDRESS];
	if (!address || mnl_attr_get_payload_len(address) != size)
		return false;
	*out = (struct link_address){
		.flags = header->ifa_flags,
		.prefix_len = header->ifa_prefixlen,
		.scope = header->ifa_scope,
	};
	if (size == 4)
		out->address = addr_from_ipv4(0);
	memcpy(out->address.b + 16 - size, mnl_attr_get_payload(address), size);
	return true;
}
