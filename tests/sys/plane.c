/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/plane.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

#define LOOPBACK 1

enum plane_tc plane_clsact = PLANE_CLSACT;

static char root[] = "/tmp/xvrrpd-test-XXXXXX";

int plane_enter(void **state)
{
	(void)state;
	enter_namespace();
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -1;
	return mkdtemp(root) ? 0 : -1;
}

int plane_leave(void **state)
{
	(void)state;
	return rmdir(root); /* fails if a test left something */
}

int plane_setup(void **state)
{
	static struct plane plane;

	plane.tc = *state ? *(enum plane_tc *)*state : PLANE_TCX;
	snprintf(plane.pins, sizeof(plane.pins), "%s/pins", root);
	ip("link add x0 type veth peer name y0");
	ip("link set x0 up");
	ip("link set y0 up");
	plane.ifindex = index_of("x0");
	*state = &plane;
	return 0;
}

int plane_teardown(void **state)
{
	struct plane *plane = *state;

	try_ip("link del x0");
	assert_int_equal(access(plane->pins, F_OK), -1);
	return 0;
}

struct dataplane *plane_try(const char *pins, struct failure *failure)
{
	struct dataplane *dataplane = dataplane_open(pins, failure);

	if (!dataplane)
		return NULL;
	if (!dataplane_load(dataplane, failure) && !dataplane_start(dataplane, failure))
		return dataplane;
	dataplane_close(dataplane);
	return NULL;
}

struct dataplane *plane_open(const struct plane *plane)
{
	struct failure failure;
	struct dataplane *dataplane = plane_try(plane->pins, &failure);

	if (!dataplane)
		fail_msg("%s", failure.text);
	if (plane->tc == PLANE_CLSACT)
		tc_avoid_tcx(dataplane);
	return dataplane;
}

struct dataplane *plane_open_only(const struct plane *plane)
{
	struct failure failure;
	struct dataplane *dataplane = dataplane_open(plane->pins, &failure);

	if (!dataplane)
		fail_msg("%s", failure.text);
	return dataplane;
}

void plane_start(const struct plane *plane, struct dataplane *dataplane)
{
	struct failure failure;

	if (dataplane_load(dataplane, &failure) || dataplane_start(dataplane, &failure))
		fail_msg("%s", failure.text);
	if (plane->tc == PLANE_CLSACT)
		tc_avoid_tcx(dataplane);
}

struct attach_status plane_attach(const struct plane *plane, struct dataplane *dataplane,
				  const char *kind, enum xdp_mode wanted)
{
	struct attach_status status;
	struct failure failure;

	if (dataplane_attach(dataplane, plane->ifindex, "x0", kind, false, wanted, &status,
			     &failure))
		fail_msg("%s", failure.text);
	return status;
}

void plane_in_child(void)
{
	/* Otherwise it would go on with the other tests. */
	setenv("CMOCKA_TEST_ABORT", "1", 1);
}

