/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scenario language: what is read, what is printed, what is refused and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <glob.h>
#include <string.h>

#include "sim/generate.h"

#define SEEDS 200

static bool parse(const char *text, struct scenario *scenario, char *error, size_t size)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	bool parsed;

	assert_non_null(in);
	parsed = scenario_parse(scenario, "some/007-name.scn", in, error, size);
	fclose(in);
	return parsed;
}

static void parse_good(const char *text, struct scenario *scenario)
{
	char error[512] = "";

	if (!parse(text, scenario, error, sizeof(error)))
		fail_msg("%s", error);
}

static void print(const struct scenario *scenario, char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");

	assert_non_null(out);
	scenario_print(scenario, out);
	assert_int_equal(fclose(out), 0);
}

#define EQUAL(member) (a->member == b->member)

static bool same_router(const struct sim_router *a, const struct sim_router *b)
{
	return EQUAL(kind) && EQUAL(priority) && EQUAL(preempt) && EQUAL(interval_cs) &&
	       EQUAL(preempt_delay_ns) && EQUAL(no_answer) && EQUAL(last_word) && EQUAL(address) &&
	       EQUAL(checksum) && EQUAL(announce.repeat) && EQUAL(announce.delay_ns) &&
	       EQUAL(announce.refresh_ns) && EQUAL(announce.refresh_repeat) && EQUAL(clock_ppm) &&
	       EQUAL(clock_offset_ns) && EQUAL(wake_ns) && EQUAL(load_ns);
}

/* All but the line, which is another. */
static bool same_command(const struct sim_command *a, const struct sim_command *b)
{
	return EQUAL(at_ns) && EQUAL(op) && EQUAL(router) && EQUAL(peer) && EQUAL(value) &&
	       EQUAL(span_ns) && EQUAL(least) && EQUAL(most) && EQUAL(count) && EQUAL(address) &&
	       EQUAL(priority) && EQUAL(interval_cs);
}

static bool same_settings(const struct scenario *a, const struct scenario *b)
{
	return strcmp(a->name, b->name) == 0 && EQUAL(seed) && EQUAL(version) && EQUAL(family) &&
	       EQUAL(vrid) && EQUAL(wire.delay_ns) && EQUAL(wire.jitter_ns) &&
	       EQUAL(wire.loss_ppm) && EQUAL(wire.duplicate_ppm) && EQUAL(wire.reorder_ppm) &&
	       EQUAL(wire.reorder_ns) && EQUAL(hesitate_ppm) && EQUAL(hesitate_ns) &&
	       EQUAL(client_ns) && EQUAL(end_ns) && EQUAL(settled_ns) && EQUAL(router_count) &&
	       EQUAL(command_count);
}

static bool same(const struct scenario *a, const struct scenario *b)
{
	if (!same_settings(a, b))
		return false;
	for (unsigned i = 0; i < a->router_count; i++)
		if (!same_router(&a->routers[i], &b->routers[i]))
			return false;
	for (unsigned i = 0; i < a->command_count; i++)
		if (!same_command(&a->commands[i], &b->commands[i]))
			return false;
	return true;
}

static void assert_prints_as_itself(const struct scenario *scenario)
{
	static char text[1 << 18];
	struct scenario again;

	print(scenario, text, sizeof(text));
	parse_good(text, &again);
	if (!same(scenario, &again))
		fail_msg("printed, this is another:\n%s", text);
}

