/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data plane as a whole. What belongs to it:
 *
 *   dataplane_load.c	the BPF object into the kernel, and why the kernel refused
 *   dataplane_pins.c	the directory of pins, its bpffs, its lock
 *   dataplane_slots.c	virtual routers: slots and the hashes that lead to them
 *   dataplane_report.c	events and counters
 *   attach.c		which program goes where on an interface; attach_xdp.c, attach_tc.c,
 *			attach_clsact.c: how
 *
 * Everything is pinned, because the programs, which are the fence of the lease (I1), must outlive
 * an agent that is killed. An agent that leaves its data plane to a successor therefore just exits;
 * dataplane_close() is for a clean stop.
 */
#include "sys/dataplane.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
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

/* The ABI version of the pinned maps, 0 = there are none, or from before there was a version. */
static __u32 pinned_version(const struct dataplane *dataplane)
{
	char path[DATAPLANE_PATH_MAX + 8];
	struct xvrrp_abi abi = {0};
	__u32 zero = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/abi", dataplane->pin_dir);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	if (bpf_map_lookup_elem(fd, &zero, &abi))
		abi.version = 0;
	close(fd);
	return abi.version;
}

static void remove_filters_everywhere(struct dataplane *dataplane)
{
	struct if_nameindex *interfaces = if_nameindex();

	for (struct if_nameindex *i = interfaces; i && i->if_index; i++)
		clsact_remove(dataplane, (int)i->if_index);
	if_freenameindex(interfaces);
}

/*
 * What an agent that died left: replace it. This is the place where a set of maps of our version
 * would be adopted instead.
 */
static void replace_stale(struct dataplane *dataplane)
{
	__u32 version = pinned_version(dataplane);
	unsigned pins;

	if (!pins_stale(dataplane))
		return;
	remove_filters_everywhere(dataplane);
	pins = pins_clear(dataplane);
	log_notice("replaced the data plane that an earlier agent left in %s (%u pins, ABI %u)",
		   dataplane->pin_dir, pins, version);
}

static int write_version(struct dataplane *dataplane, struct failure *failure)
{
	struct xvrrp_abi abi = {.version = XVRRP_ABI_VERSION, .slots = XVRRP_SLOTS_MAX};
	__u32 zero = 0;

	if (bpf_map_update_elem(bpf_map__fd(dataplane->skeleton->maps.abi), &zero, &abi, BPF_ANY))
		return fail(failure, "cannot write the map abi: %s", strerror(errno));
	return 0;
}

static int open_all(struct dataplane *dataplane, const char *pin_dir, struct failure *failure)
{
	if (pins_open(dataplane, pin_dir, failure))
		return -1;
	/* Before anything of a predecessor goes: if this fails, its fence stays. */
	dataplane->skeleton = dataplane_load(failure);
	if (!dataplane->skeleton)
		return -1;
	replace_stale(dataplane);
	dataplane->pinned = true;
	if (write_version(dataplane, failure) || pins_add_maps(dataplane, failure) ||
	    slots_open(dataplane, failure) || reports_open(dataplane, failure))
		return -1;
	return 0;
}

bool dataplane_left_behind(const char *pin_dir)
{
	char path[DATAPLANE_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/vr_slots", pin_dir);
	return !access(path, F_OK);
}

struct dataplane *dataplane_open(const char *pin_dir, struct failure *failure)
{
	struct dataplane *dataplane = calloc(1, sizeof(*dataplane));

	if (!dataplane) {
		fail(failure, "out of memory");
		return NULL;
	}
	dataplane->lock_fd = -1;
	if (open_all(dataplane, pin_dir, failure)) {
		dataplane_close(dataplane);
		return NULL;
	}
	return dataplane;
}

void dataplane_close(struct dataplane *dataplane)
{
	if (!dataplane)
		return;
	slots_close(dataplane); /* no lease is left when the programs go */
	while (dataplane->attachments)
		dataplane_detach(dataplane, dataplane->attachments->ifindex);
	reports_close(dataplane);
	if (dataplane->pinned)
		pins_clear(dataplane);
	if (dataplane->skeleton)
		xvrrp_bpf__destroy(dataplane->skeleton);
	pins_close(dataplane);
	free(dataplane);
}
