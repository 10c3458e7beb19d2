/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statements to raw settings. The nesting of blocks is that of the schema, so the recursion has
 * three levels at most; blocks that the schema does not know are skipped without recursion.
 */
#include <string.h>

#include "abi.h"
#include "conf/block.h"
#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/raw.h"

struct parser {
	struct reader reader;
	struct raw *raw;
	struct conf_diags *diags;
	unsigned parts_told; /* set of parts up to PART_LAST_TOLD_ONCE */
	bool too_many_told;
	bool unwinding; /* the last statement belongs outside of all blocks: they are being left */
};

static void parse_block(struct parser *parser, const struct block *block);

static void skip_block(struct parser *parser, const struct statement *statement)
{
	struct conf_place open = statement->open;

	if (statement->kind == STATEMENT_BLOCK)
		reader_skip_block(&parser->reader, &open);
}

static void parse_list(struct parser *parser, const struct block *block);

static void enter(struct parser *parser, const struct statement *statement, struct block *block)
{
	block->head = statement->place;
	block->open = statement->open;
	if (statement->kind != STATEMENT_BLOCK) {
		block->open = statement->place;
		conf_warning(parser->diags, &statement->place,
			     WORD " has no `{`: the lines that follow are read as its block",
			     statement->words[0].text);
	}
	if (block->context >= FIRST_LIST)
		parse_list(parser, block);
	else
		parse_block(parser, block);
}

static void tell_extra_words(struct parser *parser, const struct statement *statement, size_t used)
{
	if (statement->count > used)
		conf_warning(parser->diags, &statement->words[used].place,
			     WORD " in front of the block of `%s` is ignored",
			     statement->words[used].text, statement->words[0].text);
}

static const struct raw_instance *find_instance(const struct raw *raw, const char *name)
{
	for (size_t i = 0; i < raw->count; i++)
		if (!strcmp(raw->instances[i].name, name))
			return &raw->instances[i];
	return NULL;
}

/* NULL: its block has to be skipped, which has been told. As in keepalived the first one counts. */
static struct raw_instance *add_instance(struct parser *parser, const struct statement *statement)
{
	struct raw *raw = parser->raw;
	const struct word *name = &statement->words[statement->count > 1];
	const struct raw_instance *first = find_instance(raw, name->text);
	struct raw_instance *instance;

	if (statement->count < 2 || !*name->text) {
		conf_warning(parser->diags, &statement->place,
			     "`vrrp_instance` needs a name: it is skipped");
		return NULL;
	}
	if (first) {
		conf_warning(parser->diags, &name->place,
			     "a second instance " WORD ": it is skipped; the first is at %s:%u:%u",
			     name->text, first->place.file, first->place.line, first->place.column);
		return NULL;
	}
	raw->instances =
		conf_grow(raw->instances, raw->count, &raw->capacity, sizeof(raw->instances[0]));
	instance = &raw->instances[raw->count++];
	*instance = (struct raw_instance){.name = conf_copy(name->text), .place = name->place};
	return instance;
}

static void parse_instance(struct parser *parser, const struct statement *statement)
{
	struct block block = {.context = IN_INSTANCE, .raw = parser->raw};

	if (parser->raw->count == XVRRP_SLOTS_MAX) {
		if (!parser->too_many_told)
			conf_error(parser->diags, &statement->place,
				   "more than %d instances: there is room for no more",
				   XVRRP_SLOTS_MAX);
		parser->too_many_told = true;
		skip_block(parser, statement);
		return;
	}
	block.instance = add_instance(parser, statement);
	if (!block.instance) {
		skip_block(parser, statement);
		return;
	}
	block.settings = block.instance->settings;
	tell_extra_words(parser, statement, 2);
	enter(parser, statement, &block);
}

static const struct raw_group *find_group(const struct raw *raw, const char *name)
{
	for (size_t i = 0; i < raw->group_count; i++)
		if (!strcmp(raw->groups[i].name, name))
			return &raw->groups[i];
	return NULL;
}

/* NULL: its block has to be skipped, which has been told. */
static struct raw_group *add_group(struct parser *parser, const struct statement *statement)
{
	struct raw *raw = parser->raw;
	const struct word *name = &statement->words[1];
	const struct raw_group *first = statement->count > 1 ? find_group(raw, name->text) : NULL;

	if (statement->count < 2 || first || raw->group_count == XVRRP_SLOTS_MAX) {
		if (first)
			conf_warning(parser->diags, &name->place,
				     "a second sync group " WORD ": it is skipped; the first is "
				     "on %s",
				     name->text, LINE_TEXT(&first->place, &name->place));
		else
			conf_warning(parser->diags, &statement->place,
				     "`vrrp_sync_group` %s: it is skipped",
				     statement->count < 2 ? "needs a name"
							  : "has been written "
							    "too often");
		return NULL;
	}
	raw->groups = conf_grow(raw->groups, raw->group_count, &raw->group_capacity,
				sizeof(raw->groups[0]));
	raw->groups[raw->group_count] =
		(struct raw_group){.name = conf_copy(name->text), .place = name->place};
	return &raw->groups[raw->group_count++];
}

