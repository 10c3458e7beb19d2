/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an earlier agent left in its maps is adopted: slots with all that is in them, and of what
 * leads there what the configuration still asks for. The earlier agent has either called
 * dataplane_leave() or is a process that was killed.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "sys/plane.h"

#include <cmocka.h> /* last: it defines a macro fail() */

#define FAR_AHEAD (1LL << 62) /* a lease that does not end */
#define VIP_1	  0xc0000201
#define VIP_2	  0xc0000202

static void add_vip(struct dataplane *dataplane, int slot, uint32_t address)
{
	struct vip_key key = plane_vip(address);
	struct failure failure;

	if (dataplane_vip_add(dataplane, (unsigned)slot, &key, &failure))
		fail_msg("%s", failure.text);
}

static int vip_holder(const struct plane *plane, uint32_t address)
{
	struct vip_key key = plane_vip(address);

	return plane_lookup(plane, "vip_index", &key);
}

static struct vr_key alias_of(unsigned vrid)
{
	struct vr_key key = plane_key(vrid);

	key.ifindex = 77;
	return key;
}

/* VRID 51 with two virtual addresses, an alias, counters, and a lease that does not end. */
static int make_router(const struct plane *plane, struct dataplane *dataplane)
{
	struct vr_key key = plane_key(51), alias = alias_of(51);
	int slot = plane_slot(dataplane, &key, false, NULL), fd = plane_map(plane, "vr_stats");
	struct vr_stats counted[libbpf_num_possible_cpus()];
	struct vr_slot *shared = dataplane_slot(dataplane, (unsigned)slot);

	assert_true(slot >= 0);
	add_vip(dataplane, slot, VIP_1);
	add_vip(dataplane, slot, VIP_2);
	assert_int_equal(dataplane_alias_add(dataplane, (unsigned)slot, &alias, NULL), 0);
	memset(counted, 0, sizeof(counted));
	counted[0].ttl = 3;
	assert_int_equal(bpf_map_update_elem(fd, &slot, counted, BPF_ANY), 0);
	close(fd);
	shared->memory.transition_s = 1234;
	shared->agent.active_transitions = 5;
	shared->flags = SLOT_RUNNING | SLOT_ACCEPT;
	dataplane_set_lease(shared, FAR_AHEAD);
	return slot;
}

static bool has_peer(const struct plane *plane, unsigned slot, uint32_t address)
{
	struct peer_key key = {.slot = slot, .address = addr_from_ipv4(address)};
	struct peer_hops hops;
	int fd = plane_map(plane, "peer_index");
	bool found = !bpf_map_lookup_elem(fd, &key, &hops);

	close(fd);
	return found;
}

static void add_peer(struct dataplane *dataplane, int slot, uint32_t address)
{
	struct vrrp_addr peer = addr_from_ipv4(address);
	struct peer_hops hops = {.min = 255, .max = 255};

	assert_int_equal(dataplane_peer_add(dataplane, (unsigned)slot, &peer, &hops, NULL), 0);
}

static void router_and_programs(const struct plane *plane, struct dataplane *dataplane)
{
	make_router(plane, dataplane);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
}

/* ---- adopted ---- */

/* An adopted slot's peers stay if they are asked for once more; another slot's rubbish goes. */
static void peers_are_adopted_one_by_one(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int slot = make_router(plane, dataplane), fd = plane_map(plane, "peer_index");
	struct peer_key nowhere = {.slot = 4000, .address = addr_from_ipv4(VIP_1)};
	struct peer_key beyond = {.slot = XVRRP_SLOTS_MAX, .address = addr_from_ipv4(VIP_1)};
	struct peer_hops hops = {.min = 1, .max = 1};
	struct vr_key key = plane_key(51);

	for (uint32_t peer = 0; peer < 4; peer++)
		add_peer(dataplane, slot, VIP_1 + peer);
	assert_int_equal(bpf_map_update_elem(fd, &nowhere, &hops, BPF_ANY), 0);
	assert_int_equal(bpf_map_update_elem(fd, &beyond, &hops, BPF_ANY), 0);
	dataplane_leave(dataplane);
	dataplane = plane_open_only(plane);
	assert_true(dataplane_adopted(dataplane));
	plane_start(plane, dataplane);
	assert_int_equal(bpf_map_lookup_elem(fd, &nowhere, &hops), -ENOENT);
	assert_int_equal(bpf_map_lookup_elem(fd, &beyond, &hops), -ENOENT);
	assert_int_equal(plane_slot(dataplane, &key, true, NULL), slot);
	add_peer(dataplane, slot, VIP_1 + 2);
	add_peer(dataplane, slot, VIP_1 + 7);
	assert_true(has_peer(plane, (unsigned)slot, VIP_1)); /* until all is asked for */
	dataplane_slot_settle(dataplane, (unsigned)slot);
	for (uint32_t peer = 0; peer < 8; peer++)
		assert_int_equal(has_peer(plane, (unsigned)slot, VIP_1 + peer),
				 peer == 2 || peer == 7);
	dataplane_slot_free(dataplane, (unsigned)slot);
	assert_false(has_peer(plane, (unsigned)slot, VIP_1 + 2));
	close(fd);
	dataplane_close(dataplane);
}

