/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of hints: what it means that this counter rises or this state lasts, and what to do.
 * Where VRRPv2 and VRRPv3 differ there are two texts.
 */
#include <stddef.h>
#include <string.h>

#include "hints.h"
#include "router.h"

enum where { BPF, AGENT, STATE };

struct entry {
	const char *name;
	enum where where;
	size_t offset; /* of a counter */
	enum hint_severity severity[2];
	struct hint_text text[2]; /* of VRRPv2, of VRRPv3; the second as the first if empty */
};

#define COUNTER_OF_BPF(counter) \
	.name = #counter, .where = BPF, .offset = offsetof(struct vr_stats, counter)
#define COUNTER_OF_AGENT(counter) \
	.name = #counter, .where = AGENT, .offset = offsetof(struct agent_stats, counter)
#define BOTH(level) .severity = {level, level}

static const struct entry table[HINTS] = {
	[HINT_VERSION] =
		{
			COUNTER_OF_BPF(version),
			BOTH(HINT_DEAF),
			.text = {{"a router with this VRID does not speak VRRPv2, which is "
				  "configured here: neither of the two hears the other",
				  "write \"version 3\" into this vrrp_instance, or \"version 2\" "
				  "into the other router's (FRR: vrrp VRID version 2)"},
				 {"a router with this VRID does not speak VRRPv3, which is "
				  "configured here: neither of the two hears the other",
				  "write \"version 3\" into the other router's vrrp_instance "
				  "(keepalived speaks 2 by default), or \"version 2\" into this "
				  "one"}},
		},
	[HINT_CHECKSUM] =
		{
			COUNTER_OF_BPF(checksum),
			BOTH(HINT_DEAF),
			.text = {{"advertisements with a wrong checksum arrive: damaged on the "
				  "way, or of a sender that is broken or hostile",
				  "look at them with tcpdump -vvv proto 112; both forms that "
				  "RFCs and implementations use are accepted here"}},
		},
	[HINT_AUTH_TYPE] =
		{
			COUNTER_OF_BPF(auth_type),
			BOTH(HINT_DEAF),
			.text = {{"a peer uses another authentication type: it is not heard, and "
				  "does not hear this router",
				  "write the same auth_type into both vrrp_instance blocks, or "
				  "remove authentication { } from both"}},
		},
	[HINT_AUTH_TYPE_AH] =
		{
			COUNTER_OF_BPF(auth_type_ah),
			BOTH(HINT_DEAF),
			.text = {{"a peer uses IP AH authentication, which RFC 3768 has withdrawn "
				  "and xvrrpd does not have",
				  "write \"auth_type PASS\" into both vrrp_instance blocks, or "
				  "remove authentication { } from both"}},
		},
	[HINT_AUTH_TYPE_VENDOR] =
		{
			COUNTER_OF_BPF(auth_type_vendor),
			BOTH(HINT_DEAF),
			.text = {{"a peer uses authentication type 254, the MD5 of one vendor, "
				  "which xvrrpd does not have",
				  "configure text authentication or none on that router (vrrp "
				  "VRID authentication text ...), or use VRRPv3"}},
		},
	[HINT_AUTH] =
		{
			COUNTER_OF_BPF(auth),
			BOTH(HINT_DEAF),
			.text = {{"a peer has another password",
				  "write the same auth_pass into both vrrp_instance blocks; only "
				  "its first 8 characters count"}},
		},
	[HINT_INTERVAL] =
		{
			COUNTER_OF_BPF(interval),
			.severity = {HINT_DEAF, HINT_NOTE},
			.text = {{"a peer has another advertisement interval, and VRRPv2 drops "
				  "its advertisements for that",
				  "write the same advert_int into both vrrp_instance blocks"},
				 {"a peer has another advertisement interval; VRRPv3 learns that "
				  "of the Active, but the time to a take-over depends on who is "
				  "Active",
				  "write the same advert_int into both vrrp_instance blocks"}},
		},
	[HINT_INTERVAL_ZERO] =
		{
			COUNTER_OF_BPF(interval_zero),
			BOTH(HINT_DEAF),
			.text = {{"a peer advertises an interval of 0, which nobody can obey",
				  "correct the interval of the other router"}},
		},
	[HINT_ADDRESS_LIST] =
		{
			COUNTER_OF_BPF(address_list),
			.severity = {HINT_DEAF, HINT_WARNING},
			.text = {{"a peer advertises other virtual addresses, and VRRPv2 drops "
				  "its advertisements for that",
				  "make virtual_ipaddress { } the same on both routers; what is "
				  "to be on one only belongs into virtual_ipaddress_excluded"},
				 {"a peer advertises other virtual addresses: after a take-over "
				  "some of them have no router, or two",
				  "make virtual_ipaddress { } the same on both routers"}},
		},
	[HINT_CARP] =
		{
			COUNTER_OF_BPF(carp),
			BOTH(HINT_WARNING),
			.text = {{"a BSD system speaks CARP with this number as its vhid: it uses "
				  "the same virtual MAC address, so that switches send frames to "
				  "either",
				  "choose another virtual_router_id here, or another vhid there"}},
		},
	[HINT_TTL] =
		{
			COUNTER_OF_BPF(ttl),
			BOTH(HINT_WARNING),
			.text = {{"advertisements arrive that have crossed a router, or that a "
				  "peer sends with a lower TTL than it should",
				  "multicast: find who forwards or forges them; unicast: give the "
				  "peer min_ttl in unicast_peer { }"}},
		},
	[HINT_OWN_PACKET] =
		{
			COUNTER_OF_BPF(own_packet),
			BOTH(HINT_WARNING),
			.text = {{"advertisements with this router's own source address come "
				  "back: the network loops, or another host has the same address",
				  "look for a loop (spanning tree, bond without LACP), and for "
				  "the address on other hosts: arping -D, ip address"}},
		},
	[HINT_SOURCE_ADDRESS] =
		{
			COUNTER_OF_BPF(source_address),
			BOTH(HINT_DEAF),
			.text = {{"a peer advertises from an address that no router has, or over "
				  "IPv6 from one that is not link-local",
				  "over IPv6 have it use its link-local address (mcast_src_ip)"}},
		},
	[HINT_UNICAST_SOURCE] =
		{
			COUNTER_OF_BPF(unicast_source),
			BOTH(HINT_DEAF),
			.text = {{"somebody who is not in unicast_peer { } sends advertisements",
				  "add its address to unicast_peer { } if it is a peer; a peer "
				  "without unicast_src_ip may send from another address"}},
		},
	[HINT_NON_GROUP_DESTINATION] =
		{
			COUNTER_OF_BPF(non_group_destination),
			BOTH(HINT_DEAF),
			.text = {{"a peer uses unicast where this router uses multicast, or the "
				  "reverse, or has another address of this router in its list",
				  "write unicast_peer { } on both routers or on none, with the "
				  "addresses that they send from"}},
		},
	[HINT_LL_FIRST] =
		{
			COUNTER_OF_BPF(ll_first),
			BOTH(HINT_NOTE),
			.text = {{"a peer does not list the link-local virtual address first; "
				  "some routers drop such advertisements",
				  "write the link-local address first in its list"}},
		},
	[HINT_FOREIGN_CLAIMS] =
		{
			COUNTER_OF_BPF(foreign_claims),
			BOTH(HINT_WARNING),
			.text = {{"another host claims a virtual address for its own MAC address: "
				  "it is configured there, or there are two Active routers",
				  "the log names that MAC address; remove the virtual address "
				  "from that host, or find out why the routers do not hear each "
				  "other"}},
		},
	[HINT_REPORTS_LOST] =
		{
			COUNTER_OF_BPF(reports_lost),
			BOTH(HINT_WARNING),
			.text = {{"xvrrpd was so late that reports of its programs were lost",
				  "give it real-time scheduling (vrrp_rt_priority), and a CPU "
				  "that has time"}},
		},
	[HINT_OWNER_CONFLICT] =
		{
			COUNTER_OF_AGENT(owner_conflict),
			BOTH(HINT_DEAF),
			.text = {{"another router has priority 255, too: only one can own the "
				  "addresses",
				  "give all but the one that has them as its own a priority below "
				  "255"}},
		},
	[HINT_SEND_FAILED] =
		{
			COUNTER_OF_AGENT(send_failed),
			BOTH(HINT_WARNING),
			.text = {{"the kernel did not take advertisements",
				  "see the log for the reason: an interface without carrier, or "
				  "an MTU that is too small for the number of addresses"}},
		},
	[HINT_EQUAL_PRIORITY] =
		{
			.name = "equal_priority",
			.where = STATE,
			BOTH(HINT_NOTE),
			.text = {{"the Active router has the same priority: which of the two "
				  "becomes Active depends on their addresses and on chance",
				  "give them different priorities"}},
		},
	[HINT_CHECKSUM_FORM] =
		{
			.name = "checksum_form",
			.where = STATE,
			BOTH(HINT_WARNING),
			.text = {{"a peer uses the other form of the VRRPv3 checksum than "
				  "xdp_checksum says; it may drop what this router sends, and "
				  "then both become Active",
				  "write \"xdp_checksum auto\", or the peer's form (keepalived: "
				  "v3_checksum_as_v2, FRR: vrrp VRID "
				  "checksum-with-ipv4-pseudoheader)"}},
		},
	[HINT_CHECKSUM_FORMS] =
		{
			.name = "checksum_forms",
			.where = STATE,
			BOTH(HINT_WARNING),
			.text = {{"peers use both forms of the VRRPv3 checksum; those that accept "
				  "one only do not hear the others",
				  "have all peers use the same form (keepalived: "
				  "v3_checksum_as_v2, FRR: vrrp VRID "
				  "checksum-with-ipv4-pseudoheader)"}},
		},
	[HINT_RIVAL] =
		{
			.name = "rival",
			.where = STATE,
			BOTH(HINT_DEAF),
			.text = {{"another router goes on advertising, although this one has the "
				  "better right to be Active: it does not hear this one",
				  "look on the way there for filters of protocol 112 and of the "
				  "virtual MAC address (a hypervisor that blocks forged ones: "
				  "\"xdp_virtual_mac off\"), and there for keepalived's "
				  "vmac_xmit_base"}},
		},
	[HINT_FLAPPING] =
		{
			.name = "flapping",
			.where = STATE,
			BOTH(HINT_WARNING),
			.text = {{"the role was taken three times within a minute: if it was not "
				  "given and taken on purpose, advertisements come late or are "
				  "lost, in a queue or on the way",
				  "choose a longer advert_int, and look at the load of hosts and "
				  "switches (xvrrpctl stats: late_wakeups)"}},
		},
};

