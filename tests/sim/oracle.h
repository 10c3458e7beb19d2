/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be true, whatever happens. The oracle is told what happens; it keeps a record of its
 * own and never asks the core why it did what it did. world_fail() ends the run.
 *
 * oracle_*() in the order in which a router's life has them.
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include "sim/world.h"

void oracle_begin(struct world *world);
void oracle_end(struct world *world); /* the end of the scenario; then nothing is left of it */

/* A peer, or an agent without an earlier one's slot, has started: it has heard nobody. */
void oracle_started(struct world *world, const struct machine *machine);
/* An agent died, maybe in the middle of vr_remember(); what it was is still there. */
void oracle_died(struct world *world, const struct machine *machine);
void oracle_torn(struct world *world, const struct machine *machine);
/* Another one has begun where it died. */
void oracle_adopted(struct world *world, const struct machine *machine);

/* An advertisement leaves, numbered adverts_sent; `extends`: the lease will be counted from it. */
void oracle_sent(struct world *world, const struct machine *machine, uint8_t priority,
		 bool extends);
void oracle_announced(struct world *world, const struct machine *machine, unsigned rounds);
/* A frame arrives at a machine: before, and after. */
void oracle_arrives(struct world *world, const struct machine *machine,
		    const struct sim_frame *frame);
void oracle_arrived(struct world *world, const struct machine *machine,
		    const struct sim_frame *frame, enum plane_verdict verdict);
/* A peer took an advertisement for one that it obeys, or not. */
void oracle_heard(struct world *world, const struct machine *machine, const struct sim_frame *frame,
		  bool obeys);
/* A step of the core is about to be done; is done, but for its actions. */
/* The machine's configuration becomes that of its file, with the next step. */
void oracle_configures(struct world *world, const struct machine *machine);
void oracle_steps(struct world *world, const struct machine *machine);
void oracle_stepped(struct world *world, const struct machine *machine);
/* An agent has nothing to do any more. */
void oracle_idle(struct world *world, const struct machine *machine);
/* A lease is about to be stored; `promised`: by an advertisement that has been sent. */
void oracle_leases(struct world *world, const struct machine *machine, bool promised);
/* It was; or a peer changed its state: who answers may have changed. */
void oracle_role(struct world *world, const struct machine *machine);
/* Clients are about to ask; got an answer; their packet to the virtual MAC was accepted. */
void oracle_asked(struct world *world);
void oracle_answered(struct world *world, unsigned machine);
void oracle_served(struct world *world, unsigned machine);
/* A command of the scenario that expects something. */
void oracle_expect(struct world *world, const struct sim_command *command);

#endif
