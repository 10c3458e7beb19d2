/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop: order, precision, and sources that free themselves or each other. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/types.h"
#include "sys/loop.h"

#include <cmocka.h> /* last: it defines a macro fail() */

/* What ran, as a string of letters. */
static char trace[64];

static void note(char letter)
{
	size_t length = strlen(trace);

	assert_true(length < sizeof(trace) - 1);
	trace[length] = letter;
	trace[length + 1] = '\0';
}

static int setup(void **state)
{
	trace[0] = '\0';
	*state = loop_new(NULL);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	loop_free(*state);
	return 0;
}

struct probe {
	struct loop *loop;
	struct loop_timer *timer;
	struct loop_timer *victim; /* freed when this one runs */
	int64_t at_ns;
	char letter;
	bool last;
};

static void probe_runs(void *data)
{
	struct probe *probe = data;

	assert_true(clock_ns() >= probe->at_ns);
	note(probe->letter);
	loop_timer_free(probe->victim);
	if (probe->last)
		loop_stop(probe->loop, 7);
}

static void probe_start(struct probe *probe, struct loop *loop, char letter, int64_t at_ns)
{
	*probe = (struct probe){.loop = loop, .letter = letter, .at_ns = at_ns};
	probe->timer = loop_timer_new(loop, probe_runs, probe);
	assert_non_null(probe->timer);
	loop_timer_set(probe->timer, at_ns);
}

static void timers_run_in_order_of_time(void **state)
{
	struct probe late, early, never, past;
	int64_t now = clock_ns();

	probe_start(&late, *state, 'L', now + 20 * NS_PER_MS);
	probe_start(&early, *state, 'E', now + 10 * NS_PER_MS);
	probe_start(&never, *state, 'N', now + 5 * NS_PER_MS);
	probe_start(&past, *state, 'P', now - NS_PER_S);
	loop_timer_set(never.timer, NEVER_NS);
	late.last = true;
	assert_int_equal(loop_run(*state), 7);
	assert_string_equal(trace, "PEL");
	loop_timer_free(late.timer);
	loop_timer_free(early.timer);
	loop_timer_free(never.timer);
	loop_timer_free(past.timer);
	loop_timer_free(NULL);
}

static void a_timer_may_free_itself_and_others(void **state)
{
	struct probe self, killer, victim, last;
	int64_t now = clock_ns();

	/* All due at once, so that the victim is pending when it is freed. */
	probe_start(&self, *state, 'S', now - 40);
	self.victim = self.timer;
	probe_start(&killer, *state, 'K', now - 3 * NS_PER_MS);
	probe_start(&victim, *state, 'V', now - 2 * NS_PER_MS);
	killer.victim = victim.timer;
	probe_start(&last, *state, 'L', now + NS_PER_MS);
	last.last = true;
	assert_int_equal(loop_run(*state), 7);
	assert_null(strchr(trace, 'V'));
	assert_string_equal(trace, "KSL");
	loop_timer_free(killer.timer);
	loop_timer_free(last.timer);
}

#define TICKS 50

struct ticker {
	struct loop *loop;
	struct loop_timer *timer;
	int64_t next_ns;
	int64_t late_ns[TICKS];
	unsigned count;
};

