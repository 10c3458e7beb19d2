/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tc filters on a clsact qdisc: the way onto tc ingress and egress of kernels before 6.6.
 *
 * A filter has no link and no pin: it stays until somebody deletes it. Ours are known by a handle
 * made of the pin directory, so that two agents do not take each other's, and by their program's
 * name. The qdisc is shared: it goes only if a marker below PIN_DIR/links says that we made it,
 * and if no filter of anybody is left on it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/attach_private.h"
#include "sys/log.h"
#include "sys/netlink.h"

/*
 * Filters run by priority, and one that comes to a verdict ends the walk, so ours must be early.
 * A priority belongs to one kind of filter and one protocol: when another one has taken it, try
 * the next.
 */
#define PRIORITIES 8

/* FNV-1a over the pin directory. */
static __u32 our_handle(const struct dataplane *dataplane)
{
	__u32 hash = 2166136261u;

	for (const char *c = dataplane->pin_dir; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	return hash | 1;
}

static struct bpf_tc_hook tc_hook(int ifindex, enum hook hook)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = ifindex,
		.attach_point = hook == HOOK_TC_OUT ? BPF_TC_EGRESS : BPF_TC_INGRESS,
	};
}

static struct bpf_tc_opts tc_opts(const struct dataplane *dataplane, unsigned priority)
{
	return (struct bpf_tc_opts){
		.sz = sizeof(struct bpf_tc_opts),
		.handle = our_handle(dataplane),
		.priority = priority,
	};
}

/* Without CAP_SYS_ADMIN nobody tells the name of a program: then the handle has to do. */
static bool program_is_ours(__u32 id)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd < 0)
		return errno == EPERM;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		info.name[0] = '\0';
	close(fd);
	return !strncmp(info.name, "xvrrp_", strlen("xvrrp_"));
}

/* The priority at which our filter is on the hook, with its program's id; 0 = it is not there. */
static unsigned find_filter(const struct dataplane *dataplane, int ifindex, enum hook hook,
			    __u32 *program)
{
	struct bpf_tc_hook where = tc_hook(ifindex, hook);

	for (unsigned priority = 1; priority <= PRIORITIES; priority++) {
		struct bpf_tc_opts filter = tc_opts(dataplane, priority);

		if (bpf_tc_query(&where, &filter) || !program_is_ours(filter.prog_id))
			continue;
		*program = filter.prog_id;
		return priority;
	}
	*program = 0;
	return 0;
}

__u32 clsact_program(const struct dataplane *dataplane, int ifindex, enum hook hook)
{
	__u32 program;

	find_filter(dataplane, ifindex, hook, &program);
	return program;
}

/* ---- what is on the interface, by netlink ---- */

/* About one qdisc or filter; false without memory. */
typedef bool tc_message_fn(const struct nlmsghdr *message, void *data);

struct dump {
	tc_message_fn *each;
	void *data;
	bool done;
	bool failed; /* or is not whole */
};

static void take(struct dump *dump, const struct nlmsghdr *message, int length)
{
	for (; netlink_ok(message, length); message = mnl_nlmsg_next(message, &length)) {
		dump->failed = dump->failed || (message->nlmsg_flags & NLM_F_DUMP_INTR);
		if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
			dump->done = true;
			dump->failed = dump->failed || netlink_error(message);
		} else if (netlink_holds(message, sizeof(struct tcmsg))) {
			dump->failed = !dump->each(message, dump->data) || dump->failed;
		}
	}
}

static int read_dump(struct nlmsghdr *request, tc_message_fn *each, void *data)
{
	char buffer[MNL_SOCKET_BUFFER_SIZE] __attribute__((aligned(8)));
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct dump dump = {.each = each, .data = data};
	ssize_t length = 0;

	if (!socket)
		return -1;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		length = -1;
	while (length >= 0 && !dump.done) {
		length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		if (length >= 0)
			take(&dump, (const void *)buffer, (int)length);
	}
	mnl_socket_close(socket);
	return length < 0 || dump.failed ? -1 : 0;
}

static struct nlmsghdr *dump_request(char *buffer, uint16_t type, int ifindex, uint32_t parent)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct tcmsg *tc;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = 1;
	tc = mnl_nlmsg_put_extra_header(request, sizeof(*tc));
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = parent;
	return request;
}

/* The interfaces that have a qdisc of one kind. */
struct qdisc_search {
	const char *kind;
	int *ifindexes;
	unsigned count;
};

static bool is_kind(const struct nlattr *attribute, const char *kind)
{
	return mnl_attr_get_type(attribute) == TCA_KIND &&
	       mnl_attr_get_payload_len(attribute) == strlen(kind) + 1 &&
	       !memcmp(mnl_attr_get_payload(attribute), kind, strlen(kind) + 1);
}

static bool on_qdisc(const struct nlmsghdr *message, void *data)
{
	struct qdisc_search *search = data;
	const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	int *grown;

	mnl_attr_for_each(attribute, message, sizeof(*tc)) {
		if (!is_kind(attribute, search->kind))
			continue;
		grown = realloc(search->ifindexes, (search->count + 1) * sizeof(*grown));
		if (!grown)
			return false;
		search->ifindexes = grown;
		grown[search->count++] = tc->tcm_ifindex;
	}
	return true;
}

static void find_qdiscs(struct qdisc_search *search)
{
	char buffer[64];

	read_dump(dump_request(buffer, RTM_GETQDISC, 0, 0), on_qdisc, search);
}

