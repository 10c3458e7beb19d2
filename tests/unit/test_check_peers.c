/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * include/check.h on what is near VRRP and is not, and on peers without multicast: CARP (H-30),
 * authentication of others (H-33), unicast (H-3, H-40), in both families.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"

static const struct vrrp_addr GROUP = {{[10] = 0xff, 0xff, 224, 0, 0, 18}};
static const struct vrrp_addr OWN = {{[10] = 0xff, 0xff, 192, 0, 2, 11}};
static const struct vrrp_addr PEER = {{[10] = 0xff, 0xff, 192, 0, 2, 12}};
static const struct vrrp_addr VIP = {{[10] = 0xff, 0xff, 192, 0, 2, 1}};
static const struct vrrp_addr GROUP6 = {{0xff, 2, [15] = 0x12}};
static const struct vrrp_addr OWN6 = {{0x20, 1, 0xd, 0xb8, [15] = 11}};
static const struct vrrp_addr PEER6 = {{0x20, 1, 0xd, 0xb8, [15] = 12}};

/* A unicast message of one address, and its receiver. */
struct scene {
	struct vr_identity own;
	struct vrrp_envelope ip;
	struct peer_hops hops;
	const struct peer_hops *peer;
	uint32_t flags, findings;
	uint8_t message[48];
};

static struct scene unicast(uint8_t version)
{
	struct scene s = {
		.own = {.version = version,
			.addr_count = 1,
			.interval_cs = 100,
			.addr_set = vrrp_addr_set(&VIP, 1),
			.primary = OWN},
		.ip = {.source = PEER,
		       .destination = OWN,
		       .present = version == 2 ? 20 : 12,
		       .payload = version == 2 ? 20 : 12,
		       .family = VRRP_IPV4,
		       .hops = 255},
		.hops = {.min = 60, .max = 255},
		.flags = SLOT_RUNNING | SLOT_UNICAST,
		.message = {(uint8_t)(version << 4 | 1), 51, 100, 1, 0, 100, 0, 0, 192, 0, 2, 1},
	};

	if (version == 2)
		s.message[5] = 1;
	return s;
}

/* Over the message, with the pseudo-header for `destination` or without (NULL). */
static void sum_up(struct scene *s, const struct vrrp_addr *destination)
{
	uint64_t sum;
	uint16_t checksum;

	memset(s->message + 6, 0, 2);
	sum = vrrp_sum(s->message, s->ip.payload);
	if (destination)
		sum += vrrp_sum_pseudo(&s->ip.source, destination, s->ip.payload);
	checksum = vrrp_checksum(sum);
	memcpy(s->message + 6, &checksum, 2);
}

static enum vr_counter check(struct scene *s)
{
	struct vrrp_hdr header;
	struct vrrp_body body;
	enum vr_counter reason;

	memcpy(&header, s->message, sizeof(header));
	s->findings = 0;
	reason = vrrp_check_header(&s->own, s->flags, s->peer, &s->ip, &header);
	if (reason != VR_COUNTERS)
		return reason;
	body = vrrp_read_body(&s->ip, &header, s->message);
	return vrrp_check_message(&s->own, &s->ip, &header, &body, &s->findings);
}

static void peers(void **state) /* H-40 */
{
	struct scene s = unicast(3);

	(void)state;
	sum_up(&s, NULL);
	assert_int_equal(check(&s), COUNT_unicast_source);
	s.peer = &s.hops;
	assert_int_equal(check(&s), VR_COUNTERS);
	s.ip.hops = 60;
	assert_int_equal(check(&s), VR_COUNTERS);
	s.ip.hops = 59;
	assert_int_equal(check(&s), COUNT_ttl);
	s.hops = (struct peer_hops){.min = 0, .max = 58};
	assert_int_equal(check(&s), COUNT_ttl);
	s.ip.hops = 0;
	assert_int_equal(check(&s), VR_COUNTERS);
	s.hops = (struct peer_hops){.min = 1, .max = 0}; /* as good as none */
	assert_int_equal(check(&s), COUNT_unicast_source);
}

static void modes(void **state) /* B-1: neither hears what is for the other */
{
	struct scene s = unicast(3);

	(void)state;
	s.peer = &s.hops;
	sum_up(&s, NULL);
	s.ip.destination = GROUP;
	assert_int_equal(check(&s), COUNT_non_group_destination);
	s.flags = SLOT_RUNNING;
	assert_int_equal(check(&s), VR_COUNTERS);
	s.ip.hops = 254; /* the range is for peers */
	assert_int_equal(check(&s), COUNT_ttl);
	s.ip.destination = OWN;
	assert_int_equal(check(&s), COUNT_non_group_destination);
}

static void own_before_stranger(void **state) /* B-2 */
{
	struct scene s = unicast(3);

	(void)state;
	s.ip.source = OWN;
	assert_int_equal(check(&s), COUNT_own_packet);
}

