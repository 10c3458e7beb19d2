/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between the programs and the model, member by member, and how to tell it. */
#ifndef DIFFERENTIAL_REPORT_H
#define DIFFERENTIAL_REPORT_H

#include <stdio.h>

#include "machine.h"

/* Each returns how many differ, and tells of them if `out` is not NULL. */
unsigned differing_slots(const struct vr_slot *program, const struct vr_slot *model, FILE *out);
unsigned differing_counters(const struct machine_counters *program, const struct plane *model,
			    FILE *out);
unsigned differing_events(const struct machine_result *program, const struct xvrrp_event *model,
			  unsigned model_count, FILE *out);
unsigned differing_frames(const struct machine_result *program, enum plane_verdict verdict,
			  const struct frame *model, FILE *out);

void print_hex(FILE *out, const uint8_t *bytes, size_t length);
void print_slot(FILE *out, unsigned number, const struct vr_slot *slot, uint64_t now_ns);

#endif
