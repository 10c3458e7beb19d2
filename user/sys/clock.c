/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock of the data plane: bpf_ktime_get_boot_ns() in user space. */
#include <time.h>

#include "core/types.h"
#include "sys/loop.h"

int64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail for this clock */
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}
