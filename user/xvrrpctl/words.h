/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's JSON in words. */
#ifndef XVRRPCTL_WORDS_H
#define XVRRPCTL_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* Members of an object; an agent of another version may lack some: "-", 0, false. */
const char *get_text(const json_t *object, const char *key);
json_int_t get_number(const json_t *object, const char *key);
bool get_bool(const json_t *object, const char *key);

#define SPAN_LEN 32

/* A span in the two units that matter: "2m 5s"; less than a minute as "3.609375s", "10ms". */
const char *span_us(int64_t us, char text[SPAN_LEN]);

/* How long ago an RFC 3339 time was: "2m 5s", in whole seconds; "-" for null. */
const char *age_of(const json_t *time, char text[SPAN_LEN]);

/* "eth0", "eth0 vlan 100", "eth0 vlan 100.200" (outer, inner) */
#define PLACE_LEN 64
const char *place_of(const json_t *router, char text[PLACE_LEN]);

/* "backup", "active (drained)" */
#define DRAINED_MARK " (drained)"
#define STATE_LEN    32
const char *state_of(const json_t *router, char text[STATE_LEN]);

/* What a counter counts, from counters.def without its clause; "" for one that is not there. */
#define COUNTER_TEXT_LEN 120
const char *counter_text(const char *name, char text[COUNTER_TEXT_LEN]);

/* What one of "fault_reasons" means and what to do about it; itself if it is unknown. */
const char *fault_text(const char *reason);

#endif
