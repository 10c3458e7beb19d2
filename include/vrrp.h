/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The VRRP wire format: VRRPv2 (RFC 3768, RFC 2338) and VRRPv3 (RFC 9568, RFC 5798), over IPv4 and
 * IPv6. Compiles as BPF and as user space; nothing here depends on either.
 */
#ifndef VRRP_H
#define VRRP_H

#include <linux/types.h>

#define VRRP_PROTOCOL 112  /* */
#define VRRP_TTL      255  /* */
#define VRRP_DSCP_CS6 0xc0 /* the whole TOS byte */

#define VRRP_GROUP_IPV4 0xe0000012u /* 224.0.0.18, host order */

#define VRRP_TYPE_ADVERTISEMENT 1 /* */

#define VRRP_PRIORITY_LEAVING 0 /* the sender gives up the role */
#define VRRP_PRIORITY_DEFAULT 100
#define VRRP_PRIORITY_OWNER   255

#define VRRP_INTERVAL_MAX_CS 4095 /* 12 bits of centiseconds */
#define VRRP_ADDRESSES_MAX   255
#define VRRP_AUTH_LEN	     8 /* trailer of every VRRPv2 message */

/* The largest message: a header and 255 IPv6 addresses. */
#define VRRP_MESSAGE_MAX (8 + VRRP_ADDRESSES_MAX * 16)

/* Values of `family` everywhere in this project. */
enum vrrp_family {
	VRRP_IPV4 = 4,
	VRRP_IPV6 = 6,
};

/* Auth Type of VRRPv2. Cisco's 254 is foreign to both RFCs. */
enum vrrp_auth {
	VRRP_AUTH_NONE = 0,
	VRRP_AUTH_PASS = 1,
	VRRP_AUTH_AH = 2,
	VRRP_AUTH_VENDOR = 254, /* Cisco's MD5 */
};

/* RFC 9568 figure 1 and RFC 3768 figure 1: they differ in bytes 4 and 5 only. */
struct vrrp_hdr {
	__u8 version_type; /* high nibble version, low nibble type */
	__u8 vrid;
	__u8 priority;
	__u8 addr_count;
	union {
		__be16 max_advert_int; /* v3: 4 bits reserved, 12 bits of centiseconds */
		struct {
			__u8 auth_type;	   /* v2 */
			__u8 advert_int_s; /* v2: seconds */
		};
	};
	__be16 checksum;
};

/*
 * The interval that an advertisement announces, in centiseconds: v2 in seconds, v3 without
 * the reserved bits.
 */
static inline __u32 vrrp_header_interval_cs(const struct vrrp_hdr *header)
{
	const __u8 *bytes = (const __u8 *)&header->max_advert_int;

	if (header->version_type >> 4 == 2)
		return bytes[1] * 100u;
	return (bytes[0] & 0x0fu) << 8 | bytes[1];
}

/* An address of either family; IPv4 as ::ffff:a.b.c.d, so that memcmp orders both (D-30). */
struct vrrp_addr {
	__u8 b[16];
};

/* The group address behind 00-00-5E-00-01 (IPv4) and 00-00-5E-00-02 (IPv6); the VRID follows
 * (E-50). */
#define VRRP_MAC_PREFIX_IPV4                 \
	{                                    \
		0x00, 0x00, 0x5e, 0x00, 0x01 \
	}
#define VRRP_MAC_PREFIX_IPV6                 \
	{                                    \
		0x00, 0x00, 0x5e, 0x00, 0x02 \
	}

_Static_assert(sizeof(struct vrrp_hdr) == 8, "VRRP header is 8 bytes on the wire");
_Static_assert(sizeof(struct vrrp_addr) == 16, "addresses are 16 bytes");

#endif
