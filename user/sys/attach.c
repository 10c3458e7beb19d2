/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which programs go onto an interface, in which mode, in which order.
 *
 *   mode             XDP         tc ingress      tc egress
 *   native, generic  xvrrp_xdp   xvrrp_tc_mark   xvrrp_tc_out
 *   tc                           xvrrp_tc_in     xvrrp_tc_out
 *
 * Order: egress first, so that the kernel stops answering with another MAC before we answer; then
 * tc ingress, so that frames to the virtual MAC are taken before XDP invites them; XDP last. No
 * order ever has xvrrp_xdp and xvrrp_tc_in at work together, which would judge each advertisement
 * twice; what falls into the instant between them in a change of mode is one advertisement of
 * three.
 *
 * dataplane_attach() on an interface that has its programs replaces what somebody else took away
 * and leaves the rest as it is.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/attach_private.h"
#include "sys/log.h"

/* ---- links ---- */

static void link_path(const struct dataplane *dataplane, const struct attachment *attachment,
		      enum hook hook, char path[DATAPLANE_PATH_MAX + 32])
{
	static const char *const names[HOOKS] = {"xdp", "tc_in", "tc_out"};

	snprintf(path, DATAPLANE_PATH_MAX + 32, "%s/links/%d-%s", dataplane->pin_dir,
		 attachment->ifindex, names[hook]);
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

bool link_alive(const struct attachment *attachment, enum hook hook)
{
	struct bpf_link_info info = {0};
	__u32 size = sizeof(info);

	/* xdp.ifindex and tcx.ifindex are at one place; 0 = detached. */
	return attachment->link[hook] >= 0 &&
	       !bpf_obj_get_info_by_fd(attachment->link[hook], &info, &size) && info.xdp.ifindex;
}

void link_drop(struct dataplane *dataplane, struct attachment *attachment, enum hook hook)
{
	char path[DATAPLANE_PATH_MAX + 32];

	if (attachment->link[hook] < 0)
		return;
	bpf_link_detach(attachment->link[hook]);
	link_path(dataplane, attachment, hook, path);
	unlink(path);
	close(attachment->link[hook]);
	attachment->link[hook] = -1;
}

/* ---- the mode ---- */

/* Native XDP of these attaches well and does not work. */
static const char *native_trouble(const char *kind)
{
	if (!strcmp(kind, "veth"))
		return "veth: native XDP_TX needs a program on the peer";
	if (!strcmp(kind, "bond"))
		return "bond: native XDP sees the backup links' copies too";
	return NULL;
}

__attribute__((format(printf, 3, 4))) static void say(struct attach_status *status,
						      enum xdp_mode mode, const char *format, ...)
{
	va_list arguments;

	status->mode = mode;
	va_start(arguments, format);
	vsnprintf(status->reason, sizeof(status->reason), format, arguments);
	va_end(arguments);
}

static int use_tc(struct dataplane *dataplane, struct attachment *attachment,
		  struct failure *failure)
{
	link_drop(dataplane, attachment, HOOK_XDP);
	attachment->mode = XDP_MODE_TC;
	return tc_set(dataplane, attachment, TC_PROGRAM_IN, failure);
}

static int use_explicit(struct dataplane *dataplane, struct attachment *attachment,
			const char *kind, enum xdp_mode wanted, struct attach_status *status,
			struct failure *failure)
{
	struct failure why;
	const char *trouble = wanted == XDP_MODE_NATIVE ? native_trouble(kind) : NULL;
	char owner[64];

	say(status, wanted, "as configured%s%s", trouble ? "; " : "", trouble ? trouble : "");
	if (xdp_foreign(dataplane, attachment->ifindex, owner))
		return fail(failure,
			    "xdp_mode %s is not possible: it carries the XDP program %s: unload "
			    "that (ip link set dev %s xdp off, or xdp-loader unload %s --all), or "
			    "use xdp_mode tc or auto",
			    xdp_mode_name(wanted), owner, attachment->name, attachment->name);
	if (tc_set(dataplane, attachment, TC_PROGRAM_MARK, failure))
		return -1;
	if (xdp_set(dataplane, attachment, wanted, &why))
		return fail(failure, "xdp_mode %s is not possible: %s; or use xdp_mode auto",
			    xdp_mode_name(wanted), why.text);
	return 0;
}

static int use_best(struct dataplane *dataplane, struct attachment *attachment, const char *kind,
		    struct attach_status *status, struct failure *failure)
{
	const char *trouble = native_trouble(kind);
	struct failure native = {""}, generic;
	char owner[64];

