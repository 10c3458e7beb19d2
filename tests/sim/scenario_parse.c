/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scenario from text: settings, then routers, then what happens, in the order of time. Whatever
 * is not understood, said twice, or comes too late to matter, is an error.
 */
#include <ctype.h>
#include <string.h>

#include "sim/scenario_line.h"
#include "sim/scenario_words.h"

struct parser {
	struct scenario *scenario;
	struct line *line;
	unsigned settings_seen; /* bit i: row i of scenario_settings */
	bool wire_seen, hesitate_seen, name_seen;
	bool timed; /* the first command was seen: no settings any more */
	int64_t at_ns;
};

/* ---- settings ---- */

static bool once(struct parser *p, bool *seen, const char *word)
{
	if (*seen)
		return line_fail(p->line, "\"%s\" is set for the second time", word);
	*seen = true;
	return true;
}

static bool parse_name(struct parser *p)
{
	char *name = p->scenario->name;
	size_t size = sizeof(p->scenario->name), used = 0;

	if (!once(p, &p->name_seen, "name"))
		return false;
	if (!line_peek(p->line))
		return line_unexpected(p->line, "", "the name of the scenario");
	while (line_peek(p->line) && used < size)
		used += (size_t)snprintf(name + used, size - used, "%s%s", used ? " " : "",
					 line_take(p->line));
	return used < size || line_fail(p->line, "the name is longer than %zu bytes", size - 1);
}

static bool parse_setting(struct parser *p, const char *word)
{
	struct scenario *scenario = p->scenario;
	unsigned i = 0;

	while (scenario_settings[i].size != 0 && strcmp(scenario_settings[i].word, word) != 0)
		i++;
	if (scenario_settings[i].size == 0)
		return line_fail(p->line,
				 "\"%s\": expected name, seed, version, family, vrid, wire, "
				 "hesitate, client, settled, end, router, or a time and what "
				 "happens then",
				 word);
	if (p->settings_seen & 1u << i)
		return line_fail(p->line, "\"%s\" is set for the second time", word);
	p->settings_seen |= 1u << i;
	if (scenario->router_count > 0)
		return line_fail(p->line, "\"%s\" must stand before the routers", word);
	if (!line_take_value(p->line, &scenario_settings[i], scenario))
		return false;
	return line_at_end(p->line);
}

/* They are called r1, r2 and so on, as in the trace. */
static int find_router(const struct scenario *scenario, const char *name)
{
	unsigned number = (unsigned)(name[0] == 'r' ? name[1] - '0' : 0);

	return number >= 1 && number <= scenario->router_count && name[2] == '\0' ? (int)number - 1
										  : -1;
}

static bool check_interval(struct parser *p, uint32_t interval_cs)
{
	if (p->scenario->version == 2 && p->scenario->family == VRRP_IPV6)
		return line_fail(p->line, "version 2 has no IPv6");
	if (p->scenario->version == 2 && interval_cs % 100 != 0)
		return line_fail(p->line, "version 2 has intervals of whole seconds");
	if (p->scenario->version == 3 && interval_cs > VRRP_INTERVAL_MAX_CS)
		return line_fail(p->line, "version 3 has intervals of 40.95s at most");
	return true;
}

static bool check_router(struct parser *p, const struct sim_router *router)
{
	const struct scenario *scenario = p->scenario;

	for (unsigned i = 0; i < scenario->router_count; i++)
		if (scenario->routers[i].address == router->address)
			return line_fail(p->line, "r%u has that address already", i + 1);
	return check_interval(p, router->interval_cs);
}

static bool parse_router(struct parser *p)
{
	struct scenario *scenario = p->scenario;
	struct sim_router router = scenario_router_default(scenario->router_count);
	const char name[] = {'r', (char)('1' + scenario->router_count), '\0'};

	if (scenario->router_count == SIM_ROUTERS_MAX)
		return line_fail(p->line, "more than %d routers", SIM_ROUTERS_MAX);
	if (!line_take_if(p->line, name))
		return line_unexpected(p->line, line_take(p->line), name);
	if (!line_take_fields(p->line, scenario_router, &router) || !check_router(p, &router))
		return false;
	scenario->routers[scenario->router_count++] = router;
	return true;
}

static bool parse_header(struct parser *p)
{
	struct scenario *scenario = p->scenario;
	const char *word = line_take(p->line);

	if (p->timed)
		return line_fail(p->line,
				 "\"%s\": expected a time: settings and routers stand before what "
				 "happens",
				 word);
	if (strcmp(word, "name") == 0)
		return parse_name(p);
	if (strcmp(word, "router") == 0)
		return parse_router(p);
	if (strcmp(word, "wire") == 0)
		return once(p, &p->wire_seen, word) &&
		       line_take_fields(p->line, scenario_wire, &scenario->wire);
	if (strcmp(word, "hesitate") == 0)
		return once(p, &p->hesitate_seen, word) &&
		       line_take_fields(p->line, scenario_hesitate, scenario);
	return parse_setting(p, word);
}

/* ---- what happens ---- */

