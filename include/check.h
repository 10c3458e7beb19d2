/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The checks of a received advertisement (part B), one text for the BPF programs, the fuzzer and
 * the tests. They work on plain memory: no clock, no map, no frame. The order is that of
 * counters.def; the first check that fails is the one reason of the drop. (Only what looks like
 * CARP is no concern of ours, and passes.)
 *
 * Not here: B-8, because without a matching VRID there is nobody to check for, and B-9, because an
 * owner processes advertisements too (erratum 8298), so that two owners find each other.
 */
#ifndef CHECK_H
#define CHECK_H

#include "checksum.h"
#include "envelope.h"

/* What the checks need to know of the bytes behind the header. */
struct vrrp_body {
	__u64 sum;		  /* of all that vrrp_summed_length() says, the header included */
	__u64 addr_set;		  /* vrrp_addr_set_of() over the addresses */
	__u8 ll_first;		  /* the first address is link-local */
	__u8 auth[VRRP_AUTH_LEN]; /* VRRPv2's trailer */
};

/* Bytes of a message with `count` addresses (A.2, A.3). */
vrrp_inline __u32 vrrp_message_length(__u8 family, __u8 version, __u8 count)
{
	__u32 address = family == VRRP_IPV4 ? 4 : 16;
	__u32 trailer = version == 2 ? VRRP_AUTH_LEN : 0;

	return sizeof(struct vrrp_hdr) + count * address + trailer;
}

/*
 * Bytes that the checksum covers: over IPv4 the message, over IPv6 all of the payload,
 * as with every upper layer's checksum (A-61, F-9).
 */
vrrp_inline __u32 vrrp_summed_length(const struct vrrp_envelope *ip, const struct vrrp_hdr *header)
{
	if (ip->family == VRRP_IPV6)
		return ip->payload;
	return vrrp_message_length(VRRP_IPV4, header->version_type >> 4, header->addr_count);
}

/* H-30: CARP's header is 36 bytes long, and its length field stands where our address count does.
 */
vrrp_inline int vrrp_looks_like_carp(const struct vrrp_envelope *ip, const struct vrrp_hdr *header)
{
	return header->version_type == 0x21 && header->addr_count == 7 && ip->payload == 36;
}

/*
 * The checks that need no more than the header: B-23 to B-6. Bytes of `header` that the frame or
 * the IP payload does not have must be zero, as long as the VRID is there. VR_COUNTERS = passed.
 */
vrrp_inline enum vr_counter vrrp_check_header(const struct vr_identity *own, __u32 slot_flags,
					      const struct peer_hops *peer,
					      const struct vrrp_envelope *ip,
					      const struct vrrp_hdr *header)
{
	enum vr_counter reason;
	__u32 length = vrrp_message_length(ip->family, own->version, header->addr_count);

	if (!(slot_flags & SLOT_RUNNING))
		return COUNT_initialize;
	if (ip->fragment)
		return COUNT_fragment;
	reason = vrrp_check_envelope(own, slot_flags, peer, ip);
	if (reason != VR_COUNTERS)
		return reason;
	if (vrrp_looks_like_carp(ip, header))
		return COUNT_carp;
	if (header->version_type >> 4 != own->version)
		return COUNT_version;
	if ((header->version_type & 0xf) != VRRP_TYPE_ADVERTISEMENT)
		return COUNT_type;
	if (ip->payload < length || ip->present < ip->payload ||
	    vrrp_summed_length(ip, header) > VRRP_SUM_MAX || vrrp_summed_length(ip, header) & 3)
		return COUNT_length;
	/* Before the checksum: it may cover a digest behind the message. */
	if (own->version == 2 && header->auth_type == VRRP_AUTH_VENDOR)
		return COUNT_auth_type_vendor;
	return VR_COUNTERS;
}

/* The body of a message in plain memory that vrrp_check_header() has passed. */
vrrp_inline struct vrrp_body vrrp_read_body(const struct vrrp_envelope *ip,
					    const struct vrrp_hdr *header, const __u8 *message)
{
	const __u8 *addresses = message + sizeof(*header);
	__u32 length =
		vrrp_message_length(ip->family, header->version_type >> 4, header->addr_count);
	struct vrrp_body body = {
		.sum = vrrp_sum(message, vrrp_summed_length(ip, header)),
		.addr_set = vrrp_addr_set_of(ip->family, addresses, header->addr_count),
		.ll_first = header->addr_count > 0 && vrrp_addr_is_ll(addresses),
	};

	__builtin_memcpy(body.auth, message + length - VRRP_AUTH_LEN, VRRP_AUTH_LEN);
	return body;
}

