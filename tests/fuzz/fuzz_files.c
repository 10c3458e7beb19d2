/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that others write: what the kernel tells of the processor and of the clock that runs on
 * while a machine stands still, and the pid file of an agent that has the run directory. The time
 * is this file's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/types.h"
#include "fuzz.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/rundir.h"
#include "sys/stood_still.h"

enum {
	CPUINFO,
	RTC_NAME,
	RTC_TIME,
	PID,
	LOCK,
	FILES,
};

static const char *const names[FILES] = {
	"/proc/cpuinfo",
	"/sys/class/rtc/rtc0/name",
	"/sys/class/rtc/rtc0/since_epoch",
	"/run/xvrrpd.pid",
	"/run/lock",
};

static const char *const folders[] = {
	"", "/proc", "/sys", "/sys/class", "/sys/class/rtc", "/sys/class/rtc/rtc0", "/run",
};
#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

static char root[100];
static int files[FILES];
static int64_t now_ns, wall_us;

int64_t clock_ns(void)
{
	return now_ns;
}

int64_t wall_clock_us(void)
{
	return wall_us;
}

/* Nobody reads it, and it costs more than all the rest. */
void log_line(enum log_level level, const char *format, ...)
{
	(void)level, (void)format;
}

/* ---- files ---- */

static const char *path_of(const char *path)
{
	static char full[200];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return full;
}

static void remove_files(void)
{
	for (int i = 0; i < FILES; i++)
		unlink(path_of(names[i]));
	for (size_t i = FOLDERS; i-- > 0;)
		rmdir(path_of(folders[i]));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *where = getenv("TMPDIR"); /* run.sh sees to it that it is no disk */

	(void)argc, (void)argv;
	snprintf(root, sizeof(root), "%.60s/fuzz-files-%d", where ? where : "/tmp", (int)getpid());
	atexit(remove_files);
	for (size_t i = 0; i < FOLDERS; i++)
		must(!mkdir(path_of(folders[i]), 0700));
	for (int i = 0; i < FILES; i++) {
		files[i] = open(path_of(names[i]), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		must(files[i] >= 0);
	}
	must(!flock(files[LOCK], LOCK_EX));
	return 0;
}

static void write_file(int number, const void *text, size_t length)
{
	must(!ftruncate(files[number], 0));
	must(!length || pwrite(files[number], text, length, 0) == (ssize_t)length);
}

static void take_file(struct input *input, int number)
{
	const uint8_t *text;
	size_t length = take_view(input, &text, take8(input));

	write_file(number, text, length);
}

/* Seconds: about right, any number, or no number. */
static void take_time(struct input *input)
{
	long long seconds = now_ns / NS_PER_S + 1700000000;
	char text[32];
	int length;

	switch (take_below(input, 4)) {
	case 0:
		take_file(input, RTC_TIME);
		return;
	case 1:
		seconds = (long long)take64(input);
		break;
	case 2:
		seconds += (int8_t)take8(input);
		break;
	}
	length = snprintf(text, sizeof(text), "%lld\n", seconds);
	write_file(RTC_TIME, text, (size_t)length);
}

/* ---- what is done with them ---- */

static void look_at_clocks(struct input *input)
{
	struct stood_still *clocks = stood_still_open(root);
	struct standstill found;

	while (clocks && input->left) {
		take_time(input);
		now_ns += take16(input) * NS_PER_MS;
		wall_us += take16(input) * 1000;
		if (!stood_still(clocks, &found))
			continue;
		must(found.lost_ns > 0);
		must(found.since_ns > 0 && found.since_ns <= now_ns);
	}
	stood_still_close(clocks);
}

static void start_another(void)
{
	struct failure failure = {""};

	must(!rundir_open(path_of("/run"), &failure));
	must(strstr(failure.text, "another xvrrpd"));
	must(memchr(failure.text, '\0', sizeof(failure.text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char cpu[] = "flags\t: hypervisor\n", rtc[] = "rtc_cmos 00:01\n";
	struct input input = {data, size};

	now_ns = 1000 * NS_PER_S;
	wall_us = 1700000000LL * 1000000;
	if (take_bool(&input)) {
		take_file(&input, PID);
		start_another();
		return 0;
	}
	if (take_bool(&input)) {
		write_file(CPUINFO, cpu, sizeof(cpu) - 1);
		write_file(RTC_NAME, rtc, sizeof(rtc) - 1);
	} else {
		take_file(&input, CPUINFO);
		take_file(&input, RTC_NAME);
	}
	look_at_clocks(&input);
	return 0;
}
