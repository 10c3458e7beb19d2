/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One agent after the other takes the programs of an interface over, while frames come and go: none
 * slips by without a program.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checksum.h"
#include "core/packet.h"
#include "sys/plane.h"
#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

#define VIP	  0xc0000201
#define NEIGHBOUR 0xc0000202
#define FAR_AHEAD (1LL << 62)
#define PORT	  4711
#define BATCH	  16
#define WAIT_MS	  1000
#define AGENTS	  10

/* ---- a flood of which every frame must be seen ---- */

/*
 * A thread sends frames in batches, and waits after each until all of it has been seen at the other
 * end, one way or another. What slips by once is never seen.
 */
struct flood {
	int out_ifindex;
	uint8_t frame[FRAME_MAX];
	size_t length;
	uint64_t (*seen)(struct flood *flood);
	int map_fd;    /* if_stats ... */
	int ifindex;   /* ... of this interface, ... */
	size_t member; /* ... the counter at this offset */
	int socket;    /* or what arrives here ... */
	uint64_t received;

	pthread_t thread;
	atomic_bool stop;
	atomic_ullong sent;
	atomic_ullong missing;
};

static uint64_t counted(struct flood *flood)
{
	struct if_stats values[libbpf_num_possible_cpus()];
	uint64_t sum = 0;

	if (bpf_map_lookup_elem(flood->map_fd, &flood->ifindex, values))
		return 0;
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		sum += *(uint64_t *)((char *)&values[cpu] + flood->member);
	return sum;
}

static uint64_t received(struct flood *flood)
{
	char data[100];

	while (recv(flood->socket, data, sizeof(data), MSG_DONTWAIT) > 0)
		flood->received++;
	return flood->received;
}

static bool all_seen(struct flood *flood)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		if (flood->seen(flood) == flood->sent)
			return true;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 <
		 WAIT_MS);
	return false;
}

static void *send_all(void *data)
{
	struct flood *flood = data;
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_ifindex = flood->out_ifindex, .sll_halen = 6};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	while (!flood->stop && !flood->missing) {
		for (unsigned i = 0; i < BATCH; i++)
			flood->sent += sendto(fd, flood->frame, flood->length, 0,
					      (struct sockaddr *)&to, sizeof(to)) > 0 ||
				       errno == ENOBUFS; /* what tc egress drops */
		if (!all_seen(flood))
			flood->missing = flood->sent - flood->seen(flood);
	}
	close(fd);
	return NULL;
}

static void flood_start(struct flood *flood)
{
	assert_int_equal(pthread_create(&flood->thread, NULL, send_all, flood), 0);
}

static void flood_stop(struct flood *flood)
{
	flood->stop = true;
	pthread_join(flood->thread, NULL);
}

static void assert_all_seen(const struct flood *flood)
{
	if (flood->missing)
		fail_msg("%llu of %llu frames slipped by", flood->missing, flood->sent);
	assert_true(flood->sent >= AGENTS * BATCH);
}

static void through_agents(const struct plane *plane, struct dataplane *dataplane,
			   enum xdp_mode wanted, struct flood *flood)
{
	flood_start(flood);
	for (unsigned agents = 0; agents < AGENTS && !flood->missing; agents++) {
		dataplane_leave(dataplane);
		dataplane = plane_open(plane);
		plane_attach(plane, dataplane, "veth", wanted);
		dataplane_settle(dataplane);
		assert_hooks(plane->ifindex, wanted);
	}
	flood_stop(flood);
	dataplane_close(dataplane);
	assert_all_seen(flood);
}

/* ---- no gap ---- */

/* Advertisements of a virtual router that is not ours: each is counted, by XDP or tc ingress. */
static struct flood adverts(const struct plane *plane)
{
	static const struct vrrp_addr address = {.b = {[10] = 0xff, 0xff, 192, 0, 2, 1}};
	struct advert advert = {
		.family = VRRP_IPV4,
		.version = 3,
		.vrid = 99,
		.priority = 100,
		.interval_cs = 100,
		.source = addr_from_ipv4(NEIGHBOUR),
		.addresses = &address,
		.address_count = 1,
	};
	struct flood flood = {
		.out_ifindex = index_of("y0"),
		.seen = counted,
		.map_fd = plane_map(plane, "if_stats"),
		.ifindex = plane->ifindex,
		.member = offsetof(struct if_stats, vrid_unknown),
	};

	vrrp_virtual_mac(VRRP_IPV4, advert.vrid, advert.source_mac);
	flood.length = vrrp_frame_encode(&advert, flood.frame, sizeof(flood.frame));
	return flood;
}

static void no_advertisement_slips_by(const struct plane *plane, enum xdp_mode mode)
{
	struct dataplane *dataplane = plane_open(plane);
	struct flood flood;

	plane_attach(plane, dataplane, "veth", mode);
	flood = adverts(plane);
	through_agents(plane, dataplane, mode, &flood);
	close(flood.map_fd);
}

static void no_gap_in_native_xdp(void **state)
{
	no_advertisement_slips_by(*state, XDP_MODE_NATIVE);
}

static void no_gap_in_generic_xdp(void **state)
{
	no_advertisement_slips_by(*state, XDP_MODE_GENERIC);
}

static void no_gap_in_tc_ingress(void **state)
{
	no_advertisement_slips_by(*state, XDP_MODE_TC);
}

