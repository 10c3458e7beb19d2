/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xvrrp-sim: runs scenarios, of seeds or of files. The first seed that fails is made small and
 * told: as a scenario, with the end of its trace.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "sim/batch.h"
#include "sim/generate.h"
#include "sim/shrink.h"

#define SHRINK_RUNS 3000
#define TAIL_LINES  60
#define SEEDS_USUAL 1000

enum mode { MODE_BATCH, MODE_SEED, MODE_PRINT_SEED };

struct options {
	enum mode mode;
	struct batch_options batch;
	uint64_t seed;
	bool trace, shrink;
};

static const char usage[] =
	"usage: xvrrp-sim [--seeds N] [--first S] [--jobs J] [--minutes M] [--events N]\n"
	"                 [--keep-going]          many seeds; tells the first that fails\n"
	"       xvrrp-sim --seed S [--trace] [--shrink]         one\n"
	"       xvrrp-sim --print-seed S                        as a scenario file\n"
	"       xvrrp-sim [--trace] [--shrink] FILE.scn...      scenario files\n";

/* ---- command line ---- */

static uint64_t number(const char *option, const char *text)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end != '\0' || *text == '-') {
		fprintf(stderr, "xvrrp-sim: --%s needs a number, not \"%s\"\n", option, text);
		exit(2);
	}
	return value;
}

enum {
	OPT_SEEDS = 256,
	OPT_FIRST,
	OPT_JOBS,
	OPT_MINUTES,
	OPT_EVENTS,
	OPT_KEEP,
	OPT_SEED,
	OPT_PRINT,
	OPT_TRACE,
	OPT_SHRINK,
	OPT_HELP
};

