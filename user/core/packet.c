/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advertisements and gratuitous ARP as bytes: RFC 9568 section 5 and RFC 3768 section 5 for the
 * message, RFC 9568 sections 7.2 and 8.1.2 for what is around it. Everything is put together byte
 * by byte in wire order; sums come from include/check.h, the text that the receiving side runs.
 */
#include "core/packet.h"

#include <assert.h>
#include <string.h>

#include "check.h"

#define ETHERNET_LEN	 14
#define ETHERNET_MIN_LEN 60 /* without the frame check sequence */
#define IPV4_LEN	 20
#define IPV6_LEN	 40

#define PROTOCOL_ICMPV6 58
#define NA_LEN		32 /* with the option */

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP  0x0806
#define ETHERTYPE_IPV6 0x86dd

static uint8_t *put_bytes(uint8_t *out, const void *bytes, size_t length)
{
	memcpy(out, bytes, length);
	return out + length;
}

static uint8_t *put8(uint8_t *out, unsigned value)
{
	*out = (uint8_t)value;
	return out + 1;
}

static uint8_t *put16(uint8_t *out, unsigned value)
{
	return put8(put8(out, value >> 8), value);
}

static uint8_t *put32(uint8_t *out, uint32_t value)
{
	return put16(put16(out, value >> 16), value & 0xffff);
}

static size_t address_len(enum vrrp_family family)
{
	return family == VRRP_IPV4 ? 4 : 16;
}

/* On the wire an IPv4 address is the last 4 of its 16 bytes here. */
static uint8_t *put_address(uint8_t *out, enum vrrp_family family, const struct vrrp_addr *address)
{
	assert(addr_is_ipv4(address) == (family == VRRP_IPV4));
	return put_bytes(out, address->b + 16 - address_len(family), address_len(family));
}

/* */
static struct vrrp_addr group_address(enum vrrp_family family)
{
	struct vrrp_addr group = {{0xff, 0x02, [15] = 0x12}};

	return family == VRRP_IPV4 ? addr_from_ipv4(VRRP_GROUP_IPV4) : group;
}

/* As far as the pseudo-header knows. */
static struct vrrp_addr destination(const struct advert *advert)
{
	bool old = advert->pseudo_group && advert->family == VRRP_IPV4;
	bool group = addr_is_zero(&advert->destination) || old;

	return group ? group_address(advert->family) : advert->destination;
}

static size_t auth_len(uint8_t version)
{
	return version == 2 ? VRRP_AUTH_LEN : 0;
}

static size_t message_len(const struct advert *advert)
{
	return sizeof(struct vrrp_hdr) + advert->address_count * address_len(advert->family) +
	       auth_len(advert->version);
}

static uint8_t *put_header(uint8_t *out, const struct advert *advert)
{
	out = put8(out, (unsigned)advert->version << 4 | VRRP_TYPE_ADVERTISEMENT);
	out = put8(out, advert->vrid);
	out = put8(out, advert->priority);
	out = put8(out, advert->address_count);
	if (advert->version == 2) {
		out = put8(out, advert->auth_type);
		out = put8(out, advert->interval_cs / 100);
	} else {
		out = put16(out, advert->interval_cs);
	}
	return put16(out, 0); /* checksum */
}

/* zero unless it is a password. */
static uint8_t *put_auth(uint8_t *out, const struct advert *advert)
{
	if (advert->auth_type == VRRP_AUTH_PASS)
		return put_bytes(out, advert->auth_data, VRRP_AUTH_LEN);
	memset(out, 0, VRRP_AUTH_LEN);
	return out + VRRP_AUTH_LEN;
}

/*
 * RFC 9568 5.2.8 sums an IPv4 message alone; keepalived and FRR add a pseudo-header, as they read
 * RFC 5798. VRRPv2 never has one, IPv6 always.
 */
static bool has_pseudo_header(const struct advert *advert)
{
	if (advert->version == 2)
		return false;
	return advert->family == VRRP_IPV6 || advert->checksum == CHECKSUM_PSEUDO;
}

static void put_checksum(uint8_t *message, size_t length, const struct advert *advert)
{
	struct vrrp_addr to = destination(advert);
	uint64_t sum = vrrp_sum(message, (uint32_t)length);
	uint16_t checksum;

	if (has_pseudo_header(advert))
		sum += vrrp_sum_pseudo(&advert->source, &to, (uint16_t)length);
	checksum = vrrp_checksum(sum);
	put_bytes(message + offsetof(struct vrrp_hdr, checksum), &checksum, sizeof(checksum));
}