/* The qdisc `ingress` is where clsact would be. */
static bool has_plain_ingress(int ifindex)
{
	struct qdisc_search search = {.kind = "ingress"};
	bool found = false;

	find_qdiscs(&search);
	for (unsigned i = 0; i < search.count; i++)
		found = found || search.ifindexes[i] == ifindex;
	free(search.ifindexes);
	return found;
}

static bool on_filter(const struct nlmsghdr *message, void *data)
{
	(void)message;
	*(bool *)data = true;
	return true;
}

/* When in doubt, yes: then the qdisc stays. */
static bool has_filters(int ifindex)
{
	static const uint32_t minors[] = {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS};
	char buffer[64];
	bool found = false;

	for (size_t i = 0; i < 2; i++)
		if (read_dump(dump_request(buffer, RTM_GETTFILTER, ifindex,
					   TC_H_MAKE(TC_H_CLSACT, minors[i])),
			      on_filter, &found))
			found = true;
	return found;
}

/* ---- the qdisc ---- */

static void marker_path(const struct dataplane *dataplane, int ifindex,
			char path[DATAPLANE_PATH_MAX + 32])
{
	snprintf(path, DATAPLANE_PATH_MAX + 32, "%s/links/%d-clsact", dataplane->pin_dir, ifindex);
}

static int make_qdisc(struct dataplane *dataplane, int ifindex, struct failure *failure)
{
	char marker[DATAPLANE_PATH_MAX + 32];
	struct bpf_tc_hook where = tc_hook(ifindex, HOOK_TC_IN);
	int error = bpf_tc_hook_create(&where);

	marker_path(dataplane, ifindex, marker);
	if (!error) {
		if (mkdir(marker, 0700) && errno != EEXIST)
			log_warning("%s: %s: the clsact qdisc will stay", marker, strerror(errno));
		return 0;
	}
	if (error != -EEXIST)
		return fail(failure, "cannot add a clsact qdisc: %s%s", strerror(-error),
			    error == -EPERM ? ": run as root or with CAP_NET_ADMIN" : "");
	/* Without a filter of ours it is somebody else's, who deleted the one that we had made. */
	if (!clsact_program(dataplane, ifindex, HOOK_TC_IN) &&
	    !clsact_program(dataplane, ifindex, HOOK_TC_OUT))
		rmdir(marker);
	/* On `ingress` the kernel would take an egress filter for another ingress one. */
	if (has_plain_ingress(ifindex))
		return fail(failure,
			    "there is a qdisc 'ingress' where clsact is needed, and one excludes "
			    "the other: replace it (tc qdisc del dev DEVICE ingress; tc qdisc add "
			    "dev DEVICE clsact) and add its filters to clsact's ingress");
	return 0;
}

/* ---- to the others ---- */

int clsact_set(struct dataplane *dataplane, int ifindex, enum hook hook, int program_fd,
	       struct failure *failure)
{
	struct bpf_tc_hook where = tc_hook(ifindex, hook);
	__u32 program;
	unsigned first = find_filter(dataplane, ifindex, hook, &program);
	unsigned last = first ? first : PRIORITIES;
	int error = 0;

	if (!first && make_qdisc(dataplane, ifindex, failure))
		return -1;
	for (unsigned priority = first ? first : 1; priority <= last; priority++) {
		struct bpf_tc_opts filter = tc_opts(dataplane, priority);

		filter.prog_fd = program_fd;
		filter.flags = first ? BPF_TC_F_REPLACE : 0;
		libbpf_note_clear();
		error = bpf_tc_attach(&where, &filter);
		if (!error)
			return 0;
	}
	return fail(failure, "cannot add a tc %s filter: %s (%s)",
		    hook == HOOK_TC_OUT ? "egress" : "ingress", strerror(-error), libbpf_note());
}

void clsact_remove(struct dataplane *dataplane, int ifindex)
{
	char marker[DATAPLANE_PATH_MAX + 32];
	struct bpf_tc_hook where;
	int error;

	for (enum hook hook = HOOK_TC_IN; hook <= HOOK_TC_OUT; hook++) {
		__u32 program;
		unsigned priority = find_filter(dataplane, ifindex, hook, &program);
		struct bpf_tc_opts filter = tc_opts(dataplane, priority);

		where = tc_hook(ifindex, hook);
		if (priority && bpf_tc_detach(&where, &filter))
			log_warning("cannot remove our tc filter from interface %d", ifindex);
	}
	marker_path(dataplane, ifindex, marker);
	if (rmdir(marker) || has_filters(ifindex))
		return;
	where = tc_hook(ifindex, HOOK_TC_IN);
	where.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS; /* both = the qdisc itself */
	error = bpf_tc_hook_destroy(&where);
	if (error && error != -ENODEV) /* gone with its qdisc */
		log_warning("cannot remove our clsact qdisc from interface %d: %s", ifindex,
			    strerror(-error));
}

void clsact_settle(struct dataplane *dataplane)
{
	struct qdisc_search search = {.kind = "clsact"};

	find_qdiscs(&search);
	for (unsigned i = 0; i < search.count; i++) {
		pthread_mutex_lock(&dataplane->attachments_lock);
		if (!is_attached(dataplane, search.ifindexes[i]))
			clsact_remove(dataplane, search.ifindexes[i]);
		pthread_mutex_unlock(&dataplane->attachments_lock);
	}
	free(search.ifindexes);
}
