/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests, good, bad and hostile: each gets exactly one line of JSON, and the right one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/control.h"

static bool drained;	   /* what the agent was told last */
static int reload_returns; /* ... and how its configuration file is */
static const char *reload_says;

/* An agent with the virtual routers VI_1 and VI_2 on one interface. */
static json_t *router(const char *name)
{
	return json_pack("{ss, ss, si, si, ss, ss, s{si}}", "name", name, "interface", "eth0",
			 "vlan", 0, "vrid", 51, "family", "ipv4", "state", "backup", "statistics",
			 "advertisements_received", 7);
}

static json_t *fake_status(const char *name, void *data)
{
	++*(int *)data;
	if (!name)
		return json_pack("[o, o]", router("VI_1"), router("VI_2"));
	return strcmp(name, "VI_2") == 0 ? json_pack("[o]", router("VI_2")) : NULL;
}

static json_t *fake_interfaces(void *data)
{
	++*(int *)data;
	return json_pack("[{ss}]", "name", "eth0");
}

static char *fake_config(void *data)
{
	++*(int *)data;
	return strdup("vrrp_instance caf\xe9 {\n}\n");
}

static json_t *fake_drain(const char *name, bool drain, void *data)
{
	++*(int *)data;
	drained = drain;
	if (!name)
		return json_pack("[s, s]", "VI_1", "VI_2");
	return strcmp(name, "VI_2") == 0 ? json_pack("[s]", name) : NULL;
}

static int fake_reload(char **why, void *data)
{
	++*(int *)data;
	*why = reload_says ? strdup(reload_says) : NULL;
	return reload_returns;
}

static const struct control_ops fake_agent = {
	.version = "1.2.3",
	.status = fake_status,
	.interfaces = fake_interfaces,
	.config = fake_config,
	.drain = fake_drain,
	.reload = fake_reload,
};

static int agent_calls; /* since the last ask() began */

/* The reply to `line`, parsed; asserts that it is one line. */
static json_t *ask(const char *line, enum control_next expected)
{
	char *reply = NULL;
	agent_calls = 0;
	assert_int_equal(control_handle(line, &fake_agent, &agent_calls, &reply), expected);
	assert_non_null(reply);
	assert_ptr_equal(strchr(reply, '\n'), reply + strlen(reply) - 1);
	json_t *json = json_loads(reply, 0, NULL);
	assert_non_null(json);
	free(reply);
	return json;
}

/* The result of a request that must succeed; a new reference. */
static json_t *result_of(const char *line)
{
	json_t *reply = ask(line, CONTROL_FINISH);
	assert_true(json_is_true(json_object_get(reply, "ok")));
	json_t *result = json_incref(json_object_get(reply, "result"));
	assert_non_null(result);
	json_decref(reply);
	return result;
}

/* The request is refused, in words that contain `fragment`. */
static void refused(const char *line, const char *fragment)
{
	json_t *reply = ask(line, CONTROL_FINISH);
	assert_true(json_is_false(json_object_get(reply, "ok")));
	assert_null(json_object_get(reply, "result"));
	const char *error = json_string_value(json_object_get(reply, "error"));
	assert_non_null(error);
	if (!strstr(error, fragment))
		fail_msg("\"%s\" does not say \"%s\"", error, fragment);
	json_decref(reply);
}

