/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker thread: order, which thread runs what, waiting, ending, and its scheduling. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/loop.h"
#include "sys/realtime.h"
#include "sys/worker.h"

#include <cmocka.h> /* last: it defines a macro fail() */

#define MANY 2000

struct world {
	struct loop *loop;
	struct worker *worker;
	pid_t loop_thread;
	char done[64]; /* letters, in the order of the calls */
};

static struct world world;

static int setup(void **state)
{
	(void)state;
	world = (struct world){.loop_thread = gettid()};
	world.loop = loop_new(NULL);
	world.worker = worker_new(world.loop, NULL);
	alarm(20); /* ends the test if something waits for ever */
	return world.loop && world.worker ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	alarm(0);
	worker_free(world.worker);
	worker_free(NULL);
	loop_free(world.loop);
	return 0;
}

struct task {
	char letter;
	int64_t ran; /* when its job ran: a count of jobs */
	pid_t thread;
	sem_t *wait_for, *post; /* NULL = none */
};

static int64_t jobs_run; /* only touched by jobs, and when all are done */

static void job(void *data)
{
	struct task *task = data;

	if (task->post)
		sem_post(task->post);
	if (task->wait_for)
		sem_wait(task->wait_for);
	task->thread = gettid();
	task->ran = ++jobs_run;
}

static void note(char letter)
{
	size_t length = strlen(world.done);

	assert_true(length < sizeof(world.done) - 1);
	world.done[length] = letter;
	world.done[length + 1] = '\0';
}

static void done(void *data)
{
	struct task *task = data;

	assert_int_equal(gettid(), world.loop_thread);
	assert_int_not_equal(task->thread, 0);
	assert_int_not_equal(task->thread, world.loop_thread);
	note(task->letter);
	if (task->letter == 'z')
		loop_stop(world.loop, 0);
}

static void jobs_run_in_the_thread_and_end_in_the_loop(void **state)
{
	struct task a = {.letter = 'a'}, b = {.letter = 'b'}, silent = {0}, z = {.letter = 'z'};

	(void)state;
	jobs_run = 0;
	assert_true(worker_run(world.worker, job, done, &a));
	assert_true(worker_run(world.worker, job, done, &b));
	assert_true(worker_run(world.worker, job, NULL, &silent));
	assert_true(worker_run(world.worker, job, done, &z));
	assert_int_equal(loop_run(world.loop), 0);
	assert_string_equal(world.done, "abz");
	assert_int_equal(a.ran, 1);
	assert_int_equal(b.ran, 2);
	assert_int_equal(silent.ran, 3);
	assert_int_equal(z.ran, 4);
}

static void post(void *data)
{
	note('t');
	sem_post(data);
}

/* The job ends only after the loop has run a timer. */
static void the_loop_goes_on_meanwhile(void **state)
{
	sem_t go;
	struct task z = {.letter = 'z', .wait_for = &go};
	struct loop_timer *timer = loop_timer_new(world.loop, post, &go);

	(void)state;
	sem_init(&go, 0, 0);
	assert_true(worker_run(world.worker, job, done, &z));
	loop_timer_set(timer, clock_ns() + 5000000);
	assert_int_equal(loop_run(world.loop), 0);
	assert_string_equal(world.done, "tz");
	loop_timer_free(timer);
	sem_destroy(&go);
}

static void chain(void *data)
{
	struct task *task = data;

	done(task);
	if (task->letter != 'd') {
		task->letter++;
		assert_true(worker_run(world.worker, job, chain, task));
	}
}

static void waiting_ends_a_chain(void **state)
{
	struct task first = {.letter = 'a'}, second = {.letter = 'x'};

	(void)state;
	assert_true(worker_run(world.worker, job, chain, &first));
	assert_true(worker_run(world.worker, job, done, &second));
	worker_wait(world.worker);
	/* In the order in which they were given: `x` before the second link of the chain. */
	assert_string_equal(world.done, "axbcd");
	worker_wait(world.worker); /* for nothing */
	/* The loop has nothing left to do with them. */
	assert_true(worker_run(world.worker, job, done, &(struct task){.letter = 'z'}));
	assert_int_equal(loop_run(world.loop), 0);
	assert_string_equal(world.done, "axbcdz");
}

static void wait_inside(void *data)
{
	done(data);
	worker_wait(world.worker);
	note(')');
}

static void a_done_may_wait(void **state)
{
	struct task a = {.letter = '('}, b = {.letter = 'b'}, z = {.letter = 'z'};

	(void)state;
	assert_true(worker_run(world.worker, job, wait_inside, &a));
	assert_true(worker_run(world.worker, job, done, &b));
	assert_true(worker_run(world.worker, job, done, &z));
	assert_int_equal(loop_run(world.loop), 0);
	assert_string_equal(world.done, "(bz)");
}

