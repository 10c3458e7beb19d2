/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The packet context: what the steps see of a frame, whichever hook it came through. Parsing costs
 * ordinary traffic a few comparisons of header bytes; the steps fetch what they want to look at
 * closer with load(), which also finds what lies in later fragments of a jumbo frame.
 */
#ifndef PARSE_H
#define PARSE_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>

/* What a step makes of a frame. */
enum verdict {
	VERDICT_NEXT,	/* not mine: the next step */
	VERDICT_PASS,	/* goes on to the host, untouched */
	VERDICT_ACCEPT, /* the same, and the host takes it though the MAC address is a virtual one
			 */
	VERDICT_DROP,
	VERDICT_REPLY, /* has become the answer, goes back out */
};

/*
 * Lives in registers and constants once all is inlined: of `xdp` and `skb` one is NULL at compile
 * time, so that each program has the helpers of its own hook only.
 */
struct packet {
	struct xdp_md *xdp;
	struct __sk_buff *skb;
	__u64 now_ns; /* see now() */
	__u32 ifindex;
	__u32 vlan; /* as in the keys of abi.h */
	__u32 tags;
	__u32 l3;	  /* offset of the network header */
	__be16 type;	  /* EtherType behind the tags */
	__u8 protocol;	  /* of IPv4, next header of IPv6, 0 if there is none */
	__u8 vmac_family; /* destination is a virtual MAC of this family, 0 = of none ... */
	__u8 vmac_vrid;	  /* ... and this VRID */
};

struct vlan_tag {
	__be16 tci;
	__be16 type;
};

static __always_inline long load(const struct packet *p, __u32 offset, void *to, __u32 length)
{
	return p->skb ? bpf_skb_load_bytes(p->skb, offset, to, length)
		      : bpf_xdp_load_bytes(p->xdp, offset, to, length);
}

static __always_inline long store(const struct packet *p, __u32 offset, void *from, __u32 length)
{
	return p->skb ? bpf_skb_store_bytes(p->skb, offset, from, length, 0)
		      : bpf_xdp_store_bytes(p->xdp, offset, from, length);
}

static __always_inline __u32 frame_length(const struct packet *p)
{
	return p->skb ? p->skb->len : bpf_xdp_get_buff_len(p->xdp);
}

/* One time stamp for everything that a packet does, taken when first asked for. */
static __always_inline __u64 now(struct packet *p)
{
	if (!p->now_ns)
		p->now_ns = bpf_ktime_get_boot_ns();
	return p->now_ns;
}

