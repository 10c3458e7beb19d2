/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread and its two queues: jobs to do, jobs done. The thread may lose its CPU at any
 * point, with ordinary scheduling for as long as others like; were there a lock, the loop could
 * wait for it just then, real-time or not. So there is none: a queue is a list that one atomic
 * exchange takes over whole, and the wake-ups go through eventfds.
 *
 * RLIMIT_RTTIME counts real-time scheduling only, so the thread does not meet it while programs are
 * loaded, before worker_realtime(). As any thread of glibc it allocates from an arena of its own,
 * so malloc() is no such lock either.
 */
#include "sys/worker.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sys/loop.h"
#include "sys/thread.h"

/* Locked memory counts: the default is 8 MiB. Enough for libbpf, which recurses through types. */
#define STACK_BYTES (512 * 1024)

struct job {
	struct job *next;
	worker_fn *run;
	worker_fn *done;
	void *data;
};

/* What the thread looks at; filled in before `look` is set. */
struct watch {
	_Atomic(worker_look_fn *) look;
	atomic_uint period_ms;
	int64_t next_ns;    /* the thread's: when to look, 0 = not yet known */
	struct job seen;    /* for the loop, when it looked and saw something ... */
	atomic_bool handed; /* ... until it has */
};

/* Pushed by one thread, popped by the other. */
struct queue {
	_Atomic(struct job *) newest;
	struct job *oldest; /* of those that the popping thread has taken over */
};

struct worker {
	struct queue waiting, finished;
	int wake;	   /* the thread waits on it; nonblocking it is not */
	int finished_wake; /* counts what is in `finished` */
	atomic_bool stop;
	pthread_t thread;
	bool has_thread;
	struct loop_fd *source;
	struct watch watch;
	worker_fn *meanwhile; /* while the loop waits; NULL = nothing */
	void *meanwhile_data;
	unsigned outstanding; /* given, and `done` not called yet */
};

/* ---- queues ---- */

static void push(struct queue *queue, struct job *job)
{
	job->next = atomic_load_explicit(&queue->newest, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&queue->newest, &job->next, job,
						      memory_order_release, memory_order_relaxed))
		;
}

/* Take over all there is, turned round: the oldest first. */
static struct job *take_all(struct queue *queue)
{
	struct job *from = atomic_exchange_explicit(&queue->newest, NULL, memory_order_acquire);
	struct job *turned = NULL;

	while (from) {
		struct job *next = from->next;

		from->next = turned;
		turned = from;
		from = next;
	}
	return turned;
}

static struct job *pop(struct queue *queue)
{
	struct job *job;

	if (!queue->oldest)
		queue->oldest = take_all(queue);
	job = queue->oldest;
	if (job)
		queue->oldest = job->next;
	return job;
}

static void wake(int fd)
{
	eventfd_write(fd, 1); /* fails only with 2^64 jobs unread */
}

/* ---- the thread ---- */

static void hand_back(struct worker *worker, struct job *job)
{
	push(&worker->finished, job);
	wake(worker->finished_wake);
}

static void look_now(struct worker *worker)
{
	struct watch *watch = &worker->watch;
	worker_look_fn *fn = watch->look;

	if (!fn || watch->handed || !fn(watch->seen.data))
		return;
	watch->handed = true;
	hand_back(worker, &watch->seen);
}

/* Milliseconds until the next look, -1 = there is none. Jobs do not put it off. */
static int time_to_look(struct watch *watch)
{
	int64_t now_ns = clock_ns();

	if (!watch->look)
		return -1;
	if (!watch->next_ns)
		watch->next_ns = now_ns + watch->period_ms * 1000000LL;
	return watch->next_ns > now_ns ? (int)((watch->next_ns - now_ns + 999999) / 1000000) : 0;
}

/* Until there is a job, or it is time to look. */
static void wait_for_work(struct worker *worker)
{
	struct pollfd waiting = {.fd = worker->wake, .events = POLLIN};
	eventfd_t count;
	int ready = poll(&waiting, 1, time_to_look(&worker->watch));

	if (ready == 0) {
		worker->watch.next_ns = 0;
		look_now(worker);
	} else if (ready > 0) {
		eventfd_read(worker->wake, &count);
	}
}

static void *work(void *data)
{
	struct worker *worker = data;

	while (!worker->stop) {
		struct job *job = pop(&worker->waiting);

		if (job) {
			job->run(job->data);
			hand_back(worker, job);
		} else {
			wait_for_work(worker);
		}
	}
	return NULL;
}

