/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyword table agrees with itself and with the manual page. */
#include "support.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/explain.h"
#include "conf/schema.h"

#define MANUAL "docs/man/xvrrpd.conf.5"

static bool is_built(const struct keyword *keyword)
{
	return keyword->kind != KIND_ACCEPTED && keyword->kind != KIND_SKIPPED &&
	       keyword->kind != KIND_REFUSED;
}

static void test_rows(void **state)
{
	const struct keyword *row;

	(void)state;
	for (size_t i = 0; (row = schema_at(i)); i++) {
		if (schema_find(row->context, row->name) != row)
			fail_msg("%s stands twice in the table", row->name);
		if (is_built(row) != (row->help != NULL))
			fail_msg("%s: help for what is built, and only for that", row->name);
		if (row->kind == KIND_SKIPPED || row->kind == KIND_REFUSED)
			assert_true(strlen(schema_part_text(row->part)) > 0);
		if (row->kind == KIND_INTEGER || row->kind == KIND_SECONDS)
			assert_true(row->required || row->key == KEY_QUORUM_MAX ||
				    (row->fallback == NO_DEFAULT && strstr(row->help, "default")) ||
				    (row->fallback >= row->min && row->fallback <= row->max));
		if (row->required)
			assert_int_equal(row->fallback, NO_DEFAULT);
	}
}

/* Keywords that both blocks have are described in each. */
static const char *section(const char *manual, enum schema_context context)
{
	bool outer = context == IN_ROOT || context == IN_GLOBAL;
	const char *start = strstr(manual, outer ? ".Sh GLOBAL" : ".Sh VIRTUAL");

	if (context == IN_SCRIPT)
		start = strstr(manual, ".Ss In vrrp_script");
	else if (context == IN_TRACK_FILE)
		start = strstr(manual, ".Ss In track_file");
	else if (context == IN_PROCESS)
		start = strstr(manual, ".Ss In vrrp_track_process");
	assert_non_null(start);
	return start;
}

/* Between its own lines (.It Ic NAME) and the next item that has a text. */
static char *manual_entry(const char *manual, const char *name)
{
	char *head;
	const char *start = manual, *end;

	assert_true(asprintf(&head, "\n.It Ic %s", name) > 0);
	do {
		start = strstr(start + 1, head);
		if (!start)
			fail_msg("%s says nothing about %s", MANUAL, name);
	} while (isalnum((unsigned char)start[strlen(head)]) || start[strlen(head)] == '_');
	free(head);
	do
		start = strchr(start + 1, '\n');
	while (!strncmp(start, "\n.It ", 5));
	end = strstr(start, "\n.It ");
	return strndup(start, end ? (size_t)(end - start) : strlen(start));
}

static void expect(const char *name, const char *entry, const char *words)
{
	char *flat = strdup(entry);

	for (char *at = flat; *at; at++)
		*at = *at == '\n' ? ' ' : *at;
	if (!strcasestr(flat, words))
		fail_msg("%s should say `%s` about %s, but says:%s", MANUAL, words, name, flat);
	free(flat);
}

static void expect_range(const struct keyword *row, const char *entry)
{
	char min[VALUE_TEXT_LEN], max[VALUE_TEXT_LEN], *words;

	assert_true(asprintf(&words, "range %s to %s", schema_format_value(row, row->min, min),
			     schema_format_value(row, row->max, max)) > 0);
	expect(row->name, entry, words);
	free(words);
}

/* What an instance takes from global_defs is described there or here, with one range and default.
 */
static bool described_elsewhere(const struct keyword *row)
{
	return row->context == IN_GLOBAL && schema_by_key(IN_INSTANCE, row->key) &&
	       row->key != KEY_VERSION;
}

static void expect_default(const struct keyword *row, const char *entry)
{
	char text[VALUE_TEXT_LEN], *words;

	if (row->kind == KIND_BLOCK || row->fallback == NO_DEFAULT ||
	    (row->context == IN_INSTANCE && row->key == KEY_VERSION))
		return;
	if (row->kind == KIND_FLAG && row->fallback != row->min)
		return;
	if (row->kind == KIND_FLAG)
		snprintf(text, sizeof(text), ".Ic %s", row->name);
	else
		schema_format_value(row, row->fallback, text);
	assert_true(asprintf(&words, "default %s", text) > 0);
	expect(row->name, entry, words);
	free(words);
}

static void test_manual(void **state)
{
	size_t length;
	char *manual = read_file(MANUAL, &length);
	const struct keyword *row;

	(void)state;
	assert_non_null(manual);
	for (size_t i = 0; (row = schema_at(i)); i++) {
		if (!is_built(row)) {
			if (row->kind != KIND_SKIPPED && !strstr(manual, row->name))
				fail_msg("%s does not name %s", MANUAL, row->name);
			continue;
		}
		char *entry = manual_entry(section(manual, row->context), row->name);

		if (!described_elsewhere(row)) {
			if (row->kind == KIND_INTEGER || row->kind == KIND_SECONDS)
				expect_range(row, entry);
			expect_default(row, entry);
		}
		free(entry);
	}
	free(manual);
}