/* Of a VLAN that is seen on its parent only the slot tells where: found by where it sends. */
static void a_slot_is_found_by_its_interface(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int slot = make_router(plane, dataplane);

	dataplane_slot(dataplane, (unsigned)slot)->identity.ifindex = 1234;
	assert_int_equal(dataplane_slot_of(dataplane, 1234, VRRP_IPV4, 51), -1); /* not adopted */
	dataplane_leave(dataplane);
	dataplane = plane_open_only(plane);
	assert_int_equal(dataplane_slot_of(dataplane, 1234, VRRP_IPV4, 51), slot);
	assert_int_equal(dataplane_slot_of(dataplane, 1234, VRRP_IPV6, 51), -1);
	assert_int_equal(dataplane_slot_of(dataplane, 1234, VRRP_IPV4, 52), -1);
	assert_int_equal(dataplane_slot_of(dataplane, 1, VRRP_IPV4, 51), -1);
	dataplane_slot(dataplane, 9)->identity.ifindex = 99; /* one that nothing leads to */
	dataplane_slot(dataplane, 9)->identity.key = plane_key(53);
	assert_int_equal(dataplane_slot_of(dataplane, 99, VRRP_IPV4, 53), -1);
	plane_start(plane, dataplane);
	dataplane_close(dataplane);
}

static void a_new_plane_is_not_adopted(void **state)
{
	struct dataplane *dataplane = plane_open_only(*state);
	struct vr_key key = plane_key(51);

	assert_false(dataplane_adopted(dataplane));
	assert_false(dataplane_left_behind(dataplane));
	assert_int_equal(dataplane_slot_find(dataplane, &key), -1);
	assert_string_equal(plane_start_log(*state, dataplane), "");
	assert_int_equal(dataplane_orphan(dataplane, 0), -1);
	dataplane_close(dataplane);
}

static void a_slot_is_adopted_with_all_that_is_in_it(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int slot = make_router(plane, dataplane);
	struct vr_key key = plane_key(51), alias = alias_of(51), other = plane_key(52);
	struct vr_slot before = *dataplane_slot(dataplane, (unsigned)slot);

	dataplane_leave(dataplane);
	dataplane = plane_open_only(plane);
	assert_true(dataplane_adopted(dataplane));
	assert_true(dataplane_left_behind(dataplane));
	assert_int_equal(dataplane_slot_find(dataplane, &key), slot);
	assert_int_equal(dataplane_slot_find(dataplane, &other), -1);
	assert_int_equal(dataplane_slot_find(dataplane, &alias), -1);
	assert_memory_equal(dataplane_slot(dataplane, (unsigned)slot), &before, sizeof(before));

	assert_one_line(plane_start_log(plane, dataplane), "adopted the data plane that an earlier "
							   "agent left");
	assert_int_equal(plane_slot(dataplane, &key, true, NULL), slot);
	assert_memory_equal(dataplane_slot(dataplane, (unsigned)slot), &before, sizeof(before));
	assert_int_equal(dataplane_vr_stats(dataplane, (unsigned)slot).ttl, 3);
	assert_int_equal(plane_slot(dataplane, &key, false, NULL), -1); /* only once */
	assert_true(plane_slot(dataplane, &other, false, NULL) != slot);
	dataplane_close(dataplane);
}

