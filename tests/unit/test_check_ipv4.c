/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * include/check.h over IPv4, and include/election.h, as user space compiles them: the same text
 * that the bpf ring sees in the kernel. Each check is failed alone, and for the one reason that it
 * has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "election.h"

#define MAPPED(a, b, c, d)                            \
	{                                             \
		{                                     \
			[10] = 0xff, 0xff, a, b, c, d \
		}                                     \
	}

static const struct vrrp_addr GROUP = MAPPED(224, 0, 0, 18);
static const struct vrrp_addr OWN = MAPPED(192, 0, 2, 11);
static const struct vrrp_addr PEER = MAPPED(192, 0, 2, 12);

enum { HEADER_LEN = 8, AUTH_AT = 16 };

/* A received message of two addresses, and its receiver. */
struct scene {
	struct vr_identity own;
	struct vrrp_envelope ip;
	uint8_t message[24];
	uint32_t slot_flags;
	uint32_t findings;
};

static struct scene scene(uint8_t version)
{
	const struct vrrp_addr addresses[] = {MAPPED(192, 0, 2, 1), MAPPED(192, 0, 2, 2)};
	uint8_t length = (uint8_t)vrrp_message_length(VRRP_IPV4, version, 2);
	struct scene s = {
		.own = {.version = version,
			.addr_count = 2,
			.interval_cs = 100,
			.addr_set = vrrp_addr_set(addresses, 2),
			.primary = OWN},
		.ip = {.source = PEER,
		       .destination = GROUP,
		       .present = length,
		       .payload = length,
		       .family = VRRP_IPV4,
		       .hops = 255},
		.message = {0x31, 51, 100, 2, 0, 100, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2},
		.slot_flags = SLOT_RUNNING,
	};

	if (version == 2) {
		s.message[0] = 0x21;
		s.message[5] = 1;
	}
	return s;
}

static void sum_up(struct scene *s, bool pseudo)
{
	uint64_t sum;
	uint16_t checksum;

	memset(s->message + 6, 0, 2);
	sum = vrrp_sum(s->message, s->ip.payload);
	if (pseudo)
		sum += vrrp_sum_pseudo(&s->ip.source, &s->ip.destination, s->ip.payload);
	checksum = vrrp_checksum(sum);
	memcpy(s->message + 6, &checksum, 2);
}

/* With the checksum as it is. */
static enum vr_counter check_as_is(struct scene *s)
{
	struct vrrp_hdr header;
	struct vrrp_body body;
	enum vr_counter reason;

	memcpy(&header, s->message, sizeof(header));
	reason = vrrp_check_header(&s->own, s->slot_flags, NULL, &s->ip, &header);
	if (reason != VR_COUNTERS)
		return reason;
	body = vrrp_read_body(&s->ip, &header, s->message);
	return vrrp_check_message(&s->own, &s->ip, &header, &body, &s->findings);
}

static enum vr_counter check(struct scene *s)
{
	sum_up(s, false);
	return check_as_is(s);
}

/* As `golden`, with this byte in place of the message's. */
static enum vr_counter check_with(const struct scene *golden, unsigned at, uint8_t byte)
{
	struct scene s = *golden;

	s.message[at] = byte;
	return check(&s);
}

static void accepted(void **state)
{
	struct scene v2 = scene(2), v3 = scene(3);

	(void)state;
	assert_int_equal(check(&v2), VR_COUNTERS);
	assert_int_equal(v2.findings, 0);
	assert_int_equal(check(&v3), VR_COUNTERS);
	assert_int_equal(v3.findings, 0);
}

