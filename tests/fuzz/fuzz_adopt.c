/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps that an earlier agent left, with anything in them, and an agent that takes them over: after
 * every step what leads to a slot is what its record says, and nothing leads to a slot that is
 * free; when all slots are given back the maps are empty. The maps are this file's.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "sys/dataplane_private.h"

#define ENTRIES_MAX 64
#define SLOTS	    6 /* that keys lead to, and two that are none */

/* ---- maps ---- */

struct entry {
	bool used;
	uint8_t key[sizeof(struct vip_key)];
	uint32_t slot;
};

static struct entry maps[MAPS][ENTRIES_MAX];
static struct input *bytes;

static struct entry *find(int map, const void *key)
{
	for (unsigned i = 0; i < ENTRIES_MAX; i++)
		if (maps[map][i].used && !memcmp(maps[map][i].key, key, key_size(map)))
			return &maps[map][i];
	return NULL;
}

int bpf_map_lookup_elem(int map, const void *key, void *value)
{
	const struct entry *entry = find(map, key);

	errno = ENOENT;
	if (entry)
		memcpy(value, &entry->slot, sizeof(entry->slot));
	return entry ? 0 : -ENOENT;
}

int bpf_map_delete_elem(int map, const void *key)
{
	struct entry *entry = find(map, key);

	errno = ENOENT;
	if (entry)
		entry->used = false;
	return entry ? 0 : -ENOENT;
}

int bpf_map_update_elem(int map, const void *key, const void *value, __u64 flags)
{
	struct entry *entry = find(map, key);

	if (map == MAP_VR_STATS)
		return 0;
	if (entry && flags == BPF_NOEXIST) {
		errno = EEXIST;
		return -EEXIST;
	}
	for (unsigned i = 0; !entry && i < ENTRIES_MAX; i++)
		if (!maps[map][i].used)
			entry = &maps[map][i];
	if (!entry || take8(bytes) == 0xff) {
		errno = E2BIG;
		return -E2BIG;
	}
	entry->used = true;
	memcpy(entry->key, key, key_size(map));
	memcpy(&entry->slot, value, sizeof(entry->slot));
	return 0;
}

/* As the kernel has it: behind a key that is gone stands the first one. */
int bpf_map_get_next_key(int map, const void *key, void *next)
{
	const struct entry *entry = key ? find(map, key) : NULL;

	for (size_t i = entry ? (size_t)(entry - maps[map]) + 1 : 0; i < ENTRIES_MAX; i++) {
		if (!maps[map][i].used)
			continue;
		memcpy(next, maps[map][i].key, key_size(map));
		return 0;
	}
	errno = ENOENT;
	return -ENOENT;
}

/* ---- what an earlier agent left ---- */

static struct vr_key take_key(void)
{
	return (struct vr_key){
		.ifindex = 1 + take_below(bytes, 3),
		.family = take_bool(bytes) ? VRRP_IPV4 : VRRP_IPV6,
		.vrid = (uint8_t)(1 + take_below(bytes, 3)),
	};
}

static struct vip_key take_vip(void)
{
	return (struct vip_key){
		.ifindex = 1 + take_below(bytes, 3),
		.address = addr_from_ipv4(take_below(bytes, 4)),
	};
}

static uint32_t take_slot(void)
{
	unsigned number = take_below(bytes, SLOTS + 4);

	switch (number) {
	case SLOTS:
		return XVRRP_SLOTS_MAX;
	case SLOTS + 1:
		return XVRRP_SLOTS_MAX - 1;
	case SLOTS + 2:
		return UINT32_MAX;
	case SLOTS + 3:
		return take32(bytes) | XVRRP_SLOTS_MAX;
	}
	return number;
}

static void take_maps(struct dataplane *dataplane)
{
	unsigned routers = take_below(bytes, 8), vips = take_below(bytes, 8);

	for (unsigned i = 0; i < routers; i++) {
		struct vr_key key = take_key();
		uint32_t slot = take_slot();

		bpf_map_update_elem(MAP_VR_INDEX, &key, &slot, BPF_ANY);
		if (slot < XVRRP_SLOTS_MAX && take_bool(bytes)) /* else it leads to another's */
			dataplane->slots[slot].identity.key = key;
	}
	for (unsigned i = 0; i < vips; i++) {
		struct vip_key key = take_vip();
		uint32_t slot = take_slot();

		bpf_map_update_elem(MAP_VIP_INDEX, &key, &slot, BPF_ANY);
	}
}

