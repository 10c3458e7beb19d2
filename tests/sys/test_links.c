/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces and addresses, against the kernel's own in a namespace. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/links.h"
#include "sys/links_seen.h"
#include "sys/links_table.h"
#include "sys/support.h"

#include <cmocka.h> /* last: it defines a macro fail() */

static void the_present_state_is_read_at_open(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 0x0a};
	const struct link *link = links_by_name(*state, "va");

	assert_non_null(link);
	assert_int_equal(link->ifindex, index_of("va"));
	assert_string_equal(link->kind, "veth");
	assert_memory_equal(link->mac, mac, 6);
	assert_true(link->up);
	assert_int_equal(link->mtu, 1500);
	assert_int_equal(link->xdp_program_id, 0);
	assert_ptr_equal(links_by_index(*state, link->ifindex), link);
	assert_string_equal(links_by_name(*state, "lo")->kind, "");
	assert_true(has(*state, "lo", "127.0.0.1"));
	assert_true(has(*state, "lo", "::1"));
	assert_null(links_by_name(*state, "vc"));
	assert_null(links_by_index(*state, 9999));
}

static void up_needs_the_flag_and_the_carrier(void **state)
{
	int va = index_of("va");

	ip("link set vb down");
	EVENTUALLY(*state, !links_by_name(*state, "va")->up);
	assert_int_equal(seen.all, false);
	ip("link set vb up");
	EVENTUALLY(*state, links_by_name(*state, "va")->up);
	ip("link set va down"); /* takes the carrier from its peer, a little later */
	EVENTUALLY(*state, !links_by_name(*state, "va")->up && !links_by_name(*state, "vb")->up);
	seen.last = 0;
	ip("link set va mtu 1400");
	EVENTUALLY(*state, links_by_name(*state, "va")->mtu == 1400);
	assert_int_equal(seen.last, va);
}

static void a_rename_keeps_the_index(void **state)
{
	int va = index_of("va");

	ip("link set va down");
	ip("link set va name renamed");
	EVENTUALLY(*state, links_by_name(*state, "renamed"));
	assert_null(links_by_name(*state, "va"));
	assert_int_equal(links_by_name(*state, "renamed")->ifindex, va);
}

static bool told_of(int ifindex)
{
	char text[40];

	snprintf(text, sizeof(text), "changed %d, ", ifindex);
	return strstr(seen.trace, text);
}

/* Do it, and expect that this interface is said to have changed. */
#define CHANGES(links, ifindex, condition, ...)  \
	do {                                     \
		memset(&seen, 0, sizeof(seen));  \
		ip(__VA_ARGS__);                 \
		EVENTUALLY(links, condition);    \
		assert_true(told_of((ifindex))); \
		assert_false(seen.all);          \
	} while (0)

static bool has_mac(const struct links *links, const char *name, uint8_t last)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, last};

	return !memcmp(links_by_name(links, name)->mac, mac, sizeof(mac));
}

static void every_change_is_told(void **state)
{
	int va = index_of("va");

	CHANGES(*state, va, has_mac(*state, "va", 0x0b), "link set va address 02:00:00:00:00:0b");
	CHANGES(*state, va, links_by_name(*state, "va")->mtu == 1300, "link set va mtu 1300");
	CHANGES(*state, va, !links_by_name(*state, "va")->arp, "link set va arp off");
	CHANGES(*state, va, !links_by_name(*state, "va")->up, "link set va down");
	CHANGES(*state, va, links_by_name(*state, "new"), "link set va name new");
	CHANGES(*state, va, has(*state, "new", "192.0.2.1"), "addr add 192.0.2.1/24 dev new");
	CHANGES(*state, va, !has(*state, "new", "192.0.2.1"), "addr flush dev new");
}

