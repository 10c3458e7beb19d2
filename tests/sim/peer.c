/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routers that others wrote, as far as they are alike: a process with timers and a socket, and a
 * kernel that has the virtual address as long as nobody takes it away. Whoever kills or freezes the
 * process does not, and so it answers for ever: there is no lease. What was sent to a frozen one
 * waits in the buffer of its socket.
 */
#include "sim/peer.h"

#include <string.h>

#include "sim/oracle.h"

/* ---- what it sends ---- */

int64_t peer_interval_ns(const struct machine *machine)
{
	return machine->router->interval_cs * NS_PER_CS;
}

static enum checksum_form form_of(const struct sim_router *router)
{
	return router->checksum == CHECKSUM_POLICY_RFC9568 ? CHECKSUM_RFC9568 : CHECKSUM_PSEUDO;
}

void peer_advertise(struct world *world, struct machine *machine, uint8_t priority)
{
	uint8_t family = world->scenario->family;
	struct vrrp_addr vip = sim_address(family, SIM_VIP);
	struct advert advert = {
		.family = (enum vrrp_family)family,
		.version = world->scenario->version,
		.vrid = world->scenario->vrid,
		.priority = priority,
		.interval_cs = machine->router->interval_cs,
		.checksum = form_of(machine->router),
		.source = sim_address(family, machine->router->address),
		.addresses = &vip,
		.address_count = 1,
	};
	struct sim_frame frame;

	if (!machine_can_send(machine))
		return;
	vrrp_virtual_mac(advert.family, advert.vrid, advert.source_mac);
	frame = advert_frame(&advert);
	frame.advert = ++machine->adverts_sent;
	frame.counts = priority != VRRP_PRIORITY_LEAVING;
	TRACE(world, "r%u: advertises %u", machine->number + 1, priority);
	oracle_sent(world, machine, priority, false);
	wire_send(world, machine->number, &frame);
}

void peer_announce(struct world *world, struct machine *machine, unsigned rounds)
{
	uint8_t family = world->scenario->family;
	struct sim_frame frame;
	uint8_t mac[6];

	if (rounds == 0 || !machine_can_send(machine))
		return;
	TRACE(world, "r%u: announces, %u rounds", machine->number + 1, rounds);
	oracle_announced(world, machine, rounds);
	vrrp_virtual_mac((enum vrrp_family)family, world->scenario->vrid, mac);
	frame = announcement_frame(family, mac);
	wire_send(world, machine->number, &frame);
}

void peer_become(struct world *world, struct machine *machine, enum vr_state state)
{
	TRACE(world, "r%u: %s -> %s", machine->number + 1, vr_state_name(machine->peer.state),
	      vr_state_name(state));
	machine->peer.state = state;
	oracle_role(world, machine);
}

/* ---- the process ---- */

void peer_start(struct world *world, struct machine *machine)
{
	struct peer *peer = &machine->peer;

	*peer = (struct peer){
		.alive = true,
		.frozen = peer->frozen,
		.state = VR_INITIALIZE,
		.down_ns = NEVER_NS,
		.adver_ns = NEVER_NS,
		.announce_ns = NEVER_NS,
		.refresh_ns = NEVER_NS,
		.run_ns = NEVER_NS,
		.turn = peer->turn + 1,
		.priority = machine->tracked_priority,
		.master_interval_cs = machine->router->interval_cs,
	};
	oracle_started(world, machine);
	if (machine->router->kind == SIM_RFC)
		rfc_start(world, machine);
	else
		keepalived_start(world, machine);
	peer_schedule(world, machine);
}

/* Gone. What it had in its kernel stays there, unless it cleaned up. */
static void end(struct world *world, struct machine *machine, bool cleans_up)
{
	struct peer *peer = &machine->peer;

	peer->alive = false;
	peer->run_ns = NEVER_NS;
	peer->turn++;
	peer->inbox_count = 0;
	if (cleans_up || peer->state != VR_ACTIVE)
		peer_become(world, machine, VR_INITIALIZE);
}

void peer_stop(struct world *world, struct machine *machine, bool goodbye)
{
	if (!machine->peer.alive)
		return;
	if (!goodbye) {
		end(world, machine, false);
		return;
	}
	machine->peer.stopping = true;
	peer_schedule(world, machine);
}

