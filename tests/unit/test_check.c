/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * include/check.h and checksum.h as user space compiles them, where they need no kernel: IPv6, and
 * sums against an implementation of another kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"

static const struct vrrp_addr FE80_1 = {{0xfe, 0x80, [15] = 1}};
static const struct vrrp_addr FE80_2 = {{0xfe, 0x80, [15] = 2}};
static const struct vrrp_addr FE80_3 = {{0xfe, 0x80, [15] = 3}};
static const struct vrrp_addr DB8_1 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
static const struct vrrp_addr ALL_ROUTERS = {{0xff, 0x02, [15] = 0x12}};

/* A received message and its receiver: A-85. */
struct scene {
	struct vr_identity own;
	struct vrrp_envelope ip;
	uint8_t message[40];
	uint32_t findings;
};

static struct scene golden(void)
{
	struct vrrp_addr addresses[] = {DB8_1, FE80_1};
	struct scene scene = {
		.own = {.version = 3,
			.addr_count = 2,
			.interval_cs = 100,
			.addr_set = vrrp_addr_set(addresses, 2),
			.primary = FE80_3},
		.ip = {.source = FE80_2,
		       .destination = ALL_ROUTERS,
		       .present = 40,
		       .payload = 40,
		       .family = VRRP_IPV6,
		       .hops = 255},
		.message = {0x31, 0x33, 0x64, 0x02, 0x00, 0x64, 0x3f, 0xfa},
	};

	memcpy(scene.message + 8, FE80_1.b, 16);
	memcpy(scene.message + 24, DB8_1.b, 16);
	return scene;
}

static enum vr_counter check(struct scene *scene)
{
	struct vrrp_hdr header;
	struct vrrp_body body;
	enum vr_counter reason;

	memcpy(&header, scene->message, sizeof(header));
	reason = vrrp_check_header(&scene->own, SLOT_RUNNING, NULL, &scene->ip, &header);
	if (reason != VR_COUNTERS)
		return reason;
	body = vrrp_read_body(&scene->ip, &header, scene->message);
	return vrrp_check_message(&scene->own, &scene->ip, &header, &body, &scene->findings);
}

static void make_sum(struct scene *scene)
{
	uint64_t pseudo =
		vrrp_sum_pseudo(&scene->ip.source, &scene->ip.destination, scene->ip.payload);
	uint16_t sum;

	memset(scene->message + 6, 0, 2);
	sum = vrrp_checksum(vrrp_sum(scene->message, scene->ip.payload) + pseudo);
	memcpy(scene->message + 6, &sum, 2);
}

static void golden_ipv6(void **state) /* */
{
	struct scene scene = golden();

	(void)state;
	assert_int_equal(check(&scene), VR_COUNTERS);
	assert_int_equal(scene.findings, 0);
	make_sum(&scene);
	assert_int_equal(scene.message[6] << 8 | scene.message[7], 0x3ffa);
}

