/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this system has set up, as far as a virtual router may suffer from it. All of it waits for
 * the kernel: not for the loop.
 */
#ifndef SYS_INSPECT_H
#define SYS_INSPECT_H

#include <stdbool.h>

/* A number of procfs that could not be read. */
#define INSPECT_UNKNOWN (-1)

struct inspected_host {
	char release[65]; /* of the kernel */
	bool tcx;	  /* it is one that has tcx, 6.6 and later */
	bool btf;	  /* describes its types: needed to load the programs */
	int priority;	  /* of real-time scheduling, 0 = ordinary */
	bool locked;	  /* the agent's memory stays in memory */
	long igmp_link_local_reports;
};

struct inspected_link {
	bool offloads_known;
	bool lro, rx_vlan;
	/* The effective value of IPv4's, which has one for all interfaces, too. */
	long arp_ignore, rp_filter;
	long disable_ipv6, accept_dad, drop_unsolicited_na;
	bool snoops, has_querier; /* it is a bridge, or a port of one, that snoops IGMP and MLD */
	bool is_member[2];	  /* of the VRRP group: IPv4, IPv6 */
};

void inspect_host(struct inspected_host *host);

/* `bridge` is the index of the bridge that it is, or that it is a port of; 0 = none. */
void inspect_link(const char *name, int bridge, struct inspected_link *link);

#endif
