/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frames6.h"

#include <assert.h>
#include <string.h>

enum { IP6_LENGTH = 40, VRRP = 112, ICMPV6 = 58 };

static const uint8_t host_mac[6] = {2, 0, 0, 0, 0, 0x99};

struct ip6 link_local(uint8_t number)
{
	return (struct ip6){{0xfe, 0x80, [15] = number}};
}

struct ip6 global(uint8_t number)
{
	return (struct ip6){{0x20, 0x01, 0x0d, 0xb8, [15] = number}};
}

struct ip6 solicited_node(struct ip6 address)
{
	struct ip6 group = {{0xff, 2, [11] = 1, [12] = 0xff}};

	memcpy(group.b + 13, address.b + 13, 3);
	return group;
}

static void put(struct frame *frame, const void *bytes, size_t length)
{
	assert(frame->length + length <= sizeof(frame->bytes));
	memcpy(frame->bytes + frame->length, bytes, length);
	frame->length += length;
}

static void put_big(struct frame *frame, uint32_t value, unsigned bytes)
{
	while (bytes-- > 0)
		put(frame, &(uint8_t){(uint8_t)(value >> (8 * bytes))}, 1);
}

static void put_many(struct frame *frame, uint8_t value, size_t count)
{
	while (count-- > 0)
		put(frame, &value, 1);
}

/* ---- checksum: over the payload and the pseudo-header of RFC 8200 section 8.1 ---- */

static uint32_t add(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum += (uint32_t)bytes[i] << (i % 2 ? 0 : 8);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint32_t sum_of(const struct frame *frame, bool pseudo)
{
	const uint8_t *ip = frame->bytes + frame->l3;
	size_t length = (size_t)ip[4] << 8 | ip[5];
	uint32_t sum = add(0, ip + IP6_LENGTH, length);

	return pseudo ? add(sum, ip + 8, 32) + (uint32_t)length + ip[6] : sum;
}

static void set_sum(struct frame *frame, bool pseudo)
{
	unsigned at = frame->bytes[frame->l3 + 6] == VRRP ? 6 : 2;
	uint8_t *checksum = frame->bytes + frame->message + at;
	uint16_t sum;

	memset(checksum, 0, 2);
	sum = (uint16_t)~fold(sum_of(frame, pseudo));
	checksum[0] = (uint8_t)(sum >> 8);
	checksum[1] = (uint8_t)sum;
}

void frame_sum6(struct frame *frame)
{
	set_sum(frame, true);
}

bool frame_sum6_right(const struct frame *frame)
{
	return fold(sum_of(frame, true)) == 0xffff;
}

/* ---- packets ---- */

static struct frame begin(const struct packet6 *ip, size_t payload)
{
	struct frame frame = {};

	put(&frame, ip->destination_mac, 6);
	put(&frame, ip->source_mac, 6);
	for (unsigned i = 0; i < ip->tag_count; i++) {
		put_big(&frame, i + 1 < ip->tag_count ? 0x88a8 : 0x8100, 2);
		put_big(&frame, ip->tags[i], 2);
	}
	put_big(&frame, 0x86dd, 2);
	frame.l3 = frame.length;
	put_big(&frame, 0x60000000, 4);
	put_big(&frame, (uint32_t)payload, 2);
	put_big(&frame, ip->protocol, 1);
	put_big(&frame, ip->hops, 1);
	put(&frame, &ip->source, 16);
	put(&frame, &ip->destination, 16);
	frame.message = frame.length;
	return frame;
}

struct advert6_spec advert6(uint8_t vrid)
{
	return (struct advert6_spec){
		.ip = {.source_mac = {0, 0, 0x5e, 0, 2, vrid},
		       .destination_mac = {0x33, 0x33, 0, 0, 0, 0x12},
		       .protocol = VRRP,
		       .hops = 255,
		       .source = link_local(12),
		       .destination = {{0xff, 2, [15] = 0x12}}},
		.version = 3,
		.type = 1,
		.vrid = vrid,
		.priority = 150,
		.count = 2,
		.interval = 100,
		.addresses = {link_local(vrid), global(vrid)},
	};
}

struct frame frame_advert6(const struct advert6_spec *spec)
{
	struct frame frame = begin(&spec->ip, 8 + 16u * spec->count + spec->trailer);

	put_big(&frame, (uint32_t)spec->version << 4 | spec->type, 1);
	put_big(&frame, spec->vrid, 1);
	put_big(&frame, spec->priority, 1);
	put_big(&frame, spec->count, 1);
	put_big(&frame, spec->interval, 2);
	put_big(&frame, 0, 2);
	put(&frame, spec->addresses, 16u * spec->count);
	put_many(&frame, 0xee, spec->trailer);
	set_sum(&frame, !spec->without_pseudo);
	put_many(&frame, 0xdd, spec->ip.padding);
	return frame;
}

/* ---- Neighbor Discovery ---- */

void nd_option(struct nd_spec *spec, uint8_t type, uint8_t length, const uint8_t content[6])
{
	uint8_t *option = spec->options + spec->option_length;

	option[0] = type;
	option[1] = length;
	memcpy(option + 2, content, 6);
	spec->option_length += length ? 8u * length : 8;
	assert(spec->option_length <= sizeof(spec->options));
}

static struct nd_spec solicitation(struct ip6 target)
{
	struct ip6 group = solicited_node(target);

	return (struct nd_spec){
		.ip = {.source_mac = {2, 0, 0, 0, 0, 0x99},
		       .destination_mac = {0x33, 0x33, group.b[12], group.b[13], group.b[14],
					   group.b[15]},
		       .protocol = ICMPV6,
		       .hops = 255,
		       .source = link_local(0x99),
		       .destination = group},
		.type = 135,
		.target = target,
	};
}

struct nd_spec nd_who_has(struct ip6 target)
{
	struct nd_spec spec = solicitation(target);

	nd_option(&spec, 1, 1, host_mac);
	return spec;
}

struct nd_spec nd_probe(struct ip6 target)
{
	struct nd_spec spec = solicitation(target);

	spec.ip.source = (struct ip6){};
	return spec;
}

struct nd_spec nd_has(struct ip6 target, const uint8_t mac[6])
{
	struct nd_spec spec = solicitation(target);

	memcpy(spec.ip.source_mac, mac, 6);
	memcpy(spec.ip.destination_mac, (const uint8_t[]){0x33, 0x33, 0, 0, 0, 1}, 6);
	spec.ip.destination = (struct ip6){{0xff, 2, [15] = 1}};
	spec.type = 136;
	spec.flags = 0x20000000;
	nd_option(&spec, 2, 1, mac);
	return spec;
}

struct frame frame_nd(const struct nd_spec *spec)
{
	struct frame frame = begin(&spec->ip, 24 + spec->option_length);

	put_big(&frame, spec->type, 1);
	put_big(&frame, spec->code, 1);
	put_big(&frame, 0, 2);
	put_big(&frame, spec->flags, 4);
	put(&frame, &spec->target, 16);
	put(&frame, spec->options, spec->option_length);
	set_sum(&frame, true);
	put_many(&frame, 0xdd, spec->ip.padding);
	return frame;
}
