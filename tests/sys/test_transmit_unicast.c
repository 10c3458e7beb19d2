/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to one host (H-40): how they look at its end, and what becomes of those it sends. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/support.h"
#include "sys/transmit.h"

#include <cmocka.h> /* last: it defines a macro fail() */

static const uint8_t message[12] = {0x31, 51, 100, 1, 0, 100, 0xbe, 0xef, 192, 0, 2, 1};

struct world {
	struct transmit *transmit;
	int near, far; /* the far end answers for any neighbour: see setup() */
	int heard;     /* packet socket there */
};

static int listen_on(int ifindex)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = ifindex,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static int setup(void **state)
{
	static struct world world;

	enter_namespace();
	ip("link add near address 02:00:00:00:00:01 type veth peer name far");
	ip("link set near addrgenmode none");
	ip("link set far addrgenmode none up");
	ip("link set near up");
	ip("address add 192.0.2.11/24 dev near");
	ip("address add 192.0.2.13/24 dev near");
	ip("neighbour add 192.0.2.12 lladdr 02:00:00:00:00:02 dev near nud permanent");
	if (try_ip("-6 address add fe80::11/64 dev near nodad")) {
		ip("-6 address add 2001:db8::11/64 dev near nodad");
		ip("neighbour add fe80::12 lladdr 02:00:00:00:00:02 dev near nud permanent");
		ip("neighbour add 2001:db8::12 lladdr 02:00:00:00:00:02 dev near nud permanent");
	}
	world.near = index_of("near");
	world.far = index_of("far");
	world.heard = listen_on(world.far);
	world.transmit = transmit_open(NULL);
	*state = &world;
	return world.transmit ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *world = *state;

	transmit_close(world->transmit);
	close(world->heard);
	return 0;
}

static struct vrrp_addr ipv4(const char *text)
{
	struct in_addr address;

	assert_int_equal(inet_pton(AF_INET, text, &address), 1);
	return addr_from_ipv4(ntohl(address.s_addr));
}

static struct vrrp_addr ipv6(const char *text)
{
	struct vrrp_addr address;

	assert_int_equal(inet_pton(AF_INET6, text, address.b), 1);
	return address;
}

