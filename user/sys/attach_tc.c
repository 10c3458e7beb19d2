/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tc ingress and egress: by a tcx link where the kernel has it (6.6), by a clsact filter where not.
 *
 * Our programs come first in their hook: they come to no verdict about what is not ours, while a
 * program before them that does would take the hook from them.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "sys/attach_private.h"
#include "sys/log.h"
#include "xvrrp.skel.h"

/* Newer than the headers that we build with. */
#define ATTACH_TCX_INGRESS 46
#define ATTACH_TCX_EGRESS  47
#define TCX_MAX		   64	     /* programs on a hook: BPF_MPROG_MAX of the kernel */
#define ATTACH_BEFORE	   (1U << 3) /* BPF_F_BEFORE without a relative: before all others */

static int program_fd(const struct dataplane *dataplane, enum tc_program program)
{
	switch (program) {
	case TC_PROGRAM_IN:
		return bpf_program__fd(dataplane->skeleton->progs.xvrrp_tc_in);
	case TC_PROGRAM_MARK:
		return bpf_program__fd(dataplane->skeleton->progs.xvrrp_tc_mark);
	case TC_PROGRAM_OUT:
		return bpf_program__fd(dataplane->skeleton->progs.xvrrp_tc_out);
	}
	return -1;
}

static enum bpf_attach_type attach_type(enum hook hook)
{
	return (enum bpf_attach_type)(hook == HOOK_TC_OUT ? ATTACH_TCX_EGRESS : ATTACH_TCX_INGRESS);
}

static int tcx_create(int ifindex, enum hook hook, int program)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = ATTACH_BEFORE);

	return bpf_link_create(program, ifindex, attach_type(hook), &options);
}

bool tcx_has(int ifindex, enum hook hook, __u32 id)
{
	__u32 ids[TCX_MAX], count = TCX_MAX, flags;

	if (bpf_prog_query(ifindex, attach_type(hook), 0, &flags, ids, &count))
		return false;
	for (__u32 i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

int tc_set(struct dataplane *dataplane, struct attachment *attachment, enum tc_program program,
	   struct failure *failure)
{
	enum hook hook = program == TC_PROGRAM_OUT ? HOOK_TC_OUT : HOOK_TC_IN;
	int fd = program_fd(dataplane, program), link;

	if (link_alive(attachment, hook)) {
		if (link_update(attachment, hook, fd))
			return 0;
		log_notice("%s: cannot update the tc program in place (%s), attaching it anew",
			   attachment->name, strerror(errno));
	}
	link_drop(dataplane, attachment, hook);
	attachment->program[hook] = program_id(fd);
	if (!dataplane->no_tcx) {
		link = tcx_create(attachment->ifindex, hook, fd);
		if (link >= 0)
			return link_keep(dataplane, attachment, hook, link, failure);
		if (errno != EINVAL)
			return fail(failure, "cannot attach to tc: %s%s", strerror(errno),
				    errno == EPERM ? ": run as root or with CAP_BPF and "
						     "CAP_NET_ADMIN"
						   : "");
		dataplane->no_tcx = true;
		log_info("this kernel has no tcx: using clsact filters");
	}
	return clsact_set(dataplane, attachment->ifindex, hook, fd, failure);
}

void tc_remove(struct dataplane *dataplane, struct attachment *attachment)
{
	link_drop(dataplane, attachment, HOOK_TC_IN);
	link_drop(dataplane, attachment, HOOK_TC_OUT);
	if (dataplane->no_tcx)
		clsact_remove(dataplane, attachment->ifindex);
}

void tc_avoid_tcx(struct dataplane *dataplane)
{
	dataplane->no_tcx = true;
}