static void source_of_ipv6(void **state) /* B-1: link-local for the group only */
{
	struct scene s = unicast(3);

	(void)state;
	s.ip.family = VRRP_IPV6;
	s.ip.source = PEER6;
	s.ip.destination = s.own.primary = OWN6;
	s.ip.present = s.ip.payload = 24;
	memset(s.message + 8, 0, 16);
	s.message[8] = 0xfe;
	s.message[9] = 0x80;
	s.peer = &s.hops;
	sum_up(&s, &s.ip.destination);
	assert_int_equal(check(&s), VR_COUNTERS);
	sum_up(&s, &GROUP6); /* the old form is of IPv4 only */
	assert_int_equal(check(&s), COUNT_checksum);
	s.flags = SLOT_RUNNING;
	s.ip.destination = GROUP6;
	assert_int_equal(check(&s), COUNT_source_address);
}

static void source_of_ipv4(void **state) /* B-1: what the kernel takes nothing from */
{
	static const uint8_t wrong[][4] = {
		{224, 0, 0, 18}, {239, 255, 255, 255}, {127, 0, 0, 1}, {255, 255, 255, 255}};
	static const uint8_t right[][4] = {
		{223, 255, 255, 255}, {240, 0, 0, 1}, {126, 0, 0, 1}, {128, 0, 0, 1}};
	struct scene s = unicast(3);

	(void)state;
	s.flags = SLOT_RUNNING;
	s.ip.destination = GROUP;
	sum_up(&s, NULL);
	for (unsigned i = 0; i < 4; i++) {
		memcpy(s.ip.source.b + 12, wrong[i], 4);
		assert_int_equal(check(&s), COUNT_source_address);
		memcpy(s.ip.source.b + 12, right[i], 4);
		assert_int_equal(check(&s), VR_COUNTERS);
	}
}

static void pseudo_headers(void **state) /* A-64, H-3 */
{
	struct scene s = unicast(3);

	(void)state;
	s.peer = &s.hops;
	sum_up(&s, &OWN);
	assert_int_equal(check(&s), VR_COUNTERS);
	assert_int_equal(s.findings, EVENT_CHECKSUM_PSEUDO);
	sum_up(&s, &GROUP);
	assert_int_equal(check(&s), VR_COUNTERS);
	assert_int_equal(s.findings, EVENT_CHECKSUM_PSEUDO);
	sum_up(&s, &VIP);
	assert_int_equal(check(&s), COUNT_checksum);
	sum_up(&s, NULL);
	assert_int_equal(check(&s), VR_COUNTERS);
	assert_int_equal(s.findings, 0);
	s = unicast(2); /* VRRPv2 has none */
	s.peer = &s.hops;
	sum_up(&s, &OWN);
	assert_int_equal(check(&s), COUNT_checksum);
	sum_up(&s, &GROUP);
	assert_int_equal(check(&s), COUNT_checksum);
	sum_up(&s, NULL);
	assert_int_equal(check(&s), VR_COUNTERS);
}

static void carp(void **state) /* H-30, whatever version is expected, and before its checksum */
{
	(void)state;
	for (uint8_t version = 2; version <= 3; version++) {
		struct scene s = unicast(version);

		s.peer = &s.hops;
		s.ip.present = s.ip.payload = 36;
		memcpy(s.message, (const uint8_t[]){0x21, 51, 0, 7, 0, 1, 0, 0}, 8);
		assert_int_equal(check(&s), COUNT_carp);
		s.message[3] = 6;
		assert_int_equal(check(&s), version == 2 ? COUNT_length : COUNT_version);
		s.message[3] = 7;
		s.ip.present = s.ip.payload = 44; /* VRRPv2 with seven addresses */
		sum_up(&s, NULL);
		assert_int_equal(check(&s), version == 2 ? COUNT_address_list : COUNT_version);
		s.ip.present = s.ip.payload = 36;
		s.ip.hops = 1; /* an earlier check comes first */
		assert_int_equal(check(&s), COUNT_ttl);
	}
}

static void auth_types(void **state) /* B-10 by name: H-33, RFC 2338 */
{
	struct scene s = unicast(2);

	(void)state;
	s.peer = &s.hops;
	s.message[4] = VRRP_AUTH_VENDOR;
	assert_int_equal(check(&s), COUNT_auth_type_vendor); /* its checksum is its own */
	s.message[4] = VRRP_AUTH_AH;
	assert_int_equal(check(&s), COUNT_checksum);
	sum_up(&s, NULL);
	assert_int_equal(check(&s), COUNT_auth_type_ah);
	s.message[4] = 253;
	sum_up(&s, NULL);
	assert_int_equal(check(&s), COUNT_auth_type);
	s = unicast(3); /* there the byte is the interval's */
	s.peer = &s.hops;
	s.message[4] = VRRP_AUTH_VENDOR;
	sum_up(&s, NULL);
	assert_int_equal(check(&s), VR_COUNTERS);
	assert_int_equal(s.findings, EVENT_INTERVAL);
}

static void mapped(void **state)
{
	struct vrrp_addr address = VIP;

	(void)state;
	assert_true(vrrp_addr_is_mapped(&address));
	for (unsigned byte = 0; byte < 12; byte++) {
		address = VIP;
		address.b[byte] ^= 1;
		assert_false(vrrp_addr_is_mapped(&address));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers),
		cmocka_unit_test(modes),
		cmocka_unit_test(own_before_stranger),
		cmocka_unit_test(source_of_ipv6),
		cmocka_unit_test(source_of_ipv4),
		cmocka_unit_test(pseudo_headers),
		cmocka_unit_test(carp),
		cmocka_unit_test(auth_types),
		cmocka_unit_test(mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
