/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines to stderr, from any thread. Never waits: a thread of the log's own writes the lines.
 * One that finds no room in the queue, or that stderr refuses, is lost, and a line says how many
 * were, as soon as stderr takes one. With a <N> priority prefix when under systemd's journal.
 */
#ifndef SYS_LOG_H
#define SYS_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR = 3, /* syslog's numbers */
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/*
 * Call once, before anything opens descriptors that it keeps: a closed stderr gets /dev/null. Reads
 * JOURNAL_STREAM. Before it: info, no prefixes, no thread.
 */
void log_open(enum log_level most);
/* Write what waits, for a second at most. Also before an exit in a hurry, or the last lines miss.
 */
void log_close(void);
/* The same in a hurry: a stderr that takes nothing is given 20 ms. */
void log_leave(void);

/* "error", "warning", "notice", "info", "debug"; false for anything else. */
bool log_level_parse(const char *name, enum log_level *level);

__attribute__((format(printf, 2, 3))) void log_line(enum log_level level, const char *format, ...);

#define log_error(...)	 log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
