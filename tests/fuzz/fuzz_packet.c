/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advertisements: any bytes behind any IP header, judged for any virtual router, and ones that we
 * encode. What the checks accept decodes, and encodes to the same bytes; what we encode is
 * accepted, in the form that it was made in; what another program left is encoded or refused.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/packet.h"
#include "fuzz.h"

/* Who hears a message: a slot, and what peer_index has of the sender. */
struct receiver {
	struct vr_identity own;
	uint32_t flags;
	struct peer_hops hops;
	bool has_peer;
};

/* A message in memory of exactly its size, so that a read behind its end shows. */
struct message {
	uint8_t *bytes;
	size_t length;
};

static struct vrrp_addr group_of(uint8_t family)
{
	struct vrrp_addr group = {{0xff, 0x02, [15] = 0x12}};

	return family == VRRP_IPV4 ? addr_from_ipv4(VRRP_GROUP_IPV4) : group;
}

static struct vrrp_addr take_address(struct input *input, uint8_t family)
{
	struct vrrp_addr address;

	if (family == VRRP_IPV4)
		return addr_from_ipv4(take32(input));
	take_bytes(input, &address, sizeof(address));
	if (addr_is_ipv4(&address))
		address.b[0] = 0x20;
	return address;
}

/* ---- received ---- */

static struct vrrp_hdr header_of(const struct message *message, const struct vrrp_envelope *ip)
{
	size_t length = message->length < ip->payload ? message->length : ip->payload;
	struct vrrp_hdr header = {0};

	memcpy(&header, message->bytes, length < sizeof(header) ? length : sizeof(header));
	return header;
}

/* As the sender of a right message would: over the bytes that the checks sum up. */
static void put_right_checksum(struct message *message, const struct vrrp_envelope *ip, bool pseudo)
{
	struct vrrp_hdr header = header_of(message, ip);
	uint32_t length = vrrp_summed_length(ip, &header);
	uint64_t sum;

	if (length > message->length || length < sizeof(header) || length & 3)
		return;
	header.checksum = 0;
	memcpy(message->bytes, &header, sizeof(header));
	sum = vrrp_sum(message->bytes, length);
	if (pseudo || ip->family == VRRP_IPV6)
		sum += vrrp_sum_pseudo(&ip->source, &ip->destination, (uint16_t)length);
	header.checksum = vrrp_checksum(sum);
	memcpy(message->bytes, &header, sizeof(header));
}

/* One who is configured as the sender seems to be. */
static void agree(struct vr_identity *own, const struct message *message,
		  const struct vrrp_envelope *ip)
{
	struct vrrp_hdr header = header_of(message, ip);
	struct vrrp_message decoded;

	own->version = header.version_type >> 4 == 2 ? 2 : 3;
	own->interval_cs = (uint16_t)vrrp_header_interval_cs(&header);
	own->addr_count = header.addr_count;
	own->auth_type = own->version == 2 ? header.auth_type : 0;
	if (!vrrp_message_decode((enum vrrp_family)ip->family, message->bytes, message->length,
				 &decoded))
		return;
	own->addr_set = vrrp_addr_set_of(ip->family, decoded.addresses, decoded.addr_count);
	if (decoded.auth_data)
		memcpy(own->auth_data, decoded.auth_data, VRRP_AUTH_LEN);
}

/* The decoded message as one of ours; false if we send nothing like it. */
static bool as_advert(const struct vrrp_message *decoded, const struct vrrp_envelope *ip,
		      uint32_t findings, struct vrrp_addr *addresses, struct advert *advert)
{
	bool ipv4 = ip->family == VRRP_IPV4;

	*advert = (struct advert){
		.family = (enum vrrp_family)ip->family,
		.version = decoded->version,
		.vrid = decoded->vrid,
		.priority = decoded->priority,
		.interval_cs = decoded->interval_cs,
		.checksum = findings & EVENT_CHECKSUM_PSEUDO ? CHECKSUM_PSEUDO : CHECKSUM_RFC9568,
		.auth_type = decoded->auth_type,
		.source = ip->source,
		.addresses = addresses,
		.address_count = decoded->addr_count,
	};
	if (decoded->auth_data)
		memcpy(advert->auth_data, decoded->auth_data, VRRP_AUTH_LEN);
	for (unsigned i = 0; i < decoded->addr_count; i++) {
		addresses[i] = ipv4 ? addr_from_ipv4(0) : (struct vrrp_addr){{0}};
		memcpy(addresses[i].b + (ipv4 ? 12 : 0), decoded->addresses + i * (ipv4 ? 4u : 16u),
		       ipv4 ? 4 : 16);
		if (addr_is_ipv4(&addresses[i]) != ipv4)
			return false;
	}
	return decoded->addr_count > 0 && addr_is_ipv4(&ip->source) == ipv4;
}

