/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters that rise, told in the log. The worker reads them, some routers at a time, so that
 * thousands are no burst and no packet costs anything. A router and a reason are told once, and
 * again only if it had been quiet for an hour: whoever sends bad packets cannot fill the log, nor
 * reset the limit (B-22).
 */
#include "hints.h"

#include <stdlib.h>
#include <string.h>

#include "router.h"

#define QUIET_NS     (3600 * NS_PER_S)
#define TURNS	     3 /* seconds between two looks */
#define AT_ONCE	     256
#define FLAPS	     3
#define FLAP_SPAN_NS (60 * NS_PER_S)
/* Two that read one form of the checksum each find together within half of it. */
#define RIVAL_INTERVALS 16
#define RIVAL_SPAN_NS	(5 * NS_PER_S)
#define RIVAL_LOOKS	4
#define RIVAL_QUIET_NS	(60 * NS_PER_S)

/* Who advertises beside us while we are Active. */
struct rival {
	uint64_t received; /* advertisements at the last look */
	unsigned looks;	   /* that found more of them; 0 = there is none */
	int64_t first_ns, last_ns;
};

struct hint_memory {
	uint64_t seen[HINTS];
	struct rival rival;
	int64_t risen_ns[HINTS];       /* 0 = never */
	int64_t actives_ns[FLAPS - 1]; /* the last transitions to Active */
	unsigned actives;
};

/* What the worker reads: whose slots these were is asked again afterwards. */
struct hints {
	struct agent *agent;
	bool busy;
	unsigned turns;
	size_t next; /* whose turn it is */
	size_t count;
	const struct router *routers[AT_ONCE];
	unsigned slots[AT_ONCE];
	struct vr_stats stats[AT_ONCE];
};

static struct hint_memory *memory_of(struct router *router)
{
	if (!router->hints)
		router->hints = calloc(1, sizeof(*router->hints));
	return router->hints;
}

static bool may_split(const struct router *router, enum hint hint)
{
	return router->vr.state == VR_ACTIVE && hint_severity(hint, router->conf) == HINT_DEAF;
}

static void tell(const struct router *router, enum hint hint)
{
	struct hint_text text = hint_text(hint, router->conf);
	log_line(hint_severity(hint, router->conf) == HINT_NOTE ? LOG_LEVEL_NOTICE
								: LOG_LEVEL_WARNING,
		 "%s: %s: %s%s; %s", router->conf->name, hint_name(hint), text.meaning,
		 may_split(router, hint) ? " (and there may be two Active routers now)" : "",
		 text.advice);
}

/* It happened, or happens again. */
static void risen(struct router *router, enum hint hint)
{
	int64_t *risen_ns = &router->hints->risen_ns[hint];
	int64_t before_ns = *risen_ns;
	*risen_ns = clock_ns();
	if (!before_ns || *risen_ns - before_ns >= QUIET_NS)
		tell(router, hint);
}

/*
 * Whom an Active does not yield to hears so at once, and yields. Who advertises on and on does not
 * hear it (H-50).
 */
static void look_for_rival(struct router *router, uint64_t received)
{
	struct rival *rival = &router->hints->rival;
	int64_t now_ns = clock_ns();
	bool more = received > rival->received;
	rival->received = received;
	if (router->vr.state != VR_ACTIVE || now_ns - rival->last_ns > RIVAL_QUIET_NS)
		rival->looks = 0;
	if (router->vr.state != VR_ACTIVE || !more)
		return;
	if (!rival->looks++)
		rival->first_ns = now_ns;
	rival->last_ns = now_ns;
}

bool hints_rival(const struct router *router)
{
	const struct rival *rival = router->hints ? &router->hints->rival : NULL;
	if (!rival || rival->looks < RIVAL_LOOKS)
		return false;
	int64_t span_ns = rival->last_ns - rival->first_ns;
	return span_ns >= RIVAL_SPAN_NS &&
	       span_ns >= RIVAL_INTERVALS * router->vr.params.interval_cs * NS_PER_CS;
}

void hints_look(struct router *router, const struct vr_stats *stats)
{
	struct hint_counts counts = {.bpf = *stats, .agent = router->slot->agent};
	struct hint_memory *memory = memory_of(router);
	if (memory)
		look_for_rival(router, stats->advertisements_received);
	for (enum hint hint = 0; memory && hint < HINTS; hint++) {
		uint64_t count = hint_count(hint, router, &counts);
		if (hint == HINT_FLAPPING || hint == HINT_FOREIGN_CLAIMS)
			continue; /* told as they happen */
		/* A state that lasts is seen each time; a new slot begins with 0. */
		bool state = hint >= HINT_EQUAL_PRIORITY;
		if (count > (state ? 0 : memory->seen[hint]))
			risen(router, hint);
		memory->seen[hint] = count;
	}
}

void hints_claim(struct router *router)
{
	if (memory_of(router))
		risen(router, HINT_FOREIGN_CLAIMS);
}

void hints_transition(struct router *router)
{
	struct hint_memory *memory = memory_of(router);
	if (!memory)
		return;
	memory->rival.looks = 0;
	if (router->vr.state != VR_ACTIVE)
		return;
	int64_t now_ns = clock_ns();
	int64_t *oldest_ns = &memory->actives_ns[memory->actives++ % (FLAPS - 1)];
	bool often = *oldest_ns && now_ns - *oldest_ns < FLAP_SPAN_NS;
	*oldest_ns = now_ns;
	if (often)
		risen(router, HINT_FLAPPING);
}

int64_t hints_age_ns(const struct router *router, enum hint hint)
{
	int64_t risen_ns = router->hints ? router->hints->risen_ns[hint] : 0;
	return risen_ns ? clock_ns() - risen_ns : NEVER_NS;
}

void hints_forget(struct router *router)
{
	free(router->hints);
	router->hints = NULL;
}

/* ---- in turn ---- */

/* In the worker. */
static void read_counters(void *data)
{
	struct hints *hints = data;
	for (size_t i = 0; i < hints->count; i++)
		hints->stats[i] = dataplane_vr_stats(hints->agent->dataplane, hints->slots[i]);
}

/* A slot may belong to another router by now: that one is looked at next time. */
static void counters_read(void *data)
{
	struct hints *hints = data;
	hints->busy = false;
	for (size_t i = 0; i < hints->count; i++) {
		struct router *router = hints->agent->by_slot[hints->slots[i]];
		if (router && router == hints->routers[i] && router->bound)
			hints_look(router, &hints->stats[i]);
	}
}

static void choose(struct hints *hints)
{
	struct agent *agent = hints->agent;
	hints->count = 0;
	for (size_t i = 0; i < agent->router_count && hints->count < AT_ONCE; i++) {
		const struct router *router = agent->routers[hints->next++ % agent->router_count];
		if (!router->bound)
			continue;
		hints->routers[hints->count] = router;
		hints->slots[hints->count++] = router->slot_number;
	}
}

void hints_turn(struct agent *agent)
{
	if (!agent->hints)
		agent->hints = calloc(1, sizeof(*agent->hints));
	struct hints *hints = agent->hints;
	if (!hints || hints->busy || hints->turns++ % TURNS)
		return;
	hints->agent = agent;
	choose(hints);
	hints->busy =
		hints->count > 0 && worker_run(agent->worker, read_counters, counters_read, hints);
}

void hints_close(struct agent *agent)
{
	free(agent->hints);
	agent->hints = NULL;
}
