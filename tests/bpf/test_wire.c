/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What BPF_PROG_RUN cannot show, on a veth pair in a network namespace of its own: tags that the
 * kernel has taken out of the frame, answers that really leave, and frames to the virtual MAC that
 * the stack really takes.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "xvrrp.skel.h"

#define DEADLINE_NS 2000000000LL

static const uint8_t VMAC[6] = {0, 0, 0x5e, 0, 1, VRID_V3};

struct wire {
	struct world *world;
	int peer; /* packet socket on the other end, "peer" */
	int udp;  /* a service on our end, port 7777 */
};

static void ip(const char *command)
{
	char line[200];

	snprintf(line, sizeof(line), "ip %s", command);
	assert_int_equal(system(line), 0);
}

/* libbpf complains of hooks that are there already, and of none to remove. */
static int silence(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level, (void)format, (void)arguments;
	return 0;
}

static int packet_socket(const char *name)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(ETH_P_ALL),
				      .sll_ifindex = (int)if_nametoindex(name)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0), on = 1;

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)), 0);
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int udp_socket(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(7777)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int wire_setup(void **state)
{
	struct wire *wire = calloc(1, sizeof(*wire));

	if (unshare(CLONE_NEWNET) || world_setup((void **)&wire->world))
		return -1;
	libbpf_set_print(silence);
	ip("link add ours type veth peer name peer");
	ip("link set ours up");
	ip("link set peer up");
	wire->world->ifindex = if_nametoindex("ours");
	wire->peer = packet_socket("peer");
	wire->udp = udp_socket();
	*state = wire;
	return 0;
}

static int wire_teardown(void **state)
{
	struct wire *wire = *state;
	void *world = wire->world;

	close(wire->peer);
	close(wire->udp);
	world_teardown(&world);
	free(wire);
	return 0;
}

/* ---- attaching ---- */

static void attach_tc(struct wire *wire, enum bpf_tc_attach_point point,
		      const struct bpf_program *program)
{
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)wire->world->ifindex,
			    .attach_point = point);
	DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = bpf_program__fd(program), .handle = 1,
			    .priority = 1);
	int error = bpf_tc_hook_create(&hook);

	assert_true(error == 0 || error == -EEXIST);
	assert_int_equal(bpf_tc_attach(&hook, &opts), 0);
}

static void detach_all(struct wire *wire)
{
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)wire->world->ifindex,
			    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	bpf_tc_hook_destroy(&hook);
	bpf_xdp_detach((int)wire->world->ifindex, XDP_FLAGS_SKB_MODE, NULL);
}

/* Also after a test that failed half way. */
static int wire_reset(void **state)
{
	struct wire *wire = *state;
	void *world = wire->world;

	detach_all(wire);
	ip("addr flush dev ours");
	ip("addr add 192.0.2.11/24 dev ours");
	return world_reset(&world);
}

static void attach_xdp(struct wire *wire)
{
	int program = bpf_program__fd(wire->world->programs->progs.xvrrp_xdp);

	assert_int_equal(
		bpf_xdp_attach((int)wire->world->ifindex, program, XDP_FLAGS_SKB_MODE, NULL), 0);
	attach_tc(wire, BPF_TC_INGRESS, wire->world->programs->progs.xvrrp_tc_mark);
}

/*
 * Somebody else's XDP program, which passes all. Generic XDP copies a packet for one that takes
 * fragments, and since 6.9 the copy has lost its MAC header when tc sees it.
 */
static void attach_foreign_xdp(struct wire *wire)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	DECLARE_LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = BPF_F_XDP_HAS_FRAGS);
	int program = bpf_prog_load(BPF_PROG_TYPE_XDP, "foreign", "GPL", pass, 2, &opts);

	assert_true(program >= 0);
	assert_int_equal(
		bpf_xdp_attach((int)wire->world->ifindex, program, XDP_FLAGS_SKB_MODE, NULL), 0);
	close(program);
}

/* ---- sending and waiting ---- */

static void send_frame(struct wire *wire, const struct frame *frame)
{
	assert_int_equal(send(wire->peer, frame->bytes, frame->length, 0), frame->length);
}

/* The VLAN id that the kernel has taken out of the frame, 0 = none. */
static uint16_t vlan_of(struct msghdr *message)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	struct tpacket_auxdata aux;

	if (!control || control->cmsg_type != PACKET_AUXDATA)
		return 0;
	memcpy(&aux, CMSG_DATA(control), sizeof(aux));
	return aux.tp_status & TP_STATUS_VLAN_VALID ? aux.tp_vlan_tci & 0xfff : 0;
}