/* On x0, VRID 51 with one virtual address. */
static struct vr_slot *make_router(const struct plane *plane, struct dataplane *dataplane)
{
	struct vr_key key = plane_key(51);
	struct vip_key vip = plane_vip(VIP);
	struct vr_slot *shared;
	int slot;

	key.ifindex = vip.ifindex = (uint32_t)plane->ifindex;
	slot = plane_slot(dataplane, &key, false, NULL);
	assert_true(slot >= 0);
	assert_int_equal(dataplane_vip_add(dataplane, (unsigned)slot, &vip, NULL), 0);
	shared = dataplane_slot(dataplane, (unsigned)slot);
	vrrp_virtual_mac(VRRP_IPV4, 51, shared->identity.mac);
	shared->flags = SLOT_RUNNING | SLOT_ACCEPT;
	return shared;
}

/* ARP with a virtual address as sender and no lease: tc egress stops and counts each. */
static void no_gap_in_tc_egress(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct flood flood = {
		.out_ifindex = plane->ifindex,
		.length = GARP_FRAME_LEN,
		.seen = counted,
		.map_fd = plane_map(plane, "if_stats"),
		.ifindex = plane->ifindex,
		.member = offsetof(struct if_stats, egress_suppressed),
	};
	struct vrrp_addr vip = addr_from_ipv4(VIP);

	make_router(plane, dataplane);
	plane_attach(plane, dataplane, "veth", XDP_MODE_GENERIC);
	garp_frame_encode((const uint8_t[6]){2, 0, 0, 0, 0, 1}, &vip, flood.frame);
	through_agents(plane, dataplane, XDP_MODE_GENERIC, &flood);
	close(flood.map_fd);
}

static int udp_socket(void)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof(here)), 0);
	return fd;
}

/* Ethernet, IPv4 and UDP from the neighbour to the virtual MAC and address. */
static size_t udp_frame(const uint8_t mac[6], uint8_t *frame)
{
	struct ether_header *ethernet = (struct ether_header *)frame;
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons(sizeof(ip) + sizeof(struct udphdr) + 10),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.saddr = htonl(NEIGHBOUR),
		.daddr = htonl(VIP),
	};
	struct udphdr udp = {.source = htons(PORT),
			     .dest = htons(PORT),
			     .len = htons(sizeof(udp) + 10)}; /* without checksum */
	uint32_t sum = 0;

	memcpy(ethernet->ether_dhost, mac, 6);
	ethernet->ether_shost[0] = 2;
	ethernet->ether_type = htons(ETHERTYPE_IP);
	for (unsigned i = 0; i < sizeof(ip) / 2; i++)
		sum += ((const uint16_t *)(const void *)&ip)[i];
	ip.check = (uint16_t) ~((sum & 0xffff) + (sum >> 16));
	memcpy(frame + sizeof(*ethernet), &ip, sizeof(ip));
	memcpy(frame + sizeof(*ethernet) + sizeof(ip), &udp, sizeof(udp));
	return sizeof(*ethernet) + sizeof(ip) + sizeof(udp) + 10;
}

/* What is sent to the virtual MAC arrives only if each program on ingress does its part. */
static void no_gap_in_marking(const struct plane *plane, enum xdp_mode mode)
{
	struct dataplane *dataplane = plane_open(plane);
	struct flood flood = {
		.out_ifindex = index_of("y0"), .seen = received, .socket = udp_socket()};
	struct vr_slot *slot = make_router(plane, dataplane);

	ip("addr add 192.0.2.1/24 dev x0");
	dataplane_set_lease(slot, FAR_AHEAD);
	flood.length = udp_frame(slot->identity.mac, flood.frame);
	plane_attach(plane, dataplane, "veth", mode);
	through_agents(plane, dataplane, mode, &flood);
	close(flood.socket);
}

static void no_gap_in_marking_behind_xdp(void **state)
{
	no_gap_in_marking(*state, XDP_MODE_GENERIC);
}

static void no_gap_in_marking_without_xdp(void **state)
{
	no_gap_in_marking(*state, XDP_MODE_TC);
}

static void counters_go_on(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct flood flood;

	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	flood = adverts(plane);
	flood_start(&flood);
	while (flood.sent < AGENTS * BATCH && !flood.missing)
		sched_yield();
	flood_stop(&flood);
	assert_all_seen(&flood);
	dataplane_leave(dataplane);
	dataplane = plane_open(plane);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	dataplane_settle(dataplane);
	assert_int_equal(dataplane_if_stats(dataplane, plane->ifindex).vrid_unknown, flood.sent);
	close(flood.map_fd);
	dataplane_close(dataplane);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLANE_TEST(no_gap_in_native_xdp),
		PLANE_TEST(no_gap_in_generic_xdp),
		PLANE_TEST(no_gap_in_tc_ingress),
		PLANE_TEST_CLSACT(no_gap_in_tc_ingress),
		PLANE_TEST(no_gap_in_tc_egress),
		PLANE_TEST_CLSACT(no_gap_in_tc_egress),
		PLANE_TEST(no_gap_in_marking_behind_xdp),
		PLANE_TEST_CLSACT(no_gap_in_marking_behind_xdp),
		PLANE_TEST(no_gap_in_marking_without_xdp),
		PLANE_TEST_CLSACT(no_gap_in_marking_without_xdp),
		PLANE_TEST(counters_go_on),
		PLANE_TEST_CLSACT(counters_go_on),
	};

	return cmocka_run_group_tests(tests, plane_enter, plane_leave);
}