const char *hint_name(enum hint hint)
{
	return table[hint].name;
}

struct hint_text hint_text(enum hint hint, const struct conf_instance *conf)
{
	const struct hint_text *text = table[hint].text;
	return conf->version == 3 && text[1].meaning ? text[1] : text[0];
}

enum hint_severity hint_severity(enum hint hint, const struct conf_instance *conf)
{
	return table[hint].severity[conf->version == 3];
}

/* ---- states ---- */

static bool has_equal_priority(const struct vr *vr)
{
	struct vrrp_hdr header;
	if (vr->state != VR_BACKUP || !vr->steady_header || vr->drained)
		return false;
	memcpy(&header, &vr->steady_header, sizeof(header));
	return header.priority == vr->effective_priority;
}

static bool has_other_form(const struct vr *vr)
{
	switch (vr->params.checksum_policy) {
	case CHECKSUM_POLICY_AUTO:
		return false;
	case CHECKSUM_POLICY_RFC9568:
		return vr->peer_heard && vr->peer_checksum != CHECKSUM_RFC9568;
	case CHECKSUM_POLICY_PSEUDO:
		return vr->peer_heard && vr->peer_checksum != CHECKSUM_PSEUDO;
	}
	return false;
}

static bool lasts(enum hint hint, const struct router *router)
{
	if (hint == HINT_EQUAL_PRIORITY)
		return has_equal_priority(&router->vr);
	if (hint == HINT_CHECKSUM_FORM)
		return has_other_form(&router->vr);
	if (hint == HINT_CHECKSUM_FORMS)
		return router->vr.peers_differ;
	if (hint == HINT_RIVAL)
		return hints_rival(router);
	return false; /* flapping is told by the transitions */
}

uint64_t hint_count(enum hint hint, const struct router *router, const struct hint_counts *counts)
{
	const struct entry *entry = &table[hint];
	const char *base =
		entry->where == BPF ? (const char *)&counts->bpf : (const char *)&counts->agent;
	uint64_t count;
	if (entry->where == STATE)
		return lasts(hint, router);
	memcpy(&count, base + entry->offset, sizeof(count));
	return count;
}
