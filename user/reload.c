/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another configuration: whole or not at all (I10). A virtual router whose part of it is as before
 * is not touched; one that differs is stopped and started, what is gone withdraws, what is new
 * starts. Virtual routers are the same by interface, VRID and family, whatever their names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/load.h"
#include "groups.h"
#include "port.h"
#include "router.h"

/* ---- what differs ---- */

/* In canonical form, so that only what has a meaning counts. NULL without memory. */
static char *meaning(const struct conf_instance *instance)
{
	struct conf_instance nameless = *instance;
	nameless.name = "";
	nameless.wants_active = false; /* no effect */
	nameless.group = NULL;	       /* these follow the configuration while it runs */
	memset(nameless.notify, 0, sizeof(nameless.notify));
	struct conf one = {.instances = &nameless, .instance_count = 1};
	return conf_print(&one);
}

static bool same_meaning(const struct conf_instance *a, const struct conf_instance *b)
{
	char *x = meaning(a), *y = meaning(b);
	bool same = x && y && strcmp(x, y) == 0;
	free(x);
	free(y);
	return same;
}

/* What makes them one virtual router, as an order. */
static int compare_identity(const struct conf_instance *a, const struct conf_instance *b)
{
	if (a->vrid != b->vrid)
		return a->vrid - b->vrid;
	if (a->family != b->family)
		return (int)a->family - (int)b->family;
	return strcmp(a->interface, b->interface);
}

static int compare_pointers(const void *a, const void *b)
{
	return compare_identity(*(const struct conf_instance *const *)a,
				*(const struct conf_instance *const *)b);
}

static void tell_global(const struct conf *old, const struct conf *new)
{
	const struct conf_global *a = &old->global, *b = &new->global;
	if (a->rt_priority != b->rt_priority || a->no_swap != b->no_swap)
		log_warning("reload: vrrp_rt_priority and vrrp_no_swap take effect with a restart "
			    "only (SIGUSR2 and a new start keep the roles)");
}

/* ---- reading ---- */

static void log_diags(const struct conf_diags *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		char *line = conf_diag_format(&diags->list[i]);
		if (diags->list[i].severity == CONF_ERROR)
			log_error("%s", line ? line : diags->list[i].text);
		else
			log_warning("%s", line ? line : diags->list[i].text);
		free(line);
	}
}

/* The first error, which is the one to begin with; of --strict, the first warning. */
static char *explain(const struct conf_diags *diags)
{
	const struct conf_diag *first = NULL;
	for (size_t i = 0; i < diags->count && !first; i++)
		if (diags->list[i].severity == CONF_ERROR || diags->errors == 0)
			first = &diags->list[i];
	char *line = first ? conf_diag_format(first) : NULL;
	char *text = NULL;
	size_t others = diags->errors > 1 ? diags->errors - 1 : 0;
	if (line && others && asprintf(&text, "%s (and %zu more errors)", line, others) < 0)
		text = NULL;
	if (!text)
		return line;
	free(line);
	return text;
}

/* A new instance, and the one that runs. */
struct match {
	bool is_known; /* there is one */
	size_t old;    /* its place in the configuration, and in agent->routers */
	bool same;     /* nothing has changed */
};

/* What the worker finds out: a file may be long, and its disk slow. */
struct reading {
	const struct agent *agent;
	struct conf *conf;     /* NULL if it is not usable */
	struct match *matches; /* by instance */
	char *why;
};

static void read_file(struct reading *reading)
{
	const struct options *options = reading->agent->options;
	struct conf_diags diags = {0};
	if (!conf_is_file(options->config_path)) {
		if (asprintf(&reading->why, "%s is not a regular file: a reload reads no other",
			     options->config_path) < 0)
			reading->why = NULL;
		return;
	}
	reading->conf = conf_load(options->config_path, &diags);
	log_diags(&diags);
	if (diags.errors > 0 || (options->strict && diags.warnings > 0)) {
		reading->why = explain(&diags);
		conf_free(reading->conf);
		reading->conf = NULL;
	}
	conf_diags_free(&diags);
}

/* Pointers to all instances, in the order above. NULL without memory. */
static const struct conf_instance **sort_instances(const struct conf *conf)
{
	const struct conf_instance **sorted = calloc(conf->instance_count + 1, sizeof(*sorted));
	if (!sorted)
		return NULL;
	for (size_t i = 0; i < conf->instance_count; i++)
		sorted[i] = &conf->instances[i];
	qsort(sorted, conf->instance_count, sizeof(*sorted), compare_pointers);
	return sorted;
}

/* Thousands are looked up among thousands. */
static void compare(struct reading *reading)
{
	const struct conf *old = reading->agent->conf, *new = reading->conf;
	const struct conf_instance **sorted = sort_instances(old), **found;
	if (sorted)
		reading->matches = calloc(new->instance_count + 1, sizeof(*reading->matches));
	for (size_t i = 0; reading->matches && i < new->instance_count; i++) {
		const struct conf_instance *instance = &new->instances[i];
		found = bsearch(&instance, sorted, old->instance_count, sizeof(*sorted),
				compare_pointers);
		if (found)
			reading->matches[i] = (struct match){
				.is_known = true,
				.old = (size_t)(*found - old->instances),
				.same = same_meaning(*found, instance),
			};
	}
	free(sorted);
}

/* The running configuration stays as it is meanwhile: the loop only advertises. */
static void read_and_compare(void *data)
{
	struct reading *reading = data;
	read_file(reading);
	if (reading->conf)
		compare(reading);
}

