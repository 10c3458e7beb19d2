/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real-time scheduling and locked memory, each of which may be refused without stopping the agent.
 *
 * A loop that never sleeps would hold a CPU under SCHED_FIFO, so RLIMIT_RTTIME ends it: a limit on
 * CPU time since the last sleep. It must catch nothing but such a bug. Loading programs, a reload
 * of thousands of virtual routers or one core of an emulated machine take hundreds of milliseconds,
 * and killing a busy agent causes the failover that it should prevent; limits of milliseconds are
 * known for that. Two seconds are beyond any of these, and far below the kernel's own lockup
 * watchdogs. SIGXCPU leaves a core that shows where, SIGKILL follows should that be ignored.
 */
#include "sys/realtime.h"

#include <errno.h>
#include <linux/capability.h>
#include <malloc.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RTTIME_SOFT_US 2000000
#define RTTIME_HARD_US 3000000
#define STACK_PREFAULT (256 * 1024)

static void guard_cpu(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_RTTIME, &limit) || limit.rlim_cur != RLIM_INFINITY)
		return; /* the operator has set one (LimitRTTIME=) */
	limit.rlim_cur = RTTIME_SOFT_US;
	if (limit.rlim_max == RLIM_INFINITY)
		limit.rlim_max = RTTIME_HARD_US;
	setrlimit(RLIMIT_RTTIME, &limit);
}

static const char *enter_fifo(unsigned priority)
{
	struct sched_param param = {.sched_priority = (int)priority};

	guard_cpu();
	if (!sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param))
		return NULL;
	return errno == EPERM ? "needs CAP_SYS_NICE (or LimitRTPRIO=)" : strerror(errno);
}

static bool has_ipc_lock(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	return !syscall(SYS_capget, &header, data) && data[0].effective & (1u << CAP_IPC_LOCK);
}

/* Touch the stack once, so that deep calls need no new page later. */
__attribute__((noinline)) static void prefault_stack(void)
{
	char stack[STACK_PREFAULT];

	explicit_bzero(stack, sizeof(stack)); /* not optimized away */
}

static const char *lock_memory(void)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	/* With a finite limit, MCL_FUTURE would turn a later malloc() into the failure. */
	if (setrlimit(RLIMIT_MEMLOCK, &all) && !has_ipc_lock())
		return "needs CAP_IPC_LOCK (or LimitMEMLOCK=infinity)";
	/* Not MCL_ONFAULT: code that first runs in a failover must be in memory by then. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		return strerror(errno);
	prefault_stack();
	return NULL;
}

int realtime_enter(unsigned priority, bool no_swap, struct failure *failure)
{
	/* Small pieces that are freed would wait for a later, larger call to merge them all: after
	 * the status of thousands of virtual routers that takes 20 ms. */
	mallopt(M_MXFAST, 0);

	const char *fifo = priority ? enter_fifo(priority) : NULL;
	const char *lock = no_swap ? lock_memory() : NULL;

	if (!fifo && !lock)
		return 0;
	return fail(failure, "%s%s%s%s%s; timers may run late", fifo ? "real-time scheduling " : "",
		    fifo ? fifo : "", fifo && lock ? ", " : "", lock ? "locking memory " : "",
		    lock ? lock : "");
}

int realtime_change(unsigned priority, bool no_swap, struct failure *failure)
{
	struct sched_param ordinary = {0};

	if (!priority)
		sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &ordinary);
	if (!no_swap)
		munlockall();
	return realtime_enter(priority, no_swap, failure);
}
