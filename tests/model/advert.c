/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advertisements in the model: the envelope, the checks of include/check.h in their order, the
 * stamps (election.h), and what the agent is told of them. A discarded one counts once, and that
 * is all (I4).
 */
#include <string.h>

#include "check.h"
#include "election.h"
#include "packet.h"

static const struct rate report_rate = {1000000000 / 256, 64};
static const struct rate changed_rate = {1000000000 / 256, 64 + 16}; /* of the same bucket, */
static const struct rate obeyed_rate = {1000000000 / 256, 64 + 32};  /* as this one */
static const struct rate leaving_rate = {1000000000 / 16, 8};

struct advert {
	struct vrrp_envelope ip;
	struct vrrp_hdr header;
	const uint8_t *message;
	uint32_t findings;
};

/* What there is of the header; one that is not all there cannot pass, and its VRID decides whose
 * error it is. */
static bool read_header(struct advert *advert, const uint8_t *message)
{
	size_t readable =
		advert->ip.present < advert->ip.payload ? advert->ip.present : advert->ip.payload;

	advert->message = message;
	memset(&advert->header, 0, sizeof(advert->header));
	if (readable >= 2)
		memcpy(&advert->header, message,
		       readable < sizeof(advert->header) ? 2 : sizeof(advert->header));
	return readable >= 2;
}

/* an advertisement only directly behind the fixed header. */
static bool read_advert_ipv6(const struct packet *p, struct advert *advert)
{
	const uint8_t *ip = p->frame + p->network;

	if (!has_bytes(p, p->network, IPV6_LENGTH) || ip[6] != VRRP_PROTOCOL || ip[0] >> 4 != 6)
		return false;
	advert->ip = (struct vrrp_envelope){
		.present = (uint32_t)(p->length - p->network - IPV6_LENGTH),
		.payload = get16(ip + 4),
		.family = VRRP_IPV6,
		.hops = ip[7],
	};
	memcpy(&advert->ip.source, ip + 8, sizeof(advert->ip.source));
	memcpy(&advert->ip.destination, ip + 24, sizeof(advert->ip.destination));
	return read_header(advert, ip + IPV6_LENGTH);
}

