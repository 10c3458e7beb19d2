/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does the device take VLAN tags off frames before XDP sees them? An XDP program then takes a
 * tagged frame for an untagged one, and would answer in the wrong VLAN.
 */
#ifndef SYS_OFFLOAD_H
#define SYS_OFFLOAD_H

#include <stdbool.h>

/* What `ethtool -k` calls rx-vlan-hw-parse (rxvlan) and rx-vlan-stag-hw-parse. */
enum offload {
	OFFLOAD_RXVLAN,
	OFFLOAD_RXVLAN_STAG,
	OFFLOADS,
};

/* The name that ethtool knows it by. */
const char *offload_name(enum offload offload);

/* Is it on? A device that knows nothing of it has it off. Waits for the kernel's routing lock. */
bool offload_active(int ifindex, enum offload offload);

/* Turn it on or off. 0 or an error number; EOPNOTSUPP where it is fixed. */
int offload_set(int ifindex, enum offload offload, bool on);

#endif
