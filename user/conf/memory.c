/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void conf_no_memory(void)
{
	fputs("xvrrpd: out of memory for a configuration: ends here, to be started again\n",
	      stderr);
	abort();
}

static void *checked(void *memory)
{
	if (!memory)
		conf_no_memory();
	return memory;
}

void *conf_alloc(size_t size)
{
	return checked(calloc(1, size ? size : 1));
}

void *conf_grow(void *array, size_t count, size_t *capacity, size_t item_size)
{
	if (count < *capacity)
		return array;
	if (*capacity > SIZE_MAX / 2 / item_size)
		conf_no_memory();
	*capacity = *capacity ? *capacity * 2 : 8;
	return checked(realloc(array, *capacity * item_size));
}

void *conf_grow_doubling(void *array, size_t count, size_t item_size)
{
	size_t capacity = count & (count - 1) ? count + 1 : count; /* full at powers of two */

	return conf_grow(array, count, &capacity, item_size);
}

char *conf_copy(const char *text)
{
	return checked(strdup(text));
}

char *conf_format(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		conf_no_memory();
	va_end(arguments);
	return text;
}
