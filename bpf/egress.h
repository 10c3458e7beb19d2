/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The egress step (E-10): ARP and Neighbor Discovery that the kernel itself sends with one of our
 * addresses as sender carries the virtual MAC under the lease, and does not leave without it. Our
 * own answers come by here as well where tc ingress gives them; they are as they should be already.
 *
 * With an address of ours as IPv6 source that goes for the whole of Neighbor Discovery:
 * solicitations of neighbours (E-32) and routers, and Router Advertisements, which a Backup must
 * not send and an Active sends with the virtual MAC (E-7, E-35). A probe for duplicates of one of
 * our addresses is not let out without the lease: the Active would answer, and the kernel take an
 * address for unusable that is going to be ours. Under the lease it asks for us, with the virtual
 * MAC.
 *
 * Reports of memberships, IGMP and MLD, leave as the kernel makes them: with the MAC address of the
 * device, never the virtual one (E-51), whatever their IP source, from which nobody learns
 * anything.
 */
#ifndef EGRESS_H
#define EGRESS_H

#include "arp.h"
#include "nd.h"

static __always_inline enum verdict suppress(const struct packet *p)
{
	COUNT_ON_INTERFACE(p, egress_suppressed);
	return VERDICT_DROP;
}

static __always_inline enum verdict egress_arp(struct packet *p)
{
	struct arp_ipv4 arp;
	struct router router;
	__u8 mac[ETH_ALEN], source[ETH_ALEN];

	if (!read_arp(p, &arp) || !router_by_ipv4(p, arp.sender, &router))
		return VERDICT_NEXT;
	if (!lease_valid(&router, p) || load(p, ETH_ALEN, source, sizeof(source)))
		return suppress(p);
	__builtin_memcpy(mac, router.slot->identity.mac, sizeof(mac));
	if (mac_same(mac, source) && mac_same(mac, arp.sender_mac))
		return VERDICT_PASS;
	if (store(p, ETH_ALEN, mac, sizeof(mac)) ||
	    store(p, p->l3 + offsetof(struct arp_ipv4, sender_mac), mac, sizeof(mac)))
		return suppress(p);
	COUNT_ON_INTERFACE(p, egress_rewritten);
	return VERDICT_PASS;
}

/* Where the options of a message begin, 0 = it is no Neighbor Discovery. */
static __always_inline __u32 nd_options(__u8 type)
{
	switch (type) {
	case ND_ROUTER_SOLICITATION:
		return 8;
	case ND_ROUTER_ADVERTISEMENT:
		return 16;
	case ND_NEIGHBOR_SOLICITATION:
	case ND_NEIGHBOR_ADVERTISEMENT:
		return sizeof(struct neighbor);
	case ND_REDIRECT:
		return 40;
	}
	return 0;
}

/* The option with the sender's MAC address. That of a redirect is another's: 0 is no option. */
static __always_inline __u8 nd_sender_option(__u8 type)
{
	if (type == ND_REDIRECT)
		return 0;
	return type == ND_NEIGHBOR_ADVERTISEMENT ? ND_OPTION_TARGET_MAC : ND_OPTION_SOURCE_MAC;
}

/* In whose name the kernel speaks: its IPv6 source's, or if that has none of ours, of the target of
 * an advertisement or of a probe for duplicates. */
static __always_inline bool nd_sender(const struct packet *p, struct nd *nd, __u8 type,
				      struct router *router)
{
	if (router_by_ipv6(p, &nd->source, router))
		return true;
	if (type != ND_NEIGHBOR_ADVERTISEMENT &&
	    (type != ND_NEIGHBOR_SOLICITATION || !addr_is_unspecified(&nd->source)))
		return false;
	return nd_read_neighbor(p, nd) && router_by_ipv6(p, &nd->neighbor.target, router);
}

