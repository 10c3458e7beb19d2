/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Checksums (A.4), addresses and sets of them, for BPF and user space alike, over plain memory. The
 * two loops, vrrp_sum() and vrrp_addr_set(), are for user space; a BPF program walks a message in a
 * way of its own that the verifier follows (bpf/advert.h), and adds up the same words and the same
 * mixes.
 */
#ifndef CHECKSUM_H
#define CHECKSUM_H

#include <asm/byteorder.h>

#include "vrrp.h"

#define vrrp_inline static inline __attribute__((always_inline))

/* BPF programs keep addresses and headers aligned, user space need not. */
vrrp_inline __u32 vrrp_load32(const __u8 *p)
{
#ifdef __bpf__
	return *(const __u32 *)p;
#else
	__u32 word;

	__builtin_memcpy(&word, p, sizeof(word));
	return word;
#endif
}

/* The most that is ever summed: the largest message and a trailer (H-9). A multiple of 4. */
#define VRRP_SUM_MAX 4096

/* ---- checksum (A.4) ---- */

/*
 * A sum is one's complement, unfolded, over words in memory order, so that neither adding nor
 * comparing needs to know the byte order (RFC 1071). Add sums with +.
 */

/* Sum of `length` bytes: a multiple of 4, as the length of every message is. */
vrrp_inline __u64 vrrp_sum(const __u8 *data, __u32 length)
{
	__u64 sum = 0;

	for (; length >= 4; length -= 4, data += 4)
		sum += vrrp_load32(data);
	return sum;
}

/* Sum of an address. That of a mapped IPv4 address is that of its four bytes: the prefix sums up to
 * 0xffff, the other zero of one's complement. */
vrrp_inline __u64 vrrp_sum_addr(const struct vrrp_addr *address)
{
	const __u8 *b = address->b;

	return (__u64)vrrp_load32(b) + vrrp_load32(b + 4) + vrrp_load32(b + 8) +
	       vrrp_load32(b + 12);
}

/* Sum of the pseudo-header of either family for a message of `length` bytes. */
vrrp_inline __u64 vrrp_sum_pseudo(const struct vrrp_addr *source,
				  const struct vrrp_addr *destination, __u16 length)
{
	return vrrp_sum_addr(source) + vrrp_sum_addr(destination) + __cpu_to_be16(VRRP_PROTOCOL) +
	       __cpu_to_be16(length);
}

vrrp_inline __u16 vrrp_sum_fold(__u64 sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (__u16)sum;
}

/* What goes into the checksum field, given the sum of everything with that field zero. */
vrrp_inline __be16 vrrp_checksum(__u64 sum)
{
	return (__u16)~vrrp_sum_fold(sum);
}

/* Verify: the sum of everything, the received checksum included. */
vrrp_inline int vrrp_sum_valid(__u64 sum)
{
	return vrrp_sum_fold(sum) == 0xffff;
}

/* ---- addresses ---- */

vrrp_inline int vrrp_addr_same(const struct vrrp_addr *a, const struct vrrp_addr *b)
{
	return vrrp_load32(a->b) == vrrp_load32(b->b) &&
	       vrrp_load32(a->b + 4) == vrrp_load32(b->b + 4) &&
	       vrrp_load32(a->b + 8) == vrrp_load32(b->b + 8) &&
	       vrrp_load32(a->b + 12) == vrrp_load32(b->b + 12);
}

/* ::ffff:0:0/96: an IPv4 address, see struct vrrp_addr. */
vrrp_inline int vrrp_addr_is_mapped(const struct vrrp_addr *address)
{
	return !vrrp_load32(address->b) && !vrrp_load32(address->b + 4) &&
	       vrrp_load32(address->b + 8) == __cpu_to_be32(0x0000ffff);
}

/* ffff:224.0.0.18 or ff02::12. */
vrrp_inline int vrrp_addr_is_group(__u8 family, const struct vrrp_addr *address)
{
	const __u8 *b = address->b;

	if (family == VRRP_IPV4)
		return vrrp_load32(b + 12) == __cpu_to_be32(VRRP_GROUP_IPV4);
	return vrrp_load32(b) == __cpu_to_be32(0xff020000) && !vrrp_load32(b + 4) &&
	       !vrrp_load32(b + 8) && vrrp_load32(b + 12) == __cpu_to_be32(0x12);
}

/* fe80::/10, by the first two bytes. */
vrrp_inline __u8 vrrp_addr_is_ll(const __u8 *address)
{
	return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

/*
 * Over IPv4 a source that no host can have, from which the kernel takes nothing: of a group, the
 * broadcast or a loopback address. Over IPv6 one that is not link-local.
 */
vrrp_inline int vrrp_source_is_wrong(__u8 family, const struct vrrp_addr *source)
{
	const __u8 *b = source->b;

	if (family == VRRP_IPV6)
		return !vrrp_addr_is_ll(b);
	return (b[12] & 0xf0) == 0xe0 || b[12] == 127 ||
	       vrrp_load32(b + 12) == __cpu_to_be32(0xffffffff);
}

/*
 * A list of addresses compares as a set: by the sum of a mix of each address, which no order
 * changes. It finds misconfigured routers; it does not resist somebody who looks for collisions.
 */
vrrp_inline __u64 vrrp_mix(__u64 high, __u64 low)
{
	__u64 x = low ^ high * 0x9e3779b97f4a7c15ULL;

	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

/* Both halves in memory order. */
vrrp_inline __u64 vrrp_join32(__u32 first, __u32 second)
{
	__u32 words[2] = {first, second};
	__u64 half;

	__builtin_memcpy(&half, words, sizeof(half));
	return half;
}

/* The set of one address, as four words in memory order. */
vrrp_inline __u64 vrrp_addr_mix(__u32 a, __u32 b, __u32 c, __u32 d)
{
	return vrrp_mix(vrrp_join32(a, b), vrrp_join32(c, d));
}

/* The set of one IPv4 address as it is in a message. */
vrrp_inline __u64 vrrp_addr_mix_ipv4(__u32 address)
{
	return vrrp_addr_mix(0, 0, __cpu_to_be32(0x0000ffff), address);
}

/* The set of `count` addresses as they are in a message of either family. */
vrrp_inline __u64 vrrp_addr_set_of(__u8 family, const __u8 *addresses, __u32 count)
{
	__u64 set = 0;

	for (__u32 i = 0; i < count && family == VRRP_IPV4; i++, addresses += 4)
		set += vrrp_addr_mix_ipv4(vrrp_load32(addresses));
	for (__u32 i = 0; i < count && family == VRRP_IPV6; i++, addresses += 16)
		set += vrrp_addr_mix(vrrp_load32(addresses), vrrp_load32(addresses + 4),
				     vrrp_load32(addresses + 8), vrrp_load32(addresses + 12));
	return set;
}

/* The set of configured addresses: vr_identity.addr_set. */
vrrp_inline __u64 vrrp_addr_set(const struct vrrp_addr *addresses, __u32 count)
{
	return vrrp_addr_set_of(VRRP_IPV6, (const __u8 *)addresses, count);
}

#endif
