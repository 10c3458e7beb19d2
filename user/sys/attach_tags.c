/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offloads that hide VLAN tags from XDP: off while an XDP program of ours is on the interface.
 *
 * That we have turned one off is kept as an empty directory beside the pinned links,
 * PIN_DIR/links/<ifindex>-rxvlan: it lives as long as what needs it, so that whoever removes the
 * programs of an agent that was killed turns it on again, and a reboot forgets all of it together.
 * It is made before the offload goes off: who dies in between leaves one that restores what is so.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/attach_private.h"
#include "sys/log.h"
#include "sys/offload.h"

static const char *const markers[OFFLOADS] = {"rxvlan", "rxvlan_stag"};

bool is_tags_marker(const char *name)
{
	for (enum offload offload = 0; offload < OFFLOADS; offload++)
		if (!strcmp(name, markers[offload]))
			return true;
	return false;
}

static void marker_path(const struct dataplane *dataplane, int ifindex, enum offload offload,
			char path[DATAPLANE_PATH_MAX + 32])
{
	snprintf(path, DATAPLANE_PATH_MAX + 32, "%s/links/%d-%s", dataplane->pin_dir, ifindex,
		 markers[offload]);
}

static bool is_marked(const struct dataplane *dataplane, int ifindex, enum offload offload)
{
	char path[DATAPLANE_PATH_MAX + 32];

	marker_path(dataplane, ifindex, offload, path);
	return !access(path, F_OK);
}

static bool turn_off(struct dataplane *dataplane, const struct attachment *attachment,
		     enum offload offload)
{
	char path[DATAPLANE_PATH_MAX + 32];
	int error;

	marker_path(dataplane, attachment->ifindex, offload, path);
	if (mkdir(path, 0700) && errno != EEXIST)
		return false;
	error = offload_set(attachment->ifindex, offload, false);
	if (error)
		rmdir(path);
	else
		log_notice("%s: %s turned off while our programs are there, so that XDP sees "
			   "VLAN tags",
			   attachment->name, offload_name(offload));
	return !error;
}

bool tags_show(struct dataplane *dataplane, const struct attachment *attachment)
{
	for (enum offload offload = 0; offload < OFFLOADS; offload++)
		if (offload_active(attachment->ifindex, offload) &&
		    !turn_off(dataplane, attachment, offload))
			return false;
	return true;
}

void tags_strip_again(struct dataplane *dataplane, int ifindex)
{
	char path[DATAPLANE_PATH_MAX + 32];
	int error;

	for (enum offload offload = 0; offload < OFFLOADS; offload++) {
		if (!is_marked(dataplane, ifindex, offload))
			continue;
		error = offload_set(ifindex, offload, true);
		if (error && error != ENODEV)
			log_warning("interface %d: %s cannot be turned on again: %s", ifindex,
				    offload_name(offload), strerror(error));
		marker_path(dataplane, ifindex, offload, path);
		rmdir(path);
	}
}

bool tags_hidden(const struct dataplane *dataplane, const struct attachment *attachment)
{
	for (enum offload offload = 0; offload < OFFLOADS; offload++)
		if (is_marked(dataplane, attachment->ifindex, offload) &&
		    offload_active(attachment->ifindex, offload))
			return true;
	return false;
}
