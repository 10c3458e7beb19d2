/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Try something smaller; keep it if it fails in the same way; until nothing smaller does. What
 * shortens the runs comes first.
 */
#include "sim/shrink.h"

#include <string.h>

#include "sim/scenario_words.h"

struct shrinking {
	struct scenario *best;
	struct sim_result *result;
	shrink_run_fn *run;
	void *data;
	char kind[64];
	unsigned runs, runs_max;
};

static void kind_of(const char *failure, char kind[64])
{
	size_t length = strcspn(failure, ":");

	if (length > 63)
		length = 63;
	memcpy(kind, failure, length);
	kind[length] = '\0';
}

/* Peace needs its time, whatever else is shortened. */
static void give_time(struct scenario *s)
{
	int64_t least_ns = s->settled_ns + scenario_settle_ns(s);

	if (s->settled_ns != 0 && s->end_ns < least_ns)
		s->end_ns = least_ns;
}

static bool keep(struct shrinking *sh, struct scenario *tried)
{
	struct sim_result result;
	char kind[64];

	if (sh->runs == sh->runs_max)
		return false;
	sh->runs++;
	give_time(tried);
	result = sh->run(tried, sh->data);
	if (!result.failed)
		return false;
	kind_of(result.failure, kind);
	if (strcmp(kind, sh->kind) != 0)
		return false;
	*sh->best = *tried;
	*sh->result = result;
	return true;
}

/* ---- the end ---- */

static void drop_commands_after(struct scenario *s, int64_t ns)
{
	while (s->command_count > 0 && s->commands[s->command_count - 1].at_ns > ns)
		s->command_count--;
}

/* What comes after the failure cannot be its cause; unless it is one of the end. */
static bool end_early(struct shrinking *sh)
{
	struct scenario tried = *sh->best;

	if (sh->result->at_ns + NS_PER_MS >= tried.end_ns)
		return false;
	tried.settled_ns = 0;
	tried.end_ns = sh->result->at_ns + NS_PER_MS;
	drop_commands_after(&tried, tried.end_ns);
	return keep(sh, &tried);
}

/* As long after settled_ns as it must be. */
static bool end_at_once(struct shrinking *sh)
{
	struct scenario tried = *sh->best;
	int64_t end_ns = tried.settled_ns + scenario_settle_ns(&tried);

	if (tried.settled_ns == 0 || end_ns >= tried.end_ns)
		return false;
	tried.end_ns = end_ns;
	return keep(sh, &tried);
}

/* ---- commands ---- */

static void remove_commands(struct scenario *s, unsigned first, unsigned count)
{
	s->command_count -= count;
	memmove(&s->commands[first], &s->commands[first + count],
		(s->command_count - first) * sizeof(*s->commands));
}

static bool without_some(struct shrinking *sh, unsigned count)
{
	bool progress = false;

	for (unsigned first = 0; first + count <= sh->best->command_count;) {
		struct scenario tried = *sh->best;

		remove_commands(&tried, first, count);
		if (keep(sh, &tried))
			progress = true;
		else
			first += count;
	}
	return progress;
}

static bool without_commands(struct shrinking *sh)
{
	bool progress = false;

	for (unsigned count = sh->best->command_count / 2; count > 0; count /= 2)
		progress |= without_some(sh, count);
	return progress;
}

/* Half of a flood, as long as that will do. */
static bool smaller_floods(struct shrinking *sh)
{
	bool progress = false;

	for (unsigned i = 0; i < sh->best->command_count; i++) {
		struct scenario tried = *sh->best;

		while (tried.commands[i].count > 1) {
			tried.commands[i].count /= 2;
			if (!keep(sh, &tried))
				break;
			progress = true;
		}
	}
	return progress;
}

/* ---- routers ---- */

static bool is_about(const struct sim_command *command, unsigned router)
{
	return command->router == router || command->peer == router;
}

static void renumber(uint8_t *number, unsigned removed)
{
	if (*number != SIM_NOBODY && *number > removed)
		(*number)--;
}

static void remove_router(struct scenario *s, unsigned router)
{
	for (unsigned i = s->command_count; i > 0; i--)
		if (is_about(&s->commands[i - 1], router))
			remove_commands(s, i - 1, 1);
	for (unsigned i = 0; i < s->command_count; i++) {
		renumber(&s->commands[i].router, router);
		renumber(&s->commands[i].peer, router);
	}
	s->router_count--;
	memmove(&s->routers[router], &s->routers[router + 1],
		(s->router_count - router) * sizeof(*s->routers));
}

static bool without_routers(struct shrinking *sh)
{
	bool progress = false;

	for (unsigned i = sh->best->router_count; i > 0 && sh->best->router_count > 1; i--) {
		struct scenario tried = *sh->best;

		remove_router(&tried, i - 1);
		progress |= keep(sh, &tried);
	}
	return progress;
}

/* ---- settings: as they are by default ---- */

static bool simpler_field(struct shrinking *sh, const struct field *field, size_t offset,
			  const void *usual)
{
	struct scenario tried = *sh->best;
	char *place = (char *)&tried + offset + field->offset;

	if (memcmp(place, (const char *)usual + field->offset, field->size) == 0)
		return false;
	memcpy(place, (const char *)usual + field->offset, field->size);
	return keep(sh, &tried);
}

