/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state machine of one virtual router: where an event comes in. RFC 9568 section 6.4 and RFC
 * 3768 section 6.4, with these additions: the lease and the evidence of the data plane (see
 * backup.c, active.c, promote.c), faults as Shutdown and Startup, a limit on immediate
 * advertisements, adoption and draining. The map of the other files is in step.h.
 */
#include <assert.h>

#include "core/step.h"

void vr_check_params(const struct vr_params *params)
{
	assert(params->version == 2 || params->version == 3);
	assert(params->family == VRRP_IPV4 ||
	       (params->family == VRRP_IPV6 && params->version == 3));
	assert(params->vrid != 0);
	assert(params->priority != VRRP_PRIORITY_LEAVING);
	assert(params->interval_cs >= 1);
	assert(params->interval_cs <= (params->version == 2 ? 25500u : VRRP_INTERVAL_MAX_CS));
	assert(params->version == 3 || params->interval_cs % 100 == 0);
	assert(params->down_adverts >= 2 && params->down_adverts <= 100);
	assert(params->preempt_delay_ns >= 0 && params->startup_delay_ns >= 0);
	assert(params->announce.repeat >= 1);
	assert(params->announce.delay_ns >= 0 && params->announce.refresh_ns >= 0);
	assert(params->announce.refresh_ns == 0 || params->announce.refresh_repeat >= 1);
}

void vr_init(struct vr *vr, const struct vr_params *params)
{
	vr_check_params(params);
	*vr = (struct vr){
		.params = *params,
		.state = VR_INITIALIZE,
		.tracked_priority = params->priority,
		.effective_priority = params->priority,
		.active_interval_cs = params->interval_cs,
		.peer_checksum = CHECKSUM_RFC9568,
		.hold_until_ns = backup_hold(params),
	};
	timers_stop(vr);
	timers_recompute(vr);
}

void vr_set_primary(struct vr *vr, const struct vrrp_addr *primary)
{
	vr->primary = *primary;
	if (vr->state == VR_ACTIVE)
		vr->active_address = *primary;
}

void vr_set_group(struct vr *vr, bool member)
{
	vr->params.sync_group = member;
	if (member || !vr->ready)
		return;
	vr->ready = false;
	vr->down_timer_ns = vr->down_armed_ns; /* long over: it listens for an interval more */
}

/*
 * Startup: D-1, D-2. An owner's takeover is due at once, on the way that every takeover goes; in a
 * sync group it waits for the others.
 */
static void begin(struct step *s, enum vr_last_event cause)
{
	struct vr *vr = s->vr;

	assert(vr->state == VR_INITIALIZE && vr->faults == 0);
	if (s->now_ns < vr->start_ns) {
		vr->start_timer_ns = vr->start_ns;
		return;
	}
	vr->start_timer_ns = NEVER_NS;
	vr->active_interval_cs = vr->params.interval_cs;
	timers_recompute(vr);
	vr->last_event = cause;
	vr->begun_ns = s->now_ns;
	if (vr->effective_priority != VRRP_PRIORITY_OWNER) {
		backup_start(s);
		return;
	}
	if (vr->params.sync_group)
		backup_start(s);
	vr->next_reason = ACTIVE_REASON_PRIORITY;
	timers_arm_down(vr, s->now_ns, 0);
	backup_take(s);
}

/*
 * Shutdown: D-10, D-20. We stop answering before we say that we leave, because the next one may
 * answer at once; and one whose lease is over has nothing left to give up.
 */
static void end(struct step *s, enum vr_last_event cause, bool goodbye)
{
	struct vr *vr = s->vr;
	enum vr_state from = vr->state;
	bool withdraw = goodbye && from == VR_ACTIVE && !active_fenced(s);

	timers_stop(vr);
	if (from == VR_INITIALIZE)
		return;
	if (from == VR_ACTIVE)
		emit_lease(s, 0);
	if (withdraw)
		emit_leaving(s);
	vr->state = VR_INITIALIZE;
	vr->hold_until_ns = backup_hold(&vr->params);
	vr->active_address = (struct vrrp_addr){{0}};
	vr->last_event = cause;
	emit(s, ACT_PUBLISH);
	if (vr->steady_header != 0)
		steady_clear(s);
	if (from == VR_ACTIVE)
		emit(s, ACT_RELEASE);
	emit_notify(s, from);
}

