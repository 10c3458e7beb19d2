/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The XDP hook. A device takes one program in one of the modes; bpf_link_create() tells no more
 * than an errno when it does not, so that most of this file is about saying what it means.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/attach_private.h"
#include "xvrrp.skel.h"

static int our_fd(const struct dataplane *dataplane)
{
	return bpf_program__fd(dataplane->skeleton->progs.xvrrp_xdp);
}

static void program_name(int fd, char name[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size))
		memcpy(name, info.name, BPF_OBJ_NAME_LEN);
}

static __u32 attached_id(int ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (bpf_xdp_query(ifindex, 0, &query))
		return 0;
	return query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id;
}

bool xdp_foreign(struct dataplane *dataplane, int ifindex, char text[64])
{
	char name[BPF_OBJ_NAME_LEN] = "";
	__u32 id = attached_id(ifindex);
	int fd;

	if (!id || id == program_id(our_fd(dataplane)))
		return false;
	fd = bpf_prog_get_fd_by_id(id);
	program_name(fd, name);
	if (fd >= 0)
		close(fd);
	if (name[0])
		snprintf(text, 64, "'%s' (id %u)", name, id);
	else
		snprintf(text, 64, "with id %u", id); /* the name takes CAP_SYS_ADMIN */
	return true;
}

enum xdp_mode xdp_mode_of(int ifindex, __u32 id)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (!id || bpf_xdp_query(ifindex, 0, &query))
		return XDP_MODE_AUTO;
	return query.drv_prog_id == id	 ? XDP_MODE_NATIVE
	       : query.skb_prog_id == id ? XDP_MODE_GENERIC
					 : XDP_MODE_AUTO;
}

/* Why the kernel or the driver refused, and what helps, as measured on drivers and in sources. */
static const char *meaning(int error, enum xdp_mode mode)
{
	switch (error) {
	case EOPNOTSUPP:
		return mode == XDP_MODE_NATIVE ? "the driver has no native XDP"
					       : "the device has no generic XDP";
	case EEXIST:
		return "a device above it (bond, team, VLAN) has an XDP program already";
	case ERANGE:
	case EINVAL:
		return "the driver refuses XDP with its present settings: lower the MTU, turn LRO "
		       "off (ethtool -K DEVICE lro off), or use fewer queues (ethtool -L)";
	case ENOSPC:
	case ENOMEM:
		return "the device has not enough queues or memory for XDP: use fewer channels "
		       "(ethtool -L DEVICE combined N)";
	case EPERM:
		return "run as root or with CAP_BPF and CAP_NET_ADMIN";
	case ENODEV:
		return "the interface is gone";
	}
	return strerror(error);
}

static int explain(struct dataplane *dataplane, const struct attachment *attachment,
		   enum xdp_mode mode, int error, struct failure *failure)
{
	char owner[64];

	/* Somebody was faster than us. */
	if ((error == EBUSY || error == EEXIST) &&
	    xdp_foreign(dataplane, attachment->ifindex, owner))
		return fail(failure, "it carries the XDP program %s", owner);
	return fail(failure, "%s XDP: %s (%s)", xdp_mode_name(mode), meaning(error, mode),
		    strerrorname_np(error));
}

bool xdp_update(struct dataplane *dataplane, struct attachment *attachment)
{
	return link_update(attachment, HOOK_XDP, our_fd(dataplane));
}

int xdp_set(struct dataplane *dataplane, struct attachment *attachment, enum xdp_mode mode,
	    struct failure *failure)
{
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .flags = mode == XDP_MODE_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	int fd = bpf_link_create(our_fd(dataplane), attachment->ifindex, BPF_XDP, &options);

	if (fd < 0)
		return explain(dataplane, attachment, mode, errno, failure);
	if (link_keep(dataplane, attachment, HOOK_XDP, fd, failure))
		return -1;
	attachment->program[HOOK_XDP] = program_id(our_fd(dataplane));
	attachment->mode = mode;
	return 0;
}
