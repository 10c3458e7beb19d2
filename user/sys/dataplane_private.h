/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files dataplane*.c and attach*.c share; nobody else includes this but their test. */
#ifndef SYS_DATAPLANE_PRIVATE_H
#define SYS_DATAPLANE_PRIVATE_H

#include <pthread.h>

#include "sys/dataplane.h"

#define DATAPLANE_PATH_MAX 256

struct attachment;
struct ring_buffer;
struct xvrrp_bpf;

/* The maps that are pinned. */
enum dataplane_map {
	MAP_ABI,
	MAP_VR_INDEX,
	MAP_VIP_INDEX,
	MAP_PEER_INDEX,
	MAP_VR_SLOTS,
	MAP_VR_STATS,
	MAP_IF_STATS,
	MAP_EVENTS,
	MAPS,
};

/*
 * Keys of one of the three hashes that are about a slot. What an earlier agent put there and this
 * one has not asked for yet stands behind the first `kept` of them.
 */
struct key_list {
	void *keys;
	unsigned count;
	unsigned kept;
};

/* What the maps hold of a slot, so that dataplane_slot_free() finds it again. */
struct slot_record {
	bool used;
	bool orphan;	       /* adopted, and nobody has asked for it yet: nothing is kept */
	struct key_list keys;  /* struct vr_key: the first is identity.key, the others aliases */
	struct key_list vips;  /* struct vip_key */
	struct key_list peers; /* struct peer_key */
};

struct dataplane {
	struct xvrrp_bpf *skeleton;
	int map_fd[MAPS];		  /* our own descriptors, -1 = not yet */
	char pin_dir[DATAPLANE_PATH_MAX]; /* canonical */
	int lock_fd;			  /* flock on pin_dir: one agent per set of pins */
	bool no_tcx;			  /* the kernel has no tcx: clsact filters instead */

	bool left_behind; /* there was something in pin_dir */
	bool adopted;
	bool loaded;
	bool spare;	  /* the start failed: what an earlier agent left is to stay */
	unsigned damaged; /* entries of adopted maps that made no sense */
	char unfit[100];  /* why what was left behind was not adopted */

	struct vr_slot *slots; /* the map vr_slots, mapped */
	struct slot_record records[XVRRP_SLOTS_MAX];
	unsigned next_slot; /* where to look for a free one */

	struct ring_buffer *ring;
	dataplane_event_fn *handler; /* inside dataplane_consume() */
	void *handler_data;

	struct attachment *attachments;	  /* by ascending ifindex */
	pthread_mutex_t attachments_lock; /* of them, and of what they stand for */
};

/* ---- dataplane_load.c ---- */

/* Read the BPF object; nothing is in the kernel yet. NULL on failure. */
struct xvrrp_bpf *skeleton_open(struct failure *failure);
/* Programs, and the maps that it has not got yet, into the kernel; a text that says what to do. */
int skeleton_load(struct xvrrp_bpf *skeleton, struct failure *failure);
/* What libbpf complained about in this thread since the last libbpf_note_clear(), "" = nothing. */
const char *libbpf_note(void);
void libbpf_note_clear(void);

/* ---- dataplane_adopt.c ---- */

/*
 * Take the pinned maps into the skeleton if they are a whole set of our ABI: `adopted`, or why not
 * in `unfit`.
 */
int adopt_maps(struct dataplane *dataplane, struct failure *failure);
/* Note what leads to which slot, and delete what leads nowhere. */
int adopt_slots(struct dataplane *dataplane, struct failure *failure);

/* Return 0 to go on. May delete the entry of `key`. */
typedef int map_entry_fn(struct dataplane *dataplane, const void *key);
/* Call `entry` for every key of a hash until one call does not return 0; returns what it did. */
int map_walk(struct dataplane *dataplane, enum dataplane_map map, map_entry_fn *entry);

/* ---- dataplane_pins.c ---- */

/* By enum dataplane_map; also their names in the kernel. */
extern const char *const map_names[MAPS];

/*
 * Make `dataplane->pin_dir`, a directory on a bpffs, out of `pin_dir`, and lock it.
 *
 * Where its parent is a bpffs, or is /sys/fs/bpf where one belongs, PIN_DIR is a directory in that
 * one. Anywhere else PIN_DIR itself becomes the mount point of a bpffs of its own. A bpffs that an
 * agent mounted carries "xvrrpd" as its source in /proc/mounts: so a later agent knows it, and
 * unmounts it when it is left empty. It is a failure if PIN_DIR holds anything but what agents pin.
 */
int pins_open(struct dataplane *dataplane, const char *pin_dir, struct failure *failure);
/* Remove the directories and the mount that pins_open() made, unless they are in use; unlock. */
void pins_close(struct dataplane *dataplane);

/* Did an earlier agent leave something? */
bool pins_stale(const struct dataplane *dataplane);
/* Detach an agent's pinned links and remove its pins, nobody else's. */
void pins_clear(struct dataplane *dataplane);
/* The same, of links and filters only, where dataplane_attach() has not been called. */
void pins_settle(struct dataplane *dataplane);
int pins_add_maps(struct dataplane *dataplane, struct failure *failure);
int pins_make_links(const struct dataplane *dataplane, struct failure *failure);

/* ---- dataplane_slots.c ---- */

int slots_open(struct dataplane *dataplane, struct failure *failure);
void slots_close(struct dataplane *dataplane);
/* End every lease, also of slots that were adopted and never asked for. */
void slots_expire(struct dataplane *dataplane);

size_t key_size(enum dataplane_map map);
struct key_list *key_list(struct dataplane *dataplane, enum dataplane_map map, unsigned slot);
/* Add a copy of a key at the end, not kept; false without memory. */
bool key_list_append(struct key_list *list, const void *key, size_t size);

/* ---- dataplane_report.c ---- */

int reports_open(struct dataplane *dataplane, struct failure *failure);
void reports_close(struct dataplane *dataplane);
/* All counters of a slot to zero; an entry of if_stats of its own for an interface, or none. */
void vr_stats_clear(struct dataplane *dataplane, unsigned slot);
int if_stats_add(struct dataplane *dataplane, int ifindex, struct failure *failure);
void if_stats_remove(struct dataplane *dataplane, int ifindex);
/* Remove those where dataplane_attach() has not been called. */
void if_stats_settle(struct dataplane *dataplane);

#endif
