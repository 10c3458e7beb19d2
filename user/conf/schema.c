/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keyword table, put together of its parts: what this version acts on stands in the other
 * schema_ files, what it skips in skipped.c. The enums of conf.h that a KIND_CHOICE fills are in
 * the order of its words.
 */
#include "conf/schema.h"

#include <stdio.h>
#include <string.h>

#include "conf/schema_rows.h"

static const struct schema_rows *const parts[] = {
	&schema_global, &schema_instance, &schema_tracking, &schema_skipped, /* the last */
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

const struct keyword *schema_at(size_t index)
{
	for (size_t part = 0; part < PARTS; part++) {
		if (index < parts[part]->count)
			return &parts[part]->rows[index];
		index -= parts[part]->count;
	}
	return NULL;
}

const char *schema_context_name(enum schema_context context)
{
	switch (context) {
	case IN_ROOT:
		return "";
	case IN_GLOBAL:
		return "global_defs";
	case IN_INSTANCE:
		return "vrrp_instance";
	case IN_AUTHENTICATION:
		return "authentication";
	case IN_SYNC_GROUP:
		return "vrrp_sync_group";
	case IN_SCRIPT:
		return "vrrp_script";
	case IN_TRACK_FILE:
		return "track_file";
	case IN_PROCESS:
		return "vrrp_track_process";
	case IN_ADDRESSES:
		return "virtual_ipaddress";
	case IN_PEERS:
		return "unicast_peer";
	case IN_MEMBERS:
		return "group";
	case IN_TRACKS:
		return "track_script";
	case IN_ROUTES:
		return "virtual_routes";
	}
	return "";
}

static const char *format_seconds(int64_t us, char text[VALUE_TEXT_LEN])
{
	int length = snprintf(text, VALUE_TEXT_LEN, "%lld.%06lld", (long long)(us / 1000000),
			      (long long)(us % 1000000));

	while (text[length - 1] == '0')
		text[--length] = '\0';
	if (text[length - 1] == '.')
		text[--length] = '\0';
	return text;
}

const char *schema_format_value(const struct keyword *keyword, int64_t value,
				char text[VALUE_TEXT_LEN])
{
	switch (keyword->kind) {
	case KIND_SECONDS:
	case KIND_EXTRA:
		return format_seconds(value, text);
	case KIND_BOOL:
		if (keyword->words)
			snprintf(text, VALUE_TEXT_LEN, "%s", value ? "" : keyword->words[0]);
		else
			snprintf(text, VALUE_TEXT_LEN, "%s", value ? "on" : "off");
		return text;
	case KIND_CHOICE:
		snprintf(text, VALUE_TEXT_LEN, "%s", keyword->words[value]);
		return text;
	case KIND_INTEGER:
	case KIND_FLAG:
	case KIND_BLOCK:
	case KIND_INTERFACE:
	case KIND_TEXT:
	case KIND_IP:
	case KIND_SCRIPT:
	case KIND_USER:
	case KIND_FIFO:
	case KIND_WEIGHT:
	case KIND_INIT_FILE:
	case KIND_WORDS:
	case KIND_ACCEPTED:
	case KIND_SKIPPED:
	case KIND_REFUSED:
		break;
	}
	snprintf(text, VALUE_TEXT_LEN, "%lld", (long long)value);
	return text;
}