void plane_kill_after(const struct plane *plane, plane_work *work)
{
	int ready[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (!child) {
		plane_in_child();
		work(plane, plane_open(plane));
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

struct vr_key plane_key(unsigned vrid)
{
	return (struct vr_key){.ifindex = LOOPBACK, .family = VRRP_IPV4, .vrid = (__u8)vrid};
}

struct vip_key plane_vip(uint32_t address)
{
	return (struct vip_key){.ifindex = LOOPBACK, .address = addr_from_ipv4(address)};
}

int plane_lookup(const struct plane *plane, const char *map, const void *key)
{
	int fd = plane_map(plane, map), slot;

	if (bpf_map_lookup_elem(fd, key, &slot))
		slot = -1;
	close(fd);
	return slot;
}

int plane_slot(struct dataplane *dataplane, const struct vr_key *key, bool adopted,
	       struct failure *failure)
{
	bool was;
	int slot = dataplane_slot_new(dataplane, key, &was, failure);

	assert_int_equal(was, adopted);
	return slot;
}

int plane_map(const struct plane *plane, const char *name)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", plane->pins, name);
	fd = bpf_obj_get(path);
	assert_true(fd >= 0);
	return fd;
}

/* ---- what is on the hooks ---- */

static void program_name(int fd, char name[16])
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	close(fd);
	memcpy(name, info.name, 16);
}

static struct bpf_xdp_query_opts xdp_query(int ifindex)
{
	struct bpf_xdp_query_opts query = {.sz = sizeof(query)};

	assert_int_equal(bpf_xdp_query(ifindex, 0, &query), 0);
	return query;
}

int xdp_program(int ifindex)
{
	struct bpf_xdp_query_opts query = xdp_query(ifindex);
	__u32 id = query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id;

	return id ? bpf_prog_get_fd_by_id(id) : -1;
}

void xdp_name(int ifindex, char name[16])
{
	int fd = xdp_program(ifindex);

	name[0] = '\0';
	if (fd >= 0)
		program_name(fd, name);
}

bool xdp_is_native(int ifindex)
{
	return xdp_query(ifindex).drv_prog_id != 0;
}

static unsigned tcx_count(int ifindex, bool egress, const char *program)
{
	__u32 ids[16], count = 16, attach_flags;
	unsigned found = 0;
	char name[16];

	if (bpf_prog_query(ifindex, (enum bpf_attach_type)(egress ? 47 : 46), 0, &attach_flags, ids,
			   &count))
		return 0; /* before 6.6 */
	for (__u32 i = 0; i < count; i++) {
		program_name(bpf_prog_get_fd_by_id(ids[i]), name);
		found += !strcmp(name, program);
	}
	return found;
}

bool has_tcx(void)
{
	__u32 count = 0, attach_flags;

	return !bpf_prog_query(LOOPBACK, (enum bpf_attach_type)46, 0, &attach_flags, NULL, &count);
}

static unsigned filter_count(int ifindex, bool egress, const char *program)
{
	char command[100], line[1000], name[IFNAMSIZ];
	unsigned found = 0;
	FILE *output;

	snprintf(command, sizeof(command), "tc filter show dev %s %s 2>/dev/null",
		 if_indextoname((unsigned)ifindex, name), egress ? "egress" : "ingress");
	output = popen(command, "r");
	assert_non_null(output);
	while (fgets(line, sizeof(line), output))
		if (strstr(line, program))
			found++;
	pclose(output);
	return found;
}

unsigned tc_count(int ifindex, bool egress, const char *program)
{
	return tcx_count(ifindex, egress, program) + filter_count(ifindex, egress, program);
}

bool has_clsact(void)
{
	return prints("tc qdisc show dev x0", "clsact");
}

void assert_hooks(int ifindex, enum xdp_mode mode)
{
	bool xdp = mode == XDP_MODE_NATIVE || mode == XDP_MODE_GENERIC;
	char name[16];

	xdp_name(ifindex, name);
	assert_string_equal(name, xdp ? "xvrrp_xdp" : "");
	if (xdp)
		assert_int_equal(xdp_is_native(ifindex), mode == XDP_MODE_NATIVE);
	assert_int_equal(tc_count(ifindex, false, "xvrrp_tc_mark"), xdp);
	assert_int_equal(tc_count(ifindex, false, "xvrrp_tc_in"), mode == XDP_MODE_TC);
	assert_int_equal(tc_count(ifindex, true, "xvrrp_tc_out"), mode != XDP_MODE_AUTO);
	assert_int_equal(tc_count(ifindex, false, "xvrrp_tc_out"), 0);
}

bool has_counters(const struct plane *plane, int ifindex)
{
	struct if_stats values[libbpf_num_possible_cpus()];
	int fd = plane_map(plane, "if_stats");
	bool there = !bpf_map_lookup_elem(fd, &ifindex, values);

	close(fd);
	return there;
}

/* ---- somebody else ---- */

int foreign_xdp(int ifindex)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_SKB_MODE);
	int program = foreign_program(BPF_PROG_TYPE_XDP);
	int link = bpf_link_create(program, ifindex, BPF_XDP, &options);

	assert_true(link >= 0);
	close(program);
	return link;
}

void detach_link(const struct plane *plane, const char *hook)
{
	char path[120];
	int fd;

	snprintf(path, sizeof(path), "%s/links/%d-%s", plane->pins, plane->ifindex, hook);
	fd = bpf_obj_get(path);
	assert_true(fd >= 0);
	assert_int_equal(bpf_link_detach(fd), 0);
	close(fd);
}

int foreign_program(int type)
{
	/* r0 = 2 (XDP_PASS) or -1 (TC_ACT_UNSPEC); exit */
	const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = type == BPF_PROG_TYPE_XDP ? 2 : -1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type =
			    type == BPF_PROG_TYPE_XDP ? BPF_XDP : (enum bpf_attach_type)0);
	int fd = bpf_prog_load((enum bpf_prog_type)type, "somebody", "GPL", program, 2, &options);

	assert_true(fd >= 0);
	return fd;
}

const char *stderr_of(void (*work)(void *data), void *data)
{
	static char text[8000];
	int memory = memfd_create("stderr", 0), saved = dup(STDERR_FILENO);
	ssize_t length;

	assert_true(memory >= 0 && saved >= 0);
	dup2(memory, STDERR_FILENO);
	work(data);
	dup2(saved, STDERR_FILENO);
	close(saved);
	length = pread(memory, text, sizeof(text) - 1, 0);
	close(memory);
	text[length > 0 ? length : 0] = '\0';
	return text;
}

struct start {
	struct dataplane *dataplane;
	struct failure failure;
	int error;
};

static void start_now(void *data)
{
	struct start *start = data;

	start->error = dataplane_load(start->dataplane, &start->failure) ||
		       dataplane_start(start->dataplane, &start->failure);
}

const char *plane_start_log(const struct plane *plane, struct dataplane *dataplane)
{
	struct start start = {.dataplane = dataplane};
	const char *log = stderr_of(start_now, &start);

	if (start.error)
		fail_msg("%s", start.failure.text);
	if (plane->tc == PLANE_CLSACT)
		tc_avoid_tcx(dataplane);
	return log;
}

void assert_one_line(const char *log, const char *part)
{
	assert_contains(log, part);
	assert_ptr_equal(strchr(log, '\n'), log + strlen(log) - 1);
}
