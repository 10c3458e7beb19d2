/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "check.h"
#include "xvrrp.skel.h"

static struct state *reporting; /* where on_event() adds */

int64_t boottime_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

struct vrrp_addr addr4(uint32_t host_order)
{
	struct vrrp_addr address = {{[10] = 0xff, [11] = 0xff}};

	for (int i = 0; i < 4; i++)
		address.b[12 + i] = (uint8_t)(host_order >> (24 - 8 * i));
	return address;
}

struct vrrp_addr addr6(struct ip6 address)
{
	struct vrrp_addr result;

	memcpy(result.b, address.b, sizeof(result.b));
	return result;
}

/* ---- the world ---- */

static int on_event(void *context, void *data, size_t size)
{
	(void)context;
	assert_int_equal(size, sizeof(struct xvrrp_event));
	if (reporting && reporting->event_count < EVENTS_SEEN)
		memcpy(&reporting->events[reporting->event_count], data, size);
	if (reporting)
		reporting->event_count++;
	return 0;
}

int world_setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->ifindex = LO;
	world->programs = xvrrp_bpf__open_and_load();
	if (!world->programs) {
		fprintf(stderr, "cannot load the programs: root, and a kernel of 6.1 or later?\n");
		return -1;
	}
	world->ring =
		ring_buffer__new(bpf_map__fd(world->programs->maps.events), on_event, NULL, NULL);
	world->slots = mmap(NULL, sizeof(struct vr_slot) * XVRRP_SLOTS_MAX, PROT_READ | PROT_WRITE,
			    MAP_SHARED, bpf_map__fd(world->programs->maps.vr_slots), 0);
	if (!world->ring || world->slots == MAP_FAILED)
		return -1;
	*state = world;
	return 0;
}

int world_teardown(void **state)
{
	struct world *world = *state;

	if (!world)
		return 0; /* the setup failed, and has said so */
	munmap(world->slots, sizeof(struct vr_slot) * XVRRP_SLOTS_MAX);
	ring_buffer__free(world->ring);
	xvrrp_bpf__destroy(world->programs);
	free(world);
	return 0;
}

static void empty_map(struct bpf_map *map)
{
	uint8_t key[sizeof(struct vip_key)];

	while (bpf_map_get_next_key(bpf_map__fd(map), NULL, key) == 0)
		bpf_map_delete_elem(bpf_map__fd(map), key);
}

void add_router_key(struct world *world, unsigned slot, const struct vr_key *key)
{
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(world->programs->maps.vr_index), key,
					     &slot, BPF_ANY),
			 0);
}

void add_vip(struct world *world, unsigned slot, uint32_t vlan, const struct vrrp_addr *address)
{
	struct vip_key key = {.ifindex = world->ifindex, .vlan = vlan, .address = *address};

	assert_int_equal(bpf_map_update_elem(bpf_map__fd(world->programs->maps.vip_index), &key,
					     &slot, BPF_ANY),
			 0);
}

void add_peer(struct world *world, unsigned slot, const struct vrrp_addr *address, uint8_t min,
	      uint8_t max)
{
	struct peer_key key = {.slot = slot, .address = *address};
	struct peer_hops hops = {.min = min, .max = max};

	assert_int_equal(bpf_map_update_elem(bpf_map__fd(world->programs->maps.peer_index), &key,
					     &hops, BPF_ANY),
			 0);
}

static void set_list(struct world *world, unsigned slot, const struct vrrp_addr *list,
		     unsigned count)
{
	struct vr_identity *identity = &world->slots[slot].identity;

	for (unsigned i = 0; i < count; i++)
		add_vip(world, slot, identity->key.vlan, &list[i]);
	identity->addr_count = (uint8_t)count;
	identity->addr_set = vrrp_addr_set(list, count);
}