/* Where several messages mean the same, ours is the one with zeros. */
static void normalize(struct message *message, const struct vrrp_message *decoded)
{
	uint8_t *trailer = message->bytes + message->length - VRRP_AUTH_LEN;

	if (decoded->version == 3)
		message->bytes[4] &= 0x0f;
	else if (decoded->auth_type == VRRP_AUTH_NONE)
		memset(trailer, 0, VRRP_AUTH_LEN);
}

/* Encoded again it is the same but for what normalize() says, and for the checksum over that. */
static void check_same(const struct message *message, const struct vrrp_envelope *ip,
		       const struct vrrp_message *decoded, uint32_t findings)
{
	static uint8_t encoded[VRRP_MESSAGE_MAX + VRRP_AUTH_LEN];
	static struct vrrp_addr addresses[VRRP_ADDRESSES_MAX];
	struct advert advert;
	struct message copy;

	if (!as_advert(decoded, ip, findings, addresses, &advert))
		return;
	copy.length = vrrp_message_encode(&advert, encoded, sizeof(encoded));
	must(copy.length);
	must(copy.length == vrrp_message_length(ip->family, decoded->version, decoded->addr_count));
	must(copy.length <= message->length);
	copy.bytes = must_allocate(copy.length);
	memcpy(copy.bytes, message->bytes, copy.length);
	normalize(&copy, decoded);
	copy.bytes[6] = encoded[6];
	copy.bytes[7] = encoded[7];
	must(!memcmp(copy.bytes, encoded, copy.length));
	free(copy.bytes);
}

/* Can it be the source of what goes to the group? */
static bool is_router(const struct vrrp_addr *source)
{
	uint32_t ipv4 = addr_is_ipv4(source) ? addr_to_ipv4(source) : 0;

	if (!addr_is_ipv4(source))
		return addr_is_link_local(source);
	return ipv4 >> 28 != 0xe && ipv4 >> 24 != 127 && ipv4 != UINT32_MAX;
}

/* B-1 to B-3, as they are said for the group and for unicast peers. */
static void check_envelope(const struct receiver *receiver, const struct vrrp_envelope *ip)
{
	struct vrrp_addr group = group_of(ip->family);

	must(!ip->fragment && !addr_equal(&ip->source, &receiver->own.primary));
	if (receiver->flags & SLOT_UNICAST) {
		must(receiver->has_peer && addr_equal(&ip->destination, &receiver->own.primary));
		must(ip->hops >= receiver->hops.min && ip->hops <= receiver->hops.max);
		return;
	}
	must(ip->hops == VRRP_TTL);
	must(is_router(&ip->source));
	must(!memcmp(ip->destination.b + 12, group.b + 12, 4));
}

static void check_accepted(const struct receiver *receiver, const struct message *message,
			   const struct vrrp_envelope *ip, uint32_t findings)
{
	const struct vr_identity *own = &receiver->own;
	struct vrrp_message decoded;

	must(vrrp_message_decode((enum vrrp_family)ip->family, message->bytes, ip->payload,
				 &decoded));
	must(decoded.version == own->version && decoded.type == VRRP_TYPE_ADVERTISEMENT);
	must(decoded.interval_cs >= 1);
	must(decoded.interval_cs == own->interval_cs || findings & EVENT_INTERVAL);
	must(decoded.addr_count == own->addr_count || findings & EVENT_ADDRESS_LIST);
	check_envelope(receiver, ip);
	check_same(message, ip, &decoded, findings);
}

static enum vr_counter judge(const struct receiver *receiver, const struct message *message,
			     const struct vrrp_envelope *ip, uint32_t *findings)
{
	const struct vr_identity *own = &receiver->own;
	const struct peer_hops *hops = receiver->has_peer ? &receiver->hops : NULL;
	struct vrrp_hdr header = header_of(message, ip);
	enum vr_counter reason =
		vrrp_check_header(own, SLOT_RUNNING | receiver->flags, hops, ip, &header);
	struct vrrp_body body;

	if (reason != VR_COUNTERS)
		return reason;
	body = vrrp_read_body(ip, &header, message->bytes);
	return vrrp_check_message(own, ip, &header, &body, findings);
}