static void slow(void *data)
{
	struct timespec pause = {.tv_nsec = 100000000};

	job(data);
	nanosleep(&pause, NULL);
	((struct task *)data)->letter = '!';
}

static void freeing_waits_for_the_job_that_runs_only(void **state)
{
	sem_t runs;
	struct task a = {.letter = 'a', .post = &runs}, b = {.letter = 'b'};

	(void)state;
	sem_init(&runs, 0, 0);
	assert_true(worker_run(world.worker, slow, done, &a));
	assert_true(worker_run(world.worker, job, done, &b));
	sem_wait(&runs);
	worker_free(world.worker);
	world.worker = NULL;
	assert_int_equal(a.letter, '!');
	assert_int_equal(b.ran, 0);
	assert_string_equal(world.done, "");
	sem_destroy(&runs);
}

static void free_worker(void *data)
{
	done(data);
	worker_free(world.worker);
	world.worker = NULL;
}

static void a_done_may_free_the_worker(void **state)
{
	struct task z = {.letter = 'z'}, never = {.letter = 'n'};

	(void)state;
	assert_true(worker_run(world.worker, job, free_worker, &z));
	assert_true(worker_run(world.worker, job, done, &never));
	assert_int_equal(loop_run(world.loop), 0);
	assert_string_equal(world.done, "z");
}

static unsigned counted;

static void count(void *data)
{
	struct task *task = data;

	assert_int_equal(task->ran, ++counted);
}

/* Jobs are given while others run and end; not one is lost, none overtakes another. */
static void many_keep_their_order(void **state)
{
	static struct task tasks[MANY];

	(void)state;
	jobs_run = counted = 0;
	for (int i = 0; i < MANY; i++) {
		assert_true(worker_run(world.worker, job, count, &tasks[i]));
		if (i % 500 == 499)
			worker_wait(world.worker);
	}
	worker_wait(world.worker);
	assert_int_equal(counted, MANY);
}

/* ---- the thread itself; each in a process of its own ---- */

