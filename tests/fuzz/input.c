/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void take_bytes(struct input *input, void *to, size_t length)
{
	const uint8_t *at;
	size_t taken = take_view(input, &at, length);

	if (taken)
		memcpy(to, at, taken);
	memset((char *)to + taken, 0, length - taken);
}

size_t take_view(struct input *input, const uint8_t **at, size_t length)
{
	if (length > input->left)
		length = input->left;
	*at = input->at;
	input->at += length;
	input->left -= length;
	return length;
}

uint8_t take8(struct input *input)
{
	uint8_t value;

	take_bytes(input, &value, sizeof(value));
	return value;
}

uint16_t take16(struct input *input)
{
	uint16_t value;

	take_bytes(input, &value, sizeof(value));
	return value;
}

uint32_t take32(struct input *input)
{
	uint32_t value;

	take_bytes(input, &value, sizeof(value));
	return value;
}

uint64_t take64(struct input *input)
{
	uint64_t value;

	take_bytes(input, &value, sizeof(value));
	return value;
}

unsigned take_below(struct input *input, unsigned count)
{
	return count > 256 ? take16(input) % count : take8(input) % count;
}

bool take_bool(struct input *input)
{
	return take8(input) & 1;
}

void must_failed(const char *condition, const char *file, int line)
{
	/* a target may have taken stderr away */
	dprintf(STDERR_FILENO, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

void *must_allocate(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	must(memory);
	return memory;
}

char *take_rest(struct input *input)
{
	size_t length = input->left;
	char *text = must_allocate(length + 1);

	take_bytes(input, text, length);
	return text;
}
