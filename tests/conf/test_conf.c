/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What golden files do not show: places and bytes in the result, limits, loading, linear time. */
#include "support.h"

#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "abi.h"
#include "conf/load.h"

#define INSTANCE(name, vrid, rest) \
	"vrrp_instance " name " {\n interface eth0\n virtual_router_id " vrid "\n" rest "}\n"
#define ADDRESS(address) " virtual_ipaddress {\n  " address "\n }\n"

static void test_values(void **state)
{
	static const uint8_t password[VRRP_AUTH_LEN] = {'p', 0xc3, 0xa4, 0xff};
	struct parsed parsed = parse_text(INSTANCE(
		"A", "51",
		" authentication {\n auth_type PASS\n auth_pass p\xc3\xa4\xff\n }\n"
		" nopreempt\n no_accept\n garp_master_delay 0.5\n"
		"\tvirtual_ipaddress {\n 192.0.2.1/24 brd + dev eth9 label l scope link\n}"));
	const struct conf_instance *instance = &parsed.conf->instances[0];
	const struct conf_address *address = &instance->addresses[0];

	(void)state;
	assert_string_equal(parsed.told, "");
	assert_int_equal(parsed.conf->instance_count, 1);
	assert_string_equal(instance->name, "A");
	assert_int_equal(instance->place.line, 1);
	assert_int_equal(instance->place.column, 15);
	assert_string_equal(instance->place.file, "t");
	assert_int_equal(instance->family, VRRP_IPV4);
	assert_int_equal(instance->interval_cs, 100);
	assert_int_equal(instance->auth_type, VRRP_AUTH_PASS);
	assert_memory_equal(instance->auth_data, password, VRRP_AUTH_LEN);
	assert_false(instance->preempt);
	assert_false(instance->accept);
	assert_true(instance->virtual_mac);
	assert_true(instance->garp.delay_us == 500000);
	assert_int_equal(instance->address_count, 1);
	assert_int_equal(addr_to_ipv4(&address->address), 0xc0000201);
	assert_int_equal(addr_to_ipv4(&address->broadcast), 0xc00002ff);
	assert_int_equal(address->prefix_len, 24);
	assert_int_equal(address->scope, RT_SCOPE_LINK);
	assert_string_equal(address->dev, "eth9");
	assert_string_equal(address->label, "l");
	assert_int_equal(address->place.line, 12);
	assert_int_equal(address->place.column, 2);
	parsed_free(&parsed);
}

/* Diagnostics are appended: a second file must not disturb those of the first. */
static void test_append(void **state)
{
	struct conf_diags diags = {0};
	const char *one = "z\n", *two = "y\n\nvrrp_instance A {\n}\n";
	struct conf *first = conf_parse("one", one, strlen(one), &diags);
	size_t count = diags.count;
	struct conf *second = conf_parse("two", two, strlen(two), &diags);

	(void)state;
	assert_int_equal(count, 2);
	assert_string_equal(diags.list[1].place.file, "one");
	assert_true(diags.count > count);
	assert_string_equal(diags.list[count].place.file, "two");
	assert_true(diags.errors > 0);
	conf_free(first);
	conf_free(second);
	conf_diags_free(&diags);
}

/* %i is the number of the piece; %v and %g are a VRID and a group that together are as unique. */
static void expand(FILE *out, const char *pattern, unsigned number)
{
	for (; *pattern; pattern++) {
		if (*pattern != '%')
			fputc(*pattern, out);
		else if (*++pattern == 'v')
			fprintf(out, "%u", number % 255 + 1);
		else
			fprintf(out, "%u", *pattern == 'g' ? number / 255 : number);
	}
}

static char *repeat(unsigned count, const char *pattern, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);

	for (unsigned i = 0; i < count; i++)
		expand(out, pattern, i);
	fclose(out);
	return text;
}

/* 255 instances an interface. */
#define MANY                                                            \
	"vrrp_instance %i {\n interface eth%g\n virtual_router_id %v\n" \
	" virtual_ipaddress {\n  10.%g.%v.1\n }\n}\n"

