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

#include "agent_state.h"
#include "sys/realtime.h"

/* ---- events of the data plane ---- */

/* A slot may have been given to another virtual router while the event was waiting. */
static bool is_for(const struct router *router, const struct xvrrp_event *event)
{
	return event->kind != XVRRP_EVENT_ADVERT || (event->header.vrid == router->conf->vrid &&
						     event->ifindex == (uint32_t)router->ifindex);
}

static void event_arrived(const struct xvrrp_event *event, void *data)
{
	struct agent *agent = data;
	struct router *router = event->slot < XVRRP_SLOTS_MAX ? agent->by_slot[event->slot] : NULL;
	if (router && is_for(router, event))
		router_report(router, event);
}

void agent_consume(struct agent *agent)
{
	dataplane_consume(agent->dataplane, event_arrived, agent);
}

static void events_readable(uint32_t events, void *data)
{
	(void)events;
	agent_consume(data);
}

/* ---- events of the system ---- */

static void links_readable(uint32_t events, void *data)
{
	(void)events;
	links_dispatch(((struct agent *)data)->links);
}

/* Many changes come at once, our own among them: note them, and look once. */
static void link_changed(int ifindex, void *data)
{
	(void)ifindex; /* a name may have moved from one index to another: look at all */
	loop_task_post(((struct agent *)data)->world_task);
}

static void world_changed(void *data)
{
	struct agent *agent = data;
	for (size_t i = 0; i < agent->router_count; i++)
		router_refresh(&agent->routers[i]);
}

static void signalled(int signal, void *data)
{
	struct agent *agent = data;
	if (signal == SIGHUP) {
		log_warning("SIGHUP: this version does not reload; restart it to apply %s",
			    agent->options->config_path);
		return;
	}
	log_notice("stopping on signal %d (%s)", signal, strsignal(signal));
	loop_stop(agent->loop, EXIT_CLEAN);
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

static int open_sources(struct agent *agent, struct failure *failure)
{
	agent->events_source = loop_fd_new(agent->loop, dataplane_events_fd(agent->dataplane),
					   LOOP_PACKETS, events_readable, agent);
	agent->links_source = loop_fd_new(agent->loop, links_fd(agent->links), LOOP_NETLINK,
					  links_readable, agent);
	if (!agent->events_source || !agent->links_source)
		return fail(failure, "the event loop takes no descriptors: %s", strerror(errno));
	return 0;
}

/* Before there is anything to clean up: a signal from here on ends in an orderly stop. */
static int open_loop(struct agent *agent, struct failure *failure)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	agent->loop = loop_new(failure);
	if (!agent->loop)
		return -1;
	if (loop_signals(agent->loop, signals, 3, signalled, agent) < 0)
		return fail(failure, "signals cannot be watched: %s", strerror(errno));
	agent->world_task = loop_task_new(agent->loop, LOOP_NETLINK, world_changed, agent);
	agent->kernel_task = loop_task_new(agent->loop, LOOP_NETLINK, kernel_turn, agent);
	agent->kernel_queue_end = &agent->kernel_queue;
	if (!agent->world_task || !agent->kernel_task)
		return fail(failure, "out of memory");
	return 0;
}

/* Everything that the agent needs of the system, cheapest and most telling failures first. */
static int open_system(struct agent *agent, struct failure *failure)
{
	if (open_loop(agent, failure) < 0)
		return -1;
	agent->rundir = rundir_open(agent->options->run_dir, failure);
	if (!agent->rundir)
		return -1;
	agent->links = links_open(link_changed, agent, failure);
	if (!agent->links)
		return -1;
	agent->takeover = takeover_open(failure);
	if (!agent->takeover)
		return -1;
	agent->transmit = transmit_open(failure);
	if (!agent->transmit)
		return -1;
	ports_clean_stale(agent);
	agent->dataplane = dataplane_open(agent->options->pin_dir, failure);
	if (!agent->dataplane)
		return -1;
	if (open_sources(agent, failure) < 0)
		return -1;
	return open_control(agent, failure);
}

