/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Batches of netlink requests and what a kernel that lies answers: adding, removing, and cleaning
 * up behind a dead agent. Requests must be right whatever the answers, and a failure is in words.
 */
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "core/route.h"
#include "kernel.h"
#include "sys/log.h"
#include "sys/takeover_batch.h"

#define ITEMS_MAX 8

/* Nobody reads it, and it costs more than all the rest. */
void log_line(enum log_level level, const char *format, ...)
{
	(void)level, (void)format;
}

char *if_indextoname(unsigned index, char *name)
{
	memcpy(name, "fuzz0", 6);
	return index & 1 ? name : NULL;
}

/* ---- requests ---- */

static void check_address(const struct nlmsghdr *request)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(request);
	const struct nlattr *attribute;
	bool marked = request->nlmsg_type == RTM_DELADDR;

	mnl_attr_for_each(attribute, request, sizeof(*header))
		marked |= mnl_attr_get_type(attribute) == 11 /* IFA_PROTO */ &&
			  mnl_attr_get_u8(attribute) == XVRRPD_RTPROT;
	must(marked);
	must(header->ifa_family == AF_INET || header->ifa_family == AF_INET6);
}

/* A blackhole that is added is that of accept mode off: the routes below are others. */
static void check_route(const struct nlmsghdr *request)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(request);

	must(header->rtm_protocol == XVRRPD_RTPROT);
	if (request->nlmsg_type == RTM_NEWROUTE && header->rtm_type == RTN_BLACKHOLE)
		must(header->rtm_dst_len == (header->rtm_family == AF_INET ? 32 : 128));
}

static void check_rule(const struct nlmsghdr *request)
{
	const struct nlattr *attribute;
	bool marked = false;

	mnl_attr_for_each(attribute, request, sizeof(struct fib_rule_hdr))
		marked |= mnl_attr_get_type(attribute) == FRA_PROTOCOL &&
			  mnl_attr_get_u8(attribute) == XVRRPD_RTPROT;
	must(marked);
}

static void check_neighbour(const struct nlmsghdr *request)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(request);

	must(header->ndm_family == AF_BRIDGE && header->ndm_flags == NTF_SELF);
}

static void look_at(const struct nlmsghdr *request)
{
	must(request->nlmsg_flags & NLM_F_REQUEST);
	switch (request->nlmsg_type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		check_address(request);
		return;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		check_route(request);
		return;
	case RTM_NEWRULE:
	case RTM_DELRULE:
		check_rule(request);
		return;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		check_neighbour(request);
		return;
	case RTM_GETADDR:
	case RTM_GETROUTE:
	case RTM_GETRULE:
	case RTM_GETNEIGH:
		must(request->nlmsg_flags & NLM_F_DUMP);
		return;
	case RTM_SETLINK:
		return;
	}
	must(false);
}

/* ---- what is asked for ---- */

static struct vrrp_addr take_address(struct input *input, bool ipv4)
{
	struct vrrp_addr address = {{0xfe, 0x80, [15] = take8(input) & 3}};

	return ipv4 ? addr_from_ipv4(0x0a000000u | (take8(input) & 3)) : address;
}

/* Some by a gateway of the family, and a rule; by the scope, which they do not have. */
static void take_route(struct takeover_item *item, bool ipv4)
{
	static struct route routes[2] = {
		{.family = VRRP_IPV6, .type = RTN_UNICAST, .to_len = 64, .hop_count = 1},
		{.family = VRRP_IPV4, .type = RTN_UNICAST, .to_len = 24, .hop_count = 1},
	};
	static struct rule rules[2] = {
		{.family = VRRP_IPV6, .action = FR_ACT_TO_TBL, .table = 100, .from_len = 64},
		{.family = VRRP_IPV4, .action = FR_ACT_TO_TBL, .table = 100, .from_len = 24},
	};

	routes[ipv4].to = routes[ipv4].hops[0].gateway = rules[ipv4].from = item->address;
	item->route = &routes[ipv4];
	item->rule = &rules[ipv4];
	if (item->scope >= 0xe0)
		item->kind = TAKEOVER_ROUTE;
	else if (item->scope >= 0xc0)
		item->kind = TAKEOVER_RULE;
}

static struct takeover_item take_item(struct input *input)
{
	bool ipv4 = take_bool(input);
	struct takeover_item item = {
		.kind = (enum takeover_kind)take_below(input, TAKEOVER_MAC + 1),
		.ifindex = 1 + take_below(input, 3),
		.address = take_address(input, ipv4),
		.prefix_len = ipv4 ? 24 + (take8(input) & 8) : 64,
		.scope = take8(input),
		.has_broadcast = ipv4 && take_bool(input),
		.label = take_bool(input) ? "fuzz0:fifteen.." : NULL,
		.mac = {0, 0, 0x5e, 0, 1, take8(input)},
	};

	item.broadcast = take_address(input, true);
	take_route(&item, ipv4);
	return item;
}

static bool keep(const struct takeover_item *item, void *data)
{
	(void)data;
	return item->address.b[15] & 1;
}

static void take_turn(struct input *input, struct takeover *takeover)
{
	static const uint8_t vrids[2][32] = {{0xff, 0xff}, {0xff, [31] = 0x80}};
	struct takeover_item items[ITEMS_MAX];
	struct failure failure = {""};
	unsigned what = take8(input), count = 1 + (what >> 4) % ITEMS_MAX;
	int failed;

	for (unsigned i = 0; i < count; i++)
		items[i] = take_item(input);
	if (what % 4 == 3) {
		takeover_clean_stale(takeover, (int)(what >> 2 & 3), vrids[0], vrids[1], keep,
				     NULL);
		return;
	}
	failed = what & 1 ? takeover_add(takeover, items, count, &failure)
			  : takeover_remove(takeover, items, count, &failure);
	must(failed >= 0);
	must(!failed == !*failure.text);
	must(memchr(failure.text, '\0', sizeof(failure.text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct takeover takeover; /* to make it anew each time takes longer than a run */
	struct input input = {data, size};

	struct kernel *kernel = kernel_new(&input);
	kernel->look = look_at;
	kernel->has_rules = true;
	takeover.sequence = 0;
	takeover.socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	do
		take_turn(&input, &takeover);
	while (input.left);
	mnl_socket_close(takeover.socket);
	kernel_end();
	return 0;
}
