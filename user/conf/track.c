/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of track_interface, track_script, track_file and track_process:
 * NAME [weight N [reverse|noreverse]].
 *
 * As in keepalived a line with anything but `weight` right behind the name is ignored whole: a
 * weight that was meant and is missing would turn it into a fault. What is too much behind a weight
 * is ignored alone; of what is no whole number the digits in front count, and a number that is too
 * large counts as none.
 */
#include <stdlib.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/raw.h"

#define WEIGHT_READ_MAX 254 /* keepalived takes what is up to there */

static void take_weight(struct raw_track *track, const struct word *word, struct conf_diags *diags)
{
	long weight = strtol(word->text, NULL, 10);

	if (weight < -WEIGHT_READ_MAX || weight > WEIGHT_READ_MAX) {
		conf_warning(diags, &word->place,
			     WORD " is not a number from -253 to 253: the weight of what is "
				  "tracked is used, as in keepalived",
			     word->text);
		return;
	}
	track->has_weight = true;
	track->weight = (int)value_weight(word, diags);
}

/* Words behind `weight N`. */
static void take_direction(struct raw_track *track, const struct statement *statement,
			   struct conf_diags *diags)
{
	for (size_t i = 3; i < statement->count; i++) {
		const struct word *word = &statement->words[i];
		const struct keyword *keyword = schema_find(IN_TRACKS, word->text);

		if (!keyword || keyword->key == KEY_TRACK_WEIGHT) {
			conf_warning(diags, &word->place,
				     "unknown option " WORD " behind " WORD ": it is ignored, and "
				     "what follows",
				     word->text, statement->words[0].text);
			return;
		}
		track->reverse = keyword->key == KEY_REVERSE ? CONF_ON : CONF_OFF;
	}
}

/* What is behind the name; false if the line is of no use, which has been told. */
static bool take_options(struct raw_track *track, const struct statement *statement,
			 struct conf_diags *diags)
{
	const struct word *words = statement->words;
	const struct keyword *keyword;

	if (statement->count == 1)
		return true;
	keyword = schema_find(IN_TRACKS, words[1].text);
	if (!keyword || keyword->key != KEY_TRACK_WEIGHT || statement->count == 2) {
		conf_warning(diags, &words[1].place,
			     "%s " WORD " behind " WORD ": the line is ignored, %s",
			     !keyword				? "unknown option"
			     : keyword->key == KEY_TRACK_WEIGHT ? "no value of"
								: "no `weight` in front of",
			     words[1].text, words[0].text,
			     keyword ? "nothing is tracked" : "write each name on its own line");
		return false;
	}
	take_weight(track, &words[2], diags);
	take_direction(track, statement, diags);
	return true;
}

void track_parse(struct raw_tracks *tracks, enum conf_track_kind kind,
		 const struct statement *statement, struct conf_diags *diags)
{
	struct raw_track track = {.kind = kind, .place = statement->place};

	if (!take_options(&track, statement, diags))
		return;
	track.name = conf_copy(statement->words[0].text);
	tracks->list =
		conf_grow(tracks->list, tracks->count, &tracks->capacity, sizeof(tracks->list[0]));
	tracks->list[tracks->count++] = track;
}
