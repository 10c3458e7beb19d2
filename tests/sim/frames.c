/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/frames.h"

#include <assert.h>
#include <string.h>

enum {
	MAC_LEN = 6,
	ETHERNET_LEN = 14,
	ETHERNET_MIN_LEN = 60,
	ARP_LEN = 28,
	IPV4_LEN = 20,
	IPV6_LEN = 40,
	ND_LEN = 32, /* with an option */
	TYPE_IPV4 = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_IPV6 = 0x86dd,
	PROTOCOL_UDP = 17,
	PROTOCOL_ICMPV6 = 58,
	SOLICITATION = 135,
	ADVERTISEMENT = 136,
	FLAGS_SOLICITED = 0xe0, /* by a router, overriding what is known */
	FLAGS_UNSOLICITED = 0xa0,
	CHECKSUM_AT = 6, /* in a VRRP message */
};

static const uint8_t broadcast[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

void host_mac(enum sim_host host, unsigned number, uint8_t mac[6])
{
	const uint8_t bytes[MAC_LEN] = {0x02, 0, 0, 0, (uint8_t)host, (uint8_t)number};

	memcpy(mac, bytes, MAC_LEN);
}

static void put16(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

static void put32(uint8_t *bytes, uint32_t value)
{
	put16(bytes, value >> 16);
	put16(bytes + 2, value);
}

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t get32(const uint8_t *bytes)
{
	return (uint32_t)get16(bytes) << 16 | get16(bytes + 2);
}

static uint32_t add_words(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i + 1 < length; i += 2)
		sum += get16(bytes + i);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static bool has_type(const struct sim_frame *frame, uint16_t type, size_t length)
{
	return frame->length >= ETHERNET_LEN + length && get16(frame->bytes + 12) == type;
}

static struct sim_frame ethernet(const uint8_t *to, const uint8_t *from, uint16_t type)
{
	struct sim_frame frame = {.length = ETHERNET_MIN_LEN};

	memcpy(frame.bytes, to, MAC_LEN);
	memcpy(frame.bytes + MAC_LEN, from, MAC_LEN);
	put16(frame.bytes + 12, type);
	return frame;
}

/* ---- IPv6 ---- */

static void put_address(uint8_t *bytes, uint32_t number)
{
	struct vrrp_addr address = sim_address(VRRP_IPV6, number);

	memcpy(bytes, &address, sizeof(address));
}

/* The number of what is there: all of these addresses are sim_address()es. */
static uint32_t get_address(const uint8_t *bytes)
{
	return bytes[0] == 0xff ? VRRP_GROUP_IPV4 : get32(bytes + 12);
}

static void put_ipv6(uint8_t *ip, uint8_t next, uint8_t hops, uint32_t from, uint32_t to,
		     uint16_t length)
{
	ip[0] = 0x60;
	put16(ip + 4, length);
	ip[6] = next;
	ip[7] = hops;
	put_address(ip + 8, from);
	put_address(ip + 24, to);
}

/* With the pseudo-header; of the payload from its beginning to its end. */
static uint32_t sum_ipv6(const uint8_t *ip)
{
	uint16_t length = get16(ip + 4);

	return add_words(add_words((uint32_t)length + ip[6], ip + 8, 32), ip + IPV6_LEN, length);
}

/* ---- ARP ---- */

static const uint8_t ethernet_ipv4[] = {0, 1, 8, 0, 6, 4};
enum { ARP_REQUEST = 1, ARP_REPLY = 2 };

static bool arp_read(const struct sim_frame *frame, struct inquiry *inquiry)
{
	const uint8_t *bytes = frame->bytes + ETHERNET_LEN;

	if (!has_type(frame, TYPE_ARP, ARP_LEN) ||
	    memcmp(bytes, ethernet_ipv4, sizeof(ethernet_ipv4)) != 0)
		return false;
	inquiry->kind = get16(bytes + 6) == ARP_REPLY ? INQUIRY_ANSWERS : INQUIRY_ASKS;
	memcpy(inquiry->sender_mac, bytes + 8, MAC_LEN);
	inquiry->sender = get32(bytes + 14);
	memcpy(inquiry->target_mac, bytes + 18, MAC_LEN);
	inquiry->target = get32(bytes + 24);
	return true;
}

static struct sim_frame arp_frame(const struct inquiry *inquiry)
{
	bool answers = inquiry->kind == INQUIRY_ANSWERS;
	struct sim_frame frame =
		ethernet(answers ? inquiry->target_mac : broadcast, inquiry->sender_mac, TYPE_ARP);
	uint8_t *bytes = frame.bytes + ETHERNET_LEN;

	memcpy(bytes, ethernet_ipv4, sizeof(ethernet_ipv4));
	put16(bytes + 6, answers ? ARP_REPLY : ARP_REQUEST);
	memcpy(bytes + 8, inquiry->sender_mac, MAC_LEN);
	put32(bytes + 14, inquiry->sender);
	memcpy(bytes + 18, inquiry->target_mac, MAC_LEN);
	put32(bytes + 24, inquiry->target);
	return frame;
}

/* ---- Neighbor Discovery ---- */

static bool nd_read(const struct sim_frame *frame, struct inquiry *inquiry)
{
	const uint8_t *ip = frame->bytes + ETHERNET_LEN, *icmp = ip + IPV6_LEN;

	if (!has_type(frame, TYPE_IPV6, IPV6_LEN + ND_LEN) || ip[6] != PROTOCOL_ICMPV6 ||
	    ip[7] != 255 || fold(sum_ipv6(ip)) != 0xffff)
		return false;
	if (icmp[0] == SOLICITATION)
		inquiry->kind = INQUIRY_ASKS;
	else
		inquiry->kind = icmp[4] == FLAGS_SOLICITED ? INQUIRY_ANSWERS : INQUIRY_ANNOUNCES;
	memcpy(inquiry->sender_mac, icmp + 26, MAC_LEN);
	inquiry->sender = get_address(ip + 8);
	inquiry->target = icmp[0] == SOLICITATION ? get_address(icmp + 8) : get_address(ip + 24);
	return icmp[0] == SOLICITATION || get_address(icmp + 8) == inquiry->sender;
}

/* To the solicited-node group of an address, or to all nodes. */
static void put_group(struct sim_frame *frame, const struct vrrp_addr *group)
{
	memcpy(frame->bytes + ETHERNET_LEN + 24, group, sizeof(*group));
	frame->bytes[0] = frame->bytes[1] = 0x33;
	memcpy(frame->bytes + 2, group->b + 12, 4);
}

static struct sim_frame nd_frame(const struct inquiry *inquiry)
{
	static const struct vrrp_addr all_nodes = {{0xff, 0x02, [15] = 1}};
	struct vrrp_addr target = sim_address(VRRP_IPV6, inquiry->target);
	struct vrrp_addr group = addr_solicited_node(&target);
	bool asks = inquiry->kind == INQUIRY_ASKS;
	struct sim_frame frame = ethernet(inquiry->target_mac, inquiry->sender_mac, TYPE_IPV6);
	uint8_t *ip = frame.bytes + ETHERNET_LEN, *icmp = ip + IPV6_LEN;

	frame.length = ETHERNET_LEN + IPV6_LEN + ND_LEN;
	put_ipv6(ip, PROTOCOL_ICMPV6, 255, inquiry->sender, inquiry->target, ND_LEN);
	if (inquiry->kind != INQUIRY_ANSWERS)
		put_group(&frame, asks ? &group : &all_nodes);
	icmp[0] = asks ? SOLICITATION : ADVERTISEMENT;
	if (!asks)
		icmp[4] = inquiry->kind == INQUIRY_ANSWERS ? FLAGS_SOLICITED : FLAGS_UNSOLICITED;
	put_address(icmp + 8, asks ? inquiry->target : inquiry->sender);
	icmp[24] = asks ? 1 : 2;
	icmp[25] = 1;
	memcpy(icmp + 26, inquiry->sender_mac, MAC_LEN);
	put16(icmp + 2, (uint16_t)~fold(sum_ipv6(ip)));
	return frame;
}

bool inquiry_read(const struct sim_frame *frame, struct inquiry *inquiry)
{
	return arp_read(frame, inquiry) || nd_read(frame, inquiry);
}

struct sim_frame inquiry_frame(uint8_t family, const struct inquiry *inquiry)
{
	return family == VRRP_IPV4 ? arp_frame(inquiry) : nd_frame(inquiry);
}

struct sim_frame announcement_frame(uint8_t family, const uint8_t mac[6])
{
	struct inquiry inquiry = {.sender = SIM_VIP, .target = SIM_VIP};

	inquiry.kind = family == VRRP_IPV4 ? INQUIRY_ASKS : INQUIRY_ANNOUNCES;
	memcpy(inquiry.sender_mac, mac, MAC_LEN);
	memcpy(inquiry.target_mac, mac, MAC_LEN);
	return inquiry_frame(family, &inquiry);
}

/* ---- packets ---- */

static void put_ipv4_packet(uint8_t *ip)
{
	ip[0] = 0x45;
	put16(ip + 2, IPV4_LEN);
	ip[8] = 64;
	ip[9] = PROTOCOL_UDP;
	put32(ip + 12, SIM_CLIENT_ADDRESS);
	put32(ip + 16, SIM_VIP);
	put16(ip + 10, (uint16_t)~fold(add_words(0, ip, IPV4_LEN)));
}

struct sim_frame packet_frame(uint8_t family, uint8_t vrid)
{
	uint8_t to[MAC_LEN], from[MAC_LEN];
	struct sim_frame frame;

	vrrp_virtual_mac((enum vrrp_family)family, vrid, to);
	host_mac(HOST_CLIENT, 0, from);
	frame = ethernet(to, from, family == VRRP_IPV4 ? TYPE_IPV4 : TYPE_IPV6);
	if (family == VRRP_IPV4)
		put_ipv4_packet(frame.bytes + ETHERNET_LEN);
	else
		put_ipv6(frame.bytes + ETHERNET_LEN, PROTOCOL_UDP, 64, SIM_CLIENT_ADDRESS, SIM_VIP,
			 0);
	return frame;
}

bool packet_to_virtual_mac(const struct sim_frame *frame, uint8_t family, uint8_t vrid)
{
	bool ipv4 = family == VRRP_IPV4;
	uint8_t mac[MAC_LEN];

	vrrp_virtual_mac((enum vrrp_family)family, vrid, mac);
	return has_type(frame, ipv4 ? TYPE_IPV4 : TYPE_IPV6, ipv4 ? IPV4_LEN : IPV6_LEN) &&
	       memcmp(frame->bytes, mac, MAC_LEN) == 0;
}

/* ---- advertisements ---- */

static bool read_ipv6(const struct sim_frame *frame, struct advert_packet *packet)
{
	const uint8_t *ip = frame->bytes + ETHERNET_LEN;

	if (!has_type(frame, TYPE_IPV6, IPV6_LEN) || ip[6] != VRRP_PROTOCOL ||
	    get16(ip + 4) > frame->length - ETHERNET_LEN - IPV6_LEN)
		return false;
	packet->family = VRRP_IPV6;
	packet->ttl = ip[7];
	packet->source = get_address(ip + 8);
	packet->destination = get_address(ip + 24);
	packet->bytes = ip + IPV6_LEN;
	packet->length = get16(ip + 4);
	return true;
}

static bool read_ipv4(const struct sim_frame *frame, struct advert_packet *packet)
{
	const uint8_t *ip = frame->bytes + ETHERNET_LEN;
	size_t header;

	if (!has_type(frame, TYPE_IPV4, IPV4_LEN) || ip[9] != VRRP_PROTOCOL)
		return false;
	header = (ip[0] & 0xfu) * 4;
	if (header < IPV4_LEN || get16(ip + 2) < header ||
	    get16(ip + 2) > frame->length - ETHERNET_LEN)
		return false;
	packet->family = VRRP_IPV4;
	packet->ttl = ip[8];
	packet->source = get32(ip + 12);
	packet->destination = get32(ip + 16);
	packet->bytes = ip + header;
	packet->length = (uint16_t)(get16(ip + 2) - header);
	return true;
}

bool advert_read(const struct sim_frame *frame, struct advert_packet *packet)
{
	if (!read_ipv4(frame, packet) && !read_ipv6(frame, packet))
		return false;
	packet->whole = vrrp_message_decode((enum vrrp_family)packet->family, packet->bytes,
					    packet->length, &packet->message);
	return true;
}

static size_t address_length(const struct advert_packet *packet)
{
	return packet->family == VRRP_IPV4 ? 4 : 16;
}

static uint16_t message_length(const struct advert_packet *packet)
{
	return (uint16_t)(8 + address_length(packet) * packet->message.addr_count +
			  (packet->message.version == 2 ? VRRP_AUTH_LEN : 0));
}

static uint32_t advert_sum(const struct advert_packet *packet, uint16_t length, bool pseudo)
{
	uint32_t sum = add_words(0, packet->bytes, length);

	if (packet->family == VRRP_IPV6)
		return add_words(sum, packet->bytes - 32, 32) + VRRP_PROTOCOL + length;
	if (!pseudo)
		return sum;
	return sum + (packet->source >> 16) + (packet->source & 0xffff) +
	       (packet->destination >> 16) + (packet->destination & 0xffff) + VRRP_PROTOCOL +
	       length;
}

bool advert_sum_right(const struct advert_packet *packet, bool pseudo)
{
	return fold(advert_sum(packet, message_length(packet), pseudo)) == 0xffff;
}

bool advert_list_right(const struct advert_packet *packet)
{
	struct vrrp_addr vip = sim_address(packet->family, SIM_VIP);
	size_t length = address_length(packet);

	return packet->message.addr_count == 1 &&
	       memcmp(packet->message.addresses, vip.b + 16 - length, length) == 0;
}

bool advert_length_exact(const struct advert_packet *packet)
{
	return packet->length == message_length(packet);
}

struct sim_frame advert_frame(const struct advert *advert)
{
	struct sim_frame frame = {0};

	frame.length = (uint16_t)vrrp_frame_encode(advert, frame.bytes, sizeof(frame.bytes));
	assert(frame.length != 0);
	return frame;
}

static void rewrite_ipv4(uint8_t *ip, const struct advert_changes *changes)
{
	put32(ip + 16, changes->destination);
	ip[8] = changes->ttl;
	put16(ip + 10, 0);
	put16(ip + 10, (uint16_t)~fold(add_words(0, ip, IPV4_LEN)));
}

static void rewrite_ipv6(uint8_t *ip, const struct advert_changes *changes)
{
	put_address(ip + 24, changes->destination);
	ip[7] = changes->ttl;
}

void advert_rewrite(struct sim_frame *frame, const struct advert_changes *changes)
{
	bool ipv6 = has_type(frame, TYPE_IPV6, IPV6_LEN);
	uint8_t *ip = frame->bytes + ETHERNET_LEN, *message = ip + (ipv6 ? IPV6_LEN : IPV4_LEN);
	struct advert_packet packet;
	bool read;

	memcpy(frame->bytes, changes->to_mac, MAC_LEN);
	(ipv6 ? rewrite_ipv6 : rewrite_ipv4)(ip, changes);
	message[0] = (uint8_t)(changes->version << 4 | changes->type);
	message[3] = changes->addr_count;
	read = advert_read(frame, &packet);
	assert(read);
	put16(message + CHECKSUM_AT, 0);
	put16(message + CHECKSUM_AT,
	      (uint16_t)~fold(advert_sum(&packet, packet.length, changes->pseudo)) ^
		      changes->spoils_sum);
}
