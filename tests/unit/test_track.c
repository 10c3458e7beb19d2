/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tracked objects (C-24, D-52): the rules are keepalived's, which its users' priorities rely on. */
#include "core/track.h"

#include <limits.h>

#include "unit/machine.h"

#define UP(w)	     ((struct track){.state = TRACK_UP, .weight = (w)})
#define DOWN(w)	     ((struct track){.state = TRACK_DOWN, .weight = (w)})
#define UNKNOWN(w)   ((struct track){.state = TRACK_UNKNOWN, .weight = (w)})
#define NUMBER(n, w) ((struct track){TRACK_UP, .is_number = true, .number = (n), .weight = (w)})

static struct track_verdict judge(struct track track, uint8_t priority)
{
	return track_judge(&track, 1, priority);
}

static struct track_verdict judge_reverse(struct track track, uint8_t priority)
{
	track.reverse = true;
	return track_judge(&track, 1, priority);
}

static void assert_priority(struct track_verdict verdict, int priority)
{
	assert_int_equal(verdict.priority, priority);
	assert_false(verdict.fault);
	assert_false(verdict.waits);
	assert_false(verdict.incomplete);
}

static void assert_fault(struct track_verdict verdict, int priority)
{
	assert_true(verdict.fault);
	assert_int_equal(verdict.priority, priority);
	assert_false(verdict.waits);
	assert_false(verdict.incomplete);
}

/* ---- weights ---- */

static void c_24_a_weight_counts_in_one_state(void **state)
{
	(void)state;
	assert_priority(judge(UP(20), 100), 120);
	assert_priority(judge(DOWN(20), 100), 100);
	assert_priority(judge(UP(-20), 100), 100);
	assert_priority(judge(DOWN(-20), 100), 80);
}

/* The state that counts stays, the sign does not. */
static void c_24_reverse_turns_the_sign(void **state)
{
	(void)state;
	assert_priority(judge_reverse(UP(20), 100), 80);
	assert_priority(judge_reverse(DOWN(20), 100), 100);
	assert_priority(judge_reverse(UP(-20), 100), 100);
	assert_priority(judge_reverse(DOWN(-20), 100), 120);
}

static void d_50_without_a_weight_down_is_a_fault(void **state)
{
	(void)state;
	assert_priority(judge(UP(0), 100), 100);
	assert_fault(judge(DOWN(0), 100), 100);
	assert_fault(judge_reverse(UP(0), 100), 100);
	assert_priority(judge_reverse(DOWN(0), 100), 100);
}

static void d_50_without_a_weight_unknown_is_waited_for(void **state)
{
	(void)state;
	for (int reverse = 0; reverse <= 1; reverse++) {
		struct track track = UNKNOWN(0);

		track.reverse = reverse;
		struct track_verdict verdict = judge(track, 100);

		assert_true(verdict.waits);
		assert_false(verdict.fault);
		assert_false(verdict.incomplete);
	}
}

static void c_24_with_a_weight_unknown_changes_nothing(void **state)
{
	(void)state;
	for (int weight = -20; weight <= 20; weight += 40) {
		struct track_verdict verdict = judge(UNKNOWN(weight), 100);

		assert_int_equal(verdict.priority, 100);
		assert_true(verdict.incomplete);
		assert_false(verdict.waits);
		assert_false(verdict.fault);
	}
}

static void c_24_all_are_added_before_the_sum_is_held(void **state)
{
	const struct track tracks[] = {UP(253), UP(253), DOWN(-253), DOWN(-250), UP(-4), DOWN(9)};

	(void)state;
	assert_priority(track_judge(tracks, 6, 100), 103);
	assert_priority(track_judge(tracks, 2, 100), 254);
	assert_priority(track_judge(&tracks[2], 2, 100), 1);
	assert_priority(track_judge(tracks, 0, 100), 100);
	assert_priority(judge(DOWN(-253), 254), 1);
	assert_priority(judge(UP(253), 1), 254);
}

