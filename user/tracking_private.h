/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of tracking:
 *
 *   tracking.c	which objects there are, and who tracks them
 *   tracking_judge.c	what their states make of a virtual router, and the status
 *   tracking_script.c	vrrp_script
 *   tracking_file.c	track_file
 *   tracking_process.c	vrrp_track_process
 */
#ifndef TRACKING_PRIVATE_H
#define TRACKING_PRIVATE_H

#include "conf/conf.h"
#include "core/track.h"
#include "tracking.h"

struct check;	   /* tracking_script.c */
struct file_track; /* tracking_file.c */
struct count;	   /* tracking_process.c */

#define OBJECT_RESULT_LEN 100

/* Something that is tracked, by as many as like. */
struct object {
	struct object *next; /* of the bucket */
	struct tracking *tracking;
	enum conf_track_kind kind;
	char *name;	 /* of an interface, or in the configuration */
	char *signature; /* what it is, but for weights: an object with another one starts anew */
	bool wanted;	 /* by the configuration of now */
	bool unusable;	 /* it cannot be looked at: counts as not tracked, as in keepalived */
	enum track_state state;
	int64_t number;			/* in a file; of processes */
	int64_t since_s;		/* Unix time: it is so; 0 = not yet */
	char result[OBJECT_RESULT_LEN]; /* the last one in words; empty = none */
	struct router **users;
	size_t user_count;
	struct check *check;
	struct file_track *file;
	struct count *count;
};

#define TRACKING_BUCKETS 256

struct tracking {
	struct agent *agent;
	bool first; /* the objects are those of the start, not of a reload */
	struct object *buckets[TRACKING_BUCKETS];
	unsigned check_count;	 /* of those that were ever started */
	struct scripts *scripts; /* these are made when there is something to look at */
	struct filewatches *files;
	struct processes *processes;
};

/* What a router tracks: of each of its conf->tracks the object, NULL without memory for it. */
struct tracks {
	struct object **objects;
	struct track *list; /* room to judge them in */
	size_t count;
};

/* ---- tracking.c ---- */

/*
 * It was looked at, and is so from now on; those who track it are told if that is a change, also
 * from unusable.
 */
void object_set(struct object *object, enum track_state state, int64_t number);

/* It cannot be looked at, until object_set(). */
void object_set_unusable(struct object *object);

/* "script", "file" ... */
const char *object_kind_name(enum conf_track_kind kind);

/* ---- one per kind ---- */

/*
 * Look at it from now on. A state that the object has already, unusable among them, is that of
 * before a change of the configuration, and holds until there is a result. Where the system lacks
 * what it takes the object is unusable. False without memory.
 */
bool check_start(struct object *object, const struct conf_check_script *conf);
void check_stop(struct object *object);
bool file_start(struct object *object, const struct conf_track_file *conf);
void file_stop(struct object *object);
bool count_start(struct object *object, const struct conf_process *conf);
void count_stop(struct object *object);

/* The text of what makes it what it is; malloc'd, NULL without memory. */
char *check_signature(const struct conf_check_script *conf, bool secure);
char *file_signature(const struct conf_track_file *conf);
char *count_signature(const struct conf_process *conf);

#endif
