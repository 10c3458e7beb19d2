/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A script whose end cannot be known, because the kernel has no memory for a pidfd, does not run
 * on: there would soon be two. A program of its own, as what is forbidden stays so.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/types.h"
#include "sys/loop.h"
#include "sys/scripts.h"

#include <cmocka.h> /* last: it defines a macro fail() */

static struct {
	struct loop *loop;
	enum script_end end;
	struct failure failure;
} world;

static void ended(enum script_end end, int value, const struct failure *failure, void *data)
{
	(void)value;
	(void)data;
	world.end = end;
	if (failure)
		world.failure = *failure;
	loop_stop(world.loop, 0);
}

static void forbid_pidfds(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(program) / sizeof(program[0]), program};
	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

static void test_it_does_not_run_on(void **state)
{
	char *words[] = {"sleep", "1000", NULL};
	struct script_order order = {
		.words = words, .timeout_ns = 20 * NS_PER_S, .dies_with_agent = true};
	(void)state;
	alarm(30); /* ends the test if something waits for ever */
	forbid_pidfds();
	world.loop = loop_new(NULL);
	struct scripts *scripts = scripts_open(world.loop, NULL);
	assert_non_null(scripts);
	assert_true(script_run(scripts, &order, ended, NULL));
	assert_int_equal(loop_run(world.loop), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* there is no child, dead or alive */
	assert_int_equal(errno, ECHILD);
	assert_int_equal(world.end, SCRIPT_NOT_NOW);
	assert_non_null(strstr(world.failure.text, "pidfd_open"));
	scripts_close(scripts);
	loop_free(world.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_does_not_run_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
