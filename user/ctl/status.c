/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON of the outside interface: names, order and nulls are a contract with
 * programs that are not here. Names of counters come from counters.def and nowhere else; those of
 * states, events and reasons from core/types.h.
 *
 * Text that people wrote (names) may hold any bytes, JSON may not: json_text() sees to that.
 */
#include "ctl/status.h"

#include <stdio.h>
#include <time.h>

#include "ctl/text.h"

struct member {
	const char *key;
	json_t *value; /* NULL: there was no memory for it */
};

/* An object of these members, in this order. Steals the values; NULL without memory. */
static json_t *object_of(const struct member *members, size_t count)
{
	json_t *object = json_object();
	bool failed = !object;
	for (size_t i = 0; i < count; i++)
		failed |= json_object_set_new(object, members[i].key, members[i].value) != 0;
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}

#define OBJECT_OF(members) object_of(members, sizeof(members) / sizeof((members)[0]))

/* `array` unless `failed`; then it is freed. */
static json_t *array_unless(bool failed, json_t *array)
{
	if (!failed)
		return array;
	json_decref(array);
	return NULL;
}

static const char *family_name(enum vrrp_family family)
{
	return family == VRRP_IPV6 ? "ipv6" : "ipv4";
}

/* 00:00:5e:00:01:33 */
static json_t *mac_json(const uint8_t mac[6])
{
	char text[18];
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return json_string(text);
}

/* null for an address that is not known. */
static json_t *address_json(const struct vrrp_addr *address)
{
	char text[ADDR_TEXT_LEN];
	return addr_is_zero(address) ? json_null() : json_string(addr_format(address, text));
}

static json_t *prefix_json(const struct status_address *prefix)
{
	char text[ADDR_TEXT_LEN];
	return json_sprintf("%s/%u", addr_format(&prefix->address, text), prefix->prefix_len);
}

static json_t *prefixes_json(const struct status_address *list, size_t count)
{
	json_t *array = json_array();
	bool failed = !array;
	for (size_t i = 0; i < count && !failed; i++)
		failed = json_array_append_new(array, prefix_json(&list[i])) != 0;
	return array_unless(failed, array);
}

static json_t *addresses_json(const struct vrrp_addr *list, size_t count)
{
	json_t *array = json_array();
	bool failed = !array;
	for (size_t i = 0; i < count && !failed; i++)
		failed = json_array_append_new(array, address_json(&list[i])) != 0;
	return array_unless(failed, array);
}

static json_t *faults_json(unsigned faults)
{
	json_t *array = json_array();
	bool failed = !array;
	for (unsigned bit = 1; bit && bit <= faults && !failed; bit <<= 1) {
		const char *name = faults & bit ? vr_fault_name(bit) : NULL;
		if (name)
			failed = json_array_append_new(array, json_string(name)) != 0;
	}
	return array_unless(failed, array);
}

/* ---- counters ---- */

static json_t *count_json(__u64 count)
{
	return json_integer((json_int_t)count);
}

/* A line of counters.def becomes a member if its kind is the one wanted. */
#define WHEN_ERROR_ERROR(...) __VA_ARGS__
#define WHEN_ERROR_STAT(...)
#define WHEN_STAT_STAT(...) __VA_ARGS__
#define WHEN_STAT_ERROR(...)

static json_t *errors_json(const struct vr_stats *stats, const struct agent_stats *agent)
{
	const struct member members[] = {
#define VR_COUNTER(kind, name, text)	WHEN_ERROR_##kind({#name, count_json(stats->name)}, )
#define AGENT_COUNTER(kind, name, text) WHEN_ERROR_##kind({#name, count_json(agent->name)}, )
#include "counters.def"
	};
	return OBJECT_OF(members);
}

/* Those that the RFCs name come first. Each is set again below, which keeps its place. */
static json_t *statistics_json(const struct vr_stats *stats, const struct agent_stats *agent)
{
	/* clang-format off */
	const struct member members[] = {
		{"active_transitions", json_null()},
		{"advertisements_received", json_null()},
		{"advertisements_sent", json_null()},
		{"priority_zero_received", json_null()},
		{"priority_zero_sent", json_null()},
		{"errors", errors_json(stats, agent)},
#define VR_COUNTER(kind, name, text)	WHEN_STAT_##kind({#name, count_json(stats->name)}, )
#define AGENT_COUNTER(kind, name, text) WHEN_STAT_##kind({#name, count_json(agent->name)}, )
#include "counters.def"
	};
	/* clang-format on */
	return OBJECT_OF(members);
}

static json_t *if_statistics_json(const struct if_stats *stats)
{
	const struct member members[] = {
#define IF_COUNTER(kind, name, text) {#name, count_json(stats->name)},
#include "counters.def"
	};
	return OBJECT_OF(members);
}

/* ---- objects ---- */

/* RFC 3339 in UTC, to the second or to the microsecond. */
static json_t *time_json(int64_t time_us, bool with_micros)
{
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm utc;
	char text[40];
	if (!gmtime_r(&seconds, &utc))
		return json_null();
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	if (!with_micros)
		return json_sprintf("%sZ", text);
	return json_sprintf("%s.%06dZ", text, (int)(time_us % 1000000));
}

static json_t *seconds_json(int64_t time_s)
{
	return time_s ? time_json(time_s * 1000000, false) : json_null();
}

