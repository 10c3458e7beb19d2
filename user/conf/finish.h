/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From raw settings to the effective configuration: defaults, ranges, and checks across instances.
 */
#ifndef CONF_FINISH_H
#define CONF_FINISH_H

#include "conf/raw.h"

/* One instance on its way. */
struct finish {
	const struct raw *raw;
	struct raw_instance *from;
	struct conf_instance *to;
	struct conf_diags *diags;
};

/* The instance's own value, else that of global_defs, else the default. */
int64_t finish_value(const struct finish *finish, enum schema_key key);

/*
 * Fill conf->global and conf->instances, one for each raw instance in the same order. All messages
 * that depend on more than one line come from here.
 */
void conf_finish(struct conf *conf, struct raw *raw, struct conf_diags *diags);

/* Family, virtual addresses, peers, source: what has a family, and what goes with unicast. */
void finish_addresses(const struct finish *finish);

/* Scripts of an instance or a group; those without a user get that of script_user. */
void finish_notify(struct conf_script to[CONF_NOTIFY_KINDS],
		   struct conf_script from[CONF_NOTIFY_KINDS], const struct setting *user);

/* conf->groups, and instances[i].group. */
void finish_groups(struct conf *conf, struct raw *raw, struct conf_diags *diags);

/*
 * What only all instances together show: names and VRIDs used twice, addresses served twice, one
 * interface with two modes, too many addresses.
 */
void conf_check(struct conf *conf, const struct raw *raw, struct conf_diags *diags);

#endif
