/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When addresses are announced, and the group that advertisements go to. */
#include <string.h>

#include "conf/diag.h"
#include "conf/finish.h"
#include "vrrp.h"

/* vrrp_min_garp stands for two values of global_defs that are not written. */
static int64_t global_garp(const struct raw *raw, enum schema_key key, int64_t least)
{
	if (raw->global[key].keyword)
		return raw->global[key].value;
	if (raw->global[KEY_MIN_GARP].keyword && raw->global[KEY_MIN_GARP].value)
		return least;
	return schema_by_key(IN_GLOBAL, key)->fallback;
}

static int64_t own_or(const struct finish *finish, enum schema_key key, int64_t other)
{
	const struct setting *own = &finish->from->settings[key];

	return own->keyword ? own->value : other;
}

/* As in keepalived: of an instance that does not say, the values of global_defs, not its own. */
static void finish_lower_prio(const struct finish *finish, int64_t delay, int64_t repeat)
{
	const struct setting *global = finish->raw->global, *own = finish->from->settings;
	struct conf_garp *garp = &finish->to->garp;

	if (global[KEY_GARP_LOWER_DELAY].keyword)
		delay = global[KEY_GARP_LOWER_DELAY].value;
	if (global[KEY_GARP_LOWER_REPEAT].keyword)
		repeat = global[KEY_GARP_LOWER_REPEAT].value;
	garp->lower_prio_delay_us = own_or(finish, KEY_GARP_LOWER_DELAY, delay);
	garp->lower_prio_repeat = (unsigned)own_or(finish, KEY_GARP_LOWER_REPEAT, repeat);
	if (!finish->to->strict)
		return;
	if (own[KEY_GARP_LOWER_REPEAT].keyword && garp->lower_prio_repeat)
		conf_warning(
			finish->diags, &own[KEY_GARP_LOWER_REPEAT].place,
			"this does not go with strict mode: `garp_lower_prio_repeat 0` is used");
	garp->lower_prio_delay_us = 0;
	garp->lower_prio_repeat = 0;
}

void finish_announcements(const struct finish *finish)
{
	const struct setting *extra = &finish->from->settings[KEY_GARP_EXTRA];
	struct conf_garp *garp = &finish->to->garp;
	int64_t delay = global_garp(finish->raw, KEY_GARP_DELAY, 0);
	int64_t repeat = global_garp(finish->raw, KEY_GARP_REPEAT, 1);

	garp->delay_us = own_or(finish, KEY_GARP_DELAY, delay);
	garp->repeat = (unsigned)own_or(finish, KEY_GARP_REPEAT, repeat);
	garp->refresh_us = finish_value(finish, KEY_GARP_REFRESH);
	garp->refresh_repeat = (unsigned)finish_value(finish, KEY_GARP_REFRESH_REPEAT);
	finish_lower_prio(finish, delay, repeat);
	if (!extra->keyword)
		extra = &finish->raw->global[KEY_GARP_EXTRA];
	if (extra->keyword) {
		garp->extra_if_us = extra->value;
		garp->extra_if_all = extra->also;
	}
}

/*
 * RFC 9568 knows one group of each family, and so do the programs. A router that speaks to another
 * one would not be heard by those that listen there.
 */
void finish_group_address(const struct finish *finish)
{
	struct conf_instance *to = finish->to;
	bool ipv4 = to->family == VRRP_IPV4;
	const struct setting *group = &finish->from->settings[KEY_GROUP];
	struct vrrp_addr address, standard;

	if (!group->keyword)
		group = &finish->raw->global[ipv4 ? KEY_GROUP4 : KEY_GROUP6];
	if (!group->keyword || to->peer_count)
		return;
	if (!value_ip(group->text, &address) || addr_is_ipv4(&address) != ipv4 ||
	    strchr(group->text, '/')) {
		conf_warning(finish->diags, &group->place,
			     WORD " is not an %s address: the group is %s", group->text,
			     ipv4 ? "IPv4" : "IPv6", ipv4 ? "224.0.0.18" : "ff02::12");
		return;
	}
	value_ip(ipv4 ? "224.0.0.18" : "ff02::12", &standard);
	if (addr_equal(&address, &standard))
		return;
	to->unusable |= CONF_UNUSABLE_GROUP;
	to->group_address = address;
	conf_warning(finish->diags, &group->place,
		     "another group than %s is not supported: %s " WORD " stays in fault, because "
		     "the other routers would not hear it",
		     ipv4 ? "224.0.0.18" : "ff02::12", "instance", to->name);
}
