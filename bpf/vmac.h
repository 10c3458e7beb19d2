/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The virtual MAC step (E-1, E-2): frames to a virtual MAC of ours are the host's under the lease,
 * and nobody's without it. It comes last: an ARP request that a client sends to the virtual MAC to
 * confirm what it knows is answered like any other.
 */
#ifndef VMAC_H
#define VMAC_H

#include "nd.h"

/* The virtual router whose virtual MAC the frame is sent to. */
static __always_inline bool vmac_router(const struct packet *p, struct router *router)
{
	return p->vmac_family && router_by_vrid(p, p->vmac_family, p->vmac_vrid, router) &&
	       !(READ_ONCE(router->slot->flags) & SLOT_PHYSICAL_MAC);
}

/* E-5: accept mode does not concern Neighbor Discovery. */
static __always_inline bool is_nd(const struct packet *p)
{
	__u8 type = is_icmpv6(p) ? icmpv6_type(p) : 0;

	return type == ND_NEIGHBOR_SOLICITATION || type == ND_NEIGHBOR_ADVERTISEMENT;
}

/* The virtual router that the IP destination is a virtual address of. */
static __always_inline bool destination_router(const struct packet *p, struct router *router)
{
	struct vip_key key __attribute__((aligned(8))) = {.ifindex = p->ifindex, .vlan = p->vlan};
	__be32 ipv4;

	if (p->type == bpf_htons(ETH_P_IP)) {
		if (load(p, p->l3 + offsetof(struct iphdr, daddr), &ipv4, sizeof(ipv4)))
			return false;
		addr_from_ipv4(&key.address, ipv4);
	} else if (p->type != bpf_htons(ETH_P_IPV6) || is_nd(p) ||
		   load(p, p->l3 + offsetof(struct ipv6hdr, daddr), &key.address,
			sizeof(key.address))) {
		return false;
	}
	return router_by_number(bpf_map_lookup_elem(&vip_index, &key), router);
}

static __always_inline enum verdict vmac_step(struct packet *p)
{
	struct router router, destination;

	if (!vmac_router(p, &router))
		return VERDICT_NEXT;
	if (!lease_valid(&router, p)) {
		router.stats->virtual_mac_suppressed++;
		return VERDICT_DROP;
	}
	if (destination_router(p, &destination) &&
	    !(READ_ONCE(destination.slot->flags) & (SLOT_ACCEPT | SLOT_OWNER))) {
		destination.stats->accept_mode_dropped++;
		return VERDICT_DROP;
	}
	router.stats->virtual_mac_accepted++;
	return VERDICT_ACCEPT;
}

#endif
