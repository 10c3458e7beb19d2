/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `status NAME`: all that is known of one virtual router, in words. */
#include <stdio.h>
#include <string.h>

#include "show.h"
#include "table.h"
#include "words.h"

static const struct column columns[] = {{0}, {0}};

#define ROW(table, label, ...)                 \
	do {                                   \
		table_add(table, "%s", label); \
		table_add(table, __VA_ARGS__); \
	} while (0)

/* One row for each element; the label stands before the first. */
static void add_list(struct table *table, const char *label, const json_t *list,
		     const char *(*in_words)(const char *text))
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		text = text ? text : "-";
		ROW(table, i ? "" : label, "%s", in_words ? in_words(text) : text);
	}
}

static void add_state(struct table *table, const json_t *router)
{
	char age[SPAN_LEN], state[STATE_LEN];
	const json_t *since = json_object_get(router, "last_transition");
	if (json_is_string(since))
		ROW(table, "state", "%s for %s, since %s", state_of(router, state),
		    age_of(since, age), json_string_value(since));
	else
		ROW(table, "state", "%s", state_of(router, state));
	ROW(table, "last event", "%s", get_text(router, "last_event"));
	if (strcmp(get_text(router, "state"), "active") == 0)
		ROW(table, "became active by", "%s", get_text(router, "new_active_reason"));
	add_list(table, "does not run", json_object_get(router, "fault_reasons"), fault_text);
}

static void add_election(struct table *table, const json_t *router)
{
	json_int_t priority = get_number(router, "priority");
	json_int_t effective = get_number(router, "effective_priority");
	if (get_bool(router, "drained"))
		ROW(table, "priority", "%lld while drained, %lld configured", effective, priority);
	else if (get_bool(router, "is_owner"))
		ROW(table, "priority", "%lld: owner of the addresses", effective);
	else if (effective != priority)
		ROW(table, "priority", "%lld now, %lld configured", effective, priority);
	else
		ROW(table, "priority", "%lld", priority);

	char delay[SPAN_LEN];
	json_int_t delay_us = get_number(router, "preempt_delay_us");
	if (!get_bool(router, "preempt"))
		ROW(table, "preempt", "no: a running active router keeps the role");
	else if (delay_us)
		ROW(table, "preempt", "yes, after %s", span_us(delay_us, delay));
	else
		ROW(table, "preempt", "yes");
}

/* script chk: down (exit status 1) for 5 s, weight -20 */
static void add_tracks(struct table *table, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *track = json_array_get(list, i), *since, *result;
		char age[SPAN_LEN] = "", weight[40] = "without a weight";
		since = json_object_get(track, "since");
		result = json_object_get(track, "last_result");
		if (get_number(track, "weight"))
			snprintf(weight, sizeof(weight), "weight %lld",
				 get_number(track, "weight"));
		const char *text = json_is_string(result) ? json_string_value(result) : NULL;
		const char *span = json_is_string(since) ? age_of(since, age) : NULL;
		ROW(table, i ? "" : "tracks", "%s %s: %s%s%s%s%s%s, %s%s", get_text(track, "kind"),
		    get_text(track, "name"), get_text(track, "state"), text ? " (" : "",
		    text ? text : "", text ? ")" : "", span ? " for " : "", span ? span : "",
		    weight, get_bool(track, "reverse") ? " reverse" : "");
	}
}

static void add_addresses(struct table *table, const json_t *router)
{
	add_list(table, "virtual addresses", json_object_get(router, "virtual_addresses"), NULL);
	if (json_array_size(json_object_get(router, "excluded_addresses")) > 0)
		add_list(table, "not advertised", json_object_get(router, "excluded_addresses"),
			 NULL);
	ROW(table, "virtual MAC", "%s", get_text(router, "virtual_mac"));
	add_list(table, "unicast peers", json_object_get(router, "unicast_peers"), NULL);
	ROW(table, "own address", "%s", get_text(router, "primary_address"));
	ROW(table, "active router", "%s", get_text(router, "active_address"));
	ROW(table, "accept mode", "%s",
	    get_bool(router, "accept_mode") ? "on: packets to the addresses reach this host"
					    : "off: packets to the addresses are dropped");
}

static void add_timers(struct table *table, const json_t *router)
{
	char first[SPAN_LEN], second[SPAN_LEN];
	json_int_t lease_us = get_number(router, "lease_remaining_us");
	ROW(table, "lease", "%s", lease_us > 0 ? span_us(lease_us, first) : "none");
	ROW(table, "advertises every", "%s",
	    span_us(get_number(router, "advertise_interval_us"), first));
	ROW(table, "active advertises every", "%s",
	    span_us(get_number(router, "active_adver_interval_us"), first));
	ROW(table, "takes over after", "%s of silence, of which skew %s",
	    span_us(get_number(router, "active_down_interval_us"), first),
	    span_us(get_number(router, "skew_time_us"), second));
}

static void add_data_plane(struct table *table, const json_t *router, const json_t *interfaces)
{
	for (size_t i = 0; i < json_array_size(interfaces); i++) {
		const json_t *interface = json_array_get(interfaces, i);
		if (strcmp(get_text(interface, "name"), get_text(router, "interface")) != 0)
			continue;
		const char *reason = get_text(interface, "xdp_mode_reason");
		ROW(table, "data plane", "%s%s%s", get_text(interface, "xdp_mode"),
		    *reason ? ", " : "", reason);
	}
}

static void add_errors(struct table *table, const json_t *errors)
{
	char text[COUNTER_TEXT_LEN];
	const char *label = "errors", *key;
	json_t *count;
	json_object_foreach((json_t *)errors, key, count) {
		if (json_integer_value(count) == 0)
			continue;
		ROW(table, label, "%lld %s: %s", json_integer_value(count), key,
		    counter_text(key, text));
		label = "";
	}
}

static void add_statistics(struct table *table, const json_t *statistics)
{
	ROW(table, "times active", "%lld", get_number(statistics, "active_transitions"));
	ROW(table, "advertisements", "%lld received, %lld sent",
	    get_number(statistics, "advertisements_received"),
	    get_number(statistics, "advertisements_sent"));
	add_errors(table, json_object_get(statistics, "errors"));
}

void show_router(const json_t *router, const json_t *interfaces)
{
	char place[PLACE_LEN];
	struct table table = {.columns = columns, .column_count = 2};
	printf("%s on %s, VRID %lld, %s, VRRPv%lld\n", get_text(router, "name"),
	       place_of(router, place), get_number(router, "vrid"),
	       strcmp(get_text(router, "family"), "ipv6") == 0 ? "IPv6" : "IPv4",
	       get_number(router, "version"));
	add_state(&table, router);
	if (json_is_string(json_object_get(router, "sync_group")))
		ROW(&table, "sync group", "%s", get_text(router, "sync_group"));
	add_election(&table, router);
	add_tracks(&table, json_object_get(router, "tracking"));
	add_addresses(&table, router);
	add_timers(&table, router);
	add_data_plane(&table, router, interfaces);
	add_statistics(&table, json_object_get(router, "statistics"));
	table_print(&table, 2);
}
