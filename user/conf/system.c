/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/system.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/raw.h"

/* keepalived's user for scripts that do not say, where the machine has it. */
#define DEFAULT_USER "keepalived_script"
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct check {
	struct conf *conf;
	struct conf_diags *diags;
	bool has_default_user;
};

static bool user_exists(const char *name)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	return strspn(name, "0123456789") == strlen(name) ||
	       (!getpwnam_r(name, &entry, buffer, sizeof(buffer), &found) && found);
}

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

/* Is it a program, in a directory of PATH if the name has no slash? */
static bool program_exists(const char *name)
{
	const char *path = getenv("PATH");
	char candidate[4096];

	if (strchr(name, '/'))
		return is_program(name);
	for (path = path ? path : DEFAULT_PATH; *path; path += *path == ':') {
		size_t length = strcspn(path, ":");

		snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)length, path, name);
		if (is_program(candidate))
			return true;
		path += length;
	}
	return false;
}

/* False: it must not run, which has been told. */
static bool may_run(const struct check *check, const struct conf_script *script)
{
	if (!script->words || !script->words[0])
		return true;
	if (script->user && !user_exists(script->user)) {
		conf_warning(check->diags, &script->place,
			     "there is no user " WORD " on this machine: the script is not run, as "
			     "in keepalived",
			     script->user);
		return false;
	}
	if (!script->user && !check->has_default_user && check->conf->global.script_security) {
		conf_warning(check->diags, &script->place,
			     "`enable_script_security`, and neither `script_user` nor a "
			     "user " DEFAULT_USER " on this machine: the script is not run, as in "
			     "keepalived; write who runs it");
		return false;
	}
	return true;
}

static void check_script(const struct check *check, struct conf_script *script)
{
	if (!may_run(check, script)) {
		script_free(script);
		return;
	}
	if (script->words && script->words[0] && !program_exists(script->words[0]))
		conf_warning(check->diags, &script->place,
			     WORD " is no program on this machine: running it will fail",
			     script->words[0]);
}

static void check_notify(const struct check *check, struct conf_script notify[CONF_NOTIFY_KINDS])
{
	for (size_t i = 0; i < CONF_NOTIFY_KINDS; i++)
		check_script(check, &notify[i]);
}

static bool can_check(const struct check *check, const struct conf_check_script *script)
{
	const char *program = script->script.words[0];

	if (!may_run(check, &script->script))
		return false;
	if (program_exists(program))
		return true;
	conf_warning(check->diags, &script->script.place,
		     WORD " is no program on this machine: " WORD " is not tracked, as in "
			  "keepalived",
		     program, script->name);
	return false;
}

/* The numbers of scripts have changed; SIZE_MAX = it is no more. */
static size_t renumber(struct conf_track *tracks, size_t count, const size_t *numbers)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (tracks[i].kind == CONF_TRACK_SCRIPT) {
			tracks[i].object = numbers[tracks[i].object];
			if (tracks[i].object == SIZE_MAX)
				continue;
		}
		tracks[kept++] = tracks[i];
	}
	return kept;
}

static void check_checks(const struct check *check)
{
	struct conf *conf = check->conf;
	size_t *numbers = conf_alloc(conf->script_count * sizeof(numbers[0])), kept = 0;

	for (size_t i = 0; i < conf->script_count; i++) {
		struct conf_check_script *script = &conf->scripts[i];

		numbers[i] = can_check(check, script) ? kept : SIZE_MAX;
		if (numbers[i] == kept) {
			conf->scripts[kept++] = *script;
			continue;
		}
		free(script->name);
		script_free(&script->script);
	}
	conf->script_count = kept;
	for (size_t i = 0; i < conf->instance_count; i++)
		conf->instances[i].track_count = renumber(conf->instances[i].tracks,
							  conf->instances[i].track_count, numbers);
	for (size_t i = 0; i < conf->group_count; i++)
		conf->groups[i].track_count =
			renumber(conf->groups[i].tracks, conf->groups[i].track_count, numbers);
	free(numbers);
}

void conf_check_system(struct conf *conf, struct conf_diags *diags)
{
	struct check check = {
		.conf = conf,
		.diags = diags,
		.has_default_user = user_exists(DEFAULT_USER),
	};

	check_checks(&check);
	for (size_t i = 0; i < conf->instance_count; i++)
		check_notify(&check, conf->instances[i].notify);
	for (size_t i = 0; i < conf->group_count; i++)
		check_notify(&check, conf->groups[i].notify);
	check_script(&check, &conf->global.fifo.script);
	check_script(&check, &conf->global.vrrp_fifo.script);
	check_script(&check, &conf->global.startup_script);
	check_script(&check, &conf->global.shutdown_script);
}
