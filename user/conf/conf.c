/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf/: the configuration file as data. The text goes through
 *
 *   source.c (lines: includes, variables, conditions, sequences) -> lexer.c (tokens)
 *   -> reader.c (statements)
 *   -> parser.c, block.c, value.c, address.c, peer.c, script.c, track.c, route.c, rule.c (raw
 *      settings, raw.c)
 *   -> finish*.c (defaults, names to objects), check.c (across instances), lint.c (advice)
 *   -> struct conf -> system.c (what this machine lacks) -> print*.c
 *
 * with schema*.c and skipped.c, the table of keywords, beside all of them, which explain.c turns
 * into a part of the manual. Nothing is edited in
 * silence: what is not used as written has a diagnostic. No I/O but in system.c and in load.c,
 * which answers what world.h asks; no global state but the names of routing tables (route_words.c)
 * and the index of the keywords (schema_find.c), no recursion that the text could drive.
 */
#include "conf/conf.h"

#include <stdlib.h>

#include "conf/diag.h"
#include "conf/finish.h"
#include "conf/memory.h"
#include "conf/raw.h"
#include "conf/route.h"
#include "conf/source.h"

const char *conf_track_name(const struct conf *conf, const struct conf_track *track)
{
	switch (track->kind) {
	case CONF_TRACK_INTERFACE:
	case CONF_TRACK_KINDS:
		break;
	case CONF_TRACK_SCRIPT:
		return conf->scripts[track->object].name;
	case CONF_TRACK_FILE:
		return conf->track_files[track->object].name;
	case CONF_TRACK_PROCESS:
		return conf->processes[track->object].name;
	}
	return track->interface;
}

const char *conf_add_file(struct conf *conf, const char *name)
{
	char *copy = conf_copy(name);

	/* one more than there are files: the list ends with NULL */
	conf->files = conf_grow(conf->files, conf->file_count + 1, &conf->file_capacity,
				sizeof(conf->files[0]));
	conf->files[conf->file_count++] = copy;
	conf->files[conf->file_count] = NULL;
	return copy;
}

struct conf *conf_parse_in(const struct conf_world *world, const char *file, const char *text,
			   size_t length, struct conf_diags *diags)
{
	struct conf *conf = conf_alloc(sizeof(*conf));
	size_t before = diags->count;
	struct source source;
	struct raw raw;

	source_init(&source, world, conf, file, text, length, diags);
	raw_parse(&raw, &source, diags);
	source_free(&source);
	if (!raw.count)
		conf_warning(diags, &(struct conf_place){.file = conf->files[0]},
			     "there is no `vrrp_instance`: nothing will run");
	conf_finish(conf, &raw, diags);
	raw_free(&raw);
	conf_diags_sort(diags, before, conf->files);
	return conf;
}

struct conf *conf_parse(const char *file, const char *text, size_t length, struct conf_diags *diags)
{
	return conf_parse_in(NULL, file, text, length, diags);
}

size_t conf_served_count(const struct conf_instance *instance)
{
	return instance->address_count + instance->excluded.count;
}

const struct conf_address *conf_served(const struct conf_instance *instance, size_t index)
{
	if (index < instance->address_count)
		return &instance->addresses[index];
	return &instance->excluded.list[index - instance->address_count];
}

static void free_notify(struct conf_script notify[CONF_NOTIFY_KINDS])
{
	for (size_t i = 0; i < CONF_NOTIFY_KINDS; i++)
		script_free(&notify[i]);
}

static void free_instance(struct conf_instance *instance)
{
	free(instance->name);
	free(instance->addresses);
	free(instance->peers);
	free(instance->tracks);
	free(instance->excluded.list);
	routes_free(&instance->routes);
	rules_free(&instance->rules);
	free_notify(instance->notify);
}

static void free_group(struct conf_group *group)
{
	free(group->name);
	free(group->members);
	free(group->tracks);
	free_notify(group->notify);
}

static void free_fifo(struct conf_fifo *fifo)
{
	free(fifo->path);
	free(fifo->user);
	free(fifo->group);
	script_free(&fifo->script);
}

static void free_global(struct conf_global *global)
{
	free_fifo(&global->fifo);
	free_fifo(&global->vrrp_fifo);
	script_free(&global->startup_script);
	script_free(&global->shutdown_script);
	free(global->static_addresses.list);
	routes_free(&global->static_routes);
	rules_free(&global->static_rules);
}

static void free_objects(struct conf *conf)
{
	for (size_t i = 0; i < conf->script_count; i++) {
		free(conf->scripts[i].name);
		script_free(&conf->scripts[i].script);
	}
	for (size_t i = 0; i < conf->track_file_count; i++) {
		free(conf->track_files[i].name);
		free(conf->track_files[i].path);
	}
	for (size_t i = 0; i < conf->process_count; i++) {
		free(conf->processes[i].name);
		words_free(conf->processes[i].words);
	}
	free(conf->scripts);
	free(conf->track_files);
	free(conf->processes);
}

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->instance_count; i++)
		free_instance(&conf->instances[i]);
	for (size_t i = 0; i < conf->group_count; i++)
		free_group(&conf->groups[i]);
	free_global(&conf->global);
	free_objects(conf);
	free(conf->instances);
	free(conf->groups);
	for (char **file = conf->files; *file; file++)
		free(*file);
	free(conf->files);
	free(conf);
}
