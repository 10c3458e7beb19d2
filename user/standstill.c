/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine that stood still: paused, migrated, starved by its host. Nothing was stamped meanwhile,
 * so the silence of that time proves nothing.
 *
 * A heartbeat that comes late tells of it, and the routers are told before their own timers can end
 * by that silence. A hypervisor may stop the clocks with the machine; then nothing is late, and a
 * lease looks valid although another router has taken over under it. Where there is a clock that
 * goes on (sys/stood_still.h), it is looked at before an Active acts, and a few times a second; the
 * leases are made what they would be had the clocks gone on, and the state machine sees a router
 * that has woken late.
 */
#include "router.h"
#include "sys/stood_still.h"

#define BEAT_NS	     NS_PER_S
#define FAST_BEAT_NS (200 * NS_PER_MS)

static void tell_standstill(struct router *router, int64_t lost_ns)
{
	struct vr_event event = {.kind = EV_STOOD_STILL, .stood_still_ns = lost_ns};
	router_step(router, &event);
}

/* ---- clocks that stood still too ---- */

/*
 * Never back to before the last advertisement that left: what was heard earlier than that is no
 * evidence of another Active. Who became Active since the last look may have done so afterwards.
 */
static void shorten_lease(struct router *router, const struct standstill *found)
{
	if (!router->slot || router->vr.state != VR_ACTIVE ||
	    router->vr.transition_ns > found->since_ns)
		return;
	int64_t until_ns = dataplane_evidence(router->slot).lease_until_ns;
	int64_t whole_ns = vr_lease_ns(&router->vr);
	int64_t lost_ns = found->lost_ns < whole_ns ? found->lost_ns : whole_ns;
	if (until_ns > clock_ns())
		dataplane_set_lease(router->slot, until_ns - lost_ns);
}

static void look(struct agent *agent)
{
	struct standstill found;
	if (!stood_still(agent->clocks, &found))
		return;
	log_warning("this virtual machine stood still for up to %lld s, unknown to its clocks",
		    (long long)(found.lost_ns / NS_PER_S));
	for (size_t i = 0; i < agent->router_count; i++) {
		shorten_lease(agent->routers[i], &found);
		tell_standstill(agent->routers[i], found.lost_ns);
	}
}

void standstill_check(struct router *router)
{
	struct agent *agent = router->agent;
	if (agent->clocks && router->vr.state == VR_ACTIVE)
		look(agent);
}

/* ---- the heartbeat ---- */

static int64_t period_ns(const struct agent *agent)
{
	for (size_t i = 0; agent->clocks && i < agent->router_count; i++)
		if (agent->routers[i]->vr.state == VR_ACTIVE)
			return FAST_BEAT_NS;
	return BEAT_NS;
}

static void beat(void *data)
{
	struct agent *agent = data;
	int64_t now_ns = clock_ns(), late_ns = now_ns - agent->beat_ns;
	for (size_t i = 0; i < agent->router_count; i++)
		if (late_ns >= agent->routers[i]->conf->interval_cs * NS_PER_CS)
			tell_standstill(agent->routers[i], late_ns);
	int64_t next_ns = period_ns(agent);
	if (next_ns == FAST_BEAT_NS)
		look(agent);
	agent->beat_ns = now_ns + next_ns;
	loop_timer_set(agent->beat_timer, agent->beat_ns);
}

void standstill_active(struct agent *agent)
{
	if (!agent->clocks)
		return;
	agent->beat_ns = clock_ns();
	loop_timer_set(agent->beat_timer, agent->beat_ns);
}

bool standstill_open(struct agent *agent)
{
	agent->clocks = stood_still_open("");
	agent->beat_timer = loop_timer_new(agent->loop, beat, agent);
	if (!agent->beat_timer)
		return false;
	agent->beat_ns = clock_ns() + FAST_BEAT_NS;
	loop_timer_set(agent->beat_timer, agent->beat_ns);
	return true;
}

void standstill_close(struct agent *agent)
{
	loop_timer_free(agent->beat_timer);
	stood_still_close(agent->clocks);
}
