/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses and filters of the virtual routers, brought into the kernel after their roles. The
 * kernel may make us wait for its routing lock while somebody else creates or deletes interfaces.
 * So the worker does it, one virtual router a job, and a role that has changed again meanwhile
 * costs nothing. While a job runs the router's plan of then is the worker's.
 */
#include "router.h"

static void change(void *data)
{
	struct router *router = data;
	struct takeover *takeover = router->agent->takeover;
	const struct plan *plan = router->kernel_plan;
	router->kernel_failed = (router->kernel_adds ? takeover_add : takeover_remove)(
		takeover, plan->items, plan->item_count, &router->kernel_failure);
}

static void tell_failure(const struct router *router)
{
	if (!router->kernel_failed)
		return;
	if (router->kernel_adds)
		log_error("%s: %d of %zu addresses and filters could not be set: %s",
			  router->conf->name, router->kernel_failed,
			  router->kernel_plan->item_count, router->kernel_failure.text);
	else
		log_warning("%s: %d of %zu addresses and filters could not be removed: %s",
			    router->conf->name, router->kernel_failed,
			    router->kernel_plan->item_count, router->kernel_failure.text);
}

static void follow_role(struct router *router);

static void changed(void *data)
{
	struct router *router = data;
	router->kernel_busy = false;
	router->kernel_has = router->kernel_adds;
	tell_failure(router);
	follow_role(router);
}

static void follow_role(struct router *router)
{
	bool again = router->kernel_verify && router->kernel_wanted;
	if (!router->bound || router->kernel_busy ||
	    (router->kernel_wanted == router->kernel_has && !again))
		return;
	router->kernel_adds = router->kernel_wanted;
	router->kernel_plan = router->plan;
	router->kernel_busy = worker_run(router->agent->worker, change, changed, router);
	router->kernel_verify = router->kernel_verify && !router->kernel_busy;
	if (!router->kernel_busy)
		log_error("%s: addresses and filters could not be changed: out of memory",
			  router->conf->name);
}

void kernel_request(struct router *router, bool serve)
{
	router->kernel_wanted = serve;
	follow_role(router);
}

void kernel_verify(struct router *router)
{
	router->kernel_verify = true;
	follow_role(router);
}

void kernel_bound(struct router *router)
{
	follow_role(router);
}

void kernel_settle(struct router *router)
{
	while (router->kernel_busy)
		worker_wait(router->agent->worker);
}
