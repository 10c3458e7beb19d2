/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deadlines of the virtual routers: a binary heap under one timer. Those that are due at one tick
 * are stepped together, so that their advertisements leave together (outbox.c); more than a batch
 * of them come one batch after the other, with a look at what was reported before each.
 */
#include "schedule.h"

#include <stdlib.h>

#include "outbox.h"
#include "router.h"

/* ---- the heap: heap[i] is not later than heap[2i + 1] and heap[2i + 2] ---- */

static void place_at(struct schedule *schedule, size_t at, struct router *router)
{
	schedule->heap[at] = router;
	router->heap_at = at + 1;
}

static void sift_up(struct schedule *schedule, size_t at)
{
	struct router *router = schedule->heap[at];
	while (at > 0 && schedule->heap[(at - 1) / 2]->timer_ns > router->timer_ns) {
		place_at(schedule, at, schedule->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place_at(schedule, at, router);
}

static void sift_down(struct schedule *schedule, size_t at)
{
	struct router *router = schedule->heap[at];
	for (size_t child = 2 * at + 1; child < schedule->count; child = 2 * at + 1) {
		if (child + 1 < schedule->count &&
		    schedule->heap[child + 1]->timer_ns < schedule->heap[child]->timer_ns)
			child++;
		if (schedule->heap[child]->timer_ns >= router->timer_ns)
			break;
		place_at(schedule, at, schedule->heap[child]);
		at = child;
	}
	place_at(schedule, at, router);
}

static void take_out(struct schedule *schedule, struct router *router)
{
	if (!router->heap_at)
		return;
	size_t at = router->heap_at - 1;
	struct router *last = schedule->heap[--schedule->count];
	router->heap_at = 0;
	if (last == router)
		return;
	place_at(schedule, at, last);
	sift_up(schedule, at);
	sift_down(schedule, last->heap_at - 1);
}

static void put_in(struct schedule *schedule, struct router *router)
{
	place_at(schedule, schedule->count++, router);
	sift_up(schedule, schedule->count - 1);
}

/* ---- deadlines ---- */

static int64_t first_ns(const struct schedule *schedule)
{
	return schedule->count > 0 ? schedule->heap[0]->timer_ns : NEVER_NS;
}

static void arm(struct schedule *schedule)
{
	if (schedule->set_ns == first_ns(schedule))
		return;
	schedule->set_ns = first_ns(schedule);
	loop_timer_set(schedule->timer, schedule->set_ns);
}

void schedule_set(struct router *router, int64_t deadline_ns)
{
	struct schedule *schedule = &router->agent->schedule;
	if (deadline_ns == router->timer_ns)
		return;
	take_out(schedule, router);
	router->timer_ns = deadline_ns;
	if (deadline_ns != NEVER_NS)
		put_in(schedule, router);
	arm(schedule);
}

/* An Active is about to act: has this machine stood still, and its clocks as well? */
static void look_at_clocks(struct router *const *due, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (due[i]->vr.state == VR_ACTIVE) {
			standstill_check(due[i]); /* of all */
			return;
		}
}

static unsigned take_due(struct schedule *schedule, int64_t now_ns, struct router **due)
{
	unsigned count = 0;
	while (count < OUTBOX_MAX && first_ns(schedule) <= now_ns) {
		struct router *router = schedule->heap[0];
		take_out(schedule, router);
		router->timer_ns = NEVER_NS;
		due[count++] = router;
	}
	return count;
}

bool schedule_run(struct agent *agent)
{
	static const struct vr_event deadline = {.kind = EV_DEADLINE};
	struct router *due[OUTBOX_MAX];
	agent_consume(agent);
	unsigned count = take_due(&agent->schedule, clock_ns(), due);
	look_at_clocks(due, count);
	for (unsigned i = 0; i < count; i++)
		router_step_on(due[i], &deadline);
	outbox_flush(agent);
	arm(&agent->schedule);
	return count > 0;
}

static void timer_expired(void *data)
{
	struct agent *agent = data;
	agent->schedule.set_ns = NEVER_NS; /* it does not run any more */
	schedule_run(agent);
}

/* ---- life ---- */

bool schedule_open(struct agent *agent)
{
	agent->schedule.set_ns = NEVER_NS;
	agent->schedule.timer = loop_timer_new(agent->loop, timer_expired, agent);
	return agent->schedule.timer != NULL;
}

void schedule_close(struct agent *agent)
{
	loop_timer_free(agent->schedule.timer);
	free(agent->schedule.heap);
}

bool schedule_add(struct router *router)
{
	struct schedule *schedule = &router->agent->schedule;
	if (schedule->members == schedule->room) {
		size_t room = schedule->room ? 2 * schedule->room : 64;
		void *heap = realloc(schedule->heap, room * sizeof(*schedule->heap));
		if (!heap)
			return false;
		schedule->heap = heap;
		schedule->room = room;
	}
	schedule->members++;
	router->scheduled = true;
	return true;
}

void schedule_remove(struct router *router)
{
	struct schedule *schedule = &router->agent->schedule;
	if (!router->scheduled)
		return;
	schedule_set(router, NEVER_NS);
	schedule->members--;
	router->scheduled = false;
}
