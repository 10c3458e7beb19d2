/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration as data: tracked objects, and who tracks them. See conf.h. */
#ifndef CONF_TRACKED_H
#define CONF_TRACKED_H

#include "conf/parts.h"

enum conf_track_kind {
	CONF_TRACK_INTERFACE,
	CONF_TRACK_SCRIPT,
	CONF_TRACK_FILE,
	CONF_TRACK_PROCESS,
	CONF_TRACK_KINDS,
};

/*
 * One object that an instance watches: a line of track_interface, track_script and so on. See
 * core/track.h for what it does to the priority.
 */
struct conf_track {
	enum conf_track_kind kind;
	char interface[IFNAMSIZ]; /* CONF_TRACK_INTERFACE */
	size_t object; /* the others: index into conf->scripts, ->track_files or ->processes */
	int weight;    /* -253..253, default that of the object; 0 = a fault while it is down */
	bool reverse;
	bool of_group; /* it comes from the sync group, which prints it */
	struct conf_place place;
};

/* vrrp_script */
struct conf_check_script {
	char *name;
	struct conf_script script;
	int64_t interval_us; /* default 1 s */
	int64_t timeout_us;  /* default: interval_us */
	int weight;	     /* default of those that track it: 0 */
	bool reverse;
	unsigned rise, fall; /* results in a row that change the state; default 1 */
	bool init_fail;	     /* counts as failed until it has succeeded `rise` times */
	struct conf_place place;
};

/* track_file: the number in the file times the weight is added to the priority. */
struct conf_track_file {
	char *name;
	char *path;
	int weight; /* default 1; 0 = a fault while the number is not 0 */
	bool reverse;
	bool create;	 /* init_file: write `initial` when the file is missing ... */
	bool overwrite;	 /* ... or in any case */
	int64_t initial; /* default 0 */
	struct conf_place place;
};

enum conf_param_match {
	CONF_PARAM_NONE, /* parameters do not count */
	CONF_PARAM_EXACT,
	CONF_PARAM_INITIAL, /* of the last one only the beginning; the process may have further ones
			     */
	CONF_PARAM_PARTIAL, /* the process may have further ones */
};

/* vrrp_track_process: up while quorum <= matching processes <= quorum_max. */
struct conf_process {
	char *name;
	char **words; /* program and parameters, NULL-terminated */
	enum conf_param_match match;
	bool full_command; /* compare /proc/PID/cmdline, not comm */
	int weight;	   /* default 0 */
	bool reverse;
	unsigned quorum;	    /* default 1 */
	unsigned quorum_max;	    /* default UINT_MAX */
	int64_t fork_delay_us;	    /* up only after so long; default 0 */
	int64_t terminate_delay_us; /* down only after so long; default 0 */
	struct conf_place place;
};

#endif