static enum vr_last_event fault_event(enum vr_fault fault)
{
	switch (fault) {
	case FAULT_NO_INTERFACE:
	case FAULT_INTERFACE_DOWN:
	case FAULT_DATA_PLANE:
	case FAULT_CONFIGURATION:
		return LAST_EVENT_INTERFACE_DOWN;
	case FAULT_NO_ADDRESS:
		return LAST_EVENT_NO_PRIMARY_IP_ADDRESS;
	case FAULT_NO_VIRTUAL_ADDRESS:
		return LAST_EVENT_NO_VIRTUAL_IP_ADDRESSES;
	case FAULT_SYNC_GROUP:
		return LAST_EVENT_SYNC_GROUP;
	case FAULT_TRACKED:
	case FAULT_TRACK_PENDING:
		return LAST_EVENT_TRACKED_OBJECT;
	}
	assert(false);
	return LAST_EVENT_NONE;
}

static enum vr_last_event fault_over_event(enum vr_fault fault)
{
	switch (fault) {
	case FAULT_NO_INTERFACE:
	case FAULT_INTERFACE_DOWN:
	case FAULT_DATA_PLANE:
	case FAULT_CONFIGURATION:
		return LAST_EVENT_INTERFACE_UP;
	case FAULT_NO_ADDRESS:
		return LAST_EVENT_PRIMARY_IP_ADDRESS;
	case FAULT_NO_VIRTUAL_ADDRESS:
		return LAST_EVENT_VIRTUAL_IP_ADDRESSES;
	case FAULT_SYNC_GROUP:
		return LAST_EVENT_SYNC_GROUP;
	case FAULT_TRACKED:
	case FAULT_TRACK_PENDING:
		return LAST_EVENT_TRACKED_OBJECT;
	}
	assert(false);
	return LAST_EVENT_NONE;
}

/* D-50. Without faults, and not started, there is nothing to end either. */
static void take_fault(struct step *s, unsigned fault)
{
	s->vr->faults |= fault;
	end(s, fault_event((enum vr_fault)fault), true);
}

static void take_fault_over(struct step *s, unsigned fault)
{
	struct vr *vr = s->vr;
	bool last = vr->faults == fault;

	vr->faults &= ~fault;
	if (last && vr->started)
		begin(s, fault_over_event((enum vr_fault)fault));
}

static void take_startup(struct step *s)
{
	if (s->vr->started)
		return;
	s->vr->started = true;
	s->vr->start_ns = s->now_ns + s->vr->params.startup_delay_ns;
	if (s->vr->faults == 0)
		begin(s, LAST_EVENT_STARTUP);
}

static void take_shutdown(struct step *s, bool alone)
{
	s->vr->started = false;
	end(s, LAST_EVENT_SHUTDOWN, !alone);
}

/*
 * The form of a peer. A router that has heard nobody speaks the other form now and then (see
 * advertise() in active.c): that of the Active we are Backup of is taken from its first word. Who
 * says goodbye is no peer any more.
 */
static void learn_checksum(struct vr *vr, const struct vr_advert *advert)
{
	bool known = vr->state == VR_BACKUP && vr->peer_heard &&
		     addr_equal(&advert->source, &vr->active_address);
	bool leaves = advert->priority == VRRP_PRIORITY_LEAVING;

	if (known || addr_equal(&advert->source, &vr->primary))
		return;
	if (vr->peer_heard && vr->peer_checksum != advert->checksum)
		vr->peers_differ = true;
	vr->peer_checksum = advert->checksum;
	vr->peer_heard = vr->peer_heard || !leaves;
}

