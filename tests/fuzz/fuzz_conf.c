/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration language: any bytes are a file. Whatever is in it, diagnostics stand inside of
 * the text, in order, and are one printable line each; what is not refused prints a canonical form
 * that parses to itself, and has only values that the state machine takes.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/world.h"
#include "core/vr.h"
#include "fuzz.h"
#include "statement.h"

/* ---- files ---- */

/*
 * A byte 1 ends a file: the first one is the configuration, the others are what it, and they,
 * include: `include 1` is the second one, `include 1 2 1` several.
 */
#define FILES_MAX 4

struct files {
	const char *text[FILES_MAX];
	size_t length[FILES_MAX], count;
};

static void split_files(struct files *files, const char *text, size_t length)
{
	const char *end = text + length, *stop;

	*files = (struct files){0};
	do {
		stop = files->count < FILES_MAX - 1 ? memchr(text, 1, (size_t)(end - text)) : NULL;
		files->text[files->count] = text;
		files->length[files->count++] = (size_t)((stop ? stop : end) - text);
		text = stop ? stop + 1 : end;
	} while (stop);
}

static void find(const struct conf_world *world, const char *pattern, struct conf_found *found)
{
	(void)world;
	found->wildcards = strchr(pattern, '*');
	found->missing = !strpbrk(pattern, "123") && !found->wildcards;
	found->problem = strchr(pattern, '?') ? "a question mark" : NULL;
	found->paths = calloc(strlen(pattern) + 1, sizeof(found->paths[0]));
	must(found->paths);
	for (; *pattern; pattern++)
		if (*pattern >= '0' && *pattern <= '3')
			found->paths[found->count++] = strndup(pattern, 1);
}

static const char *read_text(const struct conf_world *world, const char *path,
			     struct conf_text *text)
{
	const struct files *files = world->data;
	size_t number = (size_t)(*path - '0');

	if (number >= files->count)
		return "there is none";
	*text = (struct conf_text){
		.bytes = malloc(files->length[number] + 1),
		.length = files->length[number],
		.inode = 1 + number,
	};
	must(text->bytes);
	memcpy(text->bytes, files->text[number], text->length);
	return NULL;
}

static char *directory(const struct conf_world *world, const char *file)
{
	(void)world;
	return *file == '1' ? NULL : strdup("/a b/\"c");
}

static const char *environment(const struct conf_world *world, const char *name)
{
	(void)world;
	return *name == 'E' ? "${_ENV E}\n#{" : NULL;
}

/* ---- diagnostics ---- */

static const char *line_at(const char *text, const char *end, unsigned number)
{
	while (--number) {
		text = memchr(text, '\n', (size_t)(end - text));
		must(text);
		text++;
	}
	return text;
}

static void check_place(const struct conf_place *place, const char *text, size_t length)
{
	const char *end = text + length, *line, *newline;

	if (place->line == 0) {
		must(place->column == 0);
		return;
	}
	line = line_at(text, end, place->line);
	newline = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
	must(place->column >= 1);
	must(place->column - 1 <= (size_t)((newline ? newline : end) - line));
}

static void check_line(const struct conf_diag *diag)
{
	char *line = conf_diag_format(diag);

	must(*diag->text);
	for (const char *at = line; *at; at++)
		must(*at >= ' ' && *at <= '~');
	free(line);
}

static void check_diags(const struct conf *conf, const struct conf_diags *diags,
			const struct files *files)
{
	unsigned line = 0;
	size_t at = 0, number = 0;

	must(diags->count <= 2 * CONF_DIAGS_MAX);
	must(diags->count <= diags->errors + diags->warnings);
	for (size_t i = 0; i < diags->count; i++) {
		const struct conf_diag *diag = &diags->list[i];

		for (; diag->place.file != conf->files[at]; line = 0)
			must(conf->files[++at]);
		must(diag->place.line >= line);
		line = diag->place.line;
		number = at ? (size_t)(*conf->files[at] - '0') : 0;
		check_place(&diag->place, files->text[number], files->length[number]);
		check_line(diag);
	}
}

/* ---- what is not refused ---- */

static void check_addresses(const struct conf_instance *instance)
{
	bool ipv4 = instance->family == VRRP_IPV4;

	must(instance->address_count <= VRRP_ADDRESSES_MAX);
	for (size_t i = 0; i < instance->address_count; i++) {
		const struct conf_address *address = &instance->addresses[i];

		must(addr_is_ipv4(&address->address) == ipv4);
		must(address->prefix_len <= (ipv4 ? 32 : 128));
		must(!address->has_broadcast || addr_is_ipv4(&address->broadcast) == ipv4);
		must(memchr(address->dev, '\0', sizeof(address->dev)));
		must(memchr(address->label, '\0', sizeof(address->label)));
	}
}

