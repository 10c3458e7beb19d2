/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an earlier agent left and cannot be adopted: replaced with a reason, and not lost to a start
 * that fails. And what is left after a clean stop, at whichever stage: nothing.
 */
#include <bpf/bpf.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/plane.h"
#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

#define FAR_AHEAD (1LL << 62) /* a lease that does not end */

static void router_and_programs(const struct plane *plane, struct dataplane *dataplane)
{
	struct vr_key key = plane_key(51);
	int slot = plane_slot(dataplane, &key, false, NULL);

	assert_true(slot >= 0);
	dataplane_set_lease(dataplane_slot(dataplane, (unsigned)slot), FAR_AHEAD);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
}

/* ---- replaced ---- */

static void pin_path(const struct plane *plane, const char *name, char path[120])
{
	snprintf(path, 120, "%s/%s", plane->pins, name);
}

static void write_abi(const struct plane *plane, struct xvrrp_abi abi)
{
	int fd = plane_map(plane, "abi");
	__u32 zero = 0;

	assert_int_equal(bpf_map_update_elem(fd, &zero, &abi, BPF_ANY), 0);
	close(fd);
}

static void repin(const struct plane *plane, const char *name, int fd)
{
	char path[120];

	pin_path(plane, name, path);
	assert_int_equal(unlink(path), 0);
	if (fd < 0)
		return;
	assert_int_equal(bpf_obj_pin(fd, path), 0);
	close(fd);
}

/* A map like the pinned one but for its number of entries and its flags. */
static int map_like(const struct plane *plane, const char *name, __u32 entries, __u32 flags)
{
	int fd = plane_map(plane, name);
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	close(fd);
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = info.map_flags ^ flags);
	fd = bpf_map_create((enum bpf_map_type)info.type, info.name, info.key_size, info.value_size,
			    entries ? entries : info.max_entries, &options);
	assert_true(fd >= 0);
	return fd;
}

/* What is pinned is replaced, with one line that says why. */
static void assert_replaced(const struct plane *plane, const char *reason)
{
	struct dataplane *dataplane = plane_open_only(plane);
	struct vr_key key = plane_key(51);
	const char *log;

	assert_false(dataplane_adopted(dataplane));
	assert_true(dataplane_left_behind(dataplane));
	assert_int_equal(dataplane_slot_find(dataplane, &key), -1);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC); /* the fence is still there */
	log = plane_start_log(plane, dataplane);
	assert_one_line(log, "replaced the data plane that an earlier agent left");
	assert_contains(log, reason);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
	assert_int_equal(plane_lookup(plane, "vr_index", &key), -1);
	plane_attach(plane, dataplane, "veth", XDP_MODE_AUTO);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
	dataplane_close(dataplane);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
}

static void another_abi_is_replaced(void **state)
{
	struct xvrrp_abi other = {.version = 1, .slots = XVRRP_SLOTS_MAX};

	plane_kill_after(*state, router_and_programs);
	write_abi(*state, other);
	assert_replaced(*state, ": another ABI (1)");

	other = (struct xvrrp_abi){.version = XVRRP_ABI_VERSION, .slots = 77};
	plane_kill_after(*state, router_and_programs);
	write_abi(*state, other);
	assert_replaced(*state, ": another number of slots (77)");
}

static void a_missing_map_is_replaced(void **state)
{
	char reason[60];

	for (enum dataplane_map map = 0; map < MAPS; map++) {
		plane_kill_after(*state, router_and_programs);
		repin(*state, map_names[map], -1);
		snprintf(reason, sizeof(reason), ": map %s is missing", map_names[map]);
		assert_replaced(*state, reason);
	}
}

static void another_layout_is_replaced(void **state)
{
	static const struct {
		const char *name;
		__u32 entries, flags;
	} cases[] = {
		{"vr_index", 100, 0},
		{"vip_index", 0, BPF_F_NO_PREALLOC},
		{"peer_index", 0, BPF_F_NO_PREALLOC},
		{"vr_slots", 0, BPF_F_MMAPABLE},
		{"events", 4096, 0},
	};
	struct plane *plane = *state;
	char reason[60];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		plane_kill_after(plane, router_and_programs);
		repin(plane, cases[i].name,
		      map_like(plane, cases[i].name, cases[i].entries, cases[i].flags));
		snprintf(reason, sizeof(reason), ": map %s has other sizes", cases[i].name);
		assert_replaced(plane, reason);
	}
}

static void what_is_no_map_is_replaced(void **state)
{
	plane_kill_after(*state, router_and_programs);
	repin(*state, "if_stats", foreign_program(BPF_PROG_TYPE_XDP));
	assert_replaced(*state, ": map if_stats has other sizes");
}

