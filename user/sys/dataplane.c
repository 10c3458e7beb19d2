/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data plane as a whole. What belongs to it:
 *
 *   dataplane_load.c	the BPF object into the kernel, and why the kernel refused
 *   dataplane_adopt.c	the maps of an earlier agent, if they are a whole set of our ABI
 *   dataplane_pins.c	the directory of pins, its bpffs, its lock
 *   dataplane_slots.c	virtual routers: slots and the hashes that lead to them
 *   dataplane_report.c	events and counters
 *   attach.c		which program goes where on an interface; attach_xdp.c, attach_tc.c,
 *			attach_clsact.c: how; attach_links.c: what keeps it there; attach_check.c:
 *			is it still there
 *
 * Everything is pinned, because the programs, which are the fence of the lease (I1), must outlive
 * an agent that is killed. An agent that leaves its data plane to a successor therefore just exits,
 * and the successor takes the maps over, then the links, each in place (I8). What it cannot take
 * over it replaces, and not before its own maps and programs are in the kernel: until then an old
 * fence is better than none. dataplane_close() is for a clean stop, whatever stage was reached.
 */
#include "sys/dataplane.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/attach_private.h"
#include "sys/log.h"
#include "xvrrp.skel.h"

static const char *const mode_names[] = {
	[XDP_MODE_AUTO] = "auto",
	[XDP_MODE_NATIVE] = "native",
	[XDP_MODE_GENERIC] = "generic",
	[XDP_MODE_TC] = "tc",
};

const char *xdp_mode_name(enum xdp_mode mode)
{
	return mode_names[mode];
}

bool xdp_mode_parse(const char *name, enum xdp_mode *mode)
{
	for (enum xdp_mode candidate = XDP_MODE_AUTO; candidate <= XDP_MODE_TC; candidate++)
		if (!strcmp(name, mode_names[candidate])) {
			*mode = candidate;
			return true;
		}
	return false;
}

/* ---- open ---- */

/* The thread that checks attachments may be starved while it holds the lock: lend it our priority.
 */
static void make_lock(struct dataplane *dataplane)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&dataplane->attachments_lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

static struct dataplane *allocate(void)
{
	struct dataplane *dataplane = calloc(1, sizeof(*dataplane));

	if (!dataplane)
		return NULL;
	dataplane->lock_fd = -1;
	for (enum dataplane_map map = 0; map < MAPS; map++)
		dataplane->map_fd[map] = -1;
	make_lock(dataplane);
	return dataplane;
}

static int open_all(struct dataplane *dataplane, const char *pin_dir, struct failure *failure)
{
	if (pins_open(dataplane, pin_dir, failure))
		return -1;
	dataplane->skeleton = skeleton_open(failure);
	if (!dataplane->skeleton)
		return -1;
	dataplane->left_behind = pins_stale(dataplane);
	if (dataplane->left_behind && adopt_maps(dataplane, failure))
		return -1;
	return dataplane->adopted ? pins_make_links(dataplane, failure) : 0;
}

struct dataplane *dataplane_open(const char *pin_dir, struct failure *failure)
{
	struct dataplane *dataplane = allocate();

	if (!dataplane) {
		fail(failure, "out of memory");
		return NULL;
	}
	if (open_all(dataplane, pin_dir, failure)) {
		dataplane_leave(dataplane);
		return NULL;
	}
	return dataplane;
}

bool dataplane_adopted(const struct dataplane *dataplane)
{
	return dataplane->adopted;
}

bool dataplane_left_behind(const struct dataplane *dataplane)
{
	return dataplane->left_behind;
}

/* ---- load ---- */

/* The skeleton closes its own descriptors when loading fails, in whichever thread that is. */
static int take_maps(struct dataplane *dataplane, struct failure *failure)
{
	for (enum dataplane_map map = 0; map < MAPS; map++) {
		int fd = bpf_object__find_map_fd_by_name(dataplane->skeleton->obj, map_names[map]);

		dataplane->map_fd[map] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (dataplane->map_fd[map] < 0)
			return fail(failure, "cannot keep the map %s: %s", map_names[map],
				    strerror(errno));
	}
	return 0;
}

