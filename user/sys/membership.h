/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Membership of the VRRP group on an interface, by a socket that hears nothing (its filter drops
 * all): IGMP and MLD reports, and the NIC's multicast filter, follow from it.
 */
#ifndef SYS_MEMBERSHIP_H
#define SYS_MEMBERSHIP_H

#include "core/types.h"
#include "sys/failure.h"

/* Returns a descriptor for membership_leave(), or -1. */
int membership_join(int ifindex, enum vrrp_family family, struct failure *failure);
void membership_leave(int membership); /* -1 is allowed */

#endif
