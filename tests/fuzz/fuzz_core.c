/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state machine under any sequence of events that its contract allows (core/event.h), with a
 * slot that keeps the lease and whatever stamps the data plane may have set. Between any two events
 * the agent may die, and a successor goes on from the slot, as it was left or as rubbish. The
 * simulator knows what is right; this target knows what is never right.
 *
 * TRACE=1 build/fuzz/core FILE tells what happens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/vr.h"
#include "fuzz.h"

/* The longest lease that anybody takes: as many intervals of the longest kind (adopt.c). */
#define LEASE_MAX_NS (100 * 255 * NS_PER_S)

struct world {
	struct input *input;
	struct vr_params params;
	struct vrrp_addr primary;
	struct vr vr;
	int64_t now_ns;
	struct vr_evidence slot; /* the truth about the lease, and the stamps */
	int64_t decided_ns;	 /* the superior_ns that the lease was decided upon, ... */
	int64_t superior_ns;	 /* ... and the one that the present step has seen */
	struct vr_memory memory;
	uint8_t published_priority;
	uint64_t steady_header;
	struct vrrp_addr steady_source;
};

static void trace(const struct world *world, const struct vr_event *event)
{
	static int wanted = -1;
	int64_t deadline_ns = vr_deadline(&world->vr), now_ns = world->now_ns;

	if (wanted < 0)
		wanted = getenv("TRACE") != NULL;
	if (!wanted)
		return;
	fprintf(stderr, "%.6f s: event %d; %s%s%s, lease %+.6f s, heard %+.6f s, deadline ",
		(double)now_ns / 1e9, event->kind, vr_state_name(world->vr.state),
		world->vr.promoting ? ", promoting" : "", world->vr.drained ? ", drained" : "",
		(double)(world->slot.lease_until_ns - now_ns) / 1e9,
		(double)(world->slot.last_advert_ns - now_ns) / 1e9);
	if (deadline_ns == NEVER_NS)
		fprintf(stderr, "never\n");
	else
		fprintf(stderr, "%+.6f s\n", (double)(deadline_ns - now_ns) / 1e9);
}

/* ---- what goes in ---- */

static struct vrrp_addr take_address(struct world *world)
{
	struct vrrp_addr address = {{0xfe, 0x80, [15] = 1}};

	if (world->params.family == VRRP_IPV4)
		return addr_from_ipv4(0xc0000200u + take_below(world->input, 4));
	address.b[15] = (uint8_t)take_below(world->input, 4);
	return address;
}

/* In the range of vr_init(). */
static void take_params(struct world *world)
{
	static const unsigned down_adverts[] = {3, 3, 2, 4, 100};
	struct input *input = world->input;
	bool v2 = take_bool(input);
	uint8_t flags = take8(input);

	world->params = (struct vr_params){
		.family = v2 || take_bool(input) ? VRRP_IPV4 : VRRP_IPV6,
		.version = v2 ? 2 : 3,
		.vrid = 1,
		.priority = (uint8_t)(1 + take_below(input, 255)),
		.preempt = take_bool(input),
		.interval_cs = v2 ? 100 * (1 + take_below(input, 255))
				  : 1 + take_below(input, VRRP_INTERVAL_MAX_CS),
		.preempt_delay_ns = flags & 1 ? take16(input) * NS_PER_MS : 0,
		.startup_delay_ns = flags & 2 ? take16(input) * NS_PER_MS : 0,
		.sync_group = flags & 4,
		.lower_prio_no_advert = flags & 8,
		.higher_prio_send_advert = flags & 16,
		.down_adverts = down_adverts[(flags >> 5) % 5],
		.announce =
			{
				.repeat = 1 + take_below(input, 3),
				.delay_ns = take_below(input, 4) * NS_PER_S,
				.refresh_ns = take_below(input, 4) * NS_PER_S,
				.refresh_repeat = 1 + take_below(input, 2),
			},
		.checksum_policy = (enum checksum_policy)take_below(input, 3),
	};
}