/* Words of the identity that mean nothing to the checks say what does. */
static void take_receiver(struct input *input, struct receiver *receiver)
{
	struct vr_identity *own = &receiver->own;

	take_bytes(input, own, sizeof(*own));
	own->version = own->version & 1 ? 2 : 3;
	receiver->flags = own->zero & 1 ? SLOT_UNICAST : 0;
	receiver->has_peer = own->zero & 2;
	receiver->hops.min = (uint8_t)own->ifindex;
	receiver->hops.max = (uint8_t)(own->ifindex >> 8);
}

static void receive(struct input *input)
{
	struct receiver receiver = {0};
	struct vrrp_envelope ip = {0};
	struct message message;
	uint32_t findings = 0;
	unsigned wishes = take8(input);
	int apart; /* what the IP header says, and what there is */

	ip.family = wishes & 1 ? VRRP_IPV4 : VRRP_IPV6;
	ip.source = take_address(input, ip.family);
	ip.destination = wishes & 2 ? group_of(ip.family) : take_address(input, ip.family);
	ip.hops = wishes & 4 ? VRRP_TTL : take8(input);
	ip.fragment = wishes & 8 ? 0 : take_bool(input);
	take_receiver(input, &receiver);
	if (wishes & 2 && receiver.flags & SLOT_UNICAST)
		ip.destination = receiver.own.primary;
	apart = wishes & 16 ? 0 : take8(input) - 128;
	message.length = input->left;
	ip.payload = (uint16_t)((int)message.length + apart);
	message.bytes = (uint8_t *)take_rest(input);
	message.bytes = realloc(message.bytes, message.length + !message.length);
	must(message.bytes);
	ip.present = (uint32_t)message.length;
	if (wishes & 32)
		put_right_checksum(&message, &ip, wishes & 128);
	if (wishes & 64)
		agree(&receiver.own, &message, &ip);
	receiver.own.interval_cs += !receiver.own.interval_cs; /* no configuration has 0 */
	if (judge(&receiver, &message, &ip, &findings) == VR_COUNTERS)
		check_accepted(&receiver, &message, &ip, findings);
	free(message.bytes);
}

/* ---- sent ---- */

/* To the group, whose senders can be routers; or to a peer, as some of them sum up (H-3). */
static void take_destination(struct input *input, struct advert *advert)
{
	struct vrrp_addr peer = {{0}};

	if (take_bool(input))
		peer = take_address(input, (uint8_t)advert->family);
	if (addr_equal(&peer, &advert->source))
		peer.b[15] ^= 1;
	if (addr_is_zero(&peer)) {
		if (advert->family == VRRP_IPV6)
			memcpy(advert->source.b, "\xfe\x80", 2);
		else if (!is_router(&advert->source))
			advert->source.b[12] = 192;
		return;
	}
	advert->destination = peer;
	advert->pseudo_group = advert->family == VRRP_IPV4 && take_bool(input);
}

static void take_advert(struct input *input, struct vrrp_addr *addresses, struct advert *advert)
{
	bool v2 = take_bool(input), ipv4 = v2 || take_bool(input);

	*advert = (struct advert){
		.family = ipv4 ? VRRP_IPV4 : VRRP_IPV6,
		.version = v2 ? 2 : 3,
		.vrid = (uint8_t)(1 + take_below(input, 255)),
		.priority = take8(input),
		.interval_cs = v2 ? 100 * (1 + take_below(input, 255))
				  : 1 + take_below(input, VRRP_INTERVAL_MAX_CS),
		.checksum = take_bool(input) ? CHECKSUM_PSEUDO : CHECKSUM_RFC9568,
		.auth_type = v2 && take_bool(input) ? VRRP_AUTH_PASS : VRRP_AUTH_NONE,
		.addresses = addresses,
		.address_count = 1 + take_below(input, VRRP_ADDRESSES_MAX),
	};
	take_bytes(input, advert->auth_data, VRRP_AUTH_LEN);
	take_bytes(input, advert->source_mac, sizeof(advert->source_mac));
	advert->source = take_address(input, (uint8_t)advert->family);
	for (unsigned i = 0; i < advert->address_count; i++)
		addresses[i] = take_address(input, (uint8_t)advert->family);
	take_destination(input, advert);
}

static struct receiver receiver_of(const struct advert *advert)
{
	struct receiver receiver = {
		.own =
			{
				.version = advert->version,
				.auth_type = advert->auth_type,
				.addr_count = (uint8_t)advert->address_count,
				.interval_cs = (uint16_t)advert->interval_cs,
				.addr_set = vrrp_addr_set(advert->addresses, advert->address_count),
				.primary = advert->destination,
			},
		.flags = SLOT_UNICAST,
		.hops = {.min = VRRP_TTL, .max = VRRP_TTL},
		.has_peer = true,
	};