static void masters_and_parents_are_told(void **state)
{
	int va = index_of("va");
	char advice[150];

	assert_int_equal(links_by_name(*state, "va")->parent, 0); /* a veth's peer is none */
	ip("link add br0 type bridge");
	assert_false(links_enslaved(*state, links_by_name(*state, "va"), advice));
	CHANGES(*state, va, links_by_name(*state, "va")->master == index_of("br0"),
		"link set va master br0");
	assert_true(links_enslaved(*state, links_by_name(*state, "va"), advice));
	assert_string_equal(advice, "va belongs to the bridge br0, which gets what arrives there: "
				    "use `interface br0`");
	assert_false(links_enslaved(*state, links_by_name(*state, "br0"), advice));
	CHANGES(*state, va, links_by_name(*state, "va")->master == 0, "link set va nomaster");
	if (!try_ip("link add mv link va type macvlan"))
		skip(); /* this kernel has none */
	EVENTUALLY(*state, links_by_name(*state, "mv"));
	assert_int_equal(links_by_name(*state, "mv")->parent, va);
}

static void vlans_and_vrfs_are_described(void **state)
{
	const struct link *link;
	char advice[150];

	if (!try_ip("link add va.5 link va type vlan id 5") ||
	    !try_ip("link add va.6 link va type vlan id 4094 protocol 802.1ad") ||
	    !try_ip("link add red type vrf table 70000"))
		skip(); /* this kernel has none; others do */
	ip("link set va master red");
	EVENTUALLY(*state, links_by_name(*state, "va")->master == index_of("red"));
	assert_false(links_enslaved(*state, links_by_name(*state, "va"), advice));
	link = links_by_name(*state, "va.5");
	assert_int_equal(link->parent, index_of("va"));
	assert_int_equal(link->vlan_id, 5);
	assert_int_equal(link->vlan_protocol, 0x8100);
	link = links_by_name(*state, "va.6");
	assert_int_equal(link->vlan_id, 4094);
	assert_int_equal(link->vlan_protocol, 0x88a8);
	assert_int_equal(links_by_name(*state, "red")->vrf_table, 70000);
	assert_int_equal(links_by_name(*state, "va")->vrf_table, 0);
}

/* The same of messages, on kernels without VLANs: what comes is believed by its length only. */
static void a_vlan_is_read_from_a_message(void **state)
{
	static const uint8_t good[] = {
		96,   0, 0,  0, 16,   0, 0, 0, 1,   0,	 0,   0,   0, 0, 0, 0, /* RTM_NEWLINK */
		0,    0, 1,  0, 7,    0, 0, 0, 1,   0,	 1,   0,   0, 0, 0, 0, /* interface 7 */
		8,    0, 4,  0, 0xdc, 5, 0, 0,				       /* MTU 1500 */
		8,    0, 5,  0, 3,    0, 0, 0,				       /* on 3 */
		8,    0, 10, 0, 4,    0, 0, 0,				       /* of 4 */
		40,   0, 18, 0, 9,    0, 1, 0, 'v', 'l', 'a', 'n', 0, 0, 0, 0, /* IFLA_LINKINFO */
		20,   0, 2,  0, 6,    0, 1, 0, 100, 0,	 0,   0,   6, 0, 5, 0, 0x88,
		0xa8, 0, 0,  0, 0,    0, 0,
	};
	static const uint8_t left[] = {
		40, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,	0, 1, 0,
		7,  0, 0, 0, 1,	 0, 1, 0, 0, 0, 0, 0, 8, 0, 4, 0, 0xdc, 5, 0, 0,
	};
	static const uint8_t partial[] = {
		40, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,   0,   1,	 0,
		7,  0, 0, 0, 1,	 0, 1, 0, 0, 0, 0, 0, 8, 0, 3, 0, 'e', 't', 'h', 0,
	};
	struct links_table table;
	const struct link *link;

	(void)state;
	links_table_init(&table);
	links_table_feed(&table, good, sizeof(good));
	link = &table.entries[0]->link;
	assert_string_equal(link->kind, "vlan");
	assert_int_equal(link->vlan_id, 100);
	assert_int_equal(link->vlan_protocol, 0x88a8);
	assert_int_equal(link->parent, 3);
	assert_int_equal(link->master, 4);
	links_table_feed(&table, partial, sizeof(partial)); /* as of a wireless event */
	assert_int_equal(link->master, 4);
	links_table_feed(&table, left, sizeof(left));
	assert_int_equal(link->master, 0);
	assert_int_equal(link->parent, 0);
	for (size_t length = 0; length <= sizeof(good); length++) {
		uint8_t *copy = test_malloc(length ? length : 1);

		memcpy(copy, good, length);
		links_table_feed(&table, copy, length);
		for (size_t i = 0; i < length; i++)
			for (int value = 0; value < 256; value += 17) {
				copy[i] = (uint8_t)value;
				links_table_feed(&table, copy, length);
				copy[i] = good[i];
			}
		test_free(copy);
	}
	links_table_clear(&table);
}

