/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Virtual routers as the steps see them: found in the indexes, counted, asked for their lease, and
 * limited by token buckets.
 */
#ifndef SLOT_H
#define SLOT_H

#include "parse.h"

struct router {
	struct vr_slot *slot;
	struct vr_stats *stats; /* of this CPU */
	__u32 number;
};

/* The agent writes to the slots at any time: read each field once. */
#define READ_ONCE(x)	 (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))

static __always_inline bool router_by_number(const __u32 *number, struct router *router)
{
	if (!number)
		return false;
	router->number = *number;
	router->slot = bpf_map_lookup_elem(&vr_slots, &router->number);
	router->stats = bpf_map_lookup_elem(&vr_stats, &router->number);
	return router->slot && router->stats;
}

static __always_inline bool router_by_vrid(const struct packet *p, __u8 family, __u8 vrid,
					   struct router *router)
{
	struct vr_key key = {
		.ifindex = p->ifindex, .vlan = p->vlan, .family = family, .vrid = vrid};

	return router_by_number(bpf_map_lookup_elem(&vr_index, &key), router);
}

/* An address as struct vrrp_addr; `to` must be aligned. */
static __always_inline void addr_from_ipv4(struct vrrp_addr *to, __be32 address)
{
	__u64 *halves = (__u64 *)to->b;

	halves[0] = 0;
	halves[1] = vrrp_join32(bpf_htonl(0x0000ffff), address);
}

static __always_inline bool router_by_ipv4(const struct packet *p, __be32 address,
					   struct router *router)
{
	struct vip_key key __attribute__((aligned(8))) = {.ifindex = p->ifindex, .vlan = p->vlan};

	addr_from_ipv4(&key.address, address);
	return router_by_number(bpf_map_lookup_elem(&vip_index, &key), router);
}

/* No IPv4 address, as the index has them: nobody has such a one in an IPv6 header. */
static __always_inline bool router_by_ipv6(const struct packet *p, const struct vrrp_addr *address,
					   struct router *router)
{
	struct vip_key key __attribute__((aligned(8))) = {
		.ifindex = p->ifindex, .vlan = p->vlan, .address = *address};

	return !vrrp_addr_is_mapped(address) &&
	       router_by_number(bpf_map_lookup_elem(&vip_index, &key), router);
}

/* The lease is the role (I1). */
static __always_inline bool has_lease(const struct router *router, struct packet *p)
{
	return now(p) < READ_ONCE(router->slot->lease_until_ns);
}

/* To be acted by: until one is heard to whom the agent will yield as soon as it runs. */
static __always_inline bool lease_valid(const struct router *router, struct packet *p)
{
	const struct vr_slot *slot = router->slot;

	return has_lease(router, p) && READ_ONCE(slot->superior_ns) <= READ_ONCE(slot->decided_ns);
}

/* ---- counting: plain additions, because nothing else runs on this CPU meanwhile ---- */

/*
 * By number; not inlined, so that the verifier sees one unknown index and not a constant for each
 * reason, between which it would want CAP_PERFMON to tell.
 */
__noinline int count(__u32 number, __u64 counter)
{
	struct vr_stats *stats = bpf_map_lookup_elem(&vr_stats, &number);

	if (stats && counter < VR_COUNTERS)
		((__u64 *)stats)[counter]++;
	return 0;
}

static __always_inline struct if_stats *stats_of_interface(__u32 ifindex)
{
	struct if_stats *stats = bpf_map_lookup_elem(&if_stats, &ifindex);
	struct if_stats none = {};

	if (stats)
		return stats;
	bpf_map_update_elem(&if_stats, &ifindex, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&if_stats, &ifindex);
}

#define COUNT_ON_INTERFACE(p, name)                                         \
	do {                                                                \
		struct if_stats *stats_ = stats_of_interface((p)->ifindex); \
		if (stats_)                                                 \
			stats_->name++;                                     \
	} while (0)

/* ---- token buckets ---- */

/*
 * A token each `interval_ns`, at most `burst` in store. The bucket is one number, the time at which
 * it will be full again (GCRA), so that an unused one needs no upkeep and a zeroed one is full. Two
 * CPUs that race may take one token both: that many too many is still a limit.
 */
static __always_inline bool take_token(__u64 *bucket, __u64 now_ns, __u64 interval_ns, __u64 burst)
{
	__u64 full_ns = READ_ONCE(*bucket);

	if (full_ns < now_ns)
		full_ns = now_ns;
	full_ns += interval_ns;
	if (full_ns > now_ns + burst * interval_ns)
		return false;
	WRITE_ONCE(*bucket, full_ns);
	return true;
}

/*
 * Reports to the agent: the fastest router advertises 100 times a second, so 256 are room for two
 * at once, while a flood of valid packets costs the agent 256 wake-ups a second and no more, and
 * 4096 virtual routers at their burst fill a third of the ring.
 */
#define REPORT_INTERVAL_NS (1000000000ULL / 256)
#define REPORT_BURST	   64
/* Tokens that repetitions of one message cannot take: a change gets through any flood of them. And
 * what a Backup obeys, whose interval it must learn, through any flood of what it does not. */
#define REPORT_RESERVE	      16
#define REPORT_RESERVE_OBEYED 32

/* Priority 0 has some of its own, so that no flood of other messages hides that a role is free. */
#define LEAVING_INTERVAL_NS (1000000000ULL / 16)
#define LEAVING_BURST	    8

/* Foreign claims: one is enough for an announcement in answer, a conflict lasts. */
#define CLAIM_INTERVAL_NS 1000000000ULL
#define CLAIM_BURST	  4

/* Answers: all hosts of a large segment asking after a failover, several times over; a flood of
 * forged requests stays below what a port of 100 Mbit/s carries. */
#define ANSWER_INTERVAL_NS (1000000000ULL / 100000)
#define ANSWER_BURST	   10000

#endif
