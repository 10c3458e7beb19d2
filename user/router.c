/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One virtual router of the running agent: tells the state machine what happens, and has its
 * actions carried out in their order (outbox.c, actions.c).
 */
#include <string.h>

#include "announce.h"
#include "groups.h"
#include "hints.h"
#include "notify.h"
#include "outbox.h"
#include "port.h"
#include "router.h"
#include "tracking.h"

/* ---- events ---- */

/* One event; true if the state machine wants to see the evidence again at once. */
static bool step_once(struct router *router, const struct vr_event *event)
{
	static const struct vr_evidence nothing;
	int64_t now_ns = clock_ns();
	struct vr_evidence seen = router->slot ? dataplane_evidence(router->slot) : nothing;
	router->superior_ns = seen.superior_ns;
	struct vr_actions actions;
	vr_step(&router->vr, event, now_ns, &seen, &actions);
	/* Without a slot the router is in Initialize, and there is nothing to act on. */
	if (!router->slot)
		return false;
	/* Before anything is done about it: who dies in between has not yet what it gives up. */
	vr_remember(&router->vr, &router->slot->memory);
	outbox_put(router, &actions);
	return actions.count > 0 && actions.list[actions.count - 1].kind == ACT_RECHECK;
}

/* What a step looks at must be as the one before has left it. */
static void settle(struct router *router)
{
	if (router->waits)
		outbox_flush(router->agent);
}

void router_step_on(struct router *router, const struct vr_event *event)
{
	static const struct vr_event again = {.kind = EV_RECHECK};
	settle(router);
	if (step_once(router, event)) {
		settle(router);
		step_once(router, &again);
	}
	schedule_set(router, vr_deadline(&router->vr));
	if (router->told_priority != router->vr.effective_priority) {
		router->told_priority = router->vr.effective_priority;
		notify_priority(router);
	}
	groups_follow(router);
}

void router_step(struct router *router, const struct vr_event *event)
{
	router_step_on(router, event);
	outbox_flush(router->agent);
}

static void step_advert(struct router *router, const struct xvrrp_event *report)
{
	struct vr_event event = {.kind = EV_ADVERT,
				 .advert = {
					 .source = report->source,
					 .priority = report->header.priority,
					 .checksum = report->flags & EVENT_CHECKSUM_PSEUDO
							     ? CHECKSUM_PSEUDO
							     : CHECKSUM_RFC9568,
					 .received_ns = (int64_t)report->time_ns,
				 }};
	event.advert.interval_cs = vrrp_header_interval_cs(&report->header);
	memcpy(&event.advert.header, &report->header, sizeof(event.advert.header));
	bool active = router->vr.state == VR_ACTIVE;
	router_step(router, &event);
	/* Equal priorities: keepalived tells it of the loser, too. */
	if (active && router->vr.state == VR_ACTIVE && event.advert.priority > 0)
		notify_rx_lower(router);
}

void router_report(struct router *router, const struct xvrrp_event *report)
{
	static const struct vr_event claim = {.kind = EV_CLAIM};
	standstill_check(router);
	if (report->kind == XVRRP_EVENT_ADVERT) {
		step_advert(router, report);
	} else if (report->kind == XVRRP_EVENT_CLAIM) {
		report_claim(router, &report->source, report->mac);
		router_step(router, &claim);
	}
}

/* ---- life ---- */

/*
 * The longer one of what is left of either delay. They are of the process: a virtual router that a
 * reload brings does not wait.
 */
static int64_t startup_delay_ns(const struct agent *agent)
{
	const struct conf_global *global = &agent->conf->global;
	int64_t startup_ns = global->startup_delay_us * NS_PER_US;
	int64_t boot_ns = global->boot_delay_us * NS_PER_US - clock_ns();
	if (agent->ready)
		return 0;
	return startup_ns > boot_ns ? startup_ns : boot_ns;
}

static struct vr_params params_of(const struct agent *agent, const struct conf_instance *conf)
{
	static const enum checksum_policy policies[] = {
		[CONF_CHECKSUM_AUTO] = CHECKSUM_POLICY_AUTO,
		[CONF_CHECKSUM_RFC9568] = CHECKSUM_POLICY_RFC9568,
		[CONF_CHECKSUM_PSEUDO] = CHECKSUM_POLICY_PSEUDO,
	};
	return (struct vr_params){
		.family = conf->family,
		.version = conf->version,
		.vrid = conf->vrid,
		.priority = conf->priority,
		.preempt = conf->preempt,
		.interval_cs = conf->interval_cs,
		.down_adverts = conf->down_adverts,
		.preempt_delay_ns = conf->preempt_delay_us * NS_PER_US,
		.startup_delay_ns = startup_delay_ns(agent),
		.lower_prio_no_advert = conf->lower_prio_no_advert,
		.higher_prio_send_advert = conf->higher_prio_send_advert,
		.announce =
			{
				.repeat = conf->garp.repeat,
				.delay_ns = conf->garp.delay_us * NS_PER_US,
				.refresh_ns = conf->garp.refresh_us * NS_PER_US,
				.refresh_repeat = conf->garp.refresh_repeat,
				.has_lower = true,
				.lower_repeat = conf->garp.lower_prio_repeat,
				.lower_delay_ns = conf->garp.lower_prio_delay_us * NS_PER_US,
			},
		.checksum_policy = policies[conf->checksum],
	};
}

void router_configure(struct router *router)
{
	struct vr_params params = params_of(router->agent, router->conf);
	params.sync_group = router->group != NULL;
	struct vr_event event = {.kind = EV_CONFIGURE};
	event.configure.params = &params;
	event.configure.priority = tracking_priority(router, router->conf);
	router_step(router, &event);
}

bool router_init(struct router *router, struct agent *agent, const struct conf_instance *conf)
{
	struct vr_params params = params_of(agent, conf);
	*router = (struct router){
		.agent = agent,
		.conf = conf,
		.timer_ns = NEVER_NS,
		.membership = -1,
	};
	vr_init(&router->vr, &params);
	router->told_priority = router->vr.effective_priority;
	watch_forget(agent);
	return schedule_add(router);
}

void router_free(struct router *router)
{
	router_unbind(router);
	announce_forget(router);
	hints_forget(router);
	schedule_remove(router);
}
