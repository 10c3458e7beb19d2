/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Did the virtual machine stand still without its clocks knowing? A hypervisor that pauses, saves
 * or migrates a machine stops the machine's clocks with it, CLOCK_BOOTTIME too, so that a lease
 * looks valid long after another router has taken over. The real-time clock of the emulated board
 * goes on: what it has gained is the time that was lost.
 *
 * Looking takes a few hundred microseconds: it is for the moment before an Active sends, never for
 * a takeover. No more than a small part of a CPU is spent, by looking less often.
 */
#ifndef SYS_STOOD_STILL_H
#define SYS_STOOD_STILL_H

#include <stdbool.h>
#include <stdint.h>

struct stood_still;

struct standstill {
	int64_t since_ns; /* it began after this: the look before, when all was well */
	int64_t lost_ns;  /* it lasted no longer than this */
};

/*
 * NULL where there is no such clock: not a virtual machine, no RTC, or another kind than the PC's,
 * which is the one that is known to go on and not to sleep. `root` is "" but in tests.
 */
struct stood_still *stood_still_open(const char *root);
void stood_still_close(struct stood_still *clocks); /* NULL is allowed */

/*
 * Compare with the look before. True if time was lost since; pauses of two seconds and more are
 * noticed for sure, shorter ones by chance. False with NULL, and if somebody has set the RTC by
 * the system's clock. The first look only takes down what the clocks say.
 */
bool stood_still(struct stood_still *clocks, struct standstill *found);

#endif
