/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process has from whoever started it, made as the agent needs it. */
#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

/*
 * Call first. Standard descriptors that are closed get /dev/null, or what is opened next would
 * become the standard error. As many descriptors as the hard limit allows: each interface takes
 * some.
 */
void process_prepare(void);

/*
 * For a program that we start, in its process: the limits (descriptors, locked memory, real-time
 * CPU) and the timer slack that we were started with, as far as the system lets us. After the
 * change to ordinary scheduling, which has a slack of its own. Between vfork() and execve() it may
 * be called.
 */
void process_restore(void);

#endif