bool advert_is_possible(const struct advert *advert)
{
	bool ipv4 = advert->family == VRRP_IPV4;

	if (advert->version == 2 && (!ipv4 || advert->interval_cs > 25500))
		return false;
	if (advert->version == 3 && advert->interval_cs > VRRP_INTERVAL_MAX_CS)
		return false;
	if (advert->address_count > VRRP_ADDRESSES_MAX)
		return false;
	for (unsigned i = 0; i < advert->address_count; i++)
		if (addr_is_ipv4(&advert->addresses[i]) != ipv4)
			return false;
	return (advert->version == 2 || advert->version == 3) &&
	       (ipv4 || advert->family == VRRP_IPV6) && addr_is_ipv4(&advert->source) == ipv4;
}

size_t vrrp_message_encode(const struct advert *advert, uint8_t *buffer, size_t size)
{
	size_t length = message_len(advert);
	uint8_t *out = buffer;

	assert(advert_is_possible(advert));
	if (size < length)
		return 0;
	out = put_header(out, advert);
	for (unsigned i = 0; i < advert->address_count; i++)
		out = put_address(out, advert->family, &advert->addresses[i]);
	if (advert->version == 2)
		out = put_auth(out, advert);
	assert(out == buffer + length);
	put_checksum(buffer, length, advert);
	return length;
}

/* the Ethernet group is made of the last bytes of the IP group. */
static uint8_t *put_ethernet(uint8_t *out, const struct advert *advert)
{
	static const uint8_t group_ipv4[6] = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x12};
	static const uint8_t group_ipv6[6] = {0x33, 0x33, 0x00, 0x00, 0x00, 0x12};
	bool ipv4 = advert->family == VRRP_IPV4;

	out = put_bytes(out, ipv4 ? group_ipv4 : group_ipv6, 6);
	out = put_bytes(out, advert->source_mac, 6);
	return put16(out, ipv4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
}

/* No fragment, no Don't Fragment bit, identification 0: there is nothing to put together. */
static uint8_t *put_ipv4(uint8_t *out, const struct advert *advert, size_t payload)
{
	struct vrrp_addr group = group_address(VRRP_IPV4);
	uint8_t *header = out;
	uint16_t checksum;

	out = put8(out, 0x45);
	out = put8(out, VRRP_DSCP_CS6);
	out = put16(out, (unsigned)(IPV4_LEN + payload));
	out = put32(out, 0);
	out = put8(out, VRRP_TTL);
	out = put8(out, VRRP_PROTOCOL);
	out = put16(out, 0); /* checksum */
	out = put_address(out, VRRP_IPV4, &advert->source);
	out = put_address(out, VRRP_IPV4, &group);
	checksum = vrrp_checksum(vrrp_sum(header, IPV4_LEN));
	put_bytes(header + 10, &checksum, sizeof(checksum));
	return out;
}

static uint8_t *put_ipv6(uint8_t *out, const struct advert *advert, size_t payload)
{
	struct vrrp_addr group = group_address(VRRP_IPV6);

	out = put32(out, 6u << 28 | VRRP_DSCP_CS6 << 20); /* no flow label */
	out = put16(out, (unsigned)payload);
	out = put8(out, VRRP_PROTOCOL);
	out = put8(out, VRRP_TTL);
	out = put_address(out, VRRP_IPV6, &advert->source);
	return put_address(out, VRRP_IPV6, &group);
}

static size_t pad(uint8_t *frame, size_t length)
{
	if (length >= ETHERNET_MIN_LEN)
		return length;
	memset(frame + length, 0, ETHERNET_MIN_LEN - length);
	return ETHERNET_MIN_LEN;
}

size_t vrrp_frame_encode(const struct advert *advert, uint8_t *buffer, size_t size)
{
	size_t ip_len = advert->family == VRRP_IPV4 ? IPV4_LEN : IPV6_LEN;
	size_t payload = message_len(advert);
	size_t length = ETHERNET_LEN + ip_len + payload;
	uint8_t *out = buffer;

	if (size < length || size < ETHERNET_MIN_LEN)
		return 0;
	out = put_ethernet(out, advert);
	if (advert->family == VRRP_IPV4)
		out = put_ipv4(out, advert, payload);
	else
		out = put_ipv6(out, advert, payload);
	vrrp_message_encode(advert, out, payload);
	return pad(buffer, length);
}

