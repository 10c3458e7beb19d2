/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The advertisement step: find the virtual router, check (include/check.h), stamp, report. Whatever
 * fails a check counts once and is dropped; nothing else changes (I4).
 */
#ifndef ADVERT_H
#define ADVERT_H

#include "election.h"
#include "scratch.h"

static __always_inline __u64 header_word(const struct vrrp_hdr *header)
{
	return vrrp_join32(vrrp_load32((const __u8 *)header),
			   vrrp_load32((const __u8 *)header + 4));
}

/* What there is of the header, after the rest of the message is known. */
static __always_inline bool read_header(const struct packet *p, struct message *m)
{
	__builtin_memset(&m->header, 0, sizeof(m->header));
	if (m->ip.payload < sizeof(m->header) || m->ip.present < sizeof(m->header))
		return load(p, m->offset, &m->header, 2) == 0;
	return load(p, m->offset, &m->header, sizeof(m->header)) == 0;
}

/* With its checksum and options: hurt on its way if not, and the kernel discards it. */
static __always_inline bool is_sound_ipv4(const struct packet *p, struct scratch *scratch,
					  __u32 length)
{
	asm volatile("" : "+r"(length)); /* as in read_body() */
	return length <= 60 && !load(p, p->l3, scratch->words, length) &&
	       vrrp_sum_valid(scratch_sum(scratch, length));
}

/*
 * The envelope and the header. False if it is no concern of ours: no IPv4 in truth, a later
 * fragment, or too short to have a VRID.
 */
