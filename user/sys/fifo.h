/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A named pipe into which lines are written for whoever reads it (keepalived's notify_fifo). The
 * loop never touches the pipe: a thread of its own makes it, opens it and writes.
 *
 * Nobody reads: the kernel keeps some lines, then memory some, in order; after that only the
 * newest of each name, so that whoever comes late learns how things are. Removed by somebody: it is
 * made again, within a second.
 */
#ifndef SYS_FIFO_H
#define SYS_FIFO_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/failure.h"

struct fifo;
struct fifo_line;
struct loop;

struct fifo_order {
	const char *path;
	const char *user, *group; /* whose it is, if it has to be made; NULL: ACCOUNT_USUAL, or the
				     agent's */
};

/* Those whose lines replace each other, zero at first; one for each fifo, and outlives it. */
struct fifo_name {
	struct fifo_line *newest;
};

/* The pipe is there; also the second time, when it had to be made again. */
typedef void fifo_ready_fn(void *data);

/* NULL: no memory, no thread. What is wrong with the path is logged, and tried again. */
struct fifo *fifo_open(struct loop *loop, const struct fifo_order *order, fifo_ready_fn *ready,
		       void *data, struct failure *failure);

/* `meanwhile` is called every millisecond while fifo_close() waits for the thread. */
void fifo_meanwhile(struct fifo *fifo, void (*meanwhile)(void *data), void *data);

/* `text` with its newline. Quick. */
void fifo_write(struct fifo *fifo, struct fifo_name *name, const char *text);

/*
 * At the end, without the loop: wait until everything is written and, if `read`, read, but not for
 * longer than `patience_ns`. True if it is.
 */
bool fifo_finish(struct fifo *fifo, bool read, int64_t patience_ns);

/* The file is removed if we have made it. NULL is allowed. */
void fifo_close(struct fifo *fifo);

#endif
