/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *get_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "-";
}

json_int_t get_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool get_bool(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* ---- time ---- */

/* `us` in a unit of 10^digits microseconds, without zeros at the end. */
static const char *decimal(int64_t us, int digits, const char *unit, char text[SPAN_LEN])
{
	int64_t scale = digits == 6 ? 1000000 : 1000;
	long long whole = us / scale, fraction = us % scale;
	for (; digits > 0 && fraction % 10 == 0; digits--)
		fraction /= 10;
	if (digits)
		snprintf(text, SPAN_LEN, "%lld.%0*lld%s", whole, digits, fraction, unit);
	else
		snprintf(text, SPAN_LEN, "%lld%s", whole, unit);
	return text;
}

static const char *long_span(int64_t seconds, char text[SPAN_LEN])
{
	long long minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
	if (days)
		snprintf(text, SPAN_LEN, "%lldd %lldh", days, hours % 24);
	else if (hours)
		snprintf(text, SPAN_LEN, "%lldh %lldm", hours, minutes % 60);
	else
		snprintf(text, SPAN_LEN, "%lldm %llds", minutes, (long long)seconds % 60);
	return text;
}

const char *span_us(int64_t us, char text[SPAN_LEN])
{
	if (us < 0)
		us = 0;
	if (us >= 60 * 1000000LL)
		return long_span(us / 1000000, text);
	return us >= 1000000 ? decimal(us, 6, "s", text) : decimal(us, 3, "ms", text);
}

const char *age_of(const json_t *time_json, char text[SPAN_LEN])
{
	struct tm utc = {0};
	const char *when = json_string_value(time_json);
	if (!when || !strptime(when, "%Y-%m-%dT%H:%M:%S", &utc))
		return "-";
	time_t age = time(NULL) - timegm(&utc);
	return age > 0 ? span_us((int64_t)age * 1000000, text) : "0s"; /* or the clock was set */
}

/* ---- places and states ---- */

const char *place_of(const json_t *router, char text[PLACE_LEN])
{
	const char *interface = get_text(router, "interface");
	unsigned vlan = (unsigned)get_number(router, "vlan");
	if (vlan >> 16)
		snprintf(text, PLACE_LEN, "%s vlan %u.%u", interface, vlan >> 16, vlan & 0xffff);
	else if (vlan)
		snprintf(text, PLACE_LEN, "%s vlan %u", interface, vlan);
	else
		snprintf(text, PLACE_LEN, "%s", interface);
	return text;
}

const char *state_of(const json_t *router, char text[STATE_LEN])
{
	snprintf(text, STATE_LEN, "%s%s", get_text(router, "state"),
		 get_bool(router, "drained") ? DRAINED_MARK : "");
	return text;
}

/* ---- counters and faults ---- */

struct word {
	const char *name, *text;
};

static const char *find_text(const struct word *words, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i].name, name) == 0)
			return words[i].text;
	return NULL;
}

const char *counter_text(const char *name, char text[COUNTER_TEXT_LEN])
{
	static const struct word counters[] = {
#define VR_COUNTER(kind, name, text)	{#name, text},
#define AGENT_COUNTER(kind, name, text) {#name, text},
#define IF_COUNTER(kind, name, text)	{#name, text},
#include "counters.def"
	};
	const char *found = find_text(counters, sizeof(counters) / sizeof(counters[0]), name);
	snprintf(text, COUNTER_TEXT_LEN, "%s", found ? found : "");
	char *clause = strrchr(text, '(');
	if (clause && clause > text && clause[1] >= 'A' && clause[1] <= 'Z' && clause[2] == '-')
		clause[-1] = '\0'; /* " (B-7)": for docs/RFC.md, not for operators */
	return text;
}

const char *fault_text(const char *reason)
{
	static const struct word faults[] = {
		{"no-interface", "the interface does not exist: create it, or correct the "
				 "configuration"},
		{"interface-down", "the interface is down or has no carrier: ip link show"},
		{"no-primary-ip-address", "the interface has no address of this family to send "
					  "from: ip address add"},
		{"no-virtual-ip-addresses", "no virtual address is configured: "
					    "virtual_ipaddress { ... }"},
		{"data-plane", "no program could be attached, the log says why"},
		{"sync-group", "another virtual router of its sync group has a fault"},
		{"tracked-object", "something that it tracks, without a weight, is down: see "
				   "tracking above"},
		{"configuration", "it is configured to do what xvrrpd cannot: see xvrrpd -t"},
		{"tracking-pending", "something that it tracks has not been checked yet"},
	};
	const char *text = find_text(faults, sizeof(faults) / sizeof(faults[0]), reason);
	return text ? text : reason;
}
