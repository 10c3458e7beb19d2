/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routers that others wrote, row by row of part D, in each kind; and who forges to them. A
 * router at work against them is in scenarios/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

struct row {
	const char *name, *text;
};

static void run(const char *text, FILE *trace, struct sim_result *result)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	struct scenario scenario;
	char error[512];

	assert_non_null(in);
	if (!scenario_parse(&scenario, "row", in, error, sizeof(error)))
		fail_msg("%s", error);
	fclose(in);
	*result = world_run(&scenario, trace);
}

static void test_row(void **state)
{
	const struct row *row = *state;
	struct sim_result result;

	run(row->text, NULL, &result);
	if (!result.failed)
		return;
	run(row->text, stderr, &result);
	fail_msg("%s", result.failure);
}

#define RFC	   "end 60s\nrouter r1 rfc "
#define RFC2	   "version 2\n" RFC
#define KEEPALIVED "end 60s\nrouter r1 keepalived announce 5 again 5s "
#define KA2	   "version 2\n" KEEPALIVED
#define START	   "\n0 start all\n"
#define HIGHER	   "forge to r1 from 192.0.2.66 priority 200 "
#define LOWER	   "forge to r1 from 192.0.2.66 priority 50 "
#define LEAVING	   "forge to r1 from 192.0.2.66 priority 0 "
/* A Master of priority 100 since 3.609375 s; from here on times count from 5 s. */
#define MASTER START "5s mark\n"