static void links_without_maps_are_replaced(void **state)
{
	plane_kill_after(*state, router_and_programs);
	for (enum dataplane_map map = 0; map < MAPS; map++)
		repin(*state, map_names[map], -1);
	assert_replaced(*state, ": map abi is missing");
}

/* ---- ends of a start ---- */

static void lose_privilege(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {{0}};

	assert_int_equal(syscall(SYS_capset, &header, sets), 0);
}

/* A child opens, and fails to load; what its predecessor left must stay. */
static void fail_to_load(const struct plane *plane, bool adopted)
{
	pid_t child = fork();
	int status;

	if (!child) {
		struct failure failure;
		struct dataplane *dataplane;

		plane_in_child();
		dataplane = plane_open_only(plane);
		assert_int_equal(dataplane_adopted(dataplane), adopted);
		lose_privilege();
		assert_int_equal(dataplane_load(dataplane, &failure), -1);
		assert_contains(failure.text, "loading the BPF programs is not permitted");
		dataplane_close(dataplane);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_start_that_fails_leaves_the_fence(void **state)
{
	struct plane *plane = *state;
	struct xvrrp_abi other = {.version = 1, .slots = XVRRP_SLOTS_MAX};
	struct vr_key key = plane_key(51);
	struct dataplane *dataplane;
	int slot;

	plane_kill_after(plane, router_and_programs);
	fail_to_load(plane, true);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
	dataplane = plane_open_only(plane);
	slot = dataplane_slot_find(dataplane, &key);
	assert_true(slot >= 0);
	assert_int_equal(dataplane_slot(dataplane, (unsigned)slot)->lease_until_ns, FAR_AHEAD);
	dataplane_leave(dataplane);

	write_abi(plane, other);
	fail_to_load(plane, false);
	assert_hooks(plane->ifindex, XDP_MODE_GENERIC);
	assert_true(plane_lookup(plane, "vr_index", &key) >= 0);
	dataplane_close(plane_open(plane));
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
}

static void a_clean_stop_at_any_stage_removes_all(void **state)
{
	struct plane *plane = *state;
	struct xvrrp_abi other = {.version = 1, .slots = XVRRP_SLOTS_MAX};
	struct dataplane *dataplane;
	struct failure failure;

	for (unsigned adopted = 0; adopted < 2; adopted++)
		for (unsigned stage = 0; stage < 3; stage++) {
			plane_kill_after(plane, router_and_programs);
			if (!adopted)
				write_abi(plane, other);
			dataplane = plane_open_only(plane);
			if (stage > 0)
				assert_int_equal(dataplane_load(dataplane, &failure), 0);
			if (stage > 1)
				assert_int_equal(dataplane_start(dataplane, &failure), 0);
			dataplane_close(dataplane);
			assert_hooks(plane->ifindex, XDP_MODE_AUTO);
			assert_false(has_clsact());
			assert_int_equal(access(plane->pins, F_OK), -1);
		}
	for (unsigned stage = 0; stage < 2; stage++) { /* with nothing left behind */
		dataplane = plane_open_only(plane);
		if (stage > 0)
			assert_int_equal(dataplane_load(dataplane, &failure), 0);
		dataplane_close(dataplane);
		assert_int_equal(access(plane->pins, F_OK), -1);
	}
}

static void the_interface_of_a_killed_agent_is_gone(void **state)
{
	struct plane *plane = *state;

	plane_kill_after(plane, router_and_programs);
	ip("link del x0");
	dataplane_close(plane_open(plane));
	ip("link add x0 type veth peer name y0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLANE_TEST(another_abi_is_replaced),
		PLANE_TEST_CLSACT(another_abi_is_replaced),
		PLANE_TEST(a_missing_map_is_replaced),
		PLANE_TEST(another_layout_is_replaced),
		PLANE_TEST(what_is_no_map_is_replaced),
		PLANE_TEST(links_without_maps_are_replaced),
		PLANE_TEST(a_start_that_fails_leaves_the_fence),
		PLANE_TEST_CLSACT(a_start_that_fails_leaves_the_fence),
		PLANE_TEST(a_clean_stop_at_any_stage_removes_all),
		PLANE_TEST_CLSACT(a_clean_stop_at_any_stage_removes_all),
		PLANE_TEST(the_interface_of_a_killed_agent_is_gone),
		PLANE_TEST_CLSACT(the_interface_of_a_killed_agent_is_gone),
	};

	return cmocka_run_group_tests(tests, plane_enter, plane_leave);
}
