/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A router by the letter of RFC 5798 section 6.4 (VRRPv3) or of RFC 3768 section 6.4 (VRRPv2), so
 * without what came later: no immediate advertisement in D-24, an owner hears nobody (B-9), zero is
 * an interval like any other, and a Backup does not compute Skew_Time anew when it learns another
 * interval (C-33). Where the RFC is silent it is the careless kind: timers that ran out while it
 * did not run fire before it reads what has come meanwhile, as in FRR's event loop.
 */
#include "sim/oracle.h"
#include "sim/peer.h"

static bool is_v2(const struct world *world)
{
	return world->scenario->version == 2;
}

/* ---- timers ---- */

/* C-20 */
static void compute_skew(const struct world *world, struct peer *peer)
{
	int64_t of_ns = is_v2(world) ? NS_PER_S : peer->master_interval_cs * NS_PER_CS;

	peer->skew_ns = (256 - peer->priority) * of_ns / 256;
}

/* C-21; VRRPv2 never learns an interval, so that master_interval_cs is its own. */
static void arm_down(const struct world *world, struct machine *machine)
{
	struct peer *peer = &machine->peer;

	int64_t silence_ns = world->scenario->down_adverts * peer->master_interval_cs * NS_PER_CS;

	peer->down_ns = machine_clock(world, machine) + silence_ns + peer->skew_ns;
}

static void arm_adver(const struct world *world, struct machine *machine)
{
	machine->peer.adver_ns = machine_clock(world, machine) + peer_interval_ns(machine);
}

/* ---- states ---- */

/* D-1, D-11 */
static void become_master(struct world *world, struct machine *machine)
{
	peer_advertise(world, machine, machine->peer.priority);
	machine->peer.down_ns = NEVER_NS;
	arm_adver(world, machine);
	peer_become(world, machine, VR_ACTIVE);
	peer_announce(world, machine, 1);
}

void rfc_start(struct world *world, struct machine *machine)
{
	compute_skew(world, &machine->peer);
	if (machine->peer.priority == VRRP_PRIORITY_OWNER) {
		become_master(world, machine);
		return;
	}
	arm_down(world, machine); /* D-2 */
	peer_become(world, machine, VR_BACKUP);
}

void rfc_priority(struct world *world, struct machine *machine, uint8_t priority)
{
	if (machine->peer.priority == VRRP_PRIORITY_OWNER)
		return;
	machine->peer.priority = priority;
	compute_skew(world, &machine->peer);
}

/* ---- advertisements ---- */

static bool v2_accepts(const struct machine *machine, const struct advert_packet *packet)
{
	const struct vrrp_message *message = &packet->message;

	if (message->auth_type != VRRP_AUTH_NONE) /* B-10 */
		return false;
	if (!advert_list_right(packet) && message->priority != VRRP_PRIORITY_OWNER) /* B-12 */
		return false;
	return message->interval_cs == machine->router->interval_cs; /* B-13 */
}

/* B-1 to B-13, those of them that are a MUST */
static bool accepts(const struct world *world, const struct machine *machine,
		    const struct advert_packet *packet)
{
	const struct vrrp_message *message = &packet->message;
	bool pseudo =
		!is_v2(world) && machine->router->checksum != CHECKSUM_POLICY_RFC9568; /* */

	if (packet->destination != VRRP_GROUP_IPV4 || packet->ttl != VRRP_TTL || !packet->whole ||
	    message->version != world->scenario->version ||
	    message->type != VRRP_TYPE_ADVERTISEMENT || !advert_sum_right(packet, pseudo) ||
	    message->vrid != world->scenario->vrid)
		return false;
	if (machine->peer.priority == VRRP_PRIORITY_OWNER) /* B-9 */
		return false;
	return !is_v2(world) || v2_accepts(machine, packet);
}

static void learn(const struct world *world, struct peer *peer, const struct vrrp_message *message)
{
	if (!is_v2(world))
		peer->master_interval_cs = message->interval_cs;
}

/* D-12 to D-14; true: it obeys. */
static bool backup_advert(const struct world *world, struct machine *machine,
			  const struct vrrp_message *message)
{
	struct peer *peer = &machine->peer;

	if (message->priority == VRRP_PRIORITY_LEAVING) {
		peer->down_ns = machine_clock(world, machine) + peer->skew_ns;
		return false;
	}
	if (machine->router->preempt && message->priority < peer->priority)
		return false;
	learn(world, peer, message);
	arm_down(world, machine);
	return true;
}

/* D-22 to D-24; true: it yields. */
static bool master_advert(struct world *world, struct machine *machine,
			  const struct advert_packet *packet)
{
	const struct vrrp_message *message = &packet->message;
	struct peer *peer = &machine->peer;

	if (message->priority == VRRP_PRIORITY_LEAVING) {
		peer_advertise(world, machine, peer->priority);
		arm_adver(world, machine);
		return false;
	}
	if (message->priority < peer->priority ||
	    (message->priority == peer->priority && packet->source <= machine->router->address))
		return false;
	learn(world, peer, message);
	compute_skew(world, peer);
	peer->adver_ns = NEVER_NS;
	arm_down(world, machine);
	peer_become(world, machine, VR_BACKUP);
	return true;
}

static void read_one(struct world *world, struct machine *machine, const struct sim_frame *frame)
{
	struct advert_packet packet;
	bool obeys;

	if (!advert_read(frame, &packet) || !accepts(world, machine, &packet))
		return;
	if (machine->peer.state == VR_ACTIVE)
		obeys = master_advert(world, machine, &packet);
	else
		obeys = backup_advert(world, machine, &packet.message);
	oracle_heard(world, machine, frame, obeys);
}

/* ---- the CPU ---- */

static void look_at_timers(struct world *world, struct machine *machine)
{
	struct peer *peer = &machine->peer;
	int64_t clock_ns = machine_clock(world, machine);

	if (peer->down_ns <= clock_ns)
		become_master(world, machine);
	if (peer->adver_ns <= clock_ns) { /* D-21 */
		peer_advertise(world, machine, peer->priority);
		arm_adver(world, machine);
	}
}

void rfc_run(struct world *world, struct machine *machine)
{
	struct sim_frame frame;

	look_at_timers(world, machine);
	while (peer_take(machine, &frame))
		read_one(world, machine, &frame);
}