static const struct row rows[] = {
	/* ---- Initialize ---- */
	{"D-1 rfc", RFC "priority 255" START "0 expect r1 active\n0 expect r1 adverts 1\n"
			"0 expect r1 announcements 1\n"},
	{"D-1 keepalived", KEEPALIVED "priority 255" START "0 expect r1 backup\n"
				      "2us expect r1 active\n2us expect r1 adverts 1\n"
				      "2us expect r1 announcements 5\n"},
	{"D-2 rfc", RFC START "1s expect r1 backup\n1s expect r1 silent\n"
			      "4s expect r1 took-over 3609375us\n4s expect r1 answers\n"},
	{"D-2 rfc, v2: skew is of a second",
	 RFC2 "interval 2s" START "9s expect r1 took-over 6609375us\n"},
	{"D-2 rfc, v3: skew is of the interval",
	 RFC "interval 2s" START "9s expect r1 took-over 7218750us\n"},
	{"D-2 keepalived", KEEPALIVED START "4s expect r1 took-over 3609375us\n"},
	{"D-2 keepalived, v2", KA2 "interval 2s" START "9s expect r1 took-over 6609375us\n"},
	{"D-2 keepalived: whole microseconds",
	 KEEPALIVED "interval 1cs priority 1" START "1s expect r1 took-over 39960us\n"},
	{"D-3 rfc: after a stop nothing is heard",
	 RFC START "1s stop r1\n2s " LEAVING "\n9s expect r1 initialize\n"
		   "9s expect r1 adverts 0\n"},

	/* ---- Backup ---- */
	{"D-10 rfc", RFC START "1s stop r1\n9s expect r1 initialize\n9s expect r1 adverts 0\n"},
	{"D-10 keepalived",
	 KEEPALIVED START "1s stop r1\n9s expect r1 initialize\n9s expect r1 adverts 0\n"},
	{"D-11 rfc: one announcement", RFC START "30s expect r1 announcements 1\n"},
	{"D-11 keepalived: and again later",
	 KEEPALIVED START "8s expect r1 announcements 5\n9s expect r1 announcements 10\n"},
	{"D-12 rfc", RFC START "1s " LEAVING "\n9s expect r1 took-over 1609375us\n"},
	{"D-12 keepalived", KEEPALIVED START "1s " LEAVING "\n9s expect r1 took-over 1609375us\n"},
	{"C-32 rfc: of the interval before",
	 RFC START "1s " LEAVING "interval 10s\n9s expect r1 took-over 1609375us\n"},
	{"D-13 rfc, v3: learns, its skew does not (C-33)",
	 RFC START "1s " HIGHER "interval 0.5s\n9s expect r1 took-over 3109375us\n"},
	{"D-13 keepalived, v3: learns, its skew too",
	 KEEPALIVED START "1s " HIGHER "interval 0.5s\n9s expect r1 took-over 2804687us\n"},
	{"D-13 rfc, v2", RFC2 START "1s " HIGHER "\n9s expect r1 took-over 4609375us\n"},
	{"D-13 keepalived, v2", KA2 START "1s " HIGHER "\n9s expect r1 took-over 4609375us\n"},
	{"D-13 rfc: not to preempt is to obey",
	 RFC "nopreempt" START "1s " LOWER "\n9s expect r1 took-over 4609375us\n"},
	{"D-13 keepalived: not to preempt is to obey",
	 KEEPALIVED "nopreempt" START "1s " LOWER "\n9s expect r1 took-over 4609375us\n"},
	{"D-14 rfc", RFC START "1s " LOWER "\n9s expect r1 took-over 3609375us\n"},
	{"D-14 keepalived", KEEPALIVED START "1s " LOWER "\n9s expect r1 took-over 3609375us\n"},
	{"D-31 rfc: equal priority, lower address",
	 RFC START "1s forge to r1 from 10.0.0.1 priority 100\n9s expect r1 took-over 4609375us\n"},

	/* ---- Master ---- */
	{"D-20 rfc", RFC MASTER "5s stop r1\n30s expect r1 initialize\n30s expect r1 silent\n"
				"30s expect r1 adverts 1\n"},
	{"D-20 keepalived", KEEPALIVED MASTER "5s stop r1\n30s expect r1 initialize\n"
					      "30s expect r1 silent\n30s expect r1 adverts 1\n"},
	{"D-21 rfc", RFC MASTER "25s expect r1 adverts 20\n"},
	{"D-21 keepalived", KEEPALIVED MASTER "25s expect r1 adverts 20\n"},
	{"C-31 rfc: advertises by its own interval",
	 RFC START "1s " HIGHER "interval 0.5s\n5s mark\n25s expect r1 adverts 20\n"},
	{"D-22 rfc: answers, and counts from there",
	 RFC MASTER "5s " LEAVING "\n5.1s expect r1 adverts 1\n5.9s expect r1 adverts 1\n"
		    "6.1s expect r1 adverts 2\n6.1s expect r1 active\n"},
	{"D-22 keepalived: answers, and counts from there",
	 KEEPALIVED MASTER "5s " LEAVING "\n5.1s expect r1 adverts 1\n5.9s expect r1 adverts 1\n"
			   "6.1s expect r1 adverts 2\n6.1s expect r1 active\n"},
	{"D-23 rfc: yields and learns, its skew too",
	 RFC MASTER "5s " HIGHER "interval 0.5s\n5.1s expect r1 backup\n5.1s expect r1 silent\n"
		    "9s expect r1 took-over 1804687us..1804688us\n"},
	{"D-23 keepalived: yields and learns",
	 KEEPALIVED MASTER "5s " HIGHER "interval 0.5s\n5.1s expect r1 backup\n"
			   "5.1s expect r1 silent\n9s expect r1 took-over 1804687us\n"},
	{"D-23 rfc: equal priority, higher address",
	 RFC MASTER "5s forge to r1 from 192.0.2.128 priority 100\n5.1s expect r1 backup\n"},
	{"D-23 keepalived: equal priority, higher address",
	 KEEPALIVED MASTER "5s forge to r1 from 192.0.2.128 priority 100\n5.1s expect r1 backup\n"},
	{"D-24 rfc: says nothing",
	 RFC MASTER "5s " LOWER "\n5s forge to r1 from 10.0.0.1 priority 100\n"
		    "5.1s expect r1 active\n5.1s expect r1 adverts 0\n"},
	{"D-24 keepalived: answers at once, announces, and again, and counts from there",
	 KEEPALIVED START "10s mark\n10s " LOWER
			  "\n10.1s expect r1 active\n10.1s expect r1 adverts 1\n"
			  "10.1s expect r1 announcements 5\n10.9s expect r1 adverts 1\n"
			  "14.9s expect r1 announcements 5\n15.1s expect r1 announcements 10\n"},
	{"E-26 keepalived: no announcement of one who has yielded",
	 KEEPALIVED START "5s " HIGHER "times 9 every 1s\n13s expect r1 announcements 5\n"},
	{"E-26 keepalived: and now and then, with an advertisement",
	 KEEPALIVED "refresh 10s refresh-announce 2" START "13s expect r1 announcements 10\n"
		    "14.7s expect r1 announcements 12\n"},
	{"D-24 keepalived: as often as it comes",
	 KEEPALIVED MASTER "5s " LOWER "times 100 every 10us\n5.5s expect r1 adverts 100\n"},
	{"D-35 keepalived: its own address",
	 KEEPALIVED MASTER "5s forge to r1 from 1.1.1.1 priority 100 wrong own\n"
			   "5.5s expect r1 adverts 0\n5.5s expect r1 active\n"},
	{"D-32 rfc: preempted though it does not preempt",
	 RFC "nopreempt" MASTER "5s " HIGHER "\n5.1s expect r1 backup\n"},
	{"D-51 rfc: killed, its kernel answers",
	 RFC MASTER "5s kill r1\n60s expect r1 answers\n60s expect r1 adverts 0\n"},
	{"D-51 keepalived: until it starts again",
	 KEEPALIVED MASTER "5s kill r1\n50s expect r1 answers\n50s start r1\n"
			   "50s expect r1 silent\n50s expect r1 backup\n"},
	{"D-51 keepalived: or is rebooted",
	 KEEPALIVED MASTER "5s kill r1\n6s reboot r1 for 1s\n6s expect r1 silent\n"
			   "8s expect r1 backup\n"},

	/* ---- owners ---- */
	{"B-9 rfc: an owner hears nobody",
	 RFC "priority 255" MASTER
	     "5s forge to r1 from 192.0.2.66 priority 255\n5.1s expect r1 active\n"},
	{"B-9 keepalived: two owners yield, and agree when they come back",
	 "end 10s\nrouter r1 keepalived priority 255\nrouter r2 keepalived priority 255\n"
	 "0 start all\n1ms expect r1 r2 backup\n5.1s expect r1 backup\n5.1s expect r2 active\n"},
	{"D-33 keepalived: an owner preempts",
	 KEEPALIVED "priority 255 nopreempt" START "0 " HIGHER "\n1s expect r1 active\n"},

	/* ---- what is not accepted ---- */
	{"B rfc: a Master",
	 RFC MASTER "5s " HIGHER "wrong ttl\n5s " HIGHER "wrong version\n5s " HIGHER
		    "wrong type\n5s " HIGHER "wrong length\n5s " HIGHER "wrong checksum\n5s " HIGHER
		    "wrong vrid\n5s " HIGHER "wrong unicast\n5.1s expect r1 active\n"},
	{"B rfc, v2: a Master", RFC2 MASTER
	 "5s " HIGHER "wrong ttl\n5s " HIGHER "wrong version\n5s " HIGHER "wrong type\n5s " HIGHER
	 "wrong length\n5s " HIGHER "wrong checksum\n5s " HIGHER "wrong vrid\n5s " HIGHER
	 "wrong unicast\n5s " HIGHER "wrong addresses\n5s " HIGHER
	 "wrong zero\n5.1s expect r1 active\n"},
	{"B keepalived: a Master", KEEPALIVED MASTER
	 "5s " HIGHER "wrong ttl\n5s " HIGHER "wrong version\n5s " HIGHER "wrong type\n5s " HIGHER
	 "wrong length\n5s " HIGHER "wrong checksum\n5s " HIGHER "wrong vrid\n5s " HIGHER
	 "wrong unicast\n5s " HIGHER "wrong addresses\n5.1s expect r1 active\n"},
	{"B rfc: a Backup's timer",
	 RFC START "1s " HIGHER "wrong ttl\n1s " HIGHER "wrong checksum\n"
		   "9s expect r1 took-over 3609375us\n"},
	{"B keepalived: a Backup's timer",
	 KEEPALIVED START "1s " HIGHER "wrong ttl\n1s " HIGHER "wrong checksum\n"
			  "9s expect r1 took-over 3609375us\n"},
	{"B-12 rfc, v3: another list is obeyed",
	 RFC MASTER "5s " HIGHER "wrong addresses\n5.1s expect r1 backup\n"},
	{"B-12 rfc, v2: an owner's other list is obeyed",
	 RFC2 MASTER "5s forge to r1 from 192.0.2.66 priority 255 wrong addresses\n"
		     "5.1s expect r1 backup\n"},
	{"B-13 rfc, v2: another interval is not",
	 RFC2 MASTER "5s " HIGHER "interval 2s\n5.1s expect r1 active\n"},
	{"B-13 keepalived, v2: another interval is not",
	 KA2 MASTER "5s " HIGHER "interval 2s\n5.1s expect r1 active\n"},
	{"B-14 keepalived, v3: zero is an interval", KEEPALIVED MASTER
	 "5s " HIGHER "wrong zero\n5.1s expect r1 adverts 1\n5.1s expect r1 active\n"},
	{"D-37 rfc: rubbish changes no cadence",
	 RFC MASTER "5s " HIGHER "wrong ttl times 20 every 0.9s\n25s expect r1 adverts 20\n"},
	{"D-37 keepalived: rubbish keeps a Master silent",
	 KEEPALIVED MASTER "5s " HIGHER "wrong ttl times 20 every 0.9s\n20s expect r1 adverts 0\n"},
	{"H-1: two forms of the checksum are two Masters",
	 "end 10s\nrouter r1 rfc checksum rfc9568\nrouter r2 keepalived\n0 start all\n"
	 "9s expect actives 2\n"},
	{"H-1: one form is one Master",
	 "end 10s\nrouter r1 rfc checksum pseudo\nrouter r2 keepalived priority 150\n0 start all\n"
	 "9s expect actives 1\n9s expect r2 active\n"},

	/* ---- stopped, and late ---- */
	{"frozen: it answers, and its mail waits", KEEPALIVED MASTER
	 "5s freeze r1 for 10s\n6s " HIGHER "interval 5s\n14s expect r1 answers\n"
	 "14s expect r1 adverts 0\n15.1s expect r1 backup\n15.1s expect r1 adverts 0\n"},
	{"frozen rfc: timers come first",
	 RFC MASTER "5s freeze r1 for 10s\n6s " HIGHER "interval 5s\n14s expect r1 answers\n"
		    "15.1s expect r1 adverts 1\n15.1s expect r1 backup\n"},
	{"frozen: a Backup that reads first stays",
	 KEEPALIVED START "0 " HIGHER "times 50 every 1s\n1s freeze r1 for 20s\n"
			  "25s expect r1 backup\n25s expect r1 adverts 0\n"},
	{"frozen rfc: a Backup that does not",
	 RFC START "0 " HIGHER "times 50 every 1s\n1s freeze r1 for 20s\n"
		   "25s expect r1 adverts 1\n25s expect r1 backup\n"},
	{"frozen: told to stop, it waits",
	 KEEPALIVED MASTER "5s freeze r1 for 10s\n6s stop r1\n14s expect r1 answers\n"
			   "15.1s expect r1 adverts 1\n15.1s expect r1 initialize\n"},
	{"paused: what came is lost",
	 KEEPALIVED MASTER "5s pause r1 for 10s\n6s " HIGHER "\n6s expect r1 silent\n"
			   "15.1s expect r1 answers\n15.1s expect r1 adverts 1\n"},
	{"paused: unless the machine holds it",
	 KEEPALIVED MASTER "5s pause r1 for 10s holding\n6s " HIGHER "\n"
			   "15.1s expect r1 backup\n15.1s expect r1 adverts 0\n"},
	{"late by what the scenario says",
	 RFC "wakes 20ms" START "9s expect r1 took-over 3609375us..3629375us\n"},
	{"a clock that is too fast",
	 RFC "clock 200ppm" START "9s expect r1 took-over 3608653us..3608654us\n"},

	/* ---- priority ---- */
	{"C-24 rfc: from the next timer on", RFC START
	 "0 priority r1 200\n1s " LOWER "\n1s " LEAVING "\n9s expect r1 took-over 1218750us\n"},
	{"C-24 keepalived: the timer moves by the difference",
	 KEEPALIVED START "1s priority r1 200\n9s expect r1 took-over 3218750us\n"},
	{"C-24 keepalived: to the span of last time",
	 KEEPALIVED START "1s " LOWER "\n2s priority r1 200\n9s expect r1 took-over 4218750us\n"},
	{"D-52: a Master says so", RFC MASTER "5s priority r1 50\n5s forge to r1 from 192.0.2.66 "
					      "priority 60\n5.1s expect r1 backup\n"},

	/* ---- clients ---- */
	{"E-3: a Master answers and serves, a Backup does not",
	 "client 10ms\nsettled 1s\nend 91s\nrouter r1 keepalived priority 150\nrouter r2 rfc\n"
	 "0 start all\n10s mark\n41s expect unanswered 0\n"},
	{"E-3: nobody is there", "client 10ms\nend 2s\nrouter r1 rfc\n0 start all\n"
				 "2s expect unanswered 198..200\n"},

	/* ---- who forges, to one of ours ---- */
	{"xvrrpd: a right one is obeyed", "end 20s\nrouter r1 xvrrpd" MASTER "5s " HIGHER
					  "\n5.1s expect r1 silent\n6s expect r1 backup\n"},
	{"xvrrpd: mistakes are not",
	 "end 20s\nrouter r1 xvrrpd" MASTER "5s " HIGHER "wrong ttl\n5s " HIGHER
	 "wrong version\n5s " HIGHER "wrong type\n5s " HIGHER "wrong length\n5s " HIGHER
	 "wrong checksum\n5s " HIGHER "wrong vrid\n5s " HIGHER "wrong unicast\n5s " HIGHER
	 "wrong own\n5s " HIGHER "wrong zero\n20s expect r1 active\n20s expect r1 adverts 15\n"},
	{"xvrrpd: a claim is answered", "end 20s\nrouter r1 xvrrpd announce 2 again 0" MASTER
					"5s claim to r1\n6s expect r1 announcements 1..2\n"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	struct CMUnitTest tests[ROWS];

	for (unsigned i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){.name = rows[i].name,
					       .test_func = test_row,
					       .initial_state = (void *)(uintptr_t)&rows[i]};
	return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
