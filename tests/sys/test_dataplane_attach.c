/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attaching: which programs are on an interface in which mode, beside whom, and what is left when
 * they go. Most tests run twice: with tcx links where the kernel has them, and with clsact filters.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/plane.h"
#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

static void assert_xdp(int ifindex, const char *expected)
{
	char name[16];

	xdp_name(ifindex, name);
	assert_string_equal(name, expected);
}

static void foreign_filter(int ifindex)
{
	struct bpf_tc_hook hook = {
		.sz = sizeof(hook), .ifindex = ifindex, .attach_point = BPF_TC_INGRESS};
	int program = foreign_program(BPF_PROG_TYPE_SCHED_CLS);
	struct bpf_tc_opts filter = {
		.sz = sizeof(filter), .prog_fd = program, .handle = 1, .priority = 1};

	assert_int_equal(bpf_tc_attach(&hook, &filter), 0);
	close(program);
}

/* ---- modes ---- */

static void each_mode_has_its_programs(void **state)
{
	static const struct {
		const char *kind;
		enum xdp_mode wanted, mode;
		const char *reason;
	} cases[] = {
		{"veth", XDP_MODE_AUTO, XDP_MODE_GENERIC, "veth: native XDP_TX needs"},
		{"bond", XDP_MODE_AUTO, XDP_MODE_GENERIC, "bond: "},
		{"", XDP_MODE_AUTO, XDP_MODE_NATIVE, ""},
		{"veth", XDP_MODE_NATIVE, XDP_MODE_NATIVE, "as configured; veth: "},
		{"veth", XDP_MODE_GENERIC, XDP_MODE_GENERIC, "as configured"},
		{"veth", XDP_MODE_TC, XDP_MODE_TC, "as configured"},
	};
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct attach_status status =
			plane_attach(plane, dataplane, cases[i].kind, cases[i].wanted);

		assert_int_equal(status.mode, cases[i].mode);
		assert_contains(status.reason, cases[i].reason);
		assert_hooks(plane->ifindex, cases[i].mode);
		assert_int_equal(has_clsact(), dataplane->no_tcx);
		dataplane_detach(dataplane, plane->ifindex);
		assert_hooks(plane->ifindex, XDP_MODE_AUTO);
		assert_false(has_clsact());
	}
	dataplane_close(dataplane);
}

static void modes_change_in_place(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);

	for (enum xdp_mode from = XDP_MODE_NATIVE; from <= XDP_MODE_TC; from++)
		for (enum xdp_mode to = XDP_MODE_NATIVE; to <= XDP_MODE_TC; to++) {
			plane_attach(plane, dataplane, "veth", from);
			plane_attach(plane, dataplane, "veth", to);
			assert_hooks(plane->ifindex, to);
		}
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
}

static void a_driver_without_native_xdp(void **state)
{
	struct plane *plane = *state, bridge = *plane;
	struct dataplane *dataplane = plane_open(plane);
	struct attach_status status;
	struct failure failure;

	ip("link add b0 type bridge");
	bridge.ifindex = index_of("b0");
	assert_int_equal(dataplane_attach(dataplane, bridge.ifindex, "b0", "bridge", false,
					  XDP_MODE_NATIVE, &status, &failure),
			 -1);
	assert_contains(failure.text, "cannot attach to b0: xdp_mode native is not possible: ");
	assert_contains(failure.text, "the driver has no native XDP");
	assert_hooks(bridge.ifindex, XDP_MODE_AUTO);

	status = plane_attach(&bridge, dataplane, "bridge", XDP_MODE_AUTO);
	assert_int_equal(status.mode, XDP_MODE_GENERIC);
	assert_contains(status.reason, "native XDP: the driver has no native XDP");
	assert_hooks(bridge.ifindex, XDP_MODE_GENERIC);
	dataplane_close(dataplane);
	ip("link del b0");
}

/* What works goes on when what is wanted instead cannot be had. */
static void a_mode_that_is_refused_leaves_the_old_one(void **state)
{
	struct plane *plane = *state, bridge = *plane;
	struct dataplane *dataplane = plane_open(plane);
	struct attach_status status;
	struct failure failure;

	ip("link add b0 type bridge");
	bridge.ifindex = index_of("b0");
	for (enum xdp_mode mode = XDP_MODE_GENERIC; mode <= XDP_MODE_TC; mode++) {
		plane_attach(&bridge, dataplane, "bridge", mode);
		assert_int_equal(dataplane_attach(dataplane, bridge.ifindex, "b0", "bridge", false,
						  XDP_MODE_NATIVE, &status, &failure),
				 -1);
		assert_contains(failure.text, "the driver has no native XDP");
		assert_int_equal(status.mode, mode);
		assert_hooks(bridge.ifindex, mode);
	}
	dataplane_close(dataplane);
	assert_hooks(bridge.ifindex, XDP_MODE_AUTO);
	ip("link del b0");
}

