/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages that no kernel sends: cut off, or with lengths and errors that cannot be. Each lies at
 * the end of its memory, so that a sanitizer sees who reads on.
 */
#include "sys/netlink.h"

#include <errno.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/takeover_messages.h"

#include <cmocka.h>

/* A message with the first `length` bytes of `payload`. */
static struct nlmsghdr *message_of(uint16_t type, const void *payload, size_t length)
{
	struct nlmsghdr *message = malloc(sizeof(*message) + length);

	assert_non_null(message);
	*message = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)(sizeof(*message) + length),
		.nlmsg_type = type,
	};
	memcpy(message + 1, payload, length);
	return message;
}

static void test_length(void **state)
{
	struct nlmsghdr message = {.nlmsg_len = sizeof(message)};

	(void)state;
	assert_true(netlink_ok(&message, sizeof(message)));
	assert_false(netlink_ok(&message, sizeof(message) - 1));
	assert_false(netlink_ok(&message, 0));
	assert_false(netlink_ok(&message, -4));
	message.nlmsg_len = sizeof(message) + 1;
	assert_false(netlink_ok(&message, sizeof(message)));
	message.nlmsg_len = sizeof(message) - 1;
	assert_false(netlink_ok(&message, sizeof(message)));
	message.nlmsg_len = 0x80000000;
	assert_false(netlink_ok(&message, sizeof(message)));
	message.nlmsg_len = UINT32_MAX;
	assert_false(netlink_ok(&message, sizeof(message)));
}

static int error_of(int number, size_t length)
{
	struct nlmsghdr *message = message_of(NLMSG_DONE, &number, length);
	int error = netlink_error(message);

	free(message);
	return error;
}

static void test_error(void **state)
{
	(void)state;
	assert_int_equal(error_of(-EPERM, sizeof(int)), EPERM);
	assert_int_equal(error_of(-4095, sizeof(int)), 4095);
	assert_int_equal(error_of(0, sizeof(int)), 0);
	assert_int_equal(error_of(-EPERM, sizeof(int) - 1), 0);
	assert_int_equal(error_of(-EPERM, 0), 0);
	assert_int_equal(error_of(1, sizeof(int)), 0);
	assert_int_equal(error_of(-4096, sizeof(int)), 0);
	assert_int_equal(error_of(INT_MIN, sizeof(int)), 0);
}

static void test_short_address(void **state)
{
	struct ifaddrmsg header = {.ifa_family = AF_INET, .ifa_index = 1};
	struct present_address out;

	(void)state;
	for (size_t length = 0; length <= sizeof(header); length++) {
		struct nlmsghdr *message = message_of(RTM_NEWADDR, &header, length);

		assert_false(parse_address(message, 1, &out));
		free(message);
	}
}

static void test_short_route(void **state)
{
	struct rtmsg header = {
		.rtm_family = AF_INET,
		.rtm_dst_len = 32,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = XVRRPD_RTPROT,
		.rtm_type = RTN_BLACKHOLE,
	};
	struct takeover_item out;

	(void)state;
	for (size_t length = 0; length <= sizeof(header); length++) {
		struct nlmsghdr *message = message_of(RTM_NEWROUTE, &header, length);

		assert_false(parse_blackhole(message, &out));
		free(message);
	}
}

static void test_short_neighbour(void **state)
{
	struct ndmsg header = {
		.ndm_ifindex = 1,
		.ndm_state = NUD_PERMANENT,
		.ndm_flags = NTF_SELF,
	};
	struct takeover_item out;

	(void)state;
	for (size_t length = 0; length <= sizeof(header); length++) {
		struct nlmsghdr *message = message_of(RTM_NEWNEIGH, &header, length);

		assert_false(parse_mac(message, 1, &out));
		free(message);
	}
}

/* An attribute without a value says nothing, at the end of all bytes as elsewhere. */
static void test_empty_attribute(void **state)
{
	struct {
		struct ifaddrmsg header;
		struct nlattr local;
		uint8_t address[4];
		struct nlattr protocol;
	} payload = {
		{.ifa_family = AF_INET, .ifa_index = 1, .ifa_prefixlen = 24},
		{.nla_len = sizeof(struct nlattr) + 4, .nla_type = IFA_LOCAL},
		{10, 0, 0, 1},
		{.nla_len = sizeof(struct nlattr), .nla_type = 11 /* IFA_PROTO */},
	};
	struct nlmsghdr *message = message_of(RTM_NEWADDR, &payload, sizeof(payload));
	struct present_address out;

	(void)state;
	assert_true(parse_address(message, 1, &out));
	assert_int_equal(out.protocol, 0);
	assert_int_equal(addr_to_ipv4(&out.address), 0x0a000001);
	free(message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_length),		cmocka_unit_test(test_error),
		cmocka_unit_test(test_short_address),	cmocka_unit_test(test_short_route),
		cmocka_unit_test(test_short_neighbour), cmocka_unit_test(test_empty_attribute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
