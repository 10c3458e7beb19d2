/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the keyword table says, for people: xvrrpd --explain, and a part of the manual page. */
#ifndef CONF_EXPLAIN_H
#define CONF_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Everything about `name`, once for each block that it may stand in. False if no block knows it:
 * then the keyword that is probably meant, if there is one, has been named on `errors`.
 */
bool explain_keyword(FILE *out, FILE *errors, const char *name);

/* All keywords, in the language of manual pages, between two marks that are comments there. */
void explain_manual(FILE *out);

#define EXPLAIN_MANUAL_BEGIN \
	".\\\" Made of the keyword table: REGENERATE=1 build/tests/conf/test_schema\n"
#define EXPLAIN_MANUAL_END ".\\\" The end of what is made of it\n"

#endif
