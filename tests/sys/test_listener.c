/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: requests and answers, and every way in which a client can be bad. The clients
 * are scripts in a child process; the listener and what it calls are in this one.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/types.h"
#include "sys/listener.h"

#include <cmocka.h> /* last: it defines a macro fail() */

#define CLIENTS_MAX 32
#define REQUEST_MAX (64 * 1024)
#define OUTPUT_MAX  (32 * 1024 * 1024)
#define TICK_NS	    (10 * NS_PER_MS)

static struct {
	char path[80];
	struct loop *loop;
	struct loop_timer *tick;
	int64_t deadline_ns;
	struct listener *listener;
	pid_t child;

	struct client *last; /* that asked something and is still there */
	unsigned requests, gone, most_in_a_turn, in_this_turn;
	char line[REQUEST_MAX + 1];
	size_t pushed;

	/* What the handler does. */
	const char *answer; /* NULL = none */
	bool finish;
	bool flood; /* answer without end */
	bool close_all;
	bool push; /* without end, from outside of the handler */
	bool kill; /* the script waits to be killed, once its client is gone */
} world;

static char chunk[64 * 1024];

static void request(struct client *client, const char *line, void *data)
{
	assert_ptr_equal(data, &world);
	world.requests++;
	world.in_this_turn++;
	if (world.in_this_turn > world.most_in_a_turn)
		world.most_in_a_turn = world.in_this_turn;
	world.last = client;
	snprintf(world.line, sizeof(world.line), "%s", line);
	if (world.close_all) {
		listener_close(world.listener);
		world.listener = NULL;
	}
	if (world.answer)
		client_send(client, world.answer, strlen(world.answer));
	while (world.flood && client_send(client, chunk, sizeof(chunk)))
		world.pushed += sizeof(chunk);
	if (world.finish)
		client_finish(client);
}

static void gone(struct client *client, void *data)
{
	assert_ptr_equal(data, &world);
	world.gone++;
	if (world.last == client)
		world.last = NULL;
	if (world.kill)
		kill(world.child, SIGKILL);
	assert_false(client_send(client, "x", 1)); /* too late, but harmless */
}

/* Each TICK_NS: push, and stop once the script has ended and its clients are gone. */
static void tick(void *data)
{
	unsigned *expected_gone = data;
	int64_t now = clock_ns();

	world.in_this_turn = 0;
	while (world.push && world.last && client_send(world.last, chunk, sizeof(chunk)))
		world.pushed += sizeof(chunk);
	if (!world.child && world.gone >= *expected_gone)
		loop_stop(world.loop, 0);
	else if (now > world.deadline_ns)
		loop_stop(world.loop, 1);
	else
		loop_timer_set(world.tick, now + TICK_NS);
}

static void child_ended(int number, void *data)
{
	int status;

	(void)number;
	(void)data;
	assert_int_equal(waitpid(world.child, &status, 0), world.child);
	assert_int_equal(status, world.kill ? SIGKILL : 0);
	world.child = 0;
}

/* Run `script` beside the listener until it has ended and so many clients are gone. */
static void run(void (*script)(void), unsigned expected_gone)
{
	static const int signals[] = {SIGCHLD};

	assert_int_equal(loop_signals(world.loop, signals, 1, child_ended, NULL), 0);
	world.tick = loop_timer_new(world.loop, tick, &expected_gone);
	world.deadline_ns = clock_ns() + 20 * NS_PER_S;
	loop_timer_set(world.tick, clock_ns());
	world.child = fork();
	assert_true(world.child >= 0);
	if (!world.child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		script();
		_exit(0);
	}
	assert_int_equal(loop_run(world.loop), 0);
	loop_timer_free(world.tick);
}

static int setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	memset(chunk, 'c', sizeof(chunk));
	snprintf(world.path, sizeof(world.path), "/tmp/test_listener.%ld", (long)getpid());
	world.loop = loop_new(NULL);
	world.listener = listener_open(world.loop, world.path, request, gone, &world, NULL);
	return world.listener ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	listener_close(world.listener);
	listener_close(NULL);
	loop_free(world.loop);
	return access(world.path, F_OK) ? 0 : -1; /* the socket is gone */
}

