/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vrrp_script, track_file, vrrp_track_process: with every default filled in. */
#include <limits.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/finish.h"
#include "conf/memory.h"

struct making {
	enum schema_context context;
	struct raw_object *from;
	const struct setting *user; /* script_user */
	struct conf_diags *diags;
};

static int64_t value_of(const struct making *making, enum schema_key key)
{
	const struct setting *setting = &making->from->settings[key];

	return setting->keyword ? setting->value : schema_by_key(making->context, key)->fallback;
}

static void tell_problems(const struct making *making)
{
	for (enum schema_key key = 0; key < KEY_OBJECT_SETTINGS; key++) {
		const struct keyword *keyword = schema_by_key(making->context, key);

		if (keyword)
			finish_tell_problem(&making->from->settings[key], keyword,
					    value_of(making, key), making->diags);
	}
}

static void tell_useless(const struct making *making, const char *what)
{
	conf_warning(making->diags, &making->from->place,
		     "`%s` " WORD " has no `%s`: it is ignored, and nothing tracks it",
		     schema_context_name(making->context), making->from->name, what);
}

static bool make_script(const struct making *making, struct conf_check_script *to)
{
	struct raw_object *from = making->from;
	const struct setting *timeout = &from->settings[KEY_CHECK_TIMEOUT];
	const struct setting *user = &from->settings[KEY_CHECK_USER];

	if (!from->script.words) {
		tell_useless(making, "script");
		return false;
	}
	*to = (struct conf_check_script){
		.name = conf_copy(from->name),
		.script = finish_script(&from->script, user->keyword ? user : making->user),
		.interval_us = value_of(making, KEY_CHECK_INTERVAL),
		.weight = (int)value_of(making, KEY_WEIGHT),
		.reverse = from->settings[KEY_WEIGHT].also,
		.rise = (unsigned)value_of(making, KEY_RISE),
		.fall = (unsigned)value_of(making, KEY_FALL),
		.init_fail = value_of(making, KEY_INIT_FAIL),
		.place = from->place,
	};
	to->timeout_us = timeout->keyword ? timeout->value : to->interval_us;
	return true;
}

static bool make_file(const struct making *making, struct conf_track_file *to)
{
	const struct setting *settings = making->from->settings;
	const struct setting *init = &settings[KEY_INIT_FILE];

	if (!settings[KEY_FILE].keyword || !*settings[KEY_FILE].text) {
		tell_useless(making, "file");
		return false;
	}
	*to = (struct conf_track_file){
		.name = conf_copy(making->from->name),
		.path = conf_copy(settings[KEY_FILE].text),
		.weight = (int)value_of(making, KEY_WEIGHT),
		.reverse = settings[KEY_WEIGHT].also,
		.create = init->keyword,
		.overwrite = init->keyword && init->also,
		.initial = init->keyword ? init->value : 0,
		.place = making->from->place,
	};
	return true;
}

/* `delay` is both; one of its own counts. */
static int64_t delay_of(const struct making *making, enum schema_key key)
{
	return value_of(making, making->from->settings[key].keyword ? key : KEY_DELAY);
}

static bool is_after(const struct conf_place *a, const struct conf_place *b)
{
	return a->line != b->line ? a->line > b->line : a->column > b->column;
}

/* With 0 at most, none has to run. Of two that contradict each other the first counts. */
static void make_quorum(const struct making *making, struct conf_process *to)
{
	const struct setting *least = &making->from->settings[KEY_QUORUM];
	const struct setting *most = &making->from->settings[KEY_QUORUM_MAX];

	to->quorum = (unsigned)value_of(making, KEY_QUORUM);
	to->quorum_max = most->keyword ? (unsigned)most->value : UINT_MAX;
	if (to->quorum_max == 0 && to->quorum == 1) {
		to->quorum = 0;
		return;
	}
	if (to->quorum <= to->quorum_max)
		return;
	if (is_after(&most->place, &least->place)) {
		conf_warning(making->diags, &most->place,
			     "`quorum_max %u` is less than `quorum %u`: it is ignored",
			     to->quorum_max, to->quorum);
		to->quorum_max = UINT_MAX;
	} else {
		to->quorum = to->quorum_max > 0;
		conf_warning(making->diags, &least->place,
			     "this is more than `quorum_max %u`: `quorum %u` is used",
			     to->quorum_max, to->quorum);
	}
}

static bool make_process(const struct making *making, struct conf_process *to)
{
	struct raw_object *from = making->from;
	const struct setting *match = &from->settings[KEY_PARAM_MATCH];

	if (!from->words) {
		tell_useless(making, "process");
		return false;
	}
	*to = (struct conf_process){
		.name = conf_copy(from->name),
		.words = from->words,
		.weight = (int)value_of(making, KEY_WEIGHT),
		.reverse = from->settings[KEY_WEIGHT].also,
		.fork_delay_us = delay_of(making, KEY_FORK_DELAY),
		.terminate_delay_us = delay_of(making, KEY_TERMINATE_DELAY),
		.place = from->place,
	};
	from->words = NULL;
	if (match->keyword)
		to->match = (enum conf_param_match)(CONF_PARAM_EXACT + match->value);
	else if (to->words[1])
		to->match = CONF_PARAM_EXACT;
	to->full_command = to->match != CONF_PARAM_NONE || value_of(making, KEY_FULL_COMMAND);
	make_quorum(making, to);
	return true;
}

void finish_objects(struct conf *conf, struct raw *raw, struct conf_diags *diags)
{
	const struct raw_objects *scripts = &raw->objects[CONF_TRACK_SCRIPT];
	const struct raw_objects *files = &raw->objects[CONF_TRACK_FILE];
	const struct raw_objects *processes = &raw->objects[CONF_TRACK_PROCESS];
	struct making making = {.user = &raw->global[KEY_SCRIPT_USER], .diags = diags};

	conf->scripts = conf_alloc(scripts->count * sizeof(conf->scripts[0]));
	conf->track_files = conf_alloc(files->count * sizeof(conf->track_files[0]));
	conf->processes = conf_alloc(processes->count * sizeof(conf->processes[0]));
	making.context = IN_SCRIPT;
	for (size_t i = 0; i < scripts->count; i++) {
		making.from = &scripts->list[i];
		tell_problems(&making);
		conf->script_count += make_script(&making, &conf->scripts[conf->script_count]);
	}
	making.context = IN_TRACK_FILE;
	for (size_t i = 0; i < files->count; i++) {
		making.from = &files->list[i];
		tell_problems(&making);
		conf->track_file_count +=
			make_file(&making, &conf->track_files[conf->track_file_count]);
	}
	making.context = IN_PROCESS;
	for (size_t i = 0; i < processes->count; i++) {
		making.from = &processes->list[i];
		tell_problems(&making);
		conf->process_count += make_process(&making, &conf->processes[conf->process_count]);
	}
}
