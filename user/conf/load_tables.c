/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names that iproute2 gives to routing tables. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/load.h"
#include "conf/route.h"

#define TABLES_SIZE_MAX (1 << 20)

/* Without a file there are no names. */
static void add_file(FILE *out, const char *path)
{
	FILE *in = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	if (!in)
		return;
	while (ftell(out) < TABLES_SIZE_MAX && getline(&line, &room, in) > 0)
		fprintf(out, "%s\n", line);
	free(line);
	fclose(in);
}

/* The first that has a name decides: an administrator's files come before the distribution's. */
void load_table_names(void)
{
	static const char *const patterns[] = {
		"/etc/iproute2/rt_tables",
		"/etc/iproute2/rt_tables.d/*.conf",
		"/usr/share/iproute2/rt_tables",
		"/usr/share/iproute2/rt_tables.d/*.conf",
	};
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		glob_t found = {0};

		if (glob(patterns[i], 0, NULL, &found) == 0)
			for (size_t j = 0; j < found.gl_pathc; j++)
				add_file(out, found.gl_pathv[j]);
		globfree(&found);
	}
	if (fclose(out) == 0)
		route_names_set(text);
	free(text);
}