static unsigned every_router(const struct parser *p)
{
	return (1u << p->scenario->router_count) - 1;
}

/* The routers that the next words name, as bits; 0 = an error was told. */
static unsigned take_routers(struct parser *p)
{
	const struct scenario *scenario = p->scenario;
	unsigned set = 0;
	int found;

	if (line_take_if(p->line, "all"))
		return every_router(p);
	while (line_peek(p->line) && (found = find_router(scenario, line_peek(p->line))) >= 0) {
		set |= 1u << found;
		line_take(p->line);
	}
	if (set == 0)
		line_unexpected(p->line, line_take(p->line), "the name of a router, or all");
	return set;
}

static bool add(struct parser *p, const struct sim_command *command, unsigned router, unsigned peer)
{
	struct scenario *scenario = p->scenario;
	struct sim_command *place = &scenario->commands[scenario->command_count];

	if (scenario->command_count == SIM_COMMANDS_MAX)
		return line_fail(p->line,
				 "more than %d commands (a line about n routers is n of them)",
				 SIM_COMMANDS_MAX);
	*place = *command;
	place->router = (uint8_t)router;
	place->peer = (uint8_t)peer;
	scenario->command_count++;
	return true;
}

static bool check_command(struct parser *p, const struct sim_command *command, unsigned router)
{
	const struct sim_router *is = &p->scenario->routers[router];
	const struct sentence *sentence = sentence_of(command);

	if (sentence->ours && is->kind != SIM_XVRRPD)
		return line_fail(p->line, "\"%s\": r%u is not xvrrpd, and knows nothing of that",
				 sentence->word, router + 1);
	if (command->op == SIM_CONFIGURE && command->interval_cs != 0 &&
	    !check_interval(p, command->interval_cs))
		return false;
	if ((command->op == SIM_PRIORITY ||
	     (command->op == SIM_CONFIGURE && command->priority != 0)) &&
	    is->priority == 255)
		return line_fail(p->line, "r%u is the owner: its priority does not change",
				 router + 1);
	return true;
}

static bool add_for_routers(struct parser *p, const struct sim_command *command, unsigned set)
{
	for (unsigned i = 0; i < p->scenario->router_count; i++) {
		if (!(set & 1u << i))
			continue;
		struct sim_command one = *command;

		one.router = (uint8_t)i;
		if (!check_command(p, &one, i) || !add(p, &one, i, SIM_NOBODY))
			return false;
	}
	return true;
}

static bool add_for_pairs(struct parser *p, const struct sim_command *command, unsigned from,
			  unsigned to)
{
	for (unsigned a = 0; a < p->scenario->router_count; a++)
		for (unsigned b = 0; b < p->scenario->router_count; b++)
			if (a != b && from & 1u << a && to & 1u << b && !add(p, command, a, b))
				return false;
	return true;
}

static struct sim_command begin_command(const struct parser *p, const struct sentence *sentence)
{
	struct sim_command command = scenario_command_default(sentence->op);

	command.at_ns = p->at_ns;
	command.line = p->line->number;
	if (sentence->fixed)
		command.value = sentence->value;
	return command;
}

static bool parse_pairs(struct parser *p, const struct sentence *sentence)
{
	struct sim_command command = begin_command(p, sentence);
	unsigned from = take_routers(p), to;
	bool both;

	if (from == 0)
		return false;
	both = line_take_if(p->line, "<->");
	if (!both && !line_take_if(p->line, "->"))
		return line_unexpected(p->line, line_take(p->line),
				       "-> (one way) or <-> (both ways)");
	to = take_routers(p);
	if (to == 0)
		return false;
	if (!line_at_end(p->line))
		return false;
	return add_for_pairs(p, &command, from, to) &&
	       (!both || add_for_pairs(p, &command, to, from));
}

static const struct sentence *find(const struct sentence *sentence, const char *word)
{
	while (sentence->word && strcmp(sentence->word, word) != 0)
		sentence++;
	return sentence->word ? sentence : NULL;
}

static bool unknown_sentence(struct parser *p, const struct sentence *sentence, const char *word)
{
	char expected[400];
	size_t used = 0;

	for (; sentence->word && used < sizeof(expected); sentence++)
		used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%s",
					 used ? ", " : "", sentence->word);
	return line_unexpected(p->line, word, expected);
}

static bool parse_rest(struct parser *p, const struct sentence *sentence, unsigned routers)
{
	struct sim_command command = begin_command(p, sentence);

	if (!line_take_fields(p->line, sentence->fields, &command))
		return false;
	if (command.op == SIM_FORGE && !check_interval(p, command.interval_cs))
		return false;
	if (sentence->who == WHO_NOBODY)
		return add(p, &command, SIM_NOBODY, SIM_NOBODY);
	if (sentence->to && routers == every_router(p))
		return add(p, &command, SIM_NOBODY, SIM_NOBODY);
	return add_for_routers(p, &command, routers);
}