/* ---- for the scripts ---- */

#define CHECK(condition)                                                                \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "script, line %d: %s\n", __LINE__, #condition); \
			_exit(1);                                                       \
		}                                                                       \
	} while (0)

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

static int new_client(void)
{
	struct sockaddr_un address = address_of(world.path);
	struct timeval patience = {.tv_sec = 10};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	CHECK(!connect(fd, (struct sockaddr *)&address, sizeof(address)));
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)));
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)));
	return fd;
}

/* False if the other side has closed. */
static bool send_text(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t n = send(fd, text, length, MSG_NOSIGNAL);

		if (n <= 0) {
			CHECK(errno == EPIPE || errno == ECONNRESET);
			return false;
		}
		text += n;
		length -= (size_t)n;
	}
	return true;
}

static void expect(int fd, const char *text)
{
	char buffer[1000];
	size_t got = 0, wanted = strlen(text);

	CHECK(wanted < sizeof(buffer));
	while (got < wanted) {
		ssize_t n = recv(fd, buffer + got, wanted - got, 0);

		CHECK(n > 0);
		got += (size_t)n;
	}
	CHECK(!memcmp(buffer, text, wanted));
}

/* Read until the end; returns how much it was. */
static size_t read_all(int fd)
{
	static char buffer[256 * 1024];
	size_t all = 0;
	ssize_t n;

	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
		all += (size_t)n;
	CHECK(n == 0 || errno == ECONNRESET);
	return all;
}

/* ---- requests and answers ---- */

static void ask_in_pieces(void)
{
	int fd = new_client();

	CHECK(send_text(fd, "sta", 3));
	CHECK(send_text(fd, "tus VI_1\nst", 11));
	expect(fd, "fine\n");
	CHECK(send_text(fd, "atus VI_2\n", 10));
	expect(fd, "fine\n");
}

static void a_request_is_a_line(void **state)
{
	(void)state;
	world.answer = "fine\n";
	run(ask_in_pieces, 1);
	assert_int_equal(world.requests, 2);
	assert_string_equal(world.line, "status VI_2");
	assert_int_equal(world.gone, 1);
}

static void ask_and_shut_down(void)
{
	int fd = new_client();

	CHECK(send_text(fd, "one\ntwo\nrest", 12));
	CHECK(!shutdown(fd, SHUT_WR));
	expect(fd, "fine\nfine\n");
	CHECK(read_all(fd) == 0);
}

static void answers_reach_a_client_that_has_said_all(void **state)
{
	(void)state;
	world.answer = "fine\n";
	run(ask_and_shut_down, 1);
	assert_int_equal(world.requests, 2); /* a line without its end is none */
}

static void ask_twice(void)
{
	int fd = new_client();

	CHECK(send_text(fd, "one\ntwo\n", 8));
	CHECK(read_all(fd) == strlen("fine\n"));
}

static void finish_closes_after_the_answer(void **state)
{
	(void)state;
	world.answer = "fine\n";
	world.finish = true;
	run(ask_twice, 1);
	assert_int_equal(world.requests, 1);
}

static void read_much(void)
{
	int fd = new_client();

	CHECK(send_text(fd, "all\n", 4));
	CHECK(read_all(fd) == 3000000);
}

static void a_long_answer_arrives_whole(void **state)
{
	static char answer[3000001];

	(void)state;
	memset(answer, 'a', sizeof(answer) - 1);
	world.answer = answer;
	world.finish = true;
	run(read_much, 1);
}

/* ---- bad clients ---- */

static void ask_and_vanish(void)
{
	int fd = new_client();

	CHECK(send_text(fd, "status\nsta", 10));
	close(fd);
	fd = new_client();
	close(fd);
}

static void a_client_may_vanish(void **state)
{
	(void)state;
	world.answer = "fine\n";
	run(ask_and_vanish, 2);
	assert_int_equal(world.gone, 2);
}

