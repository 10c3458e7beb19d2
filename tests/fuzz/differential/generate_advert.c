/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advertisements of both families, to the group and to one, as a router of the scene expects them;
 * then with one or two fields wrong.
 */
#include <string.h>

#include "check.h"
#include "generate.h"

enum {
	IPV6_LENGTH = 40,
	CARP_LENGTH = 36,
	CARP_WORDS = 7, /* where our address count is */
};

static bool is_unicast(const struct scene *scene, unsigned slot)
{
	return scene->plane.slots[slot].flags & SLOT_UNICAST;
}

/* As `slot` expects it, but for its destination and source. */
static struct advert_spec right_message(struct scene *scene, unsigned slot, uint8_t vrid)
{
	static const int8_t steps[] = {0, 1, -1};
	const struct vr_identity *own = &scene->plane.slots[slot].identity;
	struct random *random = &scene->random;
	struct advert_spec spec = own->version == 2 ? advert_v2(vrid, 0) : advert_v3(vrid, 0);

	spec.priority = one_in(random, 8) ? 0 : (uint8_t)(own->priority + pick(random, steps));
	spec.count = own->addr_count;
	memcpy(spec.addresses, scene->addresses[slot], sizeof(spec.addresses));
	if (spec.count > 1 && one_in(random, 4)) { /* a set has no order */
		spec.addresses[0] = scene->addresses[slot][1];
		spec.addresses[1] = scene->addresses[slot][0];
	}
	spec.interval = own->interval_cs;
	if (own->version == 2)
		spec.interval = (uint16_t)(own->auth_type << 8 | own->interval_cs / 100);
	else if (one_in(random, 8))
		spec.interval |= (uint16_t)(below(random, 16) << 12);
	memcpy(spec.auth, own->auth_data, sizeof(spec.auth));
	spec.source_mac[5] = (uint8_t)draw(random);
	spec.form = one_in(random, 2) ? SUM_PLAIN : SUM_PSEUDO;
	return spec;
}

static struct advert_spec right_advert(struct scene *scene, unsigned slot, uint8_t vrid)
{
	struct advert_spec spec = right_message(scene, slot, vrid);
	uint32_t own = ipv4_of(&scene->plane.slots[slot].identity.primary);

	spec.source = own + (one_in(&scene->random, 2) ? 1 : (uint32_t)-1);
	if (is_unicast(scene, slot)) {
		spec.destination = own;
		spec.ttl = one_in(&scene->random, 2) ? 255 : 64;
	}
	return spec;
}

static void spoil_packet(struct scene *scene, struct advert_spec *spec)
{
	struct random *random = &scene->random;

	switch (below(random, 9)) {
	case 0:
		spec->ihl = below(random, 16);
		break;
	case 1:
		spec->fragment = (uint16_t)(1u << below(random, 16));
		break;
	case 2:
		spec->ttl ^= (uint8_t)(1u << below(random, 8));
		break;
	case 3:
		spec->destination = one_in(random, 2) ? ipv4_of(&any_vip(scene)->key.address)
						      : GROUP ^ 1u << below(random, 32);
		break;
	case 4:
		spec->source = ipv4_of(&scene->plane.slots[below(random, 8)].identity.primary);
		break;
	case 5:
		spec->source = (uint32_t)draw(random);
		break;
	case 6:
		spec->trailer = below(random, 64);
		break;
	case 7:
		spec->padding = below(random, 64);
		break;
	case 8:
		virtual_mac(spec->destination_mac, one_in(random, 2) ? VRRP_IPV4 : VRRP_IPV6,
			    any_key(scene)->key.vrid);
		break;
	}
}

