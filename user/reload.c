/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another configuration: whole or not at all (I10). The worker reads it and finds out what differs,
 * while the one that runs stays as it is; change.c puts it into force.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "conf/load.h"

/* ---- reading ---- */

static void log_diags(const struct conf_diags *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		char *line = conf_diag_format(&diags->list[i]);
		if (diags->list[i].severity == CONF_ERROR)
			log_error("%s", line ? line : diags->list[i].text);
		else
			log_warning("%s", line ? line : diags->list[i].text);
		free(line);
	}
}

/* The first error, which is the one to begin with; of --strict, the first warning. */
static char *explain(const struct conf_diags *diags)
{
	const struct conf_diag *first = NULL;
	for (size_t i = 0; i < diags->count && !first; i++)
		if (diags->list[i].severity == CONF_ERROR || diags->errors == 0)
			first = &diags->list[i];
	char *line = first ? conf_diag_format(first) : NULL;
	char *text = NULL;
	size_t others = diags->errors > 1 ? diags->errors - 1 : 0;
	if (line && others && asprintf(&text, "%s (and %zu more errors)", line, others) < 0)
		text = NULL;
	if (!text)
		return line;
	free(line);
	return text;
}

/*
 * A start runs what there is, as keepalived does. In a reload what a file configured would be
 * withdrawn because the file is being replaced or written, or its disk is gone or full: whoever
 * means it takes the include away, closes the block, or leaves one word that is known.
 */
static char *explain_missing(const struct conf *old, const struct conf *new)
{
	const struct conf_place *open = &new->whole.unclosed_at;
	char *text = NULL;
	int result = 0;
	if (new->whole.left_out > old->whole.left_out)
		result =
			asprintf(&text,
				 "%s: a file that it includes is not there or cannot be read (a "
				 "warning in the log names it), and virtual routers may be missing "
				 "for it: bring it back, or take the include away",
				 new->files[0]);
	else if (new->whole.unclosed > old->whole.unclosed)
		result = asprintf(
			&text,
			"%s:%u:%u: error: this `{` has no `}`, as if the file had not been "
			"written to its end: a reload takes it with all of them",
			open->file, open->line, open->column);
	else if (!new->whole.known && old->instance_count)
		result = asprintf(&text,
				  "%s:1:1: error: there is nothing in it, or no configuration: an "
				  "empty `global_defs { }` would take all virtual routers away",
				  new->files[0]);
	return result < 0 ? NULL : text;
}

/* What the worker finds out: a file may be long, and its disk slow. */
struct reading {
	const struct agent *agent;
	struct change change; /* conf is NULL if it is not usable */
	char *why;
};

static void read_file(struct reading *reading)
{
	const struct options *options = reading->agent->options;
	struct conf_diags diags = {0};
	if (!conf_is_file(options->config_path)) {
		if (asprintf(&reading->why, "%s is not a regular file: a reload reads no other",
			     options->config_path) < 0)
			reading->why = NULL;
		return;
	}
	reading->change.conf = conf_load(options->config_path, options->config_id, &diags);
	log_diags(&diags);
	bool usable = diags.errors == 0 && !(options->strict && diags.warnings > 0);
	if (!usable)
		reading->why = explain(&diags);
	else if ((reading->why = explain_missing(reading->agent->conf, reading->change.conf)))
		log_error("%s", reading->why);
	if (!usable || reading->why) {
		conf_free(reading->change.conf);
		reading->change.conf = NULL;
	}
	conf_diags_free(&diags);
}

/* The running configuration stays as it is meanwhile: the loop only advertises. */
static void read_and_compare(void *data)
{
	struct reading *reading = data;
	struct change *change = &reading->change;
	read_file(reading);
	if (!change->conf)
		return;
	change->matches = conf_compare(reading->agent->conf, change->conf);
	if (!faults_sort(change->conf, &change->virtual_addresses))
		change->virtual_addresses.list = NULL;
}

static int change_to(struct agent *agent, struct reading *reading, char **why)
{
	int count = -1;
	if (reading->change.matches && reading->change.virtual_addresses.list)
		count = change_apply(agent, &reading->change);
	if (count >= 0)
		log_notice("%s was read again: %d virtual routers differ",
			   agent->options->config_path, count);
	else
		*why = strdup("out of memory");
	return count;
}

int agent_reload(struct agent *agent, char **why)
{
	struct reading reading = {.agent = agent};
	int changed = -1;
	if (worker_run(agent->worker, read_and_compare, NULL, &reading))
		worker_wait(agent->worker);
	if (reading.change.conf)
		changed = change_to(agent, &reading, why);
	else
		*why = reading.why;
	change_free(agent, &reading.change);
	return changed;
}
