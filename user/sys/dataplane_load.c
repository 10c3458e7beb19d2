/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading the BPF object through libbpf, and turning what libbpf and the kernel say when they
 * refuse it into one sentence for the operator.
 *
 * libbpf reports by a process-wide print callback. Nothing of it goes to stderr by itself: all
 * lines are debug lines of ours, and of the warnings the last one that carries a reason is kept
 * for the text of the failure, for each thread: one may load while another asks about a filter.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "sys/dataplane_private.h"
#include "sys/log.h"
#include "xvrrp.skel.h"

static _Thread_local char note[256];

/* libbpf closes each failure with lines that only repeat that it failed, the verifier with numbers,
 * between source lines. */
static bool is_noise(const char *line)
{
	static const char *const words[] = {"failed to load: -",	   "failed to load object",
					    "failed to load BPF skeleton", "-- END PROG LOAD LOG",
					    "-- BEGIN PROG LOAD LOG",	   "Retrying without BTF"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(line, words[i]))
			return true;
	return line[0] == ';' || !strncmp(line, "processed ", strlen("processed "));
}

static void take_note(char *message)
{
	char *rest = NULL;

	for (char *line = strtok_r(message, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (!is_noise(line))
			snprintf(note, sizeof(note), "%s",
				 strncmp(line, "libbpf: ", 8) ? line : line + 8);
}

__attribute__((format(printf, 2, 0))) static int on_print(enum libbpf_print_level level,
							  const char *format, va_list arguments)
{
	char *message; /* of any length: a verifier log comes as one, its point at the end */
	int length = vasprintf(&message, format, arguments);

	if (length < 0)
		return 0;
	if (length && message[length - 1] == '\n')
		message[length - 1] = '\0';
	log_debug("%s", message);
	if (level == LIBBPF_WARN)
		take_note(message);
	free(message);
	return 0;
}

const char *libbpf_note(void)
{
	return note;
}

void libbpf_note_clear(void)
{
	note[0] = '\0';
}

static void explain(int error, struct failure *failure)
{
	struct utsname kernel = {0};

	uname(&kernel);
	if (error == EPERM)
		fail(failure,
		     "loading the BPF programs is not permitted: run as root, or with CAP_BPF and "
		     "CAP_NET_ADMIN (%s)",
		     note);
	else if (error == ENOSYS)
		fail(failure,
		     "this kernel (Linux %s) is built without BPF: Linux 6.1 or newer with "
		     "CONFIG_BPF_SYSCALL is needed",
		     kernel.release);
	else if (error == EMFILE)
		fail(failure, "loading the BPF programs takes more open files than are allowed: "
			      "raise the limit (ulimit -Hn, or LimitNOFILE= of its unit)");
	else if (error == ENOMEM)
		fail(failure, "no memory for the BPF maps: %s", note);
	else
		fail(failure,
		     "this kernel (Linux %s) refuses the BPF programs; Linux 6.1 or newer is "
		     "needed: %s (%s)",
		     kernel.release, note, strerror(error));
}

struct xvrrp_bpf *skeleton_open(struct failure *failure)
{
	struct xvrrp_bpf *skeleton;

	libbpf_set_print(on_print);
	libbpf_note_clear();
	skeleton = xvrrp_bpf__open();
	if (!skeleton)
		fail(failure, "the BPF object cannot be read: %s (%s)", note, strerror(errno));
	return skeleton;
}

int skeleton_load(struct xvrrp_bpf *skeleton, struct failure *failure)
{
	int error;

	libbpf_note_clear();
	error = xvrrp_bpf__load(skeleton);
	if (error)
		explain(-error, failure);
	return error ? -1 : 0;
}
