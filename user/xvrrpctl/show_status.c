/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `status`: the table of all virtual routers, and below it what an operator should look at. */
#include <stdio.h>
#include <string.h>

#include "show.h"
#include "table.h"
#include "words.h"

static const char *state_colour(const char *state)
{
	if (strstr(state, DRAINED_MARK))
		return "\033[33m";
	if (strcmp(state, "active") == 0)
		return "\033[32m";
	return strcmp(state, "initialize") == 0 ? "\033[31m" : NULL;
}

static const struct column columns[] = {
	{"NAME", false, NULL},		{"INTERFACE", false, NULL},	{"VRID", true, NULL},
	{"STATE", false, state_colour}, {"FOR", false, NULL},		{"PRIO", true, NULL},
	{"ADDRESS", false, NULL},	{"ACTIVE ROUTER", false, NULL}, {"LEASE", true, NULL},
};

#define ADDRESSES_SHOWN 6

/* The addresses, one below the other. */
static void add_addresses(struct table *table, const json_t *addresses)
{
	char text[1000] = "-";
	size_t count = json_array_size(addresses), used = 0;
	size_t shown = count > ADDRESSES_SHOWN ? ADDRESSES_SHOWN - 1 : count;
	for (size_t i = 0; i < shown && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? "\n" : "",
					 json_string_value(json_array_get(addresses, i)));
	if (shown < count)
		table_add(table, "%s\nand %zu more", text, count - shown);
	else
		table_add(table, "%s", text);
}

static void add_lease(struct table *table, const json_t *router, bool active)
{
	char text[SPAN_LEN];
	json_int_t lease_us = get_number(router, "lease_remaining_us");
	if (lease_us > 0)
		table_add(table, "%s", span_us(lease_us / 1000 * 1000, text));
	else
		table_add(table, "%s", active ? "expired" : "-");
}

static void add_router(struct table *table, const json_t *router)
{
	char place[PLACE_LEN], age[SPAN_LEN], state[STATE_LEN];
	bool active = strcmp(get_text(router, "state"), "active") == 0;
	table_add(table, "%s", get_text(router, "name"));
	table_add(table, "%s", place_of(router, place));
	table_add(table, "%lld", get_number(router, "vrid"));
	table_add(table, "%s", state_of(router, state));
	table_add(table, "%s", age_of(json_object_get(router, "last_transition"), age));
	table_add(table, "%lld", get_number(router, "effective_priority"));
	add_addresses(table, json_object_get(router, "virtual_addresses"));
	table_add(table, "%s", active ? "this one" : get_text(router, "active_address"));
	add_lease(table, router, active);
}

/* An empty line before the first note. */
static void begin_note(bool *begun)
{
	if (!*begun)
		putchar('\n');
	*begun = true;
}

static void print_faults(const json_t *router, bool *begun)
{
	size_t i;
	json_t *reason;
	json_array_foreach(json_object_get(router, "fault_reasons"), i, reason) {
		const char *text = json_string_value(reason);
		begin_note(begun);
		printf("%s does not run: %s\n", get_text(router, "name"),
		       fault_text(text ? text : "-"));
	}
}

static void print_drained(const json_t *router, bool *begun)
{
	const char *name = get_text(router, "name");
	if (!get_bool(router, "drained"))
		return;
	begin_note(begun);
	printf("%s is drained: it does not take the role; to end this: xvrrpctl undrain %s\n", name,
	       name);
}

/* That there are any is what the table has no room for; which, `stats` tells. */
static void print_errors(const json_t *router, bool *begun)
{
	const json_t *errors = json_object_get(json_object_get(router, "statistics"), "errors");
	const char *key, *name = get_text(router, "name");
	json_t *count;
	unsigned long long sum = 0;
	json_object_foreach((json_t *)errors, key, count)
		sum += (unsigned long long)json_integer_value(count);
	if (!sum)
		return;
	begin_note(begun);
	printf("%s: errors counted: %llu; which: xvrrpctl stats %s\n", name, sum, name);
}

void show_status(const json_t *result, const char *name)
{
	const json_t *routers = json_object_get(result, "virtual_routers");
	const json_t *interfaces = json_object_get(result, "interfaces");
	size_t count = json_array_size(routers);
	if (name) {
		for (size_t i = 0; i < count; i++)
			show_router(json_array_get(routers, i), interfaces);
		return;
	}
	if (count == 0) {
		puts("no virtual router is configured");
		return;
	}
	struct table table = {.columns = columns,
			      .column_count = sizeof(columns) / sizeof(columns[0])};
	for (size_t i = 0; i < count; i++)
		add_router(&table, json_array_get(routers, i));
	table_print(&table, 0);
	bool begun = false;
	for (size_t i = 0; i < count; i++) {
		print_faults(json_array_get(routers, i), &begun);
		print_drained(json_array_get(routers, i), &begun);
		print_errors(json_array_get(routers, i), &begun);
	}
}
