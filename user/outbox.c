/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the routers of one tick have to send, collected. The actions of each router stay in their
 * order: one that sends waits here with all that come after it, until the frames of all have been
 * handed to the kernel together. A router is not stepped again before that.
 *
 * The lease is looked at once more after everything is prepared, right before the system call
 * (I1); an advertisement's own lease counts from before the step, whatever the others cost.
 */
#include "outbox.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "announce.h"
#include "core/packet.h"
#include "router.h"

struct waiting {
	struct router *router;
	struct vr_actions actions;
	unsigned next;
	uint8_t frame[FRAME_MAX];
	size_t length;
};

struct outbox {
	unsigned count;
	bool flushing;
	struct waiting list[OUTBOX_MAX];
};

struct outbox *outbox_new(void)
{
	return calloc(1, sizeof(struct outbox));
}

void outbox_free(struct outbox *outbox)
{
	free(outbox);
}

static const struct vr_action *next_action(const struct waiting *waiting)
{
	return &waiting->actions.list[waiting->next];
}

static bool is_next(const struct waiting *waiting, enum vr_action_kind kind)
{
	return waiting->next < waiting->actions.count && next_action(waiting)->kind == kind;
}

/* ---- advertisements ---- */

static bool is_leaving(const struct waiting *waiting)
{
	return next_action(waiting)->advert.priority == VRRP_PRIORITY_LEAVING;
}

/* The step may have taken longer than the role lasts: a process can be stopped anywhere. */
static bool may_send(const struct waiting *waiting)
{
	return is_leaving(waiting) || router_may_act(waiting->router);
}

static struct advert make_advert(const struct waiting *waiting)
{
	const struct router *router = waiting->router;
	const struct vr_action *action = next_action(waiting);
	const struct conf_instance *conf = router->conf;
	struct advert advert = {
		.family = conf->family,
		.version = conf->version,
		.vrid = conf->vrid,
		.priority = action->advert.priority,
		.interval_cs = router->vr.params.interval_cs,
		.checksum = action->advert.checksum,
		.auth_type = conf->auth_type,
		.source = router->vr.primary,
		.pseudo_group = conf->old_unicast_checksum,
		.addresses = router->plan->addresses,
		.address_count = (unsigned)router->plan->advertised_count,
	};
	memcpy(advert.auth_data, conf->auth_data, sizeof(advert.auth_data));
	memcpy(advert.source_mac, router->mac, sizeof(advert.source_mac));
	return advert;
}

/* H-40: to each peer. 0 if at least one was taken, else an errno; -1 = not under the lease. */
static int send_to_peers(struct waiting *waiting)
{
	const struct router *router = waiting->router;
	const struct conf_instance *conf = router->conf;
	struct advert advert = make_advert(waiting);
	int error = -1;
	for (size_t i = 0; i < conf->peer_count; i++) {
		advert.destination = conf->peers[i].address;
		waiting->length = vrrp_message_encode(&advert, waiting->frame, FRAME_MAX);
		assert(waiting->length > 0);
		if (!may_send(waiting))
			break;
		if (transmit_unicast(router->agent->transmit, router->ifindex, &advert.source,
				     &advert.destination, conf->unicast_ttl, waiting->frame,
				     waiting->length) == 0)
			error = 0;
		else if (error)
			error = errno;
	}
	return error;
}

static void encode_frame(struct waiting *waiting)
{
	struct advert advert = make_advert(waiting);
	waiting->length = vrrp_frame_encode(&advert, waiting->frame, FRAME_MAX);
	assert(waiting->length > 0);
}

/* The kernel took it, or did not. */
static void advert_sent(struct waiting *waiting, int error)
{
	const struct vr_action *action = next_action(waiting);
	if (error)
		action_advert_refused(waiting->router, action, error);
	else
		action_advert_taken(waiting->router, action);
}

/* Those that may be sent still; each is done with, sent or not. */
static void send_frames(struct agent *agent, struct waiting **ready, unsigned count)
{
	struct transmit_frame frames[OUTBOX_MAX];
	int errors[OUTBOX_MAX];
	unsigned left = 0;
	for (unsigned i = 0; i < count; i++) {
		if (!may_send(ready[i])) {
			ready[i]->next++;
			continue;
		}
		frames[left] = (struct transmit_frame){ready[i]->router->ifindex, ready[i]->frame,
						       ready[i]->length};
		ready[left++] = ready[i];
	}
	transmit_each(agent->transmit, frames, left, errors);
	for (unsigned i = 0; i < left; i++) {
		advert_sent(ready[i], errors[i]);
		ready[i]->next++;
	}
}

static void send_adverts(struct agent *agent)
{
	struct outbox *outbox = agent->outbox;
	struct waiting *ready[OUTBOX_MAX];
	unsigned count = 0;
	for (unsigned i = 0; i < outbox->count; i++) {
		struct waiting *waiting = &outbox->list[i];
		if (!is_next(waiting, ACT_ADVERT))
			continue;
		if (waiting->router->conf->peer_count == 0) {
			encode_frame(waiting);
			ready[count++] = waiting;
			continue;
		}
		int error = send_to_peers(waiting);
		if (error >= 0)
			advert_sent(waiting, error);
		waiting->next++;
	}
	send_frames(agent, ready, count);
}

/* ---- the rest ---- */

/* The first round of each. */
static void send_announcements(struct agent *agent)
{
	struct outbox *outbox = agent->outbox;
	struct volley volley = {.agent = agent};
	for (unsigned i = 0; i < outbox->count; i++) {
		struct waiting *waiting = &outbox->list[i];
		if (!is_next(waiting, ACT_ANNOUNCE))
			continue;
		announce_begin(waiting->router, next_action(waiting)->rounds, &volley);
		waiting->next++;
	}
	volley_send(&volley);
}

static bool sends(const struct vr_action *action)
{
	return action->kind == ACT_ADVERT || action->kind == ACT_ANNOUNCE;
}

/* Up to the next one that sends; false if there is none. */
static bool go_on(struct router *router, const struct vr_actions *actions, unsigned *next)
{
	while (*next < actions->count && !sends(&actions->list[*next]))
		router_carry_out(router, &actions->list[(*next)++]);
	return *next < actions->count;
}

static void go_on_all(struct outbox *outbox)
{
	unsigned left = 0;
	for (unsigned i = 0; i < outbox->count; i++) {
		struct waiting *waiting = &outbox->list[i];
		waiting->router->waits = go_on(waiting->router, &waiting->actions, &waiting->next);
		if (waiting->router->waits)
			outbox->list[left++] = *waiting;
	}
	outbox->count = left;
}

void outbox_flush(struct agent *agent)
{
	struct outbox *outbox = agent->outbox;
	assert(!outbox->flushing);
	outbox->flushing = true;
	while (outbox->count > 0) {
		send_adverts(agent);
		send_announcements(agent);
		go_on_all(outbox);
	}
	outbox->flushing = false;
}

void outbox_put(struct router *router, const struct vr_actions *actions)
{
	struct outbox *outbox = router->agent->outbox;
	unsigned next = 0;
	assert(!router->waits);
	if (!go_on(router, actions, &next))
		return;
	if (outbox->count == OUTBOX_MAX)
		outbox_flush(router->agent);
	struct waiting *waiting = &outbox->list[outbox->count++];
	waiting->router = router;
	waiting->actions = *actions;
	waiting->next = next;
	router->waits = true;
}
