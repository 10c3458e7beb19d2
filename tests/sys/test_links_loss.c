/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lost changes of interfaces and addresses: everything is read anew, and nothing waits for it. */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/links.h"
#include "sys/links_seen.h"
#include "sys/loop.h"
#include "sys/support.h"
#include "sys/worker.h"

#include <cmocka.h> /* last: it defines a macro fail() */

static void a_loss_is_repaired_by_reading_anew(void **state)
{
	int small = 1;

	/* The kernel makes it as small as it may; hundreds of changes do not fit. */
	assert_int_equal(setsockopt(links_fd(*state), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)),
			 0);
	ip("addr add 192.0.2.11/24 dev va");
	ip("addr add 192.0.2.21/32 dev va");
	ip("addr add 192.0.2.22/32 dev va");
	EVENTUALLY(*state, has(*state, "va", "192.0.2.22"));
	add_addresses(400);
	ip("addr del 192.0.2.11/24 dev va"); /* lost: only the sweep can know */
	ip("addr del 192.0.2.21/32 dev va");
	ip("addr add 192.0.2.21/32 dev va"); /* now the last one */
	ip("link add vc type bridge");
	ip("link del vc");
	EVENTUALLY(*state, seen.all);
	EVENTUALLY(*state, has(*state, "va", "10.0.1.143") && !has(*state, "va", "192.0.2.11") &&
				   !links_by_name(*state, "vc"));
	assert_non_null(strstr(seen.trace, "gone 192.0.2.11 "));
	assert_null(strstr(seen.trace, "gone 192.0.2.21 "));
	assert_string_equal(primary(*state, "va", VRRP_IPV4, NULL), "192.0.2.22");
	/* And it goes on as before, soon without reading all for each change. */
	for (unsigned mtu = 1400; mtu == 1400 || (seen.all && mtu < 1410); mtu++) {
		memset(&seen, 0, sizeof(seen));
		ip("link set va mtu %u", mtu);
		EVENTUALLY(*state, links_by_name(*state, "va")->mtu == mtu);
	}
	assert_false(seen.all);
}

/* ---- reading anew in the worker's thread ---- */

/* The links under test, with a buffer that loses much, and the worker beside them. */
struct beside {
	struct loop *loop;
	struct worker *worker;
	sem_t reached, go;
};

