/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual routers in their slots, their counters, and the events that the programs report. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "checksum.h"
#include "core/packet.h"
#include "sys/plane.h"

#include <cmocka.h> /* last: it defines a macro fail() */

/* ---- slots ---- */

static void slots_come_and_go(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct vr_key one = plane_key(51), two = plane_key(52), alias = plane_key(51);
	struct vip_key vip = plane_vip(0xc0000201);
	struct failure failure;
	int a = plane_slot(dataplane, &one, false, &failure);
	int b = plane_slot(dataplane, &two, false, &failure);

	alias.ifindex = 77;
	assert_true(a >= 0 && b >= 0 && a != b);
	assert_int_equal(plane_lookup(plane, "vr_index", &one), a);
	assert_int_equal(plane_lookup(plane, "vr_index", &two), b);
	assert_memory_equal(&dataplane_slot(dataplane, (unsigned)a)->identity.key, &one,
			    sizeof(one));

	assert_int_equal(plane_slot(dataplane, &one, false, &failure), -1);
	assert_contains(failure.text, "VRID 51");

	assert_int_equal(dataplane_alias_add(dataplane, (unsigned)a, &alias, &failure), 0);
	assert_int_equal(dataplane_alias_add(dataplane, (unsigned)a, &alias, &failure), 0);
	assert_int_equal(dataplane_alias_add(dataplane, (unsigned)b, &alias, &failure), -1);
	assert_int_equal(dataplane_vip_add(dataplane, (unsigned)a, &vip, &failure), 0);
	assert_int_equal(dataplane_vip_add(dataplane, (unsigned)a, &vip, &failure), 0);
	assert_int_equal(dataplane_vip_add(dataplane, (unsigned)b, &vip, &failure), -1);
	assert_contains(failure.text, "192.0.2.1 ");
	assert_int_equal(plane_lookup(plane, "vr_index", &alias), a);
	assert_int_equal(plane_lookup(plane, "vip_index", &vip), a);

	dataplane_set_lease(dataplane_slot(dataplane, (unsigned)a), 1234);
	dataplane_slot_free(dataplane, (unsigned)a);
	assert_int_equal(plane_lookup(plane, "vr_index", &one), -1);
	assert_int_equal(plane_lookup(plane, "vr_index", &alias), -1);
	assert_int_equal(plane_lookup(plane, "vip_index", &vip), -1);
	assert_int_equal(plane_lookup(plane, "vr_index", &two), b);
	assert_int_equal(dataplane_slot(dataplane, (unsigned)a)->lease_until_ns, 0);
	dataplane_close(dataplane);
}

/* The range of hops that a peer of a slot may use in the map; false if it is none. */
static bool peer_hops(const struct plane *plane, int slot, uint32_t peer, struct peer_hops *hops)
{
	struct peer_key key = {.slot = (__u32)slot, .address = addr_from_ipv4(peer)};
	int fd = plane_map(plane, "peer_index");
	bool found = !bpf_map_lookup_elem(fd, &key, hops);

	close(fd);
	return found;
}

static void peers_belong_to_a_slot(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct vrrp_addr peer = addr_from_ipv4(0xc000020c);
	struct peer_hops hops = {.min = 254, .max = 255}, other = {.min = 1, .max = 255}, seen;
	struct vr_key one = plane_key(51), two = plane_key(52);
	int a = plane_slot(dataplane, &one, false, NULL);
	int b = plane_slot(dataplane, &two, false, NULL);

	assert_int_equal(dataplane_peer_add(dataplane, (unsigned)a, &peer, &hops, NULL), 0);
	assert_int_equal(dataplane_peer_add(dataplane, (unsigned)b, &peer, &other, NULL), 0);
	assert_true(peer_hops(plane, a, 0xc000020c, &seen));
	assert_memory_equal(&seen, &hops, sizeof(hops));
	assert_int_equal(dataplane_peer_add(dataplane, (unsigned)a, &peer, &other, NULL), 0);
	assert_true(peer_hops(plane, a, 0xc000020c, &seen));
	assert_memory_equal(&seen, &other, sizeof(other));
	dataplane_slot_settle(dataplane, (unsigned)a);
	assert_true(peer_hops(plane, a, 0xc000020c, &seen));
	dataplane_slot_free(dataplane, (unsigned)a);
	assert_false(peer_hops(plane, a, 0xc000020c, &seen));
	assert_true(peer_hops(plane, b, 0xc000020c, &seen));
	dataplane_close(dataplane);
}

