/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advertisements and gratuitous ARP byte by byte: the golden vectors A-80..A-86, what is around the
 * message, and what the receiving side's sums say to each flipped bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "core/packet.h"

static const struct vrrp_addr vip = {{[10] = 0xff, 0xff, 192, 0, 2, 1}};
static const struct vrrp_addr vip_100 = {{[10] = 0xff, 0xff, 192, 0, 2, 100}};
static const struct vrrp_addr vips_ipv6[] = {
	{{0xfe, 0x80, [15] = 1}},
	{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
};
static const struct vrrp_addr group_ipv4 = {{[10] = 0xff, 0xff, 224, 0, 0, 18}};
static const struct vrrp_addr group_ipv6 = {{0xff, 0x02, [15] = 0x12}};

struct vector {
	const char *name;
	struct advert advert;
	size_t length;
	uint8_t bytes[40];
};

#define FROM_IPV4 .source = {{[10] = 0xff, 0xff, 192, 0, 2, 2}}
#define FROM_IPV6 .source = {{0xfe, 0x80, [15] = 2}}
#define IPV4	  .family = VRRP_IPV4, .vrid = 51, .interval_cs = 100, .address_count = 1, FROM_IPV4
#define IPV6	  .family = VRRP_IPV6, .vrid = 51, .interval_cs = 100, .address_count = 2, FROM_IPV6

static const struct vector vectors[] = {
	{"A-80",
	 {IPV4, .version = 2, .priority = 100, .addresses = &vip},
	 20,
	 {0x21, 0x33, 0x64, 0x01, 0x00, 0x01, 0xb8, 0xc8, 0xc0, 0x00, 0x02, 0x01}},
	{"A-81",
	 {IPV4, .version = 2, .priority = 100, .addresses = &vip, .auth_type = VRRP_AUTH_PASS,
	  .auth_data = "secret"},
	 20,
	 {0x21, 0x33, 0x64, 0x01, 0x01, 0x01, 0x7b, 0x7c, 0xc0, 0x00,
	  0x02, 0x01, 0x73, 0x65, 0x63, 0x72, 0x65, 0x74, 0x00, 0x00}},
	{"A-82",
	 {IPV4, .version = 3, .priority = 100, .addresses = &vip},
	 12,
	 {0x31, 0x33, 0x64, 0x01, 0x00, 0x64, 0xa8, 0x65, 0xc0, 0x00, 0x02, 0x01}},
	{"A-83",
	 {IPV4, .version = 3, .priority = 100, .addresses = &vip, .checksum = CHECKSUM_PSEUDO},
	 12,
	 {0x31, 0x33, 0x64, 0x01, 0x00, 0x64, 0x05, 0xd4, 0xc0, 0x00, 0x02, 0x01}},
	{"A-84",
	 {IPV4, .version = 3, .priority = 0, .addresses = &vip},
	 12,
	 {0x31, 0x33, 0x00, 0x01, 0x00, 0x64, 0x0c, 0x66, 0xc0, 0x00, 0x02, 0x01}},
	{"A-85",
	 {IPV6, .version = 3, .priority = 100, .addresses = vips_ipv6},
	 40,
	 {0x31, 0x33, 0x64, 0x02, 0x00, 0x64, 0x3f, 0xfa, 0xfe, 0x80, [23] = 0x01, 0x20, 0x01, 0x0d,
	  0xb8, [39] = 0x01}},
	{"A-86",
	 {IPV4, .version = 3, .priority = 200, .addresses = &vip_100},
	 12,
	 {0x31, 0x33, 0xc8, 0x01, 0x00, 0x64, 0x44, 0x02, 0xc0, 0x00, 0x02, 0x64}},
};

#define EACH_VECTOR(v)                                                                           \
	for (const struct vector *v = vectors; v < vectors + sizeof(vectors) / sizeof(*vectors); \
	     v++)

static bool has_pseudo_header(const struct advert *advert)
{
	return advert->family == VRRP_IPV6 || advert->checksum == CHECKSUM_PSEUDO;
}

/* As a receiver that expects this form: B-7. */
static bool sum_valid(const struct advert *advert, bool pseudo, const uint8_t *message,
		      size_t length)
{
	const struct vrrp_addr *group = advert->family == VRRP_IPV4 ? &group_ipv4 : &group_ipv6;
	uint64_t sum = vrrp_sum(message, (uint32_t)length);

	if (pseudo)
		sum += vrrp_sum_pseudo(&advert->source, group, (uint16_t)length);
	return vrrp_sum_valid(sum);
}

static void a_80_to_a_86_encode(void **state)
{
	(void)state;
	EACH_VECTOR(v)
	{
		uint8_t message[64];

		print_message("%s\n", v->name);
		assert_int_equal(vrrp_message_encode(&v->advert, message, sizeof(message)),
				 v->length);
		assert_memory_equal(message, v->bytes, v->length);
	}
}

static void a_80_to_a_86_encode_needs_room(void **state)
{
	(void)state;
	EACH_VECTOR(v)
	{
		uint8_t message[64];

		memset(message, '#', sizeof(message));
		assert_int_equal(vrrp_message_encode(&v->advert, message, v->length - 1), 0);
		assert_int_equal(vrrp_message_encode(&v->advert, message, v->length), v->length);
		assert_int_equal(message[v->length], '#');
	}
}

static void a_80_to_a_86_decode(void **state)
{
	(void)state;
	EACH_VECTOR(v)
	{
		const struct advert *advert = &v->advert;
		struct vrrp_message out;

		print_message("%s\n", v->name);
		assert_true(vrrp_message_decode(advert->family, v->bytes, v->length, &out));
		assert_int_equal(out.version, advert->version);
		assert_int_equal(out.type, VRRP_TYPE_ADVERTISEMENT);
		assert_int_equal(out.vrid, advert->vrid);
		assert_int_equal(out.priority, advert->priority);
		assert_int_equal(out.addr_count, advert->address_count);
		assert_int_equal(out.interval_cs, advert->interval_cs);
		assert_int_equal(out.checksum, v->bytes[6] << 8 | v->bytes[7]);
		assert_int_equal(out.auth_type, advert->auth_type);
		assert_ptr_equal(out.addresses, v->bytes + 8);
		if (advert->version == 2)
			assert_ptr_equal(out.auth_data, v->bytes + 12);
		else
			assert_null(out.auth_data);
	}
}

static void b_6_decode_stays_inside_the_length(void **state)
{
	(void)state;
	EACH_VECTOR(v)
	{
		struct vrrp_message out;

		/* of exactly this size, so that a sanitizer sees what is read beyond it */
		for (size_t length = 1; length < v->length; length++) {
			uint8_t *part = malloc(length);

			assert_non_null(part);
			memcpy(part, v->bytes, length);
			assert_false(vrrp_message_decode(v->advert.family, part, length, &out));
			free(part);
		}
		assert_false(vrrp_message_decode(v->advert.family, v->bytes, 0, &out));
		assert_true(vrrp_message_decode(v->advert.family, v->bytes, v->length + 1, &out));
	}
}

static void a_80_to_a_86_every_flipped_bit_is_noticed(void **state)
{
	(void)state;
	EACH_VECTOR(v)
	{
		bool pseudo = has_pseudo_header(&v->advert);
		uint8_t message[40];

		memcpy(message, v->bytes, sizeof(message));
		assert_true(sum_valid(&v->advert, pseudo, message, v->length));
		for (size_t bit = 0; bit < v->length * 8; bit++) {
			message[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(sum_valid(&v->advert, pseudo, message, v->length));
			message[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void a_62_a_82_is_not_a_83(void **state)
{
	const struct vector *message_only = &vectors[2];
	const struct vector *pseudo = &vectors[3];

	(void)state;
	assert_false(sum_valid(&message_only->advert, true, message_only->bytes, 12));
	assert_false(sum_valid(&pseudo->advert, false, pseudo->bytes, 12));
}

static void a_25_the_reserved_bits_are_no_interval(void **state)
{
	uint8_t message[12];
	struct vrrp_message out;

	(void)state;
	memcpy(message, vectors[2].bytes, sizeof(message));
	message[4] |= 0xf0;
	assert_true(vrrp_message_decode(VRRP_IPV4, message, sizeof(message), &out));
	assert_int_equal(out.interval_cs, 100);
}

/* What another program has left in a slot need not be an advertisement. */
static void what_cannot_be_encoded(void **state)
{
	static const struct vrrp_addr ipv6 = {{0xfe, 0x80, [15] = 1}};
	const struct advert good = vectors[2].advert, v2 = vectors[0].advert;
	struct advert bad;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_true(advert_is_possible(&vectors[i].advert));
#define REFUSED(advert, member, value)                  \
	do {                                            \
		bad = (advert);                         \
		bad.member = (value);                   \
		assert_false(advert_is_possible(&bad)); \
	} while (0)
	REFUSED(good, version, 0);
	REFUSED(good, version, 1);
	REFUSED(good, version, 4);
	REFUSED(good, family, VRRP_IPV6);
	REFUSED(good, family, (enum vrrp_family)0);
	REFUSED(vectors[5].advert, family, (enum vrrp_family)0);
	REFUSED(v2, family, VRRP_IPV6);
	REFUSED(good, interval_cs, VRRP_INTERVAL_MAX_CS + 1);
	REFUSED(v2, interval_cs, 25501);
	REFUSED(good, address_count, VRRP_ADDRESSES_MAX + 1);
	REFUSED(good, source, ipv6);
	REFUSED(good, addresses, &ipv6);
#undef REFUSED
}

static void a_26_intervals_of_12_bits(void **state)
{
	struct advert advert = vectors[2].advert;
	struct vrrp_message out;
	uint8_t message[12];

	(void)state;
	for (uint32_t cs = 1; cs <= VRRP_INTERVAL_MAX_CS; cs += 4094) {
		advert.interval_cs = cs;
		assert_int_equal(vrrp_message_encode(&advert, message, sizeof(message)), 12);
		assert_int_equal(message[4] << 8 | message[5], cs);
		assert_true(vrrp_message_decode(VRRP_IPV4, message, sizeof(message), &out));
		assert_int_equal(out.interval_cs, cs);
	}
}

static void a_46_seconds_in_version_2(void **state)
{
	struct advert advert = vectors[0].advert;
	struct vrrp_message out;
	uint8_t message[20];

	(void)state;
	advert.interval_cs = 25500;
	assert_int_equal(vrrp_message_encode(&advert, message, sizeof(message)), 20);
	assert_int_equal(message[5], 255);
	assert_true(vrrp_message_decode(VRRP_IPV4, message, sizeof(message), &out));
	assert_int_equal(out.interval_cs, 25500);
}

/* no password, no bytes of one. */
static void a_49_authentication_data_is_zero_without_a_password(void **state)
{
	struct advert advert = vectors[0].advert;
	uint8_t message[20];

	(void)state;
	memcpy(advert.auth_data, "leaked!", 8);
	assert_int_equal(vrrp_message_encode(&advert, message, sizeof(message)), 20);
	assert_memory_equal(message, vectors[0].bytes, 20);
}

static void a_24_255_addresses(void **state)
{
	static struct vrrp_addr many[VRRP_ADDRESSES_MAX];
	static uint8_t frame[FRAME_MAX];
	struct advert advert = vectors[5].advert;
	struct vrrp_message out;
	size_t length = 14 + 40 + VRRP_MESSAGE_MAX;

	(void)state;
	for (unsigned i = 0; i < VRRP_ADDRESSES_MAX; i++)
		many[i] = (struct vrrp_addr){{0xfe, 0x80, [15] = (uint8_t)i}};
	advert.addresses = many;
	advert.address_count = VRRP_ADDRESSES_MAX;
	assert_int_equal(vrrp_frame_encode(&advert, frame, sizeof(frame)), length);
	assert_int_equal(frame[length - 1], 254);
	assert_true(vrrp_message_decode(VRRP_IPV6, frame + 54, VRRP_MESSAGE_MAX, &out));
	assert_int_equal(out.addr_count, 255);
	assert_true(sum_valid(&advert, true, frame + 54, VRRP_MESSAGE_MAX));
}

static void a_1_to_a_8_frame_over_ipv4(void **state)
{
	static const uint8_t wanted[60] = {
		/* Ethernet */
		0x01, 0x00, 0x5e, 0x00, 0x00, 0x12, 0x00, 0x00, 0x5e, 0x00, 0x01, 0x33, 0x08, 0x00,
		/* IPv4: CS6, 32 bytes, id 0, no flags, TTL 255, 112, 192.0.2.2, 224.0.0.18 */
		0x45, 0xc0, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0xff, 0x70, 0x18, 0x99, 0xc0, 0x00,
		0x02, 0x02, 0xe0, 0x00, 0x00, 0x12,
		/* A-82, and zeros up to what Ethernet needs */
		0x31, 0x33, 0x64, 0x01, 0x00, 0x64, 0xa8, 0x65, 0xc0, 0x00, 0x02, 0x01};
	struct advert advert = vectors[2].advert;
	uint8_t frame[FRAME_MAX];

	(void)state;
	memset(frame, '#', sizeof(frame));
	vrrp_virtual_mac(VRRP_IPV4, 51, advert.source_mac);
	assert_int_equal(vrrp_frame_encode(&advert, frame, sizeof(frame)), 60);
	assert_memory_equal(frame, wanted, 60);
	assert_true(vrrp_sum_valid(vrrp_sum(frame + 14, 20)));
	assert_int_equal(frame[60], '#');
	assert_int_equal(vrrp_frame_encode(&advert, frame, 59), 0);
}

static void a_1_to_a_8_frame_over_ipv6(void **state)
{
	static const uint8_t wanted[54] = {
		/* Ethernet */
		0x33, 0x33, 0x00, 0x00, 0x00, 0x12, 0x00, 0x00, 0x5e, 0x00, 0x02, 0x33, 0x86, 0xdd,
		/* IPv6: CS6, no flow label, 40 bytes, 112, hop limit 255 */
		0x6c, 0x00, 0x00, 0x00, 0x00, 0x28, 0x70, 0xff,
		/* fe80::2, ff02::12 */
		0xfe, 0x80, [37] = 0x02, 0xff, 0x02, [53] = 0x12};
	struct advert advert = vectors[5].advert;
	uint8_t frame[FRAME_MAX];

	(void)state;
	vrrp_virtual_mac(VRRP_IPV6, 51, advert.source_mac);
	assert_int_equal(vrrp_frame_encode(&advert, frame, 94), 94);
	assert_memory_equal(frame, wanted, 54);
	assert_memory_equal(frame + 54, vectors[5].bytes, 40);
	assert_int_equal(vrrp_frame_encode(&advert, frame, 93), 0);
}

static void e_20_e_21_gratuitous_arp(void **state)
{
	static const uint8_t wanted[GARP_FRAME_LEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x5e, 0x00, 0x01, 0x33, 0x08, 0x06,
		/* Ethernet, IPv4, 6, 4, request */
		0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01,
		/* sender, and the same as target */
		0x00, 0x00, 0x5e, 0x00, 0x01, 0x33, 0xc0, 0x00, 0x02, 0x01, 0x00, 0x00, 0x5e, 0x00,
		0x01, 0x33, 0xc0, 0x00, 0x02, 0x01};
	uint8_t frame[GARP_FRAME_LEN];
	uint8_t mac[6];

	(void)state;
	memset(frame, '#', sizeof(frame));
	vrrp_virtual_mac(VRRP_IPV4, 51, mac);
	assert_int_equal(garp_frame_encode(mac, &vip, frame), GARP_FRAME_LEN);
	assert_memory_equal(frame, wanted, GARP_FRAME_LEN);
}

/* H-3: the old form is one of IPv4, RFC 8200 8.1 leaves IPv6 no choice. */
static void h_3_the_old_unicast_checksum_is_for_ipv4(void **state)
{
	const struct vrrp_addr peer6 = {{0xfe, 0x80, [15] = 3}};
	struct advert advert = {IPV6, .version = 3, .priority = 100, .addresses = vips_ipv6};
	uint8_t plain[VRRP_MESSAGE_MAX], old[VRRP_MESSAGE_MAX];

	(void)state;
	advert.destination = peer6;
	size_t len = vrrp_message_encode(&advert, plain, sizeof(plain));
	advert.pseudo_group = true;
	assert_int_equal(vrrp_message_encode(&advert, old, sizeof(old)), len);
	assert_memory_equal(old, plain, len);

	struct advert ipv4 = {IPV4, .version = 3, .priority = 100, .addresses = &vip};
	ipv4.checksum = CHECKSUM_PSEUDO;
	ipv4.destination = addr_from_ipv4(0xc0000203);
	len = vrrp_message_encode(&ipv4, plain, sizeof(plain));
	ipv4.pseudo_group = true;
	assert_int_equal(vrrp_message_encode(&ipv4, old, sizeof(old)), len);
	assert_memory_not_equal(old, plain, len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_80_to_a_86_encode),
		cmocka_unit_test(a_80_to_a_86_encode_needs_room),
		cmocka_unit_test(a_80_to_a_86_decode),
		cmocka_unit_test(b_6_decode_stays_inside_the_length),
		cmocka_unit_test(a_80_to_a_86_every_flipped_bit_is_noticed),
		cmocka_unit_test(a_62_a_82_is_not_a_83),
		cmocka_unit_test(a_25_the_reserved_bits_are_no_interval),
		cmocka_unit_test(what_cannot_be_encoded),
		cmocka_unit_test(a_26_intervals_of_12_bits),
		cmocka_unit_test(a_46_seconds_in_version_2),
		cmocka_unit_test(a_49_authentication_data_is_zero_without_a_password),
		cmocka_unit_test(a_24_255_addresses),
		cmocka_unit_test(a_1_to_a_8_frame_over_ipv4),
		cmocka_unit_test(a_1_to_a_8_frame_over_ipv6),
		cmocka_unit_test(h_3_the_old_unicast_checksum_is_for_ipv4),
		cmocka_unit_test(e_20_e_21_gratuitous_arp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
