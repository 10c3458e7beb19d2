/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proc connector. It tells everything of everybody: a filter in the kernel keeps away what is
 * of no use here, ends and threads above all, so that those do not wake us.
 */
#include "sys/process_events.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/types.h"
#include "sys/loop.h"

#define BUFFER_BYTES (1024 * 1024) /* a machine that builds software forks thousands of times */
#define ANSWER_NS    (200 * NS_PER_MS)

/* ---- the filter ---- */

#define AT(member)   (NLMSG_HDRLEN + sizeof(struct cn_msg) + offsetof(struct proc_event, member))
#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(member))
/* Loads are in network order, which the fields are not. */
#define KIND(kind) __builtin_bswap32(kind)
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#undef KIND
#define KIND(kind) (kind)
#endif

/* Keep what is of a whole process: the number of its first thread is its own. */
static const struct sock_filter program[] = {
	/* 0 */ LOAD(what),
	/* 1 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KIND(PROC_EVENT_NONE), 11, 0),
	/* 2 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KIND(PROC_EVENT_EXEC), 10, 0),
	/* 3 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KIND(PROC_EVENT_COMM), 5, 0),
	/* 4 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KIND(PROC_EVENT_FORK), 0, 9),
	/* 5 */ LOAD(event_data.fork.child_pid),
	/* 6 */ BPF_STMT(BPF_MISC | BPF_TAX, 0),
	/* 7 */ LOAD(event_data.fork.child_tgid),
	/* 8 */ BPF_STMT(BPF_JMP | BPF_JA, 3),
	/* 9 */ LOAD(event_data.comm.process_pid),
	/* 10 */ BPF_STMT(BPF_MISC | BPF_TAX, 0),
	/* 11 */ LOAD(event_data.comm.process_tgid),
	/* 12 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
	/* 13 */ BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	/* 14 */ BPF_STMT(BPF_RET | BPF_K, 0),
};

/* ---- opening ---- */