static void stop(struct world *world, struct machine *machine)
{
	if (machine->peer.state == VR_ACTIVE)
		peer_advertise(world, machine, VRRP_PRIORITY_LEAVING);
	end(world, machine, true);
}

void peer_priority(struct world *world, struct machine *machine, uint8_t priority)
{
	if (!machine->peer.alive)
		return;
	if (machine->router->kind == SIM_RFC)
		rfc_priority(world, machine, priority);
	else
		keepalived_priority(world, machine, priority);
	peer_schedule(world, machine);
}

/* ---- the CPU ---- */

static int64_t wake_latency(struct world *world, const struct machine *machine)
{
	int64_t wake_ns = machine->router->wake_ns;

	if (wake_ns > 100 * NS_PER_US && !random_chance(&world->random, 10000))
		wake_ns = 100 * NS_PER_US;
	return random_between(&world->random, wake_ns < 5 * NS_PER_US ? 0 : 5 * NS_PER_US, wake_ns);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void peer_schedule(struct world *world, struct machine *machine)
{
	struct peer *peer = &machine->peer;
	int64_t due_ns = peer->announce_ns; /* refreshes wait for an advertisement */

	if (!peer->alive || peer->frozen || machine->power != MACHINE_ON)
		return;
	due_ns = least(least(peer->down_ns, peer->adver_ns), due_ns);
	due_ns = peer->inbox_count > 0 || peer->stopping ? world->now_ns
							 : machine_when(world, machine, due_ns);
	if (due_ns == NEVER_NS)
		return;
	due_ns += wake_latency(world, machine);
	if (peer->run_ns <= due_ns)
		return;
	peer->run_ns = due_ns;
	world_plan(world, due_ns, PLAN_RUN, machine->number, ++peer->turn);
}

void peer_run(struct world *world, struct machine *machine)
{
	struct peer *peer = &machine->peer;

	peer->run_ns = NEVER_NS;
	if (!peer->alive || peer->frozen || machine->power != MACHINE_ON)
		return;
	if (peer->stopping)
		stop(world, machine);
	else if (machine->router->kind == SIM_RFC)
		rfc_run(world, machine);
	else
		keepalived_run(world, machine);
	peer_schedule(world, machine);
}

/* ---- its kernel ---- */

bool peer_answers(const struct machine *machine)
{
	return machine->peer.state == VR_ACTIVE;
}

bool peer_take(struct machine *machine, struct sim_frame *frame)
{
	struct peer *peer = &machine->peer;

	if (peer->inbox_count == 0)
		return false;
	*frame = peer->inbox[0];
	memmove(&peer->inbox[0], &peer->inbox[1], --peer->inbox_count * sizeof(peer->inbox[0]));
	return true;
}

static void put_into_inbox(struct peer *peer, const struct sim_frame *frame)
{
	if (peer->inbox_count < PEER_INBOX_MAX)
		peer->inbox[peer->inbox_count++] = *frame;
}

static void answer_inquiry(struct world *world, const struct machine *machine,
			   const struct sim_frame *frame, const struct inquiry *asked)
{
	uint8_t family = world->scenario->family;
	struct inquiry answer = {
		.kind = INQUIRY_ANSWERS, .sender = asked->target, .target = asked->sender};
	struct sim_frame reply;

	if (!machine_can_send(machine) || world->cut[machine->number][frame->from])
		return;
	vrrp_virtual_mac((enum vrrp_family)family, world->scenario->vrid, answer.sender_mac);
	memcpy(answer.target_mac, asked->sender_mac, sizeof(answer.target_mac));
	reply = inquiry_frame(family, &answer);
	wire_send_to(world, machine->number, frame->from, &reply);
}

void peer_frame(struct world *world, struct machine *machine, const struct sim_frame *frame)
{
	struct advert_packet packet;
	struct inquiry inquiry;

	if (advert_read(frame, &packet)) {
		if (!machine->peer.alive)
			return;
		put_into_inbox(&machine->peer, frame);
		peer_schedule(world, machine);
	} else if (!peer_answers(machine)) {
		return;
	} else if (inquiry_read(frame, &inquiry)) {
		if (inquiry.kind == INQUIRY_ASKS && inquiry.target == SIM_VIP &&
		    inquiry.sender != inquiry.target)
			answer_inquiry(world, machine, frame, &inquiry);
	} else if (packet_to_virtual_mac(frame, world->scenario->family, world->scenario->vrid)) {
		clients_served(world, machine->number, frame);
	}
}
