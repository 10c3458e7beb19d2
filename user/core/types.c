/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of states, events and reasons, as the status prints them. */
#include "core/types.h"

#include <assert.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const state_names[] = {
	[VR_INITIALIZE] = "initialize",
	[VR_BACKUP] = "backup",
	[VR_ACTIVE] = "active",
};

static const char *const last_event_names[] = {
	[LAST_EVENT_NONE] = "none",
	[LAST_EVENT_STARTUP] = "startup",
	[LAST_EVENT_SHUTDOWN] = "shutdown",
	[LAST_EVENT_HIGHER_PRIORITY_BACKUP] = "higher-priority-backup",
	[LAST_EVENT_ACTIVE_TIMEOUT] = "active-timeout",
	[LAST_EVENT_INTERFACE_UP] = "interface-up",
	[LAST_EVENT_INTERFACE_DOWN] = "interface-down",
	[LAST_EVENT_NO_PRIMARY_IP_ADDRESS] = "no-primary-ip-address",
	[LAST_EVENT_PRIMARY_IP_ADDRESS] = "primary-ip-address",
	[LAST_EVENT_NO_VIRTUAL_IP_ADDRESSES] = "no-virtual-ip-addresses",
	[LAST_EVENT_VIRTUAL_IP_ADDRESSES] = "virtual-ip-addresses",
	[LAST_EVENT_PREEMPT_HOLD_TIMEOUT] = "preempt-hold-timeout",
	[LAST_EVENT_LOWER_PRIORITY_ACTIVE] = "lower-priority-active",
	[LAST_EVENT_OWNER_PREEMPT] = "owner-preempt",
	[LAST_EVENT_DRAINED] = "drained",
	[LAST_EVENT_LEASE_EXPIRED] = "lease-expired",
	[LAST_EVENT_SYNC_GROUP] = "sync-group",
	[LAST_EVENT_TRACKED_OBJECT] = "tracked-object",
};

static const char *const active_reason_names[] = {
	[ACTIVE_REASON_NOT_ACTIVE] = "not-active",
	[ACTIVE_REASON_PRIORITY] = "priority",
	[ACTIVE_REASON_PREEMPTED] = "preempted",
	[ACTIVE_REASON_NO_RESPONSE] = "no-response",
};

const char *vr_state_name(enum vr_state state)
{
	assert(state < COUNT(state_names));
	return state_names[state];
}

const char *vr_last_event_name(enum vr_last_event event)
{
	assert(event < COUNT(last_event_names));
	return last_event_names[event];
}

const char *vr_active_reason_name(enum vr_active_reason reason)
{
	assert(reason < COUNT(active_reason_names));
	return active_reason_names[reason];
}

const char *vr_fault_name(unsigned fault)
{
	switch ((enum vr_fault)fault) {
	case FAULT_NO_INTERFACE:
		return "no-interface";
	case FAULT_INTERFACE_DOWN:
		return "interface-down";
	case FAULT_NO_ADDRESS:
		return "no-primary-ip-address";
	case FAULT_NO_VIRTUAL_ADDRESS:
		return "no-virtual-ip-addresses";
	case FAULT_DATA_PLANE:
		return "data-plane";
	case FAULT_SYNC_GROUP:
		return "sync-group";
	case FAULT_TRACKED:
		return "tracked-object";
	case FAULT_TRACK_PENDING:
		return "tracking-pending";
	case FAULT_CONFIGURATION:
		return "configuration";
	}
	return NULL;
}
