/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where lines come from: files and those that they include, values of several lines, sequences.
 * What is a matter of whole lines is dealt with here: `include`, `@ID`, the definition and the use
 * of variables, `~SEQ` and `~LST`. The lexer gets what is left of them, without comments.
 */
#ifndef CONF_SOURCE_H
#define CONF_SOURCE_H

#include "conf/define.h"
#include "conf/sequence.h"

enum frame_kind {
	FRAME_FILE,
	FRAME_PATHS, /* of files that one include names */
	FRAME_VALUE, /* of several lines */
	FRAME_SEQUENCE,
};

/* What lines are read from; the last one of the source first. */
struct frame {
	enum frame_kind kind;
	const char *file; /* its name; of other kinds, that which is being read */
	struct conf_text text;
	const char *next, *text_end; /* in the text */
	unsigned number;	     /* of the last line that has been read */
	struct conf_found found;
	struct value *value;
	struct sequence *sequence;
	size_t next_item;	 /* of the paths or of the value */
	struct conf_place place; /* of the include */
	unsigned strictness;	 /* of the include */
};

/* A line in which variables have been replaced. */
struct expansion {
	char *bytes;
	size_t capacity;
	struct span *spans;
	size_t span_count, span_capacity;
};

struct source {
	const struct conf_world *world;
	struct conf *conf; /* owns the names of files */
	struct conf_diags *diags;
	struct definitions definitions;
	struct frame *frames;
	size_t count, capacity;
	struct value *collecting; /* what the lines that follow belong to, or NULL */
	bool comment_continues;	  /* the comment of the last line ended with a backslash */
	struct expansion expansions[2];
	unsigned turn; /* the expansion to use next: a line is made of the last one */
	size_t produced;
	bool exhausted; /* too much has been produced, which has been told: there are no more lines
			 */
};

/* `text` is not copied. `world` may be NULL. */
void source_init(struct source *source, const struct conf_world *world, struct conf *conf,
		 const char *file, const char *text, size_t length, struct conf_diags *diags);
void source_free(struct source *source);

/* The next line that is left; its bytes live until the one after the next. */
bool source_next(struct source *source, struct conf_line *line);

/* The same for what stands behind a brace: false if nothing of it is left. */
bool source_prepare(struct source *source, struct conf_line *line);

/* ---- for the parts of it: source.c, source_include.c, substitute.c ---- */

/* Count bytes; false, and an error, if they are too many. */
bool source_charge(struct source *source, size_t bytes, const struct conf_place *place);
struct frame *source_push(struct source *source, enum frame_kind kind);
/* The file that is being read. */
const char *source_file(const struct source *source);

/*
 * Replace the variables of a line; false if there are none. What begins a line with `~` is left to
 * be looked at again.
 */
bool source_substitute(struct source *source, struct conf_line *line);

/* A line that is an `include`: read what it names next. False if it is something else. */
bool source_include(struct source *source, const struct conf_line *line);

/* Begin with the next file of an include, if it can be read. */
void source_open_next(struct source *source);

#endif
