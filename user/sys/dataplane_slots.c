/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual routers as the programs see them: slots in mapped memory, and the two hashes that lead to
 * them. A slot is complete before a hash leads to it, and unreachable before it is free again.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/dataplane_private.h"
#include "xvrrp.skel.h"

static size_t slots_size(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (XVRRP_SLOTS_MAX * sizeof(struct vr_slot) + page - 1) / page * page;
}

int slots_open(struct dataplane *dataplane, struct failure *failure)
{
	void *memory = mmap(NULL, slots_size(), PROT_READ | PROT_WRITE, MAP_SHARED,
			    bpf_map__fd(dataplane->skeleton->maps.vr_slots), 0);

	if (memory == MAP_FAILED)
		return fail(failure, "cannot map the slots of the virtual routers: %s",
			    strerror(errno));
	dataplane->slots = memory;
	return 0;
}

void slots_close(struct dataplane *dataplane)
{
	for (unsigned slot = 0; slot < XVRRP_SLOTS_MAX; slot++)
		if (dataplane->records[slot].used)
			dataplane_slot_free(dataplane, slot);
	if (dataplane->slots)
		munmap(dataplane->slots, slots_size());
}

static int index_fd(const struct dataplane *dataplane)
{
	return bpf_map__fd(dataplane->skeleton->maps.vr_index);
}

static int vips_fd(const struct dataplane *dataplane)
{
	return bpf_map__fd(dataplane->skeleton->maps.vip_index);
}

/* Append a copy of `item` to a list of `count` items. */
static void *append(void *list, unsigned count, const void *item, size_t size)
{
	char *grown = realloc(list, (count + 1) * size);

	if (grown)
		memcpy(grown + count * size, item, size);
	return grown;
}

static int index_add(struct dataplane *dataplane, unsigned slot, const struct vr_key *key,
		     struct failure *failure)
{
	struct slot_record *record = &dataplane->records[slot];
	struct vr_key *keys = append(record->keys, record->key_count, key, sizeof(*key));

	if (!keys)
		return fail(failure, "out of memory");
	record->keys = keys;
	if (bpf_map_update_elem(index_fd(dataplane), key, &slot, BPF_NOEXIST)) {
		if (errno == EEXIST)
			return fail(failure,
				    "VRID %u is in use on this interface (index %u, VLAN "
				    "%u, IPv%u) already",
				    key->vrid, key->ifindex, key->vlan, key->family);
		return fail(failure, "cannot add VRID %u to the map vr_index: %s", key->vrid,
			    strerror(errno));
	}
	record->key_count++;
	return 0;
}

/*
 * Freed slots are taken again last: a program that is still running on another CPU may stamp one
 * a moment after it was freed.
 */
static int find_free(const struct dataplane *dataplane)
{
	for (unsigned i = 0; i < XVRRP_SLOTS_MAX; i++) {
		unsigned slot = (dataplane->next_slot + i) % XVRRP_SLOTS_MAX;

		if (!dataplane->records[slot].used)
			return (int)slot;
	}
	return -1;
}

int dataplane_slot_new(struct dataplane *dataplane, const struct vr_key *key,
		       struct failure *failure)
{
	int slot = find_free(dataplane);

	if (slot < 0)
		return fail(failure, "more than %d virtual routers", XVRRP_SLOTS_MAX);
	memset(&dataplane->slots[slot], 0, sizeof(struct vr_slot));
	dataplane->slots[slot].identity.key = *key;
	vr_stats_clear(dataplane, (unsigned)slot);
	dataplane->records[slot].used = true;
	if (index_add(dataplane, (unsigned)slot, key, failure)) {
		dataplane_slot_free(dataplane, (unsigned)slot);
		return -1;
	}
	dataplane->next_slot = (unsigned)slot + 1;
	return slot;
}

void dataplane_slot_free(struct dataplane *dataplane, unsigned slot)
{
	struct slot_record *record = &dataplane->records[slot];

	dataplane_set_lease(&dataplane->slots[slot], 0);
	for (unsigned i = 0; i < record->vip_count; i++)
		bpf_map_delete_elem(vips_fd(dataplane), &record->vips[i]);
	for (unsigned i = 0; i < record->key_count; i++)
		bpf_map_delete_elem(index_fd(dataplane), &record->keys[i]);
	memset(&dataplane->slots[slot], 0, sizeof(struct vr_slot));
	free(record->vips);
	free(record->keys);
	*record = (struct slot_record){0};
}

struct vr_slot *dataplane_slot(struct dataplane *dataplane, unsigned slot)
{
	return &dataplane->slots[slot];
}

int dataplane_alias_add(struct dataplane *dataplane, unsigned slot, const struct vr_key *key,
			struct failure *failure)
{
	__u32 holder;

	if (!bpf_map_lookup_elem(index_fd(dataplane), key, &holder) && holder == slot)
		return 0;
	return index_add(dataplane, slot, key, failure);
}

int dataplane_vip_add(struct dataplane *dataplane, unsigned slot, const struct vip_key *key,
		      struct failure *failure)
{
	struct slot_record *record = &dataplane->records[slot];
	struct vip_key *vips;
	char text[ADDR_TEXT_LEN];
	__u32 holder;

	if (!bpf_map_lookup_elem(vips_fd(dataplane), key, &holder)) {
		if (holder == slot)
			return 0;
		return fail(failure,
			    "%s belongs to another virtual router on this interface "
			    "(index %u, VLAN %u) already",
			    addr_format(&key->address, text), key->ifindex, key->vlan);
	}
	vips = append(record->vips, record->vip_count, key, sizeof(*key));
	if (!vips)
		return fail(failure, "out of memory");
	record->vips = vips;
	if (bpf_map_update_elem(vips_fd(dataplane), key, &slot, BPF_NOEXIST))
		return fail(failure, "cannot add %s to the map vip_index: %s",
			    addr_format(&key->address, text),
			    errno == E2BIG ? "it is full" : strerror(errno));
	record->vip_count++;
	return 0;
}

/*
 * The promotion race (docs/ARCHITECTURE.md): the agent stores the lease, then loads the stamps; XDP
 * stores a stamp, then loads the lease. With both sides sequentially consistent at least one of the
 * two sees the other.
 */
void dataplane_set_lease(struct vr_slot *slot, int64_t until_ns)
{
	__atomic_store_n(&slot->lease_until_ns, (__u64)until_ns, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

struct vr_evidence dataplane_evidence(const struct vr_slot *slot)
{
	struct vr_evidence seen;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	seen.lease_until_ns = (int64_t)__atomic_load_n(&slot->lease_until_ns, __ATOMIC_SEQ_CST);
	seen.authority_ns = (int64_t)__atomic_load_n(&slot->authority_ns, __ATOMIC_SEQ_CST);
	seen.last_advert_ns = (int64_t)__atomic_load_n(&slot->last_advert_ns, __ATOMIC_SEQ_CST);
	return seen;
}
