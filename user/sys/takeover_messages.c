/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we say to rtnetlink about addresses, routes and address filters, and what it says of them.
 */
#include "sys/takeover_messages.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/netlink.h"

#ifndef IFA_PROTO
#define IFA_PROTO 11 /* linux/if_addr.h of 5.18 and later */
#endif

/* An address as it stands in an attribute: 4 or 16 bytes. */
static const uint8_t *raw(const struct vrrp_addr *address, size_t *size)
{
	*size = addr_is_ipv4(address) ? 4 : 16;
	return address->b + sizeof(address->b) - *size;
}

void put_addr(struct nlmsghdr *message, uint16_t type, const struct vrrp_addr *address)
{
	size_t size;
	const uint8_t *bytes = raw(address, &size);

	mnl_attr_put(message, type, size, bytes);
}

bool get_addr(const struct nlattr *attribute, bool ipv4, struct vrrp_addr *out)
{
	size_t size = ipv4 ? 4 : 16;

	if (!attribute || mnl_attr_get_payload_len(attribute) != size)
		return false;
	*out = ipv4 ? addr_from_ipv4(0) : (struct vrrp_addr){{0}};
	memcpy(out->b + sizeof(out->b) - size, mnl_attr_get_payload(attribute), size);
	return true;
}

static unsigned char family(bool ipv4)
{
	return ipv4 ? AF_INET : AF_INET6;
}

/* NLM_F_EXCL: what exists already stays as it is, an operator's address does not become ours. */
static struct nlmsghdr *put_request(struct takeover *takeover, bool remove, uint16_t new,
				    uint16_t del, const struct takeover_item *item)
{
	if (remove)
		return batch_message(takeover, del, 0, item);
	return batch_message(takeover, new, NLM_F_CREATE | NLM_F_EXCL, item);
}

/* ---- addresses ---- */

static void put_lifetime(struct nlmsghdr *message, uint32_t preferred_s)
{
	struct ifa_cacheinfo lifetime = {.ifa_valid = UINT32_MAX, .ifa_prefered = preferred_s};

	mnl_attr_put(message, IFA_CACHEINFO, sizeof(lifetime), &lifetime);
}

void put_address(struct takeover *takeover, const struct takeover_item *item, bool remove)
{
	bool ipv4 = addr_is_ipv4(&item->address);
	struct nlmsghdr *message = put_request(takeover, remove, RTM_NEWADDR, RTM_DELADDR, item);
	struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->ifa_family = family(ipv4);
	header->ifa_prefixlen = item->prefix_len;
	header->ifa_scope = item->scope;
	header->ifa_index = (unsigned)item->ifindex;
	put_addr(message, IFA_LOCAL, &item->address);
	put_addr(message, IFA_ADDRESS, addr_is_zero(&item->peer) ? &item->address : &item->peer);
	if (!remove) {
		mnl_attr_put_u8(message, IFA_PROTO, XVRRPD_RTPROT);
		if (item->has_broadcast)
			put_addr(message, IFA_BROADCAST, &item->broadcast);
		if (item->label && ipv4)
			mnl_attr_put_strz(message, IFA_LABEL, item->label);
		/*
		 * The previous Active may still hold it for a moment: detection would find that. Of
		 * such an address the kernel tells nobody (unless ndisc_notify is on), but joins
		 * its group: the report leaves by the interface's own MAC, from its oldest
		 * link-local address.
		 */
		uint32_t flags = item->flags;

		if (!ipv4 && !item->detects_duplicates)
			flags |= IFA_F_NODAD;
		if (flags)
			mnl_attr_put_u32(message, IFA_FLAGS, flags);
		if (item->has_preferred)
			put_lifetime(message, item->preferred_s);
	}
	batch_message_end(takeover, message);
}

void put_promote_secondaries(struct takeover *takeover, int ifindex)
{
	struct nlmsghdr *message = batch_message(takeover, RTM_SETLINK, 0, NULL);
	struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct nlattr *families, *inet, *settings;

	header->ifi_index = ifindex;
	families = mnl_attr_nest_start(message, IFLA_AF_SPEC);
	inet = mnl_attr_nest_start(message, AF_INET);
	settings = mnl_attr_nest_start(message, IFLA_INET_CONF);
	mnl_attr_put_u32(message, IPV4_DEVCONF_PROMOTE_SECONDARIES, 1);
	mnl_attr_nest_end(message, settings);
	mnl_attr_nest_end(message, inet);
	mnl_attr_nest_end(message, families);
	batch_message_end(takeover, message);
}

bool parse_address(const struct nlmsghdr *message, int ifindex, struct present_address *out)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute, *local = NULL, *address = NULL;

	if (message->nlmsg_type != RTM_NEWADDR || !netlink_holds(message, sizeof(*header)) ||
	    (int)header->ifa_index != ifindex)
		return false;
	*out = (struct present_address){
		.ifindex = ifindex,
		.prefix_len = header->ifa_prefixlen,
		.secondary = header->ifa_family == AF_INET && (header->ifa_flags & IFA_F_SECONDARY),
	};
	mnl_attr_for_each(attribute, message, sizeof(*header)) {
		uint16_t type = mnl_attr_get_type(attribute);

		if (type == IFA_LOCAL)
			local = attribute;
		else if (type == IFA_ADDRESS)
			address = attribute;
		else if (type == IFA_PROTO && mnl_attr_get_payload_len(attribute) == 1)
			out->protocol = mnl_attr_get_u8(attribute);
	}
	if (!get_addr(local ? local : address, header->ifa_family == AF_INET, &out->address))
		return false;
	/* Without a peer IPv4 repeats the address, and IPv6 has no IFA_LOCAL. */
	if (!local || !get_addr(address, header->ifa_family == AF_INET, &out->peer) ||
	    addr_equal(&out->peer, &out->address))
		out->peer = (struct vrrp_addr){{0}};
	return true;
}

