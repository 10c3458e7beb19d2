/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of the scenario language; README.md tells them to people. */
#include "sim/scenario_words.h"

#include <assert.h>

#define HOURS_NS  (1000 * 3600 * NS_PER_S) /* longer is a mistake */
#define COUNT_MAX 1000000

static const struct choice kinds[] = {
	{"xvrrpd", SIM_XVRRPD}, {"rfc", SIM_RFC}, {"keepalived", SIM_KEEPALIVED}, {0}};

static const struct choice checksums[] = {{"auto", CHECKSUM_POLICY_AUTO},
					  {"rfc9568", CHECKSUM_POLICY_RFC9568},
					  {"pseudo", CHECKSUM_POLICY_PSEUDO},
					  {0}};

/* The names that the agent gives them, see vr_fault_name(). */
static const struct choice faults[] = {
	{"no-interface", FAULT_NO_INTERFACE}, {"interface-down", FAULT_INTERFACE_DOWN},
	{"no-address", FAULT_NO_ADDRESS},     {"no-virtual-address", FAULT_NO_VIRTUAL_ADDRESS},
	{"data-plane", FAULT_DATA_PLANE},     {0},
};

static const struct choice mistakes[] = {
	{"ttl", FORGE_TTL},
	{"checksum", FORGE_SUM},
	{"version", FORGE_VERSION},
	{"type", FORGE_TYPE},
	{"length", FORGE_LENGTH},
	{"addresses", FORGE_ADDRESS},
	{"zero", FORGE_INTERVAL},
	{"vrid", FORGE_VRID},
	{"own", FORGE_OWN},
	{"unicast", FORGE_UNICAST},
	{0},
};

/* ---- settings ---- */

static const struct choice families[] = {{"ipv4", VRRP_IPV4}, {"ipv6", VRRP_IPV6}, {0}};

#define TIME(type, member)   FIELD(type, member), .kind = VALUE_TIME, .most = HOURS_NS
#define CHANCE(type, member) FIELD(type, member), .kind = VALUE_CHANCE, .most = 1000000
#define NUMBER(type, member, low, high) \
	FIELD(type, member), .kind = VALUE_NUMBER, .least = (low), .most = (high)

const struct field scenario_settings[] = {
	{.word = "seed", NUMBER(struct scenario, seed, 0, INT64_MAX)},
	{.word = "version", NUMBER(struct scenario, version, 2, 3)},
	{.word = "family",
	 FIELD(struct scenario, family),
	 .kind = VALUE_CHOICE,
	 .choices = families},
	{.word = "vrid", NUMBER(struct scenario, vrid, 1, 255)},
	{.word = "down-adverts", NUMBER(struct scenario, down_adverts, 2, 100)},
	{.word = "client", TIME(struct scenario, client_ns)},
	{.word = "settled", TIME(struct scenario, settled_ns)},
	{.word = "end", TIME(struct scenario, end_ns)},
	{0},
};

const struct field scenario_wire[] = {
	{.word = "delay", TIME(struct sim_wire, delay_ns)},
	{.word = "jitter", TIME(struct sim_wire, jitter_ns)},
	{.word = "loss", CHANCE(struct sim_wire, loss_ppm)},
	{.word = "duplicate", CHANCE(struct sim_wire, duplicate_ppm)},
	{.word = "reorder", CHANCE(struct sim_wire, reorder_ppm)},
	{.word = "by", TIME(struct sim_wire, reorder_ns)},
	{0},
};

const struct field scenario_hesitate[] = {
	{CHANCE(struct scenario, hesitate_ppm)},
	{.word = "for", TIME(struct scenario, hesitate_ns), .required = true},
	{0},
};

const struct field scenario_router[] = {
	{FIELD(struct sim_router, kind), .kind = VALUE_CHOICE, .choices = kinds},
	{.word = "priority", NUMBER(struct sim_router, priority, 1, 255)},
	{.word = "nopreempt",
	 FIELD(struct sim_router, preempt),
	 .kind = VALUE_FLAG,
	 .least = false},
	{.word = "preempt-delay", TIME(struct sim_router, preempt_delay_ns)},
	{.word = "no-answer",
	 FIELD(struct sim_router, no_answer),
	 .kind = VALUE_FLAG,
	 .least = true},
	{.word = "last-word",
	 FIELD(struct sim_router, last_word),
	 .kind = VALUE_FLAG,
	 .least = true},
	{.word = "interval",
	 FIELD(struct sim_router, interval_cs),
	 .kind = VALUE_INTERVAL,
	 .least = 1,
	 .most = 25500},
	{.word = "address",
	 FIELD(struct sim_router, address),
	 .kind = VALUE_ADDRESS,
	 .most = UINT32_MAX},
	{.word = "checksum",
	 FIELD(struct sim_router, checksum),
	 .kind = VALUE_CHOICE,
	 .choices = checksums},
	{.word = "announce", NUMBER(struct sim_router, announce.repeat, 1, 100)},
	{.word = "again", TIME(struct sim_router, announce.delay_ns)},
	{.word = "refresh", TIME(struct sim_router, announce.refresh_ns)},
	{.word = "refresh-announce", NUMBER(struct sim_router, announce.refresh_repeat, 1, 100)},
	{.word = "clock",
	 FIELD(struct sim_router, clock_ppm),
	 .kind = VALUE_RATE,
	 .least = -100000,
	 .most = 100000},
	{.word = "booted", TIME(struct sim_router, clock_offset_ns)},
	{.word = "wakes", TIME(struct sim_router, wake_ns)},
	{.word = "loads", TIME(struct sim_router, load_ns)},
	{0},
};