static void spoil_message(struct scene *scene, struct advert_spec *spec)
{
	static const uint8_t auth_types[] = {VRRP_AUTH_NONE, VRRP_AUTH_PASS, VRRP_AUTH_AH,
					     VRRP_AUTH_VENDOR, 3};
	struct random *random = &scene->random;

	switch (below(random, 10)) {
	case 0:
		spec->version = one_in(random, 2) ? spec->version ^ 1 : below(random, 16);
		break;
	case 1:
		spec->type = below(random, 16);
		break;
	case 2:
		spec->vrid = (uint8_t)draw(random);
		break;
	case 3:
		spec->priority = (uint8_t)draw(random);
		break;
	case 4:
		spec->count =
			one_in(random, 4) ? (uint8_t)draw(random) : (uint8_t)(spec->count + 1);
		break;
	case 5:
		spec->count = one_in(random, 4) ? 0 : (uint8_t)(spec->count - 1);
		break;
	case 6:
		spec->interval = one_in(random, 4)
					 ? (uint16_t)(spec->interval & 0xf000)
					 : (uint16_t)(spec->interval ^ 1u << below(random, 16));
		break;
	case 7:
		spec->addresses[below(random, spec->count)] ^= 1u << below(random, 32);
		break;
	case 8:
		spec->auth[below(random, 8)] ^= (uint8_t)(1u << below(random, 8));
		break;
	case 9:
		spec->interval =
			(uint16_t)(pick(random, auth_types) << 8 | (spec->interval & 0xff));
		break;
	}
}

/* ---- the IPv6 packet, made of the IPv4 one ---- */

static struct vrrp_addr any_ipv6_source(struct scene *scene, unsigned slot)
{
	struct random *random = &scene->random;
	struct vrrp_addr source = scene->plane.slots[slot].identity.primary;

	if (!one_in(random, 16))
		source.b[15] = (uint8_t)(source.b[15] + (one_in(random, 2) ? 1 : -1));
	if (one_in(random, 16))
		source.b[below(random, 16)] ^= (uint8_t)(1u << below(random, 8));
	return source;
}

static struct vrrp_addr any_ipv6_destination(struct scene *scene, unsigned slot)
{
	struct random *random = &scene->random;
	struct vrrp_addr group = {{0xff, 0x02, [15] = 0x12}};

	if (one_in(random, 16))
		group.b[below(random, 16)] ^= (uint8_t)(1u << below(random, 8));
	return is_unicast(scene, slot) != one_in(random, 16)
		       ? scene->plane.slots[slot].identity.primary
		       : group;
}

/* Sixteen bytes where the other family has four: those of the slot, and each change among them. */
static size_t put_addresses(const struct scene *scene, unsigned slot,
			    const struct advert_spec *spec, uint8_t *to)
{
	for (unsigned i = 0; i < spec->count; i++) {
		uint32_t changed = spec->addresses[i] - scene->addresses[slot][0];
		struct vrrp_addr address = scene_ipv6(slot, changed);

		memcpy(to + i * 16, &address, sizeof(address));
	}
	return 16u * spec->count;
}

/* The message of `spec` in an IPv6 packet; as much of it as there is room for. */
static void put_ipv6(struct scene *scene, unsigned slot, struct advert_spec *spec,
		     struct frame *frame)
{
	static const uint8_t group_mac[6] = {0x33, 0x33, 0, 0, 0, 0x12};
	struct vrrp_addr source = any_ipv6_source(scene, slot);
	struct vrrp_addr destination = any_ipv6_destination(scene, slot);
	uint8_t *ip = frame->bytes + 14, *message = ip + IPV6_LENGTH;
	size_t length = 8;

	if (spec->count > SCENE_IPV6_COUNT)
		spec->count = SCENE_IPV6_COUNT;
	*frame = (struct frame){.l3 = 14, .message = 14 + IPV6_LENGTH};
	memcpy(frame->bytes, spec->destination_mac[0] & 1 ? group_mac : spec->destination_mac, 6);
	memcpy(frame->bytes + 6, spec->source_mac, 6);
	set16(frame->bytes + 12, 0x86dd);
	message[0] = (uint8_t)(spec->version << 4 | spec->type);
	message[1] = spec->vrid;
	message[2] = spec->priority;
	message[3] = spec->count;
	set16(message + 4, spec->interval);
	length += put_addresses(scene, slot, spec, message + 8);
	memcpy(message + length, spec->auth, sizeof(spec->auth));
	length += (spec->version == 2 ? sizeof(spec->auth) : 0) + spec->trailer;
	ip[0] = 0x6c;
	set16(ip + 4, (uint32_t)length);
	ip[6] = VRRP_PROTOCOL;
	ip[7] = spec->ttl;
	memcpy(ip + 8, &source, 16);
	memcpy(ip + 24, &destination, 16);
	frame->length = 14 + IPV6_LENGTH + length + spec->padding;
	repair_sum(&scene->random, frame);
}

