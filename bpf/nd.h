/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Neighbor Discovery messages (RFC 4861 section 4), as both directions read them: ndp.h those that
 * arrive, egress.h those that the kernel sends.
 */
#ifndef ND_H
#define ND_H

#include <linux/in.h>

#include "scratch.h"

#define ND_ROUTER_SOLICITATION	  133
#define ND_ROUTER_ADVERTISEMENT	  134
#define ND_NEIGHBOR_SOLICITATION  135
#define ND_NEIGHBOR_ADVERTISEMENT 136
#define ND_REDIRECT		  137

#define ND_OPTION_SOURCE_MAC 1
#define ND_OPTION_TARGET_MAC 2

#define ND_ROUTER    0x80000000u /* the flags of a Neighbor Advertisement, host order */
#define ND_SOLICITED 0x40000000u
#define ND_OVERRIDE  0x20000000u

/* What fits into an Ethernet frame without jumbo, in units of options. */
#define ND_LENGTH_MAX 1456

struct mac_option {
	__u8 type;
	__u8 length; /* 1, in units of 8 bytes, as of every option */
	__u8 mac[6];
};

/* Right behind the IPv6 header: extension headers would be before it. */
static __always_inline bool is_icmpv6(const struct packet *p)
{
	return p->type == bpf_htons(ETH_P_IPV6) && p->protocol == IPPROTO_ICMPV6;
}

/* For what is_icmpv6(); 0 = too short to have one. */
static __always_inline __u8 icmpv6_type(const struct packet *p)
{
	__u8 type;

	return load(p, p->l3 + sizeof(struct ipv6hdr), &type, sizeof(type)) ? 0 : type;
}

/* Only what is in the header; false if that is not of IPv6. */
static __always_inline bool nd_read_header(const struct packet *p, struct nd *nd)
{
	struct {
		__u8 version, class_and_label[3];
		__be16 length;
		__u8 next, hops;
	} ip;

	if (load(p, p->l3, &ip, sizeof(ip)) || ip.version >> 4 != 6 ||
	    load(p, p->l3 + offsetof(struct ipv6hdr, saddr), &nd->source, sizeof(nd->source)) ||
	    load(p, p->l3 + offsetof(struct ipv6hdr, daddr), &nd->destination,
		 sizeof(nd->destination)))
		return false;
	nd->offset = p->l3 + sizeof(struct ipv6hdr);
	nd->length = bpf_ntohs(ip.length);
	nd->hops = ip.hops;
	return true;
}

static __always_inline bool nd_read_neighbor(const struct packet *p, struct nd *nd)
{
	return nd->length >= sizeof(nd->neighbor) &&
	       !load(p, nd->offset, &nd->neighbor, sizeof(nd->neighbor));
}

/* A walk from option to option, in units of 8 bytes: a call for each unit. */
struct option_walk {
	const struct scratch *scratch;
	__u64 next;   /* where an option begins */
	__u64 wanted; /* type ... */
	__u64 found;  /* ... and where the first of it is */
};

static long walk_option(__u32 unit, struct option_walk *walk)
{
	const struct mac_option *option;

	if (unit >= ND_LENGTH_MAX / 8)
		return 1;
	if (unit != walk->next)
		return 0;
	option = (const struct mac_option *)&walk->scratch->words[unit * 2];
	if (option->length == 0 || (option->type == walk->wanted && option->length != 1))
		return 1;
	if (option->type == walk->wanted && !walk->found)
		walk->found = unit;
	walk->next = unit + option->length;
	return 0;
}

/*
 * The whole message, with options from `options` on, of which the first of type `wanted` is looked
 * for: nd->sum and nd->mac_offset. False if it does not consist of options to its end, each of a
 * length that can be, or is too long for us.
 */
static __always_inline bool nd_read_body(const struct packet *p, struct nd *nd, __u32 options,
					 __u8 wanted)
{
	struct scratch *scratch = scratch_memory();
	struct option_walk walk;
	__u32 length = nd->length;

	if (!scratch || length < options || length % 8 != 0 || length > ND_LENGTH_MAX)
		return false;
	/* Once more, in a way that the verifier of 6.1 does not forget on the stack. */
	asm volatile("" : "+r"(length));
	length = ((length - 8) & 0x7ff) + 8;
	if (load(p, nd->offset, scratch->words, length))
		return false;
	nd->sum = scratch_sum(scratch, length);
	walk = (struct option_walk){.scratch = scratch, .next = options / 8, .wanted = wanted};
	bpf_loop(length / 8, walk_option, &walk, 0);
	forget(walk.scratch);
	nd->mac_offset =
		walk.found ? nd->offset + walk.found * 8 + offsetof(struct mac_option, mac) : 0;
	return walk.next == length / 8;
}

/* Sum of the pseudo-header (RFC 8200 section 8.1). */
static __always_inline __u64 nd_sum_pseudo(const struct vrrp_addr *source,
					   const struct vrrp_addr *destination, __u16 length)
{
	return vrrp_sum_addr(source) + vrrp_sum_addr(destination) + bpf_htons(IPPROTO_ICMPV6) +
	       bpf_htons(length);
}

static __always_inline bool addr_is_unspecified(const struct vrrp_addr *address)
{
	const __u8 *b = address->b;

	return !(vrrp_load32(b) | vrrp_load32(b + 4) | vrrp_load32(b + 8) | vrrp_load32(b + 12));
}

static __always_inline bool addr_is_multicast(const struct vrrp_addr *address)
{
	return address->b[0] == 0xff;
}

#endif