/* ---- commands ---- */

static const struct field nothing[] = {{0}};

static const struct field for_span[] = {
	{.word = "for", TIME(struct sim_command, span_ns), .required = true}, {0}};

static const struct field pause_fields[] = {
	{.word = "for", TIME(struct sim_command, span_ns), .required = true},
	{.word = "holding", FIELD(struct sim_command, value), .kind = VALUE_FLAG, .least = 1},
	{0},
};

static const struct field lame_fields[] = {
	{.word = "by", TIME(struct sim_command, span_ns), .required = true}, {0}};

static const struct field torn_fields[] = {
	{.word = "after", NUMBER(struct sim_command, value, 0, 20), .required = true}, {0}};

static const struct field fault_fields[] = {
	{FIELD(struct sim_command, value), .kind = VALUE_CHOICE, .choices = faults}, {0}};

static const struct field priority_fields[] = {{NUMBER(struct sim_command, value, 1, 254)}, {0}};

static const struct choice preempts[] = {{"on", 1}, {"off", 2}, {0}};

static const struct field configure_fields[] = {
	{.word = "priority", NUMBER(struct sim_command, priority, 1, 254)},
	{.word = "interval",
	 FIELD(struct sim_command, interval_cs),
	 .kind = VALUE_INTERVAL,
	 .least = 1,
	 .most = 25500},
	{.word = "preempt",
	 FIELD(struct sim_command, value),
	 .kind = VALUE_CHOICE,
	 .choices = preempts},
	{0},
};

static const struct field loss_fields[] = {{CHANCE(struct sim_command, value)}, {0}};

#define REPEATED                                                            \
	{.word = "times", NUMBER(struct sim_command, count, 1, COUNT_MAX)}, \
		{.word = "every", TIME(struct sim_command, span_ns)},       \
	{                                                                   \
		0                                                           \
	}

static const struct field forge_fields[] = {
	{.word = "from",
	 FIELD(struct sim_command, address),
	 .kind = VALUE_ADDRESS,
	 .most = UINT32_MAX,
	 .required = true},
	{.word = "priority", NUMBER(struct sim_command, priority, 0, 255), .required = true},
	{.word = "interval",
	 FIELD(struct sim_command, interval_cs),
	 .kind = VALUE_INTERVAL,
	 .least = 1,
	 .most = 25500},
	{.word = "wrong", FIELD(struct sim_command, value), .kind = VALUE_SET, .choices = mistakes},
	REPEATED,
};

static const struct field claim_fields[] = {REPEATED};

const struct sentence scenario_commands[] = {
	{"start", SIM_START, WHO_ROUTERS, .fields = nothing},
	{"kill", SIM_KILL, WHO_ROUTERS, .fields = nothing},
	{"stop", SIM_STOP, WHO_ROUTERS, .fields = nothing},
	{"leave", SIM_LEAVE, WHO_ROUTERS, .ours = true, .fields = nothing},
	{"reboot", SIM_REBOOT, WHO_ROUTERS, .fields = for_span},
	{"freeze", SIM_FREEZE, WHO_ROUTERS, .fields = for_span},
	{"pause", SIM_PAUSE, WHO_ROUTERS, .fields = pause_fields},
	{"lame", SIM_LAME, WHO_ROUTERS, .ours = true, .fields = lame_fields},
	{"tear", SIM_TORN, WHO_ROUTERS, .ours = true, .fields = torn_fields},
	{"fault", SIM_FAULT, WHO_ROUTERS, .ours = true, .fields = fault_fields},
	{"mend", SIM_MEND, WHO_ROUTERS, .ours = true, .fields = fault_fields},
	{"priority", SIM_PRIORITY, WHO_ROUTERS, .fields = priority_fields},
	{"configure", SIM_CONFIGURE, WHO_ROUTERS, .ours = true, .fields = configure_fields},
	{"drain", SIM_DRAIN, WHO_ROUTERS, .ours = true, .fields = nothing},
	{"undrain", SIM_UNDRAIN, WHO_ROUTERS, .ours = true, .fields = nothing},
	{"mute", SIM_MUTE, WHO_ROUTERS, .fields = nothing},
	{"unmute", SIM_UNMUTE, WHO_ROUTERS, .fields = nothing},
	{"detach", SIM_DETACH, WHO_ROUTERS, .fields = nothing},
	{"attach", SIM_ATTACH, WHO_ROUTERS, .fields = nothing},
	{"cut", SIM_CUT, WHO_PAIRS, .fields = nothing},
	{"join", SIM_JOIN, WHO_PAIRS, .fields = nothing},
	{"heal", SIM_JOIN, WHO_NOBODY, .fields = nothing},
	{"loss", SIM_LOSS, WHO_NOBODY, .fields = loss_fields},
	{"forge", SIM_FORGE, WHO_ROUTERS, .to = "to", .fields = forge_fields},
	{"claim", SIM_CLAIM, WHO_ROUTERS, .to = "to", .fields = claim_fields},
	{"mark", SIM_MARK, WHO_NOBODY, .fields = nothing},
	{0},
};

