/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock of the data plane, bpf_ktime_get_boot_ns() in user space; and that of people. */
#include <time.h>

#include "core/types.h"
#include "sys/loop.h"

int64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail for this clock */
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t wall_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / NS_PER_US;
}
