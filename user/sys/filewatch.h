/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers in files, read again whenever a file may have changed: written, replaced, removed,
 * reached by other links or directories. A thread of their own reads them, because a file may be
 * on a disk that does not answer. What is no regular file is never opened: a FIFO would wait, a
 * device would do things.
 */
#ifndef SYS_FILEWATCH_H
#define SYS_FILEWATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/failure.h"

struct loop;
struct filewatches;
struct filewatch;

struct filewatch_reading {
	bool is_number;	     /* else `number` is not to be used: what was read before stands */
	int64_t number;	     /* 0 of a file that is missing, or begins with no number */
	const char *problem; /* why it could not be read, or has no number; NULL = none */
};

/* What the file says; `reading` is gone after the call. The first time soon after the start. */
typedef void filewatch_fn(const struct filewatch_reading *reading, void *data);

/* What to do with the file before it is read the first time. */
struct filewatch_init {
	bool create, overwrite; /* write `value` if it is missing, in any case */
	int64_t value;
};

struct filewatches *filewatches_open(struct loop *loop, struct failure *failure);
void filewatches_close(struct filewatches *watches); /* NULL is allowed */

/* `path` and `init` (NULL = nothing) are copied. NULL only without memory. */
struct filewatch *filewatch_new(struct filewatches *watches, const char *path,
				const struct filewatch_init *init, filewatch_fn *read, void *data);
void filewatch_free(struct filewatch *watch); /* NULL is allowed */

/*
 * The number at the beginning of a text, as keepalived takes it: decimal, octal with a leading 0,
 * hexadecimal with 0x; 0 if there is none. False if it does not fit into 32 bits.
 */
bool filewatch_parse(const char *text, int64_t *number);

#endif