/* The next ARP message that arrives at the peer; false if there is none until the deadline. */
static bool next_arp(struct wire *wire, int64_t wait_ns, struct frame *frame, uint16_t *vlan)
{
	int64_t until_ns = boottime_ns() + wait_ns;

	do {
		uint8_t control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
		struct iovec room = {frame->bytes, sizeof(frame->bytes)};
		struct msghdr message = {.msg_iov = &room,
					 .msg_iovlen = 1,
					 .msg_control = control,
					 .msg_controllen = sizeof(control)};
		struct pollfd readable = {.fd = wire->peer, .events = POLLIN};
		ssize_t length = recvmsg(wire->peer, &message, MSG_DONTWAIT);

		frame->length = length < 0 ? 0 : (size_t)length;
		*vlan = vlan_of(&message);
		if (length >= 42 && frame->bytes[12] == 0x08 && frame->bytes[13] == 0x06)
			return true;
		if (length < 0 && wait_ns)
			poll(&readable, 1, 10);
	} while (boottime_ns() < until_ns);
	return false;
}

static bool no_arp(struct wire *wire)
{
	struct frame frame;
	uint16_t vlan;

	return !next_arp(wire, 0, &frame, &vlan);
}

/* Wait until a counter, of which `read` tells, has reached `value`. */
#define wait_for_count(wire, member, value)                                                      \
	do {                                                                                     \
		int64_t until_ns_ = boottime_ns() + DEADLINE_NS;                                 \
		while (world_state((wire)->world).member < (value) && boottime_ns() < until_ns_) \
			poll(NULL, 0, 1);                                                        \
		assert_int_equal(world_state((wire)->world).member, value);                      \
	} while (0)

static void assert_reply(const struct frame *frame, uint32_t address)
{
	const uint8_t *arp = frame->bytes + 14;
	uint32_t sender = htonl(address);

	assert_memory_equal(frame->bytes + 6, VMAC, 6);
	assert_int_equal(arp[7], 2);
	assert_memory_equal(arp + 8, VMAC, 6);
	assert_memory_equal(arp + 14, &sender, 4);
}

/* ---- the tests ---- */

/* One request in a VLAN: one reply, in that VLAN; without the lease none. */
static void answer_in_vlan(struct wire *wire)
{
	struct arp_spec spec = arp_who_has(VIP_TAGGED);
	struct frame request, reply;
	uint64_t answered = world_state(wire->world).interface.arp_replies;
	uint16_t vlan;

	spec.tag_count = 1;
	spec.tags[0] = 100;
	request = frame_arp(&spec);
	send_frame(wire, &request);
	wait_for_count(wire, interface.arp_suppressed, 1);
	lease(wire->world, TAGGED, true);
	send_frame(wire, &request);
	assert_true(next_arp(wire, DEADLINE_NS, &reply, &vlan));
	assert_reply(&reply, VIP_TAGGED);
	assert_int_equal(vlan, 100);
	wait_for_count(wire, interface.arp_replies, answered + 1);
	assert_true(no_arp(wire));
}

/* The kernel has the tag of the frame in the skb when tc gets to see it. */
static void tc_answers_in_vlan(void **state)
{
	struct wire *wire = *state;

	attach_tc(wire, BPF_TC_INGRESS, wire->world->programs->progs.xvrrp_tc_in);
	attach_tc(wire, BPF_TC_EGRESS, wire->world->programs->progs.xvrrp_tc_out);
	answer_in_vlan(wire);
	assert_int_equal(world_state(wire->world).interface.egress_rewritten, 0);
}

static void tc_sees_priority_tag(void **state)
{
	struct wire *wire = *state;
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct frame frame;

	attach_tc(wire, BPF_TC_INGRESS, wire->world->programs->progs.xvrrp_tc_in);
	spec.tag_count = 1;
	spec.tags[0] = 6 << 13;
	frame = frame_advert(&spec);
	send_frame(wire, &frame);
	wait_for_count(wire, stats[V3].advertisements_received, 1);
	spec = advert_v3(VRID_V3, VIP_DOUBLE);
	spec.tag_count = 2;
	spec.tags[0] = 200;
	spec.tags[1] = 100;
	frame = frame_advert(&spec);
	send_frame(wire, &frame);
	wait_for_count(wire, stats[DOUBLE_TAG].advertisements_received, 1);
}

static struct frame datagram(const uint8_t mac[6])
{
	struct frame frame = frame_ipv4(mac, PRIMARY, 17);
	uint8_t *udp = frame.bytes + frame.message;

