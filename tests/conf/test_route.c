/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of virtual_routes and virtual_rules: what is read, in canonical form, which must be read as
 * the same again; and what is told. What keepalived 2.2.7 leaves out is left out here as well.
 */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/reader.h"
#include "conf/route.h"

struct line {
	const char *text;
	const char *canonical; /* NULL = left out */
	const char *told;      /* part of the only warning; NULL = there is none */
};

/* All routes or rules of the text, a line each; NULL if there are none. */
static char *read_lines(const char *text, bool rules, struct conf_diags *diags)
{
	struct conf_routes routes = {0};
	struct conf_rules all = {0};
	struct conf *conf = calloc(1, sizeof(*conf));
	struct source source;
	struct reader reader;
	const struct statement *line;
	char *result = NULL;
	size_t size;
	FILE *out = open_memstream(&result, &size);

	source_init(&source, NULL, conf, "t", text, strlen(text), diags);
	reader_init(&reader, &source, diags);
	while ((line = reader_next(&reader))->kind != STATEMENT_END) {
		if (rules)
			rules_take(&all, line, diags);
		else
			routes_take(&routes, line, diags);
	}
	reader_free(&reader);
	source_free(&source);
	for (size_t i = 0; i < routes.count; i++) {
		route_print(out, &routes.list[i]);
		fputc('\n', out);
	}
	rules_number(&all, &(struct rule_numbers){0});
	for (size_t i = 0; i < all.count; i++) {
		rule_print(out, &all.list[i]);
		fputc('\n', out);
	}
	routes_free(&routes);
	rules_free(&all);
	conf_free(conf); /* of the diagnostics only the texts are looked at */
	fclose(out);
	return result;
}

static void check_line(const struct line *line, bool rules)
{
	struct conf_diags diags = {0}, none = {0};
	char *got = read_lines(line->text, rules, &diags);

	if (*got)
		got[strlen(got) - 1] = '\0';
	if (diags.count != (line->told != NULL) ||
	    (line->told && !strstr(diags.list[0].text, line->told)))
		fail_msg("%s: told %s", line->text, diags.count ? diags.list[0].text : "nothing");
	if (strcmp(got, line->canonical ? line->canonical : "") != 0)
		fail_msg("%s: read as %s", line->text, got);
	char *again = read_lines(got, rules, &none);

	if (*again)
		again[strlen(again) - 1] = '\0';
	assert_string_equal(again, got);
	assert_int_equal(none.count, 0);
	free(again);
	free(got);
	conf_diags_free(&diags);
	conf_diags_free(&none);
}