/* RFC 791 section 3.1: all of the header, options too. */
static bool ipv4_checksum_is_right(const uint8_t *ip, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += get16(ip + i);
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

/* False for what is no advertisement, or too little of one to have a VRID. */
static bool read_advert_ipv4(const struct packet *p, struct advert *advert)
{
	const uint8_t *ip = p->frame + p->network;
	size_t header;
	uint16_t fragment;

	if (!has_bytes(p, p->network, IPV4_LENGTH) || ip[9] != VRRP_PROTOCOL || ip[0] >> 4 != 4)
		return false;
	header = (ip[0] & 0x0fu) * 4;
	fragment = get16(ip + 6);
	if (header < IPV4_LENGTH || fragment & 0x1fff || get16(ip + 2) < header ||
	    !has_bytes(p, p->network, header) || !ipv4_checksum_is_right(ip, header))
		return false;
	advert->ip = (struct vrrp_envelope){
		.source = addr_of_ipv4(ip + 12),
		.destination = addr_of_ipv4(ip + 16),
		.present = (uint32_t)(p->length - p->network - header),
		.payload = (uint16_t)(get16(ip + 2) - header),
		.family = VRRP_IPV4,
		.hops = ip[8],
		.fragment = fragment & 0x2000 ? 1 : 0,
	};
	return read_header(advert, ip + header);
}

static bool read_advert(const struct packet *p, struct advert *advert)
{
	if (p->type == TYPE_IPV4)
		return read_advert_ipv4(p, advert);
	return p->type == TYPE_IPV6 && read_advert_ipv6(p, advert);
}

static enum vr_counter check(const struct plane *plane, uint32_t number, struct advert *advert)
{
	const struct vr_slot *slot = &plane->slots[number];
	const struct peer_hops *peer = find_peer(plane, number, &advert->ip.source);
	struct vrrp_body body;
	enum vr_counter reason =
		vrrp_check_header(&slot->identity, slot->flags, peer, &advert->ip, &advert->header);

	if (reason != VR_COUNTERS)
		return reason;
	body = vrrp_read_body(&advert->ip, &advert->header, advert->message);
	return vrrp_check_message(&slot->identity, &advert->ip, &advert->header, &body,
				  &advert->findings);
}

static uint64_t header_word(const struct advert *advert)
{
	uint64_t word;

	memcpy(&word, &advert->header, sizeof(word));
	return word;
}

static uint64_t digest(const struct advert *advert)
{
	uint64_t halves[2];

	memcpy(halves, &advert->ip.source, sizeof(halves));
	return vrrp_mix(header_word(advert), vrrp_mix(halves[0], halves[1]));
}

static bool is_obeyed(const struct vr_slot *slot, const struct advert *advert)
{
	return vrrp_backup_obeys(slot->identity.priority, slot->flags & SLOT_PREEMPT,
				 advert->header.priority);
}

static void stamp(const struct packet *p, struct vr_slot *slot, const struct advert *advert)
{
	const struct vr_identity *own = &slot->identity;
	uint8_t priority = advert->header.priority;

	slot->last_advert_ns = p->now_ns;
	if (is_obeyed(slot, advert))
		slot->authority_ns = p->now_ns;
	if (vrrp_active_yields(own->priority, &own->primary, priority, &advert->ip.source))
		slot->superior_ns = p->now_ns;
}

static void count_accepted(struct vr_stats *stats, const struct advert *advert)
{
	stats->advertisements_received++;
	stats->priority_zero_received += advert->header.priority == VRRP_PRIORITY_LEAVING;
	if (advert->header.version_type >> 4 == 3 && advert->ip.family == VRRP_IPV4) {
		stats->checksum_form_pseudo += !!(advert->findings & EVENT_CHECKSUM_PSEUDO);
		stats->checksum_form_rfc9568 += !(advert->findings & EVENT_CHECKSUM_PSEUDO);
	}
	stats->address_list += !!(advert->findings & EVENT_ADDRESS_LIST);
	stats->interval += !!(advert->findings & EVENT_INTERVAL);
	stats->ll_first += !!(advert->findings & EVENT_LL_FIRST);
}

/* Backup, and told before. Under the lease, valid or not to act by, nothing is steady. */
static bool is_steady(const struct packet *p, const struct vr_slot *slot,
		      const struct advert *advert)
{
	return slot->lease_until_ns <= p->now_ns && slot->flags & SLOT_STEADY &&
	       slot->steady_header == header_word(advert) &&
	       memcmp(&slot->steady_source, &advert->ip.source, sizeof(struct vrrp_addr)) == 0;
}

static void tell(const struct packet *p, uint32_t number, const struct advert *advert)
{
	struct vr_slot *slot = &p->plane->slots[number];
	struct xvrrp_event event = {
		.time_ns = p->now_ns,
		.kind = XVRRP_EVENT_ADVERT,
		.slot = number,
		.ifindex = p->ifindex,
		.flags = advert->findings,
		.source = advert->ip.source,
		.header = advert->header,
	};
	struct rate rate = report_rate;

	if (slot->reported != digest(advert))
		rate = is_obeyed(slot, advert) ? obeyed_rate : changed_rate;
	if (!take_token(&slot->report_bucket_ns, p->now_ns, rate) &&
	    (advert->header.priority != VRRP_PRIORITY_LEAVING ||
	     !take_token(&slot->leaving_bucket_ns, p->now_ns, leaving_rate))) {
		p->plane->stats[number].reports_limited++;
		return;
	}
	memcpy(event.mac, p->frame + MAC_LENGTH, MAC_LENGTH);
	if (put_event(p->plane, &event))
		slot->reported = digest(advert);
}

static void accept(const struct packet *p, uint32_t number, const struct advert *advert)
{
	struct vr_slot *slot = &p->plane->slots[number];
	struct vr_stats *stats = &p->plane->stats[number];

	stamp(p, slot, advert);
	count_accepted(stats, advert);
	if (is_steady(p, slot, advert)) {
		stats->advertisements_steady++;
		slot->reported = digest(advert);
	} else {
		tell(p, number, advert);
	}
}

/* The index also has virtual MACs as other VLANs see them: advertisements belong to one. */
static int find_addressee(const struct packet *p, const struct advert *advert)
{
	int number = find_router(p, advert->ip.family, advert->header.vrid);
	const struct vr_key *home;

	if (number < 0)
		return -1;
	home = &p->plane->slots[number].identity.key;
	return home->ifindex == p->ifindex && home->vlan == p->vlan ? number : -1;
}

bool advert_step(struct packet *p, enum plane_verdict *verdict)
{
	struct advert advert;
	const struct vr_slot *slot;
	enum vr_counter reason;
	int number;

	if (!read_advert(p, &advert))
		return false;
	number = find_addressee(p, &advert);
	if (number < 0) {
		p->plane->interface.vrid_unknown++; /* B-8 */
		return false;
	}
	slot = &p->plane->slots[number];
	reason = check(p->plane, (uint32_t)number, &advert);
	if (reason != VR_COUNTERS) {
		((__u64 *)&p->plane->stats[number])[reason]++;
		if (reason == COUNT_carp) /* which is not ours (I6) */
			return false;
		*verdict = PLANE_DROP;
		return true;
	}
	accept(p, (uint32_t)number, &advert);
	*verdict = slot->flags & SLOT_CONSUME ? PLANE_DROP : PLANE_PASS;
	return true;
}
