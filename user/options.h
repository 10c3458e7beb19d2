/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of xvrrpd. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#include "sys/dataplane.h"
#include "sys/log.h"

/* Exit codes, as the manual lists them. */
enum exit_code {
	EXIT_CLEAN = 0,
	EXIT_CONFIG = 1,
	EXIT_USAGE = 2,
	EXIT_SYSTEM = 3, /* the system lacks something; the message says what and how to get it */
};

enum run_mode {
	RUN_AGENT,
	RUN_CONFIG_TEST,
	RUN_DUMP_CONFIG,
	RUN_EXPLAIN,
	RUN_VERSION,
	RUN_HELP,
};

struct options {
	enum run_mode mode;
	const char *config_path;
	const char *keyword;   /* of --explain */
	const char *config_id; /* NULL: the name of this machine up to its first dot */
	const char *run_dir;
	const char *pin_dir;
	enum xdp_mode xdp_mode; /* AUTO unless --xdp-mode says otherwise; then it beats the file */
	enum log_level log_level;
	bool strict; /* warnings are errors */
};

/* Parse; on misuse a message goes to stderr and the result is false. */
bool options_parse(struct options *options, int argc, char **argv);

void options_print_help(void);

#endif
