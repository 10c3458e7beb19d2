/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The structures of counters that counters.def describes. A value of vr_stats or if_stats is one
 * such structure per CPU; all members are __u64, so that each may also be read as an array in the
 * order of counters.def.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <linux/types.h>

struct vr_stats {
#define VR_COUNTER(kind, name, text) __u64 name;
#include "counters.def"
};

struct agent_stats {
#define AGENT_COUNTER(kind, name, text) __u64 name;
#include "counters.def"
};

struct if_stats {
#define IF_COUNTER(kind, name, text) __u64 name;
#include "counters.def"
};

/* The index of a counter of struct vr_stats; as the outcome of the checks, the reason of a drop. */
enum vr_counter {
#define VR_COUNTER(kind, name, text) COUNT_##name,
#include "counters.def"
	VR_COUNTERS,
};

#endif
