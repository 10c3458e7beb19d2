/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is left out because this machine does not have it: users, programs. */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/load.h"

#define TWO_CHECKS                                                              \
	"vrrp_script missing { script /nonexistent/check\n }\n"                 \
	"vrrp_script there { script \"/bin/sh -c true\"\n }\n"                  \
	"vrrp_instance A { interface eth0\n virtual_router_id 1\n"              \
	" virtual_ipaddress { 192.0.2.1 }\n notify \"/nonexistent/notify a\"\n" \
	" track_script { missing\n there\n }\n }\n"                             \
	"vrrp_instance B { interface eth0\n virtual_router_id 2\n"              \
	" virtual_ipaddress { 192.0.2.2 }\n }\n"                                \
	"vrrp_sync_group G { group { A B }\n track_script { there\n missing\n }\n }\n"

struct loaded {
	struct conf *conf;
	struct conf_diags diags;
};

static struct loaded load(const char *text)
{
	char path[] = "/tmp/test_system.XXXXXX";
	int fd = mkstemp(path);
	struct loaded loaded = {0};

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	loaded.conf = conf_load(path, "a", &loaded.diags);
	unlink(path);
	assert_int_equal(loaded.diags.errors, 0);
	return loaded;
}

static size_t count_told(const struct loaded *loaded, const char *text)
{
	size_t count = 0;

	for (size_t i = 0; i < loaded->diags.count; i++)
		count += strstr(loaded->diags.list[i].text, text) != NULL;
	return count;
}

/* What the text lacks and what the machine lacks, in one order. */
static void assert_in_order(const struct loaded *loaded)
{
	for (size_t i = 1; i < loaded->diags.count; i++)
		assert_true(loaded->diags.list[i - 1].place.line <=
			    loaded->diags.list[i].place.line);
}

static void unload(struct loaded *loaded)
{
	conf_free(loaded->conf);
	conf_diags_free(&loaded->diags);
}

/* As in keepalived a check that cannot run is not tracked, by nobody; a notify script may come. */
static void test_missing_program(void **state)
{
	struct loaded loaded = load("global_defs { script_user root }\n" TWO_CHECKS "unknown\n");
	const struct conf *conf = loaded.conf;

	(void)state;
	assert_int_equal(conf->script_count, 1);
	assert_string_equal(conf->scripts[0].name, "there");
	for (size_t i = 0; i < conf->instance_count; i++) {
		assert_int_equal(conf->instances[i].track_count, 1);
		assert_int_equal(conf->instances[i].tracks[0].object, 0);
	}
	assert_int_equal(conf->groups[0].track_count, 1);
	assert_non_null(conf->instances[0].notify[CONF_NOTIFY].words);
	assert_int_equal(count_told(&loaded, "`missing` is not tracked"), 1);
	assert_int_equal(count_told(&loaded, "running it will fail"), 1);
	assert_in_order(&loaded);
	unload(&loaded);
}

static void test_missing_user(void **state)
{
	struct loaded loaded = load("global_defs { script_user no_such_user_here }\n" TWO_CHECKS);

	(void)state;
	assert_int_equal(loaded.conf->script_count, 0);
	assert_int_equal(loaded.conf->instances[0].track_count, 0);
	assert_null(loaded.conf->instances[0].notify[CONF_NOTIFY].words);
	assert_int_equal(count_told(&loaded, "no user `no_such_user_here`"), 3);
	unload(&loaded);
}

/* With a user named, script security leaves everything as it is. */
static void test_security(void **state)
{
	struct loaded loaded =
		load("global_defs { script_user root\n enable_script_security }\n" TWO_CHECKS);

	(void)state;
	assert_int_equal(loaded.conf->script_count, 1);
	assert_non_null(loaded.conf->instances[0].notify[CONF_NOTIFY].words);
	unload(&loaded);
}

static void test_name_in_path(void **state)
{
	struct loaded loaded = load("vrrp_script s { script \"sh -c true\"\n user root\n }\n"
				    "vrrp_script n { script \"no-such-program-here\"\n user root\n"
				    " }\n");

	(void)state;
	assert_int_equal(loaded.conf->script_count, 1);
	assert_string_equal(loaded.conf->scripts[0].name, "s");
	unload(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_program),
		cmocka_unit_test(test_missing_user),
		cmocka_unit_test(test_security),
		cmocka_unit_test(test_name_in_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