static void peers_run_out(void **state)
{
	struct dataplane *dataplane = plane_open(*state);
	struct peer_hops hops = {.min = 255, .max = 255};
	struct failure failure = {""};
	int slot = -1, result = 0;

	/* Many slots, as each keeps a list of its own. */
	for (unsigned i = 0; i <= XVRRP_PEERS_MAX && !result; i++) {
		struct vrrp_addr peer = addr_from_ipv4(0x0a000000 + i);
		struct vr_key key = {.ifindex = i, .family = VRRP_IPV4, .vrid = 1};

		if (i % 64 == 0)
			slot = plane_slot(dataplane, &key, false, NULL);
		assert_true(slot >= 0);
		result = dataplane_peer_add(dataplane, (unsigned)slot, &peer, &hops, &failure);
		assert_int_equal(result, i == XVRRP_PEERS_MAX ? -1 : 0);
	}
	assert_contains(failure.text, "cannot add 10.0.64.0 to the map peer_index: it is full");
	dataplane_close(dataplane);
}

static void a_slot_starts_from_nothing(void **state)
{
	struct dataplane *dataplane = plane_open(*state);
	int stats_fd = plane_map(*state, "vr_stats");
	int cpus = libbpf_num_possible_cpus();
	struct vr_stats counted[cpus], sum;
	struct vr_key key = plane_key(51);
	struct vr_slot zero = {.identity.key = key};
	__u32 slot = 0;

	memset(counted, 1, sizeof(counted));
	assert_int_equal(bpf_map_update_elem(stats_fd, &slot, counted, BPF_ANY), 0);
	memset(dataplane_slot(dataplane, 0), 0xff, sizeof(struct vr_slot));
	assert_int_equal(plane_slot(dataplane, &key, false, NULL), 0);
	zero.counted_since_s = dataplane_slot(dataplane, 0)->counted_since_s; /* now */
	assert_true(zero.counted_since_s > 0 && zero.counted_since_s < UINT64_MAX);
	assert_memory_equal(dataplane_slot(dataplane, 0), &zero, sizeof(zero));
	sum = dataplane_vr_stats(dataplane, 0);
	assert_int_equal(sum.advertisements_received, 0);
	assert_int_equal(sum.initialize, 0);
	close(stats_fd);
	dataplane_close(dataplane);
}

static void slots_run_out(void **state)
{
	struct dataplane *dataplane = plane_open(*state);
	struct failure failure;

	for (unsigned i = 0; i < XVRRP_SLOTS_MAX; i++) {
		struct vr_key key = {.ifindex = i, .family = VRRP_IPV4, .vrid = 1};

		assert_true(plane_slot(dataplane, &key, false, NULL) >= 0);
	}
	struct vr_key more = plane_key(2);
	assert_int_equal(plane_slot(dataplane, &more, false, &failure), -1);
	assert_contains(failure.text, "4096");
	dataplane_slot_free(dataplane, 17);
	assert_int_equal(plane_slot(dataplane, &more, false, &failure), 17);
	dataplane_close(dataplane);
}