/*
 * B-7. VRRPv3 over IPv4 is accepted in both forms. A message that is right in both, because
 * its pseudo-header happens to sum up to zero, counts as RFC 9568's. Of unicast peers a
 * pseudo-header may also name the group, as keepalived's once did (H-3).
 */
vrrp_inline int vrrp_check_sum(const struct vrrp_envelope *ip, const struct vrrp_hdr *header,
			       const struct vrrp_body *body, __u32 *findings)
{
	__u16 length = (__u16)vrrp_summed_length(ip, header);
	__u64 with_pseudo = body->sum + vrrp_sum_pseudo(&ip->source, &ip->destination, length);
	__u64 with_group = body->sum + vrrp_sum_addr(&ip->source) + __cpu_to_be32(VRRP_GROUP_IPV4) +
			   __cpu_to_be16(VRRP_PROTOCOL) + __cpu_to_be16(length);

	if (ip->family == VRRP_IPV6)
		return vrrp_sum_valid(with_pseudo);
	if (vrrp_sum_valid(body->sum))
		return 1;
	if (header->version_type >> 4 == 2 ||
	    (!vrrp_sum_valid(with_pseudo) && !vrrp_sum_valid(with_group)))
		return 0;
	*findings |= EVENT_CHECKSUM_PSEUDO;
	return 1;
}

/* B-10. The password is compared in constant time. */
vrrp_inline enum vr_counter vrrp_check_auth(const struct vr_identity *own,
					    const struct vrrp_hdr *header, const __u8 *auth)
{
	__u8 difference = 0;

	/* AH would be protocol 51: nothing here could verify it. */
	if (header->auth_type == VRRP_AUTH_AH)
		return COUNT_auth_type_ah;
	if (header->auth_type != own->auth_type || header->auth_type > VRRP_AUTH_PASS)
		return COUNT_auth_type;
	for (int i = 0; i < VRRP_AUTH_LEN; i++)
		difference |= auth[i] ^ own->auth_data[i];
	if (header->auth_type == VRRP_AUTH_PASS && difference)
		return COUNT_auth;
	return VR_COUNTERS;
}

/* B-10 to B-13 of VRRPv2: a wrong list is forgiven the owner only, a wrong interval nobody. */
vrrp_inline enum vr_counter vrrp_check_v2(const struct vr_identity *own,
					  const struct vrrp_hdr *header, const __u8 *auth,
					  __u32 findings)
{
	enum vr_counter reason = vrrp_check_auth(own, header, auth);

	if (reason != VR_COUNTERS)
		return reason;
	if (findings & EVENT_ADDRESS_LIST && header->priority != VRRP_PRIORITY_OWNER)
		return COUNT_address_list;
	if (header->advert_int_s * 100 != own->interval_cs)
		return COUNT_interval;
	return VR_COUNTERS;
}

/*
 * The rest, B-7 to B-15, for what vrrp_check_header() has passed. VR_COUNTERS = accepted, and then
 * `findings` has the soft ones and the form of the checksum, as bits of enum xvrrp_event_flag.
 */
vrrp_inline enum vr_counter vrrp_check_message(const struct vr_identity *own,
					       const struct vrrp_envelope *ip,
					       const struct vrrp_hdr *header,
					       const struct vrrp_body *body, __u32 *findings)
{
	__u32 interval_cs = __be16_to_cpu(header->max_advert_int) & 0xfff; /* */

	*findings = 0;
	if (!vrrp_check_sum(ip, header, body, findings))
		return COUNT_checksum;
	if (header->addr_count != own->addr_count || body->addr_set != own->addr_set)
		*findings |= EVENT_ADDRESS_LIST;
	if (own->version == 2)
		return vrrp_check_v2(own, header, body->auth, *findings);
	if (header->addr_count == 0)
		return COUNT_addr_count_zero;
	if (interval_cs == 0)
		return COUNT_interval_zero;
	if (interval_cs != own->interval_cs)
		*findings |= EVENT_INTERVAL;
	if (ip->family == VRRP_IPV6 && !body->ll_first)
		*findings |= EVENT_LL_FIRST;
	return VR_COUNTERS;
}

#endif