/* The next frame whose IP protocol is VRRP, from behind the Ethernet header on; its length. */
static ssize_t next_vrrp(const struct world *world, uint8_t packet[200])
{
	struct pollfd wait = {.fd = world->heard, .events = POLLIN};
	uint8_t frame[214];

	while (poll(&wait, 1, 3000) == 1) {
		ssize_t length = recv(world->heard, frame, sizeof(frame), 0);
		bool is_ipv4 = frame[12] == 0x08 && frame[13] == 0x00;

		if (length < 46 || frame[is_ipv4 ? 23 : 20] != VRRP_PROTOCOL)
			continue;
		assert_memory_equal(frame, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
		memcpy(packet, frame + 14, (size_t)length - 14);
		return length - 14;
	}
	return 0;
}

static int send_ipv4(const struct world *world, const char *from, uint8_t hops)
{
	struct vrrp_addr source = ipv4(from), peer = ipv4("192.0.2.12");

	return transmit_unicast(world->transmit, world->near, &source, &peer, hops, message,
				sizeof(message));
}

/* the physical MAC, as the kernel would send anything. */
static void an_ipv4_message_is_as_it_should_be(void **state)
{
	const struct world *world = *state;
	uint8_t packet[200];

	assert_int_equal(send_ipv4(world, "192.0.2.11", 255), 0);
	assert_int_equal(next_vrrp(world, packet), 20 + sizeof(message));
	assert_int_equal(packet[0], 0x45);
	assert_int_equal(packet[1], VRRP_DSCP_CS6);
	assert_int_equal(packet[6], 0); /* no fragment, may become some */
	assert_int_equal(packet[8], 255);
	assert_memory_equal(packet + 12, "\xc0\x00\x02\x0b\xc0\x00\x02\x0c", 8);
	assert_memory_equal(packet + 20, message, sizeof(message));
}

/* unicast_src_ip may be any address of the host, and the TTL any: one socket serves all. */
static void source_and_ttl_are_each_messages_own(void **state)
{
	const struct world *world = *state;
	uint8_t packet[200];

	assert_int_equal(send_ipv4(world, "192.0.2.13", 7), 0);
	assert_int_equal(next_vrrp(world, packet), 20 + sizeof(message));
	assert_int_equal(packet[8], 7);
	assert_int_equal(packet[15], 13);
}

static void check_ipv6(const struct world *world, const char *from, const char *to)
{
	struct vrrp_addr source = ipv6(from), peer = ipv6(to);
	uint8_t packet[200];

	assert_int_equal(transmit_unicast(world->transmit, world->near, &source, &peer, 254,
					  message, sizeof(message)),
			 0);
	assert_int_equal(next_vrrp(world, packet), 40 + sizeof(message));
	assert_int_equal(packet[0], 0x6c);	  /* version 6, CS6 */
	assert_int_equal(packet[1] & 0xf0, 0x00); /* ... to its end */
	assert_int_equal(packet[7], 254);
	assert_memory_equal(packet + 8, source.b, 16);
	assert_memory_equal(packet + 24, peer.b, 16);
	assert_memory_equal(packet + 40, message, sizeof(message));
}

static void ipv6_messages_are_as_they_should_be(void **state)
{
	const struct world *world = *state;

	if (!prints("ip -6 address show dev near", "fe80::11"))
		skip();
	check_ipv6(world, "fe80::11", "fe80::12"); /* which needs its interface to be named */
	check_ipv6(world, "2001:db8::11", "2001:db8::12");
}

/* What the kernel cannot send does not count as sent: a lease hangs on it. */
static void a_refused_message_is_an_error(void **state)
{
	const struct world *world = *state;
	struct vrrp_addr source = ipv4("192.0.2.11"), nowhere = ipv4("198.51.100.1");
	struct vrrp_addr other = ipv6("fe80::12");

	assert_int_equal(transmit_unicast(world->transmit, world->near, &source, &other, 255,
					  message, sizeof(message)),
			 -1);
	assert_int_equal(errno, EAFNOSUPPORT);
	assert_int_equal(transmit_unicast(world->transmit, 9999, &source, &nowhere, 255, message,
					  sizeof(message)),
			 -1);
	ip("link set near down");
	assert_int_equal(send_ipv4(world, "192.0.2.11", 255), -1);
	assert_int_equal(errno, ENETUNREACH);
	ip("link set near up");
	ip("neighbour replace 192.0.2.12 lladdr 02:00:00:00:00:02 dev near nud permanent");
}

/* A VRRP packet from the peer to us; true if an ICMP error came back. */
static bool answered_unreachable(const struct world *world, const uint8_t *packet, size_t length)
{
	struct pollfd wait = {.fd = world->heard, .events = POLLIN};
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = world->far};
	uint8_t frame[200];

	assert_int_equal(
		sendto(world->heard, packet, length, 0, (struct sockaddr *)&to, sizeof(to)),
		(ssize_t)length);
	while (poll(&wait, 1, 300) == 1) {
		ssize_t got = recv(world->heard, frame, sizeof(frame), 0);

		if (got >= 36 && frame[12] == 0x08 && frame[23] == IPPROTO_ICMP && frame[34] == 3)
			return true;
	}
	return false;
}

static void a_peer_gets_no_protocol_unreachable(void **state)
{
	struct world *world = *state;
	uint8_t packet[46] = "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\x00"
			     "\x45\xc0\x00\x20\0\0\0\0\xff\x70\x36\x96"
			     "\xc0\x00\x02\x0c\xc0\x00\x02\x0b";

	memcpy(packet + 34, message, sizeof(message));
	assert_false(answered_unreachable(world, packet, sizeof(packet)));
	/* It is the socket that keeps the kernel from it. */
	transmit_close(world->transmit);
	assert_true(answered_unreachable(world, packet, sizeof(packet)));
	world->transmit = transmit_open(NULL);
	assert_non_null(world->transmit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ipv4_message_is_as_it_should_be),
		cmocka_unit_test(source_and_ttl_are_each_messages_own),
		cmocka_unit_test(ipv6_messages_are_as_they_should_be),
		cmocka_unit_test(a_refused_message_is_an_error),
		cmocka_unit_test(a_peer_gets_no_protocol_unreachable),
	};

	return cmocka_run_group_tests_name("transmit_unicast", tests, setup, teardown);
}