/* Another configuration of the same virtual router, some of it as before. */
static void change_params(struct world *world)
{
	struct vr_params before = world->params;
	unsigned what = take8(world->input);

	take_params(world);
	world->params.family = before.family;
	world->params.version = before.version;
	world->params.sync_group = before.sync_group;
	world->params.startup_delay_ns = before.startup_delay_ns;
	if (before.version == 2)
		world->params.interval_cs = 100 * (1 + world->params.interval_cs % 255);
	if (before.version == 3 && world->params.interval_cs > VRRP_INTERVAL_MAX_CS)
		world->params.interval_cs /= 100;
	if (what & 1)
		world->params.interval_cs = before.interval_cs;
	if (what & 2)
		world->params.down_adverts = before.down_adverts;
	if (what & 4)
		world->params.priority = before.priority;
}

static int64_t interval_ns(const struct world *world)
{
	return world->params.interval_cs * NS_PER_CS;
}

/* What is sent in the name of VRRP has passed the checks: see include/check.h. */
static struct vr_advert take_advert(struct world *world)
{
	struct input *input = world->input;
	struct vr_advert advert = {
		.source = take_address(world),
		.priority = take8(input),
		.interval_cs = world->params.interval_cs,
		.checksum = take_bool(input) ? CHECKSUM_PSEUDO : CHECKSUM_RFC9568,
		.header = 0x31 | (uint64_t)take8(input) << 8,
		.received_ns = world->now_ns,
	};

	if (world->params.version == 3 && take_bool(input))
		advert.interval_cs = 1 + take_below(input, VRRP_INTERVAL_MAX_CS);
	return advert;
}

/* It is stamped before it is reported, and may be reported late. */
static void stamp(struct world *world, const struct vr_advert *advert)
{
	unsigned who = take8(world->input);

	world->slot.last_advert_ns = advert->received_ns;
	if (who & 1)
		world->slot.authority_ns = advert->received_ns;
	if (who & 2)
		world->slot.superior_ns = advert->received_ns;
}

static void pass_time(struct world *world)
{
	struct input *input = world->input;
	int64_t deadline_ns = vr_deadline(&world->vr);

	switch (take_below(input, 4)) {
	case 0: /* the timer, in time ... */
		if (deadline_ns != NEVER_NS && deadline_ns > world->now_ns)
			world->now_ns = deadline_ns;
		return;
	case 1: /* ... or late */
		if (deadline_ns != NEVER_NS && deadline_ns > world->now_ns)
			world->now_ns = deadline_ns;
		world->now_ns += interval_ns(world) / 16 * take8(input);
		return;
	case 2:
		world->now_ns += interval_ns(world) / 64 * take8(input);
		return;
	case 3:
		world->now_ns += take16(input) * NS_PER_MS;
		return;
	}
}

/* ---- what comes out ---- */

static void check_deadline(const struct world *world)
{
	int64_t deadline_ns = vr_deadline(&world->vr);

	must(deadline_ns > 0);
	must(deadline_ns == NEVER_NS ||
	     deadline_ns < world->now_ns + 400LL * 86400 * NS_PER_S + LEASE_MAX_NS);
	must(world->vr.state != VR_ACTIVE || deadline_ns != NEVER_NS);
}

static void set_lease(struct world *world, int64_t until_ns)
{
	if (until_ns)
		world->decided_ns = world->superior_ns;
	world->slot.lease_until_ns = until_ns;
}

static void carry_out(struct world *world, const struct vr_action *action)
{
	const struct vr *vr = &world->vr;
	bool lease = world->slot.lease_until_ns > world->now_ns;

	switch (action->kind) {
	case ACT_LEASE:
		must(action->until_ns == 0 || action->until_ns > world->now_ns);
		must(action->until_ns <= world->now_ns + vr_lease_ns(vr));
		set_lease(world, action->until_ns);
		return;
	case ACT_ADVERT:
		if (action->advert.priority == VRRP_PRIORITY_LEAVING) {
			must(action->advert.until_ns == 0 && !lease);
			return;
		}
		must(lease && action->advert.priority == vr->effective_priority);
		if (vr->state == VR_BACKUP) /* H-15: the last one, of who yields */
			must(vr->params.higher_prio_send_advert && action->advert.until_ns == 0);
		else
			must(vr->state == VR_ACTIVE);
		if (action->advert.until_ns == 0)
			return;
		must(action->advert.until_ns == world->now_ns + vr_lease_ns(vr));
		if (take8(world->input) != 0xff) /* else the kernel did not take it */
			set_lease(world, action->advert.until_ns);
		else if (action->advert.first)
			world->slot.lease_until_ns = 0;
		return;
	case ACT_ANNOUNCE: /* the first advertisement may have failed: who carries it out looks */
		must(vr->state == VR_ACTIVE && action->rounds >= 1);
		return;
	case ACT_PUBLISH:
		world->published_priority = vr->effective_priority;
		return;
	case ACT_STEADY:
		world->steady_header = action->steady.header;
		world->steady_source = action->steady.source;
		return;
	case ACT_NOTIFY:
		must(action->from != vr->state);
		return;
	case ACT_LATE:
		must(action->late.late_ns >= 0);
		return;
	case ACT_RECHECK:
	case ACT_ACQUIRE:
	case ACT_RELEASE:
	case ACT_COUNT:
		return;
	}
	must(false);
}

