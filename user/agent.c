/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of the agent: acquire what it needs of the system, start the virtual routers, wait for
 * events, and give everything back. router.c steps a virtual router, actions.c and kernel.c do what
 * it says, faults.c and binding.c tie it to interfaces, port.c attaches the programs, report.c
 * tells the world.
 */
#include "agent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "announce.h"
#include "doctor.h"
#include "groups.h"
#include "hints.h"
#include "notify.h"
#include "outbox.h"
#include "port.h"
#include "router.h"
#include "statics.h"
#include "sys/realtime.h"
#include "tracking.h"

/* ---- events of the data plane ---- */

/* A slot may have been given to another virtual router while the event was waiting. */
static bool is_for(const struct router *router, const struct xvrrp_event *event)
{
	return event->kind != XVRRP_EVENT_ADVERT ||
	       (event->header.vrid == router->conf->vrid &&
		event->ifindex == router->slot->identity.key.ifindex);
}

static void event_arrived(const struct xvrrp_event *event, void *data)
{
	struct agent *agent = data;
	struct router *router = event->slot < XVRRP_SLOTS_MAX ? agent->by_slot[event->slot] : NULL;
	if (router && is_for(router, event))
		router_report(router, event);
}

/* A start that fails steps routers although there are no programs yet. */
void agent_consume(struct agent *agent)
{
	if (agent->events_source)
		dataplane_consume(agent->dataplane, event_arrived, agent);
}

static void events_readable(uint32_t events, void *data)
{
	(void)events;
	agent_consume(data);
}

/* worker_fn */
static void breathe(void *data)
{
	agent_breathe(data);
}

void agent_breathe(struct agent *agent)
{
	int64_t now_ns = clock_ns();
	if (now_ns < agent->breathed_ns + NS_PER_MS)
		return;
	agent->breathed_ns = now_ns;
	/* Who is due again and again must not keep us from what is to be done. */
	for (size_t most = 0; most <= agent->router_count && schedule_run(agent);
	     most += OUTBOX_MAX)
		;
}

/* ---- events of the system ---- */

static void links_readable(uint32_t events, void *data)
{
	(void)events;
	links_dispatch(((struct agent *)data)->links);
}

static void reload(struct agent *agent)
{
	char *why = NULL;
	agent->reload_wanted = !agent->ready;
	if (!agent->ready)
		return;
	loop_notify("RELOADING=1");
	if (agent_reload(agent, &why) < 0)
		log_error("the running configuration stays: %s", why ? why : "out of memory");
	free(why);
	loop_notify("READY=1");
}

/* In the middle of a start there is half of everything: finish it first. */
static void stop(struct agent *agent, int signal)
{
	agent->stop_signal = signal;
	if (!agent->ready) {
		notify_startup_hurry(agent);
		return;
	}
	log_notice("stopping on signal %d (%s)", signal, strsignal(signal));
	loop_stop(agent->loop, EXIT_CLEAN);
}

/*
 * Everything that must be left is in the kernel, everything that must go ends with the process, the
 * locks last: there is nothing to do, and nothing to wait for.
 */
static void leave(enum exit_code code)
{
	loop_notify("STOPPING=1");
	log_notice("leaving without withdrawing: a successor can go on until the leases end");
	log_leave();
	_exit(code);
}

/*
 * A start that fails must not cost what it has found: the programs keep the kernel from answering
 * for addresses that are there, and the next try may be luckier, inside the lease.
 */
static void start_failed(const struct agent *agent, const struct failure *failure)
{
	const struct dataplane *found = agent->dataplane;
	log_error("%s", failure->text);
	if (found && (dataplane_adopted(found) || (dataplane_left_behind(found) && !agent->ready)))
		leave(EXIT_SYSTEM);
}

static void tell_ignored(struct agent *agent, int signal)
{
	if (!agent->signal_told)
		log_warning("signal %d (%s) does nothing: what keepalived writes into files then, "
			    "`xvrrpctl --json status` and `stats` have",
			    signal, strsignal(signal));
	agent->signal_told = true;
}

static void signalled(int signal, void *data)
{
	struct agent *agent = data;
	switch (signal) {
	case SIGHUP:
		reload(agent);
		break;
	case SIGUSR2:
		leave(EXIT_CLEAN);
		break;
	case SIGTERM:
	case SIGINT:
		stop(agent, signal);
		break;
	default:
		tell_ignored(agent, signal);
		break;
	}
}

/* ---- start and stop ---- */

static int open_control(struct agent *agent, struct failure *failure)
{
	char *path;
	if (asprintf(&path, "%s/control.sock", agent->options->run_dir) < 0)
		return fail(failure, "out of memory");
	agent->listener =
		listener_open(agent->loop, path, agent_request, agent_client_gone, agent, failure);
	free(path);
	return agent->listener ? 0 : -1;
}

void agent_open_control(struct agent *agent)
{
	if (!agent->listener && open_control(agent, NULL) == 0)
		log_notice("the control socket could be opened now");
}

