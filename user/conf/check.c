/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks across instances. All sort and compare neighbours, so that thousands of instances and
 * addresses cost no more than that.
 */
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "conf/diag.h"
#include "conf/finish.h"
#include "conf/memory.h"

/* As in keepalived an IPv6 packet of 1500 bytes has room for so many (H-12): neither version has
 * fragments, and a network of larger packets may not stay one.
 */
#define ADDRESSES_MAX_IPV6 89

typedef int (*order_fn)(const void *left, const void *right, void *conf);

static int compare_numbers(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

/* The virtual routers of one interface stand together, those with one key side by side. */
static int by_vrid(const void *left, const void *right, void *data)
{
	const struct conf *conf = data;
	size_t i = *(const size_t *)left, j = *(const size_t *)right;
	const struct conf_instance *a = &conf->instances[i], *b = &conf->instances[j];
	int order = strcmp(a->interface, b->interface);

	if (!order)
		order = (int)a->family - (int)b->family;
	if (!order)
		order = (int)a->vrid - (int)b->vrid;
	return order ? order : compare_numbers(i, j);
}

/* The numbers of all instances in that order, malloc'd. */
static size_t *sorted(struct conf *conf, order_fn order)
{
	size_t *numbers = conf_alloc(conf->instance_count * sizeof(numbers[0]));

	for (size_t i = 0; i < conf->instance_count; i++)
		numbers[i] = i;
	qsort_r(numbers, conf->instance_count, sizeof(numbers[0]), order, conf);
	return numbers;
}

static bool same_router(const struct conf_instance *a, const struct conf_instance *b)
{
	return a->vrid == b->vrid && a->family == b->family && !strcmp(a->interface, b->interface);
}

static void check_vrids(const struct conf *conf, const struct raw *raw, const size_t *numbers,
			struct conf_diags *diags)
{
	for (size_t i = 1; i < conf->instance_count; i++) {
		const struct conf_instance *first = &conf->instances[numbers[i - 1]];
		const struct conf_instance *second = &conf->instances[numbers[i]];
		const struct setting *settings = raw->instances[numbers[i]].settings;
		const struct conf_place *other =
			&raw->instances[numbers[i - 1]].settings[KEY_VRID].place;

		if (second->vrid && *second->interface && same_router(first, second))
			conf_error(diags, &settings[KEY_VRID].place,
				   "`virtual_router_id %u` is used twice on %s: instance " WORD
				   " has it at %s:%u:%u",
				   second->vrid, second->interface, first->name, other->file,
				   other->line, other->column);
	}
}

static const char *mode_name(enum conf_xdp_mode mode, char text[VALUE_TEXT_LEN])
{
	return schema_format_value(schema_by_key(IN_INSTANCE, KEY_XDP_MODE), mode, text);
}

/* Instances numbers[from..to) are on one interface, which has one mode: that of the first one. */
static void unify_modes(struct conf *conf, const struct raw *raw, const size_t *numbers,
			size_t from, size_t to, struct conf_diags *diags)
{
	size_t first = numbers[from];
	char text[VALUE_TEXT_LEN];

	for (size_t i = from; i < to; i++)
		first = numbers[i] < first ? numbers[i] : first;
	for (size_t i = from; i < to; i++) {
		struct conf_instance *instance = &conf->instances[numbers[i]];
		const struct setting *mode = &raw->instances[numbers[i]].settings[KEY_XDP_MODE];

		if (instance->xdp_mode == conf->instances[first].xdp_mode)
			continue;
		instance->xdp_mode = conf->instances[first].xdp_mode;
		conf_warning(diags, mode->keyword ? &mode->place : &instance->place,
			     "%s has one mode for all its instances: `xdp_mode %s` of " WORD
			     " is used",
			     instance->interface, mode_name(instance->xdp_mode, text),
			     conf->instances[first].name);
	}
}

static void check_interfaces(struct conf *conf, const struct raw *raw, struct conf_diags *diags)
{
	size_t *numbers = sorted(conf, by_vrid);
	size_t from = 0;

	check_vrids(conf, raw, numbers, diags);
	for (size_t i = 1; i <= conf->instance_count; i++) {
		if (i < conf->instance_count && !strcmp(conf->instances[numbers[i]].interface,
							conf->instances[numbers[from]].interface))
			continue;
		if (*conf->instances[numbers[from]].interface)
			unify_modes(conf, raw, numbers, from, i, diags);
		from = i;
	}
	free(numbers);
}

/* An address of an instance. */
struct served {
	const struct conf_instance *instance;
	struct conf_address *address;
	const char *dev; /* that it is served on */
	size_t number;	 /* in the file */
};

static int by_address(const void *left, const void *right)
{
	const struct served *a = left, *b = right;
	int order = memcmp(&a->address->address, &b->address->address, sizeof(struct vrrp_addr));

	if (!order)
		order = strcmp(a->dev, b->dev);
	return order ? order : compare_numbers(a->number, b->number);
}

static void tell_duplicate(const struct served *first, const struct served *second,
			   struct conf_diags *diags)
{
	char text[ADDR_TEXT_LEN];

	addr_format(&second->address->address, text);
	conf_warning(diags, &second->address->place,
		     "%s on %s is an address of instance " WORD " already (%s): %s", text,
		     second->dev, first->instance->name,
		     LINE_TEXT(&first->address->place, &second->address->place),
		     first->instance == second->instance
			     ? "it is ignored here"
			     : "hosts reach it through that one alone; here it is advertised, and "
			       "not served");
}

static struct conf_address *served_at(const struct conf_instance *instance, size_t i)
{
	return i < instance->address_count ? &instance->addresses[i]
					   : &instance->excluded.list[i - instance->address_count];
}

/* All addresses of the configuration in the order of the file, malloc'd. */
static struct served *collect_addresses(const struct conf *conf, size_t *count)
{
	struct served *all;
	size_t total = 0;

	for (size_t i = 0; i < conf->instance_count; i++)
		total += conf_served_count(&conf->instances[i]);
	all = conf_alloc(total * sizeof(all[0]));
	*count = 0;
	for (size_t i = 0; i < conf->instance_count; i++) {
		const struct conf_instance *instance = &conf->instances[i];

		for (size_t j = 0; j < conf_served_count(instance); j++) {
			struct conf_address *address = served_at(instance, j);

			all[*count] = (struct served){
				.instance = instance,
				.address = address,
				.dev = *address->dev ? address->dev : instance->interface,
				.number = *count,
			};
			(*count)++;
		}
	}
	return all;
}

/* Addresses that are marked by an empty file name go. Returns how many are left. */
static size_t remove_marked(struct conf_address *addresses, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (addresses[i].place.file)
			addresses[kept++] = addresses[i];
	return kept;
}

static void check_duplicate_addresses(struct conf *conf, struct conf_diags *diags)
{
	size_t count;
	struct served *all = collect_addresses(conf, &count);
	const struct served *first = all;

	qsort(all, count, sizeof(all[0]), by_address);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(all[i].dev, first->dev) ||
		    !addr_equal(&all[i].address->address, &first->address->address)) {
			first = &all[i];
			continue;
		}
		tell_duplicate(first, &all[i], diags);
		if (all[i].instance == first->instance)
			all[i].address->place.file = NULL;
		else
			all[i].address->of_another = true;
	}
	free(all);
	for (size_t i = 0; i < conf->instance_count; i++) {
		struct conf_instance *instance = &conf->instances[i];

		instance->address_count =
			remove_marked(instance->addresses, instance->address_count);
		instance->excluded.count =
			remove_marked(instance->excluded.list, instance->excluded.count);
	}
}