static void c_24_one_fault_does_not_hide_what_else_is(void **state)
{
	const struct track tracks[] = {DOWN(0), UNKNOWN(0), UNKNOWN(5), UP(20)};
	struct track_verdict verdict = track_judge(tracks, 4, 100);

	(void)state;
	assert_true(verdict.fault && verdict.waits && verdict.incomplete);
	assert_int_equal(verdict.priority, 120);
}

static void c_24_an_owner_has_only_faults(void **state)
{
	(void)state;
	assert_priority(judge(DOWN(-20), 255), 255);
	assert_priority(judge(UP(20), 255), 255);
	assert_priority(judge(NUMBER(-20, 1), 255), 255);
	assert_fault(judge(DOWN(0), 255), 255);
	assert_fault(judge(NUMBER(1, 0), 255), 255);
}

/* ---- numbers of files ---- */

static void c_24_a_number_counts_as_often_as_its_weight(void **state)
{
	(void)state;
	assert_priority(judge(NUMBER(10, 1), 100), 110);
	assert_priority(judge(NUMBER(10, -3), 100), 70);
	assert_priority(judge(NUMBER(-10, 3), 100), 70);
	assert_priority(judge_reverse(NUMBER(10, 3), 100), 70);
	assert_priority(judge_reverse(NUMBER(-10, 3), 100), 130);
	assert_priority(judge(NUMBER(0, 7), 100), 100);
}

static void c_24_a_number_adds_253_at_most(void **state)
{
	const struct track tracks[] = {NUMBER(254, 1), NUMBER(-250, 1)};

	(void)state;
	assert_priority(track_judge(tracks, 2, 100), 103);
	assert_priority(judge(NUMBER(INT64_MAX, 253), 100), 254);
	assert_priority(judge_reverse(NUMBER(INT64_MIN, INT32_MAX), 100), 254);
}

static void d_50_a_number_of_minus_254_is_a_fault(void **state)
{
	(void)state;
	assert_priority(judge(NUMBER(-253, 1), 254), 1);
	assert_fault(judge(NUMBER(-254, 1), 100), 100);
	assert_fault(judge(NUMBER(-127, 2), 100), 100);
	assert_fault(judge(NUMBER(254, -1), 100), 100);
	assert_fault(judge_reverse(NUMBER(254, 1), 100), 100);
	assert_fault(judge(NUMBER(INT64_MIN, INT32_MAX), 100), 100);
	assert_fault(judge(NUMBER(INT64_MAX, INT32_MIN), 100), 100);
}

static void d_50_without_a_weight_a_number_but_0_is_a_fault(void **state)
{
	struct track unread = NUMBER(0, 0);

	(void)state;
	assert_priority(judge(NUMBER(0, 0), 100), 100);
	assert_fault(judge(NUMBER(1, 0), 100), 100);
	assert_fault(judge(NUMBER(-1, 0), 100), 100);
	assert_fault(judge_reverse(NUMBER(0, 0), 100), 100);
	assert_priority(judge_reverse(NUMBER(1, 0), 100), 100);
	unread.state = TRACK_UNKNOWN;
	assert_true(judge(unread, 100).waits);
	assert_false(judge_reverse(unread, 100).fault);
}

/* ---- results in a row ---- */

static void add(struct track_streak *streak, const char *results, enum track_state last)
{
	for (; *results; results++) {
		enum track_state before = streak->state;
		bool changed = track_streak_add(streak, *results == '+');

		assert_int_equal(changed, streak->state != before);
	}
	assert_int_equal(streak->state, last);
}

static void the_first_result_decides(void **state)
{
	struct track_streak streak;

	(void)state;
	track_streak_init(&streak, 3, 3, false);
	assert_int_equal(streak.state, TRACK_UNKNOWN);
	add(&streak, "+", TRACK_UP);
	track_streak_init(&streak, 3, 3, false);
	add(&streak, "-", TRACK_DOWN);
}

