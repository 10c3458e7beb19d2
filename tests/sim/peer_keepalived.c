/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A router as keepalived 2.2.7 behaves, with its defaults. What differs from the RFCs:
 *
 *  - Reading beats timers, two packets at a time. When it has read anything for its VRID, right or
 *    wrong, it sets its timer anew: to what was left of it in Backup, but to a whole interval in
 *    Master, so that rubbish often enough keeps a Master from advertising (D-37).
 *  - A lower priority is answered at once, and with announcements, as often as it comes (D-24
 *    without a limit); an equal priority from its own address with nothing.
 *  - Two owners: each becomes 254 for good, yields to the other, and so both are Backup for a
 * while.
 *  - A list of addresses that is not its own is dropped (B-12), by VRRPv3 too; zero is an interval.
 *  - One checksum form only, and a message must be exactly as long as it says (H-9).
 *  - An owner is Backup for an instant before it is Master; it cannot be told not to preempt.
 *  - When the priority changes, the down timer moves by the difference to the span it was set to
 *    last, whatever that was.
 *  - Timers count in microseconds.
 */
#include "sim/oracle.h"
#include "sim/peer.h"

#define READS_MAX 2

static bool is_v2(const struct world *world)
{
	return world->scenario->version == 2;
}

/* ---- timers ---- */

static int64_t skew_ns(const struct world *world, const struct peer *peer)
{
	uint32_t parts = 256u - peer->priority;

	if (is_v2(world))
		return parts * 1000000u / 256 * NS_PER_US;
	return parts * peer->master_interval_cs * 625 / 16 * NS_PER_US;
}

static int64_t down_span_ns(const struct world *world, const struct peer *peer)
{
	return world->scenario->down_adverts * peer->master_interval_cs * NS_PER_CS +
	       skew_ns(world, peer);
}

/* It has one timer for both states, and this is where it is set. */
static void set_timer(const struct world *world, struct machine *machine)
{
	struct peer *peer = &machine->peer;
	int64_t clock_ns = machine_clock(world, machine);
	bool master = peer->state == VR_ACTIVE;

	peer->adver_ns = master ? clock_ns + peer_interval_ns(machine) : NEVER_NS;
	peer->down_ns = master ? NEVER_NS : clock_ns + peer->span_ns;
}

/* ---- states ---- */

static int64_t after(int64_t clock_ns, int64_t span_ns)
{
	return span_ns == 0 ? NEVER_NS : clock_ns + span_ns;
}

static void become_master(struct world *world, struct machine *machine)
{
	const struct announce_params *announce = &machine->router->announce;
	struct peer *peer = &machine->peer;
	int64_t clock_ns = machine_clock(world, machine);

	peer_advertise(world, machine, peer->priority);
	peer_become(world, machine, VR_ACTIVE);
	peer_announce(world, machine, announce->repeat);
	peer->announce_ns = after(clock_ns, announce->delay_ns);
	peer->refresh_ns = after(clock_ns, announce->refresh_ns);
	set_timer(world, machine);
}

static void leave_master(struct world *world, struct machine *machine)
{
	struct peer *peer = &machine->peer;

	peer_become(world, machine, VR_BACKUP);
	peer->announce_ns = peer->refresh_ns = NEVER_NS;
	peer->span_ns = down_span_ns(world, peer);
}

void keepalived_start(struct world *world, struct machine *machine)
{
	struct peer *peer = &machine->peer;

	peer->span_ns =
		peer->priority == VRRP_PRIORITY_OWNER ? NS_PER_US : down_span_ns(world, peer);
	peer_become(world, machine, VR_BACKUP);
	set_timer(world, machine);
}

void keepalived_priority(struct world *world, struct machine *machine, uint8_t priority)
{
	struct peer *peer = &machine->peer;
	int64_t before_ns = peer->span_ns;

	if (machine->router->priority == VRRP_PRIORITY_OWNER || priority == peer->priority)
		return;
	peer->priority = priority;
	peer->span_ns = down_span_ns(world, peer);
	if (peer->state == VR_BACKUP)
		peer->down_ns += peer->span_ns - before_ns;
}

/* ---- advertisements ---- */

static bool accepts(const struct world *world, const struct machine *machine,
		    const struct advert_packet *packet)
{
	const struct vrrp_message *message = &packet->message;
	bool pseudo = !is_v2(world) && machine->router->checksum != CHECKSUM_POLICY_RFC9568;

	if (!packet->whole || !advert_length_exact(packet) || packet->ttl != VRRP_TTL ||
	    message->version != world->scenario->version)
		return false;
	if (is_v2(world) && (message->auth_type != VRRP_AUTH_NONE ||
			     message->interval_cs != machine->router->interval_cs))
		return false;
	return message->type == VRRP_TYPE_ADVERTISEMENT && advert_list_right(packet) &&
	       advert_sum_right(packet, pseudo) && packet->destination == VRRP_GROUP_IPV4;
}