static __always_inline bool read_message_ipv4(const struct packet *p, struct scratch *scratch)
{
	struct message *m = &scratch->message;
	struct iphdr ip;
	__u32 header_length, total, end = frame_length(p);

	if (load(p, p->l3, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
		return false;
	header_length = ip.ihl * 4;
	total = bpf_ntohs(ip.tot_len);
	if (ip.frag_off & bpf_htons(0x1fff) || total < header_length + 2)
		return false;
	m->offset = p->l3 + header_length;
	if (end < m->offset + 2 || !is_sound_ipv4(p, scratch, header_length))
		return false;
	addr_from_ipv4(&m->ip.source, ip.saddr);
	addr_from_ipv4(&m->ip.destination, ip.daddr);
	m->ip.present = end - m->offset;
	m->ip.payload = (__u16)(total - header_length);
	m->ip.family = VRRP_IPV4;
	m->ip.hops = ip.ttl;
	m->ip.fragment = !!(ip.frag_off & bpf_htons(0x2000));
	return read_header(p, m);
}

/*
 * The same. Only a message directly behind the fixed header is one: with extension headers,
 * of which a fragment has one and a jumbogram another, it is no concern of ours.
 */
static __always_inline bool read_message_ipv6(const struct packet *p, struct message *m)
{
	struct ipv6hdr ip;
	__u32 payload, end = frame_length(p);

	if (load(p, p->l3, &ip, sizeof(ip)) || ip.version != 6)
		return false;
	payload = bpf_ntohs(ip.payload_len);
	m->offset = p->l3 + sizeof(ip);
	if (payload < 2 || end < m->offset + 2)
		return false;
	__builtin_memcpy(&m->ip.source, &ip.saddr, sizeof(m->ip.source));
	__builtin_memcpy(&m->ip.destination, &ip.daddr, sizeof(m->ip.destination));
	m->ip.present = end - m->offset;
	m->ip.payload = (__u16)payload;
	m->ip.family = VRRP_IPV6;
	m->ip.hops = ip.hop_limit;
	m->ip.fragment = 0;
	return read_header(p, m);
}

static __always_inline bool read_message(const struct packet *p, struct scratch *scratch)
{
	if (p->type == bpf_htons(ETH_P_IP))
		return read_message_ipv4(p, scratch);
	return p->type == bpf_htons(ETH_P_IPV6) && read_message_ipv6(p, &scratch->message);
}

/* The addresses begin at word 2: one of IPv4 has a word, one of IPv6 four. */
static long add_address(__u32 i, struct walk *walk)
{
	const __u32 *words = walk->scratch->words + sizeof(struct vrrp_hdr) / 4;

	if (i >= VRRP_ADDRESSES_MAX)
		return 1;
	if (walk->scratch->message.ip.family == VRRP_IPV4) {
		walk->total += vrrp_addr_mix_ipv4(words[i]);
		return 0;
	}
	words += i * 4;
	walk->total += vrrp_addr_mix(words[0], words[1], words[2], words[3]);
	return 0;
}

/* vrrp_read_body() of what is in the frame. False if the frame does not have it. */
static __always_inline bool read_body(const struct packet *p, struct scratch *scratch)
{
	const struct message *m = &scratch->message;
	struct vrrp_body *body = &scratch->body;
	__u32 length = vrrp_summed_length(&m->ip, &m->header);
	__u32 trailer = vrrp_message_length(m->ip.family, m->header.version_type >> 4,
					    m->header.addr_count) -
			VRRP_AUTH_LEN;
	struct walk addresses = {.scratch = scratch};

	if (length < sizeof(m->header))
		return false;
	/* Two comparisons: of the one that clang would make of both, the verifier of 6.1 learns
	 * nothing. */
	asm volatile("" : "+r"(length));
	if (length > VRRP_SUM_MAX)
		return false;
	if (load(p, m->offset, scratch->words, length) ||
	    load(p, m->offset + trailer, body->auth, VRRP_AUTH_LEN))
		return false;
	bpf_loop(m->header.addr_count, add_address, &addresses, 0);
	forget(addresses.scratch);
	body->sum = scratch_sum(scratch, length);
	body->addr_set = addresses.total;
	body->ll_first =
		m->header.addr_count > 0 &&
		vrrp_addr_is_ll((const __u8 *)&scratch->words[sizeof(struct vrrp_hdr) / 4]);
	return true;
}

/* vrrp_active_yields(), without its walk over the bytes. */
static __always_inline bool is_superior(const struct vr_identity *own, const struct message *m)
{
	__u64 ours[2], theirs[2];
	__u8 priority = READ_ONCE(own->priority);

	if (m->header.priority != priority)
		return m->header.priority > priority;
	__builtin_memcpy(ours, own->primary.b, sizeof(ours));
	__builtin_memcpy(theirs, m->ip.source.b, sizeof(theirs));
	if (theirs[0] != ours[0])
		return bpf_be64_to_cpu(theirs[0]) > bpf_be64_to_cpu(ours[0]);
	return bpf_be64_to_cpu(theirs[1]) > bpf_be64_to_cpu(ours[1]);
}

static __always_inline bool is_obeyed(const struct router *router, __u32 flags,
				      const struct message *m)
{
	return vrrp_backup_obeys(READ_ONCE(router->slot->identity.priority), flags & SLOT_PREEMPT,
				 m->header.priority);
}

/*
 * Stamp before anybody reads the lease. The agent does the reverse on promotion: it flips the
 * lease, and then reads the stamps. Both sides order their store before their load (here by an
 * atomic exchange, a full barrier on every machine), so one of the two sees the other's store:
 * either the agent finds this advertisement's stamp, or the report below finds the lease valid and
 * is not suppressed as steady. No advertisement falls between.
 */
static __always_inline void stamp(const struct packet *p, const struct router *router, __u32 flags,
				  const struct message *m)
{
	struct vr_slot *slot = router->slot;

	__sync_lock_test_and_set(&slot->last_advert_ns, p->now_ns);
	if (is_obeyed(router, flags, m))
		__sync_lock_test_and_set(&slot->authority_ns, p->now_ns);
	if (is_superior(&slot->identity, m))
		__sync_lock_test_and_set(&slot->superior_ns, p->now_ns);
}

static __always_inline void count_accepted(const struct router *router, const struct message *m,
					   __u32 findings)
{
	struct vr_stats *stats = router->stats;

	stats->advertisements_received++;
	if (m->header.priority == VRRP_PRIORITY_LEAVING)
		stats->priority_zero_received++;
	if (findings & EVENT_CHECKSUM_PSEUDO)
		stats->checksum_form_pseudo++;
	else if (m->ip.family == VRRP_IPV4 && m->header.version_type >> 4 == 3)
		stats->checksum_form_rfc9568++;
	if (findings & EVENT_ADDRESS_LIST)
		stats->address_list++;
	if (findings & EVENT_INTERVAL)
		stats->interval++;
	if (findings & EVENT_LL_FIRST)
		stats->ll_first++;
}

/* Equal to what the agent has seen already, and it is Backup: nothing to wake it for. */
static __always_inline bool is_steady(struct packet *p, const struct router *router, __u32 flags,
				      const struct message *m)
{
	const struct vr_slot *slot = router->slot;

	return !has_lease(router, p) && flags & SLOT_STEADY &&
	       header_word(&m->header) == READ_ONCE(slot->steady_header) &&
	       vrrp_addr_same(&m->ip.source, &slot->steady_source);
}

static __always_inline __u64 digest(const struct message *m)
{
	const __u8 *b = m->ip.source.b;

	return vrrp_mix(header_word(&m->header),
			vrrp_addr_mix(vrrp_load32(b), vrrp_load32(b + 4), vrrp_load32(b + 8),
				      vrrp_load32(b + 12)));
}

static __always_inline void report(const struct packet *p, const struct router *router,
				   const struct message *m, __u32 findings)
{
	struct xvrrp_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		router->stats->reports_lost++;
		return;
	}
	*event = (struct xvrrp_event){
		.time_ns = p->now_ns,
		.kind = XVRRP_EVENT_ADVERT,
		.slot = router->number,
		.ifindex = p->ifindex,
		.flags = findings,
		.source = m->ip.source,
		.header = m->header,
	};
	load(p, ETH_ALEN, event->mac, ETH_ALEN);
	bpf_ringbuf_submit(event, 0);
	WRITE_ONCE(router->slot->reported, digest(m));
}

/*
 * A flood can be of one message (a loop, a router gone wild) or of ever different ones (somebody
 * who means it). The first must not hide a change: what differs from the last message known to the
 * agent may use the reserve, and twice as much if a Backup obeys it. Neither may hide a priority 0.
 * All is bounded.
 */
static __always_inline bool may_report(const struct packet *p, const struct router *router,
				       __u32 flags, const struct message *m)
{
	struct vr_slot *slot = router->slot;
	__u64 reserve = 0;

	if (READ_ONCE(slot->reported) != digest(m))
		reserve = is_obeyed(router, flags, m) ? REPORT_RESERVE_OBEYED : REPORT_RESERVE;
	return take_token(&slot->report_bucket_ns, p->now_ns, REPORT_INTERVAL_NS,
			  REPORT_BURST + reserve) ||
	       (m->header.priority == VRRP_PRIORITY_LEAVING &&
		take_token(&slot->leaving_bucket_ns, p->now_ns, LEAVING_INTERVAL_NS,
			   LEAVING_BURST));
}

static __always_inline void report_limited(const struct packet *p, const struct router *router,
					   __u32 flags, const struct message *m, __u32 findings)
{
	if (may_report(p, router, flags, m))
		report(p, router, m, findings);
	else
		router->stats->reports_limited++;
}

static __always_inline enum verdict advert_accept(struct packet *p, const struct router *router,
						  __u32 flags, const struct message *m,
						  __u32 findings)
{
	now(p);
	stamp(p, router, flags, m);
	count_accepted(router, m, findings);
	if (is_steady(p, router, flags, m)) {
		router->stats->advertisements_steady++;
		WRITE_ONCE(router->slot->reported, digest(m));
	} else {
		report_limited(p, router, flags, m, findings);
	}
	return flags & SLOT_CONSUME ? VERDICT_DROP : VERDICT_PASS;
}

/* The checks after those of the header need the message in memory. */
static __always_inline enum vr_counter check_body(const struct packet *p,
						  const struct vr_identity *own,
						  struct scratch *scratch, __u32 *findings)
{
	const struct message *m = &scratch->message;

	if (!read_body(p, scratch))
		return COUNT_length;
	return vrrp_check_message(own, &m->ip, &m->header, &scratch->body, findings);
}

/*
 * The sender as a peer: no TTL at all for a stranger, and without SLOT_UNICAST. Never NULL, because
 * the verifier also follows a CPU that guesses wrong about that.
 */
static __always_inline const struct peer_hops *find_peer(const struct router *router, __u32 flags,
							 struct scratch *scratch)
{
	struct peer_key key __attribute__((aligned(8))) = {
		.slot = router->number,
		.address = scratch->message.ip.source,
	};
	const struct peer_hops *peer;

	scratch->peer = (struct peer_hops){.min = 1, .max = 0};
	if (!(flags & SLOT_UNICAST))
		return &scratch->peer;
	peer = bpf_map_lookup_elem(&peer_index, &key);
	if (peer)
		scratch->peer = *peer;
	return &scratch->peer;
}

static __always_inline enum verdict advert_arrives(struct packet *p)
{
	struct scratch *scratch = scratch_memory();
	struct router router;
	struct message *m;
	enum vr_counter reason;
	__u32 findings, flags;

	if (!scratch || !read_message(p, scratch))
		return VERDICT_NEXT;
	m = &scratch->message;
	/* The index also has the virtual MACs of other interfaces: no advertisement belongs there.
	 */
	if (!router_by_vrid(p, m->ip.family, m->header.vrid, &router) ||
	    router.slot->identity.key.ifindex != p->ifindex ||
	    router.slot->identity.key.vlan != p->vlan) {
		COUNT_ON_INTERFACE(p, vrid_unknown);
		return VERDICT_NEXT;
	}
	flags = READ_ONCE(router.slot->flags);
	reason = vrrp_check_header(&router.slot->identity, flags,
				   find_peer(&router, flags, scratch), &m->ip, &m->header);
	if (reason == VR_COUNTERS)
		reason = check_body(p, &router.slot->identity, scratch, &findings);
	if (reason == VR_COUNTERS)
		return advert_accept(p, &router, flags, m, findings);
	count(router.number, reason);
	/* CARP is not ours, whatever its number (I6). */
	return reason == COUNT_carp ? VERDICT_NEXT : VERDICT_DROP;
}

STEP_FUNCTIONS(advert, advert_arrives)

static __always_inline enum verdict advert_step(const struct packet *p)
{
	return p->protocol == VRRP_PROTOCOL ? STEP_CALL(advert, p) : VERDICT_NEXT;
}

#endif
