// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The data plane of xvrrpd: checks and filters advertisements, and answers for the virtual
 * addresses, out of maps that the agent keeps (include/abi.h). Read this file first, then:
 *
 *   parse.h   the packet context: what the steps see of a frame, whichever hook it came through
 *   slot.h    virtual routers: look-up, counters, lease, token buckets
 *   scratch.h memory for a message, and the walk over it
 *   advert.h  advertisements: checks of part B, stamps, reports (RFC 9568 section 7.1)
 *   claim.h   others that claim a virtual address
 *   arp.h     ARP for the virtual addresses (RFC 9568 section 8.1)
 *   nd.h      Neighbor Discovery messages
 *   ndp.h     Neighbor Discovery for the virtual addresses (RFC 9568 section 8.2)
 *   vmac.h    frames to the virtual MAC, accept mode (RFC 9568 sections 6.4.2, 6.4.3)
 *   egress.h  ARP and Neighbor Discovery that the kernel sends
 *
 * Nothing here decides who is Active: that is the agent's (I2). What is here follows the lease of
 * a virtual router, a time in its slot, and falls silent when the lease ends, whatever has become
 * of the agent (I1). Ordinary traffic passes after comparing a few header bytes, without a look-up.
 *
 * A frame takes the steps in turn, until one wants it. Advertisements, ARP and Neighbor Discovery
 * come before the virtual MAC, since all may be sent to that and are to be answered, or refused,
 * for what they are. Every drop counts (I7).
 */
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

#include "abi.h"
#include "check.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xvrrp_abi);
} abi SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XVRRP_INDEX_MAX);
	__type(key, struct vr_key);
	__type(value, __u32);
} vr_index SEC(".maps");

/* Mostly empty, and only the agent adds to it: no need to allocate all beforehand. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XVRRP_VIPS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct vip_key);
	__type(value, __u32);
} vip_index SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XVRRP_PEERS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct peer_key);
	__type(value, struct peer_hops);
} peer_index SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XVRRP_SLOTS_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct vr_slot);
} vr_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XVRRP_SLOTS_MAX);
	__type(key, __u32);
	__type(value, struct vr_stats);
} vr_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, XVRRP_INTERFACES_MAX);
	__type(key, __u32);
	__type(value, struct if_stats);
} if_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, XVRRP_EVENTS_SIZE);
} events SEC(".maps");

#include "advert.h"
#include "arp.h"
#include "egress.h"
#include "ndp.h"
#include "vmac.h"

static __always_inline enum verdict ingress_steps(struct packet *p)
{
	enum verdict verdict = advert_step(p);

	if (verdict == VERDICT_NEXT)
		verdict = arp_step(p);
	if (verdict == VERDICT_NEXT)
		verdict = ndp_step(p);
	if (verdict == VERDICT_NEXT)
		verdict = vmac_step(p);
	return verdict;
}

SEC("xdp.frags") int xvrrp_xdp(struct xdp_md *ctx)
{
	struct packet p;

	if (!packet_from_xdp(&p, ctx))
		return XDP_PASS;
	switch (ingress_steps(&p)) {
	case VERDICT_NEXT:
	case VERDICT_PASS:
	case VERDICT_ACCEPT: /* xvrrp_tc_mark does the rest */
		return XDP_PASS;
	case VERDICT_DROP:
		return XDP_DROP;
	case VERDICT_REPLY:
		return XDP_TX;
	}
	return XDP_PASS;
}

/*
 * What XDP cannot do: the stack takes a frame to a MAC address that is not the device's for
 * somebody else's, unless told otherwise. Neither counts nor drops.
 */
static __always_inline int mark(struct __sk_buff *skb)
{
	struct packet p;
	struct router router;

	if (skb->pkt_type == PACKET_OTHERHOST && packet_from_mac(&p, skb) &&
	    vmac_router(&p, &router) && lease_valid(&router, &p))
		bpf_skb_change_type(skb, PACKET_HOST);
	return TC_ACT_UNSPEC;
}

/* All steps, for an interface without XDP. Passing frames go on to other filters. */
SEC("tc") int xvrrp_tc_in(struct __sk_buff *skb)
{
	struct packet p;

	if (!packet_from_skb(&p, skb))
		return mark(skb);
	switch (ingress_steps(&p)) {
	case VERDICT_NEXT:
	case VERDICT_PASS:
		return TC_ACT_UNSPEC;
	case VERDICT_ACCEPT:
		bpf_skb_change_type(skb, PACKET_HOST);
		return TC_ACT_UNSPEC;
	case VERDICT_DROP:
		return TC_ACT_SHOT;
	case VERDICT_REPLY:
		return bpf_redirect(p.ifindex, 0);
	}
	return TC_ACT_UNSPEC;
}

/* Behind XDP, which has counted and dropped. */
SEC("tc") int xvrrp_tc_mark(struct __sk_buff *skb)
{
	return mark(skb);
}

SEC("tc") int xvrrp_tc_out(struct __sk_buff *skb)
{
	struct packet p;

	if (packet_from_skb(&p, skb) && egress_step(&p) == VERDICT_DROP)
		return TC_ACT_SHOT;
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
