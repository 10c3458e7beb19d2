/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbor Discovery in the model (E-4, E-10, E-30 to E-34): answers and silence for the virtual
 * IPv6 addresses, claims of others to them, and what the kernel may send.
 */
#include <string.h>

#include "packet.h"

enum {
	ND_LENGTH = 24,	       /* of a solicitation or an advertisement without options */
	ND_ANSWER_LENGTH = 32, /* with the option of a MAC address */
	ND_LENGTH_MAX = 1456,  /* what one Ethernet frame holds, in units of options */
	ROUTER_SOLICITATION = 133,
	ROUTER_ADVERTISEMENT,
	/* NEIGHBOR_SOLICITATION, NEIGHBOR_ADVERTISEMENT, */
	REDIRECT = 137,
	HOPS = 255,
};

/* Offsets in an IPv6 packet with Neighbor Discovery in it. */
enum {
	IPV6_PAYLOAD = 4,
	IPV6_NEXT = 6,
	IPV6_HOPS = 7,
	IPV6_SOURCE = 8,
	IPV6_DESTINATION = 24,
	ND_TYPE = IPV6_LENGTH,
	ND_CODE = IPV6_LENGTH + 1,
	ND_CHECKSUM = IPV6_LENGTH + 2,
	ND_FLAGS = IPV6_LENGTH + 4,
	ND_TARGET = IPV6_LENGTH + 8,
	ND_OPTIONS = IPV6_LENGTH + ND_LENGTH,
};

enum {
	OPTION_SOURCE_MAC = 1,
	OPTION_TARGET_MAC = 2,
	OPTION_NONE = 256, /* of no message */
	FLAG_ROUTER = 0x80,
	FLAG_SOLICITED = 0x40,
	FLAG_OVERRIDE = 0x20,
};

static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};

/* ---- reading ---- */

/* The IPv6 header, with ICMPv6 of these types right behind it; or NULL. */
static uint8_t *find_icmp(const struct packet *p, uint8_t first, uint8_t last)
{
	uint8_t *ip = p->frame + p->network;

	if (p->type != TYPE_IPV6 || !has_bytes(p, p->network, IPV6_LENGTH + 1) || ip[0] >> 4 != 6 ||
	    ip[IPV6_NEXT] != PROTOCOL_ICMPV6 || ip[ND_TYPE] < first || ip[ND_TYPE] > last)
		return NULL;
	return ip;
}

/* In the index, addresses of that form are IPv4's. */
static int find_ipv6(const struct packet *p, const uint8_t *bytes)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct vrrp_addr address;

	if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		return -1;
	memcpy(&address, bytes, sizeof(address));
	return find_vip(p, &address);
}

static bool is_unspecified(const uint8_t *address)
{
	static const uint8_t unspecified[16];

	return memcmp(address, unspecified, sizeof(unspecified)) == 0;
}

/* The group ff02::1:ff00:0/104 of the target (RFC 4291 section 2.7.1). */
static bool is_solicited_node(const uint8_t *group, const uint8_t *target)
{
	static const uint8_t prefix[13] = {0xff, 0x02, [11] = 1, [12] = 0xff};

	return memcmp(group, prefix, sizeof(prefix)) == 0 &&
	       memcmp(group + 13, target + 13, 3) == 0;
}

