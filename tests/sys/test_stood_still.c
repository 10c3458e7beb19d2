/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine that stood still, by an RTC that is a file: what counts, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/types.h"
#include "sys/loop.h"
#include "sys/stood_still.h"

#include <cmocka.h> /* last: it defines a macro fail() */

#define ODD_S 337 /* no time zone */

static char root[64];
static struct stood_still *clocks;
static struct standstill found;

static void put(const char *path, const char *text)
{
	char full[256];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	file = fopen(full, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void make_dir(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	assert_int_equal(mkdir(full, 0700), 0);
}

/* The RTC is this much ahead of the system's clock. */
static void set_rtc(int64_t ahead_ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld\n",
		 (long long)((wall_clock_us() * NS_PER_US + ahead_ns) / NS_PER_S));
	put("/sys/class/rtc/rtc0/since_epoch", text);
}

static void rest(int64_t ns)
{
	struct timespec time = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

	nanosleep(&time, NULL);
}

static bool look(int64_t ahead_ns)
{
	rest(250 * NS_PER_MS);
	set_rtc(ahead_ns);
	found = (struct standstill){0};
	return stood_still(clocks, &found);
}

static void open_clocks(void)
{
	stood_still_close(clocks);
	clocks = stood_still_open(root);
	assert_non_null(clocks);
}

static int setup(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/dev/shm/test_stood_still.XXXXXX");
	assert_non_null(mkdtemp(root));
	make_dir("/proc");
	make_dir("/sys");
	make_dir("/sys/class");
	make_dir("/sys/class/rtc");
	make_dir("/sys/class/rtc/rtc0");
	put("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu x2apic hypervisor lahf_lm\n");
	put("/sys/class/rtc/rtc0/name", "rtc_cmos 00:03\n");
	set_rtc(ODD_S * NS_PER_S);
	open_clocks();
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	stood_still_close(clocks);
	clocks = NULL;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void needs_a_virtual_machine_with_the_rtc_of_a_pc(void **state)
{
	(void)state;
	put("/proc/cpuinfo", "flags\t\t: fpu x2apic lahf_lm\nbugs\t\t: hypervisor\n");
	assert_null(stood_still_open(root));
	put("/proc/cpuinfo", "flags\t\t: fpu hypervisor\n");
	put("/sys/class/rtc/rtc0/name", "rtc-ds1307 1-0068\n");
	assert_null(stood_still_open(root));
	assert_null(stood_still_open("/nowhere"));
	assert_false(stood_still(NULL, &found));
	stood_still_close(NULL);
}

/*
 * Ask every few milliseconds until the moment; never an event. Not close to the end of the RTC's
 * second: there a look might come, on a busy machine, when what was written is no longer true. On
 * one that stands still for longer, begin anew.
 */
static void watch_until(int64_t until_us, int64_t slew_percent)
{
	int64_t start_us = wall_clock_us(), ahead_us;
	bool event;

	for (int64_t now_us = start_us; now_us < until_us; now_us = wall_clock_us()) {
		ahead_us = (now_us - start_us) * slew_percent / 100;
		if ((now_us + ahead_us) % 1000000 < 900000) {
			set_rtc(ODD_S * NS_PER_S + ahead_us * NS_PER_US);
			event = stood_still(clocks, &found);
			if (wall_clock_us() - now_us < 90000)
				assert_false(event);
			else
				open_clocks();
		}
		rest(3 * NS_PER_MS);
	}
}

/* Also at the phases at which the RTC goes on to its next second. */
static void clocks_that_go_on_together_are_no_event(void **state)
{
	(void)state;
	watch_until(wall_clock_us() + 3000000, 0);
}

/* chrony slews by up to 8 percent, the kernel allows 10. */
static void a_slewed_clock_is_no_event(void **state)
{
	(void)state;
	watch_until(wall_clock_us() + 4000000, 8);
}

/* The last two looks alone, half a second and three quarters of one into a second of the RTC, could
 * not tell. */
static void earlier_looks_make_it_more_precise(void **state)
{
	int64_t second_us = wall_clock_us() / 1000000 * 1000000;

	(void)state;
	watch_until(second_us + 2250000, 0);
	assert_true(look(ODD_S * NS_PER_S + 1150 * NS_PER_MS));
}

static void lost_time_is_noticed_once(void **state)
{
	static const int64_t lost_ns[] = {10 * NS_PER_S, 2300 * NS_PER_MS, 86400 * NS_PER_S};
	int64_t ahead_ns = ODD_S * NS_PER_S;
	int64_t before_ns, after_ns;

	(void)state;
	look(ahead_ns);
	for (unsigned i = 0; i < 3; i++) {
		before_ns = clock_ns();
		assert_false(look(ahead_ns));
		after_ns = clock_ns();
		ahead_ns += lost_ns[i];
		assert_true(look(ahead_ns));
		assert_in_range(found.since_ns, before_ns, after_ns);
		assert_in_range(found.lost_ns, lost_ns[i], lost_ns[i] + 3 * NS_PER_S);
	}
}

static void an_rtc_that_somebody_sets_is_no_event(void **state)
{
	(void)state;
	look(-ODD_S * NS_PER_S);
	assert_false(look(0));
	look(-ODD_S * NS_PER_S);
	assert_false(look(7200 * NS_PER_S));
	assert_false(look(5 * NS_PER_S)); /* back */
	assert_true(look(15 * NS_PER_S));
	assert_in_range(found.lost_ns, 10 * NS_PER_S, 13 * NS_PER_S);
}

static void an_rtc_that_cannot_be_read_is_no_event(void **state)
{
	static const char *const no_times[] = {"-1", "4102444801", "99999999999999999999"};

	(void)state;
	look(ODD_S * NS_PER_S);
	put("/sys/class/rtc/rtc0/since_epoch", "");
	assert_false(stood_still(clocks, &found));
	for (size_t i = 0; i < sizeof(no_times) / sizeof(no_times[0]); i++) {
		put("/sys/class/rtc/rtc0/since_epoch", no_times[i]);
		rest(250 * NS_PER_MS);
		assert_false(stood_still(clocks, &found));
	}
	assert_true(look((ODD_S + 10) * NS_PER_S));
	assert_in_range(found.lost_ns, 10 * NS_PER_S, 13 * NS_PER_S);
}

static long read_calls(void)
{
	FILE *file = fopen("/proc/self/io", "r");
	char line[100];
	long calls = -1;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "syscr: %ld", &calls);
	fclose(file);
	return calls;
}

static void asking_all_the_time_costs_little(void **state)
{
	long before = read_calls();

	(void)state;
	for (unsigned i = 0; i < 200000; i++)
		assert_false(stood_still(clocks, &found));
	assert_in_range(read_calls() - before, 1, 100000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(needs_a_virtual_machine_with_the_rtc_of_a_pc),
		TEST(clocks_that_go_on_together_are_no_event),
		TEST(a_slewed_clock_is_no_event),
		TEST(lost_time_is_noticed_once),
		TEST(earlier_looks_make_it_more_precise),
		TEST(an_rtc_that_somebody_sets_is_no_event),
		TEST(an_rtc_that_cannot_be_read_is_no_event),
		TEST(asking_all_the_time_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
