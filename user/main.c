/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xvrrpd: a VRRP agent whose data plane is XDP. This file only chooses between running the agent
 * (agent.c) and looking at its configuration (conf/).
 */
#include <stdio.h>
#include <stdlib.h>

#include "agent.h"
#include "conf/explain.h"
#include "conf/load.h"
#include "options.h"
#include "sys/log.h"
#include "sys/process.h"

static void make_strict(struct conf_diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		diags->list[i].severity = CONF_ERROR;
	diags->errors = diags->count;
}

/* To people, all of it; of an agent they are log lines, which wait for no reader. */
static void print_diags(const struct conf_diags *diags, enum run_mode mode)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct conf_diag *diag = &diags->list[i];
		char *line = conf_diag_format(diag);
		const char *text = line ? line : diag->text;
		if (mode != RUN_AGENT)
			fprintf(stderr, "%s\n", text);
		else if (diag->severity == CONF_ERROR)
			log_error("%s", text);
		else
			log_warning("%s", text);
		free(line);
	}
}

static int explain(const char *keyword)
{
	if (explain_keyword(stdout, stderr, keyword))
		return EXIT_CLEAN;
	return EXIT_USAGE;
}

static int dump_config(const struct conf *conf)
{
	char *text = conf_print(conf);
	if (!text) {
		fprintf(stderr, "xvrrpd: out of memory\n");
		return EXIT_SYSTEM;
	}
	bool written = fputs(text, stdout) >= 0 && fflush(stdout) == 0;
	free(text);
	if (!written)
		perror("xvrrpd: standard output");
	return written ? EXIT_CLEAN : EXIT_SYSTEM;
}

static int with_config(const struct options *options)
{
	struct conf_diags diags = {0};
	struct conf *conf = conf_load(options->config_path, options->config_id, &diags);
	if (options->strict)
		make_strict(&diags);
	print_diags(&diags, options->mode);

	bool refused = diags.errors > 0;
	conf_diags_free(&diags);

	int code = EXIT_CONFIG;
	if (!refused && options->mode == RUN_AGENT)
		return agent_run(options, conf);
	if (!refused && options->mode == RUN_DUMP_CONFIG)
		code = dump_config(conf);
	else if (!refused)
		code = EXIT_CLEAN;
	conf_free(conf);
	return code;
}

int main(int argc, char **argv)
{
	struct options options;
	process_prepare();
	if (!options_parse(&options, argc, argv))
		return EXIT_USAGE;
	switch (options.mode) {
	case RUN_HELP:
		options_print_help();
		return EXIT_CLEAN;
	case RUN_VERSION:
		printf("xvrrpd %s\n", XVRRPD_VERSION);
		return EXIT_CLEAN;
	case RUN_EXPLAIN:
		return explain(options.keyword);
	case RUN_AGENT:
		log_open(options.log_level);
		break;
	case RUN_CONFIG_TEST:
	case RUN_DUMP_CONFIG:
		break;
	}
	int code = with_config(&options);
	log_close();
	return code;
}
