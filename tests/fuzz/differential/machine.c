/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "xvrrp.skel.h"
#include "xvrrp_held.skel.h"

const char *const machine_program_names[RUNS] = {"xvrrp_xdp", "xvrrp_tc_in", "xvrrp_tc_out"};

/* The ring buffer `events` as the kernel lays it out: two positions, the data twice in a row. */
struct ring {
	unsigned long *consumed; /* ours to write */
	const unsigned long *produced;
	const uint8_t *data;
	unsigned long seen;
};

struct machine {
	struct xvrrp_bpf *real; /* one of the two */
	struct xvrrp_held_bpf *held;
	struct bpf_object *object;
	int programs[RUNS];
	struct vr_slot *slots;
	struct ring ring;
	struct plane_key keys[PLANE_KEYS]; /* what the indexes have */
	struct plane_vip vips[PLANE_VIPS];
	struct plane_peer peers[PLANE_PEERS];
	unsigned key_count, vip_count, peer_count;
};

static int map_fd(const struct machine *machine, const char *name)
{
	return bpf_object__find_map_fd_by_name(machine->object, name);
}

/* ---- loading ---- */

static bool map_memory(struct machine *machine)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int events = map_fd(machine, "events");
	void *slots, *consumer, *producer;

	slots = mmap(NULL, sizeof(struct vr_slot) * XVRRP_SLOTS_MAX, PROT_READ | PROT_WRITE,
		     MAP_SHARED, map_fd(machine, "vr_slots"), 0);
	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, events, 0);
	producer = mmap(NULL, page + 2 * XVRRP_EVENTS_SIZE, PROT_READ, MAP_SHARED, events,
			(off_t)page);
	if (slots == MAP_FAILED || consumer == MAP_FAILED || producer == MAP_FAILED)
		return false;
	machine->slots = slots;
	machine->ring = (struct ring){
		.consumed = consumer,
		.produced = producer,
		.data = (const uint8_t *)producer + page,
	};
	return true;
}

struct machine *machine_new(enum machine_clock clock)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	if (clock == CLOCK_HELD)
		machine->held = xvrrp_held_bpf__open_and_load();
	else
		machine->real = xvrrp_bpf__open_and_load();
	if (!machine->held && !machine->real) {
		fprintf(stderr, "cannot load the programs: root, and a kernel of 6.1 or later?\n");
		free(machine);
		return NULL;
	}
	machine->object = machine->held ? machine->held->obj : machine->real->obj;
	for (int i = 0; i < RUNS; i++)
		machine->programs[i] = bpf_program__fd(bpf_object__find_program_by_name(
			machine->object, machine_program_names[i]));
	if (!map_memory(machine)) {
		perror("cannot map the slots and the ring");
		machine_free(machine);
		return NULL;
	}
	return machine;
}

void machine_free(struct machine *machine)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!machine)
		return;
	if (machine->slots) {
		munmap(machine->slots, sizeof(struct vr_slot) * XVRRP_SLOTS_MAX);
		munmap(machine->ring.consumed, page);
		munmap((void *)machine->ring.produced, page + 2 * XVRRP_EVENTS_SIZE);
	}
	if (machine->held)
		xvrrp_held_bpf__destroy(machine->held);
	if (machine->real)
		xvrrp_bpf__destroy(machine->real);
	free(machine);
}

/* ---- maps ---- */

