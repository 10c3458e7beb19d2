/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes of a batch, and the memory that they share with the one that waits for them. */
#include "sim/batch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/generate.h"

#define SEED_SECONDS	 120 /* who takes longer hangs */
#define PROGRESS_SECONDS 15
#define LOOK_MS		 200

struct shared {
	atomic_ullong next, seeds, events;
	atomic_bool stop;
	atomic_uint failures;
	struct batch_failure failed[BATCH_FAILURES_MAX];
	atomic_ullong seed_of[BATCH_JOBS_MAX]; /* which worker has which */
};

struct batch {
	const struct batch_options *options;
	struct shared *shared;
	pid_t workers[BATCH_JOBS_MAX];
	unsigned jobs, running;
	double started, told;
};

static struct shared *signalled; /* by whom the handler lets all workers end */

static void end_by_signal(int signal_number)
{
	(void)signal_number;
	atomic_store(&signalled->stop, true);
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("xvrrp-sim: no memory to share");
		exit(2);
	}
	return memory;
}

static struct sim_result death(int status)
{
	struct sim_result result = {.failed = true};

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(result.failure, sizeof(result.failure), "hang: no end after %d s",
			 SEED_SECONDS);
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)
		snprintf(result.failure, sizeof(result.failure), "abort: an assertion, see above");
	else
		snprintf(result.failure, sizeof(result.failure),
			 "crash: the process ended with status %#x", status);
	return result;
}

/* ---- in a worker ---- */

static void note_failure(struct shared *shared, uint64_t seed, const struct sim_result *result)
{
	unsigned place = atomic_fetch_add(&shared->failures, 1);

	if (place < BATCH_FAILURES_MAX)
		shared->failed[place] = (struct batch_failure){seed, *result};
}

static bool is_enough(const struct batch *batch, uint64_t seed)
{
	const struct batch_options *options = batch->options;

	return atomic_load(&batch->shared->stop) ||
	       (options->seeds != 0 && seed >= options->first + options->seeds) ||
	       (options->events != 0 && atomic_load(&batch->shared->events) >= options->events);
}

static void run_seed(const struct batch *batch, uint64_t seed)
{
	struct shared *shared = batch->shared;
	struct scenario scenario;
	struct sim_result result;

	alarm(SEED_SECONDS);
	generate(&scenario, seed);
	result = world_run(&scenario, NULL);
	atomic_fetch_add(&shared->events, result.events);
	atomic_fetch_add(&shared->seeds, 1);
	if (!result.failed)
		return;
	note_failure(shared, seed, &result);
	if (!batch->options->keep_going)
		atomic_store(&shared->stop, true);
}

static void work(const struct batch *batch, unsigned number)
{
	struct shared *shared = batch->shared;
	uint64_t seed = atomic_fetch_add(&shared->next, 1);

	while (!is_enough(batch, seed)) {
		atomic_store(&shared->seed_of[number], seed);
		run_seed(batch, seed);
		seed = atomic_fetch_add(&shared->next, 1);
	}
}

/* ---- in the one that waits ---- */

static pid_t fork_or_exit(void)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		perror("xvrrp-sim: no process to run in");
		exit(2);
	}
	return pid;
}

static void start_worker(struct batch *batch, unsigned number)
{
	pid_t pid = fork_or_exit();

	if (pid == 0) {
		work(batch, number);
		_exit(0);
	}
	batch->workers[number] = pid;
	batch->running++;
}

/* One that died has left its seed behind; another goes on. */
static void worker_ended(struct batch *batch, unsigned number, int status)
{
	struct shared *shared = batch->shared;
	struct sim_result result;

	batch->workers[number] = 0;
	batch->running--;
	if (status == 0)
		return;
	result = death(status);
	note_failure(shared, atomic_load(&shared->seed_of[number]), &result);
	if (batch->options->keep_going)
		start_worker(batch, number);
	else
		atomic_store(&shared->stop, true);
}

static void collect(struct batch *batch)
{
	int status;

	for (unsigned i = 0; i < batch->jobs; i++)
		if (batch->workers[i] && waitpid(batch->workers[i], &status, WNOHANG) > 0)
			worker_ended(batch, i, status);
}

static void tell(struct batch *batch)
{
	FILE *out = batch->options->progress;
	double now = now_seconds(), seconds = now - batch->started;
	unsigned long long events = atomic_load(&batch->shared->events);

	if (!out || now < batch->told + PROGRESS_SECONDS)
		return;
	batch->told = now;
	fprintf(out, "%6.0f s  %llu seeds, %.3g events, %.0f events/s, %u failed\n", seconds,
		atomic_load(&batch->shared->seeds), (double)events, (double)events / seconds,
		atomic_load(&batch->shared->failures));
	fflush(out);
}

static void wait_for_all(struct batch *batch)
{
	double end = batch->started + 60.0 * batch->options->minutes;

	while (batch->running > 0) {
		poll(NULL, 0, LOOK_MS);
		collect(batch);
		tell(batch);
		if (batch->options->minutes != 0 && now_seconds() >= end)
			atomic_store(&batch->shared->stop, true);
	}
}

static void catch_signals(struct shared *shared, struct sigaction old[2])
{
	struct sigaction action = {.sa_handler = end_by_signal};

	signalled = shared;
	sigaction(SIGINT, &action, &old[0]);
	sigaction(SIGTERM, &action, &old[1]);
}

static unsigned processors(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	return count < 1 ? 1 : (unsigned)count;
}

void batch_run(const struct batch_options *options, struct batch_result *result)
{
	struct batch batch = {
		.options = options,
		.shared = share(sizeof(*batch.shared)),
		.jobs = options->jobs != 0 ? options->jobs : processors(),
		.started = now_seconds(),
		.told = now_seconds(),
	};
	struct sigaction old[2];

	if (batch.jobs > BATCH_JOBS_MAX)
		batch.jobs = BATCH_JOBS_MAX;
	atomic_store(&batch.shared->next, options->first);
	catch_signals(batch.shared, old);
	for (unsigned i = 0; i < batch.jobs; i++)
		start_worker(&batch, i);
	wait_for_all(&batch);
	sigaction(SIGINT, &old[0], NULL);
	sigaction(SIGTERM, &old[1], NULL);

	result->seeds = atomic_load(&batch.shared->seeds);
	result->events = atomic_load(&batch.shared->events);
	result->failures = atomic_load(&batch.shared->failures);
	result->seconds = now_seconds() - batch.started;
	memcpy(result->failed, batch.shared->failed, sizeof(result->failed));
	munmap(batch.shared, sizeof(*batch.shared));
}

struct sim_result batch_run_one(const struct scenario *scenario, void *data)
{
	struct sim_result *shared = share(sizeof(*shared)), result;
	pid_t pid = fork_or_exit();
	FILE *trace = data;
	int status;

	if (pid == 0) {
		if (trace) /* what led to a crash is worth reading, too */
			setvbuf(trace, NULL, _IOLBF, 0);
		else if (!freopen("/dev/null", "w", stderr)) /* a thousand assertions are not */
			_exit(1);
		alarm(SEED_SECONDS);
		*shared = world_run(scenario, trace);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	result = status == 0 ? *shared : death(status);
	munmap(shared, sizeof(*shared));
	return result;
}
