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
	char *second;		       /* the group of a user, or NULL; the user of a FIFO, ... */
	char *third;		       /* and its group */
	bool also;		       /* `reverse` of a weight, `overwrite` of init_file */
	char *problem;		       /* why what was written cannot be used, or NULL */
	struct conf_place problem_place;
};

/* Addresses as written, of both families. */
struct raw_addresses {
	struct conf_address *list;
	size_t count, capacity;
};

/* A line of track_script and its like. */
struct raw_track {
	enum conf_track_kind kind;
	char *name;
	bool has_weight;
	int weight;
	enum conf_toggle reverse;
	struct conf_place place;
};

struct raw_tracks {
	struct raw_track *list;
	size_t count, capacity;
};

/* A vrrp_script, track_file or vrrp_track_process. */
struct raw_object {
	char *name;
	struct conf_place place;
	struct setting settings[KEY_OBJECT_SETTINGS];
	struct conf_script script;
	char **words; /* of `process`, NULL-terminated */
};

struct raw_objects {
	struct raw_object *list;
	size_t count, capacity;
};

struct raw_instance {
	char *name; /* empty if it has none; that is an error and told */
	struct conf_place place;
	struct setting settings[KEY_SETTINGS];
	struct raw_addresses addresses, excluded;
	struct conf_routes routes;
	struct conf_rules rules;
	bool has_hmac; /* auth_hmac */
	struct raw_tracks tracks;
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
	struct setting settings[KEY_SETTINGS];
	struct raw_tracks tracks;
	struct conf_script notify[CONF_NOTIFY_KINDS];
};

#define GLOBAL_SCRIPTS (KEY_SHUTDOWN_SCRIPT - KEY_FIFO_SCRIPT + 1)

struct raw {
	struct setting global[KEY_SETTINGS];
	struct raw_instance *instances;
	size_t count, capacity;
	struct raw_group *groups;
	size_t group_count, group_capacity;
	struct raw_objects objects[CONF_TRACK_KINDS]; /* none of CONF_TRACK_INTERFACE */
	struct raw_addresses static_addresses;
	struct conf_routes static_routes;
	struct conf_rules static_rules;
	struct conf_script scripts[GLOBAL_SCRIPTS]; /* of global_defs, by its key */
};

/* All lines; never fails, what is wrong is in `diags`. */
void raw_parse(struct raw *raw, struct source *source, struct conf_diags *diags);
void raw_free(struct raw *raw);

/*
 * Take the value of a scalar keyword from its line. Useless values are not told yet: what is used
 * instead is known only when the whole file has been read.
 */
void setting_take(struct setting *setting, const struct keyword *keyword,
		  const struct statement *statement, struct conf_diags *diags);

/* The same for the kinds that take several words: FIFO, weight, init_file. */
void setting_take_words(struct setting *setting, const struct keyword *keyword,
			const struct statement *statement, struct conf_diags *diags);

/* What is wrong with a value, told when it is known what is used instead; takes `problem`. */
void setting_set_problem(struct setting *setting, const struct conf_place *place, char *problem);

/* As value_integer(), with a sign. */
bool value_signed(const char *text, int64_t min, int64_t max, int64_t *value);

/*
 * -253..253; what is outside is held inside, and of what is no number the digits in front count, 0
 * if there are none; both with a warning.
 */
int64_t value_weight(const struct word *word, struct conf_diags *diags);

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
 * One line of virtual_ipaddress and its like: an address with its options.
 */
void address_parse(struct raw_addresses *addresses, const struct statement *statement,
		   struct conf_diags *diags);

/* A line of unicast_peer: an address with min_ttl and max_ttl. */
void peer_parse(struct raw_instance *instance, const struct statement *statement,
		struct conf_diags *diags);

/* A line of the block `group`: names. */
void member_parse(struct raw_group *group, const struct statement *statement);

/* A line of track_script and its like: a name, and perhaps a weight. */
void track_parse(struct raw_tracks *tracks, enum conf_track_kind kind,
		 const struct statement *statement, struct conf_diags *diags);

/* The words behind `process`, in place of those before. */
void words_take(struct raw_object *object, const struct statement *statement,
		struct conf_diags *diags);
void words_free(char **words);

/* What follows `script` of a vrrp_script: a command only; of several the last counts. */
void command_take(struct conf_script *script, const struct statement *statement,
		  struct conf_diags *diags);

/* What follows a keyword of KIND_SCRIPT; of several for one script the first counts. */
void script_take(struct conf_script *script, const struct statement *statement,
		 struct conf_diags *diags);
/* `notify_deleted` alone: a command without a word. */
void script_take_nothing(struct conf_script *script, const struct statement *statement);
void script_free(struct conf_script *script);

/* The first word of a family decides that of the instance, as in keepalived. */
void raw_set_family(struct raw_instance *instance, enum vrrp_family family);

#endif
