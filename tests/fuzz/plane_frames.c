/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plane_frames.h"

#include <string.h>

#include "checksum.h"

#define IPV4(last)                                                          \
	{                                                                   \
		{                                                           \
			[10] = 0xff, [11] = 0xff, [12] = 10, [15] = (last), \
		}                                                           \
	}
#define LINK_LOCAL(last)                                       \
	{                                                      \
		{                                              \
			[0] = 0xfe, [1] = 0x80, [15] = (last), \
		}                                              \
	}

/* The last one serves a global address. */
const struct plane_router plane_routers[PLANE_ROUTERS] = {
	{VRRP_IPV4, 10, 3, VRRP_AUTH_NONE, 0, false, IPV4(1), IPV4(0xfe), IPV4(9)},
	{VRRP_IPV4, 20, 2, VRRP_AUTH_PASS, 100, false, IPV4(2), IPV4(0xfe), IPV4(9)},
	{VRRP_IPV6, 10, 3, VRRP_AUTH_NONE, 0, false, LINK_LOCAL(1), LINK_LOCAL(0xfe),
	 LINK_LOCAL(9)},
	{VRRP_IPV4, 40, 3, VRRP_AUTH_NONE, 0, true, IPV4(4), IPV4(0xfe), IPV4(9)},
	{VRRP_IPV6,
	 50,
	 3,
	 VRRP_AUTH_NONE,
	 100,
	 true,
	 {{0x20, 0x01, 0x0d, 0xb8, [15] = 5}},
	 LINK_LOCAL(0xfe),
	 LINK_LOCAL(9)},
};

struct vr_identity plane_identity(const struct plane_router *router)
{
	struct vr_identity identity = {
		.key = {.ifindex = PLANE_IFINDEX,
			.vlan = router->vlan,
			.family = router->family,
			.vrid = router->vrid},
		.version = router->version,
		.priority = 100,
		.auth_type = router->auth_type,
		.auth_data = "secret",
		.addr_count = 1,
		.interval_cs = 100,
		.addr_set = vrrp_addr_set(&router->address, 1),
		.primary = router->primary,
	};

	vrrp_virtual_mac((enum vrrp_family)router->family, router->vrid, identity.mac);
	return identity;
}

/* ---- advertisements, ARP, packets ---- */

static size_t put_advert(struct input *input, const struct plane_router *router, uint8_t *out)
{
	struct vr_identity identity = plane_identity(router);
	struct advert advert = {
		.family = (enum vrrp_family)router->family,
		.version = router->version,
		.vrid = router->vrid,
		.priority = take8(input),
		.interval_cs = 100,
		.checksum = take_bool(input) ? CHECKSUM_PSEUDO : CHECKSUM_RFC9568,
		.auth_type = router->auth_type,
		.source = router->peer,
		.addresses = &router->address,
		.address_count = 1,
	};

	if (take_below(input, 4) == 0)
		advert.source.b[15] = take8(input);
	if (router->unicast && take_below(input, 8))
		advert.destination = router->primary;
	memcpy(advert.auth_data, identity.auth_data, VRRP_AUTH_LEN);
	memcpy(advert.source_mac, identity.mac, sizeof(advert.source_mac));
	return vrrp_frame_encode(&advert, out, FRAME_MAX);
}

static size_t put_arp(struct input *input, const struct plane_router *router, uint8_t *out)
{
	struct vrrp_addr address = router->address;
	uint8_t mac[6] = {2, 0, 0, 0, 0, take8(input)};
	size_t length;

	if (router->family != VRRP_IPV4)
		address = plane_routers[0].address;
	length = garp_frame_encode(mac, &address, out);
	if (take_bool(input)) /* somebody else asks */
		memcpy(out + 14 + 14, "\x0a\x00\x00\x63", 4);
	return length;
}

static size_t put_packet(struct input *input, const struct plane_router *router, uint8_t *out)
{
	size_t length = put_advert(input, router, out);

	vrrp_virtual_mac((enum vrrp_family)router->family, router->vrid, out);
	out[14 + (router->family == VRRP_IPV4 ? 9 : 6)] = 17; /* UDP */
	return length;
}

/* ---- Neighbor Discovery ---- */

