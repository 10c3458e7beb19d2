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
};

static void probe_runs(void *data)
{
	struct probe *probe = data;

	assert_true(clock_ns() >= probe->at_ns);
	note(probe->letter);
	loop_timer_free(probe->victim);
	if (probe->letter == 'L') /* the last */
		loop_stop(probe->loop, 7);
}

static void probe_start(struct probe *probe, struct loop *loop, char letter, int64_t at_ns)
{
	*probe = (struct probe){.loop = loop, .letter = letter, .at_ns = at_ns};
	probe->timer = loop_timer_new(loop, probe_runs, probe);
	assert_non_null(probe->timer);
	loop_timer_set(probe->timer, at_ns);
}

struct reader {
	struct loop *loop;
	struct loop_fd *source;
	struct loop_fd *victim;	  /* freed when this one runs */
	struct loop_timer *timer; /* falls due when this one runs */
	int ends[2];
	char letter;
};

static void readable(uint32_t events, void *data)
{
	struct reader *reader = data;
	char byte;

	assert_true(events & EPOLLIN);
	assert_int_equal(read(reader->ends[0], &byte, 1), 1);
	note(reader->letter);
	loop_fd_free(reader->victim);
	if (reader->timer)
		loop_timer_set(reader->timer, clock_ns());
	if (reader->letter == 'E') /* the end */
		loop_stop(reader->loop, 7);
}

/* With so many bytes to read, one a turn. */
static void reader_start(struct reader *reader, struct loop *loop, char letter, unsigned bytes,
			 enum loop_order order)
{
	*reader = (struct reader){.loop = loop, .letter = letter};
	assert_int_equal(pipe(reader->ends), 0);
	while (bytes--)
		assert_int_equal(write(reader->ends[1], "x", 1), 1);
	reader->source = loop_fd_new(loop, reader->ends[0], order, readable, reader);
	assert_non_null(reader->source);
}

static void reader_close(struct reader *reader)
{
	close(reader->ends[0]);
	close(reader->ends[1]);
}

static void timers_run_once_when_they_are_due(void **state)
{
	struct probe last, soon, never, past;
	int64_t now = clock_ns();

	probe_start(&last, *state, 'L', now + 200 * NS_PER_MS);
	probe_start(&soon, *state, 'S', now + 10 * NS_PER_MS);
	probe_start(&never, *state, 'N', now + 5 * NS_PER_MS);
	probe_start(&past, *state, 'P', now - NS_PER_S);
	loop_timer_set(never.timer, NEVER_NS);
	assert_int_equal(loop_run(*state), 7);
	assert_string_equal(trace, "PSL");
	loop_timer_free(last.timer);
	loop_timer_free(soon.timer);
	loop_timer_free(never.timer);
	loop_timer_free(past.timer);
	loop_timer_free(NULL);
}

static void a_timer_may_free_itself_and_others(void **state)
{
	struct probe self, one, other;
	struct reader end;
	int64_t past = clock_ns() - NS_PER_MS;

	/* All are due in one wake-up, in no particular order; the end comes after all timers. */
	probe_start(&self, *state, 'S', past);
	self.victim = self.timer;
	probe_start(&one, *state, '1', past);
	probe_start(&other, *state, '2', past);
	one.victim = other.timer;
	other.victim = one.timer;
	reader_start(&end, *state, 'E', 1, LOOP_CONTROL);
	assert_int_equal(loop_run(*state), 7);
	assert_int_equal(strlen(trace), 3);
	assert_non_null(strchr(trace, 'S'));
	assert_true(!strchr(trace, '1') != !strchr(trace, '2'));
	loop_timer_free(strchr(trace, '1') ? one.timer : other.timer);
	loop_fd_free(end.source);
	reader_close(&end);
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

static void what_arrived_runs_before_timers(void **state)
{
	struct reader packets, netlink, end;
	struct probe timer;

	reader_start(&netlink, *state, 'N', 1, LOOP_NETLINK);
	probe_start(&timer, *state, 'T', NEVER_NS);
	timer.at_ns = 0;
	reader_start(&end, *state, 'E', 1, LOOP_CONTROL);
	reader_start(&packets, *state, 'P', 2, LOOP_PACKETS);
	packets.timer = timer.timer; /* later than the others are ready, and yet before them */
	assert_int_equal(loop_run(*state), 7);
	assert_string_equal(trace, "PPTNE");
	loop_fd_free(packets.source);
	loop_fd_free(netlink.source);
	loop_fd_free(end.source);
	loop_timer_free(timer.timer);
	reader_close(&packets);
	reader_close(&netlink);
	reader_close(&end);
}

static void a_descriptor_may_free_itself_and_others(void **state)
{
	struct reader self, killer, victim, end;

	reader_start(&end, *state, 'E', 1, LOOP_CONTROL);
	reader_start(&victim, *state, 'V', 1, LOOP_NETLINK);
	reader_start(&self, *state, 'S', 2, LOOP_TIMERS); /* two, so that it would run again */
	reader_start(&killer, *state, 'K', 1, LOOP_PACKETS);
	self.victim = self.source;
	killer.victim = victim.source;
	assert_int_equal(loop_run(*state), 7);
	assert_string_equal(trace, "KSE");
	loop_fd_free(killer.source);
	loop_fd_free(end.source);
	reader_close(&self);
	reader_close(&killer);
	reader_close(&victim);
	reader_close(&end);
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
	struct reader changing, end;

	reader_start(&end, *state, 'E', 1, LOOP_CONTROL);
	changing = (struct reader){.loop = *state};
	assert_int_equal(pipe(changing.ends), 0);
	changing.source = loop_fd_new(*state, changing.ends[1], LOOP_PACKETS, writable, &changing);
	loop_fd_events(changing.source, EPOLLOUT);
	assert_int_equal(loop_run(*state), 7);
	assert_string_equal(trace, "WE");
	loop_fd_free(changing.source);
	loop_fd_free(end.source);
	loop_fd_free(NULL);
	reader_close(&changing);
	reader_close(&end);
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
		TEST(timers_run_once_when_they_are_due),
		TEST(a_timer_may_free_itself_and_others),
		TEST(timers_are_never_early_and_seldom_late),
		TEST(what_arrived_runs_before_timers),
		TEST(a_descriptor_may_free_itself_and_others),
		TEST(events_of_a_descriptor_can_change),
		TEST(signals_are_events),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
