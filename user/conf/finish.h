/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From raw settings to the effective configuration: defaults, ranges, and checks across instances.
 */
#ifndef CONF_FINISH_H
#define CONF_FINISH_H

#include "conf/raw.h"

/* One instance on its way. */
struct finish {
	const struct conf *conf;
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

/* The lease ends with the last of these intervals (I1): it must survive a lost advertisement. */
#define DOWN_ADVERTS_MIN 2
void finish_tell_down_adverts(const struct setting *setting, struct conf_diags *diags);

/* Version, interval, priority, preemption, strict mode, authentication; after the addresses. */
void finish_protocol(const struct finish *finish);

/* to->garp; after finish_protocol(). */
void finish_announcements(const struct finish *finish);

/* mcast_dst_ip and its defaults: another group than the RFC's makes the instance unusable. */
void finish_group_address(const struct finish *finish);

/* Family, virtual addresses, peers, source: what has a family, and what goes with unicast. */
void finish_addresses(const struct finish *finish);

/* Scripts of an instance or a group; those without a user get that of script_user. */
void finish_notify(struct conf_script to[CONF_NOTIFY_KINDS],
		   struct conf_script from[CONF_NOTIFY_KINDS], const struct setting *user);

/* The script, out of `from`; one without a user gets that of script_user. */
struct conf_script finish_script(struct conf_script *from, const struct setting *user);

/* static_ipaddress */
void finish_static(struct conf *conf, struct raw *raw);

/* conf->scripts, ->track_files, ->processes: before what tracks them. */
void finish_objects(struct conf *conf, struct raw *raw, struct conf_diags *diags);

/* The message for a value that cannot be used, if there is one; `used` is used instead. */
void finish_tell_problem(const struct setting *setting, const struct keyword *keyword, int64_t used,
			 struct conf_diags *diags);

/* What an instance, or a group, watches itself: to->tracks. */
void finish_tracks(const struct finish *finish);
void finish_group_tracks(struct conf *conf, struct conf_group *group, const struct raw_group *from,
			 struct conf_diags *diags);

/* The rules of groups and owners for weights; then what groups watch goes to their members. */
void finish_weights(struct conf *conf, struct conf_diags *diags);

/* conf->groups, and instances[i].group. */
void finish_groups(struct conf *conf, struct raw *raw, struct conf_diags *diags);

/*
 * What only all instances together show: names and VRIDs used twice, addresses served twice, one
 * interface with two modes, too many addresses.
 */
void conf_check(struct conf *conf, const struct raw *raw, struct conf_diags *diags);

/* Warnings about what is probably not meant; nothing changes. */
void conf_lint(const struct conf *conf, const struct raw *raw, struct conf_diags *diags);

#endif
