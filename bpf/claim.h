/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Claims: ARP and Neighbor Discovery messages in which an address of ours belongs to another MAC
 * address. Noticed, reported at a bounded rate, and under the lease kept from the kernel, which
 * would learn from them.
 */
#ifndef CLAIM_H
#define CLAIM_H

#include "slot.h"

static __always_inline bool mac_same(const __u8 *a, const __u8 *b)
{
	__u8 difference = 0;

	for (int i = 0; i < ETH_ALEN; i++)
		difference |= a[i] ^ b[i];
	return !difference;
}

static __always_inline void report_claim(const struct packet *p, const struct router *router,
					 const struct vrrp_addr *address, const __u8 *mac)
{
	struct xvrrp_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		router->stats->reports_lost++;
		return;
	}
	*event = (struct xvrrp_event){
		.time_ns = p->now_ns,
		.kind = XVRRP_EVENT_CLAIM,
		.slot = router->number,
		.ifindex = p->ifindex,
		.source = *address,
	};
	__builtin_memcpy(event->mac, mac, ETH_ALEN);
	bpf_ringbuf_submit(event, 0);
}

/*
 * `mac` says that it has `address`, one of the router's. No claim if it is our MAC address, which
 * is what the Active's own messages name when we are Backup, and our own when they come back.
 */
static __always_inline enum verdict claim(struct packet *p, const struct router *router,
					  const struct vrrp_addr *address, const __u8 *mac)
{
	bool active;

	if (mac_same(mac, router->slot->identity.mac))
		return VERDICT_NEXT;
	active = lease_valid(router, p);
	/* Without a virtual MAC, the Active we are Backup of is bound to have another address. */
	if (!active && READ_ONCE(router->slot->flags) & SLOT_PHYSICAL_MAC)
		return VERDICT_NEXT;
	WRITE_ONCE(router->slot->last_claim_ns, p->now_ns);
	router->stats->foreign_claims++;
	if (take_token(&router->slot->claim_bucket_ns, p->now_ns, CLAIM_INTERVAL_NS, CLAIM_BURST))
		report_claim(p, router, address, mac);
	else
		router->stats->reports_limited++;
	return active ? VERDICT_DROP : VERDICT_NEXT;
}

#endif
