/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running agent. */
#ifndef AGENT_H
#define AGENT_H

#include "conf/conf.h"
#include "options.h"

/*
 * Run until a signal ends it; returns an enum exit_code. Says on stderr why it could not. `conf` is
 * the agent's from here on.
 */
int agent_run(const struct options *options, struct conf *conf);

#endif
