/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual routers as the programs see them: slots in mapped memory, and the two hashes that lead to
 * them. A slot is complete before a hash leads to it, and unreachable before it is free again.
 *
 * Adopted slots go on under their leases until somebody asks for them. What leads to them is kept
 * key by key, as the configuration asks for it: a virtual address that another virtual router asks
 * for before its old one does has moved there, and its entry is changed in place.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/dataplane_private.h"
#include "sys/loop.h"

static size_t slots_size(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (XVRRP_SLOTS_MAX * sizeof(struct vr_slot) + page - 1) / page * page;
}

int slots_open(struct dataplane *dataplane, struct failure *failure)
{
	void *memory = mmap(NULL, slots_size(), PROT_READ | PROT_WRITE, MAP_SHARED,
			    dataplane->map_fd[MAP_VR_SLOTS], 0);

	if (memory == MAP_FAILED)
		return fail(failure, "cannot map the slots of the virtual routers: %s",
			    strerror(errno));
	dataplane->slots = memory;
	return 0;
}

static void forget(struct slot_record *record)
{
	free(record->vips.keys);
	free(record->peers.keys);
	free(record->keys.keys);
	*record = (struct slot_record){0};
}

void slots_close(struct dataplane *dataplane)
{
	for (unsigned slot = 0; slot < XVRRP_SLOTS_MAX; slot++)
		forget(&dataplane->records[slot]);
	if (dataplane->slots)
		munmap(dataplane->slots, slots_size());
	dataplane->slots = NULL;
}

void slots_expire(struct dataplane *dataplane)
{
	for (unsigned slot = 0; dataplane->slots && slot < XVRRP_SLOTS_MAX; slot++)
		dataplane_set_lease(&dataplane->slots[slot], 0);
}

/* ---- keys ---- */

size_t key_size(enum dataplane_map map)
{
	_Static_assert(sizeof(struct peer_key) == sizeof(struct vip_key), "room for either");
	return map == MAP_VR_INDEX ? sizeof(struct vr_key) : sizeof(struct vip_key);
}

struct key_list *key_list(struct dataplane *dataplane, enum dataplane_map map, unsigned slot)
{
	struct slot_record *record = &dataplane->records[slot];

	if (map == MAP_PEER_INDEX)
		return &record->peers;
	return map == MAP_VIP_INDEX ? &record->vips : &record->keys;
}

static void *at(const struct key_list *list, unsigned position, size_t size)
{
	return (char *)list->keys + position * size;
}

bool key_list_append(struct key_list *list, const void *key, size_t size)
{
	void *grown = realloc(list->keys, (list->count + 1) * size);

	if (!grown)
		return false;
	list->keys = grown;
	memcpy(at(list, list->count++, size), key, size);
	return true;
}

static unsigned position_of(const struct key_list *list, const void *key, size_t size)
{
	unsigned position = 0;

	while (position < list->count && memcmp(at(list, position, size), key, size) != 0)
		position++;
	return position;
}

/* Of one that is not kept yet: change places with the first of those. */
static void keep(struct key_list *list, unsigned position, size_t size)
{
	char key[sizeof(struct vip_key)];

	memcpy(key, at(list, position, size), size);
	memcpy(at(list, position, size), at(list, list->kept, size), size);
	memcpy(at(list, list->kept++, size), key, size);
}

/* Of one that is not kept. */
static void drop(struct key_list *list, unsigned position, size_t size)
{
	memmove(at(list, position, size), at(list, --list->count, size), size);
}

/*
 * Make a key lead to a slot, and keep it: a new one, one that leads there already, or one of an
 * adopted slot that has not kept it. Returns EEXIST if it is another slot's, or another errno.
 */
