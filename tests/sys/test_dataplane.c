/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening and closing the data plane, alone, against another agent and after a crash; virtual
 * routers in their slots; events and counters.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checksum.h"
#include "core/packet.h"
#include "sys/plane.h"
#include "sys/support.h"
#include "xvrrp.skel.h"

#include <cmocka.h> /* last: it defines a macro fail() */

#define LOOPBACK 1 /* BPF_PROG_RUN's interface when nobody says another */

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
	static const char *const maps[] = {"abi",      "vr_index", "vip_index", "vr_slots",
					   "vr_stats", "if_stats", "events"};
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
	struct dataplane *dataplane = dataplane_open(pins, &failure);

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
		if (dataplane_open(pins, &failure))
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

/* ---- after a crash ---- */

/* An agent that attaches to x0 and is killed. */
static void agent_killed(const struct plane *plane)
{
	int ready[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (!child) {
		plane_attach(plane, plane_open(plane), "veth", XDP_MODE_AUTO);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

struct opening {
	const struct plane *plane;
	struct dataplane *dataplane;
};

static void open_again(void *data)
{
	struct opening *opening = data;

	opening->dataplane = plane_open(opening->plane);
}

static void assert_attached(int ifindex)
{
	char name[16];

	xdp_name(ifindex, name);
	assert_string_equal(name, "xvrrp_xdp");
	assert_int_equal(tc_count(ifindex, false, "xvrrp_tc_mark"), 1);
	assert_int_equal(tc_count(ifindex, true, "xvrrp_tc_out"), 1);
}

static void assert_detached(int ifindex)
{
	char name[16];

	xdp_name(ifindex, name);
	assert_string_equal(name, "");
	assert_int_equal(tc_count(ifindex, false, "xvrrp_tc_mark"), 0);
	assert_int_equal(tc_count(ifindex, true, "xvrrp_tc_out"), 0);
	assert_false(has_clsact());
}

static void replaces_what_a_killed_agent_left(void **state)
{
	struct plane *plane = *state;
	struct opening opening = {.plane = plane};
	const char *log;

	agent_killed(plane);
	assert_attached(plane->ifindex); /* the fence */
	log = stderr_of(open_again, &opening);
	assert_contains(log, "replaced the data plane that an earlier agent left");
	assert_ptr_equal(strchr(log, '\n'), log + strlen(log) - 1); /* one line */
	assert_detached(plane->ifindex);

	plane_attach(plane, opening.dataplane, "veth", XDP_MODE_AUTO);
	assert_attached(plane->ifindex);
	dataplane_close(opening.dataplane);
	assert_detached(plane->ifindex);
}

static void cleans_up_after_a_killed_agent_whose_interface_is_gone(void **state)
{
	struct plane *plane = *state;

	agent_killed(plane);
	ip("link del x0");
	dataplane_close(plane_open(plane));
	ip("link add x0 type veth peer name y0");
}

static void fence_of_a_killed_agent_survives_a_refusal(void **state)
{
	struct plane *plane = *state;

	agent_killed(plane);
	open_as_nobody(plane->pins, "run as root");
	assert_attached(plane->ifindex);
	dataplane_close(plane_open(plane));
	assert_detached(plane->ifindex);
}

/* ---- virtual routers ---- */

static struct vr_key vr_key(unsigned vrid)
{
	return (struct vr_key){.ifindex = LOOPBACK, .family = VRRP_IPV4, .vrid = (__u8)vrid};
}

static struct vip_key vip_key(uint32_t address)
{
	return (struct vip_key){.ifindex = LOOPBACK, .address = addr_from_ipv4(address)};
}

static int lookup(const struct bpf_map *map, const void *key)
{
	__u32 slot;

	return bpf_map_lookup_elem(bpf_map__fd(map), key, &slot) ? -1 : (int)slot;
}

static void slots_come_and_go(void **state)
{
	struct dataplane *dataplane = plane_open(*state);
	struct vr_key one = vr_key(51), two = vr_key(52), alias = vr_key(51);
	struct vip_key vip = vip_key(0xc0000201);
	struct failure failure;
	int a = dataplane_slot_new(dataplane, &one, &failure);
	int b = dataplane_slot_new(dataplane, &two, &failure);

	alias.ifindex = 77;
	assert_true(a >= 0 && b >= 0 && a != b);
	assert_int_equal(lookup(dataplane->skeleton->maps.vr_index, &one), a);
	assert_int_equal(lookup(dataplane->skeleton->maps.vr_index, &two), b);
	assert_memory_equal(&dataplane_slot(dataplane, (unsigned)a)->identity.key, &one,
			    sizeof(one));

	assert_int_equal(dataplane_slot_new(dataplane, &one, &failure), -1);
	assert_contains(failure.text, "VRID 51");

	assert_int_equal(dataplane_alias_add(dataplane, (unsigned)a, &alias, &failure), 0);
	assert_int_equal(dataplane_alias_add(dataplane, (unsigned)a, &alias, &failure), 0);
	assert_int_equal(dataplane_alias_add(dataplane, (unsigned)b, &alias, &failure), -1);
	assert_int_equal(dataplane_vip_add(dataplane, (unsigned)a, &vip, &failure), 0);
	assert_int_equal(dataplane_vip_add(dataplane, (unsigned)a, &vip, &failure), 0);
	assert_int_equal(dataplane_vip_add(dataplane, (unsigned)b, &vip, &failure), -1);
	assert_contains(failure.text, "192.0.2.1 ");
	assert_int_equal(lookup(dataplane->skeleton->maps.vr_index, &alias), a);
	assert_int_equal(lookup(dataplane->skeleton->maps.vip_index, &vip), a);

	dataplane_set_lease(dataplane_slot(dataplane, (unsigned)a), 1234);
	dataplane_slot_free(dataplane, (unsigned)a);
	assert_int_equal(lookup(dataplane->skeleton->maps.vr_index, &one), -1);
	assert_int_equal(lookup(dataplane->skeleton->maps.vr_index, &alias), -1);
	assert_int_equal(lookup(dataplane->skeleton->maps.vip_index, &vip), -1);
	assert_int_equal(lookup(dataplane->skeleton->maps.vr_index, &two), b);
	assert_int_equal(dataplane_slot(dataplane, (unsigned)a)->lease_until_ns, 0);
	dataplane_close(dataplane);
}

static void a_slot_starts_from_nothing(void **state)
{
	struct dataplane *dataplane = plane_open(*state);
	int stats_fd = bpf_map__fd(dataplane->skeleton->maps.vr_stats);
	int cpus = libbpf_num_possible_cpus();
	struct vr_stats counted[cpus], sum;
	struct vr_key key = vr_key(51);
	struct vr_slot zero = {.identity.key = key};
	__u32 slot = 0;

	memset(counted, 1, sizeof(counted));
	assert_int_equal(bpf_map_update_elem(stats_fd, &slot, counted, BPF_ANY), 0);
	memset(dataplane->slots, 0xff, sizeof(struct vr_slot));
	assert_int_equal(dataplane_slot_new(dataplane, &key, NULL), 0);
	assert_memory_equal(dataplane_slot(dataplane, 0), &zero, sizeof(zero));
	sum = dataplane_vr_stats(dataplane, 0);
	assert_int_equal(sum.advertisements_received, 0);
	assert_int_equal(sum.initialize, 0);
	dataplane_close(dataplane);
}

static void slots_run_out(void **state)
{
	struct dataplane *dataplane = plane_open(*state);
	struct failure failure;

	for (unsigned i = 0; i < XVRRP_SLOTS_MAX; i++) {
		struct vr_key key = {.ifindex = i, .family = VRRP_IPV4, .vrid = 1};

		assert_true(dataplane_slot_new(dataplane, &key, NULL) >= 0);
	}
	struct vr_key more = vr_key(2);
	assert_int_equal(dataplane_slot_new(dataplane, &more, &failure), -1);
	assert_contains(failure.text, "4096");
	dataplane_slot_free(dataplane, 17);
	assert_int_equal(dataplane_slot_new(dataplane, &more, &failure), 17);
	dataplane_close(dataplane);
}

/* The mapped slot and the map's value are one memory, in both directions. */
static void lease_and_evidence_are_in_the_map(void **state)
{
	struct dataplane *dataplane = plane_open(*state);
	int slots_fd = bpf_map__fd(dataplane->skeleton->maps.vr_slots);
	struct vr_key key = vr_key(51);
	__u32 number = (__u32)dataplane_slot_new(dataplane, &key, NULL);
	struct vr_slot *slot = dataplane_slot(dataplane, number), value;
	struct vr_evidence seen;

	dataplane_set_lease(slot, 5000000000);
	assert_int_equal(bpf_map_lookup_elem(slots_fd, &number, &value), 0);
	assert_int_equal(value.lease_until_ns, 5000000000);
	value.last_advert_ns = 7;
	value.authority_ns = 6;
	assert_int_equal(bpf_map_update_elem(slots_fd, &number, &value, BPF_ANY), 0);
	seen = dataplane_evidence(slot);
	assert_int_equal(seen.lease_until_ns, 5000000000);
	assert_int_equal(seen.last_advert_ns, 7);
	assert_int_equal(seen.authority_ns, 6);
	dataplane_close(dataplane);
}

/* ---- counters and events ---- */

static void counters_are_sums_over_the_cpus(void **state)
{
	struct dataplane *dataplane = plane_open(*state);
	int cpus = libbpf_num_possible_cpus();
	struct vr_stats vr[cpus];
	struct if_stats iface[cpus];
	__u32 slot = 3, ifindex = 9;

	memset(vr, 0, sizeof(vr));
	memset(iface, 0, sizeof(iface));
	for (int cpu = 0; cpu < cpus; cpu++) {
		vr[cpu].ttl = 10;
		vr[cpu].accept_mode_dropped = (__u64)cpu;
		iface[cpu].arp_replies = 5;
	}
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(dataplane->skeleton->maps.vr_stats), &slot,
					     vr, BPF_ANY),
			 0);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(dataplane->skeleton->maps.if_stats),
					     &ifindex, iface, BPF_ANY),
			 0);
	assert_int_equal(dataplane_vr_stats(dataplane, 3).ttl, 10 * cpus);
	assert_int_equal(dataplane_vr_stats(dataplane, 3).accept_mode_dropped,
			 cpus * (cpus - 1) / 2);
	assert_int_equal(dataplane_vr_stats(dataplane, 3).version, 0);
	assert_int_equal(dataplane_if_stats(dataplane, 9).arp_replies, 5 * cpus);
	assert_int_equal(dataplane_if_stats(dataplane, 10).arp_replies, 0);
	dataplane_close(dataplane);
}

