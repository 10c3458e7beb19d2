/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a file says, before defaults and checks: every value with its place. The parser fills it,
 * finish.c turns it into a struct conf.
 */
#ifndef CONF_RAW_H
#define CONF_RAW_H

#include "conf/reader.h"
#include "conf/schema.h"

struct setting {
	const struct keyword *keyword; /* that gave it a value last; NULL = there is none */
	struct conf_place place;       /* of that keyword */
	int64_t value;		       /* of all kinds but interfaces and texts */
	char *text;		       /* of these, and of addresses and users */
	char *second;		       /* the group of a user, or NULL */
	char *problem;		       /* why what was written cannot be used, or NULL */
	struct conf_place problem_place;
};

struct raw_instance {
	char *name; /* empty if it has none; that is an error and told */
	struct conf_place place;
	struct setting settings[KEY_SETTINGS];
	struct conf_address *addresses; /* of both families, as written */
	size_t address_count, address_capacity;
	struct conf_peer *peers; /* of both families, as written */
	size_t peer_count, peer_capacity;
	struct conf_script notify[CONF_NOTIFY_KINDS];
	bool has_family; /* something that has a family has been read; the first decides */
	enum vrrp_family family;
};

struct raw_member {
	char *name;
	struct conf_place place;
};

struct raw_group {
	char *name;
	struct conf_place place;
	struct raw_member *members; /* as written */
	size_t member_count, member_capacity;
	bool has_members; /* its block `group` has been read */
	struct conf_script notify[CONF_NOTIFY_KINDS];
};

struct raw {
	struct setting global[KEY_SETTINGS];
	struct raw_instance *instances;
	size_t count, capacity;
	struct raw_group *groups;
	size_t group_count, group_capacity;
};

/* Everything in the text; never fails, what is wrong is in `diags`. */
void raw_parse(struct raw *raw, const char *file, const char *text, size_t length,
	       struct conf_diags *diags);
void raw_free(struct raw *raw);

/*
 * Take the value of a scalar keyword from its line. Useless values are not told yet: what is used
 * instead is known only when the whole file has been read.
 */
void setting_take(struct setting *setting, const struct keyword *keyword,
		  const struct statement *statement, struct conf_diags *diags);

/* The number that a whole decimal word stands for, or false; no sign, no blanks. */
bool value_integer(const char *text, int64_t min, int64_t max, int64_t *value);

/* Decimal seconds as microseconds, rounded; or false. */
bool value_seconds(const char *text, int64_t min, int64_t max, int64_t *value);

/*
 * An IP address, behind which `/` and anything may stand; IPv4-mapped IPv6 addresses are none.
 */
bool value_ip(const char *text, struct vrrp_addr *address);

/* Neither unset nor multicast. */
bool value_is_unicast(const struct vrrp_addr *address);

/* May it be the name of a user or of a group? */
bool value_is_user(const char *text);

/* May it be the name of a network interface? */
bool value_is_interface(const char *text);

/*
 * One line of virtual_ipaddress: an address with its options; a further address on the line is
 * taken too, with a warning.
 */
void address_parse(struct raw_instance *instance, const struct statement *statement,
		   struct conf_diags *diags);

/* A line of unicast_peer: an address with min_ttl and max_ttl; a further address is taken too. */
void peer_parse(struct raw_instance *instance, const struct statement *statement,
		struct conf_diags *diags);

/* A line of the block `group`: names. */
void member_parse(struct raw_group *group, const struct statement *statement);

/* What follows a keyword of KIND_SCRIPT; of several for one script the first counts. */
void script_take(struct conf_script *script, const struct statement *statement,
		 struct conf_diags *diags);
void script_free(struct conf_script *script);

/* The first word of a family decides that of the instance, as in keepalived. */
void raw_set_family(struct raw_instance *instance, enum vrrp_family family);

#endif