/* The names of VLAN devices; bpffs takes no pin with a dot. */
static void an_interface_name_with_a_dot(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct attach_status status;
	struct failure failure;

	ip("link set x0 down");
	ip("link set x0 name x0.100");
	if (dataplane_attach(dataplane, plane->ifindex, "x0.100", "vlan", false, XDP_MODE_AUTO,
			     &status, &failure))
		fail_msg("%s", failure.text);
	assert_hooks(plane->ifindex, XDP_MODE_NATIVE);
	dataplane_close(dataplane);
	ip("link set x0.100 name x0");
}

/* ---- beside others ---- */

static void a_foreign_xdp_program_is_named(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct attach_status status;
	struct failure failure;
	char owner[64];
	int foreign = foreign_xdp(plane->ifindex), program = xdp_program(plane->ifindex);

	snprintf(owner, sizeof(owner), "'somebody' (id %u)", program_id(program));
	close(program);
	status = plane_attach(plane, dataplane, "", XDP_MODE_AUTO);
	assert_int_equal(status.mode, XDP_MODE_TC);
	assert_contains(status.reason, owner);
	assert_xdp(plane->ifindex, "somebody");
	assert_int_equal(tc_count(plane->ifindex, false, "xvrrp_tc_in"), 1);
	assert_int_equal(tc_count(plane->ifindex, false, "xvrrp_tc_mark"), 0);
	dataplane_detach(dataplane, plane->ifindex);

	for (enum xdp_mode mode = XDP_MODE_NATIVE; mode <= XDP_MODE_GENERIC; mode++) {
		assert_int_equal(dataplane_attach(dataplane, plane->ifindex, "x0", "", false, mode,
						  &status, &failure),
				 -1);
		assert_contains(failure.text, xdp_mode_name(mode));
		assert_contains(failure.text, owner);
		assert_contains(failure.text, "ip link set dev x0 xdp off");
		assert_int_equal(tc_count(plane->ifindex, false, "xvrrp_tc_mark"), 0);
		assert_int_equal(tc_count(plane->ifindex, true, "xvrrp_tc_out"), 0);
	}
	dataplane_close(dataplane);
	assert_xdp(plane->ifindex, "somebody");
	close(foreign);
}

/* Somebody takes our link off and the hook for himself, and later leaves. */
static void the_xdp_hook_is_lost_and_found(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct attach_status status;
	int foreign;

	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	detach_link(plane, "xdp");
	assert_xdp(plane->ifindex, "");
	status = plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_int_equal(status.mode, XDP_MODE_GENERIC);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);

	detach_link(plane, "xdp");
	foreign = foreign_xdp(plane->ifindex);
	status = plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_int_equal(status.mode, XDP_MODE_TC);
	assert_int_equal(tc_count(plane->ifindex, false, "xvrrp_tc_in"), 1);
	assert_int_equal(tc_count(plane->ifindex, false, "xvrrp_tc_mark"), 0);

	close(foreign);
	status = plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_int_equal(status.mode, XDP_MODE_GENERIC);
	assert_contains(status.reason, "veth: ");
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);

	/* Nothing is lost: all stays, with the reason. */
	status = plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_int_equal(status.mode, XDP_MODE_GENERIC);
	assert_contains(status.reason, "veth: ");
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
	dataplane_close(dataplane);
}

static void lost_tc_programs_come_back(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);

	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	if (dataplane->no_tcx) {
		assert_true(prints("tc qdisc del dev x0 clsact && echo done", "done"));
	} else {
		detach_link(plane, "tc_in");
		detach_link(plane, "tc_out");
	}
	assert_int_equal(tc_count(plane->ifindex, true, "xvrrp_tc_out"), 0);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
	assert_false(has_clsact());
}

static void a_foreign_clsact_survives(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);

	assert_true(prints("tc qdisc add dev x0 clsact && echo done", "done"));
	foreign_filter(plane->ifindex);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
	assert_int_equal(tc_count(plane->ifindex, false, "somebody"), 1);
	assert_true(has_clsact());
}

static void an_empty_foreign_clsact_survives(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);

	assert_true(prints("tc qdisc add dev x0 clsact && echo done", "done"));
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	dataplane_close(dataplane);
	assert_true(has_clsact());
}

static void a_foreign_filter_on_our_clsact_survives(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);

	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_true(has_clsact());
	foreign_filter(plane->ifindex);
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
	assert_int_equal(tc_count(plane->ifindex, false, "somebody"), 1);
}

