/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a program one that only root can change? */
#ifndef SYS_SCRIPT_CHECK_H
#define SYS_SCRIPT_CHECK_H

#include "sys/failure.h"

/*
 * `program` as execvp() takes it: with PATH unless there is a slash in it. 0 if the file, and every
 * directory above it, belong to root and cannot be written by others; else -1, and which one.
 */
int script_check(const char *program, struct failure *failure);

#endif
