/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the state machine wants done, done: each action by one function, but for those that send,
 * which outbox.c has. Nothing here waits for anything: what may wait for the kernel's locks,
 * addresses and filters, is asked of kernel.c (I5).
 */
#include <string.h>

#include "router.h"

bool router_may_act(const struct router *router)
{
	return clock_ns() < dataplane_evidence(router->slot).lease_until_ns;
}

/* The programs are told what the step knew: a superior that it did not know of silences them. */
static void take_lease(struct router *router, int64_t until_ns)
{
	if (until_ns)
		dataplane_decide(router->slot, router->superior_ns);
	dataplane_set_lease(router->slot, until_ns);
}

void action_advert_refused(struct router *router, const struct vr_action *action, int error)
{
	router->slot->agent.send_failed++;
	if (action->advert.first)
		dataplane_set_lease(router->slot, 0);
	/* A goodbye on an interface that went away is no news. */
	if (!router->send_failing && action->advert.priority != VRRP_PRIORITY_LEAVING)
		log_warning("%s: an advertisement could not be sent on %s: %s", router->conf->name,
			    router->conf->interface, strerror(error));
	router->send_failing = true;
}

void action_advert_taken(struct router *router, const struct vr_action *action)
{
	struct agent_stats *stats = &router->slot->agent;
	router->send_failing = false;
	stats->advertisements_sent++;
	if (action->advert.priority == VRRP_PRIORITY_LEAVING)
		stats->priority_zero_sent++;
	if (action->advert.until_ns)
		take_lease(router, action->advert.until_ns);
}

static void publish(struct router *router)
{
	struct vr_slot *slot = router->slot;
	uint32_t steady = slot->flags & SLOT_STEADY;
	slot->identity.priority = router->vr.effective_priority;
	__atomic_store_n(&slot->flags, router_slot_flags(router) | steady, __ATOMIC_RELEASE);
}

/* The flag is off while the signature is half written: a torn one could match a foreign message. */
static void set_steady(struct router *router, const struct vr_action *action)
{
	struct vr_slot *slot = router->slot;
	__atomic_and_fetch(&slot->flags, ~(uint32_t)SLOT_STEADY, __ATOMIC_SEQ_CST);
	if (!action->steady.header)
		return;
	slot->steady_header = action->steady.header;
	slot->steady_source = action->steady.source;
	__atomic_or_fetch(&slot->flags, SLOT_STEADY, __ATOMIC_SEQ_CST);
}

static void count(struct router *router, enum vr_core_counter counter)
{
	struct agent_stats *stats = &router->slot->agent;
	switch (counter) {
	case CORE_COUNT_IMMEDIATE_ADVERT_SUPPRESSED:
		stats->immediate_advert_suppressed++;
		break;
	case CORE_COUNT_OWNER_CONFLICT:
		stats->owner_conflict++;
		break;
	case CORE_COUNT_ACTIVE_TRANSITIONS:
		stats->active_transitions++;
		break;
	}
}

static void late(struct router *router, const struct vr_action *action)
{
	struct agent_stats *stats = &router->slot->agent;
	if (action->late.late_ns) {
		stats->late_wakeups++;
		stats->late_microseconds += (uint64_t)(action->late.late_ns / NS_PER_US);
	}
	if (action->late.decision == LATE_YIELDED)
		stats->late_yielded++;
	if (action->late.decision == LATE_RESUMED)
		stats->late_resumed++;
	report_late(router, action->late.late_ns, action->late.decision);
}

static void notify(struct router *router, enum vr_state from)
{
	router->last_transition_s = wall_clock_us() / 1000000;
	router->slot->memory.transition_s = (uint64_t)router->last_transition_s;
	report_transition(router, from);
	if (router->vr.state == VR_ACTIVE)
		standstill_active(router->agent);
}

void router_carry_out(struct router *router, const struct vr_action *action)
{
	switch (action->kind) {
	case ACT_LEASE:
		take_lease(router, action->until_ns);
		break;
	case ACT_RECHECK: /* router.c does it: it is always the last */
	case ACT_ADVERT:
	case ACT_ANNOUNCE:
		break;
	case ACT_ACQUIRE:
		kernel_request(router, true);
		break;
	case ACT_RELEASE:
		kernel_request(router, false);
		break;
	case ACT_PUBLISH:
		publish(router);
		break;
	case ACT_STEADY:
		set_steady(router, action);
		break;
	case ACT_COUNT:
		count(router, action->counter);
		break;
	case ACT_NOTIFY:
		notify(router, action->from);
		break;
	case ACT_LATE:
		late(router, action);
		break;
	}
}
