/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of user/sys share: a network namespace of their own, and waiting with a deadline.
 */
#ifndef TESTS_SYS_SUPPORT_H
#define TESTS_SYS_SUPPORT_H

#include <stdbool.h>

/*
 * Give this process a new, empty network namespace, with loopback up. Exits with 77 (skip) without
 * the privilege. It vanishes with the process.
 */
void enter_namespace(void);

/* Run `ip ARGUMENTS` (printf form, split at spaces); fails the test if it fails. */
__attribute__((format(printf, 1, 2))) void ip(const char *format, ...);
/* The same, returning whether it succeeded. */
__attribute__((format(printf, 1, 2))) bool try_ip(const char *format, ...);
/* The same for /sbin/bridge. */
__attribute__((format(printf, 1, 2))) void bridge(const char *format, ...);

/* Does `program ARGUMENTS` print `text`? For a look at the kernel through eyes that are not ours.
 */
bool prints(const char *command, const char *text);

/* The interface number; fails the test if there is none. */
int index_of(const char *name);

/* Call `done(data)` until it is true, for three seconds at most; whether it came true. */
bool wait_for(bool (*done)(void *data), void *data);

#endif
