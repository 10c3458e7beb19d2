/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the agent does around the core, on a slot in memory: user/actions.c, binding.c and adopt.c
 * again, without a kernel. Each function here happens at once; an agent may be stopped between any
 * two of them.
 */
#include <assert.h>
#include <string.h>

#include "checksum.h"
#include "core/packet.h"
#include "sim/oracle.h"
#include "sim/world.h"

static struct vr_slot *slot_of(struct machine *machine)
{
	return &machine->plane.slots[0];
}

struct vr_params glue_params(const struct scenario *scenario, const struct sim_router *router)
{
	return (struct vr_params){
		.family = (enum vrrp_family)scenario->family,
		.version = scenario->version,
		.vrid = scenario->vrid,
		.priority = router->priority,
		.preempt = router->preempt,
		.interval_cs = router->interval_cs,
		.down_adverts = scenario->down_adverts,
		.preempt_delay_ns = router->preempt_delay_ns,
		.lower_prio_no_advert = router->no_answer,
		.higher_prio_send_advert = router->last_word,
		.announce = router->announce,
		.checksum_policy = router->checksum,
	};
}

struct vr_evidence glue_evidence(const struct machine *machine)
{
	const struct vr_slot *slot = &machine->plane.slots[0];

	return (struct vr_evidence){
		.lease_until_ns = (int64_t)slot->lease_until_ns,
		.last_advert_ns = (int64_t)slot->last_advert_ns,
		.authority_ns = (int64_t)slot->authority_ns,
		.superior_ns = (int64_t)slot->superior_ns,
	};
}

/* ---- the slot ---- */

static uint32_t flags_of(const struct machine *machine)
{
	uint32_t flags = SLOT_ACCEPT;

	if (machine->agent.vr.state != VR_INITIALIZE)
		flags |= SLOT_RUNNING;
	if (machine->router->priority == VRRP_PRIORITY_OWNER)
		flags |= SLOT_OWNER;
	if (vr_preempts(&machine->agent.vr))
		flags |= SLOT_PREEMPT;
	return flags;
}

static struct vr_key key_of(const struct world *world)
{
	return (struct vr_key){.ifindex = SIM_IFINDEX,
			       .family = world->scenario->family,
			       .vrid = world->scenario->vrid};
}

static void fill_identity(struct world *world, struct machine *machine)
{
	uint8_t family = world->scenario->family;
	struct vr_slot *slot = slot_of(machine);
	struct vrrp_addr vip = sim_address(family, SIM_VIP);

	slot->identity = (struct vr_identity){
		.key = key_of(world),
		.version = world->scenario->version,
		.priority = machine->agent.vr.effective_priority,
		.addr_count = 1,
		.interval_cs = (uint16_t)machine->router->interval_cs,
		.addr_set = vrrp_addr_set(&vip, 1),
		.primary = sim_address(family, machine->router->address),
	};
	vrrp_virtual_mac((enum vrrp_family)family, world->scenario->vrid, slot->identity.mac);
	slot->flags = flags_of(machine) | (slot->flags & SLOT_STEADY);
}

static void fill_indexes(struct world *world, struct machine *machine)
{
	struct vr_key key = key_of(world);
	struct vip_key vip = {.ifindex = SIM_IFINDEX,
			      .address = sim_address(world->scenario->family, SIM_VIP)};

	plane_add_key(&machine->plane, &key, 0);
	plane_add_vip(&machine->plane, &vip, 0);
}

/* The slot of a dead agent with whose role this one did not go on; its addresses are removed. */
static void forget_role(struct world *world, struct machine *machine)
{
	static const struct vr_event drain = {.kind = EV_DRAIN};
	struct vr_slot *slot = slot_of(machine);
	bool drained = slot->memory.drained == 1;

	slot->lease_until_ns = 0;
	slot->flags = 0;
	slot->steady_header = 0;
	slot->memory.transition_s = 0;
	slot->last_advert_ns = slot->authority_ns = slot->superior_ns = 0;
	machine->acquired = false;
	if (drained)
		agent_order(world, machine, &drain); /* and it is remembered */
	else
		vr_remember(&machine->agent.vr, &slot->memory);
}

void glue_bind(struct world *world, struct machine *machine)
{
	if (!machine->pinned) {
		plane_clear(&machine->plane);
		fill_indexes(world, machine);
	} else if (machine->agent.vr.state == VR_INITIALIZE) {
		forget_role(world, machine);
	}
	machine->pinned = true;
	machine->agent.has_slot = true;
	fill_identity(world, machine);
	oracle_role(world, machine);
}

void glue_configure(struct machine *machine)
{
	slot_of(machine)->identity.interval_cs = (uint16_t)machine->router->interval_cs;
}

void glue_unbind(struct machine *machine)
{
	plane_clear(&machine->plane);
	machine->pinned = machine->acquired = false;
	machine->agent.has_slot = false;
}

static void take_lease(struct world *world, struct machine *machine, int64_t until_ns,
		       bool promised)
{
	oracle_leases(world, machine, promised);
	if (until_ns != 0)
		slot_of(machine)->decided_ns = (uint64_t)machine->agent.seen.superior_ns;
	slot_of(machine)->lease_until_ns = (uint64_t)until_ns;
	oracle_role(world, machine);
}

static void publish(struct machine *machine)
{
	struct vr_slot *slot = slot_of(machine);

	slot->identity.priority = machine->agent.vr.effective_priority;
	slot->flags = flags_of(machine) | (slot->flags & SLOT_STEADY);
}

