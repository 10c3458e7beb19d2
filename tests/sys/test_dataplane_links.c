/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an earlier agent left on interfaces: taken over where it is of use, made anew where it is
 * dead, removed where nobody wants it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/plane.h"
#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

/* ---- modes ---- */

static __u32 xdp_id(int ifindex)
{
	int fd = xdp_program(ifindex);
	__u32 id = program_id(fd);

	close(fd);
	return id;
}

/* An agent attached in one mode, leaves, and the next one wants another. */
static void a_successor_may_want_another_mode(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane;

	for (enum xdp_mode from = XDP_MODE_NATIVE; from <= XDP_MODE_TC; from++)
		for (enum xdp_mode to = XDP_MODE_NATIVE; to <= XDP_MODE_TC; to++) {
			dataplane = plane_open(plane);
			plane_attach(plane, dataplane, "veth", from);
			dataplane_leave(dataplane);
			dataplane = plane_open(plane);
			assert_int_equal(plane_attach(plane, dataplane, "veth", to).mode, to);
			assert_hooks(plane->ifindex, to);
			dataplane_close(dataplane);
			assert_hooks(plane->ifindex, XDP_MODE_AUTO);
			assert_false(has_clsact());
		}
}

static void auto_keeps_the_mode(void **state)
{
	static const struct {
		enum xdp_mode mode;
		const char *kind, *reason;
		enum xdp_mode result;
	} cases[] = {
		{XDP_MODE_NATIVE, "", "", XDP_MODE_NATIVE},
		{XDP_MODE_GENERIC, "", "as an earlier agent attached it", XDP_MODE_GENERIC},
		{XDP_MODE_GENERIC, "veth", "veth: native XDP_TX needs", XDP_MODE_GENERIC},
		{XDP_MODE_NATIVE, "veth", "veth: native XDP_TX needs", XDP_MODE_GENERIC},
	};
	struct plane *plane = *state;
	struct attach_status status;
	struct dataplane *dataplane;
	__u32 before;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dataplane = plane_open(plane);
		plane_attach(plane, dataplane, "", cases[i].mode);
		before = xdp_id(plane->ifindex);
		dataplane_leave(dataplane);
		dataplane = plane_open(plane);
		status = plane_attach(plane, dataplane, cases[i].kind, XDP_MODE_AUTO);
		assert_int_equal(status.mode, cases[i].result);
		assert_contains(status.reason, cases[i].reason);
		assert_hooks(plane->ifindex, cases[i].result);
		assert_int_not_equal(xdp_id(plane->ifindex), before);
		dataplane_close(dataplane);
	}
}

static void beside_a_foreign_xdp_program(void **state)
{
	struct plane *plane = *state;
	int foreign = foreign_xdp(plane->ifindex);
	struct dataplane *dataplane = plane_open(plane);
	struct attach_status status;

	for (unsigned agents = 0; agents < 2; agents++) {
		status = plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
		assert_int_equal(status.mode, XDP_MODE_TC);
		assert_contains(status.reason, "'somebody'");
		assert_int_equal(tc_count(plane->ifindex, false, "xvrrp_tc_in"), 1);
		assert_int_equal(tc_count(plane->ifindex, false, "xvrrp_tc_mark"), 0);
		dataplane_leave(dataplane);
		dataplane = plane_open(plane);
	}
	close(foreign);
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
}

/* Somebody took programs off while no agent was there; and a number is used again. */
static void dead_links_are_made_anew(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane;

	if (!has_tcx())
		skip();
	dataplane = plane_open(plane);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	dataplane_leave(dataplane);
	detach_link(plane, "xdp");
	detach_link(plane, "tc_out");
	dataplane = plane_open(plane);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);

	dataplane_leave(dataplane);
	ip("link del x0");
	ip("link add x0 index %d type veth peer name y0", plane->ifindex);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
	dataplane = plane_open(plane);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
}

static void missing_and_wrong_pins(void **state)
{
	static const char *const hooks[] = {"xdp", "tc_in", "tc_out"};
	struct plane *plane = *state;
	struct dataplane *dataplane;
	char path[120];
	int fd;

	if (!has_tcx())
		skip();
	for (unsigned wrong = 0; wrong < 2; wrong++)
		for (unsigned i = 0; i < 3; i++) {
			dataplane = plane_open(plane);
			plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
			dataplane_leave(dataplane);
			detach_link(plane, hooks[i]);
			snprintf(path, sizeof(path), "%s/links/%d-%s", plane->pins, plane->ifindex,
				 hooks[i]);
			assert_int_equal(unlink(path), 0);
			if (wrong) {
				fd = foreign_program(BPF_PROG_TYPE_XDP);
				assert_int_equal(bpf_obj_pin(fd, path), 0);
				close(fd);
			}
			dataplane = plane_open(plane);
			plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
			assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
			dataplane_close(dataplane);
			assert_hooks(plane->ifindex, XDP_MODE_AUTO);
		}
}

