/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `drain`, `undrain`, `reload`: what was done, and what comes of it. */
#include <stdio.h>

#include "show.h"
#include "words.h"

/* A line for each name, then one of advice, which `name` makes more exact. */
static void show_names(const json_t *names, const char *what, const char *advice, const char *name)
{
	for (size_t i = 0; i < json_array_size(names); i++)
		printf("%s %s\n", json_string_value(json_array_get(names, i)), what);
	if (json_array_size(names) == 0)
		puts("no virtual router is configured");
	else
		printf("%s%s%s\n", advice, name ? " " : "", name ? name : "");
}

void show_drain(const json_t *result, const char *name)
{
	show_names(json_object_get(result, "drained"), "gives its role away and stays backup",
		   "to watch: xvrrpctl status; to end this: xvrrpctl undrain", name);
}

void show_undrain(const json_t *result, const char *name)
{
	show_names(json_object_get(result, "undrained"), "has its priority again",
		   "to watch: xvrrpctl status", name);
}

void show_reload(const json_t *result, const char *name)
{
	(void)name;
	json_int_t changed = get_number(result, "changed");
	if (changed)
		printf("%lld virtual router%s changed\n", changed, changed == 1 ? "" : "s");
	else
		puts("unchanged");
}