/* ---- the change ---- */

struct change {
	struct conf *conf;
	const struct match *matches; /* by instance */
	struct router **routers;     /* by instance: as it is, or a new one */
	bool *made;		     /* this one is new */
	bool *drained;		     /* ... and takes over this from the one it replaces */
	bool *stays, *replaced;	     /* by old instance: its router */
	int count;		     /* of virtual routers that differ */
};

static void free_marks(struct change *change)
{
	free(change->made);
	free(change->drained);
	free(change->stays);
	free(change->replaced);
}

static void change_free(struct change *change)
{
	for (size_t i = 0; change->routers && change->made && i < change->conf->instance_count; i++)
		if (change->made[i] && change->routers[i]) {
			router_free(change->routers[i]);
			free(change->routers[i]);
		}
	free(change->routers);
	free_marks(change);
	conf_free(change->conf);
}

static bool plan_instance(struct agent *agent, struct change *change, size_t i)
{
	const struct conf_instance *instance = &change->conf->instances[i];
	const struct match *match = &change->matches[i];
	struct router *old = match->is_known ? agent->routers[match->old] : NULL;
	if (old && match->same) {
		change->stays[match->old] = true;
		change->routers[i] = old;
		return true;
	}
	if (old)
		change->replaced[match->old] = true;
	change->made[i] = true;
	change->drained[i] = old && old->vr.drained;
	change->count++;
	change->routers[i] = calloc(1, sizeof(struct router));
	return change->routers[i] && router_init(change->routers[i], agent, instance);
}

/* Everything that needs memory, before anything is touched. */
static bool plan(struct agent *agent, struct change *change)
{
	size_t count = change->conf->instance_count;
	change->routers = calloc(count + 1, sizeof(*change->routers));
	change->made = calloc(count + 1, sizeof(*change->made));
	change->drained = calloc(count + 1, sizeof(*change->drained));
	change->stays = calloc(agent->router_count + 1, sizeof(*change->stays));
	change->replaced = calloc(agent->router_count + 1, sizeof(*change->replaced));
	if (!change->routers || !change->made || !change->drained || !change->stays ||
	    !change->replaced)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!plan_instance(agent, change, i))
			return false;
	return faults_prepare(agent, change->conf);
}

struct routers {
	struct router **list;
	size_t count;
};

/* Others of its sync group go on, and keep the role for when it is back. */
static bool leaves_alone(const struct change *change, const struct routers *old,
			 const struct router *router)
{
	const struct conf_group *group = router->conf->group;
	for (size_t i = 0; group && i < old->count; i++)
		if (change->stays[i] && old->list[i]->conf->group == group)
			return true;
	return false;
}

/* First, because what comes may want its addresses. */
static void stop_others(struct agent *agent, struct change *change, const struct routers *old)
{
	struct vr_event shutdown = {.kind = EV_SHUTDOWN};
	for (size_t i = 0; i < old->count; i++) {
		struct router *router = old->list[i];
		if (change->stays[i])
			continue;
		if (!change->replaced[i])
			change->count++;
		shutdown.alone = leaves_alone(change, old, router);
		router_step(router, &shutdown);
		router_free(router);
		free(router);
		agent_breathe(agent);
	}
}

static void start_new(struct agent *agent, const struct change *change)
{
	static const struct vr_event drain = {.kind = EV_DRAIN}, startup = {.kind = EV_STARTUP};
	for (size_t i = 0; i < change->conf->instance_count; i++) {
		if (!change->made[i])
			continue;
		if (change->drained[i])
			router_step(change->routers[i], &drain);
		router_refresh(change->routers[i]);
		router_step(change->routers[i], &startup);
		agent_breathe(agent);
	}
}

/* Routers that stop have what they need of the old configuration until all have. */
static void apply(struct agent *agent, struct change *change)
{
	struct routers old = {agent->routers, agent->router_count};
	struct conf *old_conf = agent->conf;
	tell_global(old_conf, change->conf);
	groups_close(agent);
	watch_forget(agent);
	agent->routers = change->routers;
	agent->router_count = change->conf->instance_count;
	agent->conf = change->conf;
	stop_others(agent, change, &old);
	for (size_t i = 0; i < agent->router_count; i++)
		agent->routers[i]->conf = &agent->conf->instances[i];
	free(old.list);
	conf_free(old_conf);
	if (!groups_open(agent))
		log_error("out of memory: no sync group is in force");
	start_new(agent, change);
	ports_put_unused(agent);
	watch_follow(agent);
	free_marks(change);
}

static int change_to(struct agent *agent, const struct reading *reading, char **why)
{
	struct change change = {.conf = reading->conf, .matches = reading->matches};
	if (!reading->matches || !plan(agent, &change)) {
		change_free(&change);
		*why = strdup("out of memory: the running configuration stays");
		return -1;
	}
	apply(agent, &change);
	log_notice("%s was read again: %d virtual routers differ", agent->options->config_path,
		   change.count);
	return change.count;
}

int agent_reload(struct agent *agent, char **why)
{
	struct reading reading = {.agent = agent};
	int changed = -1;
	if (worker_run(agent->worker, read_and_compare, NULL, &reading))
		worker_wait(agent->worker);
	if (reading.conf)
		changed = change_to(agent, &reading, why);
	else
		*why = reading.why;
	free(reading.matches);
	return changed;
}
