/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/random.h"

#include <assert.h>

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

struct random random_from(uint64_t seed)
{
	struct random random;

	for (int i = 0; i < 4; i++)
		random.s[i] = splitmix(&seed);
	return random;
}

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

uint64_t random_next(struct random *random)
{
	uint64_t *s = random->s;
	uint64_t result = rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

/* The bias of a division-free reduction is below 2^-32 for every bound used here. */
uint64_t random_below(struct random *random, uint64_t bound)
{
	assert(bound >= 1);
	return (uint64_t)((unsigned __int128)random_next(random) * bound >> 64);
}

int64_t random_between(struct random *random, int64_t least, int64_t most)
{
	assert(least <= most);
	return least + (int64_t)random_below(random, (uint64_t)(most - least) + 1);
}

int64_t random_scale(struct random *random, int64_t least, int64_t most)
{
	int64_t low = least, high;
	uint64_t steps = 1;

	assert(least >= 1 && least <= most);
	for (int64_t x = least; x < most / 2; x *= 2)
		steps++;
	for (uint64_t n = random_below(random, steps); n > 0; n--)
		low *= 2;
	high = low < most / 2 ? low * 2 : most;
	return random_between(random, low, high);
}

bool random_chance(struct random *random, uint32_t ppm)
{
	return ppm != 0 && random_below(random, 1000000) < ppm;
}
