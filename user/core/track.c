/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracked objects, judged: each adds to the priority or takes from it, or is a fault; and what
 * makes an object up or down, where one look is not enough: results in a row, a number of processes
 * in a range.
 */
#include "core/track.h"

#include <assert.h>

#include "vrrp.h"

#define NUMBER_FAULT (-254) /* what a number has to take off to be a fault */
#define WEIGHT_MAX   253

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
	if (value < least)
		return least;
	return value > most ? most : value;
}

/* A weight is 1 at least, so that nothing is lost by holding the number first. */
static int64_t number_weight(const struct track *track)
{
	int64_t number = clamp(track->number, NUMBER_FAULT, -NUMBER_FAULT);
	int64_t value = number * track->weight;

	return clamp(track->reverse ? -value : value, NUMBER_FAULT, WEIGHT_MAX);
}

static int64_t state_weight(const struct track *track)
{
	bool counts = (track->state == TRACK_UP) == (track->weight > 0);

	if (!counts)
		return 0;
	return track->reverse ? -(int64_t)track->weight : track->weight;
}

static bool is_fault(const struct track *track)
{
	bool down = track->is_number ? track->number != 0 : track->state == TRACK_DOWN;

	return down != track->reverse;
}

/* Returns what it adds to the priority. */
static int64_t judge(const struct track *track, struct track_verdict *verdict)
{
	int64_t value;

	if (track->state == TRACK_UNKNOWN) {
		verdict->waits |= track->weight == 0;
		verdict->incomplete |= track->weight != 0;
		return 0;
	}
	if (track->weight == 0) {
		verdict->fault |= is_fault(track);
		return 0;
	}
	value = track->is_number ? number_weight(track) : state_weight(track);
	if (!track->is_number || value > NUMBER_FAULT)
		return value;
	verdict->fault = true;
	return 0;
}

struct track_verdict track_judge(const struct track *tracks, size_t count, uint8_t priority)
{
	struct track_verdict verdict = {.priority = priority};
	int64_t sum = priority;

	assert(priority != VRRP_PRIORITY_LEAVING);
	for (size_t i = 0; i < count; i++)
		sum += judge(&tracks[i], &verdict);
	if (priority != VRRP_PRIORITY_OWNER)
		verdict.priority = (uint8_t)clamp(sum, 1, VRRP_PRIORITY_OWNER - 1);
	return verdict;
}

/* ---- results in a row ---- */

void track_streak_init(struct track_streak *streak, unsigned rise, unsigned fall, bool init_fail)
{
	assert(rise >= 1 && fall >= 1);
	*streak = (struct track_streak){
		.rise = rise,
		.fall = fall,
		.state = init_fail ? TRACK_DOWN : TRACK_UNKNOWN,
	};
}

bool track_streak_add(struct track_streak *streak, bool success)
{
	enum track_state state = success ? TRACK_UP : TRACK_DOWN;
	unsigned needed = success ? streak->rise : streak->fall;

	if (streak->state == state) {
		streak->same = 0;
		return false;
	}
	streak->same++;
	if (streak->state != TRACK_UNKNOWN && streak->same < needed)
		return false;
	streak->state = state;
	streak->same = 0;
	return true;
}

/* ---- how many processes ---- */

void track_quorum_init(struct track_quorum *quorum, unsigned least, unsigned most,
		       int64_t fork_delay_ns, int64_t terminate_delay_ns)
{
	assert(fork_delay_ns >= 0 && terminate_delay_ns >= 0);
	*quorum = (struct track_quorum){
		.quorum = least,
		.quorum_max = most,
		.fork_delay_ns = fork_delay_ns,
		.terminate_delay_ns = terminate_delay_ns,
		.change_ns = INT64_MAX,
	};
}

static enum track_state state_of(const struct track_quorum *quorum, unsigned count)
{
	bool up = count >= quorum->quorum && count <= quorum->quorum_max;

	return up ? TRACK_UP : TRACK_DOWN;
}

static bool take_state(struct track_quorum *quorum)
{
	enum track_state before = quorum->state;

	quorum->change_ns = INT64_MAX;
	quorum->state = state_of(quorum, quorum->count);
	return quorum->state != before;
}

bool track_quorum_set(struct track_quorum *quorum, unsigned count)
{
	enum track_state before = state_of(quorum, quorum->count);

	quorum->count = count;
	if (quorum->state != TRACK_UNKNOWN && state_of(quorum, count) == before)
		return false;
	return take_state(quorum);
}

bool track_quorum_update(struct track_quorum *quorum, unsigned count, int64_t now_ns)
{
	enum track_state before = state_of(quorum, quorum->count), after = state_of(quorum, count);
	bool rises = count > quorum->count;

	if (quorum->state == TRACK_UNKNOWN)
		return track_quorum_set(quorum, count);
	quorum->count = count;
	if (after == quorum->state)
		quorum->change_ns = INT64_MAX;
	else if (after != before)
		quorum->change_ns =
			now_ns + (rises ? quorum->fork_delay_ns : quorum->terminate_delay_ns);
	return now_ns >= quorum->change_ns && take_state(quorum);
}
