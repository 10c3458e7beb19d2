/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/links_seen.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

struct seen seen;

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	size_t length = strlen(seen.trace);
	va_list args;

	va_start(args, format);
	vsnprintf(seen.trace + length, sizeof(seen.trace) - length, format, args);
	va_end(args);
}

void seen_changed(int ifindex, void *data)
{
	assert_ptr_equal(data, &seen);
	seen.calls++;
	seen.last = ifindex;
	seen.all = seen.all || !ifindex;
	note("changed %d, ", ifindex);
}

void seen_gone(int ifindex, const struct vrrp_addr *address, void *data)
{
	char text[ADDR_TEXT_LEN];

	assert_ptr_equal(data, &seen);
	note("gone %s of %d, ", addr_format(address, text), ifindex);
}

int links_setup(void **state)
{
	enter_namespace();
	ip("link add va address 02:00:00:00:00:0a type veth peer name vb");
	/* No addresses of the stack's own making, which would come and change later. */
	ip("link set va addrgenmode none");
	ip("link set vb addrgenmode none");
	ip("link set va up");
	ip("link set vb up");
	*state = links_open(seen_changed, seen_gone, &seen, NULL);
	assert_non_null(*state);
	EVENTUALLY(*state, links_by_name(*state, "va")->up && links_by_name(*state, "vb")->up);
	memset(&seen, 0, sizeof(seen));
	return 0;
}

int links_teardown(void **state)
{
	links_close(*state);
	links_close(NULL);
	return 0;
}

static struct vrrp_addr address(const char *text)
{
	struct vrrp_addr result = {{0}};
	struct in_addr ipv4;

	if (inet_pton(AF_INET, text, &ipv4) == 1)
		return addr_from_ipv4(ntohl(ipv4.s_addr));
	assert_int_equal(inet_pton(AF_INET6, text, result.b), 1);
	return result;
}

bool has(const struct links *links, const char *name, const char *text)
{
	struct vrrp_addr wanted = address(text);
	const struct link *link = links_by_name(links, name);

	return link && links_has_address(links, link->ifindex, &wanted);
}

static bool skip_text(const struct vrrp_addr *candidate, void *data)
{
	struct vrrp_addr skipped = address(data);

	return addr_equal(candidate, &skipped);
}

const char *primary(const struct links *links, const char *name, enum vrrp_family family,
		    const char *skip)
{
	static char text[ADDR_TEXT_LEN];
	const struct link *link = links_by_name(links, name);
	struct vrrp_addr out;

	assert_non_null(link);
	if (!links_primary(links, link->ifindex, family, skip ? skip_text : NULL, (void *)skip,
			   &out))
		return "none";
	return addr_format(&out, text);
}

void add_addresses(unsigned count)
{
	char path[] = "/tmp/test_links.XXXXXX";
	int fd = mkstemp(path);
	FILE *batch = fdopen(fd, "w");

	assert_non_null(batch);
	for (unsigned i = 0; i < count; i++)
		fprintf(batch, "addr add 10.%u.%u.%u/32 dev va\n", i >> 16, (i >> 8) & 255,
			i & 255);
	fclose(batch);
	ip("-batch %s", path);
	remove(path);
}
