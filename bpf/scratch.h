/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory for what is too much for the stack of a BPF program, a whole message, and the walk over
 * it: bpf_loop() with a call for each word. A loop would be verified once for each turn, and would
 * need CAP_PERFMON, because the verifier also follows what a CPU might do beyond the end of it.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "slot.h"

/* Where a message is in the frame, and its header. */
struct message {
	struct vrrp_envelope ip;
	struct vrrp_hdr header __attribute__((aligned(8)));
	__u32 offset;
};

/* Neighbor Solicitation and Advertisement, as in RFC 4861. */
struct neighbor {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 flags;
	struct vrrp_addr target;
};

/* A message of Neighbor Discovery: source and destination are those of the IPv6 header. */
struct nd {
	struct vrrp_addr source __attribute__((aligned(8)));
	struct vrrp_addr destination __attribute__((aligned(8)));
	struct neighbor neighbor __attribute__((aligned(8))); /* if it has so much */
	__u64 sum;	  /* of the message, valid with the pseudo-header if received unhurt */
	__u32 offset;	  /* of the message in the frame */
	__u32 mac_offset; /* of the link-layer address wanted, in the frame; 0 = none */
	__u16 length;	  /* of the message by the IP header */
	__u8 hops;
};

struct scratch {
	struct message message; /* an advertisement ... */
	struct vrrp_body body;	/* ... what its words come to ... */
	struct peer_hops peer;	/* ... and whose it is */
	struct nd nd;
	__u32 words[VRRP_SUM_MAX / 4] __attribute__((aligned(8)));
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch_map SEC(".maps");

static __always_inline struct scratch *scratch_memory(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&scratch_map, &key);
}

/*
 * Each walk ends with forget(): where the stack has held a pointer, the verifier lets nobody
 * without CAP_PERFMON write less than a pointer, and clang puts the next variable there.
 */
#define forget(pointer) WRITE_ONCE(pointer, NULL)

struct walk {
	const struct scratch *scratch;
	__u64 total;
};

static long add_word(__u32 i, struct walk *walk)
{
	if (i >= VRRP_SUM_MAX / 4)
		return 1;
	walk->total += walk->scratch->words[i];
	return 0;
}

/* vrrp_sum() of the first `length` bytes, a multiple of 4. */
static __always_inline __u64 scratch_sum(const struct scratch *scratch, __u32 length)
{
	struct walk walk = {.scratch = scratch};

	bpf_loop(length / 4, add_word, &walk, 0);
	forget(walk.scratch);
	return walk.total;
}

#endif
