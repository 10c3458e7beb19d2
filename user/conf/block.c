/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the lines of a block to raw settings, by the row of the schema. */
#include "conf/block.h"

#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/route.h"

#define OBJECTS_MAX 4096 /* of one kind; more is a mistake, and comparing names would take long */

enum schema_context block_context(const struct keyword *keyword)
{
	enum schema_key key = keyword->key;

	if (key == KEY_BLOCK_GLOBAL)
		return IN_GLOBAL;
	if (key == KEY_BLOCK_AUTHENTICATION)
		return IN_AUTHENTICATION;
	if (key == KEY_BLOCK_PEERS)
		return IN_PEERS;
	if (key >= KEY_BLOCK_TRACK_INTERFACE && key <= KEY_BLOCK_TRACK_PROCESS)
		return IN_TRACKS;
	if (key >= KEY_BLOCK_ROUTES && key <= KEY_BLOCK_STATIC_RULES)
		return IN_ROUTES;
	return key == KEY_BLOCK_MEMBERS ? IN_MEMBERS : IN_ADDRESSES;
}

static void take_virtual(struct raw_instance *instance, const struct statement *statement,
			 struct conf_diags *diags)
{
	size_t before = instance->addresses.count;

	address_parse(&instance->addresses, statement, diags);
	if (instance->addresses.count == before)
		return;
	raw_set_family(instance, addr_is_ipv4(&instance->addresses.list[before].address)
					 ? VRRP_IPV4
					 : VRRP_IPV6);
}

static struct raw_tracks *tracks_of(const struct block *block)
{
	return block->instance ? &block->instance->tracks : &block->group->tracks;
}

static void take_route(const struct block *block, const struct statement *statement,
		       struct conf_diags *diags)
{
	struct raw *raw = block->raw;
	struct raw_instance *instance = block->instance;

	if (block->key == KEY_BLOCK_ROUTES || block->key == KEY_BLOCK_STATIC_ROUTES)
		routes_take(instance ? &instance->routes : &raw->static_routes, statement, diags);
	else
		rules_take(instance ? &instance->rules : &raw->static_rules, statement, diags);
}

void block_take_line(const struct block *block, const struct statement *statement,
		     struct conf_diags *diags)
{
	if (block->key == KEY_BLOCK_ADDRESSES)
		take_virtual(block->instance, statement, diags);
	else if (block->key == KEY_BLOCK_EXCLUDED)
		address_parse(&block->instance->excluded, statement, diags);
	else if (block->key == KEY_BLOCK_STATIC_ADDRESSES)
		address_parse(&block->raw->static_addresses, statement, diags);
	else if (block->context == IN_TRACKS)
		track_parse(tracks_of(block),
			    (enum conf_track_kind)(block->key - KEY_BLOCK_TRACK_INTERFACE),
			    statement, diags);
	else if (block->context == IN_ROUTES)
		take_route(block, statement, diags);
	else if (block->context == IN_PEERS)
		peer_parse(block->instance, statement, diags);
	else
		member_parse(block->group, statement);
}

static void take_script(const struct block *block, const struct keyword *keyword,
			const struct statement *statement, struct conf_diags *diags)
{
	struct conf_script *notify;

	if (keyword->key == KEY_SCRIPT) {
		command_take(&block->object->script, statement, diags);
		return;
	}
	if (block->context == IN_GLOBAL) {
		script_take(&block->raw->scripts[keyword->key - KEY_FIFO_SCRIPT], statement, diags);
		return;
	}
	notify = block->instance ? block->instance->notify : block->group->notify;
	if (keyword->key == KEY_NOTIFY_DELETED && statement->count < 2) {
		script_take_nothing(&notify[CONF_NOTIFY_DELETED], statement);
		return;
	}
	script_take(&notify[keyword->key - KEY_NOTIFY], statement, diags);
}

void block_take_value(const struct block *block, const struct keyword *keyword,
		      const struct statement *statement, struct conf_diags *diags)
{
	struct vrrp_addr address;

	if (keyword->kind == KIND_SCRIPT) {
		take_script(block, keyword, statement, diags);
		return;
	}
	if (keyword->kind == KIND_WORDS) {
		words_take(block->object, statement, diags);
		return;
	}
	if (keyword->key == KEY_FILE && block->settings[KEY_FILE].keyword) {
		conf_warning(diags, &statement->place,
			     "`file` stands on %s already: that one is used",
			     LINE_TEXT(&block->settings[KEY_FILE].place, &statement->place));
		return;
	}
	setting_take(&block->settings[keyword->key], keyword, statement, diags);
	if (keyword->key == KEY_NATIVE_IPV6)
		raw_set_family(block->instance, VRRP_IPV6);
	if (keyword->kind == KIND_IP && statement->count > 1 &&
	    value_ip(statement->words[1].text, &address) && value_is_unicast(&address))
		raw_set_family(block->instance, addr_is_ipv4(&address) ? VRRP_IPV4 : VRRP_IPV6);
}

static const struct raw_object *find_object(const struct raw_objects *objects, const char *name)
{
	for (size_t i = 0; i < objects->count; i++)
		if (!strcmp(objects->list[i].name, name))
			return &objects->list[i];
	return NULL;
}

bool block_open_object(struct block *block, const struct keyword *keyword,
		       const struct statement *statement, struct conf_diags *diags)
{
	unsigned number = keyword->key - KEY_BLOCK_SCRIPT;
	struct raw_objects *objects = &block->raw->objects[CONF_TRACK_SCRIPT + number];
	const char *name = statement->count > 1 ? statement->words[1].text : "";
	const struct raw_object *first = find_object(objects, name);

	if (first || !*name || objects->count == OBJECTS_MAX) {
		conf_warning(diags, &statement->place, "`%s` %s: it is skipped", keyword->name,
			     !*name  ? "needs a name"
			     : first ? "of this name has been written already, and the first counts"
				     : "has been written too often");
		return false;
	}
	objects->list = conf_grow(objects->list, objects->count, &objects->capacity,
				  sizeof(objects->list[0]));
	block->object = &objects->list[objects->count++];
	*block->object =
		(struct raw_object){.name = conf_copy(name), .place = statement->words[1].place};
	block->context = (enum schema_context)(IN_SCRIPT + number);
	block->settings = block->object->settings;
	return true;
}