struct heard {
	unsigned count;
	struct xvrrp_event last;
};

static void hear(const struct xvrrp_event *event, void *data)
{
	struct heard *heard = data;

	heard->count++;
	heard->last = *event;
}

static bool readable(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1;
}

static int running_slot(struct dataplane *dataplane, const struct vrrp_addr *vip)
{
	struct vr_key key = vr_key(51);
	int number = dataplane_slot_new(dataplane, &key, NULL);
	struct vr_slot *slot = dataplane_slot(dataplane, (unsigned)number);

	slot->identity.version = 3;
	slot->identity.priority = 100;
	slot->identity.interval_cs = 100;
	slot->identity.addr_count = 1;
	slot->identity.addr_set = vrrp_addr_set(vip, 1);
	slot->identity.primary = addr_from_ipv4(0xc000020b);
	slot->flags = SLOT_RUNNING | SLOT_PREEMPT;
	return number;
}

static void run_advert(struct dataplane *dataplane, const struct vrrp_addr *vip)
{
	struct advert advert = {
		.family = VRRP_IPV4,
		.version = 3,
		.vrid = 51,
		.priority = 200,
		.interval_cs = 100,
		.source = addr_from_ipv4(0xc000020c),
		.addresses = vip,
		.address_count = 1,
	};
	uint8_t frame[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame);

	vrrp_virtual_mac(VRRP_IPV4, 51, advert.source_mac);
	run.data_size_in = (__u32)vrrp_frame_encode(&advert, frame, sizeof(frame));
	assert_true(run.data_size_in > 0);
	assert_int_equal(
		bpf_prog_test_run_opts(bpf_program__fd(dataplane->skeleton->progs.xvrrp_xdp), &run),
		0);
	assert_int_equal(run.retval, XDP_PASS);
}

