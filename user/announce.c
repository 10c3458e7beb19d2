/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Announcements, each made beforehand (binding.c). A thousand routers may take over at once: the
 * first round of all comes before the second of any, so that no address waits for another's
 * repetition; and thousands of frames take a while, for which no advertisement must wait, so they
 * go in volleys with the event loop between.
 *
 * The first round is never held back; the others keep the distance that the configuration wants
 * between two frames of one interface.
 */
#include "announce.h"

#include "router.h"

void volley_send(struct volley *volley)
{
	int errors[VOLLEY_MAX];
	transmit_each(volley->agent->transmit, volley->frames, volley->count, errors);
	for (unsigned i = 0; i < volley->count; i++)
		volley->routers[i]->slot->agent.announcements_sent += errors[i] == 0;
	volley->count = 0;
}

static bool is_wanted(const struct router *router, size_t index)
{
	const struct plan *plan = router->plan;
	if (plan->announcements[index].length == 0)
		return false; /* another virtual router serves it */
	switch (router->announce_which) {
	case ANNOUNCE_ALL:
		return true;
	case ANNOUNCE_FRESH:
		return plan->fresh[index];
	case ANNOUNCE_ELSEWHERE:
		return plan->announcements[index].ifindex != router->ifindex;
	}
	return true;
}

static int64_t interval_ns(const struct agent *agent, bool ipv6)
{
	const struct conf_global *conf = &agent->conf->global;
	return (ipv6 ? conf->gna_interval_us : conf->garp_interval_us) * NS_PER_US;
}

/* The next frame, unless it has to wait: false, and announce_wait_ns says until when. */
static bool put_frame(struct volley *volley, struct router *router, int64_t now_ns)
{
	const struct plan *plan = router->plan;
	const struct transmit_frame *frame = &plan->announcements[router->announce_next];
	bool ipv6 = !addr_is_ipv4(&plan->addresses[router->announce_next]);
	struct pace *pace = &router->agent->pace;
	int64_t next_ns = pace_next(pace, frame->ifindex, ipv6);
	if (!router->announce_first && next_ns > now_ns) {
		router->announce_wait_ns = next_ns;
		return false;
	}
	pace_note(pace, frame->ifindex, ipv6, now_ns, interval_ns(router->agent, ipv6));
	if (volley->count == VOLLEY_MAX)
		volley_send(volley);
	volley->frames[volley->count] = *frame;
	volley->routers[volley->count++] = router;
	router->announce_next++;
	return true;
}

/* Of this round, so many frames. */
static void put_some(struct volley *volley, struct router *router, unsigned some)
{
	size_t count = router->plan->address_count;
	int64_t now_ns = clock_ns();
	router->announce_wait_ns = 0;
	if (!router_may_act(router)) {
		router->announce_rounds = 0;
		return;
	}
	while (some > 0 && router->announce_next < count) {
		if (!is_wanted(router, router->announce_next)) {
			router->announce_next++;
			continue;
		}
		if (!put_frame(volley, router, now_ns))
			return;
		some--;
	}
	if (router->announce_next < count)
		return;
	router->announce_next = 0;
	router->announce_first = false;
	router->announce_rounds--;
}

/* ---- whose turn it is ---- */

static void enqueue(struct router *router)
{
	if (router->announce_queued || router->announce_rounds == 0)
		return;
	router->announce_queued = true;
	router->agent->announcing_count++;
	TAILQ_INSERT_TAIL(&router->agent->announcing, router, announcing);
}

static void queue(struct router *router)
{
	enqueue(router);
	if (router->announce_queued)
		loop_task_post(router->agent->announce_task);
}

void announce_forget(struct router *router)
{
	if (router->announce_queued) {
		router->agent->announcing_count--;
		TAILQ_REMOVE(&router->agent->announcing, router, announcing);
	}
	router->announce_queued = false;
}

static void start(struct router *router, unsigned rounds, enum announce_which which)
{
	router->announce_rounds = rounds;
	router->announce_next = 0;
	router->announce_first = true;
	router->announce_which = which;
}

void announce_begin(struct router *router, unsigned rounds, struct volley *volley)
{
	if (!router->bound)
		return;
	start(router, rounds, ANNOUNCE_ALL);
	put_some(volley, router, VOLLEY_MAX);
	queue(router);
}

void router_announce(struct router *router, unsigned rounds)
{
	struct volley volley = {.agent = router->agent};
	announce_begin(router, rounds, &volley);
	volley_send(&volley);
}

/* Whose announcements are on their way still gets all of them. */
void router_announce_fresh(struct router *router, unsigned rounds)
{
	bool all = router->announce_rounds > 0;
	start(router, rounds, all ? ANNOUNCE_ALL : ANNOUNCE_FRESH);
	queue(router);
}

/* garp_extra_if: the switches of those interfaces see no advertisements. */
static void announce_extra(struct router *router, int64_t now_ns)
{
	const struct conf_garp *garp = &router->conf->garp;
	bool active = router->bound && router->vr.state == VR_ACTIVE;
	if (!active || garp->extra_if_us == 0) {
		router->announce_extra_ns = 0;
		return;
	}
	if (router->announce_extra_ns > now_ns || router->announce_rounds > 0)
		return;
	if (router->announce_extra_ns) {
		start(router, 1, garp->extra_if_all ? ANNOUNCE_ALL : ANNOUNCE_ELSEWHERE);
		queue(router);
	}
	router->announce_extra_ns = now_ns + garp->extra_if_us * NS_PER_US;
}

void announce_turn(struct agent *agent)
{
	int64_t now_ns = clock_ns();
	for (size_t i = 0; i < agent->router_count; i++)
		announce_extra(agent->routers[i], now_ns);
}

/* One of each in turn; those that have to wait are put behind. */
void announce_rest(void *data)
{
	struct agent *agent = data;
	struct volley volley = {.agent = agent};
	int64_t wake_ns = NEVER_NS;
	bool more = false;
	size_t left = agent->announcing_count;
	for (; left > 0 && volley.count < VOLLEY_MAX; left--) {
		struct router *router = TAILQ_FIRST(&agent->announcing);
		announce_forget(router);
		if (router->announce_rounds > 0) /* it may have been unbound meanwhile */
			put_some(&volley, router, VOLLEY_MAX - volley.count);
		enqueue(router);
		more = more || (router->announce_queued && !router->announce_wait_ns);
		if (router->announce_queued && router->announce_wait_ns &&
		    router->announce_wait_ns < wake_ns)
			wake_ns = router->announce_wait_ns;
	}
	volley_send(&volley);
	if (more || left > 0)
		loop_task_post(agent->announce_task);
	else if (wake_ns != NEVER_NS)
		loop_timer_set(agent->announce_timer, wake_ns);
}

void announce_waited(void *data)
{
	struct agent *agent = data;
	loop_task_post(agent->announce_task);
}
