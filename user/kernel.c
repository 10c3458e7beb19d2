/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses and filters of the virtual routers, brought into the kernel after their roles. The
 * kernel may make us wait for its routing lock while somebody else creates or deletes interfaces.
 * So the worker does it, one virtual router a job, and a role that has changed again meanwhile
 * costs nothing. While a job runs the router's plan of then is the worker's.
 */
#include "kernel.h"

#include <stdlib.h>

#include <string.h>

#include "router.h"

static void change(void *data)
{
	struct router *router = data;
	struct takeover *takeover = router->agent->takeover;
	const struct plan *plan = router->kernel_plan;
	router->kernel_failed = (router->kernel_adds ? takeover_add : takeover_remove)(
		takeover, plan->items, plan->item_count, &router->kernel_failure);
}

static void tell_failure(struct router *router)
{
	if (!router->kernel_failed) {
		router->kernel_told.text[0] = '\0';
		return;
	}
	/* It is tried again and again, for an interface may come. */
	if (strcmp(router->kernel_told.text, router->kernel_failure.text) == 0)
		return;
	router->kernel_told = router->kernel_failure;
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
	while (router->kernel_busy || router->kernel_swap)
		worker_wait(router->agent->worker);
}

/* ---- another plan ---- */

/* What only the old one has. */
struct kernel_swap {
	struct router *router;
	struct plan *old;
	struct takeover_item *gone;
	size_t count;
	int failed;
	struct failure failure;
};

struct kernel_swap *kernel_swap_new(const struct router *router)
{
	struct kernel_swap *swap = calloc(1, sizeof(*swap));
	if (!swap)
		return NULL;
	swap->gone = calloc(router->plan->item_count + 1, sizeof(*swap->gone));
	if (swap->gone)
		return swap;
	free(swap);
	return NULL;
}

void kernel_swap_free(struct kernel_swap *swap)
{
	if (!swap)
		return;
	plan_free(swap->old);
	free(swap->gone);
	free(swap);
}

static void compare(struct kernel_swap *swap)
{
	struct router *router = swap->router;
	const struct plan *old = swap->old, *new = router->plan;
	for (size_t i = 0; i < old->item_count; i++)
		if (!plan_has_item(new, &old->items[i]))
			swap->gone[swap->count++] = old->items[i];
	for (size_t i = 0; i < new->item_count && !router->kernel_verify; i++)
		router->kernel_verify = !plan_has_item(old, &new->items[i]);
	/* Of one that is not the same the kernel may remove more than is the difference. */
	router->kernel_verify = router->kernel_verify || swap->count > 0;
}

static void remove_gone(void *data)
{
	struct kernel_swap *swap = data;
	swap->failed = takeover_remove(swap->router->agent->takeover, swap->gone, swap->count,
				       &swap->failure);
}

/* Until now the programs kept the kernel from answering for what it had still. */
static void gone(void *data)
{
	struct kernel_swap *swap = data;
	struct router *router = swap->router;
	router->kernel_swap = NULL;
	if (swap->failed)
		log_warning("%s: %d of %zu addresses and filters could not be removed: %s",
			    router->conf->name, swap->failed, swap->count, swap->failure.text);
	if (router->bound)
		dataplane_slot_settle(router->agent->dataplane, router->slot_number);
	kernel_swap_free(swap);
}

void kernel_swap_begin(struct router *router, struct kernel_swap *swap, struct plan *old)
{
	swap->router = router;
	swap->old = old;
	compare(swap);
	if (!router->kernel_busy && (!router->kernel_has || swap->count == 0)) {
		kernel_swap_free(swap);
		return;
	}
	/* After what the worker has of the old plan, and before what it is given of the new one. */
	router->kernel_swap = swap;
	if (worker_run(router->agent->worker, remove_gone, gone, swap))
		return;
	worker_wait(router->agent->worker);
	remove_gone(swap);
	gone(swap);
}

/* News of an address that has left another router may still be on its way: it is no alarm. */
static void expect_news(struct router *router)
{
	int64_t until_ns = clock_ns() + NS_PER_S;
	if (router->missing_told_ns < until_ns)
		router->missing_told_ns = until_ns;
	router->address_again_ns = until_ns;
}

void kernel_swap_end(struct router *router)
{
	expect_news(router);
	if (!router->kernel_swap)
		dataplane_slot_settle(router->agent->dataplane, router->slot_number);
	follow_role(router);
}
