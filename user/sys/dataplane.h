/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BPF programs and maps: loading, pinning, attaching, and the slots in mapped memory.
 */
#ifndef SYS_DATAPLANE_H
#define SYS_DATAPLANE_H

#include <net/if.h>

#include "abi.h"
#include "core/event.h"
#include "sys/failure.h"

struct dataplane;

enum xdp_mode {
	XDP_MODE_AUTO,
	XDP_MODE_NATIVE,
	XDP_MODE_GENERIC,
	XDP_MODE_TC, /* no XDP: tc ingress does all */
};

/* "auto", "native", "generic", "tc". */
const char *xdp_mode_name(enum xdp_mode mode);
bool xdp_mode_parse(const char *name, enum xdp_mode *mode);

/*
 * Load the programs, pin the maps below `pin_dir` (PIN_DIR/vr_slots ..., links in PIN_DIR/links/),
 * and map the slots. Pins left by an agent that died are replaced, their programs detached, with a
 * log line; not so if loading fails, because its fence is better than none. Fails if another agent
 * that lives uses `pin_dir`.
 *
 * Where no bpffs is, one is mounted: for a directory in /sys/fs/bpf there, for any other on
 * `pin_dir` itself, whose parent must exist.
 */
struct dataplane *dataplane_open(const char *pin_dir, struct failure *failure);

/* Has an agent that died left its maps below `pin_dir`? dataplane_open() would replace them. */
bool dataplane_left_behind(const char *pin_dir);

/*
 * Detach and unpin everything, unload, and unmount what was mounted, unless others have pins there.
 * NULL is allowed. To leave all to a successor, exit without it.
 */
void dataplane_close(struct dataplane *dataplane);

/* ---- virtual routers ---- */

/* A zeroed slot whose identity.key is `key`, found by vr_index. Returns its number or -1. */
int dataplane_slot_new(struct dataplane *dataplane, const struct vr_key *key,
		       struct failure *failure);
/* Also forgets the slot's aliases and virtual addresses. */
void dataplane_slot_free(struct dataplane *dataplane, unsigned slot);
struct vr_slot *dataplane_slot(struct dataplane *dataplane, unsigned slot);

/* Frames to the virtual MAC on another interface (a virtual address with `dev`) are ours too. */
int dataplane_alias_add(struct dataplane *dataplane, unsigned slot, const struct vr_key *key,
			struct failure *failure);
int dataplane_vip_add(struct dataplane *dataplane, unsigned slot, const struct vip_key *key,
		      struct failure *failure);

/* The lease and the stamps of a slot, with the memory ordering that the promotion race needs. */
void dataplane_set_lease(struct vr_slot *slot, int64_t until_ns);
struct vr_evidence dataplane_evidence(const struct vr_slot *slot);

/* ---- what the programs tell ---- */

typedef void dataplane_event_fn(const struct xvrrp_event *event, void *data);

/* A descriptor that is readable when there are events. */
int dataplane_events_fd(const struct dataplane *dataplane);
/* Hand every waiting event to `handler`; no system call when there is none. */
void dataplane_consume(struct dataplane *dataplane, dataplane_event_fn *handler, void *data);

/* Sums over the CPUs; all zero if it cannot be read. */
struct vr_stats dataplane_vr_stats(const struct dataplane *dataplane, unsigned slot);
struct if_stats dataplane_if_stats(const struct dataplane *dataplane, int ifindex);

/* ---- interfaces ---- */

struct attach_status {
	enum xdp_mode mode; /* never AUTO */
	char reason[200];   /* why this one, for status: "veth: native XDP_TX needs a program on the
			       peer" */
};

/*
 * Attach the programs to an interface: XDP as `wanted` says, tc ingress, tc egress. `kind` is
 * struct link's. With AUTO a foreign XDP program, or a device without XDP, means tc, with the
 * reason in `status`; an explicit mode that cannot be had is an error that says why, and nothing of
 * ours stays attached. On an interface that has its programs: put back what another tool removed,
 * change the mode if need be, and leave the rest as it is.
 */
int dataplane_attach(struct dataplane *dataplane, int ifindex, const char *name, const char *kind,
		     enum xdp_mode wanted, struct attach_status *status, struct failure *failure);
/* Also for an interface that is gone already. */
void dataplane_detach(struct dataplane *dataplane, int ifindex);

#endif
