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
 * dataplane_attach() on an interface that has its programs, of this agent or of the one before,
 * puts the present programs into the links that are there, which leaves no gap, and makes anew what
 * somebody else took away. If it fails, what worked before goes on.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/attach_private.h"
#include "sys/log.h"

/* ---- VLAN tags ---- */

/* Software devices may hand packets on with their tag beside the data, where XDP cannot see it. */
static bool carries_tags_beside(const char *kind)
{
	static const char *const inside[] = {"", "tun", "vlan"};

	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		if (!strcmp(kind, inside[i]))
			return false;
	return true;
}

/*
 * See to it that XDP sees the tags of frames, so that none is taken for one of another VLAN (H-23):
 * hardware is told to leave them where they are. NULL, or why that cannot be had. A software device
 * without VLANs on it carries no tags, as far as this host knows.
 */
static const char *tags_trouble(struct dataplane *dataplane, struct attachment *attachment,
				const char *kind)
{
	if (carries_tags_beside(kind))
		return attachment->tagged ? "VLANs lie on it, whose tags XDP does not see there"
					  : NULL;
	return tags_show(dataplane, attachment) ? NULL
						: "the device strips VLAN tags before XDP sees "
						  "them (rx-vlan-offload cannot be turned off)";
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

static void say_configured(struct attach_status *status, const char *kind, enum xdp_mode wanted)
{
	const char *trouble = wanted == XDP_MODE_NATIVE ? native_trouble(kind) : NULL;

	say(status, wanted, "as configured%s%s", trouble ? "; " : "", trouble ? trouble : "");
}

static int use_tc(struct dataplane *dataplane, struct attachment *attachment,
		  struct failure *failure)
{
	link_drop(dataplane, attachment, HOOK_XDP);
	tags_strip_again(dataplane, attachment->ifindex);
	attachment->mode = XDP_MODE_TC;
	return tc_set(dataplane, attachment, TC_PROGRAM_IN, failure);
}

static int use_explicit(struct dataplane *dataplane, struct attachment *attachment,
			const char *kind, enum xdp_mode wanted, struct attach_status *status,
			struct failure *failure)
{
	struct failure why;
	const char *blind;
	char owner[64];

	say_configured(status, kind, wanted);
	if (xdp_foreign(dataplane, attachment->ifindex, owner))
		return fail(failure,
			    "xdp_mode %s is not possible: it carries the XDP program %s: unload "
			    "that (ip link set dev %s xdp off, or xdp-loader unload %s --all), or "
			    "use xdp_mode tc or auto",
			    xdp_mode_name(wanted), owner, attachment->name, attachment->name);
	blind = tags_trouble(dataplane, attachment, kind);
	if (blind)
		return fail(failure, "xdp_mode %s is not possible: %s: use xdp_mode tc or auto",
			    xdp_mode_name(wanted), blind);
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
	const char *trouble = native_trouble(kind), *blind;
	struct failure native = {""}, generic;
	char owner[64];

	if (xdp_foreign(dataplane, attachment->ifindex, owner)) {
		say(status, XDP_MODE_TC, "the interface carries the XDP program %s", owner);
		return use_tc(dataplane, attachment, failure);
	}
	blind = tags_trouble(dataplane, attachment, kind);
	if (blind) {
		say(status, XDP_MODE_TC, "%s", blind);
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

/* Does the XDP link that is there do what is wanted, as it is? */
static bool mode_stays(struct dataplane *dataplane, struct attachment *attachment, const char *kind,
		       enum xdp_mode wanted)
{
	if (!link_alive(attachment, HOOK_XDP) || tags_trouble(dataplane, attachment, kind))
		return false;
	if (wanted != XDP_MODE_AUTO)
		return wanted == attachment->mode;
	if (attachment->mode == XDP_MODE_NATIVE)
		return !native_trouble(kind);
	return attachment->wanted == XDP_MODE_AUTO;
}

/* Why that mode was chosen; of an earlier agent's choice only the likely reason is known. */
static const char *old_reason(const struct attachment *attachment, const char *kind)
{
	const char *trouble = native_trouble(kind);

	if (attachment->reason[0] || attachment->mode == XDP_MODE_NATIVE)
		return attachment->reason;
	return trouble ? trouble : "as an earlier agent attached it";
}

static int keep_mode(struct dataplane *dataplane, struct attachment *attachment, const char *kind,
		     enum xdp_mode wanted, struct attach_status *status, struct failure *failure)
{
	if (wanted == XDP_MODE_AUTO)
		say(status, attachment->mode, "%s", old_reason(attachment, kind));
	else
		say_configured(status, kind, wanted);
	if (tc_set(dataplane, attachment, TC_PROGRAM_MARK, failure))
		return -1;
	if (xdp_update(dataplane, attachment))
		return 0;
	return fail(failure, "cannot update the XDP program in place: %s", strerror(errno));
}

static void back_to_mode(struct dataplane *dataplane, struct attachment *attachment,
			 enum xdp_mode mode)
{
	if (mode == XDP_MODE_TC)
		use_tc(dataplane, attachment, NULL);
	else if (mode != XDP_MODE_AUTO)
		xdp_set(dataplane, attachment, mode, NULL);
}

static int use_mode(struct dataplane *dataplane, struct attachment *attachment, const char *kind,
		    enum xdp_mode wanted, struct attach_status *status, struct failure *failure)
{
	enum xdp_mode before = attachment->mode;
	int error;

	if (wanted == XDP_MODE_TC) {
		say(status, XDP_MODE_TC, "as configured");
		return use_tc(dataplane, attachment, failure);
	}
	if (mode_stays(dataplane, attachment, kind, wanted)) {
		if (!keep_mode(dataplane, attachment, kind, wanted, status, failure))
			return 0;
		log_notice("%s: attaching anew: %s", attachment->name, failure->text);
	}
	link_drop(dataplane, attachment, HOOK_XDP);
	error = wanted == XDP_MODE_AUTO
			? use_best(dataplane, attachment, kind, status, failure)
			: use_explicit(dataplane, attachment, kind, wanted, status, failure);
	if (error)
		back_to_mode(dataplane, attachment, before);
	return error;
}

/* ---- interfaces ---- */

/* Where the attachment of an interface is, or belongs. */
static struct attachment **find(struct dataplane *dataplane, int ifindex)
{
	struct attachment **place = &dataplane->attachments;

	while (*place && (*place)->ifindex < ifindex)
		place = &(*place)->next;
	return place;
}

bool is_attached(const struct dataplane *dataplane, int ifindex)
{
	const struct attachment *attachment = dataplane->attachments;

	while (attachment && attachment->ifindex < ifindex)
		attachment = attachment->next;
	return attachment && attachment->ifindex == ifindex;
}

static struct attachment *find_or_add(struct dataplane *dataplane, int ifindex, const char *name,
				      bool tagged)
{
	struct attachment **place = find(dataplane, ifindex), *attachment = *place;

	if (!attachment || attachment->ifindex != ifindex) {
		attachment = calloc(1, sizeof(*attachment));
		if (!attachment)
			return NULL;
		attachment->ifindex = ifindex;
		links_adopt(dataplane, attachment);
		attachment->next = *place;
		*place = attachment;
	}
	snprintf(attachment->name, sizeof(attachment->name), "%s", name);
	attachment->tagged = tagged;
	return attachment;
}

static void detach(struct dataplane *dataplane, int ifindex)
{
	struct attachment **place = find(dataplane, ifindex), *attachment = *place;

	if (!attachment || attachment->ifindex != ifindex)
		return;
	/* The reverse of the order above. */
	link_drop(dataplane, attachment, HOOK_XDP);
	tags_strip_again(dataplane, ifindex);
	tc_remove(dataplane, attachment);
	if_stats_remove(dataplane, ifindex);
	*place = attachment->next;
	free(attachment);
}

static int attach(struct dataplane *dataplane, struct attachment *attachment, const char *kind,
		  enum xdp_mode wanted, struct attach_status *status, struct failure *failure)
{
	if (if_stats_add(dataplane, attachment->ifindex, failure) ||
	    tc_set(dataplane, attachment, TC_PROGRAM_OUT, failure) ||
	    use_mode(dataplane, attachment, kind, wanted, status, failure) ||
	    links_pin_again(dataplane, attachment, failure))
		return -1;
	attachment->wanted = wanted;
	snprintf(attachment->reason, sizeof(attachment->reason), "%s", status->reason);
	return 0;
}

int dataplane_attach(struct dataplane *dataplane, int ifindex, const char *name, const char *kind,
		     bool tagged, enum xdp_mode wanted, struct attach_status *status,
		     struct failure *failure)
{
	struct attachment *attachment;
	struct failure why;
	bool had;
	int error = 0;

	pthread_mutex_lock(&dataplane->attachments_lock);
	had = is_attached(dataplane, ifindex);
	attachment = find_or_add(dataplane, ifindex, name, tagged);
	if (!attachment) {
		error = fail(failure, "out of memory");
	} else if (attach(dataplane, attachment, kind, wanted, status, &why)) {
		error = fail(failure, "cannot attach to %s: %s", name, why.text);
		say(status, attachment->mode, "%s", attachment->reason);
		attachment->incomplete = true;
		if (!had)
			detach(dataplane, ifindex);
	} else {
		attachment->incomplete = false;
		log_debug("%s: attached in %s mode: %s", name, xdp_mode_name(status->mode),
			  status->reason);
	}
	pthread_mutex_unlock(&dataplane->attachments_lock);
	return error;
}

void dataplane_detach(struct dataplane *dataplane, int ifindex)
{
	pthread_mutex_lock(&dataplane->attachments_lock);
	detach(dataplane, ifindex);
	pthread_mutex_unlock(&dataplane->attachments_lock);
}

void attachments_forget(struct dataplane *dataplane)
{
	struct attachment *attachment;

	while ((attachment = dataplane->attachments)) {
		dataplane->attachments = attachment->next;
		for (enum hook hook = 0; hook < HOOKS; hook++)
			if (attachment->link[hook] >= 0)
				close(attachment->link[hook]);
		free(attachment);
	}
}
