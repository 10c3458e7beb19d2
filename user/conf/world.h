/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the language asks of the world outside of a text: other files, the environment, the name of
 * this machine. conf/load.h answers for files on disk; without an answer there is nothing.
 */
#ifndef CONF_WORLD_H
#define CONF_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The files that a pattern of include names. */
struct conf_found {
	char **paths; /* in the order in which they are read; malloc'd, as each of them */
	size_t count;
	bool wildcards;	     /* the pattern has some: to find nothing is in order */
	bool missing;	     /* what it names without wildcards is not there, in part or at all */
	const char *problem; /* why it could not be looked for, or NULL */
};

struct conf_text {
	char *bytes; /* malloc'd, may contain anything */
	size_t length;
	uint64_t device, inode; /* the same for every way to the same file; 0 = unknown */
};

struct conf_world {
	const char *config_id; /* of @ID and ${_INSTANCE}; NULL = no @ID matches */
	unsigned seed;	       /* of ${_RANDOM} */
	size_t expansion_max;  /* bytes that includes, variables and sequences may produce; 0 =
				  the default */
	void *data;
	/* Any of these may be NULL. */
	void (*find)(const struct conf_world *world, const char *pattern, struct conf_found *found);
	/* NULL, or why the file cannot be read. It must not wait for anything but a disk. */
	const char *(*read)(const struct conf_world *world, const char *path,
			    struct conf_text *text);
	/* The absolute path of the directory that a file is in, malloc'd, or NULL. */
	char *(*directory)(const struct conf_world *world, const char *file);
	const char *(*environment)(const struct conf_world *world, const char *name);
};

#endif