/* ---- expectations ---- */

static const struct field actives_fields[] = {
	{NUMBER(struct sim_command, value, 0, SIM_ROUTERS_MAX)}, {0}};

static const struct field counts_fields[] = {
	{FIELD(struct sim_command, least), .kind = VALUE_COUNTS}, {0}};

static const struct field times_fields[] = {{FIELD(struct sim_command, least), .kind = VALUE_TIMES},
					    {0}};

const struct sentence scenario_expectations[] = {
	{"initialize", SIM_EXPECT_STATE, WHO_ROUTERS, .fixed = true, .value = VR_INITIALIZE,
	 .fields = nothing},
	{"backup", SIM_EXPECT_STATE, WHO_ROUTERS, .fixed = true, .value = VR_BACKUP,
	 .fields = nothing},
	{"active", SIM_EXPECT_STATE, WHO_ROUTERS, .fixed = true, .value = VR_ACTIVE,
	 .fields = nothing},
	{"silent", SIM_EXPECT_ANSWERS, WHO_ROUTERS, .fixed = true, .value = 0, .fields = nothing},
	{"answers", SIM_EXPECT_ANSWERS, WHO_ROUTERS, .fixed = true, .value = 1, .fields = nothing},
	{"actives", SIM_EXPECT_ACTIVES, WHO_NOBODY, .fields = actives_fields},
	{"adverts", SIM_EXPECT_ADVERTS, WHO_ROUTERS, .fields = counts_fields},
	{"announcements", SIM_EXPECT_ANNOUNCEMENTS, WHO_ROUTERS, .fields = counts_fields},
	{"transitions", SIM_EXPECT_TRANSITIONS, WHO_ROUTERS, .ours = true, .fields = counts_fields},
	{"late", SIM_EXPECT_LATE, WHO_ROUTERS, .ours = true, .fields = counts_fields},
	{"took-over", SIM_EXPECT_TOOK_OVER, WHO_ROUTERS, .fields = times_fields},
	{"unanswered", SIM_EXPECT_UNANSWERED, WHO_NOBODY, .fields = counts_fields},
	{0},
};

/* ---- what follows from the tables ---- */

/* Somebody on the segment is heard by all at once: that is one command. */
static bool fits(const struct sentence *sentence, const struct sim_command *command)
{
	bool nobody = command->router == SIM_NOBODY;

	return sentence->op == command->op &&
	       (sentence->to || nobody == (sentence->who == WHO_NOBODY)) &&
	       (!sentence->fixed || sentence->value == command->value);
}

static const struct sentence *find_sentence(const struct sentence *sentence,
					    const struct sim_command *command)
{
	while (sentence->word && !fits(sentence, command))
		sentence++;
	return sentence->word ? sentence : NULL;
}

const struct sentence *sentence_of(const struct sim_command *command)
{
	const struct sentence *sentence = find_sentence(scenario_commands, command);

	if (!sentence)
		sentence = find_sentence(scenario_expectations, command);
	assert(sentence);
	return sentence;
}

struct sim_router scenario_router_default(unsigned number)
{
	static const struct sim_router base = {
		.priority = 100,
		.preempt = true,
		.interval_cs = 100,
		.announce = {.repeat = 5, .delay_ns = 5 * NS_PER_S, .refresh_repeat = 1},
	};
	struct sim_router router = base;

	router.address = 0xc000020b + number; /* 192.0.2.11 */
	return router;
}

struct sim_command scenario_command_default(enum sim_op op)
{
	static const struct sim_command base = {.router = SIM_NOBODY, .peer = SIM_NOBODY};
	struct sim_command command = base;

	command.op = op;
	if (op == SIM_FORGE || op == SIM_CLAIM)
		command.count = 1;
	if (op == SIM_FORGE)
		command.interval_cs = 100;
	return command;
}
