/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * differential [--seed N] [--frames N] [--seconds N]: run batches of frames with the seeds N,
 * N + 1, ... until so many frames or seconds are done, or the programs and the model disagree.
 * Prints what was reached, or the disagreement. Exit status: 0 all agree, 1 a disagreement, 2 usage
 * or no programs.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine.h"

struct limits {
	uint64_t seed, frames, seconds;
};

static double now_s(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (*text == '\0' || *end != '\0') {
		fprintf(stderr, "%s: not a number\n", text);
		exit(2);
	}
	return value;
}

static struct limits read_options(int argc, char **argv)
{
	static const struct option options[] = {{"seed", required_argument, NULL, 's'},
						{"frames", required_argument, NULL, 'f'},
						{"seconds", required_argument, NULL, 't'},
						{}};
	struct limits limits = {.seed = 1, .frames = 1000000};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 's':
			limits.seed = number(optarg);
			break;
		case 'f':
			limits.frames = number(optarg);
			break;
		case 't':
			limits.seconds = number(optarg);
			limits.frames = UINT64_MAX;
			break;
		default:
			fprintf(stderr, "usage: %s [--seed N] [--frames N] [--seconds N]\n",
				argv[0]);
			exit(2);
		}
	return limits;
}

static void print_counters(const struct tally *tally)
{
#define VR_COUNTER(kind, name, text) \
	printf("  %-24s %12" PRIu64 "\n", #name, (uint64_t)tally->stats.name);
#define IF_COUNTER(kind, name, text) \
	printf("  %-24s %12" PRIu64 "\n", #name, (uint64_t)tally->interface.name);
#include "counters.def"
}

static void print_tally(const struct tally *tally, double seconds)
{
	print_counters(tally);
	for (int i = 0; i < RUNS; i++)
		printf("%-12s pass %" PRIu64 ", accept %" PRIu64 ", drop %" PRIu64
		       ", reply %" PRIu64 "\n",
		       machine_program_names[i], tally->runs[i][PLANE_PASS],
		       tally->runs[i][PLANE_ACCEPT], tally->runs[i][PLANE_DROP],
		       tally->runs[i][PLANE_REPLY]);
	printf("%" PRIu64 " reports; the kernel made no packet of a frame %" PRIu64 " times\n",
	       tally->events, tally->no_packet);
	printf("%" PRIu64 " frames in %.1f s: %.0f frames/s\n", tally->frames, seconds,
	       (double)tally->frames / seconds);
}

int main(int argc, char **argv)
{
	struct limits limits = read_options(argc, argv);
	struct engine *engine = engine_new();
	double started_s = now_s();
	bool agree = true;

	if (!engine)
		return 2;
	for (uint64_t seed = limits.seed, left = limits.frames; agree && left > 0; seed++) {
		unsigned frames = left < BATCH_FRAMES ? (unsigned)left : BATCH_FRAMES;

		if (limits.seconds && now_s() - started_s >= (double)limits.seconds)
			break;
		agree = engine_batch(engine, seed, frames);
		left -= frames;
	}
	if (agree)
		print_tally(engine_tally(engine), now_s() - started_s);
	engine_free(engine);
	return agree ? 0 : 1;
}