/* H-30: what BSD systems send to the same group. */
static void make_carp(struct advert_spec *spec)
{
	spec->version = 2;
	spec->type = 1;
	spec->count = CARP_WORDS;
	spec->priority = 0;
	spec->trailer = spec->padding = 0;
}

unsigned advertise(struct scene *scene, struct frame *frame)
{
	struct random *random = &scene->random;
	const struct plane_key *key = any_key(scene);
	struct advert_spec spec = right_advert(scene, key->slot, key->key.vrid);
	bool ipv6 = key->key.family == VRRP_IPV6, carp = one_in(random, 64);
	size_t header;

	for (unsigned wrong = below(random, 3); wrong > 0; wrong--) {
		if (one_in(random, 2))
			spoil_packet(scene, &spec);
		else
			spoil_message(scene, &spec);
	}
	if (carp)
		make_carp(&spec);
	if (ipv6)
		put_ipv6(scene, key->slot, &spec, frame);
	else
		*frame = frame_advert(&spec);
	header = ipv6 ? 0 : 20;
	if (carp)
		set16(frame->bytes + frame->l3 + (ipv6 ? 4 : 2), (uint32_t)header + CARP_LENGTH);
	else if (one_in(random, 32)) /* the IP length, against the frame's */
		set16(frame->bytes + frame->l3 + (ipv6 ? 4 : 2),
		      (uint32_t)(frame->length - frame->l3 - (ipv6 ? IPV6_LENGTH : 0) - 6 +
				 below(random, 12)));
	put_tags(random, frame, key->key.vlan);
	return key->slot;
}

/* ---- sums ---- */

static struct vrrp_addr ipv4_at(const uint8_t *bytes)
{
	struct vrrp_addr address = {{[10] = 0xff, [11] = 0xff}};

	memcpy(address.b + 12, bytes, 4);
	return address;
}

static void repair_ipv4(struct random *random, struct frame *frame)
{
	const uint8_t *ip = frame->bytes + frame->l3;
	size_t header = (ip[0] & 0x0fu) * 4;
	uint8_t *message = frame->bytes + frame->l3 + header;
	struct vrrp_addr source, destination = ipv4_at((const uint8_t *)"\xe0\x00\x00\x12");
	uint64_t sum = 0;
	uint32_t length;
	uint16_t field;

	if (frame->l3 + header + sizeof(struct vrrp_hdr) > frame->length)
		return;
	if (header >= 20)
		frame_set_ipv4(frame, 1, ip[1]);
	length = vrrp_message_length(VRRP_IPV4, message[0] >> 4, message[3]);
	if (frame->l3 + header + length > frame->length)
		return;
	source = ipv4_at(ip + 12);
	if (!one_in(random, 4)) /* the group all the same, as some of unicast peers do (H-3) */
		destination = ipv4_at(ip + 16);
	if (one_in(random, 2))
		sum = vrrp_sum_pseudo(&source, &destination, (uint16_t)length);
	memset(message + 6, 0, 2);
	field = vrrp_checksum(sum + vrrp_sum(message, length));
	memcpy(message + 6, &field, sizeof(field));
}

/* RFC 8200 section 8.1, over all of the payload. */
static void repair_ipv6(struct frame *frame)
{
	uint8_t *ip = frame->bytes + frame->l3, *payload = ip + IPV6_LENGTH;
	uint8_t *field = payload + (ip[6] == VRRP_PROTOCOL ? 6 : 2);
	uint32_t length = (uint32_t)(ip[4] << 8 | ip[5]), sum = length + ip[6];

	if (length < 8 || frame->l3 + IPV6_LENGTH + length > frame->length)
		return;
	memset(field, 0, 2);
	for (size_t i = 8; i < IPV6_LENGTH + length; i++)
		sum += i % 2 ? ip[i] : (uint32_t)ip[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	set16(field, (uint16_t)~sum);
}

void repair_sum(struct random *random, struct frame *frame)
{
	if (frame->l3 + IPV6_LENGTH + 8 <= frame->length && frame->bytes[frame->l3] >> 4 == 6)
		repair_ipv6(frame);
	else
		repair_ipv4(random, frame);
}