static void assert_result(const char *line, const char *expected)
{
	json_t *result = result_of(line);
	char *text = json_dumps(result, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_string_equal(text, expected);
	free(text);
	json_decref(result);
}

#define ROUTER_START(name)                                                                 \
	"{\"name\":\"" name "\",\"interface\":\"eth0\",\"vlan\":0,\"vrid\":51,\"family\":" \
	"\"ipv4\","
#define ROUTER_END	 "\"statistics\":{\"advertisements_received\":7}}"
#define ROUTER(name)	 ROUTER_START(name) "\"state\":\"backup\"," ROUTER_END
#define STATISTICS(name) ROUTER_START(name) ROUTER_END

static void test_status(void **state)
{
	(void)state;
	assert_result("{\"command\": \"status\"}",
		      "{\"version\":\"1.2.3\",\"virtual_routers\":[" ROUTER("VI_1") "," ROUTER(
			      "VI_2") "],\"interfaces\":[{\"name\":\"eth0\"}]}");
	assert_result("{\"command\": \"status\", \"name\": \"VI_2\"}",
		      "{\"version\":\"1.2.3\",\"virtual_routers\":[" ROUTER(
			      "VI_2") "],\"interfaces\":[{\"name\":\"eth0\"}]}");
}

static void test_stats(void **state)
{
	(void)state;
	assert_result("{\"command\":\"stats\"}",
		      "{\"virtual_routers\":[" STATISTICS("VI_1") "," STATISTICS(
			      "VI_2") "],\"interfaces\":[{\"name\":\"eth0\"}]}");
	assert_result("{\"name\":\"VI_2\",\"command\":\"stats\"}",
		      "{\"virtual_routers\":[" STATISTICS("VI_2") "]}");
}

static void test_other_results(void **state)
{
	(void)state;
	assert_result("{\"command\":\"interfaces\"}", "{\"interfaces\":[{\"name\":\"eth0\"}]}");
	assert_result("{\"command\":\"version\"}", "{\"version\":\"1.2.3\"}");
	assert_result("{\"command\":\"config\"}", "\"vrrp_instance caf\xef\xbf\xbd {\\n}\\n\"");
}

static void test_events(void **state)
{
	(void)state;
	json_t *reply = ask("{\"command\":\"events\"}", CONTROL_FOLLOW);
	assert_int_equal(json_object_size(reply), 1);
	assert_true(json_is_true(json_object_get(reply, "ok")));
	json_decref(reply);
	refused("{\"command\":\"events\",\"name\":\"VI_1\"}", "takes no name");
}

/* With the reply, whether the agent was told to drain or the reverse. */
static void test_drain(void **state)
{
	(void)state;
	drained = false;
	assert_result("{\"command\":\"drain\",\"name\":\"VI_2\"}", "{\"drained\":[\"VI_2\"]}");
	assert_true(drained);
	assert_result("{\"command\":\"undrain\",\"name\":\"VI_2\"}", "{\"undrained\":[\"VI_2\"]}");
	assert_false(drained);
	assert_result("{\"command\":\"drain\"}", "{\"drained\":[\"VI_1\",\"VI_2\"]}");
	assert_true(drained);
	assert_result("{\"command\":\"undrain\"}", "{\"undrained\":[\"VI_1\",\"VI_2\"]}");
	assert_false(drained);
	refused("{\"command\":\"drain\",\"name\":\"VI_3\"}", "no virtual router is named \"VI_3\"");
	refused("{\"command\":\"undrain\",\"name\":\"\"}", "no virtual router is named \"\"");
	assert_int_equal(agent_calls, 1);
}

static void test_reload(void **state)
{
	(void)state;
	reload_returns = 0;
	assert_result("{\"command\":\"reload\"}", "{\"changed\":0}");
	reload_returns = 3;
	assert_result("{\"command\":\"reload\"}", "{\"changed\":3}");
	assert_int_equal(agent_calls, 1);
	refused("{\"command\":\"reload\",\"name\":\"VI_1\"}", "takes no name");
	assert_int_equal(agent_calls, 0);
}

/* Nothing has changed, and the reply says why: in the agent's words, whatever bytes they hold. */
static void test_reload_refused(void **state)
{
	(void)state;
	reload_returns = -1;
	reload_says = "caf\xe9.conf:3:5: error: unknown keyword \"prio\"";
	refused("{\"command\":\"reload\"}",
		"caf\xef\xbf\xbd.conf:3:5: error: unknown keyword \"prio\"");
	assert_int_equal(agent_calls, 1);
	reload_says = NULL;
	refused("{\"command\":\"reload\"}", "out of memory");
}

/* The agent answers later, and by itself. */
static void test_doctor(void **state)
{
	(void)state;
	char *reply;
	assert_int_equal(control_handle("{\"command\":\"doctor\"}", &fake_agent, NULL, &reply),
			 CONTROL_DOCTOR);
	assert_null(reply);
	refused("{\"command\":\"doctor\",\"name\":\"VI_1\"}", "takes no name");
	reply = control_result(json_pack("{si}", "problems", 0));
	assert_string_equal(reply, "{\"ok\":true,\"result\":{\"problems\":0}}\n");
	free(reply);
}

static void test_unknown(void **state)
{
	(void)state;
	refused("{\"command\":\"reboot\"}", "status, stats, interfaces, config, version, drain, "
					    "undrain, reload, doctor, events");
	refused("{\"command\":\"\"}", "unknown command \"\"");
	refused("{\"command\":\"status\",\"name\":\"VI_3\"}",
		"no virtual router is named \"VI_3\"");
	refused("{\"command\":\"stats\",\"name\":\"\"}", "no virtual router is named \"\"");
	refused("{\"command\":\"config\",\"name\":\"VI_1\"}", "takes no name");
}

/* A misspelled member must not turn a request for one into a request for all. */
static void test_members(void **state)
{
	(void)state;
	refused("{\"command\":\"status\",\"nmae\":\"VI_1\"}", "unknown member \"nmae\"");
	refused("{\"command\":\"status\",\"name\":null}", "\"name\" is not a string");
	refused("{\"command\":17}", "\"command\" is not a string");
	refused("{\"name\":\"VI_1\"}", "no \"command\"");
	refused("{\"command\":\"status\",\"command\":\"config\"}", "not JSON");
	assert_int_equal(agent_calls, 0);
}

static void test_malformed(void **state)
{
	(void)state;
	refused("", "not JSON");
	refused("status", "not JSON");
	refused("{\"command\":\"status\"", "not JSON");
	refused("{\"command\":\"status\"} x", "not JSON");
	refused("{\"command\":\"sta\xfftus\"}", "not JSON");
	refused("{\"command\":\"\\u0000\"}", "not JSON");
	refused("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
		"\xc3\xa9\xc3\xa9",
		"not JSON");
	refused("[\"status\"]", "not an object");
	assert_int_equal(agent_calls, 0);
}

static void test_length(void **state)
{
	(void)state;
	static const char request[] = "{\"command\":\"version\"}";
	char line[CONTROL_REQUEST_MAX + 2];
	memset(line, ' ', sizeof(line));
	memcpy(line, request, strlen(request));
	line[CONTROL_REQUEST_MAX] = '\0';
	json_decref(result_of(line));
	line[CONTROL_REQUEST_MAX] = ' ';
	line[CONTROL_REQUEST_MAX + 1] = '\0';
	refused(line, "longer than 4096 bytes");

	memset(line, '[', CONTROL_REQUEST_MAX);
	line[CONTROL_REQUEST_MAX] = '\0';
	refused(line, "not JSON");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),	       cmocka_unit_test(test_stats),
		cmocka_unit_test(test_other_results),  cmocka_unit_test(test_events),
		cmocka_unit_test(test_drain),	       cmocka_unit_test(test_reload),
		cmocka_unit_test(test_reload_refused), cmocka_unit_test(test_doctor),
		cmocka_unit_test(test_unknown),	       cmocka_unit_test(test_members),
		cmocka_unit_test(test_malformed),      cmocka_unit_test(test_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