static void init_fail_is_down_until_rise(void **state)
{
	struct track_streak streak;

	(void)state;
	track_streak_init(&streak, 2, 3, true);
	assert_int_equal(streak.state, TRACK_DOWN);
	add(&streak, "+", TRACK_DOWN);
	add(&streak, "+", TRACK_UP);
}

static void rise_and_fall_count_results_in_a_row(void **state)
{
	struct track_streak streak;

	(void)state;
	track_streak_init(&streak, 2, 3, false);
	add(&streak, "+--+--+--", TRACK_UP);
	add(&streak, "-", TRACK_DOWN);
	add(&streak, "+-+-+", TRACK_DOWN);
	add(&streak, "+", TRACK_UP);
	add(&streak, "--", TRACK_UP);
	add(&streak, "-", TRACK_DOWN);
	track_streak_init(&streak, 1, 1, false);
	add(&streak, "+", TRACK_UP);
	add(&streak, "-", TRACK_DOWN);
	add(&streak, "+", TRACK_UP);
}

/* ---- numbers of processes ---- */

#define FORK_NS	     30
#define TERMINATE_NS 500

static struct track_quorum quorum_of(unsigned least, unsigned most, unsigned count)
{
	struct track_quorum quorum;

	track_quorum_init(&quorum, least, most, FORK_NS, TERMINATE_NS);
	assert_int_equal(quorum.state, TRACK_UNKNOWN);
	assert_true(track_quorum_set(&quorum, count));
	assert_int_equal(quorum.change_ns, INT64_MAX);
	return quorum;
}

static void the_first_number_decides(void **state)
{
	(void)state;
	assert_int_equal(quorum_of(1, UINT_MAX, 0).state, TRACK_DOWN);
	assert_int_equal(quorum_of(1, UINT_MAX, 1).state, TRACK_UP);
	assert_int_equal(quorum_of(2, 3, 1).state, TRACK_DOWN);
	assert_int_equal(quorum_of(2, 3, 2).state, TRACK_UP);
	assert_int_equal(quorum_of(2, 3, 3).state, TRACK_UP);
	assert_int_equal(quorum_of(2, 3, 4).state, TRACK_DOWN);
	assert_int_equal(quorum_of(0, 0, 0).state, TRACK_UP);
	assert_int_equal(quorum_of(0, 0, 1).state, TRACK_DOWN);
}

static void a_falling_number_waits_for_terminate_delay(void **state)
{
	struct track_quorum quorum = quorum_of(2, 3, 2);

	(void)state;
	assert_false(track_quorum_update(&quorum, 1, 1000));
	assert_int_equal(quorum.change_ns, 1000 + TERMINATE_NS);
	assert_false(track_quorum_update(&quorum, 0, 1100)); /* it does not begin anew */
	assert_false(track_quorum_update(&quorum, 0, 999 + TERMINATE_NS));
	assert_int_equal(quorum.state, TRACK_UP);
	assert_true(track_quorum_update(&quorum, 0, 1000 + TERMINATE_NS));
	assert_int_equal(quorum.state, TRACK_DOWN);
	assert_int_equal(quorum.change_ns, INT64_MAX);
}

static void a_rising_number_waits_for_fork_delay(void **state)
{
	struct track_quorum quorum = quorum_of(2, 3, 1);

	(void)state;
	assert_false(track_quorum_update(&quorum, 2, 1000));
	assert_int_equal(quorum.change_ns, 1000 + FORK_NS);
	assert_true(track_quorum_update(&quorum, 2, 1000 + FORK_NS));
	assert_int_equal(quorum.state, TRACK_UP);
}

/* A daemon of which one shall run forks for a moment. */
static void one_too_many_waits_for_fork_delay_too(void **state)
{
	struct track_quorum quorum = quorum_of(1, 1, 1);

	(void)state;
	assert_false(track_quorum_update(&quorum, 2, 1000));
	assert_int_equal(quorum.change_ns, 1000 + FORK_NS);
	assert_false(track_quorum_update(&quorum, 1, 1010));
	assert_int_equal(quorum.change_ns, INT64_MAX);
	assert_false(track_quorum_update(&quorum, 2, 2000));
	assert_true(track_quorum_update(&quorum, 2, 2000 + FORK_NS));
	assert_int_equal(quorum.state, TRACK_DOWN);
	assert_false(track_quorum_update(&quorum, 1, 3000));
	assert_int_equal(quorum.change_ns, 3000 + TERMINATE_NS);
}