static void close_system(struct agent *agent)
{
	listener_close(agent->listener);
	loop_fd_free(agent->events_source);
	loop_fd_free(agent->links_source);
	loop_task_free(agent->world_task);
	loop_task_free(agent->kernel_task);
	dataplane_close(agent->dataplane);
	transmit_close(agent->transmit);
	takeover_close(agent->takeover);
	links_close(agent->links);
	rundir_close(agent->rundir);
	if (agent->loop)
		loop_free(agent->loop);
}

static int make_routers(struct agent *agent, struct failure *failure)
{
	const struct conf *conf = agent->conf;
	agent->routers = calloc(conf->instance_count + 1, sizeof(*agent->routers));
	if (!agent->routers || !faults_prepare(agent))
		return fail(failure, "out of memory");
	for (size_t i = 0; i < conf->instance_count; i++) {
		if (!router_init(&agent->routers[i], agent, &conf->instances[i]))
			return fail(failure, "out of memory");
		agent->router_count++;
	}
	return 0;
}

/* An explicit mode that cannot be had is an error, not a fault to wait out. */
static int check_explicit_mode(const struct agent *agent, struct failure *failure)
{
	if (agent->options->xdp_mode == XDP_MODE_AUTO)
		return 0;
	for (size_t i = 0; i < agent->router_count; i++)
		if (agent->routers[i].vr.faults & FAULT_DATA_PLANE)
			return fail(failure, "%s: --xdp-mode %s is not possible on %s (see above)",
				    agent->routers[i].conf->name,
				    xdp_mode_name(agent->options->xdp_mode),
				    agent->routers[i].conf->interface);
	return 0;
}

static void step_all(struct agent *agent, enum vr_event_kind kind)
{
	struct vr_event event = {.kind = kind};
	for (size_t i = 0; i < agent->router_count; i++)
		router_step(&agent->routers[i], &event);
}

static int start(struct agent *agent, struct failure *failure)
{
	struct failure warning;
	if (make_routers(agent, failure) < 0)
		return -1;
	for (size_t i = 0; i < agent->router_count; i++)
		router_refresh(&agent->routers[i]);
	if (check_explicit_mode(agent, failure) < 0)
		return -1;
	if (realtime_enter(agent->conf->global.rt_priority, agent->conf->global.no_swap, &warning) <
	    0)
		log_warning("%s", warning.text);
	log_notice("xvrrpd %s runs %zu virtual routers of %s", XVRRPD_VERSION, agent->router_count,
		   agent->options->config_path);
	step_all(agent, EV_STARTUP);
	loop_notify("READY=1");
	return 0;
}

static void free_routers(struct agent *agent)
{
	for (size_t i = 0; i < agent->router_count; i++)
		router_free(&agent->routers[i]);
	free(agent->routers);
	free(agent->virtual_addresses);
}

static int run(struct agent *agent)
{
	struct failure failure;
	if (open_system(agent, &failure) < 0 || start(agent, &failure) < 0) {
		log_error("%s", failure.text);
		return EXIT_SYSTEM;
	}
	int code = loop_run(agent->loop);
	if (code < 0) {
		log_error("the event loop failed: %s", strerror(errno));
		code = EXIT_SYSTEM;
	}
	loop_notify("STOPPING=1");
	step_all(agent, EV_SHUTDOWN);
	return code;
}

int agent_run(const struct options *options, const struct conf *conf)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	if (!agent) {
		fprintf(stderr, "xvrrpd: out of memory\n");
		return EXIT_SYSTEM;
	}
	agent->options = options;
	agent->conf = conf;
	log_open(options->log_level);
	int code = run(agent);
	free_routers(agent);
	close_system(agent);
	free(agent);
	log_close();
	return code;
}