uint16_t plane_sum_ipv6(const uint8_t *ip, size_t length)
{
	uint32_t sum = (uint32_t)length + ip[6];

	for (size_t i = 8; i < 40 + length; i++)
		sum += i % 2 ? ip[i] : (uint32_t)ip[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static size_t put_options(struct input *input, uint8_t *out)
{
	uint8_t kinds = take8(input);
	size_t length = 0;

	for (unsigned bit = 0; bit < 3; bit++)
		if (kinds & 1 << bit) {
			memset(out + length, take8(input), 8);
			out[length] = "\x01\x02\x0e"[bit];
			out[length + 1] = take_below(input, 8) ? 1 : take8(input);
			length += 8;
		}
	return length;
}

static void set_source(struct input *input, const struct plane_router *router, uint8_t *ip)
{
	switch (take_below(input, 4)) {
	case 0: /* a probe, if the rest fits */
		break;
	case 1:
		memcpy(ip + 8, &router->address, 16);
		break;
	case 2:
	case 3:
		memcpy(ip + 8, &plane_routers[2].peer, 16);
		break;
	}
}

/* Solicitations and advertisements, from and to all that they may be. */
static size_t put_nd(struct input *input, const struct plane_router *router, uint8_t *out)
{
	struct vrrp_addr target = router->address, group = addr_solicited_node(&target);
	uint8_t *ip = out + 14;
	size_t length;
	uint16_t sum;

	memset(out, 0, 14 + 40 + 24);
	memcpy(out, "\x33\x33\xff\x00\x00\x01\x02\x00\x00\x00\x00\x99\x86\xdd", 14);
	length = 24 + put_options(input, ip + 64);
	ip[0] = 0x60;
	ip[5] = (uint8_t)length;
	ip[6] = 58;
	ip[7] = take_below(input, 8) ? 255 : take8(input);
	set_source(input, router, ip);
	memcpy(ip + 24, take_below(input, 4) ? &group : &target, 16);
	ip[40] = take_below(input, 4) ? 135 : 136;
	memcpy(ip + 48, &target, 16);
	sum = (uint16_t)~plane_sum_ipv6(ip, length);
	ip[42] = (uint8_t)(sum >> 8);
	ip[43] = (uint8_t)sum;
	return 14 + 40 + length;
}

/* ---- any ---- */

static size_t put_tag(uint8_t *frame, size_t length, uint16_t vlan)
{
	memmove(frame + 16, frame + 12, length - 12);
	memcpy(frame + 12, "\x81\x00", 2);
	frame[14] = (uint8_t)(vlan >> 8);
	frame[15] = (uint8_t)vlan;
	return length + 4;
}

static size_t put_frame(struct input *input, uint8_t *out)
{
	const struct plane_router *router = &plane_routers[take_below(input, PLANE_ROUTERS)];
	const uint8_t *bytes;
	size_t length = 0;

	switch (take_below(input, 5)) {
	case 0:
		length = put_advert(input, router, out);
		break;
	case 1:
		length = put_arp(input, router, out);
		break;
	case 2:
		length = put_packet(input, router, out);
		break;
	case 3:
		length = put_nd(input, router, out);
		break;
	case 4:
		length = take_view(input, &bytes, take8(input));
		if (length)
			memcpy(out, bytes, length);
		return length;
	}
	return take8(input) % 4 ? put_tag(out, length, (uint16_t)router->vlan) : length;
}

/* Of an IPv4 header without tags, whatever has become of it: else nothing in it is looked at. */
static void put_right_ipv4_checksum(uint8_t *frame, size_t length)
{
	uint8_t *ip = frame + 14;
	size_t header = length > 14 ? (ip[0] & 15u) * 4 : 0;
	uint32_t sum = 0;

	if (header < 20 || length < 14 + header || memcmp(frame + 12, "\x08\x00", 2))
		return;
	memset(ip + 10, 0, 2);
	for (size_t i = 0; i < header; i++)
		sum += i % 2 ? ip[i] : (uint32_t)ip[i] << 8;
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

/* With a few bytes of it another, and perhaps cut off. */
size_t plane_take_frame(struct input *input, uint8_t *out)
{
	size_t length = put_frame(input, out);
	uint8_t cut;

	for (unsigned count = take_below(input, 4); count && length; count--) {
		size_t offset = take8(input) % length;

		out[offset] = take8(input);
	}
	cut = take8(input);
	if (cut % 8)
		put_right_ipv4_checksum(out, length);
	return cut < 32 ? take8(input) % (length + 1) : length;
}
