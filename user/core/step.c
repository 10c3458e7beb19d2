/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ends of a step: evidence in, actions out. */
#include "core/step.h"

#include <assert.h>

static struct vr_action *append(struct step *s, enum vr_action_kind kind)
{
	struct vr_action *action;

	assert(s->actions->count < VR_ACTIONS_MAX);
	action = &s->actions->list[s->actions->count++];
	*action = (struct vr_action){.kind = kind};
	return action;
}

void emit(struct step *s, enum vr_action_kind kind)
{
	append(s, kind);
}

void emit_lease(struct step *s, int64_t until_ns)
{
	assert(until_ns == 0 || until_ns > s->now_ns);
	append(s, ACT_LEASE)->until_ns = until_ns;
}

void emit_announce(struct step *s, unsigned rounds)
{
	assert(s->vr->state == VR_ACTIVE && rounds >= 1);
	append(s, ACT_ANNOUNCE)->rounds = rounds;
}

void emit_count(struct step *s, enum vr_core_counter counter)
{
	append(s, ACT_COUNT)->counter = counter;
}

void emit_notify(struct step *s, enum vr_state from)
{
	assert(from != s->vr->state);
	append(s, ACT_NOTIFY)->from = from;
	s->vr->transition_ns = s->now_ns;
}

/* the peers can read only one form, so speak theirs. */
static enum checksum_form checksum_form(const struct vr *vr)
{
	switch (vr->params.checksum_policy) {
	case CHECKSUM_POLICY_AUTO:
		return vr->peer_checksum;
	case CHECKSUM_POLICY_RFC9568:
		return CHECKSUM_RFC9568;
	case CHECKSUM_POLICY_PSEUDO:
		return CHECKSUM_PSEUDO;
	}
	assert(false);
	return CHECKSUM_RFC9568;
}

static void append_advert(struct step *s, uint8_t priority, int64_t until_ns)
{
	struct vr_action *action = append(s, ACT_ADVERT);

	action->advert.until_ns = until_ns;
	action->advert.priority = priority;
	action->advert.checksum = checksum_form(s->vr);
}

void emit_advert(struct step *s, int64_t lease_until_ns)
{
	assert(lease_until_ns > s->now_ns);
	assert(s->vr->effective_priority != VRRP_PRIORITY_LEAVING);
	append_advert(s, s->vr->effective_priority, lease_until_ns);
}

void emit_first_advert(struct step *s, int64_t lease_until_ns)
{
	emit_advert(s, lease_until_ns);
	s->actions->list[s->actions->count - 1].advert.first = true;
}

void emit_other_form(struct step *s)
{
	bool pseudo = checksum_form(s->vr) == CHECKSUM_PSEUDO;

	append_advert(s, s->vr->effective_priority, 0);
	s->actions->list[s->actions->count - 1].advert.checksum =
		pseudo ? CHECKSUM_RFC9568 : CHECKSUM_PSEUDO;
}

void emit_last_advert(struct step *s)
{
	append_advert(s, s->vr->effective_priority, 0);
}

void emit_leaving(struct step *s)
{
	append_advert(s, VRRP_PRIORITY_LEAVING, 0);
}

void emit_late(struct step *s, enum vr_late decision)
{
	struct vr_action *action = append(s, ACT_LATE);

	action->late.late_ns = s->late_ns;
	action->late.decision = decision;
	s->late_ns = 0;
}

void steady_set(struct step *s, const struct vr_advert *advert)
{
	struct vr *vr = s->vr;
	struct vr_action *action;

	assert(advert->header != 0);
	if (vr->steady_header == advert->header && addr_equal(&vr->active_address, &advert->source))
		return;
	vr->steady_header = advert->header;
	vr->active_address = advert->source;
	action = append(s, ACT_STEADY);
	action->steady.header = advert->header;
	action->steady.source = advert->source;
}

void steady_clear(struct step *s)
{
	s->vr->steady_header = 0;
	append(s, ACT_STEADY);
}

bool lease_valid(const struct step *s)
{
	return s->seen->lease_until_ns > s->now_ns;
}
