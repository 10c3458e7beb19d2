/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stats` and `interfaces`: counters with their meanings; and the two printers of one line. */
#include <stdio.h>

#include "show.h"
#include "table.h"
#include "words.h"

static const struct column counter_columns[] = {
	{NULL, false, NULL},
	{NULL, true, NULL},
	{NULL, false, NULL},
};

/* Rows of counters; what one counts is said where it is not zero. Objects inside are skipped. */
static void add_counters(struct table *table, const json_t *counters, const char *indent,
			 bool zeros)
{
	char text[COUNTER_TEXT_LEN];
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)counters, key, value) {
		json_int_t count = json_integer_value(value);
		if (!json_is_integer(value) || (count == 0 && !zeros))
			continue;
		table_add(table, "%s%s", indent, key);
		table_add(table, "%lld", count);
		table_add(table, "%s", count ? counter_text(key, text) : "");
	}
}

static void print_router_counters(const json_t *statistics)
{
	struct table table = {.columns = counter_columns, .column_count = 3};
	add_counters(&table, statistics, "", true);
	table_add(&table, "errors");
	table_add(&table, "%s", "");
	table_add(&table, "%s", "");
	add_counters(&table, json_object_get(statistics, "errors"), "  ", true);
	table_print(&table, 2);
}

/* What the agent has counted of an interface stands beside its "statistics". */
static void print_interface_counters(const json_t *interface, bool zeros)
{
	struct table table = {.columns = counter_columns, .column_count = 3};
	json_int_t restored = get_number(interface, "programs_restored");
	if (restored || zeros) {
		table_add(&table, "programs_restored");
		table_add(&table, "%lld", restored);
		table_add(&table, "%s", restored ? "times another tool removed our programs" : "");
	}
	add_counters(&table, json_object_get(interface, "statistics"), "", zeros);
	table_print(&table, 2);
}

void show_stats(const json_t *result, const char *name)
{
	(void)name;
	size_t i;
	json_t *each;
	char place[PLACE_LEN];
	json_array_foreach(json_object_get(result, "virtual_routers"), i, each) {
		printf("%s on %s, VRID %lld\n", get_text(each, "name"), place_of(each, place),
		       get_number(each, "vrid"));
		print_router_counters(json_object_get(each, "statistics"));
	}
	json_array_foreach(json_object_get(result, "interfaces"), i, each) {
		printf("interface %s\n", get_text(each, "name"));
		print_interface_counters(each, true);
	}
}

static const struct column interface_columns[] = {
	{"NAME", false, NULL},
	{"MODE", false, NULL},
	{"WHY", false, NULL},
};

static bool any_count(const json_t *interface)
{
	const json_t *statistics = json_object_get(interface, "statistics");
	const char *key;
	json_t *value;
	if (get_number(interface, "programs_restored"))
		return true;
	json_object_foreach((json_t *)statistics, key, value) {
		if (json_integer_value(value))
			return true;
	}
	return false;
}

void show_interfaces(const json_t *result, const char *name)
{
	(void)name;
	const json_t *list = json_object_get(result, "interfaces");
	if (json_array_size(list) == 0) {
		puts("no interface is in use");
		return;
	}
	struct table table = {.columns = interface_columns, .column_count = 3};
	size_t i;
	json_t *interface;
	json_array_foreach((json_t *)list, i, interface) {
		table_add(&table, "%s", get_text(interface, "name"));
		table_add(&table, "%s", get_text(interface, "xdp_mode"));
		table_add(&table, "%s", get_text(interface, "xdp_mode_reason"));
	}
	table_print(&table, 0);
	json_array_foreach((json_t *)list, i, interface) {
		if (!any_count(interface))
			continue;
		printf("\n%s\n", get_text(interface, "name"));
		print_interface_counters(interface, false);
	}
}

void show_config(const json_t *result, const char *name)
{
	(void)name;
	const char *text = json_string_value(result);
	fputs(text ? text : "", stdout);
}

void show_version(const json_t *result, const char *name)
{
	(void)name;
	printf("xvrrpd %s\n", get_text(result, "version"));
}
