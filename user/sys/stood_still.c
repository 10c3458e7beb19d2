/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RTC has a resolution of a second, so a look tells only that its zero was within a certain
 * second of CLOCK_BOOTTIME. Looks at different phases narrow that down; one that contradicts them
 * means that one of the clocks stood still, or was set.
 *
 * Measured with QEMU: stop and cont of the machine stop all clocks but this one. Freezing the
 * emulator's process stops none; then the lease is over by itself. /dev/rtc0 would be for one
 * process at a time, sysfs is for all.
 */
#include "sys/stood_still.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/types.h"
#include "sys/loop.h"

#define DRIFT_SHARE    10 /* of the time: the kernel lets clocks be slewed by no more */
#define COST_SHARE     25 /* of the time is spent looking, at most; ... */
#define COST_SAVED_NS  (250 * NS_PER_MS) /* ... what is not used counts for so long */
#define COST_MAX_NS    (8 * NS_PER_MS)	 /* what takes longer is somebody else's time */
#define SET_WITHIN_NS  NS_PER_S
#define TIME_ZONE_STEP (900 * NS_PER_S)
#define RTC_END_S      4102444800 /* of the year 2099, the last one of that kind of clock */

struct stood_still {
	int fd;
	int64_t looked_ns; /* 0 = never */
	int64_t paid_ns;   /* until then for the looks so far: see COST_SHARE */
	int64_t low_ns;	   /* the RTC's zero on CLOCK_BOOTTIME: not before this, ... */
	int64_t high_ns;   /* ... nor after this */
};

static FILE *open_below(const char *root, const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return fopen(full, "re");
}

/* Does a line of the file begin with `start`, and contain `word`? */
static bool tells(FILE *file, const char *start, const char *word)
{
	char line[8192];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = !strncmp(line, start, strlen(start)) && strstr(line, word);
	if (file)
		fclose(file);
	return found;
}

struct stood_still *stood_still_open(const char *root)
{
	struct stood_still *clocks;
	char path[256];

	if (!tells(open_below(root, "/proc/cpuinfo"), "flags", " hypervisor") ||
	    !tells(open_below(root, "/sys/class/rtc/rtc0/name"), "rtc_cmos", ""))
		return NULL;
	clocks = calloc(1, sizeof(*clocks));
	if (!clocks)
		return NULL;
	snprintf(path, sizeof(path), "%s/sys/class/rtc/rtc0/since_epoch", root);
	clocks->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (clocks->fd >= 0)
		return clocks;
	free(clocks);
	return NULL;
}

void stood_still_close(struct stood_still *clocks)
{
	if (!clocks)
		return;
	close(clocks->fd);
	free(clocks);
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What this look alone says of low_ns and high_ns. */
static bool look(const struct stood_still *clocks, struct stood_still *now)
{
	int64_t begin_ns = clock_ns(), end_ns, rtc_ns;
	long long rtc_s;
	char text[32] = "";

	if (pread(clocks->fd, text, sizeof(text) - 1, 0) <= 0)
		return false;
	end_ns = clock_ns();
	rtc_s = strtoll(text, NULL, 10);
	if (rtc_s < 0 || rtc_s > RTC_END_S)
		return false;
	rtc_ns = rtc_s * NS_PER_S;
	*now = (struct stood_still){
		.fd = clocks->fd,
		.looked_ns = begin_ns,
		.paid_ns = clocks->paid_ns > begin_ns ? clocks->paid_ns : begin_ns,
		.low_ns = begin_ns - rtc_ns - NS_PER_S,
		.high_ns = end_ns - rtc_ns,
	};
	now->paid_ns += smaller(end_ns - begin_ns, COST_MAX_NS) * COST_SHARE;
	return true;
}

/* The RTC agrees with the system's clock, in some time zone: somebody has set it so. */
static bool was_set(const struct stood_still *now)
{
	int64_t system_ns = clock_ns() - wall_clock_us() * NS_PER_US;
	int64_t apart_ns = ((now->low_ns + now->high_ns) / 2 - system_ns) % TIME_ZONE_STEP;

	if (apart_ns < 0)
		apart_ns += TIME_ZONE_STEP;
	return apart_ns < SET_WITHIN_NS || apart_ns > TIME_ZONE_STEP - SET_WITHIN_NS;
}

/* What the looks until `before` say of low_ns and high_ns by the time of `now`. */
static void grow_old(struct stood_still *before, const struct stood_still *now)
{
	int64_t drift_ns = (now->looked_ns - before->looked_ns) / DRIFT_SHARE;

	before->low_ns -= drift_ns;
	before->high_ns += drift_ns;
}

static void narrow(struct stood_still *now, const struct stood_still *before)
{
	if (now->low_ns < before->low_ns)
		now->low_ns = before->low_ns;
	if (now->high_ns > before->high_ns)
		now->high_ns = before->high_ns;
}

static bool too_soon(const struct stood_still *clocks)
{
	return clock_ns() < clocks->paid_ns - COST_SAVED_NS;
}

bool stood_still(struct stood_still *clocks, struct standstill *found)
{
	struct stood_still now, before;

	if (!clocks || too_soon(clocks) || !look(clocks, &now))
		return false;
	before = *clocks;
	*clocks = now;
	if (!before.looked_ns)
		return false;
	grow_old(&before, &now);
	if (now.low_ns > before.high_ns)
		return false; /* it was set back */
	if (now.high_ns >= before.low_ns) {
		narrow(clocks, &before);
		return false;
	}
	*found = (struct standstill){
		.since_ns = before.looked_ns,
		.lost_ns = before.high_ns - now.low_ns,
	};
	return !was_set(&now);
}
