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
	TYPE_IPV4 = 0x0800,
	TYPE_ARP = 0x0806,
	PROTOCOL_UDP = 17,
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

/* ---- ARP ---- */

static const uint8_t ethernet_ipv4[] = {0, 1, 8, 0, 6, 4};

bool arp_read(const struct sim_frame *frame, struct arp *arp)
{
	const uint8_t *bytes = frame->bytes + ETHERNET_LEN;

	if (!has_type(frame, TYPE_ARP, ARP_LEN) ||
	    memcmp(bytes, ethernet_ipv4, sizeof(ethernet_ipv4)) != 0)
		return false;
	arp->operation = get16(bytes + 6);
	memcpy(arp->sender_mac, bytes + 8, MAC_LEN);
	arp->sender = get32(bytes + 14);
	memcpy(arp->target_mac, bytes + 18, MAC_LEN);
	arp->target = get32(bytes + 24);
	return true;
}

struct sim_frame arp_frame(const struct arp *arp)
{
	const uint8_t *to = arp->operation == ARP_REQUEST ? broadcast : arp->target_mac;
	struct sim_frame frame = ethernet(to, arp->sender_mac, TYPE_ARP);
	uint8_t *bytes = frame.bytes + ETHERNET_LEN;

	memcpy(bytes, ethernet_ipv4, sizeof(ethernet_ipv4));
	put16(bytes + 6, arp->operation);
	memcpy(bytes + 8, arp->sender_mac, MAC_LEN);
	put32(bytes + 14, arp->sender);
	memcpy(bytes + 18, arp->target_mac, MAC_LEN);
	put32(bytes + 24, arp->target);
	return frame;
}

struct sim_frame announcement_frame(const uint8_t mac[6])
{
	struct arp arp = {.operation = ARP_REQUEST, .sender = SIM_VIP, .target = SIM_VIP};

	memcpy(arp.sender_mac, mac, MAC_LEN);
	memcpy(arp.target_mac, mac, MAC_LEN);
	return arp_frame(&arp);
}

/* ---- IPv4 ---- */

struct sim_frame packet_frame(uint8_t vrid)
{
	uint8_t to[MAC_LEN], from[MAC_LEN];
	struct sim_frame frame;
	uint8_t *ip = frame.bytes + ETHERNET_LEN;

	vrrp_virtual_mac(VRRP_IPV4, vrid, to);
	host_mac(HOST_CLIENT, 0, from);
	frame = ethernet(to, from, TYPE_IPV4);
	ip[0] = 0x45;
	put16(ip + 2, IPV4_LEN);
	ip[8] = 64;
	ip[9] = PROTOCOL_UDP;
	put32(ip + 12, SIM_CLIENT_ADDRESS);
	put32(ip + 16, SIM_VIP);
	put16(ip + 10, (uint16_t)~fold(add_words(0, ip, IPV4_LEN)));
	return frame;
}

bool packet_to_virtual_mac(const struct sim_frame *frame, uint8_t vrid)
{
	uint8_t mac[MAC_LEN];

	vrrp_virtual_mac(VRRP_IPV4, vrid, mac);
	return has_type(frame, TYPE_IPV4, IPV4_LEN) && memcmp(frame->bytes, mac, MAC_LEN) == 0;
}

/* ---- advertisements ---- */

bool advert_read(const struct sim_frame *frame, struct advert_packet *packet)
{
	const uint8_t *ip = frame->bytes + ETHERNET_LEN;
	size_t header;

	if (!has_type(frame, TYPE_IPV4, IPV4_LEN) || ip[9] != VRRP_PROTOCOL)
		return false;
	header = (ip[0] & 0xfu) * 4;
	if (header < IPV4_LEN || get16(ip + 2) < header ||
	    get16(ip + 2) > frame->length - ETHERNET_LEN)
		return false;
	packet->ttl = ip[8];
	packet->source = get32(ip + 12);
	packet->destination = get32(ip + 16);
	packet->bytes = ip + header;
	packet->length = (uint16_t)(get16(ip + 2) - header);
	packet->whole =
		vrrp_message_decode(VRRP_IPV4, packet->bytes, packet->length, &packet->message);
	return true;
}

static uint16_t message_length(const struct vrrp_message *message)
{
	return (uint16_t)(8 + 4 * message->addr_count +
			  (message->version == 2 ? VRRP_AUTH_LEN : 0));
}

static uint32_t advert_sum(const struct advert_packet *packet, uint16_t length, bool pseudo)
{
	uint32_t sum = add_words(0, packet->bytes, length);

	if (!pseudo)
		return sum;
	return sum + (packet->source >> 16) + (packet->source & 0xffff) +
	       (packet->destination >> 16) + (packet->destination & 0xffff) + VRRP_PROTOCOL +
	       length;
}

bool advert_sum_right(const struct advert_packet *packet, bool pseudo)
{
	return fold(advert_sum(packet, message_length(&packet->message), pseudo)) == 0xffff;
}

bool advert_list_right(const struct advert_packet *packet)
{
	return packet->message.addr_count == 1 && get32(packet->message.addresses) == SIM_VIP;
}

bool advert_length_exact(const struct advert_packet *packet)
{
	return packet->length == message_length(&packet->message);
}

struct sim_frame advert_frame(const struct advert *advert)
{
	struct sim_frame frame = {0};

	frame.length = (uint16_t)vrrp_frame_encode(advert, frame.bytes, sizeof(frame.bytes));
	assert(frame.length != 0);
	return frame;
}

void advert_rewrite(struct sim_frame *frame, const struct advert_changes *changes)
{
	uint8_t *ip = frame->bytes + ETHERNET_LEN, *message = ip + IPV4_LEN;
	struct advert_packet packet;
	bool read;

	memcpy(frame->bytes, changes->to_mac, MAC_LEN);
	put32(ip + 16, changes->destination);
	ip[8] = changes->ttl;
	put16(ip + 10, 0);
	put16(ip + 10, (uint16_t)~fold(add_words(0, ip, IPV4_LEN)));
	message[0] = (uint8_t)(message[0] >> 4 << 4 | changes->type);
	message[3] = changes->addr_count;
	read = advert_read(frame, &packet);
	assert(read);
	put16(message + CHECKSUM_AT, 0);
	put16(message + CHECKSUM_AT,
	      (uint16_t)~fold(advert_sum(&packet, packet.length, changes->pseudo)) ^
		      changes->spoils_sum);
}