static void parse_group(struct parser *parser, const struct statement *statement)
{
	struct block block = {.context = IN_SYNC_GROUP, .raw = parser->raw};

	block.group = add_group(parser, statement);
	if (!block.group) {
		skip_block(parser, statement);
		return;
	}
	block.settings = block.group->settings;
	tell_extra_words(parser, statement, 2);
	enter(parser, statement, &block);
}

static void parse_object(struct parser *parser, const struct keyword *keyword,
			 const struct statement *statement)
{
	struct block block = {.raw = parser->raw};

	if (!block_open_object(&block, keyword, statement, parser->diags)) {
		skip_block(parser, statement);
		return;
	}
	tell_extra_words(parser, statement, 2);
	enter(parser, statement, &block);
}

/* Like keepalived: of several lists the first counts. */
static bool second_members(struct parser *parser, const struct statement *statement,
			   struct raw_group *group)
{
	if (group->has_members) {
		conf_warning(parser->diags, &statement->place,
			     "sync group " WORD " has a `group` already: this one is skipped",
			     group->name);
		skip_block(parser, statement);
		return true;
	}
	group->has_members = true;
	return false;
}

static void parse_known_block(struct parser *parser, const struct keyword *keyword,
			      const struct statement *statement, const struct block *outer)
{
	struct block block = *outer;

	if (keyword->key == KEY_BLOCK_INSTANCE) {
		parse_instance(parser, statement);
		return;
	}
	if (keyword->key == KEY_BLOCK_SYNC_GROUP) {
		parse_group(parser, statement);
		return;
	}
	if (keyword->key >= KEY_BLOCK_SCRIPT && keyword->key <= KEY_BLOCK_PROCESS) {
		parse_object(parser, keyword, statement);
		return;
	}
	block.context = block_context(keyword);
	block.key = keyword->key;
	if (block.context == IN_MEMBERS && second_members(parser, statement, block.group))
		return;
	tell_extra_words(parser, statement, 1);
	if (block.context == IN_GLOBAL)
		block.settings = parser->raw->global;
	enter(parser, statement, &block);
}

/* The keyword `name` of another block than this one, or NULL. */
static const struct keyword *find_elsewhere(const char *name)
{
	for (enum schema_context context = IN_ROOT; context < FIRST_LIST; context++) {
		const struct keyword *keyword = schema_find(context, name);

		if (keyword)
			return keyword;
	}
	return NULL;
}

/* A guess costs time, and helps nobody who has hundreds of unknown keywords. */
#define GUESSES_MAX 100

static void tell_unknown(struct parser *parser, const struct statement *statement,
			 enum schema_context context)
{
	const char *name = statement->words[0].text;
	const char *what = statement->kind == STATEMENT_BLOCK ? "block" : "line";
	const struct keyword *other = find_elsewhere(name), *near = NULL;

	if (parser->diags->warnings < GUESSES_MAX)
		near = schema_nearest(context, name, other != NULL);
	if (near)
		conf_warning(parser->diags, &statement->place,
			     "unknown keyword " WORD ", did you mean `%s`? The %s is skipped", name,
			     near->name, what);
	else if (other && other->context == IN_ROOT)
		conf_warning(parser->diags, &statement->place,
			     WORD " belongs outside of all blocks: the %s is skipped", name, what);
	else if (other)
		conf_warning(parser->diags, &statement->place,
			     WORD " belongs into `%s`: the %s is skipped", name,
			     schema_context_name(other->context), what);
	else
		conf_warning(parser->diags, &statement->place,
			     "unknown keyword " WORD ": the %s is skipped", name, what);
}

static void tell_skipped(struct parser *parser, const struct keyword *keyword,
			 const struct statement *statement)
{
	if (keyword->part <= PART_LAST_TOLD_ONCE) {
		if (parser->parts_told & 1u << keyword->part)
			return;
		parser->parts_told |= 1u << keyword->part;
	}
	conf_warning(parser->diags, &statement->place, "`%s` is not supported: %s", keyword->name,
		     schema_part_text(keyword->part));
}

static void tell_refused(struct parser *parser, const struct keyword *keyword,
			 const struct statement *statement, const struct block *block)
{
	block->instance->has_hmac = true;
	conf_warning(parser->diags, &statement->place,
		     "`%s` is not supported: %s, and routers that do not hear each other are both "
		     "Active: this instance stays in fault, the others run",
		     keyword->name, schema_part_text(keyword->part));
}