static unsigned count_of(const struct vr_actions *actions, enum vr_action_kind kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < actions->count; i++)
		count += actions->list[i].kind == kind;
	return count;
}

static void check_state(const struct world *world)
{
	const struct vr *vr = &world->vr;

	must(vr->effective_priority != 0);
	must((vr->state == VR_INITIALIZE) || (vr->started && !vr->faults));
	must(vr->state != VR_ACTIVE || vr->active_reason != ACTIVE_REASON_NOT_ACTIVE);
	must(world->steady_header == vr->steady_header);
	/* I1: without the role there is no lease, but for the moment before the second look. */
	if (vr->state != VR_ACTIVE && !vr->promoting)
		must(world->slot.lease_until_ns <= world->now_ns);
	check_deadline(world);
}

static bool step_once(struct world *world, const struct vr_event *event)
{
	struct vr_actions actions;

	world->superior_ns = world->slot.superior_ns;
	vr_step(&world->vr, event, world->now_ns, &world->slot, &actions);
	vr_remember(&world->vr, &world->memory);
	trace(world, event);
	must(actions.count <= VR_ACTIONS_MAX);
	must(count_of(&actions, ACT_ADVERT) <= 2);
	must(count_of(&actions, ACT_NOTIFY) <= 2);
	must(count_of(&actions, ACT_RECHECK) <= 1);
	for (unsigned i = 0; i < actions.count; i++)
		carry_out(world, &actions.list[i]);
	return count_of(&actions, ACT_RECHECK);
}

/* As the agent does it; in between somebody may be heard, or time may pass. */
static void step(struct world *world, const struct vr_event *event)
{
	static const struct vr_event again = {.kind = EV_RECHECK};

	if (step_once(world, event)) {
		unsigned what = take8(world->input);

		if (what & 1) {
			struct vr_advert advert = take_advert(world);

			stamp(world, &advert);
		}
		if (what & 4)
			pass_time(world);
		must(!step_once(world, &again));
		must(!world->vr.promoting);
	}
	check_state(world);
}

/* A timer that is due again and again at one moment would be a busy loop. */
static void run_timer(struct world *world)
{
	static const struct vr_event deadline = {.kind = EV_DEADLINE};
	int64_t began_ns;
	unsigned turns = 0;

	do {
		began_ns = world->now_ns;
		step(world, &deadline);
		turns = world->now_ns == began_ns ? turns + 1 : 0;
		must(turns < 4);
	} while (vr_deadline(&world->vr) <= world->now_ns && world->input->left);
}

/* ---- an agent dies, another one comes ---- */

static void take_rubbish(struct world *world)
{
	struct input *input = world->input;

	switch (take_below(input, 4)) {
	case 0:
		take_bytes(input, &world->memory, sizeof(world->memory));
		break;
	case 1: /* almost right */
		((uint8_t *)&world->memory)[take_below(input, sizeof(world->memory))] =
			take8(input);
		break;
	case 2:
		take_bytes(input, &world->slot, sizeof(world->slot));
		break;
	case 3:
		world->slot.lease_until_ns = world->now_ns + take16(input) * NS_PER_MS;
		break;
	}
	if (take_bool(input))
		world->published_priority = take8(input);
	if (take_bool(input))
		world->decided_ns = (int64_t)take64(input);
	if (take_bool(input))
		world->steady_header = take64(input);
}

/* Who does not go on starts with a slot that knows nothing: forget_role() in user/binding.c. */
static void forget_role(struct world *world)
{
	world->memory = (struct vr_memory){0};
	world->slot = (struct vr_evidence){0};
	world->steady_header = 0;
	world->decided_ns = 0;
}

