/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of a failure. errno survives, so that a caller can report and still look at it. */
#include "sys/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int fail(struct failure *failure, const char *format, ...)
{
	int saved = errno;

	if (failure) {
		va_list args;

		va_start(args, format);
		vsnprintf(failure->text, sizeof(failure->text), format, args);
		va_end(args);
	}
	errno = saved;
	return -1;
}