/* The mapped slot and the map's value are one memory, in both directions. */
static void lease_and_evidence_are_in_the_map(void **state)
{
	struct dataplane *dataplane = plane_open(*state);
	int slots_fd = plane_map(*state, "vr_slots");
	struct vr_key key = plane_key(51);
	__u32 number = (__u32)plane_slot(dataplane, &key, false, NULL);
	struct vr_slot *slot = dataplane_slot(dataplane, number), value;
	struct vr_evidence seen;

	dataplane_set_lease(slot, 5000000000);
	assert_int_equal(bpf_map_lookup_elem(slots_fd, &number, &value), 0);
	assert_int_equal(value.lease_until_ns, 5000000000);
	value.last_advert_ns = 7;
	value.authority_ns = 6;
	assert_int_equal(bpf_map_update_elem(slots_fd, &number, &value, BPF_ANY), 0);
	seen = dataplane_evidence(slot);
	assert_int_equal(seen.lease_until_ns, 5000000000);
	assert_int_equal(seen.last_advert_ns, 7);
	assert_int_equal(seen.authority_ns, 6);
	close(slots_fd);
	dataplane_close(dataplane);
}

/* ---- counters and events ---- */

static void counters_are_sums_over_the_cpus(void **state)
{
	struct dataplane *dataplane = plane_open(*state);
	int cpus = libbpf_num_possible_cpus();
	struct vr_stats vr[cpus];
	struct if_stats iface[cpus];
	int vr_fd = plane_map(*state, "vr_stats"), if_fd = plane_map(*state, "if_stats");
	__u32 slot = 3, ifindex = 9;

	memset(vr, 0, sizeof(vr));
	memset(iface, 0, sizeof(iface));
	for (int cpu = 0; cpu < cpus; cpu++) {
		vr[cpu].ttl = 10;
		vr[cpu].accept_mode_dropped = (__u64)cpu;
		iface[cpu].arp_replies = 5;
	}
	assert_int_equal(bpf_map_update_elem(vr_fd, &slot, vr, BPF_ANY), 0);
	assert_int_equal(bpf_map_update_elem(if_fd, &ifindex, iface, BPF_ANY), 0);
	assert_int_equal(dataplane_vr_stats(dataplane, 3).ttl, 10 * cpus);
	assert_int_equal(dataplane_vr_stats(dataplane, 3).accept_mode_dropped,
			 cpus * (cpus - 1) / 2);
	assert_int_equal(dataplane_vr_stats(dataplane, 3).version, 0);
	assert_int_equal(dataplane_if_stats(dataplane, 9).arp_replies, 5 * cpus);
	assert_int_equal(dataplane_if_stats(dataplane, 10).arp_replies, 0);
	close(vr_fd);
	close(if_fd);
	dataplane_close(dataplane);
}

struct heard {
	unsigned count;
	struct xvrrp_event last;
};

static void hear(const struct xvrrp_event *event, void *data)
{
	struct heard *heard = data;

	heard->count++;
	heard->last = *event;
}

static bool readable(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1;
}

/* The program's part of the kernel wakes the reader a moment later. */
static bool becomes_readable(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 3000) == 1;
}

static int running_slot(struct dataplane *dataplane, const struct vrrp_addr *vip)
{
	struct vr_key key = plane_key(51);
	int number = plane_slot(dataplane, &key, false, NULL);
	struct vr_slot *slot = dataplane_slot(dataplane, (unsigned)number);

	slot->identity.version = 3;
	slot->identity.priority = 100;
	slot->identity.interval_cs = 100;
	slot->identity.addr_count = 1;
	slot->identity.addr_set = vrrp_addr_set(vip, 1);
	slot->identity.primary = addr_from_ipv4(0xc000020b);
	slot->flags = SLOT_RUNNING | SLOT_PREEMPT;
	return number;
}