static int open_events(struct agent *agent, struct failure *failure)
{
	if (agent->events_source)
		return 0;
	agent->events_source = loop_fd_new(agent->loop, dataplane_events_fd(agent->dataplane),
					   LOOP_PACKETS, events_readable, agent);
	if (!agent->events_source)
		return fail(failure, "the event loop takes no descriptors: %s", strerror(errno));
	return 0;
}

/* With those that monitoring sends to keepalived: nobody is to die of a question. */
static int open_signals(struct agent *agent)
{
	int signals[NSIG] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
	unsigned count = 5;
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		signals[count++] = number;
	return loop_signals(agent->loop, signals, count, signalled, agent);
}

/* Before there is anything to clean up: a signal from here on ends in an orderly stop. */
static int open_loop(struct agent *agent, struct failure *failure)
{
	agent->loop = loop_new(failure);
	if (!agent->loop)
		return -1;
	if (open_signals(agent) < 0)
		return fail(failure, "signals cannot be watched: %s", strerror(errno));
	agent->announce_task = loop_task_new(agent->loop, LOOP_NETLINK, announce_rest, agent);
	agent->announce_timer = loop_timer_new(agent->loop, announce_waited, agent);
	TAILQ_INIT(&agent->announcing);
	agent->outbox = outbox_new();
	if (!world_open(agent) || !agent->announce_task || !agent->announce_timer ||
	    !agent->outbox || !schedule_open(agent))
		return fail(failure, "out of memory");
	return 0;
}

/* What an adopted role needs to go on, and nothing that waits for anything. */
static int open_first(struct agent *agent, struct failure *failure)
{
	if (open_loop(agent, failure) < 0)
		return -1;
	agent->rundir = rundir_open(agent->options->run_dir, failure);
	if (!agent->rundir)
		return -1;
	agent->transmit = transmit_open(failure);
	if (!agent->transmit)
		return -1;
	agent->dataplane = dataplane_open(agent->options->pin_dir, failure);
	return agent->dataplane ? 0 : -1;
}

/* Still nothing that may wait for long: the worker does the rest. */
static int open_worker(struct agent *agent, struct failure *failure)
{
	struct failure warning;
	if (!standstill_open(agent))
		return fail(failure, "out of memory");
	agent->takeover = takeover_open(failure);
	if (!agent->takeover)
		return -1;
	if (realtime_enter(agent->conf->global.rt_priority, agent->conf->global.no_swap, &warning) <
	    0)
		log_warning("%s", warning.text);
	agent->worker = worker_new(agent->loop, failure);
	if (!agent->worker)
		return -1;
	worker_meanwhile(agent->worker, breathe, agent);
	return dataplane_adopted(agent->dataplane) ? open_events(agent, failure) : 0;
}

/* After an error what an earlier agent left stays, see dataplane_start(). */
static void close_system(struct agent *agent)
{
	listener_close(agent->listener);
	standstill_close(agent);
	watch_stop(agent);
	if (agent->worker)
		worker_wait(agent->worker); /* it may still be cleaning up */
	worker_free(agent->worker);
	hints_close(agent);
	doctor_close(agent);
	loop_fd_free(agent->events_source);
	loop_fd_free(agent->links_source);
	world_close(agent);
	loop_task_free(agent->announce_task);
	loop_timer_free(agent->announce_timer);
	pace_free(&agent->pace);
	schedule_close(agent);
	outbox_free(agent->outbox);
	dataplane_close(agent->dataplane);
	transmit_close(agent->transmit);
	takeover_close(agent->takeover);
	links_close(agent->links);
	rundir_close(agent->rundir);
	notify_close(agent); /* last, as what it waits for is not ours */
	if (agent->loop)
		loop_free(agent->loop);
}

static int make_routers(struct agent *agent, struct failure *failure)
{
	const struct conf *conf = agent->conf;
	agent->routers = calloc(conf->instance_count + 1, sizeof(*agent->routers));
	if (!agent->routers || !faults_sort(conf, &agent->virtual_addresses))
		return fail(failure, "out of memory");
	for (size_t i = 0; i < conf->instance_count; i++) {
		struct router *router = calloc(1, sizeof(*router));
		if (!router || !router_init(router, agent, &conf->instances[i])) {
			free(router);
			return fail(failure, "out of memory");
		}
		agent->routers[agent->router_count++] = router;
	}
	return 0;
}

/* An explicit mode that cannot be had is an error, not a fault to wait out. */
static int check_explicit_mode(const struct agent *agent, struct failure *failure)
{
	if (agent->options->xdp_mode == XDP_MODE_AUTO)
		return 0;
	for (size_t i = 0; i < agent->router_count; i++)
		if (agent->routers[i]->vr.faults & FAULT_DATA_PLANE)
			return fail(failure, "%s: --xdp-mode %s is not possible on %s (see above)",
				    agent->routers[i]->conf->name,
				    xdp_mode_name(agent->options->xdp_mode),
				    agent->routers[i]->conf->interface);
	return 0;
}

static void step_all(struct agent *agent, enum vr_event_kind kind)
{
	struct vr_event event = {.kind = kind};
	for (size_t i = 0; i < agent->router_count; i++) {
		router_step(agent->routers[i], &event);
		agent_breathe(agent);
	}
}

