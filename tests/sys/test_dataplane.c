/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and closing the data plane: alone, against another agent, and after a crash. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/plane.h"
#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == BPF_FS_MAGIC;
}

static unsigned mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 0777;
}

/* ---- open and close ---- */

static void modes_have_names(void **state)
{
	static const char *const names[] = {"auto", "native", "generic", "tc"};
	enum xdp_mode mode;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_true(xdp_mode_parse(names[i], &mode));
		assert_int_equal(mode, i);
		assert_string_equal(xdp_mode_name(mode), names[i]);
	}
	assert_false(xdp_mode_parse("skb", &mode));
}

static void check_pins(const char *pins)
{
	static const char *const maps[] = {"abi",      "vr_index", "vip_index", "peer_index",
					   "vr_slots", "vr_stats", "if_stats",	"events"};
	char path[200];

	for (unsigned i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%s", pins, maps[i]);
		fd = bpf_obj_get(path);
		if (fd < 0)
			fail_msg("%s: %s", path, strerror(errno));
		close(fd);
	}
	assert_int_equal(mode_of(pins), 0700);
	snprintf(path, sizeof(path), "%s/links", pins);
	assert_int_equal(mode_of(path), 0700);
}

static void open_and_close(const char *pins)
{
	struct failure failure;
	struct dataplane *dataplane = plane_try(pins, &failure);

	if (!dataplane)
		fail_msg("%s", failure.text);
	assert_true(is_bpffs(pins));
	check_pins(pins);
	dataplane_close(dataplane);
	assert_int_equal(access(pins, F_OK), -1);
}

static void mounts_its_own_bpffs(void **state)
{
	struct plane *plane = *state;
	char slashed[80];

	open_and_close(plane->pins);
	snprintf(slashed, sizeof(slashed), "%s//", plane->pins);
	open_and_close(slashed);
	assert_false(prints("cat /proc/self/mounts", plane->pins));
}

static void mounts_sys_fs_bpf(void **state)
{
	bool was = is_bpffs("/sys/fs/bpf");
	char pins[64];

	(void)state;
	snprintf(pins, sizeof(pins), "/sys/fs/bpf/xvrrpd-test-%d", getpid());
	open_and_close(pins);
	assert_int_equal(is_bpffs("/sys/fs/bpf"), was);
}

static void uses_a_bpffs_that_is_there(void **state)
{
	struct plane *plane = *state;
	char inside[80];

	assert_int_equal(mkdir(plane->pins, 0755), 0);
	assert_int_equal(mount("somebody", plane->pins, "bpf", 0, NULL), 0);
	snprintf(inside, sizeof(inside), "%s/ours", plane->pins);
	open_and_close(inside);
	assert_true(is_bpffs(plane->pins));
	assert_int_equal(umount(plane->pins), 0);
	assert_int_equal(rmdir(plane->pins), 0);
}

static void keeps_a_mount_with_foreign_pins(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	int fd = foreign_program(BPF_PROG_TYPE_XDP);
	char path[80], ours[100];

	dataplane_close(dataplane);
	assert_int_equal(mkdir(plane->pins, 0755), 0);
	assert_int_equal(mount("xvrrpd", plane->pins, "bpf", 0, NULL), 0);
	snprintf(path, sizeof(path), "%s/somebodys", plane->pins);
	assert_int_equal(bpf_obj_pin(fd, path), 0);
	close(fd);
	snprintf(ours, sizeof(ours), "%s/ours", plane->pins);
	open_and_close(ours);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(path), 0);
	open_and_close(ours); /* now it is empty */
	assert_false(is_bpffs(plane->pins));
	assert_int_equal(rmdir(plane->pins), 0);
}

/* ---- what is not ours ---- */

/* Somebody's XDP link on x0, pinned at `path`. */
static void pin_foreign_link(const struct plane *plane, const char *path)
{
	int program = foreign_program(BPF_PROG_TYPE_XDP);
	int link = bpf_link_create(program, plane->ifindex, BPF_XDP, NULL);

	assert_true(link >= 0);
	assert_int_equal(bpf_obj_pin(link, path), 0);
	close(link);
	close(program);
}

static void assert_foreign_link(const struct plane *plane, const char *path)
{
	char name[16];

	assert_int_equal(access(path, F_OK), 0);
	xdp_name(plane->ifindex, name);
	assert_string_equal(name, "somebody");
}