bool vrrp_message_decode(enum vrrp_family family, const uint8_t *message, size_t length,
			 struct vrrp_message *out)
{
	size_t addresses_len;

	if (length < sizeof(struct vrrp_hdr))
		return false;
	memset(out, 0, sizeof(*out));
	out->version = message[0] >> 4;
	out->type = message[0] & 0xf;
	out->vrid = message[1];
	out->priority = message[2];
	out->addr_count = message[3];
	out->checksum = (uint16_t)(message[6] << 8 | message[7]);
	out->addresses = message + sizeof(struct vrrp_hdr);
	addresses_len = out->addr_count * address_len(family);
	if (length < sizeof(struct vrrp_hdr) + addresses_len + auth_len(out->version))
		return false;
	if (out->version == 2) {
		out->auth_type = message[4];
		out->interval_cs = message[5] * 100u;
		out->auth_data = out->addresses + addresses_len;
	} else {
		/* the reserved bits are not part of the interval, whatever they are. */
		out->interval_cs = (message[4] & 0x0fu) << 8 | message[5];
	}
	return true;
}

/*
 * RFC 3768 6.4: a request. RFC 9568 8.1.2 with errata 7947 and 7949: both addresses are the virtual
 * one, both hardware addresses the virtual MAC. Keepalived and FRR put ff:ff:ff:ff:ff:ff into the
 * target; receivers learn from the sender fields, so either works.
 */
size_t garp_frame_encode(const uint8_t mac[6], const struct vrrp_addr *address,
			 uint8_t buffer[GARP_FRAME_LEN])
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint8_t *out = buffer;

	out = put_bytes(out, broadcast, 6);
	out = put_bytes(out, mac, 6);
	out = put16(out, ETHERTYPE_ARP);
	out = put16(out, 1); /* hardware: Ethernet */
	out = put16(out, ETHERTYPE_IPV4);
	out = put8(out, 6);
	out = put8(out, 4);
	out = put16(out, 1); /* request */
	for (int sender_then_target = 0; sender_then_target < 2; sender_then_target++) {
		out = put_bytes(out, mac, 6);
		out = put_address(out, VRRP_IPV4, address);
	}
	return pad(buffer, (size_t)(out - buffer));
}

/* RFC 9568 6.4.2 (E-30): R = 1, S = 0, O = 1, to all nodes. */
size_t na_frame_encode(const uint8_t mac[6], const struct vrrp_addr *address,
		       uint8_t buffer[NA_FRAME_LEN])
{
	static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0x00, 0x00, 0x00, 0x01};
	static const struct vrrp_addr all_nodes = {{0xff, 0x02, [15] = 0x01}};
	uint8_t *out = buffer, *message;
	uint64_t sum;
	uint16_t checksum;

	out = put_bytes(out, all_nodes_mac, 6);
	out = put_bytes(out, mac, 6);
	out = put16(out, ETHERTYPE_IPV6);
	out = put32(out, 6u << 28 | VRRP_DSCP_CS6 << 20);
	out = put16(out, NA_LEN);
	out = put8(out, PROTOCOL_ICMPV6);
	out = put8(out, 255);
	out = put_address(out, VRRP_IPV6, address);
	out = put_address(out, VRRP_IPV6, &all_nodes);
	message = out;
	out = put8(out, 136);
	out = put8(out, 0);
	out = put16(out, 0); /* checksum */
	out = put32(out, 0xa0000000);
	out = put_address(out, VRRP_IPV6, address);
	out = put8(out, 2); /* target link-layer address */
	out = put8(out, 1);
	out = put_bytes(out, mac, 6);
	assert(out == buffer + NA_FRAME_LEN);
	/* The pseudo-header of RFC 8200 8.1: VRRP's, but for the protocol. */
	sum = vrrp_sum(message, NA_LEN) + vrrp_sum_addr(address) + vrrp_sum_addr(&all_nodes) +
	      __cpu_to_be16(NA_LEN) + __cpu_to_be16(PROTOCOL_ICMPV6);
	checksum = vrrp_checksum(sum);
	put_bytes(message + 2, &checksum, sizeof(checksum));
	return NA_FRAME_LEN;
}

size_t announcement_encode(const uint8_t mac[6], const struct vrrp_addr *address,
			   uint8_t buffer[ANNOUNCEMENT_LEN_MAX])
{
	return addr_is_ipv4(address) ? garp_frame_encode(mac, address, buffer)
				     : na_frame_encode(mac, address, buffer);
}
