/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line is read only where it is compared: it is memory of the process, which may have
 * to be fetched from a disk.
 */
#include "sys/process_match.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool process_pattern_init(struct process_pattern *pattern, unsigned id,
			  const struct process_kind *kind)
{
	*pattern = (struct process_pattern){
		.id = id, .parameters = kind->parameters, .full = kind->full};
	pattern->first = strlen(kind->words[0]) + 1;
	for (size_t i = 0; kind->words[i]; i++)
		pattern->length += strlen(kind->words[i]) + 1;
	pattern->text = malloc(pattern->length);
	if (!pattern->text)
		return false;
	char *to = pattern->text;
	for (size_t i = 0; kind->words[i]; i++)
		to = stpcpy(to, kind->words[i]) + 1;
	return true;
}

/* ---- reading ---- */

/* The number of bytes read, less than `size`; 0 if there are none. */
static size_t read_file(pid_t pid, const char *file, char *buffer, size_t size)
{
	char path[40];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	size_t length = 0;
	ssize_t got;
	while (length < size && (got = read(fd, buffer + length, size - length)) > 0)
		length += (size_t)got;
	close(fd);
	return length;
}

/* PID (NAME) STATE ... with the start as the 22nd field; a name may hold anything. */
static bool parse_stat(char *text, struct process_facts *facts)
{
	char *name = strchr(text, '('), *end = strrchr(text, ')');
	if (!name || !end || end < name || end[1] != ' ')
		return false;
	*end = '\0';
	snprintf(facts->name, sizeof(facts->name), "%s", name + 1);
	facts->state = end[2];
	char *field = end + 2;
	for (unsigned number = 3; number < 22 && field; number++) {
		field = strchr(field, ' ');
		field = field ? field + 1 : NULL;
	}
	facts->started = field ? strtoull(field, NULL, 10) : 0;
	return field;
}

bool process_read(pid_t pid, bool with_command, struct process_facts *facts)
{
	char text[1024];
	size_t length = read_file(pid, "stat", text, sizeof(text) - 1);
	text[length] = '\0';
	facts->command_length = 0;
	if (!parse_stat(text, facts) || facts->state == 'Z' || facts->state == 'X')
		return false;
	if (with_command)
		facts->command_length =
			read_file(pid, "cmdline", facts->command, sizeof(facts->command));
	return true;
}

/* ---- comparing ---- */

static bool match_command(const struct process_pattern *pattern, const struct process_facts *facts)
{
	size_t length = facts->command_length;
	bool exact = pattern->parameters == PROCESS_EXACT;
	size_t compared = pattern->length;
	if (pattern->parameters == PROCESS_ANY_PARAMETERS)
		compared = pattern->first;
	else if (pattern->parameters == PROCESS_INITIAL && pattern->length > pattern->first)
		compared--;
	return (exact ? length == compared : length >= compared) &&
	       memcmp(facts->command, pattern->text, compared) == 0;
}

bool process_matches(const struct process_pattern *pattern, const struct process_facts *facts)
{
	if (pattern->full)
		return match_command(pattern, facts);
	return strcmp(facts->name, pattern->text) == 0;
}
