/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The egress step (E-10): ARP that the kernel itself sends with one of our addresses as sender
 * carries the virtual MAC under the lease, and does not leave without it. Our own answers come by
 * here as well where tc ingress gives them; they are as they should be already.
 */
#ifndef EGRESS_H
#define EGRESS_H

#include "arp.h"

static __always_inline enum verdict egress_step(struct packet *p)
{
	struct arp_ipv4 arp;
	struct router router;
	__u8 mac[ETH_ALEN], source[ETH_ALEN];

	if (!read_arp(p, &arp) || !router_by_ipv4(p, arp.sender, &router))
		return VERDICT_NEXT;
	if (!lease_valid(&router, p) || load(p, ETH_ALEN, source, sizeof(source)))
		goto suppress;
	__builtin_memcpy(mac, router.slot->identity.mac, sizeof(mac));
	if (mac_same(mac, source) && mac_same(mac, arp.sender_mac))
		return VERDICT_PASS;
	if (store(p, ETH_ALEN, mac, sizeof(mac)) ||
	    store(p, p->l3 + offsetof(struct arp_ipv4, sender_mac), mac, sizeof(mac)))
		goto suppress;
	COUNT_ON_INTERFACE(p, egress_rewritten);
	return VERDICT_PASS;

suppress:
	COUNT_ON_INTERFACE(p, egress_suppressed);
	return VERDICT_DROP;
}

#endif