/* The number of an interface says nothing in another network namespace. */
static void links_elsewhere_are_not_ours(void **state)
{
	struct plane *plane = *state;
	int status;
	pid_t child;

	for (enum xdp_mode mode = XDP_MODE_GENERIC; mode <= XDP_MODE_TC; mode++) {
		struct dataplane *dataplane = plane_open(plane);

		plane_attach(plane, dataplane, "veth", mode);
		dataplane_leave(dataplane);
		child = fork();
		if (!child) {
			plane_in_child();
			enter_namespace();
			ip("link add x0 index %d type veth peer name y0", plane->ifindex);
			dataplane = plane_open(plane);
			plane_attach(plane, dataplane, "veth", mode);
			assert_hooks(plane->ifindex, mode);
			dataplane_close(dataplane);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
}

/* The kernel takes only a program of the same kind for the one that is in an XDP link. */
static void a_link_that_refuses_our_program_is_made_anew(void **state)
{
	/* r0 = 2 (XDP_PASS); exit */
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 2},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int program = bpf_prog_load(BPF_PROG_TYPE_XDP, "no_attach_type", "GPL", pass, 2, NULL);
	struct attach_status status;
	char path[120];
	int link;

	plane_attach(plane, dataplane, "", XDP_MODE_NATIVE);
	dataplane_leave(dataplane);
	detach_link(plane, "xdp");
	snprintf(path, sizeof(path), "%s/links/%d-xdp", plane->pins, plane->ifindex);
	assert_int_equal(unlink(path), 0);
	link = bpf_link_create(program, plane->ifindex, BPF_XDP, NULL);
	assert_true(link >= 0);
	assert_int_equal(bpf_obj_pin(link, path), 0);
	close(link);
	close(program);

	dataplane = plane_open(plane);
	status = plane_attach(plane, dataplane, "", XDP_MODE_AUTO);
	assert_int_equal(status.mode, XDP_MODE_NATIVE);
	assert_hooks(plane->ifindex, XDP_MODE_NATIVE);
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
}

/* ---- what nobody wants any more ---- */

static bool has_link_pins(const struct plane *plane, int ifindex)
{
	static const char *const hooks[] = {"xdp", "tc_in", "tc_out", "clsact"};
	char path[120];
	bool found = false;

	for (unsigned i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/links/%d-%s", plane->pins, ifindex, hooks[i]);
		found = found || !access(path, F_OK);
	}
	return found;
}

static void other_interfaces_are_cleaned(void **state)
{
	struct plane *plane = *state, other = *plane, gone = *plane;
	struct dataplane *dataplane = plane_open(plane);

	ip("link add x1 type veth peer name y1");
	ip("link add x2 type veth peer name y2");
	other.ifindex = index_of("x1");
	gone.ifindex = index_of("x2");
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	plane_attach(&other, dataplane, "veth", XDP_MODE_AUTO);
	plane_attach(&gone, dataplane, "veth", XDP_MODE_AUTO);
	dataplane_leave(dataplane);
	ip("link del x2");

	dataplane = plane_open(plane);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_hooks(other.ifindex, XDP_MODE_GENERIC);
	dataplane_settle(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
	assert_hooks(other.ifindex, XDP_MODE_AUTO);
	assert_false(prints("tc qdisc show dev x1", "clsact"));
	assert_true(has_counters(plane, plane->ifindex));
	assert_false(has_counters(plane, other.ifindex));
	assert_false(has_counters(plane, gone.ifindex));
	assert_false(has_link_pins(plane, other.ifindex));
	assert_false(has_link_pins(plane, gone.ifindex));
	assert_true(has_link_pins(plane, plane->ifindex));

	dataplane_close(dataplane);
	ip("link del x1");
}

static void a_foreign_clsact_elsewhere_stays(void **state)
{
	struct plane *plane = *state, other = *plane;
	struct dataplane *dataplane = plane_open(plane);

	ip("link add x1 type veth peer name y1");
	other.ifindex = index_of("x1");
	assert_true(prints("tc qdisc add dev x1 clsact && echo done", "done"));
	plane_attach(&other, dataplane, "veth", XDP_MODE_AUTO);
	dataplane_leave(dataplane);
	dataplane = plane_open(plane);
	dataplane_settle(dataplane);
	assert_hooks(other.ifindex, XDP_MODE_AUTO);
	assert_true(prints("tc qdisc show dev x1", "clsact"));
	dataplane_close(dataplane);
	ip("link del x1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLANE_TEST(a_successor_may_want_another_mode),
		PLANE_TEST_CLSACT(a_successor_may_want_another_mode),
		PLANE_TEST(auto_keeps_the_mode),
		PLANE_TEST_CLSACT(auto_keeps_the_mode),
		PLANE_TEST(beside_a_foreign_xdp_program),
		PLANE_TEST_CLSACT(beside_a_foreign_xdp_program),
		PLANE_TEST(dead_links_are_made_anew),
		PLANE_TEST(missing_and_wrong_pins),
		PLANE_TEST(links_elsewhere_are_not_ours),
		PLANE_TEST(a_link_that_refuses_our_program_is_made_anew),
		PLANE_TEST(other_interfaces_are_cleaned),
		PLANE_TEST_CLSACT(other_interfaces_are_cleaned),
		PLANE_TEST(a_foreign_clsact_elsewhere_stays),
		PLANE_TEST_CLSACT(a_foreign_clsact_elsewhere_stays),
	};

	return cmocka_run_group_tests(tests, plane_enter, plane_leave);
}
