/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real programs in the kernel, run on one frame at a time by BPF_PROG_RUN, and their maps.
 * Slots and reports are in shared memory and cost nothing to look at; counters cost a system call
 * each.
 */
#ifndef DIFFERENTIAL_MACHINE_H
#define DIFFERENTIAL_MACHINE_H

#include "scene.h"

enum machine_clock {
	CLOCK_REAL, /* the programs as they are shipped */
	CLOCK_HELD, /* the same text with a clock that stands still: held_clock.h */
};

enum machine_program { RUN_XDP, RUN_TC_IN, RUN_TC_OUT, RUNS };

extern const char *const machine_program_names[RUNS];

#define MACHINE_EVENTS 4 /* nothing reports more than once a frame */

struct machine_result {
	enum plane_verdict verdict; /* never PLANE_ACCEPT: that looks like PLANE_PASS from here */
	uint8_t frame[2 * FRAME_ROOM];
	size_t length;
	unsigned event_count;
	struct xvrrp_event events[MACHINE_EVENTS];
};

struct machine_counters {
	struct vr_stats stats[PLANE_SLOTS];
	struct if_stats interface;
};

struct machine;

/* Load and verify; NULL after saying why not. Needs root. */
struct machine *machine_new(enum machine_clock clock);
void machine_free(struct machine *machine);

/* The maps as in the scene, counters zero. */
void machine_load(struct machine *machine, const struct scene *scene);

/* The slots of the programs, PLANE_SLOTS of them. */
struct vr_slot *machine_slots(struct machine *machine);

/* What the programs would read now; only a held clock can be set. */
uint64_t machine_now_ns(const struct machine *machine);
void machine_set_clock(struct machine *machine, uint64_t now_ns);

/* False if the kernel makes no packet out of this frame: shorter than its IP header, for tc. */
bool machine_run(struct machine *machine, enum machine_program program, const struct frame *frame,
		 bool ring_full, struct machine_result *result);

void machine_read_counters(struct machine *machine, struct machine_counters *counters);

#endif