static void envelope(void **state) /* B-23, A-9, B-1, B-2, B-3 */
{
	struct scene s = scene(3);

	(void)state;
	s.slot_flags = ~(uint32_t)SLOT_RUNNING;
	assert_int_equal(check(&s), COUNT_initialize);
	s = scene(3);
	s.ip.fragment = 1;
	assert_int_equal(check(&s), COUNT_fragment);
	s = scene(3);
	s.ip.destination.b[15]++;
	assert_int_equal(check(&s), COUNT_non_group_destination);
	s = scene(3);
	s.ip.source = OWN;
	assert_int_equal(check(&s), COUNT_own_packet);
	s = scene(3);
	s.ip.hops = 254;
	assert_int_equal(check(&s), COUNT_ttl);
}

static void header(void **state) /* B-4, B-5, B-6 */
{
	struct scene v2 = scene(2), v3 = scene(3);

	(void)state;
	assert_int_equal(check_with(&v3, 0, 0x21), COUNT_version);
	assert_int_equal(check_with(&v3, 0, 0x41), COUNT_version);
	assert_int_equal(check_with(&v2, 0, 0x31), COUNT_version);
	assert_int_equal(check_with(&v3, 0, 0x32), COUNT_type);
	assert_int_equal(check_with(&v3, 0, 0x30), COUNT_type);
	assert_int_equal(check_with(&v3, 3, 3), COUNT_length);
	assert_int_equal(check_with(&v2, 3, 3), COUNT_length);
	v2.ip.payload -= 4; /* half of the trailer */
	assert_int_equal(check(&v2), COUNT_length);
	v3.ip.present--;
	assert_int_equal(check(&v3), COUNT_length);
}

/* What is wrong with a message in several ways counts as the first of them. */
static void first_reason(void **state)
{
	struct scene s = scene(3);

	(void)state;
	s.message[0] = 0x22;
	s.message[3] = 3;
	s.ip.hops = 1;
	s.ip.source = OWN;
	assert_int_equal(check(&s), COUNT_own_packet);
	s.ip.source = PEER;
	assert_int_equal(check(&s), COUNT_ttl);
	s.ip.hops = 255;
	assert_int_equal(check(&s), COUNT_version);
	s.message[0] = 0x32;
	assert_int_equal(check(&s), COUNT_type);
	s.message[0] = 0x31;
	assert_int_equal(check(&s), COUNT_length);
}

static void forms(void **state) /* B-7, A-60, A-66 */
{
	struct scene v2 = scene(2), v3 = scene(3);

	(void)state;
	sum_up(&v3, true);
	assert_int_equal(check_as_is(&v3), VR_COUNTERS);
	assert_int_equal(v3.findings, EVENT_CHECKSUM_PSEUDO);
	v3.message[7] ^= 1;
	assert_int_equal(check_as_is(&v3), COUNT_checksum);
	sum_up(&v2, true);
	assert_int_equal(check_as_is(&v2), COUNT_checksum);
}

static void authentication(void **state) /* B-10 */
{
	struct scene s = scene(2);

	(void)state;
	assert_int_equal(check_with(&s, 4, VRRP_AUTH_PASS), COUNT_auth_type);
	assert_int_equal(check_with(&s, AUTH_AT, 'x'), VR_COUNTERS); /* means nothing */
	s.own.auth_type = VRRP_AUTH_AH;
	assert_int_equal(check_with(&s, 4, VRRP_AUTH_AH), COUNT_auth_type_ah);
	s.own.auth_type = s.message[4] = VRRP_AUTH_PASS;
	memcpy(s.own.auth_data, "password", 8);
	memcpy(s.message + AUTH_AT, "password", 8);
	assert_int_equal(check(&s), VR_COUNTERS);
	for (unsigned i = 0; i < VRRP_AUTH_LEN; i++)
		assert_int_equal(check_with(&s, AUTH_AT + i, 'x'), COUNT_auth);
	assert_int_equal(check_with(&s, 4, VRRP_AUTH_NONE), COUNT_auth_type);
}

