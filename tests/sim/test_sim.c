/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulator itself, a fixed batch of seeds, and every file of scenarios/ as a test of its own
 * name. A failing seed or file is looked at with build/tests/sim/xvrrp-sim.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "sim/batch.h"
#include "sim/generate.h"
#include "sim/shrink.h"

#define SEEDS	    1500
#define FILES_MAX   200
#define FILES	    "tests/sim/scenarios/*.scn"
#define SHRINK_RUNS 2000

/* ---- chance ---- */

static void test_seeds(void **state)
{
	const struct batch_options options = {.first = 1, .seeds = SEEDS};
	static struct batch_result result;

	(void)state;
	batch_run(&options, &result);
	if (result.failures > 0)
		fail_msg(
			"seed %llu: %s\nlook at it with xvrrp-sim --seed %llu --trace, or --shrink",
			(unsigned long long)result.failed[0].seed, result.failed[0].result.failure,
			(unsigned long long)result.failed[0].seed);
	assert_int_equal(result.seeds, SEEDS);
	print_message("%llu events in %.1f s\n", (unsigned long long)result.events, result.seconds);
}

static void test_seed_decides_everything(void **state)
{
	struct scenario scenario, again;
	struct sim_result one, other;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		generate(&scenario, seed);
		generate(&again, seed);
		one = world_run(&scenario, NULL);
		other = world_run(&again, NULL);
		assert_true(one.digest == other.digest);
		assert_int_equal(one.events, other.events);
		again.seed++;
		other = world_run(&again, NULL);
		if (scenario.wire.jitter_ns != 0)
			assert_false(one.digest == other.digest);
	}
}

/* Whoever looks on changes nothing. */
static void test_trace_changes_nothing(void **state)
{
	FILE *trace = tmpfile();
	struct scenario scenario;
	struct sim_result one, other;

	(void)state;
	assert_non_null(trace);
	generate(&scenario, 7);
	one = world_run(&scenario, NULL);
	other = world_run(&scenario, trace);
	assert_true(ftell(trace) > 0);
	fclose(trace);
	assert_true(one.digest == other.digest);
}

/* ---- shrinking ---- */

static struct sim_result run_here(const struct scenario *scenario, void *data)
{
	(void)data;
	return world_run(scenario, NULL);
}

/*
 * A seed's scenario, and in the midst of it something that is not so: that is found again, without
 * what has nothing to do with it.
 */
static void test_shrinks_to_what_matters(void **state)
{
	struct scenario scenario;
	struct sim_result result;

	(void)state;
	generate(&scenario, 5);
	assert_true(scenario.command_count > 10);
	scenario.settled_ns = 0;
	scenario.commands[8].op = SIM_EXPECT_ACTIVES;
	scenario.commands[8].router = scenario.commands[8].peer = SIM_NOBODY;
	scenario.commands[8].value = SIM_ROUTERS_MAX;
	result = world_run(&scenario, NULL);
	assert_true(result.failed);
	assert_true(shrink(&scenario, &result, run_here, NULL, SHRINK_RUNS) < SHRINK_RUNS);
	assert_int_equal(scenario.command_count, 1);
	assert_int_equal(scenario.commands[0].op, SIM_EXPECT_ACTIVES);
	assert_int_equal(scenario.commands[0].at_ns, 0);
	assert_int_equal(scenario.router_count, 1);
	assert_int_equal(scenario.wire.delay_ns, 0);
	assert_int_equal(scenario.hesitate_ppm, 0);
}

/* ... with its cause: r2 is Active if it was started, and has had the time for it. */
static void test_shrinks_not_too_much(void **state)
{
	static const char text[] = "end 40s\nwire delay 1ms jitter 1ms\n"
				   "router r1 xvrrpd priority 200\nrouter r2 xvrrpd\n"
				   "router r3 rfc priority 50\n"
				   "0 start r1\n1s start r2\n2s start r3\n9s priority r1 190\n"
				   "10s cut r1 -> r2\n12s mark\n30s expect r2 silent\n";
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	struct scenario scenario;
	struct sim_result result;
	char error[512];

	(void)state;
	assert_non_null(in);
	assert_true(scenario_parse(&scenario, "x.scn", in, error, sizeof(error)));
	fclose(in);
	result = world_run(&scenario, NULL);
	assert_true(result.failed);
	shrink(&scenario, &result, run_here, NULL, SHRINK_RUNS);
	assert_true(result.failed);
	assert_int_equal(scenario.router_count, 1);
	assert_int_equal(scenario.command_count, 2);
	assert_int_equal(scenario.commands[0].op, SIM_START);
	assert_int_equal(scenario.commands[1].op, SIM_EXPECT_ANSWERS);
	assert_in_range(scenario.commands[1].at_ns - scenario.commands[0].at_ns,
			3609375 * NS_PER_US, 5 * NS_PER_S);
}

/* ---- files ---- */

static void read_file(struct scenario *scenario, const char *path)
{
	FILE *in = fopen(path, "r");
	char error[512] = "";
	bool parsed;

	assert_non_null(in);
	parsed = scenario_parse(scenario, path, in, error, sizeof(error));
	fclose(in);
	if (!parsed)
		fail_msg("%s", error);
}

static void test_file(void **state)
{
	struct scenario scenario;
	struct sim_result result;

	read_file(&scenario, *state);
	result = world_run(&scenario, NULL);
	if (result.failed)
		fail_msg("at %.9f s: %s\nlook at it with xvrrp-sim --trace %s",
			 (double)result.at_ns / NS_PER_S, result.failure, (char *)*state);
}

static int run_files(void)
{
	static struct CMUnitTest tests[FILES_MAX];
	glob_t found;
	int failed;

	if (glob(FILES, 0, NULL, &found) != 0 || found.gl_pathc > FILES_MAX) {
		fprintf(stderr, "none of %s, or too many: run this from the top of the tree\n",
			FILES);
		return 1;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		tests[i] = (struct CMUnitTest){.name = strrchr(found.gl_pathv[i], '/') + 1,
					       .test_func = test_file,
					       .initial_state = found.gl_pathv[i]};
	/* Not the macro, which counts the whole array. */
	failed = _cmocka_run_group_tests("scenarios", tests, found.gl_pathc, NULL, NULL);
	globfree(&found);
	return failed;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seed_decides_everything),
		cmocka_unit_test(test_trace_changes_nothing),
		cmocka_unit_test(test_shrinks_to_what_matters),
		cmocka_unit_test(test_shrinks_not_too_much),
		cmocka_unit_test(test_seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) + run_files();
}
