/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another tool takes our programs off an interface, or puts its own in their place: it is noticed,
 * and dataplane_attach() puts back what can be put back.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "sys/plane.h"
#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

#define MANY 8

/* Nothing is missing, and dataplane_attach() finds it so, too. */
static void assert_whole(const struct plane *plane, struct dataplane *dataplane, enum xdp_mode mode)
{
	int found[MANY];

	assert_hooks(plane->ifindex, mode);
	assert_int_equal(dataplane_check(dataplane, found, MANY), 0);
}

static void assert_noticed(const struct plane *plane, struct dataplane *dataplane)
{
	int found[MANY] = {0};

	assert_int_equal(dataplane_check(dataplane, found, MANY), 1);
	assert_int_equal(found[0], plane->ifindex);
}

static void assert_put_back(const struct plane *plane, struct dataplane *dataplane,
			    enum xdp_mode wanted)
{
	assert_noticed(plane, dataplane);
	assert_int_equal(plane_attach(plane, dataplane, "veth", wanted).mode, wanted);
	assert_whole(plane, dataplane, wanted);
}

/* ---- taken off ---- */

static void each_link_is_missed(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane;

	if (!has_tcx())
		skip();
	dataplane = plane_open(plane);
	for (enum xdp_mode mode = XDP_MODE_NATIVE; mode <= XDP_MODE_TC; mode++) {
		plane_attach(plane, dataplane, "veth", mode);
		assert_whole(plane, dataplane, mode);
		if (mode != XDP_MODE_TC) {
			detach_link(plane, "xdp");
			assert_put_back(plane, dataplane, mode);
		}
		detach_link(plane, "tc_in");
		assert_put_back(plane, dataplane, mode);
		detach_link(plane, "tc_out");
		assert_put_back(plane, dataplane, mode);
	}
	dataplane_close(dataplane);
}

static void each_filter_is_missed(void **state)
{
	static const char *const commands[] = {
		"tc filter del dev x0 ingress && echo done",
		"tc filter del dev x0 egress && echo done",
		"tc qdisc del dev x0 clsact && echo done",
	};
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);

	for (enum xdp_mode mode = XDP_MODE_GENERIC; mode <= XDP_MODE_TC; mode++)
		for (unsigned i = 0; i < 3; i++) {
			plane_attach(plane, dataplane, "veth", mode);
			assert_whole(plane, dataplane, mode);
			assert_true(prints(commands[i], "done"));
			assert_put_back(plane, dataplane, mode);
		}
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
	assert_false(has_clsact());
}

/* Somebody deletes our qdisc and makes one of his own: that one is not ours to remove. */
static void a_clsact_in_place_of_ours_survives(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);

	plane_attach(plane, dataplane, "veth", XDP_MODE_GENERIC);
	assert_true(prints("tc qdisc del dev x0 clsact && tc qdisc add dev x0 clsact && echo done",
			   "done"));
	assert_put_back(plane, dataplane, XDP_MODE_GENERIC);
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
	assert_true(has_clsact());
}

/* ---- replaced ---- */

static void update_link(const struct plane *plane, const char *hook, int type)
{
	int program = foreign_program(type), fd;
	char path[120];

	snprintf(path, sizeof(path), "%s/links/%d-%s", plane->pins, plane->ifindex, hook);
	fd = bpf_obj_get(path);
	assert_true(fd >= 0);
	assert_int_equal(bpf_link_update(fd, program, NULL), 0);
	close(fd);
	close(program);
}

static void another_program_in_our_link_is_noticed(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane;

	if (!has_tcx())
		skip();
	dataplane = plane_open(plane);
	plane_attach(plane, dataplane, "veth", XDP_MODE_GENERIC);
	update_link(plane, "tc_in", BPF_PROG_TYPE_SCHED_CLS);
	assert_put_back(plane, dataplane, XDP_MODE_GENERIC);
	update_link(plane, "tc_out", BPF_PROG_TYPE_SCHED_CLS);
	assert_put_back(plane, dataplane, XDP_MODE_GENERIC);
	update_link(plane, "xdp", BPF_PROG_TYPE_XDP);
	assert_put_back(plane, dataplane, XDP_MODE_GENERIC);
	dataplane_close(dataplane);
}

static void another_program_in_our_filter_is_noticed(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);

	plane_attach(plane, dataplane, "veth", XDP_MODE_GENERIC);
	plane_attach(plane, dataplane, "veth", XDP_MODE_TC);
	dataplane->attachments->program[HOOK_TC_IN]++; /* as if that were another one */
	assert_put_back(plane, dataplane, XDP_MODE_TC);
	dataplane_close(dataplane);
}