	memcpy(receiver.own.auth_data, advert->auth_data, VRRP_AUTH_LEN);
	if (!addr_is_zero(&advert->destination))
		return receiver;
	receiver.own.primary = advert->source;
	receiver.own.primary.b[15] ^= 1;
	receiver.flags = 0;
	receiver.has_peer = false;
	return receiver;
}

/* A peer that is configured alike accepts it; with one bit another it is damaged. */
static void check_received(const struct advert *advert, const struct message *message, unsigned bit)
{
	struct receiver receiver = receiver_of(advert);
	struct vrrp_envelope ip = {
		.source = advert->source,
		.destination = receiver.flags & SLOT_UNICAST ? advert->destination
							     : group_of((uint8_t)advert->family),
		.present = (uint32_t)message->length,
		.payload = (uint16_t)message->length,
		.family = (uint8_t)advert->family,
		.hops = VRRP_TTL,
	};
	bool two_forms = advert->version == 3 && advert->family == VRRP_IPV4;
	uint32_t findings;

	must(judge(&receiver, message, &ip, &findings) == VR_COUNTERS);
	must(!(findings & (EVENT_ADDRESS_LIST | EVENT_INTERVAL)));
	/* What is right in both forms counts as RFC 9568's. */
	must(!(findings & EVENT_CHECKSUM_PSEUDO) ||
	     (two_forms && advert->checksum == CHECKSUM_PSEUDO));
	check_accepted(&receiver, message, &ip, findings);
	message->bytes[bit / 8 % message->length] ^= (uint8_t)(1 << bit % 8);
	must(two_forms || judge(&receiver, message, &ip, &findings) != VR_COUNTERS);
}

static void check_frame(const struct advert *advert, size_t payload)
{
	static uint8_t frame[FRAME_MAX];
	size_t ip_length = advert->family == VRRP_IPV4 ? 20 : 40;
	size_t length = vrrp_frame_encode(advert, frame, sizeof(frame));

	must(length >= 60 && length >= 14 + ip_length + payload);
	must(advert->family == VRRP_IPV6 || vrrp_sum_valid(vrrp_sum(frame + 14, 20)));
	must(!vrrp_frame_encode(advert, frame, 14 + ip_length + payload - 1));
}

static void send_one(struct input *input)
{
	static struct vrrp_addr addresses[VRRP_ADDRESSES_MAX];
	struct advert advert;
	struct message message;
	unsigned bit = take16(input);

	take_advert(input, addresses, &advert);
	message.length = vrrp_message_length((uint8_t)advert.family, advert.version,
					     (uint8_t)advert.address_count);
	message.bytes = must_allocate(message.length);
	must(!vrrp_message_encode(&advert, message.bytes, message.length - 1));
	must(vrrp_message_encode(&advert, message.bytes, message.length) == message.length);
	check_frame(&advert, message.length);
	check_received(&advert, &message, bit);
	free(message.bytes);
}

/* ---- left by another program ---- */

/* What is possible can be encoded, whatever it is. */
static void encode_any(struct input *input)
{
	static uint8_t frame[FRAME_MAX];
	static struct vrrp_addr addresses[VRRP_ADDRESSES_MAX];
	struct advert advert = {
		.family = (enum vrrp_family)(4 + take_below(input, 3)),
		.version = (uint8_t)(1 + take_below(input, 4)),
		.vrid = take8(input),
		.priority = take8(input),
		.interval_cs = take16(input),
		.checksum = (enum checksum_form)take8(input),
		.auth_type = take8(input),
		.addresses = addresses,
		.address_count = take_below(input, VRRP_ADDRESSES_MAX + 2),
	};

	advert.source = take_address(input, take_bool(input) ? VRRP_IPV4 : VRRP_IPV6);
	for (unsigned i = 0; i < advert.address_count && i < VRRP_ADDRESSES_MAX; i++)
		addresses[i] = take_address(input, take_below(input, 8) ? (uint8_t)advert.family
									: VRRP_IPV4);
	if (advert_is_possible(&advert))
		must(vrrp_frame_encode(&advert, frame, sizeof(frame)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};

	switch (take_below(&input, 3)) {
	case 0:
		receive(&input);
		break;
	case 1:
		send_one(&input);
		break;
	case 2:
		encode_any(&input);
		break;
	}
	return 0;
}
