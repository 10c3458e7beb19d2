/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs and maps as an operator finds them: names, types, and the rights they need. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "xvrrp.skel.h"

static struct bpf_map_info map_info(const struct bpf_map *map)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &size), 0);
	return info;
}

/* Without BTF, bpftool dumps bytes. libbpf goes on without it if the kernel refuses it. */
static void programs_have_btf(void **state)
{
	struct world *world = *state;
	struct bpf_program *program;
	unsigned count = 0;

	bpf_object__for_each_program(program, world->programs->obj)
	{
		struct bpf_prog_info info = {};
		uint32_t size = sizeof(info);

		if (!bpf_program__autoload(program) || bpf_program__fd(program) < 0)
			continue;
		assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size), 0);
		assert_int_not_equal(info.btf_id, 0);
		print_message("%s: %u instructions verified, %u bytes of machine code\n", info.name,
			      info.verified_insns, info.jited_prog_len);
		count++;
	}
	assert_int_equal(count, 4);
}

static void maps_have_types(void **state)
{
	struct world *world = *state;
	struct bpf_map *map;

	bpf_object__for_each_map(map, world->programs->obj)
	{
		struct bpf_map_info info = map_info(map);

		if (info.type == BPF_MAP_TYPE_RINGBUF || strstr(info.name, "rodata"))
			continue;
		assert_int_not_equal(info.btf_id, 0);
		assert_int_not_equal(info.btf_value_type_id, 0);
		assert_int_not_equal(info.btf_key_type_id, 0);
	}
}

static const char *value_type(const struct bpf_map *map, struct btf **btf)
{
	struct bpf_map_info info = map_info(map);
	const struct btf_type *type;

	*btf = btf__load_from_kernel_by_id(info.btf_id);
	assert_non_null(*btf);
	type = btf__type_by_id(*btf, info.btf_value_type_id);
	return btf__name_by_offset(*btf, type->name_off);
}

static void assert_value_type(const struct bpf_map *map, const char *name)
{
	struct btf *btf;

	assert_string_equal(value_type(map, &btf), name);
	btf__free(btf);
}

static void maps_dump_named_fields(void **state)
{
	struct world *world = *state;

	assert_value_type(world->programs->maps.vr_slots, "vr_slot");
	assert_value_type(world->programs->maps.vr_stats, "vr_stats");
	assert_value_type(world->programs->maps.if_stats, "if_stats");
	assert_value_type(world->programs->maps.abi, "xvrrp_abi");
}

/* Capabilities of this process down to CAP_BPF and CAP_NET_ADMIN. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {};

	data[0].effective = data[0].permitted = 1u << CAP_NET_ADMIN;
	data[1].effective = data[1].permitted = 1u << (CAP_BPF - 32);
	return (int)syscall(SYS_capset, &header, data);
}

static void loads_without_perfmon(void **state)
{
	struct utsname kernel;
	int status, major, minor;
	pid_t child;

	(void)state;
	/* Older verifiers take a number of 32 bits, put aside on the stack, for a pointer. */
	assert_int_equal(uname(&kernel), 0);
	assert_int_equal(sscanf(kernel.release, "%d.%d", &major, &minor), 2);
	if (major < 6 || (major == 6 && minor < 12))
		skip();
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (drop_capabilities())
			_exit(2);
		_exit(xvrrp_bpf__open_and_load() ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest load[] = {
		in_world(programs_have_btf),
		in_world(maps_have_types),
		in_world(maps_dump_named_fields),
		in_world(loads_without_perfmon),
	};

	return run_in_world(load);
}
