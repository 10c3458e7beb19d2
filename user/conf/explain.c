/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/explain.h"

#include <ctype.h>
#include <string.h>

#include "conf/schema.h"

static const char *value_name(const struct keyword *keyword)
{
	switch (keyword->kind) {
	case KIND_BLOCK:
		return "{";
	case KIND_INTEGER:
		return "number";
	case KIND_SECONDS:
		return "seconds";
	case KIND_BOOL:
		return keyword->words ? "[never]" : "[on|off]";
	case KIND_INTERFACE:
		return "interface";
	case KIND_TEXT:
		return "text";
	case KIND_IP:
		return "address";
	case KIND_SCRIPT:
		return keyword->key == KEY_SCRIPT ? "\"command\"" : "\"command\" [user [group]]";
	case KIND_USER:
		return "user [group]";
	case KIND_FIFO:
		return "path [user [group]]";
	case KIND_EXTRA:
		return "[all] seconds";
	case KIND_WEIGHT:
		return "number [reverse]";
	case KIND_INIT_FILE:
		return "[number] [overwrite]";
	case KIND_WORDS:
		return "program [parameter ...]";
	case KIND_CHOICE:
	case KIND_FLAG:
	case KIND_ACCEPTED:
	case KIND_SKIPPED:
	case KIND_REFUSED:
		break;
	}
	return "";
}

/* What stands behind the keyword: "number", "BACKUP|MASTER", or nothing. */
static void print_form(FILE *out, const struct keyword *keyword)
{
	const char *separator = " ";

	if (keyword->kind != KIND_CHOICE) {
		fprintf(out, "%s%s", *value_name(keyword) ? " " : "", value_name(keyword));
		return;
	}
	for (size_t i = 0; keyword->words[i]; i++) {
		if (!*keyword->words[i])
			continue;
		fprintf(out, "%s%s", separator, keyword->words[i]);
		separator = "|";
	}
}

/* "Range 1 to 255, default 100." or what there is of it. */
static void print_range(FILE *out, const struct keyword *keyword)
{
	char min[VALUE_TEXT_LEN], max[VALUE_TEXT_LEN], fallback[VALUE_TEXT_LEN];
	bool range = keyword->kind == KIND_INTEGER || keyword->kind == KIND_SECONDS ||
		     keyword->kind == KIND_WEIGHT;
	bool has_default = keyword->fallback != NO_DEFAULT && keyword->kind != KIND_BLOCK &&
			   keyword->kind < KIND_ACCEPTED &&
			   (keyword->kind != KIND_FLAG || keyword->fallback == keyword->min);

	if (range)
		fprintf(out, "Range %s to %s%s", schema_format_value(keyword, keyword->min, min),
			schema_format_value(keyword, keyword->max, max), has_default ? ", " : "");
	if (has_default && keyword->kind == KIND_FLAG)
		fprintf(out, "Default");
	else if (has_default)
		fprintf(out, "%s %s", range ? "default" : "Default",
			schema_format_value(keyword, keyword->fallback, fallback));
	if (range || has_default)
		fprintf(out, ".\n");
	if (keyword->required)
		fprintf(out, "Has to be written.\n");
}

static void print_sentence(FILE *out, const char *text)
{
	fprintf(out, "%c%s.\n", toupper((unsigned char)*text), text + 1);
}

static void print_meaning(FILE *out, const struct keyword *keyword)
{
	if (keyword->kind == KIND_ACCEPTED)
		fprintf(out, "Accepted: nothing needs to be done for it.\n");
	else if (keyword->kind == KIND_SKIPPED)
		fprintf(out, "Not supported, which is a warning: %s.\n",
			schema_part_text(keyword->part));
	else if (keyword->kind == KIND_REFUSED)
		fprintf(out, "Not supported: %s, and the instance stays in fault.\n",
			schema_part_text(keyword->part));
	else
		print_sentence(out, keyword->help);
	print_range(out, keyword);
	if (keyword->note) {
		fprintf(out, "Unlike keepalived: ");
		fprintf(out, "%s.\n", keyword->note);
	}
}

static void print_place(FILE *out, const struct keyword *keyword)
{
	const char *block = schema_context_name(keyword->context);

	fprintf(out, "%s", keyword->name);
	print_form(out, keyword);
	if (*block)
		fprintf(out, "    (%s %s)\n", keyword->context < FIRST_LIST ? "in" : "in a line of",
			block);
	else
		fprintf(out, "    (outside of all blocks)\n");
}

static void suggest(FILE *out, const char *name)
{
	for (enum schema_context context = IN_ROOT; context <= IN_TRACKS; context++) {
		const struct keyword *near = schema_nearest(context, name, false);

		if (near) {
			fprintf(out, "unknown keyword `%s`, did you mean `%s`?\n", name,
				near->name);
			return;
		}
	}
	fprintf(out, "unknown keyword `%s`\n", name);
}

/* They are read before there are keywords: source_include.c. */
static bool explain_include(FILE *out, const char *name)
{
	static const struct {
		const char *name, *text;
	} forms[] = {
		{"include", "what is missing or cannot be read is a warning"},
		{"includer", "what is there has to be readable"},
		{"includem", "as includer, and what is named without wildcards has to be there"},
		{"includew", "as includem, and wildcards have to match something"},
		{"includeb", "as includer, and each alternative in braces has to be there"},
		{"includea", "all of that has to hold"},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(forms[i].name, name))
			continue;
		fprintf(out,
			"%s pattern    (anywhere)\nRead the files that match in its place; %s. "
			"Relative to the file that it is in.\n",
			name, forms[i].text);
		return true;
	}
	return false;
}

bool explain_keyword(FILE *out, FILE *errors, const char *name)
{
	const struct keyword *keyword;
	bool found = explain_include(out, name);

	for (size_t i = 0; (keyword = schema_at(i)); i++) {
		if (strcmp(keyword->name, name))
			continue;
		if (found)
			fputc('\n', out);
		found = true;
		print_place(out, keyword);
		print_meaning(out, keyword);
	}
	if (!found)
		suggest(errors, name);
	return found;
}

static void print_heading(FILE *out, enum schema_context context)
{
	const char *block = schema_context_name(context);

	if (!*block)
		fprintf(out, ".Ss Outside of all blocks\n");
	else
		fprintf(out, ".Ss In %s%s\n", context < FIRST_LIST ? "" : "a line of ", block);
}

static void print_context(FILE *out, enum schema_context context)
{
	const struct keyword *keyword;

	print_heading(out, context);
	fprintf(out, ".Bl -tag -width Ds -compact\n");
	for (size_t i = 0; (keyword = schema_at(i)); i++) {
		if (keyword->context != context)
			continue;
		fprintf(out, ".It Ic %s", keyword->name);
		if (keyword->kind == KIND_CHOICE)
			fprintf(out, " Cm");
		else if (*value_name(keyword))
			fprintf(out, " Ar");
		print_form(out, keyword);
		fputc('\n', out);
		print_meaning(out, keyword);
	}
	fprintf(out, ".El\n");
}

void explain_manual(FILE *out)
{
	fputs(EXPLAIN_MANUAL_BEGIN, out);
	fprintf(out, ".Sh ALL KEYWORDS\n");
	fprintf(out, "The same, one keyword at a time, is the output of\n"
		     ".Li xvrrpd --explain Ar keyword .\n");
	for (enum schema_context context = IN_ROOT; context <= IN_TRACKS; context++)
		if (context != IN_MEMBERS && context != IN_ROUTES)
			print_context(out, context);
	fputs(EXPLAIN_MANUAL_END, out);
}