static void run_advert(int program, const struct vrrp_addr *vip, uint8_t priority)
{
	struct advert advert = {
		.family = VRRP_IPV4,
		.version = 3,
		.vrid = 51,
		.priority = priority,
		.interval_cs = 100,
		.source = addr_from_ipv4(0xc000020c),
		.addresses = vip,
		.address_count = 1,
	};
	uint8_t frame[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame);

	vrrp_virtual_mac(VRRP_IPV4, 51, advert.source_mac);
	run.data_size_in = (__u32)vrrp_frame_encode(&advert, frame, sizeof(frame));
	assert_true(run.data_size_in > 0);
	assert_int_equal(bpf_prog_test_run_opts(program, &run), 0);
	assert_int_equal(run.retval, XDP_PASS);
}

static void an_event_reaches_its_handler(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct vrrp_addr vip = addr_from_ipv4(0xc0000201), source = addr_from_ipv4(0xc000020c);
	int number = running_slot(dataplane, &vip);
	struct vr_slot *slot = dataplane_slot(dataplane, (unsigned)number);
	struct heard heard = {0};
	int program;

	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	program = xdp_program(plane->ifindex);
	assert_false(readable(dataplane_events_fd(dataplane)));
	dataplane_consume(dataplane, hear, &heard);
	assert_int_equal(heard.count, 0);

	run_advert(program, &vip, 200);
	assert_true(becomes_readable(dataplane_events_fd(dataplane)));
	dataplane_consume(dataplane, hear, &heard);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.last.kind, XVRRP_EVENT_ADVERT);
	assert_int_equal(heard.last.slot, number);
	assert_int_equal(heard.last.header.priority, 200);
	assert_memory_equal(&heard.last.source, &source, sizeof(source));
	assert_int_equal(heard.last.time_ns, dataplane_evidence(slot).last_advert_ns);
	assert_int_equal(dataplane_vr_stats(dataplane, (unsigned)number).advertisements_received,
			 1);

	assert_false(readable(dataplane_events_fd(dataplane)));
	dataplane_consume(dataplane, hear, &heard);
	assert_int_equal(heard.count, 1);
	close(program);
	dataplane_close(dataplane);
}

/* Of a killed agent: what it has handled is not told again, what it has not is, once. */
static void a_successor_hears_what_was_not_handled(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct vrrp_addr vip = addr_from_ipv4(0xc0000201);
	struct heard heard = {0};
	int program, fd;

	running_slot(dataplane, &vip);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	program = xdp_program(plane->ifindex);
	run_advert(program, &vip, 200);
	dataplane_consume(dataplane, hear, &heard);
	assert_int_equal(heard.count, 1);
	run_advert(program, &vip, 201);
	run_advert(program, &vip, 202);
	dataplane_leave(dataplane);
	run_advert(program, &vip, 203); /* while nobody is there */
	close(program);

	dataplane = plane_open_only(plane);
	fd = dataplane_events_fd(dataplane);
	assert_true(becomes_readable(fd));
	dataplane_consume(dataplane, hear, &heard);
	assert_int_equal(heard.count, 4);
	assert_int_equal(heard.last.header.priority, 203);
	assert_false(readable(fd));
	plane_start(plane, dataplane);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	program = xdp_program(plane->ifindex);
	assert_int_equal(dataplane_events_fd(dataplane), fd);
	assert_false(readable(fd));
	run_advert(program, &vip, 204);
	assert_true(becomes_readable(fd));
	dataplane_consume(dataplane, hear, &heard);
	assert_int_equal(heard.count, 5);
	assert_int_equal(heard.last.header.priority, 204);
	close(program);
	dataplane_close(dataplane);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLANE_TEST(slots_come_and_go),
		PLANE_TEST(peers_belong_to_a_slot),
		PLANE_TEST(peers_run_out),
		PLANE_TEST(a_slot_starts_from_nothing),
		PLANE_TEST(slots_run_out),
		PLANE_TEST(lease_and_evidence_are_in_the_map),
		PLANE_TEST(counters_are_sums_over_the_cpus),
		PLANE_TEST(an_event_reaches_its_handler),
		PLANE_TEST(a_successor_hears_what_was_not_handled),
	};

	return cmocka_run_group_tests(tests, plane_enter, plane_leave);
}
