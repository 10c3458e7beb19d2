/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/load.h"
#include "conf/world.h"

static size_t count_errors(const struct conf_diags *diags)
{
	size_t errors = 0;

	for (size_t i = 0; i < diags->count; i++)
		errors += diags->list[i].severity == CONF_ERROR;
	return errors;
}

/* Every place is inside of the text, and they are in order; of included files, in their order. */
static void assert_places(const struct parsed *parsed, const char *text, size_t length)
{
	unsigned lines = 1, line = 0;
	size_t file = 0;

	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	for (size_t i = 0; i < parsed->diags.count; i++) {
		const struct conf_place *place = &parsed->diags.list[i].place;

		while (place->file != parsed->conf->files[file]) {
			assert_non_null(parsed->conf->files[++file]);
			line = 0;
		}
		assert_true(place->line >= line);
		line = place->line;
		if (file)
			continue;
		assert_in_range(place->line, 0, lines);
		assert_in_range(place->column, place->line ? 1 : 0, length + 1);
	}
}

static char *format_all(const struct conf_diags *diags)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	for (size_t i = 0; i < diags->count; i++) {
		char *line = conf_diag_format(&diags->list[i]);

		fprintf(out, "%s\n", line);
		free(line);
	}
	fclose(out);
	return text;
}

/* Of ${_PWD}, wherever the tests are run. */
static char *somewhere(const struct conf_world *world, const char *file)
{
	(void)world, (void)file;
	return strdup("/somewhere");
}

struct parsed parse(const char *file, const char *text, size_t length)
{
	struct parsed parsed = {0};
	struct conf_world world;

	conf_world_of_files(&world);
	world.config_id = "main";
	world.seed = 1;
	world.expansion_max = 1 << 16;
	world.directory = somewhere;
	parsed.conf = conf_parse_in(&world, file, text, length, &parsed.diags);
	assert_non_null(parsed.conf);
	assert_places(&parsed, text, length);
	if (parsed.diags.errors < CONF_DIAGS_MAX)
		assert_int_equal(count_errors(&parsed.diags), parsed.diags.errors);
	parsed.told = format_all(&parsed.diags);
	if (!parsed.diags.errors)
		parsed.printed = conf_print(parsed.conf);
	return parsed;
}

struct parsed parse_text(const char *text)
{
	return parse("t", text, strlen(text));
}

void parsed_free(struct parsed *parsed)
{
	conf_diags_free(&parsed->diags);
	conf_free(parsed->conf);
	free(parsed->told);
	free(parsed->printed);
}

size_t told(const struct parsed *parsed, const char *text)
{
	size_t count = 0;

	for (size_t i = 0; i < parsed->diags.count; i++)
		count += strstr(parsed->diags.list[i].text, text) != NULL;
	return count;
}

/* Nothing is told of the canonical form but what no other value could be used for. */
static bool stays(const char *text)
{
	static const char *const texts[] = {
		"not run",
		"nothing will run",
		"one member only",
		"link-local",
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
		if (strstr(text, texts[i]))
			return true;
	return false;
}

void assert_round_trip(const struct parsed *parsed)
{
	struct parsed again = parse_text(parsed->printed);

	assert_int_equal(again.diags.errors, 0);
	assert_string_equal(again.printed, parsed->printed);
	size_t expected = 0;

	for (size_t i = 0; i < again.diags.count; i++)
		expected += stays(again.diags.list[i].text);
	if (expected != again.diags.count)
		fail_msg("the canonical form has warnings:\n%s%s", again.told, parsed->printed);
	parsed_free(&again);
}

char *read_file(const char *path, size_t *length)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t capacity = 0;

	if (!in)
		return NULL;
	for (size_t used = 0;; used = *length) {
		if (capacity - used < 4096)
			capacity += 1 << 20;
		text = realloc(text, capacity + 1);
		assert_non_null(text);
		*length = used + fread(text + used, 1, capacity - used, in);
		if (*length == used)
			break;
	}
	fclose(in);
	text[*length] = '\0';
	return text;
}

static int by_text(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);

	return length > end && !strcmp(name + length - end, suffix);
}

char **list_files(const char *directory, const char *suffix)
{
	DIR *open_directory = opendir(directory);
	char **paths = calloc(1, sizeof(*paths));
	size_t count = 0;
	struct dirent *entry;

	if (!open_directory)
		fail_msg("no directory %s; run this from the top of the tree", directory);
	while ((entry = readdir(open_directory))) {
		if (!ends_with(entry->d_name, suffix))
			continue;
		paths = realloc(paths, (count + 2) * sizeof(*paths));
		assert_non_null(paths);
		assert_true(asprintf(&paths[count++], "%s/%s", directory, entry->d_name) > 0);
		paths[count] = NULL;
	}
	closedir(open_directory);
	qsort(paths, count, sizeof(*paths), by_text);
	return paths;
}

unsigned slower(void)
{
	const char *text = getenv("SLOWER");
	unsigned long factor = text ? strtoul(text, NULL, 10) : 1;

	return factor > 1 ? (unsigned)factor : 1;
}
