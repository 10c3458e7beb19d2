/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the programs tell the agent: events out of the ring buffer, and counters. The ring keeps its
 * reader's position itself, so that an adopted one goes on behind the last event that was handled.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/attach_private.h"

/* ---- events ---- */

static int on_record(void *data, void *record, size_t size)
{
	struct dataplane *dataplane = data;

	if (size >= sizeof(struct xvrrp_event))
		dataplane->handler(record, dataplane->handler_data);
	return 0;
}

int reports_open(struct dataplane *dataplane, struct failure *failure)
{
	dataplane->ring =
		ring_buffer__new(dataplane->map_fd[MAP_EVENTS], on_record, dataplane, NULL);
	if (!dataplane->ring)
		return fail(failure, "cannot map the ring buffer of events: %s", strerror(errno));
	return 0;
}

void reports_close(struct dataplane *dataplane)
{
	ring_buffer__free(dataplane->ring);
	dataplane->ring = NULL;
}

int dataplane_events_fd(const struct dataplane *dataplane)
{
	return ring_buffer__epoll_fd(dataplane->ring);
}

void dataplane_consume(struct dataplane *dataplane, dataplane_event_fn *handler, void *data)
{
	dataplane->handler = handler;
	dataplane->handler_data = data;
	ring_buffer__consume(dataplane->ring); /* reads mapped memory only */
}

/* ---- counters ---- */

/* A value of a per-CPU map is one such structure per possible CPU; all members are __u64. */
_Static_assert(sizeof(struct vr_stats) % 8 == 0 && sizeof(struct if_stats) % 8 == 0,
	       "per-CPU values are rounded up to 8 bytes");

static void *percpu_new(size_t size)
{
	return calloc((size_t)libbpf_num_possible_cpus(), size);
}

/* Add up the values of `key` into `sum`, which is `size` bytes of __u64. */
static void percpu_sum(int map_fd, const void *key, __u64 *sum, size_t size)
{
	__u64 *values = percpu_new(size);
	size_t words = size / sizeof(*sum);

	memset(sum, 0, size);
	if (values && !bpf_map_lookup_elem(map_fd, key, values))
		for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
			for (size_t i = 0; i < words; i++)
				sum[i] += values[(size_t)cpu * words + i];
	free(values);
}

static int percpu_zero(int map_fd, const void *key, size_t size, __u64 flags)
{
	void *values = percpu_new(size);
	int error = values ? bpf_map_update_elem(map_fd, key, values, flags) : -ENOMEM;

	free(values);
	return error;
}

struct vr_stats dataplane_vr_stats(const struct dataplane *dataplane, unsigned slot)
{
	struct vr_stats sum;

	percpu_sum(dataplane->map_fd[MAP_VR_STATS], &slot, (__u64 *)&sum, sizeof(sum));
	return sum;
}

struct if_stats dataplane_if_stats(const struct dataplane *dataplane, int ifindex)
{
	struct if_stats sum;

	percpu_sum(dataplane->map_fd[MAP_IF_STATS], &ifindex, (__u64 *)&sum, sizeof(sum));
	return sum;
}

void vr_stats_clear(struct dataplane *dataplane, unsigned slot)
{
	percpu_zero(dataplane->map_fd[MAP_VR_STATS], &slot, sizeof(struct vr_stats), BPF_ANY);
}

int if_stats_add(struct dataplane *dataplane, int ifindex, struct failure *failure)
{
	int error = percpu_zero(dataplane->map_fd[MAP_IF_STATS], &ifindex, sizeof(struct if_stats),
				BPF_NOEXIST);

	if (error && error != -EEXIST)
		return fail(failure, "no room for the counters of another interface: %s",
			    strerror(-error));
	return 0;
}

void if_stats_remove(struct dataplane *dataplane, int ifindex)
{
	bpf_map_delete_elem(dataplane->map_fd[MAP_IF_STATS], &ifindex);
}

static int settle_one(struct dataplane *dataplane, const void *key)
{
	const __u32 *ifindex = key;

	pthread_mutex_lock(&dataplane->attachments_lock);
	if (!is_attached(dataplane, (int)*ifindex))
		if_stats_remove(dataplane, (int)*ifindex);
	pthread_mutex_unlock(&dataplane->attachments_lock);
	return 0;
}

void if_stats_settle(struct dataplane *dataplane)
{
	map_walk(dataplane, MAP_IF_STATS, settle_one);
}