/* ---- what must hold ---- */

static unsigned entries_of(enum dataplane_map map)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ENTRIES_MAX; i++)
		count += maps[map][i].used;
	return count;
}

static unsigned check_slot(struct dataplane *dataplane, enum dataplane_map map, unsigned slot)
{
	const struct key_list *list = key_list(dataplane, map, slot);

	must(list->kept <= list->count);
	must(!list->count || dataplane->records[slot].used);
	for (unsigned i = 0; i < list->count; i++) {
		const char *key = (const char *)list->keys + i * key_size(map);
		const struct entry *entry = find((int)map, key);

		must(entry && entry->slot == slot);
	}
	return list->count;
}

/* Every key of a record leads to its slot; and there are no others. New slots are the first free
 * ones. */
static void check_map(struct dataplane *dataplane, enum dataplane_map map)
{
	unsigned count = check_slot(dataplane, map, XVRRP_SLOTS_MAX - 1);

	for (unsigned slot = 0; slot <= dataplane->next_slot + SLOTS; slot++)
		count += check_slot(dataplane, map, slot);
	must(count == entries_of(map));
}

static void check(struct dataplane *dataplane)
{
	check_map(dataplane, MAP_VR_INDEX);
	check_map(dataplane, MAP_VIP_INDEX);
}

/* ---- the agent after it ---- */

struct agent {
	struct dataplane *dataplane;
	int slots[8]; /* that it has, -1 = none */
};

static void take_turn(struct agent *agent)
{
	struct dataplane *dataplane = agent->dataplane;
	unsigned what = take8(bytes);
	int *slot = &agent->slots[what >> 4 & 7];
	struct failure failure;
	struct vr_key key;
	struct vip_key vip;
	bool adopted;

	switch (what % 8) {
	case 0:
	case 1:
		key = take_key();
		if (*slot < 0)
			*slot = dataplane_slot_new(dataplane, &key, &adopted, &failure);
		break;
	case 2:
		key = take_key();
		if (*slot >= 0)
			dataplane_alias_add(dataplane, (unsigned)*slot, &key, &failure);
		break;
	case 3:
	case 4:
		vip = take_vip();
		if (*slot >= 0)
			dataplane_vip_add(dataplane, (unsigned)*slot, &vip, &failure);
		break;
	case 5:
		if (*slot >= 0)
			dataplane_slot_settle(dataplane, (unsigned)*slot);
		break;
	case 6:
		if (*slot >= 0)
			dataplane_slot_free(dataplane, (unsigned)*slot);
		*slot = -1;
		break;
	case 7:
		if (dataplane_orphan(dataplane, 0) >= 0)
			dataplane_slot_free(dataplane, (unsigned)dataplane_orphan(dataplane, 0));
		break;
	}
}

static void give_back(struct agent *agent)
{
	struct dataplane *dataplane = agent->dataplane;
	int orphan;

	for (size_t i = 0; i < sizeof(agent->slots) / sizeof(agent->slots[0]); i++)
		if (agent->slots[i] >= 0)
			dataplane_slot_free(dataplane, (unsigned)agent->slots[i]);
	while ((orphan = dataplane_orphan(dataplane, 0)) >= 0)
		dataplane_slot_free(dataplane, (unsigned)orphan);
	must(entries_of(MAP_VR_INDEX) == 0 && entries_of(MAP_VIP_INDEX) == 0);
	for (unsigned slot = 0; slot < XVRRP_SLOTS_MAX; slot++)
		must(!dataplane->records[slot].used);
}

static struct dataplane *dataplane_of_tests(void)
{
	static struct dataplane dataplane;

	if (!dataplane.slots)
		dataplane.slots = must_allocate(XVRRP_SLOTS_MAX * sizeof(dataplane.slots[0]));
	for (int map = 0; map < MAPS; map++)
		dataplane.map_fd[map] = map;
	dataplane.adopted = true;
	dataplane.next_slot = 0;
	return &dataplane;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct agent agent = {dataplane_of_tests(), {-1, -1, -1, -1, -1, -1, -1, -1}};
	struct failure failure;

	bytes = &input;
	memset(maps, 0, sizeof(maps));
	take_maps(agent.dataplane);
	must(!adopt_slots(agent.dataplane, &failure));
	check(agent.dataplane);
	while (input.left) {
		take_turn(&agent);
		check(agent.dataplane);
	}
	give_back(&agent);
	return 0;
}
