/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scripts of one name, instance or group: one at a time and in order, so that MASTER's never
 * ends after the BACKUP's that followed it. Where they are slower than the events, the newest state
 * wins: of those that wait behind a slow one only the last is told.
 */
#ifndef NOTIFY_NAMES_H
#define NOTIFY_NAMES_H

#include "agent_state.h"
#include "sys/fifo.h"
#include "sys/scripts.h"

#define NOTIFY_FIFOS 2

struct names;
struct event;

struct name {
	struct name *next; /* of the bucket */
	struct names *names;
	bool is_group;
	bool busy;		/* the first call of the first event runs ... */
	int64_t started_ns;	/* ... since then */
	enum conf_notify state; /* last told; CONF_NOTIFY = none */
	struct event *first;	/* in order; it may be running */
	struct fifo_name lines[NOTIFY_FIFOS];
	char *text;
};

/* NULL without memory. */
struct names *names_open(struct agent *agent);

/* The thread that starts scripts; started if there is none yet. NULL: told in the log. */
struct scripts *names_scripts(struct names *names);

/* Made if there is none; NULL without memory. */
struct name *names_get(struct names *names, bool is_group, const char *text);

/* An instance has another name; what waits goes on under it. */
void names_rename(struct names *names, const char *from, const char *to);

/* "MASTER" and so on; not of CONF_NOTIFY. */
const char *notify_word(enum conf_notify kind);

/*
 * `kind` of this name: its own script, then the one of all kinds with four words more, as they are
 * in `scripts` at this moment. CONF_NOTIFY_RX_LOWER is no state, and replaces none.
 */
void name_event(struct name *name, const struct conf_script *scripts, enum conf_notify kind,
		unsigned priority);

/*
 * At the end, without the loop: whatever runs gets a moment, what was told last is run; bounded.
 */
void names_finish(struct names *names);
void names_close(struct names *names);

#endif