int dataplane_load(struct dataplane *dataplane, struct failure *failure)
{
	dataplane->spare = skeleton_load(dataplane->skeleton, failure) ||
			   (dataplane->adopted ? adopt_slots(dataplane, failure)
					       : take_maps(dataplane, failure));
	dataplane->loaded = !dataplane->spare;
	return dataplane->loaded ? 0 : -1;
}

/* ---- start ---- */

static int write_version(struct dataplane *dataplane, struct failure *failure)
{
	struct xvrrp_abi abi = {.version = XVRRP_ABI_VERSION, .slots = XVRRP_SLOTS_MAX};
	__u32 zero = 0;

	if (bpf_map_update_elem(dataplane->map_fd[MAP_ABI], &zero, &abi, BPF_ANY))
		return fail(failure, "cannot write the map abi: %s", strerror(errno));
	return 0;
}

static void tell_adopted(const struct dataplane *dataplane)
{
	unsigned routers = 0;
	char damage[60] = "";

	for (unsigned slot = 0; slot < XVRRP_SLOTS_MAX; slot++)
		routers += dataplane->records[slot].used;
	if (dataplane->damaged)
		snprintf(damage, sizeof(damage), "; %u entries led nowhere and were removed",
			 dataplane->damaged);
	log_notice("adopted the data plane that an earlier agent left in %s: %u virtual routers%s",
		   dataplane->pin_dir, routers, damage);
}

static void replace_stale(struct dataplane *dataplane)
{
	if (!dataplane->left_behind)
		return;
	pins_clear(dataplane);
	log_notice("replaced the data plane that an earlier agent left in %s: %s",
		   dataplane->pin_dir, dataplane->unfit);
}

/* Until nothing can fail any more that would leave us without, an old fence stays. */
static int start_anew(struct dataplane *dataplane, struct failure *failure)
{
	dataplane->spare = true;
	if (slots_open(dataplane, failure) || reports_open(dataplane, failure) ||
	    write_version(dataplane, failure))
		return -1;
	replace_stale(dataplane);
	dataplane->spare = false;
	return pins_make_links(dataplane, failure) || pins_add_maps(dataplane, failure) ? -1 : 0;
}

int dataplane_start(struct dataplane *dataplane, struct failure *failure)
{
	assert(dataplane->loaded);
	if (!dataplane->adopted)
		return start_anew(dataplane, failure);
	tell_adopted(dataplane);
	return 0;
}

void dataplane_settle(struct dataplane *dataplane)
{
	if (!dataplane->adopted)
		return;
	pins_settle(dataplane);
	if_stats_settle(dataplane);
}

/* ---- the end ---- */

static void remove_all(struct dataplane *dataplane)
{
	slots_expire(dataplane); /* no lease is left when the programs go */
	while (dataplane->attachments)
		dataplane_detach(dataplane, dataplane->attachments->ifindex);
	pins_clear(dataplane);
}

void dataplane_close(struct dataplane *dataplane)
{
	if (dataplane && !dataplane->spare)
		remove_all(dataplane);
	dataplane_leave(dataplane);
}

void dataplane_leave(struct dataplane *dataplane)
{
	if (!dataplane)
		return;
	attachments_forget(dataplane);
	reports_close(dataplane);
	slots_close(dataplane);
	for (enum dataplane_map map = 0; map < MAPS; map++)
		if (dataplane->map_fd[map] >= 0)
			close(dataplane->map_fd[map]);
	if (dataplane->skeleton)
		xvrrp_bpf__destroy(dataplane->skeleton);
	pins_close(dataplane);
	pthread_mutex_destroy(&dataplane->attachments_lock);
	free(dataplane);
}