static void die_and_adopt(struct world *world, bool rubbish)
{
	struct vr_event event = {.kind = EV_ADOPT};
	static const struct vr_event startup = {.kind = EV_STARTUP};
	bool active = world->vr.state == VR_ACTIVE && !world->vr.promoting &&
		      world->slot.lease_until_ns > world->now_ns &&
		      world->slot.superior_ns <= world->decided_ns;

	if (rubbish)
		take_rubbish(world);
	event.adoption.memory = world->memory;
	event.adoption.priority = world->published_priority;
	event.adoption.decided_ns = world->decided_ns;
	event.adoption.steady_header = world->steady_header;
	event.adoption.steady_source = world->steady_source;
	vr_init(&world->vr, &world->params);
	vr_set_primary(&world->vr, &world->primary);
	step(world, &event);
	if (active && !rubbish) /* I8 */
		must(world->vr.state == VR_ACTIVE);
	if (world->vr.state == VR_INITIALIZE)
		forget_role(world);
	if (take_bool(world->input))
		step(world, &startup);
}

/* ---- a run ---- */

static struct vr_event take_event(struct world *world)
{
	struct input *input = world->input;
	struct vr_event event = {.kind = (enum vr_event_kind)take_below(input, EV_STOOD_STILL + 1)};

	switch (event.kind) {
	case EV_ADOPT: /* see die_and_adopt() */
		event.kind = EV_STARTUP;
		break;
	case EV_FAULT:
	case EV_FAULT_OVER:
		event.fault = 1u << take_below(input, 8);
		break;
	case EV_PRIORITY: /* an owner's is not tracked */
		event.priority = (uint8_t)(1 + take_below(input, 254));
		break;
	case EV_ADVERT:
		event.advert = take_advert(world);
		stamp(world, &event.advert);
		break;
	case EV_STOOD_STILL:
		event.stood_still_ns = take16(input) * NS_PER_MS;
		break;
	case EV_SHUTDOWN:
		event.alone = take_bool(input);
		break;
	case EV_CONFIGURE:
		change_params(world);
		event.configure.params = &world->params;
		event.configure.priority = world->params.priority;
		if (world->params.priority != VRRP_PRIORITY_OWNER && take_bool(input))
			event.configure.priority = (uint8_t)(1 + take_below(input, 254));
		break;
	case EV_STARTUP:
	case EV_CLAIM:
	case EV_DEADLINE:
	case EV_RECHECK:
	case EV_DRAIN:
	case EV_UNDRAIN:
	case EV_GROUP_GO: /* also to who did not wait for it: it must not take the role then */
	case EV_GROUP_YIELD:
	case EV_GROUP_LEAVING:
		break;
	}
	return event;
}

/*
 * The role stays, but for an Active that has to yield, and for who was about to start as owner; and
 * no lease outlasts what is advertised (I1).
 */
static void configure(struct world *world, const struct vr_event *event)
{
	enum vr_state before = world->vr.state;

	step(world, event);
	if (world->vr.state == VR_ACTIVE && world->vr.listen_until_ns == NEVER_NS)
		must(world->slot.lease_until_ns <= world->now_ns + vr_lease_ns(&world->vr));
	must(vr_lease_ns(&world->vr) <= world->params.down_adverts * interval_ns(world));
	must(world->vr.state == before || world->vr.state == VR_BACKUP);
}

static void take_turn(struct world *world)
{
	struct vr_event event;
	unsigned what = take8(world->input);

	if (what & 1)
		pass_time(world);
	switch (what >> 1 & 7) {
	case 0:
		die_and_adopt(world, what & 16);
		return;
	case 1: /* an advertisement that equals the last one: only the stamp */
		world->slot.last_advert_ns = world->slot.authority_ns = world->now_ns;
		return;
	case 2:
		world->primary = take_address(world);
		vr_set_primary(&world->vr, &world->primary);
		return;
	case 3:
	case 4:
		run_timer(world);
		return;
	}
	event = take_event(world);
	if (event.kind == EV_CONFIGURE)
		configure(world, &event);
	else
		step(world, &event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct world world = {.input = &input, .now_ns = 3600 * NS_PER_S};

	take_params(&world);
	world.primary = take_address(&world);
	vr_init(&world.vr, &world.params);
	vr_set_primary(&world.vr, &world.primary);
	world.published_priority = world.vr.effective_priority;
	while (input.left)
		take_turn(&world);
	return 0;
}