static void check_peers(const struct conf_instance *instance)
{
	must(instance->peer_count <= 255);
	must(instance->unicast_ttl > 0);
	must(addr_is_zero(&instance->source) ||
	     addr_is_ipv4(&instance->source) == (instance->family == VRRP_IPV4));
	for (size_t i = 0; i < instance->peer_count; i++) {
		const struct conf_peer *peer = &instance->peers[i];

		must(addr_is_ipv4(&peer->address) == (instance->family == VRRP_IPV4));
		must(peer->min_ttl <= peer->max_ttl);
		must(!addr_equal(&peer->address, &instance->source));
		for (size_t j = 0; j < i; j++)
			must(!addr_equal(&peer->address, &instance->peers[j].address));
	}
}

static void check_scripts(const struct conf_script notify[CONF_NOTIFY_KINDS])
{
	for (size_t i = 0; i < CONF_NOTIFY_KINDS; i++) {
		must(!notify[i].words || !notify[i].words[0] || *notify[i].words[0]);
		must(!notify[i].words || notify[i].words[0] || i == CONF_NOTIFY_DELETED);
		must(notify[i].words || !notify[i].user);
		must(notify[i].user || !notify[i].group);
	}
}

/* Every instance is in the group that it points to, and in no other. */
static void check_groups(const struct conf *conf)
{
	size_t members = 0;

	for (size_t i = 0; i < conf->group_count; i++) {
		const struct conf_group *group = &conf->groups[i];

		must(group->member_count > 0);
		for (size_t j = 0; j < group->member_count; j++) {
			must(group->members[j] < conf->instance_count);
			must(conf->instances[group->members[j]].group == group);
		}
		members += group->member_count;
		check_scripts(group->notify);
	}
	for (size_t i = 0; i < conf->instance_count; i++)
		members -= conf->instances[i].group != NULL;
	must(members == 0);
}

static void check_objects(const struct conf *conf)
{
	for (size_t i = 0; i < conf->script_count; i++) {
		const struct conf_check_script *script = &conf->scripts[i];

		must(*script->name && *script->script.words[0]);
		must(script->interval_us > 0 && script->timeout_us > 0);
		must(script->rise > 0 && script->fall > 0);
	}
	for (size_t i = 0; i < conf->track_file_count; i++)
		must(*conf->track_files[i].name && *conf->track_files[i].path);
	for (size_t i = 0; i < conf->process_count; i++) {
		must(*conf->processes[i].name && *conf->processes[i].words[0]);
		must(conf->processes[i].quorum <= conf->processes[i].quorum_max);
	}
}

/* Each object exists, is tracked once, and has a weight that counts. */
static void check_tracks(const struct conf *conf, const struct conf_track *tracks, size_t count)
{
	const size_t objects[CONF_TRACK_KINDS] = {
		[CONF_TRACK_SCRIPT] = conf->script_count,
		[CONF_TRACK_FILE] = conf->track_file_count,
		[CONF_TRACK_PROCESS] = conf->process_count,
	};

	for (size_t i = 0; i < count; i++) {
		const struct conf_track *track = &tracks[i];

		must(track->kind < CONF_TRACK_KINDS);
		must(track->weight >= -253 && track->weight <= 253);
		if (track->kind == CONF_TRACK_INTERFACE)
			must(*track->interface && memchr(track->interface, '\0', IFNAMSIZ));
		else
			must(track->object < objects[track->kind]);
		for (size_t j = 0; j < i; j++)
			must(tracks[j].kind != track->kind || tracks[j].object != track->object ||
			     strcmp(tracks[j].interface, track->interface) != 0);
	}
}

static void check_excluded(const struct conf_addresses *addresses)
{
	for (size_t i = 0; i < addresses->count; i++) {
		const struct conf_address *address = &addresses->list[i];

		must(address->prefix_len <= (addr_is_ipv4(&address->address) ? 32 : 128));
		must(memchr(address->dev, '\0', sizeof(address->dev)));
		must(memchr(address->label, '\0', sizeof(address->label)));
	}
}

/* vr_init() asserts the ranges. */
static void check_instance(const struct conf_instance *instance)
{
	struct vr_params params = {
		.family = instance->family,
		.version = instance->version,
		.vrid = instance->vrid,
		.priority = instance->priority,
		.interval_cs = instance->interval_cs,
		.preempt = instance->preempt,
		.preempt_delay_ns = instance->preempt_delay_us * NS_PER_US,
		.down_adverts = instance->down_adverts,
		.announce =
			{
				.repeat = instance->garp.repeat,
				.delay_ns = instance->garp.delay_us * NS_PER_US,
				.refresh_ns = instance->garp.refresh_us * NS_PER_US,
				.refresh_repeat = instance->garp.refresh_repeat,
			},
	};
	struct vr vr;

	vr_init(&vr, &params);
	must(*instance->name);
	must(*instance->interface || instance->unusable);
	must(memchr(instance->interface, '\0', sizeof(instance->interface)));
	check_addresses(instance);
	check_peers(instance);
	check_scripts(instance->notify);
	check_excluded(&instance->excluded);
	must(instance->garp.lower_prio_delay_us >= 0 && instance->garp.extra_if_us >= 0);
}

