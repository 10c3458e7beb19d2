/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offloads that hide VLAN tags from XDP: off while our programs are there, on again afterwards,
 * whoever died in between. A veth has them, as real devices do, when it is said to be one.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "sys/offload.h"
#include "sys/plane.h"

#include <cmocka.h> /* last: it defines a macro fail() */

static void an_offload_is_turned_off_and_on(void **state)
{
	struct plane *plane = *state;

	for (enum offload offload = 0; offload < OFFLOADS; offload++) {
		assert_true(offload_active(plane->ifindex, offload));
		assert_int_equal(offload_set(plane->ifindex, offload, false), 0);
		assert_false(offload_active(plane->ifindex, offload));
		assert_int_equal(offload_set(plane->ifindex, offload, false), 0);
		assert_int_equal(offload_set(plane->ifindex, offload, true), 0);
		assert_true(offload_active(plane->ifindex, offload));
	}
}

static void what_is_fixed_is_refused(void **state)
{
	(void)state;
	assert_false(offload_active(1, OFFLOAD_RXVLAN)); /* lo has none */
	assert_int_equal(offload_set(1, OFFLOAD_RXVLAN, true), EOPNOTSUPP);
	assert_int_equal(offload_set(1, OFFLOAD_RXVLAN, false), 0);
	assert_false(offload_active(9999, OFFLOAD_RXVLAN));
}

static bool tags_are_hidden(int ifindex)
{
	bool one = offload_active(ifindex, OFFLOAD_RXVLAN);

	assert_int_equal(offload_active(ifindex, OFFLOAD_RXVLAN_STAG), one);
	return one;
}

static void xdp_sees_tags(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);

	for (enum xdp_mode mode = XDP_MODE_NATIVE; mode <= XDP_MODE_TC; mode++) {
		plane_attach(plane, dataplane, "", mode);
		assert_int_equal(tags_are_hidden(plane->ifindex), mode == XDP_MODE_TC);
		dataplane_detach(dataplane, plane->ifindex);
		assert_true(tags_are_hidden(plane->ifindex));
	}
	dataplane_close(dataplane);
}

/* What an operator had off stays off. */
static void only_what_was_on_comes_on(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);

	assert_int_equal(offload_set(plane->ifindex, OFFLOAD_RXVLAN, false), 0);
	plane_attach(plane, dataplane, "", XDP_MODE_NATIVE);
	dataplane_close(dataplane);
	assert_false(offload_active(plane->ifindex, OFFLOAD_RXVLAN));
	assert_true(offload_active(plane->ifindex, OFFLOAD_RXVLAN_STAG));
}

static void attach_native(const struct plane *plane, struct dataplane *dataplane)
{
	plane_attach(plane, dataplane, "", XDP_MODE_NATIVE);
}

/* By who adopts the programs, or clears them away. */
static void a_killed_agents_offloads_come_on_again(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane;

	plane_kill_after(plane, attach_native);
	assert_false(tags_are_hidden(plane->ifindex));
	dataplane = plane_open(plane);
	attach_native(plane, dataplane);
	assert_false(tags_are_hidden(plane->ifindex));
	dataplane_close(dataplane);
	assert_true(tags_are_hidden(plane->ifindex));

	plane_kill_after(plane, attach_native);
	dataplane = plane_open(plane);
	dataplane_settle(dataplane); /* it does not use the interface any more */
	assert_true(tags_are_hidden(plane->ifindex));
	dataplane_close(dataplane);
}

static void somebody_turns_it_on_again(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int lost[4];

	attach_native(plane, dataplane);
	assert_int_equal(dataplane_check(dataplane, lost, 4), 0);
	assert_int_equal(offload_set(plane->ifindex, OFFLOAD_RXVLAN, true), 0);
	assert_int_equal(dataplane_check(dataplane, lost, 4), 1);
	assert_int_equal(lost[0], plane->ifindex);
	attach_native(plane, dataplane);
	assert_false(tags_are_hidden(plane->ifindex));
	assert_int_equal(dataplane_check(dataplane, lost, 4), 0);
	dataplane_close(dataplane);
	assert_true(tags_are_hidden(plane->ifindex));
}

/* Where packets have their tags beside them, XDP is for who has no VLANs. */
static void vlans_on_a_software_device_need_tc(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct attach_status status;
	struct failure failure;

	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
	for (enum xdp_mode mode = XDP_MODE_NATIVE; mode <= XDP_MODE_GENERIC; mode++) {
		assert_int_equal(dataplane_attach(dataplane, plane->ifindex, "x0", "veth", true,
						  mode, &status, &failure),
				 -1);
		assert_contains(failure.text, "VLANs lie on it");
	}
	assert_int_equal(dataplane_attach(dataplane, plane->ifindex, "x0", "veth", true,
					  XDP_MODE_AUTO, &status, &failure),
			 0);
	assert_int_equal(status.mode, XDP_MODE_TC);
	assert_contains(status.reason, "VLANs lie on it");
	assert_hooks(plane->ifindex, XDP_MODE_TC);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
	assert_true(tags_are_hidden(plane->ifindex)); /* which means nothing there */
	dataplane_close(dataplane);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLANE_TEST(an_offload_is_turned_off_and_on),
		PLANE_TEST(what_is_fixed_is_refused),
		PLANE_TEST(xdp_sees_tags),
		PLANE_TEST(only_what_was_on_comes_on),
		PLANE_TEST(a_killed_agents_offloads_come_on_again),
		PLANE_TEST(somebody_turns_it_on_again),
		PLANE_TEST(vlans_on_a_software_device_need_tc),
	};

	return cmocka_run_group_tests_name("offload", tests, plane_enter, plane_leave);
}
