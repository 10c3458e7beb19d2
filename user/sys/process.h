/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process has from whoever started it, made as the agent needs it. */
#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

#include <sys/resource.h>

/*
 * Call first. Standard descriptors that are closed get /dev/null, or what is opened next would
 * become the standard error. As many descriptors as the hard limit allows: each interface takes
 * some.
 */
void process_prepare(void);

/* The limit as it was before that: for programs that we start. */
struct rlimit process_descriptor_limit(void);

#endif