static void check_lines(const struct line *lines, size_t count, bool rules)
{
	for (size_t i = 0; i < count; i++)
		check_line(&lines[i], rules);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void destinations_and_gateways(void **state)
{
	static const struct line lines[] = {
		{"10.10.100.0/24 via 172.16.30.1 dev eth0",
		 "10.10.100.0/24 via 172.16.30.1 dev eth0", NULL},
		{"default via 10.0.0.1", "inet default via 10.0.0.1", NULL},
		{"default gw 10.0.0.1", "inet default via 10.0.0.1", "`gw` is deprecated"},
		{"default via inet6 fe80::1 dev eth0", "inet6 default via fe80::1 dev eth0", NULL},
		{"10.0.0.0/8 via inet6 fe80::1 dev eth0", "10.0.0.0/8 via inet6 fe80::1 dev eth0",
		 NULL},
		{"0.0.0.0/0 via 10.0.0.1", "inet default via 10.0.0.1", NULL},
		{"::/0 via 2001:db8::1", "inet6 default via 2001:db8::1", NULL},
		{"to 192.0.2.0/24 dev eth1", "192.0.2.0/24 dev eth1", NULL},
		{"192.0.2.7 via 10.0.0.1", "192.0.2.7/32 via 10.0.0.1", NULL},
		{"192.0.2.7/24 via 10.0.0.1", "192.0.2.0/24 via 10.0.0.1", "behind its prefix"},
		{"2001:db8:1::/48 via fe80::1 dev eth0 metric 1024",
		 "2001:db8:1::/48 metric 1024 via fe80::1 dev eth0", NULL},
		{"blackhole 192.0.2.0/24", "blackhole 192.0.2.0/24", NULL},
		{"unreachable default metric 4294967295",
		 "inet unreachable default metric 4294967295", NULL},
		{"inet6 default via fe80::1 oif eth0", "inet6 default via fe80::1 dev eth0", NULL},
		{"192.0.2.0/24 via 10.0.0.1 or 10.0.0.2",
		 "192.0.2.0/24 nexthop via 10.0.0.1 nexthop via 10.0.0.2", "`or` is deprecated"},
		{"192.0.2.0/24 nexthop via 10.0.0.1 dev a weight 256 nexthop via 10.0.0.2 onlink "
		 "dev b",
		 "192.0.2.0/24 nexthop via 10.0.0.1 dev a weight 256 nexthop via 10.0.0.2 dev b "
		 "onlink",
		 NULL},
		{"192.0.2.0/24 via 10.0.0.9 dev eth0 onlink no_track protocol static",
		 "192.0.2.0/24 protocol 4 via 10.0.0.9 dev eth0 onlink", NULL},
		{"192.0.2.0/24 dev \"a b\"", "192.0.2.0/24 dev \"a b\"", NULL},
	};

	(void)state;
	check_lines(lines, COUNT(lines), false);
}

static void options_of_routes(void **state)
{
	static const struct line lines[] = {
		{"192.0.2.0/24 dev eth0 src 10.0.0.5 scope link table main tos 0x10",
		 "192.0.2.0/24 table 254 tos 16 src 10.0.0.5 scope link dev eth0", NULL},
		{"192.0.2.0/24 dev eth0 table office", "192.0.2.0/24 table 77 dev eth0", NULL},
		{"192.0.2.0/24 dev eth0 mtu lock 1400 advmss 1360 initcwnd 10 hoplimit 64",
		 "192.0.2.0/24 mtu lock 1400 advmss 1360 hoplimit 64 initcwnd 10 dev eth0", NULL},
		{"192.0.2.0/24 dev eth0 rtt 300ms rttvar 10 rto_min 2s",
		 "192.0.2.0/24 rtt 2400 rttvar 10 rto_min 2000 dev eth0", NULL},
		{"192.0.2.0/24 dev eth0 features ecn quickack 1 congctl lock reno append",
		 "192.0.2.0/24 quickack 1 features ecn congctl lock reno append dev eth0", NULL},
		{"2001:db8::/32 dev eth0 pref high expires 60 from 2001:db8:9::/48",
		 "2001:db8::/32 from 2001:db8:9::/48 pref 1 expires 60 dev eth0", NULL},
		{"192.0.2.0/24 dev eth0 realms 1/2 vrf red ttl-propagate disabled",
		 "192.0.2.0/24 vrf red ttl-propagate disabled dev eth0 realms 1/2", NULL},
		{"192.0.2.0/24 dev eth0 features fast", "192.0.2.0/24 dev eth0", "not a feature"},
	};

	(void)state;
	check_lines(lines, COUNT(lines), false);
}

static void routes_that_are_left_out(void **state)
{
	static const struct line lines[] = {
		{"via 10.0.0.1 dev eth0", NULL, "without a destination"},
		{"192.0.2.0/24", NULL, "neither `via` nor `dev`"},
		{"192.0.2.0/24 vai 10.0.0.1", NULL, "did you mean `via`"},
		{"192.0.2.0/24 via", NULL, "needs a value"},
		{"192.0.2.0/24 via host", NULL, "is not an IP address"},
		{"192.0.2.0/33 dev eth0", NULL, "no prefix length"},
		{"2001:db8::/32 via 10.0.0.1", NULL, "is of IPv4, and the rest of IPv6"},
		{"default via inet6 10.0.0.1", NULL, "not of the family"},
		{"192.0.2.0/24 dev eth0 metric -1", NULL, "is not a number"},
		{"192.0.2.0/24 dev eth0 table nowhere", NULL, "no routing table"},
		{"192.0.2.0/24 198.51.100.0/24 dev eth0", NULL, "second destination"},
		{"192.0.2.0/24 nexthop via 10.0.0.1 weight 257", NULL, "from 1 to 256"},
		{"192.0.2.0/24 nexthop via 10.0.0.1 metric 5", NULL, "no word of a `nexthop`"},
		{"192.0.2.0/24 via 10.0.0.1 nexthop via 10.0.0.2", NULL, "behind a gateway"},
		{"192.0.2.0/24 via 10.0.0.1 encap mpls 100", NULL, "is not supported"},
		{"192.0.2.0/24 dev eth0/1", NULL, "name of an interface"},
		{"192.0.2.0/24 dev eth0 src 2001:db8::1", NULL, "is of IPv6"},
	};

	(void)state;
	check_lines(lines, COUNT(lines), false);
}

static void rules(void **state)
{
	static const struct line lines[] = {
		{"from 192.0.2.0/24 table 100 priority 50",
		 "inet from 192.0.2.0/24 priority 50 table 100", NULL},
		{"from all lookup office preference 0x10", "inet priority 16 table 77", NULL},
		{"to 2001:db8::/32 blackhole order 7",
		 "inet6 to 2001:db8::/32 priority 7 blackhole", NULL},
		{"not fwmark 0x1/0xff iif eth0 oif \"a b\" priority 9 prohibit",
		 "inet not iif eth0 oif \"a b\" fwmark 0x1/0xff priority 9 prohibit", NULL},
		{"ipproto tcp sport 1-5 dport 80 priority 9 goto 10",
		 "inet ipproto 6 sport 1-5 dport 80-80 priority 9 goto 10", NULL},
		{"l3mdev priority 1000 suppress_prefixlength 0",
		 "inet priority 1000 l3mdev suppress_prefixlength 0", NULL},
		{"uidrange 5-6 type nop priority 1", "inet uidrange 5-6 priority 1 nop", NULL},
		{"inet6 priority 5 table main no_track", "inet6 priority 5 table 254", NULL},
		{"from 192.0.2.1 table 9", "inet from 192.0.2.1/32 priority 16384 table 9",
		 "from 16384 downwards"},
		{"from 192.0.2.1 priority 7", NULL, "without an action"},
		{"from 192.0.2.1 to 2001:db8::1 priority 7 table 9", NULL, "is of IPv6"},
		{"from 192.0.2.1 priority 7 table 0", NULL, "cannot be 0"},
		{"priority 7 goto 7", NULL, "not behind its own priority"},
		{"priority 7 table 9 blackhole", NULL, "second action"},
		{"priority 7 nop suppress_prefixlength 0", NULL, "only a table can have"},
		{"form 192.0.2.1 priority 7 table 9", NULL, "did you mean `from`"},
		{"dport 9-1 priority 7 table 9", NULL, "neither a port nor a range"},
	};

	(void)state;
	check_lines(lines, COUNT(lines), true);
}

/* keepalived counts downwards, each family for itself. */
static void rules_without_priority(void **state)
{
	struct conf_diags diags = {0};
	char *got = read_lines("from 192.0.2.1 table 9\nto 2001:db8::1 table 9\n"
			       "from 192.0.2.2 table 9 priority 3\nfrom 192.0.2.3 table 9\n",
			       true, &diags);

	(void)state;
	assert_string_equal(got, "inet from 192.0.2.1/32 priority 16384 table 9\n"
				 "inet6 to 2001:db8::1/128 priority 16384 table 9\n"
				 "inet from 192.0.2.2/32 priority 3 table 9\n"
				 "inet from 192.0.2.3/32 priority 16383 table 9\n");
	assert_int_equal(diags.count, 3);
	free(got);
	conf_diags_free(&diags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(destinations_and_gateways), cmocka_unit_test(options_of_routes),
		cmocka_unit_test(routes_that_are_left_out),  cmocka_unit_test(rules),
		cmocka_unit_test(rules_without_priority),
	};
	int failed;

	route_names_set("# of iproute2\n254\tmain\n\n77 office # ours\n0x4e other\n");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	route_names_set(NULL);
	return failed;
}
