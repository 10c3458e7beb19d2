/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links: what keeps a program on an XDP hook or a tcx one. Each is pinned, so that it outlives the
 * agent, and the next agent puts its own program into it. The kernel does that in one step: every
 * packet meets the old program or the new one.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/attach_private.h"

static void link_path(const struct dataplane *dataplane, const struct attachment *attachment,
		      enum hook hook, char path[DATAPLANE_PATH_MAX + 32])
{
	static const char *const names[HOOKS] = {"xdp", "tc_in", "tc_out"};

	snprintf(path, DATAPLANE_PATH_MAX + 32, "%s/links/%d-%s", dataplane->pin_dir,
		 attachment->ifindex, names[hook]);
}

__u32 program_id(int program_fd)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(program_fd, &info, &size) ? 0 : info.id;
}

int link_keep(struct dataplane *dataplane, struct attachment *attachment, enum hook hook, int fd,
	      struct failure *failure)
{
	char path[DATAPLANE_PATH_MAX + 32];
	int error;

	link_path(dataplane, attachment, hook, path);
	error = bpf_obj_pin(fd, path);
	if (error) {
		close(fd);
		return fail(failure, "cannot pin a link at %s: %s", path, strerror(-error));
	}
	attachment->link[hook] = fd;
	return 0;
}

bool link_pinned(const struct dataplane *dataplane, const struct attachment *attachment,
		 enum hook hook)
{
	char path[DATAPLANE_PATH_MAX + 32];

	link_path(dataplane, attachment, hook, path);
	return attachment->link[hook] < 0 || !access(path, F_OK);
}

int links_pin_again(struct dataplane *dataplane, struct attachment *attachment,
		    struct failure *failure)
{
	char path[DATAPLANE_PATH_MAX + 32];

	for (enum hook hook = 0; hook < HOOKS; hook++) {
		if (link_pinned(dataplane, attachment, hook))
			continue;
		link_path(dataplane, attachment, hook, path);
		if (pins_make_links(dataplane, failure))
			return -1;
		if (bpf_obj_pin(attachment->link[hook], path))
			return fail(failure, "cannot pin a link at %s: %s", path, strerror(errno));
	}
	return 0;
}

bool link_update(struct attachment *attachment, enum hook hook, int program_fd)
{
	if (bpf_link_update(attachment->link[hook], program_fd, NULL))
		return false;
	attachment->program[hook] = program_id(program_fd);
	return true;
}

__u32 link_program(const struct attachment *attachment, enum hook hook)
{
	struct bpf_link_info info = {0};
	__u32 size = sizeof(info);

	if (attachment->link[hook] < 0 ||
	    bpf_obj_get_info_by_fd(attachment->link[hook], &info, &size))
		return 0;
	/* xdp.ifindex and tcx.ifindex are at one place; 0 = detached. */
	return info.xdp.ifindex == (__u32)attachment->ifindex ? info.prog_id : 0;
}

bool link_alive(const struct attachment *attachment, enum hook hook)
{
	return link_program(attachment, hook) != 0;
}

void link_drop(struct dataplane *dataplane, struct attachment *attachment, enum hook hook)
{
	char path[DATAPLANE_PATH_MAX + 32];

	attachment->program[hook] = 0;
	if (attachment->link[hook] < 0)
		return;
	bpf_link_detach(attachment->link[hook]);
	link_path(dataplane, attachment, hook, path);
	unlink(path);
	close(attachment->link[hook]);
	attachment->link[hook] = -1;
}

/*
 * The interface's number may be another one's by now, in another network namespace even, where the
 * link is alive and of no use to us.
 */
static bool is_here(const struct attachment *attachment, enum hook hook)
{
	__u32 id = link_program(attachment, hook);

	if (!id)
		return false;
	return hook == HOOK_XDP ? xdp_mode_of(attachment->ifindex, id) != XDP_MODE_AUTO
				: tcx_has(attachment->ifindex, hook, id);
}

void links_adopt(struct dataplane *dataplane, struct attachment *attachment)
{
	char path[DATAPLANE_PATH_MAX + 32];

	for (enum hook hook = 0; hook < HOOKS; hook++) {
		link_path(dataplane, attachment, hook, path);
		attachment->link[hook] = bpf_obj_get(path);
		if (!is_here(attachment, hook))
			link_drop(dataplane, attachment, hook);
	}
	attachment->mode = xdp_mode_of(attachment->ifindex, link_program(attachment, HOOK_XDP));
}