static void a_taken_filter_priority_is_passed_by(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);

	assert_true(prints("tc qdisc add dev x0 clsact && tc filter add dev x0 ingress prio 1 "
			   "protocol ip u32 match u32 0 0 && echo done",
			   "done"));
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	plane_attach(plane, dataplane, "veth", XDP_MODE_TC);
	assert_hooks(plane->ifindex, XDP_MODE_TC);
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
	assert_true(prints("tc filter show dev x0 ingress", "u32"));
}

static void a_plain_ingress_qdisc_is_told_of(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct attach_status status;
	struct failure failure;

	assert_true(prints("tc qdisc add dev x0 ingress && echo done", "done"));
	assert_int_equal(dataplane_attach(dataplane, plane->ifindex, "x0", "veth", false,
					  XDP_MODE_AUTO, &status, &failure),
			 -1);
	assert_contains(failure.text, "cannot attach to x0: there is a qdisc 'ingress'");
	assert_int_equal(tc_count(plane->ifindex, false, "xvrrp_tc_out"), 0);
	assert_true(prints("tc qdisc show dev x0", "ingress"));
	dataplane_close(dataplane);
}

static void two_agents_on_one_interface(void **state)
{
	struct plane *plane = *state, other = *plane;
	struct dataplane *first = plane_open(plane), *second;
	struct attach_status status;

	memcpy(strrchr(other.pins, '/'), "/more", sizeof("/more"));
	second = plane_open(&other);
	plane_attach(plane, first, "veth", XDP_MODE_AUTO);
	status = plane_attach(&other, second, "veth", XDP_MODE_AUTO);
	assert_int_equal(status.mode, XDP_MODE_TC);
	assert_contains(status.reason, "'xvrrp_xdp'");
	assert_int_equal(tc_count(plane->ifindex, true, "xvrrp_tc_out"), 2);
	dataplane_close(first);
	assert_hooks(plane->ifindex, XDP_MODE_TC);
	dataplane_close(second);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
}

/* ---- interfaces come and go ---- */

static void an_interface_that_goes_and_returns(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct attach_status status;
	struct failure failure;
	int gone = plane->ifindex;
	char pin[120];

	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_true(has_counters(plane, gone));
	ip("link del x0");
	assert_int_equal(dataplane_attach(dataplane, gone, "x0", "veth", false, XDP_MODE_AUTO,
					  &status, &failure),
			 -1);
	assert_contains(failure.text, "cannot attach to x0: ");
	assert_contains(failure.text, "No such device");
	dataplane_detach(dataplane, gone);
	assert_false(has_counters(plane, gone));
	snprintf(pin, sizeof(pin), "%s/links/%d-xdp", plane->pins, gone);
	assert_int_equal(access(pin, F_OK), -1);

	ip("link add x0 type veth peer name y0");
	plane->ifindex = index_of("x0");
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
}

static void close_after_an_interface_has_gone(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);

	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	ip("link del x0");
	dataplane_close(dataplane);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLANE_TEST(each_mode_has_its_programs),
		PLANE_TEST_CLSACT(each_mode_has_its_programs),
		PLANE_TEST(modes_change_in_place),
		PLANE_TEST_CLSACT(modes_change_in_place),
		PLANE_TEST(a_driver_without_native_xdp),
		PLANE_TEST(a_mode_that_is_refused_leaves_the_old_one),
		PLANE_TEST_CLSACT(a_mode_that_is_refused_leaves_the_old_one),
		PLANE_TEST(an_interface_name_with_a_dot),
		PLANE_TEST_CLSACT(an_interface_name_with_a_dot),
		PLANE_TEST(a_foreign_xdp_program_is_named),
		PLANE_TEST(the_xdp_hook_is_lost_and_found),
		PLANE_TEST_CLSACT(the_xdp_hook_is_lost_and_found),
		PLANE_TEST(lost_tc_programs_come_back),
		PLANE_TEST_CLSACT(lost_tc_programs_come_back),
		PLANE_TEST(a_foreign_clsact_survives),
		PLANE_TEST_CLSACT(a_foreign_clsact_survives),
		PLANE_TEST_CLSACT(an_empty_foreign_clsact_survives),
		PLANE_TEST_CLSACT(a_foreign_filter_on_our_clsact_survives),
		PLANE_TEST_CLSACT(a_taken_filter_priority_is_passed_by),
		PLANE_TEST_CLSACT(a_plain_ingress_qdisc_is_told_of),
		PLANE_TEST(two_agents_on_one_interface),
		PLANE_TEST_CLSACT(two_agents_on_one_interface),
		PLANE_TEST(an_interface_that_goes_and_returns),
		PLANE_TEST_CLSACT(an_interface_that_goes_and_returns),
		PLANE_TEST(close_after_an_interface_has_gone),
		PLANE_TEST_CLSACT(close_after_an_interface_has_gone),
	};

	return cmocka_run_group_tests(tests, plane_enter, plane_leave);
}
