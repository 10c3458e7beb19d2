/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of either family and their text, RFC 5952 without libc: formatting is called where the
 * core may be, and inet_ntop() would print an IPv4 address in its mapped form.
 */
#include <assert.h>
#include <string.h>

#include "core/types.h"

#define GROUPS 8

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

struct vrrp_addr addr_from_ipv4(uint32_t host_order)
{
	struct vrrp_addr address;

	memcpy(address.b, mapped_prefix, sizeof(mapped_prefix));
	for (int i = 0; i < 4; i++)
		address.b[12 + i] = (uint8_t)(host_order >> (24 - 8 * i));
	return address;
}

uint32_t addr_to_ipv4(const struct vrrp_addr *address)
{
	uint32_t host_order = 0;

	assert(addr_is_ipv4(address));
	for (int i = 12; i < 16; i++)
		host_order = host_order << 8 | address->b[i];
	return host_order;
}

bool addr_is_ipv4(const struct vrrp_addr *address)
{
	return memcmp(address->b, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

bool addr_is_zero(const struct vrrp_addr *address)
{
	static const struct vrrp_addr unspecified;

	return addr_equal(address, &unspecified) ||
	       (addr_is_ipv4(address) && addr_to_ipv4(address) == 0);
}

bool addr_equal(const struct vrrp_addr *a, const struct vrrp_addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static char *put_decimal(char *out, uint8_t byte)
{
	if (byte >= 100)
		*out++ = (char)('0' + byte / 100);
	if (byte >= 10)
		*out++ = (char)('0' + byte / 10 % 10);
	*out++ = (char)('0' + byte % 10);
	return out;
}

static void format_ipv4(const uint8_t bytes[4], char *out)
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*out++ = '.';
		out = put_decimal(out, bytes[i]);
	}
	*out = '\0';
}

static unsigned group_at(const struct vrrp_addr *address, int index)
{
	return (unsigned)address->b[2 * index] << 8 | address->b[2 * index + 1];
}

/* Without leading zeros (RFC 5952 4.1), in lower case (4.3). */
static char *put_group(char *out, unsigned group)
{
	int shift = 12;

	while (shift > 0 && group >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*out++ = "0123456789abcdef"[group >> shift & 0xf];
	return out;
}

/* The run of zero groups that "::" stands for: the longest, the first of equals, never a single
 * group (RFC 5952 4.2). Its length, 0 if there is none. */
static int longest_zeros(const struct vrrp_addr *address, int *first)
{
	int best = 1;

	*first = GROUPS;
	for (int i = 0; i < GROUPS; i++) {
		int run = 0;

		while (i + run < GROUPS && group_at(address, i + run) == 0)
			run++;
		if (run > best) {
			best = run;
			*first = i;
		}
	}
	return best > 1 ? best : 0;
}

static void format_ipv6(const struct vrrp_addr *address, char *out)
{
	int first;
	int zeros = longest_zeros(address, &first);

	for (int i = 0; i < GROUPS;) {
		if (zeros > 0 && i == first) {
			*out++ = ':';
			i += zeros;
			if (i == GROUPS)
				*out++ = ':';
			continue;
		}
		if (i > 0)
			*out++ = ':';
		out = put_group(out, group_at(address, i++));
	}
	*out = '\0';
}

const char *addr_format(const struct vrrp_addr *address, char text[ADDR_TEXT_LEN])
{
	if (addr_is_ipv4(address))
		format_ipv4(address->b + 12, text);
	else
		format_ipv6(address, text);
	return text;
}

bool addr_is_link_local(const struct vrrp_addr *address)
{
	return address->b[0] == 0xfe && (address->b[1] & 0xc0) == 0x80;
}

struct vrrp_addr addr_solicited_node(const struct vrrp_addr *address)
{
	struct vrrp_addr group = {{0xff, 0x02, [11] = 0x01, [12] = 0xff}};

	memcpy(group.b + 13, address->b + 13, 3);
	return group;
}

void vrrp_virtual_mac(enum vrrp_family family, uint8_t vrid, uint8_t mac[6])
{
	static const uint8_t prefix_ipv4[5] = VRRP_MAC_PREFIX_IPV4;
	static const uint8_t prefix_ipv6[5] = VRRP_MAC_PREFIX_IPV6;

	memcpy(mac, family == VRRP_IPV4 ? prefix_ipv4 : prefix_ipv6, sizeof(prefix_ipv4));
	mac[5] = vrid;
}
