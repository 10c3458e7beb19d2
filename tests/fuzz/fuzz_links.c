/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces and addresses by rtnetlink: dumps and changes from a kernel that lies. After each turn
 * all that can be asked fits together, and what was reported is so.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "sys/links.h"
#include "sys/links_table.h"
#include "sys/log.h"

#define ADDRESSES 4 /* that are asked about */

static struct links *links;

/* Nobody reads it, and it costs more than all the rest. */
void log_line(enum log_level level, const char *format, ...)
{
	(void)level, (void)format;
}

static void changed(int ifindex, void *data)
{
	(void)data;
	must(ifindex >= 0);
}

/* Really gone, from an interface that is not. */
static void gone(int ifindex, const struct vrrp_addr *address, void *data)
{
	(void)data;
	must(links_by_index(links, ifindex));
	(void)address;
}

static bool skip(const struct vrrp_addr *address, void *data)
{
	(void)data;
	return address->b[15] & 1;
}

static void check_link(const struct link *link)
{
	static const enum vrrp_family families[] = {VRRP_IPV4, VRRP_IPV6};
	const struct link *named = links_by_name(links, link->name);
	struct vrrp_addr primary;

	must(links_by_index(links, link->ifindex) == link);
	must(memchr(link->name, '\0', sizeof(link->name)));
	must(memchr(link->kind, '\0', sizeof(link->kind)));
	must(named && !strcmp(named->name, link->name));
	for (int i = 0; i < 2; i++) {
		if (!links_primary(links, link->ifindex, families[i], skip, NULL, &primary))
			continue;
		must(addr_is_ipv4(&primary) == (families[i] == VRRP_IPV4));
		must(!skip(&primary, NULL));
		must(links_has_address(links, link->ifindex, &primary));
	}
}

static void check_all(void)
{
	const struct link *link;
	int last = 0;

	for (size_t i = 0; (link = links_at(links, i)); i++) {
		must(link->ifindex > last);
		last = link->ifindex;
		check_link(link);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct failure failure;

	kernel_new(&input);
	links = links_open(changed, gone, NULL, &failure);
	while (links && input.left) {
		check_all();
		links_dispatch(links);
	}
	if (links)
		check_all();
	else
		must(*failure.text);
	links_close(links);
	links = NULL;
	kernel_end();
	return 0;
}
