/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the doctor says of a virtual router: whether it runs, what it counts, what is dangerous. */
#include <stdlib.h>
#include <string.h>

#include "ctl/doctor.h"
#include "ctl/status.h"
#include "doctor.h"
#include "hints.h"
#include "router.h"
#include "tracking.h"

#define RECENT_NS (60 * NS_PER_S)

/* The longest message must fit into a packet (H-12): neither version has fragments. */
static uint32_t packet_length(const struct conf_instance *conf)
{
	uint32_t count = (uint32_t)conf->address_count;
	if (conf->family == VRRP_IPV6)
		return 40 + 8 + 16 * count;
	return 20 + 8 + 4 * count + (conf->version == 2 ? VRRP_AUTH_LEN : 0);
}

static void check_size(const struct router *router, json_t *findings)
{
	const struct conf_instance *conf = router->conf;
	const struct link *link = links_by_name(router->agent->links, conf->interface);
	if (link && packet_length(conf) > link->mtu)
		finding_add(findings, FINDING_PROBLEM, "mtu", conf->name,
			    "use fewer addresses in this virtual router, or a larger MTU on all "
			    "hosts of the network",
			    "an advertisement of %zu addresses has %u bytes, more than the MTU %u",
			    conf->address_count, packet_length(conf), link->mtu);
}

/* H-32 */
static void check_vrid(const struct conf_instance *conf, json_t *findings)
{
	if (conf->vrid == 1 && conf->virtual_mac)
		finding_add(findings, FINDING_NOTE, "vrid", conf->name,
			    "choose another virtual_router_id where such a fabric is near",
			    "VRID 1 has the MAC address that EVPN fabrics and VARP use for their "
			    "anycast gateways");
}

/* What lowers the priority, or does not raise it; of a number in a file only a fault is known. */
static bool is_against(const struct status_track *track)
{
	bool reverse = track->reverse && strcmp(track->kind, "file") != 0;
	return strcmp(track->state, reverse ? "up" : "down") == 0;
}

static void check_track(const struct router *router, const struct status_track *track,
			json_t *findings)
{
	const struct conf_instance *conf = router->conf;
	const char *result = track->result && track->result[0] ? track->result : track->state;
	if (strcmp(track->state, "unusable") == 0)
		finding_add(findings, FINDING_WARNING, "tracking", conf->name,
			    "mend it, or take it out of the configuration",
			    "%s %s cannot be looked at, and counts as not tracked: %s", track->kind,
			    track->name, result);
	else if (strcmp(track->state, "unknown") == 0)
		finding_add(findings, FINDING_NOTE, "tracking", conf->name,
			    "wait for its first result", "%s %s has not been looked at yet",
			    track->kind, track->name);
	else if (is_against(track))
		finding_add(findings, track->weight ? FINDING_NOTE : FINDING_PROBLEM, "tracking",
			    conf->name, "look at what it watches; xvrrpctl status tells since when",
			    "%s %s is %s (%s), weight %d: the priority is %u, configured is %u",
			    track->kind, track->name, track->state, result, track->weight,
			    router->vr.effective_priority, conf->priority);
}

static void check_tracking(const struct router *router, json_t *findings)
{
	size_t count = router->conf->track_count;
	struct status_track *tracks = calloc(count + 1, sizeof(*tracks));
	if (!tracks)
		return;
	tracking_status(router, tracks);
	for (size_t i = 0; i < count; i++)
		check_track(router, &tracks[i], findings);
	free(tracks);
}

static void check_runs(const struct router *router, json_t *findings)
{
	const struct vr *vr = &router->vr;
	for (unsigned bit = 1; bit <= vr->faults; bit <<= 1)
		if (vr->faults & bit)
			finding_add(findings, FINDING_PROBLEM, "runs", router->conf->name,
				    "xvrrpctl status tells more of it", "does not run on %s: %s",
				    router->conf->interface, vr_fault_name(bit));
	if (vr->faults)
		return;
	if (vr->drained)
		finding_add(findings, FINDING_NOTE, "runs", router->conf->name,
			    "xvrrpctl undrain, once it may have the role again",
			    "is drained: it does not take the role");
	else
		finding_add(findings, FINDING_OK, "runs", router->conf->name, NULL, "is %s",
			    vr_state_name(vr->state));
}

static enum finding_severity severity_of(const struct router *router, enum hint hint)
{
	bool recent = hints_age_ns(router, hint) < RECENT_NS;
	switch (hint_severity(hint, router->conf)) {
	case HINT_NOTE:
		return FINDING_NOTE;
	case HINT_WARNING:
		return recent ? FINDING_WARNING : FINDING_NOTE;
	case HINT_DEAF:
		if (!recent)
			return FINDING_NOTE;
		return router->vr.state == VR_ACTIVE ? FINDING_PROBLEM : FINDING_WARNING;
	}
	return FINDING_NOTE;
}

static void add_hint(const struct router *router, enum hint hint, uint64_t count, json_t *findings)
{
	struct hint_text text = hint_text(hint, router->conf);
	enum finding_severity severity = severity_of(router, hint);
	const char *name = router->conf->name;
	const char *two = severity == FINDING_PROBLEM
				  ? ": this router is Active, and there may be another one"
				  : "";
	if (hint >= HINT_EQUAL_PRIORITY)
		finding_add(findings, severity, hint_name(hint), name, text.advice, "%s%s",
			    text.meaning, two);
	else
		finding_add(findings, severity, hint_name(hint), name, text.advice,
			    "%s%s (counted %llu%s)", text.meaning, two, (unsigned long long)count,
			    hints_age_ns(router, hint) < RECENT_NS ? "" : ", not lately");
}

static void check_counters(struct router *router, const struct vr_stats *stats, json_t *findings)
{
	bool well = true;
	hints_look(router, stats);
	struct hint_counts counts = {.bpf = *stats, .agent = router->slot->agent};
	for (enum hint hint = 0; hint < HINTS; hint++) {
		uint64_t count = hint_count(hint, router, &counts);
		if (hint == HINT_FLAPPING)
			count = hints_age_ns(router, hint) < 60 * RECENT_NS;
		if (hint == HINT_FOREIGN_CLAIMS && hints_age_ns(router, hint) == NEVER_NS)
			count = 0; /* none while we were Active */
		if (count)
			add_hint(router, hint, count, findings);
		well = well && !count;
	}
	if (well)
		finding_add(findings, FINDING_OK, "counters", router->conf->name, NULL,
			    "nothing was refused, nothing failed");
}

void doctor_router(struct router *router, const struct vr_stats *stats, json_t *findings)
{
	check_runs(router, findings);
	check_tracking(router, findings);
	check_vrid(router->conf, findings);
	check_size(router, findings);
	if (stats)
		check_counters(router, stats, findings);
}
