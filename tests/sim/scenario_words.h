/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of the scenario language: what may be set, what may happen, what may be expected.
 * A new enum sim_op needs a row in scenario_words.c, and nothing else here.
 */
#ifndef SIM_SCENARIO_WORDS_H
#define SIM_SCENARIO_WORDS_H

#include "sim/scenario.h"
#include "sim/scenario_value.h"

/* Whom a sentence is about. */
enum sentence_who {
	WHO_NOBODY,
	WHO_ROUTERS, /* one or more names, or `all`: a command for each */
	WHO_PAIRS,   /* names, -> or <->, names: a command for each pair and way */
};

/* A command, or an expectation if it begins with `expect`. */
struct sentence {
	const char *word; /* NULL = the end of the table */
	enum sim_op op;
	enum sentence_who who;
	const char *to; /* stands before the names, NULL = nothing does */
	bool ours;	/* only xvrrpd knows this */
	bool fixed;	/* the word says sim_command.value, too: */
	uint32_t value;
	const struct field *fields;
};

extern const struct sentence scenario_commands[];
extern const struct sentence scenario_expectations[];
extern const struct field scenario_settings[]; /* of struct scenario, a line each */
extern const struct field scenario_wire[];     /* of struct sim_wire */
extern const struct field scenario_hesitate[]; /* of struct scenario */
extern const struct field scenario_router[];   /* of struct sim_router */

const struct sentence *sentence_of(const struct sim_command *command);

/* What is not said: of router `number`; and of a command. */
struct sim_router scenario_router_default(unsigned number);
struct sim_command scenario_command_default(enum sim_op op);

#endif
