/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames leave as they are, on the interface that was said, past its queue. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/support.h"
#include "sys/transmit.h"

#include <cmocka.h> /* last: it defines a macro fail() */

#define MANY 150 /* more than one batch */

struct world {
	struct transmit *transmit;
	int a, b;   /* we send on these ... */
	int pa, pb; /* ... and these packet sockets listen at their peers */
};

static int listen_on(const char *name)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = index_of(name),
	};
	int size = 4 << 20, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ARP));

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static int setup(void **state)
{
	static struct world world;

	enter_namespace();
	for (const char *c = "ab"; *c; c++) {
		ip("link add t%c type veth peer name p%c", *c, *c);
		ip("link set t%c up", *c);
		ip("link set p%c up", *c);
	}
	world.a = index_of("ta");
	world.b = index_of("tb");
	world.pa = listen_on("pa");
	world.pb = listen_on("pb");
	world.transmit = transmit_open(NULL);
	*state = &world;
	return world.transmit ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *world = *state;

	transmit_close(world->transmit);
	transmit_close(NULL);
	close(world->pa);
	close(world->pb);
	return 0;
}

/* A gratuitous ARP like frame from a virtual MAC; its last byte tells one from another. */
static void make_frame(uint8_t frame[42], uint8_t last)
{
	memset(frame, 0xff, 6);
	memcpy(frame + 6, "\x00\x00\x5e\x00\x01\x33", 6);
	memcpy(frame + 12, "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01", 10);
	for (int i = 22; i < 41; i++)
		frame[i] = (uint8_t)i;
	frame[41] = last;
}

static void assert_next_frame(int fd, const uint8_t frame[42])
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	uint8_t got[200];

	assert_int_equal(poll(&wait, 1, 3000), 1);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 42);
	assert_memory_equal(got, frame, 42);
}

static void assert_nothing(int fd)
{
	uint8_t got[200];

	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1);
}

/* How many the kernel took. */
static int send_many(struct transmit *transmit, const struct transmit_frame *frames, size_t count)
{
	int errors[MANY], taken = 0;

	assert_true(count <= MANY);
	transmit_each(transmit, frames, count, errors);
	for (size_t i = 0; i < count; i++)
		taken += errors[i] == 0;
	return taken;
}

static void a_frame_leaves_byte_for_byte(void **state)
{
	struct world *world = *state;
	uint8_t frame[42];

	make_frame(frame, 1);
	assert_int_equal(transmit_send(world->transmit, world->a, frame, sizeof(frame)), 0);
	assert_next_frame(world->pa, frame);
	assert_nothing(world->pb);
}

/* Does an ordinary packet socket get a frame out of `ifindex`? */
static bool ordinary_send_works(int ifindex, const uint8_t frame[42])
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = ifindex,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	bool sent = sendto(fd, frame, 42, 0, (struct sockaddr *)&to, sizeof(to)) == 42;

	close(fd);
	return sent;
}

static void a_full_queue_does_not_stop_it(void **state)
{
	struct world *world = *state;
	uint8_t frame[42];

	make_frame(frame, 2);
	assert_true(prints("tc qdisc replace dev ta root pfifo limit 0 && echo done", "done"));
	assert_false(ordinary_send_works(world->a, frame));
	assert_int_equal(transmit_send(world->transmit, world->a, frame, sizeof(frame)), 0);
	assert_next_frame(world->pa, frame);
	assert_true(prints("tc qdisc del dev ta root && echo done", "done"));
}

static void many_leave_in_order(void **state)
{
	struct world *world = *state;
	static uint8_t data[MANY][42];
	struct transmit_frame frames[MANY];

	for (int i = 0; i < MANY; i++) {
		make_frame(data[i], (uint8_t)i);
		frames[i] = (struct transmit_frame){i % 2 ? world->b : world->a, data[i], 42};
	}
	assert_int_equal(send_many(world->transmit, frames, MANY), MANY);
	for (int i = 0; i < MANY; i++)
		assert_next_frame(i % 2 ? world->pb : world->pa, data[i]);
	assert_nothing(world->pa);
	assert_nothing(world->pb);
	assert_int_equal(send_many(world->transmit, frames, 0), 0);
}

static void a_refused_frame_does_not_stop_the_rest(void **state)
{
	struct world *world = *state;
	uint8_t data[4][42];
	struct transmit_frame frames[4];
	int errors[4];

	for (int i = 0; i < 4; i++) {
		make_frame(data[i], (uint8_t)(10 + i));
		frames[i] = (struct transmit_frame){world->b, data[i], 42};
	}
	frames[0].ifindex = 9999; /* gone */
	frames[2].ifindex = world->a;
	ip("link set ta down");
	transmit_each(world->transmit, frames, 4, errors);
	assert_int_equal(errors[0], ENXIO);
	assert_int_equal(errors[1], 0);
	assert_int_equal(errors[2], ENETDOWN);
	assert_int_equal(errors[3], 0);
	assert_next_frame(world->pb, data[1]);
	assert_next_frame(world->pb, data[3]);
	assert_nothing(world->pa);
	assert_int_equal(transmit_send(world->transmit, world->a, data[0], 42), -1);
	assert_int_equal(errno, ENETDOWN);
	assert_int_equal(transmit_send(world->transmit, 9999, data[0], 42), -1);
	assert_int_equal(errno, ENXIO);
	ip("link set ta up");
}

