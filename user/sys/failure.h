/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a system function failed, in words for the operator: what, where, and what to do. */
#ifndef SYS_FAILURE_H
#define SYS_FAILURE_H

struct failure {
	char text[400];
};

/* Fill in `failure` (may be NULL); returns -1 so that callers can `return fail(...)`. */
__attribute__((format(printf, 2, 3))) int fail(struct failure *failure, const char *format, ...);

#endif
