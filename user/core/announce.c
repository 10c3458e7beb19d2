/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the addresses are announced (E-20, E-26): at takeover, once more a little later for the
 * frames that a switch lost while it learned, then now and then; and whenever we stay while
 * somebody else may have spoken for the addresses, because then hosts and switches may have learned
 * wrong.
 */
#include "core/step.h"

#define SURVIVOR_PAUSE_NS NS_PER_S

void announce_takeover(struct step *s)
{
	const struct announce_params *params = &s->vr->params.announce;
	int64_t wait_ns = params->delay_ns != 0 ? params->delay_ns : params->refresh_ns;

	emit_announce(s, params->repeat);
	s->vr->announce_again = params->delay_ns != 0 ? params->repeat : 0;
	s->vr->announce_timer_ns = wait_ns != 0 ? s->now_ns + wait_ns : NEVER_NS;
}

void announce_due(struct step *s)
{
	struct vr *vr = s->vr;
	const struct announce_params *params = &vr->params.announce;

	emit_announce(s, vr->announce_again ? vr->announce_again : params->refresh_repeat);
	vr->announce_again = 0;
	if (params->refresh_ns != 0)
		vr->announce_timer_ns =
			timers_next(vr->announce_timer_ns, params->refresh_ns, s->now_ns);
	else
		vr->announce_timer_ns = NEVER_NS;
}

void announce_go_on(struct step *s)
{
	struct vr *vr = s->vr;
	const struct announce_params *params = &vr->params.announce;
	int64_t second_ns = vr->transition_ns + params->delay_ns;

	vr->announce_again = second_ns > s->now_ns ? params->repeat : 0;
	if (vr->announce_again)
		vr->announce_timer_ns = second_ns;
	else if (params->refresh_ns != 0)
		vr->announce_timer_ns = s->now_ns + params->refresh_ns;
}

/* The second burst counts from the takeover. */
void announce_follow(struct step *s, const struct announce_params *old)
{
	struct vr *vr = s->vr;
	const struct announce_params *params = &vr->params.announce;

	if (vr->announce_again && params->delay_ns != 0) {
		vr->announce_timer_ns += params->delay_ns - old->delay_ns;
		return;
	}
	if (!vr->announce_again && params->refresh_ns == old->refresh_ns)
		return;
	vr->announce_again = 0;
	vr->announce_timer_ns = params->refresh_ns != 0 ? s->now_ns + params->refresh_ns : NEVER_NS;
}

/* As many rounds as at takeover: a single frame may be lost. Seldom, because who provokes it may do
 * so at any rate. */
void announce_survivor(struct step *s)
{
	struct vr *vr = s->vr;

	if (s->now_ns < vr->reannounce_again_ns)
		return;
	vr->reannounce_again_ns = s->now_ns + SURVIVOR_PAUSE_NS;
	emit_announce(s, vr->params.announce.repeat);
}

/* The survivor of D-24. A second burst that is to come anyway is second enough. */
void announce_lower(struct step *s)
{
	struct vr *vr = s->vr;
	const struct announce_params *params = &vr->params.announce;

	if (!params->has_lower) {
		announce_survivor(s);
		return;
	}
	if (params->lower_repeat == 0 || s->now_ns < vr->reannounce_again_ns)
		return;
	vr->reannounce_again_ns = s->now_ns + SURVIVOR_PAUSE_NS;
	emit_announce(s, params->lower_repeat);
	if (params->lower_delay_ns == 0 || vr->announce_again)
		return;
	vr->announce_again = params->lower_repeat;
	vr->announce_timer_ns = s->now_ns + params->lower_delay_ns;
}