static void write_for_ever(void)
{
	static char line[2 * REQUEST_MAX];
	int fd = new_client();

	memset(line, 'x', sizeof(line));
	CHECK(send_text(fd, line, REQUEST_MAX - 1));
	CHECK(send_text(fd, "\n", 1));
	expect(fd, "fine\n");
	/* One more byte than that, and it is over. */
	send_text(fd, line, REQUEST_MAX);
	CHECK(read_all(fd) == 0);
}

static void a_giant_line_closes(void **state)
{
	(void)state;
	world.answer = "fine\n";
	run(write_for_ever, 1);
	assert_int_equal(world.requests, 1);
	assert_int_equal(strlen(world.line), REQUEST_MAX - 1);
}

static void ask_without_reading(void)
{
	int fd = new_client();

	CHECK(send_text(fd, "flood\n", 6));
	pause();
}

static void run_slow_client(void)
{
	world.kill = true;
	run(ask_without_reading, 1);
	assert_int_equal(world.gone, 1);
	assert_true(world.pushed >= OUTPUT_MAX - sizeof(chunk));
	assert_true(world.pushed <= OUTPUT_MAX + 1024 * 1024); /* and the kernel's buffer */
}

static void a_client_that_does_not_read_is_closed_in_its_request(void **state)
{
	(void)state;
	world.flood = true;
	run_slow_client();
}

static void a_client_that_does_not_read_is_closed_between_requests(void **state)
{
	(void)state;
	world.push = true;
	run_slow_client();
}

#define LINES 30000

static void ask_much_at_once(void)
{
	static char lines[LINES * 2 + 1];
	int fd = new_client();

	for (int i = 0; i < LINES; i++)
		memcpy(lines + 2 * i, "a\n", 2);
	CHECK(send_text(fd, lines, LINES * 2));
	CHECK(!shutdown(fd, SHUT_WR));
	CHECK(read_all(fd) == LINES * 5);
}

/* The timer gets its turn between the requests of one client, however many came at once. */
static void many_requests_do_not_hold_the_loop(void **state)
{
	(void)state;
	world.answer = "fine\n";
	run(ask_much_at_once, 1);
	assert_int_equal(world.requests, LINES);
	assert_true(world.most_in_a_turn < LINES / 2);
}

static void come_in_crowds(void)
{
	int fds[CLIENTS_MAX];
	char byte;

	for (int i = 0; i < CLIENTS_MAX; i++) {
		fds[i] = new_client();
		CHECK(send_text(fds[i], "hello\n", 6));
		expect(fds[i], "fine\n");
	}
	for (int i = 0; i < 100; i++) {
		int extra = new_client();

		CHECK(recv(extra, &byte, 1, 0) <= 0);
		close(extra);
	}
	/* Those that are in are still served; a place that becomes free is given again. */
	CHECK(send_text(fds[7], "hello\n", 6));
	expect(fds[7], "fine\n");
	CHECK(!shutdown(fds[3], SHUT_WR));
	CHECK(read_all(fds[3]) == 0);
	int next = new_client();

	CHECK(send_text(next, "hello\n", 6));
	expect(next, "fine\n");
}

static void clients_are_bounded(void **state)
{
	(void)state;
	world.answer = "fine\n";
	run(come_in_crowds, CLIENTS_MAX + 1);
	assert_int_equal(world.gone, CLIENTS_MAX + 1);
	assert_int_equal(world.requests, CLIENTS_MAX + 2);
}

static void ask_and_be_closed(void)
{
	int bystander = new_client(), fd = new_client();

	CHECK(send_text(fd, "stop\nstop\n", 10));
	CHECK(read_all(fd) == 0);
	CHECK(read_all(bystander) == 0);
}

static void the_listener_may_close_inside_a_request(void **state)
{
	(void)state;
	world.close_all = true;
	run(ask_and_be_closed, 2);
	assert_int_equal(world.requests, 1);
	assert_int_equal(world.gone, 2);
}