/* Without carrier the kernel must say that it did not take the frame, or the lease would grow. */
static void no_carrier_is_an_error(void **state)
{
	struct world *world = *state;
	uint8_t frame[42];

	make_frame(frame, 30);
	ip("link set pa down");
	assert_int_equal(transmit_send(world->transmit, world->a, frame, 42), -1);
	assert_int_equal(errno, ENOBUFS);
	ip("link set pa up");
}

/* A tap device that holds `room` frames, which this descriptor takes out. */
static int tap(const char *name, int room)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, TUNSETIFF, &request), 0);
	ip("link set %s txqueuelen %d", name, room);
	ip("link set %s addrgenmode none up", name);
	return fd;
}

/* A device whose queue is full. The frames that it did not take must be known as such. */
static void a_full_device_is_an_error(void **state)
{
	struct world *world = *state;
	struct transmit_frame frames[8];
	uint8_t frame[42], got[200];
	int fd = tap("full", 4);

	if (fd < 0)
		skip(); /* no /dev/net/tun */
	make_frame(frame, 40);
	while (read(fd, got, sizeof(got)) > 0)
		; /* what the stack itself has sent */
	for (int i = 0; i < 8; i++)
		frames[i] = (struct transmit_frame){index_of("full"), frame, 42};
	assert_int_equal(send_many(world->transmit, frames, 3), 3);
	/* One has room, the others are refused one by one. */
	assert_int_equal(send_many(world->transmit, frames, 8), 1);
	errno = 0;
	assert_int_equal(transmit_send(world->transmit, frames[0].ifindex, frame, 42), -1);
	assert_int_equal(errno, ENOBUFS);
	/* Others are not concerned, and once it is empty it takes frames again. */
	frames[1].ifindex = world->b;
	assert_int_equal(send_many(world->transmit, frames, 3), 1);
	assert_next_frame(world->pb, frame);
	for (int i = 0; i < 4; i++)
		assert_int_equal(read(fd, got, sizeof(got)), 42);
	assert_int_equal(transmit_send(world->transmit, frames[0].ifindex, frame, 42), 0);
	close(fd);
}

/*
 * Frames that wait below the device, here in the queue of the parent of a macvlan, still count
 * against the socket's send buffer. When that is full, the call must not wait.
 */
static void a_full_send_buffer_is_an_error(void **state)
{
	struct world *world = *state;
	int next = dup(0), small = 1, sent = 0;
	uint8_t frame[42];

	close(next);
	struct transmit *transmit = transmit_open(NULL);

	assert_non_null(transmit);
	/* The kernel makes it as small as it may. */
	assert_int_equal(setsockopt(next, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	if (!try_ip("link add link ta name on_ta type macvlan"))
		skip();
	ip("link set on_ta addrgenmode none up");
	assert_true(prints("tc qdisc replace dev ta root tbf rate 8bit burst 1600 limit 1000000 &&"
			   "echo done",
			   "done"));
	make_frame(frame, 50);
	alarm(10);
	while (sent < 1000 && !transmit_send(transmit, index_of("on_ta"), frame, 42))
		sent++;
	alarm(0);
	assert_int_equal(errno, EAGAIN);
	assert_true(sent > 0 && sent < 1000);
	struct transmit_frame frames[2] = {{index_of("on_ta"), frame, 42}, {world->b, frame, 42}};

	assert_int_equal(send_many(transmit, frames, 2), 0);
	assert_true(prints("tc qdisc del dev ta root && echo done", "done"));
	ip("link del on_ta");
	assert_int_equal(transmit_send(transmit, world->b, frame, 42), 0);
	assert_next_frame(world->pb, frame);
	while (recv(world->pa, frame, sizeof(frame), MSG_DONTWAIT) > 0)
		;
	transmit_close(transmit);
}

static void a_frame_beyond_the_mtu_is_an_error(void **state)
{
	struct world *world = *state;
	static uint8_t frame[2000];

	make_frame(frame, 60);
	assert_int_equal(transmit_send(world->transmit, world->a, frame, sizeof(frame)), -1);
	assert_int_equal(errno, EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_leaves_byte_for_byte),
		cmocka_unit_test(a_full_queue_does_not_stop_it),
		cmocka_unit_test(many_leave_in_order),
		cmocka_unit_test(a_refused_frame_does_not_stop_the_rest),
		cmocka_unit_test(no_carrier_is_an_error),
		cmocka_unit_test(a_full_device_is_an_error),
		cmocka_unit_test(a_full_send_buffer_is_an_error),
		cmocka_unit_test(a_frame_beyond_the_mtu_is_an_error),
	};

	return cmocka_run_group_tests_name("transmit", tests, setup, teardown);
}
