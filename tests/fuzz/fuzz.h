/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share: taking an input apart, and saying what must hold. An input has no
 * wrong form: what it lacks at its end is zeros, so that every byte string is a run.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's: one run, in memory of exactly that size; and once before the first, if defined. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct input {
	const uint8_t *at;
	size_t left;
};

uint8_t take8(struct input *input);
uint16_t take16(struct input *input);
uint32_t take32(struct input *input);
uint64_t take64(struct input *input);
/* 0 .. count - 1 */
unsigned take_below(struct input *input, unsigned count);
bool take_bool(struct input *input);
/* Fill `to`. */
void take_bytes(struct input *input, void *to, size_t length);
/* At most `length` bytes where they are; returns how many. */
size_t take_view(struct input *input, const uint8_t **at, size_t length);

/* A property. libFuzzer keeps the input of a run that aborts. */
#define must(condition) ((condition) ? (void)0 : must_failed(#condition, __FILE__, __LINE__))
_Noreturn void must_failed(const char *condition, const char *file, int line);

/* Allocation never fails here. */
void *must_allocate(size_t size);
/* The rest of the input as a string, NUL-terminated; free it. */
char *take_rest(struct input *input);

#endif
