/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The checks of an advertisement that are of its IP header and of who sent it (B-1 to B-3): the
 * group, or a peer without multicast (H-40). Those of the message itself are in check.h.
 */
#ifndef ENVELOPE_H
#define ENVELOPE_H

#include "abi.h"
#include "checksum.h"

/* What the IP header and the frame say about a message. */
struct vrrp_envelope {
	struct vrrp_addr source __attribute__((aligned(8)));
	struct vrrp_addr destination __attribute__((aligned(8)));
	__u32 present; /* bytes of the message that the frame really has, padding included */
	__u16 payload; /* bytes of the message by the IP header */
	__u8 family;   /* enum vrrp_family */
	__u8 hops;     /* TTL or hop limit */
	__u8 fragment; /* a first fragment: more follow */
};

/*
 * B-1, B-2, B-3: who may speak to us, and how. `peer` is the source's entry in peer_index, NULL or
 * one that no TTL is in = it has none; without SLOT_UNICAST nobody asks. VR_COUNTERS = passed.
 */
vrrp_inline enum vr_counter vrrp_check_envelope(const struct vr_identity *own, __u32 slot_flags,
						const struct peer_hops *peer,
						const struct vrrp_envelope *ip)
{
	int unicast = slot_flags & SLOT_UNICAST;

	if (unicast ? !vrrp_addr_same(&ip->destination, &own->primary)
		    : !vrrp_addr_is_group(ip->family, &ip->destination))
		return COUNT_non_group_destination;
	if (!unicast && vrrp_source_is_wrong(ip->family, &ip->source))
		return COUNT_source_address;
	if (vrrp_addr_same(&ip->source, &own->primary))
		return COUNT_own_packet;
	if (unicast && (!peer || peer->min > peer->max))
		return COUNT_unicast_source;
	if (unicast ? ip->hops < peer->min || ip->hops > peer->max : ip->hops != VRRP_TTL)
		return COUNT_ttl;
	return VR_COUNTERS;
}

#endif