static void must(int error, const char *what)
{
	if (error == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	abort();
}

/* Per-CPU values, structures of __u64. */
static void zero_counters(int fd, uint32_t key, size_t size)
{
	void *values = calloc((size_t)libbpf_num_possible_cpus(), size);

	must(bpf_map_update_elem(fd, &key, values, BPF_ANY), "zeroing counters");
	free(values);
}

static void read_counters(int fd, uint32_t key, __u64 *sum, size_t size)
{
	size_t words = size / sizeof(__u64), cpus = (size_t)libbpf_num_possible_cpus();
	__u64 *values = calloc(cpus, size);

	memset(sum, 0, size);
	must(bpf_map_lookup_elem(fd, &key, values), "reading counters");
	for (size_t i = 0; i < words * cpus; i++)
		sum[i % words] += values[i];
	free(values);
}

void machine_read_counters(struct machine *machine, struct machine_counters *counters)
{
	for (uint32_t i = 0; i < PLANE_SLOTS; i++)
		read_counters(map_fd(machine, "vr_stats"), i, (__u64 *)&counters->stats[i],
			      sizeof(counters->stats[i]));
	read_counters(map_fd(machine, "if_stats"), SCENE_IFINDEX, (__u64 *)&counters->interface,
		      sizeof(counters->interface));
}

static void load_peers(struct machine *machine, const struct plane *plane)
{
	int peer_index = map_fd(machine, "peer_index");

	for (unsigned i = 0; i < machine->peer_count; i++)
		must(bpf_map_delete_elem(peer_index, &machine->peers[i].key), "deleting a peer");
	for (unsigned i = 0; i < plane->peer_count; i++)
		must(bpf_map_update_elem(peer_index, &plane->peers[i].key, &plane->peers[i].hops,
					 BPF_NOEXIST),
		     "adding a peer");
	memcpy(machine->peers, plane->peers, sizeof(machine->peers));
	machine->peer_count = plane->peer_count;
}

static void load_indexes(struct machine *machine, const struct plane *plane)
{
	int vr_index = map_fd(machine, "vr_index"), vip_index = map_fd(machine, "vip_index");

	for (unsigned i = 0; i < machine->key_count; i++)
		must(bpf_map_delete_elem(vr_index, &machine->keys[i].key), "deleting a router");
	for (unsigned i = 0; i < machine->vip_count; i++)
		must(bpf_map_delete_elem(vip_index, &machine->vips[i].key), "deleting an address");
	for (unsigned i = 0; i < plane->key_count; i++)
		must(bpf_map_update_elem(vr_index, &plane->keys[i].key, &plane->keys[i].slot,
					 BPF_NOEXIST),
		     "adding a router");
	for (unsigned i = 0; i < plane->vip_count; i++)
		must(bpf_map_update_elem(vip_index, &plane->vips[i].key, &plane->vips[i].slot,
					 BPF_NOEXIST),
		     "adding an address");
	memcpy(machine->keys, plane->keys, sizeof(machine->keys));
	memcpy(machine->vips, plane->vips, sizeof(machine->vips));
	machine->key_count = plane->key_count;
	machine->vip_count = plane->vip_count;
}

void machine_load(struct machine *machine, const struct scene *scene)
{
	load_indexes(machine, &scene->plane);
	load_peers(machine, &scene->plane);
	memcpy(machine->slots, scene->plane.slots, sizeof(scene->plane.slots));
	for (uint32_t i = 0; i < PLANE_SLOTS; i++)
		zero_counters(map_fd(machine, "vr_stats"), i, sizeof(struct vr_stats));
	zero_counters(map_fd(machine, "if_stats"), SCENE_IFINDEX, sizeof(struct if_stats));
}

struct vr_slot *machine_slots(struct machine *machine)
{
	return machine->slots;
}

uint64_t machine_now_ns(const struct machine *machine)
{
	struct timespec time;

	if (machine->held)
		return machine->held->bss->held_clock_ns;
	clock_gettime(CLOCK_BOOTTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void machine_set_clock(struct machine *machine, uint64_t now_ns)
{
	machine->held->bss->held_clock_ns = now_ns;
}

/* ---- running ---- */

/*
 * Take what is new. Space is given back late only, so that the kernel does not think that somebody
 * waits for each record, and wakes nobody.
 */
static void take_events(struct ring *ring, struct machine_result *result)
{
	unsigned long produced = __atomic_load_n(ring->produced, __ATOMIC_ACQUIRE);

	result->event_count = 0;
	while (ring->seen < produced) {
		const uint8_t *record = ring->data + ring->seen % XVRRP_EVENTS_SIZE;
		uint32_t length;

		memcpy(&length, record, sizeof(length));
		if (!(length & BPF_RINGBUF_DISCARD_BIT)) {
			if (result->event_count < MACHINE_EVENTS)
				memcpy(&result->events[result->event_count],
				       record + BPF_RINGBUF_HDR_SZ, sizeof(struct xvrrp_event));
			result->event_count++;
		}
		length &= ~(BPF_RINGBUF_DISCARD_BIT | BPF_RINGBUF_BUSY_BIT);
		ring->seen += (BPF_RINGBUF_HDR_SZ + length + 7) & ~7ul;
	}
	if (ring->seen - *ring->consumed > XVRRP_EVENTS_SIZE / 2)
		__atomic_store_n(ring->consumed, ring->seen, __ATOMIC_RELEASE);
}

static enum plane_verdict verdict_of(enum machine_program program, int code)
{
	if (program == RUN_XDP)
		switch (code) {
		case XDP_PASS:
			return PLANE_PASS;
		case XDP_DROP:
			return PLANE_DROP;
		case XDP_TX:
			return PLANE_REPLY;
		}
	else
		switch (code) {
		case TC_ACT_UNSPEC:
			return PLANE_PASS;
		case TC_ACT_SHOT:
			return PLANE_DROP;
		case TC_ACT_REDIRECT:
			return PLANE_REPLY;
		}
	fprintf(stderr, "%s returned %d\n", machine_program_names[program], code);
	abort();
}

bool machine_run(struct machine *machine, enum machine_program program, const struct frame *frame,
		 bool ring_full, struct machine_result *result)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->bytes,
			    .data_size_in = (uint32_t)frame->length, .data_out = result->frame,
			    .data_size_out = sizeof(result->frame), .repeat = 1);
	unsigned long consumed = *machine->ring.consumed;
	int error;

	if (ring_full) /* all the data there is room for, and none of it read */
		__atomic_store_n(machine->ring.consumed,
				 *machine->ring.produced - (XVRRP_EVENTS_SIZE - 8),
				 __ATOMIC_RELEASE);
	error = bpf_prog_test_run_opts(machine->programs[program], &opts);
	if (ring_full)
		__atomic_store_n(machine->ring.consumed, consumed, __ATOMIC_RELEASE);
	if (error == -EINVAL && program != RUN_XDP && frame->length < 14 + 40)
		return false;
	errno = -error;
	must(error, "BPF_PROG_RUN");
	result->verdict = verdict_of(program, (int)opts.retval);
	result->length = opts.data_size_out;
	take_events(&machine->ring, result);
	return true;
}
