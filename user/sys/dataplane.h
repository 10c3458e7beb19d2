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
 * Three steps to a data plane, because the second takes long and the first may have found a role
 * that must be kept up meanwhile (I8):
 *
 *   dataplane_open()	locks `pin_dir` and adopts the maps below it (PIN_DIR/vr_slots ...) if they
 *			are a whole set of our ABI; no program is loaded, nothing on any interface
 *			is touched. Fast. What cannot be adopted stays until dataplane_start().
 *   dataplane_load()	makes or takes over the maps and loads the programs; tens of milliseconds of
 *			verifier. May run in another thread while this one uses what was adopted.
 *   dataplane_start()	replaces pins that could not be adopted, their programs detached, with a log
 *			line that says why; pins; from here on everything below works.
 *
 * The first fails if another agent that lives uses `pin_dir`. If one of them fails, what an earlier
 * agent left stays, also in dataplane_close(): its fence is better than none. If a start fails for
 * another reason, call dataplane_leave() instead to the same end.
 *
 * Where no bpffs is, one is mounted: for a directory in /sys/fs/bpf there, for any other on
 * `pin_dir` itself, whose parent must exist.
 */
struct dataplane *dataplane_open(const char *pin_dir, struct failure *failure);
int dataplane_load(struct dataplane *dataplane, struct failure *failure);
int dataplane_start(struct dataplane *dataplane, struct failure *failure);

/* After dataplane_open(): were maps adopted? Then slots and events work already. */
bool dataplane_adopted(const struct dataplane *dataplane);
/* After dataplane_open(): is there something of an earlier agent, adopted or to be replaced? */
bool dataplane_left_behind(const struct dataplane *dataplane);

/*
 * The end of a start, once every virtual router has its slot and every interface its programs:
 * whatever else an adopted set has (links, filters, counters of other interfaces) goes. Slots of
 * virtual routers that nobody asked for must have been freed before, see dataplane_orphan(). May
 * run in another thread, beside everything else here.
 */
void dataplane_settle(struct dataplane *dataplane);

/*
 * Detach and unpin everything, unload, and unmount what was mounted, unless others have pins there.
 * NULL is allowed.
 */
void dataplane_close(struct dataplane *dataplane);

/* Only forget: programs and maps stay where they are, for a successor to adopt. NULL is allowed. */
void dataplane_leave(struct dataplane *dataplane);

/* ---- virtual routers ---- */

/*
 * A slot whose identity.key is `key`, found by vr_index. Returns its number or -1. Zeroed, unless
 * it is adopted (`*adopted`): then it is as the earlier agent left it, with its counters, and its
 * aliases and virtual addresses stay only if they are added once more until
 * dataplane_slot_settle().
 */
int dataplane_slot_new(struct dataplane *dataplane, const struct vr_key *key, bool *adopted,
		       struct failure *failure);
void dataplane_slot_settle(struct dataplane *dataplane, unsigned slot);

/*
 * The reverse, for a slot in use: from here on its aliases, virtual addresses and peers are as
 * those of an adopted one. They work on, another slot may take over an address, and what is not
 * added once more goes with dataplane_slot_settle().
 */
void dataplane_slot_unsettle(struct dataplane *dataplane, unsigned slot);

/*
 * Between dataplane_open() and dataplane_start(): the adopted slot of this key, -1 = none. It may
 * be looked at and written to, but belongs to nobody until dataplane_slot_new().
 */
int dataplane_slot_find(const struct dataplane *dataplane, const struct vr_key *key);
/* The same, for who does not know yet where the programs see the interface: by identity.ifindex. */
int dataplane_slot_of(const struct dataplane *dataplane, int ifindex, enum vrrp_family family,
		      uint8_t vrid);

/*
 * After dataplane_start(): the first adopted slot from number `from` on that nobody has asked for,
 * -1 = none. It has its identity, memory, virtual addresses and peers; free it.
 */
int dataplane_orphan(const struct dataplane *dataplane, unsigned from);
const struct vip_key *dataplane_slot_vips(const struct dataplane *dataplane, unsigned slot,
					  unsigned *count);
const struct peer_key *dataplane_slot_peers(const struct dataplane *dataplane, unsigned slot,
					    unsigned *count);

/* Also forgets the slot's aliases, virtual addresses and peers. */
void dataplane_slot_free(struct dataplane *dataplane, unsigned slot);
struct vr_slot *dataplane_slot(struct dataplane *dataplane, unsigned slot);

/* Frames to the virtual MAC on another interface (a virtual address with `dev`) are ours too. */
int dataplane_alias_add(struct dataplane *dataplane, unsigned slot, const struct vr_key *key,
			struct failure *failure);
int dataplane_vip_add(struct dataplane *dataplane, unsigned slot, const struct vip_key *key,
		      struct failure *failure);

/* One that may speak to a slot with SLOT_UNICAST; an adopted slot's stay only if added once more.
 */
int dataplane_peer_add(struct dataplane *dataplane, unsigned slot, const struct vrrp_addr *peer,
		       const struct peer_hops *hops, struct failure *failure);

/*
 * Before a lease: who decides upon it knows the evidence up to this superior_ns. A later one keeps
 * the programs silent until there is another decision.
 */
void dataplane_decide(struct vr_slot *slot, int64_t superior_ns);

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

/*
 * ---- interfaces ----
 *
 * All of this asks the kernel, which may take milliseconds for each link, or wait for its routing
 * lock: the functions below and dataplane_settle() may run in another thread, beside each other and
 * everything else here.
 */

struct attach_status {
	enum xdp_mode mode; /* never AUTO */
	char reason[200];   /* why this one, for status: "veth: native XDP_TX needs a program on the
			       peer" */
};

/*
 * Attach the programs to an interface: XDP as `wanted` says, tc ingress, tc egress. `kind` is
 * struct link's; `tagged` says that VLANs lie on it. XDP is for where it sees the tags of frames:
 * offloads that take them off are turned off until it is detached, and where that cannot be it is
 * as if the device had no XDP. With AUTO a foreign XDP program, or a device without XDP, means tc,
 * with the reason in `status`; an explicit mode that cannot be had is an error that says why, and
 * nothing of ours stays attached. On an interface that has its programs, also those of an earlier
 * agent whose links are pinned: update them in place, without a gap, put back what another tool
 * removed, change the mode if need be; if that fails, what works there stays. With adopted maps it
 * may be called once dataplane_load() has succeeded.
 */
int dataplane_attach(struct dataplane *dataplane, int ifindex, const char *name, const char *kind,
		     bool tagged, enum xdp_mode wanted, struct attach_status *status,
		     struct failure *failure);
/* Also for an interface that is gone already. */
void dataplane_detach(struct dataplane *dataplane, int ifindex);

/*
 * Are all programs where dataplane_attach() put them? Stores the indexes of up to `max` interfaces
 * where another tool has removed or replaced one (dataplane_attach() again puts it back), or hides
 * VLAN tags from it, or where
 * the last dataplane_attach() failed and left something, and returns how many. Interfaces that are
 * gone are not among them.
 */
unsigned dataplane_check(struct dataplane *dataplane, int *ifindexes, unsigned max);

#endif
