/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Announcements, each made beforehand (binding.c). A thousand routers may take over at once: the
 * first round of all comes before the second of any, so that no address waits for another's
 * repetition; and thousands of frames take a while, for which no advertisement must wait, so they
 * go in volleys with the event loop between.
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

static void put_frame(struct volley *volley, struct router *router)
{
	if (volley->count == VOLLEY_MAX)
		volley_send(volley);
	volley->frames[volley->count] = router->plan->announcements[router->announce_next++];
	volley->routers[volley->count++] = router;
}

/* Of this round, so many frames. */
static void put_some(struct volley *volley, struct router *router, unsigned some)
{
	size_t count = router->plan->address_count;
	if (!router_may_act(router)) {
		router->announce_rounds = 0;
		return;
	}
	while (some > 0 && router->announce_next < count) {
		if (router->announce_fresh && !router->plan->fresh[router->announce_next]) {
			router->announce_next++;
			continue;
		}
		put_frame(volley, router);
		some--;
	}
	if (router->announce_next < count)
		return;
	router->announce_next = 0;
	router->announce_rounds--;
}

/* ---- whose turn it is ---- */

static void queue(struct router *router)
{
	if (router->announce_queued || router->announce_rounds == 0)
		return;
	router->announce_queued = true;
	TAILQ_INSERT_TAIL(&router->agent->announcing, router, announcing);
	loop_task_post(router->agent->announce_task);
}

void announce_forget(struct router *router)
{
	if (router->announce_queued)
		TAILQ_REMOVE(&router->agent->announcing, router, announcing);
	router->announce_queued = false;
}

void announce_begin(struct router *router, unsigned rounds, struct volley *volley)
{
	if (!router->bound)
		return;
	router->announce_rounds = rounds;
	router->announce_next = 0;
	router->announce_fresh = false;
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
	router->announce_rounds = rounds;
	router->announce_next = 0;
	router->announce_fresh = !all;
	queue(router);
}

void announce_rest(void *data)
{
	struct agent *agent = data;
	struct volley volley = {.agent = agent};
	struct router *router;
	while (volley.count < VOLLEY_MAX && (router = TAILQ_FIRST(&agent->announcing))) {
		announce_forget(router);
		if (router->announce_rounds > 0) /* it may have been unbound meanwhile */
			put_some(&volley, router, VOLLEY_MAX - volley.count);
		queue(router);
	}
	volley_send(&volley);
}
