/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ethernet frames out of an AF_PACKET socket, past the queueing discipline. */
#ifndef SYS_TRANSMIT_H
#define SYS_TRANSMIT_H

#include <stddef.h>
#include <stdint.h>

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

/* Send many in few system calls; returns how many the kernel took. */
size_t transmit_many(struct transmit *transmit, const struct transmit_frame *frames, size_t count);

#endif