static void parse_keyword(struct parser *parser, const struct statement *statement,
			  const struct block *block)
{
	const struct keyword *keyword = schema_find(block->context, statement->words[0].text);

	parser->diags->whole.known += keyword && block->context == IN_ROOT;
	if (keyword && keyword->kind == KIND_BLOCK) {
		parse_known_block(parser, keyword, statement, block);
		return;
	}
	if (!keyword) {
		tell_unknown(parser, statement, block->context);
	} else if (keyword->kind == KIND_SKIPPED) {
		tell_skipped(parser, keyword, statement);
	} else if (keyword->kind == KIND_REFUSED) {
		tell_refused(parser, keyword, statement, block);
	} else if (keyword->kind != KIND_ACCEPTED) {
		block_take_value(block, keyword, statement, parser->diags);
		if (statement->kind == STATEMENT_BLOCK)
			conf_warning(parser->diags, &statement->open,
				     "`%s` has no block: this one is skipped", keyword->name);
	}
	skip_block(parser, statement);
}

/*
 * Is this the head of a block that can only stand outside of all others? Then the `}` of this one
 * is missing, and what was written for one instance must not end up in another.
 */
static bool belongs_outside(struct parser *parser, const struct statement *statement,
			    const struct block *block)
{
	const char *name = statement->words[0].text;
	const struct keyword *root = schema_find(IN_ROOT, name);

	if (block->context == IN_ROOT) {
		parser->unwinding = false;
		return false;
	}
	if (block->context == IN_MEMBERS && *statement->words[0].start == '"')
		return false; /* the name of an instance */
	if (!root || schema_find(block->context, name) ||
	    (statement->kind != STATEMENT_BLOCK && root->kind != KIND_BLOCK))
		return false;
	if (!parser->unwinding)
		conf_warning(parser->diags, &statement->place,
			     "`%s` inside of `%s`: the `{` at %s:%u:%u has no `}`, which is "
			     "taken to be in front of this line",
			     name, schema_context_name(block->context), block->open.file,
			     block->open.line, block->open.column);
	parser->unwinding = true;
	reader_again(&parser->reader);
	return true;
}

/*
 * Is this the head of the block that it is in, as an editor has doubled it? keepalived takes it for
 * one more line of the block.
 */
static bool is_head_again(struct parser *parser, const struct statement *statement,
			  const struct block *block)
{
	enum schema_context outer = block->instance ? IN_INSTANCE : IN_SYNC_GROUP;
	const struct keyword *keyword = schema_find(outer, statement->words[0].text);

	if (statement->kind != STATEMENT_BLOCK || block->context == outer ||
	    (!block->instance && !block->group) || !keyword || keyword->kind != KIND_BLOCK ||
	    keyword->key != block->key)
		return false;
	conf_warning(parser->diags, &statement->place,
		     "a second `%s {` inside of that at %s:%u:%u: it is ignored", keyword->name,
		     block->open.file, block->open.line, block->open.column);
	return true;
}

/* The next statement of a block that has words; NULL at the end of the block. */
static const struct statement *next_in_block(struct parser *parser, const struct block *block)
{
	for (;;) {
		const struct statement *statement = reader_next(&parser->reader);

		if (statement->kind == STATEMENT_END) {
			if (block->context != IN_ROOT)
				reader_tell_unclosed(&parser->reader, &block->open);
			return NULL;
		}
		if (statement->kind == STATEMENT_CLOSE && block->context != IN_ROOT)
			return NULL;
		if (statement->kind == STATEMENT_CLOSE) {
			conf_warning(parser->diags, &statement->place,
				     "this `}` closes nothing: it is ignored");
		} else if (!statement->count) {
			conf_warning(parser->diags, &statement->place,
				     "a block without a keyword is skipped");
			skip_block(parser, statement);
		} else if (!is_head_again(parser, statement, block)) {
			return belongs_outside(parser, statement, block) ? NULL : statement;
		}
	}
}

static void parse_block(struct parser *parser, const struct block *block)
{
	const struct statement *statement;

	while ((statement = next_in_block(parser, block)))
		parse_keyword(parser, statement, block);
}

/* Lines without keywords. */
static void parse_list(struct parser *parser, const struct block *block)
{
	const struct statement *statement;

	while ((statement = next_in_block(parser, block))) {
		block_take_line(block, statement, parser->diags);
		if (statement->kind == STATEMENT_BLOCK)
			conf_warning(parser->diags, &statement->open,
				     "a line of `%s` has no block: this one is skipped",
				     schema_context_name(block->context));
		skip_block(parser, statement);
	}
}

void raw_parse(struct raw *raw, struct source *source, struct conf_diags *diags)
{
	struct parser parser = {.raw = raw, .diags = diags};
	struct block root = {.context = IN_ROOT, .raw = raw};

	*raw = (struct raw){0};
	reader_init(&parser.reader, source, diags);
	parse_block(&parser, &root);
	reader_free(&parser.reader);
}