void set_addresses(struct world *world, unsigned slot, const uint32_t *addresses, unsigned count)
{
	struct vrrp_addr list[255];

	for (unsigned i = 0; i < count; i++)
		list[i] = addr4(addresses[i]);
	set_list(world, slot, list, count);
}

void set_addresses6(struct world *world, unsigned slot, const struct ip6 *addresses, unsigned count)
{
	struct vrrp_addr list[255];

	for (unsigned i = 0; i < count; i++)
		list[i] = addr6(addresses[i]);
	set_list(world, slot, list, count);
}

void lease(struct world *world, unsigned slot, bool valid)
{
	world->slots[slot].lease_until_ns =
		(uint64_t)(boottime_ns() + (valid ? 3600 * 1000000000LL : -1));
}

static void add_router(struct world *world, unsigned number, struct vr_key key, uint32_t address)
{
	struct ip6 addresses[] = {link_local(key.vrid), global(key.vrid)};
	struct vr_slot *slot = &world->slots[number];

	memset(slot, 0, sizeof(*slot));
	key.ifindex = world->ifindex;
	key.family = address ? VRRP_IPV4 : VRRP_IPV6;
	slot->flags = SLOT_RUNNING | SLOT_ACCEPT | SLOT_PREEMPT;
	slot->identity.key = key;
	slot->identity.version = 3;
	slot->identity.priority = 100;
	slot->identity.interval_cs = 100;
	slot->identity.primary = address ? addr4(PRIMARY) : addr6(link_local(PRIMARY6));
	virtual_mac(slot->identity.mac, key.family, key.vrid);
	if (address)
		set_addresses(world, number, &address, 1);
	else
		set_addresses6(world, number, addresses, 2);
	add_router_key(world, number, &key);
}

static void set_stats(struct world *world, const struct state *state);

int world_reset(void **state)
{
	const uint32_t one = 100, two = 200 << 16 | 100;
	struct world *world = *state;
	struct state none = {};

	reporting = NULL;
	ring_buffer__consume(world->ring);
	empty_map(world->programs->maps.vr_index);
	empty_map(world->programs->maps.vip_index);
	empty_map(world->programs->maps.peer_index);
	set_stats(world, &none);
	add_router(world, V3, (struct vr_key){.vrid = VRID_V3}, VIP_V3);
	add_router(world, V2, (struct vr_key){.vrid = VRID_V2}, VIP_V2);
	world->slots[V2].identity.version = 2;
	add_router(world, TAGGED, (struct vr_key){.vrid = VRID_V3, .vlan = one}, VIP_TAGGED);
	add_router(world, DOUBLE_TAG, (struct vr_key){.vrid = VRID_V3, .vlan = two}, VIP_DOUBLE);
	add_router(world, V6, (struct vr_key){.vrid = VRID_V3}, 0);
	add_router(world, TAGGED6, (struct vr_key){.vrid = VRID_TAGGED6, .vlan = one}, 0);
	add_router(world, DOUBLE6, (struct vr_key){.vrid = VRID_DOUBLE6, .vlan = two}, 0);
	add_router(world, UNICAST, (struct vr_key){.vrid = VRID_UNICAST}, VIP_UNICAST);
	add_router(world, UNICAST6, (struct vr_key){.vrid = VRID_UNICAST}, 0);
	world->slots[UNICAST].flags |= SLOT_UNICAST;
	world->slots[UNICAST6].flags |= SLOT_UNICAST;
	return 0;
}

/* ---- state ---- */

/* Per-CPU values: read as a sum, written as the value of the first CPU. Structures of __u64. */
static void read_sum(struct bpf_map *map, uint32_t key, void *to, size_t size)
{
	size_t words = size / sizeof(uint64_t), cpus = (size_t)libbpf_num_possible_cpus();
	uint64_t *values = calloc(cpus, size), *sum = to;

	memset(to, 0, size);
	if (bpf_map_lookup_elem(bpf_map__fd(map), &key, values) == 0)
		for (size_t i = 0; i < words * cpus; i++)
			sum[i % words] += values[i];
	free(values);
}

