/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What counters and states of a virtual router mean, and what to do about it: in the log once for
 * each router and reason (B-22), and in `xvrrpctl doctor`.
 */
#ifndef HINTS_H
#define HINTS_H

#include "agent_state.h"
#include "counters.h"

struct hint_text {
	const char *meaning, *advice; /* sentences without a capital and a full stop */
};

enum hint_severity {
	HINT_NOTE,
	HINT_WARNING,
	HINT_DEAF, /* a peer's advertisements are dropped: there may be two Actives (H-50) */
};

/* Order is that of the table in hint_texts.c, and nothing else. */
enum hint {
	/* counters of struct vr_stats */
	HINT_VERSION,
	HINT_CHECKSUM,
	HINT_AUTH_TYPE,
	HINT_AUTH_TYPE_AH,
	HINT_AUTH_TYPE_VENDOR,
	HINT_AUTH,
	HINT_INTERVAL,
	HINT_INTERVAL_ZERO,
	HINT_ADDRESS_LIST,
	HINT_CARP,
	HINT_TTL,
	HINT_OWN_PACKET,
	HINT_SOURCE_ADDRESS,
	HINT_UNICAST_SOURCE,
	HINT_NON_GROUP_DESTINATION,
	HINT_LL_FIRST,
	HINT_FOREIGN_CLAIMS,
	HINT_REPORTS_LOST,
	/* counters of struct agent_stats */
	HINT_OWNER_CONFLICT,
	HINT_SEND_FAILED,
	/* states */
	HINT_EQUAL_PRIORITY,
	HINT_CHECKSUM_FORM,
	HINT_CHECKSUM_FORMS,
	HINT_RIVAL,
	HINT_FLAPPING,
	HINTS,
};

/* Both counters of one router, as somebody has read them. */
struct hint_counts {
	struct vr_stats bpf;
	struct agent_stats agent;
};

/* The name: of a counter, its own. */
const char *hint_name(enum hint hint);
struct hint_text hint_text(enum hint hint, const struct conf_instance *conf);
enum hint_severity hint_severity(enum hint hint, const struct conf_instance *conf);
/* What a counter has come to; of a state, 1 while it lasts. */
uint64_t hint_count(enum hint hint, const struct router *router, const struct hint_counts *counts);

/* ---- hints.c ---- */

/* Once a second: have the worker read some counters, and tell what has risen. */
void hints_turn(struct agent *agent);

/* Somebody claims an address of a router that is Active. */
void hints_claim(struct router *router);

/* A transition of a router (B-25). */
void hints_transition(struct router *router);

/*
 * Look at one router's counters, tell what is to be told. The doctor does it too, so that it knows
 * what hints_age_ns() says.
 */
void hints_look(struct router *router, const struct vr_stats *stats);

/* This Active, with the better right, hears another one on and on. */
bool hints_rival(const struct router *router);

/* How long ago a count was last seen to rise; NEVER_NS = never. */
int64_t hints_age_ns(const struct router *router, enum hint hint);

/* A router ends. */
void hints_forget(struct router *router);
/* The agent ends, its worker is idle. */
void hints_close(struct agent *agent);

#endif
