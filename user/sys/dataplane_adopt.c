/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adopting the maps of an earlier agent (I8): all of them or none. Maps of another layout would be
 * read and written wrongly, and half a set has lost what the other half refers to; either is
 * replaced by dataplane_start().
 *
 * Within a set that fits, nothing is taken for granted, because the agent before may have died
 * between any two of its steps: an entry that leads to no slot, or to a slot of another virtual
 * router, is deleted. A slot that no entry leads to is free.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/dataplane_private.h"
#include "xvrrp.skel.h"

/* ---- maps ---- */

__attribute__((format(printf, 2, 3))) static bool unfit(struct dataplane *dataplane,
							const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(dataplane->unfit, sizeof(dataplane->unfit), format, arguments);
	va_end(arguments);
	return false;
}

static struct bpf_map *declared(const struct dataplane *dataplane, enum dataplane_map map)
{
	return bpf_object__find_map_by_name(dataplane->skeleton->obj, map_names[map]);
}

/* Of anything that is no map the kernel tells something else, which does not fit either. */
static bool has_our_layout(const struct bpf_map *map, int fd)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map) &&
	       info.map_flags == bpf_map__map_flags(map) &&
	       !strncmp(info.name, bpf_map__name(map), sizeof(info.name));
}

static bool get_pin(struct dataplane *dataplane, enum dataplane_map map)
{
	char path[DATAPLANE_PATH_MAX + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dataplane->pin_dir, map_names[map]);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return unfit(dataplane, "map %s %s", map_names[map],
			     errno == ENOENT ? "is missing" : strerror(errno));
	dataplane->map_fd[map] = fd;
	return true;
}

static bool is_our_version(struct dataplane *dataplane)
{
	struct xvrrp_abi abi;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(dataplane->map_fd[MAP_ABI], &zero, &abi))
		return unfit(dataplane, "map abi cannot be read: %s", strerror(errno));
	if (abi.version != XVRRP_ABI_VERSION)
		return unfit(dataplane, "another ABI (%u)", abi.version);
	if (abi.slots != XVRRP_SLOTS_MAX)
		return unfit(dataplane, "another number of slots (%u)", abi.slots);
	return true;
}

/* The version first: of another one, other sizes are only a consequence. */
static bool pins_fit(struct dataplane *dataplane)
{
	for (enum dataplane_map map = 0; map < MAPS; map++) {
		if (!get_pin(dataplane, map))
			return false;
		if (!has_our_layout(declared(dataplane, map), dataplane->map_fd[map]))
			return unfit(dataplane, "map %s has other sizes", map_names[map]);
		if (map == MAP_ABI && !is_our_version(dataplane))
			return false;
	}
	return true;
}

static bool usable(struct dataplane *dataplane)
{
	struct failure why;

	return (!slots_open(dataplane, &why) && !reports_open(dataplane, &why)) ||
	       unfit(dataplane, "%.90s", why.text);
}

static void give_back(struct dataplane *dataplane)
{
	reports_close(dataplane);
	slots_close(dataplane);
	for (enum dataplane_map map = 0; map < MAPS; map++) {
		if (dataplane->map_fd[map] >= 0)
			close(dataplane->map_fd[map]);
		dataplane->map_fd[map] = -1;
	}
}

int adopt_maps(struct dataplane *dataplane, struct failure *failure)
{
	if (!pins_fit(dataplane) || !usable(dataplane)) {
		give_back(dataplane);
		return 0;
	}
	for (enum dataplane_map map = 0; map < MAPS; map++)
		if (bpf_map__reuse_fd(declared(dataplane, map), dataplane->map_fd[map]))
			return fail(failure, "cannot take the pinned map %s over: %s",
				    map_names[map], strerror(errno));
	dataplane->adopted = true;
	return 0;
}

/* ---- slots ---- */

int map_walk(struct dataplane *dataplane, enum dataplane_map map, map_entry_fn *entry)
{
	int fd = dataplane->map_fd[map], result = 0;
	char key[sizeof(struct vip_key)], next[sizeof(key)];
	bool more = !bpf_map_get_next_key(fd, NULL, next);

	while (more && !result) {
		memcpy(key, next, sizeof(key));
		more = !bpf_map_get_next_key(fd, key, next);
		result = entry(dataplane, key);
	}
	return result;
}

/* The slot that a key leads to, XVRRP_SLOTS_MAX = to none. */
static unsigned leads_to(const struct dataplane *dataplane, enum dataplane_map map, const void *key)
{
	__u32 slot;

	if (bpf_map_lookup_elem(dataplane->map_fd[map], key, &slot) || slot > XVRRP_SLOTS_MAX)
		return XVRRP_SLOTS_MAX;
	return slot;
}

static int note(struct dataplane *dataplane, enum dataplane_map map, const void *key, unsigned slot)
{
	return key_list_append(key_list(dataplane, map, slot), key, key_size(map)) ? 0 : -1;
}

static int damaged(struct dataplane *dataplane, enum dataplane_map map, const void *key)
{
	dataplane->damaged++;
	bpf_map_delete_elem(dataplane->map_fd[map], key);
	return 0;
}

static bool is_own_key(const struct dataplane *dataplane, unsigned slot, const struct vr_key *key)
{
	return slot < XVRRP_SLOTS_MAX &&
	       !memcmp(&dataplane->slots[slot].identity.key, key, sizeof(*key));
}

static int note_router(struct dataplane *dataplane, const void *key)
{
	unsigned slot = leads_to(dataplane, MAP_VR_INDEX, key);

	if (!is_own_key(dataplane, slot, key))
		return 0;
	dataplane->records[slot].used = true;
	dataplane->records[slot].orphan = true;
	return note(dataplane, MAP_VR_INDEX, key, slot);
}

/* Once all own keys are noted: an alias differs from its slot's own key by the interface. */
static int note_alias(struct dataplane *dataplane, const void *entry)
{
	const struct vr_key *key = entry, *own;
	unsigned slot = leads_to(dataplane, MAP_VR_INDEX, key);

	if (is_own_key(dataplane, slot, key))
		return 0;
	if (slot == XVRRP_SLOTS_MAX || !dataplane->records[slot].used)
		return damaged(dataplane, MAP_VR_INDEX, key);
	own = &dataplane->slots[slot].identity.key;
	if (own->family != key->family || own->vrid != key->vrid)
		return damaged(dataplane, MAP_VR_INDEX, key);
	return note(dataplane, MAP_VR_INDEX, key, slot);
}

static int note_vip(struct dataplane *dataplane, const void *key)
{
	unsigned slot = leads_to(dataplane, MAP_VIP_INDEX, key);

	if (slot == XVRRP_SLOTS_MAX || !dataplane->records[slot].used)
		return damaged(dataplane, MAP_VIP_INDEX, key);
	return note(dataplane, MAP_VIP_INDEX, key, slot);
}

static int note_peer(struct dataplane *dataplane, const void *entry)
{
	const struct peer_key *key = entry;

	if (key->slot >= XVRRP_SLOTS_MAX || !dataplane->records[key->slot].used)
		return damaged(dataplane, MAP_PEER_INDEX, key);
	return note(dataplane, MAP_PEER_INDEX, key, key->slot);
}

int adopt_slots(struct dataplane *dataplane, struct failure *failure)
{
	if (map_walk(dataplane, MAP_VR_INDEX, note_router) ||
	    map_walk(dataplane, MAP_VR_INDEX, note_alias) ||
	    map_walk(dataplane, MAP_VIP_INDEX, note_vip) ||
	    map_walk(dataplane, MAP_PEER_INDEX, note_peer))
		return fail(failure, "out of memory");
	return 0;
}
