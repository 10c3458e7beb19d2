/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Advertisements and announcements of several virtual routers, in one system call. */
#ifndef OUTBOX_H
#define OUTBOX_H

#include "core/event.h"

#define OUTBOX_MAX 64 /* routers; as many frames are handed to the kernel at once */

struct agent;
struct router;
struct outbox;

struct outbox *outbox_new(void); /* NULL without memory */
void outbox_free(struct outbox *outbox);

/*
 * Carry out the actions of a step in their order, up to the first that sends; that one and what
 * follows it wait for outbox_flush(). The router has a slot, and waits for nothing yet.
 */
void outbox_put(struct router *router, const struct vr_actions *actions);

/*
 * Everything that waits, to its end: of all routers the advertisements first, each of which extends
 * its lease when it was taken; then their announcements; then what is left (I5).
 */
void outbox_flush(struct agent *agent);

#endif
