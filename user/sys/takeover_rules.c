/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of the configuration as rtnetlink has them. */
#include <endian.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/netlink.h"
#include "sys/takeover_routes.h"

static void put_name(struct nlmsghdr *message, uint16_t type, const char *name)
{
	if (*name)
		mnl_attr_put_strz(message, type, name);
}

static void put_number(struct nlmsghdr *message, uint16_t type, bool has, uint32_t number)
{
	if (has)
		mnl_attr_put_u32(message, type, number);
}

static void put_ports(struct nlmsghdr *message, uint16_t type, const struct rule_ports *ports)
{
	struct fib_rule_port_range range = {.start = ports->first, .end = ports->last};

	if (ports->first)
		mnl_attr_put(message, type, sizeof(range), &range);
}

static void put_packets(struct nlmsghdr *message, const struct rule *rule)
{
	struct fib_rule_uid_range uids = {.start = rule->first_uid, .end = rule->last_uid};

	if (rule->from_len)
		put_addr(message, FRA_SRC, &rule->from);
	if (rule->to_len)
		put_addr(message, FRA_DST, &rule->to);
	put_name(message, FRA_IIFNAME, rule->in);
	put_name(message, FRA_OIFNAME, rule->out);
	put_number(message, FRA_FWMARK, rule->has_mark, rule->mark);
	put_number(message, FRA_FWMASK, rule->has_mark_mask, rule->mark_mask);
	if (rule->has_uids)
		mnl_attr_put(message, FRA_UID_RANGE, sizeof(uids), &uids);
	if (rule->ip_protocol)
		mnl_attr_put_u8(message, FRA_IP_PROTO, rule->ip_protocol);
	put_ports(message, FRA_SPORT_RANGE, &rule->from_ports);
	put_ports(message, FRA_DPORT_RANGE, &rule->to_ports);
	if (rule->tunnel_id)
		mnl_attr_put_u64(message, FRA_TUN_ID, htobe64(rule->tunnel_id));
}

static void put_verdict(struct nlmsghdr *message, const struct rule *rule)
{
	put_number(message, FRA_PRIORITY, rule->has_priority, rule->priority);
	put_number(message, FRA_TABLE, rule->table != 0, rule->table);
	put_number(message, FRA_GOTO, rule->action == FR_ACT_GOTO, rule->target);
	put_number(message, FRA_SUPPRESS_PREFIXLEN, rule->has_suppress_length,
		   rule->suppress_length);
	put_number(message, FRA_SUPPRESS_IFGROUP, rule->has_suppress_group, rule->suppress_group);
	put_number(message, FRA_FLOW, rule->realms != 0, rule->realms);
	if (rule->l3mdev)
		mnl_attr_put_u8(message, FRA_L3MDEV, 1);
	mnl_attr_put_u8(message, FRA_PROTOCOL, rule->protocol ? rule->protocol : XVRRPD_RTPROT);
}

/* NLM_F_EXCL: without it the kernel takes any number of one rule. */
void put_rule(struct takeover *takeover, const struct takeover_item *item, bool remove)
{
	const struct rule *rule = item->rule;
	struct nlmsghdr *message =
		remove ? batch_message(takeover, RTM_DELRULE, 0, item)
		       : batch_message(takeover, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, item);
	struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->family = rule->family == VRRP_IPV4 ? AF_INET : AF_INET6;
	header->src_len = rule->from_len;
	header->dst_len = rule->to_len;
	header->tos = rule->tos;
	header->action = rule->action;
	header->flags = rule->invert ? FIB_RULE_INVERT : 0;
	put_packets(message, rule);
	put_verdict(message, rule);
	batch_message_end(takeover, message);
}

/* ---- what the kernel lists ---- */

static void get_name(const struct nlattr *attribute, char name[IFNAMSIZ])
{
	if (mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0 &&
	    mnl_attr_get_payload_len(attribute) <= IFNAMSIZ)
		memcpy(name, mnl_attr_get_str(attribute), mnl_attr_get_payload_len(attribute));
}

static uint32_t get_number(const struct nlattr *attribute)
{
	return mnl_attr_get_payload_len(attribute) == 4 ? mnl_attr_get_u32(attribute) : 0;
}

static struct rule_ports get_ports(const struct nlattr *attribute)
{
	struct fib_rule_port_range range = {0};

	if (mnl_attr_get_payload_len(attribute) == sizeof(range))
		memcpy(&range, mnl_attr_get_payload(attribute), sizeof(range));
	return (struct rule_ports){range.start, range.end};
}

static void get_uids(const struct nlattr *attribute, struct rule *rule)
{
	struct fib_rule_uid_range uids = {0};

	if (mnl_attr_get_payload_len(attribute) == sizeof(uids))
		memcpy(&uids, mnl_attr_get_payload(attribute), sizeof(uids));
	rule->has_uids = true;
	rule->first_uid = uids.start;
	rule->last_uid = uids.end;
}