static int lead(struct dataplane *dataplane, enum dataplane_map map, unsigned slot, const void *key)
{
	struct key_list *list = key_list(dataplane, map, slot), *other = NULL;
	size_t size = key_size(map);
	unsigned position = 0;
	__u32 holder;

	if (!bpf_map_lookup_elem(dataplane->map_fd[map], key, &holder)) {
		if (holder >= XVRRP_SLOTS_MAX)
			return EEXIST;
		other = key_list(dataplane, map, holder);
		position = position_of(other, key, size);
		if (position < other->kept)
			return holder == slot ? 0 : EEXIST;
		if (position == other->count)
			return EEXIST;
	}
	if (other == list) {
		keep(list, position, size);
		return 0;
	}
	if (!key_list_append(list, key, size))
		return ENOMEM;
	if (bpf_map_update_elem(dataplane->map_fd[map], key, &slot,
				other ? BPF_ANY : BPF_NOEXIST)) {
		list->count--;
		return errno;
	}
	keep(list, list->count - 1, size);
	if (other)
		drop(other, position, size);
	return 0;
}

/* Delete the entries of a list from number `from` on. */
static void mislead(struct dataplane *dataplane, enum dataplane_map map, unsigned slot,
		    unsigned from)
{
	struct key_list *list = key_list(dataplane, map, slot);

	while (list->count > from) {
		list->count--;
		bpf_map_delete_elem(dataplane->map_fd[map], at(list, list->count, key_size(map)));
	}
}

static int index_add(struct dataplane *dataplane, unsigned slot, const struct vr_key *key,
		     struct failure *failure)
{
	int error = lead(dataplane, MAP_VR_INDEX, slot, key);

	if (error == EEXIST)
		return fail(failure,
			    "VRID %u is in use on this interface (index %u, VLAN %u, IPv%u) "
			    "already",
			    key->vrid, key->ifindex, key->vlan, key->family);
	if (error)
		return fail(failure, "cannot add VRID %u to the map vr_index: %s", key->vrid,
			    strerror(error));
	return 0;
}

/* ---- slots ---- */

int dataplane_slot_find(const struct dataplane *dataplane, const struct vr_key *key)
{
	__u32 slot;

	if (!dataplane->adopted ||
	    bpf_map_lookup_elem(dataplane->map_fd[MAP_VR_INDEX], key, &slot) ||
	    slot >= XVRRP_SLOTS_MAX ||
	    memcmp(&dataplane->slots[slot].identity.key, key, sizeof(*key)) != 0)
		return -1;
	return (int)slot;
}

int dataplane_slot_of(const struct dataplane *dataplane, int ifindex, enum vrrp_family family,
		      uint8_t vrid)
{
	for (int slot = 0; dataplane->adopted && slot < XVRRP_SLOTS_MAX; slot++) {
		const struct vr_identity *identity = &dataplane->slots[slot].identity;

		/* There are no records before dataplane_load(): the map says who is alive. */
		if (identity->ifindex == (__u32)ifindex && identity->key.family == family &&
		    identity->key.vrid == vrid &&
		    dataplane_slot_find(dataplane, &identity->key) == slot)
			return slot;
	}
	return -1;
}

