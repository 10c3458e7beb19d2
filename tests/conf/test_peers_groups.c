/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What golden files do not show of peers, sync groups and scripts: pointers, places, bytes, limits.
 */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define INSTANCE(name, vrid, rest)                                            \
	"vrrp_instance " name " {\n interface eth0\n virtual_router_id " vrid \
	"\n virtual_ipaddress { 192.0.2." vrid " }\n" rest "}\n"

static void test_peers(void **state)
{
	struct parsed parsed = parse_text(INSTANCE("A", "1",
						   " unicast_src_ip 192.0.2.11\n unicast_peer {\n"
						   "  192.0.2.13 min_ttl 2 max_ttl 9\n"
						   "  192.0.2.12\n }\n"));
	const struct conf_instance *instance = &parsed.conf->instances[0];

	(void)state;
	assert_string_equal(parsed.told, "");
	assert_int_equal(addr_to_ipv4(&instance->source), 0xc000020b);
	assert_int_equal(instance->peer_count, 2);
	assert_int_equal(addr_to_ipv4(&instance->peers[0].address), 0xc000020d);
	assert_int_equal(instance->peers[0].min_ttl, 2);
	assert_int_equal(instance->peers[0].max_ttl, 9);
	assert_int_equal(instance->peers[0].place.line, 7);
	assert_int_equal(instance->peers[0].place.column, 3);
	assert_int_equal(addr_to_ipv4(&instance->peers[1].address), 0xc000020c);
	assert_int_equal(instance->peers[1].min_ttl, 0);
	assert_int_equal(instance->peers[1].max_ttl, 255);
	assert_int_equal(instance->unicast_ttl, 255);
	assert_false(instance->old_unicast_checksum);
	parsed_free(&parsed);
}

static struct parsed parse_peers(unsigned count)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	struct parsed parsed;

	fprintf(out, "vrrp_instance A {\n interface eth0\n virtual_router_id 1\n unicast_peer {\n");
	for (unsigned i = 0; i < count; i++)
		fprintf(out, "10.0.%u.%u\n", i / 200, i % 200 + 1);
	fprintf(out, "}\n virtual_ipaddress {\n192.0.2.1\n}\n}\n");
	fclose(out);
	parsed = parse("t", text, length);
	free(text);
	return parsed;
}

static void test_peer_limit(void **state)
{
	struct parsed parsed = parse_peers(255);

	(void)state;
	assert_string_equal(parsed.told, "");
	assert_int_equal(parsed.conf->instances[0].peer_count, 255);
	assert_round_trip(&parsed);
	parsed_free(&parsed);

	parsed = parse_peers(256);
	assert_int_equal(parsed.diags.errors, 1);
	assert_int_equal(told(&parsed, "at most 255 unicast peers"), 1);
	assert_int_equal(parsed.diags.list[0].place.line, 4 + 256);
	parsed_free(&parsed);
}

static void test_groups(void **state)
{
	struct parsed parsed = parse_text(
		"vrrp_sync_group before { group { C missing A } }\n"
		"vrrp_sync_group gone { group { nobody } }\n" INSTANCE("A", "1", "") INSTANCE(
			"B", "2", "") INSTANCE("C", "3", "") INSTANCE("D", "4", "")
			INSTANCE("E", "5", "") "vrrp_sync_group behind { group { E B } }\n");
	const struct conf *conf = parsed.conf;

	(void)state;
	assert_int_equal(conf->group_count, 2);
	assert_string_equal(conf->groups[0].name, "before");
	assert_int_equal(conf->groups[0].place.line, 1);
	assert_int_equal(conf->groups[0].place.column, 17);
	assert_int_equal(conf->groups[0].member_count, 2);
	assert_int_equal(conf->groups[0].members[0], 2);
	assert_int_equal(conf->groups[0].members[1], 0);
	assert_string_equal(conf->groups[1].name, "behind");
	assert_int_equal(conf->groups[1].members[0], 4);
	assert_int_equal(conf->groups[1].members[1], 1);
	assert_ptr_equal(conf->instances[0].group, &conf->groups[0]);
	assert_ptr_equal(conf->instances[1].group, &conf->groups[1]);
	assert_ptr_equal(conf->instances[2].group, &conf->groups[0]);
	assert_null(conf->instances[3].group);
	assert_ptr_equal(conf->instances[4].group, &conf->groups[1]);
	parsed_free(&parsed);
}

static void assert_words(char *const *words, const char *const *expected)
{
	assert_non_null(words);
	for (; *expected; expected++, words++) {
		assert_non_null(*words);
		assert_string_equal(*words, *expected);
	}
	assert_null(*words);
}