static __always_inline bool is_vlan(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/* A priority tag (id 0) is no VLAN at any depth (H-23). */
static __always_inline void add_tag(struct packet *p, __u16 tci)
{
	__u32 id = tci & 0xfff;

	p->tags++;
	if (id)
		p->vlan = p->vlan << 16 | id;
}

/* E-50: 00:00:5e:00:01:VRID and 00:00:5e:00:02:VRID. */
static __always_inline void read_destination(struct packet *p, const struct ethhdr *eth)
{
	const __u8 *mac = eth->h_dest;

	if (mac[0] || mac[1] || mac[2] != 0x5e || mac[3] || (mac[4] != 1 && mac[4] != 2))
		return;
	p->vmac_family = mac[4] == 1 ? VRRP_IPV4 : VRRP_IPV6;
	p->vmac_vrid = mac[5];
}

/*
 * Keep clang from merging reads at several constant offsets into one at a variable offset, which
 * the verifier takes from the holder of CAP_PERFMON only.
 */
#define keep_constant(value, offset) asm volatile("" : "+r"(value) : "i"(offset))

/* The network header; its offset is a constant for each depth of tags. */
static __always_inline bool read_network(struct packet *p, const void *data, const void *end,
					 const __u32 offset)
{
	const struct iphdr *ip = data + offset;
	const struct ipv6hdr *ip6 = data + offset;
	__u8 ipv4_protocol, ipv6_next;

	p->l3 = offset;
	if ((const void *)(ip + 1) > end)
		return true;
	ipv4_protocol = ip->protocol;
	keep_constant(ipv4_protocol, offset);
	ipv6_next = ip6->nexthdr;
	keep_constant(ipv6_next, offset);
	if (p->type == bpf_htons(ETH_P_IP))
		p->protocol = ipv4_protocol;
	else if (p->type == bpf_htons(ETH_P_IPV6))
		p->protocol = ipv6_next;
	return true;
}

/* False for what no step would look at: a frame cut short, or with more than two tags. */
static __always_inline bool read_frame(struct packet *p, const void *data, const void *end)
{
	const struct ethhdr *eth = data;
	const struct vlan_tag *outer = data + ETH_HLEN;
	const struct vlan_tag *inner = outer + 1;

	if ((const void *)(eth + 1) > end)
		return false;
	read_destination(p, eth);
	p->type = eth->h_proto;
	if (!is_vlan(p->type))
		return read_network(p, data, end, ETH_HLEN);
	if ((const void *)(outer + 1) > end)
		return false;
	add_tag(p, bpf_ntohs(outer->tci));
	p->type = outer->type;
	if (!is_vlan(p->type))
		return p->tags <= 2 && read_network(p, data, end, ETH_HLEN + 4);
	if ((const void *)(inner + 1) > end)
		return false;
	add_tag(p, bpf_ntohs(inner->tci));
	p->type = inner->type;
	return p->tags <= 2 && !is_vlan(p->type) && read_network(p, data, end, ETH_HLEN + 8);
}

static __always_inline bool packet_from_xdp(struct packet *p, struct xdp_md *ctx)
{
	*p = (struct packet){.xdp = ctx, .ifindex = ctx->ingress_ifindex};
	return read_frame(p, (void *)(long)ctx->data, (void *)(long)ctx->data_end);
}

/* All that read_frame() wants to see, behind two tags. */
#define HEADERS_LEN (ETH_HLEN + 8 + sizeof(struct iphdr))

/*
 * Kernels since 6.9 forget how long the Ethernet header is when generic XDP has to copy a packet,
 * and tc ingress begins behind it. The header is still where the skb says. All of it is compared:
 * the EtherType alone is also the source of a packet from 8.0.0.0/16, or the end of a MAC address.
 */
static __always_inline bool mac_is_lost(struct __sk_buff *skb, struct ethhdr *mac)
{
	const __u16 *seen = (void *)(long)skb->data, *kept = (const __u16 *)mac;
	__u16 difference = 0;

	if ((void *)seen + sizeof(*mac) > (void *)(long)skb->data_end ||
	    bpf_skb_load_bytes_relative(skb, 0, mac, sizeof(*mac), BPF_HDR_START_MAC))
		return false;
	for (unsigned int i = 0; i < sizeof(*mac) / sizeof(*seen); i++)
		difference |= seen[i] ^ kept[i];
	return difference;
}

/*
 * The outermost tag of an skb is beside its data, not in it, unless the kernel has not got to it
 * yet. And the data may be in pages that the program cannot see, before it asks for them.
 */
static __always_inline bool packet_from_skb(struct packet *p, struct __sk_buff *skb)
{
	struct ethhdr mac;

	*p = (struct packet){.skb = skb, .ifindex = skb->ifindex};
	if (skb->vlan_present)
		add_tag(p, skb->vlan_tci);
	if ((void *)(long)skb->data + HEADERS_LEN > (void *)(long)skb->data_end)
		bpf_skb_pull_data(skb, skb->len < HEADERS_LEN ? skb->len : HEADERS_LEN);
	if (mac_is_lost(skb, &mac) && (bpf_skb_change_head(skb, sizeof(mac), 0) ||
				       bpf_skb_store_bytes(skb, 0, &mac, sizeof(mac), 0)))
		return false;
	return read_frame(p, (void *)(long)skb->data, (void *)(long)skb->data_end);
}

/* Only what is before the network header; the data may begin anywhere. */
static __always_inline bool packet_from_mac(struct packet *p, struct __sk_buff *skb)
{
	struct {
		struct ethhdr eth;
		struct vlan_tag tags[2];
	} l2;

	*p = (struct packet){.skb = skb, .ifindex = skb->ifindex};
	if (skb->vlan_present)
		add_tag(p, skb->vlan_tci);
	if (bpf_skb_load_bytes_relative(skb, 0, &l2, sizeof(l2), BPF_HDR_START_MAC))
		return false;
	read_destination(p, &l2.eth);
	p->type = l2.eth.h_proto;
	for (int i = 0; i < 2 && is_vlan(p->type); i++) {
		add_tag(p, bpf_ntohs(l2.tags[i].tci));
		p->type = l2.tags[i].type;
	}
	return p->tags <= 2 && !is_vlan(p->type);
}

/*
 * A step is a function of its own for each hook, with a stack of its own, and with arguments of
 * which the verifier knows nothing: so it looks at it once, and not again for every way that leads
 * there.
 */
#define STEP_FUNCTIONS(name, step)                                                         \
	__noinline int name##_xdp(struct xdp_md *xdp, __u32 vlan, __u32 l3, __u32 type)    \
	{                                                                                  \
		struct packet p = {.xdp = xdp,                                             \
				   .ifindex = xdp->ingress_ifindex,                        \
				   .vlan = vlan,                                           \
				   .l3 = l3,                                               \
				   .type = (__be16)type};                                  \
                                                                                           \
		return step(&p);                                                           \
	}                                                                                  \
	__noinline int name##_skb(struct __sk_buff *skb, __u32 vlan, __u32 l3, __u32 type) \
	{                                                                                  \
		struct packet p = {.skb = skb,                                             \
				   .ifindex = skb->ifindex,                                \
				   .vlan = vlan,                                           \
				   .l3 = l3,                                               \
				   .type = (__be16)type};                                  \
                                                                                           \
		return step(&p);                                                           \
	}

#define STEP_CALL(name, p)                                              \
	((p)->skb ? name##_skb((p)->skb, (p)->vlan, (p)->l3, (p)->type) \
		  : name##_xdp((p)->xdp, (p)->vlan, (p)->l3, (p)->type))

#endif