int dataplane_orphan(const struct dataplane *dataplane, unsigned from)
{
	for (unsigned slot = from; slot < XVRRP_SLOTS_MAX; slot++)
		if (dataplane->records[slot].orphan)
			return (int)slot;
	return -1;
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

static int claim(struct dataplane *dataplane, int slot)
{
	struct slot_record *record = &dataplane->records[slot];

	record->orphan = false;
	record->keys.kept = 1;
	return slot;
}

int dataplane_slot_new(struct dataplane *dataplane, const struct vr_key *key, bool *adopted,
		       struct failure *failure)
{
	int slot = dataplane_slot_find(dataplane, key);

	*adopted = slot >= 0 && dataplane->records[slot].orphan;
	if (*adopted)
		return claim(dataplane, slot);
	slot = find_free(dataplane);
	if (slot < 0)
		return fail(failure, "more than %d virtual routers", XVRRP_SLOTS_MAX);
	memset(&dataplane->slots[slot], 0, sizeof(struct vr_slot));
	dataplane->slots[slot].identity.key = *key;
	dataplane->slots[slot].counted_since_s = (__u64)(wall_clock_us() / 1000000);
	vr_stats_clear(dataplane, (unsigned)slot);
	dataplane->records[slot].used = true;
	if (index_add(dataplane, (unsigned)slot, key, failure)) {
		dataplane_slot_free(dataplane, (unsigned)slot);
		return -1;
	}
	dataplane->next_slot = (unsigned)slot + 1;
	return slot;
}

void dataplane_slot_settle(struct dataplane *dataplane, unsigned slot)
{
	struct slot_record *record = &dataplane->records[slot];

	mislead(dataplane, MAP_VIP_INDEX, slot, record->vips.kept);
	mislead(dataplane, MAP_PEER_INDEX, slot, record->peers.kept);
	mislead(dataplane, MAP_VR_INDEX, slot, record->keys.kept);
}

/* The first key is its own. */
void dataplane_slot_unsettle(struct dataplane *dataplane, unsigned slot)
{
	struct slot_record *record = &dataplane->records[slot];

	record->vips.kept = 0;
	record->peers.kept = 0;
	record->keys.kept = 1;
}

void dataplane_slot_free(struct dataplane *dataplane, unsigned slot)
{
	dataplane_set_lease(&dataplane->slots[slot], 0);
	mislead(dataplane, MAP_VIP_INDEX, slot, 0);
	mislead(dataplane, MAP_PEER_INDEX, slot, 0);
	mislead(dataplane, MAP_VR_INDEX, slot, 0);
	memset(&dataplane->slots[slot], 0, sizeof(struct vr_slot));
	forget(&dataplane->records[slot]);
}

struct vr_slot *dataplane_slot(struct dataplane *dataplane, unsigned slot)
{
	return &dataplane->slots[slot];
}

const struct vip_key *dataplane_slot_vips(const struct dataplane *dataplane, unsigned slot,
					  unsigned *count)
{
	const struct key_list *list = &dataplane->records[slot].vips;

	*count = list->count;
	return list->keys;
}

const struct peer_key *dataplane_slot_peers(const struct dataplane *dataplane, unsigned slot,
					    unsigned *count)
{
	const struct key_list *list = &dataplane->records[slot].peers;

	*count = list->count;
	return list->keys;
}

int dataplane_alias_add(struct dataplane *dataplane, unsigned slot, const struct vr_key *key,
			struct failure *failure)
{
	return index_add(dataplane, slot, key, failure);
}

int dataplane_vip_add(struct dataplane *dataplane, unsigned slot, const struct vip_key *key,
		      struct failure *failure)
{
	int error = lead(dataplane, MAP_VIP_INDEX, slot, key);
	char text[ADDR_TEXT_LEN];

	if (error == EEXIST)
		return fail(failure,
			    "%s belongs to another virtual router on this interface "
			    "(index %u, VLAN %u) already",
			    addr_format(&key->address, text), key->ifindex, key->vlan);
	if (error)
		return fail(failure, "cannot add %s to the map vip_index: %s",
			    addr_format(&key->address, text),
			    error == E2BIG ? "it is full" : strerror(error));
	return 0;
}

int dataplane_peer_add(struct dataplane *dataplane, unsigned slot, const struct vrrp_addr *peer,
		       const struct peer_hops *hops, struct failure *failure)
{
	struct key_list *list = key_list(dataplane, MAP_PEER_INDEX, slot);
	struct peer_key key = {.slot = slot, .address = *peer};
	unsigned position = position_of(list, &key, sizeof(key));
	char text[ADDR_TEXT_LEN];

	if (position == list->count && !key_list_append(list, &key, sizeof(key)))
		return fail(failure, "out of memory");
	if (position >= list->kept)
		keep(list, position, sizeof(key));
	if (bpf_map_update_elem(dataplane->map_fd[MAP_PEER_INDEX], &key, hops, BPF_ANY))
		return fail(failure, "cannot add %s to the map peer_index: %s",
			    addr_format(peer, text),
			    errno == E2BIG ? "it is full" : strerror(errno));
	return 0;
}

void dataplane_decide(struct vr_slot *slot, int64_t superior_ns)
{
	__atomic_store_n(&slot->decided_ns, (__u64)superior_ns, __ATOMIC_SEQ_CST);
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
	seen.superior_ns = (int64_t)__atomic_load_n(&slot->superior_ns, __ATOMIC_SEQ_CST);
	return seen;
}
