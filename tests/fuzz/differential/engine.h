/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The differential fuzzer: every frame goes through the real programs in the kernel (machine.h) and
 * through the model (model/plane.h), from the same slots, and both must agree.
 *
 * Compared after each run of a program: the verdict, the frame as it is left, every byte of the
 * eight slots, the reports in the ring. Compared at the end of each batch, since they cost system
 * calls: all counters; if they differ, the batch runs again with a comparison after each frame, to
 * name the first. Nothing is left out silently: what the kernel makes no packet of is counted.
 *
 * Time. Batches of an even seed run programs whose clock is held at a number (held_clock.h): both
 * sides then read the same time, and agree to the nanosecond, also at the very end of a lease.
 * Those of an odd seed run the programs as they are shipped. What these read of the clock is in a
 * stamp, if they stamped; if not, it lies between two readings around the run, and the model must
 * agree at one of the moments between which its answer can change. The one time that may then
 * differ is how full the bucket of answers is, by no more than the run took.
 *
 * Not compared, because BPF_PROG_RUN does not show or make it: whether a frame is marked as the
 * host's (tests/bpf/test_wire.c does), tags beside the data of an skb, paged skbs and jumbo frames
 * (tests/bpf/test_envelope.c and test_wire.c do).
 */
#ifndef DIFFERENTIAL_ENGINE_H
#define DIFFERENTIAL_ENGINE_H

#include "machine.h"

#define BATCH_FRAMES 4096

enum { CLOCKS = 2 };

/* What was done and reached, summed up over all batches. */
struct tally {
	uint64_t frames;
	uint64_t runs[RUNS][PLANE_REPLY + 1]; /* by program and the model's verdict */
	uint64_t no_packet;		      /* frames the kernel makes no packet of */
	uint64_t events;
	struct vr_stats stats; /* of all slots, as the programs count */
	struct if_stats interface;
};

struct engine;

/* Loads both sets of programs; NULL after saying why not. */
struct engine *engine_new(void);
void engine_free(struct engine *engine);

/*
 * One batch; its seed gives all of it. False after a disagreement, told on stderr with what is
 * needed to run it again.
 */
bool engine_batch(struct engine *engine, uint64_t seed, unsigned frames);

const struct tally *engine_tally(const struct engine *engine);

/* How many counters that the programs can count were not; their names go to stderr. */
unsigned engine_unreached(const struct engine *engine);

#endif
