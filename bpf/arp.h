/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ARP step: requests for our addresses are answered with the virtual MAC under the lease, and
 * kept from the kernel without it (E-3, E-10); claims of others to our addresses are noticed.
 */
#ifndef ARP_H
#define ARP_H

#include "claim.h"

/* <linux/if_arp.h> needs half of libc. */
#define ARP_HARDWARE_ETHER 1
#define ARP_REQUEST	   1
#define ARP_REPLY	   2

struct arp_ipv4 {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 sender_mac[6];
	__be32 sender;
	__u8 target_mac[6];
	__be32 target;
} __attribute__((packed, aligned(2)));

/* Only the canonical form; what else there is under this EtherType is left to the kernel. */
static __always_inline bool read_arp(const struct packet *p, struct arp_ipv4 *arp)
{
	return p->type == bpf_htons(ETH_P_ARP) && !load(p, p->l3, arp, sizeof(*arp)) &&
	       arp->hardware == bpf_htons(ARP_HARDWARE_ETHER) &&
	       arp->protocol == bpf_htons(ETH_P_IP) && arp->hardware_length == 6 &&
	       arp->protocol_length == 4;
}

/* Any ARP message whose sender address is ours: request, announcement or reply. */
static __always_inline enum verdict arp_claim(struct packet *p, const struct arp_ipv4 *arp)
{
	struct vrrp_addr address __attribute__((aligned(8)));
	struct router router;

	if (!router_by_ipv4(p, arp->sender, &router))
		return VERDICT_NEXT;
	addr_from_ipv4(&address, arp->sender);
	return claim(p, &router, &address, arp->sender_mac);
}

/*
 * Turn the request into the reply, in place: length, padding and tags stay. It goes back to where
 * the frame came from, so that no forged sender hardware address directs it at somebody else.
 */
static __always_inline bool arp_rewrite(const struct packet *p, const struct router *router,
					struct arp_ipv4 *arp)
{
	__be32 asked = arp->target;
	struct {
		__u8 destination[6], source[6];
	} macs;

	arp->operation = bpf_htons(ARP_REPLY);
	__builtin_memcpy(arp->target_mac, arp->sender_mac, ETH_ALEN);
	arp->target = arp->sender;
	__builtin_memcpy(arp->sender_mac, router->slot->identity.mac, ETH_ALEN);
	arp->sender = asked;
	__builtin_memcpy(macs.source, arp->sender_mac, ETH_ALEN);
	return !load(p, ETH_ALEN, macs.destination, ETH_ALEN) &&
	       !store(p, p->l3, arp, sizeof(*arp)) && !store(p, 0, &macs, sizeof(macs));
}

static __always_inline enum verdict arp_request(struct packet *p, struct arp_ipv4 *arp)
{
	struct router router;

	if (!router_by_ipv4(p, arp->target, &router))
		return VERDICT_NEXT;
	if (!lease_valid(&router, p)) {
		COUNT_ON_INTERFACE(p, arp_suppressed);
		return VERDICT_DROP;
	}
	/* An skb may be out of memory to write to: the same to the asker as over the limit. */
	if (!take_token(&router.slot->answer_bucket_ns, p->now_ns, ANSWER_INTERVAL_NS,
			ANSWER_BURST) ||
	    !arp_rewrite(p, &router, arp)) {
		COUNT_ON_INTERFACE(p, arp_limited);
		return VERDICT_DROP;
	}
	COUNT_ON_INTERFACE(p, arp_replies);
	return VERDICT_REPLY;
}

static __always_inline enum verdict arp_arrives(struct packet *p)
{
	struct arp_ipv4 arp;
	enum verdict verdict;

	if (!read_arp(p, &arp))
		return VERDICT_NEXT;
	verdict = arp_claim(p, &arp);
	if (verdict != VERDICT_NEXT)
		return verdict;
	/* An announcement (target = sender) asks nobody. */
	if (arp.operation != bpf_htons(ARP_REQUEST) || arp.target == arp.sender)
		return VERDICT_NEXT;
	return arp_request(p, &arp);
}

STEP_FUNCTIONS(arp, arp_arrives)

static __always_inline enum verdict arp_step(const struct packet *p)
{
	return p->type == bpf_htons(ETH_P_ARP) ? STEP_CALL(arp, p) : VERDICT_NEXT;
}

#endif