static void tick(void *data)
{
	struct ticker *ticker = data;
	int64_t late = clock_ns() - ticker->next_ns;

	assert_true(late >= 0);
	ticker->late_ns[ticker->count++] = late;
	if (ticker->count == TICKS) {
		loop_stop(ticker->loop, 0);
		return;
	}
	ticker->next_ns += 2 * NS_PER_MS + 333; /* never a whole number of microseconds */
	loop_timer_set(ticker->timer, ticker->next_ns);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* sd-event would spread wake-ups by 250 ms if the accuracy were left to it. */
static void timers_are_never_early_and_seldom_late(void **state)
{
	struct ticker ticker = {.loop = *state, .next_ns = clock_ns() + NS_PER_MS};

	ticker.timer = loop_timer_new(*state, tick, &ticker);
	loop_timer_set(ticker.timer, ticker.next_ns);
	assert_int_equal(loop_run(*state), 0);
	assert_int_equal(ticker.count, TICKS);
	qsort(ticker.late_ns, TICKS, sizeof(ticker.late_ns[0]), compare);
	printf("late: median %lld us, worst %lld us\n",
	       (long long)(ticker.late_ns[TICKS / 2] / NS_PER_US),
	       (long long)(ticker.late_ns[TICKS - 1] / NS_PER_US));
	assert_true(ticker.late_ns[TICKS / 2] < 5 * NS_PER_MS);
	loop_timer_free(ticker.timer);
}

struct reader {
	struct loop *loop;
	struct loop_fd *source;
	struct loop_fd *victim;
	int fd;
	char letter;
};

static void readable(uint32_t events, void *data)
{
	struct reader *reader = data;
	char byte;

	assert_true(events & EPOLLIN);
	assert_int_equal(read(reader->fd, &byte, 1), 1);
	note(reader->letter);
	loop_fd_free(reader->victim);
}

static void reader_start(struct reader *reader, struct loop *loop, int fd, char letter,
			 enum loop_order order)
{
	*reader = (struct reader){.loop = loop, .fd = fd, .letter = letter};
	reader->source = loop_fd_new(loop, fd, order, readable, reader);
	assert_non_null(reader->source);
}

static void what_arrived_runs_before_timers(void **state)
{
	struct reader packets, control;
	struct probe timer, last;
	int first[2], second[2];

	assert_int_equal(pipe(first) | pipe(second), 0);
	probe_start(&timer, *state, 'T', clock_ns() - NS_PER_S);
	reader_start(&control, *state, second[0], 'C', LOOP_CONTROL);
	reader_start(&packets, *state, first[0], 'P', LOOP_PACKETS);
	assert_int_equal(write(second[1], "x", 1), 1);
	assert_int_equal(write(first[1], "xx", 2), 2); /* two turns, both before the timer */
	probe_start(&last, *state, 'L', clock_ns() + 5 * NS_PER_MS);
	last.last = true;
	assert_int_equal(loop_run(*state), 7);
	assert_string_equal(trace, "PPTCL");
	loop_fd_free(packets.source);
	loop_fd_free(control.source);
	loop_timer_free(timer.timer);
	loop_timer_free(last.timer);
	for (int i = 0; i < 2; i++) {
		close(first[i]);
		close(second[i]);
	}
}

static void a_descriptor_may_free_itself_and_others(void **state)
{
	struct reader self, killer, victim;
	struct probe last;
	int ends[2], other[2];

	assert_int_equal(pipe(ends) | pipe(other), 0);
	reader_start(&killer, *state, ends[0], 'K', LOOP_PACKETS);
	reader_start(&victim, *state, other[0], 'V', LOOP_CONTROL);
	killer.victim = victim.source;
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(write(other[1], "x", 1), 1);
	probe_start(&last, *state, 'L', clock_ns() + 5 * NS_PER_MS);
	last.last = true;
	assert_int_equal(loop_run(*state), 7);
	assert_string_equal(trace, "KL");
	loop_fd_free(killer.source);

	trace[0] = '\0';
	loop_free(*state);
	*state = loop_new(NULL);
	loop_timer_free(last.timer);
	reader_start(&self, *state, ends[0], 'S', LOOP_NETLINK);
	self.victim = self.source;
	assert_int_equal(write(ends[1], "xx", 2), 2); /* a second turn would read again */
	probe_start(&last, *state, 'L', clock_ns() + 5 * NS_PER_MS);
	last.last = true;
	assert_int_equal(loop_run(*state), 7);
	assert_string_equal(trace, "SL");
	loop_timer_free(last.timer);
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(other[i]);
	}
}

static void writable(uint32_t events, void *data)
{
	struct reader *reader = data;

	assert_int_equal(events, EPOLLOUT);
	note('W');
	loop_fd_events(reader->source, EPOLLIN); /* else it would run for ever */
}

static void events_of_a_descriptor_can_change(void **state)
{
	struct reader reader = {.loop = *state};
	struct probe last;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	reader.source = loop_fd_new(*state, ends[1], LOOP_CONTROL, writable, &reader);
	loop_fd_events(reader.source, EPOLLOUT);
	probe_start(&last, *state, 'L', clock_ns() + 5 * NS_PER_MS);
	last.last = true;
	assert_int_equal(loop_run(*state), 7);
	assert_string_equal(trace, "WL");
	loop_fd_free(reader.source);
	loop_fd_free(NULL);
	loop_timer_free(last.timer);
	close(ends[0]);
	close(ends[1]);
}

static void signal_came(int signal, void *data)
{
	note(signal == SIGUSR1 ? '1' : '2');
	if (signal == SIGUSR2)
		loop_stop(data, 3);
}

static void signals_are_events(void **state)
{
	static const int wanted[] = {SIGUSR1, SIGUSR2};

	assert_int_equal(loop_signals(*state, wanted, 2, signal_came, *state), 0);
	/* Lethal if they were delivered in the ordinary way. */
	raise(SIGUSR1);
	raise(SIGUSR2);
	assert_int_equal(loop_run(*state), 3);
	assert_string_equal(trace, "12");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(timers_run_in_order_of_time),
		TEST(a_timer_may_free_itself_and_others),
		TEST(timers_are_never_early_and_seldom_late),
		TEST(what_arrived_runs_before_timers),
		TEST(a_descriptor_may_free_itself_and_others),
		TEST(events_of_a_descriptor_can_change),
		TEST(signals_are_events),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
