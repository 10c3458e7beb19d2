/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of interfaces: there are few that virtual routers announce on. */
#include "pace.h"

#include <stdlib.h>

static struct pace_interface *find(const struct pace *pace, int ifindex)
{
	for (size_t i = 0; i < pace->count; i++)
		if (pace->list[i].ifindex == ifindex)
			return &pace->list[i];
	return NULL;
}

int64_t pace_next(const struct pace *pace, int ifindex, bool ipv6)
{
	const struct pace_interface *interface = find(pace, ifindex);
	return interface ? interface->next_ns[ipv6] : 0;
}

/* NULL without memory: then announcements are not held back. */
static struct pace_interface *add(struct pace *pace, int ifindex)
{
	struct pace_interface *list = realloc(pace->list, (pace->count + 1) * sizeof(*pace->list));
	if (!list)
		return NULL;
	pace->list = list;
	list[pace->count] = (struct pace_interface){.ifindex = ifindex};
	return &list[pace->count++];
}

void pace_note(struct pace *pace, int ifindex, bool ipv6, int64_t now_ns, int64_t interval_ns)
{
	struct pace_interface *interface = find(pace, ifindex);
	if (!interface && interval_ns > 0)
		interface = add(pace, ifindex);
	if (interface)
		interface->next_ns[ipv6] = now_ns + interval_ns;
}

void pace_free(struct pace *pace)
{
	free(pace->list);
	*pace = (struct pace){0};
}
