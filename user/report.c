/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the agent tells the world: log lines, answers to xvrrpctl, and events to those who follow.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/status.h"
#include "ctl/text.h"
#include "doctor.h"
#include "hints.h"
#include "notify.h"
#include "port.h"
#include "router.h"
#include "tracking.h"

/* The view of one router; the addresses must live as long as the view. */
struct view {
	struct status_vr vr;
	struct status_address *addresses;
	struct vrrp_addr *peers;
	struct status_track *tracks;
};

static int64_t remaining_us(int64_t until_ns)
{
	int64_t now_ns = clock_ns();
	return until_ns > now_ns ? (until_ns - now_ns) / NS_PER_US : 0;
}

static void view_config(struct status_vr *view, const struct conf_instance *conf)
{
	view->name = conf->name;
	view->interface = conf->interface;
	view->vrid = conf->vrid;
	view->version = conf->version;
	view->family = conf->family;
	view->priority = conf->priority;
	view->is_owner = conf->priority == VRRP_PRIORITY_OWNER;
	view->preempt = conf->preempt;
	view->preempt_delay_us = conf->preempt_delay_us;
	view->sync_group = conf->group ? conf->group->name : NULL;
	view->accept_mode = conf->accept;
	view->advertise_interval_us = conf->interval_cs * NS_PER_CS / NS_PER_US;
	if (conf->virtual_mac)
		vrrp_virtual_mac(conf->family, conf->vrid, view->virtual_mac);
}

static void view_protocol(struct status_vr *view, const struct vr *vr)
{
	view->state = vr->state;
	view->faults = vr->faults;
	view->effective_priority = vr->effective_priority;
	view->drained = vr->drained;
	view->active_adver_interval_us = vr->active_interval_cs * NS_PER_CS / NS_PER_US;
	view->skew_time_us = vr->skew_time_ns / NS_PER_US;
	view->active_down_interval_us = vr->active_down_interval_ns / NS_PER_US;
	if (!(vr->faults & FAULT_NO_ADDRESS))
		view->primary_address = vr->primary;
	view->active_address = vr->active_address;
	view->last_event = vr->last_event;
	view->active_reason = vr->active_reason;
}

static void view_close(struct view *view)
{
	free(view->addresses);
	free(view->peers);
	free(view->tracks);
}

static bool view_open(struct view *view, struct router *router)
{
	const struct conf_instance *conf = router->conf;
	*view = (struct view){
		.addresses = calloc(conf_served_count(conf) + 1, sizeof(*view->addresses)),
		.peers = calloc(conf->peer_count + 1, sizeof(*view->peers)),
		.tracks = calloc(conf->track_count + 1, sizeof(*view->tracks)),
	};
	if (!view->addresses || !view->peers || !view->tracks) {
		view_close(view);
		return false;
	}
	for (size_t i = 0; i < conf->peer_count; i++)
		view->peers[i] = conf->peers[i].address;
	tracking_status(router, view->tracks);
	view->vr.tracks = view->tracks;
	view->vr.track_count = conf->track_count;
	view->vr.peers = view->peers;
	view->vr.peer_count = conf->peer_count;
	for (size_t i = 0; i < conf_served_count(conf); i++) {
		view->addresses[i].address = conf_served(conf, i)->address;
		view->addresses[i].prefix_len = conf_served(conf, i)->prefix_len;
	}
	view->vr.addresses = view->addresses;
	view->vr.address_count = conf->address_count;
	view->vr.excluded = view->addresses + conf->address_count;
	view->vr.excluded_count = conf->excluded.count;
	view->vr.last_transition_s = router->last_transition_s;
	view->vr.up_since_s = router->up_since_s;
	view->vr.vlan = router->place.vlan;
	view_config(&view->vr, conf);
	view_protocol(&view->vr, &router->vr);
	if (!router->slot)
		return true;
	memcpy(view->vr.virtual_mac, router->mac, sizeof(view->vr.virtual_mac));
	view->vr.lease_remaining_us = remaining_us(dataplane_evidence(router->slot).lease_until_ns);
	view->vr.discontinuity_s = (int64_t)router->slot->counted_since_s;
	view->vr.stats = dataplane_vr_stats(router->agent->dataplane, router->slot_number);
	view->vr.agent_stats = router->slot->agent;
	return true;
}

