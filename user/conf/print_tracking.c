/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The canonical form of tracked objects, of what tracks them, and of the agent's own scripts. */
#include <limits.h>

#include "conf/print.h"

static void print_weight(FILE *out, int weight, bool reverse)
{
	fprintf(out, "\tweight %d%s\n", weight, reverse ? " reverse" : "");
}

static void open_block(FILE *out, const char *keyword, const char *name)
{
	fprintf(out, "\n%s ", keyword);
	print_word(out, name);
	fprintf(out, " {\n");
}

static void print_check_script(FILE *out, const struct conf_check_script *script)
{
	struct conf_script command = script->script;

	open_block(out, "vrrp_script", script->name);
	command.user = command.group = NULL;
	print_script(out, "script", &command);
	print_value(out, IN_SCRIPT, KEY_CHECK_INTERVAL, script->interval_us);
	print_value(out, IN_SCRIPT, KEY_CHECK_TIMEOUT, script->timeout_us);
	print_weight(out, script->weight, script->reverse);
	print_value(out, IN_SCRIPT, KEY_RISE, script->rise);
	print_value(out, IN_SCRIPT, KEY_FALL, script->fall);
	if (script->script.user) {
		fprintf(out, "\tuser ");
		print_word(out, script->script.user);
		if (script->script.group) {
			fputc(' ', out);
			print_word(out, script->script.group);
		}
		fputc('\n', out);
	}
	if (script->init_fail)
		fprintf(out, "\tinit_fail\n");
	fprintf(out, "}\n");
}

static void print_track_file(FILE *out, const struct conf_track_file *file)
{
	open_block(out, "track_file", file->name);
	fprintf(out, "\tfile ");
	print_word(out, file->path);
	fputc('\n', out);
	print_weight(out, file->weight, file->reverse);
	if (file->create)
		fprintf(out, "\tinit_file %lld%s\n", (long long)file->initial,
			file->overwrite ? " overwrite" : "");
	fprintf(out, "}\n");
}

static void print_process(FILE *out, const struct conf_process *process)
{
	open_block(out, "vrrp_track_process", process->name);
	fprintf(out, "\tprocess");
	for (char **word = process->words; *word; word++) {
		fputc(' ', out);
		print_word(out, *word);
	}
	fputc('\n', out);
	if (process->match != CONF_PARAM_NONE)
		print_value(out, IN_PROCESS, KEY_PARAM_MATCH, process->match - CONF_PARAM_EXACT);
	if (process->full_command)
		fprintf(out, "\tfull_command\n");
	print_weight(out, process->weight, process->reverse);
	if (process->quorum)
		print_value(out, IN_PROCESS, KEY_QUORUM, process->quorum);
	if (process->quorum_max != UINT_MAX)
		print_value(out, IN_PROCESS, KEY_QUORUM_MAX, process->quorum_max);
	print_value(out, IN_PROCESS, KEY_FORK_DELAY, process->fork_delay_us);
	print_value(out, IN_PROCESS, KEY_TERMINATE_DELAY, process->terminate_delay_us);
	fprintf(out, "}\n");
}

void print_objects(FILE *out, const struct conf *conf)
{
	for (size_t i = 0; i < conf->script_count; i++)
		print_check_script(out, &conf->scripts[i]);
	for (size_t i = 0; i < conf->track_file_count; i++)
		print_track_file(out, &conf->track_files[i]);
	for (size_t i = 0; i < conf->process_count; i++)
		print_process(out, &conf->processes[i]);
}

static void print_track(FILE *out, const struct conf *conf, const struct conf_track *track)
{
	fprintf(out, "\t\t");
	print_word(out, conf_track_name(conf, track));
	fprintf(out, " weight %d %s\n", track->weight, track->reverse ? "reverse" : "noreverse");
}

void print_tracks(FILE *out, const struct conf *conf, const struct conf_track *tracks, size_t count,
		  bool of_group)
{
	static const char *const blocks[] = {"track_interface", "track_script", "track_file",
					     "track_process"};

	for (enum conf_track_kind kind = 0; kind < CONF_TRACK_KINDS; kind++) {
		bool open = false;

		for (size_t i = 0; i < count; i++) {
			if (tracks[i].kind != kind || tracks[i].of_group != of_group)
				continue;
			if (!open)
				fprintf(out, "\t%s {\n", blocks[kind]);
			open = true;
			print_track(out, conf, &tracks[i]);
		}
		if (open)
			fprintf(out, "\t}\n");
	}
}

static void print_fifo(FILE *out, const char *keyword, const struct conf_fifo *fifo)
{
	char script[64];

	if (!fifo->path)
		return;
	fprintf(out, "\t%s ", keyword);
	print_word(out, fifo->path);
	if (fifo->user) {
		fputc(' ', out);
		print_word(out, fifo->user);
	}
	if (fifo->group) {
		fputc(' ', out);
		print_word(out, fifo->group);
	}
	fputc('\n', out);
	snprintf(script, sizeof(script), "%s_script", keyword);
	print_script(out, script, &fifo->script);
}

void print_global_scripts(FILE *out, const struct conf_global *global)
{
	print_fifo(out, "notify_fifo", &global->fifo);
	print_fifo(out, "vrrp_notify_fifo", &global->vrrp_fifo);
	if (global->fifo_states_on_reload)
		fprintf(out, "\tfifo_write_vrrp_states_on_reload\n");
	print_value(out, IN_GLOBAL, KEY_PRIORITY_CHANGES, global->notify_priority_changes);
	print_script(out, "startup_script", &global->startup_script);
	if (global->startup_script.words)
		print_value(out, IN_GLOBAL, KEY_STARTUP_TIMEOUT, global->startup_timeout_us);
	print_script(out, "shutdown_script", &global->shutdown_script);
	if (global->shutdown_script.words)
		print_value(out, IN_GLOBAL, KEY_SHUTDOWN_TIMEOUT, global->shutdown_timeout_us);
}