static bool parse_command(struct parser *p)
{
	const char *word = line_take(p->line);
	const struct sentence *sentence = find(scenario_commands, word);
	unsigned routers = 0;

	if (!sentence)
		return unknown_sentence(p, scenario_commands, word);
	if (sentence->to && !line_take_if(p->line, sentence->to))
		return line_unexpected(p->line, line_take(p->line), sentence->to);
	if (sentence->who == WHO_PAIRS)
		return parse_pairs(p, sentence);
	if (sentence->who == WHO_ROUTERS && (routers = take_routers(p)) == 0)
		return false;
	return parse_rest(p, sentence, routers);
}

/* `expect r1 r2 backup`, or `expect actives 1`. */
static bool parse_expectation(struct parser *p)
{
	const char *word = line_peek(p->line) ? line_peek(p->line) : "";
	const struct sentence *sentence = find(scenario_expectations, word);
	bool of_nobody = sentence && sentence->who == WHO_NOBODY;
	unsigned routers = 0;

	if (!of_nobody && (routers = take_routers(p)) == 0)
		return false;
	word = line_take(p->line);
	sentence = find(scenario_expectations, word);
	if (!sentence || (sentence->who == WHO_NOBODY) != of_nobody)
		return unknown_sentence(p, scenario_expectations, word);
	return parse_rest(p, sentence, routers);
}

/* `+5ms` is 5 ms after the line before. */
static bool take_time(struct parser *p)
{
	const char *text = line_take(p->line);
	bool relative = *text == '+';
	int64_t ns;

	if (!time_parse(text + relative, &ns))
		return line_unexpected(p->line, text,
				       "a time such as 250ms, 1.5s or +3us "
				       "(units ns us ms cs s)");
	if (!relative && ns < p->at_ns)
		return line_fail(p->line, "\"%s\" is before the line above: time does not go back",
				 text);
	p->at_ns = relative ? p->at_ns + ns : ns;
	if (p->at_ns > p->scenario->end_ns)
		return line_fail(p->line, "\"%s\" is after the end", text);
	return true;
}

static bool is_timed(const struct parser *p)
{
	const char *word = line_peek(p->line);

	return *word == '+' || isdigit((unsigned char)*word) || strcmp(word, "at") == 0;
}

static bool parse_timed(struct parser *p)
{
	if (p->scenario->router_count == 0)
		return line_fail(p->line, "there is no router to which anything could happen");
	if (p->scenario->end_ns == 0)
		return line_fail(p->line, "\"end\" must be set before the first time");
	p->timed = true;
	line_take_if(p->line, "at");
	if (!take_time(p))
		return false;
	return line_take_if(p->line, "expect") ? parse_expectation(p) : parse_command(p);
}

/* ---- the whole ---- */

static bool parse_line(struct parser *p)
{
	if (!line_split(p->line))
		return false;
	if (!line_peek(p->line))
		return true;
	return is_timed(p) ? parse_timed(p) : parse_header(p);
}

static bool is_fault(enum sim_op op)
{
	return op < SIM_EXPECT_STATE;
}

static long long whole_seconds(int64_t ns)
{
	return (ns + NS_PER_S - 1) / NS_PER_S;
}

/* From then on nothing is wrong, so nothing may happen, nor last longer. */
static bool check_settled(struct parser *p)
{
	const struct scenario *scenario = p->scenario;
	int64_t needs_ns = scenario_settle_ns(scenario);

	for (unsigned i = 0; i < scenario->command_count; i++) {
		const struct sim_command *command = &scenario->commands[i];

		p->line->number = command->line;
		if (is_fault(command->op) &&
		    scenario_command_end_ns(command) > scenario->settled_ns)
			return line_fail(
				p->line,
				"\"%s\" lasts longer than until %.9gs, when all is settled",
				sentence_of(command)->word,
				(double)scenario->settled_ns / NS_PER_S);
	}
	if (scenario->end_ns - scenario->settled_ns < needs_ns)
		return line_fail(p->line,
				 "peace takes %llds here: with settled at %.9gs, let end be %llds",
				 whole_seconds(needs_ns), (double)scenario->settled_ns / NS_PER_S,
				 whole_seconds(scenario->settled_ns + needs_ns));
	return true;
}

static bool check_whole(struct parser *p)
{
	const struct scenario *scenario = p->scenario;

	if (scenario->router_count == 0)
		return line_fail(p->line, "there is no router");
	if (scenario->end_ns == 0)
		return line_fail(p->line, "\"end\" is missing");
	return scenario->settled_ns == 0 || check_settled(p);
}

static void name_by_file(struct scenario *scenario, const char *file)
{
	const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;

	snprintf(scenario->name, sizeof(scenario->name), "%.*s", (int)strcspn(base, "."), base);
}

bool scenario_parse(struct scenario *scenario, const char *file, FILE *in, char *error, size_t size)
{
	struct line line = {.file = file, .error = error, .error_size = size};
	struct parser p = {.scenario = scenario, .line = &line};

	scenario_init(scenario);
	name_by_file(scenario, file);
	while (fgets(line.text, sizeof(line.text), in)) {
		line.number++;
		if (!parse_line(&p))
			return false;
	}
	if (ferror(in))
		return line_fail(&line, "cannot be read");
	return check_whole(&p);
}