/* The part of the page between the marks, which is made of the table. */
static void rewrite(const char *manual, const char *begin, const char *end, const char *made)
{
	FILE *out = fopen(MANUAL, "we");

	assert_non_null(out);
	fwrite(manual, 1, (size_t)(begin - manual), out);
	fputs(made, out);
	fputs(end, out);
	assert_int_equal(fclose(out), 0);
}

static void test_made_part(void **state)
{
	size_t length;
	char *manual = read_file(MANUAL, &length), *made = NULL;
	FILE *out = open_memstream(&made, &length);
	const char *begin, *end;

	(void)state;
	assert_non_null(manual);
	assert_non_null(out);
	explain_manual(out);
	fclose(out);
	begin = strstr(manual, EXPLAIN_MANUAL_BEGIN);
	end = strstr(manual, EXPLAIN_MANUAL_END);
	assert_non_null(begin);
	assert_non_null(end);
	end += strlen(EXPLAIN_MANUAL_END);
	if (getenv("REGENERATE"))
		rewrite(manual, begin, end, made);
	else if (strncmp(begin, made, strlen(made)) != 0)
		fail_msg("%s is not what the table says: run this with REGENERATE=1", MANUAL);
	free(made);
	free(manual);
}

static char *explained(const char *name, bool *known)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	*known = explain_keyword(out, out, name);
	fclose(out);
	return text;
}

static void test_explain(void **state)
{
	bool known;
	char *text = explained("priority", &known);

	(void)state;
	assert_true(known);
	assert_non_null(strstr(text, "priority number    (in vrrp_instance)\n"));
	assert_non_null(strstr(text, "Range 1 to 255, default 100.\n"));
	free(text);
	text = explained("track_file", &known); /* a block of its own, and one that names it */
	assert_true(known);
	assert_non_null(strstr(text, "(outside of all blocks)"));
	assert_non_null(strstr(text, "(in vrrp_instance)"));
	assert_non_null(strstr(text, "(in vrrp_sync_group)"));
	free(text);
	text = explained("include", &known);
	assert_true(known && strstr(text, "Relative to the file"));
	free(text);
	text = explained("inteval", &known);
	assert_false(known);
	assert_non_null(strstr(text, "did you mean `interval`?"));
	free(text);
	text = explained("nothing_like_it", &known);
	assert_false(known);
	assert_null(strstr(text, "did you mean"));
	free(text);
}

static void test_values(void **state)
{
	const struct keyword *span = schema_find(IN_INSTANCE, "advert_int");
	char text[VALUE_TEXT_LEN];

	(void)state;
	assert_string_equal(schema_format_value(span, 1000000, text), "1");
	assert_string_equal(schema_format_value(span, 10000000, text), "10");
	assert_string_equal(schema_format_value(span, 10000, text), "0.01");
	assert_string_equal(schema_format_value(span, 1, text), "0.000001");
	assert_string_equal(schema_format_value(span, 0, text), "0");
}

static const char *nearest(enum schema_context context, const char *name)
{
	const struct keyword *keyword = schema_nearest(context, name, false);

	return keyword ? keyword->name : "none";
}

static void test_nearest(void **state)
{
	(void)state;
	assert_string_equal(nearest(IN_ROOT, "vvrp_script"), "vrrp_script");
	assert_string_equal(nearest(IN_ROOT, "vrrp_instnace"), "vrrp_instance");
	assert_string_equal(nearest(IN_INSTANCE, "lvs_sync_daemon_inteface"),
			    "lvs_sync_daemon_interface");
	assert_string_equal(nearest(IN_INSTANCE, "stat"), "state");
	assert_string_equal(nearest(IN_INSTANCE, "virtual_router_i"), "virtual_router_id");
	assert_string_equal(nearest(IN_INSTANCE, "prio"), "none");
	assert_string_equal(nearest(IN_INSTANCE, "x"), "none");
	assert_string_equal(nearest(IN_INSTANCE, "priority priority priority priority prior"),
			    "none");
	assert_string_equal(nearest(IN_GLOBAL, "garp_master_delay"), "vrrp_garp_master_delay");
	assert_string_equal(nearest(IN_ADDRESSES, "dve"), "dev");
	assert_null(schema_nearest(IN_GLOBAL, "vrrp_versio", true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),   cmocka_unit_test(test_made_part),
		cmocka_unit_test(test_manual), cmocka_unit_test(test_explain),
		cmocka_unit_test(test_values), cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