static void begin_beside(struct beside *beside, struct links *links)
{
	int small = 1;

	setsockopt(links_fd(links), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	sem_init(&beside->reached, 0, 0);
	sem_init(&beside->go, 0, 0);
	beside->loop = loop_new(NULL);
	beside->worker = worker_new(beside->loop, NULL);
	assert_non_null(beside->worker);
	links_use_worker(links, beside->worker);
	alarm(20);
}

static void end_beside(struct beside *beside)
{
	alarm(0);
	worker_free(beside->worker);
	loop_free(beside->loop);
}

/* A job that says that the thread has come to it, and stays until it may go. */
static void hold(void *data)
{
	struct beside *beside = data;

	sem_post(&beside->reached);
	sem_wait(&beside->go);
}

static void lose_changes(struct links *links)
{
	add_addresses(400);
	ip("addr del 192.0.2.11/24 dev va");
	links_dispatch(links);
}

static void reading_anew_does_not_hold_the_loop(void **state)
{
	struct beside beside;

	ip("addr add 192.0.2.11/24 dev va");
	EVENTUALLY(*state, has(*state, "va", "192.0.2.11"));
	begin_beside(&beside, *state);
	assert_true(worker_run(beside.worker, hold, NULL, &beside));
	lose_changes(*state); /* returns, although nothing can be read now */
	assert_false(seen.all);
	/* Meanwhile changes are taken in as ever. */
	ip("link set va mtu 1400");
	EVENTUALLY(*state, links_by_name(*state, "va")->mtu == 1400);
	assert_true(has(*state, "va", "192.0.2.11"));
	sem_post(&beside.go);
	worker_wait(beside.worker);
	assert_true(seen.all);
	assert_true(has(*state, "va", "10.0.1.143"));
	assert_false(has(*state, "va", "192.0.2.11"));
	assert_non_null(strstr(seen.trace, "gone 192.0.2.11 "));
	assert_int_equal(links_by_name(*state, "va")->mtu, 1400);
	end_beside(&beside);
}

/* What was read is old when it arrives: the changes that came since then are right. */
static void changes_after_the_reading_win(void **state)
{
	struct beside beside;
	int large = 1 << 20;

	ip("addr add 192.0.2.11/24 dev va");
	ip("addr add 192.0.2.21/32 dev va");
	ip("link add vc type bridge");
	EVENTUALLY(*state, links_by_name(*state, "vc"));
	begin_beside(&beside, *state);
	lose_changes(*state);
	/* The thread is behind the reading once it has come here, and the loop has not heard. */
	assert_true(worker_run(beside.worker, hold, NULL, &beside));
	sem_wait(&beside.reached);
	assert_int_equal(
		setsockopt(links_fd(*state), SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof(large)), 0);
	ip("link del vc");
	ip("addr del 192.0.2.21/32 dev va");
	ip("addr add 192.0.2.22/32 dev va");
	EVENTUALLY(*state, has(*state, "va", "192.0.2.22"));
	assert_false(seen.all);
	sem_post(&beside.go);
	worker_wait(beside.worker);
	assert_true(seen.all);
	assert_true(has(*state, "va", "10.0.1.143"));
	assert_true(has(*state, "va", "192.0.2.22"));
	assert_false(has(*state, "va", "192.0.2.21"));
	assert_null(links_by_name(*state, "vc"));
	end_beside(&beside);
}

static void a_loss_while_reading_is_repaired_too(void **state)
{
	struct beside beside;

	ip("addr add 192.0.2.11/24 dev va");
	ip("addr add 192.0.2.21/32 dev va");
	EVENTUALLY(*state, has(*state, "va", "192.0.2.21"));
	begin_beside(&beside, *state);
	lose_changes(*state);
	assert_true(worker_run(beside.worker, hold, NULL, &beside));
	sem_wait(&beside.reached);
	ip("addr flush dev va to 10.0.0.0/8");
	ip("addr del 192.0.2.21/32 dev va");
	links_dispatch(*state);
	sem_post(&beside.go);
	worker_wait(beside.worker);
	EVENTUALLY(*state, (worker_wait(beside.worker), !has(*state, "va", "192.0.2.21")));
	assert_false(has(*state, "va", "10.0.1.143"));
	end_beside(&beside);
}

static void links_may_close_while_reading(void **state)
{
	struct beside beside;
	struct links *links = links_open(seen_changed, seen_gone, &seen, NULL);

	(void)state;
	assert_non_null(links);
	begin_beside(&beside, links);
	assert_true(worker_run(beside.worker, hold, NULL, &beside));
	ip("addr add 192.0.2.11/24 dev va");
	lose_changes(links);
	sem_post(&beside.go);
	end_beside(&beside);
	links_close(links);
}

/* As much address space as there is now, or all. */
static void limit_memory(bool on)
{
	struct rlimit limit;
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld", &pages), 1);
	fclose(file);
	assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = on ? (rlim_t)(pages * sysconf(_SC_PAGESIZE)) : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

/* All that malloc() still has, in a chain. */
static void *take_memory(void)
{
	void *all = NULL, **piece;

	while ((piece = malloc(32))) {
		*piece = all;
		all = piece;
	}
	return all;
}

static void give_back(void *all)
{
	while (all) {
		void *next = *(void **)all;

		free(all);
		all = next;
	}
}

static void a_shortage_of_memory_is_survived(void **state)
{
	struct pollfd readable = {.fd = links_fd(*state), .events = POLLIN};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip(); /* it needs memory of its own */
#endif
	add_addresses(500);
	limit_memory(true);
	void *all = take_memory();
	while (poll(&readable, 1, 0) == 1)
		links_dispatch(*state);
	give_back(all);
	limit_memory(false);
	assert_true(seen.all);
	assert_false(has(*state, "va", "10.0.1.243"));
	/* The next change finds the memory that is there again. */
	ip("link set va mtu 1400");
	EVENTUALLY(*state, has(*state, "va", "10.0.1.243"));
	assert_true(has(*state, "va", "10.0.0.0"));
	assert_int_equal(links_by_name(*state, "va")->mtu, 1400);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, links_setup, links_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_loss_is_repaired_by_reading_anew),
		TEST(reading_anew_does_not_hold_the_loop),
		TEST(changes_after_the_reading_win),
		TEST(a_loss_while_reading_is_repaired_too),
		TEST(links_may_close_while_reading),
		TEST(a_shortage_of_memory_is_survived),
	};

	return cmocka_run_group_tests_name("links_loss", tests, NULL, NULL);
}