/* ---- the loop's side ---- */

static void finish_job(struct worker *worker, struct job *job)
{
	struct job copy = *job;

	free(job);
	worker->outstanding--;
	if (copy.done)
		copy.done(copy.data);
}

static void finish_look(struct worker *worker)
{
	worker->watch.seen.done(worker->watch.seen.data);
	worker->watch.handed = false;
}

/* Take the oldest that was handed back, if there is one. Its `done` may free the worker. */
static void finish_one(struct worker *worker)
{
	struct job *job;
	eventfd_t one;

	if (eventfd_read(worker->finished_wake, &one))
		return;
	job = pop(&worker->finished);
	if (job == &worker->watch.seen)
		finish_look(worker);
	else
		finish_job(worker, job);
}

/* One a turn, so that what is more urgent comes between. */
static void job_finished(uint32_t events, void *data)
{
	(void)events;
	finish_one(data);
}

static int start(struct worker *worker, struct loop *loop, struct failure *failure)
{
	worker->wake = eventfd(0, EFD_CLOEXEC);
	worker->finished_wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	if (worker->wake < 0 || worker->finished_wake < 0)
		return fail(failure, "worker thread: eventfd: %m");
	worker->source =
		loop_fd_new(loop, worker->finished_wake, LOOP_NETLINK, job_finished, worker);
	if (!worker->source)
		return fail(failure, "worker thread: out of memory");
	errno = thread_start(&worker->thread, "xvrrpd-worker", STACK_BYTES, work, worker);
	worker->has_thread = !errno;
	if (errno)
		return fail(failure, "worker thread: %m%s",
			    errno == EAGAIN ? " (see ulimit -u, and TasksMax= of its unit)" : "");
	return 0;
}

struct worker *worker_new(struct loop *loop, struct failure *failure)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker) {
		fail(failure, "worker thread: out of memory");
		return NULL;
	}
	worker->wake = worker->finished_wake = -1;
	if (start(worker, loop, failure)) {
		worker_free(worker);
		return NULL;
	}
	return worker;
}

static void forget_all(struct worker *worker, struct queue *queue)
{
	struct job *job;

	while ((job = pop(queue)))
		if (job != &worker->watch.seen)
			free(job);
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	if (worker->has_thread) {
		worker->stop = true;
		wake(worker->wake);
		pthread_join(worker->thread, NULL);
	}
	loop_fd_free(worker->source);
	forget_all(worker, &worker->waiting);
	forget_all(worker, &worker->finished);
	if (worker->wake >= 0)
		close(worker->wake);
	if (worker->finished_wake >= 0)
		close(worker->finished_wake);
	free(worker);
}

bool worker_run(struct worker *worker, worker_fn *job, worker_fn *done, void *data)
{
	struct job *new = malloc(sizeof(*new));

	if (!new)
		return false;
	*new = (struct job){.run = job, .done = done, .data = data};
	worker->outstanding++;
	push(&worker->waiting, new);
	wake(worker->wake);
	return true;
}

void worker_realtime(struct worker *worker, unsigned priority)
{
	struct sched_param param = {.sched_priority = priority > 1 ? (int)priority - 1 : 1};
	struct sched_param ordinary = {0};

	/* Without the privilege it goes on as it is: realtime_enter() has said so. */
	if (priority)
		pthread_setschedparam(worker->thread, SCHED_FIFO, &param);
	else
		pthread_setschedparam(worker->thread, SCHED_OTHER, &ordinary);
}

void worker_watch(struct worker *worker, unsigned period_ms, worker_look_fn *look, worker_fn *done,
		  void *data)
{
	struct watch *watch = &worker->watch;

	watch->period_ms = period_ms;
	watch->seen = (struct job){.done = done, .data = data};
	watch->look = look;
	wake(worker->wake);
}

void worker_watch_period(struct worker *worker, unsigned period_ms)
{
	worker->watch.period_ms = period_ms;
}

void worker_meanwhile(struct worker *worker, worker_fn *meanwhile, void *data)
{
	worker->meanwhile = meanwhile;
	worker->meanwhile_data = data;
}

void worker_wait(struct worker *worker)
{
	struct pollfd finished = {.fd = worker->finished_wake, .events = POLLIN};

	while (worker->outstanding) {
		if (poll(&finished, 1, worker->meanwhile ? 1 : -1) == 1)
			finish_one(worker);
		if (worker->meanwhile)
			worker->meanwhile(worker->meanwhile_data);
	}
}
