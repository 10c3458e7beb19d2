/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the state machine wants done, done: each action by one function. Nothing here waits for
 * anything: what may wait for the kernel's locks, addresses and filters, is asked of kernel.c (I5).
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/packet.h"
#include "router.h"

#define ANNOUNCE_BATCH 64

/* The step may have taken longer than the role lasts: a process can be stopped anywhere. */
static bool may_act(const struct router *router)
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

/* The kernel did not take an advertisement. */
static void send_failed(struct router *router, const struct vr_action *action, int error)
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

static void send_advert(struct router *router, const struct vr_action *action)
{
	const struct conf_instance *conf = router->conf;
	struct advert advert = {
		.family = conf->family,
		.version = conf->version,
		.vrid = conf->vrid,
		.priority = action->advert.priority,
		.interval_cs = conf->interval_cs,
		.checksum = action->advert.checksum,
		.auth_type = conf->auth_type,
		.source = router->vr.primary,
		.addresses = router->addresses,
		.address_count = (unsigned)conf->address_count,
	};
	memcpy(advert.auth_data, conf->auth_data, sizeof(advert.auth_data));
	memcpy(advert.source_mac, router->mac, sizeof(advert.source_mac));

	uint8_t frame[FRAME_MAX];
	size_t length = vrrp_frame_encode(&advert, frame, sizeof(frame));
	assert(length > 0);
	if (action->advert.priority != VRRP_PRIORITY_LEAVING && !may_act(router))
		return;
	if (transmit_send(router->agent->transmit, router->ifindex, frame, length) < 0) {
		send_failed(router, action, errno);
		return;
	}
	router->send_failing = false;
	struct agent_stats *stats = &router->slot->agent;
	stats->advertisements_sent++;
	if (action->advert.priority == VRRP_PRIORITY_LEAVING)
		stats->priority_zero_sent++;
	if (action->advert.until_ns)
		take_lease(router, action->advert.until_ns);
}

/* Of the rounds that are left, so many frames; round by round, so that none is late for all. */
static void announce_some(struct router *router)
{
	size_t count = router->conf->address_count;
	size_t some = count - router->announce_next;
	if (some > ANNOUNCE_BATCH)
		some = ANNOUNCE_BATCH;
	if (!may_act(router)) {
		router->announce_rounds = 0;
		return;
	}
	router->slot->agent.announcements_sent += transmit_many(
		router->agent->transmit, router->announcements + router->announce_next, some);
	router->announce_next += some;
	if (router->announce_next < count)
		return;
	router->announce_next = 0;
	router->announce_rounds--;
}

/* Thousands of frames take a while, and advertisements must not wait for them. */
void router_announce(struct router *router, unsigned rounds)
{
	if (!router->bound)
		return;
	router->announce_rounds = rounds;
	router->announce_next = 0;
	for (size_t sent = 0; sent < ANNOUNCE_BATCH && router->announce_rounds > 0;
	     sent += router->conf->address_count)
		announce_some(router);
	if (router->announce_rounds > 0)
		loop_task_post(router->agent->announce_task);
}

void router_announce_rest(void *data)
{
	struct agent *agent = data;
	struct router *turn = NULL;
	for (size_t i = 0; i < agent->router_count && !turn; i++) {
		struct router *router =
			agent->routers[(agent->announced + i) % agent->router_count];
		if (router->announce_rounds > 0) {
			turn = router;
			agent->announced += i + 1;
		}
	}
	if (!turn)
		return;
	announce_some(turn);
	loop_task_post(agent->announce_task);
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
	case ACT_RECHECK: /* router_step() does it: it is always the last */
		break;
	case ACT_ADVERT:
		send_advert(router, action);
		break;
	case ACT_ANNOUNCE:
		router_announce(router, action->rounds);
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