	udp[0] = udp[2] = 7777 >> 8;
	udp[1] = udp[3] = 7777 & 0xff;
	udp[5] = 8; /* length; no checksum */
	return frame;
}

static bool received(struct wire *wire, int wait_ms)
{
	struct pollfd readable = {.fd = wire->udp, .events = POLLIN};
	uint8_t byte;

	return poll(&readable, 1, wait_ms) == 1 && recv(wire->udp, &byte, 1, 0) == 0;
}

/* Under the lease the stack takes a packet to the virtual MAC, and it counts once. */
static void deliver_to_virtual_mac(struct wire *wire)
{
	struct frame frame = datagram(VMAC);

	send_frame(wire, &frame);
	wait_for_count(wire, stats[V3].virtual_mac_suppressed, 1);
	assert_false(received(wire, 0));
	lease(wire->world, V3, true);
	send_frame(wire, &frame);
	assert_true(received(wire, DEADLINE_NS / 1000000));
	assert_int_equal(world_state(wire->world).stats[V3].virtual_mac_accepted, 1);
}

static void xdp_and_mark_deliver(void **state)
{
	attach_xdp(*state);
	deliver_to_virtual_mac(*state);
}

static void tc_delivers(void **state)
{
	struct wire *wire = *state;

	attach_tc(wire, BPF_TC_INGRESS, wire->world->programs->progs.xvrrp_tc_in);
	deliver_to_virtual_mac(wire);
}

static void tc_works_behind_foreign_xdp(void **state)
{
	struct wire *wire = *state;
	struct arp_spec spec = arp_who_has(VIP_V3);
	struct frame request = frame_arp(&spec), reply;
	uint16_t vlan;

	attach_foreign_xdp(wire);
	attach_tc(wire, BPF_TC_INGRESS, wire->world->programs->progs.xvrrp_tc_in);
	deliver_to_virtual_mac(wire);
	send_frame(wire, &request);
	assert_true(next_arp(wire, DEADLINE_NS, &reply, &vlan));
	assert_reply(&reply, VIP_V3);
	assert_memory_equal(reply.bytes, spec.source_mac, 6);
	answer_in_vlan(wire);
}

/* The mark alone neither drops nor counts, nor takes frames without the lease. */
static void mark_only_marks(void **state)
{
	struct wire *wire = *state;
	struct frame frame = datagram(VMAC), other = datagram(VMAC);
	struct state before = world_state(wire->world), after;

	attach_tc(wire, BPF_TC_INGRESS, wire->world->programs->progs.xvrrp_tc_mark);
	send_frame(wire, &frame);
	other.bytes[5] = 99; /* nobody's virtual MAC */
	lease(wire->world, V3, true);
	before = world_state(wire->world);
	send_frame(wire, &other);
	send_frame(wire, &frame);
	assert_true(received(wire, DEADLINE_NS / 1000000));
	assert_false(received(wire, 0));
	after = world_state(wire->world);
	assert_memory_equal(&before, &after, sizeof(before));
}

/* The kernel answers for its address with the interface's MAC; it leaves with the virtual one. */
static void kernel_answers_are_rewritten(void **state)
{
	struct wire *wire = *state;
	struct arp_spec spec = arp_who_has(VIP_V3);
	struct frame request = frame_arp(&spec), reply;
	uint16_t vlan;

	attach_tc(wire, BPF_TC_EGRESS, wire->world->programs->progs.xvrrp_tc_out);
	ip("addr add 192.0.2.1/32 dev ours");
	send_frame(wire, &request);
	wait_for_count(wire, interface.egress_suppressed, 1);
	assert_true(no_arp(wire));
	lease(wire->world, V3, true);
	send_frame(wire, &request);
	assert_true(next_arp(wire, DEADLINE_NS, &reply, &vlan));
	assert_reply(&reply, VIP_V3);
	wait_for_count(wire, interface.egress_rewritten, 1);
}

#define on_wire(test) cmocka_unit_test_setup(test, wire_reset)

int main(void)
{
	const struct CMUnitTest wire[] = {
		on_wire(tc_answers_in_vlan),	       on_wire(tc_sees_priority_tag),
		on_wire(xdp_and_mark_deliver),	       on_wire(tc_delivers),
		on_wire(tc_works_behind_foreign_xdp),  on_wire(mark_only_marks),
		on_wire(kernel_answers_are_rewritten),
	};

	return cmocka_run_group_tests(wire, wire_setup, wire_teardown);
}
