/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual router on a bench: the state machine with a slot and a clock that the test holds. Each
 * function below that names an event takes one step at m->now_ns, with the slot as evidence, and
 * carries out on the slot what the machine said; ACT_RECHECK is a step of its own. What one step
 * said is compared by expect(), which prints both lists where they differ.
 *
 *	struct machine m = machine_backup(3, 100);
 *	to_deadline(&m);
 *	expect(&m, LEASE(m.now_ns + 3 * NS_PER_S), RECHECK);
 */
#ifndef UNIT_MACHINE_H
#define UNIT_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/vr.h"

#define START_NS (1000 * NS_PER_S) /* when every machine starts */

struct machine {
	struct vr vr;
	int64_t now_ns;
	struct vr_evidence slot;
	struct vr_actions said;	     /* by the last step */
	struct vrrp_addr peer;	     /* who sends what is heard: 192.0.2.12 unless changed */
	uint32_t peer_interval_cs;   /* 100 unless changed */
	enum checksum_form peer_sum; /* RFC 9568's unless changed */
	bool deaf_kernel;	     /* the kernel takes no advertisement */
	uint64_t steady_header;	     /* in the slot, as the two that follow */
	struct vrrp_addr steady_source;
	uint8_t published; /* identity.priority */
	bool preempts;	   /* SLOT_PREEMPT */
	unsigned adverts_sent;
	bool acquired; /* by the last of ACT_ACQUIRE and ACT_RELEASE */
};

/* 1 s, three adverts, preempting, 192.0.2.11; five announcements and five more 5 s later. */
struct vr_params params(uint8_t version, uint8_t priority);

struct machine machine_of(const struct vr_params *params);	/* not started */
struct machine machine_started(const struct vr_params *params); /* and now it is */
struct machine machine_backup(uint8_t version, uint8_t priority);
/* Active since m.now_ns, of an owner (255) START_NS, else when the timer ran out. */
struct machine machine_active(uint8_t version, uint8_t priority);
struct machine machine_active_of(const struct vr_params *params);

/* ---- events ---- */

void startup(struct machine *m);
void shut_down(struct machine *m);
void shut_down_alone(struct machine *m);
void fault(struct machine *m, unsigned bit);
void fault_over(struct machine *m, unsigned bit);
void priority(struct machine *m, uint8_t effective);
void claim(struct machine *m);
void configure_to(struct machine *m, const struct vr_params *params); /* with its priority */
void drain(struct machine *m);
void undrain(struct machine *m);
void group_go(struct machine *m);
void group_yield(struct machine *m);
void group_leaving(struct machine *m);
void stood_still(struct machine *m, int64_t span_ns);
void deadline(struct machine *m);
void recheck(struct machine *m);
/* Any other. */
void step(struct machine *m, struct vr_event event);
/* An advertisement of the peer arrives, is stamped, and is reported at once. */
void hear(struct machine *m, uint8_t priority);
/* It arrived and was stamped at `received_ns`, and is reported only now. */
void hear_late(struct machine *m, uint8_t priority, int64_t received_ns);
/* It is stamped only: a steady one, or one whose report is still on its way. */
void stamp(struct machine *m, uint8_t priority, int64_t received_ns);

/* ---- adoption ---- */

/* A new agent of this configuration, with the slot of the old one: nothing is told yet. */
struct machine successor(const struct machine *old, const struct vr_params *params);
/* What the old agent has left in the slot, to be changed or told. */
struct vr_adoption left_by(const struct machine *old);
void adopt(struct machine *m, const struct vr_adoption *adoption);
/* All of it: the old agent dies, and after `span_ns` a new one starts. */
struct machine adopted_after(const struct machine *old, int64_t span_ns);
/* Nothing was gone on with, and nobody has a role; it starts as any other. */
void assert_not_adopted(struct machine *m);

/* ---- time ---- */

void to_deadline(struct machine *m); /* wait for it, and tell */
/* The same until the role is to be taken, and the second look: Active. */
void take_over(struct machine *m);
/* The deadline of the role; those of the addresses and of the preemption delay may come first. */
int64_t role_due(const struct machine *m);
void pass(struct machine *m, int64_t span_ns); /* without telling anything */

/* ---- what was said ---- */

#define LEASE(until) ((struct vr_action){.kind = ACT_LEASE, .until_ns = (until)})
#define RECHECK	     ((struct vr_action){.kind = ACT_RECHECK})
#define ADVERT(prio, until)                     \
	((struct vr_action){.kind = ACT_ADVERT, \
			    .advert = {.until_ns = (until), .priority = (prio)}})
#define FIRST_ADVERT(prio, until)               \
	((struct vr_action){.kind = ACT_ADVERT, \
			    .advert = {.until_ns = (until), .priority = (prio), .first = true}})
#define ANNOUNCE(n)	((struct vr_action){.kind = ACT_ANNOUNCE, .rounds = (n)})
#define ACQUIRE		((struct vr_action){.kind = ACT_ACQUIRE})
#define RELEASE		((struct vr_action){.kind = ACT_RELEASE})
#define PUBLISH		((struct vr_action){.kind = ACT_PUBLISH})
#define STEADY(m, prio) steady_action(m, prio) /* what the peer would send now */
#define STEADY_OFF	((struct vr_action){.kind = ACT_STEADY})
#define COUNT(name)	((struct vr_action){.kind = ACT_COUNT, .counter = CORE_COUNT_##name})
#define NOTIFY(state)	((struct vr_action){.kind = ACT_NOTIFY, .from = (state)})
#define LATE(ns, what)	((struct vr_action){.kind = ACT_LATE, .late = {(ns), LATE_##what}})

struct vr_action steady_action(const struct machine *m, uint8_t priority);

/* The last step said exactly this, in this order. The checksum form is not compared. */
#define expect(m, ...)                                                                          \
	expect_list(m, (const struct vr_action[]){__VA_ARGS__},                                 \
		    sizeof((const struct vr_action[]){__VA_ARGS__}) / sizeof(struct vr_action), \
		    __FILE__, __LINE__)
#define expect_nothing(m) expect_list(m, NULL, 0, __FILE__, __LINE__)

void expect_list(const struct machine *m, const struct vr_action *wanted, size_t count,
		 const char *file, int line);

/* The action of this kind in the last step; NULL if there is none. */
const struct vr_action *said(const struct machine *m, enum vr_action_kind kind);

#endif
