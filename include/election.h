/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who obeys whom: the two comparisons of the state machine (part D). The core decides by them; BPF
 * uses the first to stamp what a Backup's timer must respect.
 */
#ifndef ELECTION_H
#define ELECTION_H

#include "vrrp.h"

/*
 * D-13, D-14: does a Backup of priority `local` restart its Active_Down_Timer for an advertisement
 * of priority `received`? Priority 0 is D-12, not obedience. An owner always preempts (D-33).
 */
static inline int vrrp_backup_obeys(__u8 local, int preempt, __u8 received)
{
	if (received == VRRP_PRIORITY_LEAVING)
		return 0;
	if (!preempt && local != VRRP_PRIORITY_OWNER)
		return 1;
	return received >= local;
}

/* D-30: unsigned, in network byte order. Less than, equal to or greater than 0, as memcmp. */
static inline int vrrp_addr_compare(const struct vrrp_addr *a, const struct vrrp_addr *b)
{
	for (int i = 0; i < (int)sizeof(a->b); i++)
		if (a->b[i] != b->b[i])
			return (int)a->b[i] - (int)b->b[i];
	return 0;
}

/* D-23: does an Active of priority `local` at address `own` yield to the sender? */
static inline int vrrp_active_yields(__u8 local, const struct vrrp_addr *own, __u8 received,
				     const struct vrrp_addr *sender)
{
	if (received != local)
		return received > local;
	return vrrp_addr_compare(sender, own) > 0;
}

#endif