#define EVERYTHING                                                                                 \
	"# all that can be said\n"                                                                 \
	"name all of it\n"                                                                         \
	"seed 18\nversion 3\nfamily ipv6\nvrid 7\ndown-adverts 4\nclient 10ms\nsettled 100s\nend " \
	"1000s\n"                                                                                  \
	"wire delay 100us jitter 50us loss 1% duplicate 0.5% reorder 120ppm by 2ms\n"              \
	"hesitate 0.1% for 5ms\n"                                                                  \
	"router r1 xvrrpd priority 255 interval 3cs preempt-delay 2s address 10.0.0.1 checksum "   \
	"pseudo\n"                                                                                 \
	"router r2 xvrrpd nopreempt no-answer last-word announce 3 again 0 refresh 60s "           \
	"refresh-announce 2\n"                                                                     \
	"router r3 keepalived clock -20ppm booted 3s wakes 50us loads 0.3s\n"                      \
	"router r4 rfc checksum rfc9568 # and a comment\n"                                         \
	"0 start all\n"                                                                            \
	"at 1s kill r1\n"                                                                          \
	"+1ms stop r2 r3\n"                                                                        \
	"+0 leave r2\n2s reboot r1 for 1s\n2s freeze r3 for 1.5s\n2s pause r2 for 1ms\n"           \
	"2s pause r1 for 1ms holding\n2s lame r1 by 3ms\n2s tear r1 after 5\n"                     \
	"2s fault r1 no-address\n2s mend r1 no-address\n2s priority r2 r4 7\n"                     \
	"2s configure r2 priority 7 interval 1.5s preempt off\n2s configure r1 preempt on\n"       \
	"2s drain r1\n2s undrain r1\n2s mute r4\n2s unmute r4\n2s detach r1\n2s attach r1\n"       \
	"3s cut r1 r2 -> r3\n3s cut r1 <-> r4\n3s cut all -> r2\n3s join r1 -> r2\n3s heal\n"      \
	"3s loss 2%\n"                                                                             \
	"3s forge to r1 from 10.0.0.66 priority 255 interval 40.95s wrong ttl,vrid\n"              \
	"3s forge to all from 10.0.0.66 priority 0 times 500 every 100us\n"                        \
	"3s claim to r2 times 2 every 1s\n"                                                        \
	"3s mark\n3s expect r1 r2 active\n3s expect r3 backup\n3s expect r4 initialize\n"          \
	"3s expect r1 answers\n3s expect r2 silent\n3s expect actives 2\n"                         \
	"3s expect r1 adverts 3..\n3s expect r1 announcements 3..7\n3s expect r1 transitions 0\n"  \
	"3s expect r1 late 1\n3.5s expect r2 took-over 36.09ms..3609375us\n"                       \
	"+1ns expect unanswered 0..2\n"

static void test_says_everything(void **state)
{
	struct scenario scenario;

	(void)state;
	parse_good(EVERYTHING, &scenario);
	assert_prints_as_itself(&scenario);
}

static void test_seeds_print_as_themselves(void **state)
{
	struct scenario scenario;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		generate(&scenario, seed);
		assert_prints_as_itself(&scenario);
	}
}

