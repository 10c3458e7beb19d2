/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a line that describes a route or a rule, one after the other, and their values. */
#ifndef CONF_ROUTE_WORDS_H
#define CONF_ROUTE_WORDS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf/reader.h"
#include "core/types.h"

/* Where in the line the parser is. Once it is `bad`, which has been told, the line is left out. */
struct route_words {
	const struct statement *line;
	size_t at;
	struct conf_diags *diags;
	const char *what; /* "route" or "rule" */
	bool bad;
	bool has_family;
	uint8_t family; /* enum vrrp_family, known from the first address on */
};

/* The next word without taking it; NULL = there is none. */
const struct word *words_peek(const struct route_words *words);
/* Is it `name`? Then it is taken. */
bool words_next_is(struct route_words *words, const char *name);
/* The value of the keyword that was taken last; NULL = there is none, which is told. */
const struct word *words_value(struct route_words *words);

/* The line is of no use: "`word` PROBLEM: the route is left out". */
void words_refuse(struct route_words *words, const struct word *word, const char *problem);

/* All of the line has one family. */
void words_set_family(struct route_words *words, const struct word *word, uint8_t family);

/* The value of the last keyword as a number, also 0x..., or 0 and the line is bad. */
uint32_t words_number(struct route_words *words, uint32_t min, uint32_t max);

/* default, any, all, or default6 of old versions, which is one of IPv6. */
bool words_mean_any(const char *text);
/* ADDRESS[/LENGTH] or one of those; bits behind the prefix are cleared, with a warning. */
void words_prefix(struct route_words *words, const struct word *word, struct vrrp_addr *address,
		  uint8_t *length);
/* An address of the family of the line, which it may set. */
void words_address(struct route_words *words, const struct word *word, struct vrrp_addr *address);
void words_interface(struct route_words *words, char name[IFNAMSIZ]);

uint32_t words_table(struct route_words *words);
uint8_t words_scope(struct route_words *words);
uint8_t words_protocol(struct route_words *words);
uint32_t words_realms(struct route_words *words);

/* Whole text as a number in decimal, octal (0...) or hexadecimal (0x...). */
bool words_to_number(const char *text, uint64_t max, uint64_t *number);

/* The type of a route (RTN_*) of that name, or 0. */
uint8_t words_type(const char *name);
const char *words_type_name(uint8_t type);
const char *words_scope_name(uint8_t scope); /* NULL = it has none */

/* For words that are no keyword: which of `names` (up to NULL) is near? NULL = none. */
const char *words_nearest(const char *const *names, const char *word);

#endif