static int in_child(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		alarm(20);
		_exit(body());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

struct facts {
	int policy;
	bool every_signal_blocked;
	size_t stack;
	char name[16];
};

static void find_facts(void *data)
{
	struct facts *facts = data;
	pthread_attr_t attributes;
	sigset_t blocked;

	facts->policy = sched_getscheduler(0);
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	facts->every_signal_blocked = true;
	for (int number = 1; number < 32; number++) /* the next two are glibc's own */
		if (number != SIGKILL && number != SIGSTOP && !sigismember(&blocked, number))
			facts->every_signal_blocked = false;
	pthread_getattr_np(pthread_self(), &attributes);
	pthread_attr_getstacksize(&attributes, &facts->stack);
	pthread_attr_destroy(&attributes);
	pthread_getname_np(pthread_self(), facts->name, sizeof(facts->name));
}

/* Ordinary also if the loop is not, and whatever came first. */
static int thread_is_ordinary(bool realtime_first)
{
	struct loop *loop = loop_new(NULL);
	struct facts facts = {0};

	if (realtime_first && realtime_enter(50, false, NULL))
		return 77;
	struct worker *worker = worker_new(loop, NULL);

	if (!realtime_first && realtime_enter(50, false, NULL))
		return 77;
	if (!worker || !worker_run(worker, find_facts, NULL, &facts))
		return 1;
	worker_wait(worker);
	worker_free(worker);
	loop_free(loop);
	if (facts.policy != SCHED_OTHER)
		return 2;
	if (!facts.every_signal_blocked)
		return 3;
	if (facts.stack > 1 << 20)
		return 4;
	return strcmp(facts.name, "xvrrpd-worker") ? 5 : 0;
}

static int ordinary_after(void)
{
	return thread_is_ordinary(true);
}

static int ordinary_before(void)
{
	return thread_is_ordinary(false);
}

static void the_thread_is_ordinary(void **state)
{
	(void)state;
	int before = in_child(ordinary_before);

	if (before == 77)
		skip(); /* no privilege */
	assert_int_equal(before, 0);
	assert_int_equal(in_child(ordinary_after), 0);
}

/* CPU time, four times what the guard allows a real-time thread. */
static void compute(void *data)
{
	struct timespec used;

	(void)data;
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	while (used.tv_sec == 0 && used.tv_nsec < 400000000);
}

static int computes(void)
{
	struct rlimit guard = {100000, 200000};
	struct loop *loop = loop_new(NULL);
	struct worker *worker;

	if (setrlimit(RLIMIT_RTTIME, &guard) || realtime_enter(50, false, NULL))
		return 77;
	worker = worker_new(loop, NULL);
	if (!worker || !worker_run(worker, compute, NULL, NULL))
		return 1;
	worker_wait(worker);
	worker_free(worker);
	loop_free(loop);
	return 0;
}

static void the_guard_against_endless_loops_spares_it(void **state)
{
	(void)state;
	int result = in_child(computes);

	if (result == 77)
		skip(); /* no privilege */
	assert_int_equal(result, 0);
}

static int says_why(int resource, rlim_t most, const char *expected)
{
	struct loop *loop = loop_new(NULL);
	struct failure failure = {{0}};
	struct rlimit limit = {most, most};

	if (setrlimit(resource, &limit) || (resource == RLIMIT_NPROC && setuid(65534)))
		return 1;
	struct worker *worker = worker_new(loop, &failure);

	worker_free(worker);
	loop_free(loop);
	return worker || !strstr(failure.text, expected) ? 2 : 0;
}

static int without_descriptors(void)
{
	return says_why(RLIMIT_NOFILE, 3, "worker thread: eventfd: Too many open files");
}

static int without_threads(void)
{
	return says_why(RLIMIT_NPROC, 0, "TasksMax=");
}

static void a_shortage_is_told(void **state)
{
	(void)state;
	assert_int_equal(in_child(without_descriptors), 0);
	assert_int_equal(in_child(without_threads), 0);
}

/* ---- looking ---- */

static atomic_uint looks;

static bool see_at_third(void *data)
{
	(void)data;
	return ++looks >= 3;
}

static void saw(void *data)
{
	assert_ptr_equal(data, &world);
	assert_int_equal(gettid(), world.loop_thread);
	note('s');
	if (strlen(world.done) == 2)
		loop_stop(world.loop, 0);
}

/* The loop hears of the looks that saw something only, and of one at a time. */
static void looking_wakes_the_loop_only_for_a_reason(void **state)
{
	(void)state;
	looks = 0;
	worker_watch(world.worker, 2, see_at_third, saw, &world);
	assert_int_equal(loop_run(world.loop), 0);
	assert_string_equal(world.done, "ss");
	assert_true(looks >= 4);
}

static bool see_nothing(void *data)
{
	(void)data;
	return false;
}

static void stop_looking(void *data)
{
	(void)data;
	loop_stop(world.loop, 0);
}

static void jobs_go_on_while_it_looks(void **state)
{
	struct task z = {.letter = 'z'};
	struct loop_timer *timer = loop_timer_new(world.loop, stop_looking, NULL);

	(void)state;
	worker_watch(world.worker, 1, see_nothing, NULL, &world);
	assert_true(worker_run(world.worker, job, done, &z));
	loop_timer_set(timer, clock_ns() + 5000000000);
	assert_int_equal(loop_run(world.loop), 0);
	assert_string_equal(world.done, "z");
	loop_timer_free(timer);
}

static void tell_scheduling(void *data)
{
	struct sched_param param = {0};
	int *told = data;

	told[0] = sched_getscheduler(0);
	sched_getparam(0, &param);
	told[1] = param.sched_priority;
}

static int is_below_the_loop(void)
{
	struct loop *loop = loop_new(NULL);
	struct worker *worker = worker_new(loop, NULL);
	int told[2] = {-1, -1};

	if (!worker || realtime_enter(50, false, NULL))
		return 77;
	worker_realtime(worker, 50);
	worker_run(worker, tell_scheduling, NULL, told);
	worker_wait(worker);
	worker_free(worker);
	loop_free(loop);
	return told[0] == SCHED_FIFO && told[1] == 49 ? 0 : 1;
}

static void it_can_be_real_time_below_the_loop(void **state)
{
	(void)state;
	int result = in_child(is_below_the_loop);

	if (result == 77)
		skip(); /* no privilege */
	assert_int_equal(result, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(jobs_run_in_the_thread_and_end_in_the_loop),
		TEST(the_loop_goes_on_meanwhile),
		TEST(waiting_ends_a_chain),
		TEST(a_done_may_wait),
		TEST(freeing_waits_for_the_job_that_runs_only),
		TEST(a_done_may_free_the_worker),
		TEST(many_keep_their_order),
		TEST(looking_wakes_the_loop_only_for_a_reason),
		TEST(jobs_go_on_while_it_looks),
		cmocka_unit_test(the_thread_is_ordinary),
		cmocka_unit_test(it_can_be_real_time_below_the_loop),
		cmocka_unit_test(the_guard_against_endless_loops_spares_it),
		cmocka_unit_test(a_shortage_is_told),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
