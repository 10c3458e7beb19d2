/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second pass: `version` may come after advert_int, and global_defs after the instances, so a
 * value is settled, and what is wrong with it told, when everything has been read. A warning says
 * which value is used, an error is for what has no safe meaning.
 */
#include "conf/finish.h"

#include <stdio.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/memory.h"
#include "conf/route.h"

/* The instance's own value, else that of global_defs, else the default. */
static int64_t effective(const struct finish *finish, const struct keyword *keyword)
{
	if (finish->from->settings[keyword->key].keyword)
		return finish->from->settings[keyword->key].value;
	if (finish->raw->global[keyword->key].keyword)
		return finish->raw->global[keyword->key].value;
	return keyword->fallback;
}

int64_t finish_value(const struct finish *finish, enum schema_key key)
{
	return effective(finish, schema_by_key(IN_INSTANCE, key));
}

static int64_t global_value(const struct raw *raw, enum schema_key key)
{
	return raw->global[key].keyword ? raw->global[key].value
					: schema_by_key(IN_GLOBAL, key)->fallback;
}

void finish_tell_problem(const struct setting *setting, const struct keyword *keyword, int64_t used,
			 struct conf_diags *diags)
{
	char text[VALUE_TEXT_LEN];

	if (!setting->problem)
		return;
	if (keyword->required && !setting->keyword)
		conf_error(diags, &setting->problem_place, "%s, and `%s` has no default",
			   setting->problem, keyword->name);
	else if (keyword->fallback == NO_DEFAULT)
		conf_warning(diags, &setting->problem_place, "%s: the line is ignored",
			     setting->problem);
	else
		conf_warning(diags, &setting->problem_place, "%s: `%s %s` is used",
			     setting->problem, keyword->name,
			     schema_format_value(keyword, used, text));
}

/* keepalived needs no interface then: the source says where it runs. */
static bool is_unicast(const struct finish *finish)
{
	const struct setting *settings = finish->from->settings;

	return !settings[KEY_INTERFACE].keyword && !settings[KEY_INTERFACE].problem &&
	       !addr_is_zero(&finish->to->source) && finish->to->peer_count;
}

static void tell_missing(const struct finish *finish, const struct keyword *keyword)
{
	const struct setting *setting = &finish->from->settings[keyword->key];

	if (keyword->key == KEY_INTERFACE && is_unicast(finish)) {
		finish->to->unusable |= CONF_UNUSABLE_INTERFACE;
		conf_warning(finish->diags, &finish->from->place,
			     "instance " WORD " has no `interface`, which is needed here with "
			     "unicast peers too: this instance stays in fault, the others run",
			     finish->to->name);
	} else if (!setting->keyword && !setting->problem)
		conf_error(finish->diags, &finish->from->place,
			   "instance " WORD " has no `%s`: it cannot run without", finish->to->name,
			   keyword->name);
}

static void tell_problems(const struct finish *finish, enum schema_context context)
{
	for (enum schema_key key = 0; key < KEY_SETTINGS; key++) {
		const struct keyword *keyword = schema_by_key(context, key);

		if (!keyword)
			continue;
		finish_tell_problem(&finish->from->settings[key], keyword,
				    effective(finish, keyword), finish->diags);
		if (keyword->required)
			tell_missing(finish, keyword);
	}
}

static void tell_checksums(const struct setting settings[KEY_SETTINGS], struct conf_diags *diags)
{
	if (settings[KEY_XDP_CHECKSUM].keyword && settings[KEY_V3_CHECKSUM].keyword)
		conf_warning(diags, &settings[KEY_V3_CHECKSUM].place,
			     "`v3_checksum_as_v2` beside `xdp_checksum`: the latter is used");
}

static struct conf_fifo finish_fifo(struct raw *raw, enum schema_key key,
				    enum schema_key script_key, struct conf_diags *diags)
{
	struct setting *pipe = &raw->global[key];
	struct conf_script *script = &raw->scripts[script_key - KEY_FIFO_SCRIPT];
	const struct setting *user = &raw->global[KEY_SCRIPT_USER];
	struct conf_fifo fifo = {0};

	if (!pipe->keyword) {
		if (script->words)
			conf_warning(diags, &script->place,
				     "there is no `%s`: the script that should read it is not run",
				     schema_by_key(IN_GLOBAL, key)->name);
		return fifo;
	}
	if (!pipe->second && user->keyword) {
		pipe->second = conf_copy(user->text);
		pipe->third = user->second ? conf_copy(user->second) : NULL;
	}
	fifo = (struct conf_fifo){.path = pipe->text, .user = pipe->second, .group = pipe->third};
	pipe->text = pipe->second = pipe->third = NULL;
	fifo.script = finish_script(script, user);
	return fifo;
}

/* Scripts and pipes of the agent as a whole. */
static void finish_global_scripts(struct conf *conf, struct raw *raw, struct conf_diags *diags)
{
	struct conf_global *global = &conf->global;
	const struct setting *user = &raw->global[KEY_SCRIPT_USER];

	global->fifo = finish_fifo(raw, KEY_FIFO, KEY_FIFO_SCRIPT, diags);
	global->vrrp_fifo = finish_fifo(raw, KEY_VRRP_FIFO, KEY_VRRP_FIFO_SCRIPT, diags);
	global->startup_script =
		finish_script(&raw->scripts[KEY_STARTUP_SCRIPT - KEY_FIFO_SCRIPT], user);
	global->shutdown_script =
		finish_script(&raw->scripts[KEY_SHUTDOWN_SCRIPT - KEY_FIFO_SCRIPT], user);
	global->startup_timeout_us = global_value(raw, KEY_STARTUP_TIMEOUT);
	global->shutdown_timeout_us = global_value(raw, KEY_SHUTDOWN_TIMEOUT);
	global->notify_priority_changes = global_value(raw, KEY_PRIORITY_CHANGES);
	global->fifo_states_on_reload = global_value(raw, KEY_FIFO_ON_RELOAD);
}

