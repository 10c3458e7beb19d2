/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames from port to port. Between two ports they keep their order, unless the scenario says that
 * some take longer. A frame is stored once, however many it goes to.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

/* ---- storage ---- */

static void make_room(struct world *world)
{
	unsigned room = world->frame_count ? 2 * world->frame_count : 64;

	world->frames = realloc(world->frames, room * sizeof(*world->frames));
	world->free_frames = realloc(world->free_frames, room * sizeof(*world->free_frames));
	if (!world->frames || !world->free_frames)
		abort();
	for (unsigned i = room; i > world->frame_count; i--)
		world->free_frames[world->free_count++] = i - 1;
	world->frame_count = room;
}

static uint32_t store(struct world *world, const struct sim_frame *frame)
{
	uint32_t number;

	if (world->free_count == 0)
		make_room(world);
	number = world->free_frames[--world->free_count];
	world->frames[number] = *frame;
	world->frames[number].references = 1;
	return number;
}

static void release(struct world *world, uint32_t number)
{
	assert(world->frames[number].references > 0);
	if (--world->frames[number].references == 0)
		world->free_frames[world->free_count++] = number;
}

/* ---- the way ---- */

static int64_t arrival(struct world *world, unsigned from, unsigned to)
{
	const struct sim_wire *wire = &world->scenario->wire;
	int64_t *last_ns = &world->last_arrival_ns[from][to];
	int64_t at_ns = world->now_ns + wire->delay_ns;

	if (wire->jitter_ns != 0)
		at_ns += random_between(&world->random, 0, wire->jitter_ns);
	if (random_chance(&world->random, wire->reorder_ppm))
		return at_ns + random_between(&world->random, 0, wire->reorder_ns);
	if (at_ns < *last_ns)
		at_ns = *last_ns;
	*last_ns = at_ns;
	return at_ns;
}

static void send_copy(struct world *world, unsigned from, unsigned to, uint32_t number)
{
	world->frames[number].references++;
	world_plan(world, arrival(world, from, to), PLAN_FRAME, to, number);
}

static void send_one(struct world *world, unsigned from, unsigned to, uint32_t number)
{
	if (world->cut[from][to] || random_chance(&world->random, world->loss_ppm))
		return;
	send_copy(world, from, to, number);
	if (random_chance(&world->random, world->scenario->wire.duplicate_ppm))
		send_copy(world, from, to, number);
}

/* Clients have no use for advertisements. */
static bool is_for(const struct sim_frame *frame, unsigned port)
{
	return port != SIM_CLIENT || frame->advert == 0;
}

void wire_send(struct world *world, unsigned from, struct sim_frame *frame)
{
	uint32_t number;

	frame->from = (uint8_t)from;
	switch_learn(world, frame);
	number = store(world, frame);
	for (unsigned to = 0; to < world->scenario->router_count; to++)
		if (to != from)
			send_one(world, from, to, number);
	if (from != SIM_CLIENT && is_for(frame, SIM_CLIENT))
		send_one(world, from, SIM_CLIENT, number);
	release(world, number);
}

void wire_send_to(struct world *world, unsigned from, unsigned to, struct sim_frame *frame)
{
	uint32_t number;

	frame->from = (uint8_t)from;
	switch_learn(world, frame);
	number = store(world, frame);
	send_copy(world, from, to, number);
	release(world, number);
}

void wire_arrived(struct world *world, unsigned port, uint32_t number)
{
	struct sim_frame frame = world->frames[number]; /* what it leads to may move them */

	release(world, number);
	world_happened(world, PLAN_FRAME, port, frame.bytes[frame.length - 1]);
	if (port == SIM_CLIENT)
		clients_frame(world, &frame);
	else
		machine_frame(world, &world->machines[port], &frame);
}