/* Nothing is told of the canonical form but what no other value could be used for. */
static bool stays(const struct conf_diag *diag)
{
	static const char *const texts[] = {
		"does not run",
		"nothing will run",
		"one member only",
		"link-local, and there is",
		"there is no shell",
		"priority 255 and others",
		"stays in fault",
		"strict mode",
		"a weight with `nopreempt`",
		"through that one alone",
		"is held at 254",
		"is longer than its `interval`",
		"without `enable_script_security`",

	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strstr(diag->text, texts[i]))
			return true;
	return false;
}

static void check_canonical(const char *printed)
{
	struct conf_diags diags = {0};
	struct conf *conf = conf_parse("printed", printed, strlen(printed), &diags);
	char *again;

	must(!diags.errors);
	for (size_t i = 0; i < diags.count; i++)
		must(stays(&diags.list[i]));
	again = conf_print(conf);
	must(!strcmp(again, printed));
	free(again);
	conf_free(conf);
	conf_diags_free(&diags);
}

/* ---- mutations ---- */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* The mutator's own dice: libFuzzer gives one number, from its seed. */
static unsigned draw(unsigned *seed, unsigned below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static size_t count_keywords(enum schema_kind end)
{
	const struct keyword *keyword;
	size_t count = 0;

	for (size_t i = 0; (keyword = schema_at(i)); i++)
		count += keyword->kind < end;
	return count;
}

/* Any statement; those that are acted on, which come first in the table, more often. */
static const char *any_statement(unsigned *seed, char text[STATEMENT_LEN])
{
	static size_t acted_on, all;
	const struct keyword *keyword;
	const char *other;
	unsigned ways = 0;

	if (!all) {
		acted_on = count_keywords(KIND_ACCEPTED);
		all = count_keywords(KIND_REFUSED + 1);
	}
	if (draw(seed, 4) == 0) {
		other = statement_other(draw(seed, 40));
		return other ? other : "\n}";
	}
	keyword = schema_at(draw(seed, (unsigned)(draw(seed, 4) ? acted_on : all)));
	while (statement_of(keyword, ways, text))
		ways++;
	statement_of(keyword, draw(seed, ways), text);
	return text;
}

/* The beginning of some line, or the end. */
static size_t any_line(unsigned *seed, const uint8_t *data, size_t size)
{
	size_t at = draw(seed, (unsigned)size + 1);

	while (at < size && data[at] != '\n')
		at++;
	return at;
}

static size_t insert(uint8_t *data, size_t size, size_t max_size, size_t at, const char *text)
{
	size_t length = strlen(text);

	if (length > max_size - size)
		return size;
	memmove(data + at + length, data + at, size - at);
	memcpy(data + at, text, length);
	return size + length;
}

static size_t cut(uint8_t *data, size_t size, size_t from, size_t to)
{
	memmove(data + from, data + to, size - to);
	return size - (to - from);
}

/* Half of the time bytes change, as libFuzzer does it; else lines come, go, or are replaced. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	char text[STATEMENT_LEN];
	unsigned what = draw(&seed, 8);
	size_t from, to;

	if (what < 4)
		return LLVMFuzzerMutate(data, size, max_size);
	from = any_line(&seed, data, size);
	if (what < 6) {
		for (to = from; to < size && (to == from || data[to] != '\n');)
			to++;
		size = cut(data, size, from, to);
	}
	if (what > 4)
		size = insert(data, size, max_size, from, any_statement(&seed, text));
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct files files;
	struct conf_world world = {
		.config_id = "main",
		.expansion_max = 1 << 14,
		.data = &files,
		.find = find,
		.read = read_text,
		.directory = directory,
		.environment = environment,
	};
	struct conf_diags diags = {0};

	split_files(&files, (const char *)data, size);
	struct conf *conf = conf_parse_in(&world, "file", files.text[0], files.length[0], &diags);

	check_diags(conf, &diags, &files);
	if (!diags.errors) {
		char *printed = conf_print(conf);

		for (size_t i = 0; i < conf->instance_count; i++) {
			check_instance(&conf->instances[i]);
			check_tracks(conf, conf->instances[i].tracks,
				     conf->instances[i].track_count);
		}
		check_objects(conf);
		check_excluded(&conf->global.static_addresses);
		check_groups(conf);
		check_canonical(printed);
		free(printed);
	}
	conf_free(conf);
	conf_diags_free(&diags);
	return 0;
}