int dump_addresses(struct takeover *takeover, int ifindex, bool ipv4, batch_each_fn *each,
		   void *data)
{
	char buffer[BATCH_ROOM];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));

	request->nlmsg_type = RTM_GETADDR;
	header->ifa_family = family(ipv4);
	header->ifa_index = (unsigned)ifindex;
	return batch_dump(takeover, request, each, data);
}

/* ---- blackhole routes (E-12) ---- */

void put_blackhole(struct takeover *takeover, const struct takeover_item *item, bool remove)
{
	bool ipv4 = addr_is_ipv4(&item->address);
	struct nlmsghdr *message = put_request(takeover, remove, RTM_NEWROUTE, RTM_DELROUTE, item);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->rtm_family = family(ipv4);
	header->rtm_dst_len = ipv4 ? 32 : 128;
	header->rtm_table = item->table ? RT_TABLE_UNSPEC : RT_TABLE_MAIN;
	header->rtm_protocol = XVRRPD_RTPROT; /* of a removal: of nobody else's route */
	header->rtm_scope = remove ? RT_SCOPE_NOWHERE : RT_SCOPE_UNIVERSE;
	header->rtm_type = RTN_BLACKHOLE;
	put_addr(message, RTA_DST, &item->address);
	if (item->table)
		mnl_attr_put_u32(message, RTA_TABLE, item->table);
	batch_message_end(takeover, message);
}

/* As in struct takeover_item: 0 = main. Only the attribute has room for all numbers. */
static uint32_t table_of(const struct rtmsg *header, const struct nlattr *attribute)
{
	uint32_t table = header->rtm_table;

	if (attribute && mnl_attr_get_payload_len(attribute) == sizeof(table))
		memcpy(&table, mnl_attr_get_payload(attribute), sizeof(table));
	return table == RT_TABLE_MAIN ? 0 : table;
}

bool parse_blackhole(const struct nlmsghdr *message, struct takeover_item *out)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute, *to = NULL, *table = NULL;
	bool ipv4;

	if (message->nlmsg_type != RTM_NEWROUTE || !netlink_holds(message, sizeof(*header)))
		return false;
	ipv4 = header->rtm_family == AF_INET;
	if (header->rtm_protocol != XVRRPD_RTPROT || header->rtm_type != RTN_BLACKHOLE ||
	    header->rtm_dst_len != (ipv4 ? 32 : 128))
		return false;
	mnl_attr_for_each(attribute, message, sizeof(*header)) {
		if (mnl_attr_get_type(attribute) == RTA_DST)
			to = attribute;
		else if (mnl_attr_get_type(attribute) == RTA_TABLE)
			table = attribute;
	}
	*out = (struct takeover_item){
		.kind = TAKEOVER_BLACKHOLE,
		.prefix_len = header->rtm_dst_len,
		.table = table_of(header, table),
	};
	return get_addr(to, ipv4, &out->address);
}

/* ---- the NIC's unicast filter ---- */

void put_mac(struct takeover *takeover, const struct takeover_item *item, bool remove)
{
	/*
	 * A bridge may have learnt it on a port, from the Active before us: that must not stay, so
	 * no NLM_F_EXCL. A macvlan refuses NLM_F_REPLACE, which changes nothing for a bridge.
	 */
	struct nlmsghdr *message = batch_message(takeover, remove ? RTM_DELNEIGH : RTM_NEWNEIGH,
						 remove ? 0 : NLM_F_CREATE, item);
	struct ndmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->ndm_family = AF_BRIDGE;
	header->ndm_ifindex = item->ifindex;
	header->ndm_state = NUD_PERMANENT | NUD_NOARP;
	header->ndm_flags = NTF_SELF;
	mnl_attr_put(message, NDA_LLADDR, sizeof(item->mac), item->mac);
	batch_message_end(takeover, message);
}

bool parse_mac(const struct nlmsghdr *message, int ifindex, struct takeover_item *out)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	bool found = false;

	if (message->nlmsg_type != RTM_NEWNEIGH || !netlink_holds(message, sizeof(*header)) ||
	    header->ndm_ifindex != ifindex || !(header->ndm_flags & NTF_SELF) ||
	    !(header->ndm_state & NUD_PERMANENT))
		return false;
	*out = (struct takeover_item){.kind = TAKEOVER_MAC, .ifindex = ifindex};
	mnl_attr_for_each(attribute, message, sizeof(*header)) {
		if (mnl_attr_get_type(attribute) != NDA_LLADDR ||
		    mnl_attr_get_payload_len(attribute) != sizeof(out->mac))
			continue;
		memcpy(out->mac, mnl_attr_get_payload(attribute), sizeof(out->mac));
		found = true;
	}
	return found;
}

int dump_macs(struct takeover *takeover, int ifindex, batch_each_fn *each, void *data)
{
	char buffer[BATCH_ROOM];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ndmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));

	request->nlmsg_type = RTM_GETNEIGH;
	header->ndm_family = AF_BRIDGE;
	header->ndm_ifindex = ifindex;
	return batch_dump(takeover, request, each, data);
}