static void learn(const struct world *world, struct peer *peer, const struct vrrp_message *message)
{
	if (!is_v2(world))
		peer->master_interval_cs = message->interval_cs;
	peer->span_ns = down_span_ns(world, peer);
}

/* What it does not obey leaves it with what is left of its timer. True: it obeys. */
static bool backup_advert(const struct world *world, struct machine *machine,
			  const struct vrrp_message *message, bool accepted)
{
	struct peer *peer = &machine->peer;
	bool preempts =
		machine->router->preempt || machine->router->priority == VRRP_PRIORITY_OWNER;
	int64_t left_ns = peer->down_ns - machine_clock(world, machine);

	if (accepted && message->priority == VRRP_PRIORITY_LEAVING) {
		peer->span_ns = skew_ns(world, peer);
		return false;
	}
	if (accepted && (!preempts || message->priority >= peer->priority)) {
		learn(world, peer, message);
		return true;
	}
	peer->span_ns = left_ns > 0 ? left_ns : 0;
	return false;
}

static void answer_lower(struct world *world, struct machine *machine)
{
	const struct announce_params *announce = &machine->router->announce;
	int64_t again_ns = after(machine_clock(world, machine), announce->delay_ns);

	peer_advertise(world, machine, machine->peer.priority);
	peer_announce(world, machine, announce->repeat);
	if (machine->peer.announce_ns == NEVER_NS)
		machine->peer.announce_ns = again_ns;
}

/* True: it yields. */
static bool master_advert(struct world *world, struct machine *machine,
			  const struct advert_packet *packet)
{
	const struct vrrp_message *message = &packet->message;
	uint32_t own = machine->router->address;
	struct peer *peer = &machine->peer;

	if (message->priority == VRRP_PRIORITY_LEAVING) {
		peer_advertise(world, machine, peer->priority);
		return false;
	}
	if (message->priority == peer->priority && packet->source != own &&
	    peer->priority == VRRP_PRIORITY_OWNER)
		peer->priority = VRRP_PRIORITY_OWNER - 1;
	if (message->priority < peer->priority ||
	    (message->priority == peer->priority && packet->source < own))
		answer_lower(world, machine);
	if (message->priority < peer->priority ||
	    (message->priority == peer->priority && packet->source <= own))
		return false;
	learn(world, peer, message);
	leave_master(world, machine);
	return true;
}

/* False: not for its VRID, as if nothing had come. */
static bool read_one(struct world *world, struct machine *machine, const struct sim_frame *frame)
{
	struct advert_packet packet;
	bool obeys = false, accepted;

	if (!advert_read(frame, &packet) || packet.length < sizeof(struct vrrp_hdr) ||
	    packet.bytes[1] != world->scenario->vrid)
		return false;
	accepted = accepts(world, machine, &packet);
	if (machine->peer.state == VR_BACKUP)
		obeys = backup_advert(world, machine, &packet.message, accepted);
	else if (accepted)
		obeys = master_advert(world, machine, &packet);
	set_timer(world, machine);
	if (accepted)
		oracle_heard(world, machine, frame, obeys);
	return true;
}

/* ---- the CPU ---- */

static void advertise(struct world *world, struct machine *machine)
{
	const struct announce_params *announce = &machine->router->announce;
	struct peer *peer = &machine->peer;
	int64_t clock_ns = machine_clock(world, machine);

	peer_advertise(world, machine, peer->priority);
	if (peer->refresh_ns < clock_ns) {
		peer_announce(world, machine, announce->refresh_repeat);
		peer->refresh_ns = clock_ns + announce->refresh_ns;
	}
	set_timer(world, machine);
}

void keepalived_run(struct world *world, struct machine *machine)
{
	struct peer *peer = &machine->peer;
	int64_t clock_ns = machine_clock(world, machine);
	unsigned reads = 0;
	struct sim_frame frame;

	while (reads < READS_MAX && peer_take(machine, &frame))
		reads += read_one(world, machine, &frame);
	if (peer->announce_ns <= clock_ns) {
		peer->announce_ns = NEVER_NS;
		peer_announce(world, machine, machine->router->announce.repeat);
	}
	if (reads > 0)
		return;
	if (peer->down_ns <= clock_ns)
		become_master(world, machine);
	else if (peer->adver_ns <= clock_ns)
		advertise(world, machine);
}
