/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The statements of the configuration language, out of its table of keywords. */
#ifndef TESTS_FUZZ_STATEMENT_H
#define TESTS_FUZZ_STATEMENT_H

#include "conf/schema.h"

#define STATEMENT_LEN 128

/*
 * Way number `choice` to write a keyword: alone, with the bounds of its range and what is just
 * outside, with each of its words. Begins with the newline, or the blank, that has to be in front.
 * False if there are no so many ways.
 */
bool statement_of(const struct keyword *keyword, unsigned choice, char text[STATEMENT_LEN]);

/* What is no keyword: an instance to begin with, addresses, marks. NULL behind the last. */
const char *statement_other(unsigned number);

#endif