static void a_number_that_comes_back_changes_nothing(void **state)
{
	struct track_quorum quorum = quorum_of(1, UINT_MAX, 1);

	(void)state;
	assert_false(track_quorum_update(&quorum, 0, 1000));
	assert_false(track_quorum_update(&quorum, 1, 1001));
	assert_int_equal(quorum.change_ns, INT64_MAX);
	assert_false(track_quorum_update(&quorum, 1, 9000));
	assert_int_equal(quorum.state, TRACK_UP);
}

static void without_a_delay_a_number_decides_at_once(void **state)
{
	struct track_quorum quorum;

	(void)state;
	track_quorum_init(&quorum, 1, UINT_MAX, 0, 0);
	assert_true(track_quorum_update(&quorum, 1, 5));
	assert_true(track_quorum_update(&quorum, 0, 6));
	assert_int_equal(quorum.state, TRACK_DOWN);
	assert_true(track_quorum_update(&quorum, 1, 7));
	assert_int_equal(quorum.state, TRACK_UP);
	assert_int_equal(quorum.change_ns, INT64_MAX);
}

/* exec, a new name: no fork that may be over soon */
static void a_number_that_is_set_does_not_wait(void **state)
{
	struct track_quorum quorum = quorum_of(2, UINT_MAX, 3);

	(void)state;
	assert_true(track_quorum_set(&quorum, 1));
	assert_int_equal(quorum.state, TRACK_DOWN);
	assert_true(track_quorum_set(&quorum, 2));
	assert_int_equal(quorum.state, TRACK_UP);
	assert_false(track_quorum_update(&quorum, 1, 1000));
	assert_false(track_quorum_set(&quorum, 0)); /* below before and after: the delay goes on */
	assert_int_equal(quorum.change_ns, 1000 + TERMINATE_NS);
	assert_false(track_quorum_set(&quorum, 2));
	assert_int_equal(quorum.change_ns, INT64_MAX);
	assert_int_equal(quorum.state, TRACK_UP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c_24_a_weight_counts_in_one_state),
		cmocka_unit_test(c_24_reverse_turns_the_sign),
		cmocka_unit_test(d_50_without_a_weight_down_is_a_fault),
		cmocka_unit_test(d_50_without_a_weight_unknown_is_waited_for),
		cmocka_unit_test(c_24_with_a_weight_unknown_changes_nothing),
		cmocka_unit_test(c_24_all_are_added_before_the_sum_is_held),
		cmocka_unit_test(c_24_one_fault_does_not_hide_what_else_is),
		cmocka_unit_test(c_24_an_owner_has_only_faults),
		cmocka_unit_test(c_24_a_number_counts_as_often_as_its_weight),
		cmocka_unit_test(c_24_a_number_adds_253_at_most),
		cmocka_unit_test(d_50_a_number_of_minus_254_is_a_fault),
		cmocka_unit_test(d_50_without_a_weight_a_number_but_0_is_a_fault),
		cmocka_unit_test(the_first_result_decides),
		cmocka_unit_test(init_fail_is_down_until_rise),
		cmocka_unit_test(rise_and_fall_count_results_in_a_row),
		cmocka_unit_test(the_first_number_decides),
		cmocka_unit_test(a_falling_number_waits_for_terminate_delay),
		cmocka_unit_test(a_rising_number_waits_for_fork_delay),
		cmocka_unit_test(one_too_many_waits_for_fork_delay_too),
		cmocka_unit_test(a_number_that_comes_back_changes_nothing),
		cmocka_unit_test(without_a_delay_a_number_decides_at_once),
		cmocka_unit_test(a_number_that_is_set_does_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
