/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An agent that is killed in the middle of vr_remember(): after each of its instructions every word
 * of the memory must be an old or a new one, and the new ones come first (I8).
 */
#include "unit/machine.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS	  (sizeof(struct vr_memory) / sizeof(uint64_t))
#define STEPS_MAX 100000 /* an emulator single-steps itself: nothing to learn then */

static void remember_and_exit(const struct vr *vr, struct vr_memory *memory)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	vr_remember(vr, memory);
	_exit(0);
}

static void expect_words(const struct vr_memory *memory, const struct vr_memory *before,
			 const struct vr_memory *after)
{
	uint64_t now[WORDS], old[WORDS], new[WORDS];
	bool written = true;

	memcpy(now, memory, sizeof(now));
	memcpy(old, before, sizeof(old));
	memcpy(new, after, sizeof(new));
	for (size_t i = 0; i < WORDS; i++) {
		if (now[i] != new[i])
			written = false;
		if (!written)
			assert_int_equal(now[i], old[i]);
	}
}

static void torn_at_each_instruction(void **state)
{
	struct vr_memory *memory = mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct machine m = machine_active(3, 100);
	struct vr_memory before, after;
	int status;
	pid_t child;

	(void)state;
	assert_true(memory != MAP_FAILED);
	memset(memory, 0x5a, sizeof(*memory));
	before = after = *memory;
	vr_remember(&m.vr, &after);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		remember_and_exit(&m.vr, memory);
	assert_int_equal(waitpid(child, &status, 0), child);
	for (int step = 0; WIFSTOPPED(status) && step < STEPS_MAX; step++) {
		expect_words(memory, &before, &after);
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
		assert_int_equal(waitpid(child, &status, 0), child);
	}
	if (WIFSTOPPED(status)) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		skip();
	}
	assert_memory_equal(memory, &after, sizeof(after));
	munmap(memory, sizeof(*memory));
}

/* The interval of another was remembered, and the steady one's signature is still in the slot. */
static void the_steady_ones_interval_counts(void **state)
{
	struct machine old = machine_backup(3, 100);
	struct vr_adoption left;
	struct machine m;

	(void)state;
	hear(&old, 150);
	stamp(&old, 150, old.now_ns + NS_PER_S);
	left = left_by(&old);
	left.memory.interval_cs = 1;
	old.now_ns += 2 * NS_PER_S;
	m = successor(&old, &old.vr.params);
	adopt(&m, &left);
	assert_int_equal(m.vr.active_interval_cs, 100);
	assert_int_equal(m.vr.down_timer_ns,
			 m.slot.authority_ns + vr_down_interval_ns(3, 100, 100, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(torn_at_each_instruction),
		cmocka_unit_test(the_steady_ones_interval_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
