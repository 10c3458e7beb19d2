/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes out of link and address messages. Lengths are those of the message, never believed. */
#include "sys/links_messages.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/if.h>
#include <linux/if_ether.h>
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

static bool get_u16(const struct nlattr *attribute, uint16_t *value)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) < sizeof(*value))
		return false;
	memcpy(value, mnl_attr_get_payload(attribute), sizeof(*value));
	return true;
}

static void read_vlan(struct link *link, const struct nlattr *data)
{
	const struct nlattr *list[IFLA_VLAN_MAX + 1] = {NULL};
	struct attributes into = {list, IFLA_VLAN_MAX};
	uint16_t protocol = htons(ETH_P_8021Q); /* of kernels before 3.10, which do not tell */

	mnl_attr_parse_nested(data, collect, &into);
	get_u16(list[IFLA_VLAN_ID], &link->vlan_id);
	get_u16(list[IFLA_VLAN_PROTOCOL], &protocol);
	link->vlan_protocol = ntohs(protocol);
}

static void read_vrf(struct link *link, const struct nlattr *data)
{
	const struct nlattr *list[IFLA_VRF_MAX + 1] = {NULL};
	struct attributes into = {list, IFLA_VRF_MAX};

	mnl_attr_parse_nested(data, collect, &into);
	get_u32(list[IFLA_VRF_TABLE], &link->vrf_table);
}

/* What an interface is does not change while it lives. */
static void read_kind(struct link *link, const struct nlattr *info)
{
	const struct nlattr *list[IFLA_INFO_MAX + 1] = {NULL};
	struct attributes into = {list, IFLA_INFO_MAX};

	mnl_attr_parse_nested(info, collect, &into);
	if (list[IFLA_INFO_KIND])
		copy_text(link->kind, sizeof(link->kind), list[IFLA_INFO_KIND]);
	if (!list[IFLA_INFO_DATA])
		return;
	if (strcmp(link->kind, "vlan") == 0)
		read_vlan(link, list[IFLA_INFO_DATA]);
	if (strcmp(link->kind, "vrf") == 0)
		read_vrf(link, list[IFLA_INFO_DATA]);
}

/* An index of this namespace, 0 = none; it is signed here and unsigned there. */
static int get_ifindex(const struct nlattr *attribute)
{
	uint32_t ifindex = 0;

	get_u32(attribute, &ifindex);
	return ifindex <= INT_MAX ? (int)ifindex : 0;
}

/*
 * The peer of a veth is told as what it lies on, which it is not. Of what lies in another namespace
 * the index means nothing here.
 */
static void read_relations(struct link *link, const struct nlattr *lower,
			   const struct nlattr *lower_netns, const struct nlattr *master)
{
	bool here = !lower_netns && strcmp(link->kind, "veth") != 0;

	link->parent = here ? get_ifindex(lower) : 0;
	link->master = get_ifindex(master);
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
	if (list[IFLA_LINKINFO])
		read_kind(link, list[IFLA_LINKINFO]);
	/* A message about all of it has its MTU; only then what is absent is not there. */
	if (get_u32(list[IFLA_MTU], &link->mtu))
		read_relations(link, list[IFLA_LINK], list[IFLA_LINK_NETNSID], list[IFLA_MASTER]);
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