static json_t *track_json(const struct status_track *track)
{
	bool has_result = track->result && track->result[0];
	const struct member members[] = {
		{"kind", json_string(track->kind)},
		{"name", json_text(track->name)},
		{"state", json_string(track->state)},
		{"weight", json_integer(track->weight)},
		{"reverse", json_boolean(track->reverse)},
		{"value", track->has_value ? json_integer(track->value) : json_null()},
		{"last_result", has_result ? json_text(track->result) : json_null()},
		{"since", seconds_json(track->since_s)},
	};
	return OBJECT_OF(members);
}

static json_t *tracks_json(const struct status_track *list, size_t count)
{
	json_t *array = json_array();
	bool failed = !array;
	for (size_t i = 0; i < count && !failed; i++)
		failed = json_array_append_new(array, track_json(&list[i])) != 0;
	return array_unless(failed, array);
}

json_t *status_vr_json(const struct status_vr *vr)
{
	const struct member members[] = {
		{"name", json_text(vr->name)},
		{"interface", json_text(vr->interface)},
		{"vlan", json_integer(vr->vlan)},
		{"vrid", json_integer(vr->vrid)},
		{"family", json_string(family_name(vr->family))},
		{"version", json_integer(vr->version)},
		{"state", json_string(vr_state_name(vr->state))},
		{"fault_reasons", faults_json(vr->faults)},
		{"priority", json_integer(vr->priority)},
		{"effective_priority", json_integer(vr->effective_priority)},
		{"is_owner", json_boolean(vr->is_owner)},
		{"preempt", json_boolean(vr->preempt)},
		{"preempt_delay_us", json_integer(vr->preempt_delay_us)},
		{"accept_mode", json_boolean(vr->accept_mode)},
		{"drained", json_boolean(vr->drained)},
		{"advertise_interval_us", json_integer(vr->advertise_interval_us)},
		{"active_adver_interval_us", json_integer(vr->active_adver_interval_us)},
		{"skew_time_us", json_integer(vr->skew_time_us)},
		{"active_down_interval_us", json_integer(vr->active_down_interval_us)},
		{"virtual_mac", mac_json(vr->virtual_mac)},
		{"virtual_addresses", prefixes_json(vr->addresses, vr->address_count)},
		{"excluded_addresses", prefixes_json(vr->excluded, vr->excluded_count)},
		{"unicast_peers", addresses_json(vr->peers, vr->peer_count)},
		{"primary_address", address_json(&vr->primary_address)},
		{"active_address", address_json(&vr->active_address)},
		{"lease_remaining_us", json_integer(vr->lease_remaining_us)},
		{"last_event", json_string(vr_last_event_name(vr->last_event))},
		{"new_active_reason", json_string(vr_active_reason_name(vr->active_reason))},
		{"last_transition", seconds_json(vr->last_transition_s)},
		{"up_since", seconds_json(vr->up_since_s)},
		{"discontinuity_time", seconds_json(vr->discontinuity_s)},
		{"sync_group", vr->sync_group ? json_text(vr->sync_group) : json_null()},
		{"tracking", tracks_json(vr->tracks, vr->track_count)},
		{"statistics", statistics_json(&vr->stats, &vr->agent_stats)},
	};
	return OBJECT_OF(members);
}

json_t *status_interface_json(const struct status_interface *interface)
{
	const struct member members[] = {
		{"name", json_text(interface->name)},
		{"ifindex", json_integer(interface->ifindex)},
		{"xdp_mode", json_text(interface->xdp_mode)},
		{"xdp_mode_reason", json_text(interface->xdp_mode_reason)},
		{"programs_restored", json_integer(interface->restored)},
		{"statistics", if_statistics_json(&interface->stats)},
	};
	return OBJECT_OF(members);
}

/* ---- events ---- */

/* What every event begins with, then the members of `own`, which is used up. */
static json_t *event_json(const char *event, const struct status_vr *vr, int64_t time_us,
			  json_t *own)
{
	const struct member members[] = {
		{"time", time_json(time_us, true)},
		{"event", json_string(event)},
		{"name", json_text(vr->name)},
		{"interface", json_text(vr->interface)},
		{"vrid", json_integer(vr->vrid)},
		{"family", json_string(family_name(vr->family))},
	};
	json_t *object = OBJECT_OF(members);
	if (json_object_update(object, own) != 0) { /* also if either is NULL */
		json_decref(object);
		object = NULL;
	}
	json_decref(own);
	return object;
}

json_t *event_transition_json(const struct status_vr *vr, enum vr_state from, int64_t time_us)
{
	const struct member members[] = {
		{"from", json_string(vr_state_name(from))},
		{"state", json_string(vr_state_name(vr->state))},
		{"last_event", json_string(vr_last_event_name(vr->last_event))},
		{"new_active_reason", json_string(vr_active_reason_name(vr->active_reason))},
		{"priority", json_integer(vr->effective_priority)},
	};
	return event_json("transition", vr, time_us, OBJECT_OF(members));
}

json_t *event_claim_json(const struct status_vr *vr, const struct vrrp_addr *address,
			 const uint8_t mac[6], int64_t time_us)
{
	const struct member members[] = {
		{"address", address_json(address)},
		{"claimant_mac", mac_json(mac)},
	};
	return event_json("foreign-claim", vr, time_us, OBJECT_OF(members));
}

json_t *event_priority_json(const struct status_vr *vr, uint8_t from, int64_t time_us)
{
	const struct member members[] = {
		{"from", json_integer(from)},
		{"priority", json_integer(vr->effective_priority)},
	};
	return event_json("priority", vr, time_us, OBJECT_OF(members));
}