static void write_sum(struct bpf_map *map, uint32_t key, const void *from, size_t size)
{
	uint8_t *values = calloc((size_t)libbpf_num_possible_cpus(), size);

	memcpy(values, from, size);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(map), &key, values, BPF_ANY), 0);
	free(values);
}

static void set_stats(struct world *world, const struct state *state)
{
	for (uint32_t i = 0; i < SLOTS; i++)
		write_sum(world->programs->maps.vr_stats, i, &state->stats[i],
			  sizeof(state->stats[i]));
	write_sum(world->programs->maps.if_stats, world->ifindex, &state->interface,
		  sizeof(state->interface));
}

/* Everything but the reports. */
struct state world_state(struct world *world)
{
	struct state state = {};

	memcpy(state.slots, world->slots, sizeof(state.slots));
	for (uint32_t i = 0; i < SLOTS; i++)
		read_sum(world->programs->maps.vr_stats, i, &state.stats[i],
			 sizeof(state.stats[i]));
	read_sum(world->programs->maps.if_stats, world->ifindex, &state.interface,
		 sizeof(state.interface));
	return state;
}

void world_forget_interface(struct world *world)
{
	empty_map(world->programs->maps.if_stats);
}

static void check_stamp(__u64 *after, __u64 before, int64_t started_ns)
{
	if (*after == before)
		return;
	assert_true((int64_t)*after >= started_ns && (int64_t)*after <= boottime_ns());
	*after = CHANGED;
}

/* A new stamp must be the time of the run; then it reads CHANGED, as in every other run. */
static void make_comparable(struct state *after, const struct state *before, int64_t started_ns)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		struct vr_slot *slot = &after->slots[i];
		const struct vr_slot *old = &before->slots[i];

		check_stamp(&slot->last_advert_ns, old->last_advert_ns, started_ns);
		check_stamp(&slot->authority_ns, old->authority_ns, started_ns);
		check_stamp(&slot->last_claim_ns, old->last_claim_ns, started_ns);
		if (slot->report_bucket_ns != old->report_bucket_ns)
			slot->report_bucket_ns = CHANGED;
		if (slot->claim_bucket_ns != old->claim_bucket_ns)
			slot->claim_bucket_ns = CHANGED;
		if (slot->answer_bucket_ns != old->answer_bucket_ns)
			slot->answer_bucket_ns = CHANGED;
		if (slot->reported != old->reported)
			slot->reported = CHANGED;
	}
	for (unsigned i = 0; i < after->event_count && i < EVENTS_SEEN; i++)
		check_stamp(&after->events[i].time_ns, 0, started_ns);
}

/* ---- running ---- */

/* The program's return value, or a negative errno. */
static int64_t try_run(const struct bpf_program *program, const struct frame *frame,
		       struct frame *out, int repeat)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->bytes,
			    .data_size_in = (uint32_t)frame->length, .data_out = out->bytes,
			    .data_size_out = sizeof(out->bytes), .repeat = repeat);
	int error = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);

	out->length = opts.data_size_out;
	return error ? error : (int64_t)opts.retval;
}

static int run(const struct bpf_program *program, const struct frame *frame, struct frame *out,
	       int repeat)
{
	int64_t code = try_run(program, frame, out, repeat);

	if (code < 0)
		fail_msg("BPF_PROG_RUN of %zu bytes: %s", frame->length, strerror((int)-code));
	return (int)code;
}

static enum result result_of_xdp(int code)
{
	assert_true(code == XDP_PASS || code == XDP_DROP || code == XDP_TX);
	return code == XDP_PASS ? PASSED : code == XDP_DROP ? DROPPED : REPLIED;
}