static void parse_packets(struct rule *rule, const struct nlattr *attribute)
{
	bool ipv4 = rule->family == VRRP_IPV4;

	switch (mnl_attr_get_type(attribute)) {
	case FRA_SRC:
		get_addr(attribute, ipv4, &rule->from);
		return;
	case FRA_DST:
		get_addr(attribute, ipv4, &rule->to);
		return;
	case FRA_IIFNAME:
		get_name(attribute, rule->in);
		return;
	case FRA_OIFNAME:
		get_name(attribute, rule->out);
		return;
	case FRA_FWMARK:
		rule->has_mark = true;
		rule->mark = get_number(attribute);
		return;
	case FRA_FWMASK:
		rule->has_mark_mask = true;
		rule->mark_mask = get_number(attribute);
		return;
	case FRA_SPORT_RANGE:
		rule->from_ports = get_ports(attribute);
		return;
	case FRA_DPORT_RANGE:
		rule->to_ports = get_ports(attribute);
		return;
	case FRA_UID_RANGE:
		get_uids(attribute, rule);
		return;
	}
}

static uint8_t get_byte(const struct nlattr *attribute)
{
	return mnl_attr_get_payload_len(attribute) == 1 ? mnl_attr_get_u8(attribute) : 0;
}

static void parse_verdict(struct rule *rule, const struct nlattr *attribute)
{
	switch (mnl_attr_get_type(attribute)) {
	case FRA_PRIORITY:
		rule->priority = get_number(attribute);
		return;
	case FRA_TABLE:
		rule->table = get_number(attribute);
		return;
	case FRA_GOTO:
		rule->target = get_number(attribute);
		return;
	case FRA_L3MDEV:
		rule->l3mdev = get_byte(attribute) != 0;
		return;
	case FRA_PROTOCOL:
		rule->protocol = get_byte(attribute);
		return;
	case FRA_IP_PROTO:
		rule->ip_protocol = get_byte(attribute);
		return;
	case FRA_SUPPRESS_PREFIXLEN:
		rule->suppress_length = get_number(attribute);
		rule->has_suppress_length = rule->suppress_length != UINT32_MAX;
		return;
	case FRA_SUPPRESS_IFGROUP:
		rule->suppress_group = get_number(attribute);
		rule->has_suppress_group = true;
		return;
	case FRA_FLOW:
		rule->realms = get_number(attribute);
		return;
	case FRA_TUN_ID:
		if (mnl_attr_get_payload_len(attribute) == 8)
			rule->tunnel_id = be64toh(mnl_attr_get_u64(attribute));
		return;
	}
}

/* What the kernel leaves out, or writes where nothing was said, in one form. */
static struct rule comparable(const struct rule *rule)
{
	struct rule form = *rule;

	form.has_priority = true;
	form.protocol = 0;
	form.has_mark = form.has_mark_mask = rule->mark || rule->mark_mask;
	form.mark_mask = rule->has_mark && !rule->has_mark_mask ? UINT32_MAX : rule->mark_mask;
	form.has_mark = form.has_mark_mask = form.mark || form.mark_mask;
	if (!form.from_len)
		memset(&form.from, 0, sizeof(form.from));
	if (!form.to_len)
		memset(&form.to, 0, sizeof(form.to));
	if (!form.has_suppress_length)
		form.suppress_length = 0;
	return form;
}

bool parse_rule(const struct nlmsghdr *message, struct rule *out)
{
	const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;

	if (message->nlmsg_type != RTM_NEWRULE || !netlink_holds(message, sizeof(*header)) ||
	    (header->family != AF_INET && header->family != AF_INET6))
		return false;
	memset(out, 0, sizeof(*out));
	out->family = header->family == AF_INET ? VRRP_IPV4 : VRRP_IPV6;
	out->from_len = header->src_len;
	out->to_len = header->dst_len;
	out->tos = header->tos;
	out->action = header->action;
	out->invert = header->flags & FIB_RULE_INVERT;
	out->table = header->table;
	out->has_priority = true;
	mnl_attr_for_each(attribute, message, sizeof(*header)) {
		parse_packets(out, attribute);
		parse_verdict(out, attribute);
	}
	return out->protocol == XVRRPD_RTPROT;
}

int dump_rules(struct takeover *takeover, bool ipv4, batch_each_fn *each, void *data)
{
	char buffer[BATCH_ROOM];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));

	request->nlmsg_type = RTM_GETRULE;
	header->family = ipv4 ? AF_INET : AF_INET6;
	return batch_dump(takeover, request, each, data);
}

bool takeover_is_rule(const struct rule *wanted, const struct rule *present)
{
	struct rule a = comparable(wanted), b = comparable(present);

	return rule_same(&a, &b);
}