static void a_foreign_xdp_program_takes_the_hook(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct attach_status status;
	int foreign, found[MANY];

	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	detach_link(plane, "xdp");
	foreign = foreign_xdp(plane->ifindex);
	assert_noticed(plane, dataplane);
	status = plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_int_equal(status.mode, XDP_MODE_TC);
	assert_contains(status.reason, "'somebody'");
	assert_int_equal(tc_count(plane->ifindex, false, "xvrrp_tc_in"), 1);
	assert_int_equal(dataplane_check(dataplane, found, MANY), 0);
	close(foreign);
	dataplane_close(dataplane);
}

/* An explicit mode that somebody took cannot be put back before he leaves: the rest stays. */
static void what_works_stays_until_all_can_be_put_back(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct attach_status status;
	struct failure failure;
	int foreign;

	plane_attach(plane, dataplane, "veth", XDP_MODE_GENERIC);
	detach_link(plane, "xdp");
	foreign = foreign_xdp(plane->ifindex);
	for (unsigned i = 0; i < 2; i++) {
		assert_noticed(plane, dataplane);
		assert_int_equal(dataplane_attach(dataplane, plane->ifindex, "x0", "veth", false,
						  XDP_MODE_GENERIC, &status, &failure),
				 -1);
		assert_contains(failure.text, "'somebody'");
		assert_int_equal(tc_count(plane->ifindex, false, "xvrrp_tc_mark"), 1);
		assert_int_equal(tc_count(plane->ifindex, true, "xvrrp_tc_out"), 1);
	}
	close(foreign);
	assert_put_back(plane, dataplane, XDP_MODE_GENERIC);
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
}

/* ---- which interfaces ---- */

static void only_interfaces_that_are_there(void **state)
{
	struct plane *plane = *state, more[2] = {*plane, *plane};
	struct dataplane *dataplane = plane_open(plane);
	int found[MANY];

	ip("link add x1 type veth peer name y1");
	ip("link add x2 type veth peer name y2");
	more[0].ifindex = index_of("x1");
	more[1].ifindex = index_of("x2");
	plane_attach(&more[1], dataplane, "veth", XDP_MODE_GENERIC);
	plane_attach(plane, dataplane, "veth", XDP_MODE_GENERIC);
	plane_attach(&more[0], dataplane, "veth", XDP_MODE_GENERIC);
	detach_link(plane, "xdp");
	detach_link(&more[0], "xdp");
	detach_link(&more[1], "xdp");
	assert_int_equal(dataplane_check(dataplane, found, MANY), 3);
	assert_int_equal(dataplane_check(dataplane, found, 2), 2);
	assert_int_equal(found[0], plane->ifindex);
	assert_int_equal(found[1], more[0].ifindex);
	ip("link del x1");
	dataplane_detach(dataplane, plane->ifindex);
	assert_int_equal(dataplane_check(dataplane, found, MANY), 1);
	assert_int_equal(found[0], more[1].ifindex);
	dataplane_close(dataplane);
	ip("link del x2");
}

struct checking {
	struct dataplane *dataplane;
	atomic_bool stop;
	atomic_uint rounds;
};

static void *check_on(void *data)
{
	struct checking *checking = data;
	int found[MANY];

	while (!checking->stop) {
		dataplane_check(checking->dataplane, found, MANY);
		checking->rounds++;
	}
	return NULL;
}

/* Found by the sanitizers and valgrind, if it is not right. */
static void checks_go_on_beside_attaching(void **state)
{
	struct plane *plane = *state;
	struct checking checking = {.dataplane = plane_open(plane)};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, check_on, &checking), 0);
	for (unsigned i = 0; i < 50 || checking.rounds < 50; i++) {
		plane_attach(plane, checking.dataplane, "veth", XDP_MODE_GENERIC);
		dataplane_detach(checking.dataplane, plane->ifindex);
	}
	checking.stop = true;
	pthread_join(thread, NULL);
	dataplane_close(checking.dataplane);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLANE_TEST(each_link_is_missed),
		PLANE_TEST_CLSACT(each_filter_is_missed),
		PLANE_TEST_CLSACT(a_clsact_in_place_of_ours_survives),
		PLANE_TEST(another_program_in_our_link_is_noticed),
		PLANE_TEST_CLSACT(another_program_in_our_filter_is_noticed),
		PLANE_TEST(a_foreign_xdp_program_takes_the_hook),
		PLANE_TEST_CLSACT(a_foreign_xdp_program_takes_the_hook),
		PLANE_TEST(what_works_stays_until_all_can_be_put_back),
		PLANE_TEST_CLSACT(what_works_stays_until_all_can_be_put_back),
		PLANE_TEST(only_interfaces_that_are_there),
		PLANE_TEST_CLSACT(only_interfaces_that_are_there),
		PLANE_TEST(checks_go_on_beside_attaching),
		PLANE_TEST_CLSACT(checks_go_on_beside_attaching),
	};

	return cmocka_run_group_tests(tests, plane_enter, plane_leave);
}
