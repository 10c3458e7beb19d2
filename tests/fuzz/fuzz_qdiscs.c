/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which interfaces have a clsact qdisc, as a kernel that lies tells it. All of them are in use
 * here, so that nothing is done about it.
 */
#include "kernel.h"
#include "sys/attach_private.h"

static unsigned asked;

bool is_attached(const struct dataplane *dataplane, int ifindex)
{
	(void)dataplane, (void)ifindex;
	asked++;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dataplane dataplane = {.attachments_lock = PTHREAD_MUTEX_INITIALIZER};
	struct input input = {data, size};

	asked = 0;
	kernel_new(&input);
	clsact_settle(&dataplane);
	must(asked <= size);
	kernel_end();
	return 0;
}
