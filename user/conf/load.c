/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What conf/world.h asks, answered by the system; and the first file. */
#include "conf/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/system.h"
#include "conf/world.h"

/* A larger file is a mistake: a disk image, a device that never ends. */
#define FILE_SIZE_MAX (64 << 20)

struct text {
	char *bytes;
	size_t length, capacity;
};

/* 0, or the errno. Works for pipes too. */
static int read_all(int fd, struct text *text)
{
	for (;;) {
		text->bytes = conf_grow(text->bytes, text->length, &text->capacity, 1);
		ssize_t got = read(fd, text->bytes + text->length, text->capacity - text->length);

		if (got < 0 && errno != EINTR)
			return errno;
		if (got == 0)
			return 0;
		if (got > 0)
			text->length += (size_t)got;
		if (text->length > FILE_SIZE_MAX)
			return EFBIG;
	}
}

static int read_file(const char *path, struct text *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return errno;
	int error = read_all(fd, text);

	close(fd);
	return error;
}

/* ---- includes ---- */

/* glob(3) tells its caller nothing of this, and its callbacks nothing of their caller. */
static __thread struct {
	bool wildcards, missing;
} glob_saw;

static void *note_opendir(const char *path)
{
	void *directory = opendir(path);

	glob_saw.wildcards = true;
	if (!directory)
		glob_saw.missing = true;
	return directory;
}

static int note_lstat(const char *path, struct stat *st)
{
	int result = lstat(path, st);

	if (result)
		glob_saw.missing = true;
	return result;
}

static struct dirent *glob_readdir(void *directory)
{
	return readdir(directory);
}

static void glob_closedir(void *directory)
{
	closedir(directory);
}

static void find(const struct conf_world *world, const char *pattern, struct conf_found *found)
{
	glob_t result = {
		.gl_opendir = note_opendir,
		.gl_readdir = glob_readdir,
		.gl_closedir = glob_closedir,
		.gl_lstat = note_lstat,
		.gl_stat = stat,
	};

	(void)world;
	glob_saw.wildcards = glob_saw.missing = false;
	int error = glob(pattern, GLOB_BRACE | GLOB_ALTDIRFUNC, NULL, &result);

	if (error && error != GLOB_NOMATCH)
		found->problem = "it cannot be searched for";
	found->wildcards = glob_saw.wildcards;
	found->missing = glob_saw.missing;
	if (error)
		return;
	found->paths = conf_alloc(result.gl_pathc * sizeof(found->paths[0]));
	for (; found->count < result.gl_pathc; found->count++)
		found->paths[found->count] = conf_copy(result.gl_pathv[found->count]);
	globfree(&result);
}

static const char *judge(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return "it is a directory";
	if (!S_ISREG(st->st_mode))
		return "it is not a regular file";
	if (st->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH))
		return "it is executable, which a configuration is not, also for keepalived";
	return st->st_size > FILE_SIZE_MAX ? strerror(EFBIG) : NULL;
}

/* To open a device or a FIFO may do something, or wait: look before. */
static const char *read_included(const struct conf_world *world, const char *path,
				 struct conf_text *into)
{
	struct text text = {0};
	struct stat st;
	const char *why = stat(path, &st) ? strerror(errno) : judge(&st);

	(void)world;
	if (why)
		return why;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return strerror(errno);
	why = fstat(fd, &st) ? strerror(errno) : judge(&st);
	int error = why ? 0 : read_all(fd, &text);

	close(fd);
	if (error)
		why = strerror(error);
	if (why)
		free(text.bytes);
	else
		*into = (struct conf_text){text.bytes, text.length, st.st_dev, st.st_ino};
	return why;
}

/* ---- the rest of the world ---- */

static char *find_directory(const struct conf_world *world, const char *file)
{
	const char *slash = strrchr(file, '/');
	char *directory =
		conf_format("%.*s", slash ? (int)(slash + 1 - file) : 1, slash ? file : ".");
	char *absolute = realpath(directory, NULL);

	(void)world;
	free(directory);
	return absolute;
}

static const char *find_variable(const struct conf_world *world, const char *name)
{
	(void)world;
	return getenv(name);
}

static unsigned draw_seed(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (unsigned)now.tv_nsec ^ (unsigned)now.tv_sec;
}

void conf_world_of_files(struct conf_world *world)
{
	*world = (struct conf_world){
		.seed = draw_seed(),
		.find = find,
		.read = read_included,
		.directory = find_directory,
		.environment = find_variable,
	};
}

/* ---- the first file ---- */

static const char *advice(int error)
{
	switch (error) {
	case ENOENT:
		return "create it or name another one with --config; xvrrpd.conf(5) has examples";
	case EACCES:
	case EPERM:
		return "give the user of xvrrpd the right to read it";
	case EISDIR:
		return "name a file with --config";
	case EFBIG:
		return "more than 64 MiB cannot be a configuration";
	}
	return "the file must be readable";
}

static struct conf *parse(const char *path, const char *config_id, const struct text *text,
			  struct conf_diags *diags)
{
	struct utsname system;
	struct conf_world world;

	conf_world_of_files(&world);
	world.config_id = config_id;
	if (!config_id && !uname(&system)) {
		system.nodename[strcspn(system.nodename, ".")] = '\0';
		world.config_id = system.nodename;
	}
	return conf_parse_in(&world, path, text->bytes, text->length, diags);
}

struct conf *conf_load(const char *path, const char *config_id, struct conf_diags *diags)
{
	struct text text = {0};
	size_t before = diags->count;
	int error = read_file(path, &text);
	struct conf *conf;

	load_table_names();
	if (error) {
		conf = conf_alloc(sizeof(*conf));
		conf_error(diags, &(struct conf_place){.file = conf_add_file(conf, path)},
			   "cannot read the configuration: %s; %s", strerror(error), advice(error));
	} else {
		conf = parse(path, config_id, &text, diags);
		conf_check_system(conf, diags);
		conf_diags_sort(diags, before, conf->files);
		conf->whole = diags->whole;
	}
	free(text.bytes);
	return conf;
}

bool conf_is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) || S_ISREG(st.st_mode);
}
