/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an instance does on the wire: version, interval, who takes the role from whom, the
 * password; and what strict mode makes of it.
 */
#include <stdio.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/finish.h"

#define DOWN_ADVERTS_DEFAULT 3

static void tell_strict(const struct finish *finish, const struct setting *setting,
			const char *used)
{
	conf_warning(finish->diags, setting->keyword ? &setting->place : &finish->to->place,
		     "this does not go with strict mode: %s is used", used);
}

/* The lease ends with the last of these intervals (I1): it must survive one lost advertisement. */
void finish_tell_down_adverts(const struct setting *setting, struct conf_diags *diags)
{
	conf_warning(diags, &setting->place,
		     "`%s 1` would take the role away with every lost advertisement: 2 is used",
		     setting->keyword->name);
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
	if (to->preempt_delay_us && to->strict) {
		to->preempt_delay_us = 0;
		tell_strict(finish, delay, "`preempt_delay 0`");
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

/*
 * keepalived: in strict mode packets to the addresses are dropped, unless the router owns them or,
 * with version 3, `accept` is written.
 */
static void finish_accept(const struct finish *finish)
{
	const struct setting *accept = &finish->from->settings[KEY_ACCEPT];
	struct conf_instance *to = finish->to;

	to->accept = finish_value(finish, KEY_ACCEPT);
	if (!to->strict || to->priority == VRRP_PRIORITY_OWNER)
		return;
	if (to->accept && (!accept->keyword || to->version == 2)) {
		to->accept = false;
		conf_warning(finish->diags, accept->keyword ? &accept->place : &to->place,
			     "strict mode: `no_accept` is used, nobody can ping or use the "
			     "addresses of " WORD " on this host; %s",
			     to->name,
			     to->version == 2 ? "remove vrrp_strict"
					      : "write `accept`, or remove vrrp_strict");
	}
}

static void finish_state(const struct finish *finish)
{
	struct setting *settings = finish->from->settings;
	const struct setting *state = &settings[KEY_STATE];
	struct conf_instance *to = finish->to;

	to->wants_active = finish_value(finish, KEY_STATE);
	to->priority = (uint8_t)finish_value(finish, KEY_PRIORITY);
	if (to->strict && to->wants_active && to->priority != VRRP_PRIORITY_OWNER) {
		to->wants_active = false;
		tell_strict(finish, state, "`state BACKUP`");
	}
	finish_accept(finish);
	if (to->wants_active && !settings[KEY_PRIORITY].keyword && !settings[KEY_PRIORITY].problem)
		conf_warning(finish->diags, &state->place,
			     "`state MASTER` without `priority`: `priority %u` is used "
			     "(keepalived would use 255)",
			     to->priority);
	finish_preempt(finish);
}

static void finish_strict(const struct finish *finish)
{
	const struct setting *settings = finish->from->settings;
	struct conf_instance *to = finish->to;

	if (settings[KEY_LOWER_PRIO_NO_ADVERT].keyword && !to->lower_prio_no_advert)
		tell_strict(finish, &settings[KEY_LOWER_PRIO_NO_ADVERT],
			    "`lower_prio_no_advert on`");
	if (settings[KEY_HIGHER_PRIO_SEND_ADVERT].keyword && to->higher_prio_send_advert)
		tell_strict(finish, &settings[KEY_HIGHER_PRIO_SEND_ADVERT],
			    "`higher_prio_send_advert off`");
	to->lower_prio_no_advert = true;
	to->higher_prio_send_advert = false;
	if (to->peer_count)
		conf_warning(finish->diags, &to->peers[0].place,
			     "strict mode has no unicast peers, and keepalived would not start: "
			     "they are used");
}

static void finish_rules(const struct finish *finish)
{
	const struct setting *down = &finish->from->settings[KEY_DOWN_ADVERTS];
	struct conf_instance *to = finish->to;

	to->lower_prio_no_advert = finish_value(finish, KEY_LOWER_PRIO_NO_ADVERT);
	to->higher_prio_send_advert = finish_value(finish, KEY_HIGHER_PRIO_SEND_ADVERT);
	if (to->strict)
		finish_strict(finish);
	to->down_adverts = (unsigned)finish_value(finish, KEY_DOWN_ADVERTS);
	if (to->strict && to->down_adverts != DOWN_ADVERTS_DEFAULT) {
		to->down_adverts = DOWN_ADVERTS_DEFAULT;
		tell_strict(finish, down, "`down_timer_adverts 3`");
	}
	if (to->down_adverts >= DOWN_ADVERTS_MIN)
		return;
	to->down_adverts = DOWN_ADVERTS_MIN;
	if (down->keyword)
		finish_tell_down_adverts(down, finish->diags);
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

static void refuse_ah(const struct finish *finish, const struct setting *type)
{
	finish->to->unusable |= CONF_UNUSABLE_AH;
	conf_warning(finish->diags, &type->place,
		     "`auth_type AH` is not supported: routers that use it would not accept our "
		     "advertisements, and both be Active: this instance stays in fault, the others "
		     "run; use PASS, or none, on all of them");
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
	if (finish->to->strict)
		tell_strict(finish, any, "no authentication");
	else if (finish->to->version == 3)
		conf_warning(finish->diags, &any->place,
			     "VRRPv3 has no authentication: it is ignored");
	else if (type->keyword && type->value + 1 == VRRP_AUTH_AH)
		refuse_ah(finish, type);
	else if (!type->keyword || !has_password)
		conf_warning(finish->diags, &any->place,
			     "`%s` without `%s`: no authentication is used",
			     type->keyword ? "auth_type" : "auth_pass",
			     type->keyword ? "auth_pass" : "auth_type");
	else
		copy_password(finish, password);
}

/* Strict mode first: others ask for it. */
void finish_protocol(const struct finish *finish)
{
	finish->to->strict = finish_value(finish, KEY_STRICT);
	finish_version(finish);
	finish_interval(finish);
	finish_state(finish);
	finish_rules(finish);
	finish_authentication(finish);
}