static int64_t cpu_time_ns(clockid_t clock)
{
	struct timespec used;

	CHECK(!clock_gettime(clock, &used));
	return used.tv_sec * NS_PER_S + used.tv_nsec;
}

static void connect_in_shortage(void)
{
	struct rlimit enough, none;
	pid_t parent = getppid();
	struct pollfd wait;
	clockid_t clock;

	CHECK(!clock_getcpuclockid(parent, &clock));
	CHECK(!prlimit(parent, RLIMIT_NOFILE, NULL, &enough));
	none = (struct rlimit){0, enough.rlim_max};
	CHECK(!prlimit(parent, RLIMIT_NOFILE, &none, NULL));
	wait = (struct pollfd){.fd = new_client(), .events = POLLIN};
	CHECK(send_text(wait.fd, "x\n", 2));

	int64_t before = cpu_time_ns(clock);

	CHECK(poll(&wait, 1, 500) == 0);
	CHECK(cpu_time_ns(clock) - before < 100 * NS_PER_MS);
	CHECK(!prlimit(parent, RLIMIT_NOFILE, &enough, NULL));
	expect(wait.fd, "fine\n");
}

/* accept() fails and the connection stays: no busy loop, and served once it can be. */
static void a_shortage_of_descriptors_is_survived(void **state)
{
	(void)state;
	world.answer = "fine\n";
	run(connect_in_shortage, 1);
	assert_int_equal(world.requests, 1);
}

/* ---- the path ---- */

static struct listener *open_at(const char *path, struct failure *failure)
{
	return listener_open(world.loop, path, request, gone, &world, failure);
}

static void a_live_socket_is_private_and_not_stolen(void **state)
{
	struct failure failure = {{0}};
	struct stat before, after;

	(void)state;
	assert_int_equal(stat(world.path, &before), 0);
	assert_int_equal(before.st_mode, S_IFSOCK | 0600);
	assert_null(open_at(world.path, &failure));
	assert_non_null(strstr(failure.text, "another process listens on"));
	assert_int_equal(stat(world.path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void a_dead_socket_is_replaced(void **state)
{
	struct failure failure = {{0}};

	(void)state;
	listener_close(world.listener);
	struct sockaddr_un address = address_of(world.path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	world.listener = open_at(world.path, &failure);
	assert_non_null(world.listener);
	world.answer = "fine\n";
	run(ask_in_pieces, 1);
}

static void other_files_are_not_removed(void **state)
{
	struct failure failure = {{0}};
	char path[100];

	(void)state;
	snprintf(path, sizeof(path), "%s.file", world.path);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fclose(file);
	assert_null(open_at(path, &failure));
	assert_non_null(strstr(failure.text, "is not a socket"));
	assert_int_equal(unlink(path), 0);
}

static void a_bad_path_is_explained(void **state)
{
	struct failure failure = {{0}};
	char path[200] = "/tmp/";

	(void)state;
	memset(path + 5, 'p', 150);
	assert_null(open_at(path, &failure));
	assert_non_null(strstr(failure.text, "longer than 107 bytes"));
	assert_non_null(strstr(failure.text, "--run-dir"));
	assert_null(open_at("/nonexistent/control.sock", &failure));
	assert_non_null(strstr(failure.text, "/nonexistent/control.sock"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_a_line),
		TEST(answers_reach_a_client_that_has_said_all),
		TEST(finish_closes_after_the_answer),
		TEST(a_long_answer_arrives_whole),
		TEST(a_client_may_vanish),
		TEST(a_giant_line_closes),
		TEST(a_client_that_does_not_read_is_closed_in_its_request),
		TEST(a_client_that_does_not_read_is_closed_between_requests),
		TEST(many_requests_do_not_hold_the_loop),
		TEST(clients_are_bounded),
		TEST(the_listener_may_close_inside_a_request),
		TEST(a_shortage_of_descriptors_is_survived),
		TEST(a_live_socket_is_private_and_not_stolen),
		TEST(a_dead_socket_is_replaced),
		TEST(other_files_are_not_removed),
		TEST(a_bad_path_is_explained),
	};

	return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
