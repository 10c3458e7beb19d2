/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of track_interface, track_script, track_file and track_process:
 * NAME [weight N [reverse|noreverse]].
 *
 * As in keepalived a line with anything else right behind the name is ignored whole: a weight that
 * was meant and is missing would turn it into a fault. What is too much behind a weight is ignored
 * alone.
 */
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/raw.h"

/* What is behind the name; false if the line is of no use, which has been told. */
static bool take_options(struct raw_track *track, const struct statement *statement,
			 struct conf_diags *diags)
{
	const struct word *words = statement->words;
	int64_t weight;

	for (size_t i = 1; i < statement->count; i++) {
		const struct keyword *keyword = schema_find(IN_TRACKS, words[i].text);

		if (!keyword && i > 1) {
			conf_warning(diags, &words[i].place,
				     "unknown option " WORD " behind " WORD ": it is ignored, and "
				     "what follows",
				     words[i].text, words[0].text);
			return true;
		}
		if (!keyword || (keyword->key == KEY_TRACK_WEIGHT && i + 1 == statement->count)) {
			conf_warning(diags, &words[i].place,
				     "%s " WORD " behind " WORD ": the line is ignored, %s",
				     keyword ? "no value of" : "unknown option", words[i].text,
				     words[0].text,
				     keyword ? "nothing is tracked"
					     : "write each name on its own line");
			return false;
		}
		if (keyword->key != KEY_TRACK_WEIGHT) {
			track->reverse = keyword->key == KEY_REVERSE ? CONF_ON : CONF_OFF;
			continue;
		}
		i++;
		if (value_weight(&words[i], &weight, diags)) {
			track->has_weight = true;
			track->weight = (int)weight;
		} else {
			conf_warning(diags, &words[i].place,
				     WORD " is not a number from -253 to 253: the weight of what "
					  "is tracked is used",
				     words[i].text);
		}
	}
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
