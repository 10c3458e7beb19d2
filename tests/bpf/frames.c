/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frames.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void put(struct frame *frame, const void *bytes, size_t length)
{
	assert(frame->length + length <= sizeof(frame->bytes));
	memcpy(frame->bytes + frame->length, bytes, length);
	frame->length += length;
}

static void put_zero(struct frame *frame, size_t length)
{
	assert(frame->length + length <= sizeof(frame->bytes));
	frame->length += length;
}

static void put8(struct frame *frame, uint8_t value)
{
	put(frame, &value, 1);
}

static void put16(struct frame *frame, uint16_t value)
{
	put8(frame, (uint8_t)(value >> 8));
	put8(frame, (uint8_t)value);
}

static void put32(struct frame *frame, uint32_t value)
{
	put16(frame, (uint16_t)(value >> 16));
	put16(frame, (uint16_t)value);
}

static uint32_t sum16(const uint8_t *bytes, size_t length, uint32_t sum)
{
	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

static uint16_t finish(uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void set16(uint8_t *to, uint16_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void put_ethernet(struct frame *frame, const uint8_t destination[6], const uint8_t source[6],
			 const uint16_t *tags, unsigned tag_count, uint16_t type)
{
	put(frame, destination, 6);
	put(frame, source, 6);
	for (unsigned i = 0; i < tag_count; i++) {
		put16(frame, i + 1 < tag_count ? 0x88a8 : 0x8100);
		put16(frame, tags[i]);
	}
	put16(frame, type);
	frame->l3 = frame->length;
}

void frame_set_ipv4(struct frame *frame, size_t at, uint8_t value)
{
	uint8_t *header = frame->bytes + frame->l3;

	header[at] = value;
	set16(header + 10, 0);
	set16(header + 10, finish(sum16(header, (header[0] & 15u) * 4, 0)));
}

static void put_ipv4(struct frame *frame, const struct advert_spec *spec, uint8_t protocol,
		     size_t payload)
{
	uint8_t *header = frame->bytes + frame->length;

	put8(frame, (uint8_t)(0x40 | spec->ihl));
	put8(frame, 0xc0);
	put16(frame, (uint16_t)(spec->ihl * 4 + payload));
	put16(frame, 0x1234);
	put16(frame, spec->fragment);
	put8(frame, spec->ttl);
	put8(frame, protocol);
	put16(frame, 0);
	put32(frame, spec->source);
	put32(frame, spec->destination);
	for (unsigned word = 5; word < spec->ihl; word++)
		put32(frame, 0x01010101); /* no-operation options */
	if (spec->ihl >= 5)
		set16(header + 10, finish(sum16(header, spec->ihl * 4, 0)));
	frame->message = frame->length;
}

static struct advert_spec advert(uint8_t vrid, uint32_t address)
{
	return (struct advert_spec){
		.source_mac = {0, 0, 0x5e, 0, 1, vrid},
		.destination_mac = {1, 0, 0x5e, 0, 0, 0x12},
		.ihl = 5,
		.ttl = 255,
		.source = 0xc000020c,
		.destination = GROUP,
		.type = 1,
		.vrid = vrid,
		.priority = 150,
		.count = 1,
		.addresses = {address},
	};
}

struct advert_spec advert_v3(uint8_t vrid, uint32_t address)
{
	struct advert_spec spec = advert(vrid, address);

	spec.version = 3;
	spec.interval = 100;
	return spec;
}

struct advert_spec advert_v2(uint8_t vrid, uint32_t address)
{
	struct advert_spec spec = advert(vrid, address);

	spec.version = 2;
	spec.interval = 1;
	return spec;
}

static size_t message_length(const struct advert_spec *spec)
{
	return 8 + 4u * spec->count + (spec->version == 2 ? 8 : 0);
}

void frame_sum(struct frame *frame, const struct advert_spec *spec)
{
	uint8_t *message = frame->bytes + frame->message;
	size_t length = message_length(spec);
	uint32_t sum = 0;

	set16(message + 6, 0);
	if (spec->form == SUM_PSEUDO)
		sum = sum16(frame->bytes + frame->l3 + 12, 8, (uint32_t)(112 + length));
	set16(message + 6, finish(sum16(message, length, sum)));
}

struct frame frame_advert(const struct advert_spec *spec)
{
	struct frame frame = {};

	put_ethernet(&frame, spec->destination_mac, spec->source_mac, spec->tags, spec->tag_count,
		     0x0800);
	put_ipv4(&frame, spec, 112, message_length(spec) + spec->trailer);
	put8(&frame, (uint8_t)(spec->version << 4 | spec->type));
	put8(&frame, spec->vrid);
	put8(&frame, spec->priority);
	put8(&frame, spec->count);
	put16(&frame, spec->interval);
	put16(&frame, 0);
	for (unsigned i = 0; i < spec->count; i++)
		put32(&frame, spec->addresses[i]);
	if (spec->version == 2)
		put(&frame, spec->auth, sizeof(spec->auth));
	frame_sum(&frame, spec);
	for (size_t i = 0; i < spec->trailer; i++)
		put8(&frame, 0xee); /* would spoil the sum, if it were summed */
	for (size_t i = 0; i < spec->padding; i++)
		put8(&frame, 0xdd);
	return frame;
}

struct frame frame_message(const char *hex)
{
	struct advert_spec spec = advert(0, 0);
	struct frame frame = {}, message = {};
	unsigned byte;
	int used;

	for (; sscanf(hex, " %2x%n", &byte, &used) == 1; hex += used)
		put8(&message, (uint8_t)byte);
	put_ethernet(&frame, spec.destination_mac, spec.source_mac, NULL, 0, 0x0800);
	put_ipv4(&frame, &spec, 112, message.length);
	put(&frame, message.bytes, message.length);
	return frame;
}

struct arp_spec arp_who_has(uint32_t target)
{
	return (struct arp_spec){
		.destination_mac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		.source_mac = {2, 0, 0, 0, 0, 0x99},
		.operation = 1,
		.sender_mac = {2, 0, 0, 0, 0, 0x99},
		.sender = 0xc0000263,
		.target = target,
	};
}

struct frame frame_arp(const struct arp_spec *spec)
{
	struct frame frame = {};

	put_ethernet(&frame, spec->destination_mac, spec->source_mac, spec->tags, spec->tag_count,
		     0x0806);
	put16(&frame, 1);
	put16(&frame, 0x0800);
	put8(&frame, 6);
	put8(&frame, 4);
	put16(&frame, spec->operation);
	put(&frame, spec->sender_mac, 6);
	put32(&frame, spec->sender);
	put(&frame, spec->target_mac, 6);
	put32(&frame, spec->target);
	for (size_t i = 0; i < spec->padding; i++)
		put8(&frame, 0xdd);
	return frame;
}

struct frame frame_ipv4(const uint8_t mac[6], uint32_t destination, uint8_t protocol)
{
	struct advert_spec spec = advert(0, 0);
	struct frame frame = {};

	spec.destination = destination;
	spec.ttl = 64;
	put_ethernet(&frame, mac, (const uint8_t[]){2, 0, 0, 0, 0, 0x99}, NULL, 0, 0x0800);
	put_ipv4(&frame, &spec, protocol, 8);
	put_zero(&frame, 8);
	return frame;
}

struct frame frame_ipv6(const uint8_t mac[6], const uint8_t destination[16], uint8_t protocol,
			uint8_t type)
{
	static const uint8_t source[16] = {0xfe, 0x80, [15] = 0x99};
	struct frame frame = {};

	put_ethernet(&frame, mac, (const uint8_t[]){2, 0, 0, 0, 0, 0x99}, NULL, 0, 0x86dd);
	put32(&frame, 0x60000000);
	put16(&frame, 8);
	put8(&frame, protocol);
	put8(&frame, 255);
	put(&frame, source, 16);
	put(&frame, destination, 16);
	put8(&frame, type);
	put_zero(&frame, 7);
	return frame;
}

void virtual_mac(uint8_t mac[6], unsigned family, uint8_t vrid)
{
	const uint8_t bytes[6] = {0, 0, 0x5e, 0, family == VRRP_IPV4 ? 1 : 2, vrid};

	memcpy(mac, bytes, sizeof(bytes));
}
