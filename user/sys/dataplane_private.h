/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files dataplane*.c and attach*.c share; nobody else includes this but their test. */
#ifndef SYS_DATAPLANE_PRIVATE_H
#define SYS_DATAPLANE_PRIVATE_H

#include "sys/dataplane.h"

#define DATAPLANE_PATH_MAX 256

struct attachment;
struct ring_buffer;
struct xvrrp_bpf;

/* What the agent put into the maps for a slot, so that dataplane_slot_free() finds it again. */
struct slot_record {
	bool used;
	struct vr_key *keys; /* the first is identity.key, the others are aliases */
	unsigned key_count;
	struct vip_key *vips;
	unsigned vip_count;
};

struct dataplane {
	struct xvrrp_bpf *skeleton;
	char pin_dir[DATAPLANE_PATH_MAX]; /* canonical */
	int lock_fd;			  /* flock on pin_dir: one agent per set of pins */
	bool pinned;			  /* the pins below pin_dir are this agent's */
	bool no_tcx;			  /* the kernel has no tcx: clsact filters instead */

	struct vr_slot *slots; /* the map vr_slots, mapped */
	struct slot_record records[XVRRP_SLOTS_MAX];
	unsigned next_slot; /* where to look for a free one */

	struct ring_buffer *ring;
	dataplane_event_fn *handler; /* inside dataplane_consume() */
	void *handler_data;

	struct attachment *attachments;
};

/* ---- dataplane_load.c ---- */

/* Load programs and maps into the kernel. NULL with a text that says what to do. */
struct xvrrp_bpf *dataplane_load(struct failure *failure);
/* What libbpf complained about last since the last call of libbpf_note_clear(), "" = nothing. */
const char *libbpf_note(void);
void libbpf_note_clear(void);

/* ---- dataplane_pins.c ---- */

/*
 * Make `dataplane->pin_dir`, a directory on a bpffs, out of `pin_dir`, and lock it.
 *
 * Where its parent is a bpffs, or is /sys/fs/bpf where one belongs, PIN_DIR is a directory in that
 * one. Anywhere else PIN_DIR itself becomes the mount point of a bpffs of its own. A bpffs that an
 * agent mounted carries "xvrrpd" as its source in /proc/mounts: so a later agent knows it, and
 * unmounts it when it is left empty. It is a failure if PIN_DIR holds anything but what agents pin.
 */
int pins_open(struct dataplane *dataplane, const char *pin_dir, struct failure *failure);
/* Remove the directories and the mount that pins_open() made, unless others use them; unlock. */
void pins_close(struct dataplane *dataplane);

/* Did an earlier agent leave something? */
bool pins_stale(const struct dataplane *dataplane);
/* Detach an agent's pinned links and remove its pins, nobody else's; returns how many there were.
 */
unsigned pins_clear(struct dataplane *dataplane);
int pins_add_maps(struct dataplane *dataplane, struct failure *failure);

/* ---- dataplane_slots.c ---- */

int slots_open(struct dataplane *dataplane, struct failure *failure);
void slots_close(struct dataplane *dataplane);

/* ---- dataplane_report.c ---- */

int reports_open(struct dataplane *dataplane, struct failure *failure);
void reports_close(struct dataplane *dataplane);
/* All counters of a slot to zero; an entry of if_stats of its own for an interface, or none. */
void vr_stats_clear(struct dataplane *dataplane, unsigned slot);
int if_stats_add(struct dataplane *dataplane, int ifindex, struct failure *failure);
void if_stats_remove(struct dataplane *dataplane, int ifindex);

#endif