/* Of a line `notify ...` of an instance; NULL = it gives no script. */
static void check_script(const char *line, const char *const *words, const char *user,
			 const char *group)
{
	char *text;
	struct parsed parsed;
	const struct conf_script *script;

	assert_true(asprintf(&text, INSTANCE("A", "1", " notify %s\n"), line) > 0);
	parsed = parse_text(text);
	script = &parsed.conf->instances[0].notify[CONF_NOTIFY];
	if (words) {
		assert_words(script->words, words);
		assert_int_equal(script->place.line, 5);
	} else {
		assert_null(script->words);
		assert_int_equal(parsed.diags.count, 1);
	}
	assert_true((user != NULL) == (script->user != NULL));
	assert_true((group != NULL) == (script->group != NULL));
	if (user)
		assert_string_equal(script->user, user);
	if (group)
		assert_string_equal(script->group, group);
	assert_round_trip(&parsed);
	parsed_free(&parsed);
	free(text);
}

#define WORDS(...)                \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

static void test_scripts(void **state)
{
	(void)state;
	check_script("/bin/a", WORDS("/bin/a"), NULL, NULL);
	check_script("/bin/a user", WORDS("/bin/a"), "user", NULL);
	check_script("\"/bin/a b\" user group", WORDS("/bin/a", "b"), "user", "group");
	check_script("'/bin/a b' us\"er\"", WORDS("/bin/a", "b"), "user", NULL);
	check_script("\"/bin/sh -c 'x  y && z'\"", WORDS("/bin/sh", "-c", "x  y && z"), NULL, NULL);
	check_script("'/bin/sh -c \"x y\"'", WORDS("/bin/sh", "-c", "x y"), NULL, NULL);
	check_script("\"/bin/sh -c \\\"x y\\\"\"", WORDS("/bin/sh", "-c", "x y"), NULL, NULL);
	check_script("\"/bin/a b\\\\ c \\\\\\\"d\"", WORDS("/bin/a", "b c", "\"d"), NULL, NULL);
	check_script("\"/bin/a b\\tc \\\\x41\"", WORDS("/bin/a", "b", "c", "A"), NULL, NULL);
	check_script("\"/bin/a '' b'c'd\"", WORDS("/bin/a", "", "bcd"), NULL, NULL);
	check_script("\"/bin/a \\\\x41\\\\102\\\\n\\\\E\\\\cA\\\\q\\\\'\"",
		     WORDS("/bin/a", "AB\n\033\001q'"), NULL, NULL);
	check_script("\"/bin/a #{!}\"", WORDS("/bin/a", "#{!}"), NULL, NULL);
	check_script("/bin/a\\ b", WORDS("/bin/a", "b"), NULL, NULL);
	check_script("/bin/a\\\\\\ b", WORDS("/bin/a b"), NULL, NULL);
	check_script("\"/bin/a $1 $x\"", WORDS("/bin/a", "$1", "$x"), NULL, NULL);
	check_script("\"/bin/a \\x24_x\"", WORDS("/bin/a", "$_x"), NULL, NULL);
	check_script("\"/bin/a \xc3\xbc\xc2\xa0\xff\"", WORDS("/bin/a", "\xc3\xbc\xc2\xa0\xff"),
		     NULL, NULL);
	check_script("", NULL, NULL, NULL);
	check_script("\"\"", NULL, NULL, NULL);
	check_script("\"''\"", NULL, NULL, NULL);
	check_script("\"/bin/a 'b\"", NULL, NULL, NULL);
	check_script("'/bin/a b", NULL, NULL, NULL);
	check_script("\"/bin/a \\0\"", NULL, NULL, NULL);
	check_script("/bin/a us/er", NULL, NULL, NULL);
	check_script("/bin/a user gr:oup", NULL, NULL, NULL);
}

/* script_user stands in for scripts without a user; a script's own user takes no group from it. */
static void test_script_user(void **state)
{
	struct parsed parsed = parse_text(
		INSTANCE("A", "1", " notify /bin/a\n notify_stop /bin/b own\n")
			INSTANCE("B", "2", "") "vrrp_sync_group G {\n group { A B }\n"
					       " notify_master /bin/c\n}\n"
					       "global_defs {\n script_user some group\n}\n");
	const struct conf_script *notify = parsed.conf->instances[0].notify;

	(void)state;
	assert_string_equal(parsed.told, "");
	assert_string_equal(notify[CONF_NOTIFY].user, "some");
	assert_string_equal(notify[CONF_NOTIFY].group, "group");
	assert_string_equal(notify[CONF_NOTIFY_STOP].user, "own");
	assert_null(notify[CONF_NOTIFY_STOP].group);
	assert_null(notify[CONF_NOTIFY_BACKUP].words);
	assert_null(notify[CONF_NOTIFY_BACKUP].user);
	assert_string_equal(parsed.conf->groups[0].notify[CONF_NOTIFY_ACTIVE].user, "some");
	assert_round_trip(&parsed);
	parsed_free(&parsed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peers),	    cmocka_unit_test(test_peer_limit),
		cmocka_unit_test(test_groups),	    cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_script_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