static int open_links_source(struct agent *agent, struct failure *failure)
{
	agent->links_source = loop_fd_new(agent->loop, links_fd(agent->links), LOOP_NETLINK,
					  links_readable, agent);
	if (!agent->links_source)
		return fail(failure, "the event loop takes no descriptors: %s", strerror(errno));
	return 0;
}

/* The second half of the start: interfaces are known, programs loaded. */
static int start(struct agent *agent, struct failure *failure)
{
	if (agent->load_result < 0)
		return fail(failure, "%s", agent->load_failure.text);
	if (open_links_source(agent, failure) < 0)
		return -1;
	links_use_worker(agent->links, agent->worker);
	if (!dataplane_adopted(agent->dataplane))
		adopt_nothing(agent);
	if (dataplane_start(agent->dataplane, failure) < 0 || open_events(agent, failure) < 0)
		return -1;
	adopt_withdraw(agent);
	statics_follow(agent);
	if (!tracking_follow(agent))
		return fail(failure, "out of memory");
	agent->ready = true;
	agent->world.all = true;
	world_look(agent);
	if (adopt_finish(agent, failure) < 0 || check_explicit_mode(agent, failure) < 0)
		return -1;
	if (!watch_start(agent))
		return fail(failure, "out of memory");
	if (agent->conf->global.rt_priority)
		worker_realtime(agent->worker, agent->conf->global.rt_priority);
	log_notice("xvrrpd %s runs %zu virtual routers of %s", XVRRPD_VERSION, agent->router_count,
		   agent->options->config_path);
	if (open_control(agent, failure) < 0) {
		/* Whoever starts it anew should know; a role that goes on is worth more. */
		if (!dataplane_adopted(agent->dataplane))
			return -1;
		log_error("%s; trying again every second", failure->text);
	}
	step_all(agent, EV_STARTUP);
	notify_begin(agent);
	loop_notify("READY=1");
	return 0;
}

/* In the worker, while adopted roles go on: all of this may wait for the kernel's routing lock. */
static void load(void *data)
{
	struct agent *agent = data;
	struct failure *failure = &agent->load_failure;
	adopt_memberships(agent);
	agent->links = links_open(world_link_changed, watch_address_gone, agent, failure);
	agent->load_result = agent->links ? dataplane_load(agent->dataplane, failure) : -1;
	if (agent->load_result == 0)
		adopt_programs(agent);
}

static void go(void *data)
{
	struct agent *agent = data;
	struct failure failure;
	if (start(agent, &failure) < 0) {
		start_failed(agent, &failure);
		loop_stop(agent->loop, EXIT_SYSTEM);
	} else if (agent->stop_signal) {
		stop(agent, agent->stop_signal);
	} else if (agent->reload_wanted) {
		reload(agent);
	}
}

/* Who is asked to stop meanwhile needs no startup script. */
static void loaded(void *data)
{
	struct agent *agent = data;
	if (agent->load_result < 0 || agent->stop_signal || !notify_startup(agent, go))
		go(agent);
}

/* The first half: up to where the worker loads the programs. */
static int begin(struct agent *agent, struct failure *failure)
{
	if (open_first(agent, failure) < 0 || make_routers(agent, failure) < 0)
		return -1;
	if (!groups_open(agent))
		return fail(failure, "out of memory");
	adopt_roles(agent);
	if (open_worker(agent, failure) < 0)
		return -1;
	if (!notify_open(agent, failure))
		return -1;
	if (!worker_run(agent->worker, load, loaded, agent))
		return fail(failure, "out of memory");
	return 0;
}

/* Nobody may look at them any more while they go one by one. */
static void free_routers(struct agent *agent)
{
	size_t count = agent->router_count;
	tracking_close(agent);
	groups_close(agent);
	agent->router_count = 0;
	for (size_t i = 0; i < count; i++) {
		router_free(agent->routers[i]);
		free(agent->routers[i]);
	}
	ports_put_unused(agent);
	free(agent->routers);
	free(agent->virtual_addresses.list);
}

static int run(struct agent *agent)
{
	struct failure failure;
	int code;
	if (begin(agent, &failure) < 0) {
		start_failed(agent, &failure);
		code = EXIT_SYSTEM;
	} else {
		code = loop_run(agent->loop);
	}
	if (code < 0) {
		log_error("the event loop failed: %s", strerror(errno));
		code = EXIT_SYSTEM;
	}
	loop_notify("STOPPING=1");
	notify_hold(agent);
	step_all(agent, EV_SHUTDOWN);
	notify_stop(agent);
	return code;
}

int agent_run(const struct options *options, struct conf *conf)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	if (!agent) {
		fprintf(stderr, "xvrrpd: out of memory\n");
		conf_free(conf);
		return EXIT_SYSTEM;
	}
	agent->options = options;
	agent->conf = conf;
	int code = run(agent);
	free_routers(agent);
	statics_stop(agent);
	close_system(agent);
	conf_free(agent->conf);
	free(agent);
	return code;
}