/* ---- answers ---- */

static json_t *status(const char *name, void *data)
{
	struct agent *agent = data;
	json_t *list = json_array();
	for (size_t i = 0; list && i < agent->router_count; i++) {
		struct view view;
		if (name && strcmp(agent->routers[i]->conf->name, name) != 0)
			continue;
		if (!view_open(&view, agent->routers[i]))
			continue;
		json_array_append_new(list, status_vr_json(&view.vr));
		view_close(&view);
		agent_breathe(agent);
	}
	if (!name || json_array_size(list) > 0)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *interfaces(void *data)
{
	struct agent *agent = data;
	json_t *list = json_array();
	for (const struct port *port = agent->ports; list && port; port = port->next) {
		struct status_interface view = {
			.name = port->name,
			.ifindex = port->ifindex,
			.xdp_mode = xdp_mode_name(port->attach.mode),
			.xdp_mode_reason = port->attach.reason,
			.restored = port->restored,
			.stats = dataplane_if_stats(agent->dataplane, port->ifindex),
		};
		json_array_append_new(list, status_interface_json(&view));
	}
	return list;
}

static char *config(void *data)
{
	return conf_print(((struct agent *)data)->conf);
}

/* Of those that drain or undrain; NULL = no such name. */
static json_t *drain(const char *name, bool drain, void *data)
{
	struct agent *agent = data;
	struct vr_event event = {.kind = drain ? EV_DRAIN : EV_UNDRAIN};
	json_t *names = json_array();
	for (size_t i = 0; names && i < agent->router_count; i++) {
		struct router *router = agent->routers[i];
		if (name && strcmp(router->conf->name, name) != 0)
			continue;
		log_notice("%s: %s", router->conf->name,
			   drain ? "drained by request: gives its role away and stays away"
				 : "undrained by request");
		router_step(router, &event);
		json_array_append_new(names, json_text(router->conf->name));
		agent_breathe(agent);
	}
	if (!name || json_array_size(names) > 0)
		return names;
	json_decref(names);
	return NULL;
}

static int reload(char **why, void *data)
{
	return agent_reload(data, why);
}

static void breathe(void *data)
{
	agent_breathe(data);
}

const struct control_ops agent_control_ops = {
	.version = XVRRPD_VERSION,
	.status = status,
	.interfaces = interfaces,
	.config = config,
	.drain = drain,
	.reload = reload,
	.breathe = breathe,
};

/* ---- clients ---- */

/* A client that asks twice is told everything once. */
static bool follow(struct agent *agent, struct client *client)
{
	for (struct follower *known = agent->followers; known; known = known->next)
		if (known->client == client)
			return true;
	struct follower *follower = malloc(sizeof(*follower));
	if (!follower)
		return false;
	*follower = (struct follower){.next = agent->followers, .client = client};
	agent->followers = follower;
	return true;
}

void agent_request(struct client *client, const char *line, void *data)
{
	struct agent *agent = data;
	char *reply = NULL;
	enum control_next next = control_handle(line, &agent_control_ops, agent, &reply);
	if (next == CONTROL_DOCTOR) {
		doctor_ask(agent, client);
		return;
	}
	if (!reply) { /* no memory: better no answer than one that is waited for */
		client_finish(client);
		return;
	}
	if (!client_give(client, reply, strlen(reply)))
		return;
	if (next == CONTROL_FINISH || !follow(agent, client))
		client_finish(client);
}

void agent_client_gone(struct client *client, void *data)
{
	doctor_forget(data, client);
	struct follower **link = &((struct agent *)data)->followers;
	while (*link && (*link)->client != client)
		link = &(*link)->next;
	struct follower *follower = *link;
	if (!follower)
		return;
	*link = follower->next;
	free(follower);
}

/* ---- events ---- */

static void publish_event(struct agent *agent, json_t *event)
{
	char *line = control_line(event);
	if (!line)
		return;
	struct follower *next;
	for (struct follower *follower = agent->followers; follower; follower = next) {
		next = follower->next; /* a client that does not read is gone after this */
		client_send(follower->client, line, strlen(line));
	}
	free(line);
}

void report_transition(struct router *router, enum vr_state from)
{
	const struct vr *vr = &router->vr;
	log_notice("%s: %s -> %s (%s), priority %u", router->conf->name, vr_state_name(from),
		   vr_state_name(vr->state), vr_last_event_name(vr->last_event),
		   vr->effective_priority);
	if (vr->state == VR_INITIALIZE)
		router->up_since_s = 0;
	else if (from == VR_INITIALIZE)
		router->up_since_s = router->last_transition_s;
	hints_transition(router);
	notify_transition(router);
	struct view view;
	if (!router->agent->followers || !view_open(&view, router))
		return;
	publish_event(router->agent, event_transition_json(&view.vr, from, wall_clock_us()));
	view_close(&view);
}

void report_priority(struct router *router, uint8_t from)
{
	int64_t time_us = wall_clock_us();
	log_notice("%s: priority %u -> %u", router->conf->name, from,
		   router->vr.effective_priority);
	struct view view;
	if (!router->agent->followers || !view_open(&view, router))
		return;
	publish_event(router->agent, event_priority_json(&view.vr, from, time_us));
	view_close(&view);
}

void report_claim(struct router *router, const struct vrrp_addr *address, const uint8_t mac[6])
{
	char text[ADDR_TEXT_LEN];
	/* An Active that does without the virtual MAC, as most keepalived do, claims it rightly. */
	if (router->vr.state == VR_ACTIVE) {
		hints_claim(router);
		log_warning("%s: %02x:%02x:%02x:%02x:%02x:%02x claims our address %s",
			    router->conf->name, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
			    addr_format(address, text));
	}
	struct view view;
	if (!router->agent->followers || !view_open(&view, router))
		return;
	publish_event(router->agent, event_claim_json(&view.vr, address, mac, wall_clock_us()));
	view_close(&view);
}

static const char *late_text(enum vr_late decision)
{
	switch (decision) {
	case LATE_WENT_ON:
		return "the lease is still valid: goes on as Active";
	case LATE_HEARD:
		return "an Active was heard meanwhile: stays Backup";
	case LATE_LISTENS:
		return "nobody was heard, but this machine may have stood still: listens for one "
		       "interval";
	case LATE_YIELDED:
		return "the lease was over and another router took the role: Backup";
	case LATE_RESUMED:
		return "the lease was over and nobody took the role: goes on as Active";
	}
	return "";
}

/* A machine that stutters does it often: a line a second tells enough, the counters tell all. */
static bool may_tell_late(struct router *router)
{
	int64_t now_ns = clock_ns();
	if (now_ns < router->late_again_ns) {
		router->late_untold++;
		return false;
	}
	router->late_again_ns = now_ns + NS_PER_S;
	return true;
}

void report_late(struct router *router, int64_t late_ns, enum vr_late decision)
{
	char untold[60] = "";
	if (!late_ns) {
		log_notice("%s: %s", router->conf->name, late_text(decision));
		return;
	}
	if (!may_tell_late(router))
		return;
	if (router->late_untold)
		snprintf(untold, sizeof(untold), " (and %u times before, untold)",
			 router->late_untold);
	router->late_untold = 0;
	log_warning("%s: woke %lld ms late: %s%s", router->conf->name,
		    (long long)(late_ns / NS_PER_MS), late_text(decision), untold);
}
