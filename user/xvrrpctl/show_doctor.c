/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `doctor`: what is wrong, the worst first, each with what to do; then what was looked at. */
#include <stdio.h>
#include <string.h>

#include "show.h"
#include "table.h"
#include "words.h"

static const char *severity_colour(const char *severity)
{
	if (strcmp(severity, "problem") == 0)
		return "\033[31m";
	return strcmp(severity, "warning") == 0 ? "\033[33m" : NULL;
}

static const struct column columns[] = {{.colour = severity_colour}, {0}};

static bool is_of(const json_t *finding, const char *severity)
{
	return strcmp(get_text(finding, "severity"), severity) == 0;
}

static void add_findings(struct table *table, const json_t *findings, const char *severity)
{
	size_t i;
	json_t *finding;
	json_array_foreach(findings, i, finding) {
		if (!is_of(finding, severity))
			continue;
		table_add(table, "%s", severity);
		table_add(table, "%s: %s: %s", get_text(finding, "subject"),
			  get_text(finding, "check"), get_text(finding, "text"));
		if (!json_is_string(json_object_get(finding, "advice")))
			continue;
		table_add(table, "%s", "");
		table_add(table, "-> %s", get_text(finding, "advice"));
	}
}

/* How often has this check gone well; 0 also if it was counted further up. */
static unsigned count_well(const json_t *findings, size_t at)
{
	const char *check = get_text(json_array_get(findings, at), "check");
	unsigned count = 0;
	size_t i;
	json_t *finding;
	json_array_foreach(findings, i, finding) {
		if (!is_of(finding, "ok") || strcmp(get_text(finding, "check"), check) != 0)
			continue;
		if (i < at)
			return 0;
		count++;
	}
	return count;
}

static void print_well(const json_t *findings)
{
	const char *separator = "nothing wrong with: ";
	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *finding = json_array_get(findings, i);
		unsigned count = is_of(finding, "ok") ? count_well(findings, i) : 0;
		if (count == 0)
			continue;
		printf("%s%s", separator, get_text(finding, "check"));
		if (count > 1)
			printf(" (%u)", count);
		separator = ", ";
	}
	if (*separator == ',')
		putchar('\n');
}

static void print_sum(const json_t *result)
{
	printf("%lld problems, %lld warnings, %lld notes\n", get_number(result, "problems"),
	       get_number(result, "warnings"), get_number(result, "notes"));
}

void show_doctor(const json_t *result, const char *name)
{
	(void)name;
	const json_t *findings = json_object_get(result, "findings");
	struct table table = {.columns = columns, .column_count = 2};
	add_findings(&table, findings, "problem");
	add_findings(&table, findings, "warning");
	add_findings(&table, findings, "note");
	if (table.cell_count)
		table_print(&table, 0);
	print_well(findings);
	print_sum(result);
}
