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

static void tell_missing(const struct finish *finish, const struct keyword *keyword)
{
	const struct setting *setting = &finish->from->settings[keyword->key];

	if (!setting->keyword && !setting->problem)
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

/* The lease ends with the last of these intervals (I1): it must survive one lost advertisement. */
#define DOWN_ADVERTS_MIN 2

static void tell_down_adverts(const struct setting *setting, struct conf_diags *diags)
{
	conf_warning(diags, &setting->place,
		     "`%s 1` would take the role away with every lost advertisement: 2 is used",
		     setting->keyword->name);
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
	conf->global.script_security = global_value(raw, KEY_SCRIPT_SECURITY);
	if (global_value(raw, KEY_DOWN_ADVERTS) < DOWN_ADVERTS_MIN)
		tell_down_adverts(&raw->global[KEY_DOWN_ADVERTS], diags);
	tell_checksums(raw->global, diags);
	finish_global_scripts(conf, raw, diags);
	finish_static(conf, raw);
}

static void finish_version(const struct finish *finish)
{
	const struct setting *own = &finish->from->settings[KEY_VERSION];

	finish->to->version = (uint8_t)finish_value(finish, KEY_VERSION);
	if (finish->to->family == VRRP_IPV4 || finish->to->version == 3)
		return;
	finish->to->version = 3;
	if (own->keyword)
		conf_warning(finish->diags, &own->place,
			     "VRRPv2 has no IPv6 addresses: `version 3` is used");
}

static int64_t within(int64_t value, int64_t min, int64_t max)
{
	if (value < min)
		return min;
	return value > max ? max : value;
}

/* C-4: v3 has 12 bits of centiseconds, v2 whole seconds. */
static void finish_interval(const struct finish *finish)
{
	const struct setting *setting = &finish->from->settings[KEY_ADVERT_INT];
	int64_t us = finish_value(finish, KEY_ADVERT_INT);
	uint32_t cs;

	if (finish->to->version == 2)
		cs = (uint32_t)within((us + 500000) / 1000000, 1, 255) * 100;
	else
		cs = (uint32_t)within((us + 5000) / 10000, 1, VRRP_INTERVAL_MAX_CS);
	finish->to->interval_cs = cs;
	if (us != cs * 10000LL)
		conf_warning(finish->diags, &setting->place,
			     "VRRPv%u has %s: `advert_int %g` is used", finish->to->version,
			     finish->to->version == 2 ? "whole seconds from 1 to 255"
						      : "steps of 0.01 seconds up to 40.95",
			     cs / 100.0);
}

/* keepalived's rules, and an owner preempts whoever is Active (RFC 9568 6.1). */
static void finish_preempt(const struct finish *finish)
{
	const struct setting *preempt = &finish->from->settings[KEY_PREEMPT];
	const struct setting *delay = &finish->from->settings[KEY_PREEMPT_DELAY];
	struct conf_instance *to = finish->to;
	bool owner = to->priority == VRRP_PRIORITY_OWNER;

	to->preempt = finish_value(finish, KEY_PREEMPT);
	to->preempt_delay_us = finish_value(finish, KEY_PREEMPT_DELAY);
	if (!to->preempt && (to->wants_active || owner)) {
		to->preempt = true;
		conf_warning(finish->diags, &preempt->place,
			     "`nopreempt` does not go with `%s`: `preempt` is used; write `%s` "
			     "for nopreempt",
			     to->wants_active ? "state MASTER" : "priority 255",
			     to->wants_active ? "state BACKUP" : "priority 254");
	}
	if (to->preempt_delay_us && (to->wants_active || owner || !to->preempt)) {
		to->preempt_delay_us = 0;
		conf_warning(finish->diags, &delay->place,
			     "`preempt_delay` does not go with `%s`: 0 is used%s",
			     to->wants_active ? "state MASTER"
			     : owner	      ? "priority 255"
					      : "nopreempt",
			     to->wants_active ? "; write `state BACKUP` for a delay" : "");
	}
}

static void finish_state(const struct finish *finish)
{
	struct setting *settings = finish->from->settings;
	const struct setting *state = &settings[KEY_STATE];
	struct conf_instance *to = finish->to;

	to->wants_active = finish_value(finish, KEY_STATE);
	to->priority = (uint8_t)finish_value(finish, KEY_PRIORITY);
	to->accept = finish_value(finish, KEY_ACCEPT);
	if (to->wants_active && !settings[KEY_PRIORITY].keyword && !settings[KEY_PRIORITY].problem)
		conf_warning(finish->diags, &state->place,
			     "`state MASTER` without `priority`: `priority %u` is used "
			     "(keepalived would use 255)",
			     to->priority);
	finish_preempt(finish);
}

static void finish_protocol(const struct finish *finish)
{
	const struct setting *down = &finish->from->settings[KEY_DOWN_ADVERTS];
	struct conf_instance *to = finish->to;

	to->lower_prio_no_advert = finish_value(finish, KEY_LOWER_PRIO_NO_ADVERT);
	to->higher_prio_send_advert = finish_value(finish, KEY_HIGHER_PRIO_SEND_ADVERT);
	to->down_adverts = (unsigned)finish_value(finish, KEY_DOWN_ADVERTS);
	if (to->down_adverts >= DOWN_ADVERTS_MIN)
		return;
	to->down_adverts = DOWN_ADVERTS_MIN;
	if (down->keyword)
		tell_down_adverts(down, finish->diags);
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

static void copy_password(const struct finish *finish, const struct setting *password)
{
	size_t length = strlen(password->text);

	if (length > VRRP_AUTH_LEN) {
		conf_warning(finish->diags, &password->place,
			     "a password has %d bytes in VRRP: only the first %d of this one count",
			     VRRP_AUTH_LEN, VRRP_AUTH_LEN);
		length = VRRP_AUTH_LEN;
	}
	memcpy(finish->to->auth_data, password->text, length);
	finish->to->auth_type = VRRP_AUTH_PASS;
}

/* RFC 2338: one password in clear text. VRRPv3 has nothing of the kind (F-2). */
static void finish_authentication(const struct finish *finish)
{
	const struct setting *type = &finish->from->settings[KEY_AUTH_TYPE];
	const struct setting *password = &finish->from->settings[KEY_AUTH_PASS];
	bool has_password = password->keyword && *password->text;
	const struct setting *any = type->keyword ? type : password;

	if (!any->keyword)
		return;
	if (finish->to->version == 3)
		conf_warning(finish->diags, &any->place,
			     "VRRPv3 has no authentication: it is ignored");
	else if (type->keyword && type->value + 1 == VRRP_AUTH_AH)
		conf_error(finish->diags, &type->place,
			   "`auth_type AH` is not supported: routers that use it would not accept "
			   "our advertisements; use PASS, or none, on all of them");
	else if (!type->keyword || !has_password)
		conf_warning(finish->diags, &any->place,
			     "`%s` without `%s`: no authentication is used",
			     type->keyword ? "auth_type" : "auth_pass",
			     type->keyword ? "auth_pass" : "auth_type");
	else
		copy_password(finish, password);
}

static void finish_options(const struct finish *finish)
{
	struct conf_instance *to = finish->to;

	to->garp.delay_us = finish_value(finish, KEY_GARP_DELAY);
	to->garp.repeat = (unsigned)finish_value(finish, KEY_GARP_REPEAT);
	to->garp.refresh_us = finish_value(finish, KEY_GARP_REFRESH);
	to->garp.refresh_repeat = (unsigned)finish_value(finish, KEY_GARP_REFRESH_REPEAT);
	to->virtual_mac = finish_value(finish, KEY_XDP_VIRTUAL_MAC);
	to->consume_adverts = finish_value(finish, KEY_XDP_CONSUME_ADVERTS);
	to->xdp_mode = (enum conf_xdp_mode)finish_value(finish, KEY_XDP_MODE);
}

static void finish_instance(const struct finish *finish)
{
	const struct setting *interface = &finish->from->settings[KEY_INTERFACE];

	finish->to->name = conf_copy(finish->from->name);
	finish->to->place = finish->from->place;
	if (interface->keyword)
		snprintf(finish->to->interface, sizeof(finish->to->interface), "%s",
			 interface->text);
	if (finish->from->settings[KEY_VRID].keyword)
		finish->to->vrid = (uint8_t)finish_value(finish, KEY_VRID);
	finish_addresses(finish);
	finish_version(finish);
	finish_interval(finish);
	finish_state(finish);
	finish_protocol(finish);
	finish_authentication(finish);
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
	conf_check(conf, raw, diags);
}