static void an_event_reaches_its_handler(void **state)
{
	struct dataplane *dataplane = plane_open(*state);
	struct vrrp_addr vip = addr_from_ipv4(0xc0000201), source = addr_from_ipv4(0xc000020c);
	int number = running_slot(dataplane, &vip);
	struct vr_slot *slot = dataplane_slot(dataplane, (unsigned)number);
	struct heard heard = {0};

	assert_false(readable(dataplane_events_fd(dataplane)));
	dataplane_consume(dataplane, hear, &heard);
	assert_int_equal(heard.count, 0);

	run_advert(dataplane, &vip);
	assert_true(readable(dataplane_events_fd(dataplane)));
	dataplane_consume(dataplane, hear, &heard);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.last.kind, XVRRP_EVENT_ADVERT);
	assert_int_equal(heard.last.slot, number);
	assert_int_equal(heard.last.header.priority, 200);
	assert_memory_equal(&heard.last.source, &source, sizeof(source));
	assert_int_equal(heard.last.time_ns, dataplane_evidence(slot).last_advert_ns);
	assert_int_equal(dataplane_vr_stats(dataplane, (unsigned)number).advertisements_received,
			 1);

	assert_false(readable(dataplane_events_fd(dataplane)));
	dataplane_consume(dataplane, hear, &heard);
	assert_int_equal(heard.count, 1);
	dataplane_close(dataplane);
}

static enum plane_tc clsact = PLANE_CLSACT;

#define TEST(f) cmocka_unit_test_setup_teardown(f, plane_setup, plane_teardown)
#define TEST_CLSACT(f)                                                  \
	{                                                               \
#f " (clsact)", f, plane_setup, plane_teardown, &clsact \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(modes_have_names),
		TEST(mounts_its_own_bpffs),
		TEST(mounts_sys_fs_bpf),
		TEST(uses_a_bpffs_that_is_there),
		TEST(keeps_a_mount_with_foreign_pins),
		TEST(refuses_a_second_agent),
		TEST(names_a_missing_parent),
		TEST(tells_which_privilege),
		TEST(replaces_what_a_killed_agent_left),
		TEST_CLSACT(replaces_what_a_killed_agent_left),
		TEST(cleans_up_after_a_killed_agent_whose_interface_is_gone),
		TEST_CLSACT(cleans_up_after_a_killed_agent_whose_interface_is_gone),
		TEST(fence_of_a_killed_agent_survives_a_refusal),
		TEST(slots_come_and_go),
		TEST(a_slot_starts_from_nothing),
		TEST(slots_run_out),
		TEST(lease_and_evidence_are_in_the_map),
		TEST(counters_are_sums_over_the_cpus),
		TEST(an_event_reaches_its_handler),
	};

	return cmocka_run_group_tests(tests, plane_enter, plane_leave);
}