/* What the configuration still has stays all the time, the rest goes when that is known. */
static void only_what_is_added_again_stays(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int slot = make_router(plane, dataplane);
	struct vr_key key = plane_key(51), alias = alias_of(51);

	for (unsigned agents = 0; agents < 2; agents++) {
		dataplane_leave(dataplane);
		dataplane = plane_open(plane);
		assert_int_equal(plane_slot(dataplane, &key, true, NULL), slot);
		assert_int_equal(plane_lookup(plane, "vr_index", &alias), agents ? -1 : slot);
		assert_int_equal(vip_holder(plane, VIP_1), agents ? -1 : slot);
		assert_int_equal(vip_holder(plane, VIP_2), slot);
		add_vip(dataplane, slot, VIP_2);
		add_vip(dataplane, slot, VIP_2);
		dataplane_slot_settle(dataplane, (unsigned)slot);
		assert_int_equal(plane_lookup(plane, "vr_index", &key), slot);
		assert_int_equal(plane_lookup(plane, "vr_index", &alias), -1);
		assert_int_equal(vip_holder(plane, VIP_1), -1);
		assert_int_equal(vip_holder(plane, VIP_2), slot);
	}
	dataplane_slot_free(dataplane, (unsigned)slot);
	assert_int_equal(plane_lookup(plane, "vr_index", &key), -1);
	assert_int_equal(vip_holder(plane, VIP_2), -1);
	dataplane_close(dataplane);
}

static void *load_beside(void *data)
{
	struct failure failure;

	return dataplane_load(data, &failure) ? "failed" : NULL;
}

static void ignore(const struct xvrrp_event *event, void *data)
{
	(void)event;
	(void)data;
}

/* The role is kept up while the programs load. */
static void slots_work_while_another_thread_loads(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int slot = make_router(plane, dataplane);
	struct vr_key key = plane_key(51);
	struct failure failure;
	pthread_t thread;
	void *result = NULL;
	int64_t lease = 0;

	dataplane_leave(dataplane);
	dataplane = plane_open_only(plane);
	assert_int_equal(pthread_create(&thread, NULL, load_beside, dataplane), 0);
	while (pthread_tryjoin_np(thread, &result)) {
		struct vr_slot *shared = dataplane_slot(dataplane, (unsigned)slot);

		dataplane_set_lease(shared, ++lease);
		assert_int_equal(dataplane_slot_find(dataplane, &key), slot);
		assert_int_equal(dataplane_evidence(shared).lease_until_ns, lease);
		dataplane_consume(dataplane, ignore, NULL);
	}
	assert_null(result);
	assert_true(lease > 0);
	assert_int_equal(dataplane_start(dataplane, &failure), 0);
	assert_int_equal(plane_slot(dataplane, &key, true, NULL), slot);
	dataplane_close(dataplane);
}

static void goes_on_for_a_killed_agent(void **state)
{
	struct plane *plane = *state;
	struct vr_key key = plane_key(51);
	struct dataplane *dataplane;
	int slot;

	plane_kill_after(plane, router_and_programs);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC); /* the fence */
	dataplane = plane_open_only(plane);
	slot = dataplane_slot_find(dataplane, &key);
	assert_true(slot >= 0);
	assert_int_equal(dataplane_slot(dataplane, (unsigned)slot)->lease_until_ns, FAR_AHEAD);
	plane_start(plane, dataplane);
	assert_int_equal(plane_slot(dataplane, &key, true, NULL), slot);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
}