static enum result result_of_tc(int code)
{
	assert_true(code == TC_ACT_UNSPEC || code == TC_ACT_SHOT || code == TC_ACT_REDIRECT);
	return code == TC_ACT_UNSPEC ? PASSED : code == TC_ACT_SHOT ? DROPPED : REPLIED;
}

static struct outcome run_once(struct world *world, const struct bpf_program *program,
			       enum result (*result_of)(int), const struct frame *frame)
{
	struct outcome out = {.frame = *frame};
	struct state events = {};
	int64_t started_ns;

	ring_buffer__consume(world->ring); /* what a flood before this has left */
	out.before = world_state(world);
	reporting = &events;
	started_ns = boottime_ns();
	out.result = result_of(run(program, frame, &out.frame, 1));
	ring_buffer__consume(world->ring);
	reporting = NULL;
	out.after = world_state(world);
	out.after.event_count = events.event_count;
	memcpy(out.after.events, events.events, sizeof(events.events));
	make_comparable(&out.after, &out.before, started_ns);
	return out;
}

/* BPF_PROG_RUN makes no skb that ends inside its IP header, depending on the kernel. */
static bool no_skb(const struct world *world, const struct frame *frame)
{
	struct frame out;

	return frame->length < 14 + 40 &&
	       try_run(world->programs->progs.xvrrp_tc_mark, frame, &out, 1) == -EINVAL;
}

struct outcome receive(struct world *world, const struct frame *frame)
{
	struct outcome xdp, tc;

	xdp = run_once(world, world->programs->progs.xvrrp_xdp, result_of_xdp, frame);
	if (no_skb(world, frame))
		return xdp;
	memcpy(world->slots, xdp.before.slots, sizeof(xdp.before.slots));
	set_stats(world, &xdp.before);
	tc = run_once(world, world->programs->progs.xvrrp_tc_in, result_of_tc, frame);
	assert_outcome(&tc, xdp.result, &xdp.after);
	assert_int_equal(tc.frame.length, xdp.frame.length);
	assert_memory_equal(tc.frame.bytes, xdp.frame.bytes, xdp.frame.length);
	return tc;
}

struct outcome transmit(struct world *world, const struct frame *frame)
{
	return run_once(world, world->programs->progs.xvrrp_tc_out, result_of_tc, frame);
}

enum result receive_fast(struct world *world, const struct frame *frame, unsigned times)
{
	struct frame out;

	return result_of_xdp(run(world->programs->progs.xvrrp_xdp, frame, &out, (int)times));
}

/* ---- comparing ---- */

struct named {
	const char *name;
	size_t offset, size;
};

#define VR_COUNTER(kind, name, text) {#name, offsetof(struct vr_stats, name), sizeof(__u64)},
static const struct named vr_members[] = {
#include "counters.def"
	{}};
#define IF_COUNTER(kind, name, text) {#name, offsetof(struct if_stats, name), sizeof(__u64)},
static const struct named if_members[] = {
#include "counters.def"
	{}};
#define SLOT_MEMBER(name)                                                                  \
	{                                                                                  \
#name, offsetof(struct vr_slot, name), sizeof(((struct vr_slot *)0)->name) \
	}
static const struct named slot_members[] = {
	SLOT_MEMBER(lease_until_ns),
	SLOT_MEMBER(flags),
	SLOT_MEMBER(zero),
	SLOT_MEMBER(steady_header),
	SLOT_MEMBER(steady_source),
	SLOT_MEMBER(identity),
	SLOT_MEMBER(agent),
	SLOT_MEMBER(last_advert_ns),
	SLOT_MEMBER(authority_ns),
	SLOT_MEMBER(last_claim_ns),
	SLOT_MEMBER(report_bucket_ns),
	SLOT_MEMBER(claim_bucket_ns),
	SLOT_MEMBER(answer_bucket_ns),
	SLOT_MEMBER(reported),
	{},
};

