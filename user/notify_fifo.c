/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events as lines of text, for a reader that somebody else runs, or that we do: a service, started
 * once the pipe is there, started again if it fails. At the end it gets the last lines, then the
 * end of file, then SIGTERM; keepalived begins with SIGTERM, and most readers miss STOP.
 */
#include "notify_fifo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diff.h"
#include "sys/command.h"

#define KILL_AFTER_NS (2 * NS_PER_S)
#define READ_NS	      NS_PER_S /* at the end */
#define AGAIN_MAX_S   60
#define WELL_NS	      (60 * NS_PER_S) /* it has run well: its next failure is a first one */

/* The program. It may outlive its pipe, until it has ended. */
struct reader {
	struct pipes *pipes;
	struct loop_timer *timer;
	char **words; /* the last one is the path */
	char *user, *group;
	bool runs;
	bool wanted;  /* false: free it when it has ended */
	bool restart; /* the pipe is another one */
	bool last;    /* the end of the agent: it is not started again */
	int64_t started_ns;
	unsigned again_s; /* after the next failure */
};

struct pipe {
	struct pipes *pipes;
	struct conf_fifo conf; /* copied; path NULL = there is none */
	struct fifo *fifo;
	struct reader *reader; /* NULL = somebody else's */
};

struct pipes {
	struct agent *agent;
	struct names *names;
	struct pipe list[NOTIFY_FIFOS];
};

/* ---- the reader ---- */

static void reader_free(struct reader *reader)
{
	loop_timer_free(reader->timer);
	command_free(reader->words);
	free(reader->user);
	free(reader->group);
	free(reader);
}

static void reader_start(void *data);

static void tell_end(const struct reader *reader, enum script_end end, int value,
		     const struct failure *failure)
{
	const char *program = reader->words[0];
	if (end == SCRIPT_NOT_RUN || end == SCRIPT_NOT_NOW)
		log_error("fifo script could not be run: %s; trying again in %u s", failure->text,
			  reader->again_s);
	else if (end == SCRIPT_EXITED && !value)
		log_warning("fifo script %s ended with status 0: it is not started again before a "
			    "reload",
			    program);
	else
		log_error("fifo script %s ended with %s %d: starting it again in %u s", program,
			  end == SCRIPT_EXITED ? "status" : "signal", value, reader->again_s);
}

static void reader_ended(enum script_end end, int value, const struct failure *failure, void *data)
{
	struct reader *reader = data;
	bool well = reader->started_ns + WELL_NS < clock_ns();
	reader->runs = false;
	if (!reader->wanted) {
		reader_free(reader);
		return;
	}
	if (reader->last)
		return;
	if (reader->restart) {
		reader->restart = false;
		reader_start(reader);
		return;
	}
	if (well)
		reader->again_s = 1;
	tell_end(reader, end, value, failure);
	/* One that has gone into the background says so with 0. */
	if (end == SCRIPT_EXITED && !value)
		return;
	loop_timer_set(reader->timer, clock_ns() + reader->again_s * NS_PER_S);
	reader->again_s = reader->again_s * 2 < AGAIN_MAX_S ? reader->again_s * 2 : AGAIN_MAX_S;
}

static void reader_start(void *data)
{
	struct reader *reader = data;
	struct scripts *scripts = names_scripts(reader->pipes->names);
	struct script_order order = {
		.words = reader->words,
		.user = reader->user,
		.group = reader->group,
		.secure = reader->pipes->agent->conf->global.script_security,
		.kill_after_ns = KILL_AFTER_NS,
		.service = true,
		.dies_with_agent = true,
	};
	reader->started_ns = clock_ns();
	reader->runs = scripts && script_run(scripts, &order, reader_ended, reader);
}

/* NULL without memory. */
static struct reader *reader_new(struct pipe *pipe)
{
	const struct conf_script *script = &pipe->conf.script;
	struct reader *reader = calloc(1, sizeof(*reader));
	const char *const path[] = {pipe->conf.path, NULL};
	if (!reader)
		return NULL;
	reader->pipes = pipe->pipes;
	reader->wanted = true;
	reader->again_s = 1;
	reader->timer = loop_timer_new(pipe->pipes->agent->loop, reader_start, reader);
	reader->words = command_copy(script->words, path);
	reader->user = script->user ? strdup(script->user) : NULL;
	reader->group = script->group ? strdup(script->group) : NULL;
	if (reader->timer && reader->words && (!script->user || reader->user) &&
	    (!script->group || reader->group))
		return reader;
	reader_free(reader);
	return NULL;
}

static void reader_stop(struct reader *reader)
{
	reader->wanted = false;
	if (reader->runs)
		scripts_hurry(names_scripts(reader->pipes->names), reader, 0);
	else
		reader_free(reader);
}

/* ---- the pipe ---- */

/* fifo_ready_fn */
static void ready(void *data)
{
	struct pipe *pipe = data;
	struct reader *reader = pipe->reader;
	if (!reader && pipe->conf.script.words && pipe->conf.script.words[0]) {
		pipe->reader = reader_new(pipe);
		if (!pipe->reader)
			log_error("%s: out of memory: nobody reads it", pipe->conf.path);
		else
			reader_start(pipe->reader);
	} else if (reader && reader->runs) {
		reader->restart = true; /* it reads the pipe that was removed */
		scripts_hurry(names_scripts(pipe->pipes->names), reader, 0);
	} else if (reader) { /* it has seen the end of that one */
		loop_timer_set(reader->timer, NEVER_NS);
		reader_start(reader);
	}
}

