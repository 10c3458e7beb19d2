/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded run of the differential fuzzer (tests/fuzz/differential/engine.h): the programs, as
 * shipped and with a held clock, against the model in user space, with the same frames each time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fuzz/differential/engine.h"

#define BATCHES 120

static int setup(void **state)
{
	*state = engine_new();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	engine_free(*state);
	return 0;
}

static void programs_agree_with_the_model(void **state)
{
	for (uint64_t seed = 0; seed < BATCHES; seed++)
		assert_true(engine_batch(*state, seed, BATCH_FRAMES));
}

/* Agreement about what never happens is worth nothing. */
static void every_counter_is_reached(void **state)
{
	assert_int_equal(engine_unreached(*state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_agree_with_the_model),
		cmocka_unit_test(every_counter_is_reached),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