/* What a checksum's sum grows by, when `count` 16-bit words of it change (RFC 1624). */
static __always_inline __u64 sum_of_change(const __be16 *from, const __be16 *to, int count)
{
	__u64 sum = 0;

	for (int i = 0; i < count; i++)
		sum += (__u64)(__u16)~from[i] + to[i];
	return sum;
}

/* Parts of a message that change, as they are in it: 16-bit words. */
struct nd_words {
	__be16 checksum, flags;
	__be16 mac[ETH_ALEN / 2];
};

static __always_inline bool nd_load_words(const struct packet *p, const struct nd *nd,
					  struct nd_words *words)
{
	return !load(p, nd->offset + offsetof(struct neighbor, checksum), &words->checksum, 4) &&
	       (!nd->mac_offset || !load(p, nd->mac_offset, words->mac, ETH_ALEN));
}

static __always_inline bool nd_store_words(const struct packet *p, const struct nd *nd,
					   struct nd_words *words)
{
	return !store(p, nd->offset + offsetof(struct neighbor, checksum), &words->checksum, 4) &&
	       (!nd->mac_offset || !store(p, nd->mac_offset, words->mac, ETH_ALEN));
}

/* The message as an Active sends it: its MAC address, and that it is a router's (E-31). */
static __always_inline void nd_correct(const struct router *router, const struct nd *nd, __u8 type,
				       struct nd_words *words)
{
	struct nd_words before = *words;
	__u64 sum = (__u16)~words->checksum;

	if (nd->mac_offset) {
		__builtin_memcpy(words->mac, router->slot->identity.mac, ETH_ALEN);
		sum += sum_of_change(before.mac, words->mac, ETH_ALEN / 2);
	}
	if (type == ND_NEIGHBOR_ADVERTISEMENT) {
		words->flags |= bpf_htons(ND_ROUTER >> 16);
		sum += sum_of_change(&before.flags, &words->flags, 1);
	}
	words->checksum = vrrp_checksum(sum);
}

static __always_inline enum verdict nd_send(struct packet *p, const struct router *router,
					    struct nd *nd, __u8 type)
{
	struct nd_words words = {}, right;
	__u8 mac[ETH_ALEN], source[ETH_ALEN];

	if (!nd_read_body(p, nd, nd_options(type), nd_sender_option(type)) ||
	    !nd_load_words(p, nd, &words) || load(p, ETH_ALEN, source, sizeof(source)))
		return suppress(p);
	__builtin_memcpy(mac, router->slot->identity.mac, sizeof(mac));
	right = words;
	nd_correct(router, nd, type, &right);
	if (mac_same(mac, source) && right.flags == words.flags &&
	    mac_same((const __u8 *)right.mac, (const __u8 *)words.mac))
		return VERDICT_PASS;
	if (store(p, ETH_ALEN, mac, sizeof(mac)) || !nd_store_words(p, nd, &right))
		return suppress(p);
	COUNT_ON_INTERFACE(p, egress_rewritten);
	return VERDICT_PASS;
}

static __always_inline enum verdict icmpv6_leaves(struct packet *p)
{
	struct scratch *scratch = scratch_memory();
	__u8 type = icmpv6_type(p);
	struct router router;

	if (!scratch || !nd_options(type) || !nd_read_header(p, &scratch->nd) ||
	    !nd_sender(p, &scratch->nd, type, &router))
		return VERDICT_NEXT;
	if (!lease_valid(&router, p))
		return suppress(p);
	return nd_send(p, &router, &scratch->nd, type);
}

/* A function of its own, as those of STEP_FUNCTIONS(). */
__noinline int egress_nd(struct __sk_buff *skb, __u32 vlan, __u32 l3)
{
	struct packet p = {.skb = skb, .ifindex = skb->ifindex, .vlan = vlan, .l3 = l3};

	return icmpv6_leaves(&p);
}

static __always_inline enum verdict egress_step(struct packet *p)
{
	return is_icmpv6(p) ? egress_nd(p->skb, p->vlan, p->l3) : egress_arp(p);
}

#endif
