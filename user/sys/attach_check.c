/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Are the programs still where they belong? No notification tells of a link that another tool
 * detached, so somebody has to look. Looking waits for the kernel's routing lock, and is therefore
 * done in another thread than attaching: the lock of ours is held for one interface at a time.
 */
#include "sys/attach_private.h"

static bool is_lost(const struct dataplane *dataplane, const struct attachment *attachment,
		    enum hook hook)
{
	__u32 there;

	if (!attachment->program[hook])
		return false;
	if (!link_pinned(dataplane, attachment, hook))
		return true;
	there = attachment->link[hook] < 0 ? clsact_program(dataplane, attachment->ifindex, hook)
					   : link_program(attachment, hook);
	return there != attachment->program[hook];
}

static bool has_lost(const struct dataplane *dataplane, const struct attachment *attachment)
{
	bool lost = attachment->incomplete || tags_hidden(dataplane, attachment);
	char name[IFNAMSIZ];

	for (enum hook hook = 0; hook < HOOKS && !lost; hook++)
		lost = is_lost(dataplane, attachment, hook);
	/* With the interface itself there is nothing to put back. */
	return lost && if_indextoname((unsigned)attachment->ifindex, name);
}

/* Look at the first interface behind `*ifindex`; false if there is none. */
static bool check_next(struct dataplane *dataplane, int *ifindex, bool *lost)
{
	const struct attachment *attachment;

	pthread_mutex_lock(&dataplane->attachments_lock);
	attachment = dataplane->attachments;
	while (attachment && attachment->ifindex <= *ifindex)
		attachment = attachment->next;
	if (attachment) {
		*ifindex = attachment->ifindex;
		*lost = has_lost(dataplane, attachment);
	}
	pthread_mutex_unlock(&dataplane->attachments_lock);
	return attachment;
}

unsigned dataplane_check(struct dataplane *dataplane, int *ifindexes, unsigned max)
{
	unsigned count = 0;
	int ifindex = 0;
	bool lost;

	while (count < max && check_next(dataplane, &ifindex, &lost))
		if (lost)
			ifindexes[count++] = ifindex;
	return count;
}
