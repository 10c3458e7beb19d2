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

static void print_counters(const json_t *statistics, bool zeros)
{
	struct table table = {.columns = counter_columns, .column_count = 3};
	const json_t *errors = json_object_get(statistics, "errors");
	add_counters(&table, statistics, "", zeros);
	if (errors) {
		table_add(&table, "errors");
		table_add(&table, "%s", "");
		table_add(&table, "%s", "");
		add_counters(&table, errors, "  ", zeros);
	}
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
		print_counters(json_object_get(each, "statistics"), true);
	}
	json_array_foreach(json_object_get(result, "interfaces"), i, each) {
		printf("interface %s\n", get_text(each, "name"));
		print_counters(json_object_get(each, "statistics"), true);
	}
}

static const struct column interface_columns[] = {
	{"NAME", false, NULL},
	{"MODE", false, NULL},
	{"WHY", false, NULL},
};

static bool any_count(const json_t *statistics)
{
	const char *key;
	json_t *value;
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
		const json_t *statistics = json_object_get(interface, "statistics");
		if (!any_count(statistics))
			continue;
		printf("\n%s\n", get_text(interface, "name"));
		print_counters(statistics, false);
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