static void bits_ipv6(void **state)
{
	(void)state;
	for (size_t bit = 16; bit < 40 * 8; bit++) {
		struct scene scene = golden();

		scene.message[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(check(&scene), bit / 8 == 3 && scene.message[3] > 2
							? COUNT_length
							: COUNT_checksum);
	}
}

static void pseudo_header_is_needed(void **state) /* no other form over IPv6 */
{
	struct scene scene = golden();
	uint16_t sum;

	(void)state;
	memset(scene.message + 6, 0, 2);
	sum = vrrp_checksum(vrrp_sum(scene.message, 40));
	memcpy(scene.message + 6, &sum, 2);
	assert_int_equal(check(&scene), COUNT_checksum);
}

static void header_ipv6(void **state)
{
	struct scene scene = golden();

	(void)state;
	scene.ip.hops = 254;
	assert_int_equal(check(&scene), COUNT_ttl);
	scene = golden();
	scene.ip.destination.b[15] = 2;
	assert_int_equal(check(&scene), COUNT_non_group_destination);
	scene = golden();
	scene.ip.source = FE80_3;
	assert_int_equal(check(&scene), COUNT_own_packet);
	scene = golden();
	scene.ip.payload = 39;
	assert_int_equal(check(&scene), COUNT_length);
	scene = golden();
	scene.ip.present = 39;
	assert_int_equal(check(&scene), COUNT_length);
	scene.ip.payload = scene.ip.present = 42; /* all of it is summed, in words ... */
	assert_int_equal(check(&scene), COUNT_length);
	scene.ip.payload = scene.ip.present = VRRP_SUM_MAX + 4; /* ... and not without end */
	assert_int_equal(check(&scene), COUNT_length);
}

static void each_byte_of_an_address(void **state)
{
	(void)state;
	assert_true(vrrp_addr_same(&FE80_1, &FE80_1));
	assert_true(vrrp_addr_is_group(VRRP_IPV6, &ALL_ROUTERS));
	for (int i = 0; i < 16; i++) {
		struct vrrp_addr near = FE80_1, group = ALL_ROUTERS;

		near.b[i] ^= 0x80;
		group.b[i] ^= 0x80;
		assert_false(vrrp_addr_same(&near, &FE80_1));
		assert_false(vrrp_addr_is_group(VRRP_IPV6, &group));
	}
}

static void ll_first(void **state) /* B-15: soft */
{
	struct scene scene = golden();

	(void)state;
	memcpy(scene.message + 8, DB8_1.b, 16);
	memcpy(scene.message + 24, FE80_1.b, 16);
	make_sum(&scene);
	assert_int_equal(check(&scene), VR_COUNTERS);
	assert_int_equal(scene.findings, EVENT_LL_FIRST);
	scene.message[8] = 0xfe; /* fec0::/10 is no link-local */
	scene.message[9] = 0xc0;
	make_sum(&scene);
	assert_int_equal(check(&scene), VR_COUNTERS);
	assert_int_equal(scene.findings, EVENT_LL_FIRST | EVENT_ADDRESS_LIST);
}

static void none_ipv6(void **state)
{
	struct scene scene = golden();

	(void)state;
	scene.message[3] = 0;
	scene.ip.payload = 8;
	make_sum(&scene);
	assert_int_equal(check(&scene), COUNT_addr_count_zero);
}

/* Bytes, big-endian, folded at once: RFC 1071 as it is written. */
static uint16_t plain_sum(const uint8_t *bytes, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i += 2) {
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

static void sums_agree(void **state)
{
	uint8_t bytes[VRRP_SUM_MAX];
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		random = random * 1664525 + 1013904223;
		bytes[i] = random >> 30 == 3 ? 0xff : (uint8_t)(random >> 22);
	}
	for (uint32_t length = 4; length <= sizeof(bytes); length += 4)
		assert_int_equal(__be16_to_cpu(vrrp_sum_fold(vrrp_sum(bytes, length))),
				 plain_sum(bytes, length));
}

static void sum_of_mapped_address(void **state)
{
	const struct vrrp_addr a = {{[10] = 0xff, 0xff, 192, 0, 2, 2}};
	const struct vrrp_addr b = {{[10] = 0xff, 0xff, 224, 0, 0, 18}};
	const uint8_t header[12] = {192, 0, 2, 2, 224, 0, 0, 18, 0, 112, 0, 12};

	(void)state;
	assert_int_equal(__be16_to_cpu(vrrp_sum_fold(vrrp_sum_pseudo(&a, &b, 12))),
			 plain_sum(header, 12));
}

static void sets(void **state)
{
	struct vrrp_addr addresses[] = {FE80_1, DB8_1, FE80_2};
	struct vrrp_addr other_order[] = {FE80_2, FE80_1, DB8_1};
	struct vrrp_addr other[] = {FE80_2, FE80_1, FE80_1};

	(void)state;
	assert_true(vrrp_addr_set(addresses, 3) == vrrp_addr_set(other_order, 3));
	assert_true(vrrp_addr_set(addresses, 3) != vrrp_addr_set(other, 3));
	assert_true(vrrp_addr_set(addresses, 3) != vrrp_addr_set(addresses, 2));
	assert_int_equal(vrrp_addr_set(addresses, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_ipv6), cmocka_unit_test(bits_ipv6),
		cmocka_unit_test(header_ipv6), cmocka_unit_test(pseudo_header_is_needed),
		cmocka_unit_test(ll_first),    cmocka_unit_test(none_ipv6),
		cmocka_unit_test(sums_agree),  cmocka_unit_test(sum_of_mapped_address),
		cmocka_unit_test(sets),	       cmocka_unit_test(each_byte_of_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
