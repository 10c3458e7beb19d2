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

/* An agent, or a peer, that knows nothing has started; one that goes on with a slot has not. */
void oracle_started(struct world *world, const struct machine *machine);
/* About to adopt; and it has. */
void oracle_adopts(struct world *world, const struct machine *machine);
void oracle_adopted(struct world *world, const struct machine *machine);

/* An advertisement leaves; `until_ns` is the lease that it will give, on the sender's clock. */
void oracle_sent(struct world *world, const struct machine *machine, uint8_t priority,
		 uint32_t number);
void oracle_announced(struct world *world, const struct machine *machine, unsigned rounds);
/* A frame arrives at a machine: before, and after. */
void oracle_arrives(struct world *world, const struct machine *machine,
		    const struct sim_frame *frame);
void oracle_arrived(struct world *world, const struct machine *machine,
		    const struct sim_frame *frame, enum plane_verdict verdict);
/* A peer took an advertisement for one that it obeys, or not. */
void oracle_heard(struct world *world, const struct machine *machine, const struct sim_frame *frame,
		  bool obeys);
/* A step of the core is done: not yet its actions. */
void oracle_stepped(struct world *world, const struct machine *machine);
/* An agent has nothing to do any more. */
void oracle_idle(struct world *world, const struct machine *machine);
/* A lease was stored, or a peer changed its state: who answers may have changed. */
void oracle_role(struct world *world, const struct machine *machine);
/* A client asked, and got an answer. */
void oracle_asked(struct world *world);
void oracle_answered(struct world *world, unsigned machine);
/* A command of the scenario that expects something. */
void oracle_expect(struct world *world, const struct sim_command *command);

#endif
