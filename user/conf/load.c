/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/diag.h"
#include "conf/memory.h"

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

struct conf *conf_load(const char *path, struct conf_diags *diags)
{
	struct text text = {0};
	int error = read_file(path, &text);
	struct conf *conf;

	if (error) {
		conf = conf_alloc(sizeof(*conf));
		conf->files = conf_alloc(2 * sizeof(conf->files[0]));
		conf->files[0] = conf_copy(path);
		conf_error(diags, &(struct conf_place){.file = conf->files[0]},
			   "cannot read the configuration: %s; %s", strerror(error), advice(error));
	} else {
		conf = conf_parse(path, text.bytes, text.length, diags);
	}
	free(text.bytes);
	return conf;
}

bool conf_is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) || S_ISREG(st.st_mode);
}
