/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between vfork() and execve() the child uses our memory, and the thread that made it waits; other
 * threads run on. So the child allocates nothing, takes no lock, and changes its user by the bare
 * system calls: glibc's would have all threads of the agent change theirs.
 */
#include "sys/script_child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/account.h"
#include "sys/process.h"
#include "sys/script_check.h"

#define GROUPS_MAX 256

/* Whom to run as, found before: looking it up may wait for a network. */
struct identity {
	bool change;
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX];
	int group_count;
};

/* ---- users and groups ---- */

static int find_identity(const char *user, const char *group, struct identity *identity,
			 struct failure *failure)
{
	struct failure unknown;
	*identity = (struct identity){.uid = geteuid(), .gid = getegid()};
	if (!user && !group) {
		if (geteuid() != 0 ||
		    account_user(ACCOUNT_USUAL, &identity->uid, &identity->gid, &unknown) < 0)
			return 0;
		user = ACCOUNT_USUAL;
	}
	identity->change = true;
	if (user && account_user(user, &identity->uid, &identity->gid, failure) < 0)
		return -1;
	if (group && account_group(group, &identity->gid, failure) < 0)
		return -1;
	identity->group_count = GROUPS_MAX;
	if (!user ||
	    getgrouplist(user, identity->gid, identity->groups, &identity->group_count) < 0) {
		identity->groups[0] = identity->gid;
		identity->group_count = 1;
	}
	return 0;
}

/* ---- in the child ---- */

static void default_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL); /* some cannot be changed */
	sigemptyset(&none);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, NSIG / 8);
}

static bool become(const struct identity *identity)
{
	if (!identity->change)
		return true;
	return !syscall(SYS_setgroups, (size_t)identity->group_count, identity->groups) &&
	       !syscall(SYS_setresgid, identity->gid, identity->gid, identity->gid) &&
	       !syscall(SYS_setresuid, identity->uid, identity->uid, identity->uid);
}

static bool arrange_descriptors(bool quiet)
{
	int null = open("/dev/null", O_RDWR);
	return null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	       (!quiet || dup2(null, STDERR_FILENO) >= 0) &&
	       dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 &&
	       !syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, 0);
}

/* The agent must be the last to go when memory is short, not what it starts. */
static void lose_protection(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);
	if (fd >= 0 && write(fd, "0", 1) == 1)
		close(fd);
}

/* Returns only if something failed. */
static void run(const struct script_order *order, const struct identity *identity)
{
	static const struct sched_param ordinary;
	setsid();
	sched_setscheduler(0, SCHED_OTHER, &ordinary);
	process_restore();
	lose_protection();
	if (arrange_descriptors(order->quiet) && become(identity)) {
		if (order->dies_with_agent)
			prctl(PR_SET_PDEATHSIG, SIGTERM); /* a change of the user would undo it */
		default_signals();
		execvp(order->words[0], order->words);
	}
}

/* Why execve() did not take it, and what to do. */
static int explain(const char *program, int error, struct failure *failure)
{
	struct stat entry;
	bool is_there = strchr(program, '/') && stat(program, &entry) == 0;
	if (error == ENOENT && is_there)
		return fail(failure, "%s: what its first line (#!) names does not exist", program);
	if (error == EACCES && is_there && S_ISDIR(entry.st_mode))
		return fail(failure, "%s: is a directory", program);
	if (error == EACCES && is_there && !(entry.st_mode & 0111))
		return fail(failure, "%s: is not executable (chmod +x)", program);
	return fail(failure, "%s: %s", program, strerror(error));
}

/* Nothing is wrong with the program: somebody writes it just now, or there is not enough of all. */
static bool may_pass(int error)
{
	return error == ETXTBSY || error == EAGAIN || error == ENOMEM || error == EMFILE ||
	       error == ENFILE;
}

pid_t script_spawn(const struct script_order *order, bool *passing, struct failure *failure)
{
	struct identity identity;
	volatile int error = 0; /* the child writes it: its memory is ours */
	*passing = false;
	if (find_identity(order->user, order->group, &identity, failure) < 0)
		return -1;
	if (order->secure && identity.uid == 0 && script_check(order->words[0], failure) < 0)
		return -1;
	pid_t pid = vfork();
	if (pid == 0) {
		run(order, &identity);
		error = errno;
		_exit(127);
	}
	if (pid > 0 && !error)
		return pid;
	*passing = may_pass(pid < 0 ? errno : error);
	if (pid < 0)
		return fail(failure, "vfork: %m");
	waitpid(pid, NULL, 0);
	return explain(order->words[0], error, failure);
}
