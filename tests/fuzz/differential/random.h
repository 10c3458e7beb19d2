/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Choices out of one number (splitmix64): the same on every machine, and any seed is as good as
 * another, so that the batches of a run can have consecutive ones.
 */
#ifndef DIFFERENTIAL_RANDOM_H
#define DIFFERENTIAL_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t draw(struct random *random)
{
	uint64_t x = random->state += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* 0 .. limit - 1; 0 if there is no such number. */
static inline uint32_t below(struct random *random, uint32_t limit)
{
	return (uint32_t)((draw(random) >> 32) * limit >> 32);
}

static inline bool one_in(struct random *random, uint32_t count)
{
	return below(random, count) == 0;
}

#define pick(random, array) ((array)[below(random, sizeof(array) / sizeof((array)[0]))])

#endif