static void breathe(void *data)
{
	agent_breathe(data);
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void forget_conf(struct conf_fifo *conf)
{
	free(conf->path);
	free(conf->user);
	free(conf->group);
	command_free(conf->script.words);
	free(conf->script.user);
	free(conf->script.group);
	*conf = (struct conf_fifo){.path = NULL};
}

/* Without memory a part is missing: conf_same_fifo() sees that, and the next reload tries again. */
static void copy_conf(struct conf_fifo *to, const struct conf_fifo *from)
{
	*to = (struct conf_fifo){
		.path = copy(from->path),
		.user = copy(from->user),
		.group = copy(from->group),
		.script = {.user = copy(from->script.user), .group = copy(from->script.group)},
	};
	if (from->script.words && from->script.words[0])
		to->script.words = command_copy(from->script.words, NULL);
}

static void pipe_close(struct pipe *pipe)
{
	if (pipe->reader)
		reader_stop(pipe->reader);
	fifo_close(pipe->fifo);
	forget_conf(&pipe->conf);
	pipe->reader = NULL;
	pipe->fifo = NULL;
}

static void pipe_open(struct pipe *pipe, const struct conf_fifo *conf)
{
	struct agent *agent = pipe->pipes->agent;
	struct failure failure = {"out of memory"};
	copy_conf(&pipe->conf, conf);
	if (!conf->path)
		return;
	struct fifo_order order = {
		.path = pipe->conf.path, .user = pipe->conf.user, .group = pipe->conf.group};
	if (order.path)
		pipe->fifo = fifo_open(agent->loop, &order, ready, pipe, &failure);
	if (pipe->fifo)
		fifo_meanwhile(pipe->fifo, breathe, agent);
	else
		log_error("notify fifo %s: %s", conf->path, failure.text);
}

/* ---- both ---- */

void pipes_follow(struct pipes *pipes)
{
	static const struct conf_fifo none;
	const struct conf_global *global = &pipes->agent->conf->global;
	const struct conf_fifo *wanted[NOTIFY_FIFOS] = {&global->fifo, &global->vrrp_fifo};
	if (global->fifo.path && global->vrrp_fifo.path &&
	    strcmp(global->fifo.path, global->vrrp_fifo.path) == 0)
		wanted[1] = &none; /* each line once */
	for (size_t i = 0; i < NOTIFY_FIFOS; i++)
		if (!conf_same_fifo(&pipes->list[i].conf, wanted[i]))
			pipe_close(&pipes->list[i]);
	for (size_t i = 0; i < NOTIFY_FIFOS; i++)
		if (!conf_same_fifo(&pipes->list[i].conf, wanted[i]))
			pipe_open(&pipes->list[i], wanted[i]);
}

bool pipes_any(const struct pipes *pipes)
{
	return pipes->list[0].fifo || pipes->list[1].fifo;
}

void pipes_write(struct pipes *pipes, struct name *name, const char *word, unsigned priority)
{
	char *line;
	if (!pipes_any(pipes))
		return;
	if (asprintf(&line, "%s \"%s\" %s %u\n", name->is_group ? "GROUP" : "INSTANCE", name->text,
		     word, priority) < 0) {
		log_error("%s: out of memory: %s is not told", name->text, word);
		return;
	}
	for (size_t i = 0; i < NOTIFY_FIFOS; i++)
		if (pipes->list[i].fifo)
			fifo_write(pipes->list[i].fifo, &name->lines[i], line);
	free(line);
}

struct pipes *pipes_open(struct agent *agent, struct names *names)
{
	struct pipes *pipes = calloc(1, sizeof(*pipes));
	if (!pipes)
		return NULL;
	pipes->agent = agent;
	pipes->names = names;
	for (size_t i = 0; i < NOTIFY_FIFOS; i++)
		pipes->list[i].pipes = pipes;
	return pipes;
}

/*
 * It reads what is left, sees the end of file, and has a moment to deal with it; who goes on is
 * asked to end.
 */
static void pipe_finish(struct pipe *pipe)
{
	struct scripts *scripts = pipe->reader ? names_scripts(pipe->pipes->names) : NULL;
	struct reader *reader = pipe->reader;
	if (pipe->fifo)
		fifo_meanwhile(pipe->fifo, NULL, NULL); /* nobody advertises any more */
	if (pipe->fifo && !fifo_finish(pipe->fifo, reader && reader->runs, READ_NS))
		log_warning("%s: not everything was read at the end", pipe->conf.path);
	fifo_close(pipe->fifo);
	pipe->fifo = NULL;
	if (reader && reader->runs) {
		reader->last = true;
		scripts_finish(scripts, reader, READ_NS);
	}
	bool runs = reader && reader->runs;
	pipe_close(pipe);
	if (runs)
		scripts_finish(scripts, reader, 2 * KILL_AFTER_NS);
}

void pipes_close(struct pipes *pipes)
{
	for (size_t i = 0; i < NOTIFY_FIFOS; i++)
		pipe_finish(&pipes->list[i]);
	free(pipes);
}
