/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines to stderr. Never blocks: a line that stderr does not take at once is dropped, and the
 * next one that fits says how many were. With a <N> priority prefix when under systemd's journal.
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

/* Call once before anything logs; reads JOURNAL_STREAM. Without it: info, no prefixes. */
void log_open(enum log_level most);
void log_close(void);

/* "error", "warning", "notice", "info", "debug"; false for anything else. */
bool log_level_parse(const char *name, enum log_level *level);

__attribute__((format(printf, 2, 3))) void log_line(enum log_level level, const char *format, ...);

#define log_error(...)	 log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
