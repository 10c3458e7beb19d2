/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Membership: the kernel says so and reports it from the physical MAC; the socket hears nothing. */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/membership.h"
#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

static const uint8_t own_mac[6] = {0x02, 0, 0, 0, 0, 0x0a};

static int setup(void **state)
{
	(void)state;
	enter_namespace();
	ip("link add ta address 02:00:00:00:00:0a type veth peer name pa address "
	   "02:00:00:00:00:0b");
	ip("link set ta up");
	ip("link set pa up");
	/* Both ends are here, so the sender's address is one of our own. */
	assert_true(prints("sysctl -w net.ipv4.conf.ta.accept_local=1", "1"));
	ip("addr add 192.0.2.11/24 dev ta");
	ip("addr add 192.0.2.12/24 dev pa");
	return 0;
}

static bool ipv4_member(void)
{
	return prints("ip maddr show dev ta", "inet  224.0.0.18");
}

static bool ipv6_member(void)
{
	return prints("ip maddr show dev ta", "inet6 ff02::12");
}

/* Everything that arrives at the peer. */
static int listen_at_peer(void)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = index_of("pa"),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* An IGMPv2 or v3 report for 224.0.0.18, which tells the snooping switches. */
static bool is_report(const uint8_t *frame, ssize_t length)
{
	const uint8_t *igmp = frame + 14 + (frame[14] & 15) * 4;
	static const uint8_t group[4] = {224, 0, 0, 18};

	if (length < 46 || frame[12] != 0x08 || frame[13] || frame[23] != IPPROTO_IGMP)
		return false;
	return (igmp[0] == 0x22 && !memcmp(igmp + 12, group, 4)) ||
	       (igmp[0] == 0x16 && !memcmp(igmp + 4, group, 4));
}

static void joining_is_reported_from_the_physical_mac(void **state)
{
	int listener = listen_at_peer();
	int fd = membership_join(index_of("ta"), VRRP_IPV4, NULL);
	uint8_t frame[2000];
	ssize_t length;

	(void)state;
	assert_true(fd >= 0);
	do {
		struct pollfd wait = {.fd = listener, .events = POLLIN};

		assert_int_equal(poll(&wait, 1, 5000), 1);
		length = recv(listener, frame, sizeof(frame), 0);
	} while (!is_report(frame, length));
	assert_memory_equal(frame + 6, own_mac, 6);
	close(listener);
	close(fd);
}

static void membership_lasts_as_long_as_the_descriptor(void **state)
{
	(void)state;
	assert_false(ipv4_member());
	int fd = membership_join(index_of("ta"), VRRP_IPV4, NULL);

	assert_true(fd >= 0);
	assert_true(ipv4_member());
	assert_false(prints("ip maddr show dev pa", "224.0.0.18"));
	close(fd);
	assert_false(ipv4_member());

	assert_false(ipv6_member());
	fd = membership_join(index_of("ta"), VRRP_IPV6, NULL);
	assert_true(fd >= 0);
	assert_true(ipv6_member());
	close(fd);
	assert_false(ipv6_member());
}

static void one_socket_per_virtual_router_is_fine(void **state)
{
	int fds[64];

	(void)state;
	for (int i = 0; i < 64; i++)
		assert_true((fds[i] = membership_join(index_of("ta"), VRRP_IPV4, NULL)) >= 0);
	for (int i = 0; i < 63; i++)
		close(fds[i]);
	assert_true(ipv4_member());
	close(fds[63]);
	assert_false(ipv4_member());
}

static void send_to_group(int listener)
{
	struct sockaddr_in group = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(VRRP_GROUP_IPV4),
	};
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, VRRP_PROTOCOL);
	struct pollfd wait = {.fd = listener, .events = POLLIN};

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "pa", 3), 0);
	assert_int_equal(sendto(fd, "advert", 6, 0, (struct sockaddr *)&group, sizeof(group)), 6);
	/* An ordinary member has it, so it has passed ours as well. */
	assert_int_equal(poll(&wait, 1, 3000), 1);
	close(fd);
}

static void the_socket_hears_nothing(void **state)
{
	struct ip_mreqn group = {
		.imr_multiaddr.s_addr = htonl(VRRP_GROUP_IPV4),
		.imr_ifindex = index_of("ta"),
	};
	int ordinary = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, VRRP_PROTOCOL);
	int fd = membership_join(index_of("ta"), VRRP_IPV4, NULL);
	char buffer[100];

	(void)state;
	assert_true(fd >= 0 && ordinary >= 0);
	assert_int_equal(setsockopt(ordinary, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)),
			 0);
	send_to_group(ordinary);
	assert_int_equal(recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT), -1);
	close(ordinary);
	close(fd);
}

static void failures_say_what_to_do(void **state)
{
	struct failure failure;

	(void)state;
	assert_int_equal(membership_join(9999, VRRP_IPV4, &failure), -1);
	assert_non_null(strstr(failure.text, "No such device"));
	assert_int_equal(membership_join(9999, VRRP_IPV6, &failure), -1);
	assert_non_null(strstr(failure.text, "is IPv6 enabled"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joining_is_reported_from_the_physical_mac),
		cmocka_unit_test(membership_lasts_as_long_as_the_descriptor),
		cmocka_unit_test(one_socket_per_virtual_router_is_fine),
		cmocka_unit_test(the_socket_hears_nothing),
		cmocka_unit_test(failures_say_what_to_do),
	};

	return cmocka_run_group_tests_name("membership", tests, setup, NULL);
}
