/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model's maps, and the way of a frame: Ethernet and tags, then the steps in turn. Whatever no
 * step wants passes untouched (I6).
 */
#include "model/plane.h"

#include <string.h>

#include "packet.h"

/* ---- maps ---- */

void plane_clear(struct plane *plane)
{
	memset(plane, 0, sizeof(*plane));
}

void plane_add_key(struct plane *plane, const struct vr_key *key, uint32_t slot)
{
	plane->keys[plane->key_count++] = (struct plane_key){.key = *key, .slot = slot};
}

void plane_add_vip(struct plane *plane, const struct vip_key *key, uint32_t slot)
{
	plane->vips[plane->vip_count++] = (struct plane_vip){.key = *key, .slot = slot};
}

void plane_add_peer(struct plane *plane, const struct peer_key *key, struct peer_hops hops)
{
	plane->peers[plane->peer_count++] = (struct plane_peer){.key = *key, .hops = hops};
}

int find_router(const struct packet *p, uint8_t family, uint8_t vrid)
{
	for (unsigned i = 0; i < p->plane->key_count; i++) {
		const struct vr_key *key = &p->plane->keys[i].key;

		if (key->vrid == vrid && key->family == family && key->vlan == p->vlan &&
		    key->ifindex == p->ifindex)
			return (int)p->plane->keys[i].slot;
	}
	return -1;
}

int find_vip(const struct packet *p, const struct vrrp_addr *address)
{
	for (unsigned i = 0; i < p->plane->vip_count; i++) {
		const struct vip_key *key = &p->plane->vips[i].key;

		if (key->vlan == p->vlan && key->ifindex == p->ifindex &&
		    memcmp(&key->address, address, sizeof(*address)) == 0)
			return (int)p->plane->vips[i].slot;
	}
	return -1;
}

const struct peer_hops *find_peer(const struct plane *plane, uint32_t number,
				  const struct vrrp_addr *address)
{
	for (unsigned i = 0; i < plane->peer_count; i++) {
		const struct peer_key *key = &plane->peers[i].key;

		if (key->slot == number && memcmp(&key->address, address, sizeof(*address)) == 0)
			return &plane->peers[i].hops;
	}
	return NULL;
}

struct vrrp_addr addr_of_ipv4(const uint8_t *bytes)
{
	struct vrrp_addr address = {{[10] = 0xff, [11] = 0xff}};

	memcpy(address.b + 12, bytes, 4);
	return address;
}

bool plane_answers(const struct plane *plane, uint32_t number, uint64_t now_ns)
{
	const struct vr_slot *slot = &plane->slots[number];

	return slot->lease_until_ns > now_ns && slot->decided_ns >= slot->superior_ns;
}

bool take_token(__u64 *bucket, uint64_t now_ns, struct rate rate)
{
	uint64_t full_ns = *bucket > now_ns ? *bucket : now_ns;

	if (full_ns + rate.interval_ns > now_ns + rate.burst * rate.interval_ns)
		return false;
	*bucket = full_ns + rate.interval_ns;
	return true;
}

/* ---- the ring ---- */

bool put_event(struct plane *plane, const struct xvrrp_event *event)
{
	if (plane->next_event - plane->first_event >= PLANE_EVENTS) {
		plane->stats[event->slot].reports_lost++;
		return false;
	}
	plane->events[plane->next_event++ % PLANE_EVENTS] = *event;
	return true;
}

bool plane_take_event(struct plane *plane, struct xvrrp_event *event)
{
	if (plane->first_event == plane->next_event)
		return false;
	*event = plane->events[plane->first_event++ % PLANE_EVENTS];
	return true;
}

/* ---- frames ---- */

static bool is_tag(uint16_t type)
{
	return type == TYPE_8021Q || type == TYPE_8021AD;
}

/* Up to two tags, of which those with VLAN id 0 are none (H-23). False: nothing to look at. */
static bool read_ethernet(struct packet *p)
{
	if (p->length < ETHERNET_LENGTH)
		return false;
	p->type = get16(p->frame + 2 * MAC_LENGTH);
	p->network = ETHERNET_LENGTH;
	for (int tags = 0; is_tag(p->type); tags++) {
		const uint8_t *tag = p->frame + p->network;
		uint16_t id;

		if (tags == TAGS_MAX || !has_bytes(p, p->network, TAG_LENGTH))
			return false;
		id = get16(tag) & 0xfff;
		if (id)
			p->vlan = p->vlan << 16 | id;
		p->type = get16(tag + 2);
		p->network += TAG_LENGTH;
	}
	return true;
}

enum plane_verdict plane_ingress(struct plane *plane, uint32_t ifindex, uint64_t now_ns,
				 uint8_t *frame, size_t *length)
{
	struct packet p = {.plane = plane,
			   .frame = frame,
			   .length = *length,
			   .now_ns = now_ns,
			   .ifindex = ifindex};
	enum plane_verdict verdict = PLANE_PASS;

	if (!read_ethernet(&p))
		return PLANE_PASS;
	if (!advert_step(&p, &verdict) && !arp_step(&p, &verdict) && !nd_step(&p, &verdict))
		virtual_mac_step(&p, &verdict);
	*length = p.length;
	return verdict;
}

enum plane_verdict plane_egress(struct plane *plane, uint32_t ifindex, uint64_t now_ns,
				uint8_t *frame, size_t length)
{
	struct packet p = {.plane = plane,
			   .frame = frame,
			   .length = length,
			   .now_ns = now_ns,
			   .ifindex = ifindex};

	if (!read_ethernet(&p))
		return PLANE_PASS;
	return p.type == TYPE_ARP ? arp_leaves(&p) : nd_leaves(&p);
}