static const struct option long_options[] = {
	{"seeds", required_argument, NULL, OPT_SEEDS},
	{"first", required_argument, NULL, OPT_FIRST},
	{"jobs", required_argument, NULL, OPT_JOBS},
	{"minutes", required_argument, NULL, OPT_MINUTES},
	{"events", required_argument, NULL, OPT_EVENTS},
	{"keep-going", no_argument, NULL, OPT_KEEP},
	{"seed", required_argument, NULL, OPT_SEED},
	{"print-seed", required_argument, NULL, OPT_PRINT},
	{"trace", no_argument, NULL, OPT_TRACE},
	{"shrink", no_argument, NULL, OPT_SHRINK},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

static void take_option(struct options *options, int option, const char *name)
{
	struct batch_options *batch = &options->batch;

	switch (option) {
	case OPT_SEEDS:
		batch->seeds = number(name, optarg);
		break;
	case OPT_FIRST:
		batch->first = number(name, optarg);
		break;
	case OPT_JOBS:
		batch->jobs = (unsigned)number(name, optarg);
		break;
	case OPT_MINUTES:
		batch->minutes = (unsigned)number(name, optarg);
		break;
	case OPT_EVENTS:
		batch->events = number(name, optarg);
		break;
	case OPT_KEEP:
		batch->keep_going = true;
		break;
	case OPT_SEED:
	case OPT_PRINT:
		options->mode = option == OPT_SEED ? MODE_SEED : MODE_PRINT_SEED;
		options->seed = number(name, optarg);
		break;
	case OPT_TRACE:
		options->trace = true;
		break;
	case OPT_SHRINK:
		options->shrink = true;
		break;
	case OPT_HELP:
		fputs(usage, stdout);
		exit(0);
	default: /* getopt has told it */
		fputs(usage, stderr);
		exit(2);
	}
}

static struct options parse_options(int argc, char **argv)
{
	struct options options = {.batch = {.first = 1, .progress = stdout}};
	int option, place = 0;

	while ((option = getopt_long(argc, argv, "", long_options, &place)) >= 0)
		take_option(&options, option, long_options[place].name);
	if (options.batch.seeds == 0 && options.batch.minutes == 0 && options.batch.events == 0)
		options.batch.seeds = SEEDS_USUAL;
	return options;
}

/* ---- what is told ---- */

static void print_result(const char *name, const struct sim_result *result)
{
	printf("%s: %s%s at %.9f s, %llu events, digest %016llx\n", name,
	       result->failed ? "FAILED: " : "ok", result->failed ? result->failure : "",
	       (double)result->at_ns / NS_PER_S, (unsigned long long)result->events,
	       (unsigned long long)result->digest);
}

static void print_tail(FILE *from, unsigned lines)
{
	long count = 0;
	int c;

	rewind(from);
	while ((c = getc(from)) != EOF)
		count += c == '\n';
	if (count > lines)
		printf("  (the last %u of %ld lines)\n", lines, count);
	rewind(from);
	while ((c = getc(from)) != EOF) {
		if (count <= lines)
			putchar(c);
		count -= c == '\n';
	}
}

static void tell_small(struct scenario *scenario, struct sim_result result)
{
	unsigned runs = shrink(scenario, &result, batch_run_one, NULL, SHRINK_RUNS);
	FILE *trace = tmpfile();

	printf("\nthe smallest scenario that fails in this way, found in %u runs:\n\n", runs);
	scenario_print(scenario, stdout);
	printf("\nwhat happens in it:\n\n");
	if (trace) {
		batch_run_one(scenario, trace);
		print_tail(trace, TAIL_LINES);
		fclose(trace);
	}
	printf("\n%s\n", result.failure);
}

/* ---- modes ---- */

static bool run_one(struct scenario *scenario, const struct options *options)
{
	struct sim_result result;

	if (options->shrink)
		result = batch_run_one(scenario, options->trace ? stdout : NULL);
	else /* in this process, for whoever has a debugger */
		result = world_run(scenario, options->trace ? stdout : NULL);
	print_result(scenario->name, &result);
	if (result.failed && options->shrink)
		tell_small(scenario, result);
	return !result.failed;
}

static bool run_seed(const struct options *options)
{
	struct scenario scenario;

	generate(&scenario, options->seed);
	if (options->mode == MODE_PRINT_SEED) {
		scenario_print(&scenario, stdout);
		return true;
	}
	return run_one(&scenario, options);
}

static bool run_file(const char *path, const struct options *options)
{
	struct scenario scenario;
	FILE *in = fopen(path, "r");
	char error[512];
	bool parsed;

	if (!in) {
		fprintf(stderr, "xvrrp-sim: %s: %s\n", path, strerror(errno));
		return false;
	}
	parsed = scenario_parse(&scenario, path, in, error, sizeof(error));
	fclose(in);
	if (!parsed) {
		fprintf(stderr, "%s\n", error);
		return false;
	}
	return run_one(&scenario, options);
}

static void tell_failures(const struct batch_result *result, const char *program)
{
	for (unsigned i = 0; i < result->failures && i < BATCH_FAILURES_MAX; i++)
		printf("seed %llu FAILED at %.9f s: %s\n",
		       (unsigned long long)result->failed[i].seed,
		       (double)result->failed[i].result.at_ns / NS_PER_S,
		       result->failed[i].result.failure);
	printf("again: %s --seed %llu --trace\n", program,
	       (unsigned long long)result->failed[0].seed);
}

static bool run_batch(const struct options *options, const char *program)
{
	struct batch_result result;
	struct scenario scenario;

	batch_run(&options->batch, &result);
	printf("%llu seeds, %.4g events in %.0f s: %.0f events/s, %u failed\n",
	       (unsigned long long)result.seeds, (double)result.events, result.seconds,
	       (double)result.events / result.seconds, result.failures);
	if (result.failures == 0)
		return true;
	tell_failures(&result, program);
	generate(&scenario, result.failed[0].seed);
	tell_small(&scenario, result.failed[0].result);
	return false;
}

int main(int argc, char **argv)
{
	struct options options = parse_options(argc, argv);
	bool good = true;

	if (optind < argc && options.mode == MODE_BATCH) {
		for (int i = optind; i < argc; i++)
			good &= run_file(argv[i], &options);
	} else if (optind < argc) {
		fputs(usage, stderr);
		return 2;
	} else if (options.mode == MODE_BATCH) {
		good = run_batch(&options, argv[0]);
	} else {
		good = run_seed(&options);
	}
	return good ? 0 : 1;
}
