/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers that a seed decides: xoshiro256**, started by splitmix64. The same on every machine.
 */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t s[4];
};

struct random random_from(uint64_t seed);
uint64_t random_next(struct random *random);

/* Below `bound`, which is at least 1; and between both ends, these included. */
uint64_t random_below(struct random *random, uint64_t bound);
int64_t random_between(struct random *random, int64_t least, int64_t most);
/* The same, each order of magnitude as likely as another; least is at least 1. */
int64_t random_scale(struct random *random, int64_t least, int64_t most);
/* True so many times in a million. */
bool random_chance(struct random *random, uint32_t ppm);

#endif