static void finish_global(struct conf *conf, struct raw *raw, struct conf_diags *diags)
{
	for (enum schema_key key = 0; key < KEY_SETTINGS; key++) {
		const struct keyword *keyword = schema_by_key(IN_GLOBAL, key);

		if (keyword)
			finish_tell_problem(&raw->global[key], keyword, global_value(raw, key),
					    diags);
	}
	conf->global.vrrp_version = (uint8_t)global_value(raw, KEY_VERSION);
	conf->global.rt_priority = (unsigned)global_value(raw, KEY_RT_PRIORITY);
	conf->global.no_swap = global_value(raw, KEY_NO_SWAP);
	conf->global.startup_delay_us = global_value(raw, KEY_STARTUP_DELAY);
	conf->global.boot_delay_us = global_value(raw, KEY_BOOT_DELAY);
	conf->global.garp_interval_us = global_value(raw, KEY_GARP_INTERVAL);
	conf->global.gna_interval_us = global_value(raw, KEY_GNA_INTERVAL);
	conf->global.script_security = global_value(raw, KEY_SCRIPT_SECURITY);
	if (global_value(raw, KEY_DOWN_ADVERTS) < DOWN_ADVERTS_MIN)
		finish_tell_down_adverts(&raw->global[KEY_DOWN_ADVERTS], diags);
	tell_checksums(raw->global, diags);
	finish_global_scripts(conf, raw, diags);
	finish_static(conf, raw);
}

/* xdp_checksum says more than v3_checksum_as_v2; what an instance says itself counts first. */
static enum conf_checksum choose_checksum(const struct setting settings[KEY_SETTINGS])
{
	const struct setting *ours = &settings[KEY_XDP_CHECKSUM],
			     *theirs = &settings[KEY_V3_CHECKSUM];

	if (ours->keyword)
		return (enum conf_checksum)ours->value;
	if (!theirs->keyword)
		return CONF_CHECKSUM_AUTO;
	return theirs->value ? CONF_CHECKSUM_RFC9568 : CONF_CHECKSUM_PSEUDO;
}

static void finish_checksum(const struct finish *finish)
{
	const struct setting *own = finish->from->settings, *global = finish->raw->global;
	bool says = own[KEY_XDP_CHECKSUM].keyword || own[KEY_V3_CHECKSUM].keyword;

	finish->to->checksum = choose_checksum(says ? own : global);
	tell_checksums(own, finish->diags);
}

static void finish_options(const struct finish *finish)
{
	struct conf_instance *to = finish->to;

	to->virtual_mac = finish_value(finish, KEY_XDP_VIRTUAL_MAC);
	to->consume_adverts = finish_value(finish, KEY_XDP_CONSUME_ADVERTS);
	to->xdp_mode = (enum conf_xdp_mode)finish_value(finish, KEY_XDP_MODE);
}

static void finish_instance(const struct finish *finish)
{
	const struct setting *interface = &finish->from->settings[KEY_INTERFACE];

	finish->to->name = conf_copy(finish->from->name);
	finish->to->place = finish->from->place;
	if (finish->from->has_hmac)
		finish->to->unusable |= CONF_UNUSABLE_HMAC;
	if (interface->keyword)
		snprintf(finish->to->interface, sizeof(finish->to->interface), "%s",
			 interface->text);
	if (finish->from->settings[KEY_VRID].keyword)
		finish->to->vrid = (uint8_t)finish_value(finish, KEY_VRID);
	finish_addresses(finish);
	finish_protocol(finish);
	finish_group_address(finish);
	finish_announcements(finish);
	finish_options(finish);
	finish_checksum(finish);
	finish_notify(finish->to->notify, finish->from->notify,
		      &finish->raw->global[KEY_SCRIPT_USER]);
	finish->to->notify_priority_changes = finish_value(finish, KEY_PRIORITY_CHANGES);
	finish->to->track_own_interface = finish_value(finish, KEY_TRACK_OWN_INTERFACE);
	finish_tracks(finish);
	tell_problems(finish, IN_INSTANCE);
	tell_problems(finish, IN_AUTHENTICATION);
}

static void number_rules(struct conf *conf)
{
	struct rule_numbers numbers = {0};

	rules_number(&conf->global.static_rules, &numbers);
	for (size_t i = 0; i < conf->instance_count; i++)
		rules_number(&conf->instances[i].rules, &numbers);
}

void conf_finish(struct conf *conf, struct raw *raw, struct conf_diags *diags)
{
	finish_global(conf, raw, diags);
	finish_objects(conf, raw, diags);
	conf->instances = conf_alloc(raw->count * sizeof(conf->instances[0]));
	conf->instance_count = raw->count;
	for (size_t i = 0; i < raw->count; i++) {
		struct finish finish = {
			.conf = conf,
			.raw = raw,
			.from = &raw->instances[i],
			.to = &conf->instances[i],
			.diags = diags,
		};

		finish_instance(&finish);
	}
	finish_groups(conf, raw, diags);
	finish_weights(conf, diags);
	number_rules(conf);
	conf_check(conf, raw, diags);
	conf_lint(conf, raw, diags);
}