static void set_steady(struct machine *machine, const struct vr_action *action)
{
	struct vr_slot *slot = slot_of(machine);

	slot->flags &= ~(uint32_t)SLOT_STEADY;
	if (action->steady.header == 0)
		return;
	slot->steady_header = action->steady.header;
	slot->steady_source = action->steady.source;
	slot->flags |= SLOT_STEADY;
}

/* ---- frames ---- */

static bool may_act(const struct world *world, struct machine *machine)
{
	return machine_clock(world, machine) < (int64_t)slot_of(machine)->lease_until_ns;
}

static struct sim_frame encode(const struct world *world, const struct machine *machine,
			       const struct vr_action *action)
{
	static const struct vrrp_addr no_address;
	struct vrrp_addr vip = sim_address(world->scenario->family, SIM_VIP);
	struct sim_frame frame = {.counts = action->advert.priority != VRRP_PRIORITY_LEAVING};
	struct advert advert = {
		.family = (enum vrrp_family)world->scenario->family,
		.version = world->scenario->version,
		.vrid = world->scenario->vrid,
		.priority = action->advert.priority,
		.interval_cs = machine->agent.vr.params.interval_cs,
		.checksum = action->advert.checksum,
		.source = machine->agent.vr.primary,
		.addresses = &vip,
		.address_count = 1,
	};

	assert(!addr_equal(&advert.source, &no_address));
	vrrp_virtual_mac(advert.family, advert.vrid, advert.source_mac);
	frame.length = (uint16_t)vrrp_frame_encode(&advert, frame.bytes, sizeof(frame.bytes));
	assert(frame.length > 0);
	return frame;
}

static bool send_advert(struct world *world, struct machine *machine,
			const struct vr_action *action)
{
	bool leaving = action->advert.priority == VRRP_PRIORITY_LEAVING;
	struct sim_frame frame;

	if (!leaving && !may_act(world, machine))
		return false;
	if (!machine_can_send(machine)) {
		if (action->advert.first)
			take_lease(world, machine, 0, false);
		return false;
	}
	frame = encode(world, machine, action);
	frame.advert = ++machine->adverts_sent;
	TRACE(world, "r%u: advertises %u%s", machine->number + 1, action->advert.priority,
	      action->advert.until_ns == 0 && !leaving ? ", in the other form" : "");
	oracle_sent(world, machine, action->advert.priority, action->advert.until_ns != 0);
	wire_send(world, machine->number, &frame);
	return action->advert.until_ns != 0;
}

static void announce(struct world *world, struct machine *machine, unsigned rounds)
{
	uint8_t family = world->scenario->family;
	struct vrrp_addr vip = sim_address(family, SIM_VIP);
	struct sim_frame frame = {0};
	uint8_t mac[6];

	if (!machine->agent.has_slot || !may_act(world, machine))
		return;
	oracle_announced(world, machine, rounds);
	if (!machine_can_send(machine))
		return;
	TRACE(world, "r%u: announces, %u rounds", machine->number + 1, rounds);
	vrrp_virtual_mac((enum vrrp_family)family, world->scenario->vrid, mac);
	frame.length = (uint16_t)announcement_encode(mac, &vip, frame.bytes);
	wire_send(world, machine->number, &frame);
}

/* ---- actions ---- */

static const char *const late_words[] = {
	[LATE_WENT_ON] = "goes on",	   [LATE_HEARD] = "an Active was heard",
	[LATE_LISTENS] = "listens",	   [LATE_YIELDED] = "somebody else has the role",
	[LATE_RESUMED] = "takes it again",
};

static void tell_late(struct world *world, const struct machine *machine,
		      const struct vr_action *action)
{
	TRACE(world, "r%u: late by %lld ns: %s", machine->number + 1,
	      (long long)action->late.late_ns, late_words[action->late.decision]);
}

static void notify(struct world *world, struct machine *machine, enum vr_state from)
{
	const struct vr *vr = &machine->agent.vr;

	(void)from;
	slot_of(machine)->memory.transition_s = (uint64_t)(world->now_ns / NS_PER_S);
	TRACE(world, "r%u: %s -> %s (%s)", machine->number + 1, vr_state_name(from),
	      vr_state_name(vr->state), vr_last_event_name(vr->last_event));
}

bool glue_carry_out(struct world *world, struct machine *machine, const struct vr_action *action)
{
	switch (action->kind) {
	case ACT_LEASE:
		take_lease(world, machine, action->until_ns, false);
		break;
	case ACT_RECHECK: /* the agent does it: it is always the last */
		break;
	case ACT_ADVERT:
		return send_advert(world, machine, action);
	case ACT_ANNOUNCE:
		announce(world, machine, action->rounds);
		break;
	case ACT_ACQUIRE:
		machine->acquired = true;
		break;
	case ACT_RELEASE:
		machine->acquired = false;
		break;
	case ACT_PUBLISH:
		publish(machine);
		break;
	case ACT_STEADY:
		set_steady(machine, action);
		break;
	case ACT_COUNT:
		break;
	case ACT_NOTIFY:
		notify(world, machine, action->from);
		break;
	case ACT_LATE:
		tell_late(world, machine, action);
		break;
	}
	return false;
}

void glue_extend(struct world *world, struct machine *machine, const struct vr_action *action)
{
	take_lease(world, machine, action->advert.until_ns, true);
}