static bool simpler_fields(struct shrinking *sh, const struct field *field, size_t offset,
			   const void *usual)
{
	bool progress = false;

	for (; field->size != 0; field++)
		progress |= simpler_field(sh, field, offset, usual);
	return progress;
}

static const struct field *chance_of(const struct field *field, const char *word)
{
	while (strcmp(field->word, word) != 0)
		field++;
	return field;
}

static bool simpler_wire(struct shrinking *sh)
{
	struct scenario usual;
	bool progress;

	scenario_init(&usual);
	progress = simpler_fields(sh, scenario_wire, offsetof(struct scenario, wire), &usual.wire);
	progress |= simpler_fields(sh, scenario_hesitate, 0, &usual);
	progress |= simpler_field(sh, chance_of(scenario_settings, "client"), 0, &usual);
	return progress;
}

static bool simpler_routers(struct shrinking *sh)
{
	bool progress = false;

	for (unsigned i = 0; i < sh->best->router_count; i++) {
		struct sim_router usual = scenario_router_default(i);

		usual.interval_cs = sh->best->routers[i].interval_cs;
		usual.address = sh->best->routers[i].address;
		progress |= simpler_fields(sh, scenario_router,
					   offsetof(struct scenario, routers[i]), &usual);
	}
	return progress;
}

/* ---- time ---- */

static int64_t rounded(int64_t ns, int64_t unit_ns)
{
	return (ns + unit_ns / 2) / unit_ns * unit_ns;
}

static bool in_order(const struct scenario *s)
{
	for (unsigned i = 1; i < s->command_count; i++)
		if (s->commands[i].at_ns < s->commands[i - 1].at_ns)
			return false;
	return s->command_count == 0 || s->commands[s->command_count - 1].at_ns <= s->end_ns;
}

/* Does nothing last longer than it may? A span that is rounded, or earlier peace, may let it. */
static bool in_time(const struct scenario *s)
{
	for (unsigned i = 0; i < s->command_count && s->settled_ns != 0; i++)
		if (s->commands[i].op < SIM_EXPECT_STATE &&
		    scenario_command_end_ns(&s->commands[i]) > s->settled_ns)
			return false;
	return in_order(s);
}

static bool rounder_number(struct shrinking *sh, int64_t *number, struct scenario *tried)
{
	for (int64_t unit_ns = NS_PER_S; unit_ns > 1; unit_ns /= 10) {
		int64_t before_ns = *number;

		if (before_ns % unit_ns == 0)
			return false;
		*number = rounded(before_ns, unit_ns);
		if (in_time(tried) && keep(sh, tried))
			return true;
		*number = before_ns;
	}
	return false;
}

static bool rounder_times(struct shrinking *sh)
{
	bool progress = false;

	for (unsigned i = 0; i < sh->best->command_count; i++) {
		struct scenario tried = *sh->best;

		progress |= rounder_number(sh, &tried.commands[i].at_ns, &tried);
		tried = *sh->best;
		progress |= rounder_number(sh, &tried.commands[i].span_ns, &tried);
	}
	return progress;
}

/* Command `first` and all that follows come earlier. */
static void pull(struct scenario *s, unsigned first, int64_t by_ns)
{
	for (unsigned i = first; i < s->command_count; i++)
		s->commands[i].at_ns -= by_ns;
	s->end_ns -= by_ns;
	if (s->settled_ns != 0)
		s->settled_ns -= by_ns;
}

static bool closer(struct shrinking *sh, unsigned i)
{
	int64_t before_ns = i == 0 ? 0 : sh->best->commands[i - 1].at_ns;
	int64_t gap_ns = sh->best->commands[i].at_ns - before_ns;

	for (int64_t by_ns = gap_ns; by_ns > gap_ns / 8; by_ns -= gap_ns / 4 + 1) {
		struct scenario tried = *sh->best;

		pull(&tried, i, by_ns);
		if (tried.settled_ns >= 0 && in_time(&tried) && keep(sh, &tried))
			return true;
	}
	return false;
}

static bool closer_times(struct shrinking *sh)
{
	bool progress = false;

	for (unsigned i = 0; i < sh->best->command_count; i++)
		progress |= closer(sh, i);
	return progress;
}

/* ---- all of it ---- */

unsigned shrink(struct scenario *scenario, struct sim_result *result, shrink_run_fn *run,
		void *data, unsigned runs_max)
{
	static bool (*const steps[])(struct shrinking *) = {
		end_early,	 without_commands, smaller_floods, without_routers, simpler_wire,
		simpler_routers, closer_times,	   end_at_once,	   rounder_times,
	};
	struct shrinking sh = {
		.best = scenario,
		.result = result,
		.run = run,
		.data = data,
		.runs_max = runs_max,
	};
	bool progress = true;

	kind_of(result->failure, sh.kind);
	while (progress && sh.runs < runs_max) {
		progress = false;
		for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
			progress |= steps[i](&sh);
	}
	return sh.runs;
}