/* The kernel detaches a link that is only unpinned a while later. */
static void remove_foreign_link(const char *path)
{
	int fd = bpf_obj_get(path);

	assert_int_equal(bpf_link_detach(fd), 0);
	close(fd);
	assert_int_equal(unlink(path), 0);
}

static void assert_refused(const struct plane *plane, const char *name)
{
	struct failure failure = {""};

	assert_null(dataplane_open(plane->pins, &failure));
	assert_contains(failure.text, name);
	assert_contains(failure.text, "give --pin-dir a directory of its own");
}

static void foreign_bpffs(const struct plane *plane, char links[80])
{
	assert_int_equal(mkdir(plane->pins, 0755), 0);
	assert_int_equal(mount("somebody", plane->pins, "bpf", 0, NULL), 0);
	snprintf(links, 80, "%s/links", plane->pins);
	assert_int_equal(mkdir(links, 0755), 0);
}

static void remove_bpffs(const struct plane *plane)
{
	assert_int_equal(umount(plane->pins), 0);
	assert_int_equal(rmdir(plane->pins), 0);
}

static void refuses_a_directory_with_foreign_pins(void **state)
{
	static const char *const names[] = {
		"somebodys", "slots",	       "links/somebodys", "links/7-xdpx",
		"links/7-",  "links/-xdp",     "links/x7-tc_in",  "links/7-tc",
		"links/xdp", "links/7-clsact", "vr_slot",
	};
	struct plane *plane = *state;
	char links[80], path[100];

	foreign_bpffs(plane, links);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", plane->pins, names[i]);
		pin_foreign_link(plane, path);
		assert_refused(plane, path);
		assert_foreign_link(plane, path);
		remove_foreign_link(path);
	}
	remove_bpffs(plane);
}

static void refuses_a_directory_with_foreign_directories(void **state)
{
	static const char *const names[] = {"xvrrpd", "events", "links/7-xdp", "links/somebodys"};
	struct plane *plane = *state;
	char links[80], path[100];

	foreign_bpffs(plane, links);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", plane->pins, names[i]);
		assert_int_equal(mkdir(path, 0755), 0);
		assert_refused(plane, path);
		assert_int_equal(rmdir(path), 0);
	}
	remove_bpffs(plane);
}

static void refuses_to_hide_files_below_a_mount(void **state)
{
	struct plane *plane = *state;
	char path[80];
	FILE *file;

	assert_int_equal(mkdir(plane->pins, 0755), 0);
	snprintf(path, sizeof(path), "%s/.file", plane->pins);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_refused(plane, path);
	assert_false(is_bpffs(plane->pins));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(plane->pins), 0);
}

static void clean_close_leaves_foreign_pins(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	char path[80], inside[80];
	int fd = foreign_program(BPF_PROG_TYPE_XDP);

	snprintf(path, sizeof(path), "%s/somebodys", plane->pins);
	pin_foreign_link(plane, path);
	snprintf(inside, sizeof(inside), "%s/links/somebodys", plane->pins);
	assert_int_equal(bpf_obj_pin(fd, inside), 0);
	close(fd);
	dataplane_close(dataplane);
	assert_foreign_link(plane, path);
	assert_int_equal(access(inside, F_OK), 0);
	assert_int_equal(unlink(inside), 0);
	assert_refused(plane, path);

	/* Of ours only the directory is left, for the sake of what was in it. */
	remove_foreign_link(path);
	snprintf(path, sizeof(path), "%s/links", plane->pins);
	assert_int_equal(rmdir(path), 0);
	open_and_close(plane->pins);
}

/* Whatever an older version pinned under these names. */
static void clears_what_has_our_names(void **state)
{
	struct plane *plane = *state;
	char links[80], path[100], name[16];
	int fd = foreign_program(BPF_PROG_TYPE_XDP);

	foreign_bpffs(plane, links);
	snprintf(path, sizeof(path), "%s/vr_slots", plane->pins);
	assert_int_equal(bpf_obj_pin(fd, path), 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/123-clsact", links);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/123-xdp", links);
	pin_foreign_link(plane, path);
	dataplane_close(plane_open(plane));
	xdp_name(plane->ifindex, name);
	assert_string_equal(name, "");
	assert_int_equal(access(links, F_OK), -1);
	remove_bpffs(plane);
}

