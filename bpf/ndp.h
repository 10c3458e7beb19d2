/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The Neighbor Discovery step: solicitations for our addresses are answered with the virtual MAC
 * under the lease, and kept from the kernel without it (E-4); claims of others to our addresses are
 * noticed.
 *
 * Without the lease a solicitation for one of our addresses is dropped whatever else it says. Under
 * the lease only valid ones in a usual form are answered here. Any other goes to the kernel, which
 * discards what RFC 4861 calls invalid, and may answer what it does not: the egress step puts the
 * virtual MAC into that. So no answer ever has another MAC address.
 */
#ifndef NDP_H
#define NDP_H

#include "claim.h"
#include "nd.h"

/* A Neighbor Advertisement, with an Ethernet header whose end stays where the tags leave it. */
struct answer {
	struct {
		__u8 destination[6], source[6];
	} macs;
	struct ipv6hdr ip __attribute__((aligned(8)));
	struct neighbor neighbor __attribute__((aligned(8)));
	struct mac_option option;
};

/* ff02::1:ff00:0/104 and the last 24 bits of the address. */
static __always_inline bool is_solicited_node(const struct vrrp_addr *group,
					      const struct vrrp_addr *address)
{
	return vrrp_load32(group->b) == bpf_htonl(0xff020000) && !vrrp_load32(group->b + 4) &&
	       vrrp_load32(group->b + 8) == bpf_htonl(1) &&
	       vrrp_load32(group->b + 12) == (vrrp_load32(address->b + 12) | bpf_htonl(0xff000000));
}

/* RFC 4861 sections 7.1.1 and 7.1.2; reads the body, with the option that has the MAC address. */
static __always_inline bool is_valid(const struct packet *p, struct nd *nd)
{
	const struct neighbor *neighbor = &nd->neighbor;
	bool asks = neighbor->type == ND_NEIGHBOR_SOLICITATION;

	if (nd->hops != 255 || neighbor->code != 0 || addr_is_multicast(&nd->source) ||
	    !nd_read_body(p, nd, sizeof(*neighbor),
			  asks ? ND_OPTION_SOURCE_MAC : ND_OPTION_TARGET_MAC) ||
	    !vrrp_sum_valid(nd->sum + nd_sum_pseudo(&nd->source, &nd->destination, nd->length)))
		return false;
	if (!asks)
		return !addr_is_multicast(&nd->destination) ||
		       !(neighbor->flags & bpf_htonl(ND_SOLICITED));
	return !addr_is_unspecified(&nd->source) ||
	       (!nd->mac_offset && is_solicited_node(&nd->destination, &neighbor->target));
}

/* Of an address of the router: by the option, or by who has sent the frame. */
static __always_inline enum verdict nd_claim(struct packet *p, const struct router *router,
					     const struct nd *nd, const struct vrrp_addr *address)
{
	__u8 mac[ETH_ALEN];

	if (load(p, nd->mac_offset ? nd->mac_offset : ETH_ALEN, mac, sizeof(mac)))
		return VERDICT_NEXT;
	return claim(p, router, address, mac);
}

/*
 * To the solicited-node group, in a frame to that group, or to the address itself. Of a frame to
 * one MAC address it does not matter which: we do not know all that the device has.
 */
static __always_inline bool is_addressed_well(const struct packet *p, const struct nd *nd)
{
	const struct vrrp_addr *target = &nd->neighbor.target;
	bool to_group = is_solicited_node(&nd->destination, target);
	struct {
		__u8 mac[6], source[6];
	} eth;

	if (load(p, 0, &eth, sizeof(eth)))
		return false;
	if (!(eth.mac[0] & 1))
		return to_group || vrrp_addr_same(&nd->destination, target);
	return to_group && eth.mac[0] == 0x33 && eth.mac[1] == 0x33 && eth.mac[2] == 0xff &&
	       eth.mac[3] == nd->destination.b[13] && eth.mac[4] == nd->destination.b[14] &&
	       eth.mac[5] == nd->destination.b[15];
}

/* The frame ends where the answer does: grown for the option, or without options and padding that
 * nobody wants back. */
static __always_inline long resize(const struct packet *p, __u32 length)
{
	return p->skb ? bpf_skb_change_tail(p->skb, length, 0)
		      : bpf_xdp_adjust_tail(p->xdp, (int)length - (int)frame_length(p));
}

/*
 * Who asks from nowhere, a probe for duplicates, is answered by way of everybody, unsolicited
 * (RFC 4861 section 7.2.4, E-31). Anybody else to where the frame came from.
 */
static __always_inline void direct_answer(struct answer *answer, const struct nd *nd)
{
	__u8 *mac = answer->macs.destination;
	__u32 *to = answer->ip.daddr.in6_u.u6_addr32;

	if (!addr_is_unspecified(&nd->source)) {
		__builtin_memcpy(to, &nd->source, sizeof(nd->source));
		answer->neighbor.flags = bpf_htonl(ND_ROUTER | ND_SOLICITED | ND_OVERRIDE);
		return;
	}
	to[0] = bpf_htonl(0xff020000);
	to[1] = to[2] = 0;
	to[3] = bpf_htonl(1);
	mac[0] = mac[1] = 0x33;
	mac[2] = mac[3] = mac[4] = 0;
	mac[5] = 1;
	answer->neighbor.flags = bpf_htonl(ND_ROUTER | ND_OVERRIDE);
}