static void lists(void **state) /* B-11, B-12, A-30 */
{
	struct scene v2 = scene(2), v3 = scene(3);

	(void)state;
	v3.message[11] = 2; /* the two in another order */
	v3.message[15] = 1;
	assert_int_equal(check(&v3), VR_COUNTERS);
	assert_int_equal(v3.findings, 0);
	v3.message[11] = 3;
	assert_int_equal(check(&v3), VR_COUNTERS);
	assert_int_equal(v3.findings, EVENT_ADDRESS_LIST);
	v3.ip.payload = HEADER_LEN;
	assert_int_equal(check_with(&v3, 3, 0), COUNT_addr_count_zero);

	v2.message[11] = 3;
	assert_int_equal(check(&v2), COUNT_address_list);
	v2.message[2] = VRRP_PRIORITY_OWNER;
	assert_int_equal(check(&v2), VR_COUNTERS);
	assert_int_equal(v2.findings, EVENT_ADDRESS_LIST);
}

static void intervals(void **state) /* B-13, B-14, A-25, A-46 */
{
	struct scene v2 = scene(2), v3 = scene(3);

	(void)state;
	assert_int_equal(check_with(&v2, 5, 2), COUNT_interval);
	assert_int_equal(check_with(&v2, 5, 0), COUNT_interval);
	assert_int_equal(check_with(&v3, 5, 0), COUNT_interval_zero);
	v3.message[4] = 0xf0; /* reserved */
	assert_int_equal(check(&v3), VR_COUNTERS);
	assert_int_equal(v3.findings, 0);
	assert_int_equal(check_with(&v3, 5, 0), COUNT_interval_zero);
	v3.message[4] = 0xf1;
	assert_int_equal(check(&v3), VR_COUNTERS);
	assert_int_equal(v3.findings, EVENT_INTERVAL);
}

static void announced_intervals(void **state) /* */
{
	struct vrrp_hdr v2 = {.version_type = 0x21, .auth_type = 1, .advert_int_s = 255};
	struct vrrp_hdr v3 = {.version_type = 0x31, .max_advert_int = __cpu_to_be16(0xffff)};

	(void)state;
	assert_int_equal(vrrp_header_interval_cs(&v2), 25500);
	assert_int_equal(vrrp_header_interval_cs(&v3), VRRP_INTERVAL_MAX_CS);
}

static void backup_obeys(void **state) /* D-12, D-13, D-14, D-33 */
{
	(void)state;
	assert_true(vrrp_backup_obeys(100, 1, 100));
	assert_true(vrrp_backup_obeys(100, 1, 101));
	assert_false(vrrp_backup_obeys(100, 1, 99));
	assert_true(vrrp_backup_obeys(100, 0, 1));
	assert_false(vrrp_backup_obeys(VRRP_PRIORITY_OWNER, 0, 254));
	assert_true(vrrp_backup_obeys(VRRP_PRIORITY_OWNER, 0, VRRP_PRIORITY_OWNER));
	assert_false(vrrp_backup_obeys(100, 0, VRRP_PRIORITY_LEAVING));
}

static void active_yields(void **state) /* D-23, D-30 */
{
	const struct vrrp_addr high = MAPPED(200, 0, 0, 1);

	(void)state;
	assert_true(vrrp_active_yields(100, &high, 101, &OWN));
	assert_false(vrrp_active_yields(100, &OWN, 99, &high));
	assert_true(vrrp_active_yields(100, &OWN, 100, &PEER));
	assert_false(vrrp_active_yields(100, &PEER, 100, &OWN));
	assert_false(vrrp_active_yields(100, &OWN, 100, &OWN));
	assert_true(vrrp_active_yields(100, &OWN, 100, &high)); /* bytes are unsigned */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(envelope),
		cmocka_unit_test(header),
		cmocka_unit_test(first_reason),
		cmocka_unit_test(forms),
		cmocka_unit_test(authentication),
		cmocka_unit_test(lists),
		cmocka_unit_test(intervals),
		cmocka_unit_test(announced_intervals),
		cmocka_unit_test(backup_obeys),
		cmocka_unit_test(active_yields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