static void test_instance_limit(void **state)
{
	size_t length;
	char *text = repeat(XVRRP_SLOTS_MAX, MANY, &length);
	struct parsed parsed = parse("t", text, length);

	(void)state;
	assert_string_equal(parsed.told, "");
	assert_int_equal(parsed.conf->instance_count, XVRRP_SLOTS_MAX);
	assert_round_trip(&parsed);
	parsed_free(&parsed);
	free(text);

	text = repeat(XVRRP_SLOTS_MAX + 2, MANY, &length);
	parsed = parse("t", text, length);
	assert_int_equal(parsed.diags.errors, 1);
	assert_int_equal(told(&parsed, "more than 4096 instances"), 1);
	assert_int_equal(parsed.diags.list[0].place.line, 7 * XVRRP_SLOTS_MAX + 1);
	parsed_free(&parsed);
	free(text);
}

static struct parsed parse_addresses(unsigned count)
{
	size_t length;
	char *lines = repeat(count, "10.%g.%v.1\n", &length), *text;
	struct parsed parsed;

	assert_true(asprintf(&text, INSTANCE("A", "1", ADDRESS("%s")), lines) > 0);
	parsed = parse_text(text);
	free(text);
	free(lines);
	return parsed;
}

static void test_address_limit(void **state)
{
	struct parsed parsed = parse_addresses(VRRP_ADDRESSES_MAX);

	(void)state;
	assert_string_equal(parsed.told, "");
	assert_int_equal(parsed.conf->instances[0].address_count, VRRP_ADDRESSES_MAX);
	parsed_free(&parsed);

	parsed = parse_addresses(VRRP_ADDRESSES_MAX + 2);
	assert_int_equal(parsed.diags.count, 1);
	assert_int_equal(told(&parsed, "room for 255 IPv4 addresses"), 1);
	assert_int_equal(parsed.diags.list[0].place.line, 5 + VRRP_ADDRESSES_MAX);
	assert_int_equal(parsed.conf->instances[0].address_count, VRRP_ADDRESSES_MAX);
	assert_int_equal(parsed.conf->instances[0].excluded.count, 2);
	assert_int_equal(parsed.conf->instances[0].excluded.list[0].place.line,
			 5 + VRRP_ADDRESSES_MAX);
	parsed_free(&parsed);
}

static void test_total_address_limit(void **state)
{
	size_t length;
	char *text = repeat(258,
			    "vrrp_instance %i {\n interface eth%i\n virtual_router_id 1\n"
			    " virtual_ipaddress {\n@\n }\n}\n",
			    &length);
	char *lines = repeat(VRRP_ADDRESSES_MAX, "10.1.%v.1\n", &length);
	char *whole = NULL;
	FILE *out = open_memstream(&whole, &length);
	struct parsed parsed;

	(void)state;
	for (const char *at = text; *at; at++)
		fprintf(out, "%.*s", *at == '@' ? (int)strlen(lines) : 1, *at == '@' ? lines : at);
	fclose(out);
	parsed = parse("t", whole, length);
	assert_int_equal(parsed.diags.errors, 1); /* 257 x 255 < 65536 < 258 x 255 */
	assert_int_equal(told(&parsed, "more than 65536 virtual addresses"), 1);
	parsed_free(&parsed);
	free(text);
	free(lines);
	free(whole);
}

/* Rubbish does not fill the memory, and its errors are still seen behind the warnings. */
static void test_diagnostics_limit(void **state)
{
	size_t length;
	char *text = repeat(5000, "x\n", &length), *both;
	struct parsed parsed;

	(void)state;
	assert_true(asprintf(&both, "%svrrp_instance A { }\n", text) > 0);
	parsed = parse_text(both);
	assert_int_equal(told(&parsed, "unknown keyword"), CONF_DIAGS_MAX - 1);
	assert_int_equal(told(&parsed, "the others are not shown"), 1);
	assert_true(parsed.diags.warnings >= 5000);
	assert_int_equal(parsed.diags.errors, 2);
	assert_int_equal(told(&parsed, "has no `interface`"), 1);
	parsed_free(&parsed);
	free(both);
	free(text);
}