static void refuses_a_second_agent(void **state)
{
	struct plane *plane = *state;
	struct dataplane *dataplane = plane_open(plane);
	struct failure failure;

	assert_null(dataplane_open(plane->pins, &failure));
	assert_contains(failure.text, "another agent");
	assert_contains(failure.text, plane->pins);
	check_pins(plane->pins);
	dataplane_close(dataplane);
}

static void names_a_missing_parent(void **state)
{
	struct failure failure;

	(void)state;
	assert_null(dataplane_open("/nowhere/at/all", &failure));
	assert_contains(failure.text, "/nowhere/at: No such file");
}

/* ---- without the privilege ---- */

/* Run dataplane_open() as nobody; exit status 0 if it failed with a text that contains `part`. */
static void open_as_nobody(const char *pins, const char *part)
{
	pid_t child = fork();
	int status;

	if (!child) {
		struct failure failure = {""};

		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(2);
		if (plane_try(pins, &failure))
			_exit(3);
		if (!strstr(failure.text, part))
			printf("%s\n", failure.text);
		fflush(stdout);
		_exit(!strstr(failure.text, part));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void tells_which_privilege(void **state)
{
	struct plane *plane = *state;
	char inside[80];

	open_as_nobody(plane->pins, "run as root, or with CAP_BPF, CAP_NET_ADMIN");

	assert_int_equal(mkdir(plane->pins, 0755), 0);
	assert_int_equal(mount("somebody", plane->pins, "bpf", 0, "mode=0777"), 0);
	chmod(plane->pins, 0777);
	snprintf(inside, sizeof(inside), "%s/..", plane->pins);
	chmod(inside, 0755);
	snprintf(inside, sizeof(inside), "%s/ours", plane->pins);
	open_as_nobody(inside, "loading the BPF programs is not permitted: run as root, or with "
			       "CAP_BPF and CAP_NET_ADMIN");
	assert_int_equal(umount(plane->pins), 0);
	assert_int_equal(rmdir(plane->pins), 0);
}

static void keep_two_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {{0}};

	sets[0].permitted = sets[0].effective = 1U << CAP_NET_ADMIN;
	sets[1].permitted = sets[1].effective = 1U << (CAP_BPF - 32);
	if (syscall(SYS_capset, &header, sets))
		_exit(2);
}

static void two_capabilities_are_enough(void **state)
{
	struct plane *plane = *state, inside = *plane;
	pid_t child;
	int status;

	assert_int_equal(mkdir(plane->pins, 0755), 0);
	assert_int_equal(mount("somebody", plane->pins, "bpf", 0, NULL), 0);
	snprintf(inside.pins, sizeof(inside.pins), "%.50s/ours", plane->pins);
	child = fork();
	if (!child) {
		struct dataplane *dataplane;

		plane_in_child();
		keep_two_capabilities();
		for (unsigned agents = 0; agents < 2; agents++) {
			dataplane = plane_open(&inside);
			assert_int_equal(dataplane_adopted(dataplane), agents);
			plane_attach(&inside, dataplane, "veth", XDP_MODE_AUTO);
			plane_attach(&inside, dataplane, "veth", XDP_MODE_TC);
			if (!agents)
				dataplane_leave(dataplane);
		}
		dataplane_close(dataplane);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_hooks(plane->ifindex, XDP_MODE_AUTO);
	assert_int_equal(access(inside.pins, F_OK), -1);
	assert_int_equal(umount(plane->pins), 0);
	assert_int_equal(rmdir(plane->pins), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLANE_TEST(modes_have_names),
		PLANE_TEST(mounts_its_own_bpffs),
		PLANE_TEST(mounts_sys_fs_bpf),
		PLANE_TEST(uses_a_bpffs_that_is_there),
		PLANE_TEST(keeps_a_mount_with_foreign_pins),
		PLANE_TEST(refuses_a_directory_with_foreign_pins),
		PLANE_TEST(refuses_a_directory_with_foreign_directories),
		PLANE_TEST(refuses_to_hide_files_below_a_mount),
		PLANE_TEST(clean_close_leaves_foreign_pins),
		PLANE_TEST(clears_what_has_our_names),
		PLANE_TEST(refuses_a_second_agent),
		PLANE_TEST(names_a_missing_parent),
		PLANE_TEST(tells_which_privilege),
		PLANE_TEST(two_capabilities_are_enough),
		PLANE_TEST_CLSACT(two_capabilities_are_enough),
	};

	return cmocka_run_group_tests(tests, plane_enter, plane_leave);
}
