/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has asked, what the worker is to read, and the answer to all of them. Checks of the host and
 * of interfaces are in doctor_system.c, those of virtual routers in doctor_router.c.
 */
#include "doctor.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/doctor.h"
#include "port.h"
#include "router.h"

struct asker {
	struct asker *next;
	struct client *client;
};

struct doctor {
	struct asker *askers;
	struct doctor_look *look; /* the worker has it; NULL = it does nothing */
};

/* ---- what to read ---- */

static void look_free(struct doctor_look *look)
{
	free(look->links);
	free(look->routers);
	free(look);
}

static struct doctor_link *add_link(struct doctor_look *look, const struct link *link)
{
	for (size_t i = 0; i < look->link_count; i++)
		if (look->links[i].link.ifindex == link->ifindex)
			return &look->links[i];
	struct doctor_link *added =
		realloc(look->links, (look->link_count + 1) * sizeof(*look->links));
	if (!added)
		return NULL;
	look->links = added;
	added += look->link_count++;
	*added = (struct doctor_link){.link = *link};
	return added;
}

static void choose_link(struct doctor_look *look, const struct router *router)
{
	const struct link *link = links_by_name(look->agent->links, router->conf->interface);
	struct doctor_link *added = link ? add_link(look, link) : NULL;
	bool ipv6 = router->conf->family == VRRP_IPV6;
	if (!added)
		return;
	added->has_family[ipv6] = true;
	if (router->conf->peer_count == 0 && router->bound)
		added->families[ipv6] = true;
}

static struct doctor_look *look_new(struct agent *agent)
{
	struct doctor_look *look = calloc(1, sizeof(*look));
	if (!look)
		return NULL;
	look->agent = agent;
	look->routers = calloc(agent->router_count + 1, sizeof(*look->routers));
	if (!look->routers) {
		look_free(look);
		return NULL;
	}
	for (size_t i = 0; i < agent->router_count; i++) {
		const struct router *router = agent->routers[i];
		choose_link(look, router);
		if (router->bound)
			look->routers[look->router_count++] = (struct doctor_router){
				.router = router, .slot = router->slot_number};
	}
	return look;
}

/* ---- reading, in the worker ---- */

static int bridge_of(const struct link *link)
{
	return strcmp(link->kind, "bridge") == 0 ? link->ifindex : link->master;
}

static void read_all(void *data)
{
	struct doctor_look *look = data;
	inspect_host(&look->host);
	for (size_t i = 0; i < look->link_count; i++) {
		const struct link *link = &look->links[i].link;
		inspect_link(link->name, bridge_of(link), &look->links[i].seen);
	}
	for (size_t i = 0; i < look->router_count; i++)
		look->routers[i].stats =
			dataplane_vr_stats(look->agent->dataplane, look->routers[i].slot);
}

/* ---- the answer ---- */

/* Both lists have the same order, unless there was a reload. */
static const struct vr_stats *stats_of(struct doctor_look *look, const struct router *router)
{
	for (size_t i = 0; router->bound && i < look->router_count; i++) {
		const struct doctor_router *read =
			&look->routers[look->cursor++ % look->router_count];
		if (read->router == router && read->slot == router->slot_number)
			return &read->stats;
	}
	return NULL;
}

static json_t *findings_of(struct doctor_look *look)
{
	const struct agent *agent = look->agent;
	json_t *findings = json_array();
	doctor_host(look, findings);
	for (size_t i = 0; i < look->link_count; i++)
		doctor_link(look, &look->links[i], findings);
	for (size_t i = 0; i < agent->router_count; i++)
		doctor_router(agent->routers[i], stats_of(look, agent->routers[i]), findings);
	return findings;
}

static void answer(struct doctor *doctor, const char *line)
{
	while (doctor->askers) {
		struct asker *asker = doctor->askers;
		struct client *client = asker->client;
		doctor->askers = asker->next;
		free(asker);
		if (line && !client_send(client, line, strlen(line)))
			continue;
		client_finish(client);
	}
}

static void all_read(void *data)
{
	struct doctor_look *look = data;
	struct doctor *doctor = look->agent->doctor;
	doctor->look = NULL;
	char *line = doctor->askers ? control_result(doctor_json(findings_of(look))) : NULL;
	look_free(look);
	answer(doctor, line);
	free(line);
}

/* ---- asking ---- */

static bool add_asker(struct agent *agent, struct client *client)
{
	if (!agent->doctor)
		agent->doctor = calloc(1, sizeof(*agent->doctor));
	struct asker *asker = agent->doctor ? malloc(sizeof(*asker)) : NULL;
	if (!asker)
		return false;
	doctor_forget(agent, client); /* one answer is enough for who asks twice */
	*asker = (struct asker){.next = agent->doctor->askers, .client = client};
	agent->doctor->askers = asker;
	return true;
}

void doctor_ask(struct agent *agent, struct client *client)
{
	if (!add_asker(agent, client)) {
		client_finish(client);
		return;
	}
	struct doctor *doctor = agent->doctor;
	if (doctor->look)
		return;
	doctor->look = look_new(agent);
	if (doctor->look && worker_run(agent->worker, read_all, all_read, doctor->look))
		return;
	if (doctor->look)
		look_free(doctor->look);
	doctor->look = NULL;
	answer(doctor, NULL);
}

void doctor_forget(struct agent *agent, struct client *client)
{
	struct asker **link = agent->doctor ? &agent->doctor->askers : NULL;
	while (link && *link && (*link)->client != client)
		link = &(*link)->next;
	if (!link || !*link)
		return;
	struct asker *asker = *link;
	*link = asker->next;
	free(asker);
}

void doctor_close(struct agent *agent)
{
	if (agent->doctor && agent->doctor->look)
		look_free(agent->doctor->look);
	free(agent->doctor);
	agent->doctor = NULL;
}
