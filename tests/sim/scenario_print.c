/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scenario as text. What is as by default is not said. */
#include <string.h>

#include "sim/scenario_words.h"

static void print_fields(const struct field *field, const void *object, const void *usual,
			 FILE *out)
{
	for (; field->size != 0; field++) {
		if (field->word && !field->required && value_equal(field, object, usual))
			continue;
		fputc(' ', out);
		if (field->word)
			fprintf(out, "%s%s", field->word, field->kind == VALUE_FLAG ? "" : " ");
		value_print(field, object, out);
	}
	fputc('\n', out);
}

static void print_settings(const struct scenario *scenario, const struct scenario *usual, FILE *out)
{
	fprintf(out, "name %s\n", scenario->name);
	for (const struct field *field = scenario_settings; field->size != 0; field++) {
		if (value_equal(field, scenario, usual))
			continue;
		fprintf(out, "%s ", field->word);
		value_print(field, scenario, out);
		fputc('\n', out);
	}
	if (memcmp(&scenario->wire, &usual->wire, sizeof(usual->wire)) != 0) {
		fputs("wire", out);
		print_fields(scenario_wire, &scenario->wire, &usual->wire, out);
	}
	if (scenario->hesitate_ppm != 0 || scenario->hesitate_ns != 0) {
		fputs("hesitate", out);
		print_fields(scenario_hesitate, scenario, usual, out);
	}
}

static void print_command(const struct sim_command *command, FILE *out)
{
	const struct sentence *sentence = sentence_of(command);
	struct sim_command usual = scenario_command_default(command->op);
	bool expects = command->op >= SIM_EXPECT_STATE && command->op != SIM_MARK;

	time_print(command->at_ns, out);
	if (!expects)
		fprintf(out, " %s", sentence->word);
	else
		fputs(" expect", out);
	if (sentence->to)
		fprintf(out, " %s%s", sentence->to, command->router == SIM_NOBODY ? " all" : "");
	if (command->router != SIM_NOBODY)
		fprintf(out, " r%u", command->router + 1);
	if (command->peer != SIM_NOBODY)
		fprintf(out, " -> r%u", command->peer + 1);
	if (expects)
		fprintf(out, " %s", sentence->word);
	print_fields(sentence->fields, command, &usual, out);
}

void scenario_print(const struct scenario *scenario, FILE *out)
{
	struct scenario usual;

	scenario_init(&usual);
	print_settings(scenario, &usual, out);
	for (unsigned i = 0; i < scenario->router_count; i++) {
		struct sim_router router = scenario_router_default(i);

		fprintf(out, "router r%u", i + 1);
		print_fields(scenario_router, &scenario->routers[i], &router, out);
	}
	for (unsigned i = 0; i < scenario->command_count; i++)
		print_command(&scenario->commands[i], out);
}