/* Counts and prints the members that differ. */
static unsigned compare(const struct named *members, const char *what, const void *expected,
			const void *actual)
{
	unsigned different = 0;

	for (; members->name; members++) {
		const uint8_t *want = (const uint8_t *)expected + members->offset;
		const uint8_t *have = (const uint8_t *)actual + members->offset;
		uint64_t values[2] = {};

		if (memcmp(want, have, members->size) == 0)
			continue;
		different++;
		memcpy(&values[0], want, members->size < 8 ? members->size : 8);
		memcpy(&values[1], have, members->size < 8 ? members->size : 8);
		fprintf(stderr, "%s.%s: expected %llx, is %llx\n", what, members->name,
			(unsigned long long)values[0], (unsigned long long)values[1]);
	}
	return different;
}

static unsigned compare_events(const struct state *expected, const struct state *actual)
{
	unsigned different = expected->event_count != actual->event_count;

	if (different)
		fprintf(stderr, "events: expected %u, are %u\n", expected->event_count,
			actual->event_count);
	for (unsigned i = 0; !different && i < actual->event_count && i < EVENTS_SEEN; i++)
		if (memcmp(&expected->events[i], &actual->events[i], sizeof(struct xvrrp_event))) {
			fprintf(stderr, "event %u differs\n", i);
			different++;
		}
	return different;
}

void assert_outcome_at(const struct outcome *out, enum result result, const struct state *expected,
		       const char *file, int line)
{
	static const char *const slots[] = {"V3",      "V2",	  "TAGGED",  "DOUBLE_TAG", "V6",
					    "TAGGED6", "DOUBLE6", "UNICAST", "UNICAST6"};
	static const char *const results[] = {"passed", "dropped", "replied"};
	unsigned different = out->result != result;

	if (different)
		fprintf(stderr, "expected %s, is %s\n", results[result], results[out->result]);
	for (unsigned i = 0; i < SLOTS; i++) {
		different +=
			compare(slot_members, slots[i], &expected->slots[i], &out->after.slots[i]);
		different +=
			compare(vr_members, slots[i], &expected->stats[i], &out->after.stats[i]);
	}
	different += compare(if_members, "lo", &expected->interface, &out->after.interface);
	different += compare_events(expected, &out->after);
	if (different)
		_fail(file, line);
}

void assert_only_counted_at(const struct outcome *out, unsigned slot, enum vr_counter counter,
			    const char *file, int line)
{
	struct state expected = out->before;

	((__u64 *)&expected.stats[slot])[counter]++;
	assert_outcome_at(out, DROPPED, &expected, file, line);
}

static struct vrrp_addr source_of(const struct frame *frame)
{
	const uint8_t *ip = frame->bytes + frame->l3;
	struct vrrp_addr source;

	if (ip[0] >> 4 == 4)
		return addr4((uint32_t)ip[12] << 24 | ip[13] << 16 | ip[14] << 8 | ip[15]);
	memcpy(source.b, ip + 8, sizeof(source.b));
	return source;
}

struct state accepted(const struct outcome *out, unsigned slot)
{
	struct state expected = out->before;
	const uint8_t *frame = out->frame.bytes;

	expected.slots[slot].last_advert_ns = CHANGED;
	expected.slots[slot].authority_ns = CHANGED;
	expected.slots[slot].report_bucket_ns = CHANGED;
	expected.slots[slot].reported = CHANGED;
	expected.stats[slot].advertisements_received++;
	expected.stats[slot].checksum_form_rfc9568 += frame[out->frame.l3] >> 4 == 4;
	expected.event_count = 1;
	expected.events[0] = (struct xvrrp_event){
		.time_ns = CHANGED,
		.kind = XVRRP_EVENT_ADVERT,
		.slot = slot,
		.ifindex = LO,
		.source = source_of(&out->frame),
	};
	memcpy(&expected.events[0].header, frame + out->frame.message,
	       sizeof(expected.events[0].header));
	memcpy(expected.events[0].mac, frame + 6, 6);
	return expected;
}
