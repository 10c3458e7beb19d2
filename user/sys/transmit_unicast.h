/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VRRP messages to one host. Private to transmit.c and transmit_unicast.c. */
#ifndef SYS_TRANSMIT_UNICAST_H
#define SYS_TRANSMIT_UNICAST_H

#include "core/types.h"

/* Raw sockets; -1 = a family that this kernel does not have. */
struct unicast {
	int ipv4, ipv6;
};

void unicast_open(struct unicast *unicast);
void unicast_close(struct unicast *unicast);

/* As transmit_unicast(). */
int unicast_send(const struct unicast *unicast, int ifindex, const struct vrrp_addr *source,
		 const struct vrrp_addr *destination, uint8_t hops, const uint8_t *message,
		 size_t length);

#endif
