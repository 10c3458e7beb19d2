/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocation for conf/: it never fails, because a process without memory cannot read its
 * configuration. It says so and aborts, in a reload too; the service manager starts it again, and
 * it goes on with its roles inside the leases.
 */
#ifndef CONF_MEMORY_H
#define CONF_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* What those below do without memory, for others that allocate. */
__attribute__((noreturn)) void conf_no_memory(void);

/* `size` bytes of zeros. */
void *conf_alloc(size_t size);

/*
 * Room for one more item behind `count` items: returns the array, moved where it was full. Grows by
 * doubling, so that filling an array is linear.
 */
void *conf_grow(void *array, size_t count, size_t *capacity, size_t item_size);

/* The same for arrays without a capacity of their own, which nothing else makes longer. */
void *conf_grow_doubling(void *array, size_t count, size_t item_size);

char *conf_copy(const char *text);

/* As sprintf; malloc'd. */
char *conf_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