static size_t advertised_max(const struct conf_instance *instance)
{
	return instance->family == VRRP_IPV6 ? ADDRESSES_MAX_IPV6 : VRRP_ADDRESSES_MAX;
}

/* What does not fit goes behind what is excluded, as in keepalived. */
static void exclude_rest(struct conf_instance *instance)
{
	size_t room = advertised_max(instance), rest = instance->address_count - room;
	struct conf_addresses *excluded = &instance->excluded;
	struct conf_address *list = conf_alloc((rest + excluded->count) * sizeof(list[0]));

	if (excluded->count)
		memcpy(list, excluded->list, excluded->count * sizeof(list[0]));
	memcpy(list + excluded->count, instance->addresses + room, rest * sizeof(list[0]));
	free(excluded->list);
	*excluded = (struct conf_addresses){.list = list, .count = rest + excluded->count};
	instance->address_count = room;
}

static void check_address_count(struct conf_instance *instance, struct conf_diags *diags)
{
	if (conf_served_count(instance) == 0)
		conf_warning(diags, &instance->place,
			     "instance " WORD " has no virtual address: it does not run",
			     instance->name);
	if (instance->address_count <= advertised_max(instance))
		return;
	conf_warning(diags, &instance->addresses[advertised_max(instance)].place,
		     "an advertisement has room for %zu %s addresses: this one and those after it "
		     "are served and not advertised, as virtual_ipaddress_excluded",
		     advertised_max(instance), instance->family == VRRP_IPV6 ? "IPv6" : "IPv4");
	exclude_rest(instance);
}

void conf_check(struct conf *conf, const struct raw *raw, struct conf_diags *diags)
{
	size_t addresses = 0;

	check_interfaces(conf, raw, diags);
	check_duplicate_addresses(conf, diags);
	for (size_t i = 0; i < conf->instance_count; i++) {
		struct conf_instance *instance = &conf->instances[i];

		check_address_count(instance, diags);
		if (addresses <= XVRRP_VIPS_MAX &&
		    addresses + conf_served_count(instance) > XVRRP_VIPS_MAX)
			conf_error(diags, &instance->place,
				   "more than %d virtual addresses: there is room for no more",
				   XVRRP_VIPS_MAX);
		addresses += conf_served_count(instance);
	}
}
