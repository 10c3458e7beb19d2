/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notify_fifo and vrrp_notify_fifo, each with the program that reads it. */
#ifndef NOTIFY_FIFO_H
#define NOTIFY_FIFO_H

#include "notify_names.h"

struct pipes;

/* NULL without memory. */
struct pipes *pipes_open(struct agent *agent, struct names *names);

/* As agent->conf says now: one that is configured as before goes on, with its reader. */
void pipes_follow(struct pipes *pipes);

/* Is there one? */
bool pipes_any(const struct pipes *pipes);

/* INSTANCE "NAME" WORD PRIORITY, into all. Quick. */
void pipes_write(struct pipes *pipes, struct name *name, const char *word, unsigned priority);

/* The end, without the loop: what was written is read, readers end; bounded. */
void pipes_close(struct pipes *pipes);

#endif
