/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting a thread whose attributes do not follow from the loop's. */
#include "sys/thread.h"

#include <sched.h>
#include <signal.h>

int thread_start(pthread_t *thread, const char *name, size_t stack, void *(*run)(void *data),
		 void *data)
{
	struct sched_param param = {0};
	pthread_attr_t attributes;
	sigset_t all, before;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, stack);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_OTHER);
	pthread_attr_setschedparam(&attributes, &param);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, &attributes, run, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (!error)
		pthread_setname_np(*thread, name);
	return error;
}
