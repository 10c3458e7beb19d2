/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a command: a list of strings that ends with NULL. */
#ifndef SYS_COMMAND_H
#define SYS_COMMAND_H

/*
 * A copy of all of them, `more` (NULL = none) behind `words`. NULL without memory: half a command
 * is never run.
 */
char **command_copy(char *const *words, const char *const *more);

void command_free(char **words); /* NULL is allowed */

#endif