	if (xdp_foreign(dataplane, attachment->ifindex, owner)) {
		say(status, XDP_MODE_TC, "the interface carries the XDP program %s", owner);
		return use_tc(dataplane, attachment, failure);
	}
	if (tc_set(dataplane, attachment, TC_PROGRAM_MARK, failure))
		return -1;
	if (!trouble && !xdp_set(dataplane, attachment, XDP_MODE_NATIVE, &native)) {
		say(status, XDP_MODE_NATIVE, "%s", "");
		return 0;
	}
	if (!xdp_set(dataplane, attachment, XDP_MODE_GENERIC, &generic)) {
		say(status, XDP_MODE_GENERIC, "%s", trouble ? trouble : native.text);
		return 0;
	}
	say(status, XDP_MODE_TC, "%s", generic.text);
	return use_tc(dataplane, attachment, failure);
}

static int use_mode(struct dataplane *dataplane, struct attachment *attachment, const char *kind,
		    enum xdp_mode wanted, struct attach_status *status, struct failure *failure)
{
	if (wanted == XDP_MODE_TC) {
		say(status, XDP_MODE_TC, "as configured");
		return use_tc(dataplane, attachment, failure);
	}
	if (link_alive(attachment, HOOK_XDP) &&
	    (wanted == XDP_MODE_AUTO || wanted == attachment->mode)) {
		say(status, attachment->mode, "%s", attachment->reason);
		return tc_set(dataplane, attachment, TC_PROGRAM_MARK, failure);
	}
	link_drop(dataplane, attachment, HOOK_XDP);
	if (wanted == XDP_MODE_AUTO)
		return use_best(dataplane, attachment, kind, status, failure);
	return use_explicit(dataplane, attachment, kind, wanted, status, failure);
}

/* ---- interfaces ---- */

static struct attachment **find(struct dataplane *dataplane, int ifindex)
{
	struct attachment **place = &dataplane->attachments;

	while (*place && (*place)->ifindex != ifindex)
		place = &(*place)->next;
	return place;
}

static struct attachment *find_or_add(struct dataplane *dataplane, int ifindex, const char *name)
{
	struct attachment **place = find(dataplane, ifindex);

	if (!*place) {
		*place = calloc(1, sizeof(**place));
		if (!*place)
			return NULL;
		(*place)->ifindex = ifindex;
		for (enum hook hook = 0; hook < HOOKS; hook++)
			(*place)->link[hook] = -1;
	}
	snprintf((*place)->name, sizeof((*place)->name), "%s", name);
	return *place;
}

int dataplane_attach(struct dataplane *dataplane, int ifindex, const char *name, const char *kind,
		     enum xdp_mode wanted, struct attach_status *status, struct failure *failure)
{
	struct attachment *attachment = find_or_add(dataplane, ifindex, name);
	struct failure why;

	if (!attachment)
		return fail(failure, "out of memory");
	if (if_stats_add(dataplane, ifindex, &why) ||
	    tc_set(dataplane, attachment, TC_PROGRAM_OUT, &why) ||
	    use_mode(dataplane, attachment, kind, wanted, status, &why)) {
		dataplane_detach(dataplane, ifindex);
		return fail(failure, "cannot attach to %s: %s", name, why.text);
	}
	snprintf(attachment->reason, sizeof(attachment->reason), "%s", status->reason);
	log_debug("%s: attached in %s mode: %s", name, xdp_mode_name(status->mode), status->reason);
	return 0;
}

void dataplane_detach(struct dataplane *dataplane, int ifindex)
{
	struct attachment **place = find(dataplane, ifindex);
	struct attachment *attachment = *place;

	if (!attachment)
		return;
	/* The reverse of the order above. */
	link_drop(dataplane, attachment, HOOK_XDP);
	tc_remove(dataplane, attachment);
	if_stats_remove(dataplane, ifindex);
	*place = attachment->next;
	free(attachment);
}