/* As some tools do it: what had the name before is not what has it now. */
static void an_interface_is_made_anew_in_one_batch(void **state)
{
	int old = index_of("va");

	ip("link del va");
	ip("link add va type bridge");
	EVENTUALLY(*state, links_by_name(*state, "va") &&
				   links_by_name(*state, "va")->ifindex == index_of("va"));
	assert_int_not_equal(index_of("va"), old);
	assert_true(told_of(old) && told_of(index_of("va")));
}

static void two_interfaces_swap_their_names(void **state)
{
	int va = index_of("va"), vb = index_of("vb");

	ip("link set va down");
	ip("link set vb down");
	ip("link set va name other");
	ip("link set vb name va");
	ip("link set other name vb");
	EVENTUALLY(*state, links_by_name(*state, "va")->ifindex == vb);
	assert_int_equal(links_by_name(*state, "vb")->ifindex, va);
	assert_null(links_by_name(*state, "other"));
}

/* The namespace of a child, which ends when the descriptor is closed. */
static pid_t other_namespace(int *end)
{
	int ready[2], keep[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(keep), 0);
	pid_t pid = fork();

	if (!pid) {
		close(keep[1]);
		if (unshare(CLONE_NEWNET) || write(ready[1], "x", 1) != 1)
			_exit(1);
		_exit(read(keep[0], &byte, 1) != 0);
	}
	close(keep[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*end = keep[1];
	return pid;
}

static void an_interface_moves_to_another_namespace(void **state)
{
	int va = index_of("va"), end, status;
	pid_t pid = other_namespace(&end);

	ip("addr add 192.0.2.11/24 dev va");
	EVENTUALLY(*state, has(*state, "va", "192.0.2.11"));
	CHANGES(*state, va, !links_by_name(*state, "va"), "link set va netns %d", (int)pid);
	assert_null(links_by_index(*state, va));
	assert_null(strstr(seen.trace, "gone"));
	close(end);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_removed_address_is_told(void **state)
{
	int va = index_of("va");
	char expected[100];

	ip("addr add 192.0.2.11/24 dev va");
	ip("addr add 2001:db8::1/64 dev va nodad");
	EVENTUALLY(*state, has(*state, "va", "2001:db8::1"));
	assert_null(strstr(seen.trace, "gone"));
	memset(&seen, 0, sizeof(seen));
	ip("addr del 192.0.2.11/24 dev va");
	ip("addr del 2001:db8::1/64 dev va");
	EVENTUALLY(*state, !has(*state, "va", "2001:db8::1"));
	snprintf(expected, sizeof(expected),
		 "gone 192.0.2.11 of %d, gone 2001:db8::1 of %d, changed %d, ", va, va, va);
	assert_string_equal(seen.trace, expected);
}

static void an_address_that_is_back_was_not_removed(void **state)
{
	int va = index_of("va");
	char expected[100];

	ip("addr add 192.0.2.11/24 dev va");
	ip("addr add 192.0.2.11/32 dev va");
	EVENTUALLY(*state, has(*state, "va", "192.0.2.11"));
	memset(&seen, 0, sizeof(seen));
	ip("addr del 192.0.2.11/24 dev va");
	ip("addr add 192.0.2.11/24 dev va");
	ip("addr add 192.0.2.12/24 dev va");
	EVENTUALLY(*state, has(*state, "va", "192.0.2.12"));
	snprintf(expected, sizeof(expected), "changed %d, ", va);
	assert_string_equal(seen.trace, expected);
	/* It is the last now, as in the kernel. */
	assert_string_equal(primary(*state, "va", VRRP_IPV4, NULL), "192.0.2.11");
	ip("addr del 192.0.2.11/32 dev va");
	EVENTUALLY(*state, strstr(seen.trace, "gone 192.0.2.11"));
	assert_true(has(*state, "va", "192.0.2.11")); /* with the other prefix length */
}

static void addresses_that_go_with_their_interface_are_not_told(void **state)
{
	ip("addr add 192.0.2.11/24 dev va");
	EVENTUALLY(*state, has(*state, "va", "192.0.2.11"));
	ip("link del va");
	EVENTUALLY(*state, !links_by_name(*state, "va"));
	assert_null(strstr(seen.trace, "gone"));
}

static void an_index_is_found_by_name(void **state)
{
	(void)state;
	assert_int_equal(link_index("va"), index_of("va"));
	assert_int_equal(link_index("lo"), 1);
	assert_int_equal(link_index("vc"), 0);
	assert_int_equal(link_index(""), 0);
	assert_int_equal(link_index("a name that is far too long to be one"), 0);
}

static void an_interface_goes_and_comes_back(void **state)
{
	int old = index_of("va");

	ip("addr add 192.0.2.11/24 dev va");
	EVENTUALLY(*state, has(*state, "va", "192.0.2.11"));
	ip("link del va");
	EVENTUALLY(*state, !links_by_name(*state, "va") && !links_by_name(*state, "vb"));
	assert_null(links_by_index(*state, old));
	ip("link add va type bridge");
	EVENTUALLY(*state, links_by_name(*state, "va"));
	assert_int_not_equal(links_by_name(*state, "va")->ifindex, old);
	assert_string_equal(links_by_name(*state, "va")->kind, "bridge");
	assert_false(has(*state, "va", "192.0.2.11"));
}

static void leaving_a_bridge_is_not_going(void **state)
{
	ip("addr add 192.0.2.11/24 dev va");
	ip("link add br0 type bridge");
	ip("link set va master br0");
	ip("link set va nomaster");
	ip("link add later type bridge");
	EVENTUALLY(*state, links_by_name(*state, "later"));
	assert_true(has(*state, "va", "192.0.2.11"));
}

static void addresses_come_and_go(void **state)
{
	ip("addr add 192.0.2.11/24 dev va");
	ip("addr add 192.0.2.12/24 dev va");
	ip("addr add 2001:db8::1/64 dev va nodad");
	EVENTUALLY(*state, has(*state, "va", "2001:db8::1"));
	assert_true(has(*state, "va", "192.0.2.11"));
	assert_true(has(*state, "va", "192.0.2.12"));
	assert_false(has(*state, "vb", "192.0.2.11"));
	assert_int_equal(seen.last, index_of("va"));
	ip("addr del 192.0.2.12/24 dev va");
	EVENTUALLY(*state, !has(*state, "va", "192.0.2.12"));
	assert_true(has(*state, "va", "192.0.2.11"));
	/* The address of the interface itself, not that of its peer. */
	ip("addr add 10.0.0.1 peer 10.0.0.2/32 dev va");
	EVENTUALLY(*state, has(*state, "va", "10.0.0.1"));
	assert_false(has(*state, "va", "10.0.0.2"));
}

static void the_primary_address_is_the_first_that_is_no_virtual_one(void **state)
{
	assert_string_equal(primary(*state, "va", VRRP_IPV4, NULL), "none");
	ip("addr add 192.0.2.1/24 dev va");
	ip("addr add 192.0.2.11/24 dev va"); /* secondary */
	ip("addr add 198.51.100.1/24 dev va");
	EVENTUALLY(*state, has(*state, "va", "198.51.100.1"));
	assert_string_equal(primary(*state, "va", VRRP_IPV4, NULL), "192.0.2.1");
	assert_string_equal(primary(*state, "va", VRRP_IPV4, "192.0.2.1"), "198.51.100.1");
	ip("addr del 198.51.100.1/24 dev va");
	EVENTUALLY(*state, !has(*state, "va", "198.51.100.1"));
	assert_string_equal(primary(*state, "va", VRRP_IPV4, "192.0.2.1"), "192.0.2.11");
	/* A narrower scope is worse, whichever came first. */
	ip("addr flush dev va");
	ip("addr add 169.254.0.1/16 scope link dev va");
	ip("addr add 192.0.2.13/24 dev va");
	EVENTUALLY(*state, has(*state, "va", "192.0.2.13"));
	assert_string_equal(primary(*state, "va", VRRP_IPV4, NULL), "192.0.2.13");
}

static void ipv6_needs_a_link_local_that_passed_dad(void **state)
{
	assert_string_equal(primary(*state, "va", VRRP_IPV6, NULL), "none");
	ip("addr add 2001:db8::1/64 dev va nodad");
	ip("addr add fec0::1/64 dev va nodad"); /* beside fe80::/10 */
	ip("addr add fe80::1/64 dev va nodad");
	EVENTUALLY(*state, has(*state, "va", "fe80::1"));
	assert_string_equal(primary(*state, "va", VRRP_IPV6, NULL), "fe80::1");
	assert_string_equal(primary(*state, "va", VRRP_IPV6, "fe80::1"), "none");
	ip("addr flush dev va");
	ip("link set vb down"); /* without carrier, detection does not end */
	ip("addr add fe80::2/64 dev va");
	EVENTUALLY(*state, has(*state, "va", "fe80::2"));
	assert_string_equal(primary(*state, "va", VRRP_IPV6, NULL), "none");
}

static void a_duplicate_is_no_primary_address(void **state)
{
	ip("link set vb address 02:00:00:00:00:0a"); /* va's: both try to have fe80::ff:fe00:a */
	ip("link set va down");
	ip("addr add fe80::a/64 dev vb nodad");
	ip("link set va up");
	ip("addr add fe80::a/64 dev va");
	EVENTUALLY(*state, prints("ip -6 address show dev va", "fe80::a/64 scope link dadfailed"));
	EVENTUALLY(*state, has(*state, "va", "fe80::a"));
	assert_string_equal(primary(*state, "va", VRRP_IPV6, NULL), "none");
	ip("addr add fe80::b/64 dev va nodad");
	EVENTUALLY(*state, has(*state, "va", "fe80::b"));
	assert_string_equal(primary(*state, "va", VRRP_IPV6, NULL), "fe80::b");
}

/* A program that passes everything; its descriptor, and its number in `id`. */
static int load_program(uint32_t *id)
{
	static const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct bpf_prog_info info = {0};
	uint32_t length = sizeof(info);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", pass, 2, NULL);

	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &length), 0);
	*id = info.id;
	return fd;
}

static void programs_are_seen_in_either_mode(void **state)
{
	static const uint32_t modes[] = {XDP_FLAGS_SKB_MODE, XDP_FLAGS_DRV_MODE};
	int va = index_of("va");
	uint32_t id;
	int fd = load_program(&id);

	for (int i = 0; i < 2; i++) {
		assert_int_equal(bpf_xdp_attach(va, fd, modes[i], NULL), 0);
		EVENTUALLY(*state, links_by_index(*state, va)->xdp_program_id == id);
		assert_int_equal(seen.last, va);
		assert_int_equal(bpf_xdp_detach(va, modes[i], NULL), 0);
		EVENTUALLY(*state, links_by_index(*state, va)->xdp_program_id == 0);
	}
	close(fd);
}

static void many_addresses_are_all_there(void **state)
{
	add_addresses(3000);
	EVENTUALLY(*state, has(*state, "va", "10.0.11.183"));
	for (unsigned i = 0; i < 3000; i++) {
		struct vrrp_addr wanted = addr_from_ipv4(0x0a000000 + i);

		assert_true(links_has_address(*state, index_of("va"), &wanted));
	}
	assert_false(seen.all);
}

static void what_changes_nothing_calls_nobody(void **state)
{
	ip("link set va txqueuelen 77"); /* a message, about nothing that we keep */
	ip("link set lo mtu 65000");
	EVENTUALLY(*state, links_by_name(*state, "lo")->mtu == 65000);
	assert_int_equal(seen.last, index_of("lo"));
	assert_int_equal(seen.calls, 1);
}

/* Every message cut at every length, and with every byte spoilt: no crash, no read beyond. */
static void garbage_is_survived(void **state)
{
	static const uint8_t good[] = {/* RTM_NEWLINK, interface 7, "eth7" */
				       44, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0,
				       7, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 9, 0, 3, 0, 'e', 't',
				       'h', '7', 0, 0, 0, 0,
				       /* RTM_NEWADDR, 192.0.2.1/24 on it */
				       32, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 24, 0,
				       0, 7, 0, 0, 0, 8, 0, 2, 0, 192, 0, 2, 1};
	struct vrrp_addr there = addr_from_ipv4(0xc0000201);
	struct links_table table;

	(void)state;
	links_table_init(&table);
	links_table_feed(&table, good, sizeof(good));
	assert_int_equal(table.count, 1);
	assert_string_equal(table.entries[0]->link.name, "eth7");
	assert_true(table.entries[0]->link.up);
	assert_true(links_table_has_address(table.entries[0], &there));
	for (size_t length = 0; length <= sizeof(good); length++) {
		uint8_t *copy = test_malloc(length ? length : 1); /* exact, for the sanitizer */

		memcpy(copy, good, length);
		links_table_feed(&table, copy, length);
		for (size_t i = 0; i < length; i++)
			for (int value = 0; value < 256; value += 17) {
				copy[i] = (uint8_t)value;
				links_table_feed(&table, copy, length);
				copy[i] = good[i];
			}
		test_free(copy);
	}
	links_table_clear(&table);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, links_setup, links_teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_present_state_is_read_at_open),
		TEST(up_needs_the_flag_and_the_carrier),
		TEST(a_rename_keeps_the_index),
		TEST(every_change_is_told),
		TEST(masters_and_parents_are_told),
		TEST(vlans_and_vrfs_are_described),
		cmocka_unit_test(a_vlan_is_read_from_a_message),
		TEST(an_interface_goes_and_comes_back),
		TEST(an_interface_is_made_anew_in_one_batch),
		TEST(two_interfaces_swap_their_names),
		TEST(an_interface_moves_to_another_namespace),
		TEST(a_removed_address_is_told),
		TEST(an_address_that_is_back_was_not_removed),
		TEST(addresses_that_go_with_their_interface_are_not_told),
		TEST(an_index_is_found_by_name),
		TEST(leaving_a_bridge_is_not_going),
		TEST(addresses_come_and_go),
		TEST(the_primary_address_is_the_first_that_is_no_virtual_one),
		TEST(ipv6_needs_a_link_local_that_passed_dad),
		TEST(a_duplicate_is_no_primary_address),
		TEST(programs_are_seen_in_either_mode),
		TEST(many_addresses_are_all_there),
		TEST(what_changes_nothing_calls_nobody),
		cmocka_unit_test(garbage_is_survived),
	};

	return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