static void leaving_leaves_everything(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int slot = make_router(plane, dataplane), fd;
	__u32 number = (__u32)slot;
	struct vr_slot value;

	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	dataplane_leave(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
	assert_int_equal(vip_holder(plane, VIP_1), slot);
	fd = plane_map(plane, "vr_slots");
	assert_int_equal(bpf_map_lookup_elem(fd, &number, &value), 0);
	assert_int_equal(value.lease_until_ns, FAR_AHEAD);
	close(fd);
	dataplane_leave(NULL);
	dataplane_close(plane_open(plane));
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
}

/* ---- virtual routers that changed ---- */

static void a_virtual_address_moves(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int old = make_router(plane, dataplane), new;
	struct vr_key key = plane_key(51), other = plane_key(52);
	struct vip_key vip = plane_vip(VIP_2);
	struct failure failure;

	dataplane_leave(dataplane);
	dataplane = plane_open(plane);
	new = plane_slot(dataplane, &other, false, NULL);
	add_vip(dataplane, new, VIP_1); /* before its old holder is asked for */
	assert_int_equal(vip_holder(plane, VIP_1), new);
	assert_int_equal(plane_slot(dataplane, &key, true, NULL), old);
	add_vip(dataplane, old, VIP_2);
	assert_int_equal(dataplane_vip_add(dataplane, (unsigned)new, &vip, &failure), -1);
	assert_contains(failure.text, "192.0.2.2 belongs to another virtual router");
	dataplane_slot_settle(dataplane, (unsigned)old);
	dataplane_slot_settle(dataplane, (unsigned)new);
	assert_int_equal(vip_holder(plane, VIP_1), new);
	assert_int_equal(vip_holder(plane, VIP_2), old);
	dataplane_slot_free(dataplane, (unsigned)old);
	assert_int_equal(vip_holder(plane, VIP_1), new);
	assert_int_equal(vip_holder(plane, VIP_2), -1);
	dataplane_close(dataplane);
}

static void a_virtual_address_moves_from_a_slot_asked_for(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int old = make_router(plane, dataplane), new;
	struct vr_key key = plane_key(51), other = plane_key(52);

	dataplane_leave(dataplane);
	dataplane = plane_open(plane);
	assert_int_equal(plane_slot(dataplane, &key, true, NULL), old);
	new = plane_slot(dataplane, &other, false, NULL);
	add_vip(dataplane, new, VIP_1);
	dataplane_slot_settle(dataplane, (unsigned)old);
	assert_int_equal(vip_holder(plane, VIP_1), new);
	assert_int_equal(vip_holder(plane, VIP_2), -1);
	dataplane_close(dataplane);
}

/* Where a virtual router had an address on another interface there now is one of its own ... */
static void an_alias_becomes_a_router(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int old = make_router(plane, dataplane), new;
	struct vr_key key = plane_key(51), alias = alias_of(51);

	dataplane_leave(dataplane);
	dataplane = plane_open(plane);
	new = plane_slot(dataplane, &alias, false, NULL);
	assert_true(new >= 0 && new != old);
	assert_int_equal(plane_lookup(plane, "vr_index", &alias), new);
	assert_int_equal(plane_slot(dataplane, &key, true, NULL), old);
	dataplane_slot_settle(dataplane, (unsigned)old);
	assert_int_equal(plane_lookup(plane, "vr_index", &alias), new);
	dataplane_close(dataplane);
}

/* ... and the other way round: the slot that nobody leads to any more is still to be withdrawn. */
static void a_router_becomes_an_alias(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int old = make_router(plane, dataplane), new;
	struct vr_key key = plane_key(51), elsewhere = plane_key(51);

	elsewhere.ifindex = 78;
	dataplane_leave(dataplane);
	dataplane = plane_open(plane);
	new = plane_slot(dataplane, &elsewhere, false, NULL);
	assert_int_equal(dataplane_alias_add(dataplane, (unsigned)new, &key, NULL), 0);
	assert_int_equal(plane_lookup(plane, "vr_index", &key), new);
	assert_int_equal(dataplane_orphan(dataplane, 0), old);
	dataplane_slot_free(dataplane, (unsigned)old);
	assert_int_equal(plane_lookup(plane, "vr_index", &key), new);
	dataplane_close(dataplane);
}

static void orphans_are_found(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct vr_key keys[3] = {plane_key(51), plane_key(52), plane_key(53)};
	struct vip_key vip = plane_vip(VIP_1);
	int slots[3];
	unsigned count;

	for (unsigned i = 0; i < 3; i++)
		slots[i] = plane_slot(dataplane, &keys[i], false, NULL);
	add_vip(dataplane, slots[2], VIP_1);
	dataplane_leave(dataplane);
	dataplane = plane_open(plane);
	assert_int_equal(plane_slot(dataplane, &keys[1], true, NULL), slots[1]);
	assert_int_equal(dataplane_orphan(dataplane, 0), slots[0]);
	assert_int_equal(dataplane_orphan(dataplane, (unsigned)slots[0] + 1), slots[2]);
	assert_int_equal(dataplane_orphan(dataplane, (unsigned)slots[2] + 1), -1);
	assert_memory_equal(dataplane_slot_vips(dataplane, (unsigned)slots[2], &count), &vip,
			    sizeof(vip));
	assert_int_equal(count, 1);
	dataplane_slot_free(dataplane, (unsigned)slots[0]);
	dataplane_slot_free(dataplane, (unsigned)slots[2]);
	assert_int_equal(dataplane_orphan(dataplane, 0), -1);
	assert_int_equal(vip_holder(plane, VIP_1), -1);
	assert_int_equal(plane_lookup(plane, "vr_index", &keys[0]), -1);
	assert_int_equal(plane_lookup(plane, "vr_index", &keys[1]), slots[1]);
	dataplane_close(dataplane);
}

/* ---- damaged ---- */

static void put(const struct plane *plane, const char *map, const void *key, __u32 slot)
{
	int fd = plane_map(plane, map);

	assert_int_equal(bpf_map_update_elem(fd, key, &slot, BPF_ANY), 0);
	close(fd);
}

static void entries_that_lead_nowhere_are_removed(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int slot = make_router(plane, dataplane);
	struct vr_key key = plane_key(51), alias = alias_of(51);
	struct vr_key wrong[] = {plane_key(60), plane_key(61), plane_key(62), alias_of(63)};
	struct vip_key vips[] = {plane_vip(0xc0000260), plane_vip(0xc0000261)};

	put(plane, "vr_index", &wrong[0], XVRRP_SLOTS_MAX);
	put(plane, "vr_index", &wrong[1], 0xffffffff);
	put(plane, "vr_index", &wrong[2], (__u32)slot);	    /* another VRID */
	put(plane, "vr_index", &wrong[3], (__u32)slot + 1); /* a slot of nobody */
	put(plane, "vip_index", &vips[0], XVRRP_SLOTS_MAX);
	put(plane, "vip_index", &vips[1], (__u32)slot + 1);
	dataplane_leave(dataplane);

	dataplane = plane_open_only(plane);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(dataplane_slot_find(dataplane, &wrong[i]), -1);
	assert_one_line(plane_start_log(plane, dataplane),
			"6 entries led nowhere and were removed");
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(plane_lookup(plane, "vr_index", &wrong[i]), -1);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(plane_lookup(plane, "vip_index", &vips[i]), -1);
	assert_int_equal(plane_lookup(plane, "vr_index", &key), slot);
	assert_int_equal(plane_lookup(plane, "vr_index", &alias), slot);
	assert_int_equal(vip_holder(plane, VIP_1), slot);
	dataplane_close(dataplane);
}

/* The agent died between making a slot and leading to it. */
static void a_slot_that_nothing_leads_to_is_free(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct vr_key key = plane_key(51);
	struct vr_slot zero = {.identity.key = key};

	memset(dataplane_slot(dataplane, 0), 0xff, sizeof(struct vr_slot));
	dataplane_slot(dataplane, 0)->identity.key = key;
	dataplane_leave(dataplane);
	dataplane = plane_open(plane);
	assert_int_equal(plane_slot(dataplane, &key, false, NULL), 0);
	zero.counted_since_s = dataplane_slot(dataplane, 0)->counted_since_s; /* now */
	assert_true(zero.counted_since_s > 0 && zero.counted_since_s < UINT64_MAX);
	assert_memory_equal(dataplane_slot(dataplane, 0), &zero, sizeof(zero));
	dataplane_close(dataplane);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLANE_TEST(peers_are_adopted_one_by_one),
		PLANE_TEST(a_slot_is_found_by_its_interface),
		PLANE_TEST(a_new_plane_is_not_adopted),
		PLANE_TEST(a_slot_is_adopted_with_all_that_is_in_it),
		PLANE_TEST(only_what_is_added_again_stays),
		PLANE_TEST(slots_work_while_another_thread_loads),
		PLANE_TEST(goes_on_for_a_killed_agent),
		PLANE_TEST_CLSACT(goes_on_for_a_killed_agent),
		PLANE_TEST(leaving_leaves_everything),
		PLANE_TEST_CLSACT(leaving_leaves_everything),
		PLANE_TEST(a_virtual_address_moves),
		PLANE_TEST(a_virtual_address_moves_from_a_slot_asked_for),
		PLANE_TEST(an_alias_becomes_a_router),
		PLANE_TEST(a_router_becomes_an_alias),
		PLANE_TEST(orphans_are_found),
		PLANE_TEST(entries_that_lead_nowhere_are_removed),
		PLANE_TEST(a_slot_that_nothing_leads_to_is_free),
	};

	return cmocka_run_group_tests(tests, plane_enter, plane_leave);
}
