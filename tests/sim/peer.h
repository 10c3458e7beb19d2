/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the routers that others wrote: what any of them does, and the state machines of two kinds.
 */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include "sim/frames.h"

/* ---- peer.c ---- */

int64_t peer_interval_ns(const struct machine *machine); /* its own */
void peer_advertise(struct world *world, struct machine *machine, uint8_t priority);
void peer_announce(struct world *world, struct machine *machine, unsigned rounds);
void peer_become(struct world *world, struct machine *machine, enum vr_state state);

/* ---- a state machine: peer_rfc.c, peer_keepalived.c ---- */

/* Its process starts, with the priority that tracking has found. */
void rfc_start(struct world *world, struct machine *machine);
void keepalived_start(struct world *world, struct machine *machine);
/* What it does with the CPU: reads from its inbox, looks at its timers. */
void rfc_run(struct world *world, struct machine *machine);
void keepalived_run(struct world *world, struct machine *machine);
void rfc_priority(struct world *world, struct machine *machine, uint8_t priority);
void keepalived_priority(struct world *world, struct machine *machine, uint8_t priority);

/* The oldest frame of the inbox, taken out of it; false if there is none. */
bool peer_take(struct machine *machine, struct sim_frame *frame);

#endif
