/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A group is kept with the addresses that it is held for, because what is asked for once more must
 * not count twice. Sockets hold as many memberships as net.core.optmem_max allows (some hundreds on
 * older kernels), then another one is opened; they stay until the end.
 */
#include "sys/takeover_groups.h"

#include <errno.h>
#include <netinet/in.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct group {
	int ifindex;
	struct vrrp_addr group;
	struct vrrp_addr *addresses;
	size_t count;
	int socket;
};

static int compare(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return memcmp(&x->group, &y->group, sizeof(x->group));
}

/* ---- sockets ---- */

static int change(int socket, int option, const struct group *group)
{
	struct ipv6_mreq request = {.ipv6mr_interface = (unsigned)group->ifindex};

	memcpy(&request.ipv6mr_multiaddr, group->group.b, sizeof(request.ipv6mr_multiaddr));
	return setsockopt(socket, IPPROTO_IPV6, option, &request, sizeof(request)) ? errno : 0;
}

/* Of UDP, and without a port: nothing is ever delivered to it. */
static int open_socket(struct groups *groups)
{
	int *more = realloc(groups->sockets, (groups->socket_count + 1) * sizeof(*more));
	int fd;

	if (!more)
		return ENOMEM;
	groups->sockets = more;
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	groups->sockets[groups->socket_count++] = fd;
	return 0;
}

static bool is_full(int error)
{
	return error == ENOMEM || error == ENOBUFS;
}

/* Those that were filled up earlier may have room again: the newest first, then the others. */
static int join(struct groups *groups, struct group *group)
{
	int error = ENOBUFS;

	for (unsigned i = groups->socket_count; i-- > 0 && is_full(error);) {
		group->socket = groups->sockets[i];
		error = change(group->socket, IPV6_ADD_MEMBERSHIP, group);
	}
	if (!is_full(error))
		return error;
	error = open_socket(groups);
	if (error)
		return error;
	group->socket = groups->sockets[groups->socket_count - 1];
	return change(group->socket, IPV6_ADD_MEMBERSHIP, group);
}

/* ---- groups ---- */

static struct group *find(const struct groups *groups, const struct group *key)
{
	struct group **found = tfind(key, &groups->by_key, compare);

	return found ? *found : NULL;
}

static void free_group(void *node)
{
	struct group *group = node;

	free(group->addresses);
	free(group);
}

/* A new one, of which we are a member. NULL with an error number. */
static struct group *add_group(struct groups *groups, const struct group *key, int *error)
{
	struct group *group = malloc(sizeof(*group));

	*error = ENOMEM;
	if (!group)
		return NULL;
	*group = *key;
	*error = join(groups, group);
	if (!*error && !tsearch(group, &groups->by_key, compare)) {
		change(group->socket, IPV6_DROP_MEMBERSHIP, group);
		*error = ENOMEM;
	}
	if (!*error)
		return group;
	free(group);
	return NULL;
}

static int drop_group(struct groups *groups, struct group *group)
{
	int error = change(group->socket, IPV6_DROP_MEMBERSHIP, group);

	tdelete(group, &groups->by_key, compare);
	free_group(group);
	return error;
}

static size_t position(const struct group *group, const struct vrrp_addr *address)
{
	size_t at = 0;

	while (at < group->count && !addr_equal(&group->addresses[at], address))
		at++;
	return at;
}

static int add_address(struct group *group, const struct vrrp_addr *address)
{
	struct vrrp_addr *more;

	if (position(group, address) < group->count)
		return 0;
	more = realloc(group->addresses, (group->count + 1) * sizeof(*more));
	if (!more)
		return ENOMEM;
	group->addresses = more;
	group->addresses[group->count++] = *address;
	return 0;
}

int groups_hold(struct groups *groups, int ifindex, const struct vrrp_addr *address)
{
	struct group key = {.ifindex = ifindex, .group = addr_solicited_node(address)};
	struct group *group = find(groups, &key);
	int error = 0;

	if (!group)
		group = add_group(groups, &key, &error);
	if (!group)
		return error;
	error = add_address(group, address);
	if (error && !group->count)
		drop_group(groups, group);
	return error;
}

int groups_release(struct groups *groups, int ifindex, const struct vrrp_addr *address)
{
	struct group key = {.ifindex = ifindex, .group = addr_solicited_node(address)};
	struct group *group = find(groups, &key);
	size_t at = group ? position(group, address) : 0;

	if (!group || at == group->count)
		return 0;
	group->addresses[at] = group->addresses[--group->count];
	return group->count ? 0 : drop_group(groups, group);
}

void groups_clear(struct groups *groups)
{
	for (unsigned i = 0; i < groups->socket_count; i++)
		close(groups->sockets[i]);
	free(groups->sockets);
	tdestroy(groups->by_key, free_group);
	*groups = (struct groups){0};
}