static int open_socket(void)
{
	static const struct sock_fprog filter = {sizeof(program) / sizeof(program[0]),
						 (struct sock_filter *)program};
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	int bytes = BUFFER_BYTES;
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0 &&
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

union datagram {
	struct nlmsghdr header;
	uint8_t bytes[512];
};

/*
 * One datagram, copied: it is not aligned as its type wants it. Its length is returned, 0 of one
 * that is nothing for us, -1 if there is none.
 */
static ssize_t take(int fd, struct proc_event *event, uint32_t *ack)
{
	union datagram datagram = {.bytes = {0}};
	struct sockaddr_nl from;
	socklen_t from_length = sizeof(from);
	ssize_t length = recvfrom(fd, &datagram, sizeof(datagram), 0, (struct sockaddr *)&from,
				  &from_length);
	if (length < 0)
		return -1;
	if (length < (ssize_t)AT(event_data) || from.nl_pid != 0)
		return 0;
	*ack = ((const struct cn_msg *)NLMSG_DATA(&datagram))->ack;
	memcpy(event, datagram.bytes + AT(what), sizeof(*event));
	return length;
}

/* Without one there are no news for us. Other listeners get theirs through the same group. */
static bool is_answered(int fd, uint32_t number)
{
	struct proc_event event;
	struct pollfd waiting = {.fd = fd, .events = POLLIN};
	int64_t until_ns = clock_ns() + ANSWER_NS, left_ns;
	uint32_t ack;
	while ((left_ns = until_ns - clock_ns()) > 0) {
		if (poll(&waiting, 1, (int)(left_ns / NS_PER_MS) + 1) != 1)
			continue;
		if (take(fd, &event, &ack) > 0 && event.what == PROC_EVENT_NONE &&
		    ack == number + 1)
			return event.event_data.ack.err == 0;
	}
	return false;
}

static bool ask(int fd, enum proc_cn_mcast_op operation, uint32_t number)
{
	union datagram datagram = {.bytes = {0}};
	struct cn_msg *message = NLMSG_DATA(&datagram);
	datagram.header.nlmsg_len = NLMSG_LENGTH(sizeof(*message) + sizeof(operation));
	datagram.header.nlmsg_type = NLMSG_DONE;
	message->id.idx = CN_IDX_PROC;
	message->id.val = CN_VAL_PROC;
	message->ack = number;
	message->len = sizeof(operation);
	memcpy(message->data, &operation, sizeof(operation));
	ssize_t length = datagram.header.nlmsg_len;
	return send(fd, &datagram, (size_t)length, 0) == length;
}

void process_events_close(int fd)
{
	if (fd < 0)
		return;
	ask(fd, PROC_CN_MCAST_IGNORE, 0); /* older kernels go on telling everybody else */
	close(fd);
}

static int open_here(void)
{
	int fd = open_socket();
	uint32_t number = (uint32_t)getpid() ^ 0x78767272u;
	if (fd < 0)
		return -1;
	if (ask(fd, PROC_CN_MCAST_LISTEN, number) && is_answered(fd, number))
		return fd;
	process_events_close(fd);
	return -1;
}

/* ---- where ---- */

#define NAMESPACES_MAX 64

/* Of all processes that let us look: the first process does not always. */
struct namespaces {
	ino_t seen[NAMESPACES_MAX];
	unsigned count;
};

static bool is_new(struct namespaces *namespaces, int fd)
{
	struct stat entry;
	if (fstat(fd, &entry) < 0 || namespaces->count == NAMESPACES_MAX)
		return false;
	for (unsigned i = 0; i < namespaces->count; i++)
		if (namespaces->seen[i] == entry.st_ino)
			return false;
	namespaces->seen[namespaces->count++] = entry.st_ino;
	return true;
}

static int open_in(struct namespaces *namespaces, const char *pid)
{
	char path[40];
	snprintf(path, sizeof(path), "/proc/%.10s/ns/net", pid);
	int there = open(path, O_RDONLY | O_CLOEXEC);
	int fd = -1;
	if (there >= 0 && is_new(namespaces, there) && setns(there, CLONE_NEWNET) == 0)
		fd = open_here();
	if (there >= 0)
		close(there);
	return fd;
}

static int open_elsewhere(struct namespaces *namespaces)
{
	const struct dirent *entry;
	int fd = open_in(namespaces, "1");
	DIR *directory = fd < 0 ? opendir("/proc") : NULL;
	while (fd < 0 && directory && (entry = readdir(directory)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			fd = open_in(namespaces, entry->d_name);
	if (directory)
		closedir(directory);
	return fd;
}

int process_events_open(void)
{
	struct namespaces namespaces = {.count = 0};
	int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd = open_here();
	if (fd < 0 && here >= 0 && is_new(&namespaces, here)) {
		fd = open_elsewhere(&namespaces);
		setns(here, CLONE_NEWNET); /* a thread that only reads lives on anywhere */
	}
	if (here >= 0)
		close(here);
	return fd;
}

/* ---- reading ---- */

enum process_news process_events_next(int fd, pid_t *pid, pid_t *parent)
{
	struct proc_event event;
	uint32_t ack;
	ssize_t length = take(fd, &event, &ack);
	if (length < 0)
		return errno == EAGAIN || errno == EINTR ? PROCESS_NEWS_NONE : PROCESS_NEWS_LOST;
	if (length < (ssize_t)(AT(event_data) + sizeof(event.event_data.fork)))
		return PROCESS_NEWS_OTHER;
	if (event.what == PROC_EVENT_FORK) {
		*pid = event.event_data.fork.child_tgid;
		*parent = event.event_data.fork.parent_tgid;
		return PROCESS_NEWS_FORK;
	}
	if (event.what != PROC_EVENT_EXEC && event.what != PROC_EVENT_COMM)
		return PROCESS_NEWS_OTHER;
	*pid = event.event_data.exec.process_tgid; /* in the same place in both */
	return PROCESS_NEWS_CHANGED;
}