/* D-3. Reports may have waited since before the Startup: what they tell was not heard by us. */
static void take_advert(struct step *s, const struct vr_advert *advert)
{
	struct vr *vr = s->vr;

	if (vr->state == VR_INITIALIZE || advert->received_ns < vr->begun_ns)
		return;
	if (advert->priority == VRRP_PRIORITY_OWNER && vr->params.priority == VRRP_PRIORITY_OWNER)
		emit_count(s, CORE_COUNT_OWNER_CONFLICT); /* B-24 */
	learn_checksum(vr, advert);
	if (vr->state == VR_BACKUP)
		backup_advert(s, advert);
	else
		active_advert(s, advert);
}

static void take_priority(struct step *s, uint8_t priority)
{
	assert(priority != VRRP_PRIORITY_LEAVING && priority != VRRP_PRIORITY_OWNER);
	s->vr->tracked_priority = priority;
	priority_follow(s);
}

static void take_deadline(struct step *s)
{
	if (s->now_ns < vr_deadline(s->vr) && s->late_ns == 0)
		return;
	switch (s->vr->state) {
	case VR_INITIALIZE:
		if (s->vr->start_timer_ns != NEVER_NS)
			begin(s, LAST_EVENT_STARTUP);
		else
			promote_begin(s);
		break;
	case VR_BACKUP:
		backup_deadline(s);
		break;
	case VR_ACTIVE:
		active_deadline(s);
		break;
	}
}

void vr_step(struct vr *vr, const struct vr_event *event, int64_t now_ns,
	     const struct vr_evidence *seen, struct vr_actions *actions)
{
	struct step s = {.vr = vr, .now_ns = now_ns, .seen = seen, .actions = actions};

	assert(now_ns >= 0 && now_ns < NEVER_NS);
	actions->count = 0;
	if (event->kind != EV_RECHECK)
		late_begin(&s);
	if (vr->promoting && event->kind != EV_RECHECK)
		promote_cancel(&s);
	if (active_superseded(&s, event))
		active_yield(&s);
	switch (event->kind) {
	case EV_STARTUP:
		take_startup(&s);
		break;
	case EV_SHUTDOWN:
		take_shutdown(&s, event->alone);
		break;
	case EV_FAULT:
		take_fault(&s, event->fault);
		break;
	case EV_FAULT_OVER:
		take_fault_over(&s, event->fault);
		break;
	case EV_ADVERT:
		take_advert(&s, &event->advert);
		break;
	case EV_CLAIM:
		active_claim(&s);
		break;
	case EV_PRIORITY:
		take_priority(&s, event->priority);
		break;
	case EV_CONFIGURE:
		configure(&s, event->configure.params, event->configure.priority);
		break;
	case EV_DEADLINE:
		take_deadline(&s);
		break;
	case EV_RECHECK:
		promote_recheck(&s);
		break;
	case EV_ADOPT:
		adopt_slot(&s, &event->adoption);
		break;
	case EV_DRAIN:
		drain_begin(&s);
		break;
	case EV_UNDRAIN:
		drain_end(&s);
		break;
	case EV_GROUP_GO:
		backup_go(&s);
		break;
	case EV_GROUP_YIELD:
		active_group_yield(&s);
		break;
	case EV_GROUP_LEAVING:
		backup_leaving(&s);
		break;
	case EV_STOOD_STILL:
		late_stood_still(&s, event->stood_still_ns);
		break;
	}
	late_end(&s);
	acquire_follow(&s);
	assert(vr->state == VR_INITIALIZE || (vr->started && vr->faults == 0));
}

bool vr_preempts(const struct vr *vr)
{
	return vr->params.preempt && vr->hold_until_ns == 0;
}

bool vr_in_fault(const struct vr *vr)
{
	return vr->started && (vr->faults & ~(unsigned)FAULT_TRACK_PENDING) != 0;
}
