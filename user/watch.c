/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others may take away: our programs, which nobody tells us of, so the worker looks; and
 * addresses of ours while we are Active, which netlink tells of. Filters and routes are quietly
 * added again now and then.
 */
#include "announce.h"
#include "hints.h"
#include "notify.h"
#include <stdlib.h>
#include <string.h>

#include "port.h"
#include "router.h"
#include "statics.h"

/*
 * A Backup whose program is missing goes deaf: at intervals of 200 ms and more it is found out in
 * time. Looking more often would wake a quiet agent for what hardly ever happens.
 */
#define LOOK_MIN_MS 500
#define LOOK_MAX_MS 1000

#define TURN_NS	     NS_PER_S
#define VERIFY_TURNS 10

/* Another manager that insists must not make us a busy loop, nor fill the log. */
#define ADDRESS_PAUSE_NS (1 * NS_PER_S)
#define TELL_PERIOD_NS	 (60 * NS_PER_S)

/* ---- programs ---- */

static unsigned look_period_ms(const struct agent *agent)
{
	uint32_t least_cs = LOOK_MAX_MS / 10;
	for (size_t i = 0; i < agent->router_count; i++)
		if (agent->routers[i]->conf->interval_cs < least_cs)
			least_cs = agent->routers[i]->conf->interval_cs;
	return least_cs * 10 > LOOK_MIN_MS ? least_cs * 10 : LOOK_MIN_MS;
}

/* In the worker. */
static bool programs_missing(void *data)
{
	struct agent *agent = data;
	struct watch *watch = &agent->watch;
	watch->count = dataplane_check(agent->dataplane, watch->ifindexes,
				       sizeof(watch->ifindexes) / sizeof(watch->ifindexes[0]));
	return watch->count > 0;
}

static void restore_programs(void *data)
{
	struct agent *agent = data;
	for (unsigned i = 0; i < agent->watch.count; i++) {
		struct port *port = port_find(agent, agent->watch.ifindexes[i]);
		if (port)
			port_restore(agent, port);
	}
}

/* ---- whose address ---- */

/*
 * Thousands may go at once, of thousands of virtual routers: when roles are left, or another
 * manager flushes an interface. So they are looked up, in a list that is made when it is needed.
 */
struct served {
	struct vrrp_addr address;
	struct router *router;
};

static int compare(const void *a, const void *b)
{
	return memcmp(&((const struct served *)a)->address, &((const struct served *)b)->address,
		      sizeof(struct vrrp_addr));
}

void watch_forget(struct agent *agent)
{
	free(agent->watch.served);
	agent->watch.served = NULL;
	agent->watch.served_count = 0;
}

/* False without memory. */
static bool sort_served(struct agent *agent)
{
	struct watch *watch = &agent->watch;
	size_t count = 0;
	if (watch->served)
		return true;
	for (size_t i = 0; i < agent->router_count; i++)
		count += conf_served_count(agent->routers[i]->conf);
	watch->served = calloc(count + 1, sizeof(*watch->served));
	if (!watch->served)
		return false;
	for (size_t i = 0; i < agent->router_count; i++) {
		const struct conf_instance *conf = agent->routers[i]->conf;
		for (size_t j = 0; j < conf_served_count(conf); j++)
			watch->served[watch->served_count++] =
				(struct served){conf_served(conf, j)->address, agent->routers[i]};
	}
	qsort(watch->served, watch->served_count, sizeof(*watch->served), compare);
	return true;
}

/* The first one of this address; others follow it. */
static const struct served *find_served(struct agent *agent, const struct vrrp_addr *address)
{
	const struct watch *watch = &agent->watch;
	struct served key = {.address = *address};
	if (!sort_served(agent))
		return NULL; /* verify_some() will find it */
	const struct served *found =
		bsearch(&key, watch->served, watch->served_count, sizeof(key), compare);
	while (found && found > watch->served && compare(found - 1, &key) == 0)
		found--;
	return found;
}

/* ---- addresses ---- */

static bool is_served_at(const struct router *router, int ifindex, const struct vrrp_addr *address)
{
	for (size_t i = 0; i < router->plan->item_count; i++)
		if (router->plan->items[i].kind == TAKEOVER_ADDRESS &&
		    router->plan->items[i].ifindex == ifindex &&
		    addr_equal(&router->plan->items[i].address, address))
			return true;
	return false;
}

static void tell_missing(struct router *router, const struct vrrp_addr *address, int64_t now_ns)
{
	char text[ADDR_TEXT_LEN];
	if (now_ns < router->missing_told_ns)
		return;
	router->missing_told_ns = now_ns + TELL_PERIOD_NS;
	log_warning("%s: somebody removed our address %s: putting it back", router->conf->name,
		    addr_format(address, text));
}

static void address_missing(struct router *router, const struct vrrp_addr *address)
{
	int64_t now_ns = clock_ns();
	tell_missing(router, address, now_ns);
	if (now_ns < router->address_again_ns) {
		router->address_missing = true; /* a later look will see to it */
		return;
	}
	router->address_again_ns = now_ns + ADDRESS_PAUSE_NS;
	kernel_verify(router);
}

void watch_address_gone(int ifindex, const struct vrrp_addr *address, void *data)
{
	struct agent *agent = data;
	/* Of before the role was left and taken again, or put back by somebody else. */
	if (links_has_address(agent->links, ifindex, address))
		return;
	const struct served *served = find_served(agent, address);
	const struct served *end = agent->watch.served + agent->watch.served_count;
	for (; served && served < end && addr_equal(&served->address, address); served++) {
		struct router *router = served->router;
		if (router->bound && router->kernel_wanted && router->kernel_has &&
		    is_served_at(router, ifindex, address))
			address_missing(router, address);
	}
}

static void put_back_missing(struct agent *agent, int64_t now_ns)
{
	for (size_t i = 0; i < agent->router_count; i++) {
		struct router *router = agent->routers[i];
		if (!router->address_missing || now_ns < router->address_again_ns)
			continue;
		router->address_missing = false;
		router->address_again_ns = now_ns + ADDRESS_PAUSE_NS;
		kernel_verify(router);
	}
}

/* Each router in its turn, so that thousands of them are no burst. */
static void verify_some(struct agent *agent)
{
	for (size_t i = agent->watch.turns++ % VERIFY_TURNS; i < agent->router_count;
	     i += VERIFY_TURNS)
		if (agent->routers[i]->bound && agent->routers[i]->kernel_wanted)
			kernel_verify(agent->routers[i]);
}

/* ---- the turn ---- */

static void turn(void *data)
{
	struct agent *agent = data;
	int64_t now_ns = clock_ns();
	put_back_missing(agent, now_ns);
	verify_some(agent);
	if (agent->watch.turns % VERIFY_TURNS == 0)
		statics_follow(agent);
	announce_turn(agent);
	agent_open_control(agent);
	hints_turn(agent);
	notify_turn(agent);
	loop_timer_set(agent->watch.timer, now_ns + TURN_NS);
}

void watch_follow(struct agent *agent)
{
	worker_watch_period(agent->worker, look_period_ms(agent));
}

bool watch_start(struct agent *agent)
{
	agent->watch.timer = loop_timer_new(agent->loop, turn, agent);
	if (!agent->watch.timer)
		return false;
	loop_timer_set(agent->watch.timer, clock_ns() + TURN_NS);
	worker_watch(agent->worker, look_period_ms(agent), programs_missing, restore_programs,
		     agent);
	return true;
}

void watch_stop(struct agent *agent)
{
	loop_timer_free(agent->watch.timer);
	agent->watch.timer = NULL;
	watch_forget(agent);
}