/* Whatever a megabyte repeats, it takes a moment, not minutes: nothing is quadratic. */
static void test_linear(void **state)
{
	static const char *const patterns[] = {
		"{",
		"}",
		"x{",
		"x\n",
		"a ",
		"\"",
		"#",
		"\\",
		"\n",
		"a{\n",
		"$a=\\\n",
		"@",
		"@x {}",
		"$_x\n",
		"\xc2\xa0",
		"include\n",
		"${a",
		"${a}",
		"$A=1\n $A ",
		"}\n",
		"\"\"",
		"a\t{ }",
		"vrrp_instance A {\n",
		"vrrp_instance A { virtual_ipaddress { 10.0.0.1 } }\n",
		"vrrp_instance %i { virtual_ipaddress {\n 10.0.0.1\n10.0.0.2\n10.0.0.3\n } }\n",
		"global_defs { vrrp_version 3 }\n",
		"virtual_server { ",
		"vrrp_script { vrrp_instance A { ",
		"vrrp_sync_group A { group { A B } }\n",
		"vrrp_sync_group %i { group { %i A } }\nvrrp_instance %i {\n}\n",
		"vrrp_sync_group A {\n group {\n a b c\n",
		"vrrp_instance A { unicast_peer {\n 10.0.0.1\n10.%i.1.1\n } }\n",
		"vrrp_instance A { notify \"a b c\"\n }\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		size_t length;
		char *text =
			repeat((1 << 20) / (unsigned)strlen(patterns[i]), patterns[i], &length);
		clock_t start = clock();
		struct parsed parsed = parse("t", text, length);
		double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;

		parsed_free(&parsed);
		free(text);
		if (seconds > 20 * slower())
			fail_msg("a megabyte of `%s` takes %.1f s", patterns[i], seconds);
	}
}

/* One instance with as many peers, one group with as many members, one command with many words. */
static void test_many_peers(void **state)
{
	static const char *const patterns[] = {
		INSTANCE("A", "1", " unicast_peer {\n%s}\n" ADDRESS("192.0.2.1")),
		"vrrp_sync_group A {\n group {\n%s}\n}\n" INSTANCE("A", "1", ""),
		INSTANCE("A", "1", " notify \"%s\"\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		size_t length;
		char *words = repeat(100000, i == 2 ? "10.%g.1.%v " : "10.%g.1.%v\n", &length);
		char *text;
		struct parsed parsed;

		assert_true(asprintf(&text, patterns[i], words) > 0);
		parsed = parse_text(text);
		assert_int_equal(parsed.conf->instance_count, 1);
		parsed_free(&parsed);
		free(text);
		free(words);
	}
}

/* One instance with a million addresses on as many lines, or on one. */
static void test_many_addresses(void **state)
{
	static const char *const patterns[] = {"10.0.0.1\n", "10.0.0.1 ", "%i.1.1.1\n",
					       "fe80::%i 10.0.0.1\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		size_t length;
		char *lines = repeat(100000, patterns[i], &length), *text;
		struct parsed parsed;

		assert_true(asprintf(&text, INSTANCE("A", "1", ADDRESS("%s")), lines) > 0);
		parsed = parse_text(text);
		assert_in_range(parsed.conf->instances[0].address_count, 1, VRRP_ADDRESSES_MAX);
		parsed_free(&parsed);
		free(text);
		free(lines);
	}
}

static void check_load_error(const char *path, const char *expected)
{
	struct conf_diags diags = {0};
	struct conf *conf = conf_load(path, NULL, &diags);
	char *text;

	assert_non_null(conf);
	assert_int_equal(diags.errors, 1);
	assert_int_equal(diags.count, 1);
	assert_int_equal(conf->instance_count, 0);
	text = conf_diag_format(&diags.list[0]);
	assert_memory_equal(text, path, strlen(path));
	assert_memory_equal(text + strlen(path), ":1:1: error: cannot read", 24);
	if (!strstr(text, expected))
		fail_msg("not `%s` in: %s", expected, text);
	free(text);
	conf_diags_free(&diags);
	conf_free(conf);
}

static void test_load(void **state)
{
	char directory[] = "/tmp/xvrrpd-conf-XXXXXX", *path;
	static const char text[] = INSTANCE("A", "1", ADDRESS("192.0.2.1"));
	struct conf_diags diags = {0};
	struct conf *conf;
	FILE *out;

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_true(asprintf(&path, "%s/a.conf", directory) > 0);
	check_load_error(path, "--config");
	check_load_error(directory, "directory");
	check_load_error("/dev/zero", "64 MiB");
	out = fopen(path, "we");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	conf = conf_load(path, NULL, &diags);
	assert_int_equal(diags.count, 0);
	assert_int_equal(conf->instance_count, 1);
	assert_string_equal(conf->instances[0].place.file, path);
	conf_free(conf);
	unlink(path);
	rmdir(directory);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_instance_limit),
		cmocka_unit_test(test_address_limit),
		cmocka_unit_test(test_total_address_limit),
		cmocka_unit_test(test_diagnostics_limit),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_many_peers),
		cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
