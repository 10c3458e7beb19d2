/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ethernet frames out of an AF_PACKET socket, past the queueing discipline. */
#ifndef SYS_TRANSMIT_H
#define SYS_TRANSMIT_H

#include <stddef.h>
#include <stdint.h>

#include "core/types.h"
#include "sys/failure.h"

struct transmit;

struct transmit *transmit_open(struct failure *failure);
void transmit_close(struct transmit *transmit); /* NULL is allowed */

struct transmit_frame {
	int ifindex;
	const uint8_t *data;
	size_t length;
};

/* Send one frame, without blocking. 0, or -1 with errno: the kernel did not take it. */
int transmit_send(struct transmit *transmit, int ifindex, const uint8_t *frame, size_t length);

/*
 * Send many in few system calls. errors[i] becomes 0, or the errno with which frame i was refused,
 * which keeps none that follows it.
 */
void transmit_each(struct transmit *transmit, const struct transmit_frame *frames, size_t count,
		   int *errors);

/*
 * A VRRP message to one host (H-40), as the kernel routes it out of `ifindex`, with DSCP CS6 and
 * the interface's own MAC. `hops` is its TTL or hop limit. 0, or -1 with errno.
 */
int transmit_unicast(struct transmit *transmit, int ifindex, const struct vrrp_addr *source,
		     const struct vrrp_addr *destination, uint8_t hops, const uint8_t *message,
		     size_t length);

#endif
