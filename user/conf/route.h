/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of virtual_routes, static_routes, virtual_rules and static_rules: the language of iproute2,
 * as keepalived reads it. A line that cannot be used is left out, with a warning: keepalived runs
 * without it as well.
 */
#ifndef CONF_ROUTE_H
#define CONF_ROUTE_H

#include <stdio.h>

#include "conf/conf.h"
#include "conf/reader.h"
#include "core/route.h"

/* Append what the line says. */
void routes_take(struct conf_routes *routes, const struct statement *line,
		 struct conf_diags *diags);
void rules_take(struct conf_rules *rules, const struct statement *line, struct conf_diags *diags);

void routes_free(struct conf_routes *routes);
void rules_free(struct conf_rules *rules);

/* How many rules of each family have got a priority so far; all zero to begin with. */
struct rule_numbers {
	unsigned given[2];
};

/* Rules without a priority get one, as in keepalived: from 16384 downwards in each family. */
void rules_number(struct conf_rules *rules, struct rule_numbers *numbers);

/* The canonical line, without indentation and newline; it is read as the same again. */
void route_print(FILE *out, const struct route *route);
void rule_print(FILE *out, const struct rule *rule);

/*
 * The text of /etc/iproute2/rt_tables and its like (lines `NUMBER NAME`), read by the loader:
 * tables may be named as they are there, besides main, local and default. NULL = there is none.
 * Not while another thread parses.
 */
void route_names_set(const char *text);

#endif