static __always_inline void sum_answer(struct answer *answer)
{
	const __u32 length = sizeof(answer->neighbor) + sizeof(answer->option);
	struct vrrp_addr *to = (struct vrrp_addr *)&answer->ip.daddr;
	__u64 sum = nd_sum_pseudo(&answer->neighbor.target, to, length);
	const __u32 *words = (const __u32 *)&answer->neighbor;

	for (unsigned int i = 0; i < length / sizeof(*words); i++)
		sum += words[i];
	answer->neighbor.checksum = vrrp_checksum(sum);
}

/* False, with the frame as it was, if there is no room for it. */
static __always_inline bool nd_rewrite(const struct packet *p, const struct router *router,
				       const struct nd *nd)
{
	const struct vrrp_addr *target = &nd->neighbor.target;
	const __u32 length = sizeof(struct answer) - offsetof(struct answer, ip);
	struct scratch *scratch = scratch_memory();
	struct answer *answer;

	if (!scratch)
		return false;
	answer = (struct answer *)scratch->words; /* of the question all is known */
	*answer = (struct answer){
		.ip = {.version = 6,
		       .payload_len = bpf_htons(length - sizeof(answer->ip)),
		       .nexthdr = IPPROTO_ICMPV6,
		       .hop_limit = 255},
		.neighbor = {.type = ND_NEIGHBOR_ADVERTISEMENT, .target = *target},
		.option = {.type = ND_OPTION_TARGET_MAC, .length = 1},
	};
	if (load(p, ETH_ALEN, answer->macs.destination, ETH_ALEN))
		return false;
	__builtin_memcpy(answer->macs.source, router->slot->identity.mac, ETH_ALEN);
	__builtin_memcpy(answer->option.mac, router->slot->identity.mac, ETH_ALEN);
	__builtin_memcpy(&answer->ip.saddr, target, sizeof(*target));
	direct_answer(answer, nd);
	sum_answer(answer);
	return !resize(p, p->l3 + length) && !store(p, p->l3, &answer->ip, length) &&
	       !store(p, 0, &answer->macs, sizeof(answer->macs));
}

static __always_inline enum verdict nd_solicitation(struct packet *p, struct nd *nd)
{
	bool valid = is_valid(p, nd);
	enum verdict verdict = VERDICT_NEXT;
	struct router router;

	if (valid && router_by_ipv6(p, &nd->source, &router))
		verdict = nd_claim(p, &router, nd, &nd->source);
	if (verdict != VERDICT_NEXT || !router_by_ipv6(p, &nd->neighbor.target, &router))
		return verdict;
	if (!lease_valid(&router, p)) {
		COUNT_ON_INTERFACE(p, nd_suppressed);
		return VERDICT_DROP;
	}
	if (!valid || !is_addressed_well(p, nd))
		return VERDICT_NEXT;
	if (!take_token(&router.slot->answer_bucket_ns, p->now_ns, ANSWER_INTERVAL_NS,
			ANSWER_BURST)) {
		COUNT_ON_INTERFACE(p, nd_limited);
		return VERDICT_DROP;
	}
	/* Devices differ in what room there is behind a frame; the kernel has always some. */
	if (!nd_rewrite(p, &router, nd))
		return VERDICT_NEXT;
	COUNT_ON_INTERFACE(p, nd_replies);
	return VERDICT_REPLY;
}

/* Solicited or not, a message that says who has its target. */
static __always_inline enum verdict nd_advertisement(struct packet *p, struct nd *nd)
{
	const struct vrrp_addr *target = &nd->neighbor.target;
	struct router router;

	if (!router_by_ipv6(p, target, &router) || !is_valid(p, nd))
		return VERDICT_NEXT;
	return nd_claim(p, &router, nd, target);
}

static __always_inline enum verdict icmpv6_arrives(struct packet *p)
{
	struct scratch *scratch = scratch_memory();
	__u8 type = icmpv6_type(p);

	if (type != ND_NEIGHBOR_SOLICITATION && type != ND_NEIGHBOR_ADVERTISEMENT)
		return VERDICT_NEXT;
	if (!scratch || !nd_read_header(p, &scratch->nd) || !nd_read_neighbor(p, &scratch->nd))
		return VERDICT_NEXT;
	return type == ND_NEIGHBOR_SOLICITATION ? nd_solicitation(p, &scratch->nd)
						: nd_advertisement(p, &scratch->nd);
}

STEP_FUNCTIONS(ndp, icmpv6_arrives)

static __always_inline enum verdict ndp_step(const struct packet *p)
{
	return is_icmpv6(p) ? STEP_CALL(ndp, p) : VERDICT_NEXT;
}

#endif
