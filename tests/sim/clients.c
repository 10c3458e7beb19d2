/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hosts on the segment: the switch, that learns where the virtual MAC is from whoever sends with
 * it; clients, that ask by ARP or Neighbor Discovery who has the virtual address and send a packet
 * to the virtual MAC;
 * and somebody who forges advertisements and claims.
 */
#include <string.h>

#include "sim/frames.h"
#include "sim/oracle.h"

/* ---- the switch ---- */

static bool is_virtual_mac(const struct world *world, const uint8_t mac[6])
{
	uint8_t virtual_mac[6];

	vrrp_virtual_mac((enum vrrp_family)world->scenario->family, world->scenario->vrid,
			 virtual_mac);
	return memcmp(mac, virtual_mac, sizeof(virtual_mac)) == 0;
}

void switch_learn(struct world *world, const struct sim_frame *frame)
{
	if (is_virtual_mac(world, frame->bytes + 6))
		world->switch_port = frame->from;
}

/* ---- clients ---- */

static void ask_who_has(struct world *world)
{
	struct inquiry inquiry = {
		.kind = INQUIRY_ASKS, .sender = SIM_CLIENT_ADDRESS, .target = SIM_VIP};
	struct sim_frame frame;

	host_mac(HOST_CLIENT, 0, inquiry.sender_mac);
	frame = inquiry_frame(world->scenario->family, &inquiry);
	wire_send(world, SIM_CLIENT, &frame);
}

/* To everybody while the switch does not know better (E-15). */
static void send_packet(struct world *world)
{
	struct sim_frame frame = packet_frame(world->scenario->family, world->scenario->vrid);

	if (world->switch_port == SIM_NOBODY)
		wire_send(world, SIM_CLIENT, &frame);
	else if (!world->cut[SIM_CLIENT][world->switch_port])
		wire_send_to(world, SIM_CLIENT, world->switch_port, &frame);
}

void clients_ask(struct world *world)
{
	oracle_asked(world);
	ask_who_has(world);
	send_packet(world);
}

void clients_frame(struct world *world, const struct sim_frame *frame)
{
	struct inquiry inquiry;

	if (!inquiry_read(frame, &inquiry) || inquiry.kind != INQUIRY_ANSWERS ||
	    inquiry.sender != SIM_VIP)
		return;
	if (!is_virtual_mac(world, inquiry.sender_mac) || !is_virtual_mac(world, frame->bytes + 6))
		world_fail(world, "client: r%u answers with a MAC that is not the virtual one",
			   frame->from + 1);
	TRACE(world, "client: r%u answers", frame->from + 1);
	oracle_answered(world, frame->from);
}

void clients_served(struct world *world, unsigned machine, const struct sim_frame *frame)
{
	if (frame->from != SIM_CLIENT)
		return;
	TRACE(world, "client: r%u serves", machine + 1);
	oracle_served(world, machine);
}

/* ---- who forges ---- */

/* Right in all that `mistakes` does not name, so another version is well formed too. */
static struct advert forged_advert(const struct world *world, const struct sim_command *command,
				   const struct sim_router *victim)
{
	unsigned mistakes = command->value;
	uint8_t vrid = world->scenario->vrid, family = world->scenario->family;
	uint32_t source = mistakes & FORGE_OWN ? victim->address : command->address;
	struct advert advert = {
		.family = (enum vrrp_family)family,
		.version = world->scenario->version,
		.vrid = mistakes & FORGE_VRID ? vrid % 255 + 1 : vrid,
		.priority = command->priority,
		.interval_cs = mistakes & FORGE_INTERVAL ? 0 : command->interval_cs,
		.source = sim_address(family, source),
		.address_count = 1,
	};

	if (mistakes & FORGE_VERSION && family == VRRP_IPV4)
		advert.version = 5 - advert.version;
	if (advert.version == 2)
		advert.interval_cs = (advert.interval_cs + 99) / 100 * 100;
	else if (advert.interval_cs > VRRP_INTERVAL_MAX_CS)
		advert.interval_cs = VRRP_INTERVAL_MAX_CS;
	vrrp_virtual_mac(advert.family, advert.vrid, advert.source_mac);
	return advert;
}

/* The form that the victim knows; or any, if it knows both. */
static bool sums_pseudo(struct world *world, const struct sim_router *victim)
{
	if (victim->kind == SIM_XVRRPD)
		return random_chance(&world->random, 500000);
	return victim->checksum != CHECKSUM_POLICY_RFC9568;
}

static struct sim_frame forged_frame(struct world *world, const struct sim_command *command,
				     unsigned number)
{
	const struct sim_router *victim = &world->scenario->routers[number];
	unsigned mistakes = command->value;
	uint8_t family = world->scenario->family;
	struct vrrp_addr list =
		sim_address(family, mistakes & FORGE_ADDRESS ? SIM_VIP + 1 : SIM_VIP);
	struct advert advert = forged_advert(world, command, victim);
	struct advert_changes changes = {
		.to_mac = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x12},
		.destination = VRRP_GROUP_IPV4,
		.ttl = mistakes & FORGE_TTL ? VRRP_TTL - 1 : VRRP_TTL,
		.version = mistakes & FORGE_VERSION ? 5 - world->scenario->version
						    : world->scenario->version,
		.type = mistakes & FORGE_TYPE ? 2 : VRRP_TYPE_ADVERTISEMENT,
		.addr_count = mistakes & FORGE_LENGTH ? 5 : 1,
		.pseudo = advert.version == 3 && sums_pseudo(world, victim),
		.spoils_sum = mistakes & FORGE_SUM,
	};
	struct sim_frame frame;

	if (family == VRRP_IPV6)
		memcpy(changes.to_mac, (const uint8_t[]){0x33, 0x33, 0, 0, 0, 0x12}, 6);
	if (mistakes & FORGE_UNICAST) {
		changes.destination = victim->address;
		host_mac(HOST_ROUTER, number, changes.to_mac);
	}
	advert.addresses = &list;
	frame = advert_frame(&advert);
	advert_rewrite(&frame, &changes);
	return frame;
}

static void forge_one(struct world *world, const struct sim_command *command, unsigned victim)
{
	struct sim_frame frame;
	uint8_t mac[6];

	if (command->op == SIM_FORGE) {
		frame = forged_frame(world, command, victim);
		TRACE(world, "somebody advertises %u to r%u, mistakes %#x", command->priority,
		      victim + 1, command->value);
	} else {
		host_mac(HOST_FOREIGNER, 0, mac);
		frame = announcement_frame(world->scenario->family, mac);
		TRACE(world, "somebody claims the address to r%u", victim + 1);
	}
	wire_send_to(world, SIM_CLIENT, victim, &frame);
}

void forge(struct world *world, unsigned number)
{
	const struct sim_command *command = &world->scenario->commands[number];

	for (unsigned i = 0; i < world->scenario->router_count; i++)
		if (command->router == SIM_NOBODY || command->router == i)
			forge_one(world, command, i);
	if (++world->forged[number] < command->count)
		world_plan(world, world->now_ns + command->span_ns, PLAN_FORGE, 0, number);
}