static void test_files_print_as_themselves(void **state)
{
	struct scenario scenario;
	char error[512] = "";
	glob_t found;

	(void)state;
	assert_int_equal(glob("tests/sim/scenarios/*.scn", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		FILE *in = fopen(found.gl_pathv[i], "r");

		assert_non_null(in);
		if (!scenario_parse(&scenario, found.gl_pathv[i], in, error, sizeof(error)))
			fail_msg("%s", error);
		fclose(in);
		assert_prints_as_itself(&scenario);
	}
	globfree(&found);
}

static void test_values(void **state)
{
	struct scenario s;
	const struct sim_command *last;

	(void)state;
	parse_good(EVERYTHING, &s);
	assert_string_equal(s.name, "all of it");
	assert_int_equal(s.seed, 18);
	assert_int_equal(s.family, VRRP_IPV6);
	assert_int_equal(s.vrid, 7);
	assert_int_equal(s.end_ns, 1000 * NS_PER_S);
	assert_int_equal(s.wire.delay_ns, 100 * NS_PER_US);
	assert_int_equal(s.wire.duplicate_ppm, 5000);
	assert_int_equal(s.wire.reorder_ppm, 120);
	assert_int_equal(s.hesitate_ppm, 1000);
	assert_int_equal(s.routers[0].interval_cs, 3);
	assert_int_equal(s.routers[0].address, 0x0a000001);
	assert_int_equal(s.routers[0].checksum, CHECKSUM_POLICY_PSEUDO);
	assert_false(s.routers[1].preempt);
	assert_int_equal(s.routers[1].announce.refresh_ns, 60 * NS_PER_S);
	assert_int_equal(s.routers[2].kind, SIM_KEEPALIVED);
	assert_int_equal(s.routers[2].clock_ppm, -20);
	assert_int_equal(s.routers[2].load_ns, 300 * NS_PER_MS);
	last = &s.commands[s.command_count - 1];
	assert_int_equal(last->at_ns, 3500 * NS_PER_MS + 1);
	assert_int_equal(last->least, 0);
	assert_int_equal(last->most, 2);
	assert_int_equal(last->router, SIM_NOBODY);
	assert_int_equal(last[-1].least, 36090 * NS_PER_US);
	assert_int_equal(last[-1].most, 3609375 * NS_PER_US);
	assert_int_equal(last[-1].router, 1);
}

#define BEGIN  "end 10s\nrouter r1 xvrrpd\nrouter r2 rfc\n"
#define IN(ns) "some/007-name.scn:" ns ": "

static void test_default_values(void **state)
{
	struct scenario s;

	(void)state;
	parse_good(BEGIN "0 start all\n", &s);
	assert_string_equal(s.name, "007-name");
	assert_int_equal(s.version, 3);
	assert_int_equal(s.family, VRRP_IPV4);
	assert_int_equal(s.vrid, 51);
	assert_int_equal(s.routers[0].priority, 100);
	assert_int_equal(s.routers[0].interval_cs, 100);
	assert_int_equal(s.routers[1].address, 0xc000020c);
	assert_true(s.routers[1].preempt);
	assert_int_equal(s.command_count, 2);
	assert_int_equal(s.commands[1].router, 1);
}

static const struct bad {
	const char *text, *error;
} bad[] = {
	{"", IN("0") "there is no router"},
	{"router r1 xvrrpd\n", IN("1") "\"end\" is missing"},
	{"ende 3s\n",
	 IN("1") "\"ende\": expected name, seed, version, family, vrid, wire, hesitate, "
		 "client, settled, end, router, or a time and what happens then"},
	{"end 3m\n", IN("1") "\"3m\": expected a time such as 250ms or 1.5s (units ns us ms cs s) "
			     "from 0 to 3600000s"},
	{"end 3\n", IN("1") "\"3\": expected a time such as 250ms or 1.5s (units ns us ms cs s) "
			    "from 0 to 3600000s"},
	{"end 0.5ns\n", IN("1") "\"0.5ns\": expected a time such as 250ms or 1.5s (units ns us ms "
				"cs s) from 0 to 3600000s"},
	{"end\n",
	 IN("1") "the line ends where I expected a time such as 250ms or 1.5s (units ns us "
		 "ms cs s) from 0 to 3600000s"},
	{"end 3s 4s\n", IN("1") "\"4s\": expected nothing more"},
	{"end 3s\n\nend 3s\n", IN("3") "\"end\" is set for the second time"},
	{"version 4\n", IN("1") "\"4\": expected a number from 2 to 3"},
	{"wire delay 1ms delay 2ms\n", IN("1") "\"delay\" is said twice"},
	{"wire\nwire\n", IN("2") "\"wire\" is set for the second time"},
	{"wire lost 1%\n",
	 IN("1") "\"lost\": expected delay, jitter, loss, duplicate, reorder, by"},
	{"wire loss 101%\n", IN("1") "\"101%\": expected a chance such as 5% or 120ppm from 0 to "
				     "100%"},
	{"hesitate 1%\n", IN("1") "\"for\" is missing"},
	{"name\n", IN("1") "the line ends where I expected the name of the scenario"},
	{"router r2 xvrrpd\n", IN("1") "\"r2\": expected r1"},
	{"router r1 frr\n", IN("1") "\"frr\": expected one of xvrrpd, rfc, keepalived"},
	{"router r1 xvrrpd priority 256\n", IN("1") "\"256\": expected a number from 1 to 255"},
	{"router r1 xvrrpd interval 15ms\n",
	 IN("1") "\"15ms\": expected an interval in whole centiseconds, such as 10ms, 3cs or 1s, "
		 "from 10ms to 255s"},
	{"router r1 xvrrpd interval 41s\n", IN("1") "version 3 has intervals of 40.95s at most"},
	{"family ipv5\n", IN("1") "\"ipv5\": expected one of ipv4, ipv6"},
	{"version 2\nfamily ipv6\nrouter r1 rfc\n", IN("3") "version 2 has no IPv6"},
	{"version 2\nrouter r1 rfc interval 1.5s\n",
	 IN("2") "version 2 has intervals of whole seconds"},
	{"router r1 xvrrpd address 1.2.3\n",
	 IN("1") "\"1.2.3\": expected an address such as 192.0.2.11"},
	{"router r1 xvrrpd\nrouter r2 rfc address 192.0.2.11\n",
	 IN("2") "r1 has that address already"},
	{"router r1 xvrrpd clock 20%\n",
	 IN("1") "\"20%\": expected a rate such as 20ppm or -200ppm from -100000ppm to 100000ppm"},
	{"router r1 xvrrpd\nend 3s\n", IN("2") "\"end\" must stand before the routers"},
	{"0 start all\n", IN("1") "there is no router to which anything could happen"},
	{"router r1 xvrrpd\n0 start all\n", IN("2") "\"end\" must be set before the first time"},
	{BEGIN "0 start r3\n", IN("4") "\"r3\": expected the name of a router, or all"},
	{BEGIN "0 start\n", IN("4") "the line ends where I expected the name of a router, or all"},
	{BEGIN "0 start r1 r3\n", IN("4") "\"r3\": expected nothing more"},
	{BEGIN "1x start r1\n",
	 IN("4") "\"1x\": expected a time such as 250ms, 1.5s or +3us (units "
		 "ns us ms cs s)"},
	{BEGIN "2s start r1\n1s start r2\n",
	 IN("5") "\"1s\" is before the line above: time does not go back"},
	{BEGIN "11s start r1\n", IN("4") "\"11s\" is after the end"},
	{BEGIN "9s start r1\n+1.1s kill r1\n", IN("5") "\"+1.1s\" is after the end"},
	{BEGIN "0 start r1\nvrid 9\n",
	 IN("5") "\"vrid\": expected a time: settings and routers stand before what happens"},
	{BEGIN "0 crash r1\n",
	 IN("4") "\"crash\": expected start, kill, stop, leave, reboot, freeze, pause, lame, tear, "
		 "fault, mend, priority, configure, drain, undrain, mute, unmute, detach, attach, "
		 "cut, join, "
		 "heal, loss, forge, claim, mark"},
	{BEGIN "0 freeze r1\n", IN("4") "\"for\" is missing"},
	{BEGIN "0 freeze r1 for\n",
	 IN("4") "the line ends where I expected a time such as 250ms or "
		 "1.5s (units ns us ms cs s) from 0 to 3600000s"},
	{BEGIN "0 drain r2\n", IN("4") "\"drain\": r2 is not xvrrpd, and knows nothing of that"},
	{"end 1s\nrouter r1 rfc priority 255\n0 priority r1 3\n",
	 IN("3") "r1 is the owner: its priority does not change"},
	{BEGIN "0 cut r1 r2\n", IN("4") "the line ends where I expected -> (one way) or <-> (both "
					"ways)"},
	{BEGIN "0 cut r1 -> r2 now\n", IN("4") "\"now\": expected nothing more"},
	{BEGIN "0 fault r1 cold\n",
	 IN("4") "\"cold\": expected one of no-interface, interface-down, no-address, "
		 "no-virtual-address, data-plane"},
	{BEGIN "0 forge r1\n", IN("4") "\"r1\": expected to"},
	{BEGIN "0 forge to r1 priority 3\n", IN("4") "\"from\" is missing"},
	{BEGIN "0 forge to r1 from 1.2.3.4 priority 3 wrong ttl,colour\n",
	 IN("4") "\"ttl,colour\": expected some of these, joined by commas: ttl, checksum, "
		 "version, "
		 "type, length, addresses, zero, vrid, own, unicast"},
	{BEGIN "0 expect r1 happy\n",
	 IN("4") "\"happy\": expected initialize, backup, active, silent, answers, actives, "
		 "adverts, announcements, transitions, late, took-over, unanswered"},
	{BEGIN "0 expect r1 actives 1\n",
	 IN("4") "\"actives\": expected initialize, backup, active, silent, answers, actives, "
		 "adverts, announcements, transitions, late, took-over, unanswered"},
	{BEGIN "0 expect\n", IN("4") "the line ends where I expected the name of a router, or all"},
	{BEGIN "0 expect r1 adverts 7..3\n",
	 IN("4") "\"7..3\": expected a number or a range: 5, 3..7 or 3.."},
	{BEGIN "0 expect r1 took-over 3..5\n",
	 IN("4") "\"3..5\": expected a time or a range: 5ms, 3ms..7ms or 3ms.."},
	{"end 100s\nsettled 9s\n"
	 "router r1 rfc\n8s freeze r1 for 2s\n",
	 IN("4") "\"freeze\" lasts longer than until 9s, when all is settled"},
	{"end 12s\nsettled 10s\nrouter r1 rfc\n0 start r1\n",
	 IN("4") "peace takes 88s here: with settled at 10s, let end be 98s"},
};

static void test_refuses(void **state)
{
	struct scenario scenario;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char error[512] = "";

		if (parse(bad[i].text, &scenario, error, sizeof(error)))
			fail_msg("this was read:\n%s", bad[i].text);
		assert_string_equal(error, bad[i].error);
	}
}

static void test_refuses_too_much(void **state)
{
	static char text[1 << 14];
	struct scenario scenario;
	char error[512] = "";
	size_t used;

	(void)state;
	used = (size_t)snprintf(text, sizeof(text), "%s", BEGIN);
	for (unsigned i = 0; i <= SIM_COMMANDS_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "0 kill r1\n");
	assert_false(parse(text, &scenario, error, sizeof(error)));
	assert_string_equal(error,
			    IN("260") "more than 256 commands (a line about n routers is n of "
				      "them)");
	memset(text, ' ', 600);
	text[600] = '\0';
	assert_false(parse(text, &scenario, error, sizeof(error)));
	assert_string_equal(error, IN("1") "the line is longer than 510 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_everything),
		cmocka_unit_test(test_seeds_print_as_themselves),
		cmocka_unit_test(test_files_print_as_themselves),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_default_values),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_refuses_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
