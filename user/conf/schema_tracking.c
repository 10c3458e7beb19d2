/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyword table: tracked objects and the blocks that track them, FIFOs, static addresses. */
#include <limits.h>

#include "conf/schema_rows.h"

static const char *const match_words[] = {"", "initial", "partial", NULL};

static const struct keyword table[] = {
	BLOCK(IN_ROOT, "vrrp_script", KEY_BLOCK_SCRIPT, "a command that checks something"),
	BLOCK(IN_ROOT, "track_file", KEY_BLOCK_TRACK_FILE, "a file with a number in it"),
	BLOCK(IN_ROOT, "vrrp_track_file", KEY_BLOCK_TRACK_FILE, "the same as track_file"),
	BLOCK(IN_ROOT, "vrrp_track_process", KEY_BLOCK_PROCESS, "a program that has to run"),
	BLOCK(IN_ROOT, "static_ipaddress", KEY_BLOCK_STATIC_ADDRESSES,
	      "addresses that are there while the agent runs, whatever the roles"),

	TEXT(IN_SCRIPT, "script", KIND_SCRIPT, KEY_SCRIPT,
	     "the command: it succeeds if it exits with 0"),
	SPAN(IN_SCRIPT, "interval", KEY_CHECK_INTERVAL, SECONDS(0.001), YEAR, SECONDS(1),
	     "how often it runs"),
	{.name = "timeout",
	 .context = IN_SCRIPT,
	 .kind = KIND_SECONDS,
	 .key = KEY_CHECK_TIMEOUT,
	 .min = SECONDS(0.001),
	 .max = YEAR,
	 .fallback = NO_DEFAULT,
	 .help = "when it is killed, and has failed; default: the interval"},
	WEIGHT(IN_SCRIPT, KEY_WEIGHT, 0,
	       "what it adds to the priority: positive while it succeeds, negative while it fails; "
	       "0 = a fault while it fails"),
	INTEGER(IN_SCRIPT, "rise", KEY_RISE, 1, INT_MAX, 1, "successes in a row that count as up"),
	INTEGER(IN_SCRIPT, "fall", KEY_FALL, 1, INT_MAX, 1, "failures in a row that count as down"),
	TEXT(IN_SCRIPT, "user", KIND_USER, KEY_CHECK_USER, "who runs it; default: script_user"),
	FLAG(IN_SCRIPT, "init_fail", KEY_INIT_FAIL, 1, 0,
	     "it counts as failed until it has succeeded"),

	TEXT(IN_TRACK_FILE, "file", KIND_TEXT, KEY_FILE, "the path"),
	WEIGHT(IN_TRACK_FILE, KEY_WEIGHT, 1,
	       "the number in the file times this is added to the priority; 0 = a fault while the "
	       "number is not 0"),
	TEXT(IN_TRACK_FILE, "init_file", KIND_INIT_FILE, KEY_INIT_FILE,
	     "write this number, or 0, at the start if there is no file; `overwrite` in any case"),

	TEXT(IN_PROCESS, "process", KIND_WORDS, KEY_PROCESS, "the program, and its parameters"),
	CHOICE(IN_PROCESS, "param_match", KEY_PARAM_MATCH, match_words, NO_DEFAULT,
	       "the parameters have to be equal; initial: it may have more; partial: and the last "
	       "one may be longer"),
	FLAG(IN_PROCESS, "full_command", KEY_FULL_COMMAND, 1, 0,
	     "compare the whole command line, not the name that the kernel keeps"),
	WEIGHT(IN_PROCESS, KEY_WEIGHT, 0,
	       "what it adds to the priority: positive while it runs, negative while it does not; "
	       "0 = a fault while it does not"),
	INTEGER(IN_PROCESS, "quorum", KEY_QUORUM, 1, 65535, 1, "so many have to run"),
	INTEGER(IN_PROCESS, "quorum_max", KEY_QUORUM_MAX, 0, 65535, NO_DEFAULT,
		"and not more than so many"),
	SPAN(IN_PROCESS, "fork_delay", KEY_FORK_DELAY, 0, SECONDS(3600), 0,
	     "it counts as up so long after it has started"),
	SPAN(IN_PROCESS, "terminate_delay", KEY_TERMINATE_DELAY, 0, SECONDS(3600), 0,
	     "it counts as down so long after it has ended"),
	SPAN(IN_PROCESS, "delay", KEY_DELAY, 0, SECONDS(3600), 0, "fork_delay and terminate_delay"),

	BLOCK(IN_INSTANCE, "track_interface", KEY_BLOCK_TRACK_INTERFACE,
	      "interfaces that have to be up"),
	BLOCK(IN_INSTANCE, "track_script", KEY_BLOCK_TRACK_SCRIPT, "names of vrrp_script"),
	BLOCK(IN_INSTANCE, "track_file", KEY_BLOCK_TRACK_FILES, "names of track_file"),
	BLOCK(IN_INSTANCE, "track_process", KEY_BLOCK_TRACK_PROCESS, "names of vrrp_track_process"),
	BLOCK(IN_SYNC_GROUP, "track_interface", KEY_BLOCK_TRACK_INTERFACE,
	      "as in an instance, for each member"),
	BLOCK(IN_SYNC_GROUP, "track_script", KEY_BLOCK_TRACK_SCRIPT, "the same"),
	BLOCK(IN_SYNC_GROUP, "track_file", KEY_BLOCK_TRACK_FILES, "the same"),
	BLOCK(IN_SYNC_GROUP, "track_process", KEY_BLOCK_TRACK_PROCESS, "the same"),
	INTEGER(IN_TRACKS, "weight", KEY_TRACK_WEIGHT, -253, 253, 0,
		"instead of the object's own weight"),
	FLAG(IN_TRACKS, "reverse", KEY_REVERSE, 1, 0, "up counts as down, and down as up"),
	FLAG(IN_TRACKS, "noreverse", KEY_NOREVERSE, 1, 0, "though the object says reverse"),
	FLAG(IN_INSTANCE, "dont_track_primary", KEY_TRACK_OWN_INTERFACE, 0, 1,
	     "that the instance's own interface is down is no fault"),
	FLAG(IN_SYNC_GROUP, "sync_group_tracking_weight", KEY_MEMBER_WEIGHTS, 1, 0,
	     "weights of what single members track count"),
	FLAG(IN_SYNC_GROUP, "global_tracking", KEY_MEMBER_WEIGHTS, 1, 0, "the same"),

	BLOCK(IN_INSTANCE, "virtual_ipaddress_excluded", KEY_BLOCK_EXCLUDED,
	      "addresses, of either family, that are served and not advertised"),
	TEXT(IN_GLOBAL, "default_interface", KIND_INTERFACE, KEY_DEFAULT_INTERFACE,
	     "of static addresses without dev; default eth0"),

	TEXT(IN_GLOBAL, "notify_fifo", KIND_FIFO, KEY_FIFO,
	     "a named pipe that gets a line at every change of a state"),
	TEXT(IN_GLOBAL, "notify_fifo_script", KIND_SCRIPT, KEY_FIFO_SCRIPT,
	     "to run at the start, with the path of the pipe, which it reads"),
	TEXT(IN_GLOBAL, "vrrp_notify_fifo", KIND_FIFO, KEY_VRRP_FIFO, "one more"),
	TEXT(IN_GLOBAL, "vrrp_notify_fifo_script", KIND_SCRIPT, KEY_VRRP_FIFO_SCRIPT,
	     "the same for that one"),
	BOOL(IN_GLOBAL, "vrrp_notify_priority_changes", KEY_PRIORITY_CHANGES, 0,
	     "default of notify_priority_changes"),
	BOOL(IN_INSTANCE, "notify_priority_changes", KEY_PRIORITY_CHANGES, 0,
	     "write changes of the priority to the pipes and run notify for them"),
	BOOL(IN_SYNC_GROUP, "notify_priority_changes", KEY_PRIORITY_CHANGES, 0,
	     "the same for all members"),
	FLAG(IN_GLOBAL, "fifo_write_vrrp_states_on_reload", KEY_FIFO_ON_RELOAD, 1, 0,
	     "write all states to the pipes after a reload"),
	TEXT(IN_GLOBAL, "startup_script", KIND_SCRIPT, KEY_STARTUP_SCRIPT,
	     "to run before anything else"),
	SPAN(IN_GLOBAL, "startup_script_timeout", KEY_STARTUP_TIMEOUT, SECONDS(1), SECONDS(1000),
	     SECONDS(10), "for so long at most"),
	TEXT(IN_GLOBAL, "shutdown_script", KIND_SCRIPT, KEY_SHUTDOWN_SCRIPT,
	     "to run when everything has stopped"),
	SPAN(IN_GLOBAL, "shutdown_script_timeout", KEY_SHUTDOWN_TIMEOUT, SECONDS(1), SECONDS(1000),
	     SECONDS(10), "for so long at most"),
};

const struct schema_rows schema_tracking = ROWS(table);
