/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include <jansson.h>

/*
 * A JSON string of text that may hold any bytes: each one that is not part of valid UTF-8 becomes
 * U+FFFD. NULL without memory.
 */
json_t *json_text(const char *text);

#endif