static uint16_t fold(uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* `length` is even. */
static uint32_t sum_words(const uint8_t *bytes, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += get16(bytes + i);
	return sum;
}

/* RFC 8200 section 8.1, over the checksum that is there. */
static uint16_t sum_packet(const uint8_t *ip)
{
	uint16_t length = get16(ip + IPV6_PAYLOAD);

	return fold(sum_words(ip + IPV6_SOURCE, 32) + length + PROTOCOL_ICMPV6 +
		    sum_words(ip + IPV6_LENGTH, length));
}

/* Where the options of each kind begin. */
static size_t options_of(uint8_t type)
{
	static const size_t lengths[] = {8, 16, ND_LENGTH, ND_LENGTH, 40};

	return IPV6_LENGTH + lengths[type - ROUTER_SOLICITATION];
}

/* Which of them says where the sender is; that of a redirect tells of somebody else. */
static unsigned mac_option_of(uint8_t type)
{
	if (type == REDIRECT)
		return OPTION_NONE;
	return type == NEIGHBOR_ADVERTISEMENT ? OPTION_TARGET_MAC : OPTION_SOURCE_MAC;
}

/* Do the options, from `at` on, end where the message does? *mac is what the first one of that type
 * says, or NULL. */
static bool read_options(const struct packet *p, uint8_t *ip, size_t at, unsigned type,
			 uint8_t **mac)
{
	size_t length = get16(ip + IPV6_PAYLOAD), end = IPV6_LENGTH + length;

	*mac = NULL;
	if (length % 8 != 0 || length > ND_LENGTH_MAX || end < at ||
	    !has_bytes(p, p->network + IPV6_LENGTH, length))
		return false;
	for (; at < end; at += ip[at + 1] * 8u) {
		bool wanted = ip[at] == type;

		if (ip[at + 1] == 0 || (wanted && ip[at + 1] != 1))
			return false;
		if (wanted && !*mac)
			*mac = ip + at + 2;
	}
	return at == end;
}

/* RFC 4861 sections 7.1.1 and 7.1.2. *mac is the one that it says, in an option or else as its own.
 */
static bool is_valid(const struct packet *p, uint8_t *ip, const uint8_t **mac)
{
	const uint8_t *destination = ip + IPV6_DESTINATION;
	uint8_t *said;

	if (!read_options(p, ip, ND_OPTIONS, mac_option_of(ip[ND_TYPE]), &said))
		return false;
	*mac = said ? said : p->frame + MAC_LENGTH;
	if (ip[IPV6_HOPS] != HOPS || ip[ND_CODE] != 0 || ip[IPV6_SOURCE] == 0xff ||
	    sum_packet(ip) != 0xffff)
		return false;
	if (ip[ND_TYPE] == NEIGHBOR_ADVERTISEMENT)
		return destination[0] != 0xff || !(ip[ND_FLAGS] & FLAG_SOLICITED);
	return !is_unspecified(ip + IPV6_SOURCE) ||
	       (!said && is_solicited_node(destination, ip + ND_TARGET));
}

/* The group's MAC address only for the group; to one MAC address, the target's or the group. */
static bool is_addressed(const struct packet *p, const uint8_t *ip)
{
	const uint8_t *destination = ip + IPV6_DESTINATION;
	bool to_group = is_solicited_node(destination, ip + ND_TARGET);

	if (p->frame[0] & 1)
		return to_group && p->frame[0] == 0x33 && p->frame[1] == 0x33 &&
		       memcmp(p->frame + 2, destination + 12, 4) == 0;
	return to_group || memcmp(destination, ip + ND_TARGET, 16) == 0;
}

/* ---- answers ---- */

static void put_checksum(uint8_t *ip)
{
	uint16_t sum;

	memset(ip + ND_CHECKSUM, 0, 2);
	sum = (uint16_t)~sum_packet(ip);
	ip[ND_CHECKSUM] = (uint8_t)(sum >> 8);
	ip[ND_CHECKSUM + 1] = (uint8_t)sum;
}

/* E-31. A probe has no address to answer to: all nodes hear it, and nobody solicited it. */
static void answer(struct packet *p, uint8_t *ip, const uint8_t mac[MAC_LENGTH])
{
	static const uint8_t all_nodes_mac[] = {0x33, 0x33, 0, 0, 0, 1};
	static const uint8_t header[] = {0x60, 0, 0, 0, 0, ND_ANSWER_LENGTH, PROTOCOL_ICMPV6, HOPS};
	bool probe = is_unspecified(ip + IPV6_SOURCE);

	memcpy(p->frame, probe ? all_nodes_mac : p->frame + MAC_LENGTH, MAC_LENGTH);
	memcpy(p->frame + MAC_LENGTH, mac, MAC_LENGTH);
	memcpy(ip, header, sizeof(header));
	memcpy(ip + IPV6_DESTINATION, probe ? all_nodes : ip + IPV6_SOURCE, 16);
	memcpy(ip + IPV6_SOURCE, ip + ND_TARGET, 16);
	ip[ND_TYPE] = NEIGHBOR_ADVERTISEMENT;
	memset(ip + ND_FLAGS, 0, 4);
	ip[ND_FLAGS] = FLAG_ROUTER | FLAG_OVERRIDE | (probe ? 0 : FLAG_SOLICITED);
	ip[ND_OPTIONS] = OPTION_TARGET_MAC;
	ip[ND_OPTIONS + 1] = 1;
	memcpy(ip + ND_OPTIONS + 2, mac, MAC_LENGTH);
	put_checksum(ip);
	p->length = p->network + IPV6_LENGTH + ND_ANSWER_LENGTH;
}

static bool solicited(struct packet *p, uint8_t *ip, bool valid, enum plane_verdict *verdict)
{
	struct if_stats *interface = &p->plane->interface;
	int number = find_ipv6(p, ip + ND_TARGET);

	if (number >= 0 && !plane_answers(p->plane, (uint32_t)number, p->now_ns)) {
		interface->nd_suppressed++;
	} else if (number < 0 || !valid || !is_addressed(p, ip)) {
		*verdict = PLANE_PASS;
		return false;
	} else if (!may_answer(p, number)) {
		interface->nd_limited++;
	} else {
		answer(p, ip, p->plane->slots[number].identity.mac);
		interface->nd_replies++;
		*verdict = PLANE_REPLY;
	}
	return true;
}

bool nd_step(struct packet *p, enum plane_verdict *verdict)
{
	uint8_t *ip = find_icmp(p, NEIGHBOR_SOLICITATION, NEIGHBOR_ADVERTISEMENT);
	const uint8_t *claimed, *mac;
	struct vrrp_addr address;
	bool valid;

	if (!ip || get16(ip + IPV6_PAYLOAD) < ND_LENGTH || !has_bytes(p, p->network, ND_OPTIONS))
		return false;
	valid = is_valid(p, ip, &mac);
	claimed = ip + (ip[ND_TYPE] == NEIGHBOR_ADVERTISEMENT ? ND_TARGET : IPV6_SOURCE);
	memcpy(&address, claimed, sizeof(address));
	*verdict = PLANE_DROP;
	if (valid && hear_claim(p, find_ipv6(p, claimed), &address, mac))
		return true;
	if (ip[ND_TYPE] == NEIGHBOR_SOLICITATION)
		return solicited(p, ip, valid, verdict);
	*verdict = PLANE_PASS;
	return false;
}

/* ---- leaving ---- */

/* RFC 1624, since the kernel has summed it up already. True if it was another. */
static bool exchange(uint8_t *ip, uint8_t *at, const uint8_t *by, size_t length)
{
	uint32_t sum = (uint16_t)~get16(ip + ND_CHECKSUM);

	if (memcmp(at, by, length) == 0)
		return false;
	for (size_t i = 0; i < length; i += 2)
		sum += (uint16_t)~get16(at + i) + (uint32_t)get16(by + i);
	sum = (uint16_t)~fold(sum);
	ip[ND_CHECKSUM] = (uint8_t)(sum >> 8);
	ip[ND_CHECKSUM + 1] = (uint8_t)sum;
	memcpy(at, by, length);
	return true;
}

/* Whose address it is sent from, or about. */
static int find_sender(const struct packet *p, const uint8_t *ip)
{
	int number = find_ipv6(p, ip + IPV6_SOURCE);
	bool has_target =
		ip[ND_TYPE] == NEIGHBOR_ADVERTISEMENT ||
		(ip[ND_TYPE] == NEIGHBOR_SOLICITATION && is_unspecified(ip + IPV6_SOURCE));

	if (number < 0 && has_target && has_bytes(p, p->network, ND_OPTIONS) &&
	    get16(ip + IPV6_PAYLOAD) >= ND_LENGTH)
		number = find_ipv6(p, ip + ND_TARGET);
	return number;
}

static bool rewrite(struct packet *p, uint8_t *ip, uint8_t *said, const uint8_t *mac)
{
	uint8_t *source = p->frame + MAC_LENGTH, flags[2];
	bool changed = memcmp(source, mac, MAC_LENGTH) != 0;

	memcpy(source, mac, MAC_LENGTH);
	if (said)
		changed |= exchange(ip, said, mac, MAC_LENGTH);
	if (ip[ND_TYPE] == NEIGHBOR_ADVERTISEMENT) {
		flags[0] = ip[ND_FLAGS] | FLAG_ROUTER;
		flags[1] = ip[ND_FLAGS + 1];
		changed |= exchange(ip, ip + ND_FLAGS, flags, sizeof(flags));
	}
	return changed;
}

enum plane_verdict nd_leaves(struct packet *p)
{
	uint8_t *ip = find_icmp(p, ROUTER_SOLICITATION, REDIRECT), *said;
	int number = ip ? find_sender(p, ip) : -1;

	if (number < 0)
		return PLANE_PASS;
	if (!plane_answers(p->plane, (uint32_t)number, p->now_ns) ||
	    !read_options(p, ip, options_of(ip[ND_TYPE]), mac_option_of(ip[ND_TYPE]), &said)) {
		p->plane->interface.egress_suppressed++;
		return PLANE_DROP;
	}
	if (rewrite(p, ip, said, p->plane->slots[number].identity.mac))
		p->plane->interface.egress_rewritten++;
	return PLANE_PASS;
}
