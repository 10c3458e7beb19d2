/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From raw settings to the effective configuration: defaults, ranges, and checks across instances.
 */
#ifndef CONF_FINISH_H
#define CONF_FINISH_H

#include "conf/raw.h"

/*
 * Fill conf->global and conf->instances, one for each raw instance in the same order. All messages
 * that depend on more than one line come from here.
 */
void conf_finish(struct conf *conf, struct raw *raw, struct conf_diags *diags);

/*
 * What only all instances together show: names and VRIDs used twice, addresses served twice, one
 * interface with two modes, too many addresses.
 */
void conf_check(struct conf *conf, const struct raw *raw, struct conf_diags *diags);

#endif
